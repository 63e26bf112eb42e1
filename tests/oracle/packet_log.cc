#include "tests/oracle/packet_log.h"

#include "absl/strings/str_cat.h"
#include "stack/base/endpoint.h"

namespace drywire::oracle {
namespace {

std::string Name(const Address& address, uint16_t port) {
  return Endpoint{address, port}.ToString();
}

}  // namespace

PacketLog::Conversation& PacketLog::Find(const std::string& local, const std::string& remote) {
  Conversation& conversation = conversations_[{local, remote}];
  if (conversation.number == 0) conversation.number = conversations_.size();
  return conversation;
}

std::string PacketLog::Body(const Packet& packet, bool outgoing) {
  const Address& local = outgoing ? packet.source : packet.destination;
  const Address& remote = outgoing ? packet.destination : packet.source;
  const auto find = [&](uint16_t source, uint16_t destination) -> Conversation& {
    return Find(Name(local, outgoing ? source : destination),
                Name(remote, outgoing ? destination : source));
  };
  const char* const arrow = outgoing ? " > " : " < ";
  if (const Datagram* datagram = packet.datagram()) {
    const Conversation& conversation = find(datagram->source_port, datagram->destination_port);
    return absl::StrCat(conversation.number, arrow, packet.BodyToString());
  }
  if (const IcmpMessage* icmp = packet.icmp()) {
    return absl::StrCat("-", arrow, icmp->ToString(), " for ", icmp->quoted.length, " bytes");
  }
  Segment segment = *packet.segment();
  Conversation& conversation = find(segment.source_port, segment.destination_port);
  const auto relative = [&](Seq* seq, int direction) {
    if (!conversation.seen[direction] || (segment.Has(kSyn) && direction == (outgoing ? 0 : 1))) {
      conversation.seen[direction] = true;
      conversation.first[direction] = *seq;
    }
    *seq = Seq(static_cast<uint32_t>(seq->Since(conversation.first[direction])));
  };
  const int direction = outgoing ? 0 : 1;
  // A RST of a closed port has no number of its own.
  if (!segment.Has(kRst) || segment.seq.value() != 0) relative(&segment.seq, direction);
  if (segment.Has(kAck)) relative(&segment.ack, 1 - direction);
  for (int i = 0; i < segment.options.sack_count; ++i) {
    relative(&segment.options.sack[i].left, 1 - direction);
    relative(&segment.options.sack[i].right, 1 - direction);
  }
  segment.options.ts_val = 0;
  segment.options.ts_ecr = segment.options.ts_ecr == 0 ? 0 : 1;
  return absl::StrCat(conversation.number, arrow, segment.ToString());
}

void PacketLog::Add(const Packet& packet, bool outgoing, int64_t time_us) {
  if (packet.neighbour() != nullptr) return;
  const IcmpMessage* const icmp = packet.icmp();
  if (icmp != nullptr && !icmp->IsError()) return;
  if (started_us_ < 0) started_us_ = time_us;
  const int64_t tenths = (time_us - started_us_ + 50'000) / 100'000;
  absl::StrAppend(&text_, text_.empty() ? "" : "\n", Body(packet, outgoing), " after=", tenths / 10,
                  ".", tenths % 10, "s");
}

}  // namespace drywire::oracle
