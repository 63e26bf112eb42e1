// What :interpose refuses inside a simulated process, by name and on standard error, because only a
// real kernel could do it: other programs and threads, the machine's identity and clock, the
// machine's resolver. And what has one answer there. Outside everything is the C library's.
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdarg>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/posix/libc_calls.h"
#include "tools/posix/posix.h"
#include "tools/posix/real_files.h"

namespace {

using ::drywire::posix::InSimulation;
namespace posix = ::drywire::posix;

}  // namespace

// Refused: `value` is returned and errno is `error`.
#define DRYWIRE_REFUSE(type, name, parameters, arguments, value, error) \
  DRYWIRE_TAKE_OVER(type, name, parameters) {                           \
    if (!InSimulation()) return Libc_##name() arguments;                \
    posix::Refuse(#name "()", error);                                   \
    return value;                                                       \
  }
// Answered, without a word: `inside` is an expression.
#define DRYWIRE_ANSWER(type, name, parameters, arguments, inside) \
  DRYWIRE_TAKE_OVER_BY(type, name, parameters, arguments, inside)
#define DRYWIRE_FAIL(error) (errno = (error), -1)

// --- Other programs ---

DRYWIRE_REFUSE(pid_t, fork, (void), (), -1, ENOSYS)
DRYWIRE_REFUSE(pid_t, _Fork, (void), (), -1, ENOSYS)
// A function that stands for vfork() cannot return twice on one stack; fork() can.
DRYWIRE_TAKE_OVER(pid_t, vfork, (void)) {
  if (!InSimulation()) return Libc_fork()();
  posix::Refuse("vfork()", ENOSYS);
  return -1;
}
DRYWIRE_REFUSE(int, clone,
               (int (*start)(void*), void* stack, int flags, void* context, pid_t* parent,
                void* storage, pid_t* child),
               (start, stack, flags, context, parent, storage, child), -1, ENOSYS)
DRYWIRE_REFUSE(int, fexecve, (int fd, char* const* arguments, char* const* environment),
               (fd, arguments, environment), -1, ENOSYS)
DRYWIRE_REFUSE(int, system, (const char* command), (command), -1, ENOSYS)
DRYWIRE_REFUSE(FILE*, popen, (const char* command, const char* mode), (command, mode), nullptr,
               ENOSYS)
DRYWIRE_REFUSE(int, daemon, (int keep_directory, int keep_output), (keep_directory, keep_output),
               -1, ENOSYS)

// Variadic: the arguments up to a null pointer, then the environment if there is one.
#define DRYWIRE_FORWARD_EXEC(name, has_environment, forward)                                      \
  extern "C" int drywire_interpose_##name(const char* path, const char* first,                    \
                                          ...) __asm__(#name);                                    \
  extern "C" int drywire_interpose_##name(const char* path, const char* first, ...) {             \
    std::vector<char*> arguments = {const_cast<char*>(first)};                                    \
    va_list list;                                                                                 \
    va_start(list, first);                                                                        \
    while (arguments.back() != nullptr) arguments.push_back(va_arg(list, char*));                 \
    [[maybe_unused]] char* const* environment = has_environment ? va_arg(list, char**) : nullptr; \
    va_end(list);                                                                                 \
    return forward;                                                                               \
  }
DRYWIRE_FORWARD_EXEC(execl, false, ::execv(path, arguments.data()))
DRYWIRE_FORWARD_EXEC(execlp, false, ::execvp(path, arguments.data()))
DRYWIRE_FORWARD_EXEC(execle, true, ::execve(path, arguments.data(), environment))

// --- Threads ---

DRYWIRE_REFUSE(int, pthread_create,
               (unsigned long* thread, const void* attributes, void* (*start)(void*),
                void* context),
               (thread, attributes, start, context), EAGAIN, EAGAIN)
DRYWIRE_REFUSE(int, thrd_create, (unsigned long* thread, int (*start)(void*), void* context),
               (thread, start, context), 2, EAGAIN)  // thrd_error
DRYWIRE_ANSWER(int, thrd_sleep, (const timespec* duration, timespec* remaining),
               (duration, remaining), posix::nanosleep(duration, remaining))
DRYWIRE_ANSWER(pid_t, gettid, (void), (), posix::getpid())
DRYWIRE_ANSWER(int, sched_getcpu, (void), (), 0)

// --- Identity ---

DRYWIRE_REFUSE(int, initgroups, (const char* user, gid_t group), (user, group), -1, EPERM)
DRYWIRE_REFUSE(int, unshare, (int flags), (flags), -1, EPERM)
DRYWIRE_REFUSE(int, setns, (int fd, int type), (fd, type), -1, EPERM)
DRYWIRE_REFUSE(int, setdomainname, (const char* name, size_t size), (name, size), -1, EPERM)

// --- Clocks that can be set, and timers ---

DRYWIRE_REFUSE(int, clock_settime, (clockid_t clock, const timespec* time), (clock, time), -1,
               EPERM)
DRYWIRE_REFUSE(int, settimeofday, (const timeval* time, const void* zone), (time, zone), -1, EPERM)
DRYWIRE_REFUSE(int, adjtime, (const timeval* delta, timeval* old), (delta, old), -1, EPERM)
DRYWIRE_REFUSE(int, timer_create, (clockid_t clock, void* event, void** timer),
               (clock, event, timer), -1, ENOSYS)
DRYWIRE_REFUSE(int, sysinfo, (void* info), (info), -1, ENOSYS)
DRYWIRE_REFUSE(int, getloadavg, (double* averages, int count), (averages, count), -1, ENOSYS)

// --- Signals ---

DRYWIRE_TAKE_OVER(int, pthread_kill, (unsigned long thread, int number)) {
  if (!InSimulation()) return Libc_pthread_kill()(thread, number);
  // There is one thread: this one.
  return posix::raise(number) == 0 ? 0 : errno;
}
DRYWIRE_REFUSE(int, tgkill, (pid_t process, pid_t thread, int number), (process, thread, number),
               -1, ENOSYS)
// Asking for the stack in force is the C library's: AddressSanitizer does so in every thread.
DRYWIRE_TAKE_OVER(int, sigaltstack, (const stack_t* stack, stack_t* old)) {
  if (stack == nullptr || !InSimulation()) return Libc_sigaltstack()(stack, old);
  posix::Refuse("sigaltstack()", ENOSYS);
  return -1;
}
// --- Descriptors ---

DRYWIRE_REFUSE(int, inotify_init, (void), (), -1, ENOSYS)
DRYWIRE_REFUSE(int, inotify_init1, (int flags), (flags), -1, ENOSYS)
DRYWIRE_REFUSE(int, fanotify_init, (unsigned flags, unsigned event_flags), (flags, event_flags), -1,
               ENOSYS)
DRYWIRE_REFUSE(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags),
               -1, ENOSYS)
DRYWIRE_TAKE_OVER(void, closefrom, (int first)) {
  if (!InSimulation()) return Libc_closefrom()(first);
  posix::Refuse("closefrom()", ENOSYS);
}
DRYWIRE_REFUSE(ssize_t, tee, (int in, int out, size_t size, unsigned flags), (in, out, size, flags),
               -1, EINVAL)
DRYWIRE_REFUSE(ssize_t, vmsplice, (int fd, const iovec* vectors, size_t count, unsigned flags),
               (fd, vectors, count, flags), -1, EINVAL)
DRYWIRE_REFUSE(ssize_t, copy_file_range,
               (int in, off_t* in_offset, int out, off_t* out_offset, size_t size, unsigned flags),
               (in, in_offset, out, out_offset, size, flags), -1, EINVAL)
DRYWIRE_REFUSE(int, posix_fallocate, (int fd, off_t offset, off_t size), (fd, offset, size), ENOSYS,
               ENOSYS)
DRYWIRE_REFUSE(int, bindresvport, (int fd, struct sockaddr_in* address), (fd, address), -1, ENOSYS)
DRYWIRE_REFUSE(int, aio_read, (void* block), (block), -1, ENOSYS)
DRYWIRE_REFUSE(int, aio_write, (void* block), (block), -1, ENOSYS)

DRYWIRE_TAKE_OVER(int, prlimit, (pid_t pid, int resource, const rlimit* limit, rlimit* old)) {
  if (!InSimulation()) return Libc_prlimit()(pid, resource, limit, old);
  if (pid != 0 && pid != posix::getpid()) {
    posix::Refuse("prlimit() of another process", ENOSYS);
    return -1;
  }
  if (old != nullptr && posix::getrlimit(resource, old) != 0) return -1;
  return limit != nullptr ? posix::setrlimit(resource, limit) : 0;
}
DRYWIRE_TAKE_OVER(int, prlimit64, (pid_t pid, int resource, const rlimit* limit, rlimit* old)) {
  if (!InSimulation()) return Libc_prlimit64()(pid, resource, limit, old);
  return drywire_interpose_prlimit(pid, resource, limit, old);
}

// --- The machine's resolver; getaddrinfo() and getnameinfo() know the topology's names ---

DRYWIRE_REFUSE(struct hostent*, gethostbyname, (const char* name), (name), nullptr, ENOSYS)
DRYWIRE_REFUSE(struct hostent*, gethostbyname2, (const char* name, int family), (name, family),
               nullptr, ENOSYS)
DRYWIRE_REFUSE(struct hostent*, gethostbyaddr, (const void* address, socklen_t length, int family),
               (address, length, family), nullptr, ENOSYS)
DRYWIRE_REFUSE(int, gethostbyname_r,
               (const char* name, struct hostent* entry, char* buffer, size_t size,
                struct hostent** result, int* error),
               (name, entry, buffer, size, result, error), (*result = nullptr, ENOSYS), ENOSYS)
DRYWIRE_REFUSE(int, getaddrinfo_a,
               (int mode, struct gaicb** list, int count, struct sigevent* event),
               (mode, list, count, event), EAI_SYSTEM, ENOSYS)
#define DRYWIRE_REFUSE_QUERY(name)                                                         \
  DRYWIRE_REFUSE(int, name,                                                                \
                 (const char* domain, int cls, int type, unsigned char* answer, int size), \
                 (domain, cls, type, answer, size), -1, ENOSYS)
DRYWIRE_REFUSE_QUERY(res_query)
DRYWIRE_REFUSE_QUERY(res_search)
DRYWIRE_REFUSE_QUERY(__res_query)
DRYWIRE_REFUSE_QUERY(__res_search)
#define DRYWIRE_REFUSE_NQUERY(name)                                                          \
  DRYWIRE_REFUSE(                                                                            \
      int, name,                                                                             \
      (void* state, const char* domain, int cls, int type, unsigned char* answer, int size), \
      (state, domain, cls, type, answer, size), -1, ENOSYS)
DRYWIRE_REFUSE_NQUERY(res_nquery)
DRYWIRE_REFUSE_NQUERY(res_nsearch)
DRYWIRE_REFUSE_NQUERY(__res_nquery)
DRYWIRE_REFUSE_NQUERY(__res_nsearch)

// --- System calls by number ---

// The arguments are where those of a variadic function are; as many as it can have, since va_arg()
// of more than there are would be a read out of bounds for AddressSanitizer.
extern "C" long drywire_interpose_syscall(long number, long a0, long a1, long a2, long a3, long a4,
                                          long a5) __asm__("syscall");
extern "C" long drywire_interpose_syscall(long number, long a0, long a1, long a2, long a3, long a4,
                                          long a5) {
  using Function = long(long, long, long, long, long, long, long);
  static Function* const libc = posix::FindLibc<Function>("syscall", nullptr);
  const long a[6] = {a0, a1, a2, a3, a4, a5};
  if (!InSimulation()) return libc(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  const auto pointer = [&](int i) { return reinterpret_cast<void*>(a[i]); };
  switch (number) {
    case SYS_getrandom:
      return posix::getrandom(pointer(0), static_cast<size_t>(a[1]), static_cast<unsigned>(a[2]));
    case SYS_getpid:
    case SYS_gettid:
      return posix::getpid();
    case SYS_clock_gettime:
      return posix::clock_gettime(static_cast<clockid_t>(a[0]), static_cast<timespec*>(pointer(1)));
    case SYS_write:  // A report of the engine (see fiber.cc).
      if (a[0] == STDERR_FILENO) break;
      return posix::write(static_cast<int>(a[0]), pointer(1), static_cast<size_t>(a[2]));
    case SYS_rt_sigaction:  // Likewise, in its handler for stack overflows.
      if (a[0] == SIGSEGV || a[0] == SIGBUS) break;
      [[fallthrough]];
    default:
      posix::Refuse(absl::StrCat("syscall(", number, ")").c_str(), ENOSYS);
      return -1;
    case SYS_futex:  // Memory only.
      break;
  }
  return libc(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

// --- Chance ---

// std::random_device, which on this machine asks the processor.
extern "C" __attribute__((weak)) unsigned drywire_interpose_random_device(void* device) __asm__(
    "_ZNSt13random_device9_M_getvalEv");
extern "C" unsigned drywire_interpose_random_device(void* device) {
  static unsigned (*const libstdcxx)(void*) =
      posix::FindLibc<unsigned(void*)>("_ZNSt13random_device9_M_getvalEv", nullptr);
  if (!InSimulation()) return libstdcxx(device);
  return posix::arc4random();
}
