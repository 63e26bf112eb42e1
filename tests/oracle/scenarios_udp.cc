// Datagrams between hosts: errors, filters, broadcast, order, shutdown.
#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

ORACLE(Udp, EchoAndNames, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = UdpOn("10.0.0.1", 7000);
    s.Await("ready");
    s("send", SendTo(fd, "hello", "10.0.0.2", 53))("wait", WaitFor(fd, POLLIN));
    s.Poll(fd).ReceiveFrom(fd, true).ReceiveFrom(fd).LocalName(fd).PeerName(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = UdpOn("0.0.0.0", 53);
    s.Announce("ready");
    s("wait", WaitFor(fd, POLLIN)).ReceiveFrom(fd, true);
    s("send", SendTo(fd, "world", "10.0.0.1", 7000)).LocalName(fd);
  });
}

ORACLE(Udp, RefusedByTheOtherHost, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("connected");
    int fd = Udp();
    s("connect", Connect(fd, "10.0.0.2", 9)).Send(fd, "x")("wait", WaitFor(fd, POLLERR));
    s.Poll(fd).Send(fd, "y").Send(fd, "z")("wait", WaitFor(fd, POLLERR)).Error(fd).Poll(fd);
    s.Row("read").Send(fd, "x")("wait", WaitFor(fd, POLLERR)).Receive(fd).Receive(fd);
    s.Row("unconnected");
    fd = Udp();
    s("send", SendTo(fd, "x", "10.0.0.2", 9));
    Settle();
    s.Poll(fd).Error(fd)("send", SendTo(fd, "x", "10.0.0.2", 9));
    s.Row("told on request");
    s("option", SetInt(fd, IPPROTO_IP, IP_RECVERR, 1));
    s.Option("reads", fd, IPPROTO_IP, IP_RECVERR);
  });
}

ORACLE(Udp, ConnectedSocketFilters, kLan) {
  it.On("a", [](Script& s) {
    s.Row("receiver");
    const int fd = UdpOn("10.0.0.1", 7000);
    s("connect", Connect(fd, "10.0.0.2", 53));
    s.Announce("ready");
    s.Await("sent b");
    s.Await("sent c");
    Settle();
    s.ReceiveFrom(fd, true).ReceiveFrom(fd, true);
    const sockaddr none = {};
    s("dissolve", os::connect(fd, &none, sizeof none)).LocalName(fd);
    s.Announce("open");
    s.Await("again c");
    Settle();
    s.ReceiveFrom(fd, true).ReceiveFrom(fd, true);
  });
  it.On("b", [](Script& s) {
    s.Row("peer");
    s.Await("ready");
    const int fd = UdpOn("10.0.0.2", 53);
    s("send", SendTo(fd, "from b", "10.0.0.1", 7000));
    const int other = UdpOn("10.0.0.2", 54);
    s("send", SendTo(other, "other port", "10.0.0.1", 7000));
    s.Announce("sent b");
  });
  it.On("c", [](Script& s) {
    s.Row("stranger");
    s.Await("ready");
    const int fd = UdpOn("10.0.0.3", 53);
    s("connect", Connect(fd, "10.0.0.1", 7000)).Send(fd, "from c");
    Settle();
    s.Poll(fd).Receive(fd);
    s.Announce("sent c");
    s.Await("open");
    s.Send(fd, "again");
    s.Announce("again c");
  });
}

ORACLE(Udp, BroadcastOnALan, kLan) {
  const auto listen = [](Script& s, const char* address, const char* name) {
    const int fd = UdpOn(address, 7000);
    s.Row(address);
    s.Announce(name);
    s.Await("sent");
    Settle();
    s.ReceiveFrom(fd).ReceiveFrom(fd).ReceiveFrom(fd);
  };
  it.On("a", [](Script& s) {
    s.Row("sender");
    s.Await("b");
    s.Await("c");
    const int fd = Udp();
    s("without", SendTo(fd, "x", "10.0.0.255", 7000));
    s("option", SetInt(fd, SOL_SOCKET, SO_BROADCAST, 1));
    s("subnet", SendTo(fd, "subnet", "10.0.0.255", 7000));
    s("all", SendTo(fd, "all", "255.255.255.255", 7000));
    s("connect", Connect(fd, "10.0.0.255", 7000)).Send(fd, "connected").LocalAddress(fd);
    s.Announce("sent");
  });
  it.On("b", [listen](Script& s) { listen(s, "0.0.0.0", "b"); });
  it.On("c", [listen](Script& s) { listen(s, "10.0.0.3", "c"); });
}

ORACLE(Udp, BroadcastToABroadcastBinder, kLan) {
  it.On("a", [](Script& s) {
    s.Row("sender");
    s.Await("b");
    const int fd = Udp();
    SetInt(fd, SOL_SOCKET, SO_BROADCAST, 1);
    s("subnet", SendTo(fd, "subnet", "10.0.0.255", 7000));
    s("unicast", SendTo(fd, "unicast", "10.0.0.2", 7000));
    s.Announce("sent");
  });
  it.On("b", [](Script& s) {
    const int fd = Udp();
    s.Row("receiver")("bind", Bind(fd, "10.0.0.255", 7000)).LocalName(fd);
    s.Announce("b");
    s.Await("sent");
    Settle();
    s.ReceiveFrom(fd).ReceiveFrom(fd);
    s("reply", SendTo(fd, "x", "10.0.0.1", 9)).Poll(fd);
  });
}

ORACLE(Udp, QueueOverflowDrops, kPair) {
  it.On("a", [](Script& s) {
    s.Row("sender");
    s.Await("ready");
    const int fd = Udp();
    char block[1000] = {};
    const sockaddr_in to = Inet("10.0.0.2", 7000);
    int sent = 0;
    for (int i = 0; i < 50; ++i) {
      sent += os::sendto(fd, block, sizeof block, 0, AsSockaddr(to), sizeof to) > 0;
      SleepMs(1);
    }
    s("sent", sent);
    s.Announce("sent");
  });
  it.On("b", [](Script& s) {
    const int fd = UdpOn("10.0.0.2", 7000);
    s.Row("receiver")("option", SetInt(fd, SOL_SOCKET, SO_RCVBUF, 1));
    s.Option("reads", fd, SOL_SOCKET, SO_RCVBUF);
    s.Announce("ready");
    s.Await("sent");
    Settle();
    char block[2000];
    int received = 0;
    while (os::recv(fd, block, sizeof block, MSG_DONTWAIT) > 0) ++received;
    s.Text("some", received > 0 && received < 50 ? "yes" : "no").Poll(fd);
  });
}

ORACLE(Udp, EmptyDatagram, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("sender");
    s.Await("ready");
    const int fd = Udp();
    s("send", SendTo(fd, "", "10.0.0.2", 7000))("send", SendTo(fd, "x", "10.0.0.2", 7000));
    s.Announce("sent");
  });
  it.On("b", [](Script& s) {
    const int fd = UdpOn("10.0.0.2", 7000);
    s.Announce("ready");
    s.Await("sent");
    Settle();
    s.Row("receiver").Poll(fd);
    int queued = -1;
    os::ioctl(fd, FIONREAD, &queued);
    s("queued", queued).ReceiveFrom(fd);
    os::ioctl(fd, FIONREAD, &queued);
    s("queued", queued).ReceiveFrom(fd).ReceiveFrom(fd);
  });
}

ORACLE(Udp, ShutdownOfAReceiver, kPair) {
  it.On("b", [](Script& s) {
    const int fd = UdpOn("10.0.0.2", 7000);
    s.Row("unconnected")("read", os::shutdown(fd, SHUT_RD))("write", os::shutdown(fd, SHUT_WR));
    s("connect", Connect(fd, "10.0.0.1", 7000));
    s.Announce("ready");
    s.Await("sent");
    Settle();
    s.Row("read")("shutdown", os::shutdown(fd, SHUT_RD)).Poll(fd).Receive(fd).Receive(fd);
    os::fcntl(fd, F_SETFL, 0);
    char byte;
    s("blocking", os::recv(fd, &byte, 1, 0)).Send(fd, "x");
    s.Row("write")("shutdown", os::shutdown(fd, SHUT_WR)).Poll(fd).Send(fd, "x");
    s("to", SendTo(fd, "x", "10.0.0.1", 7000, MSG_NOSIGNAL));
  });
  it.On("a", [](Script& s) {
    const int fd = UdpOn("10.0.0.1", 7000);
    s.Await("ready");
    s.Row("sender")("send", SendTo(fd, "one", "10.0.0.2", 7000));
    s.Announce("sent");
    Settle();
    Settle();
    s.ReceiveFrom(fd).ReceiveFrom(fd);
  });
}

ORACLE(Udp, TwoSocketsOnePort, kPair) {
  it.On("b", [](Script& s) {
    const int any = Udp();
    const int specific = Udp();
    const int connected = Udp();
    for (const int fd : {any, specific, connected}) SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    s.Row("receivers")("any", Bind(any, "0.0.0.0", 7000));
    s("specific", Bind(specific, "10.0.0.2", 7000))("connected", Bind(connected, "10.0.0.2", 7000));
    s("connect", Connect(connected, "10.0.0.1", 53));
    s.Announce("ready");
    s.Await("sent");
    Settle();
    s.Row("any").ReceiveFrom(any).Row("specific").ReceiveFrom(specific);
    s.Row("connected").ReceiveFrom(connected).ReceiveFrom(connected);
  });
  it.On("a", [](Script& s) {
    const int other = UdpOn("10.0.0.1", 54);
    const int peer = UdpOn("10.0.0.1", 53);
    s.Await("ready");
    s.Row("sender")("other", SendTo(other, "other", "10.0.0.2", 7000));
    s("peer", SendTo(peer, "peer", "10.0.0.2", 7000));
    s.Announce("sent");
  });
}

ORACLE(Udp, LongDatagrams, kPair) {
  it.On("a", [](Script& s) {
    s.Row("sender");
    s.Await("ready");
    const int fd = Udp();
    static char block[65536];
    const sockaddr_in to = Inet("10.0.0.2", 7000);
    const auto send = [&](size_t size) {
      return os::sendto(fd, block, size, 0, AsSockaddr(to), sizeof to);
    };
    s("1472", send(1472))("1473", send(1473))("9000", send(9000))("65507", send(65507));
    s("65508", send(65508));
    SetInt(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    s("whole 1472", send(1472))("whole 1473", send(1473)).Error(fd).Poll(fd);
    s.Announce("sent");
  });
  it.On("b", [](Script& s) {
    const int fd = UdpOn("10.0.0.2", 7000);
    s.Row("receiver");
    SetInt(fd, SOL_SOCKET, SO_RCVBUF, 1 << 18);
    s.Announce("ready");
    s.Await("sent");
    Settle();
    static char block[65536];
    for (int i = 0; i < 6; ++i) s("recv", os::recv(fd, block, sizeof block, MSG_DONTWAIT));
  });
}

ORACLE(Udp, ConnectChoosesTheSource, kRouted) {
  it.On("r", [](Script& s) {
    int fd = Udp();
    s.Row("left")("connect", Connect(fd, "10.0.0.1", 9)).LocalAddress(fd);
    s("again", Connect(fd, "10.0.1.2", 9)).LocalAddress(fd);
    const sockaddr none = {};
    s("dissolve", os::connect(fd, &none, sizeof none)).LocalAddress(fd);
    s("again", Connect(fd, "10.0.1.2", 9)).LocalAddress(fd);
    fd = UdpOn("0.0.0.0", 7000);
    s.Row("bound")("connect", Connect(fd, "10.0.1.2", 9)).LocalName(fd);
    s("dissolve", os::connect(fd, &none, sizeof none)).LocalName(fd);
    fd = UdpOn("10.0.0.254", 7001);
    s.Row("specific")("connect", Connect(fd, "10.0.1.2", 9)).LocalName(fd);
    s("to itself", Connect(fd, "10.0.0.254", 7001)).Send(fd, "me").ReceiveFrom(fd, true);
  });
}

ORACLE(Udp, TimeoutsAndPeeks, kPair) {
  it.On("b", [](Script& s) {
    const int fd = UdpOn("10.0.0.2", 7000, 0);
    SetTimeout(fd, SO_RCVTIMEO, 200);
    s.Row("receiver").StartClock();
    char data[8] = {};
    s("recv", os::recv(fd, data, 8, 0)).Elapsed();
    s.Announce("ready");
    s.Await("sent");
    Settle();
    s("peek", os::recv(fd, data, 2, MSG_PEEK))("trunc",
                                               os::recv(fd, data, 2, MSG_PEEK | MSG_TRUNC));
    iovec part = {data, 3};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    s("message", os::recvmsg(fd, &message, 0))("flags", message.msg_flags);
    s("none", os::recv(fd, data, 8, MSG_DONTWAIT));
  });
  it.On("a", [](Script& s) {
    s.Await("ready");
    s.Row("sender")("send", SendTo(Udp(), "abcdefg", "10.0.0.2", 7000));
    s.Announce("sent");
  });
}

ORACLE(Udp, SendToWhileConnected, kLan) {
  it.On("a", [](Script& s) {
    s.Await("b");
    s.Await("c");
    const int fd = Udp();
    s.Row("sender")("connect", Connect(fd, "10.0.0.2", 7000)).Send(fd, "to b");
    s("to c", SendTo(fd, "to c", "10.0.0.3", 7000)).PeerName(fd).Send(fd, "to b again");
    const sockaddr_in odd = {};
    s("family 0", os::sendto(fd, "x", 1, 0, AsSockaddr(odd), sizeof odd));
    s("short", os::sendto(fd, "x", 1, 0, AsSockaddr(odd), 8));
    s.Announce("sent");
  });
  for (const char* host : {"b", "c"}) {
    const std::string name = host;
    const std::string address = name == "b" ? "10.0.0.2" : "10.0.0.3";
    it.On(name, [=](Script& s) {
      const int fd = UdpOn(address.c_str(), 7000);
      s.Announce(name);
      s.Await("sent");
      Settle();
      s.Row(name).Receive(fd).Receive(fd).Receive(fd);
    });
  }
}

ORACLE(Udp, Multicast, kPair) {
  it.On("a", [](Script& s) {
    const int fd = Udp();
    s.Row("sender")("no route", SendTo(fd, "x", "239.1.1.1", 7000));
    s.Route("239.0.0.0/8 dev eth0");
    s("route", SendTo(fd, "x", "239.1.1.1", 7000))("connect", Connect(fd, "239.1.1.1", 7000));
    s.LocalAddress(fd).PeerName(fd).Send(fd, "y");
    Settle();
    s.Poll(fd).Error(fd);
    s("tcp", Connect(Tcp(), "239.1.1.1", 7000));
  });
}

}  // namespace
}  // namespace drywire::oracle
