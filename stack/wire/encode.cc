#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "stack/wire/checksum.h"
#include "stack/wire/codec.h"
#include "stack/wire/option_layout.h"

namespace drywire {
namespace {

constexpr size_t kMaxIpLength = 65'535;
constexpr uint8_t kNeighbourSolicitation = 135;
constexpr uint8_t kNeighbourAdvertisement = 136;
constexpr uint16_t kEthernetIpv4 = 0x0800;
constexpr uint16_t kEthernetArp = 0x0806;
constexpr uint16_t kEthernetIpv6 = 0x86dd;

class Writer {
 public:
  explicit Writer(std::vector<uint8_t>* out) : out_(out) {}

  size_t position() const { return out_->size(); }
  void U8(uint64_t value) { out_->push_back(static_cast<uint8_t>(value)); }
  void U16(uint64_t value) {
    U8(value >> 8);
    U8(value);
  }
  void U32(uint64_t value) {
    U16(value >> 16);
    U16(value);
  }
  void Put(const Address& address) {
    if (address.is_v6()) {
      U32(address.hi() >> 32);
      U32(address.hi());
      U32(address.lo() >> 32);
    }
    U32(address.lo());
  }
  void Put(absl::Span<const uint8_t> bytes) {
    out_->insert(out_->end(), bytes.begin(), bytes.end());
  }
  void Patch16(size_t at, uint16_t value) {
    (*out_)[at] = static_cast<uint8_t>(value >> 8);
    (*out_)[at + 1] = static_cast<uint8_t>(value);
  }
  absl::Span<const uint8_t> From(size_t at) const { return absl::MakeConstSpan(*out_).subspan(at); }

 private:
  std::vector<uint8_t>* out_;
};

struct OptionWriter {
  const TcpOptions& options;
  Writer& out;

  void Nop() { out.U8(tcp_option::kNop); }
  void Mss() {
    out.U16(tcp_option::kMss << 8 | 4);
    out.U16(options.mss);
  }
  void SackPermitted() { out.U16(tcp_option::kSackPermitted << 8 | 2); }
  void Timestamps() {
    out.U16(tcp_option::kTimestamps << 8 | 10);
    out.U32(options.ts_val);
    out.U32(options.ts_ecr);
  }
  void WindowScale() {
    out.U16(tcp_option::kWindowScale << 8 | 3);
    out.U8(options.window_scale);
  }
  void Sack() {
    out.U8(tcp_option::kSack);
    out.U8(2 + 8 * options.sack_count);
    for (int i = 0; i < options.sack_count; ++i) {
      out.U32(options.sack[i].left.value());
      out.U32(options.sack[i].right.value());
    }
  }
  void Other() { out.Put(options.other_options.span()); }
};

// The IP header; a quoted packet has only what is quoted of it, but the length of the whole.
void PutIpHeader(Writer& out, const Packet& packet, IpProtocol protocol, size_t length) {
  const size_t start = out.position();
  if (packet.source.is_v6()) {
    out.U32(uint64_t{6} << 28 | uint64_t{packet.tos} << 20 | (packet.flow_label & 0xfffff));
    out.U16(length < 40 ? 0 : length - 40);
    out.U8(static_cast<uint8_t>(protocol));
    out.U8(packet.ttl);
    out.Put(packet.source);
    out.Put(packet.destination);
    return;
  }
  out.U8(0x45);
  out.U8(packet.tos);
  out.U16(length);
  out.U16(packet.identification);
  out.U16(packet.dont_fragment ? 0x4000 : 0);
  out.U8(packet.ttl);
  out.U8(static_cast<uint8_t>(protocol));
  out.U16(0);
  out.Put(packet.source);
  out.Put(packet.destination);
  Checksum checksum;
  checksum.Add(out.From(start));
  out.Patch16(start + 10, checksum.value());
}

void PutQuoted(Writer& out, const QuotedPacket& quoted) {
  Packet header;
  header.source = quoted.source;
  header.destination = quoted.destination;
  PutIpHeader(out, header, quoted.protocol, quoted.length);
  const uint32_t ip_header = quoted.source.is_v6() ? 40 : 20;
  out.U16(quoted.source_port);
  out.U16(quoted.destination_port);
  if (quoted.protocol == IpProtocol::kTcp) {
    out.U32(quoted.seq.value());
  } else {
    out.U16(quoted.length > ip_header ? quoted.length - ip_header : 0);
    out.U16(0);
  }
}

// Writes what follows the IP header and says where in it the checksum is.
struct BodyWriter {
  const Packet& packet;
  Writer& out;

  size_t operator()(const Segment& segment) {
    const int options = segment.options.EncodedLength();
    out.U16(segment.source_port);
    out.U16(segment.destination_port);
    out.U32(segment.seq.value());
    out.U32(segment.ack.value());
    out.U8((20 + options) / 4 << 4);
    out.U8(segment.flags);
    out.U16(segment.window);
    out.U16(0);
    out.U16(segment.urgent);
    const size_t start = out.position();
    OptionWriter writer{segment.options, out};
    VisitOptions(segment.options, writer);
    while (out.position() < start + static_cast<size_t>(options)) out.U8(tcp_option::kEndOfList);
    out.Put(segment.payload.span());
    return 16;
  }
  size_t operator()(const Datagram& datagram) {
    out.U16(datagram.source_port);
    out.U16(datagram.destination_port);
    out.U16(8 + datagram.payload.size());
    out.U16(0);
    out.Put(datagram.payload.span());
    return 6;
  }
  size_t operator()(const IcmpMessage& message) {
    out.U8(message.type);
    out.U8(message.code);
    out.U16(0);
    out.U32(message.rest);
    if (message.IsError()) {
      PutQuoted(out, message.quoted);
      if (message.QuotesText()) out.Put(message.payload.span());
    } else {
      out.Put(message.payload.span());
    }
    return 2;
  }
  // IPv6 only: ARP is not inside IP.
  size_t operator()(const NeighbourMessage& message) {
    out.U8(message.reply ? kNeighbourAdvertisement : kNeighbourSolicitation);
    out.U8(0);
    out.U16(0);
    out.U32(message.reply ? 0x60000000 : 0);  // solicited, override
    out.Put(message.target);
    out.U8(message.reply ? 2 : 1);  // target or source link-layer address
    out.U8(1);
    out.Put(LinkAddress(message.sender));
    return 2;
  }
};

uint16_t TransportChecksum(const Packet& packet, absl::Span<const uint8_t> body) {
  Checksum checksum;
  checksum.Add(body);
  if (packet.protocol() != IpProtocol::kIcmp) {
    checksum.Add(packet.source);
    checksum.Add(packet.destination);
    checksum.Add32(static_cast<uint32_t>(body.size()));
    checksum.Add16(static_cast<uint16_t>(packet.protocol()));
  }
  uint16_t value = checksum.value();
  if (packet.corrupted) value ^= 0x5555;
  // For UDP zero means that there is none.
  return value == 0 && packet.protocol() == IpProtocol::kUdp ? 0xffff : value;
}

void PutArp(const Packet& packet, const NeighbourMessage& message, Writer& out) {
  out.U16(1);  // Ethernet
  out.U16(kEthernetIpv4);
  out.U16(6 << 8 | 4);
  out.U16(message.reply ? 2 : 1);
  out.Put(LinkAddress(message.sender));
  out.Put(message.sender);
  // A reply names whom it answers; a request leaves the link-layer address open.
  out.Put(message.reply ? LinkAddress(packet.destination) : std::array<uint8_t, 6>{});
  out.Put(message.reply ? packet.destination : message.target);
}

absl::Status Unencodable(const Packet& packet) {
  const auto refuse = [](auto&&... parts) {
    return absl::InvalidArgumentError(absl::StrCat("packet cannot be encoded: ", parts...));
  };
  if (const NeighbourMessage* message = packet.neighbour()) {
    if (message->sender.family() != message->target.family() ||
        (message->target.is_v4() && message->reply && !packet.destination.is_v4())) {
      return refuse("address resolution between ", message->sender.ToString(), " and ",
                    message->target.ToString());
    }
    if (packet.protocol() == IpProtocol::kArp) return absl::OkStatus();
  }
  if (!packet.source.has_value() || packet.source.family() != packet.destination.family()) {
    return refuse("it is from ", packet.source.ToString(), " to ", packet.destination.ToString());
  }
  if (const Segment* segment = packet.segment()) {
    if (segment->options.sack_count > 4) return refuse("more than 4 SACK blocks");
    const int length = segment->options.EncodedLength();
    if (length > kMaxTcpOptionsLength) return refuse(length, " bytes of TCP options");
  }
  if (const IcmpMessage* message = packet.icmp()) {
    if (message->v6 != packet.source.is_v6()) return refuse("ICMP of the other family");
    if (message->IsError() &&
        message->quoted.source.family() != message->quoted.destination.family()) {
      return refuse("it quotes a packet from ", message->quoted.source.ToString(), " to ",
                    message->quoted.destination.ToString());
    }
  }
  const size_t length = packet.WireLength() - (packet.source.is_v6() ? 40 : 0);
  if (length > kMaxIpLength) return refuse(length, " bytes");
  return absl::OkStatus();
}

}  // namespace

absl::Status EncodePacket(const Packet& packet, std::vector<uint8_t>* out) {
  absl::Status status = Unencodable(packet);
  if (!status.ok()) return status;
  Writer writer(out);
  if (packet.protocol() == IpProtocol::kArp) {
    PutArp(packet, *packet.neighbour(), writer);
    return absl::OkStatus();
  }
  PutIpHeader(writer, packet, packet.protocol(), packet.WireLength());
  const size_t start = writer.position();
  const size_t checksum_at = std::visit(BodyWriter{packet, writer}, packet.body);
  writer.Patch16(start + checksum_at, TransportChecksum(packet, writer.From(start)));
  return absl::OkStatus();
}

std::array<uint8_t, 6> LinkAddress(const Address& address) {
  const uint64_t low = address.lo();
  const auto byte = [low](int i) { return static_cast<uint8_t>(low >> (8 * i)); };
  if (!address.has_value() || address.IsLimitedBroadcast()) {
    return {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  }
  if (address.IsMulticast()) {
    if (address.is_v6()) return {0x33, 0x33, byte(3), byte(2), byte(1), byte(0)};
    return {0x01, 0x00, 0x5e, static_cast<uint8_t>(byte(2) & 0x7f), byte(1), byte(0)};
  }
  return {0x02, static_cast<uint8_t>(address.is_v6() ? 6 : 0), byte(3), byte(2), byte(1), byte(0)};
}

absl::Status EncodeFrame(const Packet& packet, const Address& sender, std::vector<uint8_t>* out) {
  absl::Status status = Unencodable(packet);
  if (!status.ok()) return status;
  Writer writer(out);
  const std::array<uint8_t, 6> zero = {};
  const bool loopback = !sender.has_value();
  writer.Put(loopback ? zero : LinkAddress(packet.next_hop));
  writer.Put(loopback ? zero : LinkAddress(sender));
  writer.U16(packet.protocol() == IpProtocol::kArp ? kEthernetArp
             : packet.source.is_v6()               ? kEthernetIpv6
                                                   : kEthernetIpv4);
  return EncodePacket(packet, out);
}

}  // namespace drywire
