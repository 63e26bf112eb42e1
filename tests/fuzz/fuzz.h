// Fuzz targets are plain functions that take any bytes and must neither crash nor fail a check.
//
// With a compiler that has libFuzzer each target is a fuzzer (`-fsanitize=fuzzer`, entry point
// LLVMFuzzerTestOneInput in the target's file). Without it, fuzz_main.cc runs the target over its
// seed inputs and a fixed number of mutations of them, which is what the tests do.
#ifndef DRYWIRE_TESTS_FUZZ_FUZZ_H_
#define DRYWIRE_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace drywire {

// Inputs to begin from; each target defines it.
std::vector<std::string> FuzzSeeds();

}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#endif  // DRYWIRE_TESTS_FUZZ_FUZZ_H_
