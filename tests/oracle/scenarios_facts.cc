// Statements about Linux that are known by number (docs/conformance.md), between two hosts.
#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

// What every call says of a socket.
void Everything(Script& s, int fd) {
  s.Poll(fd).Receive(fd).Send(fd, "x")("connect", Connect(fd, "10.0.0.2", 80));
  s.LocalAddress(fd).PeerAddress(fd).Error(fd)("listen", os::listen(fd, 1));
  s("accept", os::accept(fd, nullptr, nullptr))("bind", Bind(fd, "10.0.0.1", 0));
  s("shutdown", os::shutdown(fd, SHUT_WR)).Poll(fd);
}

ORACLE(Fact02, WhileAConnectIsPending, kImpatientPair) {
  it.On("a", [](Script& s) {
    const int fd = Tcp();
    s.Row("pending")("connect", Connect(fd, "10.0.0.2", 99))("again", Connect(fd, "10.0.0.2", 99));
    char byte;
    s("read", os::read(fd, &byte, 1))("write", os::write(fd, "x", 1)).PeerName(fd).Error(fd);
    s.Poll(fd).LocalAddress(fd);
    const int other = Tcp();
    s.Row("everything")("connect", Connect(other, "10.0.0.2", 99));
    Everything(s, other);
  });
}

ORACLE(Fact03, RefusedConnect, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    const int fd = Tcp();
    s.Row("refused")("connect", Connect(fd, "10.0.0.2", 9))("wait", WaitFor(fd, POLLERR));
    s.Poll(fd).Error(fd).Error(fd).Poll(fd).Receive(fd).Send(fd, "x").Poll(fd);
    const int other = Tcp();
    s.Row("everything")("connect", Connect(other, "10.0.0.2", 9))("wait", WaitFor(other, POLLERR));
    Everything(s, other);
  });
}

ORACLE(Fact04, TheFirstToAskTakesTheError, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    for (const char* first : {"error", "read", "write", "connect"}) {
      const int fd = Tcp();
      s.Row(first)("connect", Connect(fd, "10.0.0.2", 9))("wait", WaitFor(fd, POLLERR));
      if (first[0] == 'e') s.Error(fd);
      if (first[0] == 'r') s.Receive(fd);
      if (first[0] == 'w') s.Send(fd, "x");
      if (first[0] == 'c') s("connect", Connect(fd, "10.0.0.2", 9));
      s.Error(fd).Receive(fd).Send(fd, "x")("connect", Connect(fd, "10.0.0.2", 9));
      Settle();
      s.Error(fd)("connect", Connect(fd, "10.0.0.2", 9));
      os::close(fd);
    }
    const int blocking = Tcp(0);
    s.Row("blocking")("connect", Connect(blocking, "10.0.0.2", 9)).Error(blocking);
  });
}

ORACLE(Fact08, CloseAndShutdownWhileConnecting, kImpatientPair) {
  it.On("a", [](Script& s) {
    for (const int how : {SHUT_RD, SHUT_WR, SHUT_RDWR}) {
      const int fd = Tcp();
      s.Row("shutdown " + std::to_string(how))("connect", Connect(fd, "10.0.0.2", 99));
      s("shutdown", os::shutdown(fd, how)).Poll(fd).Error(fd).Poll(fd).Receive(fd).Send(fd, "x");
      s("connect", Connect(fd, "10.0.0.2", 99)).Poll(fd);
    }
    const int fd = Tcp();
    Bind(fd, "10.0.0.1", 7000);
    s.Row("close")("connect", Connect(fd, "10.0.0.2", 99))("close", os::close(fd));
    s("port is free", Bind(Tcp(), "10.0.0.1", 7000));
  });
}

ORACLE(Fact08, LateAnswerDrawsAReset, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Await("ready");
    s.Firewall("input tcp sport 80 drop");
    const int fd = Tcp();
    s.Row("client")("connect", Connect(fd, "10.0.0.2", 80));
    Settle();
    s("close", os::close(fd));
    s.Firewall("flush chain inet filter input");
    s.Await("reset");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    SleepMs(2500);
    s.Poll(listener)("accept", os::accept(listener, nullptr, nullptr));
    s.Announce("reset");
  });
}

ORACLE(Fact09, TimedOutConnect, kImpatientPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    const int fd = Tcp();
    s.Row("timed out")("connect", Connect(fd, "10.0.0.2", 99));
    s("wait", WaitFor(fd, POLLERR, 5000)).Elapsed().Poll(fd);
    Everything(s, fd);
  });
}

ORACLE(Fact12, FreshSockets, kPair) {
  it.On("a", [](Script& s) {
    os::signal(SIGPIPE, SIG_IGN);
    for (const int family : {AF_INET, AF_INET6}) {
      for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        const int fd = os::socket(family, type | SOCK_NONBLOCK, 0);
        s.Row(std::to_string(family) + " " + std::to_string(type)).Poll(fd);
        char byte;
        s("read", os::read(fd, &byte, 1))("write", os::write(fd, "x", 1));
        s("to", family == AF_INET ? SendTo(fd, "x", "10.0.0.2", 9, MSG_NOSIGNAL)
                                  : SendTo6(fd, "x", "fd00::2", 9, MSG_NOSIGNAL));
        s.LocalAddress(fd).PeerAddress(fd).Error(fd)("read", os::shutdown(fd, SHUT_RD));
        s("listen", os::listen(fd, 1)).Poll(fd);
      }
    }
  });
}

ORACLE(Fact17, DataAfterAFullClose, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("close", os::close(fd));
    s.Announce("closed");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("closed");
    s("wait", WaitFor(fd, POLLRDHUP)).Poll(fd).Send(fd, "too late");
    Settle();
    s.Poll(fd).Error(fd).Poll(fd).Receive(fd).Send(fd, "x");
    s.Announce("done");
  });
}

ORACLE(Fact18, ShutdownOfBothDirections, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Send(fd, "queued")("shutdown", os::shutdown(fd, SHUT_RDWR)).Poll(fd).Receive(fd);
    s.Send(fd, "x")("again", os::shutdown(fd, SHUT_RDWR));
    s.Announce("shut");
    s.Await("read");
    Settle();
    s.Poll(fd)("again", os::shutdown(fd, SHUT_WR)).PeerAddress(fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("shut");
    SleepMs(60);
    s.Poll(fd).Receive(fd).Receive(fd);
    os::close(fd);
    s.Announce("read");
    s.Await("done");
  });
}

ORACLE(Fact20, OrphanWithUserTimeout, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    SetInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000);
    s.Announce("connected");
    s.Await("silent");
    s.Send(fd, "lost")("close", os::close(fd));
    SleepMs(3000);
    s.Announce("gone");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("connected");
    s.Firewall("input tcp dport 80 drop");
    s.Announce("silent");
    s.Await("gone");
    s.Firewall("flush chain inet filter input");
    s.Poll(fd).Send(fd, "hello");
    Settle();
    s.Poll(fd).Error(fd).Receive(fd);
    s.Announce("done");
  });
}

ORACLE(Fact22, SynToAnOldConnection, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Await("ready");
    for (const char* row : {"first", "again", "and again"}) {
      const int fd = Tcp(0);
      SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
      s.Row(row)("bind", Bind(fd, "10.0.0.1", 7000))("connect", Connect(fd, "10.0.0.2", 80));
      // The server closes first, so that it is the one in TIME-WAIT.
      s("wait", WaitFor(fd, POLLRDHUP))("close", os::close(fd));
      Settle();
    }
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    int served = 0;
    while (!s.Announced("done")) {
      WaitFor(listener, POLLIN, 20);
      const int fd = os::accept(listener, nullptr, nullptr);
      if (fd < 0) continue;
      ++served;
      os::close(fd);
    }
    s("served", served);
  });
}

// The SYN reaches TIME-WAIT, which acknowledges its old connection; the RST that this draws ends
// it, and the next SYN finds the closed port. The packets are not compared: their numbers are the
// distance of two random ISNs.
ORACLE(Fact22, SynThatNobodyListensFor, kPair) {
  it.On("a", [](Script& s) {
    s.Await("ready");
    for (const char* row : {"first", "again"}) {
      const int fd = Tcp(0);
      SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
      s.Row(row)("bind", Bind(fd, "10.0.0.1", 7000))("connect", Connect(fd, "10.0.0.2", 80));
      s("wait", WaitFor(fd, POLLRDHUP))("close", os::close(fd));
      s.Announce(row);
      s.Await("deaf");
    }
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    s("close", os::close(Accept(listener)));
    s.Await("first");
    s("close", os::close(listener));
    Settle();
    s.Announce("deaf");
    s.Await("again");
  });
}

}  // namespace
}  // namespace drywire::oracle
