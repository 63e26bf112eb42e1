// Takes over the C library's functions for the whole program, shared libraries included: inside a
// simulated process they are simulated, outside they are the C library's.
//
// Link //tools/posix:interpose into a test program; nothing else is needed. Calls on files are in
// interpose_files.cc, those by path in interpose_paths.cc, what is refused by name in
// interpose_refused.cc.
//
// Left out: calls that the C library makes to itself (fopen() and the time zone's file use its own
// open(); getaddrinfo() as a whole is taken over), locks and condition variables, which can stop
// the program, statically linked copies of these functions, system call instructions in other code.
//
// The C library declares many of these functions noexcept (kill(), socket(), exit()), and compilers
// leave out what an exception would need. So they are noexcept here too: a process that ends inside
// of one is abandoned there (see sim/core/fiber.h) instead of being unwound.
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "stack/sys/sys_environment.h"
#include "tools/posix/interpose_sockets.h"
#include "tools/posix/libc_calls.h"
#include "tools/posix/posix.h"
#include "tools/posix/real_files.h"

// The uniform ones; where the door's function is not all there is to it, taken_over has another.
#define DRYWIRE_POSIX(type, name, parameters, arguments)                                        \
  DRYWIRE_TAKE_OVER_AS(type, name, parameters, arguments, noexcept(noexcept(::name arguments)), \
                       ::drywire::posix::taken_over::name arguments)
// A program of the real machine cannot become a simulated process.
#define DRYWIRE_POSIX_EXEC(type, name, parameters, arguments, path, failed)                       \
  DRYWIRE_TAKE_OVER_WITH(type, name, parameters, noexcept(noexcept(::name arguments))) {          \
    if (!::drywire::posix::InSimulation()) return Libc_##name() arguments;                        \
    if (path != nullptr && std::strchr(path, '/') != nullptr &&                                   \
        !::drywire::posix::IsSimulatedPath(path)) {                                               \
      ::drywire::posix::Refuse(#name "() of a program that is not the simulated host's", ENOSYS); \
      return failed;                                                                              \
    }                                                                                             \
    return ::drywire::posix::name arguments;                                                      \
  }
#include "tools/posix/functions.def"
#undef DRYWIRE_POSIX

namespace {

using ::drywire::posix::InSimulation;
namespace posix = ::drywire::posix;

// glibc's answer to a buffer smaller than the size passed with it.
void CheckFits(const char* name, size_t size, size_t buffer) {
  if (size <= buffer) return;
  std::fprintf(stderr, "drywire: %s(): %zu bytes do not fit into a buffer of %zu\n", name, size,
               buffer);
  std::abort();
}

}  // namespace

// Variadic: the third argument is an int, a long or a pointer, which travel alike.
#define DRYWIRE_TAKE_OVER_VARIADIC(name, request_type, argument_type, simulated)                \
  extern "C" int drywire_interpose_##name(int fd, request_type request, ...) __asm__(#name);    \
  extern "C" int __interceptor_##name(int fd, request_type request, ...) __attribute__((weak)); \
  extern "C" int drywire_interpose_##name(int fd, request_type request, ...) {                  \
    va_list list;                                                                               \
    va_start(list, request);                                                                    \
    const auto argument = va_arg(list, argument_type);                                          \
    va_end(list);                                                                               \
    if (!InSimulation()) {                                                                      \
      static int (*const libc)(int, request_type, ...) =                                        \
          posix::FindLibc<int(int, request_type, ...)>(#name, __interceptor_##name);            \
      return libc(fd, request, argument);                                                       \
    }                                                                                           \
    return simulated(fd, request, argument);                                                    \
  }
DRYWIRE_TAKE_OVER_VARIADIC(fcntl, int, long, posix::fcntl)
DRYWIRE_TAKE_OVER_VARIADIC(fcntl64, int, long, posix::fcntl)
DRYWIRE_TAKE_OVER_VARIADIC(__fcntl, int, long, posix::fcntl)
DRYWIRE_TAKE_OVER_VARIADIC(ioctl, unsigned long, void*, posix::ioctl)

// --- Other names of the same functions ---

#define DRYWIRE_ALIAS(type, alias, name, parameters, arguments)                                  \
  DRYWIRE_TAKE_OVER_AS(type, alias, parameters, arguments, noexcept(noexcept(::name arguments)), \
                       posix::name arguments)
DRYWIRE_TAKE_OVER_AS(int, __connect, (int fd, const sockaddr* address, socklen_t length),
                     (fd, address, length), noexcept(noexcept(::connect(fd, address, length))),
                     posix::taken_over::connect(fd, address, length))
DRYWIRE_ALIAS(ssize_t, __send, send, (int fd, const void* data, size_t size, int flags),
              (fd, data, size, flags))
DRYWIRE_ALIAS(ssize_t, __read, read, (int fd, void* data, size_t size), (fd, data, size))
DRYWIRE_ALIAS(ssize_t, __write, write, (int fd, const void* data, size_t size), (fd, data, size))
DRYWIRE_ALIAS(int, __close, close, (int fd), (fd))
DRYWIRE_ALIAS(int, __dup2, dup2, (int fd, int to), (fd, to))
DRYWIRE_ALIAS(int, __pipe, pipe, (int* fds), (fds))
DRYWIRE_ALIAS(int, __poll, poll, (pollfd * fds, nfds_t count, int timeout_ms),
              (fds, count, timeout_ms))
DRYWIRE_ALIAS(int, __select, select,
              (int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout),
              (count, read, write, except, timeout))
DRYWIRE_ALIAS(int, __nanosleep, nanosleep, (const timespec* duration, timespec* remaining),
              (duration, remaining))
DRYWIRE_ALIAS(int, __gettimeofday, gettimeofday, (timeval * time, void* zone), (time, zone))
DRYWIRE_ALIAS(int, __sigaction, sigaction,
              (int number, const struct sigaction* action, struct sigaction* old),
              (number, action, old))
DRYWIRE_ALIAS(sighandler_t, bsd_signal, signal, (int number, sighandler_t handler),
              (number, handler))
DRYWIRE_ALIAS(int, __sched_yield, sched_yield, (void), ())
DRYWIRE_ALIAS(pid_t, __getpid, getpid, (void), ())

// --- Names for large files, which differ in nothing on a 64-bit machine ---

DRYWIRE_ALIAS(int, getrlimit64, getrlimit, (int resource, rlimit* limit), (resource, limit))
DRYWIRE_ALIAS(int, setrlimit64, setrlimit, (int resource, const rlimit* limit), (resource, limit))

// --- Variants that check sizes (_FORTIFY_SOURCE) ---

DRYWIRE_TAKE_OVER(ssize_t, __read_chk, (int fd, void* data, size_t size, size_t buffer)) {
  if (!InSimulation()) return Libc___read_chk()(fd, data, size, buffer);
  CheckFits("read", size, buffer);
  return posix::read(fd, data, size);
}
DRYWIRE_TAKE_OVER(ssize_t, __recv_chk,
                  (int fd, void* data, size_t size, size_t buffer, int flags)) {
  if (!InSimulation()) return Libc___recv_chk()(fd, data, size, buffer, flags);
  CheckFits("recv", size, buffer);
  return posix::recv(fd, data, size, flags);
}
DRYWIRE_TAKE_OVER(ssize_t, __recvfrom_chk,
                  (int fd, void* data, size_t size, size_t buffer, int flags, sockaddr* address,
                   socklen_t* length)) {
  if (!InSimulation()) {
    return Libc___recvfrom_chk()(fd, data, size, buffer, flags, address, length);
  }
  CheckFits("recvfrom", size, buffer);
  return posix::recvfrom(fd, data, size, flags, address, length);
}
DRYWIRE_TAKE_OVER(int, __poll_chk, (pollfd * fds, nfds_t count, int timeout_ms, size_t buffer)) {
  if (!InSimulation()) return Libc___poll_chk()(fds, count, timeout_ms, buffer);
  CheckFits("poll", count * sizeof(pollfd), buffer);
  return posix::poll(fds, count, timeout_ms);
}
DRYWIRE_TAKE_OVER(int, __ppoll_chk,
                  (pollfd * fds, nfds_t count, const timespec* timeout, const sigset_t* mask,
                   size_t buffer)) {
  if (!InSimulation()) return Libc___ppoll_chk()(fds, count, timeout, mask, buffer);
  CheckFits("ppoll", count * sizeof(pollfd), buffer);
  return posix::ppoll(fds, count, timeout, mask);
}
DRYWIRE_TAKE_OVER(int, __gethostname_chk, (char* name, size_t size, size_t buffer)) {
  if (!InSimulation()) return Libc___gethostname_chk()(name, size, buffer);
  CheckFits("gethostname", size, buffer);
  return posix::gethostname(name, size);
}

// --- What the C library builds on calls of its own ---

DRYWIRE_TAKE_OVER(int, eventfd_read, (int fd, uint64_t* value)) {
  if (!InSimulation()) return Libc_eventfd_read()(fd, value);
  return posix::read(fd, value, sizeof *value) == sizeof *value ? 0 : -1;
}
DRYWIRE_TAKE_OVER(int, eventfd_write, (int fd, uint64_t value)) {
  if (!InSimulation()) return Libc_eventfd_write()(fd, value);
  return posix::write(fd, &value, sizeof value) == sizeof value ? 0 : -1;
}

// The end of the simulated process, not of the program.
#define DRYWIRE_TAKE_OVER_EXIT(name)                                                         \
  extern "C" [[noreturn]] void drywire_interpose_##name(int status) noexcept __asm__(#name); \
  extern "C" void __interceptor_##name(int status) __attribute__((weak));                    \
  extern "C" void drywire_interpose_##name(int status) noexcept {                            \
    if (InSimulation()) posix::_exit(status);                                                \
    posix::FindLibc<void(int)>(#name, __interceptor_##name)(status);                         \
    std::abort();                                                                            \
  }
DRYWIRE_TAKE_OVER_EXIT(exit)
DRYWIRE_TAKE_OVER_EXIT(_exit)
DRYWIRE_TAKE_OVER_EXIT(_Exit)
DRYWIRE_TAKE_OVER_EXIT(quick_exit)

// The only thread's end is the process's. Not noexcept: outside it is unwound.
extern "C" [[noreturn]] void drywire_interpose_pthread_exit(void* result) __asm__("pthread_exit");
extern "C" void drywire_interpose_pthread_exit(void* result) {
  if (InSimulation()) posix::_exit(0);
  posix::FindLibc<void(void*)>("pthread_exit", nullptr)(result);
  std::abort();
}

// AddressSanitizer calls this when it has found something and is about to print it. What it needs
// for that, a pipe to a symbolizer, is the C library's, whoever made the mistake.
extern "C" void __asan_on_error() { static const drywire::ScopedSysEnvironment none(nullptr); }
