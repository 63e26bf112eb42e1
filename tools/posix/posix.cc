#include "tools/posix/posix.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sim/core/fiber.h"
#include "stack/sys/names.h"
#include "stack/sys/sys_environment.h"
#include "stack/sys/syscalls.h"
#include "tools/posix/invoke.h"

namespace drywire::posix {
SysEnvironment* Environment() {
  SysEnvironment* const environment = SysEnvironment::Running();
  if (environment == nullptr) return nullptr;
  Task* const task = environment->scheduler->current();
  return Process::Of(task) == nullptr || environment->in_kernel == task ? nullptr : environment;
}

SysResult Outside(const char* name) {
  std::fprintf(stderr, "drywire: posix::%s() was called outside of a simulated process\n", name);
  return SysResult::Fail(ENOSYS);
}

SysContext CurrentContext() {
  SysEnvironment* const environment = SysEnvironment::Running();
  Task* const task = environment->scheduler->current();
  return {*environment, *Process::Of(task), *task};
}

bool InSimulation() { return Environment() != nullptr; }

// --- Sockets ---

DRYWIRE_FORWARD(int, socket, SysSocket, (int domain, int type, int protocol), context, domain, type,
                protocol)
DRYWIRE_FORWARD(int, socketpair, SysSocketpair, (int domain, int type, int protocol, int* fds),
                context, domain, type, protocol, fds)
DRYWIRE_FORWARD(int, bind, SysBind, (int fd, const sockaddr* address, socklen_t length), context,
                fd, address, length)
DRYWIRE_FORWARD(int, listen, SysListen, (int fd, int backlog), context, fd, backlog)
DRYWIRE_FORWARD(int, accept, SysAccept, (int fd, sockaddr* address, socklen_t* length), context, fd,
                address, length)
DRYWIRE_FORWARD(int, accept4, SysAccept4, (int fd, sockaddr* address, socklen_t* length, int flags),
                context, fd, address, length, flags)
DRYWIRE_FORWARD(int, connect, SysConnect, (int fd, const sockaddr* address, socklen_t length),
                context, fd, address, length)
DRYWIRE_FORWARD(int, getsockname, SysGetsockname, (int fd, sockaddr* address, socklen_t* length),
                context, fd, address, length)
DRYWIRE_FORWARD(int, getpeername, SysGetpeername, (int fd, sockaddr* address, socklen_t* length),
                context, fd, address, length)
DRYWIRE_FORWARD(int, getsockopt, SysGetsockopt,
                (int fd, int level, int name, void* value, socklen_t* length), context, fd, level,
                name, value, length)
DRYWIRE_FORWARD(int, setsockopt, SysSetsockopt,
                (int fd, int level, int name, const void* value, socklen_t length), context, fd,
                level, name, value, length)
DRYWIRE_FORWARD(int, shutdown, SysShutdown, (int fd, int how), context, fd, how)

// --- Data ---

DRYWIRE_FORWARD(ssize_t, send, SysSend, (int fd, const void* data, size_t size, int flags), context,
                fd, data, size, flags)
DRYWIRE_FORWARD(ssize_t, sendto, SysSendto,
                (int fd, const void* data, size_t size, int flags, const sockaddr* address,
                 socklen_t length),
                context, fd, data, size, flags, address, length)
DRYWIRE_FORWARD(ssize_t, sendmsg, SysSendmsg, (int fd, const msghdr* message, int flags), context,
                fd, message, flags)
DRYWIRE_FORWARD(int, sendmmsg, SysSendmmsg, (int fd, mmsghdr* messages, unsigned count, int flags),
                context, fd, messages, count, flags)
DRYWIRE_FORWARD(ssize_t, recv, SysRecv, (int fd, void* data, size_t size, int flags), context, fd,
                data, size, flags)
DRYWIRE_FORWARD(ssize_t, recvfrom, SysRecvfrom,
                (int fd, void* data, size_t size, int flags, sockaddr* address, socklen_t* length),
                context, fd, data, size, flags, address, length)
DRYWIRE_FORWARD(ssize_t, recvmsg, SysRecvmsg, (int fd, msghdr* message, int flags), context, fd,
                message, flags)
DRYWIRE_FORWARD(int, recvmmsg, SysRecvmmsg,
                (int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout), context,
                fd, messages, count, flags, timeout)
DRYWIRE_FORWARD(ssize_t, read, SysRead, (int fd, void* data, size_t size), context, fd, data, size)
DRYWIRE_FORWARD(ssize_t, write, SysWrite, (int fd, const void* data, size_t size), context, fd,
                data, size)
DRYWIRE_FORWARD(ssize_t, readv, SysReadv, (int fd, const iovec* vectors, int count), context, fd,
                vectors, count)
DRYWIRE_FORWARD(ssize_t, writev, SysWritev, (int fd, const iovec* vectors, int count), context, fd,
                vectors, count)

// --- Descriptors ---

DRYWIRE_FORWARD(int, close, SysClose, (int fd), context, fd)
DRYWIRE_FORWARD(int, dup, SysDup, (int fd), context, fd)
DRYWIRE_FORWARD(int, dup2, SysDup2, (int fd, int to), context, fd, to)
DRYWIRE_FORWARD(int, dup3, SysDup3, (int fd, int to, int flags), context, fd, to, flags)
DRYWIRE_FORWARD(int, pipe, SysPipe2, (int* fds), context, fds, 0)
DRYWIRE_FORWARD(int, pipe2, SysPipe2, (int* fds, int flags), context, fds, flags)
DRYWIRE_FORWARD(int, eventfd, SysEventfd, (unsigned initial, int flags), context, initial, flags)
DRYWIRE_FORWARD(int, getrlimit, SysGetrlimit, (int resource, rlimit* limit), context, resource,
                limit)
DRYWIRE_FORWARD(int, setrlimit, SysSetrlimit, (int resource, const rlimit* limit), context,
                resource, limit)
DRYWIRE_FORWARD(int, fcntl, SysFcntl, (int fd, int command, long argument), context, fd, command,
                argument)
DRYWIRE_FORWARD(int, ioctl, SysIoctl, (int fd, unsigned long request, void* argument), context, fd,
                request, argument)

int sockatmark(int fd) {
  int mark = 0;
  return ioctl(fd, SIOCATMARK, &mark) < 0 ? -1 : mark;
}

// --- Readiness ---

DRYWIRE_FORWARD(int, poll, SysPoll, (pollfd * fds, nfds_t count, int timeout_ms), context, fds,
                count, timeout_ms)
DRYWIRE_FORWARD(int, ppoll, SysPpoll,
                (pollfd * fds, nfds_t count, const timespec* timeout, const sigset_t* mask),
                context, fds, count, timeout, mask)
DRYWIRE_FORWARD(int, select, SysSelect,
                (int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout), context,
                count, read, write, except, timeout)
DRYWIRE_FORWARD(int, pselect, SysPselect,
                (int count, fd_set* read, fd_set* write, fd_set* except, const timespec* timeout,
                 const sigset_t* mask),
                context, count, read, write, except, timeout, mask)
DRYWIRE_FORWARD(int, epoll_create, SysEpollCreate, (int size), context, size)
DRYWIRE_FORWARD(int, epoll_create1, SysEpollCreate1, (int flags), context, flags)
DRYWIRE_FORWARD(int, epoll_ctl, SysEpollCtl,
                (int epoll_fd, int operation, int fd, epoll_event* event), context, epoll_fd,
                operation, fd, event)
DRYWIRE_FORWARD(int, epoll_wait, SysEpollWait,
                (int epoll_fd, epoll_event* events, int max, int timeout_ms), context, epoll_fd,
                events, max, timeout_ms)
DRYWIRE_FORWARD(int, epoll_pwait, SysEpollPwait,
                (int epoll_fd, epoll_event* events, int max, int timeout_ms, const sigset_t* mask),
                context, epoll_fd, events, max, timeout_ms, mask)
DRYWIRE_FORWARD(int, epoll_pwait2, SysEpollPwait2,
                (int epoll_fd, epoll_event* events, int max, const timespec* timeout,
                 const sigset_t* mask),
                context, epoll_fd, events, max, timeout, mask)

// --- Time ---

DRYWIRE_FORWARD(int, clock_gettime, SysClockGettime, (clockid_t clock, timespec* time), context,
                clock, time)
DRYWIRE_FORWARD(int, clock_getres, SysClockGetres, (clockid_t clock, timespec* resolution), context,
                clock, resolution)
DRYWIRE_FORWARD(time_t, time, SysTime, (time_t * seconds), context, seconds)
DRYWIRE_FORWARD(int, nanosleep, SysNanosleep, (const timespec* duration, timespec* remaining),
                context, duration, remaining)
DRYWIRE_FORWARD(int, setitimer, SysSetitimer, (int which, const itimerval* value, itimerval* old),
                context, which, value, old)
DRYWIRE_FORWARD(int, timerfd_create, SysTimerfdCreate, (int clock, int flags), context, clock,
                flags)
DRYWIRE_FORWARD(int, timerfd_settime, SysTimerfdSettime,
                (int fd, int flags, const itimerspec* value, itimerspec* old), context, fd, flags,
                value, old)
DRYWIRE_FORWARD(int, timerfd_gettime, SysTimerfdGettime, (int fd, itimerspec* value), context, fd,
                value)
DRYWIRE_FORWARD(int, getitimer, SysGetitimer, (int which, itimerval* value), context, which, value)

int gettimeofday(timeval* time, void* zone) {
  if (zone != nullptr) std::memset(zone, 0, sizeof(struct timezone));
  return Return("gettimeofday",
                [&](SysContext& context) { return SysGettimeofday(context, time); });
}

int timespec_get(timespec* time, int base) {
  return base == TIME_UTC && posix::clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* duration, timespec* remaining) {
  return Invoke("clock_nanosleep",
                [&](SysContext& context) {
                  return SysClockNanosleep(context, clock, flags, duration, remaining);
                })
      .error;
}

int usleep(useconds_t microseconds) {
  const timespec duration = {static_cast<time_t>(microseconds / 1000000),
                             static_cast<long>(microseconds % 1000000 * 1000)};
  return posix::nanosleep(&duration, nullptr);
}

unsigned sleep(unsigned seconds) {
  const timespec duration = {static_cast<time_t>(seconds), 0};
  timespec remaining = {};
  if (posix::nanosleep(&duration, &remaining) == 0) return 0;
  return static_cast<unsigned>(remaining.tv_sec);
}

unsigned alarm(unsigned seconds) {
  const SysResult result =
      Invoke("alarm", [&](SysContext& context) { return SysAlarm(context, seconds); });
  return result.ok() ? static_cast<unsigned>(result.value) : 0;
}

// --- Signals and identity ---

DRYWIRE_FORWARD(int, kill, SysKill, (pid_t pid, int number), context, pid, number)
DRYWIRE_FORWARD(int, raise, SysRaise, (int number), context, number)
DRYWIRE_FORWARD(int, sigaction, SysSigaction,
                (int number, const struct sigaction* action, struct sigaction* old), context,
                number, action, old)
DRYWIRE_FORWARD(int, sigprocmask, SysSigprocmask, (int how, const sigset_t* set, sigset_t* old),
                context, how, set, old)
DRYWIRE_FORWARD(int, sigpending, SysSigpending, (sigset_t * set), context, set)
DRYWIRE_FORWARD(int, sigsuspend, SysSigsuspend, (const sigset_t* mask), context, mask)
DRYWIRE_FORWARD(int, pause, SysPause, (void), context)
DRYWIRE_FORWARD(pid_t, getpid, SysGetpid, (void), context)
DRYWIRE_FORWARD(int, sched_yield, SysSchedYield, (void), context)

sighandler_t signal(int number, sighandler_t handler) {
  // The C library's signal() has BSD's semantics.
  struct sigaction action = {}, old = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  return posix::sigaction(number, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) {
  return Invoke("pthread_sigmask",
                [&](SysContext& context) { return SysSigprocmask(context, how, set, old); })
      .error;
}

void _exit(int status) try {
  SysEnvironment* const environment = Environment();
  if (environment == nullptr) {
    (void)Outside("_exit");
    std::abort();
  }
  Process::Of(environment->scheduler->current())->Exit(status);
  environment->scheduler->ExitCurrent();
} catch (const FiberUnwind&) {
  throw;  // As in RunCall: the simulator's frames come first, whatever the caller is.
}

// --- Names ---

int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  SysEnvironment* const environment = Environment();
  if (environment == nullptr) {
    errno = Outside("getaddrinfo").error;
    return EAI_SYSTEM;
  }
  return ResolveAddresses(environment->names, node, service, hints, result);
}

void freeaddrinfo(addrinfo* list) { FreeAddresses(list); }

int getnameinfo(const sockaddr* address, socklen_t length, char* host, socklen_t host_size,
                char* service, socklen_t service_size, int flags) {
  SysEnvironment* const environment = Environment();
  if (environment == nullptr) {
    errno = Outside("getnameinfo").error;
    return EAI_SYSTEM;
  }
  return ResolveName(environment->names, address, length, host, host_size, service, service_size,
                     flags);
}

}  // namespace drywire::posix
