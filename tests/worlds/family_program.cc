#include "tests/worlds/family_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tools/posix/posix.h"

namespace drywire::worlds {
namespace {

constexpr char kWorker[] = "/bin/worker";
constexpr int kMostDepth = 2;

void OnSignal(int) { posix::getpid(); }

char Pattern(size_t at) { return static_cast<char>('a' + at % 23); }

}  // namespace

void FamilyProgram::Prepare(World& world, Host& host) {
  world.AddProgram(host, kWorker, [](int argc, char**, char**) {
    posix::usleep(1000);
    return argc;
  });
}

void FamilyProgram::Run() {
  if (draw.Chance(60)) {
    struct sigaction action = {};
    action.sa_handler = draw.Chance(70) ? OnSignal : SIG_IGN;
    sigfillset(&action.sa_mask);
    if (draw.Chance(50)) action.sa_flags = SA_RESTART;
    for (const int signal : {SIGUSR1, SIGALRM, SIGCHLD, SIGPIPE, SIGTERM}) {
      if (draw.Chance(80)) posix::sigaction(signal, &action, nullptr);
    }
  }
  for (int steps = draw.Range(3, 25); steps > 0; --steps) Step();
  if (draw.Chance(50)) {
    while (!children_.empty() && draw.Chance(90)) Await();
  }
}

void FamilyProgram::Step() {
  using Call = void (FamilyProgram::*)();
  using P = FamilyProgram;
  static constexpr Call kCalls[] = {&P::Await,     &P::Transfer, &P::ExecuteOrSpawn, &P::Signal,
                                    &P::Event,     &P::Event,    &P::File,           &P::File,
                                    &P::Directory, &P::Await};
  if (draw.Chance(20)) {
    Fork();
  } else {
    (this->*draw.Of(kCalls))();
  }
  if (draw.Chance(30)) Saw(posix::usleep(draw.Below(100'000)));
}

int FamilyProgram::Fork() {
  if (depth_ >= kMostDepth || children_.size() >= 4) return -1;
  const uint32_t number = number_ * 32 + 1 + next_child_++ % 31;
  auto child = std::make_shared<FamilyProgram>(&programs(), &host(), number, depth_ + 1);
  const int pid = static_cast<int>(Saw(posix::fork_and_run([child] {
    child->Main();
    return 7;
  })));
  if (pid > 0) children_.push_back(pid);
  if (pid > 0 && draw.Chance(20)) Saw(posix::setpgid(pid, 0));
  return pid;
}

void FamilyProgram::Await() {
  int status = 0;
  const bool known = !children_.empty() && draw.Chance(60);
  const int pid = known ? draw.Of(children_) : draw.Chance(80) ? -1 : 0;
  const int options = draw.Chance(60) ? WNOHANG : 0;
  if (options == 0) posix::alarm(1);
  const auto ended = static_cast<int>(Saw(posix::waitpid(pid, &status, options)));
  if (ended > 0) {
    Mix(static_cast<uint64_t>(status));
    if (known && ended != pid) Violation("another child was waited for");
    if (!WIFSIGNALED(status) && !WIFEXITED(status)) Violation("a child neither exited nor died");
    if (WIFEXITED(status) && WEXITSTATUS(status) > 7) Violation("a child's status changed");
  }
  if (ended > 0 || (ended < 0 && known)) {
    const int gone = ended > 0 ? ended : pid;
    if (ended > 0 || errno == ECHILD) {
      children_.erase(std::remove(children_.begin(), children_.end(), gone), children_.end());
    }
  }
}

void FamilyProgram::Transfer() {
  int fds[2];
  if (Saw(posix::pipe2(fds, 0)) != 0) return;
  const size_t size = 1 + draw.Below(draw.Chance(30) ? 150'000 : 6'000);
  const size_t chunk = 1 + draw.Below(9'000);
  const int pid = static_cast<int>(Saw(posix::fork_and_run([=] {
    posix::close(fds[0]);
    std::string data(size, 0);
    for (size_t i = 0; i < size; ++i) data[i] = Pattern(i);
    for (size_t at = 0; at < size;) {
      const ssize_t put = posix::write(fds[1], data.data() + at, std::min(chunk, size - at));
      if (put < 0 && errno != EINTR) return 1;
      at += static_cast<size_t>(std::max<ssize_t>(put, 0));
    }
    return 0;
  })));
  posix::close(fds[1]);
  size_t at = 0;
  std::string part(1 + draw.Below(9'000), 0);
  const size_t stop = draw.Chance(20) ? size / 2 : size;
  while (pid > 0 && at < stop) {
    const ssize_t got = posix::read(fds[0], &part[0], part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (ssize_t i = 0; i < got; ++i, ++at) {
      if (part[static_cast<size_t>(i)] != Pattern(at)) {
        Violation(absl::StrCat("byte ", at, " of a pipe is another"));
        break;
      }
    }
  }
  Saw(static_cast<int64_t>(at));
  if (at > size) Violation("more came out of a pipe than was put in");
  posix::close(fds[0]);
  if (pid > 0) children_.push_back(pid);
}

void FamilyProgram::ExecuteOrSpawn() {
  char* const arguments[] = {const_cast<char*>("worker"), const_cast<char*>("x"), nullptr};
  if (draw.Chance(60)) {
    pid_t pid = 0;
    const int error = posix::posix_spawn(&pid, draw.Chance(90) ? kWorker : "/bin/nothing", nullptr,
                                         nullptr, arguments, arguments);
    Mix(static_cast<uint64_t>(error));
    if (error == 0) children_.push_back(pid);
  } else if (depth_ > 0 && draw.Chance(30)) {
    Saw(posix::execv(kWorker, arguments));
  }
}

void FamilyProgram::Signal() {
  static constexpr int kSignals[] = {SIGUSR1, SIGTERM, SIGKILL, SIGCHLD, 0};
  const int signal = draw.Of(kSignals);
  if (children_.empty() || draw.Chance(10)) {
    Saw(posix::kill(draw.Range(100, 110), signal == SIGKILL ? SIGUSR1 : signal));
  } else if (draw.Chance(20)) {
    Saw(posix::killpg(draw.Of(children_), signal));
  } else {
    Saw(posix::kill(draw.Of(children_), signal));
  }
}

void FamilyProgram::Event() {
  uint64_t number = draw.Below(3);
  switch (fds_.empty() ? draw.Below(3) : draw.Below(7)) {
    case 0:
      fds_.push_back(static_cast<int>(Saw(posix::eventfd(draw.Below(3), EFD_NONBLOCK))));
      break;
    case 1: {
      const int fd = posix::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
      const itimerspec time = {{0, draw.Chance(50) ? 30'000'000 : 0},
                               {0, draw.Range(0, 200'000'000)}};
      Saw(posix::timerfd_settime(fd, 0, &time, nullptr));
      fds_.push_back(fd);
      break;
    }
    case 2: {
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, draw.Chance(50) ? SIGUSR1 : SIGCHLD);
      if (draw.Chance(60)) posix::sigprocmask(SIG_BLOCK, &set, nullptr);
      fds_.push_back(static_cast<int>(Saw(posix::signalfd(-1, &set, SFD_NONBLOCK))));
      break;
    }
    case 3:
      Saw(posix::write(draw.Of(fds_), &number, sizeof number));
      break;
    case 4: {
      signalfd_siginfo info = {};
      Saw(posix::read(draw.Of(fds_), &info, sizeof info));
      SawBytes(&info, sizeof info);
      break;
    }
    case 5: {
      pollfd one = {draw.Of(fds_), POLLIN | POLLOUT, 0};
      Saw(posix::poll(&one, 1, draw.Range(0, 50)));
      Mix(static_cast<uint64_t>(one.revents));
      break;
    }
    default:
      Saw(posix::close(fds_.back()));
      fds_.pop_back();
  }
}

std::string FamilyProgram::Path() {
  static constexpr const char* kNames[] = {"/tmp/f", "/tmp/g", "/tmp/d", "/tmp/d/f", "/tmp/d/e"};
  return draw.Of(kNames);
}

void FamilyProgram::File() {
  const std::string path = Path();
  switch (draw.Below(6)) {
    case 0:
    case 1: {
      const int fd =
          posix::open(absl::StrCat("/tmp/own", number_).c_str(), O_CREAT | O_RDWR | O_TRUNC, 0600);
      if (Saw(fd) < 0) return;
      std::string data(draw.Below(5'000), 0);
      for (size_t i = 0; i < data.size(); ++i) data[i] = Pattern(i);
      if (posix::write(fd, data.data(), data.size()) == static_cast<ssize_t>(data.size())) {
        std::string back(data.size(), 0);
        if (posix::pread(fd, &back[0], back.size(), 0) != static_cast<ssize_t>(back.size()) ||
            back != data) {
          Violation("a file does not hold what was written to it");
        }
      }
      if (draw.Chance(70)) posix::unlink(absl::StrCat("/tmp/own", number_).c_str());
      if (draw.Chance(80)) posix::close(fd);
      break;
    }
    case 2:
      Saw(posix::open(path.c_str(), O_CREAT | O_WRONLY | O_NONBLOCK, 0666));
      break;
    case 3:
      Saw(posix::unlink(path.c_str()));
      break;
    case 4:
      Saw(posix::rename(path.c_str(), Path().c_str()));
      break;
    default:
      Saw(posix::link(path.c_str(), Path().c_str()));
  }
}

void FamilyProgram::Directory() {
  const std::string path = Path();
  switch (draw.Below(4)) {
    case 0:
      Saw(posix::mkdir(path.c_str(), 0777));
      break;
    case 1:
      Saw(posix::rmdir(path.c_str()));
      break;
    case 2:
      Saw(draw.Chance(50) ? posix::chdir("/tmp") : posix::mkfifo(path.c_str(), 0666));
      break;
    default: {
      DIR* const stream = posix::opendir("/tmp");
      if (stream == nullptr) return;
      while (const dirent* entry = posix::readdir(stream)) {
        SawBytes(entry->d_name, std::strlen(entry->d_name));
      }
      posix::closedir(stream);
    }
  }
}

}  // namespace drywire::worlds
