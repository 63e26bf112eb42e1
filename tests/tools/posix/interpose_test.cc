// What :interpose takes over besides sockets: chance, clocks, the host's identity and interfaces,
// real files; and what it refuses by name.
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/testing/drywire_test.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT
using ::testing::ElementsAre;

// Runs `body` as process 100 of a host of its own.
void RunOn(World& world, std::function<void()> body, const char* system = "linux") {
  world.Spawn(world.AddHost("host", system, "10.0.0.1/24"), "program", std::move(body));
  EXPECT_TRUE(world.Run().ok());
}

std::string Bytes(size_t size, const std::function<void(void*)>& fill) {
  std::string bytes(size, '\0');
  fill(bytes.data());
  return bytes;
}

std::string ReadFile(const char* path, size_t size) {
  return Bytes(size, [&](void* data) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(read(fd, data, size), static_cast<ssize_t>(size)) << path;
    EXPECT_EQ(close(fd), 0);
  });
}

// Everything that is random elsewhere, once from each source.
std::vector<std::string> Chances() {
  std::vector<std::string> all;
  all.push_back(Bytes(20, [](void* data) { EXPECT_EQ(getrandom(data, 20, 0), 20); }));
  all.push_back(Bytes(20, [](void* data) { EXPECT_EQ(getentropy(data, 20), 0); }));
  all.push_back(Bytes(
      20, [](void* data) { EXPECT_EQ(syscall(SYS_getrandom, data, 20, GRND_NONBLOCK), 20); }));
  all.push_back(Bytes(20, [](void* data) { arc4random_buf(data, 20); }));
  all.push_back(absl::StrCat(arc4random(), " ", arc4random()));
  all.push_back(ReadFile("/dev/urandom", 20));
  all.push_back(ReadFile("/dev/random", 20));
  all.push_back(Bytes(20, [](void* data) {
    FILE* const stream = fopen("/dev/urandom", "rb");
    EXPECT_EQ(fread(data, 1, 20, stream), 20u);
    fclose(stream);
  }));
  std::random_device device;
  all.push_back(absl::StrCat(device(), " ", device()));
  return all;
}

TEST(InterposeTest, ChanceIsTheSeedsAndTheProcesss) {
  const auto run = [](uint64_t seed) {
    World::Options options;
    options.seed = seed;
    World world(options);
    std::vector<std::string> first, second;
    Host& host = world.AddHost("host");
    world.Spawn(host, "first", [&first] { first = Chances(); });
    world.Spawn(host, "second", [&second] { second = Chances(); });
    EXPECT_TRUE(world.Run().ok());
    for (size_t i = 0; i < first.size(); ++i) EXPECT_NE(first[i], second[i]) << i;
    return first;
  };
  const std::vector<std::string> once = run(1), again = run(1), other = run(2);
  EXPECT_EQ(once, again);
  ASSERT_EQ(once.size(), other.size());
  for (size_t i = 0; i < once.size(); ++i) {
    EXPECT_NE(once[i], other[i]) << i;
    for (size_t j = 0; j < i; ++j) EXPECT_NE(once[i], once[j]) << i << j;
  }
}

TEST(InterposeTest, OutsideChanceIsTheCLibrarys) { EXPECT_NE(Chances(), Chances()); }

DRYWIRE_TEST(Interpose, ChanceRefusesWhatTheSystemRefuses) {
  RunOn(world, [] {
    char bytes[300];
    EXPECT_EQ(getrandom(bytes, 1, 0x80), -1);
    EXPECT_EQ(errno, EINVAL);
    void* volatile nowhere = nullptr;  // What the compiler sees it would refuse.
    EXPECT_EQ(getrandom(nowhere, 1, 0), -1);
    EXPECT_EQ(errno, EFAULT);
    EXPECT_EQ(getentropy(bytes, 257), -1);
    EXPECT_EQ(errno, EIO);
    EXPECT_EQ(arc4random_uniform(1), 0u);
    for (int i = 0; i < 100; ++i) EXPECT_LT(arc4random_uniform(7), 7u);
  });
}

DRYWIRE_TEST(Interpose, ClocksAreVirtualAndProcessorTimeStands) {
  RunOn(world, [] {
    const time_t start = time(nullptr);
    const clock_t ticks = times(nullptr);
    sleep(100);
    timespec now = {};
    EXPECT_EQ(timespec_get(&now, TIME_UTC), TIME_UTC);
    EXPECT_EQ(now.tv_sec, start + 100);
    EXPECT_EQ(now.tv_nsec, 0);
    EXPECT_EQ(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now), 0);
    EXPECT_EQ(now.tv_sec, start + 100);
    tms processor = {1, 1, 1, 1};
    EXPECT_EQ(times(&processor), ticks + 100 * sysconf(_SC_CLK_TCK));
    EXPECT_EQ(processor.tms_utime + processor.tms_stime, 0);
    EXPECT_EQ(clock(), 0);
    rusage usage = {};
    usage.ru_maxrss = 1;
    EXPECT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
    EXPECT_EQ(usage.ru_maxrss, 0);
    EXPECT_EQ(clock_settime(CLOCK_REALTIME, &now), -1);
    EXPECT_EQ(errno, EPERM);
  });
}

TEST(InterposeTest, ALoopThatWaitsForProcessorTimeIsFoundOut) {
  World::Options options;
  options.scheduler.livelock_steps = 1000;
  World world(options);
  world.Spawn(world.AddHost("host"), "spinner", [] {
    while (clock() < CLOCKS_PER_SEC) {
    }
  });
  EXPECT_EQ(world.Run().status, RunStatus::kLivelock);
}

DRYWIRE_TEST(Interpose, AProcessKnowsItsHost) {
  RunOn(
      world,
      [] {
        char name[64];
        EXPECT_EQ(gethostname(name, sizeof name), 0);
        EXPECT_STREQ(name, "host");
        utsname system;
        EXPECT_EQ(uname(&system), 0);
        EXPECT_STREQ(system.nodename, "host");
        EXPECT_STREQ(system.sysname, "FreeBSD");
        EXPECT_EQ(uname(nullptr), -1);
        EXPECT_EQ(errno, EFAULT);
        EXPECT_EQ(sethostname("other", 5), -1);
        EXPECT_EQ(errno, EPERM);
        EXPECT_EQ(getppid(), 0);
        EXPECT_EQ(gettid(), getpid());
        EXPECT_EQ(syscall(SYS_gettid), getpid());
        EXPECT_EQ(getpgrp(), getpid());
        EXPECT_EQ(getsid(0), 1);
        EXPECT_EQ(getpgid(1), -1);
        EXPECT_EQ(errno, ESRCH);
        EXPECT_EQ(wait(nullptr), -1);
        EXPECT_EQ(errno, ECHILD);
        uid_t real, effective, saved;
        EXPECT_EQ(getresuid(&real, &effective, &saved), 0);
        EXPECT_EQ(real, getuid());
        rlimit limit = {};
        EXPECT_EQ(prlimit(0, RLIMIT_NOFILE, nullptr, &limit), 0);
        EXPECT_GT(limit.rlim_cur, 0u);
      },
      "freebsd");
}

// "eth0 up 10.0.0.1/255.255.255.0 broadcast 10.0.0.255"
std::string Text(const ifaddrs& entry) {
  const auto address = [](const sockaddr* address) -> std::string {
    char text[100] = "none";
    if (address == nullptr) return text;
    if (address->sa_family == AF_INET) {
      inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, 100);
      return text;
    }
    const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, 100);
    return absl::StrCat(text, v6->sin6_scope_id == 0 ? "" : absl::StrCat("%", v6->sin6_scope_id));
  };
  return absl::StrCat(entry.ifa_name, " ", absl::Hex(entry.ifa_flags), " ", address(entry.ifa_addr),
                      "/", address(entry.ifa_netmask), " broadcast ", address(entry.ifa_broadaddr));
}

// As observed on Linux 6.18 with the same addresses, but for entries of family AF_PACKET.
DRYWIRE_TEST(Interpose, InterfacesAreTheHosts) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  world.AddAddress(host, "fd00::1/64");
  world.AddHost("other", "linux", "10.0.0.2/24");
  world.Spawn(host, "program", [] {
    ifaddrs* list = nullptr;
    ASSERT_EQ(getifaddrs(&list), 0);
    std::vector<std::string> texts;
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
      texts.push_back(Text(*entry));
    }
    freeifaddrs(list);
    EXPECT_THAT(texts,
                ElementsAre("lo 10049 127.0.0.1/255.0.0.0 broadcast 127.0.0.1",
                            "eth0 11043 10.0.0.1/255.255.255.0 broadcast 10.0.0.255",
                            "lo 10049 ::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff broadcast none",
                            "eth0 11043 fe80::2%2/ffff:ffff:ffff:ffff:: broadcast none",
                            "eth0 11043 fd00::1/ffff:ffff:ffff:ffff:: broadcast none"));
    EXPECT_EQ(if_nametoindex("eth0"), 2u);
    EXPECT_EQ(if_nametoindex("eth1"), 0u);
    EXPECT_EQ(errno, ENODEV);
    char name[IF_NAMESIZE];
    EXPECT_STREQ(if_indextoname(1, name), "lo");
    EXPECT_EQ(if_indextoname(9, name), nullptr);
    EXPECT_EQ(errno, ENXIO);
    struct if_nameindex* const names = if_nameindex();
    EXPECT_STREQ(names[1].if_name, "eth0");
    EXPECT_EQ(names[2].if_index, 0u);
    if_freenameindex(names);
  });
  EXPECT_TRUE(world.Run().ok());
}

// --- Files ---

DRYWIRE_TEST(Interpose, PagesAboutTheRealMachineAreRefused) {
  RunOn(world, [] {
    for (const char* path : {"/proc/net/tcp", "/sys/class/net", "/proc/uptime"}) {
      EXPECT_EQ(open(path, O_RDONLY), -1) << path;
      EXPECT_EQ(errno, ENOENT);
      EXPECT_EQ(fopen(path, "r"), nullptr);
    }
  });
}

DRYWIRE_TEST(Interpose, DescriptorsOfRealFilesAreTheProcesss) {
  RunOn(world, [] {
    char path[] = "/tmp/drywire-XXXXXX";
    const int fd = mkstemp(path);
    EXPECT_EQ(fd, 3);
    EXPECT_EQ(unlink(path), 0);
    EXPECT_EQ(dprintf(fd, "%s %d", "number", 7), 8);
    char text[9] = "";
    EXPECT_EQ(pread(fd, text, 8, 0), 8);
    EXPECT_STREQ(text, "number 7");
    EXPECT_EQ(memfd_create("memory", 0), 4);
    EXPECT_EQ(close(4), 0);
    EXPECT_EQ(close(fd), 0);
    EXPECT_EQ(fileno(stderr), 2);
    EXPECT_EQ(isatty(17), 0);
    EXPECT_EQ(errno, EBADF);
  });
}

DRYWIRE_TEST(Interpose, DprintfGoesToTheSocketOfThatNumber) {
  RunOn(world, [] {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    EXPECT_EQ(dprintf(fds[0], "GET /%d\r\n", 5), 8);
    char text[9] = "";
    EXPECT_EQ(read(fds[1], text, 8), 8);
    EXPECT_STREQ(text, "GET /5\r\n");
  });
}

// --- What is refused ---

struct Refusal {
  const char* name;
  int (*call)();  // -1 with errno, or the errno
  int error;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

char* const kNoArguments[] = {nullptr};

const Refusal kRefusals[] = {
    {"fork()", [] { return static_cast<int>(fork()); }, ENOSYS},
    {"vfork()", [] { return static_cast<int>(vfork()); }, ENOSYS},
    {"execve() of a program that is not the simulated host's",
     [] { return execve("/bin/true", kNoArguments, kNoArguments); }, ENOSYS},
    {"execv() of a program that is not the simulated host's",
     [] { return execv("/bin/true", kNoArguments); }, ENOSYS},
    {"posix_spawn() of a program that is not the simulated host's",
     [] {
       pid_t pid;
       return posix_spawn(&pid, "/bin/true", nullptr, nullptr, kNoArguments, kNoArguments);
     },
     ENOSYS},
    {"system()", [] { return system("true"); }, ENOSYS},
    {"popen()", [] { return popen("true", "r") == nullptr ? -1 : 0; }, ENOSYS},
    {"pthread_create()",
     [] {
       pthread_t thread;
       return pthread_create(
           &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
     },
     EAGAIN},
    {"inotify_init()", [] { return inotify_init(); }, ENOSYS},
    {"inotify_init1()", [] { return inotify_init1(0); }, ENOSYS},
    {"sigaltstack()",
     [] {
       const stack_t stack = {};
       return sigaltstack(&stack, nullptr);
     },
     ENOSYS},
    {"initgroups()", [] { return initgroups("root", 0); }, EPERM},
    {"sethostname()", [] { return sethostname("x", 1); }, EPERM},
    {"chdir()", [] { return chdir("/"); }, ENOSYS},
    {"gethostbyname()", [] { return gethostbyname("host") == nullptr ? -1 : 0; }, ENOSYS},
    {"timer_create()",
     [] {
       timer_t timer;
       return timer_create(CLOCK_MONOTONIC, nullptr, &timer);
     },
     ENOSYS},
    {"syscall(41)", [] { return static_cast<int>(syscall(41, AF_INET, SOCK_STREAM, 0)); }, ENOSYS},
};

class RefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, NamesTheCall) {
  World world;
  world.Spawn(world.AddHost("alice"), "program", [] {
    errno = 0;
    const int result = GetParam().call();
    const int error = errno;
    EXPECT_TRUE(result == -1 || result == GetParam().error) << result;
    EXPECT_EQ(error, GetParam().error);
  });
  testing::internal::CaptureStderr();
  EXPECT_TRUE(world.Run().ok());
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            absl::StrCat("drywire: alice, process 100 'program': ", GetParam().name,
                         " is not modelled\n"));
}

INSTANTIATE_TEST_SUITE_P(All, RefusalTest, testing::ValuesIn(kRefusals),
                         [](const testing::TestParamInfo<Refusal>& info) {
                           std::string name;
                           for (const char c : std::string(info.param.name)) {
                             if (isalnum(c) != 0) name += c;
                           }
                           return name;
                         });

TEST(InterposeTest, OutsideProgramsRun) {
  EXPECT_EQ(system("exit 3"), 3 << 8);
  const pid_t child = vfork();
  if (child == 0) _exit(4);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 4);
  const pid_t program = fork();
  if (program == 0) {
    execl("/bin/sh", "sh", "-c", "exit 5", nullptr);
    _exit(1);
  }
  EXPECT_EQ(waitpid(program, &status, 0), program);
  EXPECT_EQ(WEXITSTATUS(status), 5);
  EXPECT_EQ(syscall(SYS_getpid), getpid());
}

}  // namespace
}  // namespace drywire
