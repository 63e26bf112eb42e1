// Calls that read and change what a file is, besides its contents.
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "stack/sys/arguments.h"
#include "stack/sys/attributes.h"
#include "stack/sys/pass_through.h"
#include "stack/sys/pipe.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"
#include "stack/vfs/vfs.h"

namespace drywire {
namespace {

timespec CalendarTime(const SysContext& context, Instant when) {
  return ToTimespec(Duration::Nanos(context.environment.realtime_start) + when.since_start());
}

}  // namespace

mode_t TypeBits(FileType type) {
  switch (type) {
    case FileType::kRegular:
      return S_IFREG;
    case FileType::kDirectory:
      return S_IFDIR;
    case FileType::kSymlink:
      return S_IFLNK;
    case FileType::kSocket:
      return S_IFSOCK;
    case FileType::kFifo:
      return S_IFIFO;
  }
  return 0;
}

struct stat ToStat(const SysContext& context, const Attributes& attributes) {
  struct stat status = {};
  status.st_dev = attributes.device;
  status.st_ino = attributes.number;
  status.st_mode = TypeBits(attributes.type) | attributes.mode;
  status.st_nlink = attributes.links;
  status.st_uid = attributes.uid;
  status.st_gid = attributes.gid;
  status.st_size = attributes.size;
  status.st_blksize = attributes.block_size;
  status.st_blocks = attributes.blocks;
  status.st_atim = CalendarTime(context, attributes.accessed);
  status.st_mtim = CalendarTime(context, attributes.modified);
  status.st_ctim = CalendarTime(context, attributes.changed);
  return status;
}

namespace {

CallOutcome Done(const Result<>& result) { return result.ok() ? CallOutcome(0) : result.cause(); }

// What fstat() says of sockets, pipes and what else has no inode of the host's.
struct stat StatWithoutNode(File* file) {
  struct stat status = {};
  // An epoll instance and its like have no type.
  status.st_mode = 0600;
  if (const PipeEnd* const pipe = PipeEnd::Of(file); pipe != nullptr) {
    status.st_mode = S_IFIFO | 0600;
    status.st_uid = pipe->uid();
    status.st_gid = pipe->gid();
  }
  if (file->AsSocket() != nullptr) status.st_mode = S_IFSOCK | 0777;
  if (AsPassThrough(file) != nullptr) status.st_mode = S_IFCHR | 0600;
  status.st_nlink = 1;
  status.st_blksize = 4096;
  return status;
}

CallOutcome StatPath(SysContext& context, const char* path, struct stat* status, bool follow) {
  const Result<std::string> copy = ReadPath(context, path);
  if (!copy.ok()) return copy.cause();
  const Result<NodeRef> node =
      context.host().vfs().Lookup(context.process.path_context(), *copy, follow);
  if (!node.ok()) return node.cause();
  if (!WriteUser(status, ToStat(context, (*node)->Stat()))) return Cause::kBadAddressPointer;
  return 0;
}

CallOutcome Fstat(SysContext& context, int fd, struct stat* status) {
  const Result<FileRef> file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  const Node* const node = NodeOf(file->get());
  const struct stat found =
      node != nullptr ? ToStat(context, node->Stat()) : StatWithoutNode(file->get());
  if (!WriteUser(status, found)) return Cause::kBadAddressPointer;
  return 0;
}

CallOutcome Access(SysContext& context, const char* path, int mode) {
  if ((mode & ~(R_OK | W_OK | X_OK)) != 0) return Cause::kInvalidArgument;
  const Result<std::string> copy = ReadPath(context, path);
  if (!copy.ok()) return copy.cause();
  // What a set-user-ID program may do is not what its caller may do.
  const Credentials real = context.process.identity().Real();
  PathContext at = context.process.path_context();
  at.credentials = &real;
  return Done(context.host().vfs().Access(at, *copy, static_cast<uint32_t>(mode)));
}

// Changes the node of a descriptor; `change` takes it and the actor.
template <typename Change>
CallOutcome ChangeOpen(SysContext& context, int fd, Change change) {
  const Result<NodeRef> node = FindNode(context, fd);
  if (!node.ok()) return node.cause();
  return Done(change(**node, context.process.path_context().actor()));
}

CallOutcome Chown(SysContext& context, const char* path, uid_t uid, gid_t gid, bool follow) {
  const Result<std::string> copy = ReadPath(context, path);
  if (!copy.ok()) return copy.cause();
  return Done(
      context.host().vfs().ChangeOwner(context.process.path_context(), *copy, uid, gid, follow));
}

}  // namespace

SysResult SysStat(SysContext& context, const char* path, struct stat* status) {
  return RunCall(context, {"stat", Operation::kStat},
                 [&] { return StatPath(context, path, status, /*follow=*/true); });
}

SysResult SysLstat(SysContext& context, const char* path, struct stat* status) {
  return RunCall(context, {"lstat", Operation::kStat},
                 [&] { return StatPath(context, path, status, /*follow=*/false); });
}

SysResult SysFstat(SysContext& context, int fd, struct stat* status) {
  return RunCall(context, {"fstat", Operation::kStat, fd},
                 [&] { return Fstat(context, fd, status); });
}

SysResult SysAccess(SysContext& context, const char* path, int mode) {
  return RunCall(context, {"access", Operation::kAccess, -1, static_cast<uint64_t>(mode)},
                 [&] { return Access(context, path, mode); });
}

SysResult SysChmod(SysContext& context, const char* path, mode_t mode) {
  return RunCall(context, {"chmod", Operation::kChmod, -1, mode}, [&]() -> CallOutcome {
    const Result<std::string> copy = ReadPath(context, path);
    if (!copy.ok()) return copy.cause();
    return Done(context.host().vfs().ChangeMode(context.process.path_context(), *copy, mode));
  });
}

SysResult SysFchmod(SysContext& context, int fd, mode_t mode) {
  return RunCall(context, {"fchmod", Operation::kChmod, fd, mode}, [&] {
    return ChangeOpen(context, fd,
                      [&](Node& node, const Actor& actor) { return node.ChangeMode(mode, actor); });
  });
}

SysResult SysChown(SysContext& context, const char* path, uid_t uid, gid_t gid) {
  return RunCall(context, {"chown", Operation::kChown, -1, uid, gid},
                 [&] { return Chown(context, path, uid, gid, /*follow=*/true); });
}

SysResult SysLchown(SysContext& context, const char* path, uid_t uid, gid_t gid) {
  return RunCall(context, {"lchown", Operation::kChown, -1, uid, gid},
                 [&] { return Chown(context, path, uid, gid, /*follow=*/false); });
}

SysResult SysFchown(SysContext& context, int fd, uid_t uid, gid_t gid) {
  return RunCall(context, {"fchown", Operation::kChown, fd, uid, gid}, [&] {
    return ChangeOpen(context, fd, [&](Node& node, const Actor& actor) {
      return node.ChangeOwner(uid, gid, actor);
    });
  });
}

SysResult SysTruncate(SysContext& context, const char* path, off_t size) {
  return RunCall(
      context, {"truncate", Operation::kTruncate, -1, static_cast<uint64_t>(size)},
      [&]() -> CallOutcome {
        if (size < 0) return Cause::kInvalidArgument;
        const Result<std::string> copy = ReadPath(context, path);
        if (!copy.ok()) return copy.cause();
        return Done(context.host().vfs().Truncate(context.process.path_context(), *copy, size));
      });
}

}  // namespace drywire
