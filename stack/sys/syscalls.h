// The system calls of a simulated process: POSIX's signatures with a context in front, and a value
// or an errno as the result.
//
// Pointers are the program's own and may be bad (EFAULT). Structures, constants and errno numbers
// are those of the machine Drywire is compiled on; what a system does with them is the process's
// host's. The order in which arguments are judged is the system's, as observed on Linux 6.18 and as
// FreeBSD's uipc_syscalls.c has it. See errno_rules for the errors of each call.
//
// Left out: fork() that returns twice (SysFork is given what the child runs), threads' own signals
// and masks, asynchronous I/O, io_uring, tee, kqueue, file locks, mapping files into memory. What
// is not modelled fails and says so on standard error.
#ifndef DRYWIRE_STACK_SYS_SYSCALLS_H_
#define DRYWIRE_STACK_SYS_SYSCALLS_H_

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "stack/sys/call.h"
#include "stack/sys/sys_environment.h"
#include "stack/vfs/node.h"

namespace drywire {

// --- Sockets (socket_calls.cc) ---
SysResult SysSocket(SysContext& context, int domain, int type, int protocol);
// AF_UNIX stream and seqpacket only.
SysResult SysSocketpair(SysContext& context, int domain, int type, int protocol, int* fds);
SysResult SysBind(SysContext& context, int fd, const sockaddr* address, socklen_t length);
SysResult SysListen(SysContext& context, int fd, int backlog);
// accept() differs from accept4() with no flags: on FreeBSD it inherits O_NONBLOCK.
SysResult SysAccept(SysContext& context, int fd, sockaddr* address, socklen_t* length);
SysResult SysAccept4(SysContext& context, int fd, sockaddr* address, socklen_t* length, int flags);
SysResult SysConnect(SysContext& context, int fd, const sockaddr* address, socklen_t length);
SysResult SysGetsockname(SysContext& context, int fd, sockaddr* address, socklen_t* length);
SysResult SysGetpeername(SysContext& context, int fd, sockaddr* address, socklen_t* length);
SysResult SysGetsockopt(SysContext& context, int fd, int level, int name, void* value,
                        socklen_t* length);
SysResult SysSetsockopt(SysContext& context, int fd, int level, int name, const void* value,
                        socklen_t length);
SysResult SysShutdown(SysContext& context, int fd, int how);

// --- Data (io_calls.cc) ---
SysResult SysSend(SysContext& context, int fd, const void* data, size_t size, int flags);
SysResult SysSendto(SysContext& context, int fd, const void* data, size_t size, int flags,
                    const sockaddr* address, socklen_t length);
SysResult SysSendmsg(SysContext& context, int fd, const msghdr* message, int flags);
SysResult SysSendmmsg(SysContext& context, int fd, mmsghdr* messages, unsigned count, int flags);
SysResult SysRecv(SysContext& context, int fd, void* data, size_t size, int flags);
SysResult SysRecvfrom(SysContext& context, int fd, void* data, size_t size, int flags,
                      sockaddr* address, socklen_t* length);
SysResult SysRecvmsg(SysContext& context, int fd, msghdr* message, int flags);
SysResult SysRecvmmsg(SysContext& context, int fd, mmsghdr* messages, unsigned count, int flags,
                      timespec* timeout);
SysResult SysRead(SysContext& context, int fd, void* data, size_t size);
SysResult SysWrite(SysContext& context, int fd, const void* data, size_t size);
SysResult SysReadv(SysContext& context, int fd, const iovec* vectors, int count);
SysResult SysWritev(SysContext& context, int fd, const iovec* vectors, int count);

// --- Descriptors (file_calls.cc) ---
SysResult SysClose(SysContext& context, int fd);
SysResult SysDup(SysContext& context, int fd);
SysResult SysDup2(SysContext& context, int fd, int to);
SysResult SysDup3(SysContext& context, int fd, int to, int flags);
// F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL (O_NONBLOCK).
SysResult SysFcntl(SysContext& context, int fd, int command, long argument);
// FIONBIO, FIONREAD, TIOCOUTQ (SIOCOUTQ), SIOCOUTQNSD, SIOCATMARK, FIOCLEX, FIONCLEX.
SysResult SysIoctl(SysContext& context, int fd, unsigned long request, void* argument);
SysResult SysPipe2(SysContext& context, int* fds, int flags);
SysResult SysEventfd(SysContext& context, unsigned initial, int flags);
// RLIMIT_NOFILE; others are not modelled.
SysResult SysGetrlimit(SysContext& context, int resource, rlimit* limit);
SysResult SysSetrlimit(SysContext& context, int resource, const rlimit* limit);

// --- Files (open_calls.cc) ---
// O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK, O_DIRECTORY,
// O_NOFOLLOW, O_CLOEXEC; O_NOCTTY, O_SYNC and O_DSYNC change nothing.
SysResult SysOpen(SysContext& context, const char* path, int flags, mode_t mode);
SysResult SysOpenat(SysContext& context, int at, const char* path, int flags, mode_t mode);
SysResult SysLseek(SysContext& context, int fd, off_t offset, int whence);
SysResult SysPread(SysContext& context, int fd, void* data, size_t size, off_t offset);
SysResult SysPwrite(SysContext& context, int fd, const void* data, size_t size, off_t offset);
// Linux's: offsets null for the file's own position.
SysResult SysSplice(SysContext& context, int in, off_t* in_offset, int out, off_t* out_offset,
                    size_t size, unsigned flags);
SysResult SysSendfile(SysContext& context, int out, int in, off_t* offset, size_t size);
SysResult SysFtruncate(SysContext& context, int fd, off_t size);
SysResult SysFsync(SysContext& context, int fd);

// --- Attributes (attribute_calls.cc) ---
SysResult SysStat(SysContext& context, const char* path, struct stat* status);
SysResult SysLstat(SysContext& context, const char* path, struct stat* status);
SysResult SysFstat(SysContext& context, int fd, struct stat* status);
SysResult SysAccess(SysContext& context, const char* path, int mode);
SysResult SysChmod(SysContext& context, const char* path, mode_t mode);
SysResult SysFchmod(SysContext& context, int fd, mode_t mode);
SysResult SysChown(SysContext& context, const char* path, uid_t uid, gid_t gid);
SysResult SysLchown(SysContext& context, const char* path, uid_t uid, gid_t gid);
SysResult SysFchown(SysContext& context, int fd, uid_t uid, gid_t gid);
SysResult SysTruncate(SysContext& context, const char* path, off_t size);

// --- Names (path_calls.cc) ---
SysResult SysMkdir(SysContext& context, const char* path, mode_t mode);
// Regular files, FIFOs and sockets, as far as the system has them.
SysResult SysMknod(SysContext& context, const char* path, mode_t mode, dev_t device);
SysResult SysRmdir(SysContext& context, const char* path);
SysResult SysUnlink(SysContext& context, const char* path);
SysResult SysRename(SysContext& context, const char* from, const char* to);
SysResult SysLink(SysContext& context, const char* from, const char* to);
SysResult SysSymlink(SysContext& context, const char* target, const char* path);
SysResult SysReadlink(SysContext& context, const char* path, char* buffer, size_t size);
SysResult SysChdir(SysContext& context, const char* path);
SysResult SysFchdir(SysContext& context, int fd);
SysResult SysChroot(SysContext& context, const char* path);
// The length of what was written, its NUL included.
SysResult SysGetcwd(SysContext& context, char* buffer, size_t size);
SysResult SysUmask(SysContext& context, mode_t mask);

// --- Paths relative to an open directory (at_calls.cc) ---
SysResult SysMkdirat(SysContext& context, int at, const char* path, mode_t mode);
SysResult SysMknodat(SysContext& context, int at, const char* path, mode_t mode, dev_t device);
SysResult SysUnlinkat(SysContext& context, int at, const char* path, int flags);
// renameat2(2): RENAME_NOREPLACE.
SysResult SysRenameat(SysContext& context, int at, const char* path, int to_at, const char* to,
                      unsigned flags);
SysResult SysLinkat(SysContext& context, int at, const char* path, int to_at, const char* to,
                    int flags);
SysResult SysSymlinkat(SysContext& context, const char* target, int at, const char* path);
SysResult SysReadlinkat(SysContext& context, int at, const char* path, char* buffer, size_t size);
SysResult SysFchmodat(SysContext& context, int at, const char* path, mode_t mode, int flags);
SysResult SysFchownat(SysContext& context, int at, const char* path, uid_t uid, gid_t gid,
                      int flags);
SysResult SysFstatat(SysContext& context, int at, const char* path, struct stat* status, int flags);
SysResult SysFaccessat(SysContext& context, int at, const char* path, int mode, int flags);
// A null `path` stands for the descriptor.
SysResult SysUtimensat(SysContext& context, int at, const char* path, const timespec* times,
                       int flags);

// --- Directories and mounts (directory_calls.cc) ---
// All entries at once: "." and "..", then the others by name.
SysResult SysReadDirectory(SysContext& context, int fd, std::vector<DirectoryEntry>* entries);
SysResult SysUmount(SysContext& context, const char* path, int flags);

// --- Readiness (readiness.cc) ---
SysResult SysPoll(SysContext& context, pollfd* fds, nfds_t count, int timeout_ms);
SysResult SysPpoll(SysContext& context, pollfd* fds, nfds_t count, const timespec* timeout,
                   const sigset_t* mask);
SysResult SysSelect(SysContext& context, int count, fd_set* read, fd_set* write, fd_set* except,
                    timeval* timeout);
SysResult SysPselect(SysContext& context, int count, fd_set* read, fd_set* write, fd_set* except,
                     const timespec* timeout, const sigset_t* mask);
SysResult SysEpollCreate(SysContext& context, int size);
SysResult SysEpollCreate1(SysContext& context, int flags);
SysResult SysEpollCtl(SysContext& context, int epoll_fd, int operation, int fd,
                      const epoll_event* event);
SysResult SysEpollWait(SysContext& context, int epoll_fd, epoll_event* events, int max,
                       int timeout_ms);
SysResult SysEpollPwait(SysContext& context, int epoll_fd, epoll_event* events, int max,
                        int timeout_ms, const sigset_t* mask);
SysResult SysEpollPwait2(SysContext& context, int epoll_fd, epoll_event* events, int max,
                         const timespec* timeout, const sigset_t* mask);

// --- Time (time_calls.cc) ---
SysResult SysClockGettime(SysContext& context, clockid_t clock, timespec* time);
SysResult SysClockGetres(SysContext& context, clockid_t clock, timespec* resolution);
SysResult SysGettimeofday(SysContext& context, timeval* time);
SysResult SysTime(SysContext& context, time_t* time);
SysResult SysNanosleep(SysContext& context, const timespec* time, timespec* remaining);
SysResult SysClockNanosleep(SysContext& context, clockid_t clock, int flags, const timespec* time,
                            timespec* remaining);
SysResult SysSetitimer(SysContext& context, int which, const itimerval* value, itimerval* old);
SysResult SysGetitimer(SysContext& context, int which, itimerval* value);
// Flags: TFD_TIMER_ABSTIME.
SysResult SysTimerfdCreate(SysContext& context, clockid_t clock, int flags);
SysResult SysTimerfdSettime(SysContext& context, int fd, int flags, const itimerspec* value,
                            itimerspec* old);
SysResult SysTimerfdGettime(SysContext& context, int fd, itimerspec* value);
SysResult SysAlarm(SysContext& context, unsigned seconds);

// --- Signals (signal_calls.cc) ---
SysResult SysKill(SysContext& context, pid_t pid, int signal);
SysResult SysSigaction(SysContext& context, int signal, const struct sigaction* action,
                       struct sigaction* old);
SysResult SysSigprocmask(SysContext& context, int how, const sigset_t* set, sigset_t* old);
SysResult SysSigpending(SysContext& context, sigset_t* set);
SysResult SysSigsuspend(SysContext& context, const sigset_t* mask);
SysResult SysPause(SysContext& context);
SysResult SysSchedYield(SysContext& context);
SysResult SysRaise(SysContext& context, int signal);
SysResult SysSigqueue(SysContext& context, pid_t pid, int signal, const sigval& value);
// `info` and `timeout` may be null.
SysResult SysSigtimedwait(SysContext& context, const sigset_t* set, siginfo_t* info,
                          const timespec* timeout);
// A new descriptor for `fd` -1, otherwise the set of an old one changes.
SysResult SysSignalfd(SysContext& context, int fd, const sigset_t* set, int flags);

// --- Processes (process_calls.cc) ---
// fork(2) whose child runs `body` and ends with the status that it returns.
SysResult SysFork(SysContext& context, std::function<int()> body);
SysResult SysGetppid(SysContext& context);
// wait4(2) without a usage: the pid, or 0 for WNOHANG.
SysResult SysWaitpid(SysContext& context, pid_t pid, int* status, int options);
// P_PID, P_PGID, P_ALL.
SysResult SysWaitid(SysContext& context, int type, id_t id, siginfo_t* info, int options);
// What execve(2) has made the process run: RunImage() runs it.
struct ExecImage {
  Host::Program program;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
};
// A null `environment` stands for the process's own. When this succeeds the process is the new
// program's, which the caller must run, and never come back from.
SysResult SysExecve(SysContext& context, const char* path, char* const* arguments,
                    char* const* environment, ExecImage* image);
// The first of these that is there and may be executed, as execvp(3) does.
SysResult SysExecveAny(SysContext& context, const std::vector<std::string>& paths,
                       char* const* arguments, char* const* environment, ExecImage* image);
// The exit status.
int RunImage(const ExecImage& image);
// posix_spawn(3): what the child does before it runs the program.
struct SpawnRequest {
  struct Action {
    enum class Kind : uint8_t { kClose, kDup2, kOpen, kChdir, kFchdir };
    Kind kind = Kind::kClose;
    int fd = -1;
    int to = -1;
    std::string path;
    int flags = 0;
    mode_t mode = 0;
  };
  std::vector<Action> actions;
  int flags = 0;  // POSIX_SPAWN_*
  pid_t group = 0;
  sigset_t mask = {};
  sigset_t defaults = {};
};
// Tries several paths, as SysExecveAny() does.
SysResult SysSpawn(SysContext& context, const std::vector<std::string>& paths,
                   const SpawnRequest& request, char* const* arguments, char* const* environment);
SysResult SysGetpgid(SysContext& context, pid_t pid);
SysResult SysSetpgid(SysContext& context, pid_t pid, pid_t group);
SysResult SysGetsid(SysContext& context, pid_t pid);
SysResult SysSetsid(SysContext& context);

// --- Identity (identity_calls.cc) ---
SysResult SysGetpid(SysContext& context);
SysResult SysGetuid(SysContext& context);
SysResult SysGeteuid(SysContext& context);
SysResult SysGetgid(SysContext& context);
SysResult SysGetegid(SysContext& context);
SysResult SysGetresuid(SysContext& context, uid_t* real, uid_t* effective, uid_t* saved);
SysResult SysGetresgid(SysContext& context, gid_t* real, gid_t* effective, gid_t* saved);
SysResult SysGetgroups(SysContext& context, int size, gid_t* list);
SysResult SysSetuid(SysContext& context, uid_t uid);
SysResult SysSeteuid(SysContext& context, uid_t uid);
SysResult SysSetreuid(SysContext& context, uid_t real, uid_t effective);
SysResult SysSetresuid(SysContext& context, uid_t real, uid_t effective, uid_t saved);
SysResult SysSetgid(SysContext& context, gid_t gid);
SysResult SysSetegid(SysContext& context, gid_t gid);
SysResult SysSetregid(SysContext& context, gid_t real, gid_t effective);
SysResult SysSetresgid(SysContext& context, gid_t real, gid_t effective, gid_t saved);
SysResult SysSetgroups(SysContext& context, size_t size, const gid_t* list);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_SYSCALLS_H_
