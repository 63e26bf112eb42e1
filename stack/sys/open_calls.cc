// Opening files, and calls on those that have a position.
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/epoll.h"
#include "stack/sys/event_file.h"
#include "stack/sys/fifo.h"
#include "stack/sys/node_file.h"
#include "stack/sys/receive.h"
#include "stack/sys/signal_file.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/timer_file.h"
#include "stack/sys/user_memory.h"
#include "stack/vfs/vfs.h"

namespace drywire {
namespace {

// What the kernel knows as O_LARGEFILE, which is 0 in programs for 64-bit machines.
constexpr int kLargeFile = 0100000;
constexpr int kHonoured = O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_NONBLOCK |
                          O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kWithoutEffect = O_NOCTTY | O_SYNC | O_DSYNC | kLargeFile;
constexpr int kNoAccess = 3;  // neither reading nor writing, as Linux has it

// The request that the flags make of the path: kInvalidArgument, kNotSupported.
Result<OpenRequest> ToRequest(SysContext& context, int flags, mode_t mode) {
  const VfsProfile& profile = context.profile().vfs;
  if ((flags & ~(kHonoured | kWithoutEffect)) != 0) {
    (void)NotModelled(context, "that flag of open()");
    return Cause::kInvalidArgument;
  }
  const int access = flags & O_ACCMODE;
  if (access == kNoAccess && !profile.open_takes_no_access) return Cause::kInvalidArgument;
  OpenRequest request;
  request.create = (flags & O_CREAT) != 0;
  request.exclusive = (flags & O_EXCL) != 0;
  request.truncate = (flags & O_TRUNC) != 0;
  request.directory = (flags & O_DIRECTORY) != 0;
  request.follow = (flags & O_NOFOLLOW) == 0;
  request.mode = mode;
  request.writes = access != O_RDONLY || request.truncate;
  if (access == O_RDONLY || access == O_RDWR) request.access |= kMayRead;
  if (request.writes) request.access |= kMayWrite;
  if (access == kNoAccess) request.access = kMayRead | kMayWrite;
  if (request.create && request.directory) {
    if (!profile.open_creates_in_directory_mode || request.exclusive) {
      return Cause::kInvalidArgument;
    }
  }
  return request;
}

// A FIFO is open when its other end is, too.
Result<FileRef> OpenFifo(SysContext& context, const NodeRef& node, int flags) {
  const int access = flags & O_ACCMODE;
  if (access == kNoAccess) return Cause::kInvalidArgument;
  const bool reads = access == O_RDONLY || access == O_RDWR;
  const bool writes = access == O_WRONLY || access == O_RDWR;
  const FileRef file(new FifoEnd(node, &context.profile().sys, reads, writes));
  const auto& end = static_cast<const FifoEnd&>(*file);
  BlockOptions options;
  options.direction = reads ? Direction::kRead : Direction::kWrite;
  options.nonblocking = (flags & O_NONBLOCK) != 0;
  const Result<> came = Block(context, *file, {"open", -1, file.get()}, options,
                              [&] { return end.OtherEndCame(options.nonblocking); });
  if (!came.ok()) return came.cause();
  return file;
}

CallOutcome Open(SysContext& context, int directory, const char* path, int flags, mode_t mode) {
  const Result<OpenRequest> request = ToRequest(context, flags, mode);
  if (!request.ok()) return request.cause();
  const Result<std::string> copy = ReadPath(context, path);
  if (!copy.ok()) return copy.cause();
  DRYWIRE_RETURN_IF_FAILED(context.process.fds().CheckRoom());
  const Result<PathContext> at = PathFrom(context, directory, *copy);
  if (!at.ok()) return at.cause();
  const Result<NodeRef> node = context.host().vfs().Open(*at, *copy, *request);
  if (!node.ok()) return node.cause();
  FileRef file;
  if ((*node)->type() == FileType::kFifo) {
    Result<FileRef> end = OpenFifo(context, *node, flags);
    if (!end.ok()) return end.cause();
    file = *end;
  } else {
    const int access = flags & O_ACCMODE;
    NodeFile::Mode opened;
    opened.reads = access == O_RDONLY || access == O_RDWR;
    opened.writes = access == O_WRONLY || access == O_RDWR;
    opened.appends = (flags & O_APPEND) != 0;
    opened.neither = access == kNoAccess;
    file = FileRef(new NodeFile(*node, opened, *at->credentials, &context.scheduler().events()));
  }
  file->set_nonblocking((flags & O_NONBLOCK) != 0);
  const Result<int> fd = context.process.fds().Install(file, (flags & O_CLOEXEC) != 0);
  if (!fd.ok()) return fd.cause();
  return int64_t{*fd};
}

// The file of a descriptor that has a position: kBadDescriptor, kNotSeekable.
Result<Ref<NodeFile>> FindNodeFile(SysContext& context, int fd) {
  const Result<FileRef> file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  NodeFile* const node = NodeFile::Of(file->get());
  if (node == nullptr) return Cause::kNotSeekable;
  return Ref<NodeFile>(node);
}

// The file that pread() and pwrite() mean: kInvalidArgument, kBadDescriptor, kNotSeekable.
Result<Ref<NodeFile>> FindNodeFileAt(SysContext& context, int fd, off_t offset, bool writes) {
  const bool early = context.profile().sys.offset_before_descriptor;
  if (early && offset < 0) return Cause::kInvalidArgument;
  const Result<Ref<NodeFile>> file = FindNodeFile(context, fd);
  if (!file.ok()) return file;
  const NodeFile::Mode& mode = (*file)->mode();
  if (!(writes ? mode.writes : mode.reads)) return Cause::kBadDescriptor;
  if (offset < 0) return Cause::kInvalidArgument;
  return file;
}

// What is neither a file of a filesystem nor a pipe nor a socket.
bool IsEventFile(SysContext& context, int fd) {
  File* const file = context.process.fds().Get(fd);
  return dynamic_cast<EventFile*>(file) != nullptr || dynamic_cast<Epoll*>(file) != nullptr ||
         TimerFile::Of(file) != nullptr || SignalFile::Of(file) != nullptr;
}

CallOutcome Pread(SysContext& context, int fd, void* data, size_t size, off_t offset) {
  const Result<Ref<NodeFile>> file = FindNodeFileAt(context, fd, offset, /*writes=*/false);
  if (!file.ok()) return file.cause();
  Buffers buffers = Buffers::One(data, size);
  buffers.Cut(kMaxChunk);
  if (WritablePrefix(buffers.list) < buffers.total) return Cause::kBadAddressPointer;
  const Result<size_t> read = (*file)->ReadAt(offset, buffers.list);
  if (!read.ok()) return read.cause();
  return static_cast<int64_t>(*read);
}

CallOutcome Pwrite(SysContext& context, int fd, const void* data, size_t size, off_t offset) {
  const Result<Ref<NodeFile>> file = FindNodeFileAt(context, fd, offset, /*writes=*/true);
  if (!file.ok()) return file.cause();
  Buffers buffers = Buffers::One(data, size);
  const size_t readable = ReadablePrefix(buffers.list);
  if (readable == 0 && buffers.total > 0) return Cause::kBadAddressPointer;
  buffers.Cut(readable);
  const Result<size_t> written = (*file)->WriteAt(offset, buffers.list);
  if (!written.ok()) return written.cause();
  return static_cast<int64_t>(*written);
}

}  // namespace

SysResult SysOpen(SysContext& context, const char* path, int flags, mode_t mode) {
  return RunCall(context,
                 {"open", Operation::kOpen, -1, static_cast<uint64_t>(flags),
                  (flags & O_CREAT) != 0 ? mode : 0u},
                 [&] { return Open(context, AT_FDCWD, path, flags, mode); });
}

SysResult SysOpenat(SysContext& context, int at, const char* path, int flags, mode_t mode) {
  return RunCall(context,
                 {"openat", Operation::kOpen, at, static_cast<uint64_t>(flags),
                  (flags & O_CREAT) != 0 ? mode : 0u},
                 [&] { return Open(context, at, path, flags, mode); });
}

SysResult SysLseek(SysContext& context, int fd, off_t offset, int whence) {
  return RunCall(
      context,
      {"lseek", Operation::kSeek, fd, static_cast<uint64_t>(offset), static_cast<uint64_t>(whence)},
      [&]() -> CallOutcome {
        const Result<Ref<NodeFile>> file = FindNodeFile(context, fd);
        if (!file.ok()) {
          const bool ignored = context.profile().sys.event_files_have_position;
          return ignored && IsEventFile(context, fd) ? CallOutcome(0) : CallOutcome(file.cause());
        }
        return (*file)->Seek(offset, whence);
      });
}

SysResult SysPread(SysContext& context, int fd, void* data, size_t size, off_t offset) {
  return RunCall(context, {"pread", Operation::kRecv, fd, size, static_cast<uint64_t>(offset)},
                 [&] { return Pread(context, fd, data, size, offset); });
}

SysResult SysPwrite(SysContext& context, int fd, const void* data, size_t size, off_t offset) {
  return RunCall(context, {"pwrite", Operation::kSend, fd, size, static_cast<uint64_t>(offset)},
                 [&] { return Pwrite(context, fd, data, size, offset); });
}

SysResult SysFtruncate(SysContext& context, int fd, off_t size) {
  return RunCall(context, {"ftruncate", Operation::kTruncate, fd, static_cast<uint64_t>(size)},
                 [&]() -> CallOutcome {
                   if (size < 0) return Cause::kInvalidArgument;
                   const Result<FileRef> file = FindFile(context, fd);
                   if (!file.ok()) return file.cause();
                   NodeFile* const node = NodeFile::Of(file->get());
                   if (node == nullptr) return Cause::kInvalidArgument;
                   DRYWIRE_RETURN_IF_FAILED(node->Truncate(size));
                   return 0;
                 });
}

SysResult SysFsync(SysContext& context, int fd) {
  return RunCall(context, {"fsync", Operation::kTruncate, fd}, [&]() -> CallOutcome {
    const Result<FileRef> file = FindFile(context, fd);
    if (!file.ok()) return file.cause();
    // Memory is as safe as it will be.
    return NodeFile::Of(file->get()) != nullptr ? CallOutcome(0) : Cause::kInvalidArgument;
  });
}

}  // namespace drywire
