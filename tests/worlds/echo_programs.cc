#include "tests/worlds/echo_programs.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/posix/posix.h"

namespace drywire::worlds {
namespace {

// The byte at `offset` of every stream and datagram that clients send.
char Pattern(size_t offset) { return static_cast<char>('a' + offset % 23); }

std::string PatternText(size_t offset, size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = Pattern(offset + i);
  return text;
}

bool MatchesPattern(const char* data, size_t size, size_t offset) {
  for (size_t i = 0; i < size; ++i) {
    if (data[i] != Pattern(offset + i)) return false;
  }
  return true;
}

void SetTimeout(int fd, int name, Duration time) {
  const timeval value = {time.seconds(), static_cast<suseconds_t>(time.micros() % 1'000'000)};
  posix::setsockopt(fd, SOL_SOCKET, name, &value, sizeof value);
}

void SetInt(int fd, int level, int name, int value) {
  posix::setsockopt(fd, level, name, &value, sizeof value);
}

// SO_ERROR, or -1 when it cannot be had.
int SocketError(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (posix::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return -1;
  return error;
}

// Listens at one of the ports; -1 when that fails.
int Listen(Draw& draw, uint16_t port, bool v6) {
  const int fd = posix::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  if (draw.Chance(70)) SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  const AnyAddress address = MakeAddress(v6 ? "::" : "0.0.0.0", port);
  const int backlog = draw.Of({0, 1, 2, 8});
  if (posix::bind(fd, address.get(), address.length) != 0 || posix::listen(fd, backlog) != 0) {
    posix::close(fd);
    return -1;
  }
  return fd;
}

constexpr size_t kBuffer = 2048;
// Bounds every loop of a program: whatever happens, it ends or waits.
constexpr int kManySteps = 120;

}  // namespace

void StreamServer::Serve(int connection) {
  if (draw.Chance(30)) SetTimeout(connection, SO_RCVTIMEO, draw.Millis(10, 20'000));
  if (draw.Chance(20)) SetInt(connection, SOL_SOCKET, SO_KEEPALIVE, 1);
  char data[kBuffer];
  for (int steps = 0; steps < kManySteps; ++steps) {
    const int64_t n = Saw(posix::recv(connection, data, sizeof data, 0));
    if (n <= 0) break;
    if (Saw(posix::send(connection, data, static_cast<size_t>(n), MSG_NOSIGNAL)) != n) break;
  }
  if (draw.Chance(10)) {
    const linger hard = {1, draw.Range(0, 2)};
    posix::setsockopt(connection, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  Saw(posix::close(connection));
}

void StreamServer::Run() {
  const uint16_t port = draw.Chance(80) ? kEchoPort : BindPort();
  const bool v6 = programs().network->v6 && draw.Chance(40);
  const int fd = Listen(draw, port, v6);
  if (Saw(fd) < 0) return;
  for (int connections = draw.Range(1, 12); connections > 0; --connections) {
    AnyAddress peer;
    peer.length = sizeof peer.storage;
    const int connection = posix::accept(fd, peer.get(), &peer.length);
    if (Saw(connection) < 0) continue;
    SawAddress(peer);
    Serve(connection);
  }
  Saw(posix::close(fd));
}

bool EventServer::Echo(int connection) {
  char data[kBuffer];
  const int64_t n = Saw(posix::recv(connection, data, sizeof data, 0));
  if (n < 0 && errno == EAGAIN) return true;
  if (n <= 0) return false;
  // What does not fit is lost with the connection: a server that keeps nothing.
  return Saw(posix::send(connection, data, static_cast<size_t>(n), MSG_NOSIGNAL)) == n;
}

void EventServer::Run() {
  const uint16_t port = draw.Chance(80) ? kEchoPort : BindPort();
  const bool v6 = programs().network->v6 && draw.Chance(40);
  const int fd = Listen(draw, port, v6);
  if (Saw(fd) < 0) return;
  posix::fcntl(fd, F_SETFL, O_NONBLOCK);
  const int timeout = draw.Chance(50) ? -1 : draw.Range(10, 30'000);
  if (HasEpoll() && draw.Chance(70)) {
    RunEpoll(fd, timeout);
  } else {
    RunPoll(fd, timeout);
  }
}

void EventServer::RunEpoll(int fd, int timeout) {
  const int epoll = posix::epoll_create1(0);
  if (Saw(epoll) < 0) return;
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = fd;
  Saw(posix::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
  const bool edge = draw.Chance(30);
  for (int steps = 0; steps < kManySteps; ++steps) {
    std::array<epoll_event, 4> events = {};
    const int64_t n = Saw(posix::epoll_wait(epoll, events.data(), 4, timeout));
    if (n <= 0) break;
    for (int64_t i = 0; i < n; ++i) {
      const int ready = events[static_cast<size_t>(i)].data.fd;
      Mix(events[static_cast<size_t>(i)].events);
      if (ready != fd) {
        if (!Echo(ready)) Saw(posix::close(ready));
        continue;
      }
      const int connection = posix::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK);
      if (Saw(connection) < 0) continue;
      event.events = EPOLLIN | EPOLLRDHUP | (edge ? uint32_t{EPOLLET} : 0);
      event.data.fd = connection;
      Saw(posix::epoll_ctl(epoll, EPOLL_CTL_ADD, connection, &event));
    }
  }
}

void EventServer::RunPoll(int fd, int timeout) {
  std::vector<pollfd> waited = {{fd, POLLIN, 0}};
  for (int steps = 0; steps < kManySteps; ++steps) {
    if (Saw(posix::poll(waited.data(), waited.size(), timeout)) <= 0) break;
    for (size_t i = waited.size(); i-- > 1;) {
      Mix(static_cast<uint64_t>(waited[i].revents));
      if (waited[i].revents == 0 || Echo(waited[i].fd)) continue;
      Saw(posix::close(waited[i].fd));
      waited.erase(waited.begin() + static_cast<ptrdiff_t>(i));
    }
    if (waited[0].revents == 0) continue;
    const int connection = posix::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK);
    if (Saw(connection) >= 0) waited.push_back({connection, POLLIN, 0});
  }
}

void DatagramServer::Run() {
  const bool v6 = programs().network->v6 && draw.Chance(40);
  const int fd = posix::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
  if (Saw(fd) < 0) return;
  const AnyAddress address = MakeAddress(v6 ? "::" : "0.0.0.0", kEchoPort);
  if (Saw(posix::bind(fd, address.get(), address.length)) != 0) return;
  if (draw.Chance(40)) SetTimeout(fd, SO_RCVTIMEO, draw.Millis(10, 20'000));
  for (int steps = draw.Range(1, 30); steps > 0; --steps) {
    char data[kBuffer];
    AnyAddress from;
    from.length = sizeof from.storage;
    const int64_t n = Saw(posix::recvfrom(fd, data, sizeof data, 0, from.get(), &from.length));
    if (n < 0) continue;
    SawAddress(from);
    Saw(posix::sendto(fd, data, static_cast<size_t>(n), 0, from.get(), from.length));
  }
}

bool StreamClient::ConnectBlocking(int fd, const AnyAddress& to) {
  if (draw.Chance(15)) SetTimeout(fd, SO_SNDTIMEO, draw.Millis(1, 10'000));
  return Saw(posix::connect(fd, to.get(), to.length)) == 0;
}

bool StreamClient::ConnectInBackground(int fd, const AnyAddress& to) {
  posix::fcntl(fd, F_SETFL, O_NONBLOCK);
  const int64_t started = Saw(posix::connect(fd, to.get(), to.length));
  if (started == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd waited = {fd, POLLOUT, 0};
  const int timeout = draw.Chance(80) ? -1 : draw.Range(1, 5'000);
  const int64_t ready = Saw(posix::poll(&waited, 1, timeout));
  Mix(static_cast<uint64_t>(waited.revents));
  if (ready == 0) return false;
  if (ready < 0) return false;  // a signal
  const int error = SocketError(fd);
  Mix(static_cast<uint64_t>(error));
  // The outcome is told exactly once: it is connected, or it has failed and there is no peer; what
  // SO_ERROR says then is something that happened since.
  AnyAddress peer;
  peer.length = sizeof peer.storage;
  const int64_t named = Saw(posix::getpeername(fd, peer.get(), &peer.length));
  const int again = SocketError(fd);
  Mix(static_cast<uint64_t>(again));
  if (error == 0 && named != 0 && again == 0 && (waited.revents & (POLLERR | POLLHUP)) == 0) {
    Violation("connect() succeeded in the background, but there is no peer");
  }
  // Other errors may be ICMP's, which Linux tells of a connection that was made, too, and again.
  if (error == ETIMEDOUT) {
    if (named == 0) Violation(absl::StrCat("connect() failed (", error, ") and there is a peer"));
    if (again == error) Violation(absl::StrCat("connect()'s error ", error, " was told twice"));
  }
  if (error != 0) return false;
  posix::fcntl(fd, F_SETFL, 0);
  return true;
}

void StreamClient::Exchange(int fd, bool check) {
  if (draw.Chance(40)) SetTimeout(fd, SO_RCVTIMEO, draw.Millis(10, 20'000));
  if (draw.Chance(40)) SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  const int rounds = draw.Range(1, 4);
  const bool half_close = draw.Chance(30);
  size_t sent = 0;
  size_t received = 0;
  char data[kBuffer];
  for (int round = 0; round < rounds; ++round) {
    const size_t size = draw.Chance(80)   ? 1 + draw.Below(200)
                        : draw.Chance(90) ? 1 + draw.Below(12'000)
                                          : 1 + draw.Below(80'000);
    const std::string text = PatternText(sent, size);
    const int64_t n = Saw(posix::send(fd, text.data(), text.size(), MSG_NOSIGNAL));
    if (n < 0) return;
    sent += static_cast<size_t>(n);
    if (half_close && round == rounds - 1) Saw(posix::shutdown(fd, SHUT_WR));
    for (int steps = 0; steps < kManySteps && received < sent; ++steps) {
      const int64_t got = Saw(posix::recv(fd, data, sizeof data, 0));
      if (got <= 0) return;
      if (check && !MatchesPattern(data, static_cast<size_t>(got), received)) {
        return Violation(absl::StrCat("the echo differs after ", received, " bytes"));
      }
      received += static_cast<size_t>(got);
      if (check && received > sent) return Violation("more came back than was sent");
    }
    if (draw.Chance(20)) Saw(posix::usleep(draw.Below(500'000)));
  }
}

void StreamClient::Connection() {
  const bool v6 = programs().network->v6 && draw.Chance(40);
  const int fd = posix::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  if (Saw(fd) < 0) return;
  if (draw.Chance(10)) {
    const AnyAddress local = MakeAddress(v6 ? "::" : "0.0.0.0", BindPort());
    Saw(posix::bind(fd, local.get(), local.length));
  }
  const uint16_t port = draw.Chance(80) ? kEchoPort : Port();
  const AnyAddress to = PeerAddress(v6, port);
  const bool connected = draw.Chance(60) ? ConnectBlocking(fd, to) : ConnectInBackground(fd, to);
  if (connected) Exchange(fd, port == kEchoPort);
  if (draw.Chance(15)) {
    const linger hard = {1, 0};
    posix::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  Saw(posix::close(fd));
}

void StreamClient::Run() {
  Saw(posix::usleep(draw.Below(200'000)));
  for (int connections = draw.Range(1, 4); connections > 0; --connections) Connection();
}

void DatagramClient::Run() {
  Saw(posix::usleep(draw.Below(200'000)));
  const bool v6 = programs().network->v6 && draw.Chance(40);
  const int fd = posix::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
  if (Saw(fd) < 0) return;
  const AnyAddress to = PeerAddress(v6, draw.Chance(80) ? kEchoPort : Port());
  if (Saw(posix::connect(fd, to.get(), to.length)) != 0) return;
  SetTimeout(fd, SO_RCVTIMEO, draw.Millis(10, 3'000));
  for (int rounds = draw.Range(1, 8); rounds > 0; --rounds) {
    const size_t size = draw.Chance(90) ? draw.Below(300) : draw.Below(4'000);
    const std::string text = PatternText(0, size);
    Saw(posix::send(fd, text.data(), text.size(), 0));
    char data[kBuffer];
    const int64_t n = Saw(posix::recv(fd, data, sizeof data, 0));
    if (n < 0) continue;
    SawBytes(data, static_cast<size_t>(n));
  }
}

}  // namespace drywire::worlds
