// Arbitrary packets that have an encoding, for property tests.
#ifndef DRYWIRE_TESTS_STACK_WIRE_RANDOM_PACKET_H_
#define DRYWIRE_TESTS_STACK_WIRE_RANDOM_PACKET_H_

#include <string>
#include <utility>

#include "sim/core/rng.h"
#include "stack/wire/packet.h"

namespace drywire {

inline Bytes RandomBytes(Rng& rng, size_t max) {
  std::string text(rng.Uniform(3) == 0 ? 0 : rng.Uniform(max + 1), '\0');
  for (char& c : text) c = static_cast<char>(rng.Next());
  return Bytes::Copy(absl::string_view(text));
}

inline Address RandomAddress(Rng& rng, bool v6) {
  if (!v6) return Address::V4(10, 0, static_cast<uint8_t>(rng.Next()), 1);
  return Address::V6(0x20010db800000000u, rng.Next());
}

inline TcpOptions RandomOptions(Rng& rng) {
  TcpOptions o;
  if ((o.has_mss = rng.Uniform(2) != 0)) o.mss = static_cast<uint16_t>(rng.Next());
  if ((o.has_window_scale = rng.Uniform(2) != 0)) o.window_scale = rng.Uniform(15);
  o.sack_permitted = rng.Uniform(2) != 0;
  if ((o.has_timestamps = rng.Uniform(2) != 0)) {
    o.ts_val = static_cast<uint32_t>(rng.Next());
    o.ts_ecr = static_cast<uint32_t>(rng.Next());
  }
  o.sack_count = static_cast<uint8_t>(rng.Uniform(4));
  for (int i = 0; i < o.sack_count; ++i) {
    const uint32_t left = static_cast<uint32_t>(rng.Next());
    o.sack[i] = {Seq(left), Seq(left + 1 + static_cast<uint32_t>(rng.Uniform(1000)))};
  }
  if (rng.Uniform(8) == 0) o.other_options = Bytes::Copy("\xfd\x04\x01\x02");
  return o.EncodedLength() <= 40 ? o : TcpOptions();
}

inline QuotedPacket RandomQuote(Rng& rng, bool v6) {
  static constexpr IpProtocol kProtocols[] = {IpProtocol::kTcp, IpProtocol::kUdp,
                                              IpProtocol::kIcmp};
  QuotedPacket quoted;
  quoted.source = RandomAddress(rng, v6);
  quoted.destination = RandomAddress(rng, v6);
  quoted.protocol = kProtocols[rng.Uniform(3)];
  quoted.length = static_cast<uint32_t>((v6 ? 40 : 20) + 8 + rng.Uniform(1400));
  if (quoted.protocol == IpProtocol::kIcmp) {
    if (v6) quoted.protocol = IpProtocol::kIcmpV6;
    return quoted;
  }
  quoted.source_port = static_cast<uint16_t>(rng.Next());
  quoted.destination_port = static_cast<uint16_t>(rng.Next());
  if (quoted.protocol == IpProtocol::kTcp) quoted.seq = Seq(static_cast<uint32_t>(rng.Next()));
  return quoted;
}

inline Packet RandomPacket(Rng& rng) {
  Packet packet;
  const bool v6 = rng.Uniform(2) != 0;
  packet.source = RandomAddress(rng, v6);
  packet.destination = RandomAddress(rng, v6);
  packet.ttl = static_cast<uint8_t>(1 + rng.Uniform(255));
  packet.tos = static_cast<uint8_t>(rng.Next());
  if (v6) {
    packet.flow_label = static_cast<uint32_t>(rng.Uniform(1 << 20));
  } else {
    packet.identification = static_cast<uint16_t>(rng.Next());
    packet.dont_fragment = rng.Uniform(2) != 0;
  }
  packet.corrupted = rng.Uniform(4) == 0;
  const uint64_t kind = rng.Uniform(8);
  if (kind < 4) {
    Segment segment;
    segment.source_port = static_cast<uint16_t>(rng.Next());
    segment.destination_port = static_cast<uint16_t>(rng.Next());
    segment.seq = Seq(static_cast<uint32_t>(rng.Next()));
    segment.ack = Seq(static_cast<uint32_t>(rng.Next()));
    segment.flags = static_cast<uint8_t>(rng.Next());
    segment.window = static_cast<uint16_t>(rng.Next());
    segment.urgent = static_cast<uint16_t>(rng.Next());
    segment.options = RandomOptions(rng);
    segment.payload = RandomBytes(rng, 100);
    packet.body = std::move(segment);
  } else if (kind < 6) {
    packet.body = Datagram{static_cast<uint16_t>(rng.Next()), static_cast<uint16_t>(rng.Next()),
                           RandomBytes(rng, 100)};
  } else if (kind == 6) {
    IcmpMessage message;
    message.v6 = v6;
    message.type = v6 ? icmp6::kUnreachable : icmp4::kUnreachable;
    message.code = static_cast<uint8_t>(rng.Uniform(7));
    if (rng.Uniform(3) == 0) {
      message.type = v6 ? icmp6::kEcho : icmp4::kEcho;
      message.code = 0;
      message.rest = static_cast<uint32_t>(rng.Next());
      message.payload = RandomBytes(rng, 60);
    } else {
      message.quoted = RandomQuote(rng, v6);
    }
    packet.body = std::move(message);
  } else if (v6) {
    packet.body = NeighbourMessage{rng.Uniform(2) != 0, RandomAddress(rng, true), packet.source};
  } else {
    packet.body = Datagram{1, 2, {}};
  }
  return packet;
}

}  // namespace drywire

#endif  // DRYWIRE_TESTS_STACK_WIRE_RANDOM_PACKET_H_
