// What needs no other host: binding, ports and their exhaustion, options, descriptors, signals.
#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

ORACLE(Bind, Conflicts, kPair) {
  it.On("a", [](Script& s) {
    const char* const kAddresses[] = {"0.0.0.0", "127.0.0.1", "10.0.0.1"};
    uint16_t port = 7000;
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      for (const int option : {0, SO_REUSEADDR, SO_REUSEPORT}) {
        for (const char* first : kAddresses) {
          s.Row(std::string(type == SOCK_STREAM ? "tcp " : "udp ") +
                (option == 0              ? "plain "
                 : option == SO_REUSEADDR ? "reuse "
                                          : "port ") +
                first);
          for (const char* second : kAddresses) {
            ++port;
            const int a = os::socket(AF_INET, type, 0);
            const int b = os::socket(AF_INET, type, 0);
            if (option != 0) {
              SetInt(a, SOL_SOCKET, option, 1);
              SetInt(b, SOL_SOCKET, option, 1);
            }
            Bind(a, first, port);
            s(second, Bind(b, second, port));
            if (type == SOCK_STREAM) s("listen", os::listen(a, 1))("listen", os::listen(b, 1));
            os::close(a);
            os::close(b);
          }
        }
      }
    }
  });
}

ORACLE(Bind, OptionOnOneOnly, kPair) {
  it.On("a", [](Script& s) {
    uint16_t port = 7000;
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      for (const int on_first : {0, SO_REUSEADDR, SO_REUSEPORT}) {
        for (const int on_second : {0, SO_REUSEADDR, SO_REUSEPORT}) {
          ++port;
          const int a = os::socket(AF_INET, type, 0);
          const int b = os::socket(AF_INET, type, 0);
          if (on_first != 0) SetInt(a, SOL_SOCKET, on_first, 1);
          if (on_second != 0) SetInt(b, SOL_SOCKET, on_second, 1);
          s.Row(std::to_string(type) + " " + std::to_string(on_first) + " " +
                std::to_string(on_second));
          s("first", Bind(a, "10.0.0.1", port))("second", Bind(b, "10.0.0.1", port));
          os::close(b);
          if (type == SOCK_STREAM) os::listen(a, 1);
          const int c = os::socket(AF_INET, type, 0);
          if (on_second != 0) SetInt(c, SOL_SOCKET, on_second, 1);
          s("beside a listener", Bind(c, "10.0.0.1", port));
          os::close(a);
          os::close(c);
        }
      }
    }
  });
}

ORACLE(Bind, TwiceAndAfterwards, kPair) {
  it.On("a", [](Script& s) {
    int fd = Tcp();
    s.Row("tcp")("bind", Bind(fd, "10.0.0.1", 7000))("again", Bind(fd, "10.0.0.1", 7001));
    s.LocalName(fd)("listen", os::listen(fd, 1))("listening", Bind(fd, "10.0.0.1", 7002));
    fd = Udp();
    s.Row("udp")("bind", Bind(fd, "10.0.0.1", 7000))("again", Bind(fd, "10.0.0.1", 7001));
    fd = Udp();
    s("connect", Connect(fd, "10.0.0.2", 9))("bind", Bind(fd, "10.0.0.1", 7003)).LocalAddress(fd);
    fd = Tcp();
    s.Row("any port")("bind", Bind(fd, "10.0.0.1", 0)).LocalAddress(fd);
    s("foreign", Bind(Tcp(), "10.0.0.77", 0))("broadcast", Bind(Tcp(), "10.0.0.255", 0));
    s("multicast", Bind(Tcp(), "224.0.0.1", 0))("udp multicast", Bind(Udp(), "224.0.0.1", 7005));
    s("udp broadcast", Bind(Udp(), "255.255.255.255", 7006));
    fd = Tcp();
    s.Row("nonlocal");
    s("option", SetInt(fd, IPPROTO_IP, IP_FREEBIND, 1))("bind", Bind(fd, "10.0.0.77", 7007));
    s.LocalName(fd)("listen", os::listen(fd, 1));
  });
}

ORACLE(Ports, RangeOfFour, kPair) {
  it.On("a", [](Script& s) {
    s.Sysctl("net.ipv4.ip_local_port_range", "50000 50003");
    s.Row("bind");
    for (int i = 0; i < 5; ++i) s("bind", Bind(Tcp(), "10.0.0.1", 0));
    s.Row("udp");
    for (int i = 0; i < 5; ++i) s("bind", Bind(Udp(), "10.0.0.1", 0));
    s("send", SendTo(Udp(), "x", "10.0.0.2", 9))("connect", Connect(Udp(), "10.0.0.2", 9));
    s.Row("other address")("bind", Bind(Tcp(), "127.0.0.1", 0));
    s("connect", Connect(Tcp(), "10.0.0.2", 9))("loopback", Connect(Tcp(), "127.0.0.1", 9));
    s.Row("listen")("unbound", os::listen(Tcp(), 1));
  });
}

ORACLE(Ports, ExhaustedPerDestination, kPair) {
  it.On("a", [](Script& s) {
    s.Sysctl("net.ipv4.ip_local_port_range", "50000 50003");
    s.Await("ready");
    s.Row("first");
    int fds[5];
    for (int& fd : fds) {
      fd = Tcp(0);
      s("connect", Connect(fd, "10.0.0.2", 80));
    }
    s.Row("second")("connect", Connect(Tcp(0), "10.0.0.2", 81));
    s.Row("freed");
    SetLinger(fds[1], 0);
    os::close(fds[1]);
    const int fd = Tcp(0);
    s("connect", Connect(fd, "10.0.0.2", 80));
    s.Row("time-wait")("close", os::close(fds[2]));
    Settle();
    s("connect", Connect(Tcp(0), "10.0.0.2", 80));
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int one = ListenOn("10.0.0.2", 80);
    const int two = ListenOn("10.0.0.2", 81);
    s.Announce("ready");
    while (!s.Announced("done")) {
      pollfd fds[2] = {{one, POLLIN, 0}, {two, POLLIN, 0}};
      os::poll(fds, 2, 10);
      os::accept4(one, nullptr, nullptr, SOCK_NONBLOCK);
      os::accept4(two, nullptr, nullptr, SOCK_NONBLOCK);
    }
  });
}

ORACLE(Ports, ReservedAndPrivileged, kPair) {
  it.On("a", [](Script& s) {
    s.Row("reserved");
    s.Sysctl("net.ipv4.ip_local_port_range", "50000 50003");
    s.Sysctl("net.ipv4.ip_local_reserved_ports", "50000-50002");
    const int fd = Tcp();
    s("bind", Bind(fd, "10.0.0.1", 0)).LocalName(fd)("another", Bind(Tcp(), "10.0.0.1", 0));
    s("by number", Bind(Tcp(), "10.0.0.1", 50001));
    const int udp = Udp();
    s("connect", Connect(udp, "10.0.0.2", 9)).LocalName(udp);
  });
}

ORACLE(Ports, BindAddressNoPort, kPair) {
  it.On("a", [](Script& s) {
    s.Sysctl("net.ipv4.ip_local_port_range", "50000 50001");
    int fds[4];
    for (int& fd : fds) {
      fd = Tcp();
      SetInt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    }
    s.Row("bind").Option("option", fds[0], IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    for (const int fd : fds) s("bind", Bind(fd, "10.0.0.1", 0)).LocalName(fd);
    s.Row("connect")("0", Connect(fds[0], "10.0.0.2", 81))("1", Connect(fds[1], "10.0.0.2", 82));
    s("2", Connect(fds[2], "10.0.0.2", 83))("3", Connect(fds[3], "10.0.0.2", 84));
    for (const int fd : fds) s.LocalAddress(fd);
  });
}

ORACLE(Options, TimeoutsReadBack, kPair) {
  it.On("a", [](Script& s) {
    const int fd = Tcp();
    for (const int name : {SO_RCVTIMEO, SO_SNDTIMEO}) {
      s.Row(name == SO_RCVTIMEO ? "receive" : "send");
      for (const timeval value : {timeval{0, 1}, timeval{1, 500'000}, timeval{0, 999'999},
                                  timeval{0, 1'000'000}, timeval{-1, 0}, timeval{0, -1}}) {
        s("set", os::setsockopt(fd, SOL_SOCKET, name, &value, sizeof value));
        timeval got = {};
        socklen_t length = sizeof got;
        os::getsockopt(fd, SOL_SOCKET, name, &got, &length);
        s("sec", got.tv_sec)("usec", got.tv_usec)("length", length);
      }
    }
  });
}

ORACLE(Options, Linger, kPair) {
  it.On("a", [](Script& s) {
    const int fd = Tcp();
    s.Row("linger");
    for (const linger value : {linger{0, 5}, linger{1, 0}, linger{1, 10}, linger{7, -1}}) {
      s("set", os::setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value));
      linger got = {};
      socklen_t length = sizeof got;
      os::getsockopt(fd, SOL_SOCKET, SO_LINGER, &got, &length);
      s("on", got.l_onoff).Text("seconds", std::to_string(got.l_linger));
    }
    const int one = 1;
    s("short", os::setsockopt(fd, SOL_SOCKET, SO_LINGER, &one, sizeof one));
  });
}

ORACLE(Options, LevelsAndSockets, kPair) {
  it.On("a", [](Script& s) {
    const int tcp = Tcp();
    const int udp = Udp();
    const int six = Tcp(SOCK_NONBLOCK, AF_INET6);
    s.Row("tcp option on udp")("set", SetInt(udp, IPPROTO_TCP, TCP_NODELAY, 1));
    s("get", GetInt(udp, IPPROTO_TCP, TCP_NODELAY) < 0 ? -1 : 0);
    s.Row("v6 option on v4")("set", SetInt(tcp, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    s.Option("get", tcp, IPPROTO_IPV6, IPV6_V6ONLY);
    s.Row("v4 option on v6")("set", SetInt(six, IPPROTO_IP, IP_TTL, 5));
    s.Option("get", six, IPPROTO_IP, IP_TTL).Option("hops", six, IPPROTO_IPV6, IPV6_UNICAST_HOPS);
    s.Row("nonsense")("level", SetInt(tcp, 12345, 1, 1))("name", SetInt(tcp, SOL_SOCKET, 12345, 1));
    s("tcp", SetInt(tcp, IPPROTO_TCP, 12345, 1))("ip", SetInt(tcp, IPPROTO_IP, 12345, 1));
    s.Option("level", tcp, 12345, 1).Option("name", tcp, SOL_SOCKET, 12345);
    s.Row("read only")("type", SetInt(tcp, SOL_SOCKET, SO_TYPE, 1));
    s("error", SetInt(tcp, SOL_SOCKET, SO_ERROR, 1));
    s("accept", SetInt(tcp, SOL_SOCKET, SO_ACCEPTCONN, 1));
    s("domain", SetInt(tcp, SOL_SOCKET, SO_DOMAIN, 1));
    s.Row("reads")
        .Option("type", udp, SOL_SOCKET, SO_TYPE)
        .Option("domain", six, SOL_SOCKET, SO_DOMAIN);
    s.Option("protocol", udp, SOL_SOCKET, SO_PROTOCOL).Option("tcp", tcp, SOL_SOCKET, SO_PROTOCOL);
    s.Row("pipe");
    int ends[2];
    os::pipe(ends);
    s.Option("option", ends[0], SOL_SOCKET, SO_TYPE)("set",
                                                     SetInt(ends[0], SOL_SOCKET, SO_TYPE, 1));
    s("connect", Connect(ends[0], "10.0.0.2", 80))("bad", Connect(555, "10.0.0.2", 80));
  });
}

ORACLE(Options, BufferSizes, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      const int fd = os::socket(AF_INET, type, 0);
      s.Row(type == SOCK_STREAM ? "tcp" : "udp");
      s.Option("send", fd, SOL_SOCKET, SO_SNDBUF).Option("receive", fd, SOL_SOCKET, SO_RCVBUF);
      for (const int value : {0, 1, 2047, 2304, 4096, 100'000}) {
        SetInt(fd, SOL_SOCKET, SO_SNDBUF, value);
        SetInt(fd, SOL_SOCKET, SO_RCVBUF, value);
        s.Option("send", fd, SOL_SOCKET, SO_SNDBUF).Option("receive", fd, SOL_SOCKET, SO_RCVBUF);
      }
    }
  });
}

ORACLE(Options, Keepalive, kPair) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("on", SetInt(fd, SOL_SOCKET, SO_KEEPALIVE, 1))("idle",
                                                     SetInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1));
    s("interval", SetInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1));
    s("count", SetInt(fd, IPPROTO_TCP, TCP_KEEPCNT, 2));
    SleepMs(2500);
    s.Poll(fd);
    s.Announce("cut");
    s.Await("silent");
    s.StartClock();
    s("wait", WaitFor(fd, POLLERR, 10000)).Poll(fd).Error(fd).Send(fd, "x");
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("cut");
    s.Firewall("input tcp dport 80 drop");
    s.Announce("silent");
    s.Await("done");
    s.Poll(fd);
  });
}

ORACLE(Options, UserTimeoutOnData, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    s("option", SetInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500));
    s.Announce("connected");
    s.Await("silent");
    s.Send(fd, "x").StartClock();
    s("wait", WaitFor(fd, POLLERR, 20000)).Elapsed().Poll(fd).Error(fd).Receive(fd);
    s.Announce("done");
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("connected");
    s.Firewall("input tcp dport 80 drop");
    s.Announce("silent");
    s.Await("done");
    s.Poll(fd);
  });
}

ORACLE(Options, TtlExpiresOnTheWay, kRouted) {
  it.Watch("a");
  it.On("a", [](Script& s) {
    const int fd = Udp();
    s.Row("udp")("ttl", SetInt(fd, IPPROTO_IP, IP_TTL, 1))("connect", Connect(fd, "10.0.1.2", 9));
    s.Send(fd, "x");
    Settle();
    s.Poll(fd).Error(fd);
    SetInt(fd, IPPROTO_IP, IP_TTL, 2);
    s.Row("enough").Send(fd, "x")("wait", WaitFor(fd, POLLERR)).Error(fd);
    const int tcp = Tcp();
    s.Row("tcp")("ttl", SetInt(tcp, IPPROTO_IP, IP_TTL, 1))("connect", Connect(tcp, "10.0.1.2", 9));
    SleepMs(1200);
    s.Poll(tcp).Error(tcp);
  });
}

ORACLE(Descriptors, LimitAndReuse, kPair) {
  it.On("a", [](Script& s) {
    rlimit limit = {8, 8};
    s.Row("limit")("set", os::setrlimit(RLIMIT_NOFILE, &limit));
    for (int i = 0; i < 6; ++i) s("socket", Tcp());
    s("close", os::close(5))("socket", Udp())("dup", os::dup(3))("dup2", os::dup2(3, 7));
    s("far", os::dup2(3, 8))("epoll", os::epoll_create1(0));
    int ends[2];
    s("pipe", os::pipe(ends))("close", os::close(4))("pipe", os::pipe(ends));
  });
}

ORACLE(Descriptors, ClosedUnderneath, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    const int copy = os::dup(fd);
    s("close", os::close(fd)).Send(fd, "x").Send(copy, "x").Poll(fd).Poll(copy);
    s("replace", os::dup2(Udp(), copy)).Poll(copy).PeerName(copy);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLRDHUP)).Receive(fd).Receive(fd);
  });
}

void Ignore(int) {}

ORACLE(Signals, ConnectIsInterrupted, kImpatientPair) {
  it.On("a", [](Script& s) {
    for (const int flags : {0, static_cast<int>(SA_RESTART)}) {
      const int fd = Tcp(0);
      s.Row(flags == 0 ? "interrupted" : "restarted");
      AlarmAfter(200, Ignore, flags);
      s("connect", Connect(fd, "10.0.0.2", 99)).Elapsed().Poll(fd).Error(fd);
      s("again", SetTimeout(fd, SO_SNDTIMEO, 300))("connect", Connect(fd, "10.0.0.2", 99));
      s.Elapsed().Poll(fd);
      os::close(fd);
    }
  });
}

ORACLE(Signals, ConnectGoesOnInTheBackground, kPair) {
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Firewall("input tcp dport 80 drop");
    const int listener = ListenOn("10.0.0.2", 80);
    s.Announce("ready");
    s.Await("interrupted");
    s.Firewall("flush chain inet filter input");
    const int fd = Accept(listener);
    s.Text("accepted", fd >= 0 ? "yes" : "no");
    s.Await("done");
  });
  it.On("a", [](Script& s) {
    s.Await("ready");
    s.Row("client");
    const int fd = Tcp(0);
    AlarmAfter(300, Ignore);
    s("connect", Connect(fd, "10.0.0.2", 80)).Elapsed();
    s.Announce("interrupted");
    s("wait", WaitFor(fd, POLLOUT)).Poll(fd).Error(fd)("again", Connect(fd, "10.0.0.2", 80));
    s("again", Connect(fd, "10.0.0.2", 80)).PeerName(fd);
    s.Announce("done");
  });
}

ORACLE(Signals, BrokenPipe, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    struct sigaction action = {};
    static int count = 0;
    count = 0;
    action.sa_handler = [](int) { ++count; };
    os::sigaction(SIGPIPE, &action, nullptr);
    os::shutdown(fd, SHUT_WR);
    s("send", os::send(fd, "x", 1, 0))("signals", count);
    s("quiet", os::send(fd, "x", 1, MSG_NOSIGNAL))("signals", count);
    s("write", os::write(fd, "x", 1))("signals", count);
    os::signal(SIGPIPE, SIG_IGN);
    s("ignored", os::send(fd, "x", 1, 0))("signals", count);
    const int fresh = Tcp();
    s("fresh", os::send(fresh, "x", 1, 0))("nothing", os::write(fresh, "", 0));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s("wait", WaitFor(fd, POLLRDHUP));
  });
}

ORACLE(Signals, MaskedDuringPpoll, kPair) {
  it.On("a", [](Script& s) {
    static int count = 0;
    count = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    os::sigprocmask(SIG_BLOCK, &set, nullptr);
    AlarmAfter(100, [](int) { ++count; });
    const int fd = Udp();
    pollfd one = {fd, POLLIN, 0};
    s.Row("poll")("poll", os::poll(&one, 1, 300)).Elapsed()("signals", count);
    sigset_t empty;
    sigemptyset(&empty);
    timespec time = {1, 0};
    s.Row("ppoll")("ppoll", os::ppoll(&one, 1, &time, &empty)).Elapsed()("signals", count);
    s("ppoll", os::ppoll(&one, 1, &time, &empty)).Elapsed();
  });
}

ORACLE(Signals, AcceptRestarts, kPair) {
  it.On("b", [](Script& s) {
    s.Row("server");
    const int listener = ListenOn("10.0.0.2", 80);
    os::fcntl(listener, F_SETFL, 0);
    AlarmAfter(100, Ignore);
    s("accept", os::accept(listener, nullptr, nullptr)).Elapsed();
    AlarmAfter(100, Ignore, SA_RESTART);
    s.Announce("ready");
    const int fd = os::accept(listener, nullptr, nullptr);
    s.Text("accepted", fd >= 0 ? "yes" : ErrorName(errno));
    AlarmAfter(100, Ignore, SA_RESTART);
    char byte;
    s("recv", os::recv(fd, &byte, 1, 0));
  });
  it.On("a", [](Script& s) {
    s.Row("client");
    s.Await("ready");
    SleepMs(300);
    const int fd = Tcp(0);
    s("connect", Connect(fd, "10.0.0.2", 80));
    SleepMs(300);
    s.Send(fd, "x");
  });
}

}  // namespace
}  // namespace drywire::oracle
