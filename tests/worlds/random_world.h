// One random world: everything in it is drawn from its seed.
//
// A network (random_topology.h), faults at drawn times (random_faults.h) and one to six programs
// (echo_programs.h, random_calls.h) run for a drawn time of virtual seconds. Then faults stop and
// processes are killed, everything gets the time that its profile allows to finish, and
// conservation.h says what is left. The same seed is the same run.
#ifndef DRYWIRE_TESTS_WORLDS_RANDOM_WORLD_H_
#define DRYWIRE_TESTS_WORLDS_RANDOM_WORLD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/core/choice.h"
#include "sim/core/trace.h"
#include "sim/world/world.h"
#include "tests/worlds/conservation.h"
#include "tests/worlds/program.h"
#include "tests/worlds/random_topology.h"

namespace drywire::worlds {

struct RandomWorldOptions {
  uint64_t seed = 1;
  // Who decides what could go either way; null: first come, first served.
  Choice* choice = nullptr;
  // Trace records kept.
  size_t keep_records = 0;
  size_t keep_packets = 0;
};

class RandomWorld {
 public:
  explicit RandomWorld(const RandomWorldOptions& options);
  RandomWorld(const RandomWorld&) = delete;
  RandomWorld& operator=(const RandomWorld&) = delete;
  ~RandomWorld();

  // Runs it to its end. To be called once.
  void Run();

  World& world() { return world_; }
  const World& world() const { return world_; }
  Digest digest() const { return world_.trace().digest(); }
  // What should have held and did not; empty when all is well.
  const std::vector<std::string>& violations() const { return programs_.violations; }
  uint64_t calls() const { return pairs_.calls(); }
  // The hosts, their configuration and the links, a line each.
  std::string Describe();

 private:
  void StartPrograms(Host& host);
  void StartProgram(Host& host, bool server);
  void KillProcesses();

  World world_;
  Draw draw_;
  Network network_;
  Programs programs_;
  CallPairs pairs_;
  Duration end_;
};

// The exploration policy that belongs to a seed; some seeds have none and run first come, first
// served.
bool PolicyOf(uint64_t seed, RandomPolicy* policy);

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_RANDOM_WORLD_H_
