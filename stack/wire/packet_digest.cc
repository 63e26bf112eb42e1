// Packet::Digest(): every packet that is sent pays for it, so it takes two words at a step and, of
// payload, four such steps side by side.
#include <bit>
#include <cstdint>
#include <cstring>

#include "sim/core/rng.h"
#include "stack/wire/packet.h"

namespace drywire {
namespace {

// Odd constants without structure (hexadecimal digits of e's fraction, last bit set).
constexpr uint64_t kE[] = {0xb7e151628aed2a6b, 0xbf7158809cf4f3c7, 0x62e7160f38b4da57,
                           0xa784d9045190cfef};

// Eight bytes as a number, the first one lowest.
uint64_t LoadWord(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

uint64_t Step(uint64_t state, uint64_t a, uint64_t b) {
  return FoldProduct(state ^ a, b ^ kE[1]) + kE[0];
}

uint64_t DigestBytes(uint64_t state, const uint8_t* data, size_t size) {
  constexpr size_t kStride = 16;
  constexpr size_t kLanes = 4;
  if (size >= kLanes * kStride) {
    uint64_t lanes[kLanes] = {state ^ kE[0], state ^ kE[1], state ^ kE[2], state ^ kE[3]};
    for (; size >= kLanes * kStride; size -= kLanes * kStride, data += kLanes * kStride) {
      for (size_t i = 0; i < kLanes; ++i) {
        const uint8_t* const at = data + i * kStride;
        lanes[i] = Step(lanes[i], LoadWord(at), LoadWord(at + 8));
      }
    }
    state = Step(Step(state, lanes[0], lanes[1]), lanes[2], lanes[3]);
  }
  for (; size >= kStride; size -= kStride, data += kStride) {
    state = Step(state, LoadWord(data), LoadWord(data + 8));
  }
  if (size == 0) return state;
  uint8_t rest[kStride] = {};
  std::memcpy(rest, data, size);
  return Step(state, LoadWord(rest), LoadWord(rest + 8));
}

// Which options there are and the short ones' values; values of options that are not there must be
// zero. Byte by byte in the order in which they lie, so that compilers read one word.
uint64_t HeadOf(const TcpOptions& o) {
  return uint64_t{o.has_mss} | uint64_t{o.has_window_scale} << 8 |
         uint64_t{o.sack_permitted} << 16 | uint64_t{o.has_timestamps} << 24 |
         uint64_t{o.window_scale} << 32 | uint64_t{o.sack_count} << 40 | uint64_t{o.mss} << 48;
}

class Hasher {
 public:
  void Add(uint64_t a, uint64_t b) { state_ = Step(state_, a, b); }
  // The families are told apart by what the caller adds beside them.
  void Add(const Address& a, const Address& b) {
    Add(a.lo(), b.lo());
    if ((a.hi() | b.hi()) != 0) Add(a.hi(), b.hi());
  }
  void Add(const Bytes& bytes) {
    if (!bytes.empty()) state_ = DigestBytes(state_, bytes.data(), bytes.size());
  }
  // `head` is whatever shares the step with the flags; payload lengths are told apart there.
  void Add(const Segment& s, uint64_t head) {
    const TcpOptions& o = s.options;
    Add(head ^ s.payload.size() ^ uint64_t{s.flags} << 48 ^ o.other_options.size() << 56,
        uint64_t{s.source_port} << 48 | uint64_t{s.destination_port} << 32 |
            uint64_t{s.window} << 16 | s.urgent);
    Add(uint64_t{s.seq.value()} << 32 | s.ack.value(), HeadOf(o));
    if (o.has_timestamps) Add(o.ts_val, o.ts_ecr);
    for (int i = 0; i < o.sack_count; ++i) Add(o.sack[i].left.value(), o.sack[i].right.value());
    Add(o.other_options);
    Add(s.payload);
  }
  void Add(const Datagram& d, uint64_t head) {
    Add(head ^ d.payload.size(), uint64_t{d.source_port} << 16 | d.destination_port);
    Add(d.payload);
  }
  void Add(const IcmpMessage& m, uint64_t head) {
    Add(head ^ m.payload.size(),
        uint64_t{m.rest} << 32 | uint64_t{m.v6} << 16 | uint64_t{m.type} << 8 | m.code);
    if (m.IsError()) {
      const QuotedPacket& q = m.quoted;
      Add(q.source, q.destination);
      Add(uint64_t{q.source_port} << 48 | uint64_t{q.destination_port} << 32 |
              static_cast<uint64_t>(q.protocol) << 16 | Families(q.source, q.destination),
          uint64_t{q.seq.value()} << 32 | q.length);
    }
    Add(m.payload);
  }
  void Add(const NeighbourMessage& m, uint64_t head) {
    Add(head, uint64_t{m.reply} << 16 | Families(m.target, m.sender));
    Add(m.target, m.sender);
  }
  static uint64_t Families(const Address& a, const Address& b) {
    return static_cast<uint64_t>(a.family()) << 8 | static_cast<uint64_t>(b.family());
  }
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = kE[2];
};

}  // namespace

uint64_t Packet::Digest() const {
  Hasher hasher;
  hasher.Add(source, destination);
  hasher.Add(uint64_t{flow_label} << 32 | uint64_t{identification} << 16 | uint64_t{ttl} << 8 | tos,
             Hasher::Families(source, destination));
  const uint64_t head = uint64_t{dont_fragment} << 32 | uint64_t{corrupted} << 33 |
                        static_cast<uint64_t>(body.index()) << 40;
  if (const Segment* s = segment()) {
    hasher.Add(*s, head);
  } else {
    std::visit([&](const auto& value) { hasher.Add(value, head); }, body);
  }
  return hasher.value();
}

}  // namespace drywire
