// Command-line options of scenario tests, also readable from the environment so that they work with
// any main(): --drywire_seed=N (DRYWIRE_SEED) and --drywire_replay=TOKEN (DRYWIRE_REPLAY).
#ifndef DRYWIRE_SIM_TESTING_FLAGS_H_
#define DRYWIRE_SIM_TESTING_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>

namespace drywire {

struct TestFlags {
  std::optional<uint64_t> seed;
  std::string replay;   // empty: none
  std::string program;  // argv[0], for the command that reruns a test
};

// Read once, on first use. A malformed value ends the program with a message and status 2.
const TestFlags& GetTestFlags();

// The command that runs the current gtest test again, with `extra` appended.
std::string RerunCommand(const std::string& extra);

}  // namespace drywire

#endif  // DRYWIRE_SIM_TESTING_FLAGS_H_
