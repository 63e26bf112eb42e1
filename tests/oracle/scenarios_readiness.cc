// poll, select and epoll over connections between hosts.
#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

int Control(int epoll, int operation, int fd, uint32_t events) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  return os::epoll_ctl(epoll, operation, fd, &event);
}

// The events of the only descriptor that is ready; "none" after `ms`.
std::string Wait(int epoll, int ms = 0) {
  epoll_event events[4];
  const int count = os::epoll_wait(epoll, events, 4, ms);
  if (count < 0) return ErrorName(errno);
  std::string text;
  for (int i = 0; i < count; ++i) text += (i > 0 ? "," : "") + Script::Events(events[i].events);
  return count == 0 ? "none" : text;
}

// The life of a connection as seen by an epoll in each mode.
void Follow(Script& s, const char* name, uint32_t mode, uint16_t port) {
  s.Await("listening " + std::to_string(port));
  const int fd = Tcp();
  const int epoll = os::epoll_create1(0);
  s.Row(name)("add", Control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | mode));
  s.Text("fresh", Wait(epoll))("connect", Connect(fd, "10.0.0.2", port));
  Settle();
  s.Text("connected", Wait(epoll)).Text("again", Wait(epoll));
  s.Announce("send " + std::to_string(port));
  Settle();
  s.Text("data", Wait(epoll)).Text("again", Wait(epoll)).Receive(fd).Text("read", Wait(epoll));
  s.Announce("shut " + std::to_string(port));
  Settle();
  s.Text("fin", Wait(epoll)).Text("again", Wait(epoll))("shut", os::shutdown(fd, SHUT_WR));
  Settle();
  s.Text("both", Wait(epoll)).Text("again", Wait(epoll));
  Control(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | mode);
  s.Text("modified", Wait(epoll))("close", os::close(fd)).Text("closed", Wait(epoll));
}

void BeFollowed(Script& s, uint16_t port) {
  const int fd = ServeOne(s, port);
  s.Await("send " + std::to_string(port));
  os::send(fd, "data", 4, 0);
  s.Await("shut " + std::to_string(port));
  os::shutdown(fd, SHUT_WR);
  WaitFor(fd, POLLRDHUP);
}

bool RegisterModes() {
  const struct {
    const char* name;
    uint32_t mode;
  } kModes[] = {{"Level", 0},
                {"Edge", EPOLLET},
                {"OneShot", EPOLLONESHOT},
                {"EdgeOneShot", EPOLLET | EPOLLONESHOT}};
  for (const auto& mode : kModes) {
    Scenario scenario;
    scenario.name = std::string("Epoll.Life.") + mode.name;
    scenario.topology = kPair;
    scenario.On("a", [mode](Script& s) { Follow(s, mode.name, mode.mode, 80); });
    scenario.On("b", [](Script& s) {
      s.Row("server");
      BeFollowed(s, 80);
    });
    Register(std::move(scenario), [](Scenario&) {});
  }
  return true;
}
[[maybe_unused]] const bool registered = RegisterModes();

ORACLE(Epoll, RefusedConnection, kPair) {
  it.On("a", [](Script& s) {
    for (const uint32_t mode : {0u, static_cast<uint32_t>(EPOLLET)}) {
      const int epoll = os::epoll_create1(0);
      const int fd = Tcp();
      s.Row(mode == 0 ? "level" : "edge")("connect", Connect(fd, "10.0.0.2", 9));
      s("add", Control(epoll, EPOLL_CTL_ADD, fd, EPOLLOUT | mode)).Text("wait", Wait(epoll, 1000));
      s.Error(fd).Text("told", Wait(epoll)).Text("again", Wait(epoll));
      s("new", Connect(fd, "10.0.0.2", 9)).Text("wait", Wait(epoll, 1000));
    }
  });
}

ORACLE(Epoll, ListenerWakesWaiters, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("waiting");
    SleepMs(100);
    s("connect", Connect(Tcp(0), "10.0.0.2", 80));
    s.Await("woken");
    s("connect", Connect(Tcp(0), "10.0.0.2", 80));
    s.Announce("connected");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    const int listener = ListenOn("10.0.0.2", 80);
    const int epoll = os::epoll_create1(0);
    s.Row("server")("add", Control(epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLET));
    s.Announce("waiting");
    s.Text("wait", Wait(epoll, 5000)).Elapsed();
    s.Announce("woken");
    s.Await("connected");
    Settle();
    s.Text("second", Wait(epoll)).Text("third", Wait(epoll));
    s.Text("accept", os::accept(listener, nullptr, nullptr) >= 0 ? "yes" : "no");
    s.Text("one left", Wait(epoll)).Poll(listener);
    s.Announce("done");
  });
}

ORACLE(Epoll, ResetIsAnEdge, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    const int epoll = os::epoll_create1(0);
    Control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
    s.Text("idle", Wait(epoll));
    s.Announce("watching");
    s.Text("reset", Wait(epoll, 5000)).Text("again", Wait(epoll)).Error(fd);
    s.Text("told", Wait(epoll)).Receive(fd);
    Control(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET);
    s.Text("modified", Wait(epoll));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("watching");
    SetLinger(fd, 0);
    os::close(fd);
  });
}

ORACLE(Epoll, ExclusiveAndDuplicates, kPair) {
  it.On("a", [](Script& s) {
    const int fd = UdpOn("10.0.0.1", 7000);
    const int copy = os::dup(fd);
    const int epoll = os::epoll_create1(0);
    s.Row("control")("add", Control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE));
    s("again", Control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN));
    s("modify", Control(epoll, EPOLL_CTL_MOD, fd, EPOLLIN));
    s("copy", Control(epoll, EPOLL_CTL_ADD, copy, EPOLLIN));
    s("oneshot", Control(epoll, EPOLL_CTL_MOD, copy, EPOLLIN | EPOLLONESHOT | EPOLLEXCLUSIVE));
    s("send", SendTo(fd, "x", "10.0.0.1", 7000));
    Settle();
    s.Text("both", Wait(epoll))("close", os::close(fd)).Text("still", Wait(epoll));
    s("delete", Control(epoll, EPOLL_CTL_DEL, fd, 0));
    s("copy", Control(epoll, EPOLL_CTL_DEL, copy, 0)).Text("one", Wait(epoll));
    s("close", os::close(copy)).Text("none", Wait(epoll));
    s("itself", Control(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN));
  });
}

ORACLE(Epoll, RotatesReadyDescriptors, kPair) {
  it.On("a", [](Script& s) {
    const int epoll = os::epoll_create1(0);
    int fds[3];
    for (int i = 0; i < 3; ++i) {
      fds[i] = UdpOn("10.0.0.1", static_cast<uint16_t>(7000 + i));
      epoll_event event = {};
      event.events = EPOLLIN;
      event.data.u32 = static_cast<uint32_t>(i);
      os::epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
    }
    for (const int i : {2, 0, 1}) SendTo(fds[0], "x", "10.0.0.1", static_cast<uint16_t>(7000 + i));
    Settle();
    s.Row("one at a time");
    for (int i = 0; i < 5; ++i) {
      epoll_event event = {};
      s("count", os::epoll_wait(epoll, &event, 1, 0))("which", event.data.u32);
    }
    epoll_event events[4];
    s.Row("all")("count", os::epoll_wait(epoll, events, 4, 0));
    for (int i = 0; i < 3; ++i) s("which", events[i].data.u32);
  });
}

ORACLE(Poll, ManyStates, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int connected = ReachServer(s);
    const int refused = Tcp();
    Connect(refused, "10.0.0.2", 9);
    const int waiting = Tcp();
    Connect(waiting, "10.0.0.2", 99);
    const int fresh = Tcp();
    Settle();
    pollfd fds[6] = {{connected, POLLIN | POLLOUT, 0},
                     {refused, POLLIN | POLLOUT, 0},
                     {waiting, POLLIN | POLLOUT, 0},
                     {fresh, 0, 0},
                     {-1, POLLIN, 0},
                     {555, POLLIN, 0}};
    s("poll", os::poll(fds, 6, 1000));
    for (const pollfd& one : fds) s.Text("is", Script::Events(static_cast<uint16_t>(one.revents)));
    fd_set read;
    fd_set write;
    fd_set except;
    FD_ZERO(&read);
    FD_ZERO(&except);
    FD_SET(connected, &read);
    FD_SET(refused, &read);
    FD_SET(waiting, &read);
    FD_SET(fresh, &read);
    write = except = read;
    timeval none = {};
    s.Row("select")("count", os::select(fresh + 1, &read, &write, &except, &none));
    for (const int fd : {connected, refused, waiting, fresh}) {
      s.Text("is", std::string(FD_ISSET(fd, &read) ? "r" : "-") +
                       (FD_ISSET(fd, &write) ? "w" : "-") + (FD_ISSET(fd, &except) ? "x" : "-"));
    }
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Firewall("input tcp dport 99 drop");
    ServeOne(s);
    s.Await("done");
  });
}

ORACLE(Poll, TimeoutsAreKept, kPair) {
  it.On("a", [](Script& s) {
    const int fd = Udp();
    s.Row("poll")("0", WaitFor(fd, POLLIN, 0)).Elapsed()("200", WaitFor(fd, POLLIN, 200)).Elapsed();
    s.Row("select");
    fd_set read;
    FD_ZERO(&read);
    FD_SET(fd, &read);
    timeval time = {0, 300'000};
    s("count", os::select(fd + 1, &read, nullptr, nullptr, &time)).Elapsed();
    s("left", time.tv_sec * 1000000 + time.tv_usec);
    s.Row("epoll");
    const int epoll = os::epoll_create1(0);
    Control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
    s.Text("wait", Wait(epoll, 200)).Elapsed();
    s.Row("nothing at all")("poll", os::poll(nullptr, 0, 100)).Elapsed();
    s("select", os::select(0, nullptr, nullptr, nullptr, &time));
  });
}

ORACLE(Poll, FullSendBuffer, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    static char block[65536];
    bool full = false;
    for (int i = 0; i < 1000 && !full; ++i) {
      if (os::send(fd, block, sizeof block, 0) >= 0) continue;
      Settle();
      full = os::send(fd, block, 1, 0) < 0;
    }
    s.Text("full", full ? "yes" : "no").Poll(fd);
    s.Announce("full");
    s("room", WaitFor(fd, POLLOUT)).Poll(fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("full");
    static char block[65536];
    while (!s.Announced("done")) {
      os::recv(fd, block, sizeof block, MSG_DONTWAIT);
      os::usleep(500);
    }
  });
}

ORACLE(Poll, BlockedReaderIsWokenByShutdown, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    os::fcntl(fd, F_SETFL, 0);
    s.Announce("reading");
    char byte;
    s("recv", os::recv(fd, &byte, 1, 0)).Elapsed()("again", os::recv(fd, &byte, 1, 0));
    s.Poll(fd).Send(fd, "x");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("reading");
    SleepMs(200);
    s("shutdown", os::shutdown(fd, SHUT_WR))("wait", WaitFor(fd, POLLIN)).Receive(fd);
  });
}

}  // namespace
}  // namespace drywire::oracle
