#include "tests/worlds/random_calls.h"

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/posix/posix.h"

namespace drywire::worlds {
namespace {

// Handlers make a call: it shows in the trace that they ran, and when.
void OnSignal(int) { posix::getpid(); }

constexpr int kSignals[] = {SIGUSR1, SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE, SIGTERM, SIGCHLD, SIGHUP};

}  // namespace

RandomCalls::RandomCalls(Programs* programs, Host* host, uint32_t number,
                         std::shared_ptr<std::vector<int>> descriptors)
    : Program(programs, host, number), fds_(std::move(descriptors)) {
  first_ = fds_ == nullptr;
  if (first_) fds_ = std::make_shared<std::vector<int>>();
  // Sockets, connections, data, closing, options, readiness, signals and time, other.
  static constexpr uint32_t kUsual[kGroups] = {10, 16, 18, 7, 6, 8, 6, 3};
  for (int i = 0; i < kGroups; ++i) {
    const size_t group = static_cast<size_t>(i);
    weights_[group] = i > 0 && draw.Chance(20) ? 0 : kUsual[i] * (1 + draw.Below(3));
  }
}

void RandomCalls::ReadDecisionsFrom(absl::Span<const uint8_t> bytes) {
  weights_.fill(1);
  draw.ReadFrom(bytes);
}

int RandomCalls::Fd() {
  // Not 0 to 2: they are this process's own.
  if (fds_->empty() || draw.Chance(2)) return draw.Chance(20) ? -1 : draw.Range(3, 14);
  // The latest are the liveliest.
  const size_t n = fds_->size();
  if (draw.Chance(50)) return (*fds_)[n - 1];
  return draw.Of(*fds_);
}

void RandomCalls::Keep(int64_t fd) {
  if (Saw(fd) < 0) return;
  if (fds_->size() >= 16) fds_->erase(fds_->begin());
  fds_->push_back(static_cast<int>(fd));
}

AnyAddress RandomCalls::Destination() {
  static constexpr const char* kOdd[] = {
      "127.0.0.1", "127.0.0.1", "::1",      "0.0.0.0",  "255.255.255.255", "10.0.0.255",
      "224.0.0.1", "10.9.0.1",  "10.9.1.1", "10.9.2.1", "10.0.0.77",       "192.0.2.1",
      "fd00:9::1", "ff02::1",   "::",       "fe80::1",  "::ffff:10.0.0.1", "fd00:0::77",
  };
  const bool v6 = programs().network->v6 && draw.Chance(30);
  const uint16_t port = draw.Chance(2) ? 0 : Port();
  AnyAddress address = draw.Chance(75) ? PeerAddress(v6, port) : MakeAddress(draw.Of(kOdd), port);
  if (draw.Chance(3)) address.storage.ss_family = static_cast<sa_family_t>(draw.Below(12));
  if (draw.Chance(3)) address.storage.ss_family = AF_UNSPEC;
  if (draw.Chance(2)) address.length = draw.Below(40);
  return address;
}

int RandomCalls::TimeoutMs() {
  if (draw.Chance(30)) return 0;
  if (draw.Chance(5)) return -1;
  return draw.Range(0, draw.Chance(50) ? 50 : 5'000);
}

void RandomCalls::StartSecondTask() {
  Process* const process = Process::Of(world().scheduler().current());
  const uint32_t number = programs().next_number++;
  auto other = std::make_shared<RandomCalls>(&programs(), &host(), number, fds_);
  process->Spawn(absl::StrCat("p", number), [other] { other->Main(); });
}

void RandomCalls::Run() {
  if (draw.Chance(30)) Saw(posix::usleep(draw.Below(300'000)));
  if (first_ && draw.Chance(12)) StartSecondTask();
  // Without a handler the first of them would end the process.
  if (draw.Chance(60)) {
    struct sigaction action = {};
    action.sa_handler = draw.Chance(80) ? OnSignal : SIG_IGN;
    if (draw.Chance(50)) action.sa_flags = SA_RESTART;
    for (const int signal : {SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE, SIGTERM, SIGHUP}) {
      posix::sigaction(signal, &action, nullptr);
    }
  }
  for (int steps = draw.Range(5, 80); steps > 0; --steps) Step();
  if (draw.Chance(3)) posix::_exit(draw.Range(0, 255));
}

void RandomCalls::Step() {
  using Call = void (RandomCalls::*)();
  struct Group {
    int count;
    Call calls[8];
  };
  using C = RandomCalls;
  static constexpr Group kCalls[kGroups] = {
      {2, {&C::NewSocket, &C::NewSocket}},
      {8,
       {&C::Connect, &C::Connect, &C::Connect, &C::Bind, &C::Listen, &C::Accept, &C::Accept,
        &C::Bind}},
      {6, {&C::Send, &C::Send, &C::SendMessage, &C::Receive, &C::Receive, &C::ReceiveMessage}},
      {5, {&C::Close, &C::Close, &C::Close, &C::Shutdown, &C::Duplicate}},
      {5, {&C::SetOption, &C::SetOption, &C::GetOption, &C::Control, &C::Names}},
      {3, {&C::Poll, &C::Select, &C::Epoll}},
      {4, {&C::Signals, &C::WaitForSignal, &C::Sleep, &C::Sleep}},
      {3, {&C::NewOtherFile, &C::Limits, &C::Resolve}},
  };
  // The first group has weight always: everything else needs a socket.
  uint32_t total = 0;
  for (const uint32_t weight : weights_) total += weight;
  if (fds_->empty() && draw.Chance(90)) return NewSocket();
  uint32_t pick = draw.Below(total);
  for (size_t group = 0; group < kGroups; ++group) {
    if (pick < weights_[group]) {
      const int call = draw.Range(0, kCalls[group].count - 1);
      return (this->*kCalls[group].calls[call])();
    }
    pick -= weights_[group];
  }
}

void RandomCalls::Poll() {
  std::array<pollfd, 3> waited = {};
  const uint32_t count = 1 + draw.Below(3);
  for (uint32_t i = 0; i < count; ++i) {
    waited[i].fd = Fd();
    waited[i].events = static_cast<int16_t>(draw.Chance(70) ? draw.Below(8) : draw.Below(0x4000));
  }
  if (draw.Chance(20)) {
    sigset_t mask;
    sigemptyset(&mask);
    if (draw.Chance(50)) sigaddset(&mask, SIGUSR1);
    const timespec timeout = {0, draw.Range(0, 900'000'000)};
    Saw(posix::ppoll(waited.data(), count, &timeout, &mask));
  } else {
    Saw(posix::poll(waited.data(), count, TimeoutMs()));
  }
  for (const pollfd& entry : waited) Mix(static_cast<uint64_t>(entry.revents));
}

void RandomCalls::Select() {
  fd_set sets[3];
  for (fd_set& set : sets) {
    FD_ZERO(&set);
    for (uint32_t count = draw.Below(3); count > 0; --count) {
      const int fd = Fd();
      if (fd >= 0 && fd < FD_SETSIZE) FD_SET(fd, &set);
    }
  }
  timeval timeout = {draw.Range(0, 1), draw.Range(0, 900'000)};
  fd_set* const except = draw.Chance(50) ? &sets[2] : nullptr;
  Saw(posix::select(draw.Range(0, 40), &sets[0], &sets[1], except, &timeout));
  SawBytes(sets, sizeof sets);
  Mix(static_cast<uint64_t>(timeout.tv_sec * 1'000'000 + timeout.tv_usec));
}

void RandomCalls::Epoll() {
  if (!HasEpoll()) return Poll();
  if (draw.Chance(20)) return Keep(posix::epoll_create1(draw.Chance(50) ? EPOLL_CLOEXEC : 0));
  const int epoll = Fd();
  if (draw.Chance(60)) {
    static constexpr uint32_t kExtra[] = {0, 0, 0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE};
    epoll_event event = {};
    event.events = draw.Below(8);
    event.events |= draw.Of(kExtra);
    event.events |= draw.Chance(30) ? uint32_t{EPOLLRDHUP} : 0;
    event.data.u64 = draw.Below(100);
    const int operation = draw.Of({EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL});
    const int fd = Fd();
    Saw(posix::epoll_ctl(epoll, operation, fd, &event));
    return;
  }
  std::array<epoll_event, 3> events = {};
  const int max = draw.Range(0, 3);
  const int64_t n = Saw(posix::epoll_wait(epoll, events.data(), max, TimeoutMs()));
  for (int64_t i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    Mix(event.events);
    Mix(event.data.u64);
  }
}

void RandomCalls::Signals() {
  const int signal = draw.Of(kSignals);
  switch (draw.Below(6)) {
    case 0: {
      struct sigaction action = {};
      action.sa_handler = draw.Chance(70) ? OnSignal : draw.Chance(50) ? SIG_IGN : SIG_DFL;
      if (draw.Chance(50)) action.sa_flags |= SA_RESTART;
      if (draw.Chance(10)) action.sa_flags |= SA_RESETHAND;
      if (draw.Chance(10)) action.sa_flags |= SA_NODEFER;
      Saw(posix::sigaction(signal, &action, nullptr));
      break;
    }
    case 1: {
      sigset_t set;
      sigset_t old;
      sigemptyset(&set);
      sigemptyset(&old);
      sigaddset(&set, signal);
      const int how = draw.Of({SIG_BLOCK, SIG_UNBLOCK, SIG_UNBLOCK, SIG_SETMASK});
      Saw(posix::sigprocmask(how, &set, &old));
      break;
    }
    case 2:
      Saw(posix::raise(draw.Chance(90) ? signal : draw.Range(-1, 70)));
      break;
    case 3:
      Saw(posix::kill(draw.Chance(80) ? draw.Range(100, 104) : draw.Range(1, 110), signal));
      break;
    case 4:
      Saw(posix::alarm(static_cast<unsigned>(draw.Range(0, 2))));
      break;
    default: {
      const itimerval timer = {{0, draw.Chance(20) ? 200'000 : 0}, {0, draw.Range(0, 900'000)}};
      Saw(posix::setitimer(ITIMER_REAL, &timer, nullptr));
    }
  }
}

void RandomCalls::WaitForSignal() {
  if (draw.Chance(80)) Saw(posix::alarm(1));
  if (draw.Chance(50)) {
    Saw(posix::pause());
    return;
  }
  sigset_t mask;
  sigemptyset(&mask);
  Saw(posix::sigsuspend(&mask));
}

void RandomCalls::Sleep() {
  switch (draw.Below(4)) {
    case 0:
      Saw(posix::sched_yield());
      break;
    case 1: {
      const timespec duration = {0, draw.Range(0, 900'000'000)};
      timespec remaining = {};
      Saw(posix::nanosleep(&duration, &remaining));
      Mix(static_cast<uint64_t>(remaining.tv_nsec));
      break;
    }
    case 2:
      Saw(posix::usleep(draw.Below(2'000)));
      break;
    default: {
      timespec now = {};
      Saw(posix::clock_gettime(draw.Chance(50) ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now));
      Mix(static_cast<uint64_t>(now.tv_nsec));
    }
  }
}

void RandomCalls::Limits() {
  rlimit limit = {};
  Saw(posix::getrlimit(RLIMIT_NOFILE, &limit));
  Mix(limit.rlim_cur);
  if (draw.Chance(50)) return;
  limit.rlim_cur = static_cast<rlim_t>(draw.Range(0, 12));
  Saw(posix::setrlimit(RLIMIT_NOFILE, &limit));
}

void RandomCalls::Resolve() {
  static constexpr const char* kNodes[] = {"h1", "h2", "h3", "r1", "localhost", "nobody"};
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = draw.Chance(20) ? AI_PASSIVE : 0;
  addrinfo* list = nullptr;
  const char* const node = draw.Chance(10) ? nullptr : draw.Of(kNodes);
  const char* const service = draw.Chance(20) ? nullptr : draw.Chance(50) ? "80" : "echo";
  const int result = posix::getaddrinfo(node, service, &hints, &list);
  Mix(static_cast<uint64_t>(result));
  if (result != 0) return;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SawBytes(entry->ai_addr, entry->ai_addrlen);
  }
  posix::freeaddrinfo(list);
}

}  // namespace drywire::worlds
