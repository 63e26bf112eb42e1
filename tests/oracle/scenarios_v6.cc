// IPv6 and mapped addresses between hosts.
#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

constexpr char kTruesize[] =
    "the kernel's window counts the memory that unread data takes, here its bytes count";

// On b: a listener on `address`, announced; serves one connection and says with whom.
void Serve6(Script& s, const char* address, bool only = false) {
  s.Row("server");
  const int listener = Tcp(SOCK_NONBLOCK, AF_INET6);
  if (only) SetInt(listener, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  s("bind", Bind6(listener, address, 80))("listen", os::listen(listener, 4));
  s.Option("only", listener, IPPROTO_IPV6, IPV6_V6ONLY);
  s.Announce("listening 80");
  const int fd = Accept(listener);
  s.LocalName(fd).PeerAddress(fd);
  s.Await("done");
  s.Receive(fd);
  Settle();
}

int Try6(Script& s, const char* row, const char* address, uint16_t port) {
  const int fd = Tcp(SOCK_NONBLOCK, AF_INET6);
  s.Row(row)("connect", Connect6(fd, address, port))("wait", WaitFor(fd, POLLOUT | POLLERR));
  s.Poll(fd).Error(fd).LocalAddress(fd).PeerAddress(fd);
  return fd;
}

ORACLE(V6, ConnectAndRefuse, kPair) {
  it.ExpectDifference("packets", kTruesize);
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Await("listening 80");
    const int fd = Try6(s, "accepting", "fd00::2", 80);
    s.Send(fd, "hello");
    Try6(s, "refusing", "fd00::2", 9);
    Settle();
    s.Announce("done");
  });
  it.On("b", [](Script& s) { Serve6(s, "fd00::2"); });
}

ORACLE(V6, WildcardServesBoth, kPair) {
  it.On("a", [](Script& s) {
    s.Await("listening 80");
    const int fd = Tcp(0);
    s.Row("v4")("connect", Connect(fd, "10.0.0.2", 80)).Send(fd, "hello");
    Settle();
    s.Announce("done");
  });
  it.On("b", [](Script& s) { Serve6(s, "::"); });
}

ORACLE(V6, OnlyRefusesV4, kPair) {
  it.On("a", [](Script& s) {
    s.Await("listening 80");
    const int fd = Tcp(0);
    s.Row("v4")("connect", Connect(fd, "10.0.0.2", 80));
    const int six = Tcp(0, AF_INET6);
    s.Row("v6")("connect", Connect6(six, "fd00::2", 80)).Send(six, "hello");
    Settle();
    s.Announce("done");
  });
  it.On("b", [](Script& s) { Serve6(s, "::", true); });
}

ORACLE(V6, MappedClient, kPair) {
  it.On("a", [](Script& s) {
    s.Await("listening 80");
    const int fd = Try6(s, "mapped", "::ffff:10.0.0.2", 80);
    s.Send(fd, "hello");
    Try6(s, "refused", "::ffff:10.0.0.2", 9);
    Try6(s, "unroutable", "::ffff:10.9.0.1", 80);
    Settle();
    s.Announce("done");
  });
  it.On("b", [](Script& s) { Serve6(s, "::ffff:10.0.0.2"); });
}

ORACLE(V6, BindingNarrows, kPair) {
  it.On("a", [](Script& s) {
    const auto row = [&](const char* name, const char* address) {
      for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        const int fd = os::socket(AF_INET6, type | SOCK_NONBLOCK, 0);
        s.Row(std::string(name) + (type == SOCK_STREAM ? " tcp" : " udp"));
        s.Option("only", fd, IPPROTO_IPV6, IPV6_V6ONLY)("bind", Bind6(fd, address, 7000));
        s.Option("only", fd, IPPROTO_IPV6, IPV6_V6ONLY).LocalName(fd);
        s("set", SetInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
        s("v4 beside it", Bind(os::socket(AF_INET, type, 0), "10.0.0.1", 7000));
        s("any v4", Bind(os::socket(AF_INET, type, 0), "0.0.0.0", 7000));
        s("connect", Connect6(fd, "::ffff:10.0.0.2", 9));
        os::close(fd);
      }
    };
    row("wildcard", "::");
    row("specific", "fd00::1");
    row("mapped", "::ffff:10.0.0.1");
    row("loopback", "::1");
    row("foreign", "fd00::77");
    row("mapped wildcard", "::ffff:0.0.0.0");
  });
}

ORACLE(V6, DatagramsBothWays, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Await("ready");
    const int six = UdpOn6("::", 7000);
    s.Row("v6")("send", SendTo6(six, "six", "fd00::2", 53))("wait", WaitFor(six, POLLIN));
    s.ReceiveFrom(six, true);
    s.Row("mapped")("send", SendTo6(six, "four", "::ffff:10.0.0.2", 53));
    s("wait", WaitFor(six, POLLIN)).ReceiveFrom(six, true);
    s.Row("refused")("connect", Connect6(six, "fd00::2", 9)).Send(six, "x");
    s("wait", WaitFor(six, POLLERR)).Receive(six).LocalAddress(six);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = UdpOn6("::", 53);
    s.Announce("ready");
    for (int i = 0; i < 2; ++i) {
      s("wait", WaitFor(fd, POLLIN));
      char data[16];
      sockaddr_in6 from = {};
      socklen_t length = sizeof from;
      const ssize_t size = os::recvfrom(fd, data, sizeof data, 0, AsSockaddr(from), &length);
      s("recv", size)("length", length);
      s("send", os::sendto(fd, "echo", 4, 0, AsSockaddr(from), length));
    }
    s.Await("done");
  });
}

ORACLE(V6, ThroughARouter, kRouted) {
  it.On("a", [](Script& s) {
    s.Await("listening 80");
    const int fd = Try6(s, "accepting", "fd01::2", 80);
    s.Send(fd, "hello");
    Try6(s, "refusing", "fd01::2", 9);
    Try6(s, "no route at the router", "fd09::1", 80);
    const int udp = Udp(SOCK_NONBLOCK, AF_INET6);
    s.Row("udp")("connect", Connect6(udp, "fd09::1", 80)).Send(udp, "x");
    s("wait", WaitFor(udp, POLLERR)).Error(udp);
    s.Announce("done");
  });
  it.On("b", [](Script& s) { Serve6(s, "fd01::2"); });
}

ORACLE(V6, NoRoute, kPair) {
  it.On("a", [](Script& s) {
    Try6(s, "tcp", "2001:db8::1", 80);
    const int udp = Udp(SOCK_NONBLOCK, AF_INET6);
    s.Row("udp")("connect", Connect6(udp, "2001:db8::1", 80))("send",
                                                              SendTo6(udp, "x", "2001:db8::1", 9));
    s.Route("unreachable 2001:db8:1::/48");
    s.Route("prohibit 2001:db8:2::/48");
    s.Route("blackhole 2001:db8:3::/48");
    for (const char* address : {"2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1"}) {
      Try6(s, address, address, 80);
      s("udp", Connect6(Udp(SOCK_NONBLOCK, AF_INET6), address, 80));
      s("send", SendTo6(Udp(SOCK_NONBLOCK, AF_INET6), "x", address, 80));
      s("blocking", Connect6(Tcp(0, AF_INET6), address, 80));
    }
  });
}

ORACLE(V6, Wildcards, kPair) {
  it.On("a", [](Script& s) {
    ListenOn6("::", 80);
    Try6(s, "wildcard", "::", 80);
    Try6(s, "loopback", "::1", 80);
    Try6(s, "mapped loopback", "::ffff:127.0.0.1", 80);
    Try6(s, "mapped wildcard", "::ffff:0.0.0.0", 80);
    Try6(s, "own address", "fd00::1", 80);
    const int fd = Tcp();
    s.Row("v4 wildcard")("connect", Connect(fd, "0.0.0.0", 80))("wait", WaitFor(fd, POLLOUT));
    s.PeerName(fd).LocalAddress(fd);
  });
}

ORACLE(V6, DualListenersShareAPort, kPair) {
  it.On("b", [](Script& s) {
    s.Row("binds");
    const int six = Tcp(SOCK_NONBLOCK, AF_INET6);
    SetInt(six, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    s("v6", Bind6(six, "::", 80))("listen", os::listen(six, 2));
    const int four = Tcp();
    s("v4", Bind(four, "0.0.0.0", 80))("listen", os::listen(four, 2));
    s("dual", Bind6(Tcp(SOCK_NONBLOCK, AF_INET6), "::", 80));
    s.Announce("ready");
    s.Await("connected");
    Settle();
    s.Row("four").PeerAddress(os::accept(four, nullptr, nullptr));
    s("none", os::accept(four, nullptr, nullptr));
    s.Row("six").PeerAddress(os::accept(six, nullptr, nullptr));
    s("none", os::accept(six, nullptr, nullptr));
    s.Announce("done");
  });
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    s("v4", Connect(Tcp(0), "10.0.0.2", 80))("v6", Connect6(Tcp(0, AF_INET6), "fd00::2", 80));
    s.Announce("connected");
    s.Await("done");
  });
}

}  // namespace
}  // namespace drywire::oracle
