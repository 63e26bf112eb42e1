// An IP packet as a value, the pool it lives in, and the interface through which it is handed on.
//
// Packets are owned by exactly one place at a time (PacketPtr). Copies are made only where the real
// world makes them: duplication, broadcast, capture. Fragments are not modelled: a packet longer
// than a link's MTU is refused there (fragmentation needed / packet too big) or carried whole.
#ifndef DRYWIRE_STACK_WIRE_PACKET_H_
#define DRYWIRE_STACK_WIRE_PACKET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "sim/core/slab.h"
#include "stack/base/address.h"
#include "stack/wire/icmp.h"
#include "stack/wire/segment.h"

namespace drywire {

class PacketPool;

struct Packet {
  PacketPool* pool = nullptr;  // that it goes back to; null for a value of its own
  Address source;
  Address destination;
  // The neighbour on the link that this packet is for, as a MAC address would say; absent: every
  // neighbour. Set by the sending host for each hop; a LAN delivers by it.
  Address next_hop;
  uint8_t ttl = 64;  // hop limit for IPv6
  uint8_t tos = 0;   // DSCP and ECN; traffic class for IPv6
  bool dont_fragment = true;
  bool corrupted = false;  // damaged on a link: the receiver's checksum will fail
  uint16_t identification = 0;
  uint32_t flow_label = 0;
  // World-wide serial number given when the packet is first sent; names it in traces.
  uint64_t serial = 0;
  std::variant<Segment, Datagram, IcmpMessage, NeighbourMessage> body;

  // kIcmpV6 for an IPv6 NeighbourMessage, kArp for an IPv4 one.
  IpProtocol protocol() const;
  // Total length on the wire: IP header, transport header, options and payload, in bytes.
  uint32_t WireLength() const {
    if (const Segment* s = segment()) {
      return (source.is_v6() ? 60u : 40u) + static_cast<uint32_t>(s->options.EncodedLength()) +
             static_cast<uint32_t>(s->payload.size());
    }
    return WireLengthOfOthers();
  }
  const Segment* segment() const { return std::get_if<Segment>(&body); }
  Segment* segment() { return std::get_if<Segment>(&body); }
  const Datagram* datagram() const { return std::get_if<Datagram>(&body); }
  const IcmpMessage* icmp() const { return std::get_if<IcmpMessage>(&body); }
  const NeighbourMessage* neighbour() const { return std::get_if<NeighbourMessage>(&body); }
  // One line, in the manner of tcpdump: "10.0.0.1:4000 > 10.0.0.2:80 S 1:1(0) win 65535 <mss
  // 1460>".
  std::string ToString() const;
  // The same without addresses and ports: "S 1:1(0) win 65535 <mss 1460>", "udp (12)".
  std::string BodyToString() const;
  // A hash of everything that is on the wire (not `serial`, not `next_hop`), the same everywhere;
  // for traces. Allocates nothing.
  uint64_t Digest() const;

 private:
  uint32_t WireLengthOfOthers() const;
};

// Quotes a packet for an ICMP error about it.
QuotedPacket Quote(const Packet& packet);

struct PacketDeleter {
  inline void operator()(Packet* packet) const;
};
using PacketPtr = std::unique_ptr<Packet, PacketDeleter>;

// Recycles packets: no allocation once a world has reached its working size.
class PacketPool {
 public:
  PacketPtr New();
  PacketPtr Clone(const Packet& packet);
  // Packets alive now; 0 when nothing is in flight. For leak checks.
  size_t live() const { return slab_.live(); }

 private:
  friend struct PacketDeleter;
  Slab<Packet> slab_;
};

inline void PacketDeleter::operator()(Packet* packet) const { packet->pool->slab_.Delete(packet); }

// Something that takes a packet off one's hands: a link's end, a host's interface.
class PacketSink {
 public:
  virtual ~PacketSink() = default;
  virtual void Accept(PacketPtr packet) = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_WIRE_PACKET_H_
