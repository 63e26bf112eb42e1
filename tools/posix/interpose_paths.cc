// What :interpose takes over of calls by path.
//
// Which filesystem a path is in is decided by its text, before anything is looked up: what lies at
// or below a path that the simulated host was given (World::AddFile and its relatives) is the
// host's, everything else is the real machine's. So a library that opens /etc/ssl/openssl.cnf goes
// on doing so, and a program that keeps its files below /srv has them simulated if the world has
// /srv. A relative path is the host's after the process has called chdir() to a directory of the
// host's, and the real machine's before. After chroot() every absolute path is the host's.
//
// A link from one filesystem leads nowhere in the other, and what would move a file from one to the
// other fails with EXDEV. Calls that are not modelled are refused by name for paths of the host's:
// scandir(), realpath(), statfs().
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/posix/libc_calls.h"
#include "tools/posix/posix.h"
#include "tools/posix/real_files.h"

namespace {

using ::drywire::posix::InSimulation;
namespace posix = ::drywire::posix;

bool Simulated(const char* path) { return InSimulation() && posix::IsSimulatedPath(path); }

// Whether exactly one of two paths is the host's: EXDEV.
bool AreApart(const char* first, const char* second) {
  if (posix::IsSimulatedPath(first) == posix::IsSimulatedPath(second)) return false;
  errno = EXDEV;
  return true;
}

// The name of a call for a message.
std::string OnHostsPath(const char* name) {
  return absl::StrCat(name, "() of a path of the simulated host's");
}

}  // namespace

// --- Paths ---

#define DRYWIRE_POSIX_FD(type, name, parameters, arguments)
#define DRYWIRE_POSIX_DIRECTORY(type, name, parameters, arguments)
#define DRYWIRE_POSIX_AT(type, name, parameters, arguments, at, path)
#define DRYWIRE_POSIX_ATS(type, name, parameters, arguments, at, path, to_at, to)
#define DRYWIRE_POSIX_STREAM(type, name, parameters, arguments, stream)
#define DRYWIRE_POSIX_PATH(type, name, parameters, arguments, path)                      \
  DRYWIRE_TAKE_OVER_WITH(type, name, parameters, noexcept(noexcept(::name arguments))) { \
    return Simulated(path) ? posix::name arguments : Libc_##name() arguments;            \
  }
#define DRYWIRE_POSIX_PATHS(type, name, parameters, arguments, first, second)            \
  DRYWIRE_TAKE_OVER_WITH(type, name, parameters, noexcept(noexcept(::name arguments))) { \
    if (InSimulation() && AreApart(first, second)) return -1;                            \
    return Simulated(first) ? posix::name arguments : Libc_##name() arguments;           \
  }
#include "tools/posix/file_functions.def"

// --- Other names of the same functions ---

DRYWIRE_TAKE_OVER(int, stat64, (const char* path, struct stat* status)) {
  return Simulated(path) ? posix::stat(path, status) : Libc_stat64()(path, status);
}
DRYWIRE_TAKE_OVER(int, lstat64, (const char* path, struct stat* status)) {
  return Simulated(path) ? posix::lstat(path, status) : Libc_lstat64()(path, status);
}
DRYWIRE_TAKE_OVER(int, truncate64, (const char* path, off_t size)) {
  return Simulated(path) ? posix::truncate(path, size) : Libc_truncate64()(path, size);
}
// Of programs built against older C libraries.
#define DRYWIRE_TAKE_OVER_XSTAT(name, now)                                                    \
  DRYWIRE_TAKE_OVER(int, name, (int version, const char* path, struct stat* status)) {        \
    return Simulated(path) ? posix::now(path, status) : Libc_##name()(version, path, status); \
  }
DRYWIRE_TAKE_OVER_XSTAT(__xstat, stat)
DRYWIRE_TAKE_OVER_XSTAT(__xstat64, stat)
DRYWIRE_TAKE_OVER_XSTAT(__lxstat, lstat)
DRYWIRE_TAKE_OVER_XSTAT(__lxstat64, lstat)

// --- Directories of the process ---

DRYWIRE_TAKE_OVER_WITH(int, chdir, (const char* path), noexcept(noexcept(::chdir(path)))) {
  if (!InSimulation()) return Libc_chdir()(path);
  if (posix::IsSimulatedPath(path)) return posix::chdir(path);
  posix::Refuse("chdir()", ENOSYS);
  return -1;
}
DRYWIRE_TAKE_OVER_WITH(int, fchdir, (int fd), noexcept(noexcept(::fchdir(fd)))) {
  if (!InSimulation()) return Libc_fchdir()(fd);
  if (posix::Inspect(fd).kind != posix::DescriptorKind::kReal) return posix::fchdir(fd);
  posix::Refuse("fchdir()", ENOSYS);
  return -1;
}
DRYWIRE_TAKE_OVER_WITH(int, chroot, (const char* path), noexcept(noexcept(::chroot(path)))) {
  if (!InSimulation()) return Libc_chroot()(path);
  if (posix::IsSimulatedPath(path)) return posix::chroot(path);
  posix::Refuse("chroot()", EPERM);
  return -1;
}
DRYWIRE_TAKE_OVER_WITH(char*, getcwd, (char* buffer, size_t size),
                       noexcept(noexcept(::getcwd(buffer, size)))) {
  return Simulated(".") ? posix::getcwd(buffer, size) : Libc_getcwd()(buffer, size);
}

// --- Paths relative to descriptors, and directory streams ---

namespace {

// Where such a call goes.
enum class AtKind { kReal, kSimulated, kFailed };

// `*at` becomes the real descriptor for kReal. kFailed: errno is set.
AtKind KindOfAt(const char* path, int* at) {
  if (!InSimulation()) return AtKind::kReal;
  const bool absolute = path != nullptr && path[0] == '/';
  if (*at == AT_FDCWD || absolute) {
    return posix::IsSimulatedPath(path) ? AtKind::kSimulated : AtKind::kReal;
  }
  const posix::Descriptor descriptor = posix::Inspect(*at);
  switch (descriptor.kind) {
    case posix::DescriptorKind::kReal:
      *at = descriptor.real_fd;
      return AtKind::kReal;
    case posix::DescriptorKind::kNone:
      errno = EBADF;
      return AtKind::kFailed;
    default:
      // With AT_EMPTY_PATH it need not be a directory; the call says when it must.
      return AtKind::kSimulated;
  }
}

}  // namespace

#define DRYWIRE_TAKE_OVER_AT(type, name, parameters, arguments, simulated)               \
  DRYWIRE_TAKE_OVER_WITH(type, name, parameters, noexcept(noexcept(::name arguments))) { \
    switch (KindOfAt(path, &at)) {                                                       \
      case AtKind::kFailed:                                                              \
        return -1;                                                                       \
      case AtKind::kSimulated:                                                           \
        return simulated;                                                                \
      case AtKind::kReal:                                                                \
        break;                                                                           \
    }                                                                                    \
    return Libc_##name() arguments;                                                      \
  }
#define DRYWIRE_POSIX_FD(type, name, parameters, arguments)
#define DRYWIRE_POSIX_DIRECTORY(type, name, parameters, arguments)
#define DRYWIRE_POSIX_PATH(type, name, parameters, arguments, path)
#define DRYWIRE_POSIX_PATHS(type, name, parameters, arguments, first, second)
#define DRYWIRE_POSIX_AT(type, name, parameters, arguments, at, path) \
  DRYWIRE_TAKE_OVER_AT(type, name, parameters, arguments, posix::name arguments)
// What would lead from one filesystem to the other is EXDEV.
#define DRYWIRE_POSIX_ATS(type, name, parameters, arguments, at, path, to_at, to)        \
  DRYWIRE_TAKE_OVER_WITH(type, name, parameters, noexcept(noexcept(::name arguments))) { \
    const AtKind from_kind = KindOfAt(path, &at);                                        \
    const AtKind to_kind = KindOfAt(to, &to_at);                                         \
    if (from_kind == AtKind::kFailed || to_kind == AtKind::kFailed) return -1;           \
    if (from_kind != to_kind) {                                                          \
      errno = EXDEV;                                                                     \
      return -1;                                                                         \
    }                                                                                    \
    if (from_kind == AtKind::kSimulated) return posix::name arguments;                   \
    return Libc_##name() arguments;                                                      \
  }
#define DRYWIRE_POSIX_STREAM(type, name, parameters, arguments, stream)                  \
  DRYWIRE_TAKE_OVER_WITH(type, name, parameters, noexcept(noexcept(::name arguments))) { \
    if (posix::IsSimulatedStream(stream)) return posix::name arguments;                  \
    return Libc_##name() arguments;                                                      \
  }
#include "tools/posix/file_functions.def"

DRYWIRE_TAKE_OVER(int, fstatat64, (int at, const char* path, struct stat* status, int flags)) {
  switch (KindOfAt(path, &at)) {
    case AtKind::kFailed:
      return -1;
    case AtKind::kSimulated:
      return posix::fstatat(at, path, status, flags);
    case AtKind::kReal:
      break;
  }
  return Libc_fstatat64()(at, path, status, flags);
}

// --- Directory streams ---

DRYWIRE_TAKE_OVER(DIR*, fdopendir, (int fd)) {
  if (!InSimulation()) return Libc_fdopendir()(fd);
  if (posix::Inspect(fd).kind != posix::DescriptorKind::kReal) return posix::fdopendir(fd);
  posix::Refuse("fdopendir() of a real directory", ENOSYS);
  return nullptr;
}
DRYWIRE_TAKE_OVER(struct dirent64*, readdir64, (DIR * stream)) {
  if (!posix::IsSimulatedStream(stream)) return Libc_readdir64()(stream);
  return reinterpret_cast<struct dirent64*>(posix::readdir(stream));
}

// --- Names of one's own ---

namespace {

// Fills the six letters before the last `suffix` ones of a template until `make` succeeds or fails
// for another reason than that the name is taken.
template <typename Make>
int MakeTemporary(char* path, int suffix_length, Make make) {
  constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const size_t size = std::strlen(path);
  const auto suffix = static_cast<size_t>(suffix_length);
  if (suffix_length < 0 || size < suffix + 6 ||
      std::memcmp(path + size - suffix - 6, "XXXXXX", 6) != 0) {
    errno = EINVAL;
    return -1;
  }
  for (int tries = 0; tries < 100; ++tries) {
    for (size_t i = 0; i < 6; ++i) {
      path[size - suffix - 6 + i] = kLetters[posix::arc4random_uniform(sizeof kLetters - 1)];
    }
    const int result = make();
    if (result >= 0 || errno != EEXIST) return result;
  }
  return -1;
}

int OpenTemporary(char* path, int suffix, int flags) {
  return MakeTemporary(path, suffix, [&] {
    return posix::open(path, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
  });
}

}  // namespace

// The real one's descriptor becomes the process's.
#define DRYWIRE_TAKE_OVER_TEMPORARY(name, parameters, arguments, suffix, flags) \
  DRYWIRE_TAKE_OVER(int, name, parameters) {                                    \
    if (Simulated(path)) return OpenTemporary(path, suffix, flags);             \
    const int real_fd = Libc_##name() arguments;                                \
    if (!InSimulation() || real_fd < 0) return real_fd;                         \
    return posix::AdoptRealDescriptor(real_fd, ((flags)&O_CLOEXEC) != 0);       \
  }
DRYWIRE_TAKE_OVER_TEMPORARY(mkstemp, (char* path), (path), 0, 0)
DRYWIRE_TAKE_OVER_TEMPORARY(mkstemp64, (char* path), (path), 0, 0)
DRYWIRE_TAKE_OVER_TEMPORARY(mkostemp, (char* path, int flags), (path, flags), 0, flags)
DRYWIRE_TAKE_OVER_TEMPORARY(mkostemp64, (char* path, int flags), (path, flags), 0, flags)
DRYWIRE_TAKE_OVER_TEMPORARY(mkstemps, (char* path, int suffix), (path, suffix), suffix, 0)

DRYWIRE_TAKE_OVER_WITH(char*, mkdtemp, (char* path), noexcept(noexcept(::mkdtemp(path)))) {
  if (!Simulated(path)) return Libc_mkdtemp()(path);
  return MakeTemporary(path, 0, [&] { return posix::mkdir(path, 0700); }) == 0 ? path : nullptr;
}

// --- Refused for paths of the host's ---

#define DRYWIRE_REFUSE_PATH(type, name, parameters, arguments, path, value) \
  DRYWIRE_TAKE_OVER(type, name, parameters) {                               \
    if (!Simulated(path)) return Libc_##name() arguments;                   \
    posix::Refuse(OnHostsPath(#name).c_str(), ENOSYS);                      \
    return value;                                                           \
  }
DRYWIRE_REFUSE_PATH(char*, realpath, (const char* path, char* resolved), (path, resolved), path,
                    nullptr)
DRYWIRE_REFUSE_PATH(int, scandir,
                    (const char* path, dirent*** list, int (*filter)(const dirent*),
                     int (*compare)(const dirent**, const dirent**)),
                    (path, list, filter, compare), path, -1)
DRYWIRE_REFUSE_PATH(int, statfs, (const char* path, struct statfs* status), (path, status), path,
                    -1)
DRYWIRE_REFUSE_PATH(int, statvfs, (const char* path, struct statvfs* status), (path, status), path,
                    -1)
DRYWIRE_REFUSE_PATH(long, pathconf, (const char* path, int name), (path, name), path, -1)
DRYWIRE_TAKE_OVER(int, statx, (int at, const char* path, int flags, unsigned mask, void* status)) {
  switch (KindOfAt(path, &at)) {
    case AtKind::kSimulated:
      posix::Refuse(OnHostsPath("statx").c_str(), ENOSYS);
      return -1;
    case AtKind::kFailed:
      return -1;
    case AtKind::kReal:
      break;
  }
  return Libc_statx()(at, path, flags, mask, status);
}
