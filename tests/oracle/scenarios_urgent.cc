// Urgent data of TCP: MSG_OOB, the mark, SO_OOBINLINE, SIOCATMARK and POLLPRI.
#include <netinet/tcp.h>

#include <csignal>
#include <string>

#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

int Available(int fd) {
  int bytes = -1;
  return os::ioctl(fd, FIONREAD, &bytes) < 0 ? -1 : bytes;
}

int AtMark(int fd) {
  int mark = -1;
  return os::ioctl(fd, SIOCATMARK, &mark) < 0 ? -1 : mark;
}

// What can be seen of the mark without reading.
Script& Look(Script& s, int fd) {
  s.Poll(fd, POLLIN | POLLRDHUP | POLLPRI);
  return s("readable", Available(fd))("mark", AtMark(fd));
}

// The urgent byte.
Script& Urgent(Script& s, int fd, int flags = 0) {
  return s.Receive(fd, MSG_OOB | MSG_DONTWAIT | flags);
}

// The client sends with a pause after each piece: those that end in '!' are urgent, without it.
void Pieces(Script& s, std::initializer_list<const char*> pieces) {
  const int fd = ReachServer(s);
  SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  for (std::string piece : pieces) {
    const bool urgent = piece.back() == '!';
    if (urgent) piece.pop_back();
    s.Send(fd, piece, MSG_NOSIGNAL | MSG_DONTWAIT | (urgent ? MSG_OOB : 0));
    Settle();
  }
  s.Announce("sent");
  s.Await("done");
}

// The client ends first.
void Finish(Script& s) {
  s.Announce("done");
  Settle();
  Settle();
}

// The server, once all of it is there.
int Late(Script& s, bool in_line = false) {
  s.Row("server");
  const int fd = ServeOne(s);
  if (in_line) SetInt(fd, SOL_SOCKET, SO_OOBINLINE, 1);
  s.Await("sent");
  return fd;
}

ORACLE(Urgent, Byte, kPair) {
  it.Watch("b");
  it.On("a", [](Script& s) { Pieces(s, {"abc!", "de"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    Look(s, fd);
    Urgent(s.Row("peeked"), fd, MSG_PEEK);
    Look(s.Receive(fd), fd);
    Urgent(s.Row("read"), fd);
    Urgent(Look(s, fd), fd);
    Look(s.Row("rest").Receive(fd), fd);
    Urgent(s, fd);
    Finish(s);
  });
}

ORACLE(Urgent, InLine, kPair) {
  it.On("a", [](Script& s) { Pieces(s, {"abc!", "de"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s, true);
    Urgent(Look(s, fd), fd);
    Look(s.Row("before").Receive(fd), fd);
    Urgent(s, fd);
    Look(s.Row("rest").Receive(fd), fd);
    Finish(s);
  });
}

ORACLE(Urgent, Alone, kPair) {
  it.Watch("b");
  it.On("a", [](Script& s) { Pieces(s, {"x!"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    Look(s, fd).Receive(fd);
    Look(s, fd);
    Urgent(s.Row("read"), fd);
    Look(s, fd).Receive(fd);
    Finish(s);
  });
}

ORACLE(Urgent, TextBeforeTheByteIsRead, kPair) {
  it.On("a", [](Script& s) { Pieces(s, {"abc!", "de"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    Look(s.Receive(fd), fd);
    Look(s.Row("past the mark").Receive(fd), fd);
    Urgent(s, fd);
    Finish(s);
  });
}

ORACLE(Urgent, Twice, kPair) {
  it.Watch("b");
  it.On("a", [](Script& s) { Pieces(s, {"A!", "B!", "c"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    Urgent(Look(s, fd), fd);
    Look(s.Receive(fd), fd);
    Look(s.Row("rest").Receive(fd), fd);
    Finish(s);
  });
}

ORACLE(Urgent, TwiceAtTheMark, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Send(fd, "abA", MSG_OOB);
    s.Await("at the mark");
    s.Send(fd, "B", MSG_OOB);
    Settle();
    s.Send(fd, "c");
    Settle();
    s.Announce("sent");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLPRI)).Receive(fd);
    Look(s, fd);
    s.Announce("at the mark");
    s.Await("sent");
    Look(s.Row("second"), fd);
    Urgent(s, fd);
    Look(s.Receive(fd), fd);
    s.Receive(fd);
    Finish(s);
  });
}

ORACLE(Urgent, TwiceApart, kPair) {
  it.On("a", [](Script& s) { Pieces(s, {"abA!", "cd", "efB!", "gh"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    Look(s, fd);
    for (int i = 0; i < 4; ++i) Look(s.Row("read " + std::to_string(i)).Receive(fd), fd);
    Urgent(s, fd);
    Finish(s);
  });
}

ORACLE(Urgent, Flags, kPair) {
  it.On("a", [](Script& s) { Pieces(s, {"abc!", "defg"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    char data[8] = "????";
    const auto message = [&](const char* label, size_t size, int flags) {
      iovec piece{data, size};
      msghdr header{};
      header.msg_iov = &piece;
      header.msg_iovlen = 1;
      std::memset(data, '?', sizeof data - 1);
      s.Row(label)("read", os::recvmsg(fd, &header, flags | MSG_DONTWAIT));
      s("flags", header.msg_flags).Text("data", data);
    };
    message("peek none", 0, MSG_OOB | MSG_PEEK);
    message("peek two", 2, MSG_OOB | MSG_PEEK);
    message("cut", 1, MSG_OOB | MSG_TRUNC | MSG_PEEK);
    message("peek text", 7, MSG_PEEK);
    message("all", 7, MSG_WAITALL);
    message("peek at the mark", 7, MSG_PEEK);
    message("none", 0, 0);
    Look(s, fd);
    message("none urgent", 0, MSG_OOB);
    message("again", 1, MSG_OOB);
    message("rest", 7, MSG_WAITALL);
    Finish(s);
  });
}

ORACLE(Urgent, InPieces, kPair) {
  it.On("a", [](Script& s) { Pieces(s, {"abc!", "defg"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    char data[8];
    const auto read = [&](size_t size, int flags = 0) {
      const ssize_t n = os::recv(fd, data, size, MSG_DONTWAIT | flags);
      s("n", n).Text("data", std::string(data, n > 0 ? static_cast<size_t>(n) : 0));
    };
    s.Row("one");
    read(1);
    read(7, MSG_PEEK);
    read(1);
    Look(s, fd);
    s.Row("on");
    read(3, MSG_PEEK);
    read(1);
    Look(s, fd);
    read(7);
    Finish(s);
  });
}

ORACLE(Urgent, LowWater, kPair) {
  it.On("a", [](Script& s) { Pieces(s, {"abc!", "d"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    for (const int least : {2, 3, 4, 5}) {
      SetInt(fd, SOL_SOCKET, SO_RCVLOWAT, least);
      s.Row(std::to_string(least)).Poll(fd, POLLIN | POLLPRI);
    }
    SetInt(fd, SOL_SOCKET, SO_RCVLOWAT, 1);
    s.Receive(fd);
    for (const int least : {1, 2}) {
      SetInt(fd, SOL_SOCKET, SO_RCVLOWAT, least);
      s.Row("at the mark, " + std::to_string(least)).Poll(fd, POLLIN | POLLPRI);
    }
    Finish(s);
  });
}

ORACLE(Urgent, SetInLineLater, kPair) {
  it.On("a", [](Script& s) { Pieces(s, {"abc!", "d"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    s.Receive(fd);
    SetInt(fd, SOL_SOCKET, SO_OOBINLINE, 1);
    Urgent(Look(s.Row("in line"), fd), fd).Receive(fd, MSG_PEEK | MSG_DONTWAIT);
    SetInt(fd, SOL_SOCKET, SO_OOBINLINE, 0);
    Urgent(Look(s.Row("out of line"), fd), fd).Receive(fd);
    Finish(s);
  });
}

ORACLE(Urgent, TheEnd, kPair) {
  it.Watch("b");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Send(fd, "abc", MSG_OOB | MSG_NOSIGNAL);
    os::close(fd);
    s.Announce("sent");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    Settle();
    Look(s, fd).Receive(fd);
    Look(s.Row("mark"), fd).Receive(fd);
    Look(s.Row("end"), fd);
    Urgent(s, fd);
    Urgent(s, fd);
    Finish(s);
  });
}

ORACLE(Urgent, AfterShutdownAndReset, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    for (const uint16_t port : {80, 81, 82}) {
      const int fd = ReachServer(s, port);
      s.Send(fd, "abc", MSG_OOB | MSG_NOSIGNAL);
      s.Await("looked " + std::to_string(port));
      if (port == 81) {
        SetLinger(fd, 0);
        os::close(fd);
      }
      s.Announce("sent " + std::to_string(port));
    }
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    for (const uint16_t port : {80, 81, 82}) {
      s.Row("port " + std::to_string(port));
      const int fd = ServeOne(s, port);
      s("wait", WaitFor(fd, POLLPRI));
      if (port == 80) s("shutdown", os::shutdown(fd, SHUT_RD));
      if (port == 82) s("shutdown", os::shutdown(fd, SHUT_RDWR));
      s.Announce("looked " + std::to_string(port));
      s.Await("sent " + std::to_string(port));
      Settle();
      Look(s, fd);
      Urgent(s, fd, MSG_PEEK);
      Urgent(s, fd);
      Urgent(s, fd);
      s.Receive(fd).Receive(fd).Receive(fd);
    }
    Finish(s);
  });
}

ORACLE(Urgent, NotConnected, kPair) {
  it.On("a", [](Script& s) {
    const int fresh = Tcp();
    s.Row("fresh")("mark", AtMark(fresh));
    Urgent(s, fresh).Send(fresh, "x", MSG_OOB | MSG_NOSIGNAL);
    const int listener = ListenOn("10.0.0.1", 9);
    s.Row("listener")("mark", AtMark(listener));
    Urgent(s, listener).Send(listener, "x", MSG_OOB | MSG_NOSIGNAL);
    s.Firewall("output tcp dport 80 drop");
    const int opening = Tcp();
    s.Row("opening")("connect", Connect(opening, "10.0.0.2", 80))("mark", AtMark(opening));
    Urgent(s, opening).Send(opening, "x", MSG_OOB | MSG_NOSIGNAL | MSG_DONTWAIT);
    const int udp = Udp();
    s.Row("udp")("mark", AtMark(udp)).Receive(udp, MSG_OOB | MSG_DONTWAIT);
    int pair[2];
    for (const int type : {SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM}) {
      os::socketpair(AF_UNIX, type, 0, pair);
      s.Row("unix")("mark", AtMark(pair[0]));
    }
    int pipe[2];
    os::pipe2(pipe, 0);
    s.Row("pipe")("mark", AtMark(pipe[0]))("none", AtMark(99));
    s.Row("address")("ioctl", os::ioctl(fresh, SIOCATMARK, nullptr));
  });
}

// What is urgent is not held back: not by Nagle's algorithm, but by a cork.
ORACLE(Urgent, NotHeldBack, kPair) {
  it.Watch("b");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Send(fd, "abc").Send(fd, "de").Send(fd, "f", MSG_OOB | MSG_NOSIGNAL).Send(fd, "gh");
    Settle();
    Settle();
    SetInt(fd, IPPROTO_TCP, TCP_CORK, 1);
    s.Send(fd, "ijk", MSG_OOB | MSG_NOSIGNAL).Send(fd, "lm");
    SleepMs(400);
    s.Send(fd, "op", MSG_OOB | MSG_NOSIGNAL | MSG_MORE);
    SetInt(fd, IPPROTO_TCP, TCP_CORK, 0);
    Settle();
    s.Send(fd, "qr", MSG_OOB | MSG_NOSIGNAL | MSG_MORE).Send(fd, "st");
    Settle();
    s.Announce("sent");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    Look(s, fd).Receive(fd).Receive(fd);
    Finish(s);
  });
}

// What was lost is sent again as urgent as it was.
ORACLE(Urgent, Lost, kPair) {
  it.Watch("b");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Await("deaf");
    s.Send(fd, "abc", MSG_OOB | MSG_NOSIGNAL).Send(fd, "de");
    SleepMs(100);
    s.Announce("lost");
    SleepMs(900);
    s.Announce("sent");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Firewall("input tcp dport 80 drop");
    s.Announce("deaf");
    s.Await("lost");
    s.Firewall("flush chain inet filter input");
    s.Await("sent");
    Look(s, fd).Receive(fd).Receive(fd);
    Finish(s);
  });
}

ORACLE(Urgent, SpliceStopsAtTheMark, kPair) {
  it.On("a", [](Script& s) { Pieces(s, {"abc!", "de"}); });
  it.On("b", [](Script& s) {
    const int fd = Late(s);
    int pipe[2];
    os::pipe2(pipe, O_NONBLOCK);
    for (int i = 0; i < 3; ++i) {
      s("splice", os::splice(fd, nullptr, pipe[1], nullptr, 10, SPLICE_F_NONBLOCK));
      Look(s, fd);
    }
    Urgent(s.Row("urgent"), fd);
    s("splice", os::splice(fd, nullptr, pipe[1], nullptr, 10, SPLICE_F_NONBLOCK));
    s.Receive(fd);
    Finish(s);
  });
}

// A blocking receive gets the text before the mark, or waits there for what follows.
ORACLE(Urgent, Waiting, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    SleepMs(100);
    s.Send(fd, "x", MSG_OOB | MSG_NOSIGNAL);
    SleepMs(200);
    s.Send(fd, "yz");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    os::fcntl(fd, F_SETFL, 0);
    s.StartClock();
    char data[8];
    s("read", os::recv(fd, data, sizeof data, 0)).Elapsed();
    Look(s, fd);
    Finish(s);
  });
}

ORACLE(Urgent, EdgesAndSelect, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    for (const char* step : {"1", "2", "3"}) {
      s.Await(step);
      s.Send(fd, step, MSG_OOB | MSG_NOSIGNAL);
    }
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    const int epoll = os::epoll_create1(0);
    epoll_event event{EPOLLIN | EPOLLPRI | EPOLLET, {}};
    os::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    const auto wait = [&](int ms) {
      epoll_event got{};
      s("n", os::epoll_wait(epoll, &got, 1, ms)).Text("events", Script::Events(got.events));
    };
    wait(0);
    for (const char* step : {"1", "2", "3"}) {
      s.Announce(step);
      s.Row(step);
      wait(2000);
      wait(50);
      fd_set in;
      fd_set except;
      FD_ZERO(&in);
      FD_ZERO(&except);
      FD_SET(fd, &in);
      FD_SET(fd, &except);
      timeval none{};
      s("select", os::select(fd + 1, &in, nullptr, &except, &none));
      s("in", FD_ISSET(fd, &in))("except", FD_ISSET(fd, &except));
      Urgent(s, fd);
      wait(50);
    }
    Finish(s);
  });
}

}  // namespace
}  // namespace drywire::oracle
