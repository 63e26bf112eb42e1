// Ports on FreeBSD: range, exhaustion, who may share a port, who gets the connections of a shared
// one. Observed on a FreeBSD 13.0 stack.
#include <set>

#include "tests/conformance/freebsd_calls.h"

namespace drywire::freebsd {
namespace {

constexpr int kNone = 0;  // no option

// A socket with one option set, or none.
int With(int option, int family = AF_INET) {
  const int fd = Tcp(family);
  if (option != kNone) {
    EXPECT_THAT(SetInt(fd, SOL_SOCKET, option, 1), Succeeds());
  }
  return fd;
}

void OnOneHost(World& world, void (*body)()) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.AddHost("other", "freebsd", "10.0.0.2/24");
  world.AddAddress(host, "10.0.0.3/24");
  world.SetSysctl(host, "net.inet.ip.portrange.first", "20000");
  world.SetSysctl(host, "net.inet.ip.portrange.last", "20003");
  world.SetSysctl(host, "net.inet.tcp.nolocaltimewait", "0");  // as on 13.0
  world.Spawn(host, "client", body);
  world.AcceptStuck();
  world.RunFor(Duration::Seconds(1));
}

// The range is 10000 to 65535, at random.
DRYWIRE_TEST(FreeBsdPorts, RangeAndRandomness) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "client", [] {
    std::set<uint16_t> ports;
    int in_order = 0;
    uint16_t last = 0;
    for (int i = 0; i < 200; ++i) {
      const int fd = Tcp();
      ASSERT_THAT(Bind(fd, "0.0.0.0", 0), Succeeds());
      const uint16_t port = LocalPort(fd);
      EXPECT_GE(port, 10000);
      ports.insert(port);
      in_order += port == last + 1 ? 1 : 0;
      last = port;
    }
    EXPECT_EQ(ports.size(), 200u);
    EXPECT_LE(in_order, 5);
    EXPECT_GE(*ports.rbegin() - *ports.begin(), 30000);
  });
  world.Run();
}

// Exhaustion is EADDRNOTAVAIL in every call; connect() counts per destination.
DRYWIRE_TEST(FreeBsdPorts, ExhaustionByConnect) {
  OnOneHost(world, [] {
    Listen("10.0.0.1", 80, 100);
    Listen("10.0.0.1", 81, 100);
    for (int i = 0; i < 4; ++i) EXPECT_THAT(Connect(Tcp(), "10.0.0.1", 80), Succeeds()) << i;
    const int fd = Tcp();
    EXPECT_THAT(Connect(fd, "10.0.0.1", 80), FailsWith(EADDRNOTAVAIL));
    EXPECT_THAT(Connect(fd, "10.0.0.1", 81), Succeeds()) << "another destination, the same socket";
  });
}

DRYWIRE_TEST(FreeBsdPorts, ExhaustionByBindAndListen) {
  OnOneHost(world, [] {
    for (int i = 0; i < 4; ++i) EXPECT_THAT(Bind(Tcp(), "0.0.0.0", 0), Succeeds()) << i;
    EXPECT_THAT(Bind(Tcp(), "0.0.0.0", 0), FailsWith(EADDRNOTAVAIL));
    EXPECT_THAT(posix::listen(Tcp(), 1), FailsWith(EADDRNOTAVAIL));
    for (int i = 0; i < 4; ++i) EXPECT_THAT(Bind(Udp(), "0.0.0.0", 0), Succeeds()) << i;
    EXPECT_THAT(Bind(Udp(), "0.0.0.0", 0), FailsWith(EADDRNOTAVAIL));
    EXPECT_THAT(SendTo(Udp(), "x", "10.0.0.2", 9), FailsWith(EADDRNOTAVAIL));
  });
}

DRYWIRE_TEST(FreeBsdPorts, ExhaustionOfDatagramTuples) {
  OnOneHost(world, [] {
    for (int i = 0; i < 4; ++i) EXPECT_THAT(Connect(Udp(), "10.0.0.2", 9), Succeeds()) << i;
    EXPECT_THAT(Connect(Udp(), "10.0.0.2", 9), FailsWith(EADDRNOTAVAIL));
    EXPECT_THAT(Connect(Udp(), "10.0.0.2", 10), Succeeds());
  });
}

// The manual page's EAGAIN is of older releases: a knob.
DRYWIRE_TEST(FreeBsdPorts, ExhaustionOnOldReleases) {
  Personality old = FreeBsdPersonality();
  old.profile.socket.exhaustion_is_try_again = true;
  old.profile.socket.port_range = {20000, 20000};
  Host& host = world.AddHost("host", old);
  world.Spawn(host, "client", [] {
    EXPECT_THAT(Bind(Tcp(), "0.0.0.0", 0), Succeeds());
    EXPECT_THAT(Bind(Tcp(), "0.0.0.0", 0), FailsWith(EAGAIN));
  });
  world.Run();
}

// TIME-WAIT counts, for 60 s; on 13.0 on loopback too.
DRYWIRE_TEST(FreeBsdPorts, TimeWaitHoldsTheTuple) {
  Host& host = world.AddHost("host", "freebsd");
  world.SetSysctl(host, "net.inet.tcp.nolocaltimewait", "0");
  world.SetSysctl(host, "net.inet.ip.portrange.first", "20000");
  world.SetSysctl(host, "net.inet.ip.portrange.last", "20000");
  world.Spawn(host, "client", [] {
    const int listener = Listen("127.0.0.1", 80);
    const int fd = Tcp();
    ASSERT_THAT(Connect(fd, "127.0.0.1", 80), Succeeds());
    const int accepted = Accept(listener);
    posix::close(fd);
    SleepMs(1);
    posix::close(accepted);
    SleepMs(59'000);
    EXPECT_THAT(Connect(Tcp(), "127.0.0.1", 80), FailsWith(EADDRNOTAVAIL));
    SleepMs(2000);
    EXPECT_THAT(Connect(Tcp(), "127.0.0.1", 80), Succeeds());
  });
  world.Run();
}

// From 14.0 on a connection of the host with itself has no TIME-WAIT (release notes, "sysctl(8)").
DRYWIRE_TEST(FreeBsdPorts, NoTimeWaitOnTheHostItself) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.SetSysctl(host, "net.inet.ip.portrange.first", "20000");
  world.SetSysctl(host, "net.inet.ip.portrange.last", "20000");
  world.Spawn(host, "client", [] {
    for (const char* address : {"127.0.0.1", "10.0.0.1", "127.0.0.1"}) {
      const int listener = Listen(address, 80);
      const int fd = Tcp();
      EXPECT_THAT(Connect(fd, address, 80), Succeeds());
      const int accepted = Accept(listener);
      posix::close(fd);
      SleepMs(1);
      posix::close(accepted);
      posix::close(listener);
      SleepMs(1);
    }
  });
  world.Run();
  EXPECT_LT(world.now().since_start(), Duration::Seconds(1)) << "something was left to wait for";
}

// The same 4-tuple is EADDRINUSE, whatever the options; a second bind() is EINVAL.
DRYWIRE_TEST(FreeBsdPorts, SameTupleAndSecondBind) {
  OnOneHost(world, [] {
    Listen("10.0.0.1", 80);
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      const int first = posix::socket(AF_INET, type, 0);
      const int second = posix::socket(AF_INET, type, 0);
      for (const int fd : {first, second}) {
        SetInt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        EXPECT_THAT(Bind(fd, "10.0.0.1", 5000), Succeeds()) << type;
        EXPECT_THAT(Bind(fd, "10.0.0.1", 5001), FailsWith(EINVAL)) << type;
      }
      EXPECT_THAT(Connect(first, "10.0.0.1", 80), Succeeds()) << type;
      EXPECT_THAT(Connect(second, "10.0.0.1", 80), FailsWith(EADDRINUSE)) << type;
    }
  });
}

// Bind conflicts: (address, option) of the first holder, (address, option) of the second.
DRYWIRE_TEST(FreeBsdPorts, BindConflicts) {
  OnOneHost(world, [] {
    const char* const kAny = "0.0.0.0";
    const char* const kOne = "10.0.0.1";
    const char* const kTwo = "10.0.0.3";
    const struct {
      const char* first;
      int first_option;
      const char* second;
      int second_option;
      int error;
    } kCases[] = {
        {kAny, kNone, kAny, kNone, EADDRINUSE},
        {kAny, kNone, kOne, kNone, EADDRINUSE},
        {kOne, kNone, kAny, kNone, EADDRINUSE},
        {kOne, kNone, kOne, kNone, EADDRINUSE},
        {kOne, kNone, kTwo, kNone, 0},
        // Any REUSE option of the second: wildcard against specific.
        {kAny, kNone, kOne, SO_REUSEADDR, 0},
        {kOne, kNone, kAny, SO_REUSEADDR, 0},
        {kAny, kNone, kOne, SO_REUSEPORT, 0},
        {kOne, kNone, kAny, SO_REUSEPORT, 0},
        {kAny, kNone, kOne, kReusePortLb, 0},
        {kAny, SO_REUSEADDR, kOne, kNone, EADDRINUSE},
        // The identical address: both must have the same of the two options.
        {kOne, SO_REUSEADDR, kOne, SO_REUSEADDR, EADDRINUSE},
        {kAny, SO_REUSEADDR, kAny, SO_REUSEADDR, EADDRINUSE},
        {kOne, SO_REUSEPORT, kOne, SO_REUSEPORT, 0},
        {kAny, SO_REUSEPORT, kAny, SO_REUSEPORT, 0},
        {kOne, kReusePortLb, kOne, kReusePortLb, 0},
        {kOne, SO_REUSEPORT, kOne, SO_REUSEADDR, EADDRINUSE},
        {kOne, SO_REUSEADDR, kOne, SO_REUSEPORT, EADDRINUSE},
        {kOne, SO_REUSEPORT, kOne, kNone, EADDRINUSE},
        {kOne, kNone, kOne, SO_REUSEPORT, EADDRINUSE},
    };
    uint16_t port = 5000;
    for (const auto& c : kCases) {
      EXPECT_THAT(Bind(With(c.first_option), c.first, ++port), Succeeds());
      const int result = Bind(With(c.second_option), c.second, port);
      EXPECT_EQ(result == 0 ? 0 : errno, c.error)
          << c.first << " option " << c.first_option << ", then " << c.second << " option "
          << c.second_option;
    }
  });
}

// A connected holder, or one in TIME-WAIT, does not keep out a binder with SO_REUSEADDR.
DRYWIRE_TEST(FreeBsdPorts, ConnectedAndTimeWaitHolders) {
  OnOneHost(world, [] {
    const int listener = Listen("10.0.0.1", 80);
    const int fd = Tcp();
    ASSERT_THAT(Bind(fd, "10.0.0.1", 5000), Succeeds());
    ASSERT_THAT(Connect(fd, "10.0.0.1", 80), Succeeds());
    const int accepted = Accept(listener);
    EXPECT_THAT(Bind(With(kNone), "10.0.0.1", 5000), FailsWith(EADDRINUSE)) << "connected";
    const int beside = With(SO_REUSEADDR);
    EXPECT_THAT(Bind(beside, "10.0.0.1", 5000), Succeeds()) << "connected";
    posix::close(beside);
    posix::close(fd);
    SleepMs(1);
    posix::close(accepted);
    SleepMs(1);
    EXPECT_THAT(Bind(With(kNone), "10.0.0.1", 5000), FailsWith(EADDRINUSE)) << "TIME-WAIT";
    EXPECT_THAT(Bind(With(SO_REUSEADDR), "10.0.0.1", 5000), Succeeds()) << "TIME-WAIT";
  });
}

// Ports below 1024 are for root.
DRYWIRE_TEST(FreeBsdPorts, Privilege) {
  Host& host = world.AddHost("host", "freebsd");
  Credentials user;
  user.uid = 1001;
  world.Spawn(
      host, "client",
      [] {
        EXPECT_THAT(Bind(Tcp(), "0.0.0.0", 1023), FailsWith(EACCES));
        EXPECT_THAT(Bind(Udp(), "0.0.0.0", 1), FailsWith(EACCES));
        EXPECT_THAT(Bind(Tcp(), "0.0.0.0", 1024), Succeeds());
      },
      user);
  world.Run();
}

// Two listeners with SO_REUSEPORT: one gets all the connections. SO_REUSEPORT_LB spreads them.
void CountConnections(int option, int* first_count, int* second_count) {
  const auto listener = [option] {
    const int fd = With(option);
    EXPECT_THAT(Bind(fd, "10.0.0.1", 80), Succeeds());
    EXPECT_THAT(posix::listen(fd, 100), Succeeds());
    posix::fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
  };
  const int first = listener();
  const int second = listener();
  for (int i = 0; i < 40; ++i) {
    const int fd = Tcp();
    EXPECT_THAT(Bind(fd, "10.0.0.1", static_cast<uint16_t>(6000 + i)), Succeeds());
    EXPECT_THAT(Connect(fd, "10.0.0.1", 80), Succeeds());
  }
  SleepMs(1);
  while (Accept(first) >= 0) ++*first_count;
  while (Accept(second) >= 0) ++*second_count;
}

DRYWIRE_TEST(FreeBsdPorts, ReusePortGivesAllToOne) {
  OnOneHost(world, [] {
    int first = 0;
    int second = 0;
    CountConnections(SO_REUSEPORT, &first, &second);
    EXPECT_EQ(first + second, 40);
    EXPECT_TRUE(first == 0 || second == 0) << first << " and " << second;
  });
}

DRYWIRE_TEST(FreeBsdPorts, ReusePortLbSpreads) {
  OnOneHost(world, [] {
    int first = 0;
    int second = 0;
    CountConnections(kReusePortLb, &first, &second);
    EXPECT_EQ(first + second, 40);
    EXPECT_GE(first, 5);
    EXPECT_GE(second, 5);
  });
}

}  // namespace
}  // namespace drywire::freebsd
