// Calls on sockets other than those that move data.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "stack/socket/unix_socket.h"
#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/pipe.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

constexpr int kTypeFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
// The longest option value that is copied: TCP_INFO is the longest there is.
constexpr size_t kMaxOption = 1024;
// Socket types are 1 to 10 (SOCK_MAX is 11); protocols 0 to 262 (IPPROTO_MAX is 263).
constexpr int kMaxType = 10;
constexpr int kMaxProtocol = 262;
constexpr int kMaxFamily = 45;

struct SocketType {
  int type;
  bool nonblocking;
  bool close_on_exec;
};

// Splits off the flags: kInvalidArgument for unknown ones.
Result<SocketType> ParseType(int type) {
  const SocketType parsed = {type & 0xf, (type & SOCK_NONBLOCK) != 0, (type & SOCK_CLOEXEC) != 0};
  if ((type & ~0xf & ~kTypeFlags) != 0) return Cause::kInvalidArgument;
  return parsed;
}

// An address and the socket it is meant for, judged in the order of the caller's system.
struct Target {
  Ref<Socket> socket;
  RawAddress address;
};

// `file_first`: an address is judged before it matters that a file is no socket (connect does, bind
// does not: observed on Linux 6.18).
Result<Target> ReadTarget(SysContext& context, int fd, const sockaddr* address, int64_t length,
                          bool address_before_kind) {
  if (context.profile().sys.arguments_before_descriptor) {
    auto raw = ReadAddress(context, address, length);
    if (!raw.ok()) return raw.cause();
    auto socket = FindSocket(context, fd);
    if (!socket.ok()) return socket.cause();
    return Target{*socket, *raw};
  }
  auto file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  auto socket = SocketOf(*file);
  if (!socket.ok() && !address_before_kind) return socket.cause();
  auto raw = ReadAddress(context, address, length);
  if (!raw.ok()) return raw.cause();
  if (!socket.ok()) return socket.cause();
  return Target{*socket, *raw};
}

Result<> WaitForConnect(SysContext& context, int fd, Socket& socket, bool earlier_attempt) {
  const SysProfile& profile = context.profile().sys;
  BlockOptions options;
  options.direction = Direction::kWrite;
  if (profile.connect_obeys_send_timeout) options.timeout = socket.send_timeout();
  options.restarts =
      profile.connect_restarts && RestartsWithTimeout(context, socket.send_timeout());
  const Result<> result = Block(context, socket, {"connect", fd, &socket}, options,
                                [&] { return socket.TakeConnectResult(); });
  if (!result.ok() && result.cause() == Cause::kTimedOutWaiting && earlier_attempt) {
    return Cause::kConnectAlreadyPending;
  }
  return result;
}

// Waits for room in a listener's queue.
Result<ConnectProgress> WaitForRoom(SysContext& context, int fd, Socket& socket,
                                    const RawAddress& address) {
  BlockOptions options;
  options.direction = Direction::kWrite;
  options.timeout = socket.send_timeout();
  options.restarts = RestartsWithTimeout(context, options.timeout);
  auto progress = Block(context, socket, {"connect", fd, &socket}, options,
                        [&] { return socket.ConnectFor(address, context.process); });
  if (!progress.ok() && progress.cause() == Cause::kTimedOutWaiting) return Cause::kBacklogFull;
  return progress;
}

CallOutcome Connect(SysContext& context, int fd, const sockaddr* address, socklen_t length,
                    bool* waiting) {
  auto target = ReadTarget(context, fd, address, static_cast<int32_t>(length),
                           /*address_before_kind=*/true);
  if (!target.ok()) return target.cause();
  Socket& socket = *target->socket;
  bool earlier_attempt = *waiting;
  if (!*waiting) {
    auto progress = socket.ConnectFor(target->address, context.process);
    if (!progress.ok() && progress.cause() == Cause::kWouldBlock && !socket.nonblocking()) {
      progress = WaitForRoom(context, fd, socket, target->address);
    }
    if (!progress.ok()) {
      earlier_attempt = progress.cause() == Cause::kConnectAlreadyPending;
      if (!earlier_attempt || socket.nonblocking() ||
          !context.profile().sys.pending_connect_waits) {
        return progress.cause();
      }
    } else if (*progress == ConnectProgress::kDone) {
      return 0;
    } else if (socket.nonblocking()) {
      return Cause::kConnectInProgress;
    }
  }
  const Result<> result = WaitForConnect(context, fd, socket, earlier_attempt);
  if (result.ok()) return 0;
  // When the call is begun again it must not start another attempt, but wait for this one.
  *waiting = result.cause() == Cause::kInterruptedRestartable;
  return result.cause();
}

CallOutcome Accept(SysContext& context, int fd, sockaddr* address, socklen_t* length, int flags,
                   bool inherits) {
  const SysProfile& profile = context.profile().sys;
  if (profile.arguments_before_descriptor) {
    socklen_t room = 0;
    if ((flags & ~kTypeFlags) != 0) return Cause::kInvalidArgument;
    if (address != nullptr && !ReadUser(&room, length)) return Cause::kBadAddressPointer;
    if (static_cast<int32_t>(room) < 0) return Cause::kInvalidArgument;
  }
  auto file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  if ((flags & ~kTypeFlags) != 0) return Cause::kInvalidArgument;
  FdTable& fds = context.process.fds();
  DRYWIRE_RETURN_IF_FAILED(fds.CheckRoom());
  auto found = SocketOf(*file);
  if (!found.ok()) return found.cause();
  Socket& listener = **found;

  BlockOptions options;
  options.nonblocking = listener.nonblocking();
  if (profile.accept_obeys_receive_timeout) options.timeout = listener.receive_timeout();
  options.exclusive = true;
  options.restarts = RestartsWithTimeout(context, options.timeout);
  auto accepted = Block(context, listener, {"accept", fd, &listener}, options,
                        [&] { return listener.Accept(); });
  if (!accepted.ok()) return accepted.cause();
  Socket& socket = **accepted;
  socket.set_nonblocking((flags & SOCK_NONBLOCK) != 0 || (inherits && listener.nonblocking()));
  // Installed before the address is written, so that closing it resets the connection when the
  // address cannot be: it is lost then, on both systems.
  auto installed = fds.Install(*accepted, (flags & SOCK_CLOEXEC) != 0);
  if (!installed.ok()) return installed.cause();
  if (address != nullptr) {
    auto peer = socket.PeerName();
    // A connection that died in the queue has no peer any more; Linux reports an empty address.
    const Result<> written = WriteAddress(peer.ok() ? *peer : RawAddress(), address, length);
    if (!written.ok()) {
      (void)fds.Close(*installed).ok();
      return written.cause();
    }
  }
  return int64_t{*installed};
}

template <typename GetName>
CallOutcome NameCall(SysContext& context, int fd, sockaddr* address, socklen_t* length,
                     GetName get_name) {
  if (context.profile().sys.arguments_before_descriptor) {
    socklen_t room = 0;
    if (!ReadUser(&room, length)) return Cause::kBadAddressPointer;
    if (static_cast<int32_t>(room) < 0) return Cause::kInvalidArgument;
  }
  auto socket = FindSocket(context, fd);
  if (!socket.ok()) return socket.cause();
  auto name = get_name(**socket);
  if (!name.ok()) return name.cause();
  DRYWIRE_RETURN_IF_FAILED(WriteAddress(*name, address, length));
  return 0;
}

CallOutcome Getsockopt(SysContext& context, int fd, int level, int name, void* value,
                       socklen_t* length) {
  socklen_t room = 0;
  const auto read_length = [&](bool is_signed) -> Result<> {
    if (!ReadUser(&room, length)) return Cause::kBadAddressPointer;
    if (is_signed && static_cast<int32_t>(room) < 0) return Cause::kInvalidArgument;
    return {};
  };
  const bool early = context.profile().sys.arguments_before_descriptor;
  if (early) DRYWIRE_RETURN_IF_FAILED(read_length(true));
  auto socket = FindSocket(context, fd);
  if (!socket.ok()) return socket.cause();
  if (!early) {
    DRYWIRE_RETURN_IF_FAILED((*socket)->CheckOptionLevel(level));
    DRYWIRE_RETURN_IF_FAILED(read_length((*socket)->OptionLengthIsSigned(level)));
  }
  uint8_t copy[kMaxOption] = {};
  size_t size = std::min<size_t>(room, sizeof copy);
  if (level == SOL_SOCKET && name == SO_ERROR) {
    const int error = TellErrno(context, Operation::kSoError, (*socket)->TakeError());
    std::memcpy(copy, &error, sizeof error);
    size = std::min(size, sizeof error);
  } else {
    auto got = (*socket)->GetOption(level, name, absl::MakeSpan(copy, size));
    if (!got.ok()) {
      if (got.cause() != Cause::kBufferTooSmall) return got.cause();
      // A list that does not fit: how long it would be is told.
      got = (*socket)->GetOption(level, name, absl::MakeSpan(copy));
      if (got.ok()) (void)WriteUser(length, static_cast<socklen_t>(*got));
      return Cause::kBufferTooSmall;
    }
    size = *got;
  }
  if (!CopyToUser(value, copy, size)) return Cause::kBadAddressPointer;
  if (!WriteUser(length, static_cast<socklen_t>(size))) return Cause::kBadAddressPointer;
  return 0;
}

CallOutcome Setsockopt(SysContext& context, int fd, int level, int name, const void* value,
                       socklen_t length) {
  const bool negative = static_cast<int32_t>(length) < 0;
  if (context.profile().sys.arguments_before_descriptor) {
    if (value == nullptr && length != 0) return Cause::kBadAddressPointer;
    if (negative) return Cause::kInvalidArgument;
  }
  auto socket = FindSocket(context, fd);
  if (!socket.ok()) return socket.cause();
  if (negative) return Cause::kInvalidArgument;
  uint8_t copy[kMaxOption] = {};
  const size_t size = std::min<size_t>(length, sizeof copy);
  if (!CopyFromUser(copy, value, size)) {
    return (*socket)->UnreadableOption(level, name, size);
  }
  DRYWIRE_RETURN_IF_FAILED((*socket)->SetOption(level, name, absl::MakeConstSpan(copy, size),
                                                context.process.credentials()));
  return 0;
}

CallOutcome CreateSocket(SysContext& context, int domain, int type, int protocol) {
  auto parsed = ParseType(type);
  if (!parsed.ok()) return parsed.cause();
  if (domain < 0 || domain > kMaxFamily) return Cause::kFamilyUnsupported;
  if (parsed->type > kMaxType) return Cause::kInvalidArgument;
  if (protocol < 0 || protocol > kMaxProtocol) return Cause::kInvalidArgument;
  auto socket =
      context.host().CreateSocket(domain, parsed->type, protocol, context.process.credentials());
  if (!socket.ok()) return socket.cause();
  FdTable& fds = context.process.fds();
  DRYWIRE_RETURN_IF_FAILED(fds.CheckRoom());
  (*socket)->set_nonblocking(parsed->nonblocking);
  auto fd = fds.Install(*socket, parsed->close_on_exec);
  if (!fd.ok()) return fd.cause();
  return int64_t{*fd};
}

CallOutcome CreatePair(SysContext& context, int domain, int type, int protocol, int* fds) {
  auto parsed = ParseType(type);
  if (!parsed.ok()) return parsed.cause();
  const Credentials& credentials = context.process.credentials();
  auto first = context.host().CreateSocket(domain, parsed->type, protocol, credentials);
  if (!first.ok()) return first.cause();
  if (domain != AF_UNIX) return Cause::kNotSupported;
  auto second = context.host().CreateSocket(domain, parsed->type, protocol, credentials);
  if (!second.ok()) return second.cause();
  UnixSocket::Pair(*UnixSocket::Of(first->get()), *UnixSocket::Of(second->get()), context.process);
  (*first)->set_nonblocking(parsed->nonblocking);
  (*second)->set_nonblocking(parsed->nonblocking);
  DRYWIRE_RETURN_IF_FAILED(InstallPair(context, *first, *second, parsed->close_on_exec, fds));
  return 0;
}

}  // namespace

SysResult SysSocket(SysContext& context, int domain, int type, int protocol) {
  return RunCall(context,
                 {"socket", Operation::kSocket, -1, static_cast<uint64_t>(domain),
                  static_cast<uint64_t>(type)},
                 [&] { return CreateSocket(context, domain, type, protocol); });
}

SysResult SysSocketpair(SysContext& context, int domain, int type, int protocol, int* fds) {
  return RunCall(context, {"socketpair", Operation::kSocket},
                 [&] { return CreatePair(context, domain, type, protocol, fds); });
}

SysResult SysBind(SysContext& context, int fd, const sockaddr* address, socklen_t length) {
  return RunCall(context, {"bind", Operation::kBind, fd, length}, [&]() -> CallOutcome {
    auto target = ReadTarget(context, fd, address, static_cast<int32_t>(length),
                             /*address_before_kind=*/false);
    if (!target.ok()) return target.cause();
    DRYWIRE_RETURN_IF_FAILED(target->socket->BindFor(target->address, context.process));
    return 0;
  });
}

SysResult SysListen(SysContext& context, int fd, int backlog) {
  return RunCall(context, {"listen", Operation::kListen, fd, static_cast<uint64_t>(backlog)},
                 [&]() -> CallOutcome {
                   auto socket = FindSocket(context, fd);
                   if (!socket.ok()) return socket.cause();
                   DRYWIRE_RETURN_IF_FAILED((*socket)->ListenFor(backlog, context.process));
                   return 0;
                 });
}

SysResult SysAccept(SysContext& context, int fd, sockaddr* address, socklen_t* length) {
  const bool inherits = context.profile().sys.accept_inherits_nonblocking;
  return RunCall(context, {"accept", Operation::kAccept, fd},
                 [&] { return Accept(context, fd, address, length, 0, inherits); });
}

SysResult SysAccept4(SysContext& context, int fd, sockaddr* address, socklen_t* length, int flags) {
  return RunCall(context, {"accept4", Operation::kAccept, fd, static_cast<uint64_t>(flags)},
                 [&] { return Accept(context, fd, address, length, flags, false); });
}

SysResult SysConnect(SysContext& context, int fd, const sockaddr* address, socklen_t length) {
  bool waiting = false;
  return RunCall(context, {"connect", Operation::kConnect, fd, length},
                 [&] { return Connect(context, fd, address, length, &waiting); });
}

SysResult SysGetsockname(SysContext& context, int fd, sockaddr* address, socklen_t* length) {
  return RunCall(context, {"getsockname", Operation::kGetsockname, fd}, [&] {
    return NameCall(context, fd, address, length, [](Socket& s) { return s.LocalName(); });
  });
}

SysResult SysGetpeername(SysContext& context, int fd, sockaddr* address, socklen_t* length) {
  return RunCall(context, {"getpeername", Operation::kGetpeername, fd}, [&] {
    return NameCall(context, fd, address, length, [](Socket& s) { return s.PeerName(); });
  });
}

SysResult SysGetsockopt(SysContext& context, int fd, int level, int name, void* value,
                        socklen_t* length) {
  return RunCall(context,
                 {"getsockopt", Operation::kGetsockopt, fd, static_cast<uint64_t>(level),
                  static_cast<uint64_t>(name)},
                 [&] { return Getsockopt(context, fd, level, name, value, length); });
}

SysResult SysSetsockopt(SysContext& context, int fd, int level, int name, const void* value,
                        socklen_t length) {
  return RunCall(context,
                 {"setsockopt", Operation::kSetsockopt, fd, static_cast<uint64_t>(level),
                  static_cast<uint64_t>(name)},
                 [&] { return Setsockopt(context, fd, level, name, value, length); });
}

SysResult SysShutdown(SysContext& context, int fd, int how) {
  return RunCall(context, {"shutdown", Operation::kShutdown, fd, static_cast<uint64_t>(how)},
                 [&]() -> CallOutcome {
                   auto socket = FindSocket(context, fd);
                   if (!socket.ok()) return socket.cause();
                   DRYWIRE_RETURN_IF_FAILED((*socket)->Shutdown(how));
                   return 0;
                 });
}

}  // namespace drywire
