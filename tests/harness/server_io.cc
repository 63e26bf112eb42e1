#include "tests/harness/server_io.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "sim/core/check.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {

int ListenOn(uint16_t port) {
  const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
  DRYWIRE_CHECK(fd >= 0) << "no socket for port " << port;
  const int on = 1;
  posix::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in any = Inet("0.0.0.0", port);
  DRYWIRE_CHECK(posix::bind(fd, AsSockaddr(any), sizeof any) == 0) << "cannot bind to " << port;
  DRYWIRE_CHECK(posix::listen(fd, 16) == 0) << "cannot listen on " << port;
  return fd;
}

bool SendAll(int fd, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = posix::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    data.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void ResetAndClose(int fd) {
  const linger abort = {1, 0};
  posix::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  posix::close(fd);
}

}  // namespace drywire
