// The Internet checksum (RFC 1071), over pieces of even length but for the last.
#ifndef DRYWIRE_STACK_WIRE_CHECKSUM_H_
#define DRYWIRE_STACK_WIRE_CHECKSUM_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "stack/base/address.h"

namespace drywire {

class Checksum {
 public:
  void Add16(uint16_t word) { sum_ += word; }
  void Add32(uint32_t word) {
    Add16(static_cast<uint16_t>(word >> 16));
    Add16(static_cast<uint16_t>(word));
  }
  void Add(const Address& address) {
    if (address.is_v6()) {
      for (const uint64_t half : {address.hi(), address.lo()}) {
        Add32(static_cast<uint32_t>(half >> 32));
        Add32(static_cast<uint32_t>(half));
      }
    } else {
      Add32(address.v4());
    }
  }
  void Add(absl::Span<const uint8_t> bytes) {
    for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
      Add16(static_cast<uint16_t>(bytes[i] << 8 | bytes[i + 1]));
    }
    if (bytes.size() % 2 != 0) Add16(static_cast<uint16_t>(bytes.back() << 8));
  }
  // What belongs into the checksum field; 0 over bytes that include a correct one.
  uint16_t value() const {
    uint64_t sum = sum_;
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
  }

 private:
  uint64_t sum_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_WIRE_CHECKSUM_H_
