// Random numbers from named streams, the same on every compiler and machine.
//
// A stream is named by (seed, host, purpose); one more draw in one stream changes no other.
// Generator: xoshiro256** (Blackman and Vigna), seeded by SplitMix64 from a hash of the name.
// Distributions are our own and integer only: the standard library's differ between
// implementations.
#ifndef DRYWIRE_SIM_CORE_RNG_H_
#define DRYWIRE_SIM_CORE_RNG_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"
#include "sim/core/time.h"

namespace drywire {

// A probability in parts per million, 0 to 1'000'000.
class Probability {
 public:
  static constexpr uint32_t kUnit = 1'000'000;

  constexpr Probability() = default;
  // Values above one million mean always.
  static constexpr Probability Ppm(uint32_t ppm) { return Probability(ppm > kUnit ? kUnit : ppm); }
  static constexpr Probability Percent(uint32_t percent) {
    return percent >= 100 ? Always() : Ppm(percent * 10'000);
  }
  static constexpr Probability Never() { return Probability(0); }
  static constexpr Probability Always() { return Probability(kUnit); }

  constexpr uint32_t ppm() const { return ppm_; }
  constexpr bool is_never() const { return ppm_ == 0; }
  constexpr bool is_always() const { return ppm_ == kUnit; }
  friend constexpr bool operator==(Probability, Probability) = default;
  friend constexpr auto operator<=>(Probability, Probability) = default;

 private:
  explicit constexpr Probability(uint32_t ppm) : ppm_(ppm) {}
  uint32_t ppm_ = 0;
};

// A fixed 64-bit hash of bytes, the same everywhere; for names, not for adversaries.
uint64_t StableHash(absl::string_view text, uint64_t seed = 0);

// Mixes a 64-bit value (the finaliser of SplitMix64).
constexpr uint64_t MixBits(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Both halves of the product of two words, folded: every input bit reaches about half of the output
// bits. A zero factor swallows the other: mix in something first.
inline uint64_t FoldProduct(uint64_t a, uint64_t b) {
  __extension__ typedef unsigned __int128 uint128;
  const uint128 product = static_cast<uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

class Rng {
 public:
  Rng(uint64_t seed, absl::string_view host, absl::string_view purpose);
  Rng(uint64_t seed, uint64_t host_id, absl::string_view purpose);
  // A stream of its own, without a name; for tests and for deriving.
  explicit Rng(uint64_t seed);

  // 64 uniform bits.
  uint64_t Next();

  // Uniform in [0, n), without bias. n must not be zero.
  uint64_t Uniform(uint64_t n);

  // Uniform in [low, high], both included; low must not be above high.
  int64_t UniformRange(int64_t low, int64_t high);
  Duration UniformRange(Duration low, Duration high) {
    return Duration::Nanos(UniformRange(low.nanos(), high.nanos()));
  }

  // True with probability p. Draws nothing when p is never or always.
  bool Bernoulli(Probability p);

  // Exponentially distributed with the given mean (not negative); at most 45 times the mean.
  // Integer arithmetic only.
  Duration Exponential(Duration mean);

  // Puts elements[0..n) into a uniformly random order.
  template <typename T>
  void Shuffle(T* elements, size_t n) {
    using std::swap;
    for (size_t i = n; i > 1; --i) swap(elements[i - 1], elements[Uniform(i)]);
  }

 private:
  void Seed(uint64_t seed);
  uint64_t state_[4];
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_RNG_H_
