#include "tests/oracle/simulated.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/world/build_world.h"
#include "sim/world/topology_yaml.h"

namespace drywire::oracle {
namespace {

// A body that has not ended by then never will: the longest wait in Linux's TCP is 15 min.
constexpr Duration kLimit = Duration::Seconds(3600);

}  // namespace

Outcome RunSimulated(const Scenario& scenario, Digest* digest) {
  Outcome outcome;
  absl::StatusOr<Topology> topology = ParseTopology(scenario.topology, scenario.name);
  if (!topology.ok()) {
    outcome.failure = std::string(topology.status().message());
    return outcome;
  }
  absl::StatusOr<std::unique_ptr<World>> world = BuildWorld(*topology);
  if (!world.ok()) {
    outcome.failure = std::string(world.status().message());
    return outcome;
  }
  Board board;
  size_t running = scenario.processes.size();
  std::vector<Script> scripts;
  scripts.reserve(scenario.processes.size());
  for (const Scenario::Process& process : scenario.processes) {
    Script& script = scripts.emplace_back(process.host, &board);
    Host* const host = (*world)->FindHost(process.host);
    (*world)->Spawn(*host, process.host, [&process, &script, &running] {
      process.body(script);
      --running;
    });
  }
  const RunReport report = (*world)->RunFor(kLimit);
  if (running > 0) {
    outcome.failure = absl::StrCat(RunStatusName(report.status), " with ", running,
                                   " processes left: ", report.text, (*world)->DescribeTasks());
  }
  for (const std::string& error : (*world)->errors()) {
    absl::StrAppend(&outcome.failure, outcome.failure.empty() ? "" : "; ", error);
  }
  for (const Script& script : scripts) outcome.transcripts.push_back(script.transcript());
  if (digest != nullptr) *digest = (*world)->trace().digest();
  return outcome;
}

}  // namespace drywire::oracle
