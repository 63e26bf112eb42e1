// Sending: the output hook, neighbours, and the packets that IpStack makes itself.
#include <optional>

#include "stack/ip/ip_stack.h"

namespace drywire {

void IpStack::Drop(PacketPtr packet, DropReason reason, uint32_t interface, IpActions& actions) {
  actions.Add(IpActions::Dropped{reason, interface, std::move(packet)});
}

Result<> IpStack::CheckConnect(Instant now, uint32_t uid, const Endpoint& remote,
                               IpProtocol protocol) {
  if (!firewall_.active(Hook::kConnect)) return {};
  FirewallSubject subject;
  subject.destination = remote.address.Unmapped();
  subject.protocol = protocol;
  subject.destination_port = remote.port;
  subject.uid = uid;
  switch (firewall_.Evaluate(now, Hook::kConnect, subject).verdict) {
    case FirewallVerdict::kDenyEperm:
      return Cause::kPolicyDeniedEperm;
    case FirewallVerdict::kDenyEacces:
      return Cause::kPolicyDeniedEacces;
    default:
      return {};
  }
}

bool IpStack::SendsDirectly(const Packet& packet, const RouteChoice& choice) const {
  if (choice.direct == RouteChoice::Direct::kNo || firewall_.active(Hook::kOutput)) return false;
  // A choice that is not current any more may say what was true once.
  if (choice.generation != generation()) return false;
  if (packet.dont_fragment && packet.WireLength() > choice.mtu) return false;
  if (choice.direct == RouteChoice::Direct::kYes) return true;
  return neighbours_.entries().empty() &&
         At(choice.interface).resolver->Answers(choice.interface, choice.next_hop);
}

Result<> IpStack::Output(Instant now, PacketPtr packet, const RouteChoice& choice,
                         IpActions& actions) {
  if (choice.type == RouteType::kBlackhole) {
    Drop(std::move(packet), DropReason::kRefusedByRoute, 0, actions);
    return {};
  }
  if (choice.output_error != Cause::kNone && choice.output_error != Cause::kInterfaceDown) {
    Drop(std::move(packet), DropReason::kNoRoute, choice.interface, actions);
    return choice.output_error;
  }
  if (packet->dont_fragment && packet->WireLength() > choice.mtu) {
    Drop(std::move(packet), DropReason::kTooBig, choice.interface, actions);
    return Cause::kMessageTooLong;
  }
  return FilterAndSend(now, std::move(packet), choice, actions);
}

Result<> IpStack::FilterAndSend(Instant now, PacketPtr packet, const RouteChoice& choice,
                                IpActions& actions) {
  const Interface& out = At(choice.interface);
  if (firewall_.active(Hook::kOutput)) {
    FirewallSubject subject = FirewallSubject::Of(*packet);
    subject.output_interface = out.name;
    subject.uid = choice.uid;
    const FirewallDecision decision = firewall_.Evaluate(now, Hook::kOutput, subject);
    if (decision.verdict == FirewallVerdict::kReject) {
      Reject(now, *packet, decision.reject, 0, actions);
      Drop(std::move(packet), DropReason::kFirewallReject, out.index, actions);
      return Cause::kFirewallDenied;
    }
    if (decision.verdict == FirewallVerdict::kDrop) {
      Drop(std::move(packet), DropReason::kFirewallDrop, out.index, actions);
      return Cause::kFirewallDenied;
    }
  }
  if (!out.up) {
    Drop(std::move(packet), DropReason::kInterfaceDown, out.index, actions);
    return profile_.down_removes_routes ? Cause::kNoRoute : Cause::kInterfaceDown;
  }
  if (out.queue_full) {
    Drop(std::move(packet), DropReason::kQueueFull, out.index, actions);
    return Cause::kQueueFull;
  }
  return SendToNeighbour(now, std::move(packet), choice, actions);
}

Result<> IpStack::SendToNeighbour(Instant now, PacketPtr packet, const RouteChoice& choice,
                                  IpActions& actions) {
  const Interface& out = At(choice.interface);
  const bool to_all = choice.is_broadcast() || choice.is_multicast();
  if (to_all || out.loopback || out.neighbours == NeighbourMode::kNone) {
    packet->next_hop = to_all ? Address() : choice.next_hop;
    actions.Add(IpActions::Transmit{out.index, std::move(packet)});
    return {};
  }
  outcome_.Clear();
  const Result<> result =
      neighbours_.Send(now, out.index, choice.next_hop, out.neighbours, out.resolver,
                       choice.via_gateway, std::move(packet), outcome_);
  Apply(now, out.index, choice.next_hop, outcome_, actions);
  return result;
}

void IpStack::Apply(Instant now, uint32_t interface, const Address& address,
                    NeighbourOutcome& outcome, IpActions& actions) {
  const Interface& out = At(interface);
  if (outcome.solicit && out.neighbours == NeighbourMode::kExchange) {
    Solicit(out, address, actions);
  }
  for (PacketPtr& packet : outcome.send) {
    packet->next_hop = address;
    actions.Add(IpActions::Transmit{interface, std::move(packet)});
  }
  for (PacketPtr& packet : outcome.discard) {
    Drop(std::move(packet), DropReason::kNeighbourQueueFull, interface, actions);
  }
  for (PacketPtr& packet : outcome.fail) {
    // The system sends itself an ICMP error about its own packets; a forwarder tells the sender.
    const IcmpError error = UnreachableError(Unreachable::kHost, address.is_v6());
    if (!IsLocal(packet->source)) {
      SendIcmpError(now, *packet, error, 0, actions);
    } else if (MayAnswerWithError(*packet, false)) {
      IpActions::TransportError report;
      report.quoted = Quote(*packet);
      report.cause = Cause::kIcmpHostUnreachable;
      report.local = true;
      report.interface = kLoopbackInterface;
      report.from = packet->source;
      report.type = error.type;
      report.code = error.code;
      if (const Datagram* datagram = packet->datagram()) report.text = datagram->payload;
      actions.Add(std::move(report));
    }
    Drop(std::move(packet), DropReason::kNeighbourFailed, interface, actions);
  }
  outcome.Clear();
}

void IpStack::Solicit(const Interface& out, const Address& address, IpActions& actions) {
  NeighbourMessage request;
  request.target = address;
  for (const Prefix& p : out.addresses) {
    if (p.address.family() != address.family()) continue;
    if (!request.sender.has_value() || p.Contains(address)) request.sender = p.address;
    if (p.Contains(address)) break;
  }
  PacketPtr packet = pool_.New();
  packet->source = request.sender;
  packet->destination = address;
  packet->ttl = 255;
  packet->body = request;
  actions.Add(IpActions::Transmit{out.index, std::move(packet)});
}

void IpStack::OnDeadline(Instant now, IpActions& actions) {
  NeighbourTable::Key key;
  const auto mode_of = [this](uint32_t interface) {
    const Interface& of = At(interface);
    return NeighbourTable::Mode{of.neighbours, of.resolver};
  };
  late_outcome_.Clear();
  while (neighbours_.ExpireOne(now, mode_of, key, late_outcome_)) {
    Apply(now, key.first, key.second, late_outcome_, actions);
  }
}

void IpStack::SendReply(Instant now, PacketPtr packet, uint32_t interface, IpActions& actions) {
  RouteQuery query;
  query.destination = packet->destination;
  query.protocol = packet->protocol();
  if (packet->source.has_value() && IsLocal(packet->source)) query.source = packet->source;
  if (query.destination.is_v6() && query.destination.IsLinkLocal() && interface != 0) {
    query.interface = ScopeOfArrival(query.destination, At(interface));
  }
  query.scope_optional = true;
  const Result<RouteChoice> choice = SelectRoute(now, query);
  if (!choice.ok() || choice->output_error != Cause::kNone ||
      choice->type == RouteType::kBlackhole) {
    Drop(std::move(packet), DropReason::kNoRoute, 0, actions);
    return;
  }
  if (!packet->source.has_value()) packet->source = choice->source;
  const IcmpMessage* icmp = packet->icmp();
  if (icmp != nullptr && icmp->IsError() &&
      !limit_.AllowError(now, {icmp->v6, icmp->type, icmp->code, icmp->rest}, packet->destination,
                         At(choice->interface).loopback)) {
    Drop(std::move(packet), DropReason::kIcmpLimited, choice->interface, actions);
    return;
  }
  // Nobody is told that an answer could not be sent; Dropped and the rule's counter say so.
  (void)FilterAndSend(now, std::move(packet), *choice, actions);
}

void IpStack::SendIcmpError(Instant now, const Packet& about, const IcmpError& error,
                            uint32_t interface, IpActions& actions) {
  if (!MayAnswerWithError(about, IsBroadcast(about.destination))) return;
  // Whoever was addressed answers under that address; a router under the one it would send from.
  const Address from = IsLocal(about.destination) ? about.destination : Address();
  const int64_t ttl = error.v6 ? profile_.default_hop_limit : profile_.default_ttl;
  // RFC 4443 2.4 (c): as much as fits into 1280 bytes, less the headers.
  constexpr size_t kQuote6 = 1280 - 40 - 8 - 40 - 8;
  const size_t text = error.v6 ? kQuote6 : static_cast<size_t>(profile_.icmp_quoted_text);
  SendReply(now, MakeIcmpError(pool_, about, error, from, static_cast<uint8_t>(ttl), text),
            interface, actions);
}

void IpStack::SendPortUnreachable(Instant now, const Packet& about, IpActions& actions) {
  SendIcmpError(now, about, UnreachableError(Unreachable::kPort, about.destination.is_v6()), 0,
                actions);
}

void IpStack::SendReset(Instant now, const Packet& about, IpActions& actions) {
  PacketPtr reset = MakeReset(pool_, about, static_cast<uint8_t>(profile_.default_ttl));
  if (reset == nullptr) return;
  if (!limit_.AllowReset(now)) {
    Drop(std::move(reset), DropReason::kIcmpLimited, 0, actions);
    return;
  }
  SendReply(now, std::move(reset), 0, actions);
}

void IpStack::Reject(Instant now, const Packet& about, const RejectWith& with, uint32_t interface,
                     IpActions& actions) {
  const bool v6 = about.destination.is_v6();
  switch (with.kind) {
    case RejectKind::kTcpReset:
      if (PacketPtr reset = MakeReset(pool_, about, static_cast<uint8_t>(profile_.default_ttl))) {
        SendReply(now, std::move(reset), interface, actions);
      }
      return;
    case RejectKind::kIcmpX:
      SendIcmpError(now, about, UnreachableError(with.what, v6), interface, actions);
      return;
    case RejectKind::kIcmp:
      if (!v6) {
        SendIcmpError(now, about, {false, icmp4::kUnreachable, with.code}, interface, actions);
      }
      return;
    case RejectKind::kIcmpV6:
      if (v6) SendIcmpError(now, about, {true, icmp6::kUnreachable, with.code}, interface, actions);
      return;
  }
}

}  // namespace drywire
