#include "sim/core/rng.h"

#include "sim/core/check.h"

namespace drywire {
namespace {

__extension__ typedef unsigned __int128 uint128;

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15u;

constexpr uint64_t RotateLeft(uint64_t x, int n) { return (x << n) | (x >> (64 - n)); }

constexpr uint64_t MultiplyHigh(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>((static_cast<uint128>(a) * b) >> 64);
}

// -log2(u / 2^64) for u > 0 as a fixed-point number with 32 fraction bits: squares the mantissa,
// one bit a squaring.
uint64_t NegativeLog2(uint64_t u) {
  const int leading = __builtin_clzll(u);
  uint64_t mantissa = u << leading;  // In [1, 2) with 63 fraction bits.
  uint64_t fraction = 0;
  for (int bit = 31; bit >= 0; --bit) {
    const uint64_t square = MultiplyHigh(mantissa, mantissa);  // In [1, 4) with 62 fraction bits.
    if (square >> 63) {
      fraction |= uint64_t{1} << bit;
      mantissa = square;
    } else {
      mantissa = square << 1;
    }
  }
  // log2(u / 2^64) = (63 - leading) + fraction - 64.
  return (static_cast<uint64_t>(leading + 1) << 32) - fraction;
}

}  // namespace

uint64_t StableHash(absl::string_view text, uint64_t seed) {
  uint64_t hash = 0xcbf29ce484222325u ^ MixBits(seed + kGolden);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return MixBits(hash + text.size());
}

Rng::Rng(uint64_t seed, absl::string_view host, absl::string_view purpose) {
  Seed(StableHash(purpose, StableHash(host, seed)));
}

Rng::Rng(uint64_t seed, uint64_t host_id, absl::string_view purpose) {
  Seed(StableHash(purpose, MixBits(MixBits(seed + kGolden) + host_id)));
}

Rng::Rng(uint64_t seed) { Seed(seed); }

void Rng::Seed(uint64_t seed) {
  for (uint64_t& word : state_) word = MixBits(seed += kGolden);
}

uint64_t Rng::Next() {
  const uint64_t result = RotateLeft(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = RotateLeft(state_[3], 45);
  return result;
}

// The high word of a 128-bit product, redrawn in the few cases that would favour some results
// (Lemire, 2019).
uint64_t Rng::Uniform(uint64_t n) {
  DRYWIRE_CHECK(n > 0) << "Uniform(0)";
  uint128 product = static_cast<uint128>(Next()) * n;
  if (static_cast<uint64_t>(product) < n) {
    const uint64_t threshold = (0 - n) % n;
    while (static_cast<uint64_t>(product) < threshold) product = static_cast<uint128>(Next()) * n;
  }
  return static_cast<uint64_t>(product >> 64);
}

int64_t Rng::UniformRange(int64_t low, int64_t high) {
  DRYWIRE_CHECK(low <= high) << "empty range [" << low << ", " << high << "]";
  const uint64_t width = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  // A width of zero is the whole 64-bit range.
  const uint64_t offset = width == 0 ? Next() : Uniform(width);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

bool Rng::Bernoulli(Probability p) {
  if (p.is_never()) return false;
  if (p.is_always()) return true;
  return Uniform(Probability::kUnit) < p.ppm();
}

Duration Rng::Exponential(Duration mean) {
  DRYWIRE_CHECK(mean >= Duration::Zero()) << "negative mean " << mean;
  constexpr uint64_t kLn2 = 0xb17217f7d1cf79abu;  // ln 2 with 64 fraction bits.
  const uint64_t draw = Next();
  const uint64_t factor = MultiplyHigh(NegativeLog2(draw == 0 ? 1 : draw), kLn2);
  const uint128 scaled = (static_cast<uint128>(factor) * static_cast<uint64_t>(mean.nanos())) >> 32;
  if (scaled >= static_cast<uint128>(kInfinite.nanos())) return kInfinite;
  return Duration::Nanos(static_cast<int64_t>(scaled));
}

}  // namespace drywire
