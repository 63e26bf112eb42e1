// Makes a World of a Topology.
#ifndef DRYWIRE_SIM_WORLD_BUILD_WORLD_H_
#define DRYWIRE_SIM_WORLD_BUILD_WORLD_H_

#include <memory>

#include "absl/status/statusor.h"
#include "sim/world/topology.h"
#include "sim/world/world.h"

namespace drywire {

// Adds the hosts, links, LANs, names and settings of a topology to a world. Errors name the place
// in the topology's file and what was expected there; the world is of no use then. The topology's
// seed is not looked at: the world has one.
absl::Status AddTopology(const Topology& topology, World& world);

// The topology's seed replaces the one in `options`. Errors name the place in the topology's file
// and what was expected there.
absl::StatusOr<std::unique_ptr<World>> BuildWorld(const Topology& topology,
                                                  World::Options options = {});

}  // namespace drywire

#endif  // DRYWIRE_SIM_WORLD_BUILD_WORLD_H_
