// Link-local IPv6 addresses with and without a scope id, on Linux. Recorded on Linux 6.18.
#include <string>

#include "tests/conformance/linux_script.h"

namespace drywire {
namespace {

constexpr int kNonBlocking = SOCK_NONBLOCK;
int Tcp6() { return Tcp(kNonBlocking, AF_INET6); }
int Udp6() { return Udp(kNonBlocking, AF_INET6); }

int SendScoped(int fd, const char* address, uint16_t port, uint32_t scope) {
  const sockaddr_in6 to = Inet6(address, port, scope);
  return static_cast<int>(os::sendto(fd, "x", 1, 0, AsSockaddr(to), sizeof to));
}

// The scope id of a name.
int Scope(int fd) {
  sockaddr_in6 address = {};
  socklen_t length = sizeof address;
  if (os::getsockname(fd, AsSockaddr(address), &length) < 0) return -1;
  return static_cast<int>(address.sin6_scope_id);
}
int PeerScope(int fd) {
  sockaddr_in6 address = {};
  socklen_t length = sizeof address;
  if (os::getpeername(fd, AsSockaddr(address), &length) < 0) return -1;
  return static_cast<int>(address.sin6_scope_id);
}

struct Place {
  const char* name;
  const char* address;
  uint32_t scope;
};
constexpr Place kPlaces[] = {
    {"own, 0", "fe80::a1", 0},      {"own, lo", "fe80::a1", 1},
    {"own, eth0", "fe80::a1", 2},   {"own, 99", "fe80::a1", 99},
    {"peer, 0", "fe80::a2", 0},     {"peer, lo", "fe80::a2", 1},
    {"peer, eth0", "fe80::a2", 2},  {"peer, 99", "fe80::a2", 99},
    {"none, eth0", "fe80::77", 2},  {"global, 0", "fd00::1", 0},
    {"global, 2", "fd00::1", 2},    {"global, 99", "fd00::1", 99},
    {"::1, 0", "::1", 0},           {"::1, 2", "::1", 2},
    {"::1, 99", "::1", 99},         {"::, 2", "::", 2},
    {"::, 99", "::", 99},           {"all nodes, 0", "ff02::1", 0},
    {"all nodes, 2", "ff02::1", 2}, {"all nodes, 99", "ff02::1", 99},
    {"ff05, 0", "ff05::1", 0},      {"ff01, 0", "ff01::1", 0},
    {"ff01, 2", "ff01::1", 2},      {"mapped, 2", "::ffff:127.0.0.1", 2},
};

LINUX_SCRIPT(LinuxScope, Bind, R"(
own, 0: tcp=EINVAL local=[::]:0 scope=0 udp=EINVAL local=[::]:0 scope=0
own, lo: tcp=EADDRNOTAVAIL local=[::]:0 scope=0 udp=EADDRNOTAVAIL local=[::]:0 scope=0
own, eth0: tcp=0 local=[fe80::a1]:7000 scope=2 udp=0 local=[fe80::a1]:7000 scope=2
own, 99: tcp=ENODEV local=[::]:0 scope=0 udp=ENODEV local=[::]:0 scope=0
peer, 0: tcp=EINVAL local=[::]:0 scope=0 udp=EINVAL local=[::]:0 scope=0
peer, lo: tcp=EADDRNOTAVAIL local=[::]:0 scope=0 udp=EADDRNOTAVAIL local=[::]:0 scope=0
peer, eth0: tcp=EADDRNOTAVAIL local=[::]:0 scope=0 udp=EADDRNOTAVAIL local=[::]:0 scope=0
peer, 99: tcp=ENODEV local=[::]:0 scope=0 udp=ENODEV local=[::]:0 scope=0
none, eth0: tcp=EADDRNOTAVAIL local=[::]:0 scope=0 udp=EADDRNOTAVAIL local=[::]:0 scope=0
global, 0: tcp=0 local=[fd00::1]:7000 scope=0 udp=0 local=[fd00::1]:7000 scope=0
global, 2: tcp=0 local=[fd00::1]:7000 scope=0 udp=0 local=[fd00::1]:7000 scope=0
global, 99: tcp=0 local=[fd00::1]:7000 scope=0 udp=0 local=[fd00::1]:7000 scope=0
::1, 0: tcp=0 local=[::1]:7000 scope=0 udp=0 local=[::1]:7000 scope=0
::1, 2: tcp=0 local=[::1]:7000 scope=0 udp=0 local=[::1]:7000 scope=0
::1, 99: tcp=0 local=[::1]:7000 scope=0 udp=0 local=[::1]:7000 scope=0
::, 2: tcp=0 local=[::]:7000 scope=0 udp=0 local=[::]:7000 scope=0
::, 99: tcp=0 local=[::]:7000 scope=0 udp=0 local=[::]:7000 scope=0
all nodes, 0: tcp=EINVAL local=[::]:0 scope=0 udp=EINVAL local=[::]:0 scope=0
all nodes, 2: tcp=EINVAL local=[::]:0 scope=0 udp=0 local=[ff02::1]:7000 scope=2
all nodes, 99: tcp=EINVAL local=[::]:0 scope=0 udp=ENODEV local=[::]:0 scope=0
ff05, 0: tcp=EINVAL local=[::]:0 scope=0 udp=0 local=[ff05::1]:7000 scope=0
ff01, 0: tcp=EINVAL local=[::]:0 scope=0 udp=EINVAL local=[::]:0 scope=0
ff01, 2: tcp=EINVAL local=[::]:0 scope=0 udp=0 local=[ff01::1]:7000 scope=2
mapped, 2: tcp=0 local=[::ffff:127.0.0.1]:7000 scope=0 udp=0 local=[::ffff:127.0.0.1]:7000 scope=0
)") {
  s.AddAddress("fe80::a1/64");
  for (const Place& place : kPlaces) {
    const int tcp = Tcp6();
    s.Row(place.name)("tcp", Bind6(tcp, place.address, 7000, place.scope)).LocalName(tcp);
    s("scope", Scope(tcp));
    os::close(tcp);
    const int udp = Udp6();
    s("udp", Bind6(udp, place.address, 7000, place.scope)).LocalName(udp);
    s("scope", Scope(udp));
    os::close(udp);
  }
}

LINUX_SCRIPT(LinuxScope, Connect, R"(
own, 0: tcp=EINVAL scope=0 udp=EINVAL scope=0 peer=ENOTCONN sendto=1 local=0
own, lo: tcp=ENETUNREACH scope=0 udp=ENETUNREACH scope=0 peer=ENOTCONN sendto=ENETUNREACH local=0
own, eth0: tcp=EINPROGRESS scope=2 udp=0 scope=2 peer=2 sendto=1 local=0
own, 99: tcp=ENETUNREACH scope=0 udp=ENETUNREACH scope=0 peer=ENOTCONN sendto=ENETUNREACH local=0
peer, 0: tcp=EINVAL scope=0 udp=EINVAL scope=0 peer=ENOTCONN sendto=1 local=0
peer, lo: tcp=ENETUNREACH scope=0 udp=ENETUNREACH scope=0 peer=ENOTCONN sendto=ENETUNREACH local=0
peer, eth0: tcp=EINPROGRESS scope=2 udp=0 scope=2 peer=2 sendto=1 local=0
peer, 99: tcp=ENETUNREACH scope=0 udp=ENETUNREACH scope=0 peer=ENOTCONN sendto=ENETUNREACH local=0
none, eth0: tcp=EINPROGRESS scope=2 udp=0 scope=2 peer=2 sendto=1 local=0
global, 0: tcp=EINPROGRESS scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
global, 2: tcp=EINPROGRESS scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
global, 99: tcp=EINPROGRESS scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
::1, 0: tcp=EINPROGRESS scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
::1, 2: tcp=EINPROGRESS scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
::1, 99: tcp=EINPROGRESS scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
::, 2: tcp=EINPROGRESS scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
::, 99: tcp=EINPROGRESS scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
all nodes, 0: tcp=ENETUNREACH scope=0 udp=EINVAL scope=0 peer=ENOTCONN sendto=1 local=0
all nodes, 2: tcp=ENETUNREACH scope=0 udp=0 scope=2 peer=2 sendto=1 local=0
all nodes, 99: tcp=ENETUNREACH scope=0 udp=ENETUNREACH scope=0 peer=ENOTCONN sendto=ENETUNREACH local=0
ff05, 0: tcp=ENETUNREACH scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
ff01, 0: tcp=ENETUNREACH scope=0 udp=EINVAL scope=0 peer=ENOTCONN sendto=1 local=0
ff01, 2: tcp=ENETUNREACH scope=0 udp=0 scope=2 peer=2 sendto=1 local=0
mapped, 2: tcp=EINPROGRESS scope=0 udp=0 scope=0 peer=0 sendto=1 local=0
)") {
  s.AddAddress("fe80::a1/64");
  for (const Place& place : kPlaces) {
    const int tcp = Tcp6();
    s.Row(place.name)("tcp", Connect6(tcp, place.address, 7000, place.scope));
    s("scope", Scope(tcp));
    os::close(tcp);
    const int udp = Udp6();
    s("udp", Connect6(udp, place.address, 7000, place.scope));
    s("scope", Scope(udp))("peer", PeerScope(udp));
    os::close(udp);
    const int sender = Udp6();
    s("sendto", SendScoped(sender, place.address, 7000, place.scope));
    s("local", Scope(sender));
    os::close(sender);
  }
}

LINUX_SCRIPT(LinuxScope, Bound, R"(
link-local to own, 0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
link-local to own, lo: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=ENETUNREACH
link-local to own, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
link-local to own, 99: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=ENETUNREACH
link-local to peer, 0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
link-local to peer, lo: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=ENETUNREACH
link-local to peer, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
link-local to peer, 99: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=ENETUNREACH
link-local to none, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
link-local to global, 0: tcp=EINPROGRESS udp=0 peer=0 sendto=1
link-local to global, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
link-local to global, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
link-local to ::1, 0: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
link-local to ::1, 2: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
link-local to ::1, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
link-local to ::, 2: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
link-local to ::, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
link-local to all nodes, 0: tcp=ENETUNREACH udp=0 peer=2 sendto=1
link-local to all nodes, 2: tcp=ENETUNREACH udp=0 peer=2 sendto=1
link-local to all nodes, 99: tcp=ENETUNREACH udp=EINVAL peer=ENOTCONN sendto=ENETUNREACH
link-local to ff05, 0: tcp=ENETUNREACH udp=0 peer=0 sendto=1
link-local to ff01, 0: tcp=ENETUNREACH udp=0 peer=2 sendto=1
link-local to ff01, 2: tcp=ENETUNREACH udp=0 peer=2 sendto=1
link-local to mapped, 2: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
global to own, 0: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=1
global to own, lo: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
global to own, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
global to own, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
global to peer, 0: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=1
global to peer, lo: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
global to peer, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
global to peer, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
global to none, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
global to global, 0: tcp=EINPROGRESS udp=0 peer=0 sendto=1
global to global, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
global to global, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
global to ::1, 0: tcp=EINPROGRESS udp=0 peer=0 sendto=1
global to ::1, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
global to ::1, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
global to ::, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
global to ::, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
global to all nodes, 0: tcp=ENETUNREACH udp=EINVAL peer=ENOTCONN sendto=1
global to all nodes, 2: tcp=ENETUNREACH udp=0 peer=2 sendto=1
global to all nodes, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
global to ff05, 0: tcp=ENETUNREACH udp=0 peer=0 sendto=1
global to ff01, 0: tcp=ENETUNREACH udp=EINVAL peer=ENOTCONN sendto=1
global to ff01, 2: tcp=ENETUNREACH udp=0 peer=2 sendto=1
global to mapped, 2: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
::1 to own, 0: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=1
::1 to own, lo: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
::1 to own, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
::1 to own, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
::1 to peer, 0: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=1
::1 to peer, lo: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
::1 to peer, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
::1 to peer, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
::1 to none, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
::1 to global, 0: tcp=EINPROGRESS udp=0 peer=0 sendto=1
::1 to global, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
::1 to global, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
::1 to ::1, 0: tcp=EINPROGRESS udp=0 peer=0 sendto=1
::1 to ::1, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
::1 to ::1, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
::1 to ::, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
::1 to ::, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
::1 to all nodes, 0: tcp=ENETUNREACH udp=EINVAL peer=ENOTCONN sendto=1
::1 to all nodes, 2: tcp=ENETUNREACH udp=0 peer=2 sendto=1
::1 to all nodes, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
::1 to ff05, 0: tcp=ENETUNREACH udp=0 peer=0 sendto=1
::1 to ff01, 0: tcp=ENETUNREACH udp=EINVAL peer=ENOTCONN sendto=1
::1 to ff01, 2: tcp=ENETUNREACH udp=0 peer=2 sendto=1
::1 to mapped, 2: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
:: to own, 0: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=1
:: to own, lo: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
:: to own, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
:: to own, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
:: to peer, 0: tcp=EINVAL udp=EINVAL peer=ENOTCONN sendto=1
:: to peer, lo: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
:: to peer, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
:: to peer, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
:: to none, eth0: tcp=EINPROGRESS udp=0 peer=2 sendto=1
:: to global, 0: tcp=EINPROGRESS udp=0 peer=0 sendto=1
:: to global, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
:: to global, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
:: to ::1, 0: tcp=EINPROGRESS udp=0 peer=0 sendto=1
:: to ::1, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
:: to ::1, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
:: to ::, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
:: to ::, 99: tcp=EINPROGRESS udp=0 peer=0 sendto=1
:: to all nodes, 0: tcp=ENETUNREACH udp=EINVAL peer=ENOTCONN sendto=1
:: to all nodes, 2: tcp=ENETUNREACH udp=0 peer=2 sendto=1
:: to all nodes, 99: tcp=ENETUNREACH udp=ENETUNREACH peer=ENOTCONN sendto=ENETUNREACH
:: to ff05, 0: tcp=ENETUNREACH udp=0 peer=0 sendto=1
:: to ff01, 0: tcp=ENETUNREACH udp=EINVAL peer=ENOTCONN sendto=1
:: to ff01, 2: tcp=ENETUNREACH udp=0 peer=2 sendto=1
:: to mapped, 2: tcp=EINPROGRESS udp=0 peer=0 sendto=1
)") {
  s.AddAddress("fe80::a1/64");
  struct {
    const char* name;
    const char* address;
    uint32_t scope;
  } const kSources[] = {
      {"link-local", "fe80::a1", 2}, {"global", "fd00::1", 0}, {"::1", "::1", 0}, {"::", "::", 0}};
  for (const auto& source : kSources) {
    for (const Place& place : kPlaces) {
      const int tcp = Tcp6();
      Bind6(tcp, source.address, 7000, source.scope);
      s.Row(std::string(source.name) + " to " + place.name);
      s("tcp", Connect6(tcp, place.address, 7001, place.scope));
      os::close(tcp);
      const int udp = Udp6();
      Bind6(udp, source.address, 7000, source.scope);
      s("udp", Connect6(udp, place.address, 7001, place.scope))("peer", PeerScope(udp));
      os::close(udp);
      const int sender = Udp6();
      Bind6(sender, source.address, 7000, source.scope);
      s("sendto", SendScoped(sender, place.address, 7001, place.scope));
      os::close(sender);
    }
  }
}

LINUX_SCRIPT(LinuxScope, Connected, R"(
link-local peer: connect=0 send=1 error=0
connected, to own, 0: sendto=1 error=0
connected, to own, lo: sendto=ENETUNREACH error=0
connected, to own, eth0: sendto=1 error=0
connected, to own, 99: sendto=ENETUNREACH error=0
connected, to peer, 0: sendto=1 error=0
connected, to peer, lo: sendto=ENETUNREACH error=0
connected, to peer, eth0: sendto=1 error=0
connected, to peer, 99: sendto=ENETUNREACH error=0
connected, to none, eth0: sendto=1 error=0
connected, to global, 0: sendto=1 error=0
connected, to global, 2: sendto=1 error=0
connected, to global, 99: sendto=1 error=0
connected, to ::1, 0: sendto=ENETUNREACH error=0
connected, to ::1, 2: sendto=ENETUNREACH error=0
connected, to ::1, 99: sendto=ENETUNREACH error=0
connected, to ::, 2: sendto=ENETUNREACH error=0
connected, to ::, 99: sendto=ENETUNREACH error=0
connected, to all nodes, 0: sendto=1 error=0
connected, to all nodes, 2: sendto=1 error=0
connected, to all nodes, 99: sendto=ENETUNREACH error=0
connected, to ff05, 0: sendto=1 error=0
connected, to ff01, 0: sendto=1 error=0
connected, to ff01, 2: sendto=1 error=0
connected, to mapped, 2: sendto=1 error=0
stream: bind=0 listen=0 connect=EINPROGRESS done=0 peer=[fe80::a1]:80 local scope=2 peer scope=2 server local=2 server peer=2 by lo=ENETUNREACH
)") {
  s.AddAddress("fe80::a1/64");
  const int udp = Udp6();
  s.Row("link-local peer")("connect", Connect6(udp, "fe80::a2", 7000, 2));
  s("send", os::send(udp, "x", 1, 0));
  Settle();
  s.Error(udp);
  for (const Place& place : kPlaces) {
    s.Row(std::string("connected, to ") + place.name)(
        "sendto", SendScoped(udp, place.address, 7001, place.scope));
    Settle();
    s.Error(udp);
  }
  const int listener = Tcp6();
  s.Row("stream")("bind", Bind6(listener, "fe80::a1", 80, 2))("listen", os::listen(listener, 4));
  const int client = Tcp6();
  s("connect", Connect6(client, "fe80::a1", 80, 2));
  Settle();
  s("done", Connect6(client, "fe80::a1", 80, 2)).PeerName(client);
  s("local scope", Scope(client))("peer scope", PeerScope(client));
  const int server = os::accept(listener, nullptr, nullptr);
  s("server local", Scope(server))("server peer", PeerScope(server));
  const int lo = Tcp6();
  s("by lo", Connect6(lo, "fe80::a1", 80, 1));
}

}  // namespace
}  // namespace drywire
