// Listeners: accept, backlogs, what happens to connections that nobody has accepted yet.
#include <vector>

#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

// Connects `count` non-blocking sockets to 10.0.0.2:80, one after the other, and says how each is.
void ConnectMany(Script& s, int count, std::vector<int>* fds) {
  for (int i = 0; i < count; ++i) {
    fds->push_back(Tcp());
    Connect(fds->back(), "10.0.0.2", 80);
    Settle();
    s.Poll(fds->back());
  }
}

bool RegisterBacklogs() {
  for (const int backlog : {-1, 0, 1, 2, 5}) {
    Scenario scenario;
    scenario.name = "Backlog.Of" + std::to_string(backlog);
    scenario.topology = kPair;
    scenario.On("a", [=](Script& s) {
      s.Row("client");
      s.Await("ready");
      std::vector<int> fds;
      ConnectMany(s, backlog < 0 ? 4 : backlog + 3, &fds);
      s.Announce("connected");
      s.Await("accepted");
      s.Row("sends");
      for (const int fd : fds) s.Send(fd, "x");
      s.Announce("sent");
      s.Await("done");
    });
    scenario.On("b", [=](Script& s) {
      s.Row("server");
      const int listener = ListenOn("10.0.0.2", 80, backlog);
      s.Announce("ready");
      s.Await("connected");
      s.Poll(listener);
      int accepted = 0;
      std::vector<int> fds;
      while (true) {
        const int fd = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (fd < 0) break;
        fds.push_back(fd);
        ++accepted;
      }
      s("accepted", accepted).Poll(listener);
      s.Announce("accepted");
      s.Await("sent");
      Settle();
      for (const int fd : fds) s.Receive(fd);
      s.Announce("done");
    });
    Register(std::move(scenario), [](Scenario&) {});
  }
  return true;
}
[[maybe_unused]] const bool registered = RegisterBacklogs();

ORACLE(Backlog, OverflowAborts, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    std::vector<int> fds;
    ConnectMany(s, 4, &fds);
    s.Row("later");
    for (const int fd : fds) s.Poll(fd).Error(fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Sysctl("net.ipv4.tcp_abort_on_overflow", "1");
    const int listener = ListenOn("10.0.0.2", 80, 1);
    s.Announce("ready");
    s.Await("done");
    s.Poll(listener);
  });
}

ORACLE(Backlog, GrownWhileListening, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    std::vector<int> fds;
    ConnectMany(s, 3, &fds);
    s.Announce("connected");
    s.Await("grown");
    ConnectMany(s, 2, &fds);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80, 0);
    s.Announce("ready");
    s.Await("connected");
    s("listen", os::listen(listener, 10));
    s.Announce("grown");
    s.Await("done");
    int accepted = 0;
    while (os::accept(listener, nullptr, nullptr) >= 0) ++accepted;
    s.Text("enough", accepted >= 3 ? "yes" : "no");
  });
}

ORACLE(Backlog, LimitedBySomaxconn, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    std::vector<int> fds;
    ConnectMany(s, 5, &fds);
    s.Announce("connected");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Sysctl("net.core.somaxconn", "1");
    const int listener = ListenOn("10.0.0.2", 80, 100);
    s.Announce("ready");
    s.Await("connected");
    int accepted = 0;
    while (os::accept(listener, nullptr, nullptr) >= 0) ++accepted;
    s("accepted", accepted);
    s.Announce("done");
  });
}

ORACLE(Accept, OrderOfArrival, kPair) {
  it.Watch("b");
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    std::vector<int> fds;
    for (uint16_t port = 7003; port >= 7000; --port) {
      fds.push_back(Tcp(0));
      s("bind", Bind(fds.back(), "10.0.0.1", port));
      s("connect", Connect(fds.back(), "10.0.0.2", 80));
    }
    s.Announce("connected");
    s.Await("done");
    // One after the other: acknowledgements that are delayed to the same tick come in any order.
    for (const int fd : fds) {
      os::close(fd);
      SleepMs(60);
    }
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    s.Await("connected");
    Settle();
    std::vector<int> fds;
    for (int i = 0; i < 4; ++i) {
      fds.push_back(os::accept(listener, nullptr, nullptr));
      s.PeerName(fds.back());
    }
    s("none left", os::accept(listener, nullptr, nullptr));
    s.Announce("done");
    SleepMs(500);
    for (const int fd : fds) {
      os::close(fd);
      SleepMs(20);
    }
  });
}

ORACLE(Accept, NamesTheClient, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    const int fd = Tcp(0);
    s("bind", Bind(fd, "10.0.0.1", 7000))("connect", Connect(fd, "10.0.0.2", 80));
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    WaitFor(listener, POLLIN);
    sockaddr_in name = {};
    socklen_t length = 4;  // cut off
    const int fd = os::accept(listener, AsSockaddr(name), &length);
    s("length", length)("family", name.sin_family)("port", ntohs(name.sin_port));
    s("address", name.sin_addr.s_addr);
    s("flags", os::fcntl(fd, F_GETFL) & O_NONBLOCK)("cloexec", os::fcntl(fd, F_GETFD));
    s.Announce("done");
  });
}

ORACLE(Accept, ResetWhileQueued, kPair) {
  it.ExpectDifference(
      "packets",
      "the kernel's window counts the memory that unread data takes, here its bytes "
      "count");
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    const int fd = Tcp(0);
    s("connect", Connect(fd, "10.0.0.2", 80)).Send(fd, "last words");
    Settle();
    SetLinger(fd, 0);
    os::close(fd);
    s.Announce("reset");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    s.Await("reset");
    Settle();
    s.Poll(listener);
    const int fd = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    s.Poll(fd).PeerName(fd).Receive(fd).Receive(fd).Receive(fd).Error(fd).Poll(listener);
  });
}

ORACLE(Accept, ClosedWhileQueued, kPair) {
  it.ExpectDifference(
      "packets",
      "the kernel's window counts the memory that unread data takes, here its bytes "
      "count");
  it.Watch("b");
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    const int fd = Tcp(0);
    s("connect", Connect(fd, "10.0.0.2", 80)).Send(fd, "last words");
    os::close(fd);
    s.Announce("closed");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    s.Await("closed");
    Settle();
    const int fd = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    s.Poll(fd).PeerAddress(fd).Receive(fd).Receive(fd).Send(fd, "x");
    Settle();
    s.Poll(fd).Error(fd).Send(fd, "x");
  });
}

ORACLE(Accept, ListenerClosedWithAQueue, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    const int fd = Tcp(0);
    s("connect", Connect(fd, "10.0.0.2", 80));
    s.Announce("connected");
    s("wait", WaitFor(fd, POLLERR)).Poll(fd).Error(fd).Receive(fd).Send(fd, "x");
    const int late = Tcp(0);
    s("late", Connect(late, "10.0.0.2", 80));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    s.Await("connected");
    Settle();
    s("close", os::close(listener));
  });
}

ORACLE(Accept, ShutDownListener, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    const int fd = Tcp(0);
    s("connect", Connect(fd, "10.0.0.2", 80));
    s.Announce("connected");
    s("wait", WaitFor(fd, POLLERR)).Error(fd);
    s.Await("shut");
    const int late = Tcp(0);
    s("late", Connect(late, "10.0.0.2", 80));
    s.Announce("tried");
    s.Await("listening again");
    const int again = Tcp(0);
    s("again", Connect(again, "10.0.0.2", 80));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    s.Await("connected");
    Settle();
    s("shutdown", os::shutdown(listener, SHUT_RD)).Poll(listener);
    s("accept", os::accept(listener, nullptr, nullptr)).LocalName(listener);
    s.Announce("shut");
    s.Await("tried");
    s("listen", os::listen(listener, 1)).Poll(listener);
    s.Announce("listening again");
    s("wait", WaitFor(listener, POLLIN));
    s.Text("accepted", os::accept(listener, nullptr, nullptr) >= 0 ? "yes" : "no");
  });
}

ORACLE(Accept, InheritedOptions, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    ReachServer(s);
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = Tcp(0);
    SetInt(listener, SOL_SOCKET, SO_REUSEADDR, 1);
    SetInt(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
    SetInt(listener, SOL_SOCKET, SO_RCVLOWAT, 3);
    SetInt(listener, IPPROTO_TCP, TCP_NODELAY, 1);
    SetInt(listener, IPPROTO_TCP, TCP_KEEPIDLE, 77);
    SetInt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, 1234);
    SetInt(listener, IPPROTO_TCP, TCP_LINGER2, 5);
    SetInt(listener, IPPROTO_IP, IP_TTL, 33);
    SetTimeout(listener, SO_RCVTIMEO, 250);
    Bind(listener, "10.0.0.2", 80);
    os::listen(listener, 1);
    s.Announce("listening 80");
    const int fd = os::accept(listener, nullptr, nullptr);
    s.Option("reuse", fd, SOL_SOCKET, SO_REUSEADDR).Option("keep", fd, SOL_SOCKET, SO_KEEPALIVE);
    s.Option("low", fd, SOL_SOCKET, SO_RCVLOWAT).Option("nodelay", fd, IPPROTO_TCP, TCP_NODELAY);
    s.Option("idle", fd, IPPROTO_TCP, TCP_KEEPIDLE).Option("ttl", fd, IPPROTO_IP, IP_TTL);
    s.Option("user", fd, IPPROTO_TCP, TCP_USER_TIMEOUT);
    s.Option("linger2", fd, IPPROTO_TCP, TCP_LINGER2);
    s.Option("listening", fd, SOL_SOCKET, SO_ACCEPTCONN);
    s.Option("listener", listener, SOL_SOCKET, SO_ACCEPTCONN);
    s.StartClock();
    char byte;
    s("recv", os::recv(fd, &byte, 1, 0)).Elapsed();
    s.Announce("done");
  });
}

ORACLE(Accept, DeferredUntilData, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Poll(fd);
    s.Await("looked");
    s.Send(fd, "data");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s("defer", SetInt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5));
    s.Option("reads", listener, IPPROTO_TCP, TCP_DEFER_ACCEPT);
    s.Announce("listening 80");
    SleepMs(100);
    s.Poll(listener);
    s.Announce("looked");
    s("wait", WaitFor(listener, POLLIN));
    const int fd = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    s.Poll(fd).Receive(fd);
    s.Announce("done");
    SleepMs(60);
  });
}

ORACLE(Accept, TwoProcessesShareAPort, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("one");
    s.Await("two");
    int connected = 0;
    for (int i = 0; i < 8; ++i) connected += Connect(Tcp(0), "10.0.0.2", 80) == 0;
    s("connected", connected);
    s.Announce("done");
    s.Await("ended");
  });
  const auto serve = [](Script& s, const char* name, bool reuse) {
    s.Row(name);
    const int fd = Tcp();
    s("option", SetInt(fd, SOL_SOCKET, reuse ? SO_REUSEPORT : SO_REUSEADDR, 1));
    s("bind", Bind(fd, "10.0.0.2", 80))("listen", os::listen(fd, 20));
    s.Announce(name);
    s.Await("done");
    s.Announce("ended");
  };
  it.On("b", [serve](Script& s) { serve(s, "one", true); });
  it.On("b", [serve](Script& s) {
    s.Await("one");
    serve(s, "two", true);
  });
}

ORACLE(Accept, SecondProcessWithoutReuse, kPair) {
  it.On("b", [](Script& s) {
    s.Row("first");
    const int fd = Tcp();
    s("bind", Bind(fd, "10.0.0.2", 80))("listen", os::listen(fd, 1));
    s.Announce("listening");
    s.Await("done");
  });
  it.On("b", [](Script& s) {
    s.Await("listening");
    s.Row("second");
    s("same", Bind(Tcp(), "10.0.0.2", 80))("any", Bind(Tcp(), "0.0.0.0", 80));
    s("other", Bind(Tcp(), "127.0.0.1", 80));
    const int fd = Tcp();
    SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    s("reuse", Bind(fd, "10.0.0.2", 80));
    SetInt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    s("reuse port", Bind(fd, "10.0.0.2", 80));
    s("v6 any", Bind6(Tcp(SOCK_NONBLOCK, AF_INET6), "::", 80));
    s("v6", Bind6(Tcp(SOCK_NONBLOCK, AF_INET6), "fd00::2", 80));
    s.Announce("done");
  });
}

ORACLE(Accept, BlockingWithTimeout, kPair) {
  it.On("b", [](Script& s) {
    const int listener = ListenOn("10.0.0.2", 80);
    os::fcntl(listener, F_SETFL, 0);
    SetTimeout(listener, SO_RCVTIMEO, 200);
    s.Row("nobody")("accept", os::accept(listener, nullptr, nullptr)).Elapsed();
    s.Row("one second");
    SetTimeout(listener, SO_RCVTIMEO, 1000);
    s.Announce("listening 80");
    const int fd = os::accept(listener, nullptr, nullptr);
    s.Text("accepted", fd >= 0 ? "yes" : "no");
    s("flags", os::fcntl(fd, F_GETFL) & O_NONBLOCK);
  });
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("listening 80");
    SleepMs(300);
    s("connect", Connect(Tcp(0), "10.0.0.2", 80));
  });
}

}  // namespace
}  // namespace drywire::oracle
