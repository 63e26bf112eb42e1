// Sending on UNIX sockets.
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "stack/socket/file_buffers.h"
#include "stack/socket/unix_socket.h"

namespace drywire {
namespace {

// What the kernel keeps of a buffer for itself: the longest message is so much shorter.
constexpr int64_t kMessageOverhead = 32;

}  // namespace

Result<size_t> UnixSocket::Send(const SendArgs& args, const Credentials&) {
  ForgetWait();
  if (args.destination != nullptr && args.destination->empty()) {
    // An address of no bytes is none.
    SendArgs rest = args;
    rest.destination = nullptr;
    return Send(rest, Credentials());
  }
  return type() == SOCK_STREAM ? SendStream(args) : SendMessage(args);
}

// The errors that a system finds when it takes memory for a message.
Result<> UnixSocket::CheckAccount() {
  if (pending_error() != Cause::kNone) return TakeError();
  if (send_shut()) return Cause::kSendShutDown;
  if (!HasSendRoom()) return Cause::kWouldBlock;
  return {};
}

void UnixSocket::DeliverTo(UnixSocket& receiver, UnixMessage* message, const SendArgs& args,
                           UnixControl& control) {
  if (receiver.pass_credentials_ && UnixPcb::profile().bsd_credentials) {
    AddReceiverCreds(*domain_, *args.caller, !receiver.credentials_once_, &control);
    // Connections tell once, unless they are asked to go on.
    const bool once = receiver.has_connections() && receiver.credentials_once_;
    if (once) receiver.pass_credentials_ = false;
  }
  message->ends_record = (args.flags & MSG_EOR) != 0;
  if (control.has_ids) {
    message->ids = control.ids;
    message->has_ids = true;
  } else if (pass_credentials_ || receiver.pass_credentials_ || receiver.descriptors() == 0) {
    // Linux notes them only when somebody asks, or when nobody has accepted the connection yet.
    const CallerIds ids = args.caller->ids();
    message->ids = {ids.pid, ids.real_uid, ids.real_gid};
    message->has_ids = true;
  }
  message->attachment = control.ancillary.release();
  Deliver(message, receiver);
}

Result<size_t> UnixSocket::SendStream(const SendArgs& args) {
  const UnixProfile& profile = UnixPcb::profile();
  UnixControl control;
  if (!args.control.empty()) {
    Result<UnixControl> read = ReadUnixControl(*domain_, *args.caller, args.control);
    if (!read.ok()) return read.cause();
    control = std::move(*read);
    // What comes with a stream's data comes with the first of it.
    if (args.continued) control.ancillary.reset();
  }
  if ((args.flags & MSG_OOB) != 0) return Cause::kOutOfBandUnsupported;
  const bool connected = UnixPcb::state() == UnixState::kConnected;
  if (!profile.linux_credentials) {
    if (send_shut()) return Cause::kSendShutDown;
    if (pending_error() != Cause::kNone) return TakeError();
  }
  if (args.destination != nullptr && (!connected || profile.linux_credentials)) {
    return connected ? Cause::kAlreadyConnected : Cause::kAddressOnStream;
  }
  if (!connected) return Cause::kUnixNotConnected;
  if (send_shut()) return Cause::kSendShutDown;
  if (control.ancillary != nullptr) {
    const Result<> may = CheckInFlight(*args.caller, *control.ancillary);
    if (!may.ok()) return may.cause();
  }
  const size_t size = SizeOf(args.buffers);
  size_t sent = 0;
  while (sent < size) {
    const Result<> account = CheckAccount();
    if (!account.ok()) return sent > 0 ? Result<size_t>(sent) : account.cause();
    UnixSocket* const peer = Of(UnixPcb::peer());
    if (peer == nullptr) return sent > 0 ? Result<size_t>(sent) : Cause::kSendShutDown;
    const size_t part = std::min(size - sent, LargestPart());
    UnixMessage* const message = NewMessage(part);
    CopyFromBuffers(args.buffers, message->data, part, sent);
    DeliverTo(*peer, message, args, control);
    sent += part;
  }
  return sent;
}

Result<> UnixSocket::CheckInFlight(const Caller& caller, const UnixAncillary& ancillary) const {
  const Credentials& credentials = caller.credentials();
  if (!UnixPcb::profile().limits_in_flight || credentials.Has(Capability::kSysResource) ||
      credentials.Has(Capability::kSysAdmin)) {
    return {};
  }
  // These are counted already.
  const int64_t before =
      domain_->InFlightOf(caller.ids().real_uid) - static_cast<int64_t>(ancillary.files().size());
  if (before > caller.descriptor_limit()) return Cause::kTooManyInFlight;
  return {};
}

// --- Messages ---

Result<> UnixSocket::CheckReceiver(UnixSocket& receiver, size_t size) {
  const UnixProfile& profile = UnixPcb::profile();
  if (has_connections()) {
    if (receiver.receive_shut()) return Cause::kSendShutDown;
    return {};
  }
  if (!receiver.TakesFrom(*this)) return Cause::kPeerConnectedElsewhere;
  if (profile.linux_credentials && receiver.receive_shut()) return Cause::kSendShutDown;
  if (!receiver.QueueFullFor(*this, size)) return {};
  if (profile.full_receiver_is_error) return Cause::kReceiverFull;
  blocked_on_ = Ref<UnixSocket>(&receiver);
  return Cause::kWouldBlock;
}

Result<Ref<UnixSocket>> UnixSocket::Destination(const SendArgs& args) {
  if (args.destination != nullptr && !has_connections()) {
    return FindSocket(*args.destination, *args.caller);
  }
  UnixPcb* const peer = UnixPcb::peer();
  if (peer != nullptr) return Ref<UnixSocket>(Of(peer));
  if (has_connections()) return Cause::kSendShutDown;
  if (!peer_gone()) return Cause::kUnixNotConnected;
  // The peer was closed: this is how Linux finds out.
  SetPeer(nullptr);
  return Cause::kDatagramPeerGone;
}

Result<size_t> UnixSocket::SendMessage(const SendArgs& args) {
  const UnixProfile& profile = UnixPcb::profile();
  const bool connected = UnixPcb::state() == UnixState::kConnected;
  if (has_connections() && profile.linux_credentials) {
    if (pending_error() != Cause::kNone) return TakeError();
    if (!connected) return Cause::kUnixNotConnected;
  }
  UnixControl control;
  if (!args.control.empty()) {
    Result<UnixControl> read = ReadUnixControl(*domain_, *args.caller, args.control);
    if (!read.ok()) return read.cause();
    control = std::move(*read);
  }
  if ((args.flags & MSG_OOB) != 0) return Cause::kOutOfBandUnsupported;
  if (!profile.linux_credentials) {
    if (send_shut()) return Cause::kSendShutDown;
    if (pending_error() != Cause::kNone) return TakeError();
    if (has_connections() && !connected) return Cause::kUnixNotConnected;
    if (!connected && args.destination == nullptr) return Cause::kDestinationRequired;
    if (connected && args.destination != nullptr && !has_connections()) {
      return Cause::kAlreadyConnected;
    }
  }
  if (!has_connections() && args.destination != nullptr) {
    const Result<UnixTarget> target =
        ParseUnixAddress(profile, *args.destination, /*binding=*/false);
    if (!target.ok()) return target.cause();
  }
  const Result<> named = AutobindForCredentials();
  if (!named.ok()) return named.cause();
  const size_t size = SizeOf(args.buffers);
  const int64_t most =
      send_buffer() - (profile.flow_rule == UnixFlowRule::kSenderMemory ? kMessageOverhead : 0);
  if (static_cast<int64_t>(size) > most) return Cause::kMessageTooLong;
  const Result<> account = CheckAccount();
  if (!account.ok()) return account.cause();
  const Result<Ref<UnixSocket>> receiver = Destination(args);
  if (!receiver.ok()) return receiver.cause();
  const Result<> takes = CheckReceiver(**receiver, size);
  if (!takes.ok()) return takes.cause();
  if (control.ancillary != nullptr) {
    const Result<> may = CheckInFlight(*args.caller, *control.ancillary);
    if (!may.ok()) return may.cause();
  }
  UnixMessage* const message = NewMessage(size);
  CopyFromBuffers(args.buffers, message->data, size);
  DeliverTo(**receiver, message, args, control);
  return size;
}

}  // namespace drywire
