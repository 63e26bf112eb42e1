// Worlds that are described in YAML (docs/topology.md), for scenario tests.
//
//   DRYWIRE_TEST(Office, ReachesTheServer) {
//     ASSERT_TRUE(AddTopology(world, kOffice));
//     world.Spawn(HostNamed(world, "client"), "client", [] { ... });
//     world.Run();
//   }
#ifndef DRYWIRE_SIM_TESTING_TOPOLOGY_H_
#define DRYWIRE_SIM_TESTING_TOPOLOGY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "sim/world/world.h"

namespace drywire {

// Adds what the text describes. A failure says where the mistake is and what was expected. The seed
// is the test's, not the topology's.
::testing::AssertionResult AddTopology(World& world, absl::string_view yaml);
// The same from a file, by a path relative to where the test runs.
::testing::AssertionResult AddTopologyFile(World& world, const std::string& path);

// A host that must be there: a test that asks for another stops with a message.
Host& HostNamed(World& world, absl::string_view name);

}  // namespace drywire

#endif  // DRYWIRE_SIM_TESTING_TOPOLOGY_H_
