#include "tests/oracle/os.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

namespace drywire::os {

#define DRYWIRE_POSIX(type, name, parameters, arguments) \
  type name parameters { return posix::InSimulation() ? posix::name arguments : ::name arguments; }
#include "tools/posix/file_functions.def"
#include "tools/posix/functions.def"
#undef DRYWIRE_POSIX

pid_t fork_and_run(const std::function<int()>& child) {
  if (posix::InSimulation()) return posix::fork_and_run(child);
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(child());
  return pid;
}

int open(const char* path, int flags, mode_t mode) {
  return posix::InSimulation() ? posix::open(path, flags, mode) : ::open(path, flags, mode);
}

int openat(int at, const char* path, int flags, mode_t mode) {
  return posix::InSimulation() ? posix::openat(at, path, flags, mode)
                               : ::openat(at, path, flags, mode);
}

DIR* fdopendir(int fd) { return posix::InSimulation() ? posix::fdopendir(fd) : ::fdopendir(fd); }

int fcntl(int fd, int command, long argument) {
  return posix::InSimulation() ? posix::fcntl(fd, command, argument)
                               : ::fcntl(fd, command, argument);
}

int ioctl(int fd, unsigned long request, void* argument) {
  return posix::InSimulation() ? posix::ioctl(fd, request, argument)
                               : ::ioctl(fd, request, argument);
}

}  // namespace drywire::os
