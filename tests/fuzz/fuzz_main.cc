// Runs a fuzz target without a fuzzing engine: every seed as it is, then mutations of the seeds
// from a fixed random stream. `--runs=N` sets their number. Files given as arguments, and those of
// directories, are run too and mutated as seeds are: the corpus that libFuzzer found, or a crash to
// be repeated.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
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

// The files that `path` names, in a fixed order.
std::vector<std::string> FilesOf(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file() || entry.is_symlink()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool ReadFile(const std::string& name, std::string* content) {
  std::ifstream file(name, std::ios::binary);
  if (!file) return false;
  std::ostringstream text;
  text << file.rdbuf();
  *content = text.str();
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  int64_t runs = 20'000;
  std::vector<std::string> seeds = drywire::FuzzSeeds();
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--runs=", 7) == 0) {
      runs = std::atoll(argv[i] + 7);
      continue;
    }
    for (const std::string& name : FilesOf(argv[i])) {
      if (!ReadFile(name, &seeds.emplace_back())) {
        std::cerr << name << ": cannot be read\n";
        return 1;
      }
    }
  }
  for (const std::string& seed : seeds) Run(seed);
  Rng rng(1);
  for (int64_t i = 0; i < runs; ++i) Run(Mutate(seeds, rng));
  std::cout << seeds.size() << " seeds and " << runs << " mutations: no failure\n";
}
