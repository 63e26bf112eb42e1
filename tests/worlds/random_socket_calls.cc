// The socket calls of a program that calls at random.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "tests/worlds/random_calls.h"
#include "tools/posix/posix.h"

namespace drywire::worlds {
namespace {

struct Option {
  int level;
  int name;
};

constexpr Option kOptions[] = {
    {SOL_SOCKET, SO_REUSEADDR},
    {SOL_SOCKET, SO_REUSEPORT},
    {SOL_SOCKET, SO_BROADCAST},
    {SOL_SOCKET, SO_KEEPALIVE},
    {SOL_SOCKET, SO_OOBINLINE},
    {SOL_SOCKET, SO_LINGER},
    {SOL_SOCKET, SO_LINGER},
    {SOL_SOCKET, SO_RCVBUF},
    {SOL_SOCKET, SO_SNDBUF},
    {SOL_SOCKET, SO_RCVTIMEO},
    {SOL_SOCKET, SO_SNDTIMEO},
    {SOL_SOCKET, SO_RCVTIMEO},
    {SOL_SOCKET, SO_RCVLOWAT},
    {SOL_SOCKET, SO_TYPE},
    {SOL_SOCKET, SO_ERROR},
    {SOL_SOCKET, SO_ERROR},
    {SOL_SOCKET, SO_ACCEPTCONN},
    {SOL_SOCKET, SO_PRIORITY},
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_CORK},
    {IPPROTO_TCP, TCP_MAXSEG},
    {IPPROTO_TCP, TCP_KEEPIDLE},
    {IPPROTO_TCP, TCP_KEEPINTVL},
    {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_SYNCNT},
    {IPPROTO_TCP, TCP_LINGER2},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT},
    {IPPROTO_TCP, TCP_QUICKACK},
    {IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP},
    {IPPROTO_TCP, TCP_INFO},
    {IPPROTO_IP, IP_TTL},
    {IPPROTO_IP, IP_TOS},
    {IPPROTO_IP, IP_MTU_DISCOVER},
    {IPPROTO_IP, IP_MTU},
    {IPPROTO_IPV6, IPV6_V6ONLY},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
};

}  // namespace

void RandomCalls::NewSocket() {
  static constexpr int kDomains[] = {AF_INET, AF_INET,  AF_INET,  AF_INET,
                                     AF_INET, AF_INET6, AF_INET6, AF_UNIX};
  const int domain = draw.Chance(98) ? draw.Of(kDomains) : draw.Range(-1, 50);
  int type = draw.Chance(60) ? SOCK_STREAM : SOCK_DGRAM;
  if (domain == AF_UNIX && draw.Chance(20)) type = SOCK_SEQPACKET;
  if (draw.Chance(2)) type = draw.Range(-1, 12);
  if (draw.Chance(35)) type |= SOCK_NONBLOCK;
  if (draw.Chance(10)) type |= SOCK_CLOEXEC;
  const int protocol = draw.Chance(96) ? 0 : draw.Of({6, 17, 1, 300, -1});
  Keep(posix::socket(domain, type, protocol));
}

void RandomCalls::Bind() {
  static constexpr const char* kLocal[] = {
      "0.0.0.0",  "0.0.0.0",  "::",        "127.0.0.1",     "::1",
      "10.0.0.1", "10.0.0.2", "10.77.0.1", "::ffff:0.0.0.0"};
  const uint16_t port = BindPort();
  AnyAddress address = MakeAddress(draw.Of(kLocal), port);
  if (draw.Chance(20)) address = PeerAddress(false, port);
  if (draw.Chance(3)) address.storage.ss_family = static_cast<sa_family_t>(draw.Below(12));
  if (draw.Chance(2)) address.length = draw.Below(40);
  if (draw.Chance(10)) address = UnixName();
  const int fd = Fd();
  Saw(posix::bind(fd, address.get(), address.length));
}

// One of few names, so that programs of a host meet.
AnyAddress RandomCalls::UnixName() {
  static constexpr const char* kNames[] = {"/tmp/a", "/tmp/b", "@a", "@b", ""};
  const std::string name = draw.Of(kNames);
  sockaddr_un un = {};
  un.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), un.sun_path);
  if (un.sun_path[0] == '@') un.sun_path[0] = '\0';
  AnyAddress address;
  std::copy_n(reinterpret_cast<const char*>(&un), sizeof un,
              reinterpret_cast<char*>(&address.storage));
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return address;
}

void RandomCalls::Listen() {
  const int fd = Fd();
  Saw(posix::listen(fd, draw.Of({-1, 0, 1, 2, 4, 128})));
}

void RandomCalls::Accept() {
  AnyAddress peer;
  peer.length = draw.Chance(95) ? sizeof peer.storage : draw.Below(20);
  const int fd = Fd();
  const bool named = draw.Chance(70);
  const bool nonblocking = draw.Chance(50);
  if (draw.Chance(50)) {
    Keep(posix::accept(fd, named ? peer.get() : nullptr, named ? &peer.length : nullptr));
  } else {
    Keep(posix::accept4(fd, named ? peer.get() : nullptr, named ? &peer.length : nullptr,
                        nonblocking ? SOCK_NONBLOCK : 0));
  }
  if (named) SawAddress(peer);
}

void RandomCalls::Connect() {
  const AnyAddress address = draw.Chance(10) ? UnixName() : Destination();
  const int fd = Fd();
  Saw(posix::connect(fd, address.get(), address.length));
}

void RandomCalls::Names() {
  AnyAddress address;
  address.length = draw.Chance(90) ? sizeof address.storage : draw.Below(30);
  const int fd = Fd();
  if (draw.Chance(50)) {
    Saw(posix::getsockname(fd, address.get(), &address.length));
  } else {
    Saw(posix::getpeername(fd, address.get(), &address.length));
  }
  SawAddress(address);
}

void RandomCalls::SetOption() {
  const Option& option = draw.Of(kOptions);
  const int fd = Fd();
  std::array<int, 4> value = {};
  socklen_t length = sizeof(int);
  if (option.level == SOL_SOCKET && option.name == SO_LINGER) {
    value = {draw.Range(0, 1), draw.Range(0, 3), 0, 0};
    length = sizeof(linger);
  } else if (option.level == SOL_SOCKET &&
             (option.name == SO_RCVTIMEO || option.name == SO_SNDTIMEO)) {
    const timeval time = {draw.Range(0, 1), draw.Range(0, 999'999)};
    static_assert(sizeof time <= sizeof value);
    length = sizeof time;
    std::copy_n(reinterpret_cast<const char*>(&time), sizeof time,
                reinterpret_cast<char*>(value.data()));
  } else {
    value[0] = draw.Chance(60)   ? draw.Range(0, 1)
               : draw.Chance(50) ? draw.Range(-1, 300)
                                 : draw.Range(0, 100'000);
  }
  if (draw.Chance(3)) length = draw.Below(17);
  Saw(posix::setsockopt(fd, option.level, option.name, value.data(), length));
}

void RandomCalls::GetOption() {
  const Option& option = draw.Of(kOptions);
  const int fd = Fd();
  std::array<char, 256> value = {};
  socklen_t length = draw.Chance(90) ? sizeof value : draw.Below(20);
  if (Saw(posix::getsockopt(fd, option.level, option.name, value.data(), &length)) != 0) return;
  Mix(length);
  SawBytes(value.data(), value.size());
}

void RandomCalls::Shutdown() {
  const int fd = Fd();
  Saw(posix::shutdown(fd, draw.Chance(95) ? draw.Range(0, 2) : draw.Range(-1, 4)));
}

}  // namespace drywire::worlds
