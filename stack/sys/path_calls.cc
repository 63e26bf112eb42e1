// Calls that make, remove and rename names, and those about the process's own directories.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "stack/sys/arguments.h"
#include "stack/sys/node_file.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"
#include "stack/vfs/vfs.h"

namespace drywire {
namespace {

CallOutcome Done(const Result<>& result) { return result.ok() ? CallOutcome(0) : result.cause(); }

// Runs `call`, which takes the filesystem, the process's context and a path, as a system call.
template <typename Call>
SysResult PathCall(SysContext& context, const CallInfo& info, const char* path, Call call) {
  return RunCall(context, info, [&]() -> CallOutcome {
    const Result<std::string> copy = ReadPath(context, path);
    if (!copy.ok()) return copy.cause();
    return call(context.host().vfs(), context.process.path_context(), *copy);
  });
}

// The same with two paths, both copied in before either is looked at.
template <typename Call>
SysResult TwoPathCall(SysContext& context, const CallInfo& info, const char* first,
                      const char* second, Call call) {
  return RunCall(context, info, [&]() -> CallOutcome {
    const Result<std::string> from = ReadPath(context, first);
    if (!from.ok()) return from.cause();
    const Result<std::string> to = ReadPath(context, second);
    if (!to.ok()) return to.cause();
    return Done(call(context.host().vfs(), context.process.path_context(), *from, *to));
  });
}

// What mknod() is to make.
Result<FileType> TypeOf(SysContext& context, mode_t mode, dev_t device) {
  const VfsProfile& profile = context.profile().vfs;
  switch (mode & S_IFMT) {
    case 0:
    case S_IFREG:
      if (profile.mknod_makes_any_file) return FileType::kRegular;
      return Cause::kInvalidArgument;
    case S_IFSOCK:
      if (profile.mknod_makes_any_file) return FileType::kSocket;
      return Cause::kInvalidArgument;
    case S_IFIFO:
      if (profile.mknod_makes_any_file || device == 0) return FileType::kFifo;
      return Cause::kInvalidArgument;
    case S_IFCHR:
    case S_IFBLK:
      if (!context.process.credentials().Has(Capability::kMknod)) return Cause::kNoPermission;
      return NotModelled(context, "mknod() of a device");
    case S_IFDIR:
      return profile.mknod_makes_any_file ? Cause::kNoPermission : Cause::kInvalidArgument;
    default:
      return Cause::kInvalidArgument;
  }
}

CallOutcome Mknod(SysContext& context, int at, const char* path, mode_t mode, dev_t device) {
  const Result<FileType> type = TypeOf(context, mode, device);
  if (!type.ok()) return type.cause();
  const Result<std::string> copy = ReadPath(context, path);
  if (!copy.ok()) return copy.cause();
  const Result<PathContext> from = PathFrom(context, at, *copy);
  if (!from.ok()) return from.cause();
  return Done(context.host().vfs().MakeNode(*from, *copy, *type, mode));
}

CallOutcome Readlink(SysContext& context, const char* path, char* buffer, size_t size) {
  const VfsProfile& profile = context.profile().vfs;
  if (static_cast<ssize_t>(size) < 0) return Cause::kInvalidArgument;
  if (profile.readlink_needs_room && static_cast<int>(size) <= 0) return Cause::kInvalidArgument;
  const Result<std::string> copy = ReadPath(context, path);
  if (!copy.ok()) return copy.cause();
  const Result<std::string> target =
      context.host().vfs().ReadLink(context.process.path_context(), *copy);
  if (!target.ok()) return target.cause();
  const size_t copied = std::min(size, target->size());
  if (!CopyToUser(buffer, target->data(), copied)) return Cause::kBadAddressPointer;
  return static_cast<int64_t>(copied);
}

CallOutcome Fchdir(SysContext& context, int fd) {
  const Result<FileRef> file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  const NodeFile* const node = NodeFile::Of(file->get());
  if (node == nullptr) return Cause::kNotDirectory;
  DRYWIRE_RETURN_IF_FAILED(
      context.host().vfs().CheckWorkingDirectory(context.process.path_context(), node->node_ref()));
  FsState& fs = context.process.fs();
  fs.directory = node->node_ref();
  fs.directory_chosen = true;
  return 0;
}

CallOutcome Getcwd(SysContext& context, char* buffer, size_t size) {
  const Result<std::string> path =
      context.host().vfs().WorkingDirectory(context.process.path_context());
  if (!path.ok()) return path.cause();
  const size_t length = path->size() + 1;
  if (static_cast<int64_t>(length) > context.profile().vfs.path_max) return Cause::kPathTooLong;
  if (length > size) return Cause::kBufferTooSmall;
  if (!CopyToUser(buffer, path->c_str(), length)) return Cause::kBadAddressPointer;
  return static_cast<int64_t>(length);
}

}  // namespace

SysResult SysMkdir(SysContext& context, const char* path, mode_t mode) {
  return PathCall(context, {"mkdir", Operation::kMkdir, -1, mode}, path,
                  [&](Vfs& vfs, const PathContext& at, const std::string& text) {
                    return Done(vfs.MakeDirectory(at, text, mode));
                  });
}

SysResult SysMknod(SysContext& context, const char* path, mode_t mode, dev_t device) {
  return RunCall(context, {"mknod", Operation::kMknod, -1, mode, device},
                 [&] { return Mknod(context, AT_FDCWD, path, mode, device); });
}

SysResult SysMknodat(SysContext& context, int at, const char* path, mode_t mode, dev_t device) {
  return RunCall(context, {"mknodat", Operation::kMknod, at, mode, device},
                 [&] { return Mknod(context, at, path, mode, device); });
}

SysResult SysRmdir(SysContext& context, const char* path) {
  return PathCall(context, {"rmdir", Operation::kRmdir}, path,
                  [](Vfs& vfs, const PathContext& at, const std::string& text) {
                    return Done(vfs.RemoveDirectory(at, text));
                  });
}

SysResult SysUnlink(SysContext& context, const char* path) {
  return PathCall(context, {"unlink", Operation::kUnlink}, path,
                  [](Vfs& vfs, const PathContext& at, const std::string& text) {
                    return Done(vfs.Unlink(at, text));
                  });
}

SysResult SysRename(SysContext& context, const char* from, const char* to) {
  return TwoPathCall(context, {"rename", Operation::kRename}, from, to,
                     [](Vfs& vfs, const PathContext& at, const std::string& first,
                        const std::string& second) { return vfs.Rename(at, first, second); });
}

SysResult SysLink(SysContext& context, const char* from, const char* to) {
  return TwoPathCall(
      context, {"link", Operation::kLink}, from, to,
      [](Vfs& vfs, const PathContext& at, const std::string& first, const std::string& second) {
        return vfs.Link(at, first, second, LinkFollow::kAsLink);
      });
}

SysResult SysSymlink(SysContext& context, const char* target, const char* path) {
  return TwoPathCall(context, {"symlink", Operation::kSymlink}, target, path,
                     [](Vfs& vfs, const PathContext& at, const std::string& first,
                        const std::string& second) { return vfs.Symlink(at, first, second); });
}

SysResult SysReadlink(SysContext& context, const char* path, char* buffer, size_t size) {
  return RunCall(context, {"readlink", Operation::kReadlink, -1, size},
                 [&] { return Readlink(context, path, buffer, size); });
}

SysResult SysChdir(SysContext& context, const char* path) {
  return PathCall(context, {"chdir", Operation::kChdir}, path,
                  [&](Vfs& vfs, const PathContext& at, const std::string& text) -> CallOutcome {
                    const Result<NodeRef> node = vfs.FindWorkingDirectory(at, text);
                    if (!node.ok()) return node.cause();
                    FsState& fs = context.process.fs();
                    fs.directory = *node;
                    fs.directory_chosen = true;
                    return 0;
                  });
}

SysResult SysFchdir(SysContext& context, int fd) {
  return RunCall(context, {"fchdir", Operation::kChdir, fd}, [&] { return Fchdir(context, fd); });
}

SysResult SysChroot(SysContext& context, const char* path) {
  return PathCall(context, {"chroot", Operation::kChroot}, path,
                  [&](Vfs& vfs, const PathContext& at, const std::string& text) -> CallOutcome {
                    const Result<NodeRef> node = vfs.FindRootDirectory(at, text);
                    if (!node.ok()) return node.cause();
                    context.process.fs().root = *node;
                    return 0;
                  });
}

SysResult SysGetcwd(SysContext& context, char* buffer, size_t size) {
  return RunCall(context, {"getcwd", Operation::kChdir, -1, size},
                 [&] { return Getcwd(context, buffer, size); });
}

SysResult SysUmask(SysContext& context, mode_t mask) {
  return RunCall(context, {"umask", Operation::kChmod, -1, mask}, [&]() -> CallOutcome {
    uint32_t& umask = context.process.fs().umask;
    const uint32_t old = umask;
    umask = mask & 0777;
    return int64_t{old};
  });
}

}  // namespace drywire
