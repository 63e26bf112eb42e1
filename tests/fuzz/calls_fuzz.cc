// Any sequence of POSIX calls on two hosts, one of each system, read from the input: the programs
// and checks of the random worlds, with the fuzzer in the place of chance.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "sim/core/check.h"
#include "sim/world/world.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/random_seeds.h"
#include "tests/worlds/conservation.h"
#include "tests/worlds/random_calls.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() { return RandomSeeds(24, 600); }

}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drywire;          // NOLINT: one function
  using namespace drywire::worlds;  // NOLINT: one function
  World::Options options;
  options.keep_packets = 0;
  options.scheduler.livelock_steps = 100'000;
  options.lan.latency = Duration::Millis(1);
  World world(options);
  Network network;
  Programs programs;
  CallPairs pairs(&programs.violations);
  world.trace().AddSink(&pairs);
  programs.world = &world;
  programs.network = &network;
  programs.next_number = 2;
  for (int i = 0; i < 2; ++i) {
    Network::Member member;
    const std::string address = i == 0 ? "10.0.0.1" : "10.0.0.2";
    member.host =
        &world.AddHost(i == 0 ? "h1" : "h2", i == 0 ? "linux" : "freebsd", address + "/24");
    member.addresses.push_back(address);
    member.interfaces.push_back("eth0");
    network.members.push_back(std::move(member));
  }
  for (uint32_t i = 0; i < 2; ++i) {
    const uint8_t* const first = data + (i == 0 ? 0 : size / 2);
    auto program = std::make_shared<RandomCalls>(&programs, network.members[i].host, i);
    program->ReadDecisionsFrom(absl::MakeConstSpan(first, size / 2));
    world.Spawn(*network.members[i].host, "p", [program] { program->Main(); });
  }
  world.At(Duration::Seconds(30), [&world] {
    for (const std::unique_ptr<Host>& host : world.hosts()) {
      for (Process& process : host->processes()) {
        if (process.state() == ProcessState::kRunning) process.KillBySignal(9);
      }
    }
  });
  world.RunFor(Duration::Seconds(31));
  world.RunFor(LongestEnd(world));
  CheckNothingLeft(world, &programs.violations);
  world.trace().RemoveSink(&pairs);
  DRYWIRE_CHECK(programs.violations.empty()) << absl::StrJoin(programs.violations, "\n");
  return 0;
}
