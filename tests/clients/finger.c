/*
 * A client for the Finger user information protocol (RFC 1288), as clients are written every day:
 * plain POSIX, and nothing else.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t expired;

static void on_alarm(int number) {
  (void)number;
  expired = 1;
}

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

/* Waits for the end of a connect() in progress: 0, or -1 with errno. */
static int finish_connect(int fd, int timeout_ms) {
  const long deadline = milliseconds() + timeout_ms;
  struct pollfd wait;
  int error = 0;
  socklen_t length = sizeof error;
  int ready;

  wait.fd = fd;
  wait.events = POLLOUT;
  do {
    const long left = deadline - milliseconds();
    ready = poll(&wait, 1, left > 0 ? (int)left : 0);
  } while (ready < 0 && errno == EINTR && !expired);
  if (ready == 0) errno = ETIMEDOUT;
  if (ready <= 0) return -1;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -1;
  errno = error;
  return error == 0 ? 0 : -1;
}

/* A connected, non-blocking socket, or -1 with errno. */
static int dial(const struct addrinfo* address, int timeout_ms) {
  int saved;
  const int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);

  if (fd < 0) return -1;
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 &&
      (connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
       (errno == EINPROGRESS && finish_connect(fd, timeout_ms) == 0))) {
    return fd;
  }
  saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

static int write_all(int fd, const char* text) {
  size_t left = strlen(text);

  while (left > 0) {
    const ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);
    if (sent >= 0) {
      text += sent;
      left -= (size_t)sent;
    } else if (errno == EAGAIN) {
      fd_set writable;
      FD_ZERO(&writable);
      FD_SET(fd, &writable);
      if (select(fd + 1, NULL, &writable, NULL, NULL) < 0) return -1;
    } else {
      return -1;
    }
  }
  return 0;
}

/* Reads until the peer closes. */
static long read_answer(int fd, char* answer, size_t size) {
  size_t length = 0;

  for (;;) {
    char rest[512];
    const int full = length + 1 >= size;
    const ssize_t got =
        full ? read(fd, rest, sizeof rest) : read(fd, answer + length, size - 1 - length);
    if (got == 0) break;
    if (got > 0) {
      if (!full) length += (size_t)got;
    } else if (errno == EAGAIN) {
      fd_set readable;
      FD_ZERO(&readable);
      FD_SET(fd, &readable);
      if (select(fd + 1, &readable, NULL, NULL, NULL) < 0) return -1;
    } else {
      return -1;
    }
  }
  answer[length] = '\0';
  return (long)length;
}

static long query(const char* host, const char* service, const char* user, int connect_ms,
                  char* answer, size_t size) {
  struct addrinfo hints, *list, *address;
  long result = -1;
  int saved, fd = -1;

  memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host, service, &hints, &list) != 0) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  for (address = list; address != NULL && fd < 0 && !expired; address = address->ai_next) {
    fd = dial(address, connect_ms);
  }
  saved = errno;
  freeaddrinfo(list);
  errno = saved;
  if (fd < 0) return -1;
  if (write_all(fd, user) == 0 && write_all(fd, "\r\n") == 0)
    result = read_answer(fd, answer, size);
  saved = errno;
  close(fd);
  errno = saved;
  return result;
}

/*
 * Asks `host` (a name or an address) about `user` on `service` ("finger", or a port) and stores the
 * answer in `answer`, cut to `size` - 1 characters and terminated by a null character.
 *
 * Each address of the host is tried in turn, for `connect_ms` milliseconds each. The whole query
 * may last `limit_s` seconds (SIGALRM is used for that). Returns the number of characters, or -1
 * with errno set: ETIMEDOUT when the limit struck, EADDRNOTAVAIL when there is no such host, or
 * what the last attempt to connect or the transfer failed with.
 */
long finger(const char* host, const char* service, const char* user, int connect_ms,
            unsigned limit_s, char* answer, size_t size) {
  struct sigaction action, previous;
  long result;
  int saved;

  expired = 0;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_alarm; /* without SA_RESTART: waiting must end */
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGALRM, &action, &previous) < 0) return -1;
  alarm(limit_s);
  result = query(host, service, user, connect_ms, answer, size);
  saved = errno;
  alarm(0);
  sigaction(SIGALRM, &previous, NULL);
  errno = result < 0 && expired ? ETIMEDOUT : saved;
  return result;
}
