// Runs a fuzz target without a fuzzing engine: every seed as it is, then mutations of the seeds
// from a fixed random stream. `--runs=N` sets their number; file names given as arguments are run
// too, so that a crash found by libFuzzer can be repeated.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "sim/core/rng.h"
#include "tests/fuzz/fuzz.h"

namespace {

using drywire::Rng;

std::string Mutate(const std::vector<std::string>& seeds, Rng& rng) {
  std::string input = seeds[rng.Uniform(seeds.size())];
  for (uint64_t edits = 1 + rng.Uniform(6); edits > 0; --edits) {
    const size_t at = input.empty() ? 0 : rng.Uniform(input.size());
    switch (rng.Uniform(6)) {
      case 0:
        input.erase(at, 1 + rng.Uniform(8));
        break;
      case 1:
        input.insert(at, 1 + rng.Uniform(8), static_cast<char>(rng.Next()));
        break;
      case 2: {
        const std::string& other = seeds[rng.Uniform(seeds.size())];
        const size_t from = other.empty() ? 0 : rng.Uniform(other.size());
        input.insert(at, other.substr(from, rng.Uniform(32)));
        break;
      }
      case 3:
        if (!input.empty()) input[at] = static_cast<char>(1u << rng.Uniform(8) ^ input[at]);
        break;
      default:
        if (!input.empty()) input[at] = static_cast<char>(rng.Next());
    }
  }
  return input;
}

void Run(const std::string& input) {
  // A copy of its own size, so that AddressSanitizer sees a read past the end.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  int64_t runs = 20'000;
  const std::vector<std::string> seeds = drywire::FuzzSeeds();
  for (const std::string& seed : seeds) Run(seed);
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--runs=", 7) == 0) {
      runs = std::atoll(argv[i] + 7);
      continue;
    }
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::cerr << argv[i] << ": cannot be read\n";
      return 1;
    }
    std::ostringstream text;
    text << file.rdbuf();
    Run(text.str());
  }
  Rng rng(1);
  for (int64_t i = 0; i < runs; ++i) Run(Mutate(seeds, rng));
  std::cout << seeds.size() << " seeds and " << runs << " mutations: no failure\n";
}
