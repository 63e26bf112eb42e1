// With libFuzzer: hands it the seeds. They are written to the directory that DRYWIRE_SEEDS names,
// before libFuzzer reads its corpora.
#include <cstdlib>
#include <fstream>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* const directory = std::getenv("DRYWIRE_SEEDS");
  if (directory == nullptr) return 0;
  int number = 0;
  for (const std::string& seed : drywire::FuzzSeeds()) {
    std::ofstream(std::string(directory) + "/seed-" + std::to_string(number++)) << seed;
  }
  return 0;
}
