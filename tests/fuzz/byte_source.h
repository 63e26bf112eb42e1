// A fuzzer's input as a series of decisions. When it is used up every decision is 0.
#ifndef DRYWIRE_TESTS_FUZZ_BYTE_SOURCE_H_
#define DRYWIRE_TESTS_FUZZ_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>

namespace drywire {

class ByteSource {
 public:
  ByteSource(const uint8_t* data, size_t size) : data_(data), left_(size) {}

  bool empty() const { return left_ == 0; }
  uint8_t Byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  uint16_t Two() {
    const unsigned high = Byte();
    return static_cast<uint16_t>(high << 8 | Byte());
  }
  uint32_t Four() {
    const uint32_t high = Two();
    return high << 16 | Two();
  }
  // Below n, which must not be 0 or above 256.
  uint32_t Below(uint32_t n) { return Byte() % n; }
  bool Flag() { return (Byte() & 1) != 0; }

 private:
  const uint8_t* data_;
  size_t left_;
};

}  // namespace drywire

#endif  // DRYWIRE_TESTS_FUZZ_BYTE_SOURCE_H_
