// Addresses as arguments on FreeBSD: order of checks, lengths, families, special destinations,
// IPV6_V6ONLY. Observed on a FreeBSD 13.0 stack; where 15-CURRENT's sources differ the test says
// so.
#include "tests/conformance/freebsd_calls.h"

namespace drywire::freebsd {
namespace {

// Observed on a FreeBSD 13.0 stack, addresses: the length, then the pointer, then the descriptor.
DRYWIRE_TEST(FreeBsdAddresses, LengthThenPointerThenDescriptor) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.Spawn(host, "client", [] {
    const sockaddr_in to = Inet("10.0.0.2", 80);
    int pipe[2];
    ASSERT_THAT(posix::pipe(pipe), Succeeds());
    const struct {
      int fd;
      const sockaddr* address;
      socklen_t length;
      int error;
    } kCases[] = {
        {-1, nullptr, 256, ENAMETOOLONG},
        {-1, AsSockaddr(to), 256, ENAMETOOLONG},
        {-1, AsSockaddr(to), static_cast<socklen_t>(-1), ENAMETOOLONG},
        {-1, nullptr, 0, EINVAL},
        {-1, AsSockaddr(to), 1, EINVAL},
        {-1, nullptr, 16, EFAULT},
        {-1, AsSockaddr(to), 16, EBADF},
        {pipe[0], nullptr, 16, EFAULT},
        {pipe[0], AsSockaddr(to), 16, ENOTSOCK},
    };
    for (const auto& c : kCases) {
      EXPECT_THAT(posix::connect(c.fd, c.address, c.length), FailsWith(c.error)) << c.length;
      EXPECT_THAT(posix::bind(c.fd, c.address, c.length), FailsWith(c.error)) << c.length;
    }
  });
  world.Run();
}

// Lengths must be exact. 13.0 judges the length before the family, 15-CURRENT the family first.
void CheckLengthsAndFamilies(bool family_first) {
  sockaddr_storage storage = {};
  const auto attempt = [&](int fd, int family, socklen_t length) {
    storage.ss_family = static_cast<sa_family_t>(family);
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(80);
    return posix::connect(fd, AsSockaddr(storage), length);
  };
  const int wrong_both = family_first ? EAFNOSUPPORT : EINVAL;
  const struct {
    int domain;
    int family;
    socklen_t length;
    int error;
  } kCases[] = {
      {AF_INET, AF_INET, 15, EINVAL},         {AF_INET, AF_INET, 17, EINVAL},
      {AF_INET6, AF_INET6, 24, EINVAL},       {AF_INET6, AF_INET6, 29, EINVAL},
      {AF_INET, AF_UNSPEC, 16, EAFNOSUPPORT}, {AF_INET, AF_INET6, 16, EAFNOSUPPORT},
      {AF_INET6, AF_INET, 28, EAFNOSUPPORT},  {AF_INET6, AF_UNSPEC, 28, EAFNOSUPPORT},
      {AF_INET6, AF_INET, 16, wrong_both},    {AF_INET, AF_UNIX, 110, wrong_both},
      {AF_INET, AF_INET6, 28, wrong_both},
  };
  for (const auto& c : kCases) {
    for (const int fd : {Tcp(c.domain), Udp(c.domain)}) {
      EXPECT_THAT(attempt(fd, c.family, c.length), FailsWith(c.error))
          << "domain " << c.domain << " family " << c.family << " length " << c.length;
      // The socket is as good as new.
      EXPECT_EQ(PollBits(fd), GetInt(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM ? "" : "OUT");
      posix::close(fd);
    }
  }
}

DRYWIRE_TEST(FreeBsdAddresses, FamilyBeforeLengthSince15) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.Spawn(host, "client", [] { CheckLengthsAndFamilies(/*family_first=*/true); });
  world.Run();
}

DRYWIRE_TEST(FreeBsdAddresses, LengthBeforeFamilyOn13) {
  Personality old = FreeBsdPersonality();
  old.profile.socket.address.family_before_length = false;
  Host& host = world.AddHost("host", old);
  world.Spawn(host, "client", [] { CheckLengthsAndFamilies(/*family_first=*/false); });
  world.Run();
}

// A connected TCP socket does not look at the address.
DRYWIRE_TEST(FreeBsdAddresses, ConnectedSocketAnswersIsConnectedToAnything) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "client", [] {
    const int listener = Listen("127.0.0.1", 80);
    const int fd = Tcp();
    ASSERT_THAT(Connect(fd, "127.0.0.1", 80), Succeeds());
    sockaddr_storage junk = {};
    for (const socklen_t length : {2, 16, 28, 128}) {
      EXPECT_THAT(posix::connect(fd, AsSockaddr(junk), length), FailsWith(EISCONN)) << length;
    }
    EXPECT_THAT(posix::connect(fd, nullptr, 16), FailsWith(EFAULT));
    posix::close(listener);
  });
  world.Run();
}

// Special destinations. EAFNOSUPPORT and EADDRNOTAVAIL leave the socket fresh. The default route
// says where the limited broadcast goes.
DRYWIRE_TEST(FreeBsdAddresses, SpecialDestinations) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.AddHost("server", "linux", "10.0.0.2/24");
  world.AddRoute(host, "default via 10.0.0.2");
  world.Spawn(host, "client", [] {
    const int listener = Listen("10.0.0.1", 80);
    const struct {
      const char* address;
      uint16_t port;
      int error;
    } kCases[] = {
        {"10.0.0.1", 0, EADDRNOTAVAIL},
        {"224.0.0.1", 80, EAFNOSUPPORT},
        {"255.255.255.255", 80, EACCES},
        {"10.0.0.255", 80, EACCES},
    };
    for (const auto& c : kCases) {
      for (const int broadcast : {0, 1}) {
        const int fd = Tcp();
        SetInt(fd, SOL_SOCKET, SO_BROADCAST, broadcast);
        EXPECT_THAT(Connect(fd, c.address, c.port), FailsWith(c.error)) << c.address;
        if (c.error != EACCES) {
          EXPECT_THAT(Connect(fd, "10.0.0.1", 80), Succeeds()) << "after " << c.address;
        }
        posix::close(fd);
      }
    }
    const int udp = Udp();
    EXPECT_THAT(Connect(udp, "10.0.0.2", 0), FailsWith(EADDRNOTAVAIL));
    EXPECT_THAT(SendTo(udp, "x", "10.0.0.2", 0), FailsWith(EADDRNOTAVAIL));
    for (const char* broadcast : {"10.0.0.255", "255.255.255.255"}) {
      EXPECT_THAT(Connect(udp, broadcast, 9), Succeeds()) << broadcast;
      EXPECT_THAT(Send(udp, "x"), FailsWith(EACCES)) << broadcast;
      SetInt(udp, SOL_SOCKET, SO_BROADCAST, 1);
      EXPECT_THAT(Send(udp, "x"), Succeeds()) << broadcast;
      SetInt(udp, SOL_SOCKET, SO_BROADCAST, 0);
    }
    posix::close(listener);
  });
  world.RunFor(Duration::Seconds(100));
}

// The wildcard as destination is the host itself; 15.0 has net.inet.ip.connect_inaddr_wild off.
DRYWIRE_TEST(FreeBsdAddresses, WildcardDestinationIsTheHostItself) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  Host& wary = world.AddHost("wary", "freebsd", "10.0.0.2/24");
  world.AddRoute(wary, "default via 10.0.0.1");
  world.SetSysctl(wary, "net.inet.ip.connect_inaddr_wild", "0");
  world.Spawn(host, "client", [] {
    const int listener = Listen("0.0.0.0", 80);
    const int fd = Tcp();
    EXPECT_THAT(Connect(fd, "0.0.0.0", 80), Succeeds());
    const int listener6 = Listen("::", 80);
    const int fd6 = Tcp(AF_INET6);
    EXPECT_THAT(Connect(fd6, "::", 80), Succeeds());
    sockaddr_in6 peer = {};
    socklen_t length = sizeof peer;
    EXPECT_THAT(posix::getpeername(fd6, AsSockaddr(peer), &length), Succeeds());
    EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(&peer.sin6_addr));
    for (const int each : {listener, fd, listener6, fd6}) posix::close(each);
  });
  world.Spawn(wary, "client",
              [] { EXPECT_THAT(Connect(Tcp(), "0.0.0.0", 80), FailsWith(ENETUNREACH)); });
  world.RunFor(Duration::Seconds(100));
}

// 127.0.0.2 is not the host's own when only 127.0.0.1 is configured.
DRYWIRE_TEST(FreeBsdAddresses, LoopbackAddressThatIsNotConfigured) {
  Host& routed = world.AddHost("routed", "freebsd", "10.0.0.1/24");
  world.AddRoute(routed, "default via 10.0.0.2");
  Host& lonely = world.AddHost("lonely", "freebsd", "10.0.0.2/24");
  world.Spawn(routed, "client",
              [] { EXPECT_THAT(Connect(Tcp(), "127.0.0.2", 80), FailsWith(EADDRNOTAVAIL)); });
  world.Spawn(lonely, "client",
              [] { EXPECT_THAT(Connect(Tcp(), "127.0.0.2", 80), FailsWith(EHOSTUNREACH)); });
  world.RunFor(Duration::Seconds(100));
}

// IPV6_V6ONLY.
DRYWIRE_TEST(FreeBsdAddresses, V6OnlyIsTheDefault) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "client", [] {
    const int fd = Tcp(AF_INET6);
    EXPECT_EQ(GetInt(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    EXPECT_THAT(Connect(fd, "::ffff:127.0.0.1", 80), FailsWith(EINVAL));
    EXPECT_THAT(Bind(fd, "::ffff:127.0.0.1", 80), FailsWith(EADDRNOTAVAIL));
    EXPECT_THAT(Bind(fd, "::1", 80), Succeeds());
    EXPECT_THAT(SetInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0), FailsWith(EINVAL));
    EXPECT_THAT(Connect(Udp(AF_INET6), "::ffff:127.0.0.1", 80), FailsWith(EINVAL));
  });
  world.Run();
}

DRYWIRE_TEST(FreeBsdAddresses, DualSocketsAndIpv4Wildcards) {
  Host& host = world.AddHost("host", "freebsd", "10.0.0.1/24");
  world.Spawn(host, "client", [] {
    const auto dual = [] {
      const int fd = Tcp(AF_INET6);
      EXPECT_THAT(SetInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0), Succeeds());
      return fd;
    };
    const int first = dual();
    EXPECT_THAT(Bind(first, "::", 80), Succeeds());
    EXPECT_THAT(Bind(Tcp(), "0.0.0.0", 80), FailsWith(EADDRINUSE));
    EXPECT_THAT(Bind(Tcp(), "10.0.0.1", 80), FailsWith(EADDRINUSE));
    EXPECT_THAT(Bind(Tcp(), "0.0.0.0", 81), Succeeds());
    EXPECT_THAT(Bind(dual(), "::", 81), Succeeds()) << "the IPv4 wildcard was first";
    // A dual listener serves IPv4.
    EXPECT_THAT(posix::listen(first, 5), Succeeds());
    const int client = Tcp();
    EXPECT_THAT(Connect(client, "10.0.0.1", 80), Succeeds());
    EXPECT_THAT(Connect(dual(), "::ffff:10.0.0.1", 80), Succeeds());
  });
  world.Run();
}

}  // namespace
}  // namespace drywire::freebsd
