// Processes: what a child inherits, what its parent learns of its end, programs, groups, and who
// may send signals to whom. What a child runs writes no transcript: it ends with a status, or
// writes to a pipe.
#include <sys/wait.h>

#include <string>
#include <vector>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"

namespace drywire::oracle {
namespace {

constexpr char kLoop[] = R"(
hosts:
  a: {}
)";

// All that comes out of a pipe until its end.
std::string ReadAll(int fd) {
  std::string all;
  char part[512];
  for (ssize_t size = 0; (size = os::read(fd, part, sizeof part)) > 0;) {
    all.append(part, static_cast<size_t>(size));
  }
  return all;
}

void Say(int fd, const std::string& text) { (void)os::write(fd, text.data(), text.size()); }

// Runs `child`, which may write to the descriptor 9, and notes what it wrote and how it ended.
template <typename Child>
void Run(Script& s, const std::string& label, Child child) {
  int fds[2];
  os::pipe(fds);
  const pid_t pid = os::fork_and_run([&] {
    os::close(fds[0]);
    os::dup2(fds[1], 9);
    if (fds[1] != 9) os::close(fds[1]);
    return static_cast<int>(child());
  });
  os::close(fds[1]);
  s.Text(label, pid < 0 ? ErrorName(errno) : "'" + ReadAll(fds[0]) + "'").Wait("ended", pid);
  os::close(fds[0]);
}

// What a child says of a call: "-1 EPERM".
void Tell(const char* label, int64_t result) {
  Say(9, std::string(label) + "=" + (result < 0 ? ErrorName(errno) : std::to_string(result)) + " ");
}

// --- Ends ---

ORACLE(Wait, Statuses, kLoop) {
  it.On("a", [](Script& s) {
    for (const int status : {0, 1, 77, 255, 256, 300, -1}) {
      s.Row("exit " + std::to_string(status));
      s.Wait("waitpid", os::fork_and_run([=] { return status; }));
    }
    for (const int signal : {SIGHUP, SIGKILL, SIGTERM, SIGALRM, SIGUSR1, SIGPIPE, SIGRTMIN}) {
      s.Row("signal " + std::to_string(signal));
      s.Wait("waitpid", os::fork_and_run([=] {
               os::raise(signal);
               return 1;
             }));
    }
  });
}

ORACLE(Wait, NoChild, kLoop) {
  it.On("a", [](Script& s) {
    int status = 0;
    siginfo_t info = {};
    s("wait", os::wait(&status))("waitpid", os::waitpid(-1, &status, 0));
    s("no hang", os::waitpid(-1, &status, WNOHANG))("self", os::waitpid(os::getpid(), &status, 0));
    s("parent", os::waitpid(os::getppid(), &status, 0))("group", os::waitpid(0, &status, 0));
    s("another group", os::waitpid(-99999, &status, 0))("wrong", os::waitpid(-1, &status, 0x100));
    s("least", os::waitpid(-2147483647 - 1, &status, 0));
    s("waitid", os::waitid(P_ALL, 0, &info, WEXITED))("nothing", os::waitid(P_ALL, 0, &info, 0));
    s("only no hang", os::waitid(P_ALL, 0, &info, WNOHANG));
    s("pid 0", os::waitid(P_PID, 0, &info, WEXITED));
    s("wait4", os::wait4(-1, &status, 0, nullptr))("wait3", os::wait3(&status, WNOHANG, nullptr));
  });
}

ORACLE(Wait, WaitsAndDoesNot, kLoop) {
  it.On("a", [](Script& s) {
    const pid_t child = os::fork_and_run([] {
      SleepMs(300);
      return 4;
    });
    s.StartClock();
    s.Wait("early", child, WNOHANG).Elapsed().Wait("late", child).Elapsed().Wait("again", child);
  });
}

ORACLE(Wait, OldestChildFirst, kLoop) {
  it.On("a", [](Script& s) {
    std::vector<pid_t> pids;
    for (const int ms : {300, 200, 100}) {
      pids.push_back(os::fork_and_run([=] {
        SleepMs(ms);
        return ms / 100;
      }));
    }
    s.StartClock();
    s.Wait("first to end", -1).Elapsed().Wait("second", -1).Elapsed().Wait("third", -1).Elapsed();
    s.Wait("none", -1);
    for (int i = 1; i <= 3; ++i) os::fork_and_run([=] { return i; });
    SleepMs(100);
    s.Row("all have ended").Wait("wait", -1).Wait("wait", -1).Wait("wait", -1).Wait("wait", -1);
  });
}

ORACLE(Wait, Waitid, kLoop) {
  it.On("a", [](Script& s) {
    const auto show = [&](const char* label, int result, const siginfo_t& info, pid_t child) {
      s(label, result)("signal", info.si_signo)("code", info.si_code)("status", info.si_status);
      s("child", info.si_pid == child)("uid", info.si_uid);
    };
    siginfo_t info = {};
    const pid_t child = os::fork_and_run([] {
      SleepMs(100);
      os::setresuid(5, 6, 7);
      return 300;
    });
    info.si_signo = 99;
    show("not yet", os::waitid(P_PID, child, &info, WEXITED | WNOHANG), info, child);
    show("kept", os::waitid(P_PID, child, &info, WEXITED | WNOWAIT), info, child);
    show("kept", os::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG), info, child);
    show("taken", os::waitid(P_PGID, 0, &info, WEXITED), info, child);
    s("gone", os::waitid(P_PID, child, &info, WEXITED));
    const pid_t killed = os::fork_and_run([] { return os::pause(); });
    os::kill(killed, SIGKILL);
    s.Row("killed");
    show("killed", os::waitid(P_PID, killed, nullptr, WEXITED | WNOWAIT), siginfo_t{}, 0);
    show("killed", os::waitid(P_PID, killed, &info, WEXITED), info, killed);
  });
}

int g_children = 0;
void CountChild(int) { ++g_children; }

ORACLE(Wait, Signals, kLoop) {
  it.On("a", [](Script& s) {
    const auto late = [](int ms, int status) {
      return os::fork_and_run([=] {
        SleepMs(ms);
        return status;
      });
    };
    s.Row("caught");
    g_children = 0;
    os::signal(SIGCHLD, CountChild);
    pid_t child = late(100, 1);
    s.StartClock();
    s("pause", os::pause()).Elapsed()("count", g_children).Wait("wait", child);
    s.Row("interrupted");
    child = late(400, 2);
    AlarmAfter(200, DoNothing);
    s.Wait("wait", child).Elapsed();
    AlarmAfter(50, DoNothing, SA_RESTART);
    s.Wait("restarted", child).Elapsed();
    s.Row("ignored");
    os::signal(SIGCHLD, SIG_IGN);
    late(100, 3);
    late(300, 3);
    s.Wait("wait", -1).Elapsed();
    s.Row("no zombies");
    struct sigaction action = {};
    action.sa_handler = CountChild;
    action.sa_flags = SA_NOCLDWAIT;
    os::sigaction(SIGCHLD, &action, nullptr);
    g_children = 0;
    child = late(100, 4);
    SleepMs(200);
    s("count", g_children).Wait("wait", child);
    s.Row("default");
    os::signal(SIGCHLD, SIG_DFL);
    child = late(100, 5);
    SleepMs(200);
    s.Wait("wait", child);
  });
}

ORACLE(Wait, Zombies, kLoop) {
  it.On("a", [](Script& s) {
    const pid_t child = os::fork_and_run([] { return 0; });
    SleepMs(100);
    s("signal 0", os::kill(child, 0))("kill", os::kill(child, SIGKILL));
    s("group", os::getpgid(child) == os::getpgrp()).Wait("wait", child);
    s("gone", os::kill(child, 0))("group", os::getpgid(child));
  });
}

ORACLE(Wait, Orphans, kLoop) {
  it.On("a", [](Script& s) {
    int fds[2];
    os::pipe(fds);
    const pid_t child = os::fork_and_run([&] {
      const pid_t parent = os::getpid();
      const bool known = os::getppid() != parent;
      os::fork_and_run([&] {
        const bool mine = os::getppid() == parent;
        SleepMs(300);
        Say(fds[1], os::getppid() == parent ? "still" : mine ? "adopted" : "never");
        return 0;
      });
      SleepMs(100);
      return known ? 7 : 8;
    });
    os::close(fds[1]);
    s.Wait("child", child).Text("grandchild", ReadAll(fds[0])).Wait("not ours", -1);
  });
}

ORACLE(Wait, BadStatus, kLoop) {
  it.On("a", [](Script& s) {
    const pid_t child = os::fork_and_run([] { return 0; });
    s("bad", os::waitpid(child, reinterpret_cast<int*>(8), 0)).Wait("gone", child);
    const pid_t other = os::fork_and_run([] { return 0; });
    s("null", os::waitpid(other, nullptr, 0) == other).Wait("gone", other);
  });
}

// --- What is inherited ---

ORACLE(Fork, Descriptors, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "0123456789");
    const int fd = os::open("f", O_RDWR | O_CLOEXEC);
    const int other = os::open("f", O_RDONLY);
    Run(s, "child", [&] {
      char c[3] = "";
      os::read(fd, c, 2);
      Say(9, c);
      os::fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND);
      os::fcntl(other, F_SETFD, FD_CLOEXEC);
      os::close(other);
      return os::fcntl(fd, F_GETFD);
    });
    s("position", os::lseek(fd, 0, SEEK_CUR))("flags", os::fcntl(fd, F_GETFL));
    s("still open", os::fcntl(other, F_GETFD));
  });
}

ORACLE(Fork, IdentityAndDirectories, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::mkdir("d", 0777);
    os::chdir("d");
    os::umask(027);
    const gid_t groups[] = {30, 31};
    os::setgroups(2, groups);
    os::setresgid(7, 8, 9);
    os::setresuid(4, 0, 6);
    Run(s, "child", [&] {
      uid_t u[3];
      gid_t g[3];
      os::getresuid(&u[0], &u[1], &u[2]);
      os::getresgid(&g[0], &g[1], &g[2]);
      for (const uid_t id : {u[0], u[1], u[2], g[0], g[1], g[2]}) Say(9, std::to_string(id) + " ");
      Tell("groups", os::getgroups(0, nullptr));
      Tell("umask", os::umask(0));
      Tell("seteuid", os::seteuid(6));
      Tell("mkdir", os::mkdir("sub", 0777));
      Tell("chdir", os::chdir(".."));
      return 0;
    });
    s("umask", os::umask(022))("euid", os::geteuid()).Status("sub", "sub").Status("here", ".");
  });
}

ORACLE(Fork, Signals, kLoop) {
  it.On("a", [](Script& s) {
    os::signal(SIGUSR1, DoNothing);
    os::signal(SIGUSR2, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    os::sigprocmask(SIG_BLOCK, &set, nullptr);
    os::raise(SIGTERM);
    os::alarm(100);
    Run(s, "child", [] {
      struct sigaction action = {};
      os::sigaction(SIGUSR1, nullptr, &action);
      Say(9, action.sa_handler == DoNothing ? "caught " : "lost ");
      os::sigaction(SIGUSR2, nullptr, &action);
      Say(9, action.sa_handler == SIG_IGN ? "ignored " : "lost ");
      sigset_t now;
      os::sigprocmask(SIG_BLOCK, nullptr, &now);
      Tell("blocked", sigismember(&now, SIGTERM));
      os::sigpending(&now);
      Tell("pending", sigismember(&now, SIGTERM));
      Tell("alarm", os::alarm(0));
      return 0;
    });
    s("alarm goes on", os::alarm(0) > 90);
  });
}

ORACLE(Fork, LimitsAndPids, kLoop) {
  it.On("a", [](Script& s) {
    const rlimit limit = {20, 30};
    os::setrlimit(RLIMIT_NOFILE, &limit);
    const pid_t parent = os::getpid();
    Run(s, "child", [&] {
      rlimit now = {};
      os::getrlimit(RLIMIT_NOFILE, &now);
      Tell("soft", static_cast<int>(now.rlim_cur));
      Tell("hard", static_cast<int>(now.rlim_max));
      Tell("parent", os::getppid() == parent);
      Tell("own", os::getpid() != parent);
      Tell("group", os::getpgrp() == os::getpgid(parent));
      Tell("session", os::getsid(0) == os::getsid(parent));
      return 0;
    });
  });
}

// A connection that both have ends only when both have closed it.
ORACLE(Fork, SocketsAreShared, kLoop) {
  it.On("a", [](Script& s) {
    const TcpPair pair = Connected(7000);
    const pid_t child = os::fork_and_run([&] {
      os::close(pair.client);
      SleepMs(200);
      os::send(pair.server, "hi", 2, 0);
      SleepMs(200);
      return 0;
    });
    os::close(pair.server);
    s.StartClock();
    WaitFor(pair.client, POLLIN);
    s.Elapsed().Receive(pair.client).Poll(pair.client);
    SleepMs(100);
    WaitFor(pair.client, POLLIN);
    s.Elapsed().Receive(pair.client).Poll(pair.client).Wait("child", child);
  });
}

// A server that forks for each connection, as inetd does.
ORACLE(Fork, ServerForEachConnection, kPair) {
  it.On("b", [](Script& s) {
    os::signal(SIGCHLD, SIG_IGN);
    const int listener = ListenOn("10.0.0.2", 7000);
    s.Announce("listening");
    for (int i = 0; i < 2; ++i) {
      const int connection = Accept(listener);
      os::fork_and_run([=] {
        os::close(listener);
        char data[16];
        WaitFor(connection, POLLIN);
        const ssize_t size = os::recv(connection, data, sizeof data, 0);
        os::send(connection, data, static_cast<size_t>(size), 0);
        return 0;
      });
      os::close(connection);
    }
    s.Wait("children", -1);
  });
  it.On("a", [](Script& s) {
    s.Await("listening");
    for (int i = 0; i < 2; ++i) {
      const int fd = Tcp(0);
      s("connect", Connect(fd, "10.0.0.2", 7000)).Send(fd, "echo " + std::to_string(i), 0);
      s.Receive(fd, 0).Receive(fd, 0);
      os::close(fd);
    }
  });
}

// --- Programs ---

char* Text(const char* text) { return const_cast<char*>(text); }

ORACLE(Exec, ArgumentsAndEnvironment, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.InstallProgram("echo", "echo");
    char* const some[] = {Text("zero"), Text("one"), Text(""), nullptr};
    char* const none[] = {nullptr};
    char* const variables[] = {Text("A=1"), Text("B"), nullptr};
    Run(s, "some", [&] { return os::execve("./echo", some, variables); });
    Run(s, "none", [&] { return os::execve("./echo", some, none); });
    Run(s, "no arguments", [&] { return os::execve("echo", none, none); });
    Run(s, "null", [&] { return os::execve("echo", nullptr, nullptr); });
    Run(s, "kept", [&] {
      char* const self[] = {Text("echo"), nullptr};
      return os::execve("./echo", self, variables);
    });
  });
}

ORACLE(Exec, Errors, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.InstallProgram("exit", "exit");
    WriteFile("text", "hello", 0755);
    WriteFile("empty", "", 0755);
    WriteFile("plain", "hello", 0644);
    os::mkdir("d", 0755);
    os::mkfifo("fifo", 0777);
    os::symlink("loop", "loop");
    os::symlink("exit", "link");
    char* const none[] = {Text("x"), Text("5"), nullptr};
    const std::string big(140000, 'x');
    char* const huge[] = {Text(big.c_str()), nullptr};
    Run(s, "errors", [&] {
      for (const char* path : {"missing", "missing/x", "text/x", "", "text", "empty", "plain", "d",
                               "fifo", "loop", "exit/"}) {
        Tell(path, os::execve(path, none, none));
      }
      Tell("fault", os::execve(reinterpret_cast<const char*>(8), none, none));
      Tell("bad arguments", os::execve("exit", reinterpret_cast<char* const*>(8), none));
      Tell("bad environment", os::execve("exit", none, reinterpret_cast<char* const*>(8)));
      Tell("huge", os::execve("exit", huge, none));
      os::setresuid(5, 5, 5);
      Tell("plain", os::execve("plain", none, none));
      return os::execve("link", none, none);
    });
  });
}

ORACLE(Exec, Permissions, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.InstallProgram("exit", "exit", 0711);
    char* const five[] = {Text("x"), Text("5"), nullptr};
    const auto as = [&](const char* label, uid_t uid, gid_t gid, mode_t mode) {
      s("chmod", os::chmod("exit", mode));
      Run(s, label, [&] {
        os::setgroups(0, nullptr);
        os::setresgid(gid, gid, gid);
        os::setresuid(uid, uid, uid);
        Tell("execve", os::execve("./exit", five, five));
        return 0;
      });
    };
    as("root without", 0, 0, 0644);
    as("root by others", 0, 0, 0601);
    as("other", 5, 5, 0754);
    as("other", 5, 5, 0705);
    as("group", 5, 0, 0651);
    as("group", 5, 0, 0606);
    os::chown("exit", 5, 5);
    as("owner", 5, 5, 0655);
    as("owner", 5, 5, 0500);
    os::mkdir("closed", 0700);
    os::rename("exit", "closed/exit");
    Run(s, "closed", [&] {
      os::setresuid(5, 5, 5);
      Tell("execve", os::execve("closed/exit", five, five));
      return 0;
    });
  });
}

ORACLE(Exec, Descriptors, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.InstallProgram("fds", "fds");
    char* const none[] = {Text("fds"), nullptr};
    Run(s, "kept", [&] {
      os::dup2(0, 12);
      os::dup2(0, 13);
      os::fcntl(13, F_SETFD, FD_CLOEXEC);
      os::dup3(0, 14, O_CLOEXEC);
      os::open("fds", O_RDONLY | O_CLOEXEC);
      os::open("fds", O_RDONLY);
      os::fcntl(12, F_DUPFD_CLOEXEC, 15);
      os::fcntl(14, F_DUPFD, 16);
      return os::execve("./fds", none, none);
    });
  });
}

ORACLE(Exec, Signals, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.InstallProgram("signals", "signals");
    char* const none[] = {Text("signals"), nullptr};
    Run(s, "signals", [&] {
      os::signal(SIGHUP, SIG_IGN);
      os::signal(SIGUSR1, DoNothing);
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, SIGUSR1);
      sigaddset(&set, SIGTERM);
      os::sigprocmask(SIG_BLOCK, &set, nullptr);
      os::raise(SIGTERM);
      os::raise(SIGUSR1);
      return os::execve("./signals", none, none);
    });
  });
}

ORACLE(Exec, SetIds, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.InstallProgram("ids", "ids");
    char* const none[] = {Text("ids"), nullptr};
    const auto as = [&](const char* label, mode_t mode, uid_t real, uid_t effective, uid_t saved) {
      s("chmod", os::chmod("ids", mode));
      Run(s, label, [&] {
        os::setgroups(0, nullptr);
        os::setresgid(20, 21, 22);
        os::setresuid(real, effective, saved);
        return os::execve("./ids", none, none);
      });
    };
    os::chown("ids", 7, 8);
    as("plain", 0755, 4, 5, 6);
    as("root", 0755, 0, 0, 0);
    as("set-user-ID", 04755, 4, 5, 6);
    as("set-group-ID", 02755, 4, 5, 6);
    as("not executable by the group", 02745, 4, 5, 6);
    as("both", 06755, 0, 0, 0);
    os::chown("ids", 0, 0);
    as("to root", 04755, 4, 5, 6);
  });
}

ORACLE(Exec, Scripts, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.InstallProgram("echo", "echo");
    WriteFile("s1", "#!./echo\n", 0755);
    WriteFile("s2", "#! ./echo  one  two \nrest", 0755);
    WriteFile("s3", "#!./missing\n", 0755);
    WriteFile("s4", "#!\n", 0755);
    WriteFile("s5", "#!./s1 x", 0755);
    WriteFile("s6", "#!./s6\n", 0755);
    WriteFile("s7", "#!./plain\n", 0755);
    WriteFile("plain", "text", 0644);
    char* const given[] = {Text("name"), Text("argument"), nullptr};
    char* const none[] = {nullptr};
    for (const char* path : {"./s1", "s2", "s3", "s4", "s5", "s6", "s7"}) {
      Run(s, path, [&] {
        Tell("execve", os::execve(path, given, none));
        return 0;
      });
    }
  });
}

ORACLE(Exec, Spawn, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.InstallProgram("fds", "fds");
    s.InstallProgram("exit", "exit");
    WriteFile("f", "text");
    char* const arguments[] = {Text("x"), Text("42"), nullptr};
    pid_t pid = 0;
    s("exit", ::drywire::os::posix_spawn(&pid, "./exit", nullptr, nullptr, arguments, arguments));
    s.Wait("wait", pid);
    s("missing", os::posix_spawn(&pid, "missing", nullptr, nullptr, arguments, arguments));
    s("denied", os::posix_spawn(&pid, "f", nullptr, nullptr, arguments, arguments))
        .Wait("none", -1);
    posix_spawn_file_actions_t actions;
    os::posix_spawn_file_actions_init(&actions);
    int fds[2];
    os::pipe2(fds, O_CLOEXEC);
    s("open", os::posix_spawn_file_actions_addopen(&actions, 10, "f", O_RDONLY, 0));
    s("dup2", os::posix_spawn_file_actions_adddup2(&actions, fds[1], 9));
    s("dup2", os::posix_spawn_file_actions_adddup2(&actions, 10, 12));
    s("close", os::posix_spawn_file_actions_addclose(&actions, 10));
    s("negative", os::posix_spawn_file_actions_addclose(&actions, -1));
    s("fds", os::posix_spawn(&pid, "./fds", &actions, nullptr, arguments, arguments));
    os::close(fds[1]);
    s.Text("open", ReadAll(fds[0])).Wait("wait", pid);
    s("bad", os::posix_spawn_file_actions_adddup2(&actions, 77, 9));
    s("spawn", os::posix_spawn(&pid, "./fds", &actions, nullptr, arguments, arguments));
    os::posix_spawn_file_actions_destroy(&actions);
    s.Wait("none", -1);
  });
}

// --- Groups ---

ORACLE(Groups, SetAndGet, kLoop) {
  it.On("a", [](Script& s) {
    Run(s, "child", [] {
      const pid_t self = os::getpid();
      Tell("not ours", os::setpgid(os::getppid(), 0));
      Tell("missing", os::setpgid(99999999, 0));
      Tell("negative", os::setpgid(0, -1));
      Tell("no such group", os::setpgid(0, 99999999));
      Tell("own", os::setpgid(0, 0));
      Tell("leader", os::getpgrp() == self);
      Tell("setsid of a leader", os::setsid());
      Tell("getpgid", os::getpgid(99999999));
      Tell("getsid", os::getsid(99999999));
      const pid_t child = os::fork_and_run([&] {
        if (os::getpgrp() != self) return 1;
        if (os::setsid() != os::getpid()) return 2;
        if (os::getpgrp() != os::getpid() || os::getsid(0) != os::getpid()) return 3;
        return os::setpgid(0, 0) == -1 && errno == EPERM ? 0 : 4;
      });
      int status = 0;
      os::waitpid(child, &status, 0);
      Tell("session", WEXITSTATUS(status));
      return 0;
    });
  });
}

ORACLE(Groups, WaitAndKill, kLoop) {
  it.On("a", [](Script& s) {
    const auto sleeper = [](pid_t group) {
      const pid_t child = os::fork_and_run([] { return os::pause(); });
      os::setpgid(child, group);
      return child;
    };
    const pid_t one = sleeper(0);
    const pid_t two = sleeper(one);
    const pid_t three = sleeper(0);
    s("same", os::getpgid(two) == one)("other", os::getpgid(three) == three);
    SleepMs(50);
    s("no group", os::kill(-99999999, SIGTERM))("check", os::kill(-one, 0));
    s("kill", os::killpg(one, SIGTERM));
    SleepMs(50);
    s.Wait("other group", -three, WNOHANG).Wait("own group", 0, WNOHANG);
    s.Wait("group", -one).Wait("group", -one).Wait("group", -one);
    s("gone", os::kill(-one, 0))("kill", os::kill(three, SIGKILL)).Wait("three", -1);
  });
}

// A child that has begun another program is moved no more, not even once it has ended.
ORACLE(Groups, OfAChildThatExecuted, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.InstallProgram("exit", "exit");
    char* const five[] = {Text("x"), Text("5"), nullptr};
    const pid_t child = os::fork_and_run([&] { return os::execve("./exit", five, nullptr); });
    SleepMs(200);
    s("setpgid", os::setpgid(child, 0))("getpgid", os::getpgid(child) == os::getpgrp());
    s.Wait("wait", child);
  });
}

// --- Signals to others ---

ORACLE(Kill, Permissions, kLoop) {
  it.On("a", [](Script& s) {
    const auto target = [](uid_t real, uid_t effective, uid_t saved) {
      const pid_t child = os::fork_and_run([=] {
        os::setresuid(real, effective, saved);
        return os::pause();
      });
      SleepMs(30);
      return child;
    };
    const pid_t root = target(0, 0, 0);
    const pid_t five = target(5, 5, 5);
    const pid_t mixed = target(5, 6, 7);
    const auto as = [&](const char* label, uid_t real, uid_t effective, uid_t saved) {
      Run(s, label, [&] {
        os::setresuid(real, effective, saved);
        Tell("root", os::kill(root, 0));
        Tell("five", os::kill(five, 0));
        Tell("mixed", os::kill(mixed, 0));
        Tell("wrong", os::kill(five, 99));
        Tell("wrong and missing", os::kill(99999999, 99));
        return 0;
      });
    };
    as("root", 0, 0, 0);
    as("five", 5, 5, 5);
    as("six", 6, 6, 6);
    as("seven", 7, 7, 7);
    as("real", 5, 9, 9);
    as("effective", 9, 7, 9);
    as("saved", 9, 9, 5);
    as("setuid root", 9, 0, 9);
    for (const pid_t pid : {root, five, mixed}) {
      s("kill", os::kill(pid, SIGKILL)).Wait("wait", pid);
    }
  });
}

ORACLE(Kill, UnprivilegedPorts, kLoop) {
  it.On("a", [](Script& s) {
    const auto binds = [&](const char* name) {
      s.Row(name)("80", Bind(Tcp(), "127.0.0.1", 80))("1023", Bind(Udp(), "127.0.0.1", 1023));
      s("1024", Bind(Tcp(), "127.0.0.1", 1024));
    };
    s.Become(5, 5);
    binds("unprivileged");
    os::seteuid(0);
    s.Sysctl("net.ipv4.ip_unprivileged_port_start", "81");
    s.Become(5, 5);
    binds("from 81");
    s("81", Bind(Tcp(), "127.0.0.1", 81));
    Run(s, "child", [] {
      Tell("80", Bind(Tcp(), "127.0.0.1", 80));
      Tell("seteuid", os::seteuid(0));
      Tell("80", Bind(Tcp(), "127.0.0.1", 80));
      os::setresuid(5, 5, 5);
      Tell("80", Bind(Udp(), "127.0.0.1", 80));
      Tell("priority", SetInt(Udp(), SOL_SOCKET, SO_PRIORITY, 7));
      Tell("force", SetInt(Udp(), SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20));
      return 0;
    });
  });
}

}  // namespace
}  // namespace drywire::oracle
