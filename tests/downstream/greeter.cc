#include "greeter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace {

// Returns 0 or an errno.
int WaitFor(int fd, short events, int timeout_ms) {
  pollfd waiting = {.fd = fd, .events = events, .revents = 0};
  const int ready = poll(&waiting, 1, timeout_ms);
  if (ready < 0) return errno;
  return ready == 0 ? ETIMEDOUT : 0;
}

int Connect(int fd, const sockaddr_in& peer, int timeout_ms) {
  if (connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (const int error = WaitFor(fd, POLLOUT, timeout_ms); error != 0) return error;
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

int ReadLine(int fd, int timeout_ms, std::string* line) {
  while (true) {
    if (const int error = WaitFor(fd, POLLIN, timeout_ms); error != 0) return error;
    char c;
    const ssize_t size = recv(fd, &c, 1, 0);
    if (size < 0) return errno;
    if (size == 0) return EPROTO;
    if (c == '\n') return 0;
    line->push_back(c);
  }
}

}  // namespace

int ReadGreeting(const std::string& address, uint16_t port, int timeout_ms, std::string* line) {
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &peer.sin_addr) != 1) return EINVAL;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  int error = Connect(fd, peer, timeout_ms);
  if (error == 0) error = ReadLine(fd, timeout_ms, line);
  close(fd);
  return error;
}
