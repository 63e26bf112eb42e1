// UNIX datagrams: destinations, who may send to whom, and peers that go.
#include <string>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"
#include "tests/oracle/unix_script.h"

namespace drywire::oracle {
namespace {

int Bound(const std::string& name) {
  const int fd = Unix(SOCK_DGRAM);
  BindUnix(fd, name);
  return fd;
}

ORACLE(UnixDatagram, SendAndReceive, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const int receiver = Bound("r");
    const int named = Bound("n");
    const int abstract_one = Bound("@abstract");
    const int unnamed = Unix(SOCK_DGRAM);
    s.Row("send")("named", SendToUnix(named, "r", "from n"));
    s("abstract", SendToUnix(abstract_one, "r", "from @"))("unnamed", SendToUnix(unnamed, "r", ""));
    s("inq", InQueue(receiver)).Poll(receiver);
    for (int i = 0; i < 4; ++i) s.Text("recv", ReceiveWith(receiver, 64, 0));
    s.Row("without destination")("send", os::send(unnamed, "x", 1, MSG_NOSIGNAL)).Poll(unnamed);
    s("empty address", os::sendto(unnamed, "x", 1, 0, UnixAddress("r").get(), 0));
    s.Row("truncated")("send", SendToUnix(named, "r", "0123456789"));
    s.Text("peek", ReceiveWith(receiver, 4, 0, nullptr, MSG_PEEK | MSG_DONTWAIT));
    s.Text("peek trunc", ReceiveWith(receiver, 4, 0, nullptr, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT));
    s.Text("recv", ReceiveWith(receiver, 4, 0)).Text("next", ReceiveWith(receiver, 4, 0));
  });
}

ORACLE(UnixDatagram, ConnectReconnectDissolve, kPair) {
  it.On("a", [](Script& s) {
    const int one = Bound("@one");
    const int two = Bound("@two");
    const int fd = Unix(SOCK_DGRAM);
    s.Row("connect")("one", ConnectUnix(fd, "@one")).Text("peer", UnixPeer(fd)).Send(fd, "1");
    s("two", ConnectUnix(fd, "@two")).Text("peer", UnixPeer(fd)).Send(fd, "2");
    s("failing", ConnectUnix(fd, "@nobody")).Text("peer", UnixPeer(fd)).Send(fd, "3");
    s("sendto", SendToUnix(fd, "@one", "4"));
    sockaddr unspec = {};
    s("dissolve", os::connect(fd, &unspec, sizeof unspec)).Text("peer", UnixPeer(fd));
    s.Send(fd, "5").Poll(fd)("again", os::connect(fd, &unspec, sizeof unspec));
    for (const socklen_t length : {0u, 1u, 2u, 200u}) {
      s("short " + std::to_string(length), os::connect(fd, &unspec, length));
    }
    s.Row("received");
    for (int i = 0; i < 3; ++i) s.Receive(one).Receive(two);
  });
}

ORACLE(UnixDatagram, OnlyFromThePeer, kPair) {
  it.On("a", [](Script& s) {
    const int one = Bound("@one");
    const int two = Bound("@two");
    const int stranger = Bound("@stranger");
    s.Row("before")("sendto", SendToUnix(stranger, "@one", "early"));
    s.Row("connected")("connect", ConnectUnix(one, "@two"))("inq", InQueue(one));
    s("stranger", SendToUnix(stranger, "@one", "x"))("connect", ConnectUnix(stranger, "@one"));
    s("peer", SendToUnix(two, "@one", "from two"))("self", SendToUnix(one, "@one", "x"));
    s("peer connects", ConnectUnix(two, "@one"));
    for (int i = 0; i < 3; ++i) s.Text("recv", ReceiveWith(one, 64, 0));
    s.Row("the peer leaves").Send(two, "unread")("elsewhere", ConnectUnix(two, "@stranger"));
    s.Poll(one).Error(one).Receive(one).Receive(one).Send(one, "x").Text("peer", UnixPeer(one));
    s.Row("back")("connect", ConnectUnix(two, "@one")).Send(one, "y").Receive(two);
  });
}

ORACLE(UnixDatagram, PeerGone, kPair) {
  it.On("a", [](Script& s) {
    const int receiver = Bound("@gone");
    const int fd = Unix(SOCK_DGRAM);
    s.Row("connected")("connect", ConnectUnix(fd, "@gone")).Send(fd, "x");
    s("close", os::close(receiver)).Poll(fd).Error(fd).Text("peer", UnixPeer(fd));
    s("outq", OutQueue(fd)).Send(fd, "1").Text("peer", UnixPeer(fd)).Send(fd, "2").Poll(fd);
    s("recv", os::recv(fd, nullptr, 0, MSG_DONTWAIT));
    s.Row("a new one of the name");
    const int again = Bound("@gone");
    s.Send(fd, "3")("sendto", SendToUnix(fd, "@gone", "4"))("connect", ConnectUnix(fd, "@gone"));
    s.Send(fd, "5").Receive(again).Receive(again);
    const UnixPair pair = PairOf(SOCK_DGRAM);
    s.Row("pair").Send(pair.first, "unread").Send(pair.second, "for the survivor");
    s("close", os::close(pair.second)).Poll(pair.first).Receive(pair.first).Receive(pair.first);
    s("connect", ConnectUnix(pair.first, "@gone")).Text("peer", UnixPeer(pair.first));
    s.Send(pair.first, "6").Receive(again);
  });
}

ORACLE(UnixDatagram, StrangersOfAClosedPeer, kPair) {
  it.On("a", [](Script& s) {
    const int one = Bound("@one");
    const int two = Bound("@two");
    const int third = Bound("@third");
    ConnectUnix(one, "@two");
    os::close(two);
    s.Row("peer closed")("stranger", SendToUnix(third, "@one", "x")).Receive(one);
    s.Send(one, "x")("stranger", SendToUnix(third, "@one", "y")).Receive(one);
  });
}

ORACLE(UnixDatagram, FullQueue, kPair) {
  it.On("a", [](Script& s) {
    const int receiver = Bound("@full");
    const int fd = Unix(SOCK_DGRAM);
    ConnectUnix(fd, "@full");
    s.Row("fill").Text("sent", Fill(fd, 10)).Poll(fd)("outq", OutQueue(fd));
    const int other = Unix(SOCK_DGRAM);
    s("sendto", SendToUnix(other, "@full", "x")).Poll(other);
    s("connected later", ConnectUnix(other, "@full")).Poll(other);
    s.Row("one out").Receive(receiver).Poll(fd).Poll(other).Text("sent", Fill(fd, 10));
    s.Row("closed")("close", os::close(receiver)).Poll(fd).Poll(other)("outq", OutQueue(fd));
    s.Send(fd, "x");
    const UnixPair pair = PairOf(SOCK_DGRAM);
    s.Row("pair").Text("sent", Fill(pair.first, 10)).Poll(pair.first)("outq", OutQueue(pair.first));
  });
}

ORACLE(UnixDatagram, QueueLengthSysctl, kPair) {
  it.On("a", [](Script& s) {
    s.Sysctl("net.unix.max_dgram_qlen", "3");
    Bound("@short");
    const int fd = Unix(SOCK_DGRAM);
    ConnectUnix(fd, "@short");
    s.Row("fill").Text("sent", Fill(fd, 1));
  });
}

ORACLE(UnixDatagram, BlockingSend, kPair) {
  it.On("a", [](Script& s) {
    const int receiver = Bound("@slow");
    s.Announce("bound");
    s.Await("blocked");
    SleepMs(300);
    s.Row("drain");
    char byte;
    s("recv", os::recv(receiver, &byte, 1, 0));
    s.Await("sent");
    s.Await("timed out");
    s.Announce("closing");
    s("close", os::close(receiver));
  });
  it.On("a", [](Script& s) {
    s.Await("bound");
    const int fd = Unix(SOCK_DGRAM, 0);
    ConnectUnix(fd, "@slow");
    s.Row("fill").Text("sent", Fill(fd, 1));
    s.Announce("blocked");
    s.StartClock();
    s("send", os::send(fd, "y", 1, 0)).Elapsed();
    s.Announce("sent");
    s.Text("rest", Fill(fd, 1));
    SetTimeout(fd, SO_SNDTIMEO, 500);
    s.StartClock();
    s("timeout", os::send(fd, "y", 1, 0)).Elapsed();
    s.Announce("timed out");
  });
}

ORACLE(UnixDatagram, ReceiverClosesUnderABlockedSender, kPair) {
  it.On("a", [](Script& s) {
    const int receiver = Bound("@dying");
    s.Announce("bound");
    s.Await("blocked");
    SleepMs(300);
    s.Row("close")("close", os::close(receiver));
    s.Await("over");
  });
  it.On("a", [](Script& s) {
    s.Await("bound");
    const int fd = Unix(SOCK_DGRAM, 0);
    ConnectUnix(fd, "@dying");
    s.Row("fill").Text("sent", Fill(fd, 1));
    s.Announce("blocked");
    s.StartClock();
    s("send", os::send(fd, "y", 1, 0)).Elapsed().Send(fd, "z");
    s.Announce("over");
  });
}

ORACLE(UnixDatagram, Sizes, kPair) {
  it.On("a", [](Script& s) {
    const UnixPair pair = PairOf(SOCK_DGRAM);
    const std::string data(300000, 'x');
    for (const size_t size : {0, 1, 4096, 65536, 212960, 212961, 300000}) {
      s.Row(std::to_string(size));
      s("send", os::send(pair.first, data.data(), size, MSG_DONTWAIT))("outq",
                                                                       OutQueue(pair.first));
      s("inq", InQueue(pair.second)).Text("recv", ReceiveWith(pair.second, 300000, 0));
    }
    SetInt(pair.first, SOL_SOCKET, SO_SNDBUF, 5000);
    for (const size_t size : {5000, 9000, 9967, 9968, 9969, 10000}) {
      s("small buffer " + std::to_string(size),
        os::send(pair.first, data.data(), size, MSG_DONTWAIT));
      ReceiveWith(pair.second, 300000, 0);
    }
    s.Row("order of checks");
    const int fd = Unix(SOCK_DGRAM);
    s("too long for nobody", os::send(fd, data.data(), data.size(), 0));
    s("to nobody", SendToUnix(fd, "@nobody", data));
    s("bad address", os::sendto(fd, data.data(), data.size(), 0, UnixAddress("x").get(), 1));
    os::shutdown(fd, SHUT_WR);
    s("shut, to nobody", SendToUnix(fd, "@nobody", "x"))("too long",
                                                         SendToUnix(fd, "@nobody", data));
  });
}

ORACLE(UnixDatagram, Shutdown, kPair) {
  it.On("a", [](Script& s) {
    for (const int how : {SHUT_RD, SHUT_WR, SHUT_RDWR}) {
      const int receiver = Bound("@shut" + std::to_string(how));
      const int fd = Unix(SOCK_DGRAM);
      ConnectUnix(fd, "@shut" + std::to_string(how));
      s.Row(std::to_string(how)).Send(fd, "queued")("shut", os::shutdown(receiver, how));
      s.Poll(receiver).Poll(fd).Send(fd, "x").Receive(receiver).Receive(receiver);
      s("sendto", SendToUnix(receiver, "@shut" + std::to_string(how), "x"));
      s("own", os::shutdown(fd, how)).Poll(fd).Send(fd, "y");
      os::fcntl(receiver, F_SETFL, 0);
      SetTimeout(receiver, SO_RCVTIMEO, 200);
      char byte;
      s("blocking recv", os::recv(receiver, &byte, 1, 0));
    }
  });
}

ORACLE(UnixDatagram, ToItself, kPair) {
  it.On("a", [](Script& s) {
    const int fd = Bound("@self");
    s.Row("self")("connect", ConnectUnix(fd, "@self")).Text("peer", UnixPeer(fd)).Send(fd, "hello");
    s.Poll(fd).Text("recv", ReceiveWith(fd, 64, 0)).Text("fill", Fill(fd, 1));
    s("stranger", SendToUnix(Unix(SOCK_DGRAM), "@self", "x"));
    s("close", os::close(fd))("bind", BindUnix(Unix(SOCK_DGRAM), "@self"));
  });
}

ORACLE(UnixDatagram, LateNames, kPair) {
  it.On("a", [](Script& s) {
    const int receiver = Bound("@late receiver");
    const int fd = Unix(SOCK_DGRAM);
    s.Row("named after sending")("send", SendToUnix(fd, "@late receiver", "x"));
    BindUnix(fd, "@late");
    s.Text("recv", ReceiveWith(receiver, 64, 0));
    s.Row("closed after sending")("send", SendToUnix(fd, "@late receiver", "y"));
    os::close(fd);
    s.Text("recv", ReceiveWith(receiver, 64, 0))("reply", SendToUnix(receiver, "@late", "z"));
  });
}

ORACLE(UnixDatagram, Listen, kPair) {
  it.On("a", [](Script& s) {
    const int fd = Bound("@listen");
    s.Row("listen")("listen", os::listen(fd, 1))("accept", os::accept(fd, nullptr, nullptr));
    s.Option("acceptconn", fd, SOL_SOCKET, SO_ACCEPTCONN);
  });
}

}  // namespace
}  // namespace drywire::oracle
