// connect(2) on Linux: what it returns, when, and what it leaves behind. Recorded on Linux 6.18.
#include "tests/conformance/linux_script.h"

namespace drywire {
namespace {

// A blocking connect to `port`, which the firewall drops.
void GiveUp(LinuxScript& s, const std::string& row, int fd) {
  s.Row(row);
  s("connect", Connect(fd, "127.0.0.1", 81)).Elapsed().Error(fd).Poll(fd);
  os::close(fd);
}

LINUX_SCRIPT(LinuxConnect, Fact01_OneSynRetryOfTheSysctl, R"(
linear 4: connect=ETIMEDOUT after=3.0s error=0 poll=OUT|HUP
)") {
  s.Firewall("input tcp dport 81 drop");
  s.Sysctl("net.ipv4.tcp_syn_retries", "1");
  GiveUp(s, "linear 4", Tcp(0));
}

LINUX_SCRIPT(LinuxConnect, Fact01_OneSynRetryWithoutLinearTimeouts, R"(
linear 0: connect=ETIMEDOUT after=3.0s error=0 poll=OUT|HUP
)") {
  s.Firewall("input tcp dport 81 drop");
  s.Sysctl("net.ipv4.tcp_syn_retries", "1");
  s.Sysctl("net.ipv4.tcp_syn_linear_timeouts", "0");
  GiveUp(s, "linear 0", Tcp(0));
}

LINUX_SCRIPT(LinuxConnect, Fact01_SynCountOption, R"(
SYNCNT 2: connect=ETIMEDOUT after=7.0s error=0 poll=OUT|HUP
)") {
  s.Firewall("input tcp dport 81 drop");
  const int fd = Tcp(0);
  SetInt(fd, IPPROTO_TCP, TCP_SYNCNT, 2);
  GiveUp(s, "SYNCNT 2", fd);
}

LINUX_SCRIPT(LinuxConnect, Fact01_ThreeSynRetriesWithoutLinearTimeouts, R"(
SYNCNT 3: connect=ETIMEDOUT after=15.0s error=0 poll=OUT|HUP
)") {
  s.Firewall("input tcp dport 81 drop");
  s.Sysctl("net.ipv4.tcp_syn_linear_timeouts", "0");
  const int fd = Tcp(0);
  SetInt(fd, IPPROTO_TCP, TCP_SYNCNT, 3);
  GiveUp(s, "SYNCNT 3", fd);
}

LINUX_SCRIPT(LinuxConnect, Fact01_UserTimeout, R"(
USER_TIMEOUT 2500: connect=ETIMEDOUT after=2.5s error=0 poll=OUT|HUP
)") {
  s.Firewall("input tcp dport 81 drop");
  const int fd = Tcp(0);
  SetInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 2500);
  GiveUp(s, "USER_TIMEOUT 2500", fd);
}

LINUX_SCRIPT(LinuxConnect, Fact01_UserTimeoutAndSynCount, R"(
SYNCNT 1: connect=ETIMEDOUT after=7.0s error=0 poll=OUT|HUP
)") {
  s.Firewall("input tcp dport 81 drop");
  const int fd = Tcp(0);
  SetInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 10'000);
  SetInt(fd, IPPROTO_TCP, TCP_SYNCNT, 1);
  GiveUp(s, "SYNCNT 1", fd);
}

LINUX_SCRIPT(LinuxConnect, SendTimeoutLimitsABlockingConnect, R"(
first: connect=EINPROGRESS after=1.5s error=0 poll=-
second: connect=EALREADY error=0
accept: accept=EAGAIN after=0.3s
recv: connect=0 recv=EAGAIN after=0.3s
)") {
  s.Firewall("input tcp dport 81 drop");
  const int fd = Tcp(0);
  const timeval timeout = {1, 500'000};
  os::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  s.Row("first");
  s("connect", Connect(fd, "127.0.0.1", 81)).Elapsed().Error(fd).Poll(fd);
  s.Row("second")("connect", Connect(fd, "127.0.0.1", 81)).Error(fd);
  const int listener = Listen(82);
  const int other = Tcp(0);
  const timeval receive = {0, 300'000};
  os::setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof receive);
  os::fcntl(listener, F_SETFL, 0);
  s.Row("accept")("accept", os::accept(listener, nullptr, nullptr)).Elapsed();
  s.Row("recv")("connect", Connect(other, "127.0.0.1", 82));
  os::setsockopt(other, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof receive);
  char byte;
  s("recv", os::recv(other, &byte, 1, 0)).Elapsed();
}

LINUX_SCRIPT(LinuxConnect, Fact05_IcmpKillsSynSent, R"(
net-unreachable: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=ENETUNREACH poll=IN|OUT|ERR|HUP|RDHUP again=ECONNABORTED blocking=ENETUNREACH
host-unreachable: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=EHOSTUNREACH poll=IN|OUT|ERR|HUP|RDHUP again=ECONNABORTED blocking=EHOSTUNREACH
prot-unreachable: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=ENOPROTOOPT poll=IN|OUT|ERR|HUP|RDHUP again=ECONNABORTED blocking=ENOPROTOOPT
port-unreachable: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=ECONNREFUSED poll=IN|OUT|ERR|HUP|RDHUP again=ECONNABORTED blocking=ECONNREFUSED
net-prohibited: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=ENETUNREACH poll=IN|OUT|ERR|HUP|RDHUP again=ECONNABORTED blocking=ENETUNREACH
host-prohibited: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=EHOSTUNREACH poll=IN|OUT|ERR|HUP|RDHUP again=ECONNABORTED blocking=EHOSTUNREACH
admin-prohibited: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=EHOSTUNREACH poll=IN|OUT|ERR|HUP|RDHUP again=ECONNABORTED blocking=EHOSTUNREACH
reset: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=ECONNREFUSED error=0 poll=IN|OUT|HUP|RDHUP
)") {
  const char* const kTypes[] = {"net-unreachable",  "host-unreachable", "prot-unreachable",
                                "port-unreachable", "net-prohibited",   "host-prohibited",
                                "admin-prohibited"};
  uint16_t port = 100;
  for (const char* type : kTypes) {
    s.Firewall("input tcp dport " + std::to_string(++port) + " reject with icmp type " + type);
    const int fd = Tcp();
    s.Row(type)("connect", Connect(fd, "127.0.0.1", port));
    // On loopback the answer to the first SYN still finds the socket locked by connect() and is
    // only noted; the second one meets what is usual on a wire.
    os::usleep(1'200'000);
    s.Poll(fd).Error(fd).Poll(fd)("again", Connect(fd, "127.0.0.1", port));
    Settle();
    const int blocking = Tcp(0);
    s("blocking", Connect(blocking, "127.0.0.1", port));
  }
  s.Firewall("input tcp dport 120 reject with tcp reset");
  const int fd = Tcp();
  s.Row("reset")("connect", Connect(fd, "127.0.0.1", 120));
  Settle();
  s.Poll(fd).Error(fd).Error(fd).Poll(fd);
}

LINUX_SCRIPT(LinuxConnect, RejectedOnTheWayOut, R"(
tcp 81: connect=EINPROGRESS poll=- error=0
tcp 82: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=EHOSTUNREACH
tcp 83: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=ECONNREFUSED
udp 81: connect=0 send=EPERM poll=OUT error=0 send=EPERM
udp 82: connect=0 send=EPERM poll=OUT|ERR error=ECONNREFUSED send=EPERM
)") {
  s.Firewall("output tcp dport 81 drop");
  s.Firewall("output tcp dport 82 reject with icmp type admin-prohibited");
  s.Firewall("output tcp dport 83 reject with tcp reset");
  s.Firewall("output udp dport 81 drop");
  s.Firewall("output udp dport 82 reject");
  for (uint16_t port = 81; port <= 83; ++port) {
    const int fd = Tcp();
    s.Row("tcp " + std::to_string(port))("connect", Connect(fd, "10.0.0.2", port));
    os::usleep(1'200'000);  // see Fact05
    s.Poll(fd).Error(fd);
  }
  for (uint16_t port = 81; port <= 82; ++port) {
    const int fd = Udp();
    s.Row("udp " + std::to_string(port))("connect", Connect(fd, "10.0.0.2", port));
    s("send", os::send(fd, "x", 1, 0));
    Settle();
    s.Poll(fd).Error(fd)("send", os::send(fd, "x", 1, 0));
  }
}

LINUX_SCRIPT(LinuxConnect, BlockingAndNonBlockingMatrix, R"(
accepts blocking: connect=0 poll=OUT poll=OUT error=0 send=1 connect=EISCONN connect=EISCONN
accepts non-blocking: connect=EINPROGRESS poll=OUT poll=OUT error=0 send=1 connect=0 connect=EISCONN
closed port blocking: connect=ECONNREFUSED poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=0 connect=EISCONN
closed port non-blocking: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP poll=IN|OUT|ERR|HUP|RDHUP error=ECONNREFUSED send=EPIPE connect=ECONNABORTED connect=EINPROGRESS
peer refuses blocking: connect=ECONNREFUSED poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=0 connect=EISCONN
peer refuses non-blocking: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP poll=IN|OUT|ERR|HUP|RDHUP error=ECONNREFUSED send=EPIPE connect=ECONNABORTED connect=EINPROGRESS
silent neighbour blocking: connect=EHOSTUNREACH poll=OUT|ERR|HUP poll=OUT|ERR|HUP error=0 send=EPIPE connect=0 connect=EISCONN
silent neighbour non-blocking: connect=EINPROGRESS poll=- poll=- error=0 send=EAGAIN connect=EALREADY connect=EALREADY
no route blocking: connect=ENETUNREACH poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=0 connect=EISCONN
no route non-blocking: connect=ENETUNREACH poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=EINPROGRESS connect=0
unreachable blocking: connect=EHOSTUNREACH poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=0 connect=EISCONN
unreachable non-blocking: connect=EHOSTUNREACH poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=EINPROGRESS connect=0
blackhole blocking: connect=EINVAL poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=0 connect=EISCONN
blackhole non-blocking: connect=EINVAL poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=EINPROGRESS connect=0
prohibit blocking: connect=EACCES poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=0 connect=EISCONN
prohibit non-blocking: connect=EACCES poll=OUT|HUP poll=OUT|HUP error=0 send=EPIPE connect=EINPROGRESS connect=0
)") {
  s.Route("unreachable 10.1.0.0/24");
  s.Route("blackhole 10.2.0.0/24");
  s.Route("prohibit 10.3.0.0/24");
  const int listener = Listen(80);
  os::listen(listener, 20);
  struct {
    const char* what;
    const char* address;
  } const kRows[] = {{"accepts", "127.0.0.1"},     {"closed port", "127.0.0.2"},
                     {"peer refuses", "10.0.0.2"}, {"silent neighbour", "10.0.0.77"},
                     {"no route", "10.9.0.1"},     {"unreachable", "10.1.0.1"},
                     {"blackhole", "10.2.0.1"},    {"prohibit", "10.3.0.1"}};
  for (const auto& row : kRows) {
    for (const int flags : {0, static_cast<int>(SOCK_NONBLOCK)}) {
      s.Row(std::string(row.what) + (flags == 0 ? " blocking" : " non-blocking"));
      const int fd = Tcp(flags);
      s("connect", Connect(fd, row.address, 80)).Poll(fd);
      Settle();
      s.Poll(fd).Error(fd)("send", os::send(fd, "x", 1, MSG_NOSIGNAL));
      s("connect", Connect(fd, "127.0.0.1", 80));
      Settle();
      s("connect", Connect(fd, "127.0.0.1", 80));
      os::close(fd);
    }
  }
}

LINUX_SCRIPT(LinuxConnect, Fact24_DissolvingAndSpecialPeers, R"(
fresh: unspec=0 short=0 shorter=EINVAL connect=EINPROGRESS unspec=0 poll=OUT|ERR|HUP peer=ENOTCONN again=EINPROGRESS poll=OUT
listener: unspec=0 accept=EINVAL listen=0
wildcard: connect=EINPROGRESS peer=127.0.0.1:90
wildcard 6: connect=EINPROGRESS peer=[::1]:91
self: connect=0 local=127.0.0.1:92 peer=127.0.0.1:92
)") {
  const int listener = Listen(80);
  sockaddr none = {};
  none.sa_family = AF_UNSPEC;
  int fd = Tcp();
  s.Row("fresh")("unspec", os::connect(fd, &none, sizeof none))("short", os::connect(fd, &none, 2))(
      "shorter", os::connect(fd, &none, 1));
  s("connect", Connect(fd, "127.0.0.1", 80));
  Settle();
  s("unspec", os::connect(fd, &none, sizeof none)).Poll(fd).PeerName(fd);
  s("again", Connect(fd, "127.0.0.1", 80));
  Settle();
  s.Poll(fd);
  s.Row("listener")("unspec", os::connect(listener, &none, sizeof none));
  s("accept", os::accept(listener, nullptr, nullptr))("listen", os::listen(listener, 1));
  s.Row("wildcard");
  fd = Tcp();
  Bind(fd, "0.0.0.0", 90);
  os::listen(fd, 1);
  int client = Tcp();
  s("connect", Connect(client, "0.0.0.0", 90));
  Settle();
  s.PeerName(client);
  s.Row("wildcard 6");
  fd = Tcp(SOCK_NONBLOCK, AF_INET6);
  Bind6(fd, "::", 91);
  os::listen(fd, 1);
  client = Tcp(SOCK_NONBLOCK, AF_INET6);
  s("connect", Connect6(client, "::", 91));
  Settle();
  s.PeerName(client);
  s.Row("self");
  fd = Tcp(0);
  Bind(fd, "127.0.0.1", 92);
  s("connect", Connect(fd, "127.0.0.1", 92)).LocalName(fd).PeerName(fd);
}

LINUX_SCRIPT(LinuxConnect, Fact25_AddressesThatCannotBeReached, R"(
tcp: from loopback=EINVAL subnet broadcast=ENETUNREACH broadcast=ENETUNREACH multicast=ENETUNREACH class E=ENETUNREACH with option=ENETUNREACH
port 0: connect=EINPROGRESS poll=IN|OUT|ERR|HUP|RDHUP error=ECONNREFUSED
udp: subnet broadcast=EACCES broadcast=ENETUNREACH sendto=EACCES multicast=ENETUNREACH broadcast, with a route=EACCES multicast, with a route=0 with option=0 peer=255.255.255.255:80
)") {
  int fd = Tcp();
  s.Row("tcp");
  Bind(fd, "127.0.0.1", 0);
  s("from loopback", Connect(fd, "10.0.0.2", 80));
  fd = Tcp();
  s("subnet broadcast", Connect(fd, "10.0.0.255", 80))("broadcast",
                                                       Connect(fd, "255.255.255.255", 80));
  s("multicast", Connect(fd, "224.1.1.1", 80))("class E", Connect(fd, "240.0.0.1", 80));
  SetInt(fd, SOL_SOCKET, SO_BROADCAST, 1);
  s("with option", Connect(fd, "10.0.0.255", 80));
  s.Row("port 0")("connect", Connect(fd, "127.0.0.1", 0));
  Settle();
  s.Poll(fd).Error(fd);
  s.Row("udp");
  fd = Udp();
  s("subnet broadcast", Connect(fd, "10.0.0.255", 80))("broadcast",
                                                       Connect(fd, "255.255.255.255", 80));
  const sockaddr_in to = Inet("10.0.0.255", 80);
  s("sendto", os::sendto(fd, "x", 1, 0, AsSockaddr(to), sizeof to));
  s("multicast", Connect(fd, "224.1.1.1", 80));
  s.Route("default via 10.0.0.2");
  s("broadcast, with a route", Connect(fd, "255.255.255.255", 80));
  s("multicast, with a route", Connect(fd, "224.1.1.1", 80));
  SetInt(fd, SOL_SOCKET, SO_BROADCAST, 1);
  s("with option", Connect(fd, "255.255.255.255", 80)).PeerName(fd);
}

LINUX_SCRIPT(LinuxConnect, Fact26_FamiliesAndLengths, R"(
1 2 2: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINPROGRESS 17=EINPROGRESS 23=EINPROGRESS 24=EINPROGRESS 27=EINPROGRESS 28=EINPROGRESS 29=EINPROGRESS 110=EINPROGRESS 128=EINPROGRESS 129=EINVAL
1 2 10: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EAFNOSUPPORT 17=EAFNOSUPPORT 23=EAFNOSUPPORT 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
1 2 1: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EAFNOSUPPORT 17=EAFNOSUPPORT 23=EAFNOSUPPORT 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
1 2 0: -1=EINVAL 0=EINVAL 1=EINVAL 2=0 8=0 15=0 16=0 17=0 23=0 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
1 2 77: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EAFNOSUPPORT 17=EAFNOSUPPORT 23=EAFNOSUPPORT 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
1 10 2: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
1 10 10: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EINPROGRESS 27=EINPROGRESS 28=EINPROGRESS 29=EINPROGRESS 110=EINPROGRESS 128=EINPROGRESS 129=EINVAL
1 10 1: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
1 10 0: -1=EINVAL 0=EINVAL 1=EINVAL 2=0 8=0 15=0 16=0 17=0 23=0 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
1 10 77: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
2 2 2: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=0 17=0 23=0 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
2 2 10: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EAFNOSUPPORT 17=EAFNOSUPPORT 23=EAFNOSUPPORT 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
2 2 1: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EAFNOSUPPORT 17=EAFNOSUPPORT 23=EAFNOSUPPORT 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
2 2 0: -1=EINVAL 0=EINVAL 1=EINVAL 2=0 8=0 15=0 16=0 17=0 23=0 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
2 2 77: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EAFNOSUPPORT 17=EAFNOSUPPORT 23=EAFNOSUPPORT 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
2 10 2: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=0 17=0 23=0 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
2 10 10: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
2 10 1: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
2 10 0: -1=EINVAL 0=EINVAL 1=EINVAL 2=0 8=0 15=0 16=0 17=0 23=0 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
2 10 77: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
)") {
  sockaddr_storage raw = {};
  const auto with = [&](int family) {
    raw = {};
    raw.ss_family = family;
    if (family == AF_INET) {
      const sockaddr_in in = Inet("127.0.0.1", 80);
      memcpy(&raw, &in, sizeof in);
    } else if (family == AF_INET6) {
      const sockaddr_in6 in = Inet6("::1", 80);
      memcpy(&raw, &in, sizeof in);
    }
    return AsSockaddr(raw);
  };
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    for (const int domain : {AF_INET, AF_INET6}) {
      for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, 77}) {
        s.Row(std::to_string(type) + " " + std::to_string(domain) + " " + std::to_string(family));
        for (const int length : {-1, 0, 1, 2, 8, 15, 16, 17, 23, 24, 27, 28, 29, 110, 128, 129}) {
          const int fd = os::socket(domain, type | SOCK_NONBLOCK, 0);
          s(std::to_string(length), os::connect(fd, with(family), length));
          os::close(fd);
        }
      }
    }
  }
}

LINUX_SCRIPT(LinuxConnect, BindFamiliesAndLengths, R"(
2 2: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=0 17=0 23=0 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
2 10: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EAFNOSUPPORT 17=EAFNOSUPPORT 23=EAFNOSUPPORT 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
2 1: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EAFNOSUPPORT 17=EAFNOSUPPORT 23=EAFNOSUPPORT 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
2 0: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=0 17=0 23=0 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
2 77: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EAFNOSUPPORT 17=EAFNOSUPPORT 23=EAFNOSUPPORT 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
10 2: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
10 10: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=0 27=0 28=0 29=0 110=0 128=0 129=EINVAL
10 1: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
10 0: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
10 77: -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 8=EINVAL 15=EINVAL 16=EINVAL 17=EINVAL 23=EINVAL 24=EAFNOSUPPORT 27=EAFNOSUPPORT 28=EAFNOSUPPORT 29=EAFNOSUPPORT 110=EAFNOSUPPORT 128=EAFNOSUPPORT 129=EINVAL
)") {
  sockaddr_storage raw = {};
  const auto with = [&](int family) {
    raw = {};
    raw.ss_family = family;
    return AsSockaddr(raw);
  };
  for (const int domain : {AF_INET, AF_INET6}) {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, 77}) {
      s.Row(std::to_string(domain) + " " + std::to_string(family));
      for (const int length : {-1, 0, 1, 2, 8, 15, 16, 17, 23, 24, 27, 28, 29, 110, 128, 129}) {
        const int fd = os::socket(domain, SOCK_STREAM | SOCK_NONBLOCK, 0);
        s(std::to_string(length), os::bind(fd, with(family), length));
        os::close(fd);
      }
    }
  }
}

LINUX_SCRIPT(LinuxConnect, MappedAddressesAndV6Only, R"(
mapped: connect=EINPROGRESS peer=[::ffff:127.0.0.1]:80 accept=1
v6only: connect=ENETUNREACH bind mapped=EINVAL bind=0 too late=EINVAL v4 beside it=0
dual: bind=0 listen=0 v4 beside it=EADDRINUSE connect=EINPROGRESS peer=[::ffff:127.0.0.1]:9000 local=[::ffff:127.0.0.1]:82
bound to a v6 address: connect mapped=ENETUNREACH
bound to a mapped address: connect v6=EAFNOSUPPORT connect v6 wildcard=EINPROGRESS local=[::ffff:127.0.0.1]:84
)") {
  const int listener = Listen(80);
  int fd = Tcp(SOCK_NONBLOCK, AF_INET6);
  s.Row("mapped")("connect", Connect6(fd, "::ffff:127.0.0.1", 80));
  Settle();
  s.PeerName(fd)("accept", os::accept(listener, nullptr, nullptr) >= 0);
  fd = Tcp(SOCK_NONBLOCK, AF_INET6);
  SetInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  s.Row("v6only")("connect", Connect6(fd, "::ffff:127.0.0.1", 80));
  s("bind mapped", Bind6(fd, "::ffff:127.0.0.1", 81))("bind", Bind6(fd, "::", 81));
  s("too late", SetInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
  fd = Tcp();
  s("v4 beside it", Bind(fd, "0.0.0.0", 81));
  s.Row("dual");
  fd = Tcp(SOCK_NONBLOCK, AF_INET6);
  s("bind", Bind6(fd, "::", 82))("listen", os::listen(fd, 2));
  const int v4 = Tcp();
  s("v4 beside it", Bind(v4, "0.0.0.0", 82));
  const int client = Tcp();
  Bind(client, "127.0.0.1", 9000);
  s("connect", Connect(client, "127.0.0.1", 82));
  Settle();
  const int accepted = os::accept(fd, nullptr, nullptr);
  s.PeerName(accepted).LocalName(accepted);
  s.Row("bound to a v6 address");
  fd = Tcp(SOCK_NONBLOCK, AF_INET6);
  Bind6(fd, "::1", 83);
  s("connect mapped", Connect6(fd, "::ffff:127.0.0.1", 80));
  s.Row("bound to a mapped address");
  fd = Tcp(SOCK_NONBLOCK, AF_INET6);
  Bind6(fd, "::ffff:127.0.0.1", 84);
  s("connect v6", Connect6(fd, "::1", 80))("connect v6 wildcard", Connect6(fd, "::", 80));
  Settle();
  s.LocalName(fd);
}

LINUX_SCRIPT(LinuxConnect, ScopeIds, R"(
1: connect=EINVAL bind=EINVAL no such interface=ENETUNREACH global with scope=EINPROGRESS loopback with scope=EINPROGRESS no route=ENETUNREACH not ours=EADDRNOTAVAIL multicast=ENETUNREACH
2: connect=EINVAL bind=EINVAL no such interface=ENETUNREACH global with scope=0 loopback with scope=0 no route=ENETUNREACH not ours=EADDRNOTAVAIL multicast=EINVAL
)") {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    s.Row(std::to_string(type));
    const auto fresh = [&] { return os::socket(AF_INET6, type | SOCK_NONBLOCK, 0); };
    s("connect", Connect6(fresh(), "fe80::2", 80));
    s("bind", Bind6(fresh(), "fe80::1", 80));
    s("no such interface", Connect6(fresh(), "fe80::2", 80, 99));
    s("global with scope", Connect6(fresh(), "fd00::2", 80, 99));
    s("loopback with scope", Connect6(fresh(), "::1", 80, 99));
    s("no route", Connect6(fresh(), "2001:db8::1", 80));
    s("not ours", Bind6(fresh(), "2001:db8::1", 80));
    s("multicast", Connect6(fresh(), "ff02::1", 80));
  }
}

LINUX_SCRIPT(LinuxConnect, Fact30_RefusedDatagrams, R"(
connected: connect=0 send=1 poll=OUT|ERR send=ECONNREFUSED send=1 recv=ECONNREFUSED recv=EAGAIN error=0
reconnected: send=1 connect=0 error=ECONNREFUSED
unconnected: sendto=1 poll=OUT error=0 sendto=1
port 0: connect=0 peer=ENOTCONN send=1 sendto=EINVAL
dissolved, bound: unspec=0 local=127.0.0.1:7000 peer=ENOTCONN
dissolved, automatic: unspec=0 local=0.0.0.0:0 peer=ENOTCONN
bound to the wildcard: local=127.0.0.1:7001 unspec=0 local=0.0.0.0:7001
)") {
  int fd = Udp();
  s.Row("connected")("connect", Connect(fd, "127.0.0.1", 9));
  s("send", os::send(fd, "x", 1, 0));
  Settle();
  s.Poll(fd)("send", os::send(fd, "x", 1, 0))("send", os::send(fd, "x", 1, 0));
  Settle();
  char byte;
  s("recv", os::recv(fd, &byte, 1, 0))("recv", os::recv(fd, &byte, 1, 0)).Error(fd);
  s.Row("reconnected")("send", os::send(fd, "x", 1, 0));
  Settle();
  s("connect", Connect(fd, "127.0.0.1", 10)).Error(fd);
  s.Row("unconnected");
  fd = Udp();
  const sockaddr_in to = Inet("127.0.0.1", 9);
  s("sendto", os::sendto(fd, "x", 1, 0, AsSockaddr(to), sizeof to));
  Settle();
  s.Poll(fd).Error(fd)("sendto", os::sendto(fd, "x", 1, 0, AsSockaddr(to), sizeof to));
  s.Row("port 0");
  const sockaddr_in zero = Inet("127.0.0.1", 0);
  s("connect", Connect(fd, "127.0.0.1", 0)).PeerName(fd)("send", os::send(fd, "x", 1, 0));
  s("sendto", os::sendto(fd, "x", 1, 0, AsSockaddr(zero), sizeof zero));
  s.Row("dissolved, bound");
  fd = Udp();
  Bind(fd, "127.0.0.1", 7000);
  Connect(fd, "127.0.0.1", 9);
  sockaddr none = {};
  s("unspec", os::connect(fd, &none, sizeof none)).LocalName(fd).PeerName(fd);
  s.Row("dissolved, automatic");
  fd = Udp();
  Connect(fd, "127.0.0.1", 9);
  s("unspec", os::connect(fd, &none, sizeof none)).LocalName(fd).PeerName(fd);
  s.Row("bound to the wildcard");
  fd = Udp();
  Bind(fd, "0.0.0.0", 7001);
  Connect(fd, "127.0.0.1", 9);
  s.LocalName(fd)("unspec", os::connect(fd, &none, sizeof none)).LocalName(fd);
}

}  // namespace
}  // namespace drywire
