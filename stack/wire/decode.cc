#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "stack/wire/checksum.h"
#include "stack/wire/codec.h"
#include "stack/wire/option_layout.h"

namespace drywire {
namespace {

constexpr uint8_t kNeighbourSolicitation = 135;
constexpr uint8_t kNeighbourAdvertisement = 136;

// Reads big-endian fields from bytes that may end too soon. After an error all reads give zero, so
// that a header is read without a check in each line; what was read is used only if ok().
class Decoder {
 public:
  explicit Decoder(absl::Span<const uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  size_t position() const { return at_; }
  size_t left() const { return bytes_.size() - at_; }
  absl::Span<const uint8_t> Range(size_t from, size_t length) const {
    return bytes_.subspan(from, length);
  }
  template <typename... Parts>
  void FailAt(size_t position, const Parts&... parts) {
    if (ok()) status_ = absl::InvalidArgumentError(absl::StrCat("byte ", position, ": ", parts...));
  }
  // What follows is `name` and needs `length` bytes.
  bool Need(size_t length, absl::string_view name) {
    if (ok() && left() < length) {
      FailAt(at_, name, " needs ", length, " bytes, there are ", left());
    }
    return ok();
  }

  uint8_t U8() { return ok() && left() > 0 ? bytes_[at_++] : uint8_t{0}; }
  uint16_t U16() {
    const uint16_t high = U8();
    return static_cast<uint16_t>(high << 8 | U8());
  }
  uint32_t U32() {
    const uint32_t high = U16();
    return high << 16 | U16();
  }
  uint64_t U64() {
    const uint64_t high = U32();
    return high << 32 | U32();
  }
  Address AddressOf(Family family) {
    if (family == Family::kInet) return Address::V4(U32());
    const uint64_t hi = U64();
    return Address::V6(hi, U64());
  }
  // `length` must not be more than left().
  absl::Span<const uint8_t> Take(size_t length) {
    if (!ok()) return {};
    at_ += length;
    return bytes_.subspan(at_ - length, length);
  }

 private:
  absl::Span<const uint8_t> bytes_;
  size_t at_ = 0;
  absl::Status status_;
};

// Adds one option that was cut out of the header; what the model has no field for is kept as it is.
void DecodeOption(absl::Span<const uint8_t> option, TcpOptions* options, std::string* other) {
  Decoder value(option.subspan(2));
  const size_t length = option.size();
  switch (option[0]) {
    case tcp_option::kMss:
      if (length != 4 || options->has_mss) break;
      options->has_mss = true;
      options->mss = value.U16();
      return;
    case tcp_option::kWindowScale:
      if (length != 3 || options->has_window_scale) break;
      options->has_window_scale = true;
      options->window_scale = value.U8();
      return;
    case tcp_option::kSackPermitted:
      if (length != 2 || options->sack_permitted) break;
      options->sack_permitted = true;
      return;
    case tcp_option::kTimestamps:
      if (length != 10 || options->has_timestamps) break;
      options->has_timestamps = true;
      options->ts_val = value.U32();
      options->ts_ecr = value.U32();
      return;
    case tcp_option::kSack:
      if (length < 10 || (length - 2) % 8 != 0 || options->sack_count > 0) break;
      options->sack_count = static_cast<uint8_t>((length - 2) / 8);  // at most 4: 40 bytes in all
      for (int i = 0; i < options->sack_count; ++i) {
        options->sack[i].left = Seq(value.U32());
        options->sack[i].right = Seq(value.U32());
      }
      return;
    default:
      break;
  }
  other->append(reinterpret_cast<const char*>(option.data()), option.size());
}

void DecodeOptions(Decoder& in, size_t length, TcpOptions* options) {
  const size_t end = in.position() + length;
  std::string other;
  while (in.ok() && in.position() < end) {
    const size_t start = in.position();
    const uint8_t kind = in.U8();
    if (kind == tcp_option::kNop) continue;
    if (kind == tcp_option::kEndOfList) {
      in.Take(end - in.position());
      break;
    }
    const uint8_t option_length = in.position() < end ? in.U8() : 0;
    if (option_length < 2 || option_length > end - start) {
      return in.FailAt(start, "TCP option ", kind, " has length ", option_length, ", of ",
                       end - start, " bytes left in the header");
    }
    in.Take(option_length - 2u);
    DecodeOption(in.Range(start, option_length), options, &other);
  }
  options->other_options = Bytes::Copy(absl::string_view(other));
}

void DecodeTcp(Decoder& in, Packet* packet) {
  const size_t start = in.position();
  if (!in.Need(20, "a TCP header")) return;
  Segment segment;
  segment.source_port = in.U16();
  segment.destination_port = in.U16();
  segment.seq = Seq(in.U32());
  segment.ack = Seq(in.U32());
  const uint8_t offset = in.U8();
  segment.flags = in.U8();
  segment.window = in.U16();
  in.U16();
  segment.urgent = in.U16();
  const size_t header = static_cast<size_t>(offset >> 4) * 4;
  if (header < 20 || header - 20 > in.left()) {
    return in.FailAt(start + 12, "TCP header of ", header, " bytes in a segment of ",
                     in.left() + 20);
  }
  if ((offset & 0xf) != 0) {
    return in.FailAt(start + 12, "reserved bits of the TCP header are ", offset & 0xf);
  }
  DecodeOptions(in, header - 20, &segment.options);
  segment.payload = Bytes::Copy(in.Take(in.left()));
  packet->body = std::move(segment);
}

void DecodeUdp(Decoder& in, Packet* packet) {
  const size_t start = in.position();
  if (!in.Need(8, "a UDP header")) return;
  Datagram datagram;
  datagram.source_port = in.U16();
  datagram.destination_port = in.U16();
  const uint16_t length = in.U16();
  in.U16();
  if (length != in.left() + 8) {
    return in.FailAt(start + 4, "UDP length is ", length, ", the datagram has ", in.left() + 8);
  }
  datagram.payload = Bytes::Copy(in.Take(in.left()));
  packet->body = std::move(datagram);
}

bool IsKnown(uint8_t protocol) {
  switch (static_cast<IpProtocol>(protocol)) {
    case IpProtocol::kIcmp:
    case IpProtocol::kTcp:
    case IpProtocol::kUdp:
    case IpProtocol::kIcmpV6:
      return true;
    case IpProtocol::kArp:
      break;
  }
  return false;
}

// `text`: what is quoted of a datagram's.
QuotedPacket DecodeQuoted(Decoder& in, bool v6, Bytes* text) {
  QuotedPacket quoted;
  const size_t start = in.position();
  if (!in.Need(v6 ? 48 : 28, "a quoted packet")) return quoted;
  uint8_t protocol = 0;
  const uint32_t first = in.U32();
  if (first >> 28 != (v6 ? 6u : 4u)) {
    in.FailAt(start, "the quoted packet is of IP version ", first >> 28);
    return quoted;
  }
  if (v6) {
    quoted.length = in.U16() + 40u;
    protocol = in.U8();
    in.U8();
  } else {
    const size_t header = (first >> 24 & 0xf) * 4;
    if (header != 20) {
      in.FailAt(start, "quoted IPv4 header of ", header, " bytes (options are not modelled)");
    }
    quoted.length = first & 0xffff;
    in.U32();
    in.U8();
    protocol = in.U8();
    in.U16();
  }
  quoted.source = in.AddressOf(v6 ? Family::kInet6 : Family::kInet);
  quoted.destination = in.AddressOf(quoted.source.family());
  if (!IsKnown(protocol)) in.FailAt(start, "quoted protocol ", protocol, " is not modelled");
  quoted.protocol = static_cast<IpProtocol>(protocol);
  const uint16_t source_port = in.U16();
  const uint16_t destination_port = in.U16();
  const uint32_t seq = in.U32();
  if (quoted.protocol == IpProtocol::kTcp || quoted.protocol == IpProtocol::kUdp) {
    quoted.source_port = source_port;
    quoted.destination_port = destination_port;
  }
  if (quoted.protocol == IpProtocol::kTcp) quoted.seq = Seq(seq);
  // Of others it may be more than the model keeps.
  const absl::Span<const uint8_t> rest = in.Take(in.left());
  if (quoted.protocol == IpProtocol::kUdp) *text = Bytes::Copy(rest);
  return quoted;
}

void DecodeIcmp(Decoder& in, bool v6, Packet* packet) {
  if (!in.Need(8, v6 ? "an ICMPv6 header" : "an ICMP header")) return;
  IcmpMessage message;
  message.v6 = v6;
  message.type = in.U8();
  message.code = in.U8();
  in.U16();
  message.rest = in.U32();
  if (v6 && (message.type == kNeighbourSolicitation || message.type == kNeighbourAdvertisement)) {
    if (!in.Need(16, "the target of neighbour discovery")) return;
    NeighbourMessage neighbour;
    neighbour.reply = message.type == kNeighbourAdvertisement;
    neighbour.target = in.AddressOf(Family::kInet6);
    neighbour.sender = packet->source;
    in.Take(in.left());  // Options: link-layer addresses.
    packet->body = neighbour;
    return;
  }
  if (message.IsError()) {
    message.quoted = DecodeQuoted(in, v6, &message.payload);
  } else {
    message.payload = Bytes::Copy(in.Take(in.left()));
  }
  packet->body = std::move(message);
}

// Whether the checksum over the body is right; UDP over IPv4 may have none.
bool ChecksumFails(const Packet& packet, IpProtocol protocol, absl::Span<const uint8_t> body) {
  if (protocol == IpProtocol::kUdp && packet.source.is_v4() && body[6] == 0 && body[7] == 0) {
    return false;
  }
  Checksum checksum;
  checksum.Add(body);
  if (protocol != IpProtocol::kIcmp) {
    checksum.Add(packet.source);
    checksum.Add(packet.destination);
    checksum.Add32(static_cast<uint32_t>(body.size()));
    checksum.Add16(static_cast<uint16_t>(protocol));
  }
  return checksum.value() != 0;
}

uint8_t DecodeIpv4Header(Decoder& in, Packet* packet) {
  if (!in.Need(20, "an IPv4 header")) return 0;
  const size_t size = in.left();
  const uint8_t version_and_length = in.U8();
  packet->tos = in.U8();
  const uint16_t total = in.U16();
  packet->identification = in.U16();
  const uint16_t fragment = in.U16();
  packet->ttl = in.U8();
  const uint8_t protocol = in.U8();
  in.U16();
  packet->source = in.AddressOf(Family::kInet);
  packet->destination = in.AddressOf(Family::kInet);
  packet->dont_fragment = (fragment & 0x4000) != 0;
  const int header = (version_and_length & 0xf) * 4;
  if (header != 20) {
    in.FailAt(0, "IPv4 header of ", header, " bytes (options are not modelled)");
  }
  if (total != size) in.FailAt(2, "IPv4 total length is ", total, ", there are ", size, " bytes");
  if ((fragment & 0xbfff) != 0) in.FailAt(6, "fragments are not modelled");
  Checksum checksum;
  checksum.Add(in.Range(0, 20));
  if (checksum.value() != 0) in.FailAt(10, "wrong IPv4 header checksum");
  return protocol;
}

uint8_t DecodeIpv6Header(Decoder& in, Packet* packet) {
  if (!in.Need(40, "an IPv6 header")) return 0;
  const uint32_t first = in.U32();
  packet->tos = static_cast<uint8_t>(first >> 20);
  packet->flow_label = first & 0xfffff;
  const uint16_t length = in.U16();
  const uint8_t protocol = in.U8();
  packet->ttl = in.U8();
  packet->source = in.AddressOf(Family::kInet6);
  packet->destination = in.AddressOf(Family::kInet6);
  if (length != in.left()) {
    in.FailAt(4, "IPv6 payload length is ", length, ", there are ", in.left(), " bytes");
  }
  return protocol;
}

}  // namespace

absl::StatusOr<Packet> DecodePacket(absl::Span<const uint8_t> bytes) {
  Decoder in(bytes);
  if (bytes.empty()) in.FailAt(0, "no bytes");
  const int version = bytes.empty() ? 0 : bytes[0] >> 4;
  if (version != 4 && version != 6) in.FailAt(0, "IP version ", version);
  if (!in.ok()) return in.status();
  const bool v6 = version == 6;
  Packet packet;
  const uint8_t number = v6 ? DecodeIpv6Header(in, &packet) : DecodeIpv4Header(in, &packet);
  const IpProtocol protocol = static_cast<IpProtocol>(number);
  if (in.ok() && (!IsKnown(number) || protocol == (v6 ? IpProtocol::kIcmp : IpProtocol::kIcmpV6))) {
    in.FailAt(v6 ? 6 : 9, "protocol ", number, " is not modelled over IPv", version);
  }
  const size_t start = in.position();
  if (protocol == IpProtocol::kTcp) {
    DecodeTcp(in, &packet);
  } else if (protocol == IpProtocol::kUdp) {
    DecodeUdp(in, &packet);
  } else {
    DecodeIcmp(in, v6, &packet);
  }
  if (!in.ok()) return in.status();
  packet.corrupted = ChecksumFails(packet, protocol, bytes.subspan(start));
  return packet;
}

absl::StatusOr<Packet> DecodeArp(absl::Span<const uint8_t> bytes) {
  Decoder in(bytes);
  in.Need(28, "an ARP message");
  if (in.ok() && bytes.size() != 28) in.FailAt(28, bytes.size() - 28, " bytes after the message");
  const uint16_t hardware = in.U16();
  const uint32_t protocol_and_lengths = in.U32();
  if (hardware != 1 || protocol_and_lengths != 0x0800'0604)
    in.FailAt(0, "not ARP for IPv4 over Ethernet");
  const uint16_t operation = in.U16();
  if (operation != 1 && operation != 2) in.FailAt(6, "ARP operation ", operation);
  if (!in.ok()) return in.status();
  in.Take(6);
  Packet packet;
  NeighbourMessage message;
  message.reply = operation == 2;
  message.sender = in.AddressOf(Family::kInet);
  in.Take(6);
  const Address target = in.AddressOf(Family::kInet);
  message.target = message.reply ? message.sender : target;
  packet.source = message.sender;
  packet.destination = message.reply ? target : Address::LimitedBroadcast();
  packet.body = message;
  return packet;
}

}  // namespace drywire
