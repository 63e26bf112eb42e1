// What :interpose takes over of files: opening them, and calls on their descriptors, which a
// simulated process sees under numbers of its own (see real_files.h). Calls by path are in
// interpose_paths.cc, which says whose a path is. Left out: mapping simulated files into memory,
// locks, vectors at offsets.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
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

// Opens `path` for the process; `open` opens it on the machine.
template <typename Open>
int OpenInside(const char* path, int flags, mode_t mode, Open open) {
  switch (posix::KindOf(path)) {
    case posix::PathKind::kRandom:
      return posix::OpenRandom((flags & O_CLOEXEC) != 0);
    case posix::PathKind::kSimulated:
      return posix::open(path, flags, mode);
    case posix::PathKind::kRefused:
      return posix::RefusePath(path);
    case posix::PathKind::kFile:
      break;
  }
  return Adopt(open(), flags);
}

// A FILE on a simulated descriptor.
ssize_t ReadCookie(void* cookie, char* data, size_t size) {
  return posix::read(static_cast<int>(reinterpret_cast<intptr_t>(cookie)), data, size);
}
ssize_t WriteCookie(void* cookie, const char* data, size_t size) {
  return posix::write(static_cast<int>(reinterpret_cast<intptr_t>(cookie)), data, size);
}
int SeekCookie(void* cookie, off64_t* offset, int whence) {
  const off_t position =
      posix::lseek(static_cast<int>(reinterpret_cast<intptr_t>(cookie)), *offset, whence);
  if (position < 0) return -1;
  *offset = position;
  return 0;
}
int CloseCookie(void* cookie) {
  return posix::close(static_cast<int>(reinterpret_cast<intptr_t>(cookie)));
}
// open()'s flags for a mode of fopen(3).
int FlagsOf(const char* mode) {
  const bool plus = std::strchr(mode, '+') != nullptr;
  int flags = plus ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
  if (mode[0] != 'r') flags |= O_CREAT;
  if (mode[0] == 'w') flags |= O_TRUNC;
  if (mode[0] == 'a') flags |= O_APPEND;
  if (std::strchr(mode, 'x') != nullptr) flags |= O_EXCL;
  if (std::strchr(mode, 'e') != nullptr) flags |= O_CLOEXEC;
  return flags;
}

FILE* StreamOn(int fd, const char* mode) {
  const cookie_io_functions_t functions = {ReadCookie, WriteCookie, SeekCookie, CloseCookie};
  return fopencookie(reinterpret_cast<void*>(static_cast<intptr_t>(fd)), mode, functions);
}

}  // namespace

// --- Opening files ---

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
    if (!InSimulation()) return libc(path, flags, mode);                                       \
    return OpenInside(path, flags, mode, [&] { return libc(path, flags, mode); });             \
  }
DRYWIRE_TAKE_OVER_OPEN(open)
DRYWIRE_TAKE_OVER_OPEN(open64)
DRYWIRE_TAKE_OVER_OPEN(__open)
DRYWIRE_TAKE_OVER_OPEN(__open64)

#define DRYWIRE_TAKE_OVER_OPENAT(name)                                                      \
  extern "C" int drywire_interpose_##name(int at, const char* path, int flags,              \
                                          ...) __asm__(#name);                              \
  extern "C" int __interceptor_##name(int at, const char* path, int flags, ...)             \
      __attribute__((weak));                                                                \
  extern "C" int drywire_interpose_##name(int at, const char* path, int flags, ...) {       \
    va_list list;                                                                           \
    va_start(list, flags);                                                                  \
    const auto mode = va_arg(list, unsigned);                                               \
    va_end(list);                                                                           \
    static int (*const libc)(int, const char*, int, ...) =                                  \
        posix::FindLibc<int(int, const char*, int, ...)>(#name, __interceptor_##name);      \
    if (!InSimulation()) return libc(at, path, flags, mode);                                \
    const bool absolute = path != nullptr && path[0] == '/';                                \
    if (at != AT_FDCWD && !absolute && Inspect(at).kind == DescriptorKind::kNode) {         \
      return posix::openat(at, path, flags, mode);                                          \
    }                                                                                       \
    const int real_at = at == AT_FDCWD || absolute ? AT_FDCWD : RealOr(at, ENOTDIR);        \
    if (real_at == -1) return -1;                                                           \
    if (real_at != AT_FDCWD) return Adopt(libc(real_at, path, flags, mode), flags);         \
    return OpenInside(path, flags, mode, [&] { return libc(real_at, path, flags, mode); }); \
  }
DRYWIRE_TAKE_OVER_OPENAT(openat)
DRYWIRE_TAKE_OVER_OPENAT(openat64)

DRYWIRE_TAKE_OVER(int, __open_2, (const char* path, int flags)) {
  if (!InSimulation()) return Libc___open_2()(path, flags);
  return OpenInside(path, flags, 0, [&] { return Libc___open_2()(path, flags); });
}
DRYWIRE_TAKE_OVER(int, __open64_2, (const char* path, int flags)) {
  if (!InSimulation()) return Libc___open64_2()(path, flags);
  return OpenInside(path, flags, 0, [&] { return Libc___open64_2()(path, flags); });
}
DRYWIRE_TAKE_OVER(int, creat, (const char* path, mode_t mode)) {
  if (!InSimulation()) return Libc_creat()(path, mode);
  return OpenInside(path, O_WRONLY | O_CREAT | O_TRUNC, mode,
                    [&] { return Libc_creat()(path, mode); });
}
DRYWIRE_TAKE_OVER(int, creat64, (const char* path, mode_t mode)) {
  if (!InSimulation()) return Libc_creat64()(path, mode);
  return drywire_interpose_creat(path, mode);
}

DRYWIRE_TAKE_OVER(int, memfd_create, (const char* name, unsigned flags)) {
  const int real_fd = Libc_memfd_create()(name, flags);
  return InSimulation() ? Adopt(real_fd, (flags & MFD_CLOEXEC) != 0 ? O_CLOEXEC : 0) : real_fd;
}

// --- Calls on descriptors: the number of a real file is translated ---

#define DRYWIRE_POSIX_DIRECTORY(type, name, parameters, arguments)
#define DRYWIRE_POSIX_PATH(type, name, parameters, arguments, path)
#define DRYWIRE_POSIX_PATHS(type, name, parameters, arguments, first, second)
#define DRYWIRE_POSIX_AT(type, name, parameters, arguments, at, path)
#define DRYWIRE_POSIX_ATS(type, name, parameters, arguments, at, path, to_at, to)
#define DRYWIRE_POSIX_STREAM(type, name, parameters, arguments, stream)
#define DRYWIRE_POSIX_FD(type, name, parameters, arguments)                              \
  DRYWIRE_TAKE_OVER_WITH(type, name, parameters, noexcept(noexcept(::name arguments))) { \
    if (!InSimulation()) return Libc_##name() arguments;                                 \
    const Descriptor descriptor = Inspect(fd);                                           \
    if (descriptor.kind != DescriptorKind::kReal) return posix::name arguments;          \
    fd = descriptor.real_fd;                                                             \
    return Libc_##name() arguments;                                                      \
  }
#include "tools/posix/file_functions.def"

DRYWIRE_TAKE_OVER(off_t, lseek64, (int fd, off_t offset, int whence)) {
  return InSimulation() ? drywire_interpose_lseek(fd, offset, whence)
                        : Libc_lseek64()(fd, offset, whence);
}
DRYWIRE_TAKE_OVER(ssize_t, pread64, (int fd, void* data, size_t size, off_t offset)) {
  return InSimulation() ? drywire_interpose_pread(fd, data, size, offset)
                        : Libc_pread64()(fd, data, size, offset);
}
DRYWIRE_TAKE_OVER(ssize_t, pwrite64, (int fd, const void* data, size_t size, off_t offset)) {
  return InSimulation() ? drywire_interpose_pwrite(fd, data, size, offset)
                        : Libc_pwrite64()(fd, data, size, offset);
}
DRYWIRE_TAKE_OVER(ssize_t, sendfile64, (int out, int in, off_t* offset, size_t size)) {
  return InSimulation() ? posix::sendfile(out, in, offset, size)
                        : Libc_sendfile64()(out, in, offset, size);
}
DRYWIRE_TAKE_OVER(int, ftruncate64, (int fd, off_t size)) {
  return InSimulation() ? drywire_interpose_ftruncate(fd, size) : Libc_ftruncate64()(fd, size);
}
DRYWIRE_TAKE_OVER(int, fstat64, (int fd, struct stat* status)) {
  return InSimulation() ? drywire_interpose_fstat(fd, status) : Libc_fstat64()(fd, status);
}
// Of programs built against older C libraries.
DRYWIRE_TAKE_OVER(int, __fxstat, (int version, int fd, struct stat* status)) {
  return InSimulation() ? drywire_interpose_fstat(fd, status)
                        : Libc___fxstat()(version, fd, status);
}
DRYWIRE_TAKE_OVER(int, __fxstat64, (int version, int fd, struct stat* status)) {
  return InSimulation() ? drywire_interpose_fstat(fd, status)
                        : Libc___fxstat64()(version, fd, status);
}

// What simulated files do not have.
#define DRYWIRE_TRANSLATE(type, name, parameters, outside, inside, other) \
  DRYWIRE_TAKE_OVER(type, name, parameters) {                             \
    if (!InSimulation()) return Libc_##name() outside;                    \
    const int real_fd = RealOr(fd, other);                                \
    if (real_fd < 0) return static_cast<type>(-1);                        \
    return Libc_##name() inside;                                          \
  }
DRYWIRE_TRANSLATE(int, fallocate, (int fd, int mode, off_t offset, off_t size),
                  (fd, mode, offset, size), (real_fd, mode, offset, size), ENODEV)
DRYWIRE_TRANSLATE(int, lockf, (int fd, int command, off_t size), (fd, command, size),
                  (real_fd, command, size), EINVAL)
DRYWIRE_TRANSLATE(ssize_t, preadv, (int fd, const iovec* vectors, int count, off_t offset),
                  (fd, vectors, count, offset), (real_fd, vectors, count, offset), ESPIPE)
DRYWIRE_TRANSLATE(ssize_t, pwritev, (int fd, const iovec* vectors, int count, off_t offset),
                  (fd, vectors, count, offset), (real_fd, vectors, count, offset), ESPIPE)
DRYWIRE_TRANSLATE(int, tcgetattr, (int fd, termios* state), (fd, state), (real_fd, state), ENOTTY)
DRYWIRE_TRANSLATE(int, tcsetattr, (int fd, int when, const termios* state), (fd, when, state),
                  (real_fd, when, state), ENOTTY)
DRYWIRE_TRANSLATE(int, flock, (int fd, int operation), (fd, operation), (real_fd, operation),
                  EINVAL)

DRYWIRE_TAKE_OVER(int, isatty, (int fd)) {
  if (!InSimulation()) return Libc_isatty()(fd);
  const int real_fd = RealOr(fd, ENOTTY);
  return real_fd < 0 ? 0 : Libc_isatty()(real_fd);
}

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
  return StreamOn(fd, mode);
}

// A stream on a real file belongs to the C library as a whole, so its descriptor has no number
// here.
#define DRYWIRE_TAKE_OVER_FILENO(name)                                     \
  DRYWIRE_TAKE_OVER(int, name, (FILE * stream)) {                          \
    const int real_fd = Libc_##name()(stream);                             \
    if (!InSimulation() || (real_fd >= 0 && real_fd <= 2)) return real_fd; \
    posix::Refuse(#name "() of anything but the standard streams", EBADF); \
    return -1;                                                             \
  }
DRYWIRE_TAKE_OVER_FILENO(fileno)
DRYWIRE_TAKE_OVER_FILENO(fileno_unlocked)

#define DRYWIRE_TAKE_OVER_FOPEN(name)                                        \
  DRYWIRE_TAKE_OVER(FILE*, name, (const char* path, const char* mode)) {     \
    if (!InSimulation()) return Libc_##name()(path, mode);                   \
    const posix::PathKind kind = posix::KindOf(path);                        \
    if (kind == posix::PathKind::kFile) return Libc_##name()(path, mode);    \
    const int fd = OpenInside(path, FlagsOf(mode), 0666, [] { return -1; }); \
    return fd < 0 ? nullptr : StreamOn(fd, mode);                            \
  }
DRYWIRE_TAKE_OVER_FOPEN(fopen)
DRYWIRE_TAKE_OVER_FOPEN(fopen64)

// --- Formatted output to a descriptor ---

namespace {

int Print(int fd, const char* format, va_list list) {
  char* text = nullptr;
  const int size = vasprintf(&text, format, list);
  for (int at = 0; at < size;) {
    const ssize_t written = posix::write(fd, text + at, static_cast<size_t>(size - at));
    if (written < 0) {
      free(text);
      return -1;
    }
    at += static_cast<int>(written);
  }
  free(text);
  return size;
}

}  // namespace

DRYWIRE_TAKE_OVER(int, vdprintf, (int fd, const char* format, va_list list)) {
  return InSimulation() ? Print(fd, format, list) : Libc_vdprintf()(fd, format, list);
}
DRYWIRE_TAKE_OVER(int, __vdprintf_chk, (int fd, int flag, const char* format, va_list list)) {
  return InSimulation() ? Print(fd, format, list) : Libc___vdprintf_chk()(fd, flag, format, list);
}
extern "C" int drywire_interpose_dprintf(int fd, const char* format, ...) __asm__("dprintf");
extern "C" int drywire_interpose_dprintf(int fd, const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int size = InSimulation() ? Print(fd, format, list) : Libc_vdprintf()(fd, format, list);
  va_end(list);
  return size;
}
extern "C" int drywire_interpose___dprintf_chk(int fd, int flag, const char* format,
                                               ...) __asm__("__dprintf_chk");
extern "C" int drywire_interpose___dprintf_chk(int fd, int flag, const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int size =
      InSimulation() ? Print(fd, format, list) : Libc___vdprintf_chk()(fd, flag, format, list);
  va_end(list);
  return size;
}

// --- Memory ---

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
