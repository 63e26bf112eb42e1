#include "stack/ip/conntrack.h"

#include "stack/wire/icmp.h"
#include "stack/wire/segment.h"

namespace drywire {
namespace {

// nf_conntrack-sysctl.rst, defaults.
constexpr Duration kTcpSynSent = Duration::Seconds(120);
constexpr Duration kTcpEstablished = Duration::Seconds(432000);
constexpr Duration kTcpClosing = Duration::Seconds(120);
constexpr Duration kUnreplied = Duration::Seconds(30);
constexpr Duration kStream = Duration::Seconds(120);
constexpr Duration kSweepInterval = Duration::Seconds(60);

bool IsBareSyn(const Packet& packet) {
  const Segment* segment = packet.segment();
  return segment != nullptr && segment->Has(kSyn) && !segment->Has(kAck) && !segment->Has(kRst);
}

}  // namespace

bool Conntrack::FlowOf(const Packet& packet, IpProtocol& protocol, Endpoint& source,
                       Endpoint& destination) {
  protocol = packet.protocol();
  source.address = packet.source;
  destination.address = packet.destination;
  if (const Segment* segment = packet.segment()) {
    source.port = segment->source_port;
    destination.port = segment->destination_port;
    return true;
  }
  if (const Datagram* datagram = packet.datagram()) {
    source.port = datagram->source_port;
    destination.port = datagram->destination_port;
    return true;
  }
  const IcmpMessage* icmp = packet.icmp();
  if (icmp == nullptr || icmp->IsError()) return false;
  source.port = destination.port = static_cast<uint16_t>(icmp->rest >> 16);  // identifier
  return true;
}

Conntrack::Key Conntrack::KeyOf(IpProtocol protocol, const Endpoint& source,
                                const Endpoint& destination) {
  return source < destination ? Key{source, destination, protocol}
                              : Key{destination, source, protocol};
}

const Conntrack::Flow* Conntrack::Find(Instant now, const Key& key) const {
  const auto it = flows_.find(key);
  return it == flows_.end() || it->second.expires <= now ? nullptr : &it->second;
}

CtState Conntrack::Classify(Instant now, const Packet& packet) const {
  IpProtocol protocol;
  Endpoint source, destination;
  if (!FlowOf(packet, protocol, source, destination)) {
    const IcmpMessage* icmp = packet.icmp();
    if (icmp == nullptr) return kCtUntracked;
    const QuotedPacket& quoted = icmp->quoted;
    const Key key = KeyOf(quoted.protocol, {quoted.source, quoted.source_port},
                          {quoted.destination, quoted.destination_port});
    return Find(now, key) == nullptr ? kCtInvalid : kCtRelated;
  }
  const Flow* flow = Find(now, KeyOf(protocol, source, destination));
  if (flow != nullptr && !(flow->closing && IsBareSyn(packet))) {
    const bool original = flow->low_to_high == (source < destination);
    return original && !flow->replied ? kCtNew : kCtEstablished;
  }
  const Segment* segment = packet.segment();
  if (segment == nullptr || IsBareSyn(packet)) return kCtNew;
  const bool picked_up = segment->Has(kAck) && !segment->Has(kSyn | kFin | kRst);
  return picked_up ? kCtNew : kCtInvalid;
}

void Conntrack::Commit(Instant now, const Packet& packet) {
  if (now >= next_sweep_) {
    std::erase_if(flows_, [now](const auto& entry) { return entry.second.expires <= now; });
    next_sweep_ = now + kSweepInterval;
  }
  IpProtocol protocol;
  Endpoint source, destination;
  if (!FlowOf(packet, protocol, source, destination)) return;
  if (Classify(now, packet) == kCtInvalid) return;
  const Key key = KeyOf(protocol, source, destination);
  const bool low_to_high = source < destination;
  const auto [it, fresh] = flows_.try_emplace(key);
  Flow& flow = it->second;
  if (fresh || flow.expires <= now || (flow.closing && IsBareSyn(packet))) {
    flow = Flow();
    flow.low_to_high = low_to_high;
  } else if (flow.low_to_high != low_to_high) {
    flow.replied = true;
  }
  if (const Segment* segment = packet.segment()) {
    if (segment->Has(kFin | kRst)) flow.closing = true;
    flow.expires = now + (flow.closing   ? kTcpClosing
                          : flow.replied ? kTcpEstablished
                                         : kTcpSynSent);
  } else {
    flow.expires = now + (flow.replied ? kStream : kUnreplied);
  }
}

}  // namespace drywire
