#include "stack/ip/replies.h"

#include "sim/core/check.h"
#include "stack/wire/icmp.h"
#include "stack/wire/segment.h"

namespace drywire {
namespace {

PacketPtr NewReply(PacketPool& pool, const Address& from, const Address& to, uint8_t ttl) {
  PacketPtr packet = pool.New();
  packet->source = from;
  packet->destination = to;
  packet->ttl = ttl;
  return packet;
}

}  // namespace

IcmpError UnreachableError(Unreachable what, bool v6) {
  switch (what) {
    case Unreachable::kNoRoute:
      return v6 ? IcmpError{true, icmp6::kUnreachable, icmp6::kNoRoute}
                : IcmpError{false, icmp4::kUnreachable, icmp4::kNet};
    case Unreachable::kHost:
      return v6 ? IcmpError{true, icmp6::kUnreachable, icmp6::kAddress}
                : IcmpError{false, icmp4::kUnreachable, icmp4::kHost};
    case Unreachable::kPort:
      return v6 ? IcmpError{true, icmp6::kUnreachable, icmp6::kPort}
                : IcmpError{false, icmp4::kUnreachable, icmp4::kPort};
    case Unreachable::kAdminProhibited:
      return v6 ? IcmpError{true, icmp6::kUnreachable, icmp6::kAdminProhibited}
                : IcmpError{false, icmp4::kUnreachable, icmp4::kAdminProhibited};
  }
  DRYWIRE_FATAL() << "no such kind of unreachable";
}

IcmpError TimeExceededError(bool v6) {
  return {v6, v6 ? icmp6::kTimeExceeded : icmp4::kTimeExceeded, 0};
}

IcmpError TooBigError(bool v6, uint32_t mtu) {
  if (v6) return {true, icmp6::kPacketTooBig, 0, mtu};
  return {false, icmp4::kUnreachable, icmp4::kFragmentationNeeded, mtu};
}

bool MayAnswerWithError(const Packet& about, bool link_broadcast) {
  const IcmpMessage* icmp = about.icmp();
  if ((icmp != nullptr && icmp->IsError()) || about.neighbour() != nullptr) return false;
  const Address& to = about.destination;
  if (link_broadcast || to.IsMulticast() || to.IsLimitedBroadcast()) return false;
  const Address& from = about.source;
  return from.has_value() && !from.IsUnspecified() && !from.IsMulticast() &&
         !from.IsLimitedBroadcast();
}

PacketPtr MakeIcmpError(PacketPool& pool, const Packet& about, const IcmpError& error,
                        const Address& from, uint8_t ttl, size_t text) {
  PacketPtr packet = NewReply(pool, from, about.source, ttl);
  packet->dont_fragment = false;
  IcmpMessage message;
  if (const Datagram* datagram = about.datagram()) {
    message.payload = datagram->payload.Slice(0, text);
  }
  message.v6 = error.v6;
  message.type = error.type;
  message.code = error.code;
  message.rest = error.rest;
  message.quoted = Quote(about);
  packet->body = std::move(message);
  return packet;
}

PacketPtr MakeEchoReply(PacketPool& pool, const Packet& request, const Address& from, uint8_t ttl) {
  const IcmpMessage* echo = request.icmp();
  DRYWIRE_CHECK(echo != nullptr) << "only an echo request has an echo reply";
  PacketPtr packet = NewReply(pool, from, request.source, ttl);
  packet->dont_fragment = false;
  IcmpMessage message = *echo;  // identifier, sequence and payload come back
  message.type = echo->v6 ? icmp6::kEchoReply : icmp4::kEchoReply;
  packet->body = std::move(message);
  return packet;
}

PacketPtr MakeReset(PacketPool& pool, const Packet& about, uint8_t ttl) {
  const Segment* segment = about.segment();
  if (segment == nullptr || segment->Has(kRst)) return nullptr;
  PacketPtr packet = NewReply(pool, about.destination, about.source, ttl);
  Segment reset;
  reset.source_port = segment->destination_port;
  reset.destination_port = segment->source_port;
  reset.flags = kRst;
  // RFC 9293 3.10.7.1: an ACK gives the sequence number; otherwise acknowledge what came.
  if (segment->Has(kAck)) {
    reset.seq = segment->ack;
  } else {
    reset.ack = segment->seq + segment->Length();
    reset.flags |= kAck;
  }
  packet->body = std::move(reset);
  return packet;
}

}  // namespace drywire
