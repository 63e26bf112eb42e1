// The library door's calls on files and paths.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "stack/sys/syscalls.h"
#include "tools/posix/invoke.h"
#include "tools/posix/posix.h"

namespace drywire::posix {

// --- Descriptors ---

DRYWIRE_FORWARD(int, open, SysOpen, (const char* path, int flags, mode_t mode), context, path,
                flags, mode)
DRYWIRE_FORWARD(int, creat, SysOpen, (const char* path, mode_t mode), context, path,
                O_WRONLY | O_CREAT | O_TRUNC, mode)
DRYWIRE_FORWARD(off_t, lseek, SysLseek, (int fd, off_t offset, int whence), context, fd, offset,
                whence)
DRYWIRE_FORWARD(ssize_t, pread, SysPread, (int fd, void* data, size_t size, off_t offset), context,
                fd, data, size, offset)
DRYWIRE_FORWARD(ssize_t, pwrite, SysPwrite, (int fd, const void* data, size_t size, off_t offset),
                context, fd, data, size, offset)
DRYWIRE_FORWARD(ssize_t, sendfile, SysSendfile, (int out, int in, off_t* offset, size_t size),
                context, out, in, offset, size)
DRYWIRE_FORWARD(ssize_t, splice, SysSplice,
                (int in, off_t* in_offset, int out, off_t* out_offset, size_t size, unsigned flags),
                context, in, in_offset, out, out_offset, size, flags)
DRYWIRE_FORWARD(int, ftruncate, SysFtruncate, (int fd, off_t size), context, fd, size)
DRYWIRE_FORWARD(int, fsync, SysFsync, (int fd), context, fd)
DRYWIRE_FORWARD(int, fdatasync, SysFsync, (int fd), context, fd)
DRYWIRE_FORWARD(int, fstat, SysFstat, (int fd, struct stat* status), context, fd, status)
DRYWIRE_FORWARD(int, fchmod, SysFchmod, (int fd, mode_t mode), context, fd, mode)
DRYWIRE_FORWARD(int, fchown, SysFchown, (int fd, uid_t uid, gid_t gid), context, fd, uid, gid)

// --- Attributes ---

DRYWIRE_FORWARD(int, stat, SysStat, (const char* path, struct stat* status), context, path, status)
DRYWIRE_FORWARD(int, lstat, SysLstat, (const char* path, struct stat* status), context, path,
                status)
DRYWIRE_FORWARD(int, access, SysAccess, (const char* path, int mode), context, path, mode)
DRYWIRE_FORWARD(int, chmod, SysChmod, (const char* path, mode_t mode), context, path, mode)
DRYWIRE_FORWARD(int, chown, SysChown, (const char* path, uid_t uid, gid_t gid), context, path, uid,
                gid)
DRYWIRE_FORWARD(int, lchown, SysLchown, (const char* path, uid_t uid, gid_t gid), context, path,
                uid, gid)
DRYWIRE_FORWARD(int, truncate, SysTruncate, (const char* path, off_t size), context, path, size)
DRYWIRE_FORWARD(mode_t, umask, SysUmask, (mode_t mask), context, mask)

// --- Names ---

DRYWIRE_FORWARD(int, mkdir, SysMkdir, (const char* path, mode_t mode), context, path, mode)
DRYWIRE_FORWARD(int, mknod, SysMknod, (const char* path, mode_t mode, dev_t device), context, path,
                mode, device)
DRYWIRE_FORWARD(int, mkfifo, SysMknod, (const char* path, mode_t mode), context, path,
                S_IFIFO | (mode & ~mode_t{S_IFMT}), 0)
DRYWIRE_FORWARD(int, rmdir, SysRmdir, (const char* path), context, path)
DRYWIRE_FORWARD(int, unlink, SysUnlink, (const char* path), context, path)
DRYWIRE_FORWARD(int, rename, SysRename, (const char* from, const char* to), context, from, to)
DRYWIRE_FORWARD(int, link, SysLink, (const char* from, const char* to), context, from, to)
DRYWIRE_FORWARD(int, symlink, SysSymlink, (const char* target, const char* path), context, target,
                path)
DRYWIRE_FORWARD(ssize_t, readlink, SysReadlink, (const char* path, char* buffer, size_t size),
                context, path, buffer, size)

int remove(const char* path) {
  if (posix::unlink(path) == 0) return 0;
  // unlink() of a directory is EISDIR on Linux and EPERM elsewhere.
  if (errno != EISDIR && errno != EPERM) return -1;
  return posix::rmdir(path);
}

// --- Directories of the process ---

DRYWIRE_FORWARD(int, chdir, SysChdir, (const char* path), context, path)
DRYWIRE_FORWARD(int, fchdir, SysFchdir, (int fd), context, fd)
DRYWIRE_FORWARD(int, chroot, SysChroot, (const char* path), context, path)

char* getcwd(char* buffer, size_t size) {
  if (buffer != nullptr && size == 0) {
    errno = EINVAL;
    return nullptr;
  }
  char path[4096];
  char* const to = buffer != nullptr ? buffer : path;
  const size_t room = size != 0 ? size : sizeof path;
  const SysResult result = Invoke("getcwd", [&](SysContext& context) {
    return SysGetcwd(context, to, buffer != nullptr ? size : std::min(room, sizeof path));
  });
  if (!result.ok()) {
    errno = result.error;
    return nullptr;
  }
  if (buffer != nullptr) return buffer;
  // As the C library does: a block of the size asked for, or just large enough.
  auto* const block =
      static_cast<char*>(std::malloc(size != 0 ? size : static_cast<size_t>(result.value)));
  if (block != nullptr) std::memcpy(block, path, static_cast<size_t>(result.value));
  return block;
}

}  // namespace drywire::posix
