// Routes and neighbours on FreeBSD, as connect() and send() show them. Observed on a FreeBSD 13.0
// stack.
#include "tests/conformance/freebsd_calls.h"

namespace drywire::freebsd {
namespace {

// No route: the socket is as good as new. With a bound source the first packet says it.
DRYWIRE_TEST(FreeBsdRoutes, NoRoute) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.AddHost("server", "freebsd", "10.0.0.2/24");
  world.Spawn(host, "client", [] {
    const int fd = Tcp();
    EXPECT_THAT(Connect(fd, "10.9.9.9", 80), FailsWith(ENETUNREACH));
    EXPECT_EQ(PollBits(fd), "");
    EXPECT_THAT(Connect(fd, "10.9.9.9", 80), FailsWith(ENETUNREACH));
    EXPECT_THAT(Connect(fd, "10.0.0.2", 80), FailsWith(ECONNREFUSED)) << "reusable: it was sent";
    const int bound = Tcp();
    EXPECT_THAT(Bind(bound, "10.0.0.1", 0), Succeeds());
    EXPECT_THAT(Connect(bound, "10.9.9.9", 80), FailsWith(EHOSTUNREACH));
    const int udp = Udp();
    EXPECT_THAT(Connect(udp, "10.9.9.9", 80), FailsWith(ENETUNREACH));
    EXPECT_THAT(SendTo(udp, "x", "10.9.9.9", 80), FailsWith(ENETUNREACH));
    const int udp_bound = Udp();
    EXPECT_THAT(Bind(udp_bound, "10.0.0.1", 0), Succeeds());
    EXPECT_THAT(Connect(udp_bound, "10.9.9.9", 80), Succeeds());
    EXPECT_THAT(Send(udp_bound, "x"), FailsWith(EHOSTUNREACH));
  });
  world.RunFor(Duration::Seconds(100));
}

DRYWIRE_TEST(FreeBsdRoutes, NoIpv6RouteAndNoScope) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.Spawn(host, "client", [] {
    for (const char* address : {"2001:db8::9", "fe80::9"}) {
      EXPECT_THAT(Connect(Tcp(AF_INET6), address, 80), FailsWith(EHOSTUNREACH)) << address;
      EXPECT_THAT(Connect(Udp(AF_INET6), address, 80), FailsWith(EHOSTUNREACH)) << address;
    }
  });
  world.RunFor(Duration::Seconds(100));
}

// Reject and blackhole routes count as absent for an unbound source; a bound one meets them.
DRYWIRE_TEST(FreeBsdRoutes, RejectAndBlackhole) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.AddRoute(host, "unreachable 10.8.0.0/16");
  world.AddRoute(host, "blackhole 10.9.0.0/16");
  world.Spawn(host, "client", [] {
    EXPECT_THAT(Connect(Tcp(), "10.8.0.1", 80), FailsWith(ENETUNREACH));
    EXPECT_THAT(Connect(Tcp(), "10.9.0.1", 80), FailsWith(ENETUNREACH));
    const auto bound = [](const char* address) {
      const int fd = Tcp();
      EXPECT_THAT(Bind(fd, "10.0.0.1", 0), Succeeds());
      return Connect(fd, address, 80);
    };
    EXPECT_THAT(bound("10.8.0.1"), FailsWith(EHOSTUNREACH));
    const int64_t start = NowMs();
    EXPECT_THAT(bound("10.9.0.1"), FailsWith(ETIMEDOUT));
    EXPECT_EQ(NowMs() - start, 75'000);
  });
  world.Run();
}

// Source 127.0.0.1 to another host; an interface that is down.
DRYWIRE_TEST(FreeBsdRoutes, LoopbackSourceAndInterfaceDown) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.AddHost("server", "freebsd", "10.0.0.2/24");
  world.Spawn(host, "client", [&world, &host] {
    const int fd = Tcp();
    EXPECT_THAT(Bind(fd, "127.0.0.1", 0), Succeeds());
    EXPECT_THAT(Connect(fd, "10.0.0.2", 80), FailsWith(EADDRNOTAVAIL));
    const int udp = Udp();
    EXPECT_THAT(Bind(udp, "127.0.0.1", 0), Succeeds());
    EXPECT_THAT(SendTo(udp, "x", "10.0.0.2", 9), FailsWith(EADDRNOTAVAIL));
    world.SetInterfaceUp(host, "eth0", false);
    EXPECT_THAT(Connect(Tcp(), "10.0.0.2", 80), FailsWith(ENETDOWN));
    EXPECT_THAT(SendTo(Udp(), "x", "10.0.0.2", 9), FailsWith(ENETDOWN));
  });
  world.RunFor(Duration::Seconds(100));
}

// A neighbour that does not answer: alone, connect() runs into keepinit.
DRYWIRE_TEST(FreeBsdNeighbours, SilentAndAskedByOneOnly) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.Spawn(host, "client", [] {
    EXPECT_THAT(Connect(Tcp(), "10.0.0.9", 80), FailsWith(ETIMEDOUT));
    EXPECT_EQ(NowMs(), 75'000);
  });
  world.Run();
}

// When others keep asking, the sender is told from the fifth request on: host down for a
// neighbour, host unreachable for a gateway.
void ExpectToldWhenOthersAsk(World& world, const char* destination, int error) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.AddRoute(host, "default via 10.0.0.254");
  world.Spawn(host, "others", [destination] {
    const int fd = Udp();
    for (int i = 0; i < 40; ++i) {
      SendTo(fd, "x", destination, 9);
      SleepMs(250);
    }
  });
  world.Spawn(host, "early", [destination] {
    SleepMs(3600);
    EXPECT_THAT(Connect(TcpNonblocking(), destination, 80), FailsWith(EINPROGRESS));
  });
  world.Spawn(host, "late", [destination, error] {
    SleepMs(4600);
    EXPECT_THAT(Connect(TcpNonblocking(), destination, 80), FailsWith(error));
    EXPECT_THAT(Connect(Tcp(), destination, 80), FailsWith(error));
    EXPECT_THAT(SendTo(Udp(), "x", destination, 9), FailsWith(error));
  });
  world.RunFor(Duration::Seconds(10));
}

DRYWIRE_TEST(FreeBsdNeighbours, SilentNeighbourAskedByMany) {
  ExpectToldWhenOthersAsk(world, "10.0.0.9", EHOSTDOWN);
}

DRYWIRE_TEST(FreeBsdNeighbours, SilentGatewayAskedByMany) {
  ExpectToldWhenOthersAsk(world, "10.9.9.9", EHOSTUNREACH);
}

// IPv6: neighbour discovery answers the first packet that waits, and TCP gives up on its fifth SYN
// ... at 18.7 s as observed.
DRYWIRE_TEST(FreeBsdNeighbours, SilentIpv6Neighbour) {
  Host& host = world.AddHost("host", "freebsd", "2001:db8::1/64");
  world.Spawn(host, "client", [] {
    EXPECT_THAT(Connect(Tcp(AF_INET6), "2001:db8::9", 80), FailsWith(EHOSTUNREACH));
    EXPECT_GE(NowMs(), 18'400);
    EXPECT_LE(NowMs(), 18'800);
  });
  world.Run();
}

}  // namespace
}  // namespace drywire::freebsd
