// bind() and connect() on TCP sockets.
#include <netinet/in.h>

#include <algorithm>
#include <utility>

#include "stack/ip/ip_stack.h"
#include "stack/socket/tcp_acceptor.h"
#include "stack/socket/tcp_host.h"
#include "stack/socket/tcp_socket.h"

namespace drywire {
namespace {

constexpr int kTcpHeader = 20;
constexpr int kIp4Header = 20;
constexpr int kIp6Header = 40;

}  // namespace

Result<> TcpSocket::Bind(const RawAddress& address, const Credentials& credentials) {
  if (dead_) return Cause::kSocketDead;
  const bool fresh = !listening() && closed();
  return BindChecked(address, credentials, fresh);
}

Result<ConnectProgress> TcpSocket::Connect(const RawAddress& address,
                                           const Credentials& credentials) {
  const Ref<Socket> alive = SelfReference();
  const SocketProfile& profile = net().profile().socket;
  const Result<bool> dissolve = IsDissolve(address, profile);
  if (!dissolve.ok()) return dissolve.cause();
  if (*dissolve) {
    Disconnect();
    return ConnectProgress::kDone;
  }
  if (listening()) return Cause::kSocketListening;
  if (dead_) {
    error_ = Cause::kNone;
    return Cause::kSocketDead;
  }
  if (attempt_pending_) {
    if (handshaking()) {
      return first_syn_unsent_ && rules().unsent_attempt_is_in_use ? Cause::kTupleInUse
                                                                   : Cause::kConnectAlreadyPending;
    }
    const Result<> outcome = TakeConnectResult();
    if (!outcome.ok()) return outcome.cause();
    if (rules().success_reported_once) return ConnectProgress::kDone;
  }
  if (connected_ || !closed()) {
    const bool in_use = in_time_wait_ && rules().time_wait_is_in_use;
    return in_use ? Cause::kTupleInUse : Cause::kAlreadyConnected;
  }
  // Failed, and shut down before the failure was told: nothing leads out of this state on Linux.
  if (left_network_) return Cause::kInvalidArgument;
  const Result<Endpoint> remote =
      DecodeInetAddress(address, domain(), type(), AddressUse::kConnect, v6only(), profile);
  if (!remote.ok()) return remote.cause();
  if (remote->port == 0 && net().profile().udp.port_zero_refused)
    return Cause::kDestinationPortZero;
  const Endpoint destination = Unmap(*remote);
  // Both systems ask their policy before the protocol sees the address.
  const Result<> allowed =
      net().ip().CheckConnect(net().now(), credentials.uid, destination, IpProtocol::kTcp);
  if (!allowed.ok()) return allowed.cause();
  if (rules().destination_before_route) {
    if (destination.address.IsMulticast()) return Cause::kMulticastDestination;
    if (destination.address.IsLimitedBroadcast()) return Cause::kBroadcastDestination;
  }
  return StartConnect(destination);
}

Result<> TcpSocket::TakeConnectResult() {
  const Ref<Socket> alive = SelfReference();
  if (handshaking()) return Cause::kWouldBlock;
  attempt_pending_ = false;
  if (closed() && (failed_ || !left_network_)) {
    const Cause cause = TakePending();
    if (!dead_) {
      Disconnect();
      WakeReaders();
      WakeWriters();
    }
    // Somebody else took the error (SO_ERROR, recv): all that is left to say is that it failed.
    return cause != Cause::kNone ? cause : Cause::kConnectAborted;
  }
  connected_ = true;
  return {};
}

Result<RouteRef> TcpSocket::SelectRoute(const Address& destination, const Address& source,
                                        uint32_t scope_id) const {
  RouteQuery query;
  query.destination = destination;
  query.source = source;
  query.interface = scope_id;
  query.protocol = IpProtocol::kTcp;
  query.uid = port_.uid;
  return net().ip().ShareRoute(net().now(), query);
}

Result<> TcpSocket::RefuseDestination(const RouteChoice& route) const {
  if (route.is_multicast()) return Cause::kMulticastDestination;
  if (route.is_broadcast() && route.output_error == Cause::kNone) {
    return Cause::kBroadcastDestination;
  }
  return {};
}

uint16_t TcpSocket::MssOf(const RouteChoice& route, const Address& remote) {
  const int headers = kTcpHeader + (remote.is_v4() ? kIp4Header : kIp6Header);
  const int64_t mss = static_cast<int64_t>(route.mtu) - headers;
  return static_cast<uint16_t>(std::clamp<int64_t>(mss, 1, 65535));
}

// A free local port when the socket has none; otherwise whether its own port will do.
Result<> TcpSocket::ChoosePort(const ConnectionId& id, bool* replaces, Seq* next_iss) {
  Demux& demux = net().demux();
  const bool choose = port_.port() == 0;
  const auto free = [&](uint16_t port) {
    ConnectionId candidate = id;
    candidate.local.port = port;
    const TcpConnectionEndpoint* other = demux.FindConnection(candidate);
    if (other == nullptr || other->MayBeReplaced()) return true;
    // Linux's rules are stricter for a port that it has chosen than for one that was bound.
    const auto* const entry = dynamic_cast<const TcpTimeWaitEndpoint*>(other);
    return entry != nullptr && entry->entry().MayBeReplaced(net().now(), false, choose);
  };
  if (choose) {
    const Result<> held = ports().BindForConnect(&port_, id.local.address, id.remote, free);
    if (!held.ok()) return Exhausted(held.cause(), held.cause());
  } else if (!free(port_.port())) {
    return net().profile().socket.tuple_conflict_is_in_use ? Cause::kAddressInUse
                                                           : Cause::kTupleInUse;
  }
  ConnectionId chosen = id;
  chosen.local.port = port_.port();
  TcpConnectionEndpoint* old = demux.FindConnection(chosen);
  *replaces = old != nullptr;
  if (old == nullptr) return {};
  // Only TIME-WAIT entries say that they may be replaced.
  auto* entry = static_cast<TcpTimeWaitEndpoint*>(old);
  *next_iss = entry->entry().NextIss();
  entry->Delete();
  return {};
}

Result<ConnectProgress> TcpSocket::StartConnect(const Endpoint& remote) {
  const Address source = local_.address.Unmapped();
  Address destination = remote.address;
  if (source.has_value() && !source.IsUnspecified()) {
    // :: is 127.0.0.1 for a socket that is bound to a v4-mapped address. Bound in one family, it
    // cannot connect in the other.
    if (v6() && source.is_v4() && destination.is_v6()) {
      if (!destination.IsUnspecified()) return Cause::kAddressFamilyMismatch;
      destination = Address::Loopback(Family::kInet);
    }
    if (source.is_v6() && destination.is_v4()) return Cause::kNoRoute;
  }
  if (destination.IsMulticast()) return Cause::kMulticastDestination;
  const Result<uint32_t> scope = ScopeFor(remote, /*connecting=*/true);
  if (!scope.ok()) return scope.cause();
  const Result<RouteRef> selected =
      SelectRoute(destination, source.IsUnspecified() ? Address() : source, *scope);
  if (!selected.ok()) return selected.cause();
  const RouteChoice* const route = &**selected;
  const Result<> refused = RefuseDestination(*route);
  if (!refused.ok()) return refused.cause();

  ConnectionId id;
  id.local = {route->source, port_.port(), 0};
  id.remote = {route->destination, remote.port, 0};
  const uint32_t link = route->is_local() ? *scope : route->interface;
  if (NeedsScope(id.local.address)) id.local.scope_id = link;
  if (NeedsScope(id.remote.address)) id.remote.scope_id = link;
  bool replaces = false;
  Seq next_iss;
  const Result<> port = ChoosePort(id, &replaces, &next_iss);
  if (!port.ok()) return port.cause();
  id.local.port = port_.port();
  const Result<> registered = net().demux().RegisterConnection(this, id);
  if (!registered.ok()) return registered.cause();

  const bool mapped = v6() && route->source.is_v4();
  was_mapped_ |= mapped;
  mute_ = was_mapped_ && !mapped && rules().mapped_socket_stays_ipv4;
  local_.address = mapped ? route->source.Mapped() : route->source;
  local_.scope_id = id.local.scope_id;
  PortTable::SetLocal(&port_, local_.address);
  port_.use = PortBinding::Use::kConnected;
  has_remote_ = true;
  route_ = *selected;
  left_network_ = failed_ = false;
  shown_port_ = 0;
  error_ = first_send_failure_ = Cause::kNone;
  tcb_.Reset();
  SyncSettings();
  attempt_pending_ = true;
  mtu_changed_ = false;
  called_at_ = net().now();

  const TcpHost& host = TcpHost::Of(net());
  Tcb::OpenParameters open;
  open.local_port = id.local.port;
  open.remote_port = id.remote.port;
  open.mss = MssOf(*route, id.remote.address);
  open.iss = replaces ? next_iss : host.isn().Isn(id, net().now());
  open.ts_offset = host.isn().TimestampOffset(id);
  TcpHost::Scratch actions(TcpHost::Of(net()));
  tcb_.Connect(net().now(), open, actions.get());
  Perform(*actions);
  first_syn_unsent_ = first_send_failure_ != Cause::kNone;
  if (first_syn_unsent_ && rules().connect_reports_send_failure) {
    return first_send_failure_;
  }
  return ConnectProgress::kInProgress;
}

void TcpSocket::Disconnect() {
  const bool reset_needed = !closed() && tcb_.state() != TcpState::kListen;
  Cause left_behind = Cause::kNone;
  if (acceptor_ != nullptr) {
    acceptor_->Close();
    acceptor_.reset();
  } else if (reset_needed) {
    left_behind = tcb_.state() == TcpState::kSynSent ? Cause::kShutDownWhileConnecting
                                                     : Cause::kDissolvedWhileConnected;
    TcpHost::Scratch actions(TcpHost::Of(net()));
    tcb_.Abort(net().now(), actions.get());
    Perform(*actions);
  }
  LeaveNetwork();
  tcb_.Reset();
  SyncSettings();
  left_network_ = failed_ = attempt_pending_ = connected_ = in_time_wait_ = false;
  shut_ = 0;
  has_remote_ = false;
  route_ = RouteRef();
  if (!address_bound_) local_ = Endpoint();
  port_.use = PortBinding::Use::kBound;
  // An error that nobody has read survives, unless there is a newer one.
  if (left_behind != Cause::kNone) error_ = left_behind;
}

void TcpSocket::BecomeChild(const TcpSocket& listener, TcpConnectionEndpoint* request_endpoint,
                            const Request& request, RouteRef route) {
  const ConnectionId id = request_endpoint->id();
  InheritFrom(listener);
  tcb_.set_settings(listener.tcb_.shared_settings());
  ports().Inherit(&port_, listener.port_);
  const bool mapped = v6() && id.local.address.is_v4();
  local_.address = mapped ? id.local.address.Mapped() : id.local.address;
  local_.scope_id = id.local.scope_id;
  PortTable::SetLocal(&port_, local_.address);
  port_.use = PortBinding::Use::kConnected;
  port_bound_ = false;
  address_bound_ = true;
  has_remote_ = true;
  route_ = std::move(route);
  connected_ = true;
  net().demux().ReplaceConnection(request_endpoint, this);
  tcb_.Adopt(net().now(), request);
}

}  // namespace drywire
