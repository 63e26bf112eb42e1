#include "tools/posix/c_api.h"

#include <cstdarg>
#include <vector>

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

int drywire_posix_openat(int at, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return drywire::posix::openat(at, path, flags, mode);
}

DIR* drywire_posix_fdopendir(int fd) { return drywire::posix::fdopendir(fd); }

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

pid_t drywire_posix_fork(void) { return drywire::posix::fork(); }
pid_t drywire_posix_vfork(void) { return drywire::posix::vfork(); }

// The arguments up to a null pointer, and the environment after it.
#define DRYWIRE_EXECL(name, has_environment, call)                                            \
  int drywire_posix_##name(const char* path, const char* first, ...) {                        \
    std::vector<char*> strings = {const_cast<char*>(first)};                                  \
    va_list list;                                                                             \
    va_start(list, first);                                                                    \
    while (strings.back() != nullptr) strings.push_back(va_arg(list, char*));                 \
    [[maybe_unused]] char** environment = (has_environment) ? va_arg(list, char**) : nullptr; \
    va_end(list);                                                                             \
    return call;                                                                              \
  }
DRYWIRE_EXECL(execl, false, drywire::posix::execv(path, strings.data()))
DRYWIRE_EXECL(execlp, false, drywire::posix::execvp(path, strings.data()))
DRYWIRE_EXECL(execle, true, drywire::posix::execve(path, strings.data(), environment))

}  // extern "C"
