// send(), recv() and their relatives on TCP sockets.
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "stack/socket/file_buffers.h"
#include "stack/socket/tcp_host.h"
#include "stack/socket/tcp_socket.h"

namespace drywire {
namespace {

constexpr int kScmCredentials = 2;  // SCM_CREDENTIALS, which needs _GNU_SOURCE

// One message of SOL_SOCKET, as Linux judges it: kControlUnsupported, kNoPermission.
Result<> CheckSocketControl(const cmsghdr& header, absl::Span<const uint8_t> data,
                            const Credentials& credentials) {
  const bool privileged =
      credentials.Has(Capability::kNetAdmin) || credentials.Has(Capability::kNetRaw);
  int32_t value = 0;
  switch (header.cmsg_type) {
    case SCM_RIGHTS:
    case kScmCredentials:
      return {};
    case SO_MARK:
      if (!privileged) return Cause::kNoPermission;
      break;
    case SO_PRIORITY:
      break;
    default:
      return Cause::kControlUnsupported;
  }
  if (data.size() != sizeof value) return Cause::kControlUnsupported;
  std::memcpy(&value, data.data(), sizeof value);
  const bool ordinary = header.cmsg_type != SO_PRIORITY || (value >= 0 && value <= 6);
  return ordinary || privileged ? Result<>() : Result<>(Cause::kNoPermission);
}

// Ancillary data means nothing to TCP, but Linux reads it: what is too short for a header is no
// data, other levels are passed over, and of SOL_SOCKET some are let through, to no effect. Left
// out: SO_TIMESTAMPING.
Result<> CheckControl(absl::Span<const uint8_t> control, const Credentials& credentials) {
  cmsghdr header;
  while (control.size() >= sizeof header) {
    std::memcpy(&header, control.data(), sizeof header);
    if (header.cmsg_len < sizeof header || header.cmsg_len > control.size()) {
      return Cause::kControlUnsupported;
    }
    if (header.cmsg_level == SOL_SOCKET) {
      const Result<> allowed = CheckSocketControl(
          header, control.subspan(sizeof header, header.cmsg_len - sizeof header), credentials);
      if (!allowed.ok()) return allowed;
    }
    control.remove_prefix(std::min<size_t>(CMSG_ALIGN(header.cmsg_len), control.size()));
  }
  return {};
}

}  // namespace

Result<size_t> TcpSocket::Send(const SendArgs& args, const Credentials& credentials) {
  const Ref<Socket> alive = SelfReference();
  if (listening()) return Cause::kSocketListening;
  if (rules().shutdown_before_error && (shut() & kShutSend) != 0) {
    return dead_ ? Cause::kSocketDead : Cause::kSendShutDown;
  }
  if (closed() && !left_network_ && rules().sendto_connects && args.destination != nullptr) {
    const Result<ConnectProgress> started = Connect(*args.destination, credentials);
    if (!started.ok()) return started.cause();
  }
  const bool opens = handshaking() && rules().sendto_connects && args.destination != nullptr;
  if ((closed() || handshaking()) && !opens) {
    if (error_ != Cause::kNone) return TakePending();
    if (left_network_) return Cause::kSendShutDown;
    if (closed()) return Cause::kNotConnected;
    return rules().send_waits_for_connect ? Cause::kWouldBlock : Cause::kNotConnected;
  }
  if (rules().control_is_read) {
    const Result<> control = CheckControl(args.control, credentials);
    if (!control.ok()) return control.cause();
  } else if (!args.control.empty()) {
    return Cause::kControlUnsupported;
  }
  if (error_ != Cause::kNone) return TakePending();
  if ((shut() & kShutSend) != 0) return Cause::kSendShutDown;
  const size_t wanted = SizeOf(args.buffers);
  if (wanted == 0) return size_t{0};
  const bool urgent = (args.flags & MSG_OOB) != 0;
  if (urgent && tcb_.TooFullForUrgent()) return Cause::kNoBufferSpace;
  if (tcb_.SendRoom(urgent) == 0) return Cause::kWouldBlock;
  FollowPath();
  TcpHost::Scratch actions(TcpHost::Of(net()));
  called_at_ = net().now();
  const bool more = (args.flags & MSG_MORE) != 0;
  size_t taken = 0;
  if (urgent) {
    while (const size_t part = std::min(wanted - taken, tcb_.SendRoom(urgent))) {
      tcb_.Queue(BytesFromBuffers(args.buffers, part, taken));
      taken += part;
    }
    tcb_.PushUrgent(called_at_, taken == wanted && more, actions.get());
  } else {
    const bool by_packets = net().profile().tcp.fills_packets;
    while (const size_t part = std::min(wanted - taken, tcb_.SendRoom())) {
      const bool more_of_it = by_packets && taken + part < wanted;
      tcb_.Send(called_at_, BytesFromBuffers(args.buffers, part, taken), more_of_it || more,
                actions.get());
      taken += part;
    }
    if (by_packets && taken < wanted) tcb_.PushTaken(called_at_, actions.get());
  }
  if ((args.flags & MSG_EOR) != 0 && taken == wanted) tcb_.EndRecord();
  Perform(*actions);
  return taken;
}

Result<Received> TcpSocket::Receive(const ReceiveArgs& args) {
  const Ref<Socket> alive = SelfReference();
  Result<Received> received = ReceiveText(args);
  if (received.ok() && tcb_.settings().tells_unread && (args.flags & MSG_ERRQUEUE) == 0) {
    // tcp_inq_hint(): the FIN counts.
    received->unread = static_cast<int32_t>(tcb_.Readable()) + (tcb_.fin_received() ? 1 : 0);
  }
  return received;
}

Result<Received> TcpSocket::ReceiveText(const ReceiveArgs& args) {
  if ((args.flags & MSG_ERRQUEUE) != 0) return ReceiveError(args, &error_);
  if (listening()) return Cause::kSocketListening;
  if ((args.flags & MSG_OOB) != 0) return ReceiveUrgent(args);
  Received received;
  const size_t wanted = SizeOf(args.buffers);
  const bool peek = (args.flags & MSG_PEEK) != 0;
  const bool more_may_come = error_ == Cause::kNone && (shut() & kShutReceive) == 0 && !closed();
  Tcb::Stretch stretch = tcb_.NextStretch(wanted != 0 && !args.stays_at_mark);
  if (stretch.skip != 0 && !peek) {
    tcb_.PassUrgent();
    stretch.skip = 0;
  }
  if (stretch.text > 0) {
    const bool short_of_it = stretch.text < args.at_least && !stretch.ends;
    if (short_of_it && more_may_come) return Cause::kWouldBlock;
    for (const Buffer& buffer : args.buffers) {
      const size_t n = std::min(buffer.size, stretch.text - received.bytes);
      // MSG_TRUNC throws bytes away without copying them (tcp(7)).
      if ((args.flags & MSG_TRUNC) == 0) {
        tcb_.Peek(stretch.skip + received.bytes, buffer.data, n);
      }
      received.bytes += n;
    }
    received.ends_here = stretch.ends && received.bytes == stretch.text;
    if (peek) tcb_.LeaveMark();
    if (!peek && received.bytes > 0) {
      TcpHost::Scratch actions(TcpHost::Of(net()));
      tcb_.Consume(net().now(), received.bytes, actions.get());
      Perform(*actions);
    }
    return received;
  }
  if (wanted == 0 && tcb_.Readable() > 0) return received;  // the mark
  if (tcb_.fin_received() && rules().end_before_error) return received;
  if (args.continued && !more_may_come) return received;
  if (error_ != Cause::kNone) {
    return peek && !net().profile().socket.peek_takes_error ? error_ : TakePending();
  }
  if ((shut() & kShutReceive) != 0) return received;
  if (closed()) return Cause::kNotConnected;
  if (wanted == 0 && rules().empty_receive_returns) return received;
  return Cause::kWouldBlock;
}

// recv(MSG_OOB), which never waits.
Result<Received> TcpSocket::ReceiveUrgent(const ReceiveArgs& args) {
  const bool linux = net().profile().tcp.urgent_rule == UrgentRule::kLinux;
  const bool dropped = closed() && !tcb_.fin_received();
  uint8_t byte = 0;
  if (!linux && left_network_) return Cause::kSocketDead;  // tcp_usr_rcvoob
  const Cause none = tcb_.TakeUrgent((args.flags & MSG_PEEK) != 0 || dropped, &byte);
  if (linux && none != Cause::kNoUrgentData && dropped) return Cause::kNotConnected;
  const bool ended = closed() || (shut() & kShutReceive) != 0;
  if (linux && none == Cause::kUrgentDataUnderWay && ended) return Received();  // tcp_recv_urg
  if (none != Cause::kNone) return none;
  Received received;
  received.flags = MSG_OOB;
  received.ends_here = true;
  const size_t wanted = SizeOf(args.buffers);
  if (wanted == 0) {
    if (linux) received.flags |= MSG_TRUNC;
    return received;
  }
  received.bytes = 1;
  if ((args.flags & MSG_TRUNC) != 0) return received;
  for (const Buffer& buffer : args.buffers) {
    if (buffer.size == 0) continue;
    std::memcpy(buffer.data, &byte, 1);
    break;
  }
  return received;
}

Result<bool> TcpSocket::AtMark() const {
  const bool bsd = net().profile().tcp.urgent_rule == UrgentRule::kBsd;
  if (listening() && bsd) return Cause::kInvalidArgument;  // soo_ioctl
  return tcb_.AtMark();
}

Result<size_t> TcpSocket::Readable() const {
  if (listening()) return Cause::kInvalidArgument;
  return tcb_.InQueue();
}

Result<size_t> TcpSocket::NotSent() const {
  if (!rules().has_outqnsd) return Cause::kNotSupported;
  if (listening()) return Cause::kInvalidArgument;
  return tcb_.OutQueueNotSent();
}

Result<size_t> TcpSocket::Unsent() const {
  if (listening()) return Cause::kInvalidArgument;
  return tcb_.OutQueue();
}

}  // namespace drywire
