// Runs the world of a seed twice and compares: the determinism check, with what to print when it
// fails.
#ifndef DRYWIRE_TESTS_WORLDS_CHECK_SEED_H_
#define DRYWIRE_TESTS_WORLDS_CHECK_SEED_H_

#include <cstdint>
#include <string>

#include "sim/core/trace.h"

namespace drywire::worlds {

struct SeedResult {
  Digest digest;
  uint64_t records = 0;
  uint64_t calls = 0;
  // Empty when both runs agree and everything that must hold did; otherwise what to look at: the
  // first differing record, what was left behind.
  std::string failure;
};

// The first run explores if its seed says so (PolicyOf), recording its choices; the second one
// replays them.
SeedResult CheckSeed(uint64_t seed);

// One run only, first come, first served or exploring as the seed says.
SeedResult RunSeed(uint64_t seed);

// The same with everything that can be said of it: network, tasks, records, packets.
std::string DescribeSeed(uint64_t seed);

// A digest of many, in order.
class CombinedDigest {
 public:
  void Add(const Digest& digest);
  std::string ToString() const;

 private:
  Digest digest_;
};

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_CHECK_SEED_H_
