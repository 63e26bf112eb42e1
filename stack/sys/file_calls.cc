// Calls on descriptors of any kind.
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/event_file.h"
#include "stack/sys/fifo.h"
#include "stack/sys/install_pair.h"
#include "stack/sys/node_file.h"
#include "stack/sys/pipe.h"
#include "stack/sys/pipe_file.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

// What close() by the last descriptor does about SO_LINGER.
Result<> Linger(SysContext& context, int fd, Socket& socket) {
  const SysProfile& profile = context.profile().sys;
  if (socket.descriptors() > 0) return {};
  if (socket.nonblocking() && !profile.linger_when_nonblocking) return {};
  const Duration time = socket.LingerTime();
  const Instant deadline = context.now() + time;
  while (time > Duration::Zero() && !socket.LingerDone()) {
    switch (WaitForFile(context, socket, Direction::kWrite, {"close (linger)", fd, &socket},
                        deadline)) {
      case WaitEnd::kNotified:
        continue;
      case WaitEnd::kDeadline:
        return profile.linger_expiry_is_error ? Result<>(Cause::kTimedOutWaiting) : Result<>();
      case WaitEnd::kSignal:
        // The descriptor is gone already, so the call must not be begun again.
        return profile.linger_expiry_is_error ? Result<>(Cause::kInterrupted) : Result<>();
      case WaitEnd::kKilled:
        return {};
    }
  }
  return {};
}

CallOutcome Close(SysContext& context, int fd) {
  auto file = context.process.fds().Close(fd);
  if (!file.ok()) return file.cause();
  if (Socket* const socket = (*file)->AsSocket(); socket != nullptr) {
    DRYWIRE_RETURN_IF_FAILED(Linger(context, fd, *socket));
  }
  return 0;
}

CallOutcome Descriptor(Result<int> fd) {
  if (!fd.ok()) return fd.cause();
  return int64_t{*fd};
}

// F_GETFL: how the file was opened.
int StatusFlags(const SysContext& context, File& file) {
  int flags = O_RDWR;
  // The kernel adds O_LARGEFILE, which programs for 64-bit machines know as 0.
  const int by_path = context.profile().vfs.open_shows_large_file ? 0100000 : 0;
  const auto access = [](bool reads, bool writes) {
    return writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;
  };
  if (const NodeFile* const node = NodeFile::Of(&file); node != nullptr) {
    const NodeFile::Mode& mode = node->mode();
    flags = mode.neither ? O_ACCMODE : access(mode.reads, mode.writes);
    flags |= (mode.appends ? O_APPEND : 0) | by_path;
  } else if (const PipeFile* const pipe = PipeFile::Of(&file); pipe != nullptr) {
    flags = access(pipe->reads(), pipe->writes()) | (pipe->packets() ? O_DIRECT : 0);
    if (FifoEnd::Of(&file) != nullptr) flags |= by_path;
  }
  return flags | (file.nonblocking() ? O_NONBLOCK : 0);
}

// F_GETPIPE_SZ and F_SETPIPE_SZ: kBadDescriptor for what is no pipe.
CallOutcome PipeSize(const SysContext& context, File& file, int command, long argument) {
  if (context.profile().sys.pipe_max_size == 0) return Cause::kInvalidArgument;
  PipeFile* const pipe = PipeFile::Of(&file);
  if (pipe == nullptr) return Cause::kBadDescriptor;
  if (command == F_GETPIPE_SZ) return pipe->buffer().capacity();
  const auto size = static_cast<unsigned>(argument);
  return pipe->buffer().SetCapacity(size,
                                    context.process.credentials().Has(Capability::kSysResource));
}

// FIONREAD of what is no socket: kNotSupported.
Result<int64_t> ReadableBytes(File& file) {
  if (const NodeFile* const node = NodeFile::Of(&file);
      node != nullptr && node->node().type() == FileType::kRegular) {
    return node->node().Stat().size - node->position();
  }
  if (const PipeFile* const pipe = PipeFile::Of(&file); pipe != nullptr) {
    return static_cast<int64_t>(pipe->buffer().size());
  }
  return Cause::kNotSupported;
}

CallOutcome Fcntl(SysContext& context, int fd, int command, long argument) {
  FdTable& fds = context.process.fds();
  auto file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return Descriptor(fds.Dup(fd, static_cast<int>(argument), command == F_DUPFD_CLOEXEC));
    case F_GETFD: {
      auto flag = fds.CloseOnExec(fd);
      if (!flag.ok()) return flag.cause();
      return int64_t{*flag ? FD_CLOEXEC : 0};
    }
    case F_SETFD:
      DRYWIRE_RETURN_IF_FAILED(fds.SetCloseOnExec(fd, (argument & FD_CLOEXEC) != 0));
      return 0;
    case F_GETFL:
      return int64_t{StatusFlags(context, **file)};
    case F_SETFL:
      if (NodeFile* const node = NodeFile::Of(file->get()); node != nullptr) {
        node->set_appends((argument & O_APPEND) != 0);
      }
      (*file)->set_nonblocking((argument & O_NONBLOCK) != 0);
      return 0;
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ:
      return PipeSize(context, **file, command, argument);
    default:
      (void)NotModelled(context, "that command of fcntl()");
      return Cause::kInvalidArgument;
  }
}

CallOutcome Ioctl(SysContext& context, int fd, unsigned long request, void* argument) {
  int value = 0;
  const bool early = context.profile().sys.arguments_before_descriptor;
  if (early && request == FIONBIO && !ReadUser(&value, static_cast<int*>(argument))) {
    return Cause::kBadAddressPointer;
  }
  auto file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  Socket* const socket = (*file)->AsSocket();
  switch (request) {
    case FIONBIO:
      if (!ReadUser(&value, static_cast<int*>(argument))) return Cause::kBadAddressPointer;
      (*file)->set_nonblocking(value != 0);
      return 0;
    case FIOCLEX:
    case FIONCLEX:
      DRYWIRE_RETURN_IF_FAILED(context.process.fds().SetCloseOnExec(fd, request == FIOCLEX));
      return 0;
    case FIONREAD:
    case TIOCOUTQ:
    case SIOCOUTQNSD: {
      Result<int64_t> count = Cause::kNotSupported;
      if (socket != nullptr) {
        const auto bytes = request == FIONREAD   ? socket->Readable()
                           : request == TIOCOUTQ ? socket->Unsent()
                                                 : socket->NotSent();
        count = bytes.ok() ? Result<int64_t>(static_cast<int64_t>(*bytes)) : bytes.cause();
      } else if (request == FIONREAD) {
        count = ReadableBytes(**file);
      }
      if (!count.ok()) return count.cause();
      value = static_cast<int>(*count);
      if (!WriteUser(static_cast<int*>(argument), value)) return Cause::kBadAddressPointer;
      return 0;
    }
    case SIOCATMARK: {
      if (socket == nullptr) return Cause::kNotSupported;
      Result<bool> mark = socket->AtMark();
      if (!mark.ok() && mark.cause() != Cause::kInvalidArgument &&
          context.profile().sys.every_socket_has_mark) {
        mark = false;
      }
      if (!mark.ok()) return mark.cause();
      if (!WriteUser(static_cast<int*>(argument), int{*mark})) return Cause::kBadAddressPointer;
      return 0;
    }
    default:
      return NotModelled(context, "that request of ioctl()");
  }
}

CallOutcome Pipe(SysContext& context, int* fds, int flags) {
  const bool has_packets = context.profile().sys.pipe_holds_pages;
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK | (has_packets ? O_DIRECT : 0))) != 0) {
    return Cause::kInvalidArgument;
  }
  const PipeEnd::Pair pipe =
      PipeEnd::Make(&context.profile().sys, context.process.credentials(), (flags & O_DIRECT) != 0);
  pipe.first->set_nonblocking((flags & O_NONBLOCK) != 0);
  pipe.second->set_nonblocking((flags & O_NONBLOCK) != 0);
  DRYWIRE_RETURN_IF_FAILED(
      InstallPair(context, pipe.first, pipe.second, (flags & O_CLOEXEC) != 0, fds));
  return 0;
}

CallOutcome EventFd(SysContext& context, unsigned initial, int flags) {
  if ((flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) != 0) {
    return Cause::kInvalidArgument;
  }
  const FileRef file(new EventFile(initial, (flags & EFD_SEMAPHORE) != 0,
                                   context.profile().sys.event_files_poll_norm,
                                   context.profile().sys.event_write_is_exact));
  file->set_nonblocking((flags & EFD_NONBLOCK) != 0);
  return Descriptor(context.process.fds().Install(file, (flags & EFD_CLOEXEC) != 0));
}

rlim_t FromLimit(int64_t limit) {
  return limit == kLimitInfinity ? RLIM_INFINITY : static_cast<rlim_t>(limit);
}

int64_t ToLimit(rlim_t limit) {
  return limit == RLIM_INFINITY ? kLimitInfinity : static_cast<int64_t>(limit);
}

CallOutcome Getrlimit(SysContext& context, int resource, rlimit* limit) {
  if (resource != RLIMIT_NOFILE) {
    (void)NotModelled(context, "getrlimit() of anything but RLIMIT_NOFILE");
    return Cause::kInvalidArgument;
  }
  const Limit nofile = context.process.nofile();
  rlimit copy = {};
  copy.rlim_cur = FromLimit(nofile.soft);
  copy.rlim_max = FromLimit(nofile.hard);
  if (!WriteUser(limit, copy)) return Cause::kBadAddressPointer;
  return 0;
}

CallOutcome Setrlimit(SysContext& context, int resource, const rlimit* limit) {
  if (resource != RLIMIT_NOFILE) {
    (void)NotModelled(context, "setrlimit() of anything but RLIMIT_NOFILE");
    return Cause::kInvalidArgument;
  }
  rlimit copy = {};
  if (!ReadUser(&copy, limit)) return Cause::kBadAddressPointer;
  DRYWIRE_RETURN_IF_FAILED(
      context.process.SetNofile({ToLimit(copy.rlim_cur), ToLimit(copy.rlim_max)}));
  return 0;
}

}  // namespace

SysResult SysClose(SysContext& context, int fd) {
  return RunCall(context, {"close", Operation::kClose, fd}, [&] { return Close(context, fd); });
}

SysResult SysDup(SysContext& context, int fd) {
  return RunCall(context, {"dup", Operation::kDup, fd},
                 [&] { return Descriptor(context.process.fds().Dup(fd)); });
}

SysResult SysDup2(SysContext& context, int fd, int to) {
  return RunCall(context, {"dup2", Operation::kDup, fd, static_cast<uint64_t>(to)},
                 [&] { return Descriptor(context.process.fds().Dup2(fd, to)); });
}

SysResult SysDup3(SysContext& context, int fd, int to, int flags) {
  return RunCall(context, {"dup3", Operation::kDup, fd, static_cast<uint64_t>(to)},
                 [&]() -> CallOutcome {
                   if ((flags & ~O_CLOEXEC) != 0) return Cause::kInvalidArgument;
                   return Descriptor(context.process.fds().Dup3(fd, to, (flags & O_CLOEXEC) != 0));
                 });
}

SysResult SysFcntl(SysContext& context, int fd, int command, long argument) {
  const bool is_number =
      command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_SETFD || command == F_SETFL;
  return RunCall(context,
                 {"fcntl", Operation::kFcntl, fd, static_cast<uint64_t>(command),
                  is_number ? static_cast<uint64_t>(argument) : 0},
                 [&] { return Fcntl(context, fd, command, argument); });
}

SysResult SysIoctl(SysContext& context, int fd, unsigned long request, void* argument) {
  return RunCall(context, {"ioctl", Operation::kIoctl, fd, request},
                 [&] { return Ioctl(context, fd, request, argument); });
}

SysResult SysPipe2(SysContext& context, int* fds, int flags) {
  return RunCall(context, {"pipe2", Operation::kDup, -1, static_cast<uint64_t>(flags)},
                 [&] { return Pipe(context, fds, flags); });
}

SysResult SysEventfd(SysContext& context, unsigned initial, int flags) {
  return RunCall(context, {"eventfd", Operation::kDup, -1, initial, static_cast<uint64_t>(flags)},
                 [&] { return EventFd(context, initial, flags); });
}

SysResult SysGetrlimit(SysContext& context, int resource, rlimit* limit) {
  return RunCall(context, {"getrlimit", Operation::kRlimit},
                 [&] { return Getrlimit(context, resource, limit); });
}

SysResult SysSetrlimit(SysContext& context, int resource, const rlimit* limit) {
  return RunCall(context, {"setrlimit", Operation::kRlimit},
                 [&] { return Setrlimit(context, resource, limit); });
}

}  // namespace drywire
