#include "tests/oracle/os.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace drywire::os {

#define DRYWIRE_POSIX(type, name, parameters, arguments) \
  type name parameters { return posix::InSimulation() ? posix::name arguments : ::name arguments; }
#include "tools/posix/functions.def"
#undef DRYWIRE_POSIX

int fcntl(int fd, int command, long argument) {
  return posix::InSimulation() ? posix::fcntl(fd, command, argument)
                               : ::fcntl(fd, command, argument);
}

int ioctl(int fd, unsigned long request, void* argument) {
  return posix::InSimulation() ? posix::ioctl(fd, request, argument)
                               : ::ioctl(fd, request, argument);
}

}  // namespace drywire::os
