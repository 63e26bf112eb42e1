// System calls in one expression, for scenario tests on FreeBSD hosts. To be called by a simulated
// process. Addresses with a colon are IPv6.
#ifndef DRYWIRE_TESTS_CONFORMANCE_FREEBSD_CALLS_H_
#define DRYWIRE_TESTS_CONFORMANCE_FREEBSD_CALLS_H_

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/testing/drywire_test.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire::freebsd {

constexpr int kReusePortLb = 0x00010000;  // SO_REUSEPORT_LB of FreeBSD's <sys/socket.h>
constexpr int kTcpKeepInit = 128;         // TCP_KEEPINIT of its <netinet/tcp.h>

struct Hosts {
  Host& client;
  Host& server;
};
// 10.0.0.1 and 10.0.0.2, directly connected.
inline Hosts MakeHosts(World& world, Duration latency = Duration::Millis(1)) {
  Host& client = world.AddHost("client", "freebsd");
  Host& server = world.AddHost("server", "freebsd");
  LinkConfig link;
  link.latency = latency;
  world.Connect(client, "10.0.0.1/24", server, "10.0.0.2/24", link);
  return {client, server};
}

inline int Tcp(int family = AF_INET) { return posix::socket(family, SOCK_STREAM, 0); }
inline int TcpNonblocking(int family = AF_INET) {
  return posix::socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
}
inline int Udp(int family = AF_INET) { return posix::socket(family, SOCK_DGRAM, 0); }
inline int UdpNonblocking() { return posix::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0); }

// Calls `function(fd, address, length)` for bind and connect.
template <typename Function>
int WithAddress(Function function, int fd, const char* address, uint16_t port) {
  if (std::strchr(address, ':') != nullptr) {
    const sockaddr_in6 to = Inet6(address, port);
    return function(fd, AsSockaddr(to), sizeof to);
  }
  const sockaddr_in to = Inet(address, port);
  return function(fd, AsSockaddr(to), sizeof to);
}
inline int Connect(int fd, const char* address, uint16_t port) {
  return WithAddress(&posix::connect, fd, address, port);
}
inline int Bind(int fd, const char* address, uint16_t port) {
  return WithAddress(&posix::bind, fd, address, port);
}
inline ssize_t SendTo(int fd, const char* data, const char* address, uint16_t port) {
  const sockaddr_in to = Inet(address, port);
  return posix::sendto(fd, data, std::strlen(data), MSG_NOSIGNAL, AsSockaddr(to), sizeof to);
}
inline ssize_t Send(int fd, const char* data) {
  return posix::send(fd, data, std::strlen(data), MSG_NOSIGNAL);
}
// The data, or "EAGAIN" for an error, or "" for the end.
inline std::string Recv(int fd, int flags = 0) {
  char data[4096];
  const ssize_t size = posix::recv(fd, data, sizeof data, flags);
  return size < 0 ? ErrnoName(errno) : std::string(data, static_cast<size_t>(size));
}

inline int SetInt(int fd, int level, int name, int value) {
  return posix::setsockopt(fd, level, name, &value, sizeof value);
}
inline int GetInt(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return posix::getsockopt(fd, level, name, &value, &length) == 0 ? value : -1;
}
inline int SoError(int fd) { return GetInt(fd, SOL_SOCKET, SO_ERROR); }
inline int SetLinger(int fd, int seconds) {
  const linger value = {1, seconds};
  return posix::setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value);
}
inline int SetTimeout(int fd, int name, int seconds) {
  const timeval value = {seconds, 0};
  return posix::setsockopt(fd, SOL_SOCKET, name, &value, sizeof value);
}
inline int PeerName(int fd) {
  sockaddr_storage name;
  socklen_t length = sizeof name;
  return posix::getpeername(fd, reinterpret_cast<sockaddr*>(&name), &length);
}
inline sockaddr_in LocalName(int fd) {
  sockaddr_in name = {};
  socklen_t length = sizeof name;
  posix::getsockname(fd, AsSockaddr(name), &length);
  return name;
}
inline uint16_t LocalPort(int fd) { return ntohs(LocalName(fd).sin_port); }

inline int Listen(const char* address, uint16_t port, int backlog = 5) {
  const int fd = Tcp(std::strchr(address, ':') != nullptr ? AF_INET6 : AF_INET);
  EXPECT_THAT(SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1), Succeeds());
  EXPECT_THAT(Bind(fd, address, port), Succeeds());
  EXPECT_THAT(posix::listen(fd, backlog), Succeeds());
  return fd;
}
inline int Accept(int fd) { return posix::accept(fd, nullptr, nullptr); }

// What poll() shows at once of IN, OUT and their relatives: "IN RDNORM HUP".
inline std::string PollBits(int fd) {
  pollfd waited = {fd, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLPRI, 0};
  posix::poll(&waited, 1, 0);
  const std::pair<short, const char*> names[] = {
      {POLLIN, "IN"},   {POLLRDNORM, "RDNORM"}, {POLLPRI, "PRI"},  {POLLOUT, "OUT"},
      {POLLERR, "ERR"}, {POLLHUP, "HUP"},       {POLLNVAL, "NVAL"}};
  std::string text;
  for (const auto& [bit, name] : names) {
    if ((waited.revents & bit) != 0) absl::StrAppend(&text, text.empty() ? "" : " ", name);
  }
  return text;
}
// Waits for `events`; false when `timeout_ms` pass first.
inline bool WaitFor(int fd, short events, int timeout_ms = 600'000) {
  pollfd waited = {fd, events, 0};
  return posix::poll(&waited, 1, timeout_ms) == 1;
}
// What select() shows at once: "R", "W", "RW" or nothing.
inline std::string SelectBits(int fd) {
  fd_set read, write;
  FD_ZERO(&read);
  FD_ZERO(&write);
  FD_SET(fd, &read);
  FD_SET(fd, &write);
  timeval at_once = {0, 0};
  posix::select(fd + 1, &read, &write, nullptr, &at_once);
  return absl::StrCat(FD_ISSET(fd, &read) ? "R" : "", FD_ISSET(fd, &write) ? "W" : "");
}

inline void SleepMs(int64_t ms) {
  timespec time = {static_cast<time_t>(ms / 1000), static_cast<long>(ms % 1000 * 1'000'000)};
  posix::nanosleep(&time, nullptr);
}
// Virtual time since the start of the world.
inline int64_t NowMs() { return World::Running()->now().since_start().millis(); }

// When `host` sent segments whose text starts with `prefix` ("S " for SYNs), in ms.
inline std::vector<int64_t> TimesOf(World& world, const Host& host, const char* prefix) {
  std::vector<int64_t> times;
  for (size_t i = 0; i < world.capture().size(); ++i) {
    const CapturedPacket& captured = world.capture().at(i);
    const Segment* segment = captured.packet.segment();
    if (captured.kind != PacketEvent::Kind::kSent || captured.from->host() != host.id()) continue;
    if (segment == nullptr || segment->ToString().rfind(prefix, 0) != 0) continue;
    times.push_back(captured.time.since_start().millis());
  }
  return times;
}

}  // namespace drywire::freebsd

#endif  // DRYWIRE_TESTS_CONFORMANCE_FREEBSD_CALLS_H_
