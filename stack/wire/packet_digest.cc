#include <cstdint>
#include <cstring>

#include "sim/core/rng.h"
#include "stack/wire/packet.h"

namespace drywire {
namespace {

class Hasher {
 public:
  void Add(uint64_t value) { state_ = MixBits(state_ ^ value) + kStep; }
  void Add(Seq seq) { Add(seq.value()); }
  void Add(const Address& address) {
    Add(static_cast<uint64_t>(address.family()));
    if (address.is_v6()) Add(address.hi());
    Add(address.lo());
  }
  void Add(const Bytes& bytes) {
    Add(bytes.size());
    const uint8_t* data = bytes.data();
    for (size_t left = bytes.size(); left > 0;) {
      const size_t chunk = left < 8 ? left : 8;
      uint64_t word = 0;
      for (size_t i = 0; i < chunk; ++i) word |= uint64_t{data[i]} << (8 * i);
      Add(word);
      data += chunk;
      left -= chunk;
    }
  }
  void Add(const TcpOptions& o) {
    Add(uint64_t{o.has_mss} | uint64_t{o.has_window_scale} << 1 | uint64_t{o.sack_permitted} << 2 |
        uint64_t{o.has_timestamps} << 3 | uint64_t{o.sack_count} << 8);
    if (o.has_mss) Add(o.mss);
    if (o.has_window_scale) Add(o.window_scale);
    if (o.has_timestamps) Add(uint64_t{o.ts_val} << 32 | o.ts_ecr);
    for (int i = 0; i < o.sack_count; ++i) {
      Add(o.sack[i].left);
      Add(o.sack[i].right);
    }
    if (!o.other_options.empty()) Add(o.other_options);
  }
  void operator()(const Segment& s) {
    Add(uint64_t{s.source_port} << 48 | uint64_t{s.destination_port} << 32 |
        uint64_t{s.window} << 16 | s.urgent);
    Add(uint64_t{s.seq.value()} << 32 | s.ack.value());
    Add(s.flags);
    Add(s.options);
    Add(s.payload);
  }
  void operator()(const Datagram& d) {
    Add(uint64_t{d.source_port} << 16 | d.destination_port);
    Add(d.payload);
  }
  void operator()(const IcmpMessage& m) {
    Add(uint64_t{m.rest} << 32 | uint64_t{m.v6} << 16 | uint64_t{m.type} << 8 | m.code);
    if (m.IsError()) {
      Add(m.quoted.source);
      Add(m.quoted.destination);
      Add(uint64_t{m.quoted.source_port} << 32 | uint64_t{m.quoted.destination_port} << 16 |
          static_cast<uint64_t>(m.quoted.protocol));
      Add(uint64_t{m.quoted.seq.value()} << 32 | m.quoted.length);
    }
    Add(m.payload);
  }
  void operator()(const NeighbourMessage& m) {
    Add(m.reply);
    Add(m.target);
    Add(m.sender);
  }
  uint64_t value() const { return state_; }

 private:
  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15u;
  uint64_t state_ = kStep;
};

}  // namespace

uint64_t Packet::Digest() const {
  Hasher hasher;
  hasher.Add(source);
  hasher.Add(destination);
  hasher.Add(uint64_t{flow_label} << 32 | uint64_t{identification} << 16 | uint64_t{ttl} << 8 |
             tos);
  hasher.Add(uint64_t{dont_fragment} | uint64_t{corrupted} << 1 | uint64_t{body.index()} << 8);
  std::visit(hasher, body);
  return hasher.value();
}

}  // namespace drywire
