#include "tests/harness/echo_server.h"

#include <cstddef>

#include "absl/strings/string_view.h"
#include "tests/harness/server_io.h"
#include "tools/posix/posix.h"

namespace drywire {

void ServeEcho(const EchoServerOptions& options) {
  const int listener = ListenOn(options.port);
  const int fd = posix::accept(listener, nullptr, nullptr);
  for (;;) {
    char buffer[1024];
    const ssize_t got = posix::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    if (options.think_time > Duration::Zero()) {
      posix::usleep(static_cast<useconds_t>(options.think_time.micros()));
    }
    if (!SendAll(fd, absl::string_view(buffer, static_cast<size_t>(got)))) break;
  }
  posix::close(fd);
  posix::close(listener);
}

}  // namespace drywire
