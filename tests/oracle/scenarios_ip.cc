// Routes, neighbours, ICMP, firewalls, interfaces that go down.
#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

// A connection attempt that is waited for, and what it leaves.
void Attempt(Script& s, const std::string& row, int fd, const char* address, uint16_t port,
             int wait_ms = 2500) {
  s.Row(row)("connect", Connect(fd, address, port));
  s("wait", WaitFor(fd, POLLOUT | POLLERR, wait_ms)).Poll(fd).Error(fd).LocalAddress(fd);
  os::close(fd);
  Settle();
}

ORACLE(Route, ThroughARouter, kRouted) {
  it.Watch("b");
  it.On("a", [](Script& s) {
    s.Await("ready");
    Attempt(s, "accepting", Tcp(), "10.0.1.2", 80);
    Attempt(s, "refusing", Tcp(), "10.0.1.2", 9);
    Attempt(s, "the router itself", Tcp(), "10.0.1.254", 9);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    const int listener = ListenOn("10.0.1.2", 80);
    s.Announce("ready");
    const int fd = Accept(listener);
    s.Row("server").PeerAddress(fd);
    s.Await("done");
    SleepMs(60);
  });
}

ORACLE(Route, RouterHasNoRoute, kRouted) {
  it.On("a", [](Script& s) {
    Attempt(s, "tcp", Tcp(), "10.9.0.1", 80);
    const int fd = Udp();
    s.Row("udp")("connect", Connect(fd, "10.9.0.1", 80)).Send(fd, "x");
    s("wait", WaitFor(fd, POLLERR)).Error(fd);
    const int blocking = Tcp(0);
    s.Row("blocking")("connect", Connect(blocking, "10.9.0.1", 80)).Elapsed();
    s.Error(blocking).Poll(blocking);
  });
}

ORACLE(Route, RouterSaysWhy, kRouted) {
  it.On("r", [](Script& s) {
    s.Row("router");
    s.Route("unreachable 10.1.0.0/24");
    s.Route("prohibit 10.2.0.0/24");
    s.Route("blackhole 10.3.0.0/24");
    s.Announce("ready");
  });
  it.On("a", [](Script& s) {
    s.Await("ready");
    Attempt(s, "unreachable", Tcp(), "10.1.0.1", 80);
    Attempt(s, "prohibit", Tcp(), "10.2.0.1", 80);
    Attempt(s, "blackhole", Tcp(), "10.3.0.1", 80, 500);
    for (const char* address : {"10.1.0.1", "10.2.0.1", "10.3.0.1"}) {
      const int fd = Udp();
      s.Row(std::string("udp ") + address)("connect", Connect(fd, address, 9)).Send(fd, "x");
      s("wait", WaitFor(fd, POLLERR, 500)).Error(fd);
    }
  });
}

ORACLE(Route, ForwardingSwitchedOff, kRouted) {
  it.On("r", [](Script& s) {
    s.Row("router");
    s.Sysctl("net.ipv4.ip_forward", "0");
    s.Announce("ready");
  });
  it.On("a", [](Script& s) {
    s.Await("ready");
    Attempt(s, "beyond", Tcp(), "10.0.1.2", 80, 300);
    Attempt(s, "its far address", Tcp(), "10.0.1.254", 80);
  });
}

ORACLE(Route, MostSpecificAndMetric, kRouted) {
  it.On("a", [](Script& s) {
    s.Row("specific");
    s.Route("unreachable 10.0.1.2/32");
    s("connect", Connect(Tcp(), "10.0.1.2", 9));
    Attempt(s, "beside it", Tcp(), "10.0.1.254", 9);
    s.Route("del unreachable 10.0.1.2/32");
    Attempt(s, "deleted", Tcp(), "10.0.1.2", 9);
    s.Row("metric");
    s.Route("unreachable 10.0.1.2/32 metric 50");
    s.Route("10.0.1.2/32 via 10.0.0.254 metric 10");
    Attempt(s, "lower wins", Tcp(), "10.0.1.2", 9);
    s.Route("del 10.0.1.2/32 metric 10");
    s.Row("higher is left")("connect", Connect(Tcp(), "10.0.1.2", 9));
  });
}

ORACLE(Route, SourceOfTheRoute, kRouted) {
  it.On("a", [](Script& s) {
    s.Row("default");
    const int fd = Udp();
    s("connect", Connect(fd, "10.0.1.2", 9)).LocalAddress(fd);
    s.Route("replace default via 10.0.0.254 src 127.0.0.1");
    const int other = Udp();
    s.Row("loopback source")("connect", Connect(other, "10.0.1.2", 9)).LocalAddress(other);
  });
}

ORACLE(Route, ChangedUnderAConnection, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    const int datagrams = Udp();
    s("udp", Connect(datagrams, "10.0.0.2", 9000));
    s.Route("unreachable 10.0.0.2/32");
    s.Send(fd, "tcp").Send(datagrams, "udp");
    Settle();
    s.Poll(fd).Error(fd).Poll(datagrams).Error(datagrams);
    s("new", Connect(Tcp(), "10.0.0.2", 80));
    s.Route("del unreachable 10.0.0.2/32");
    SleepMs(1500);
    s.Row("restored").Poll(fd).Send(fd, "more").Send(datagrams, "udp");
    s.Announce("done");
    Settle();
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("done");
    Settle();
    s.Receive(fd);
  });
}

ORACLE(Neighbour, SilentOneTcp, kPair) {
  it.On("a", [](Script& s) {
    const int fd = Tcp(0);
    s.Row("blocking")("connect", Connect(fd, "10.0.0.77", 80)).Elapsed().Poll(fd).Error(fd);
    const int other = Tcp();
    s.Row("non-blocking")("connect", Connect(other, "10.0.0.78", 80));
    s("wait", WaitFor(other, POLLERR, 6000)).Elapsed().Poll(other).Error(other).Poll(other);
  });
}

ORACLE(Neighbour, SilentOneUdp, kPair) {
  it.On("a", [](Script& s) {
    const int fd = Udp();
    s.Row("connected")("connect", Connect(fd, "10.0.0.77", 80)).Send(fd, "x").Poll(fd);
    s("wait", WaitFor(fd, POLLERR, 6000)).Elapsed().Poll(fd).Receive(fd).Send(fd, "again");
    const int other = Udp();
    s.Row("unconnected")("send", SendTo(other, "x", "10.0.0.78", 9));
    SleepMs(3500);
    s.Poll(other).Error(other);
  });
}

ORACLE(Neighbour, SilentGateway, kPair) {
  it.On("a", [](Script& s) {
    s.Route("default via 10.0.0.99");
    const int fd = Tcp(0);
    s.Row("blocking")("connect", Connect(fd, "192.0.2.1", 80)).Elapsed().Poll(fd).Error(fd);
  });
}

ORACLE(Neighbour, SilentOneV6, kPair) {
  it.On("a", [](Script& s) {
    const int fd = Tcp(0, AF_INET6);
    s.Row("tcp")("connect", Connect6(fd, "fd00::77", 80)).Elapsed().Poll(fd).Error(fd);
    const int udp = Udp(SOCK_NONBLOCK, AF_INET6);
    s.Row("udp")("connect", Connect6(udp, "fd00::78", 80)).Send(udp, "x").Poll(udp);
    s("wait", WaitFor(udp, POLLERR, 6000)).Elapsed().Poll(udp).Error(udp);
  });
}

ORACLE(Interface, DownHere, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    const int udp = Udp();
    s("udp", Connect(udp, "10.0.0.2", 9000));
    s.SetUp("eth0", false);
    s.Send(fd, "x").Send(udp, "x").Poll(fd).Poll(udp).Error(fd).Error(udp);
    s("new", Connect(Tcp(), "10.0.0.2", 80))("bind", Bind(Tcp(), "10.0.0.1", 81));
    s("itself", Connect(Tcp(), "10.0.0.1", 9));
    s.SetUp("eth0", true);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    ServeOne(s);
    s.Await("done");
  });
}

ORACLE(Interface, DownThere, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Announce("connected");
    s.Await("down");
    s.Send(fd, "x").Poll(fd);
    const int other = Tcp();
    s("new", Connect(other, "10.0.0.2", 80));
    SleepMs(200);
    s.Poll(fd).Poll(other);
    s.Announce("tried");
    s.Await("up");
    s.Row("up")("wait", WaitFor(other, POLLOUT)).Poll(other).Error(other).Poll(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    ServeOne(s);
    s.Await("connected");
    s.SetUp("eth0", false);
    s.Announce("down");
    s.Await("tried");
    s.SetUp("eth0", true);
    s.Announce("up");
    SleepMs(1500);
  });
}

ORACLE(Icmp, UnreachableOnAConnectionIsSoft, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Announce("connected");
    s.Await("ready");
    s.Send(fd, "x");
    SleepMs(500);
    s.Poll(fd).Error(fd).Error(fd).Send(fd, "y").Receive(fd);
    s.Row("told at once");
    SetInt(fd, IPPROTO_IP, IP_RECVERR, 1);
    SleepMs(500);
    s.Poll(fd).Error(fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("connected");
    s.Firewall("input tcp dport 80 reject with icmp type host-unreachable");
    s.Announce("ready");
    s.Await("done");
    s.Poll(fd);
  });
}

// Host b drops what comes and, 300 ms after it is told to, rejects it: on a link without delay the
// answer to the first SYN would come while connect() still holds the socket, and be only noted.
void RejectLater(Script& s, const std::string& with) {
  s.Row("server");
  s.Firewall("input tcp dport 81 drop");
  s.Firewall("input udp dport 81 reject with " + with);
  s.Announce("ready");
  s.Await("go");
  SleepMs(300);
  s.Firewall("flush chain inet filter input");
  s.Firewall("input tcp dport 81 reject with " + with);
  s.Firewall("input udp dport 81 reject with " + with);
  s.Announce("rejecting");
}

void MeetRejection(Script& s, int family) {
  const auto connect = [family](int fd) {
    return family == AF_INET ? Connect(fd, "10.0.0.2", 81) : Connect6(fd, "fd00::2", 81);
  };
  s.Await("ready");
  const int fd = Udp(SOCK_NONBLOCK, family);
  s.Row("udp")("connect", connect(fd)).Send(fd, "x");
  Settle();
  s.Poll(fd).Receive(fd).Send(fd, "x");
  Settle();
  s.Poll(fd).Error(fd);
  const int tcp = Tcp(SOCK_NONBLOCK, family);
  s.Row("tcp")("connect", connect(tcp));
  s.Announce("go");
  s("wait", WaitFor(tcp, POLLERR, 2500)).Elapsed().Poll(tcp).Error(tcp).Poll(tcp);
  const int blocking = Tcp(0, family);
  // No longer of interest: when. See above.
  s.Row("blocking")("connect", connect(blocking)).PeerName(blocking).LocalAddress(blocking);
}

bool RegisterRejects() {
  const auto add = [](const std::string& suite, int family, const std::string& with,
                      const std::string& type) {
    Scenario scenario;
    scenario.name = "Icmp." + suite + "." + type;
    scenario.topology = kPair;
    scenario.On("a", [family](Script& s) { MeetRejection(s, family); });
    scenario.On("b", [with, type](Script& s) { RejectLater(s, with + type); });
    Register(std::move(scenario), [](Scenario&) {});
  };
  for (const char* type :
       {"net-unreachable", "host-unreachable", "prot-unreachable", "port-unreachable",
        "net-prohibited", "host-prohibited", "admin-prohibited"}) {
    add("Reject", AF_INET, "icmp type ", type);
  }
  for (const char* type : {"no-route", "admin-prohibited", "addr-unreachable", "port-unreachable",
                           "policy-fail", "reject-route"}) {
    add("RejectV6", AF_INET6, "icmpv6 type ", type);
  }
  return true;
}
[[maybe_unused]] const bool registered = RegisterRejects();

ORACLE(Firewall, RejectWithReset, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Announce("connected");
    s.Await("ready");
    s.Send(fd, "x")("wait", WaitFor(fd, POLLERR)).Error(fd).Poll(fd).Send(fd, "y");
    Attempt(s, "new", Tcp(), "10.0.0.2", 80);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("connected");
    s.Firewall("input tcp dport 80 reject with tcp reset");
    s.Announce("ready");
    SleepMs(300);
    s.Poll(fd);
  });
}

ORACLE(Firewall, OutputOfTheClient, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Firewall("output tcp dport 81 drop");
    s.Firewall("output tcp dport 82 reject");
    s.Firewall("output tcp dport 83 reject with tcp reset");
    s.Firewall("output udp dport 81 drop");
    s.Firewall("output udp dport 82 reject");
    for (uint16_t port = 81; port <= 83; ++port) {
      Attempt(s, "tcp " + std::to_string(port), Tcp(), "10.0.0.2", port, 1300);
    }
    for (uint16_t port = 81; port <= 82; ++port) {
      const int fd = Udp();
      s.Row("udp " + std::to_string(port))("connect", Connect(fd, "10.0.0.2", port));
      s.Send(fd, "x");
      Settle();
      s.Poll(fd).Error(fd)("to", SendTo(Udp(), "x", "10.0.0.2", port));
    }
  });
}

ORACLE(Firewall, ForwardChain, kRouted) {
  it.On("r", [](Script& s) {
    s.Row("router");
    s.Firewall("forward tcp dport 81 drop");
    s.Firewall("forward tcp dport 82 reject");
    s.Firewall("forward tcp dport 83 reject with tcp reset");
    s.Firewall("forward tcp dport 84 reject with icmp type admin-prohibited");
    s.Announce("ready");
  });
  it.On("a", [](Script& s) {
    s.Await("ready");
    Attempt(s, "open", Tcp(), "10.0.1.2", 80);
    Attempt(s, "dropped", Tcp(), "10.0.1.2", 81, 300);
    for (uint16_t port = 82; port <= 84; ++port) {
      Attempt(s, std::to_string(port), Tcp(), "10.0.1.2", port);
    }
    Attempt(s, "not forwarded", Tcp(), "10.0.1.254", 82);
  });
}

ORACLE(Firewall, MatchesAndOrder, kPair) {
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Firewall("input ip saddr 10.0.0.1 tcp dport 81 accept");
    s.Firewall("input tcp dport 81-83 reject with icmp type admin-prohibited");
    s.Firewall("input ip saddr 10.9.0.0/16 tcp dport 84 drop");
    s.Firewall("input tcp dport { 85, 86 } drop");
    s.Firewall("input tcp dport 87 tcp flags & (syn | ack) == syn reject with tcp reset");
    s.Announce("ready");
  });
  it.On("a", [](Script& s) {
    s.Await("ready");
    for (uint16_t port = 81; port <= 88; ++port) {
      Attempt(s, std::to_string(port), Tcp(), "10.0.0.2", port, 300);
    }
  });
}

ORACLE(Firewall, EstablishedOnly, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Firewall("input ct state established,related accept");
    s.Firewall("input drop");
    const int fd = ReachServer(s);
    s.Send(fd, "x")("wait", WaitFor(fd, POLLIN)).Receive(fd);
    s.Announce("asked");
    const int udp = Udp();
    s("udp", Connect(udp, "10.0.0.2", 9)).Send(udp, "x")("wait", WaitFor(udp, POLLERR));
    s.Error(udp);
    Attempt(s, "refused", Tcp(), "10.0.0.2", 9);
    s.Await("tried");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLIN)).Receive(fd).Send(fd, "answer");
    s.Await("asked");
    Attempt(s, "the other way", Tcp(), "10.0.0.1", 9, 300);
    s.Announce("tried");
  });
}

ORACLE(Firewall, DropMidway, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Announce("connected");
    s.Await("deaf");
    s.Send(fd, "one");
    SleepMs(300);
    s.Poll(fd);
    int queued = 0;
    os::ioctl(fd, TIOCOUTQ, &queued);
    s("unacknowledged", queued);
    s.Announce("looked");
    s.Await("received");
    Settle();
    os::ioctl(fd, TIOCOUTQ, &queued);
    s("unacknowledged", queued);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("connected");
    s.Firewall("input tcp dport 80 drop");
    s.Announce("deaf");
    s.Await("looked");
    s.Poll(fd);
    s.Firewall("flush chain inet filter input");
    s("wait", WaitFor(fd, POLLIN)).Receive(fd);
    s.Announce("received");
  });
}

}  // namespace
}  // namespace drywire::oracle
