// Pipes, events as files, and processes: what the kernel here cannot be asked, FreeBSD's side and
// capabilities. Linux's is compared with the real kernel in tests/oracle.
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/stack/sys/sys_fixture.h"

namespace drywire {
namespace {

constexpr short kAll = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;

short Poll(SysContext& c, int fd, short events = kAll) {
  pollfd one = {fd, events, 0};
  EXPECT_TRUE(SysPoll(c, &one, 1, 0).ok());
  return one.revents;
}

SysResult Write(SysContext& c, int fd, const std::string& data) {
  return SysWrite(c, fd, data.data(), data.size());
}

SysResult Read(SysContext& c, int fd, size_t size) {
  std::string data(size, 0);
  return SysRead(c, fd, &data[0], size);
}

// sys_pipe.c: both ends read and write, and a pipe holds bytes.
TEST(FreeBsdPipeTest, BothEndsReadAndWrite) {
  SysFixture sim(SysFixture::System::kFreeBsd);
  sim.RunTask([](SysContext& c) {
    int fds[2];
    ASSERT_TRUE(SysPipe2(c, fds, O_NONBLOCK).ok());
    EXPECT_TRUE(Gives(Write(c, fds[0], "back"), 4));
    EXPECT_TRUE(Gives(Write(c, fds[1], "forth"), 5));
    EXPECT_EQ(Poll(c, fds[0]), kAll);
    EXPECT_TRUE(Gives(Read(c, fds[1], 10), 4));
    EXPECT_TRUE(Gives(Read(c, fds[0], 10), 5));
    EXPECT_EQ(Poll(c, fds[0]), POLLOUT | POLLWRNORM);
    EXPECT_TRUE(Gives(SysFcntl(c, fds[0], F_GETFL, 0), O_RDWR | O_NONBLOCK));
    EXPECT_TRUE(Fails(SysFcntl(c, fds[0], F_GETPIPE_SZ, 0), EINVAL));
    EXPECT_TRUE(Fails(SysPipe2(c, fds, O_DIRECT), EINVAL));
  });
}

TEST(FreeBsdPipeTest, GrowsTo64KAndIsWritableWithRoomFor512) {
  SysFixture sim(SysFixture::System::kFreeBsd);
  sim.RunTask([](SysContext& c) {
    int fds[2];
    ASSERT_TRUE(SysPipe2(c, fds, O_NONBLOCK).ok());
    EXPECT_TRUE(Gives(Write(c, fds[1], std::string(16000, 'x')), 16000));
    EXPECT_EQ(Poll(c, fds[1]), 0);
    EXPECT_TRUE(Gives(Write(c, fds[1], std::string(100000, 'x')), 65536 - 16000));
    EXPECT_TRUE(Fails(Write(c, fds[1], "x"), EAGAIN));
    EXPECT_TRUE(Gives(Read(c, fds[0], 511), 511));
    EXPECT_EQ(Poll(c, fds[1]), 0);
    EXPECT_TRUE(Fails(Write(c, fds[1], std::string(512, 'x')), EAGAIN));
    EXPECT_TRUE(Gives(Write(c, fds[1], std::string(513, 'x')), 511));
    EXPECT_TRUE(Gives(Read(c, fds[0], 512), 512));
    EXPECT_EQ(Poll(c, fds[1]), POLLOUT | POLLWRNORM);
  });
}

TEST(FreeBsdPipeTest, EndsAreReadableAndWritable) {
  SysFixture sim(SysFixture::System::kFreeBsd);
  sim.RunTask([](SysContext& c) {
    int fds[2];
    ASSERT_TRUE(SysPipe2(c, fds, O_NONBLOCK).ok());
    SysClose(c, fds[1]);
    EXPECT_EQ(Poll(c, fds[0]), kAll | POLLHUP);
    EXPECT_TRUE(Gives(Read(c, fds[0], 1), 0));
  });
}

// There is no splice(), and sendfile() is another call.
TEST(FreeBsdPipeTest, NothingIsSpliced) {
  SysFixture sim(SysFixture::System::kFreeBsd);
  sim.RunTask([](SysContext& c) {
    int fds[2];
    ASSERT_TRUE(SysPipe2(c, fds, O_NONBLOCK).ok());
    EXPECT_TRUE(Fails(SysSplice(c, fds[0], nullptr, fds[1], nullptr, 1, 0), EINVAL));
    EXPECT_TRUE(Fails(SysSendfile(c, fds[1], fds[0], nullptr, 1), EINVAL));
  });
}

// sys_eventfd.c and sys_timerfd.c: poll() knows the normal bits.
TEST(FreeBsdEventFileTest, PollsTheNormalBits) {
  SysFixture sim(SysFixture::System::kFreeBsd);
  sim.RunTask([](SysContext& c) {
    const int event = static_cast<int>(SysEventfd(c, 1, 0).value);
    EXPECT_EQ(Poll(c, event), kAll);
    EXPECT_TRUE(Gives(Write(c, event, std::string("\1\0\0\0\0\0\0\0extra", 13)), 8));
    EXPECT_TRUE(Fails(SysLseek(c, event, 0, SEEK_CUR), ESPIPE));
    const int timer = static_cast<int>(SysTimerfdCreate(c, CLOCK_MONOTONIC, 0).value);
    const itimerspec value = {{0, 0}, {0, 1}};
    EXPECT_TRUE(Gives(SysTimerfdSettime(c, timer, 0, &value, nullptr), 0));
    EXPECT_EQ(Poll(c, timer), 0);
    const timespec wait = {0, 10};
    SysNanosleep(c, &wait, nullptr);
    EXPECT_EQ(Poll(c, timer), POLLIN | POLLRDNORM);
    sigset_t set;
    sigemptyset(&set);
    EXPECT_TRUE(Fails(SysSignalfd(c, -1, &set, 0), ENOSYS));
  });
}

// kern_exec.c: an interpreter is no script.
TEST(ProgramTest, InterpretersOfScripts) {
  for (const auto system : {SysFixture::System::kLinux, SysFixture::System::kFreeBsd}) {
    SysFixture sim(system);
    MemoryVfs& vfs = sim.host().memory_vfs();
    sim.host().AddProgram("answer", [](int argc, char**, char**) { return argc; });
    ASSERT_TRUE(vfs.AddFile("/answer", Host::ProgramText("answer"), 0755).ok());
    ASSERT_TRUE(vfs.AddFile("/once", "#!/answer -x\n", 0755).ok());
    ASSERT_TRUE(vfs.AddFile("/twice", "#!/once\n", 0755).ok());
    sim.RunTask([&](SysContext& c) {
      const auto ends = [&](const char* path) {
        char* const arguments[] = {const_cast<char*>("name"), const_cast<char*>("a"), nullptr};
        const SysResult child = SysSpawn(c, {path}, {}, arguments, nullptr);
        if (!child.ok()) return -child.error;
        int status = 0;
        EXPECT_TRUE(SysWaitpid(c, static_cast<pid_t>(child.value), &status, 0).ok());
        return WEXITSTATUS(status);
      };
      EXPECT_EQ(ends("/answer"), 2);
      EXPECT_EQ(ends("/once"), 4);
      EXPECT_EQ(ends("/twice"), system == SysFixture::System::kLinux ? 5 : -ENOEXEC);
    });
  }
}

TEST(ProgramTest, OtherTasksEnd) {
  SysFixture sim;
  sim.host().AddProgram("program", [](int, char**, char**) { return 7; });
  ASSERT_TRUE(sim.host().memory_vfs().AddFile("/program", Host::ProgramText("program"), 0755).ok());
  bool after = false;
  sim.Spawn("other", [&](SysContext& c) {
    const timespec wait = {100, 0};
    SysNanosleep(c, &wait, nullptr);
    after = true;
  });
  sim.RunTask([&](SysContext& c) {
    ExecImage image;
    ASSERT_TRUE(SysExecve(c, "/program", nullptr, nullptr, &image).ok());
    c.process.Exit(RunImage(image));
  });
  EXPECT_FALSE(after);
  EXPECT_EQ(sim.process().exit_code(), 7);
  EXPECT_EQ(sim.process().name(), "program");
  EXPECT_EQ(sim.scheduler().now(), Instant::Zero());
}

// A child of posix_spawn() that is killed before it begins: its program does not run, no handler
// that it has inherited does, and it is waited for like any other, though not before the call is
// over.
TEST(SpawnTest, KilledWhileAFileIsOpened) {
  SysFixture sim;
  bool ran = false;
  sim.host().AddProgram("program", [&](int, char**, char**) {
    ran = true;
    return 0;
  });
  ASSERT_TRUE(sim.host().memory_vfs().AddFile("/program", Host::ProgramText("program"), 0755).ok());
  static int handled;
  handled = 0;
  pid_t child = 0;
  sim.Spawn("other", [&](SysContext& c) {
    const timespec wait = {1, 0};
    SysNanosleep(c, &wait, nullptr);
    Process* const process = c.host().FindProcess(c.process.pid() + 1);
    ASSERT_NE(process, nullptr);
    child = process->pid();
    EXPECT_TRUE(Gives(SysKill(c, child, SIGUSR1), 0));
    EXPECT_TRUE(Gives(SysKill(c, child, SIGKILL), 0));
    EXPECT_TRUE(Gives(SysWaitpid(c, child, nullptr, WNOHANG), 0));
    EXPECT_TRUE(SysOpen(c, "/fifo", O_RDONLY | O_NONBLOCK, 0).ok());
    int status = 0;
    EXPECT_TRUE(Gives(SysWaitpid(c, child, &status, 0), child));
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
  });
  sim.RunTask([&](SysContext& c) {
    struct sigaction action = {};
    action.sa_handler = [](int) { ++handled; };
    ASSERT_TRUE(SysSigaction(c, SIGUSR1, &action, nullptr).ok());
    ASSERT_TRUE(SysMknod(c, "/fifo", S_IFIFO | 0600, 0).ok());
    SpawnRequest request;
    SpawnRequest::Action open;
    open.kind = SpawnRequest::Action::Kind::kOpen;
    open.to = 7;
    open.path = "/fifo";
    open.flags = O_WRONLY;
    request.actions.push_back(open);
    const SysResult spawned = SysSpawn(c, {"/program"}, request, nullptr, nullptr);
    EXPECT_EQ(spawned.value, child);
  });
  EXPECT_FALSE(ran);
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(sim.host().FindProcessOrZombie(child), nullptr);
}

// capabilities(7): what they stand for, whoever the caller is.
TEST(CapabilityTest, StandForRoot) {
  SysFixture sim;
  Process& target = sim.host().CreateProcess("target", {.uid = 9, .gid = 9});
  sim.SpawnIn(target, "target", [](SysContext& c) { SysPause(c); });
  const auto can = [&](CapabilitySet capabilities, auto call) {
    Process& process = sim.host().CreateProcess(
        "caller", Credentials{.uid = 5, .gid = 5, .groups = {}, .capabilities = capabilities});
    bool result = false;
    sim.SpawnIn(process, "caller", [&](SysContext& c) { result = call(c).ok(); });
    (void)sim.Run();
    return result;
  };
  const auto kill = [&](SysContext& c) { return SysKill(c, target.pid(), 0); };
  EXPECT_FALSE(can({}, kill));
  EXPECT_TRUE(can({Capability::kKill}, kill));
  const auto bind = [](SysContext& c) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(80);
    const int fd = static_cast<int>(SysSocket(c, AF_INET, SOCK_DGRAM, 0).value);
    return SysBind(c, fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  };
  EXPECT_FALSE(can({Capability::kNetAdmin}, bind));
  EXPECT_TRUE(can({Capability::kNetBindService}, bind));
  const auto option = [](int name) {
    return [name](SysContext& c) {
      const int value = 7;
      const int fd = static_cast<int>(SysSocket(c, AF_INET, SOCK_DGRAM, 0).value);
      return SysSetsockopt(c, fd, SOL_SOCKET, name, &value, sizeof value);
    };
  };
  EXPECT_FALSE(can({Capability::kNetRaw}, option(SO_RCVBUFFORCE)));
  EXPECT_TRUE(can({Capability::kNetAdmin}, option(SO_RCVBUFFORCE)));
  EXPECT_FALSE(can({Capability::kNetBindService}, option(SO_PRIORITY)));
  EXPECT_TRUE(can({Capability::kNetRaw}, option(SO_PRIORITY)));
  EXPECT_TRUE(can({Capability::kNetAdmin}, option(SO_PRIORITY)));
  const auto pipe = [](SysContext& c) {
    int fds[2];
    SysPipe2(c, fds, 0);
    return SysFcntl(c, fds[0], F_SETPIPE_SZ, 2 << 20);
  };
  EXPECT_FALSE(can({Capability::kNetAdmin}, pipe));
  EXPECT_TRUE(can({Capability::kSysResource}, pipe));
}

// Explicit capabilities are lost by execve() of an unprivileged user.
TEST(CapabilityTest, AreLostByPrograms) {
  const VfsProfile profile;
  Identity identity(
      {.uid = 5, .gid = 5, .groups = {}, .capabilities = CapabilitySet{Capability::kKill}},
      &profile);
  identity.Execute(std::nullopt, std::nullopt);
  EXPECT_FALSE(identity.effective().Has(Capability::kKill));
}

// waitid(2) as Linux 6.18 answers it. No value of idtype_t in C++, so the oracle does not ask it.
TEST(ProcessTest, WaitsForNoUnknownKind) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    siginfo_t info = {};
    EXPECT_TRUE(Fails(SysWaitid(c, 9, 0, &info, WEXITED), EINVAL));
  });
}

TEST(ProcessTest, WhatIsForgottenIsGone) {
  SysFixture sim;
  sim.RunTask([&](SysContext& c) {
    for (int i = 0; i < 100; ++i) {
      const SysResult child = SysFork(c, [] { return 0; });
      ASSERT_TRUE(child.ok());
      if (i % 2 != 0) continue;
      EXPECT_TRUE(Gives(SysWaitpid(c, static_cast<pid_t>(child.value), nullptr, 0), child.value));
    }
    EXPECT_TRUE(Fails(SysKill(c, 100 + 1, 0), ESRCH));
  });
  size_t left = 0;
  for (Process& process : sim.host().processes()) left += process.pid() > 0;
  // The one that forked, and nobody else: it ended without asking for the rest.
  EXPECT_EQ(left, 1u);
}

}  // namespace
}  // namespace drywire
