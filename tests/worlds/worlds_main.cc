// Runs random worlds, each twice, and says how they compare.
//
//   worlds [--first=SEED] [--n=COUNT] [--once] [--describe]
//
// Prints every failure, then a line with the number of worlds, the combined digest of all, and how
// long it took. --once runs each world once: for digests and for profiling. --describe prints all
// records of the worlds instead. The exit code is 0 only when every world agreed.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "tests/worlds/check_seed.h"

namespace {

struct Flags {
  uint64_t first = 1;
  uint64_t n = 1000;
  bool once = false;
  bool describe = false;
};

bool Parse(int argc, char** argv, Flags* flags) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (argument == "--once") {
      flags->once = true;
    } else if (argument == "--describe") {
      flags->describe = true;
    } else if (absl::ConsumePrefix(&argument, "--first=")) {
      if (!absl::SimpleAtoi(argument, &flags->first)) return false;
    } else if (absl::ConsumePrefix(&argument, "--n=")) {
      if (!absl::SimpleAtoi(argument, &flags->n)) return false;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using drywire::worlds::SeedResult;
  Flags flags;
  if (!Parse(argc, argv, &flags)) {
    std::cerr << "usage: worlds [--first=SEED] [--n=COUNT] [--once] [--describe]\n";
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  drywire::worlds::CombinedDigest combined;
  uint64_t failed = 0;
  uint64_t records = 0;
  uint64_t calls = 0;
  for (uint64_t seed = flags.first; seed < flags.first + flags.n; ++seed) {
    if (flags.describe) {
      std::cout << drywire::worlds::DescribeSeed(seed);
      continue;
    }
    const SeedResult result =
        flags.once ? drywire::worlds::RunSeed(seed) : drywire::worlds::CheckSeed(seed);
    combined.Add(result.digest);
    records += result.records;
    calls += result.calls;
    if (result.failure.empty()) continue;
    ++failed;
    std::cout << result.failure << std::flush;
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%llu worlds, %llu failed, digest %s\n", static_cast<unsigned long long>(flags.n),
              static_cast<unsigned long long>(failed), combined.ToString().c_str());
  // Not part of the result: it differs from run to run.
  std::fprintf(stderr, "%.1f s, %.2f ms a world, %llu records, %llu calls\n", seconds,
               seconds * 1000 / static_cast<double>(flags.n),
               static_cast<unsigned long long>(records), static_cast<unsigned long long>(calls));
  return failed == 0 ? 0 : 1;
}
