#define _GNU_SOURCE
#include "tests/tools/posix/plain_unix.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int Failed(int fd) {
  const int error = errno;
  if (fd >= 0) close(fd);
  return -error;
}

static struct sockaddr_un Name(const char* path) {
  struct sockaddr_un name;
  memset(&name, 0, sizeof name);
  name.sun_family = AF_UNIX;
  strncpy(name.sun_path, path, sizeof name.sun_path - 1);
  return name;
}

/* A message of one byte, with room for a descriptor: last, as a header's end is open. */
struct Parcel {
  char byte;
  struct iovec vector;
  struct msghdr message;
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
};

static struct msghdr* Prepare(struct Parcel* parcel) {
  memset(parcel, 0, sizeof *parcel);
  parcel->vector.iov_base = &parcel->byte;
  parcel->vector.iov_len = 1;
  parcel->message.msg_iov = &parcel->vector;
  parcel->message.msg_iovlen = 1;
  parcel->message.msg_control = &parcel->control;
  parcel->message.msg_controllen = sizeof parcel->control;
  return &parcel->message;
}

static ssize_t SendDescriptor(int socket, int fd) {
  struct Parcel parcel;
  struct msghdr* const message = Prepare(&parcel);
  struct cmsghdr* const header = CMSG_FIRSTHDR(message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(socket, message, MSG_NOSIGNAL);
}

static int ReceiveDescriptor(int socket) {
  struct Parcel parcel;
  struct msghdr* const message = Prepare(&parcel);
  if (recvmsg(socket, message, 0) < 0) return -1;
  const struct cmsghdr* const header = CMSG_FIRSTHDR(message);
  int fd = -1;
  errno = EPROTO;
  if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
  }
  return fd;
}

int PlainUnixServe(const char* path, const char* text) {
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0) return Failed(-1);
  const struct sockaddr_un name = Name(path);
  if (bind(listener, (const struct sockaddr*)&name, sizeof name) < 0) return Failed(listener);
  if (listen(listener, 1) < 0) return Failed(listener);
  struct pollfd ready = {listener, POLLIN, 0};
  if (poll(&ready, 1, -1) < 0) return Failed(listener);
  const int fd = accept(listener, NULL, NULL);
  if (fd < 0) return Failed(listener);
  unlink(path);
  close(listener);
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return Failed(fd);
  int ends[2];
  if (pipe(ends) < 0) return Failed(fd);
  const ssize_t written = write(ends[1], text, strlen(text));
  close(ends[1]);
  const ssize_t sent = written < 0 ? written : SendDescriptor(fd, ends[0]);
  close(ends[0]);
  if (sent < 0) return Failed(fd);
  close(fd);
  return (int)peer.uid;
}

int PlainUnixFetch(const char* path, char* text, int size) {
  const struct sockaddr_un name = Name(path);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return Failed(-1);
  while (connect(fd, (const struct sockaddr*)&name, sizeof name) < 0) {
    if (errno != ENOENT && errno != ECONNREFUSED) return Failed(fd);
    sleep(1);
  }
  const int end = ReceiveDescriptor(fd);
  if (end < 0) return Failed(fd);
  int total = 0;
  ssize_t n;
  while ((n = read(end, text + total, (size_t)(size - total))) > 0) total += (int)n;
  close(end);
  close(fd);
  return n < 0 ? -errno : total;
}
