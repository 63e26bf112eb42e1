// The rest of what :interpose takes over: calls on real files, which a simulated process sees under
// numbers of its own, and calls that are refused because only a real kernel could do them.
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <type_traits>

#include "tools/posix/libc_calls.h"
#include "tools/posix/posix.h"
#include "tools/posix/real_files.h"

namespace {

using ::drywire::posix::Descriptor;
using ::drywire::posix::DescriptorKind;
using ::drywire::posix::InSimulation;
using ::drywire::posix::Inspect;
namespace posix = ::drywire::posix;

// The real descriptor behind `fd`, or -1 with errno: EBADF, or `other` for what is not a real file.
int RealOr(int fd, int other) {
  const Descriptor descriptor = Inspect(fd);
  if (descriptor.kind == DescriptorKind::kReal) return descriptor.real_fd;
  errno = descriptor.kind == DescriptorKind::kNone ? EBADF : other;
  return -1;
}

int Adopt(int real_fd, int flags) {
  if (real_fd < 0) return -1;
  return posix::AdoptRealDescriptor(real_fd, (flags & O_CLOEXEC) != 0);
}

// What fstat() says of sockets and pipes.
int StatOfSimulated(int fd, struct stat* status) {
  const Descriptor descriptor = Inspect(fd);
  if (descriptor.kind == DescriptorKind::kNone) {
    errno = EBADF;
    return -1;
  }
  std::memset(status, 0, sizeof *status);
  status->st_mode = (descriptor.kind == DescriptorKind::kSocket ? S_IFSOCK | 0777 : S_IFIFO | 0600);
  status->st_nlink = 1;
  status->st_blksize = 4096;
  return 0;
}

// A FILE on a simulated descriptor.
ssize_t ReadCookie(void* cookie, char* data, size_t size) {
  return posix::read(static_cast<int>(reinterpret_cast<intptr_t>(cookie)), data, size);
}
ssize_t WriteCookie(void* cookie, const char* data, size_t size) {
  return posix::write(static_cast<int>(reinterpret_cast<intptr_t>(cookie)), data, size);
}
int CloseCookie(void* cookie) {
  return posix::close(static_cast<int>(reinterpret_cast<intptr_t>(cookie)));
}

}  // namespace

// --- Opening real files ---

#define DRYWIRE_TAKE_OVER_OPEN(name)                                                           \
  extern "C" int drywire_interpose_##name(const char* path, int flags, ...) __asm__(#name);    \
  extern "C" int __interceptor_##name(const char* path, int flags, ...) __attribute__((weak)); \
  extern "C" int drywire_interpose_##name(const char* path, int flags, ...) {                  \
    va_list list;                                                                              \
    va_start(list, flags);                                                                     \
    const auto mode = va_arg(list, unsigned);                                                  \
    va_end(list);                                                                              \
    static int (*const libc)(const char*, int, ...) =                                          \
        posix::FindLibc<int(const char*, int, ...)>(#name, __interceptor_##name);              \
    const int real_fd = libc(path, flags, mode);                                               \
    return InSimulation() ? Adopt(real_fd, flags) : real_fd;                                   \
  }
DRYWIRE_TAKE_OVER_OPEN(open)
DRYWIRE_TAKE_OVER_OPEN(open64)
DRYWIRE_TAKE_OVER_OPEN(__open)
DRYWIRE_TAKE_OVER_OPEN(__open64)

#define DRYWIRE_TAKE_OVER_OPENAT(name)                                                 \
  extern "C" int drywire_interpose_##name(int at, const char* path, int flags,         \
                                          ...) __asm__(#name);                         \
  extern "C" int __interceptor_##name(int at, const char* path, int flags, ...)        \
      __attribute__((weak));                                                           \
  extern "C" int drywire_interpose_##name(int at, const char* path, int flags, ...) {  \
    va_list list;                                                                      \
    va_start(list, flags);                                                             \
    const auto mode = va_arg(list, unsigned);                                          \
    va_end(list);                                                                      \
    static int (*const libc)(int, const char*, int, ...) =                             \
        posix::FindLibc<int(int, const char*, int, ...)>(#name, __interceptor_##name); \
    if (!InSimulation()) return libc(at, path, flags, mode);                           \
    const int real_at = at == AT_FDCWD ? at : RealOr(at, ENOTDIR);                     \
    return real_at == -1 ? -1 : Adopt(libc(real_at, path, flags, mode), flags);        \
  }
DRYWIRE_TAKE_OVER_OPENAT(openat)
DRYWIRE_TAKE_OVER_OPENAT(openat64)

DRYWIRE_TAKE_OVER(int, __open_2, (const char* path, int flags)) {
  const int real_fd = Libc___open_2()(path, flags);
  return InSimulation() ? Adopt(real_fd, flags) : real_fd;
}
DRYWIRE_TAKE_OVER(int, __open64_2, (const char* path, int flags)) {
  const int real_fd = Libc___open64_2()(path, flags);
  return InSimulation() ? Adopt(real_fd, flags) : real_fd;
}
DRYWIRE_TAKE_OVER(int, creat, (const char* path, mode_t mode)) {
  const int real_fd = Libc_creat()(path, mode);
  return InSimulation() ? Adopt(real_fd, 0) : real_fd;
}

// --- Calls on real files: the number is translated ---

#define DRYWIRE_TRANSLATE(type, name, parameters, outside, inside, other) \
  DRYWIRE_TAKE_OVER(type, name, parameters) {                             \
    if (!InSimulation()) return Libc_##name() outside;                    \
    const int real_fd = RealOr(fd, other);                                \
    if (real_fd < 0) return static_cast<type>(-1);                        \
    return Libc_##name() inside;                                          \
  }
DRYWIRE_TRANSLATE(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence),
                  (real_fd, offset, whence), ESPIPE)
DRYWIRE_TRANSLATE(off_t, lseek64, (int fd, off_t offset, int whence), (fd, offset, whence),
                  (real_fd, offset, whence), ESPIPE)
DRYWIRE_TRANSLATE(ssize_t, pread, (int fd, void* data, size_t size, off_t offset),
                  (fd, data, size, offset), (real_fd, data, size, offset), ESPIPE)
DRYWIRE_TRANSLATE(ssize_t, pread64, (int fd, void* data, size_t size, off_t offset),
                  (fd, data, size, offset), (real_fd, data, size, offset), ESPIPE)
DRYWIRE_TRANSLATE(ssize_t, pwrite, (int fd, const void* data, size_t size, off_t offset),
                  (fd, data, size, offset), (real_fd, data, size, offset), ESPIPE)
DRYWIRE_TRANSLATE(ssize_t, pwrite64, (int fd, const void* data, size_t size, off_t offset),
                  (fd, data, size, offset), (real_fd, data, size, offset), ESPIPE)
DRYWIRE_TRANSLATE(int, ftruncate, (int fd, off_t size), (fd, size), (real_fd, size), EINVAL)
DRYWIRE_TRANSLATE(int, fsync, (int fd), (fd), (real_fd), EINVAL)
DRYWIRE_TRANSLATE(int, fdatasync, (int fd), (fd), (real_fd), EINVAL)
DRYWIRE_TRANSLATE(int, fchmod, (int fd, mode_t mode), (fd, mode), (real_fd, mode), EINVAL)
DRYWIRE_TRANSLATE(int, flock, (int fd, int operation), (fd, operation), (real_fd, operation),
                  EINVAL)

DRYWIRE_TAKE_OVER(int, isatty, (int fd)) {
  if (!InSimulation()) return Libc_isatty()(fd);
  const int real_fd = RealOr(fd, ENOTTY);
  return real_fd < 0 ? 0 : Libc_isatty()(real_fd);
}

#define DRYWIRE_TAKE_OVER_FSTAT(name, parameters, outside, inside)                    \
  DRYWIRE_TAKE_OVER(int, name, parameters) {                                          \
    if (!InSimulation()) return Libc_##name() outside;                                \
    const Descriptor descriptor = Inspect(fd);                                        \
    if (descriptor.kind != DescriptorKind::kReal) return StatOfSimulated(fd, status); \
    const int real_fd = descriptor.real_fd;                                           \
    return Libc_##name() inside;                                                      \
  }
DRYWIRE_TAKE_OVER_FSTAT(fstat, (int fd, struct stat* status), (fd, status), (real_fd, status))
DRYWIRE_TAKE_OVER_FSTAT(fstat64, (int fd, struct stat* status), (fd, status), (real_fd, status))
DRYWIRE_TAKE_OVER_FSTAT(__fxstat, (int version, int fd, struct stat* status), (version, fd, status),
                        (version, real_fd, status))
DRYWIRE_TAKE_OVER_FSTAT(__fxstat64, (int version, int fd, struct stat* status),
                        (version, fd, status), (version, real_fd, status))

DRYWIRE_TAKE_OVER(FILE*, fdopen, (int fd, const char* mode)) {
  if (!InSimulation()) return Libc_fdopen()(fd, mode);
  const Descriptor descriptor = Inspect(fd);
  if (descriptor.kind == DescriptorKind::kNone) {
    errno = EBADF;
    return nullptr;
  }
  if (descriptor.kind == DescriptorKind::kReal) {
    return Libc_fdopen()(posix::ReleaseRealDescriptor(fd), mode);
  }
  const cookie_io_functions_t functions = {ReadCookie, WriteCookie, nullptr, CloseCookie};
  return fopencookie(reinterpret_cast<void*>(static_cast<intptr_t>(fd)), mode, functions);
}

// Not under AddressSanitizer, which maps memory before this could work.
#if defined(__SANITIZE_ADDRESS__)
#define DRYWIRE_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DRYWIRE_UNDER_ASAN 1
#endif
#endif
#if !defined(DRYWIRE_UNDER_ASAN)
#define DRYWIRE_TAKE_OVER_MMAP(name)                                                   \
  DRYWIRE_TAKE_OVER(                                                                   \
      void*, name,                                                                     \
      (void* address, size_t size, int protection, int flags, int fd, off_t offset)) { \
    if (fd < 0 || (flags & MAP_ANONYMOUS) != 0 || !InSimulation()) {                   \
      return Libc_##name()(address, size, protection, flags, fd, offset);              \
    }                                                                                  \
    const int real_fd = RealOr(fd, ENODEV);                                            \
    if (real_fd < 0) return MAP_FAILED;                                                \
    return Libc_##name()(address, size, protection, flags, real_fd, offset);           \
  }
DRYWIRE_TAKE_OVER_MMAP(mmap)
DRYWIRE_TAKE_OVER_MMAP(mmap64)
#endif

// --- Refused inside a simulated process ---

#define DRYWIRE_REFUSE(type, name, parameters, arguments, value, error) \
  DRYWIRE_TAKE_OVER(type, name, parameters) {                           \
    if (!InSimulation()) return Libc_##name() arguments;                \
    posix::Refuse(#name "()", error);                                   \
    return value;                                                       \
  }
DRYWIRE_REFUSE(pid_t, fork, (void), (), -1, ENOSYS)
DRYWIRE_REFUSE(int, system, (const char* command), (command), -1, ENOSYS)
DRYWIRE_REFUSE(int, execve, (const char* path, char* const* arguments, char* const* environment),
               (path, arguments, environment), -1, ENOSYS)
DRYWIRE_REFUSE(int, signalfd, (int fd, const sigset_t* mask, int flags), (fd, mask, flags), -1,
               ENOSYS)
DRYWIRE_REFUSE(int, inotify_init1, (int flags), (flags), -1, ENOSYS)
DRYWIRE_REFUSE(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags),
               -1, ENOSYS)
DRYWIRE_REFUSE(ssize_t, sendfile, (int out, int in, off_t* offset, size_t size),
               (out, in, offset, size), -1, EINVAL)
DRYWIRE_REFUSE(ssize_t, sendfile64, (int out, int in, off_t* offset, size_t size),
               (out, in, offset, size), -1, EINVAL)
DRYWIRE_REFUSE(ssize_t, splice,
               (int in, off_t* in_offset, int out, off_t* out_offset, size_t size, unsigned flags),
               (in, in_offset, out, out_offset, size, flags), -1, EINVAL)
DRYWIRE_REFUSE(int, sigwait, (const sigset_t* set, int* number), (set, number), ENOSYS, ENOSYS)
DRYWIRE_REFUSE(int, sigtimedwait, (const sigset_t* set, siginfo_t* info, const timespec* timeout),
               (set, info, timeout), -1, ENOSYS)
DRYWIRE_REFUSE(int, pthread_create,
               (unsigned long* thread, const void* attributes, void* (*start)(void*),
                void* context),
               (thread, attributes, start, context), EAGAIN, EAGAIN)
DRYWIRE_REFUSE(struct hostent*, gethostbyname, (const char* name), (name), nullptr, ENOSYS)
