#include "stack/socket/udp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "stack/ip/ip_stack.h"
#include "stack/socket/file_buffers.h"

namespace drywire {
namespace {

constexpr uint32_t kInBits = kPollIn | kPollRdNorm;
constexpr uint32_t kOutBits = kPollOut | kPollWrNorm | kPollWrBand;
constexpr size_t kLongest = 65535;
constexpr size_t kUdpHeader = 8;
constexpr size_t kInetHeader = 20;
constexpr size_t kInet6Header = 40;

// SO_RCVBUF and SO_SNDBUF of a fresh socket: the system's for all sockets, or for datagrams.
int64_t ReceiveBuffer(const Profile& profile) {
  return profile.udp.receive_space != 0 ? profile.udp.receive_space : profile.socket.rmem_default;
}
int64_t SendBuffer(const Profile& profile) {
  return profile.udp.receive_space != 0 ? profile.udp.max_datagram : profile.socket.wmem_default;
}

}  // namespace

UdpSocket::UdpSocket(NetStack* net, int domain, uint32_t uid)
    : InetSocket(net, domain, SOCK_DGRAM, IPPROTO_UDP, uid, ReceiveBuffer(net->profile()),
                 SendBuffer(net->profile())),
      pcb_(&net->profile().udp) {}

UdpSocket::~UdpSocket() { Leave(); }

uint32_t UdpSocket::Poll() const {
  const UdpProfile& profile = net_->profile().udp;
  uint32_t bits = kOutBits;
  if (pcb_.First() != nullptr || pcb_.receive_shut()) bits |= kInBits;
  if (pcb_.pending_error() != Cause::kNone || HasQueuedErrors()) {
    bits |= profile.error_polls_as_error ? uint32_t{kPollErr} : kInBits;
  }
  if (pcb_.receive_shut() && profile.error_polls_as_error) bits |= kPollRdHup;
  if (pcb_.receive_shut() && pcb_.send_shut() && profile.shutdown_polls_hangup) {
    bits |= kPollHup;
    if (!profile.error_polls_as_error) bits &= ~kOutBits;
  }
  return bits;
}

// --- Names and ports ---

void UdpSocket::UpdateDemux() {
  if (port_.port() == 0) {
    Leave();
    return;
  }
  const SocketProfile& profile = net_->profile().socket;
  ReuseGroup group;
  group.member = profile.has_reuse_port_lb ? port_.reuse_port_lb : port_.reuse_port;
  group.uid = port_.uid;
  // Linux lets a socket that once chose an IPv6 address connect to an IPv4 one, but finds it under
  // the address it chose only: neither errors nor data reach it then.
  net_->demux().RegisterUdp(this, BoundForDemux(), pcb_.peer(), group);
}

Result<> UdpSocket::Bind(const RawAddress& address, const Credentials& credentials) {
  const Result<> bound = BindChecked(address, credentials, !pcb_.connected());
  if (bound.ok()) UpdateDemux();
  return bound;
}

Result<> UdpSocket::Listen(int, const Credentials&) { return Cause::kNotSupported; }
Result<Ref<Socket>> UdpSocket::Accept() { return Cause::kNotSupported; }

Result<> UdpSocket::EnsurePort(const Credentials& credentials) {
  if (port_.port() != 0) return {};
  const Result<> bound = AutoBind(credentials);
  if (!bound.ok()) return Exhausted(bound.cause(), Cause::kPortsExhaustedOnDatagram);
  UpdateDemux();
  return {};
}

Result<RawAddress> UdpSocket::PeerName() const {
  // Linux connects to port 0 but then has no name for the peer.
  if (!pcb_.connected() || peer_name_.port == 0) return Cause::kNotConnected;
  return EncodeInetAddress(peer_name_, domain());
}

// --- connect ---

void UdpSocket::Dissolve() {
  pcb_.Dissolve();
  peer_name_ = Endpoint();
  port_.use = PortBinding::Use::kBound;
  if (net_->profile().udp.connect_forgets) {
    // The local address becomes the wildcard even if it was bound; the port stays.
    local_ = Endpoint();
    address_bound_ = false;
    PortTable::SetLocal(&port_, LocalOrAny());
  } else {
    if (!address_bound_) {
      local_ = Endpoint();
      PortTable::SetLocal(&port_, LocalOrAny());
    }
    if (!port_bound_) PortTable::Release(&port_);
  }
  UpdateDemux();
}

Result<ConnectProgress> UdpSocket::Connect(const RawAddress& address,
                                           const Credentials& credentials) {
  const Profile& profile = net_->profile();
  const Result<bool> dissolve = IsDissolve(address, profile.socket);
  if (!dissolve.ok()) return dissolve.cause();
  if (*dissolve) {
    Dissolve();
    return ConnectProgress::kDone;
  }
  if (profile.udp.connect_forgets) {
    pcb_.TakeError();
    if (pcb_.connected()) Dissolve();
  }
  // Linux takes a port before it looks at the address, and keeps it if that fails.
  if (!profile.udp.tuple_ports) {
    const Result<> port = EnsurePort(credentials);
    if (!port.ok()) return port.cause();
  }
  const Result<Endpoint> remote =
      DecodeInetAddress(address, domain(), type(), AddressUse::kConnect, v6only(), profile.socket);
  if (!remote.ok()) return remote.cause();
  const Result<> connected = ConnectTo(*remote, credentials);
  if (!connected.ok()) return connected.cause();
  return ConnectProgress::kDone;
}

Result<> UdpSocket::ConnectTo(const Endpoint& remote, const Credentials& credentials) {
  const UdpProfile& profile = net_->profile().udp;
  if (remote.port == 0 && profile.port_zero_refused) return Cause::kDestinationPortZero;
  const Result<> allowed =
      net_->ip().CheckConnect(net_->now(), credentials.uid, Unmap(remote), IpProtocol::kUdp);
  if (!allowed.ok()) return allowed;
  const Result<RouteRef> selected = RouteTo(remote, AddressUse::kConnect, credentials.uid);
  if (!selected.ok()) return selected.cause();
  const RouteChoice* const route = &**selected;

  Endpoint peer = Unmap(remote);
  peer.address = route->destination;
  const Result<uint32_t> scope = ScopeFor(remote, /*connecting=*/true);
  const uint32_t link = route->is_local() && scope.ok() ? *scope : route->interface;
  peer.scope_id = NeedsScope(peer.address) ? link : 0;
  if (profile.tuple_ports) {
    const Result<> port = TakePortForTuple(route->source, peer);
    if (!port.ok()) return port;
  }
  const bool mapped = v6() && peer.address.is_v4();
  if (!local_.address.has_value() || local_.address.Unmapped().IsUnspecified()) {
    local_.address = mapped ? route->source.Mapped() : route->source;
    local_.scope_id = local_.address.IsLinkLocal() ? link : 0;
    PortTable::SetLocal(&port_, local_.address);
  }
  port_.use = PortBinding::Use::kConnected;
  route_ = *selected;
  peer_name_ = peer;
  if (mapped) peer_name_.address = peer.address.Mapped();
  pcb_.Connect(peer);
  UpdateDemux();
  return {};
}

// FreeBSD counts ports per 4-tuple, and refuses one that exists.
Result<> UdpSocket::TakePortForTuple(const Address& local, const Endpoint& peer) {
  const auto is_free = [&](uint16_t port) {
    const UdpEndpoint* other = net_->demux().FindUdp(Endpoint{local, port, peer.scope_id}, peer);
    return other == nullptr || other == this || !other->peer().address.has_value();
  };
  if (port_.port() != 0) {
    if (!is_free(port_.port())) return Cause::kTupleInUse;
    return {};
  }
  const Result<> held = ports().BindForConnect(&port_, LocalOrAny(), peer, is_free);
  if (!held.ok()) return Exhausted(held.cause(), Cause::kPortsExhaustedOnDatagram);
  return {};
}

Result<RouteRef> UdpSocket::RouteTo(const Endpoint& remote, AddressUse use, uint32_t uid) const {
  const Address local = local_.address;
  // A group or broadcast address is for receiving only.
  const bool bound = local.has_value() && net_->ip().IsLocal(local.Unmapped());
  Endpoint wire = Unmap(remote);
  // :: is 127.0.0.1 for a socket that is bound to a v4-mapped address.
  if (bound && local.IsV4Mapped() && wire.address.is_v6() && wire.address.IsUnspecified()) {
    wire.address = Address::Loopback(Family::kInet);
  }
  RouteQuery query;
  query.destination = wire.address;
  Result<uint32_t> scope = ScopeFor(remote, use == AddressUse::kConnect);
  if (!scope.ok()) return scope.cause();
  query.interface = wire.address.is_v6() ? *scope : 0;
  if (use == AddressUse::kSend) {
    query.scope_optional = net_->profile().udp.send_scope_optional;
    // What is connected to a link-local address stays on its link.
    const bool tied = pcb_.connected() && NeedsScope(peer_name_.address) && wire.address.is_v6();
    const uint32_t link = tied ? peer_name_.scope_id : 0;
    if (link != 0 && query.interface != 0 && query.interface != link) return Cause::kNoRoute;
    if (link != 0) query.interface = link;
  }
  query.protocol = IpProtocol::kUdp;
  query.uid = uid;
  if (bound) {
    query.source = local.Unmapped();
    // A socket that is bound in one family cannot send in the other.
    if (query.source.is_v4() && wire.address.is_v6()) return Cause::kAddressFamilyMismatch;
    // Connected before by its own choice of address, it can.
    if (query.source.is_v6() && wire.address.is_v4()) {
      if (address_bound_) return Cause::kNoRoute;
      query.source = Address();
    }
  }
  const Result<RouteRef> route = net_->ip().ShareRoute(net_->now(), query);
  if (!route.ok()) return route;
  // Linux judges permission with the route; FreeBSD when a datagram is sent.
  if ((*route)->is_broadcast() && options_->broadcast == 0 &&
      !net_->profile().udp.connect_forgets) {
    return Cause::kBroadcastNotPermitted;
  }
  return route;
}

// --- send ---

Result<Endpoint> UdpSocket::Destination(const SendArgs& args) const {
  const Profile& profile = net_->profile();
  // On AF_INET6 sockets Linux takes AF_UNSPEC for "no address".
  const bool none = args.destination == nullptr ||
                    (v6() && profile.socket.address.unspec_sends_as_inet &&
                     args.destination->length() >= static_cast<int64_t>(sizeof(sa_family_t)) &&
                     args.destination->family() == AF_UNSPEC);
  if (none) {
    if (!pcb_.connected()) return Cause::kDestinationRequired;
    return peer_name_;
  }
  const Result<Endpoint> given = DecodeInetAddress(*args.destination, domain(), type(),
                                                   AddressUse::kSend, v6only(), profile.socket);
  if (!given.ok()) return given;
  if (pcb_.connected() && profile.udp.address_on_connected_refused) {
    return Cause::kAlreadyConnected;
  }
  if (given->port == 0) return Cause::kDestinationPortZero;
  return given;
}

// Why nothing can be sent now: a pending error, which is thereby told, or shutdown.
Result<> UdpSocket::RefuseToSend() {
  const Cause pending = pcb_.TakeError();
  if (pending != Cause::kNone) return pending;
  if (pcb_.send_shut()) return Cause::kSendShutDown;
  return {};
}

Result<> UdpSocket::CheckSize(size_t size, const RouteChoice& route, uint16_t port) {
  const bool v4 = route.destination.is_v4();
  const auto refuse = [&](uint32_t mtu) {
    // ip_local_error() names the connected port, whichever was given.
    const uint16_t named = v4 ? pcb_.peer().port : port;
    if (WantsErrors(v4)) {
      QueueLocalError(Cause::kMessageTooLong, {route.destination, named, 0}, mtu);
      NotifyReaders(kPollErr);
    }
    return Cause::kMessageTooLong;
  };
  const size_t datagram = size + kUdpHeader + (v4 ? kInetHeader : 0);
  if (datagram > kLongest) return Cause::kMessageTooLong;
  const int64_t discover = v4 ? options_->mtu_discover : options_->mtu_discover6;
  const size_t packet = size + kUdpHeader + (v4 ? kInetHeader : kInet6Header);
  if (discover == IP_PMTUDISC_DO && packet > route.mtu) return refuse(route.mtu);
  // These two go by the interface and know nothing of the path.
  if (discover == IP_PMTUDISC_PROBE || discover == IP_PMTUDISC_INTERFACE) {
    const Interface* interface = net_->ip().FindInterface(route.interface);
    if (interface != nullptr && packet > interface->mtu) return refuse(interface->mtu);
  }
  return {};
}

Result<RouteRef> UdpSocket::RouteForSend(const Endpoint& remote, bool to_peer, uint32_t uid) {
  if (to_peer && route_->generation == net_->ip().generation()) return route_;
  const Result<RouteRef> route = RouteTo(remote, AddressUse::kSend, uid);
  if (route.ok() && to_peer) route_ = *route;
  return route;
}

Result<size_t> UdpSocket::Send(const SendArgs& args, const Credentials& credentials) {
  const UdpProfile& profile = net_->profile().udp;
  size_t size = 0;
  for (const Buffer& buffer : args.buffers) size += buffer.size;
  // Less than a header is no ancillary data, on both systems.
  if (args.control.size() >= sizeof(cmsghdr)) return Cause::kControlUnsupported;
  if (profile.error_before_destination) {
    if (pcb_.send_shut()) return Cause::kSendShutDown;
    const Result<> refused = RefuseToSend();
    if (!refused.ok()) return refused.cause();
  } else {
    const Result<> port = EnsurePort(credentials);
    if (!port.ok()) return port.cause();
  }
  const bool send_buffer_limits = profile.buffer_rule == UdpBufferRule::kPayloadAndAddress;
  const int64_t limit = send_buffer_limits ? options_->send_buffer : profile.max_datagram;
  if (static_cast<int64_t>(size) > limit) return Cause::kMessageTooLong;
  if ((args.flags & MSG_OOB) != 0) return Cause::kOutOfBandUnsupported;

  const Result<Endpoint> remote = Destination(args);
  if (!remote.ok()) return remote.cause();
  const bool to_peer = args.destination == nullptr;
  const Result<RouteRef> selected = RouteForSend(*remote, to_peer, credentials.uid);
  if (!selected.ok()) return selected.cause();
  const RouteChoice* const route = &**selected;
  if (route->is_broadcast() && options_->broadcast == 0 && profile.connect_forgets) {
    return Cause::kBroadcastNotPermitted;
  }
  const Result<> fits = CheckSize(size, *route, remote->port);
  if (!fits.ok()) return fits.cause();
  const Result<> refused = RefuseToSend();
  if (!refused.ok()) return refused.cause();
  const Result<> port = EnsurePort(credentials);
  if (!port.ok()) return port.cause();
  const Result<> sent = Transmit(BytesFromBuffers(args.buffers, size), remote->port, *route);
  const bool hidden = !sent.ok() && sent.cause() == Cause::kQueueFull &&
                      net_->profile().udp.hides_full_queue && !WantsErrors(remote->address.is_v4());
  if (!sent.ok() && !hidden) return sent.cause();
  return size;
}

Result<> UdpSocket::Transmit(Bytes payload, uint16_t port, const RouteChoice& route) {
  const bool v4 = route.destination.is_v4();
  const IpProfile& ip = net_->profile().ip;
  PacketPtr packet = net_->packets().New();
  packet->source = route.source;
  packet->destination = route.destination;
  const int64_t ttl = v4 ? options_->ttl : options_->hops;
  const int64_t default_ttl = v4 ? ip.default_ttl : ip.default_hop_limit;
  packet->ttl = static_cast<uint8_t>(ttl >= 0 ? ttl : default_ttl);
  packet->tos = static_cast<uint8_t>(v4 ? options_->tos : options_->traffic_class);
  Datagram datagram;
  datagram.source_port = port_.port();
  datagram.destination_port = port;
  datagram.payload = std::move(payload);
  packet->body = std::move(datagram);
  // Fragments are not modelled: what would be fragmented here is carried whole, without DF.
  const int64_t discover = v4 ? options_->mtu_discover : options_->mtu_discover6;
  const bool fits = packet->WireLength() <= route.mtu;
  packet->dont_fragment = net_->profile().udp.discovers_path_mtu &&
                          (discover == IP_PMTUDISC_DO || discover == IP_PMTUDISC_PROBE ||
                           (discover == IP_PMTUDISC_WANT && fits));
  const Interface* interface = net_->ip().FindInterface(route.interface);
  if (discover == IP_PMTUDISC_PROBE && !fits && interface != nullptr) {
    RouteChoice probe = route;  // whatever is known of the path
    probe.mtu = interface->mtu;
    return net_->Send(std::move(packet), probe);
  }
  return net_->Send(std::move(packet), route);
}

// --- receive ---

Result<Received> UdpSocket::Receive(const ReceiveArgs& args) {
  const UdpProfile& profile = net_->profile().udp;
  if ((args.flags & MSG_ERRQUEUE) != 0) {
    Cause pending = pcb_.pending_error();
    Result<drywire::Received> received = ReceiveError(args, &pending);
    pcb_.SetError(pending);
    return received;
  }
  const bool data_first = profile.data_before_error && pcb_.First() != nullptr;
  if (!data_first && pcb_.pending_error() != Cause::kNone) {
    const bool stays = (args.flags & MSG_PEEK) != 0 && !net_->profile().socket.peek_takes_error;
    return stays ? pcb_.pending_error() : pcb_.TakeError();
  }
  const UdpPcb::Received* first = pcb_.First();
  if (first == nullptr) {
    const bool dont_wait = nonblocking() || (args.flags & MSG_DONTWAIT) != 0;
    // After shutdown there is nothing to wait for; Linux says so only to those who would wait.
    if (pcb_.receive_shut() && (profile.data_before_error || !dont_wait)) return Received();
    return Cause::kWouldBlock;
  }
  Received received;
  received.bytes = std::min(first->payload.size(), SizeOf(args.buffers));
  CopyToBuffers(args.buffers, first->payload.data(), received.bytes);
  if (received.bytes < first->payload.size()) {
    received.flags |= MSG_TRUNC;
    if ((args.flags & MSG_TRUNC) != 0) received.bytes = first->payload.size();
  }
  received.source = EncodeInetAddress(first->source, domain());
  if ((args.flags & MSG_PEEK) == 0) pcb_.Pop();
  return received;
}

void UdpSocket::OnPacket(PacketPtr packet, uint32_t interface) {
  const Datagram& datagram = *packet->datagram();
  const Endpoint source{packet->source, datagram.source_port,
                        packet->source.is_v6() && packet->source.IsLinkLocal() ? interface : 0};
  if (pcb_.receive_shut() && net_->profile().udp.data_before_error) {
    return net_->NoteDropped(*packet, "receive-shut");
  }
  switch (pcb_.OnDatagram(datagram.payload, source, options_->receive_buffer)) {
    case UdpPcb::Arrival::kQueued:
      NotifyReaders(kInBits);
      return;
    case UdpPcb::Arrival::kNotFromPeer:
      return net_->NoteDropped(*packet, "not-from-peer");
    case UdpPcb::Arrival::kNoRoom:
      return net_->NoteDropped(*packet, "receive-buffer-full");
  }
}

void UdpSocket::OnPacketError(const PacketError& error) {
  const int64_t discover =
      error.quoted.destination.is_v4() ? options_->mtu_discover : options_->mtu_discover6;
  // Who does not want to know of the path is not told of it either (ip_sk_accept_pmtu).
  if (error.cause == Cause::kIcmpFragmentationNeeded && discover >= IP_PMTUDISC_INTERFACE) return;
  const bool wanted = WantsErrors(error.quoted.destination.is_v4());
  const bool too_big = error.cause == Cause::kIcmpFragmentationNeeded;
  if (wanted && !(too_big && discover == IP_PMTUDISC_DONT)) {
    QueueError(error);
    pcb_.SetError(error.cause);
  } else if (!pcb_.OnError(error.cause, discover != IP_PMTUDISC_DONT)) {
    return;
  }
  NotifyReaders(kPollErr | kInBits);
  NotifyWriters(kPollErr | kOutBits);
}

// --- shutdown, close, crash ---

Result<> UdpSocket::Shutdown(int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return Cause::kInvalidArgument;
  if (how != SHUT_WR) pcb_.ShutDownReceive();
  if (how != SHUT_RD) pcb_.ShutDownSend();
  NotifyAllReaders(kInBits | kPollRdHup | kPollHup);
  NotifyAllWriters(kOutBits | kPollHup);
  // Both systems do as they are told and then complain.
  if (!pcb_.connected()) return Cause::kNotConnected;
  return {};
}

void UdpSocket::OnLastClose() {
  pcb_.Clear();
  errors_.reset();
  Leave();
  PortTable::Release(&port_);
}

void UdpSocket::OnCrash() { OnLastClose(); }

// --- for others ---

void UdpSocket::DescribeForOptions(OptionContext& context) const {
  context.connected = pcb_.connected();
  uint32_t mtu = route_->mtu;
  if (context.connected && route_->generation != net_->ip().generation()) {
    const Result<RouteRef> route = RouteTo(peer_name_, AddressUse::kSend, port_.uid);
    if (route.ok()) mtu = (*route)->mtu;
  }
  context.path_mtu = LargestOn(mtu, pcb_.peer().address);
}

std::string UdpSocket::Describe() const {
  Endpoint local = local_;
  local.address = LocalOrAny();
  local.port = port_.port();
  return absl::StrCat("udp ", pcb_.connected() ? "ESTAB" : "UNCONN", " ", pcb_.Readable(), " 0 ",
                      local.ToString(), " ",
                      pcb_.connected() ? peer_name_.ToString() : std::string("*:*"));
}

}  // namespace drywire
