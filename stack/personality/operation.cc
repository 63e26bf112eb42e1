#include "stack/personality/operation.h"

namespace drywire {

absl::string_view OperationName(Operation operation) {
  static constexpr absl::string_view kNames[kOperationCount] = {
      "any",         "socket",      "bind",       "listen",     "accept",   "connect",
      "getsockname", "getpeername", "getsockopt", "setsockopt", "SO_ERROR", "shutdown",
      "send",        "recv",        "close",      "dup",        "fcntl",    "ioctl",
      "poll",        "epoll_ctl",   "epoll_wait", "sleep",      "signal",   "rlimit"};
  return kNames[static_cast<int>(operation)];
}

}  // namespace drywire
