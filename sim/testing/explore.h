// Running a scenario under many different orders of events, and one of them again.
//
// Exploration answers the engine's questions (which task first, which packet first, where a signal
// strikes, what is lost within given bounds) at random from a seed, and records the answers. The
// first failing run is reported with a token that holds them; a test started with
// --drywire_replay=TOKEN plays exactly that run again and prints its timeline.
#ifndef DRYWIRE_SIM_TESTING_EXPLORE_H_
#define DRYWIRE_SIM_TESTING_EXPLORE_H_

#include <cstdint>
#include <string>

#include "sim/core/choice.h"
#include "sim/testing/scenario.h"

namespace drywire {

struct ExploreOptions {
  uint64_t first_seed = 1;
  RandomPolicy policy;
  World::Options world;  // seed and choice are set for each run
};

struct ExploreResult {
  bool failed = false;
  uint64_t runs = 0;          // worlds run, the failing one included
  uint64_t failing_seed = 0;  // when failed
  std::string token;          // when failed
  std::string message;        // when failed: the expectations that did not hold
};

// Runs `scenario` under seeds first_seed, first_seed + 1, ... until one fails or `n` have passed.
// Failed expectations of the scenario are caught, not reported: for tests about exploration itself.
ExploreResult Explore(uint64_t n, const Scenario& scenario, const ExploreOptions& options = {});

// The same, as an assertion: a failing run fails the test and prints its token. With
// --drywire_replay=TOKEN only that run is played.
void ExploreSeeds(uint64_t n, const Scenario& scenario, const ExploreOptions& options = {});

// Plays one recorded run; expectations are reported as usual. An invalid token, or a scenario that
// no longer asks the recorded questions, fails the test with a message that says where.
void Replay(const std::string& token, const Scenario& scenario, const ExploreOptions& options = {});

}  // namespace drywire

#endif  // DRYWIRE_SIM_TESTING_EXPLORE_H_
