#include "sim/testing/topology.h"

#include "absl/status/statusor.h"
#include "sim/core/check.h"
#include "sim/world/build_world.h"
#include "sim/world/topology_yaml.h"

namespace drywire {
namespace {

::testing::AssertionResult Add(World& world, const absl::StatusOr<Topology>& topology) {
  const absl::Status status = topology.ok() ? AddTopology(*topology, world) : topology.status();
  if (status.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << status.message();
}

}  // namespace

::testing::AssertionResult AddTopology(World& world, absl::string_view yaml) {
  return Add(world, ParseTopology(yaml, "topology"));
}

::testing::AssertionResult AddTopologyFile(World& world, const std::string& path) {
  return Add(world, ReadTopologyFile(path));
}

Host& HostNamed(World& world, absl::string_view name) {
  Host* const host = world.FindHost(name);
  DRYWIRE_CHECK(host != nullptr) << "the world has no host \"" << name << "\"";
  return *host;
}

}  // namespace drywire
