// connect() in every state of a socket, to every kind of address, blocking or not: one scenario for
// each protocol, family, state and way to block, one row for each kind of address.
//
// Host b accepts on port 80 (and keeps the connection), 81 (and closes it) and 82 (and resets it),
// swallows what is for port 99, and refuses everything else. Host a gives up connecting after 3 s.
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"

namespace drywire::oracle {
namespace {

constexpr uint16_t kKept = 80;
constexpr uint16_t kClosed = 81;
constexpr uint16_t kReset = 82;
constexpr uint16_t kRefused = 9;
constexpr uint16_t kBlackHole = 99;

struct Target {
  const char* name;
  sockaddr_storage address;
  socklen_t length;
};

template <typename T>
Target MakeTarget(const char* name, const T& address, socklen_t length = sizeof(T)) {
  Target target = {name, {}, length};
  std::memcpy(&target.address, &address, sizeof address);
  return target;
}

sockaddr_storage Peer(int family, uint16_t port) {
  return family == AF_INET ? MakeTarget("", Inet("10.0.0.2", port)).address
                           : MakeTarget("", Inet6("fd00::2", port)).address;
}

std::vector<Target> Targets(int family) {
  const socklen_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  sockaddr_storage unspecified = {};
  sockaddr_storage local = {};
  local.ss_family = AF_UNIX;
  const sockaddr_in v4 = Inet("10.0.0.2", kKept);
  const sockaddr_in6 v6 = Inet6("fd00::2", kKept);
  std::vector<Target> targets = {
      {"refusing", Peer(family, kRefused), length},
      {"accepting", Peer(family, kKept), length},
      {"black hole", Peer(family, kBlackHole), length},
      {"AF_UNSPEC", unspecified, sizeof(sockaddr_in)},
      {"AF_UNSPEC of two bytes", unspecified, 2},
      {"AF_UNIX", local, sizeof local},
      {"short", Peer(family, kKept), 8},
      {"empty", Peer(family, kKept), 0},
  };
  if (family == AF_INET) {
    targets.push_back(MakeTarget("unroutable", Inet("10.9.0.1", kKept)));
    targets.push_back(MakeTarget("broadcast", Inet("10.0.0.255", kKept)));
    targets.push_back(MakeTarget("multicast", Inet("224.1.1.1", kKept)));
    targets.push_back(MakeTarget("wildcard", Inet("0.0.0.0", kRefused)));
    targets.push_back(MakeTarget("other family", v6));
  } else {
    targets.push_back(MakeTarget("unroutable", Inet6("2001:db8::1", kKept)));
    targets.push_back(MakeTarget("multicast", Inet6("ff0e::1", kKept)));
    targets.push_back(MakeTarget("mapped", Inet6("::ffff:10.0.0.2", kKept)));
    targets.push_back(MakeTarget("wildcard", Inet6("::", kRefused)));
    targets.push_back(MakeTarget("other family", v4));
  }
  return targets;
}

int ConnectTo(int fd, int family, uint16_t port) {
  const sockaddr_storage address = Peer(family, port);
  return os::connect(fd, AsSockaddr(address),
                     family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
}

int BindAny(int fd, int family) {
  return family == AF_INET ? Bind(fd, "10.0.0.1", 0) : Bind6(fd, "fd00::1", 0);
}

struct State {
  const char* name;
  // Brings a fresh blocking socket into the state, or on the way to it.
  void (*prepare)(int fd, int family);
  // How long the way is, in ms.
  int wait_ms = 30;
};

void SetBlocking(int fd, bool blocking) { os::fcntl(fd, F_SETFL, blocking ? 0 : O_NONBLOCK); }

const State kTcpStates[] = {
    {"Fresh", [](int, int) {}, 0},
    {"Bound", [](int fd, int family) { BindAny(fd, family); }, 0},
    {"Listening",
     [](int fd, int family) {
       BindAny(fd, family);
       os::listen(fd, 4);
     },
     0},
    {"Connecting",
     [](int fd, int family) {
       SetBlocking(fd, false);
       ConnectTo(fd, family, kBlackHole);
     }},
    {"Connected", [](int fd, int family) { ConnectTo(fd, family, kKept); }},
    {"ClosedByPeer", [](int fd, int family) { ConnectTo(fd, family, kClosed); }},
    {"HalfClosed",
     [](int fd, int family) {
       ConnectTo(fd, family, kKept);
       os::shutdown(fd, SHUT_WR);
     }},
    {"DeafAndConnected",
     [](int fd, int family) {
       ConnectTo(fd, family, kKept);
       os::shutdown(fd, SHUT_RD);
     }},
    {"Reset", [](int fd, int family) { ConnectTo(fd, family, kReset); }},
    {"TimedOut",
     [](int fd, int family) {
       SetBlocking(fd, false);
       ConnectTo(fd, family, kBlackHole);
     },
     3500},
    {"Refused",
     [](int fd, int family) {
       SetBlocking(fd, false);
       ConnectTo(fd, family, kRefused);
     }},
    {"RefusedAndTold", [](int fd, int family) { ConnectTo(fd, family, kRefused); }},
    {"ShutDown",
     [](int fd, int family) {
       ConnectTo(fd, family, kKept);
       os::shutdown(fd, SHUT_RDWR);
     }},
};

const State kUdpStates[] = {
    {"Fresh", [](int, int) {}, 0},
    {"Bound", [](int fd, int family) { BindAny(fd, family); }, 0},
    {"Connected", [](int fd, int family) { ConnectTo(fd, family, kKept); }, 0},
    {"BoundAndConnected",
     [](int fd, int family) {
       BindAny(fd, family);
       ConnectTo(fd, family, kKept);
     },
     0},
    {"WriteShut",
     [](int fd, int family) {
       ConnectTo(fd, family, kKept);
       os::shutdown(fd, SHUT_WR);
     },
     0},
    {"ReadShut",
     [](int fd, int family) {
       ConnectTo(fd, family, kKept);
       os::shutdown(fd, SHUT_RD);
     },
     0},
    {"ShutDown",
     [](int fd, int family) {
       ConnectTo(fd, family, kKept);
       os::shutdown(fd, SHUT_RDWR);
     },
     0},
    {"Refused",
     [](int fd, int family) {
       ConnectTo(fd, family, kRefused);
       os::send(fd, "x", 1, 0);
     }},
    {"Dissolved",
     [](int fd, int family) {
       ConnectTo(fd, family, kKept);
       const sockaddr none = {};
       os::connect(fd, &none, sizeof none);
     },
     0},
};

void TryTcp(Script& s, int fd, int family, const Target& target, bool blocking) {
  SetBlocking(fd, blocking);
  s.Row(target.name)("connect", os::connect(fd, AsSockaddr(target.address), target.length));
  s.Elapsed();
  Settle();
  s.Poll(fd).Error(fd).LocalAddress(fd).PeerAddress(fd).Receive(fd).Send(fd, "x");
  SetBlocking(fd, false);
  s("again", ConnectTo(fd, family, kKept));
  Settle();
  s.Poll(fd).Error(fd)("again", ConnectTo(fd, family, kKept)).PeerAddress(fd);
  SetLinger(fd, 0);
  os::close(fd);
}

void TryUdp(Script& s, int fd, int family, const Target& target, bool blocking) {
  SetBlocking(fd, blocking);
  s.Row(target.name)("connect", os::connect(fd, AsSockaddr(target.address), target.length));
  s.Poll(fd).Error(fd).LocalAddress(fd).PeerAddress(fd).Send(fd, "x");
  Settle();
  s.Poll(fd).Receive(fd)("again", ConnectTo(fd, family, kKept)).LocalAddress(fd).Send(fd, "x");
  Settle();
  s.Poll(fd).Error(fd);
  os::close(fd);
}

void TryAll(Script& s, int type, int family, const State& state, bool blocking) {
  const std::vector<Target> targets = Targets(family);
  // Those that take long are made ready together.
  std::vector<int> fds;
  const auto prepare = [&] {
    fds.push_back(os::socket(family, type, 0));
    state.prepare(fds.back(), family);
  };
  const bool together = state.wait_ms > 1000;
  for (size_t i = 0; together && i < targets.size(); ++i) prepare();
  if (together) SleepMs(state.wait_ms);
  for (size_t i = 0; i < targets.size(); ++i) {
    if (!together) {
      prepare();
      SleepMs(state.wait_ms);
    }
    (type == SOCK_STREAM ? TryTcp : TryUdp)(s, fds[i], family, targets[i], blocking);
  }
  s.Announce("done");
}

int ListenFor(int family, uint16_t port) {
  return family == AF_INET ? ListenOn("10.0.0.2", port, 100) : ListenOn6("fd00::2", port, 100);
}

void ServeStreams(Script& s, int family) {
  const int listeners[] = {ListenFor(family, kKept), ListenFor(family, kClosed),
                           ListenFor(family, kReset)};
  s.Announce("ready");
  s.Row("server");
  while (!s.Announced("done")) {
    pollfd ready[3];
    for (int i = 0; i < 3; ++i) ready[i] = {listeners[i], POLLIN, 0};
    os::poll(ready, 3, 20);
    for (int i = 0; i < 3; ++i) {
      const int fd = os::accept(listeners[i], nullptr, nullptr);
      if (fd < 0 || i == 0) continue;
      if (i == 2) SetLinger(fd, 0);
      os::close(fd);
    }
  }
}

void ServeDatagrams(Script& s, int family) {
  const int fd = Udp(SOCK_NONBLOCK, family);
  s.Row("server")("bind",
                  family == AF_INET ? Bind(fd, "10.0.0.2", kKept) : Bind6(fd, "fd00::2", kKept));
  s.Announce("ready");
  s.Await("done");
}

bool RegisterMatrix(int type, int family, const State& state) {
  for (const bool blocking : {true, false}) {
    Scenario scenario;
    scenario.name = std::string("ConnectMatrix.") + (type == SOCK_STREAM ? "Tcp" : "Udp") +
                    (family == AF_INET ? "4." : "6.") + state.name +
                    (blocking ? ".Blocking" : ".NonBlocking");
    scenario.topology = kImpatientPair;
    scenario.On("a", [=](Script& s) {
      s.Await("ready");
      TryAll(s, type, family, state, blocking);
    });
    scenario.On(
        "b", [=](Script& s) { (type == SOCK_STREAM ? ServeStreams : ServeDatagrams)(s, family); });
    Register(std::move(scenario), [](Scenario&) {});
  }
  return true;
}

[[maybe_unused]] const bool registered = [] {
  for (const int family : {AF_INET, AF_INET6}) {
    for (const State& state : kTcpStates) RegisterMatrix(SOCK_STREAM, family, state);
    for (const State& state : kUdpStates) RegisterMatrix(SOCK_DGRAM, family, state);
  }
  return true;
}();

}  // namespace
}  // namespace drywire::oracle
