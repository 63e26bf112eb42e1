// Receiving: martians, the input hook, ICMP, neighbours asking; and forwarding.
#include <algorithm>
#include <optional>

#include "stack/ip/icmp_input.h"
#include "stack/ip/ip_stack.h"
#include "stack/wire/icmp.h"

namespace drywire {
namespace {

constexpr uint32_t kMinMtu6 = 1280;  // RFC 8200 5

}  // namespace

bool IpStack::ArrivalIsPlain(uint32_t interface, const Packet& packet) const {
  const Interface& in = At(interface);
  const Address& to = packet.destination;
  if (!in.up || (to.is_v6() && to.IsLinkLocal())) return false;
  return IsLocal(to) && !Martian(in, packet).has_value();
}

void IpStack::Input(Instant now, uint32_t interface, PacketPtr packet, IpActions& actions) {
  const Interface& in = At(interface);
  if (!in.up) return Drop(std::move(packet), DropReason::kInterfaceDown, interface, actions);
  if (packet->corrupted) return Drop(std::move(packet), DropReason::kCorrupted, interface, actions);
  if (packet->neighbour() != nullptr) return InputNeighbour(now, in, std::move(packet), actions);
  if (const std::optional<DropReason> martian = Martian(in, *packet)) {
    return Drop(std::move(packet), *martian, in.index, actions);
  }

  const Address& to = packet->destination;
  const bool scoped = to.is_v6() && to.IsLinkLocal();
  if (scoped ? IsLocalOn(to, interface) : IsLocal(to)) {
    return DeliverLocally(now, in, std::move(packet), actions);
  }
  if (IsBroadcast(to)) return DeliverLocally(now, in, std::move(packet), actions);
  if (to.IsMulticast()) {
    return Drop(std::move(packet), DropReason::kNoSuchGroup, interface, actions);
  }
  const bool forwarding = (to.is_v6() ? profile_.forwarding_v6 : profile_.forwarding) != 0;
  // What a link carried to everybody, or what must not leave a link, is not forwarded.
  if (!forwarding || in.loopback || scoped || !packet->next_hop.has_value() ||
      (packet->source.is_v6() && packet->source.IsLinkLocal())) {
    return Drop(std::move(packet), DropReason::kNotForUs, interface, actions);
  }
  Forward(now, in, std::move(packet), actions);
}

// Addresses that cannot come from outside (RFC 1122 3.2.1.3, RFC 1812 5.3.7).
std::optional<DropReason> IpStack::Martian(const Interface& in, const Packet& packet) const {
  if (in.loopback) return std::nullopt;
  const Address& from = packet.source;
  const Address& to = packet.destination;
  if (to.IsLoopback() || to.IsUnspecified()) return DropReason::kMartianDestination;
  // fib_validate_source() refuses an IPv4 source that is our own; IPv6 does not look.
  const bool own = from.is_v4() && IsLocal(from);
  const bool unspecified = from.IsUnspecified() && !to.IsLimitedBroadcast() && !to.IsMulticast();
  if (from.IsLoopback() || own || unspecified || from.IsMulticast() || from.IsLimitedBroadcast()) {
    return DropReason::kMartianSource;
  }
  return std::nullopt;
}

void IpStack::DeliverLocally(Instant now, const Interface& in, PacketPtr packet,
                             IpActions& actions) {
  if (firewall_.active(Hook::kInput)) {
    FirewallSubject subject = FirewallSubject::Of(*packet);
    subject.input_interface = in.name;
    const FirewallDecision decision = firewall_.Evaluate(now, Hook::kInput, subject);
    if (decision.verdict == FirewallVerdict::kReject) {
      Reject(now, *packet, decision.reject, in.index, actions);
      return Drop(std::move(packet), DropReason::kFirewallReject, in.index, actions);
    }
    if (decision.verdict == FirewallVerdict::kDrop) {
      return Drop(std::move(packet), DropReason::kFirewallDrop, in.index, actions);
    }
  }
  if (packet->icmp() != nullptr) return InputIcmp(now, in, std::move(packet), actions);
  const uint32_t scope = ScopeOfArrival(packet->destination, in);
  actions.Add(IpActions::Deliver{scope, std::move(packet)});
}

void IpStack::InputIcmp(Instant now, const Interface& in, PacketPtr packet, IpActions& actions) {
  const IcmpMessage& message = *packet->icmp();
  if (message.type == (message.v6 ? icmp6::kEcho : icmp4::kEcho)) {
    // Broadcast echo is ignored, as icmp_echo_ignore_broadcasts=1 and bmcastecho=0 say.
    if (profile_.icmp_echo_ignore_all != 0 || IsBroadcast(packet->destination)) {
      return Drop(std::move(packet), DropReason::kIgnored, in.index, actions);
    }
    const int64_t ttl = message.v6 ? profile_.default_hop_limit : profile_.default_ttl;
    return SendReply(now,
                     MakeEchoReply(pool_, *packet, packet->destination, static_cast<uint8_t>(ttl)),
                     in.index, actions);
  }
  std::optional<IcmpVerdict> verdict = JudgeIcmp(message);
  if (!verdict.has_value() || !IsLocal(verdict->quoted.source)) {
    return Drop(std::move(packet), DropReason::kIgnored, in.index, actions);
  }
  if (verdict->cause == Cause::kIcmpFragmentationNeeded) {
    if (verdict->mtu == 0) verdict->mtu = PlateauBelow(verdict->quoted.length);
    if (verdict->quoted.protocol != IpProtocol::kTcp) {
      NotePathMtu(now, verdict->quoted.destination, verdict->mtu);
    }
  }
  IpActions::TransportError report;
  report.quoted = verdict->quoted;
  report.cause = verdict->cause;
  report.mtu = verdict->mtu;
  report.interface = ScopeOfArrival(verdict->quoted.source, in);
  report.from = packet->source;
  report.type = message.type;
  report.code = message.code;
  if (message.QuotesText()) report.text = message.payload;
  actions.Add(std::move(report));
}

uint32_t IpStack::ScopeOfArrival(const Address& own, const Interface& in) const {
  if (!in.loopback || !own.is_v6() || !own.IsLinkLocal()) return in.index;
  for (const Interface& interface : interfaces_) {
    if (interface.Has(own)) return interface.index;
  }
  return in.index;
}

uint32_t IpStack::NotePathMtu(Instant now, const Address& destination, uint32_t mtu) {
  mtu = std::max(mtu, destination.is_v6() ? kMinMtu6 : static_cast<uint32_t>(profile_.min_pmtu));
  PathMtu& path = path_mtus_[destination];
  if (path.expires > now && path.mtu <= mtu) return mtu;
  path = {mtu, now + Duration::Seconds(profile_.mtu_expires_s)};
  ++generation_;
  return mtu;
}

void IpStack::InputNeighbour(Instant now, const Interface& in, PacketPtr packet,
                             IpActions& actions) {
  const NeighbourMessage message = *packet->neighbour();
  late_outcome_.Clear();
  if (message.reply) {
    neighbours_.Confirm(now, in.index, message.target, true, late_outcome_);
    return Apply(now, in.index, message.target, late_outcome_, actions);
  }
  // ARP answers for any address of the host (Linux's arp_ignore=0); ND for the interface's own.
  const bool ours = message.target.is_v4() ? IsLocal(message.target) : in.Has(message.target);
  if (!ours || in.loopback) {
    return Drop(std::move(packet), DropReason::kNotForUs, in.index, actions);
  }
  if (in.neighbours == NeighbourMode::kExchange && message.sender.has_value()) {
    neighbours_.Confirm(now, in.index, message.sender, false, late_outcome_);
    Apply(now, in.index, message.sender, late_outcome_, actions);
  }
  PacketPtr reply = pool_.New();
  reply->source = message.target;
  reply->destination = message.sender;
  reply->next_hop = message.sender;
  reply->ttl = 255;
  reply->body = NeighbourMessage{true, message.target, message.target};
  actions.Add(IpActions::Transmit{in.index, std::move(reply)});
}

// ip_input_route and ip_forward() of Linux: route, then TTL, then MTU; the hook comes after.
bool IpStack::PrepareForward(Instant now, const Interface& in, PacketPtr& packet,
                             RouteChoice& choice, IpActions& actions) {
  const Address& to = packet->destination;
  const bool v6 = to.is_v6();
  const auto refuse = [&](const IcmpError& error, DropReason reason) {
    SendIcmpError(now, *packet, error, in.index, actions);
    Drop(std::move(packet), reason, in.index, actions);
    return false;
  };
  const auto refuse_by_route = [&](Unreachable what, DropReason reason) {
    if (limit_.AllowRouteError(now, packet->source)) {
      return refuse(UnreachableError(what, v6), reason);
    }
    Drop(std::move(packet), reason, in.index, actions);
    return false;
  };
  const Unreachable no_route = profile_.forward_no_route_is_net_unreachable || v6
                                   ? Unreachable::kNoRoute
                                   : Unreachable::kHost;
  const Route* route = routes_.Lookup(to);
  if (route == nullptr || route->type == RouteType::kThrow) {
    return refuse_by_route(no_route, DropReason::kNoRoute);
  }
  switch (route->type) {
    case RouteType::kBlackhole:
      Drop(std::move(packet), DropReason::kRefusedByRoute, in.index, actions);
      return false;
    case RouteType::kProhibit:
      return refuse_by_route(Unreachable::kAdminProhibited, DropReason::kRefusedByRoute);
    case RouteType::kUnreachable:
      // Observed: an IPv6 router says "no route" here.
      return refuse_by_route(v6 ? Unreachable::kNoRoute : Unreachable::kHost,
                             DropReason::kRefusedByRoute);
    default:
      break;
  }
  if (packet->ttl <= 1) return refuse(TimeExceededError(v6), DropReason::kTtlExceeded);
  choice.interface = route->interface;
  choice.via_gateway = route->gateway.has_value();
  choice.next_hop = choice.via_gateway ? route->gateway : to;
  choice.destination = to;
  const Interface& out = At(route->interface);
  if (!out.up) {
    return refuse(UnreachableError(Unreachable::kHost, v6), DropReason::kInterfaceDown);
  }
  const uint32_t mtu = route->mtu == 0 ? out.mtu : std::min(out.mtu, route->mtu);
  if (packet->WireLength() > mtu && (v6 || packet->dont_fragment)) {
    return refuse(TooBigError(v6, mtu), DropReason::kTooBig);
  }
  return true;
}

void IpStack::Forward(Instant now, const Interface& in, PacketPtr packet, IpActions& actions) {
  RouteChoice choice;
  if (!PrepareForward(now, in, packet, choice, actions)) return;
  if (firewall_.active(Hook::kForward)) {
    FirewallSubject subject = FirewallSubject::Of(*packet);
    subject.input_interface = in.name;
    subject.output_interface = At(choice.interface).name;
    const FirewallDecision decision = firewall_.Evaluate(now, Hook::kForward, subject);
    if (decision.verdict == FirewallVerdict::kReject) {
      Reject(now, *packet, decision.reject, in.index, actions);
      return Drop(std::move(packet), DropReason::kFirewallReject, in.index, actions);
    }
    if (decision.verdict == FirewallVerdict::kDrop) {
      return Drop(std::move(packet), DropReason::kFirewallDrop, in.index, actions);
    }
  }
  --packet->ttl;
  // Where sending can fail at once (FreeBSD's ARP), the sender is told; the packet is gone by then.
  std::optional<Packet> about;
  if (profile_.neighbours == NeighbourRule::kBsd) about = *packet;
  if (!SendToNeighbour(now, std::move(packet), choice, actions).ok() && about.has_value()) {
    const bool v6 = about->destination.is_v6();
    SendIcmpError(now, *about, UnreachableError(Unreachable::kHost, v6), in.index, actions);
  }
}

}  // namespace drywire
