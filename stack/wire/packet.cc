#include "stack/wire/packet.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "stack/base/endpoint.h"

namespace drywire {
namespace {

constexpr uint32_t kUdpHeader = 8;
constexpr uint32_t kTcpHeader = 20;
constexpr uint32_t kIcmpHeader = 8;
// An ICMP error quotes the IP header and eight bytes behind it (RFC 792), of datagrams more.
constexpr uint32_t kQuotedBytes = 8;
constexpr uint32_t kArpMessage = 28;
// A solicitation or advertisement with its link-layer address option (RFC 4861 4.3, 4.4).
constexpr uint32_t kNeighbourDiscovery = 32;

uint32_t IpHeader(const Address& address) { return address.is_v6() ? 40 : 20; }

uint32_t BodyLength(const Segment& segment) {
  return kTcpHeader + static_cast<uint32_t>(segment.options.EncodedLength()) +
         static_cast<uint32_t>(segment.payload.size());
}
uint32_t BodyLength(const Datagram& datagram) {
  return kUdpHeader + static_cast<uint32_t>(datagram.payload.size());
}
uint32_t BodyLength(const IcmpMessage& message) {
  const auto text = static_cast<uint32_t>(message.payload.size());
  if (!message.IsError()) return kIcmpHeader + text;
  return kIcmpHeader + IpHeader(message.quoted.source) + kQuotedBytes +
         (message.QuotesText() ? text : 0);
}
uint32_t BodyLength(const NeighbourMessage&) { return kNeighbourDiscovery; }

}  // namespace

IpProtocol Packet::protocol() const {
  if (segment() != nullptr) return IpProtocol::kTcp;
  if (datagram() != nullptr) return IpProtocol::kUdp;
  if (const NeighbourMessage* message = neighbour()) {
    return message->target.is_v6() ? IpProtocol::kIcmpV6 : IpProtocol::kArp;
  }
  return icmp()->v6 ? IpProtocol::kIcmpV6 : IpProtocol::kIcmp;
}

uint32_t Packet::WireLengthOfOthers() const {
  if (protocol() == IpProtocol::kArp) return kArpMessage;  // not inside IP
  return IpHeader(source) + std::visit([](const auto& value) { return BodyLength(value); }, body);
}

std::string Packet::BodyToString() const {
  std::string text;
  if (const Segment* s = segment()) {
    text = s->ToString();
  } else if (const Datagram* d = datagram()) {
    text = absl::StrCat("udp (", d->payload.size(), ")");
  } else if (const NeighbourMessage* resolution = neighbour()) {
    text = resolution->ToString();
  } else {
    text = icmp()->ToString();
    if (icmp()->IsError()) absl::StrAppend(&text, " for ", icmp()->quoted.ToString());
  }
  if (corrupted) text += " (corrupted)";
  return text;
}

std::string Packet::ToString() const {
  if (neighbour() != nullptr) return BodyToString();
  std::string from = source.ToString();
  std::string to = destination.ToString();
  const auto ports = [&](uint16_t source_port, uint16_t destination_port) {
    from = Endpoint{source, source_port}.ToString();
    to = Endpoint{destination, destination_port}.ToString();
  };
  if (const Segment* s = segment()) ports(s->source_port, s->destination_port);
  if (const Datagram* d = datagram()) ports(d->source_port, d->destination_port);
  return absl::StrCat(from, " > ", to, " ", BodyToString());
}

QuotedPacket Quote(const Packet& packet) {
  QuotedPacket quoted;
  quoted.source = packet.source;
  quoted.destination = packet.destination;
  quoted.protocol = packet.protocol();
  quoted.length = packet.WireLength();
  if (const Segment* segment = packet.segment()) {
    quoted.source_port = segment->source_port;
    quoted.destination_port = segment->destination_port;
    quoted.seq = segment->seq;
  } else if (const Datagram* datagram = packet.datagram()) {
    quoted.source_port = datagram->source_port;
    quoted.destination_port = datagram->destination_port;
  }
  return quoted;
}

PacketPtr PacketPool::New() {
  PacketPtr packet(slab_.New());
  packet->pool = this;
  return packet;
}

PacketPtr PacketPool::Clone(const Packet& packet) {
  PacketPtr copy(slab_.New(packet));
  copy->pool = this;
  return copy;
}

}  // namespace drywire
