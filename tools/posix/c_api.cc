#include "tools/posix/c_api.h"

#include <cstdarg>

#include "tools/posix/posix.h"

extern "C" {

#define DRYWIRE_POSIX(type, name, parameters, arguments)                      \
  type drywire_posix_##name parameters noexcept(noexcept(::name arguments)) { \
    return drywire::posix::name arguments;                                    \
  }
#include "tools/posix/file_functions.def"
#include "tools/posix/functions.def"
#undef DRYWIRE_POSIX

int drywire_posix_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return drywire::posix::open(path, flags, mode);
}

int drywire_posix_creat(const char* path, mode_t mode) { return drywire::posix::creat(path, mode); }

int drywire_posix_fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  const long argument = va_arg(arguments, long);
  va_end(arguments);
  return drywire::posix::fcntl(fd, command, argument);
}

int drywire_posix_ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return drywire::posix::ioctl(fd, request, argument);
}

}  // extern "C"
