// What goes wrong while a random world runs, at times drawn beforehand.
//
// Partitions, crashes, pauses, links and interfaces going down, links getting worse, fault rules,
// routes that change, processes that are killed. StopFaults() undoes all of it, so that from then
// on the network carries every packet.
#ifndef DRYWIRE_TESTS_WORLDS_RANDOM_FAULTS_H_
#define DRYWIRE_TESTS_WORLDS_RANDOM_FAULTS_H_

#include <functional>

#include "sim/core/time.h"
#include "sim/world/world.h"
#include "tests/worlds/draw.h"
#include "tests/worlds/random_topology.h"

namespace drywire::worlds {

// Everything happens before `end`. `start_programs` is called for a host that got power back.
void ScheduleFaults(Draw& draw, World& world, const Network& network, Duration end,
                    const std::function<void(Host&)>& start_programs);

void StopFaults(World& world, const Network& network);

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_RANDOM_FAULTS_H_
