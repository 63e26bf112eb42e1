// Calls that move data.
//
// The buffers of a call are probed first (one byte a page), so that sockets may touch them freely;
// a buffer that is partly bad takes a slower way with the result a kernel gives.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "stack/personality/errno_rules.h"
#include "stack/socket/control_data.h"
#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/queued_error.h"
#include "stack/sys/receive.h"
#include "stack/sys/send.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

constexpr size_t kMaxControl = 20480;  // net.core.optmem_max

// --- Reading files ---

CallOutcome ReadFromFile(SysContext& context, File& file, int fd, Buffers buffers) {
  BlockOptions options;
  options.nonblocking = file.nonblocking();
  buffers.Cut(kMaxChunk);
  if (WritablePrefix(buffers.list) < buffers.total) return Cause::kBadAddressPointer;
  auto result =
      Block(context, file, {"read", fd, &file}, options, [&] { return file.Read(buffers.list); });
  if (!result.ok()) return result.cause();
  return static_cast<int64_t>(*result);
}

// --- Messages ---

CallOutcome SendMessage(SysContext& context, int fd, const msghdr* message, int flags) {
  auto socket = FindSocket(context, fd);
  if (!socket.ok()) return socket.cause();
  msghdr header = {};
  if (!ReadUser(&header, message)) return Cause::kBadAddressPointer;
  SendRequest request;
  request.fd = fd;
  request.name = "sendmsg";
  request.flags = flags;
  RawAddress address;
  if (header.msg_name != nullptr && header.msg_namelen != 0) {
    int64_t length = static_cast<int32_t>(header.msg_namelen);
    if (context.profile().sys.send_cuts_long_name) {
      length = std::min(length, context.profile().socket.address.max_length);
    }
    auto raw = ReadAddress(context, static_cast<const sockaddr*>(header.msg_name), length);
    if (!raw.ok()) return raw.cause();
    address = *raw;
    request.destination = &address;
  }
  if (header.msg_iovlen > UIO_MAXIOV) return Cause::kMessageTooLong;
  auto buffers = ReadVectors(header.msg_iov, static_cast<int64_t>(header.msg_iovlen));
  if (!buffers.ok()) return buffers.cause();
  request.buffers = *std::move(buffers);
  std::vector<uint8_t> control;
  if (header.msg_controllen > 0) {
    if (header.msg_controllen > kMaxControl) return Cause::kNoBufferSpace;
    control.resize(header.msg_controllen);
    if (!CopyFromUser(control.data(), header.msg_control, control.size())) {
      return Cause::kBadAddressPointer;
    }
    request.control = control;
  }
  return SendOnSocket(context, **socket, std::move(request));
}

CallOutcome ReceiveMessage(SysContext& context, int fd, msghdr* message, int flags) {
  auto socket = FindSocket(context, fd);
  if (!socket.ok()) return socket.cause();
  msghdr header = {};
  if (!ReadUser(&header, message)) return Cause::kBadAddressPointer;
  const bool negative = header.msg_name != nullptr && static_cast<int32_t>(header.msg_namelen) < 0;
  if (negative && context.profile().sys.receive_refuses_negative_name) {
    return Cause::kInvalidArgument;
  }
  if (header.msg_iovlen > UIO_MAXIOV) return Cause::kMessageTooLong;
  auto buffers = ReadVectors(header.msg_iov, static_cast<int64_t>(header.msg_iovlen));
  if (!buffers.ok()) return buffers.cause();
  std::vector<uint8_t> control(std::min(header.msg_controllen, kMaxControl));
  ReceiveRequest request;
  request.fd = fd;
  request.name = "recvmsg";
  request.flags = flags;
  request.buffers = *std::move(buffers);
  request.control = absl::MakeSpan(control);
  auto received = ReceiveFromSocket(context, **socket, std::move(request));
  if (!received.ok()) return received.cause();
  if (received->queued_error != nullptr) {
    WriteQueuedError(context, (*socket)->domain(), absl::MakeSpan(control), &*received);
  }
  if (received->unread.has_value()) {
    PutControl(absl::MakeSpan(control), IPPROTO_TCP, TCP_CM_INQ, &*received->unread,
               sizeof *received->unread, &*received);
  }
  received->flags |= flags & MSG_CMSG_CLOEXEC;
  if (header.msg_name != nullptr) {
    const size_t size = std::min<size_t>(header.msg_namelen, received->source.bytes().size());
    if (!CopyToUser(header.msg_name, received->source.bytes().data(), size)) {
      return Cause::kBadAddressPointer;
    }
    const auto length = static_cast<socklen_t>(received->source.length());
    if (!WriteUser(&message->msg_namelen, length)) return Cause::kBadAddressPointer;
  }
  if (!CopyToUser(header.msg_control, control.data(), received->control_bytes) ||
      !WriteUser(&message->msg_controllen, received->control_bytes) ||
      !WriteUser(&message->msg_flags, received->flags)) {
    return Cause::kBadAddressPointer;
  }
  return static_cast<int64_t>(received->bytes);
}

CallOutcome SendTo(SysContext& context, const CallInfo& info, Buffers buffers, int flags,
                   const sockaddr* address, socklen_t length) {
  SendRequest request;
  request.fd = info.fd;
  request.name = info.name;
  request.flags = flags;
  request.buffers = std::move(buffers);
  RawAddress raw;
  const auto read_address = [&]() -> Result<> {
    if (address == nullptr) return {};
    auto read = ReadAddress(context, address, static_cast<int32_t>(length));
    if (!read.ok()) return read.cause();
    raw = *read;
    request.destination = &raw;
    return {};
  };
  const bool early = context.profile().sys.arguments_before_descriptor;
  if (early) DRYWIRE_RETURN_IF_FAILED(read_address());
  auto socket = FindSocket(context, info.fd);
  if (!socket.ok()) return socket.cause();
  if (!early) DRYWIRE_RETURN_IF_FAILED(read_address());
  return SendOnSocket(context, **socket, std::move(request));
}

CallOutcome ReceiveFrom(SysContext& context, const CallInfo& info, Buffers buffers, int flags,
                        sockaddr* address, socklen_t* length) {
  if (context.profile().sys.arguments_before_descriptor && length != nullptr) {
    socklen_t room = 0;
    if (!ReadUser(&room, length)) return Cause::kBadAddressPointer;
  }
  auto socket = FindSocket(context, info.fd);
  if (!socket.ok()) return socket.cause();
  ReceiveRequest request;
  request.fd = info.fd;
  request.name = info.name;
  request.flags = flags;
  request.buffers = std::move(buffers);
  auto received = ReceiveFromSocket(context, **socket, std::move(request));
  if (!received.ok()) return received.cause();
  if (address != nullptr) {
    DRYWIRE_RETURN_IF_FAILED(WriteAddress(received->source, address, length));
  }
  return static_cast<int64_t>(received->bytes);
}

// read() and readv().
CallOutcome ReadInto(SysContext& context, const CallInfo& info, Result<Buffers> buffers) {
  auto file = FindFile(context, info.fd);
  if (!file.ok()) return file.cause();
  if (!buffers.ok()) return buffers.cause();
  Socket* const socket = (*file)->AsSocket();
  if (socket == nullptr) return ReadFromFile(context, **file, info.fd, *std::move(buffers));
  if (buffers->total == 0) return 0;
  ReceiveRequest request;
  request.fd = info.fd;
  request.name = info.name;
  request.buffers = *std::move(buffers);
  auto received = ReceiveFromSocket(context, *socket, std::move(request));
  if (!received.ok()) return received.cause();
  return static_cast<int64_t>(received->bytes);
}

// write() and writev().
CallOutcome WriteFrom(SysContext& context, const CallInfo& info, Result<Buffers> buffers) {
  auto file = FindFile(context, info.fd);
  if (!file.ok()) return file.cause();
  if (!buffers.ok()) return buffers.cause();
  Socket* const socket = (*file)->AsSocket();
  if (socket == nullptr) return WriteToFile(context, **file, info.fd, *std::move(buffers));
  SendRequest request;
  request.fd = info.fd;
  request.name = info.name;
  request.buffers = *std::move(buffers);
  return SendOnSocket(context, *socket, std::move(request));
}

// Messages one after the other; the count of those done, or the first one's failure.
template <typename One>
SysResult ForEachMessage(mmsghdr* messages, unsigned count, One one) {
  unsigned done = 0;
  for (; done < std::min<unsigned>(count, UIO_MAXIOV); ++done) {
    const SysResult result = one(&messages[done].msg_hdr, done);
    if (!result.ok()) {
      if (done == 0) return result;
      break;
    }
    if (!WriteUser(&messages[done].msg_len, static_cast<unsigned>(result.value))) {
      return done == 0 ? SysResult::Fail(EFAULT) : SysResult{done, 0};
    }
  }
  return {done, 0};
}

}  // namespace

SysResult SysSend(SysContext& context, int fd, const void* data, size_t size, int flags) {
  const CallInfo info = {"send", Operation::kSend, fd, size, static_cast<uint64_t>(flags)};
  return RunCall(context, info, [&] {
    return SendTo(context, info, Buffers::One(data, size), flags, nullptr, 0);
  });
}

SysResult SysSendto(SysContext& context, int fd, const void* data, size_t size, int flags,
                    const sockaddr* address, socklen_t length) {
  const CallInfo info = {"sendto", Operation::kSend, fd, size, static_cast<uint64_t>(flags)};
  return RunCall(context, info, [&] {
    return SendTo(context, info, Buffers::One(data, size), flags, address, length);
  });
}

SysResult SysSendmsg(SysContext& context, int fd, const msghdr* message, int flags) {
  return RunCall(context, {"sendmsg", Operation::kSend, fd, 0, static_cast<uint64_t>(flags)},
                 [&] { return SendMessage(context, fd, message, flags); });
}

SysResult SysSendmmsg(SysContext& context, int fd, mmsghdr* messages, unsigned count, int flags) {
  return ForEachMessage(messages, count, [&](msghdr* message, unsigned) {
    return SysSendmsg(context, fd, message, flags);
  });
}

SysResult SysRecv(SysContext& context, int fd, void* data, size_t size, int flags) {
  const CallInfo info = {"recv", Operation::kRecv, fd, size, static_cast<uint64_t>(flags)};
  return RunCall(context, info, [&] {
    return ReceiveFrom(context, info, Buffers::One(data, size), flags, nullptr, nullptr);
  });
}

SysResult SysRecvfrom(SysContext& context, int fd, void* data, size_t size, int flags,
                      sockaddr* address, socklen_t* length) {
  const CallInfo info = {"recvfrom", Operation::kRecv, fd, size, static_cast<uint64_t>(flags)};
  return RunCall(context, info, [&] {
    return ReceiveFrom(context, info, Buffers::One(data, size), flags, address, length);
  });
}

SysResult SysRecvmsg(SysContext& context, int fd, msghdr* message, int flags) {
  return RunCall(context, {"recvmsg", Operation::kRecv, fd, 0, static_cast<uint64_t>(flags)},
                 [&] { return ReceiveMessage(context, fd, message, flags); });
}

SysResult SysRecvmmsg(SysContext& context, int fd, mmsghdr* messages, unsigned count, int flags,
                      timespec* timeout) {
  Instant deadline = kNever;
  if (timeout != nullptr) {
    timespec copy = {};
    if (!ReadUser(&copy, timeout)) return SysResult::Fail(EFAULT);
    auto duration = ToDuration(copy);
    if (!duration.ok()) return SysResult::Fail(EINVAL);
    deadline = context.now() + *duration;
  }
  return ForEachMessage(messages, count, [&](msghdr* message, unsigned done) {
    // The time is looked at between messages only, as on Linux.
    if (done > 0 && context.now() >= deadline) return SysResult::Fail(EAGAIN);
    const bool dont_wait = done > 0 && (flags & MSG_WAITFORONE) != 0;
    return SysRecvmsg(context, fd, message,
                      (flags & ~MSG_WAITFORONE) | (dont_wait ? MSG_DONTWAIT : 0));
  });
}

SysResult SysRead(SysContext& context, int fd, void* data, size_t size) {
  const CallInfo info = {"read", Operation::kRecv, fd, size};
  return RunCall(context, info, [&] { return ReadInto(context, info, Buffers::One(data, size)); });
}

SysResult SysWrite(SysContext& context, int fd, const void* data, size_t size) {
  const CallInfo info = {"write", Operation::kSend, fd, size};
  return RunCall(context, info, [&] { return WriteFrom(context, info, Buffers::One(data, size)); });
}

SysResult SysReadv(SysContext& context, int fd, const iovec* vectors, int count) {
  const CallInfo info = {"readv", Operation::kRecv, fd, static_cast<uint64_t>(count)};
  return RunCall(context, info,
                 [&] { return ReadInto(context, info, ReadVectors(vectors, count)); });
}

SysResult SysWritev(SysContext& context, int fd, const iovec* vectors, int count) {
  const CallInfo info = {"writev", Operation::kSend, fd, static_cast<uint64_t>(count)};
  return RunCall(context, info,
                 [&] { return WriteFrom(context, info, ReadVectors(vectors, count)); });
}

}  // namespace drywire
