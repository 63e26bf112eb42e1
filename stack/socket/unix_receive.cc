// Receiving on UNIX sockets.
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "stack/socket/file_buffers.h"
#include "stack/socket/unix_socket.h"

namespace drywire {
namespace {

// What Linux tells of a message that was sent before anybody asked who sends.
constexpr uint32_t kOverflowId = 65534;

bool CarriesFiles(const UnixMessage& message) {
  const auto* const ancillary = static_cast<const UnixAncillary*>(message.attachment);
  return ancillary != nullptr && !ancillary->files().empty();
}

bool HasAncillary(const UnixMessage& message) { return message.attachment != nullptr; }

}  // namespace

Result<Received> UnixSocket::Receive(const ReceiveArgs& args) {
  ForgetWait();
  if ((args.flags & MSG_OOB) != 0) return Cause::kOutOfBandUnsupported;
  const Result<> may = CheckMayReceive();
  if (!may.ok()) return may.cause();
  return type() == SOCK_STREAM ? ReceiveStream(args) : ReceiveMessage(args);
}

Result<> UnixSocket::CheckMayReceive() const {
  if (!has_connections() || UnixPcb::state() == UnixState::kConnected) return {};
  return type() == SOCK_STREAM ? Cause::kUnixNotConnected : Cause::kNotConnected;
}

RawAddress UnixSocket::SourceOf(const UnixMessage& message) const {
  const UnixNameRef& name = message.sender->name();
  if (name) return name->address();
  const UnixProfile& profile = UnixPcb::profile();
  return profile.unnamed_source_is_empty ? RawAddress() : UnnamedUnixAddress(profile);
}

Result<Received> UnixSocket::NothingQueued(const ReceiveArgs& args) {
  if (args.continued) {
    // The error is lost, as on Linux.
    (void)TakeError();
    Received nothing;
    if (receive_shut()) return nothing;
    return Cause::kWouldBlock;
  }
  if (pending_error() != Cause::kNone) return TakeError();
  if (receive_shut()) return Received();
  return Cause::kWouldBlock;
}

// --- What comes along ---

void UnixSocket::WriteAncillary(const UnixMessage& message, const ReceiveArgs& args,
                                Received* received) {
  auto* const ancillary = static_cast<UnixAncillary*>(message.attachment);
  const bool linux_ids = pass_credentials_ && UnixPcb::profile().linux_credentials;
  if (ancillary == nullptr && !linux_ids) return;
  if (args.caller == nullptr || args.control.empty()) {
    // FreeBSD's kern_recvit() says nothing to those who have no room for any.
    if (!UnixPcb::profile().linux_credentials) return;
    if (linux_ids || CarriesFiles(message)) received->flags |= MSG_CTRUNC;
    return;
  }
  UnixControlWriter writer(args, received);
  if (linux_ids && !args.continued) {
    const ucred ids = message.has_ids ? ucred{message.ids.pid, message.ids.uid, message.ids.gid}
                                      : ucred{0, kOverflowId, kOverflowId};
    writer.Put(SOL_SOCKET, SCM_CREDENTIALS, &ids, sizeof ids);
  }
  if (ancillary == nullptr) return;
  if (!ancillary->messages().empty()) {
    const std::string& raw = ancillary->messages();
    writer.PutRaw({reinterpret_cast<const uint8_t*>(raw.data()), raw.size()});
  }
  if (!ancillary->files().empty()) writer.PutFiles(ancillary->files());
}

void UnixSocket::AdvancePeek(int64_t bytes) {
  if (peek_offset_ >= 0) peek_offset_ += bytes;
}

void UnixSocket::RewindPeek(int64_t bytes) {
  if (peek_offset_ > 0) peek_offset_ = std::max<int64_t>(peek_offset_ - bytes, 0);
}

// --- Streams ---

Result<Received> UnixSocket::ReceiveStream(const ReceiveArgs& args) {
  const UnixProfile& profile = UnixPcb::profile();
  const bool peek = (args.flags & MSG_PEEK) != 0;
  const size_t room = SizeOf(args.buffers);
  int64_t skip = peek && peek_offset_ > 0 ? peek_offset_ : 0;
  const UnixMessage* message = queue().first();
  while (message != nullptr && skip >= message->left()) {
    skip -= message->left();
    message = message->next;
  }
  if (message == nullptr) return NothingQueued(args);
  Received received;
  const bool tells_ids = pass_credentials_ && profile.linux_credentials;
  // What was received before in this call may be somebody else's.
  if (args.continued && tells_ids && !(message->ids == last_ids_)) {
    received.ends_here = true;
    return received;
  }
  const UnixSenderIds ids = message->ids;
  const bool has_ids = message->has_ids;
  last_ids_ = ids;
  if (profile.streams_tell_source && !args.continued) received.source = SourceOf(*message);
  // Who sent it is told even when nothing of it is taken.
  bool told = false;
  while (message != nullptr) {
    if (told && tells_ids && (!(message->ids == ids) || message->has_ids != has_ids)) {
      received.ends_here = true;
      break;
    }
    // FreeBSD does not join what came with control data to what came before.
    if (told && !profile.linux_credentials && HasAncillary(*message)) {
      received.ends_here = true;
      break;
    }
    const size_t part =
        std::min<size_t>(room - received.bytes, message->left() - static_cast<size_t>(skip));
    CopyToBuffers(args.buffers, message->unread() + skip, part, received.bytes);
    received.bytes += part;
    const bool files = CarriesFiles(*message);
    if (!told || files) {
      ReceiveArgs rest = args;
      rest.continued = args.continued || told;
      WriteAncillary(*message, rest, &received);
    }
    told = true;
    if (peek) {
      AdvancePeek(static_cast<int64_t>(part));
      if (files || received.bytes == room) {
        received.ends_here = files;
        break;
      }
      skip = 0;
      message = message->next;
      continue;
    }
    RewindPeek(static_cast<int64_t>(part));
    // Deleted when the queue is in order again: files that are closed by it may be sockets.
    const std::unique_ptr<UnixAttachment> gone(
        std::exchange(const_cast<UnixMessage*>(message)->attachment, nullptr));
    const bool whole = part == message->left();
    Consume(static_cast<uint32_t>(part));
    // Linux's reader gets no more than what came with the first descriptors; FreeBSD's may get what
    // was sent after them.
    received.ends_here = files && profile.linux_credentials;
    if (!whole || received.ends_here || received.bytes == room) break;
    message = queue().first();
  }
  return received;
}

// --- Messages ---

Result<Received> UnixSocket::ReceiveMessage(const ReceiveArgs& args) {
  const UnixProfile& profile = UnixPcb::profile();
  const bool peek = (args.flags & MSG_PEEK) != 0;
  if (profile.message_error_before_data && pending_error() != Cause::kNone) return TakeError();
  int64_t skip = peek && peek_offset_ > 0 ? peek_offset_ : 0;
  UnixMessage* message = queue().first();
  while (message != nullptr && skip > 0 && skip >= message->size) {
    skip -= message->size;
    message = message->next;
  }
  if (message == nullptr) {
    // Linux: a datagram socket whose reading end is shut says so only to those who wait.
    const bool asks = nonblocking() || (args.flags & MSG_DONTWAIT) != 0;
    if (profile.linux_credentials && !has_connections() && receive_shut() && asks) {
      return Cause::kWouldBlock;
    }
    return NothingQueued(args);
  }
  Received received;
  received.source = has_connections() && !profile.streams_tell_source ? UnnamedUnixAddress(profile)
                                                                      : SourceOf(*message);
  const size_t left = message->size - static_cast<size_t>(skip);
  const size_t part = std::min(SizeOf(args.buffers), left);
  CopyToBuffers(args.buffers, message->data + skip, part);
  if (part < left) received.flags |= MSG_TRUNC;
  if (!profile.linux_credentials && message->ends_record) received.flags |= MSG_EOR;
  received.bytes = (args.flags & MSG_TRUNC) != 0 ? left : part;
  if (peek) {
    WriteAncillary(*message, args, &received);
    AdvancePeek(static_cast<int64_t>(part));
    return received;
  }
  RewindPeek(static_cast<int64_t>(message->size));
  message = Pop();
  WriteAncillary(*message, args, &received);
  Discard(message);
  return received;
}

}  // namespace drywire
