// Scenario tests: a function that builds a world and runs it, executed twice with equal digests.
//
//   DRYWIRE_TEST(Connect, IsRefusedByAClosedPort) {
//     Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
//     world.AddHost("server", "freebsd", "10.0.0.2/24");
//     world.Spawn(client, "client", [] { ... EXPECT_THAT(connect(...), FailsWith(ECONNREFUSED));
//     }); world.Run();
//   }
//
// When an expectation fails, the seed, the last packets, a state dump of every host and the command
// that runs this test again are printed with it. A world whose description has errors, or whose
// last run ended in a deadlock or livelock, fails the test too (see World::AcceptStuck).
#ifndef DRYWIRE_SIM_TESTING_SCENARIO_H_
#define DRYWIRE_SIM_TESTING_SCENARIO_H_

#include <cstdint>
#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "sim/core/trace.h"
#include "sim/world/world.h"

namespace drywire {

using Scenario = std::function<void(World& world)>;

// Runs `scenario` in two fresh worlds of the same seed and expects equal digests; a difference is
// reported with the first differing record. Returns the digest of the first run. `options.seed` is
// replaced by --drywire_seed (or DRYWIRE_SEED) when that is given.
Digest RunScenario(const Scenario& scenario, World::Options options = {});

// What is printed about a world when a test fails: errors, last packets, sockets, tasks.
std::string DescribeForFailure(const World& world);

// Adds gtest failures for what is wrong with a world whatever the scenario expected of it.
void ExpectHealthy(const World& world);

}  // namespace drywire

// Defines a test whose body has `drywire::World& world` in scope.
#define DRYWIRE_TEST(suite, name)                                          \
  static void suite##_##name##_Scenario(::drywire::World& world);          \
  TEST(suite, name) { ::drywire::RunScenario(suite##_##name##_Scenario); } \
  static void suite##_##name##_Scenario([[maybe_unused]] ::drywire::World& world)

#endif  // DRYWIRE_SIM_TESTING_SCENARIO_H_
