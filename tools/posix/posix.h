// The library door: POSIX's functions, with the real errno, for the simulated process whose fiber
// is running.
//
//   world.Spawn(client, "client", [] {
//     int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
//     if (posix::connect(fd, ...) < 0) perror("connect");
//   });
//
// Call them by their qualified names: an unqualified connect(fd, address, length) would also find
// the C library's, through the argument's type, and be ambiguous.
//
// Signatures, constants and structures are those of this machine's <sys/socket.h> and its
// relatives; results are those of the host's system. Paths are the host's own filesystem's, which
// is in memory and begins empty but for /tmp (World::AddFile, MemoryVfs). Outside of a simulated
// process every function fails with ENOSYS and says so on standard error. Code that does not know
// Drywire is served by compat.h or by
// //tools/posix:interpose. What is not modelled: see stack/sys/syscalls.h.
#ifndef DRYWIRE_TOOLS_POSIX_POSIX_H_
#define DRYWIRE_TOOLS_POSIX_POSIX_H_

#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <utime.h>

#include <cstdint>
#include <functional>

namespace drywire::posix {

#define DRYWIRE_POSIX(type, name, parameters, arguments) type name parameters;
#include "tools/posix/file_functions.def"
#include "tools/posix/functions.def"
#undef DRYWIRE_POSIX

// open(2); the mode is looked at when it makes a file.
int open(const char* path, int flags, mode_t mode = 0);
int creat(const char* path, mode_t mode);
int openat(int at, const char* path, int flags, mode_t mode = 0);
// A stream of an open directory, which belongs to it from then on.
DIR* fdopendir(int fd);
// Whether a stream is of a simulated directory.
bool IsSimulatedStream(DIR* stream);
// The third argument is an int or is not used.
int fcntl(int fd, int command, long argument = 0);
int ioctl(int fd, unsigned long request, void* argument = nullptr);

// fork(2), with the child's code given: `child` runs in a new process, which has a copy of this
// one's descriptors, directories, ids, limits, signal actions and mask, and whose exit status is
// what `child` returns. Returns the child's pid. Memory is not copied: parent and child see the
// same variables, and what `child` captures must live as long as it runs.
pid_t fork_and_run(std::function<int()> child);
// Refused by name, with ENOSYS: one stack cannot return twice.
pid_t fork();
pid_t vfork();
// Arguments up to a null pointer, and for execle() the environment after it.
int execl(const char* path, const char* first, ...);
int execlp(const char* path, const char* first, ...);
int execle(const char* path, const char* first, ...);

// Ends the simulated process: its descriptors are closed and its tasks end.
[[noreturn]] void _exit(int status);

// Whether the caller is a simulated process, whose calls are simulated.
bool InSimulation();

}  // namespace drywire::posix

#endif  // DRYWIRE_TOOLS_POSIX_POSIX_H_
