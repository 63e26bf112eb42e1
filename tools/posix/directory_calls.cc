// The library door's calls on paths relative to open directories, on directory streams, and on file
// times.
//
// A stream reads all entries at its first readdir(), and again after rewinddir(): what is made or
// removed meanwhile is not seen, which POSIX leaves open. Source: readdir(3), utimensat(2).
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "stack/sys/attributes.h"
#include "stack/sys/syscalls.h"
#include "tools/posix/invoke.h"
#include "tools/posix/posix.h"

namespace drywire::posix {

// --- Relative to descriptors ---

DRYWIRE_FORWARD(int, openat, SysOpenat, (int at, const char* path, int flags, mode_t mode), context,
                at, path, flags, mode)
DRYWIRE_FORWARD(int, mkdirat, SysMkdirat, (int at, const char* path, mode_t mode), context, at,
                path, mode)
DRYWIRE_FORWARD(int, mknodat, SysMknodat, (int at, const char* path, mode_t mode, dev_t device),
                context, at, path, mode, device)
DRYWIRE_FORWARD(int, mkfifoat, SysMknodat, (int at, const char* path, mode_t mode), context, at,
                path, S_IFIFO | (mode & ~mode_t{S_IFMT}), 0)
DRYWIRE_FORWARD(int, unlinkat, SysUnlinkat, (int at, const char* path, int flags), context, at,
                path, flags)
DRYWIRE_FORWARD(int, symlinkat, SysSymlinkat, (const char* target, int at, const char* path),
                context, target, at, path)
DRYWIRE_FORWARD(ssize_t, readlinkat, SysReadlinkat,
                (int at, const char* path, char* buffer, size_t size), context, at, path, buffer,
                size)
DRYWIRE_FORWARD(int, fchmodat, SysFchmodat, (int at, const char* path, mode_t mode, int flags),
                context, at, path, mode, flags)
DRYWIRE_FORWARD(int, fchownat, SysFchownat,
                (int at, const char* path, uid_t uid, gid_t gid, int flags), context, at, path, uid,
                gid, flags)
DRYWIRE_FORWARD(int, fstatat, SysFstatat,
                (int at, const char* path, struct stat* status, int flags), context, at, path,
                status, flags)
DRYWIRE_FORWARD(int, faccessat, SysFaccessat, (int at, const char* path, int mode, int flags),
                context, at, path, mode, flags)
DRYWIRE_FORWARD(int, renameat, SysRenameat, (int at, const char* path, int to_at, const char* to),
                context, at, path, to_at, to, 0)
DRYWIRE_FORWARD(int, renameat2, SysRenameat,
                (int at, const char* path, int to_at, const char* to, unsigned int flags), context,
                at, path, to_at, to, flags)
DRYWIRE_FORWARD(int, linkat, SysLinkat,
                (int at, const char* path, int to_at, const char* to, int flags), context, at, path,
                to_at, to, flags)
DRYWIRE_FORWARD(int, umount, SysUmount, (const char* path), context, path, 0)
DRYWIRE_FORWARD(int, umount2, SysUmount, (const char* path, int flags), context, path, flags)

// --- Times ---

int utimensat(int at, const char* path, const timespec* times, int flags) {
  if (path == nullptr) {
    // As the C library has it; the system call itself takes this for the descriptor.
    errno = EINVAL;
    return -1;
  }
  return Return("utimensat",
                [&](SysContext& context) { return SysUtimensat(context, at, path, times, flags); });
}
DRYWIRE_FORWARD(int, futimens, SysUtimensat, (int fd, const timespec* times), context, fd, nullptr,
                times, 0)
int utimes(const char* path, const timeval* times) {
  if (times == nullptr) return posix::utimensat(AT_FDCWD, path, nullptr, 0);
  const timespec both[2] = {{times[0].tv_sec, times[0].tv_usec * 1000},
                            {times[1].tv_sec, times[1].tv_usec * 1000}};
  return posix::utimensat(AT_FDCWD, path, both, 0);
}
int utime(const char* path, const utimbuf* times) {
  if (times == nullptr) return posix::utimensat(AT_FDCWD, path, nullptr, 0);
  const timespec both[2] = {{times->actime, 0}, {times->modtime, 0}};
  return posix::utimensat(AT_FDCWD, path, both, 0);
}

// --- Directory streams ---

namespace {

struct Stream {
  int fd = -1;
  bool read = false;  // the entries
  std::vector<DirectoryEntry> entries;
  size_t next = 0;
  dirent entry = {};
};

// All that are open, so that they can be told from the C library's.
std::vector<std::unique_ptr<Stream>>& Streams() {
  static auto* const streams = new std::vector<std::unique_ptr<Stream>>;
  return *streams;
}

Stream* Of(DIR* stream) { return reinterpret_cast<Stream*>(stream); }

auto Find(DIR* stream) {
  return std::find_if(Streams().begin(), Streams().end(),
                      [stream](const auto& one) { return one.get() == Of(stream); });
}

DIR* NewStream(int fd) {
  Streams().push_back(std::make_unique<Stream>());
  Streams().back()->fd = fd;
  return reinterpret_cast<DIR*>(Streams().back().get());
}

}  // namespace

bool IsSimulatedStream(DIR* stream) { return Find(stream) != Streams().end(); }

DIR* opendir(const char* path) {
  const int fd = posix::open(path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? nullptr : NewStream(fd);
}

DIR* fdopendir(int fd) {
  struct stat status = {};
  if (posix::fstat(fd, &status) < 0) return nullptr;
  if (!S_ISDIR(status.st_mode)) {
    errno = ENOTDIR;
    return nullptr;
  }
  return NewStream(fd);
}

dirent* readdir(DIR* stream) {
  Stream& open = *Of(stream);
  if (!open.read) {
    const SysResult result = Invoke("readdir", [&](SysContext& context) {
      return SysReadDirectory(context, open.fd, &open.entries);
    });
    if (!result.ok()) {
      // A directory that was removed reads as empty, as the C library has it.
      if (result.error != ENOENT) errno = result.error;
      return nullptr;
    }
    open.read = true;
  }
  if (open.next >= open.entries.size()) return nullptr;
  const DirectoryEntry& found = open.entries[open.next++];
  open.entry = {};
  open.entry.d_ino = found.number;
  open.entry.d_off = static_cast<off_t>(open.next);
  open.entry.d_reclen = sizeof open.entry;
  open.entry.d_type = static_cast<unsigned char>(IFTODT(TypeBits(found.type)));
  std::memcpy(open.entry.d_name, found.name.c_str(),
              std::min(found.name.size() + 1, sizeof open.entry.d_name));
  return &open.entry;
}

void rewinddir(DIR* stream) {
  Of(stream)->read = false;
  Of(stream)->next = 0;
}

long telldir(DIR* stream) { return static_cast<long>(Of(stream)->next); }
void seekdir(DIR* stream, long position) { Of(stream)->next = static_cast<size_t>(position); }
int dirfd(DIR* stream) { return Of(stream)->fd; }

int closedir(DIR* stream) {
  const auto found = Find(stream);
  if (found == Streams().end()) {
    errno = EBADF;
    return -1;
  }
  const int fd = (*found)->fd;
  Streams().erase(found);
  return posix::close(fd);
}

}  // namespace drywire::posix
