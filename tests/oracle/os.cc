#include "tests/oracle/os.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace drywire::os {

#define DRYWIRE_POSIX(type, name, parameters, arguments) \
  type name parameters { return posix::InSimulation() ? posix::name arguments : ::name arguments; }
#include "tools/posix/file_functions.def"
#include "tools/posix/functions.def"
#undef DRYWIRE_POSIX

int open(const char* path, int flags, mode_t mode) {
  return posix::InSimulation() ? posix::open(path, flags, mode) : ::open(path, flags, mode);
}

int fcntl(int fd, int command, long argument) {
  return posix::InSimulation() ? posix::fcntl(fd, command, argument)
                               : ::fcntl(fd, command, argument);
}

int ioctl(int fd, unsigned long request, void* argument) {
  return posix::InSimulation() ? posix::ioctl(fd, request, argument)
                               : ::ioctl(fd, request, argument);
}

}  // namespace drywire::os
