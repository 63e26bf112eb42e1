// Local ports on Linux: the ephemeral range, sharing, backlogs. Recorded on Linux 6.18.
#include "tests/conformance/linux_script.h"

namespace drywire {
namespace {

LINUX_SCRIPT(LinuxPorts, Fact27_ExhaustedForOneDestination, R"(
one destination: connect=EINPROGRESS connect=EINPROGRESS connect=EINPROGRESS connect=EINPROGRESS connect=EADDRNOTAVAIL
another: connect=EINPROGRESS connect=EINPROGRESS connect=EINPROGRESS connect=EINPROGRESS connect=EADDRNOTAVAIL
bind to port 0: bind=EADDRINUSE with reuse=EADDRINUSE listen unbound=EADDRINUSE
udp: connect=0 connect=0 connect=0 connect=0 connect=EAGAIN bind=EADDRINUSE sendto=EAGAIN
)") {
  s.Sysctl("net.ipv4.ip_local_port_range", "50000 50003");
  const int a = Listen(80, 20);
  const int b = Listen(81, 20);
  s.Row("one destination");
  for (int i = 0; i < 5; ++i) s("connect", Connect(Tcp(), "127.0.0.1", 80));
  s.Row("another");
  for (int i = 0; i < 5; ++i) s("connect", Connect(Tcp(), "127.0.0.1", 81));
  s.Row("bind to port 0");
  s("bind", Bind(Tcp(), "127.0.0.1", 0));
  const int late = Tcp();
  SetInt(late, SOL_SOCKET, SO_REUSEADDR, 1);
  s("with reuse", Bind(late, "127.0.0.1", 0))("listen unbound", os::listen(Tcp(), 1));
  s.Row("udp");
  for (int i = 0; i < 5; ++i) s("connect", Connect(Udp(), "127.0.0.1", 80));
  s("bind", Bind(Udp(), "127.0.0.1", 0));
  const sockaddr_in to = Inet("127.0.0.1", 80);
  s("sendto", os::sendto(Udp(), "x", 1, 0, AsSockaddr(to), sizeof to));
  (void)a, (void)b;
}

LINUX_SCRIPT(LinuxPorts, Fact27_BoundPortsAreNotForConnect, R"(
bound: bind=0 connect=EINPROGRESS bind=0 connect=EINPROGRESS bind=0 connect=EINPROGRESS bind=0 connect=EINPROGRESS bind=EADDRINUSE
then: connect=EADDRNOTAVAIL
without a port: bind=0 local=127.0.0.2:0 connect=EADDRNOTAVAIL
)") {
  s.Sysctl("net.ipv4.ip_local_port_range", "50000 50003");
  const int listener = Listen(80, 20);
  s.Row("bound");
  for (int i = 0; i < 5; ++i) {
    const int fd = Tcp();
    s("bind", Bind(fd, "127.0.0.1", 0));
    if (i < 4) s("connect", Connect(fd, "127.0.0.1", 80));
  }
  s.Row("then")("connect", Connect(Tcp(), "127.0.0.1", 80));
  const int fd = Tcp();
  SetInt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  s.Row("without a port")("bind", Bind(fd, "127.0.0.2", 0)).LocalName(fd);
  s("connect", Connect(fd, "127.0.0.1", 80));
  (void)listener;
}

LINUX_SCRIPT(LinuxPorts, Fact27_Parity, R"(
of 20: even by connect=20 odd by bind=20
)") {
  s.Sysctl("net.ipv4.ip_local_port_range", "50000 50999");
  const int listener = Listen(80, 100);
  int odd = 0;
  int even = 0;
  for (int i = 0; i < 20; ++i) {
    const int fd = Tcp();
    Connect(fd, "127.0.0.1", 80);
    sockaddr_in local = {};
    socklen_t length = sizeof local;
    os::getsockname(fd, AsSockaddr(local), &length);
    even += ntohs(local.sin_port) % 2 == 0;
    const int other = Tcp();
    Bind(other, "127.0.0.1", 0);
    os::getsockname(other, AsSockaddr(local), &length);
    odd += ntohs(local.sin_port) % 2 == 1;
  }
  s.Row("of 20")("even by connect", even)("odd by bind", odd);
  (void)listener;
}

LINUX_SCRIPT(LinuxPorts, Fact28_ReuseAddressAndPort, R"(
none: bind=0 bind=EADDRINUSE listen=0 listen=0 third=EADDRINUSE wildcard=EADDRINUSE after close=0 listen=0
REUSEADDR: bind=0 bind=0 listen=0 listen=EADDRINUSE third=EADDRINUSE wildcard=EADDRINUSE after close=0 listen=0
REUSEPORT: bind=0 bind=0 listen=0 listen=0 third=0 wildcard=EINVAL after close=EINVAL listen=0
)") {
  for (const int option : {0, SO_REUSEADDR, SO_REUSEPORT}) {
    s.Row(option == 0 ? "none" : option == SO_REUSEADDR ? "REUSEADDR" : "REUSEPORT");
    const uint16_t port = 8000 + option;
    const int a = Tcp();
    const int b = Tcp();
    if (option != 0) SetInt(a, SOL_SOCKET, option, 1);
    if (option != 0) SetInt(b, SOL_SOCKET, option, 1);
    s("bind", Bind(a, "127.0.0.1", port))("bind", Bind(b, "127.0.0.1", port));
    s("listen", os::listen(a, 1))("listen", os::listen(b, 1));
    const int c = Tcp();
    if (option != 0) SetInt(c, SOL_SOCKET, option, 1);
    s("third", Bind(c, "127.0.0.1", port))("wildcard", Bind(c, "0.0.0.0", port));
    os::close(a);
    s("after close", Bind(c, "127.0.0.1", port))("listen", os::listen(b, 1));
  }
}

LINUX_SCRIPT(LinuxPorts, Fact28_ClosingOneReusePortListenerResetsItsQueue, R"(
clients: both used=1 add up=32
)") {
  int listeners[2];
  for (int& fd : listeners) {
    fd = Tcp();
    SetInt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    Bind(fd, "127.0.0.1", 80);
    os::listen(fd, 64);
  }
  int clients[32];
  for (int& fd : clients) {
    fd = Tcp();
    Connect(fd, "127.0.0.1", 80);
  }
  Settle();
  int queued = 0;
  while (os::accept(listeners[1], nullptr, nullptr) >= 0) ++queued;
  os::close(listeners[0]);
  Settle();
  int reset = 0;
  for (const int fd : clients) {
    char byte;
    reset += os::recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET;
  }
  s.Row("clients")("both used", queued > 0 && queued < 32)("add up", queued + reset);
}

LINUX_SCRIPT(LinuxPorts, Fact29_Backlog, R"(
backlog 0: connected=1 accepted=1 poll=- a second later=2 poll=-
backlog 1: connected=2 accepted=2 poll=- a second later=4 poll=-
backlog 3: connected=4 accepted=4 poll=- a second later=8 poll=OUT
)") {
  for (const int backlog : {0, 1, 3}) {
    s.Row("backlog " + std::to_string(backlog));
    const int listener = Listen(80 + backlog, backlog);
    int connected = 0;
    int clients[8];
    for (int& fd : clients) {
      fd = Tcp();
      Connect(fd, "127.0.0.1", 80 + backlog);
      Settle();
      connected += Connect(fd, "127.0.0.1", 80 + backlog) == 0;
    }
    int accepted = 0;
    while (os::accept(listener, nullptr, nullptr) >= 0) ++accepted;
    s("connected", connected)("accepted", accepted).Poll(clients[7]);
    os::usleep(1'500'000);  // SYNs and SYN-ACKs are sent again
    while (os::accept(listener, nullptr, nullptr) >= 0) ++accepted;
    s("a second later", accepted).Poll(clients[7]);
  }
}

LINUX_SCRIPT(LinuxPorts, BindErrors, R"(
bind: not ours=EADDRNOTAVAIL broadcast=0 multicast=EINVAL loopback net=EINVAL twice=EINVAL null=EFAULT
connecting: bind=0 listen=EINVAL
connected: bind=EINVAL listen=EINVAL accept=EINVAL
listener: bind=EINVAL connect=EISCONN recv=ENOTCONN send=EPIPE peer=ENOTCONN poll=- shutdown=0 accept=EAGAIN shutdown=0 poll=OUT|HUP accept=EINVAL local=127.0.0.1:86 listen=0 poll=-
udp: listen=EOPNOTSUPP accept=EOPNOTSUPP not ours=EADDRNOTAVAIL broadcast=0 twice=EINVAL
)") {
  int fd = Tcp();
  s.Row("bind")("not ours", Bind(fd, "10.0.0.77", 80))("broadcast", Bind(fd, "10.0.0.255", 80));
  s("multicast", Bind(fd, "224.0.0.1", 80))("loopback net", Bind(fd, "127.9.9.9", 80));
  s("twice", Bind(fd, "127.0.0.1", 81))("null", os::bind(fd, nullptr, 16));
  fd = Tcp();
  Connect(fd, "127.0.0.1", 99);
  s.Row("connecting")("bind", Bind(fd, "127.0.0.1", 81))("listen", os::listen(fd, 1));
  const TcpPair pair = Connected(85);
  s.Row("connected")("bind", Bind(pair.client, "127.0.0.1", 81))("listen",
                                                                 os::listen(pair.client, 1));
  s("accept", os::accept(pair.client, nullptr, nullptr));
  s.Row("listener");
  const int listener = Listen(86);
  s("bind", Bind(listener, "127.0.0.1", 87))("connect", Connect(listener, "127.0.0.1", 85));
  s("recv", os::recv(listener, &fd, 1, 0))("send", os::send(listener, &fd, 1, MSG_NOSIGNAL));
  s.PeerName(listener).Poll(listener)("shutdown", os::shutdown(listener, SHUT_WR));
  s("accept", os::accept(listener, nullptr, nullptr))("shutdown", os::shutdown(listener, SHUT_RD));
  s.Poll(listener)("accept", os::accept(listener, nullptr, nullptr)).LocalName(listener);
  s("listen", os::listen(listener, 1)).Poll(listener);
  s.Row("udp");
  fd = Udp();
  s("listen", os::listen(fd, 1))("accept", os::accept(fd, nullptr, nullptr));
  s("not ours", Bind(fd, "10.0.0.77", 80))("broadcast", Bind(fd, "10.0.0.255", 80));
  s("twice", Bind(fd, "127.0.0.1", 81));
}

LINUX_SCRIPT(LinuxPorts, TimeWait, R"(
close order: client=0 server=0 bind=0
server first: server=0 client=0 bind=EADDRINUSE with reuse=0 listen=0
)") {
  const TcpPair pair = Connected(80);
  s.Row("close order")("client", os::close(pair.client));
  Settle();
  s("server", os::close(pair.server));
  Settle();
  const int plain = Tcp();
  s("bind", Bind(plain, "127.0.0.1", 80));  // the client holds TIME-WAIT
  os::close(plain);
  const TcpPair other = Connected(81);
  s.Row("server first")("server", os::close(other.server));
  Settle();
  s("client", os::close(other.client));
  Settle();
  const int again = Tcp();
  s("bind", Bind(again, "127.0.0.1", 81));
  SetInt(again, SOL_SOCKET, SO_REUSEADDR, 1);
  s("with reuse", Bind(again, "127.0.0.1", 81))("listen", os::listen(again, 1));
}

}  // namespace
}  // namespace drywire
