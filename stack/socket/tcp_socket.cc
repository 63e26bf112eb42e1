#include "stack/socket/tcp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "stack/ip/ip_stack.h"
#include "stack/socket/tcp_acceptor.h"
#include "stack/socket/tcp_host.h"

namespace drywire {

namespace {

// As ss(8) names them.
absl::string_view SsStateName(TcpState state) {
  switch (state) {
    case TcpState::kClosed:
      return "UNCONN";
    case TcpState::kSynReceived:
      return "SYN-RECV";
    case TcpState::kEstablished:
      return "ESTAB";
    default:
      return TcpStateName(state);
  }
}

}  // namespace

TcpSocket::TcpSocket(NetStack* net, int domain, uint32_t uid)
    : InetSocket(net, domain, SOCK_STREAM, IPPROTO_TCP, uid, net->profile().tcp.rmem[1],
                 net->profile().tcp.wmem[1]),
      tcb_(&net->profile().tcp) {
  timer_.BindMethod<&TcpSocket::OnTimer>("tcp timer", this);
}

TcpSocket::~TcpSocket() = default;

Ref<Socket> TcpSocket::Create(NetStack* net, int domain, uint32_t uid) {
  return Ref<Socket>(new TcpSocket(net, domain, uid));
}

int TcpSocket::shut() const {
  if (listening()) return shut_;
  int shut = shut_;
  if (left_network_) shut |= kShutReceive | kShutSend;
  if (tcb_.fin_received() || tcb_.receive_shut()) shut |= kShutReceive;
  if (tcb_.send_shut()) shut |= kShutSend;
  return shut;
}

// --- Arrivals and time

void TcpSocket::OnSegment(PacketPtr packet) {
  const Ref<Socket> alive = SelfReference();
  TcpHost::Scratch actions(TcpHost::Of(net()));
  tcb_.SegmentArrives(net().now(), *packet->segment(), actions.get());
  packet.reset();
  Perform(*actions);
}

void TcpSocket::OnPacketError(const PacketError& error) {
  const Ref<Socket> alive = SelfReference();
  TcpHost::Scratch actions(TcpHost::Of(net()));
  const bool opening = handshaking();
  RouteChoice hop = *route_;
  if (error.mtu != 0) hop.mtu = error.mtu;
  if (error.cause == Cause::kIcmpFragmentationNeeded && tcb_.IcmpIsGenuine(error.quoted.seq)) {
    hop.mtu = net().ip().NotePathMtu(net().now(), id().remote.address, hop.mtu);
  }
  // No time has passed: the answer arrives while the call that sent the packet goes on.
  const bool inside_call = !error.local && net().now() == called_at_;
  const bool inside_connect = tcb_.state() == TcpState::kSynSent && inside_call;
  const bool genuine = tcb_.IcmpIsGenuine(error.quoted.seq);
  tcb_.IcmpArrives(net().now(), error.cause, error.quoted.seq, MssOf(hop, remote().address),
                   actions.get(), inside_connect);
  Perform(*actions);
  // ipv4_link_failure: the route is of no use any more.
  if (error.local && closed()) route_ = RouteRef();
  // ICMPv6 errors are queued only for those who ask for them.
  const bool v4 = error.quoted.destination.is_v4();
  const bool queued = opening && genuine && rules().icmp_stays_queued && (v4 || WantsErrors(v4));
  if (queued && (closed() || tcb_.has_soft_error())) {
    QueueError(error);
    WakeReaders();
    WakeWriters();
  }
  // Whoever asks is told of what is no reason to end the connection, too.
  if (!opening && genuine && !inside_call && WantsErrors(v4) && tcb_.has_soft_error()) {
    error_ = tcb_.TakeSoftError();
    WakeReaders();
    WakeWriters();
  }
}

void TcpSocket::FollowPath() {
  const bool changed = mtu_changed_;
  mtu_changed_ = false;
  if (!changed || closed() || listening()) return;
  tcb_.FollowPath(MssOf(*route_, id().remote.address));
}

void TcpSocket::OnTimer() {
  if (net().paused()) return;
  const Ref<Socket> alive = SelfReference();
  FollowPath();
  TcpHost::Scratch actions(TcpHost::Of(net()));
  tcb_.OnDeadline(net().now(), actions.get());
  Perform(*actions);
}

void TcpSocket::OnCrash() {
  const Ref<Socket> alive = SelfReference();
  if (acceptor_ != nullptr) acceptor_->Vanish();
  tcb_.Vanish();
  net().demux().Unregister(this);
  net().events().Cancel(&timer_);
  PortTable::Release(&port_);
  left_network_ = true;
  ReleaseSelf();
}

void TcpSocket::Rearm() {
  const Instant deadline = left_network_ ? kNever : tcb_.NextDeadline();
  if (timer_.is_pending() ? timer_.time() == deadline : deadline.is_never()) return;
  net().events().Schedule(&timer_, std::max(deadline, net().now()));
}

void TcpSocket::Perform(Actions& actions) {
  SendSegments(actions);
  if (actions.error != Cause::kNone) {
    error_ = actions.error;
    failed_ = true;
  }
  if (actions.time_wait) {
    EnterTimeWait();
  } else if (actions.finished) {
    LeaveNetwork();
  }
  Rearm();
  if (actions.established && parent_ != nullptr) parent_->acceptor_->OnEstablished(this);
  if (actions.finished && parent_ != nullptr) parent_->acceptor_->OnChildGone(this);
  if (actions.wake_readers || actions.finished || actions.time_wait) WakeReaders();
  if (actions.wake_writers || actions.finished || actions.time_wait || actions.established ||
      (tcb_.orphan() && tcb_.Drained())) {
    WakeWriters();
  }
}

// What they could be told is not worked out when nobody waits.
void TcpSocket::WakeReaders() {
  if (has_read_waiters()) NotifyReaders(Poll() | kPollIn | kPollRdNorm);
}

void TcpSocket::WakeWriters() {
  if (has_write_waiters()) NotifyWriters(Poll() | kPollOut | kPollWrNorm);
}

void TcpSocket::SendSegments(Actions& actions) {
  for (size_t i = 0; i < actions.segments.size(); ++i) {
    const Seq seq = actions.segments[i].seq;
    const bool fresh = actions.sends_new && actions.segments[i].Length() != 0 &&
                       !seq.Before(actions.before.unsent);
    const Cause refusal = SendSegment(actions.segments.Take(i));
    const bool full = refusal == Cause::kQueueFull;
    if (!fresh || (!full && refusal != Cause::kFirewallDenied)) continue;
    if (!net().profile().tcp.refused_is_unsent) continue;
    // The rest is not tried.
    tcb_.TakeBack(net().now(), seq, full, actions);
    return;
  }
}

// Why it was refused on its way out, kNone when it was not.
Cause TcpSocket::SendSegment(PacketPtr packet) {
  if (mute_) return Cause::kNone;
  if (route_->generation != net().ip().generation()) {
    const Result<RouteRef> route =
        SelectRoute(remote().address, id().local.address, remote().scope_id);
    if (!route.ok()) {
      tcb_.NoteSendFailure(route.cause());
      return route.cause();
    }
    mtu_changed_ |= route_->mtu != (*route)->mtu;
    route_ = *route;
  }
  const ConnectionId& id = this->id();
  packet->source = id.local.address;
  packet->destination = id.remote.address;
  const IpProfile& ip = net().profile().ip;
  const bool v4 = id.remote.address.is_v4();
  const int64_t ttl = v4 ? (options_->ttl >= 0 ? options_->ttl : ip.default_ttl)
                         : (options_->hops >= 0 ? options_->hops : ip.default_hop_limit);
  packet->ttl = static_cast<uint8_t>(ttl);
  packet->tos = static_cast<uint8_t>(v4 ? options_->tos : options_->traffic_class);
  const Result<> sent = net().Send(std::move(packet), *route_);
  if (sent.ok()) return Cause::kNone;
  // Neither system tells.
  if (sent.cause() == Cause::kQueueFull) return sent.cause();
  if (first_send_failure_ == Cause::kNone) first_send_failure_ = sent.cause();
  tcb_.NoteSendFailure(sent.cause());
  return sent.cause();
}

// --- Ends

void TcpSocket::EnterTimeWait() {
  if (net().profile().tcp.nolocaltimewait != 0 && net().ip().IsLocal(remote().address)) {
    return LeaveNetwork();
  }
  TcpTimeWaitEndpoint* entry = TcpHost::Of(net()).NewTimeWait(tcb_.MakeTimeWait(net().now()));
  net().demux().ReplaceConnection(this, entry);
  PortTable::Move(&port_, &entry->port());
  entry->port().use = PortBinding::Use::kTimeWait;
  shown_port_ = entry->port().port();
  in_time_wait_ = true;
  LeaveNetwork();
}

void TcpSocket::LeaveNetwork() {
  if (left_network_) return;
  left_network_ = true;
  dead_ = failed_ && rules().failed_socket_is_dead;
  if (is_registered()) net().demux().Unregister(this);
  if (!port_bound_ && rules().releases_automatic_port && port_.port() != 0) {
    shown_port_ = port_.port();
    PortTable::Release(&port_);
  }
  if (descriptors() == 0) PortTable::Release(&port_);
  ReleaseSelf();
}

void TcpSocket::HoldSelf() {
  if (holds_self_) return;
  holds_self_ = true;
  AddReference();
}

void TcpSocket::ReleaseSelf() {
  if (!holds_self_) return;
  holds_self_ = false;
  DropReference();  // callers hold a reference of their own
}

void TcpSocket::OnLastClose() {
  const Ref<Socket> alive = SelfReference();
  if (acceptor_ != nullptr) {
    acceptor_->Close();
    acceptor_.reset();
  } else if (!closed()) {
    HoldSelf();
    TcpHost::Scratch actions(TcpHost::Of(net()));
    if (options_->linger_on != 0 && options_->linger_seconds == 0) {
      tcb_.Abort(net().now(), actions.get());
    } else {
      tcb_.Close(net().now(), actions.get());
    }
    Perform(*actions);
    return;
  }
  PortTable::Release(&port_);
}

Duration TcpSocket::LingerTime() const {
  if (options_->linger_on == 0) return Duration();
  if (options_->linger_seconds < 0) return kInfinite;
  return Duration::Seconds(options_->linger_seconds);
}

bool TcpSocket::LingerDone() const { return left_network_ || tcb_.Drained(); }

Result<> TcpSocket::Shutdown(int how) {
  const Ref<Socket> alive = SelfReference();
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return Cause::kInvalidArgument;
  const int bits = how + 1;
  if (dead_) return Cause::kSocketDead;
  if (listening()) {
    if (!rules().shutdown_disconnects) {
      const bool aborts = rules().listener_shutdown_aborts_accept && (bits & kShutReceive) != 0;
      if (aborts) acceptor_->AbortAccept();
      return Cause::kNotConnected;
    }
    // Linux: the reading side of a listener is its listening.
    if ((bits & kShutReceive) != 0) Disconnect();
    return {};
  }
  if (attempt_pending_ && !handshaking()) {
    attempt_pending_ = false;
    connected_ = !closed();
  }
  if (closed()) {
    if (rules().shutdown_disconnects) shut_ = (shut_ | bits) & (kShutReceive | kShutSend);
    WakeReaders();
    WakeWriters();
    return Cause::kNotConnected;
  }
  FollowPath();
  if (tcb_.state() == TcpState::kSynSent && rules().shutdown_disconnects) {
    Disconnect();
    error_ = Cause::kShutDownWhileConnecting;
    WakeReaders();
    WakeWriters();
    return {};
  }
  TcpHost::Scratch actions(TcpHost::Of(net()));
  if ((bits & kShutReceive) != 0) tcb_.ShutdownReceive(net().now(), actions.get());
  if ((bits & kShutSend) != 0) tcb_.ShutdownSend(net().now(), actions.get());
  Perform(*actions);
  WakeReaders();
  WakeWriters();
  return {};
}

// --- What is told

Cause TcpSocket::TakeError() {
  if (error_ != Cause::kNone) return TakePending();
  return rules().soft_errors_are_told ? tcb_.TakeSoftError() : Cause::kNone;
}

Result<RawAddress> TcpSocket::LocalName() const {
  Endpoint name = local_;
  name.port = port_.port() != 0 ? port_.port() : shown_port_;
  return EncodeInetAddress(name, domain());
}

Result<RawAddress> TcpSocket::PeerName() const {
  if (dead_) return Cause::kSocketDead;
  if (listening()) return Cause::kSocketListening;
  if (closed() || tcb_.state() == TcpState::kSynSent) return Cause::kNotConnected;
  return EncodeInetAddress(remote(), domain());
}

std::string TcpSocket::Describe() const {
  if (listening()) {
    return absl::StrCat("LISTEN ", acceptor_->Describe(), " ",
                        Endpoint{LocalOrAny(), port_.port(), 0}.ToString(), " *");
  }
  Endpoint local = local_;
  local.port = port_.port();
  return absl::StrCat(SsStateName(left_network_ ? TcpState::kClosed : tcb_.state()), " ",
                      tcb_.Readable(), " ", tcb_.Unacknowledged(), " ", local.ToString(), " ",
                      remote().ToString());
}

uint32_t TcpSocket::Poll() const {
  if (listening()) return acceptor_->HasReady() ? kPollIn | kPollRdNorm : 0;
  const int shut = this->shut();
  const bool linux = rules().poll_rule == StreamPollRule::kLinux;
  const bool readable = tcb_.Readable() - tcb_.NextStretch().skip >=
                        static_cast<size_t>(std::max(options_->receive_low_water, 1));
  const bool both = shut == (kShutReceive | kShutSend);
  uint32_t bits = 0;
  if (tcb_.HasUrgent()) bits |= linux ? kPollPri : kPollPri | kPollRdBand;
  if (linux) {
    if (both || closed() || tcb_.state() == TcpState::kTimeWait) bits |= kPollHup;
    if ((shut & kShutReceive) != 0) bits |= kPollIn | kPollRdNorm | kPollRdHup;
    if (!handshaking()) {
      if (readable) bits |= kPollIn | kPollRdNorm;
      if ((shut & kShutSend) != 0 || tcb_.HasWriteSpace()) bits |= kPollOut | kPollWrNorm;
    }
    if (error_ != Cause::kNone || HasQueuedErrors()) bits |= kPollErr;
    return bits;
  }
  const bool fresh = tcb_.state() == TcpState::kClosed && !left_network_;
  if (readable || (shut & kShutReceive) != 0 || error_ != Cause::kNone) {
    bits |= kPollIn | kPollRdNorm;
  }
  if (!fresh && !handshaking() && ((shut & kShutSend) != 0 || tcb_.HasWriteSpace())) {
    bits |= kPollOut | kPollWrNorm;
  }
  if (both) bits = (bits | kPollIn | kPollRdNorm | kPollHup) & ~(kPollOut | kPollWrNorm);
  return bits;
}

}  // namespace drywire
