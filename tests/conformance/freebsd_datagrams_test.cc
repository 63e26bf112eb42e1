// UDP sockets on FreeBSD. Observed on a FreeBSD 13.0 stack.
#include "tests/conformance/freebsd_calls.h"

namespace drywire::freebsd {
namespace {

// A FreeBSD client a millisecond from a Linux server with no port open.
Host& MakeClient(World& world) {
  Host& client = world.AddHost("client", "freebsd");
  Host& server = world.AddHost("server", "linux");
  LinkConfig link;
  link.latency = Duration::Millis(1);
  world.Connect(client, "10.0.0.1/24", server, "10.0.0.2/24", link);
  world.SetSysctl(server, "net.ipv4.icmp_ratelimit", "0");
  return client;
}

DRYWIRE_TEST(FreeBsdUdp, DestinationGivenAndNotGiven) {
  Host& client = MakeClient(world);
  world.Spawn(client, "client", [] {
    const int fd = UdpNonblocking();
    EXPECT_EQ(PollBits(fd), "OUT");
    EXPECT_EQ(SelectBits(fd), "W");
    EXPECT_THAT(Send(fd, "x"), FailsWith(EDESTADDRREQ));
    EXPECT_EQ(Recv(fd), "EAGAIN");
    EXPECT_THAT(PeerName(fd), FailsWith(ENOTCONN));
    EXPECT_THAT(posix::listen(fd, 1), FailsWith(EOPNOTSUPP));
    EXPECT_THAT(Connect(fd, "10.0.0.2", 9), Succeeds());
    EXPECT_THAT(SendTo(fd, "x", "10.0.0.2", 9), FailsWith(EISCONN));
    EXPECT_THAT(SendTo(fd, "x", "10.0.0.2", 10), FailsWith(EISCONN));
    EXPECT_EQ(Send(fd, "x"), 1);
  });
  world.Run();
}

// connect() to AF_UNSPEC dissolves and says EAFNOSUPPORT; the address becomes the wildcard though
// it was bound, the port stays.
DRYWIRE_TEST(FreeBsdUdp, DissolvingByUnspec) {
  Host& client = MakeClient(world);
  world.Spawn(client, "client", [] {
    const int fd = Udp();
    EXPECT_THAT(Bind(fd, "10.0.0.1", 5000), Succeeds());
    EXPECT_THAT(Connect(fd, "10.0.0.2", 9), Succeeds());
    EXPECT_EQ(LocalName(fd).sin_addr.s_addr, Inet("10.0.0.1", 0).sin_addr.s_addr);
    sockaddr_in unspec = {};
    EXPECT_THAT(posix::connect(fd, AsSockaddr(unspec), sizeof unspec), FailsWith(EAFNOSUPPORT));
    EXPECT_THAT(PeerName(fd), FailsWith(ENOTCONN));
    EXPECT_EQ(LocalName(fd).sin_addr.s_addr, INADDR_ANY);
    EXPECT_EQ(LocalPort(fd), 5000);
    EXPECT_THAT(Send(fd, "x"), FailsWith(EDESTADDRREQ));
    EXPECT_EQ(SendTo(fd, "x", "10.0.0.2", 9), 1);
  });
  world.Run();
}

// A reconnect that fails dissolves as well.
DRYWIRE_TEST(FreeBsdUdp, DissolvingByAFailedConnect) {
  Host& client = MakeClient(world);
  world.Spawn(client, "client", [] {
    const int fd = Udp();
    EXPECT_THAT(Connect(fd, "10.0.0.2", 9), Succeeds());
    const uint16_t port = LocalPort(fd);
    EXPECT_THAT(Connect(fd, "10.9.9.9", 9), FailsWith(ENETUNREACH));
    EXPECT_THAT(PeerName(fd), FailsWith(ENOTCONN));
    EXPECT_EQ(LocalName(fd).sin_addr.s_addr, INADDR_ANY);
    EXPECT_EQ(LocalPort(fd), port);
    EXPECT_THAT(Connect(fd, "10.0.0.2", 0), FailsWith(EADDRNOTAVAIL));
    EXPECT_THAT(Connect(fd, "10.0.0.2", 9), Succeeds());
  });
  world.Run();
}

// Errors are told once, by send, recv or SO_ERROR; a new connect() discards them. POLLIN shows
// them.
DRYWIRE_TEST(FreeBsdUdp, ErrorsAreToldOnce) {
  Host& client = MakeClient(world);
  world.Spawn(client, "client", [] {
    const int fd = UdpNonblocking();
    EXPECT_THAT(Connect(fd, "10.0.0.2", 9), Succeeds());
    const auto refused = [fd] {
      EXPECT_EQ(Send(fd, "x"), 1);
      SleepMs(10);
      EXPECT_EQ(PollBits(fd), "IN RDNORM OUT");
      EXPECT_EQ(SelectBits(fd), "RW");
    };
    refused();
    EXPECT_THAT(Send(fd, "x"), FailsWith(ECONNREFUSED));
    EXPECT_EQ(PollBits(fd), "OUT");
    refused();
    EXPECT_EQ(Recv(fd), "ECONNREFUSED");
    EXPECT_EQ(Recv(fd), "EAGAIN");
    refused();
    EXPECT_EQ(SoError(fd), ECONNREFUSED);
    EXPECT_EQ(SoError(fd), 0);
    refused();
    EXPECT_THAT(Connect(fd, "10.0.0.2", 9), Succeeds());
    EXPECT_EQ(SoError(fd), 0);
    // Who is not connected is not told.
    const int other = UdpNonblocking();
    EXPECT_EQ(SendTo(other, "x", "10.0.0.2", 9), 1);
    SleepMs(10);
    EXPECT_EQ(SoError(other), 0);
    EXPECT_EQ(PollBits(other), "OUT");
  });
  world.Run();
}

// The errors of ICMP codes, as icmp_errmap has them.
DRYWIRE_TEST(FreeBsdUdp, ErrorsByIcmpCode) {
  Host& client = MakeClient(world);
  static const struct {
    const char* code;
    int error;
  } kCases[] = {
      {"net-unreachable", EHOSTUNREACH},  {"host-unreachable", EHOSTUNREACH},
      {"prot-unreachable", ECONNREFUSED}, {"port-unreachable", ECONNREFUSED},
      {"net-prohibited", ECONNREFUSED},   {"host-prohibited", ECONNREFUSED},
      {"admin-prohibited", ECONNREFUSED},
  };
  for (size_t i = 0; i < std::size(kCases); ++i) {
    world.AddFirewallRule(
        *world.FindHost("server"),
        absl::StrCat("input udp dport ", 80 + i, " reject with icmp type ", kCases[i].code));
  }
  world.Spawn(client, "client", [] {
    for (size_t i = 0; i < std::size(kCases); ++i) {
      const int fd = Udp();
      EXPECT_THAT(Connect(fd, "10.0.0.2", static_cast<uint16_t>(80 + i)), Succeeds());
      EXPECT_EQ(Send(fd, "x"), 1);
      SleepMs(10);
      EXPECT_EQ(SoError(fd), kCases[i].error) << kCases[i].code;
    }
  });
  world.Run();
}

// Datagrams of up to 9216 bytes (net.inet.udp.maxdgram), or SO_SNDBUF.
DRYWIRE_TEST(FreeBsdUdp, LargestDatagram) {
  Host& client = MakeClient(world);
  world.Spawn(*world.FindHost("server"), "server", [] {
    const int fd = Udp();
    EXPECT_THAT(Bind(fd, "0.0.0.0", 9), Succeeds());
    std::string data(65536, ' ');
    EXPECT_EQ(posix::recv(fd, data.data(), data.size(), 0), 9216);
    EXPECT_EQ(posix::recv(fd, data.data(), data.size(), 0), 9217);
  });
  world.Spawn(client, "client", [] {
    const int fd = Udp();
    EXPECT_THAT(Connect(fd, "10.0.0.2", 9), Succeeds());
    EXPECT_EQ(Send(fd, std::string(9216, 'x').c_str()), 9216);
    EXPECT_THAT(Send(fd, std::string(9217, 'x').c_str()), FailsWith(EMSGSIZE));
    EXPECT_THAT(SetInt(fd, SOL_SOCKET, SO_SNDBUF, 20'000), Succeeds());
    EXPECT_EQ(Send(fd, std::string(9217, 'x').c_str()), 9217);
  });
  world.Run();
}

// A datagram is readable; shut down in both directions hangs up.
DRYWIRE_TEST(FreeBsdUdp, Readiness) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "client", [] {
    const int receiver = Udp();
    EXPECT_THAT(Bind(receiver, "127.0.0.1", 9), Succeeds());
    const int fd = Udp();
    EXPECT_THAT(Connect(fd, "127.0.0.1", 9), Succeeds());
    EXPECT_EQ(Send(fd, "x"), 1);
    EXPECT_TRUE(WaitFor(receiver, POLLIN));
    EXPECT_EQ(PollBits(receiver), "IN RDNORM OUT");
    EXPECT_EQ(Recv(receiver), "x");
    EXPECT_EQ(PollBits(receiver), "OUT");
    EXPECT_THAT(posix::shutdown(fd, SHUT_RDWR), Succeeds());
    EXPECT_EQ(PollBits(fd), "IN RDNORM HUP");
    EXPECT_EQ(Recv(fd), "");
    EXPECT_THAT(Send(fd, "x"), FailsWith(EPIPE));
  });
  world.Run();
}

}  // namespace
}  // namespace drywire::freebsd
