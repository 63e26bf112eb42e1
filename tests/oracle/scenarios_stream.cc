// Streams between two hosts: data, ends, halves, resets, lingering.
#include "stack/socket/tcp_info.h"
#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

ORACLE(Stream, RequestAndReply, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.LocalAddress(fd).PeerName(fd).Send(fd, "request");
    s("wait", WaitFor(fd, POLLIN)).Receive(fd);
    s.Row("end")("shutdown", os::shutdown(fd, SHUT_WR)).Poll(fd);
    s("wait", WaitFor(fd, POLLRDHUP)).Receive(fd).Poll(fd)("close", os::close(fd));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.LocalName(fd).PeerAddress(fd)("wait", WaitFor(fd, POLLIN)).Receive(fd).Send(fd, "reply");
    s.Row("end")("wait", WaitFor(fd, POLLRDHUP)).Poll(fd).Receive(fd).Send(fd, "");
    s("close", os::close(fd));
  });
}

ORACLE(Stream, ResetWithDataQueued, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("wait", WaitFor(fd, POLLERR)).Poll(fd).Receive(fd).Receive(fd).Receive(fd).Send(fd, "x");
    s.Error(fd).Poll(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Send(fd, "farewell");
    Settle();
    SetLinger(fd, 0);
    s("close", os::close(fd));
  });
}

ORACLE(Stream, ResetFoundByWriting, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("wait", WaitFor(fd, POLLERR)).Send(fd, "x").Send(fd, "x").Receive(fd).Receive(fd).Poll(fd);
    s.PeerName(fd).LocalAddress(fd)("shutdown", os::shutdown(fd, SHUT_RDWR));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Send(fd, "farewell");
    Settle();
    SetLinger(fd, 0);
    s("close", os::close(fd));
  });
}

ORACLE(Stream, WritingToAClosedPeer, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("wait", WaitFor(fd, POLLRDHUP)).Poll(fd).Receive(fd).Send(fd, "first");
    Settle();
    s.Poll(fd).Send(fd, "second").Error(fd).Send(fd, "third").Receive(fd).Poll(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("close", os::close(fd));
  });
}

ORACLE(Stream, UnreadDataAtClose, kPair) {
  it.ExpectDifference(
      "packets",
      "the kernel's window counts the memory that unread data takes, here its bytes "
      "count");
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Send(fd, "never read");
    s.Announce("sent");
    s("wait", WaitFor(fd, POLLRDHUP)).Poll(fd).Error(fd).Receive(fd).Send(fd, "x").Poll(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("sent");
    s("wait", WaitFor(fd, POLLIN))("close", os::close(fd));
  });
}

ORACLE(Stream, HalfClosedTransfer, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("shutdown", os::shutdown(fd, SHUT_WR)).Send(fd, "x").Poll(fd);
    s("again", os::shutdown(fd, SHUT_WR));
    s.Announce("shut");
    s("wait", WaitFor(fd, POLLIN)).Receive(fd);
    s("wait", WaitFor(fd, POLLRDHUP)).Poll(fd).Receive(fd);
    s("after", os::shutdown(fd, SHUT_WR))("close", os::close(fd));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("shut");
    SleepMs(60);
    s("wait", WaitFor(fd, POLLRDHUP)).Poll(fd).Receive(fd).Send(fd, "late").Poll(fd);
    SleepMs(60);
    s("close", os::close(fd));
  });
}

ORACLE(Stream, ShutReadStillReceives, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("shutdown", os::shutdown(fd, SHUT_RD)).Poll(fd).Receive(fd);
    s.Announce("shut");
    s.Await("sent");
    Settle();
    s.Poll(fd).Receive(fd).Receive(fd).Send(fd, "x").Poll(fd);
    s("both", os::shutdown(fd, SHUT_WR)).Poll(fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("shut");
    s.Poll(fd).Send(fd, "to nobody");
    s.Announce("sent");
    s.Await("done");
    Settle();
    s.Poll(fd).Receive(fd).Receive(fd);
  });
}

ORACLE(Stream, LingerZero, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("linger", SetLinger(fd, 0))("close", os::close(fd));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLERR)).Poll(fd).Error(fd).Poll(fd).Receive(fd).PeerName(fd);
    s("shutdown", os::shutdown(fd, SHUT_WR));
  });
}

ORACLE(Stream, LingerWaitsForTheFin, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    os::fcntl(fd, F_SETFL, 0);
    SetLinger(fd, 3);
    s.Send(fd, "bye");
    s.StartClock();
    s("close", os::close(fd)).Elapsed();
    const int silent = ReachServer(s, 81);
    s.Firewall("output tcp dport 81 drop");
    SetLinger(silent, 1);
    os::fcntl(silent, F_SETFL, 0);
    s.Row("nobody answers").Send(silent, "bye");
    s("close", os::close(silent)).Elapsed();
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLRDHUP)).Receive(fd).Receive(fd);
    ServeOne(s, 81);
    SleepMs(1500);
  });
}

ORACLE(Stream, SimultaneousClose, kPair) {
  const auto close = [](Script& s, int fd) {
    os::shutdown(fd, SHUT_WR);
    s("wait", WaitFor(fd, POLLRDHUP));
    Settle();
    s.Poll(fd).Receive(fd).Send(fd, "x")("shutdown", os::shutdown(fd, SHUT_WR)).PeerAddress(fd);
  };
  it.On("a", [close](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    close(s, fd);
  });
  it.On("b", [close](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    close(s, fd);
  });
}

ORACLE(Stream, ManyMessagesInOrder, kPair) {
  it.Watch("b");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    for (int i = 0; i < 9; ++i) s.Send(fd, std::to_string(i));
    s("shutdown", os::shutdown(fd, SHUT_WR));
    s("wait", WaitFor(fd, POLLRDHUP)).Receive(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLRDHUP)).Receive(fd, MSG_PEEK).Receive(fd).Receive(fd);
  });
}

ORACLE(Stream, AMegabyte, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    os::fcntl(fd, F_SETFL, 0);
    static char block[1 << 20];
    s("send", os::send(fd, block, sizeof block, 0))("shutdown", os::shutdown(fd, SHUT_WR));
    s("wait", WaitFor(fd, POLLRDHUP)).Receive(fd).Poll(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    os::fcntl(fd, F_SETFL, 0);
    static char block[1 << 20];
    s("recv", os::recv(fd, block, sizeof block, MSG_WAITALL))("wait", WaitFor(fd, POLLRDHUP));
    s.Receive(fd);
  });
}

ORACLE(Stream, WaitAllEndsEarly, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Send(fd, "abc");
    SleepMs(100);
    s.Send(fd, "def");
    SleepMs(100);
    os::close(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    os::fcntl(fd, F_SETFL, 0);
    char data[64];
    s.StartClock();
    s("five", os::recv(fd, data, 5, MSG_WAITALL)).Elapsed();
    s("rest", os::recv(fd, data, 50, MSG_WAITALL)).Elapsed();
    s("end", os::recv(fd, data, 50, MSG_WAITALL));
  });
}

ORACLE(Stream, LowWaterMark, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Send(fd, "abc");
    s.Await("looked");
    s.Send(fd, "def");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    SetInt(fd, SOL_SOCKET, SO_RCVLOWAT, 5);
    Settle();
    s.Poll(fd);
    s.Announce("looked");
    s("wait", WaitFor(fd, POLLIN)).Poll(fd).Receive(fd);
    s.Announce("done");
  });
}

ORACLE(Stream, OddReceives, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Send(fd, "plain").Send(fd, "", MSG_NOSIGNAL).Poll(fd);
    s("bad flags", os::send(fd, "x", 1, MSG_ERRQUEUE | MSG_NOSIGNAL));
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    Settle();
    s("oob", os::recv(fd, nullptr, 0, MSG_OOB)).Receive(fd).Receive(fd, MSG_DONTWAIT | MSG_OOB);
    s("empty", os::recv(fd, nullptr, 0, MSG_DONTWAIT)).Receive(fd);
    s.Announce("done");
  });
}

ORACLE(Stream, ClientBindsItsAddress, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("listening 80");
    const int fd = Tcp(0);
    s("bind", Bind(fd, "10.0.0.1", 7000))("connect", Connect(fd, "10.0.0.2", 80)).LocalName(fd);
    s("bind", Bind(fd, "10.0.0.1", 7001))("listen", os::listen(fd, 1));
    const int second = Tcp(0);
    s("same", Bind(second, "10.0.0.1", 7000))("other", Bind(second, "127.0.0.1", 7000));
    s.Row("closed")("close", os::close(fd));
    const int third = Tcp(0);
    s("bind", Bind(third, "10.0.0.1", 7000));
    SetInt(third, SOL_SOCKET, SO_REUSEADDR, 1);
    s("bind", Bind(third, "10.0.0.1", 7000));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.PeerName(fd)("wait", WaitFor(fd, POLLRDHUP)).Receive(fd)("close", os::close(fd));
  });
}

// TCP_INQ: what can still be read comes with what is read; the end counts as a byte.
ORACLE(Stream, BytesStillUnread, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    const auto read = [&](const char* label, size_t size, size_t control_room, int flags = 0) {
      char data[16];
      alignas(cmsghdr) char control[64] = {};
      iovec vector = {data, size};
      msghdr message = {};
      message.msg_iov = &vector;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = control_room;
      s.Row(label)("got", os::recvmsg(fd, &message, MSG_DONTWAIT | flags));
      s("flags", message.msg_flags)("control", static_cast<int64_t>(message.msg_controllen));
      if (message.msg_controllen < sizeof(cmsghdr)) return;
      cmsghdr header;
      int unread = 0;
      std::memcpy(&header, control, sizeof header);
      std::memcpy(&unread, control + sizeof header, sizeof unread);
      s("length", static_cast<int64_t>(header.cmsg_len))("level", header.cmsg_level);
      s("type", header.cmsg_type)("unread", unread);
    };
    for (const int value : {-1, 0, 1, 2}) s("set", SetInt(fd, IPPROTO_TCP, TCP_INQ, value));
    s.Option("is", fd, IPPROTO_TCP, TCP_INQ)("wait", WaitFor(fd, POLLRDHUP));
    read("some", 2, 64);
    read("peeked", 1, 64, MSG_PEEK);
    read("no room", 1, 0);
    read("little room", 1, sizeof(cmsghdr) + 2);
    read("the rest", 16, 64);
    read("the end", 16, 64);
    SetInt(fd, IPPROTO_TCP, TCP_INQ, 0);
    read("off", 16, 64);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Send(fd, "12345678")("close", os::close(fd));
  });
}

// TCP_NOTSENT_LOWAT: a socket is writable while less than half of it waits to be sent.
ORACLE(Stream, UnsentLowWater, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Option("default", fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT);
    for (const int value : {-1, 0, 1000, 1}) {
      s("set", SetInt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, value));
      s.Option("is", fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT).Poll(fd);
    }
    SetInt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 10'000);
    SetInt(fd, IPPROTO_TCP, TCP_CORK, 1);
    const std::string part(400, 'x');
    s.Row("corked").Send(fd, part).Poll(fd);
    for (const int value : {401, 800, 801, 400, 802}) {
      SetInt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, value);
      s.Row(std::to_string(value)).Poll(fd);
    }
    SetInt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 100);
    SetInt(fd, IPPROTO_TCP, TCP_CORK, 0);
    s.Row("sent").Poll(fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("done");
    os::close(fd);
  });
}

// MSG_EOR: what comes after it goes into segments of its own.
ORACLE(Stream, Records, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    SetInt(fd, IPPROTO_TCP, TCP_CORK, 1);
    constexpr int kQuietly = MSG_DONTWAIT | MSG_NOSIGNAL;
    s.Send(fd, "one ").Send(fd, "two", kQuietly | MSG_EOR);
    Settle();
    s.Send(fd, "three").Send(fd, "four", kQuietly | MSG_EOR).Send(fd, "five");
    Settle();
    SetInt(fd, IPPROTO_TCP, TCP_CORK, 0);
    Settle();
    s.Send(fd, "six", kQuietly | MSG_EOR)("shutdown", os::shutdown(fd, SHUT_WR));
    s("wait", WaitFor(fd, POLLRDHUP))("close", os::close(fd));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLRDHUP)).Receive(fd)("close", os::close(fd));
  });
}

// TCP_INFO of a client that sent a request and had a reply, a quarter of a second later: what does
// not depend on the congestion control that the machine prefers.
ORACLE(Stream, TcpInfo, kPair) {
  it.On("a", [](Script& s) {
    const auto show = [&](const char* label, int fd) {
      LinuxTcpInfo all;
      socklen_t length = sizeof all;
      s.Row(label)("get", os::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &all, &length));
      const tcp_info& info = all.known;
      s("state", info.tcpi_state)("ca", info.tcpi_ca_state)("retransmits", info.tcpi_retransmits);
      s("probes", info.tcpi_probes)("backoff", info.tcpi_backoff)("options", info.tcpi_options);
      s("snd_wscale", info.tcpi_snd_wscale)("rcv_wscale", info.tcpi_rcv_wscale);
      s("rto", info.tcpi_rto)("ato", info.tcpi_ato)("snd_mss", info.tcpi_snd_mss);
      s("rcv_mss", info.tcpi_rcv_mss)("unacked", info.tcpi_unacked)("sacked", info.tcpi_sacked);
      s("lost", info.tcpi_lost)("retrans", info.tcpi_retrans)("fackets", info.tcpi_fackets);
      const auto tenths = [](uint32_t ms) { return (ms + 30) / 100; };
      s("sent ago", tenths(info.tcpi_last_data_sent))("acked ago", tenths(info.tcpi_last_ack_recv));
      s("received ago", tenths(info.tcpi_last_data_recv))("pmtu", info.tcpi_pmtu);
      s("snd_ssthresh", info.tcpi_snd_ssthresh)("advmss", info.tcpi_advmss);
      s("reordering", info.tcpi_reordering)("total_retrans", info.tcpi_total_retrans);
      s("bytes received", static_cast<int64_t>(all.tcpi_bytes_received));
      s("notsent", all.tcpi_notsent_bytes)("snd_wnd", all.tcpi_snd_wnd)("rcv_wnd",
                                                                        all.tcpi_rcv_wnd);
    };
    s.Row("client");
    const int fd = ReachServer(s);
    show("open", fd);
    s.Row("reply").Send(fd, "request")("wait", WaitFor(fd, POLLIN)).Receive(fd);
    SleepMs(250);
    show("later", fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLIN)).Receive(fd).Send(fd, "the reply");
    s.Await("done");
    os::close(fd);
  });
}

ORACLE(Stream, TimeWaitHoldsItsPort, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("listening 80");
    const auto open = [&](uint16_t port) {
      const int fd = Tcp(0);
      SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
      s("bind", Bind(fd, "10.0.0.1", 7000))("connect", Connect(fd, "10.0.0.2", port));
      return fd;
    };
    int fd = open(80);
    os::close(fd);
    Settle();
    s.Row("again");
    fd = open(80);
    s.Row("elsewhere");
    fd = open(81);
    s.Error(fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("listening 80");
    const int fd = Accept(listener);
    s("wait", WaitFor(fd, POLLRDHUP))("close", os::close(fd));
    s.Await("done");
  });
}

}  // namespace
}  // namespace drywire::oracle
