/* The library door for C, and for compat.h: drywire_posix_connect() and so on are drywire::posix's
 * functions under names of their own. Plain C. */
#ifndef DRYWIRE_TOOLS_POSIX_C_API_H_
#define DRYWIRE_TOOLS_POSIX_C_API_H_

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
/* Noexcept where the C library's is: see interpose.cc. */
#define DRYWIRE_POSIX(type, name, parameters, arguments) \
  type drywire_posix_##name parameters noexcept(noexcept(::name arguments));
#else
#define DRYWIRE_POSIX(type, name, parameters, arguments) type drywire_posix_##name parameters;
#endif
#include "tools/posix/file_functions.def"
#include "tools/posix/functions.def"
#undef DRYWIRE_POSIX

int drywire_posix_open(const char* path, int flags, ...);
int drywire_posix_creat(const char* path, mode_t mode);
int drywire_posix_openat(int at, const char* path, int flags, ...);
DIR* drywire_posix_fdopendir(int fd);
int drywire_posix_fcntl(int fd, int command, ...);
int drywire_posix_ioctl(int fd, unsigned long request, ...);
pid_t drywire_posix_fork(void);
pid_t drywire_posix_vfork(void);
int drywire_posix_execl(const char* path, const char* first, ...);
int drywire_posix_execlp(const char* path, const char* first, ...);
int drywire_posix_execle(const char* path, const char* first, ...);

#ifdef __cplusplus
}
#endif

#endif /* DRYWIRE_TOOLS_POSIX_C_API_H_ */
