#include "stack/socket/net_stack.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "stack/ip/ip_stack.h"

namespace drywire {

NetStack::NetStack(const Environment& environment)
    : environment_(environment),
      ip_(std::make_unique<IpStack>(environment.profile->ip, *environment.packets)),
      demux_(&environment.profile->socket, MakeRng("reuseport").Next()),
      tcp_ports_(Transport::kTcp, &environment.profile->socket, MakeRng("tcp-ports")),
      udp_ports_(Transport::kUdp, &environment.profile->socket, MakeRng("udp-ports")) {
  ip_deadline_.BindMethod<&NetStack::OnIpDeadline>("ip-deadline", this);
  loopback_.BindMethod<&NetStack::OnLoopback>("loopback", this);
}

NetStack::~NetStack() = default;

std::unique_ptr<IpActions> NetStack::TakeActions() {
  if (free_actions_.empty()) return std::make_unique<IpActions>();
  std::unique_ptr<IpActions> actions = std::move(free_actions_.back());
  free_actions_.pop_back();
  return actions;
}

void NetStack::Finish(std::unique_ptr<IpActions> actions) {
  Carry(*actions);
  actions->Clear();
  free_actions_.push_back(std::move(actions));
  RearmIp();
}

Result<> NetStack::Send(PacketPtr packet, const RouteChoice& route) {
  if (!powered_) return {};
  packet->serial = (*environment_.next_serial)++;
  if (ip_->SendsDirectly(*packet, route)) {
    packet->next_hop = route.next_hop;
    Transmit(route.interface, std::move(packet));
    return {};
  }
  std::unique_ptr<IpActions> actions = TakeActions();
  const Result<> result = ip_->Output(now(), std::move(packet), route, *actions);
  Finish(std::move(actions));
  return result;
}

void NetStack::SendReset(const Packet& segment) {
  std::unique_ptr<IpActions> actions = TakeActions();
  ip_->SendReset(now(), segment, *actions);
  Finish(std::move(actions));
}

void NetStack::Receive(uint32_t interface, PacketPtr packet) {
  if (!powered_) return;
  if (ip_->DeliversDirectly(interface, *packet)) return DeliverLocal(std::move(packet), interface);
  std::unique_ptr<IpActions> actions = TakeActions();
  ip_->Input(now(), interface, std::move(packet), *actions);
  Finish(std::move(actions));
}

void NetStack::SetInterfaceSink(uint32_t interface, PacketSink* sink) {
  if (sinks_.size() <= interface) sinks_.resize(interface + 1);
  sinks_[interface] = sink;
}

void NetStack::RearmIp() {
  const Instant deadline = ip_->NextDeadline();
  if (deadline.is_never()) {
    if (ip_deadline_.is_pending()) events().Cancel(&ip_deadline_);
  } else if (!ip_deadline_.is_pending() || ip_deadline_.time() != deadline) {
    events().Schedule(&ip_deadline_, deadline < now() ? now() : deadline);
  }
}

void NetStack::OnIpDeadline() {
  if (!powered_ || paused_) return;
  std::unique_ptr<IpActions> actions = TakeActions();
  ip_->OnDeadline(now(), *actions);
  Finish(std::move(actions));
}

void NetStack::SetInterfaceUp(uint32_t interface, bool up) {
  std::unique_ptr<IpActions> actions = TakeActions();
  ip_->SetUp(interface, up, *actions);
  Finish(std::move(actions));
}

// In order; what a socket does about a delivery goes through another list of actions.
void NetStack::Carry(IpActions& actions) {
  for (IpActions::Action& action : actions) {
    if (auto* transmit = std::get_if<IpActions::Transmit>(&action)) {
      Transmit(transmit->interface, std::move(transmit->packet));
    } else if (auto* deliver = std::get_if<IpActions::Deliver>(&action)) {
      DeliverLocal(std::move(deliver->packet), deliver->interface);
    } else if (auto* error = std::get_if<IpActions::TransportError>(&action)) {
      PacketError told;
      told.quoted = error->quoted;
      told.cause = error->cause;
      told.mtu = error->mtu;
      told.local = error->local;
      told.interface = error->interface;
      told.from = error->from;
      told.type = error->type;
      told.code = error->code;
      told.text = std::move(error->text);
      demux_.DeliverError(told);
    } else {
      auto& dropped = std::get<IpActions::Dropped>(action);
      if (dropped.packet != nullptr) {
        NoteDropped(*dropped.packet, DropReasonName(dropped.reason).data());
      }
    }
  }
}

void NetStack::Transmit(uint32_t interface, PacketPtr packet) {
  if (packet->serial == 0) packet->serial = (*environment_.next_serial)++;

  if (paused_) return NoteDropped(*packet, "host-paused");
  PacketSink* sink = interface < sinks_.size() ? sinks_[interface] : nullptr;
  if (sink != nullptr) {
    sink->Accept(std::move(packet));
  } else if (interface == kLoopbackInterface) {
    looping_.push_back(std::move(packet));
    if (!loopback_.is_pending()) events().Schedule(&loopback_, now());
  } else {
    NoteDropped(*packet, "no-link");
  }
}

void NetStack::OnLoopback() {
  if (paused_) return;
  // What is sent meanwhile is for the next turn.
  std::swap(looping_, arriving_);
  for (PacketPtr& packet : arriving_) Receive(kLoopbackInterface, std::move(packet));
  arriving_.clear();
}

void NetStack::DeliverLocal(PacketPtr packet, uint32_t interface) {
  if (packet->segment() != nullptr) {
    if (!demux_.DeliverTcp(packet, interface)) AnswerClosedTcp(*packet);
  } else if (packet->datagram() != nullptr) {
    const Address& destination = packet->destination;
    const bool to_all = destination.IsMulticast() || ip_->IsBroadcast(destination);
    if (!demux_.DeliverUdp(packet, interface, to_all, packets())) AnswerClosedUdp(*packet);
  }
}

// net.inet.tcp.blackhole: 1 ignores SYNs, 2 all segments; never those of this host itself.
void NetStack::AnswerClosedTcp(const Packet& packet) {
  const int64_t blackhole = profile().socket.tcp_blackhole;
  const bool ignored = blackhole >= 2 || (blackhole == 1 && packet.segment()->Has(kSyn));
  if (ignored && !ip_->IsLocal(packet.source)) return NoteDropped(packet, "blackhole");
  SendReset(packet);
}

void NetStack::AnswerClosedUdp(const Packet& packet) {
  if (profile().socket.udp_blackhole != 0 && !ip_->IsLocal(packet.source)) {
    return NoteDropped(packet, "blackhole");
  }
  std::unique_ptr<IpActions> actions = TakeActions();
  ip_->SendPortUnreachable(now(), packet, *actions);
  Finish(std::move(actions));
}

void NetStack::NoteDropped(const Packet& packet, const char* reason) {
  Note(TraceKind::kPacketDropped, 0, packet.serial, packet.Digest(), packet.WireLength(),
       Text(reason));
}

void NetStack::Crash() {
  powered_ = false;
  looping_.clear();
  events().Cancel(&loopback_);
  // Each leaves by itself; one that stays would be called for ever.
  while (!demux_.endpoints().empty()) {
    DemuxEndpoint& endpoint = demux_.endpoints().front();
    endpoint.OnCrash();
    DRYWIRE_CHECK(demux_.endpoints().empty() || &demux_.endpoints().front() != &endpoint)
        << "an endpoint stayed after OnCrash()";
  }
  if (tcp_part_ != nullptr) tcp_part_->OnCrash();
  std::unique_ptr<IpActions> actions = TakeActions();
  ip_->ForgetDynamicState(*actions);
  Finish(std::move(actions));
}

void NetStack::Resume() {
  paused_ = false;
  if (!looping_.empty() && !loopback_.is_pending()) events().Schedule(&loopback_, now());
  for (DemuxEndpoint& endpoint : demux_.endpoints()) endpoint.OnResume();
  RearmIp();
}

std::string NetStack::DescribeEndpoints() {
  std::string text;
  for (const DemuxEndpoint& endpoint : demux_.endpoints()) {
    absl::StrAppend(&text, endpoint.DescribeEndpoint(), "\n");
  }
  return text;
}

}  // namespace drywire
