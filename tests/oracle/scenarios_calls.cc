// What single calls say in many states: queues, path MTUs, addresses, ends of processes.
#include <string>
#include <vector>

#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

void OutQueue(Script& s, const std::string& label, int fd) {
  int value = 0;
  const int result = os::ioctl(fd, TIOCOUTQ, &value);
  s(label, result < 0 ? result : value);
}

ORACLE(Calls, OutQueueOfAttempts, kPair) {
  it.On("a", [](Script& s) {
    s.Row("fresh");
    OutQueue(s, "fresh", Tcp());
    const sockaddr none = {};
    const int dissolved = Tcp();
    s("dissolve", os::connect(dissolved, &none, sizeof none));
    OutQueue(s, "dissolved", dissolved);
    s.Row("refused");
    const int fd = Tcp();
    s("connect", Connect(fd, "10.0.0.2", 9));
    Settle();
    OutQueue(s, "untold", fd);
    s.Error(fd);
    OutQueue(s, "told", fd);
    s("again", Connect(fd, "10.0.0.2", 9));
    OutQueue(s, "aborted", fd);
    s("new", Connect(fd, "10.0.0.2", 9));
    Settle();
    OutQueue(s, "refused", fd);
    s.Row("silent");
    const int silent = Tcp();
    s("connect", Connect(silent, "10.0.0.77", 9));
    OutQueue(s, "connecting", silent);
    s("shutdown", os::shutdown(silent, SHUT_RDWR));
    OutQueue(s, "shut down", silent);
  });
}

ORACLE(Calls, OutQueueOfConnections, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    OutQueue(s, "idle", fd);
    s.Announce("connected");
    s.Await("deaf");
    s.Send(fd, "seven__");
    OutQueue(s, "sent", fd);
    s("shutdown", os::shutdown(fd, SHUT_WR));
    OutQueue(s, "with FIN", fd);
    const sockaddr none = {};
    s("dissolve", os::connect(fd, &none, sizeof none));
    s.Error(fd).Poll(fd);
    s.Announce("dissolved");
    s.Await("reset");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("connected");
    s.Firewall("input tcp dport 80 drop");
    s.Announce("deaf");
    s.Await("dissolved");
    s.Firewall("flush chain inet filter input");
    s.Send(fd, "hello?");
    Settle();
    OutQueue(s, "answered by a reset", fd);
    s.Error(fd);
    s.Announce("reset");
  });
}

ORACLE(Calls, OutQueueOfTheReset, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s.Firewall("output tcp dport 80 drop");
    s.Send(fd, "never seen");
    OutQueue(s, "sent", fd);
    s.Announce("sent");
    s("wait", WaitFor(fd, POLLERR));
    OutQueue(s, "reset", fd);
    s.Error(fd);
    OutQueue(s, "told", fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("sent");
    SetLinger(fd, 0);
    s("close", os::close(fd));
  });
}

ORACLE(Calls, OutQueueAtBothEnds, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("shutdown", os::shutdown(fd, SHUT_WR));
    SleepMs(100);
    OutQueue(s, "acknowledged", fd);
    s.Announce("shut");
    s("wait", WaitFor(fd, POLLRDHUP));
    OutQueue(s, "closed", fd);
    s.Poll(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("shut");
    s("wait", WaitFor(fd, POLLRDHUP))("shutdown", os::shutdown(fd, SHUT_WR));
    SleepMs(60);
    OutQueue(s, "closed", fd);
  });
}

void PathMtu(Script& s, const std::string& label, int fd, bool v6 = false) {
  s.Option(label, fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU);
}

ORACLE(Calls, PathMtuOfAttempts, kPair) {
  it.On("a", [](Script& s) {
    for (const char* address : {"127.0.0.1", "10.0.0.1", "10.0.0.2"}) {
      s.Row(address);
      const int fd = Tcp();
      PathMtu(s, "fresh", fd);
      s("connect", Connect(fd, address, 9));
      Settle();
      PathMtu(s, "refused", fd);
      s("again", Connect(fd, address, 9));
      PathMtu(s, "told", fd);
    }
    s.Row("silent");
    const int fd = Tcp();
    s("connect", Connect(fd, "10.0.0.77", 9));
    PathMtu(s, "connecting", fd);
    s("shutdown", os::shutdown(fd, SHUT_RDWR));
    PathMtu(s, "shut down", fd);
    s.Row("v6");
    const int v6 = Tcp(SOCK_NONBLOCK, AF_INET6);
    PathMtu(s, "fresh", v6, true);
    s("connect", Connect6(v6, "::1", 9));
    PathMtu(s, "refused", v6, true);
    const int mapped = Tcp(SOCK_NONBLOCK, AF_INET6);
    s("mapped", Connect6(mapped, "::ffff:127.0.0.1", 9));
    PathMtu(s, "v6", mapped, true);
    PathMtu(s, "v4", mapped);
  });
}

ORACLE(Calls, PathMtuOfConnections, kPair) {
  it.On("a", [](Script& s) {
    s.Row("stream");
    const int listener = Tcp();
    Bind(listener, "127.0.0.1", 80);
    PathMtu(s, "bound", listener);
    os::listen(listener, 1);
    PathMtu(s, "listening", listener);
    const int fd = Tcp(0);
    s("connect", Connect(fd, "127.0.0.1", 80));
    PathMtu(s, "connected", fd);
    const int server = Accept(listener);
    PathMtu(s, "accepted", server);
    os::shutdown(server, SHUT_RDWR);
    PathMtu(s, "shut", server);
    Settle();
    os::shutdown(fd, SHUT_RDWR);
    Settle();
    PathMtu(s, "both", fd);
    const sockaddr none = {};
    s("dissolve", os::connect(fd, &none, sizeof none));
    PathMtu(s, "dissolved", fd);
    s.Row("datagrams");
    for (const char* address : {"127.0.0.1", "10.0.0.2"}) {
      const int udp = Udp();
      PathMtu(s, "fresh", udp);
      s("send", SendTo(udp, "x", address, 9));
      PathMtu(s, "sent", udp);
      s("connect", Connect(udp, address, 9));
      PathMtu(s, "connected", udp);
      s("dissolve", os::connect(udp, &none, sizeof none));
      PathMtu(s, "dissolved", udp);
    }
    const int v6 = Udp(SOCK_NONBLOCK, AF_INET6);
    s("v6", Connect6(v6, "::1", 9));
    PathMtu(s, "v6", v6, true);
    PathMtu(s, "v4", v6);
  });
}

// Who waits for a socket learns of an error in its queue.
ORACLE(Calls, WaitingForQueuedErrors, kPair) {
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Firewall("input tcp dport 81 reject with icmp type host-unreachable");
    s.Announce("ready");
    s.Await("done");
  });
  it.On("a", [](Script& s) {
    s.Await("ready");
    s.Row("attempt");
    const int fd = Tcp();
    const int epoll = os::epoll_create1(0);
    epoll_event event = {EPOLLIN | EPOLLET, {}};
    os::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    s("fresh", os::epoll_wait(epoll, &event, 1, 0));
    s("connect", Connect(fd, "10.0.0.2", 81))("wait", WaitFor(fd, POLLIN, 500)).Elapsed().Poll(fd);
    s("edge", os::epoll_wait(epoll, &event, 1, 0))("again", os::epoll_wait(epoll, &event, 1, 0));
    s("end", os::epoll_wait(epoll, &event, 1, 3000)).Elapsed().Poll(fd);
    s.Row("datagram");
    const int udp = Udp();
    SetInt(udp, IPPROTO_IP, IP_RECVERR, 1);
    SetInt(udp, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    event.events = EPOLLIN | EPOLLET;
    os::epoll_ctl(epoll, EPOLL_CTL_ADD, udp, &event);
    s("connect", Connect(udp, "10.0.0.2", 9))("fresh", os::epoll_wait(epoll, &event, 1, 0));
    s.Send(udp, std::string(1473, 'x'))("edge", os::epoll_wait(epoll, &event, 1, 0));
    s.Text("events", Script::Events(event.events));
    s("again", os::epoll_wait(epoll, &event, 1, 0)).Poll(udp);
    s.Announce("done");
  });
}

// The retransmission timeout is kept in ticks of 4 ms.
ORACLE(Calls, TimeoutInTicks, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const auto timeout = [&](const char* label, int fd) {
      tcp_info info = {};
      socklen_t length = sizeof info;
      os::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
      s(label, info.tcpi_rto);
    };
    timeout("fresh", Tcp());
    const int fd = ReachServer(s);
    timeout("connected", fd);
    s.Send(fd, "x");
    s("wait", WaitFor(fd, POLLIN));
    timeout("measured", fd);
    const TcpPair pair = Connected(81);
    timeout("loopback", pair.client);
    timeout("accepted", pair.server);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLIN)).Receive(fd).Send(fd, "y");
    s("wait", WaitFor(fd, POLLRDHUP));
  });
}

// 127.0.0.0/8 stays at home; broadcasts are for datagrams, with permission.
ORACLE(Calls, SourcesAndDestinations, kPair) {
  it.On("a", [](Script& s) {
    for (const char* source : {"0.0.0.0", "127.0.0.1", "127.0.0.2", "10.0.0.1"}) {
      for (const char* to : {"10.0.0.255", "255.255.255.255", "127.255.255.255", "224.0.0.1",
                             "10.0.0.2", "10.9.9.9", "127.0.0.3"}) {
        s.Row(std::string(source) + " to " + to);
        for (const bool broadcast : {false, true}) {
          for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
            const int fd = os::socket(AF_INET, type | SOCK_NONBLOCK, 0);
            SetInt(fd, SOL_SOCKET, SO_BROADCAST, broadcast ? 1 : 0);
            Bind(fd, source, 0);
            s(type == SOCK_STREAM ? "tcp" : "udp", Connect(fd, to, 9));
            os::close(fd);
          }
          const int fd = Udp();
          SetInt(fd, SOL_SOCKET, SO_BROADCAST, broadcast ? 1 : 0);
          Bind(fd, source, 0);
          s("sendto", SendTo(fd, "x", to, 9));
          os::close(fd);
        }
      }
    }
  });
}

// A process that ends closes what it has open from the last to the first; a file that has several
// descriptors with the last of them.
ORACLE(Calls, EndOfAProcess, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    std::vector<int> fds;
    for (uint16_t port = 7000; port < 7005; ++port) {
      const int fd = Tcp(0);
      s("bind", Bind(fd, "10.0.0.1", port))("connect", Connect(fd, "10.0.0.2", 80));
      fds.push_back(fd);
    }
    s.Text("dup", os::dup(fds[1]) > fds[4] ? "above" : "below");
    s("dup2", os::dup2(fds[3], 100));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    const int epoll = os::epoll_create1(0);
    for (uint32_t i = 0; i < 5; ++i) {
      epoll_event event = {EPOLLRDHUP | EPOLLET, {}};
      event.data.u32 = 7000 + i;
      s("watch", os::epoll_ctl(epoll, EPOLL_CTL_ADD, Accept(listener), &event));
    }
    SleepMs(200);
    epoll_event events[8];
    const int count = os::epoll_wait(epoll, events, 8, 0);
    for (int i = 0; i < count; ++i) s("end", events[i].data.u32);
  });
}

}  // namespace
}  // namespace drywire::oracle
