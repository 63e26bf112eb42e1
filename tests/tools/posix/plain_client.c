/* Knows nothing of Drywire. Uses what must survive renaming: a member called connect, a function's
 * address, a variadic function. */
#include "tests/tools/posix/plain_client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct transport {
  int (*connect)(int fd, const struct sockaddr* address, socklen_t length);
  ssize_t (*read)(int fd, void* data, size_t size);
  int close;
};

static int Wait(int fd, short events, time_t deadline) {
  struct pollfd poll_fd = {0};
  const time_t now = time(NULL);
  poll_fd.fd = fd;
  poll_fd.events = events;
  if (now >= deadline || poll(&poll_fd, 1, (int)(deadline - now) * 1000) == 0) {
    errno = ETIMEDOUT;
    return -1;
  }
  return 0;
}

static int Open(struct transport* transport, const char* name, const char* port, time_t deadline) {
  struct addrinfo hints = {0};
  struct addrinfo* list;
  int error = 0;
  socklen_t length = sizeof error;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(name, port, &hints, &list) != 0) {
    errno = ENOENT;
    return -1;
  }
  const int fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  if (transport->connect(fd, list->ai_addr, list->ai_addrlen) != 0 && errno != EINPROGRESS) {
    error = errno;
  } else if (Wait(fd, POLLOUT, deadline) != 0) {
    error = errno;
  } else {
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  }
  freeaddrinfo(list);
  if (error == 0) return fd;
  close(fd);
  errno = error;
  return -1;
}

int PlainEcho(const char* name, const char* port, int timeout_seconds) {
  struct transport transport = {connect, read, 1};
  const time_t deadline = time(NULL) + timeout_seconds;
  char buffer[64];
  const int fd = Open(&transport, name, port, deadline);
  if (fd < 0) return -errno;
  int result = -1;
  if (write(fd, "hello", 5) == 5 && Wait(fd, POLLIN, deadline) == 0) {
    result = (int)transport.read(fd, buffer, sizeof buffer);
  }
  if (result < 0) result = -errno;
  if (transport.close) close(fd);
  return result;
}
