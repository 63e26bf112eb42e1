// Seeds for targets that read their input as decisions: bytes from a fixed stream.
#ifndef DRYWIRE_TESTS_FUZZ_RANDOM_SEEDS_H_
#define DRYWIRE_TESTS_FUZZ_RANDOM_SEEDS_H_

#include <string>
#include <vector>

#include "sim/core/rng.h"

namespace drywire {

inline std::vector<std::string> RandomSeeds(size_t count, size_t size) {
  Rng rng(17);
  std::vector<std::string> seeds;
  for (size_t i = 0; i < count; ++i) {
    std::string seed(size / 4 + rng.Uniform(size), '\0');
    for (char& c : seed) c = static_cast<char>(rng.Next());
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

}  // namespace drywire

#endif  // DRYWIRE_TESTS_FUZZ_RANDOM_SEEDS_H_
