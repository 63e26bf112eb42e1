// Queues of UNIX sockets: backlog, buffers, readiness, what waits and who is woken.
#include <string>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"
#include "tests/oracle/unix_script.h"

namespace drywire::oracle {
namespace {

ORACLE(UnixBacklog, HowManyFit, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
      for (const int backlog : {0, 1, 2, 5, -1}) {
        const std::string name = "@b" + std::to_string(type) + std::to_string(backlog);
        const int listener = ListenUnix(name, backlog, type);
        int admitted = 0;
        while (admitted < 20 && ConnectUnix(Unix(type), name) == 0) ++admitted;
        s.Row(name)("admitted", admitted).Text("then", ErrorName(errno));
        if (admitted == 20) continue;
        const int late = Unix(type);
        s("again", ConnectUnix(late, name)).Poll(late).Error(late);
        os::accept(listener, nullptr, nullptr);
        s("after accept", ConnectUnix(late, name))("full", ConnectUnix(Unix(type), name));
        s("more backlog", os::listen(listener, 10))("room", ConnectUnix(Unix(type), name));
        const int connected = late;
        s("connected", ConnectUnix(connected, name));
      }
    }
  });
}

ORACLE(UnixBacklog, FullForConnected, kPair) {
  it.On("a", [](Script& s) {
    const int listener = ListenUnix("@full", 0);
    const int fd = Unix();
    s.Row("order")("connect", ConnectUnix(fd, "@full"))("full or connected",
                                                        ConnectUnix(fd, "@full"));
    s("listener", ConnectUnix(listener, "@full"));
  });
}

ORACLE(UnixBacklog, BlockingConnectWaits, kPair) {
  it.On("a", [](Script& s) {
    const int listener = ListenUnix("@waits", 0);
    ConnectUnix(Unix(), "@waits");
    s.Announce("full");
    SleepMs(500);
    s.Row("accept").Ok("accept", os::accept(listener, nullptr, nullptr));
    s.Await("connected");
    s.Announce("done");
  });
  it.On("a", [](Script& s) {
    s.Await("full");
    const int fd = Unix(SOCK_STREAM, 0);
    s.Row("blocking");
    s.StartClock();
    s("connect", ConnectUnix(fd, "@waits")).Elapsed().Poll(fd);
    s.Row("timeout");
    const int second = Unix(SOCK_STREAM, 0);
    SetTimeout(second, SO_SNDTIMEO, 300);
    s.StartClock();
    s("connect", ConnectUnix(second, "@waits")).Elapsed().Error(second).Poll(second);
    s("again", ConnectUnix(second, "@waits")).Elapsed();
    s.Announce("connected");
    s.Await("done");
  });
}

ORACLE(UnixBacklog, OrderOfWaiters, kPair) {
  it.On("a", [](Script& s) {
    const int listener = ListenUnix("@order", 0);
    ConnectUnix(Unix(), "@order");
    s.Announce("full");
    s.Await("third waits");
    SleepMs(100);
    for (int i = 0; i < 4; ++i) {
      const int fd = Accept(listener);
      SleepMs(50);
      s.Row("accept " + std::to_string(i)).Text("peer", UnixPeer(fd));
    }
  });
  for (const char* name : {"first", "second", "third"}) {
    it.On("a", [name = std::string(name)](Script& s) {
      s.Await(name == "first" ? "full" : name == "second" ? "first waits" : "second waits");
      if (name != "first") SleepMs(100);
      const int fd = Unix(SOCK_STREAM, 0);
      BindUnix(fd, "@" + name);
      s.Announce(name + " waits");
      s.Row(name)("connect", ConnectUnix(fd, "@order"));
      SleepMs(1000);
    });
  }
}

ORACLE(UnixBacklog, ListenerClosesUnderWaiters, kPair) {
  it.On("a", [](Script& s) {
    const int listener = ListenUnix("@closes", 0);
    ConnectUnix(Unix(), "@closes");
    s.Announce("full");
    SleepMs(400);
    os::close(listener);
    s.Await("refused");
    const int shut = ListenUnix("@shuts", 0);
    ConnectUnix(Unix(), "@shuts");
    s.Announce("full again");
    SleepMs(400);
    s.Row("shut")("shutdown", os::shutdown(shut, SHUT_RDWR));
    s.Await("over");
  });
  it.On("a", [](Script& s) {
    s.Await("full");
    const int fd = Unix(SOCK_STREAM, 0);
    s.Row("closed");
    s.StartClock();
    s("connect", ConnectUnix(fd, "@closes")).Elapsed();
    s.Announce("refused");
    s.Await("full again");
    s.Row("shut");
    SetTimeout(fd, SO_SNDTIMEO, 2000);
    s.StartClock();
    s("connect", ConnectUnix(fd, "@shuts")).Elapsed();
    s.Announce("over");
  });
}

ORACLE(UnixBacklog, InterruptedConnect, kPair) {
  it.On("a", [](Script& s) {
    ListenUnix("@signal", 0);
    ConnectUnix(Unix(), "@signal");
    const int fd = Unix(SOCK_STREAM, 0);
    AlarmAfter(300, DoNothing);
    s.Row("signal");
    s.StartClock();
    s("connect", ConnectUnix(fd, "@signal")).Elapsed().Poll(fd).Error(fd);
    SetTimeout(fd, SO_SNDTIMEO, 900);
    AlarmAfter(300, DoNothing, SA_RESTART);
    s.Row("with a timeout and SA_RESTART");
    s.StartClock();
    s("connect", ConnectUnix(fd, "@signal")).Elapsed();
  });
}

ORACLE(UnixQueue, Charges, kPair) {
  it.On("a", [](Script& s) {
    const std::string data(212961, 'x');
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
      for (const size_t size :
           {0,    1,    192,   193,   704,   705,   1728,  1729,  3776,   3777,   5000,
            7872, 7873, 16064, 16065, 36544, 36545, 48832, 65536, 100000, 200000, 212960}) {
        const UnixPair pair = PairOf(type);
        s.Row(std::to_string(type) + " " + std::to_string(size));
        s("send", os::send(pair.first, data.data(), size, MSG_DONTWAIT));
        s("outq", OutQueue(pair.first))("inq", InQueue(pair.second));
        os::close(pair.first);
        os::close(pair.second);
      }
    }
  });
}

ORACLE(UnixQueue, Capacity, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
      for (const size_t size : {1, 100, 4096, 65536}) {
        const UnixPair pair = PairOf(type);
        s.Row(std::to_string(type) + " of " + std::to_string(size));
        s.Text("fill", Fill(pair.first, size))("outq", OutQueue(pair.first)).Poll(pair.first);
        s("inq", InQueue(pair.second));
        int reads = 0;
        std::string sink(size, ' ');
        while (WaitFor(pair.first, POLLOUT, 0) == 0 &&
               os::recv(pair.second, sink.data(), size, MSG_DONTWAIT) > 0) {
          ++reads;
        }
        s("reads until writable", reads)("outq", OutQueue(pair.first))
            .Text("fill", Fill(pair.first, size));
        s("close", os::close(pair.second))("outq", OutQueue(pair.first)).Poll(pair.first);
        os::close(pair.first);
      }
    }
  });
}

ORACLE(UnixQueue, SmallBuffers, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
      for (const int size : {0, 1, 2304, 5000, 20000, -1}) {
        const UnixPair pair = PairOf(type);
        s.Row(std::to_string(type) + " buffer " + std::to_string(size));
        s("set", SetInt(pair.first, SOL_SOCKET, SO_SNDBUF, size));
        s.Option("sndbuf", pair.first, SOL_SOCKET, SO_SNDBUF);
        s("receiver", SetInt(pair.second, SOL_SOCKET, SO_RCVBUF, 1));
        s.Option("rcvbuf", pair.second, SOL_SOCKET, SO_RCVBUF);
        if (size == -1) continue;
        s.Text("fill", Fill(pair.first, 1000))("outq", OutQueue(pair.first)).Poll(pair.first);
      }
    }
  });
}

ORACLE(UnixQueue, PartialWrites, kPair) {
  it.On("a", [](Script& s) {
    const UnixPair pair = PairOf();
    const std::string data(1000000, 'x');
    s.Row("one big write")("send", os::send(pair.first, data.data(), data.size(), 0));
    s("outq", OutQueue(pair.first))("inq", InQueue(pair.second));
    s("more", os::send(pair.first, data.data(), data.size(), 0));
    std::string sink(100000, ' ');
    s("recv", os::recv(pair.second, sink.data(), sink.size(), 0))("outq", OutQueue(pair.first));
    s.Poll(pair.first)("send", os::send(pair.first, data.data(), data.size(), 0));
    s("outq", OutQueue(pair.first))("inq", InQueue(pair.second));
  });
}

ORACLE(UnixQueue, BlockingWriter, kPair) {
  it.On("a", [](Script& s) {
    const int listener = ListenUnix("@writer");
    s.Announce("listening");
    const int fd = Accept(listener);
    SleepMs(300);
    std::string sink(1 << 16, ' ');
    int64_t total = 0;
    os::fcntl(fd, F_SETFL, 0);
    for (;;) {
      const ssize_t n = os::recv(fd, sink.data(), sink.size(), MSG_WAITALL);
      if (n <= 0) break;
      total += n;
    }
    s.Row("reader")("total", total);
  });
  it.On("a", [](Script& s) {
    s.Await("listening");
    const int fd = Unix(SOCK_STREAM, 0);
    ConnectUnix(fd, "@writer");
    const std::string data(1000000, 'x');
    s.Row("writer");
    s.StartClock();
    s("send", os::send(fd, data.data(), data.size(), 0)).Elapsed();
    SetTimeout(fd, SO_SNDTIMEO, 200);
    os::close(fd);
  });
}

ORACLE(UnixQueue, SendTimeout, kPair) {
  it.On("a", [](Script& s) {
    const UnixPair pair = PairOf();
    os::fcntl(pair.first, F_SETFL, 0);
    SetTimeout(pair.first, SO_SNDTIMEO, 300);
    const std::string data(1000000, 'x');
    s.Row("partial");
    s.StartClock();
    s("send", os::send(pair.first, data.data(), data.size(), 0)).Elapsed();
    s("send", os::send(pair.first, data.data(), data.size(), 0)).Elapsed();
    s.Row("receive");
    os::fcntl(pair.first, F_SETFL, 0);
    SetTimeout(pair.first, SO_RCVTIMEO, 300);
    char byte;
    s.StartClock();
    s("recv", os::recv(pair.first, &byte, 1, 0)).Elapsed();
  });
}

ORACLE(UnixQueue, PeekOffset, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
      const UnixPair pair = PairOf(type);
      s.Row(std::to_string(type)).Option("default", pair.second, SOL_SOCKET, SO_PEEK_OFF);
      s.Send(pair.first, "abcd").Send(pair.first, "efgh");
      s("set", SetInt(pair.second, SOL_SOCKET, SO_PEEK_OFF, 1));
      for (int i = 0; i < 5; ++i) {
        s.Text("peek", ReceiveWith(pair.second, 3, 0, nullptr, MSG_PEEK | MSG_DONTWAIT));
        s.Option("at", pair.second, SOL_SOCKET, SO_PEEK_OFF);
      }
      s.Text("recv", ReceiveWith(pair.second, 3, 0));
      s.Option("at", pair.second, SOL_SOCKET, SO_PEEK_OFF);
      s.Text("peek", ReceiveWith(pair.second, 3, 0, nullptr, MSG_PEEK | MSG_DONTWAIT));
      s("off", SetInt(pair.second, SOL_SOCKET, SO_PEEK_OFF, -1));
      s.Text("peek", ReceiveWith(pair.second, 3, 0, nullptr, MSG_PEEK | MSG_DONTWAIT));
      s("negative", SetInt(pair.second, SOL_SOCKET, SO_PEEK_OFF, -5));
    }
  });
}

ORACLE(UnixQueue, LowWater, kPair) {
  it.On("a", [](Script& s) {
    const UnixPair pair = PairOf();
    s.Row("low water")("set", SetInt(pair.second, SOL_SOCKET, SO_RCVLOWAT, 5));
    s.Send(pair.first, "abc").Poll(pair.second).Receive(pair.second).Send(pair.first, "defgh");
    s.Poll(pair.second).Receive(pair.second);
    os::fcntl(pair.second, F_SETFL, 0);
    SetTimeout(pair.second, SO_RCVTIMEO, 300);
    s.Row("blocking").Send(pair.first, "ij");
    char buffer[16];
    s.StartClock();
    s("recv", os::recv(pair.second, buffer, sizeof buffer, 0)).Elapsed();
  });
}

ORACLE(UnixQueue, EdgeTriggered, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
      const UnixPair pair = PairOf(type);
      const int epoll = os::epoll_create1(0);
      epoll_event event = {};
      event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
      os::epoll_ctl(epoll, EPOLL_CTL_ADD, pair.first, &event);
      const auto wait = [&](const char* label) {
        epoll_event got = {};
        const int n = os::epoll_wait(epoll, &got, 1, 0);
        s.Text(label, n == 1 ? Script::Events(got.events) : std::to_string(n));
      };
      s.Row(std::to_string(type));
      wait("fresh");
      wait("again");
      s.Send(pair.second, "ab");
      wait("data");
      wait("again");
      s.Send(pair.second, "cd");
      wait("more");
      s.Receive(pair.first);
      wait("read");
      s.Send(pair.first, "x");
      wait("sent");
      s.Receive(pair.second);
      wait("peer read");
      os::shutdown(pair.second, SHUT_WR);
      wait("peer shut");
      os::close(pair.second);
      wait("peer closed");
      wait("again");
    }
  });
}

ORACLE(UnixQueue, EdgeOfAFullBuffer, kPair) {
  it.On("a", [](Script& s) {
    const UnixPair pair = PairOf();
    const int epoll = os::epoll_create1(0);
    epoll_event event = {};
    event.events = EPOLLOUT | EPOLLET;
    os::epoll_ctl(epoll, EPOLL_CTL_ADD, pair.first, &event);
    epoll_event got = {};
    s.Row("full")("fresh", os::epoll_wait(epoll, &got, 1, 0)).Text("fill", Fill(pair.first, 1000));
    s("full", os::epoll_wait(epoll, &got, 1, 0));
    char sink[1000];
    int edges = 0;
    int first = -1;
    for (int i = 0; os::recv(pair.second, sink, sizeof sink, MSG_DONTWAIT) > 0; ++i) {
      if (os::epoll_wait(epoll, &got, 1, 0) != 1) continue;
      ++edges;
      if (first < 0) first = i;
    }
    s("edges", edges)("first after", first);
  });
}

ORACLE(UnixQueue, EdgeOfAFullReceiver, kPair) {
  it.On("a", [](Script& s) {
    const int receiver = Unix(SOCK_DGRAM);
    BindUnix(receiver, "@edge");
    const int fd = Unix(SOCK_DGRAM);
    ConnectUnix(fd, "@edge");
    const int epoll = os::epoll_create1(0);
    epoll_event event = {};
    event.events = EPOLLOUT | EPOLLET;
    os::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    epoll_event got = {};
    s.Row("full")("fresh", os::epoll_wait(epoll, &got, 1, 0)).Text("fill", Fill(fd, 10));
    s("full", os::epoll_wait(epoll, &got, 1, 0)).Poll(fd);
    for (int i = 0; i < 4; ++i) {
      s.Receive(receiver)("edge", os::epoll_wait(epoll, &got, 1, 0));
    }
    s("close", os::close(receiver))("edge", os::epoll_wait(epoll, &got, 1, 0));
  });
}

ORACLE(UnixQueue, EdgeOfAListener, kPair) {
  it.On("a", [](Script& s) {
    const int listener = ListenUnix("@edges", 5);
    const int epoll = os::epoll_create1(0);
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP;
    os::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    const auto wait = [&](const char* label) {
      epoll_event got = {};
      const int n = os::epoll_wait(epoll, &got, 1, 0);
      s.Text(label, n == 1 ? Script::Events(got.events) : std::to_string(n));
    };
    s.Row("listener");
    wait("fresh");
    ConnectUnix(Unix(), "@edges");
    wait("one");
    ConnectUnix(Unix(), "@edges");
    wait("two");
    os::accept(listener, nullptr, nullptr);
    wait("accepted");
    os::listen(listener, 1);
    wait("listen");
    os::shutdown(listener, SHUT_RD);
    wait("shut");
  });
}

ORACLE(UnixQueue, Options, kPair) {
  it.On("a", [](Script& s) {
    const UnixPair pair = PairOf();
    for (const int name : {SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN, SO_SNDBUF, SO_RCVBUF,
                           SO_RCVLOWAT, SO_SNDLOWAT, SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST,
                           SO_OOBINLINE, SO_PRIORITY, SO_ERROR, SO_PASSCRED, SO_PEEK_OFF}) {
      s.Row("option " + std::to_string(name)).Option("get", pair.first, SOL_SOCKET, name);
      s("set", SetInt(pair.first, SOL_SOCKET, name, 1));
      s.Option("get", pair.first, SOL_SOCKET, name);
      s("short", os::setsockopt(pair.first, SOL_SOCKET, name, "x", 1));
    }
    for (const int level :
         std::initializer_list<int>{IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6, 270}) {
      s.Row("level " + std::to_string(level))("set", SetInt(pair.first, level, 1, 1));
      s.Option("get", pair.first, level, 1);
    }
  });
}

ORACLE(UnixQueue, PollWakesEverybody, kPair) {
  it.On("a", [](Script& s) {
    const int listener = ListenUnix("@poll");
    s.Announce("listening");
    s.Row("listener")("poll", WaitFor(listener, POLLIN));
    const int fd = Accept(listener);
    s("data", WaitFor(fd, POLLIN)).Receive(fd)("end", WaitFor(fd, POLLIN)).Poll(fd).Receive(fd);
    s.Announce("done");
  });
  it.On("a", [](Script& s) {
    s.Await("listening");
    SleepMs(50);
    const int fd = Unix();
    s.Row("client")("connect", ConnectUnix(fd, "@poll"));
    SleepMs(50);
    s.Send(fd, "x");
    SleepMs(50);
    s("shutdown", os::shutdown(fd, SHUT_WR));
    s.Await("done");
    s("wait", WaitFor(fd, POLLIN)).Poll(fd);
  });
}

}  // namespace
}  // namespace drywire::oracle
