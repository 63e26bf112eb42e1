// Drawing what a random world is made of: one stream, in a fixed order.
//
// Nothing here may depend on the order in which a compiler evaluates arguments: draw into a named
// variable or inside braces, never twice in one argument list.
#ifndef DRYWIRE_TESTS_WORLDS_DRAW_H_
#define DRYWIRE_TESTS_WORLDS_DRAW_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/core/rng.h"
#include "sim/core/time.h"

namespace drywire::worlds {

class Draw {
 public:
  Draw(uint64_t seed, uint64_t number, absl::string_view purpose) : rng_(seed, number, purpose) {}

  // From now on the draws are read from `bytes`, as long as there are any: for fuzzing. Not owned.
  void ReadFrom(absl::Span<const uint8_t> bytes) { bytes_ = bytes; }

  // Below n; n must not be 0.
  uint32_t Below(uint32_t n) {
    if (bytes_.empty()) return static_cast<uint32_t>(rng_.Uniform(n));
    uint32_t number = bytes_.front();
    bytes_.remove_prefix(1);
    for (uint32_t rest = (n - 1) >> 8; rest != 0 && !bytes_.empty(); rest >>= 8) {
      number = number << 8 | bytes_.front();
      bytes_.remove_prefix(1);
    }
    return number % n;
  }
  // Both included.
  int Range(int low, int high) {
    if (bytes_.empty()) return static_cast<int>(rng_.UniformRange(low, high));
    return low + static_cast<int>(Below(static_cast<uint32_t>(high - low) + 1));
  }
  bool Chance(uint32_t percent) { return Below(100) < percent; }
  Duration Micros(int64_t low, int64_t high) {
    return Duration::Micros(rng_.UniformRange(low, high));
  }
  Duration Millis(int64_t low, int64_t high) { return Micros(low * 1000, high * 1000); }
  template <typename T, size_t n>
  const T& Of(const T (&array)[n]) {
    return array[Below(n)];
  }
  template <typename T>
  const T& Of(const std::vector<T>& elements) {
    return elements[Below(static_cast<uint32_t>(elements.size()))];
  }
  uint64_t Bits() { return rng_.Next(); }

 private:
  Rng rng_;
  absl::Span<const uint8_t> bytes_;
};

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_DRAW_H_
