#include "sim/net/link.h"

#include "sim/core/check.h"

namespace drywire {

Medium::Medium(PortContext* context, uint32_t id, absl::string_view name)
    : context_(context), id_(id), name_(name) {}

void Medium::SetUp(bool up) {
  if (up == up_) return;
  up_ = up;
  if (!up) {
    for (const std::unique_ptr<Port>& port : ports_) port->DropInFlight("link down", false);
  }
  if (Trace* trace = context_->trace) {
    trace->Record(context_->events->now(), 0, TraceKind::kLinkState, id_,
                  trace->InternLiteral("up"), up ? 1 : 0);
  }
}

void Medium::Configure(const LinkConfig& config) {
  for (const std::unique_ptr<Port>& port : ports_) port->Configure(config);
}

Port* Medium::FindPort(uint32_t host, absl::string_view interface) const {
  for (const std::unique_ptr<Port>& port : ports_) {
    if (port->host() == host && port->interface() == interface) return port.get();
  }
  return nullptr;
}

Port* Medium::NewPort(uint32_t port_id, uint32_t host, absl::string_view interface,
                      const LinkConfig& config) {
  ports_.push_back(std::make_unique<Port>(context_, this, port_id, host, interface, config));
  return ports_.back().get();
}

void Link::FindRecipients(const Port& from, const Packet&, std::vector<Port*>* recipients) {
  recipients->push_back(OnlyRecipient(from));
}

bool Lan::IsForAll(const Packet& packet) const {
  if (packet.neighbour() != nullptr && !packet.neighbour()->reply) return true;
  const Address& next_hop = packet.next_hop;
  return !next_hop.has_value() || next_hop.IsMulticast() || next_hop.IsLimitedBroadcast();
}

void Lan::FindRecipients(const Port& from, const Packet& packet, std::vector<Port*>* recipients) {
  // Whoever talks of its own address is at the port it talks from.
  if (const NeighbourMessage* message = packet.neighbour()) {
    owners_.try_emplace(message->sender, const_cast<Port*>(&from));
  }
  bool for_all = IsForAll(packet);
  if (!for_all) {
    const auto owner = owners_.find(packet.next_hop);
    if (owner != owners_.end()) {
      recipients->push_back(owner->second);
      return;
    }
    for (const Prefix& prefix : from.addresses()) {
      for_all = for_all || prefix.Broadcast() == packet.next_hop;
    }
  }
  if (!for_all) return;
  for (const std::unique_ptr<Port>& port : ports()) {
    if (port.get() != &from) recipients->push_back(port.get());
  }
}

void Lan::OnAddress(Port* port, const Address& address, bool added) {
  if (added) {
    owners_[address] = port;
  } else {
    const auto owner = owners_.find(address);
    if (owner != owners_.end() && owner->second == port) owners_.erase(owner);
  }
}

}  // namespace drywire
