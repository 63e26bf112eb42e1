#include "stack/personality/operation.h"

namespace drywire {

absl::string_view OperationName(Operation operation) {
  static constexpr absl::string_view kNames[kOperationCount] = {
      "any",         "socket",     "bind",       "listen",   "accept",   "connect",   "getsockname",
      "getpeername", "getsockopt", "setsockopt", "SO_ERROR", "shutdown", "send",      "recv",
      "close",       "dup",        "fcntl",      "ioctl",    "poll",     "epoll_ctl", "epoll_wait",
      "sleep",       "signal",     "rlimit",     "open",     "lseek",    "mkdir",     "rmdir",
      "unlink",      "rename",     "link",       "symlink",  "readlink", "chmod",     "chown",
      "stat",        "access",     "mknod",      "truncate", "chdir",    "chroot",    "identity",
      "pipe",        "fork",       "exec",       "wait",     "setpgid",  "getdents",  "utimensat",
      "unmount"};
  return kNames[static_cast<int>(operation)];
}

}  // namespace drywire
