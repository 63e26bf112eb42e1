#include "tests/oracle/programs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/oracle/os.h"

namespace drywire::oracle {
namespace {

constexpr int kOutput = 9;

void Write(const std::string& text) { (void)os::write(kOutput, text.data(), text.size()); }

int Echo(int argc, char** argv, char** environment) {
  for (int i = 0; i < argc; ++i) Write(std::string("[") + argv[i] + "]");
  for (char** variable = environment; *variable != nullptr; ++variable) {
    Write(std::string("{") + *variable + "}");
  }
  return argc;
}

int Descriptors(int, char**, char**) {
  for (int fd = 3; fd <= 20; ++fd) {
    if (fd != kOutput && os::fcntl(fd, F_GETFD) >= 0) Write(std::to_string(fd) + " ");
  }
  return 0;
}

int Ids(int, char**, char**) {
  uid_t users[3] = {};
  gid_t groups[3] = {};
  os::getresuid(&users[0], &users[1], &users[2]);
  os::getresgid(&groups[0], &groups[1], &groups[2]);
  char text[100];
  std::snprintf(text, sizeof text, "%u/%u/%u %u/%u/%u", users[0], users[1], users[2], groups[0],
                groups[1], groups[2]);
  Write(text);
  return 0;
}

int Signals(int, char**, char**) {
  sigset_t blocked;
  sigset_t pending;
  os::sigprocmask(SIG_BLOCK, nullptr, &blocked);
  os::sigpending(&pending);
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGTERM}) {
    struct sigaction action = {};
    os::sigaction(signal, nullptr, &action);
    std::string text = std::to_string(signal) + ":";
    text += action.sa_handler == SIG_IGN   ? "ignored"
            : action.sa_handler == SIG_DFL ? "default"
                                           : "caught";
    if (sigismember(&blocked, signal) == 1) text += ",blocked";
    if (sigismember(&pending, signal) == 1) text += ",pending";
    Write(text + " ");
  }
  return 0;
}

int Exit(int argc, char** argv, char**) { return argc > 1 ? std::atoi(argv[1]) : 99; }

struct Known {
  const char* name;
  ProgramMain main;
};
// Constant, because it is read before main() and other objects' constructors.
constexpr Known kPrograms[] = {
    {"echo", Echo}, {"fds", Descriptors}, {"ids", Ids}, {"signals", Signals}, {"exit", Exit},
};

constexpr char kMark[] = "\n@drywire-oracle-program:";
constexpr size_t kTail = 64;

// Runs the program that this file is a copy of.
__attribute__((constructor)) void RunIfProgram(int argc, char** argv, char** environment) {
  const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char tail[kTail + 1] = {};
  const off_t size = ::lseek(fd, 0, SEEK_END);
  const ssize_t read = ::pread(fd, tail, kTail, size - static_cast<off_t>(kTail));
  ::close(fd);
  if (read != static_cast<ssize_t>(kTail) || std::memcmp(tail, kMark, sizeof kMark - 1) != 0)
    return;
  const ProgramMain program = FindProgram(tail + sizeof kMark - 1);
  if (program != nullptr) ::_exit(program(argc, argv, environment));
}

}  // namespace

ProgramMain FindProgram(const std::string& name) {
  for (const Known& known : kPrograms) {
    if (name == known.name) return known.main;
  }
  return nullptr;
}

bool CopyOfThisProgram(const std::string& path, const std::string& program) {
  const int from = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  const int to = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (from < 0 || to < 0) return false;
  static char block[1 << 20];
  for (ssize_t size = 0; (size = ::read(from, block, sizeof block)) > 0;) {
    if (::write(to, block, static_cast<size_t>(size)) != size) return false;
  }
  // A loader does not look at what follows the last section.
  char tail[kTail] = {};
  std::snprintf(tail, sizeof tail, "%s%s", kMark, program.c_str());
  const bool done = ::write(to, tail, sizeof tail) == static_cast<ssize_t>(sizeof tail);
  return ::close(from) == 0 && ::close(to) == 0 && done;
}

}  // namespace drywire::oracle
