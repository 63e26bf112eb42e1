// TCP segments and UDP datagrams as values (RFC 9293 3.1, RFC 768).
//
// Fields are in host order and options are decoded; bytes exist only at the edge
// (stack/wire/codec). Fast Open, MD5 and unknown options travel in `other_options`, undecoded.
#ifndef DRYWIRE_STACK_WIRE_SEGMENT_H_
#define DRYWIRE_STACK_WIRE_SEGMENT_H_

#include <array>
#include <cstdint>
#include <string>

#include "stack/base/bytes.h"
#include "stack/base/seq.h"

namespace drywire {

// Control bits, in their positions on the wire.
enum TcpFlag : uint8_t {
  kFin = 0x01,
  kSyn = 0x02,
  kRst = 0x04,
  kPsh = 0x08,
  kAck = 0x10,
  kUrg = 0x20,
  kEce = 0x40,
  kCwr = 0x80,
};

struct SackBlock {
  Seq left;
  Seq right;
  friend bool operator==(const SackBlock&, const SackBlock&) = default;
};

struct TcpOptions {
  bool has_mss = false;
  bool has_window_scale = false;
  bool sack_permitted = false;
  bool has_timestamps = false;
  uint8_t window_scale = 0;  // shift count as sent, 0 to 255 (receivers clamp to 14)
  uint8_t sack_count = 0;    // 0 to 4
  uint16_t mss = 0;
  uint32_t ts_val = 0;
  uint32_t ts_ecr = 0;
  std::array<SackBlock, 4> sack = {};
  Bytes other_options;  // kind, length, value of each, in order, without padding

  // Length in the header: padded to a multiple of four, at most 40 for one that can be encoded.
  int EncodedLength() const {
    if (sack_count != 0 || !other_options.empty()) return EncodedLengthOfAll();
    const int stamps = has_timestamps ? 12 : sack_permitted ? 4 : 0;
    return (has_mss ? 4 : 0) + stamps + (has_window_scale ? 4 : 0);
  }

 private:
  int EncodedLengthOfAll() const;
};

struct Segment {
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  Seq seq;
  Seq ack;              // meaningful with kAck
  uint8_t flags = 0;    // of TcpFlag
  uint16_t window = 0;  // as on the wire: not scaled
  uint16_t urgent = 0;
  TcpOptions options;
  Bytes payload;

  bool Has(uint8_t flag) const { return (flags & flag) != 0; }
  // SEG.LEN: payload plus one for SYN and one for FIN.
  uint32_t Length() const {
    return static_cast<uint32_t>(payload.size()) + (Has(kSyn) ? 1 : 0) + (Has(kFin) ? 1 : 0);
  }
  // As packetdrill writes it: "S. 100:100(0) ack 1 win 65535 <mss 1460,...>".
  std::string ToString() const;
};

struct Datagram {
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  Bytes payload;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_WIRE_SEGMENT_H_
