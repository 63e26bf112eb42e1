// The rows of the two connect(2) manual pages that are about the Internet families, by their ids,
// as Linux has them: what `drywire errors` says was observed on Linux is observed here. Left out:
// linux-eagain-routing-cache, which is about kernels before 3.6, and the rows of UNIX sockets. A
// row whose errno a page promises and Linux 6.18 does not give (fbsd-eagain-ports: EADDRNOTAVAIL)
// shows what it gives.
#include <string>
#include <vector>

#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

using Body = void (*)(Script& s);

// Host b of every row: listens on port 80, keeps what it accepts, resets what comes to port 82,
// drops what is for port 99.
void Serve(Script& s) {
  s.Row("server");
  const int kept = ListenOn("10.0.0.2", 80);
  const int reset = ListenOn("10.0.0.2", 82);
  const int datagrams = UdpOn("10.0.0.2", 53);
  s.Announce("ready");
  while (!s.Announced("done")) {
    pollfd fds[3] = {{kept, POLLIN, 0}, {reset, POLLIN, 0}, {datagrams, POLLIN, 0}};
    os::poll(fds, 3, 10);
    os::accept4(kept, nullptr, nullptr, SOCK_NONBLOCK);
    const int fd = os::accept4(reset, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd >= 0) {
      SetLinger(fd, 0);
      os::close(fd);
    }
    char data[16];
    sockaddr_in from = {};
    socklen_t length = sizeof from;
    const ssize_t size =
        os::recvfrom(datagrams, data, sizeof data, MSG_DONTWAIT, AsSockaddr(from), &length);
    if (size >= 0) os::sendto(datagrams, "echo", 4, 0, AsSockaddr(from), length);
  }
}

bool AddRow(const std::vector<std::string>& ids, Body body, bool watched = false) {
  for (const std::string& id : ids) {
    Scenario scenario;
    scenario.name = "ConnectErrors." + id;
    scenario.topology = kImpatientPair;
    scenario.On("a", [id, body](Script& s) {
      s.Await("ready");
      s.Row(id);
      body(s);
      s.Announce("done");
    });
    scenario.On("b", Serve);
    if (watched) scenario.Watch("a");
    Register(std::move(scenario), [](Scenario&) {});
  }
  return true;
}

void NotADescriptor(Script& s) {
  const int fd = Tcp();
  os::close(fd);
  s("closed", Connect(fd, "10.0.0.2", 80))("negative", Connect(-1, "10.0.0.2", 80));
  s("never opened", Connect(1000, "10.0.0.2", 80));
}

void NotASocket(Script& s) {
  int ends[2];
  os::pipe(ends);
  s("pipe", Connect(ends[0], "10.0.0.2", 80));
  s("epoll", Connect(os::epoll_create1(0), "10.0.0.2", 80));
}

void BadPointer(Script& s) {
  const auto* const nowhere = reinterpret_cast<const sockaddr*>(8);
  s("tcp", os::connect(Tcp(), nowhere, 16))("udp", os::connect(Udp(), nowhere, 16));
  s("bad length first", os::connect(Tcp(), nowhere, 200));
  s("bad descriptor first", os::connect(1000, nowhere, 16));
}

void WrongLength(Script& s) {
  const sockaddr_in to = Inet("10.0.0.2", 80);
  for (const socklen_t length : {0u, 1u, 8u, 15u, 128u, 129u, 512u}) {
    s("tcp", os::connect(Tcp(), AsSockaddr(to), length));
    s("udp", os::connect(Udp(), AsSockaddr(to), length));
  }
}

void WrongFamily(Script& s) {
  const sockaddr_in6 six = Inet6("fd00::2", 80);
  s("v6 on v4", os::connect(Tcp(), AsSockaddr(six), sizeof six));
  s("udp", os::connect(Udp(), AsSockaddr(six), sizeof six));
  sockaddr_storage local = {};
  local.ss_family = AF_UNIX;
  s("unix on v4", os::connect(Tcp(), AsSockaddr(local), sizeof local));
  local.ss_family = 77;
  s("nonsense", os::connect(Tcp(), AsSockaddr(local), sizeof local));
}

void AddressNotAvailable(Script& s) {
  s.Sysctl("net.ipv4.ip_local_port_range", "50000 50001");
  for (int i = 0; i < 3; ++i) s("connect", Connect(Tcp(0), "10.0.0.2", 80));
  s("bind", Bind(Tcp(), "10.0.0.77", 0));
}

void Connected(Script& s) {
  const int fd = Tcp(0);
  s("connect", Connect(fd, "10.0.0.2", 80))("again", Connect(fd, "10.0.0.2", 80));
  s("elsewhere", Connect(fd, "10.0.0.2", 9));
  os::fcntl(fd, F_SETFL, O_NONBLOCK);
  s("non-blocking", Connect(fd, "10.0.0.2", 80)).PeerName(fd);
}

void TimedOut(Script& s) {
  const int fd = Tcp(0);
  s("connect", Connect(fd, "10.0.0.2", 99)).Elapsed().Error(fd).Poll(fd);
}

void Refused(Script& s) {
  const int fd = Tcp(0);
  s("connect", Connect(fd, "10.0.0.2", 9)).Error(fd).Poll(fd);
  s("local", Connect(Tcp(0), "127.0.0.1", 9));
}

// connect() itself cannot say it: the handshake was complete.
void ResetByThePeer(Script& s) {
  const int fd = Tcp(0);
  s("connect", Connect(fd, "10.0.0.2", 82));
  os::fcntl(fd, F_SETFL, O_NONBLOCK);
  s("wait", WaitFor(fd, POLLERR)).Poll(fd).Receive(fd).Receive(fd);
}

void NetworkUnreachable(Script& s) {
  for (const int flags : {0, static_cast<int>(SOCK_NONBLOCK)}) {
    s("tcp", Connect(Tcp(flags), "10.9.0.1", 80))("udp", Connect(Udp(flags), "10.9.0.1", 80));
    s("v6", Connect6(Tcp(flags, AF_INET6), "2001:db8::1", 80));
  }
}

void HostUnreachable(Script& s) {
  s("route", Connect(Tcp(0), "10.1.0.1", 80)).StartClock();
  s("silent neighbour", Connect(Tcp(0), "10.0.0.77", 80)).Elapsed();
}

// Both have SO_REUSEADDR, or the second bind() would be refused already.
void TupleInUse(Script& s) {
  const int first = Tcp(0);
  const int second = Tcp(0);
  for (const int fd : {first, second}) {
    SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    s("bind", Bind(fd, "10.0.0.1", 7000));
  }
  s("connect", Connect(first, "10.0.0.2", 80))("same", Connect(second, "10.0.0.2", 80));
  s("other", Connect(second, "10.0.0.2", 9));
  s("bind", Bind(Tcp(), "10.0.0.1", 7000));
}

void InProgress(Script& s) {
  const int fd = Tcp();
  s("connect", Connect(fd, "10.0.0.2", 80))("wait", WaitFor(fd, POLLOUT)).Error(fd);
  const int refused = Tcp();
  s("connect", Connect(refused, "10.0.0.2", 9))("wait", WaitFor(refused, POLLOUT)).Error(refused);
  const int pending = Tcp();
  s("connect", Connect(pending, "10.0.0.2", 99))("wait", WaitFor(pending, POLLOUT, 100));
  s.Error(pending);
}

void Interrupted(Script& s) {
  const int fd = Tcp(0);
  AlarmAfter(200, DoNothing);
  s("connect", Connect(fd, "10.0.0.2", 99)).Elapsed().Poll(fd).Error(fd);
  os::fcntl(fd, F_SETFL, O_NONBLOCK);
  s("again", Connect(fd, "10.0.0.2", 99))("wait", WaitFor(fd, POLLERR)).Error(fd);
}

void Already(Script& s) {
  const int fd = Tcp();
  s("connect", Connect(fd, "10.0.0.2", 99))("again", Connect(fd, "10.0.0.2", 99));
  s("elsewhere", Connect(fd, "10.0.0.2", 80));
}

void Broadcast(Script& s) {
  for (const char* address : {"10.0.0.255", "255.255.255.255"}) {
    const int fd = Udp();
    s("udp", Connect(fd, address, 53))("tcp", Connect(Tcp(), address, 53));
    s("send", SendTo(fd, "x", address, 53));
    SetInt(fd, SOL_SOCKET, SO_BROADCAST, 1);
    s("option", Connect(fd, address, 53));
  }
  s.Route("default via 10.0.0.2");
  s("with a route", Connect(Udp(), "255.255.255.255", 53));
}

// What cannot be had: EACCES of connect() comes from security modules; the rule of a firewall lets
// TCP wait and datagrams fail with EPERM.
void LocalFirewall(Script& s) {
  s.Firewall("output tcp dport 80 drop");
  s.Firewall("output udp dport 53 drop");
  s.Firewall("output tcp dport 81 reject with icmp type admin-prohibited");
  const int fd = Tcp();
  s("tcp", Connect(fd, "10.0.0.2", 80))("wait", WaitFor(fd, POLLERR, 4000)).Error(fd);
  const int udp = Udp();
  s("udp", Connect(udp, "10.0.0.2", 53)).Send(udp, "x");
  s("prohibited", Connect(Tcp(0), "10.3.0.1", 80));
  const int rejected = Tcp();
  s("rejected", Connect(rejected, "10.0.0.2", 81))("wait", WaitFor(rejected, POLLERR, 2500));
  s.Error(rejected);
}

void DatagramPortsExhausted(Script& s) {
  s.Sysctl("net.ipv4.ip_local_port_range", "50000 50001");
  for (int i = 0; i < 3; ++i) s("connect", Connect(Udp(), "10.0.0.2", 53));
  s("bind", Bind(Udp(), "10.0.0.1", 0))("send", SendTo(Udp(), "x", "10.0.0.2", 53));
}

void DefaultDestination(Script& s) {
  const int fd = UdpOn("10.0.0.1", 7000);
  const int stranger = UdpOn("10.0.0.1", 7001);
  s("connect", Connect(fd, "10.0.0.2", 53))("send", os::send(fd, "x", 1, 0));
  s("stranger", SendTo(stranger, "x", "10.0.0.1", 7000))("wait", WaitFor(fd, POLLIN));
  Settle();
  s.ReceiveFrom(fd, true).ReceiveFrom(fd, true);
}

void Reconnect(Script& s) {
  const int fd = Udp();
  s("connect", Connect(fd, "10.0.0.2", 53)).PeerName(fd)("again", Connect(fd, "127.0.0.1", 9));
  s.PeerName(fd)
      .LocalAddress(fd)("back", Connect(fd, "10.0.0.2", 53))
      .LocalAddress(fd)
      .Send(fd, "x");
}

void Dissolve(Script& s) {
  const int fd = Udp();
  const sockaddr none = {};
  s("connect", Connect(fd, "10.0.0.2", 53))("dissolve", os::connect(fd, &none, sizeof none));
  s.PeerName(fd).LocalAddress(fd).Send(fd, "x")("to", SendTo(fd, "x", "10.0.0.2", 53));
  s("wait", WaitFor(fd, POLLIN)).ReceiveFrom(fd, true);
}

void ConnectToBound(Script& s) {
  const int listener = ListenOn("10.0.0.1", 7000);
  const int bound = Tcp();
  Bind(bound, "10.0.0.1", 7001);
  const int fd = Tcp(0);
  s("listening", Connect(fd, "10.0.0.1", 7000))("bound only", Connect(Tcp(0), "10.0.0.1", 7001));
  s.PeerName(fd).LocalName(os::accept(listener, nullptr, nullptr));
}

void ConnectOnce(Script& s) {
  const int fd = Tcp(0);
  s("connect", Connect(fd, "10.0.0.2", 80))("again", Connect(fd, "10.0.0.2", 80));
  os::shutdown(fd, SHUT_RDWR);
  s("shut down", Connect(fd, "10.0.0.2", 80));
  const int failed = Tcp(0);
  s("refused", Connect(failed, "10.0.0.2", 9))("then", Connect(failed, "10.0.0.2", 80));
}

void SelectThenError(Script& s) {
  for (const uint16_t port : {uint16_t{80}, uint16_t{9}}) {
    const int fd = Tcp();
    fd_set write;
    FD_ZERO(&write);
    FD_SET(fd, &write);
    timeval time = {5, 0};
    s("connect", Connect(fd, "10.0.0.2", port));
    s("select", os::select(fd + 1, nullptr, &write, nullptr, &time));
    os::usleep(2000);
    s.Error(fd)("connect", Connect(fd, "10.0.0.2", port));
  }
}

[[maybe_unused]] const bool registered =
    AddRow({"fbsd-ebadf", "linux-ebadf"}, NotADescriptor) &&
    AddRow({"fbsd-enotsock", "linux-enotsock"}, NotASocket) &&
    AddRow({"fbsd-efault", "linux-efault"}, BadPointer) &&
    AddRow({"fbsd-einval-len"}, WrongLength) &&
    AddRow({"fbsd-eafnosupport", "linux-eafnosupport"}, WrongFamily) &&
    AddRow({"fbsd-eaddrnotavail", "fbsd-eagain-ports"}, AddressNotAvailable) &&
    AddRow({"fbsd-eisconn", "linux-eisconn"}, Connected) &&
    AddRow({"fbsd-etimedout", "linux-etimedout"}, TimedOut, true) &&
    AddRow({"fbsd-econnrefused", "linux-econnrefused"}, Refused, true) &&
    AddRow({"fbsd-econnreset"}, ResetByThePeer, true) &&
    AddRow({"fbsd-enetunreach", "linux-enetunreach"}, NetworkUnreachable) &&
    AddRow({"fbsd-ehostunreach"}, HostUnreachable) &&
    AddRow({"fbsd-eaddrinuse", "linux-eaddrinuse"}, TupleInUse) &&
    AddRow({"fbsd-einprogress", "linux-einprogress"}, InProgress) &&
    AddRow({"fbsd-eintr", "linux-eintr"}, Interrupted) &&
    AddRow({"fbsd-ealready", "linux-ealready"}, Already, true) &&
    AddRow({"fbsd-eacces-broadcast", "linux-broadcast"}, Broadcast) &&
    AddRow({"linux-firewall"}, LocalFirewall) &&
    AddRow({"linux-eagain-ports"}, DatagramPortsExhausted) &&
    AddRow({"dgram-default-destination"}, DefaultDestination, true) &&
    AddRow({"dgram-reconnect"}, Reconnect) && AddRow({"dgram-dissolve"}, Dissolve, true) &&
    AddRow({"stream-connect-to-bound"}, ConnectToBound) && AddRow({"stream-once"}, ConnectOnce) &&
    AddRow({"select-then-so-error"}, SelectThenError);

}  // namespace
}  // namespace drywire::oracle
