#include "tests/oracle/simulated.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sim/net/capture.h"
#include "sim/net/port.h"
#include "sim/world/build_world.h"
#include "sim/world/topology_yaml.h"
#include "tests/oracle/packet_log.h"

namespace drywire::oracle {
namespace {

// A body that has not ended by then never will: the longest wait in Linux's TCP is 15 min.
constexpr Duration kLimit = Duration::Seconds(3600);

// What goes on the wire when the last process has just ended still belongs to it.
constexpr Duration kAfterwards = Duration::Millis(20);

std::vector<std::string> Packets(const World& world, const std::string& host, Instant end) {
  const std::string port = host + ":eth0";
  PacketLog log;
  for (size_t i = 0; i < world.capture().size(); ++i) {
    const CapturedPacket& packet = world.capture().at(i);
    if (packet.time > end) break;
    const int64_t time = (packet.time - Instant()).micros();
    if (packet.kind == PacketEvent::Kind::kSent && packet.from->name() == port) {
      log.Add(packet.packet, true, time);
    } else if (packet.kind == PacketEvent::Kind::kDelivered && packet.to->name() == port) {
      log.Add(packet.packet, false, time);
    }
  }
  return log.text().empty() ? std::vector<std::string>() : absl::StrSplit(log.text(), '\n');
}

}  // namespace

Outcome RunSimulated(const Scenario& scenario, Digest* digest) {
  Outcome outcome;
  absl::StatusOr<Topology> topology = ParseTopology(scenario.topology, scenario.name);
  if (!topology.ok()) {
    outcome.failure = std::string(topology.status().message());
    return outcome;
  }
  World::Options options;
  if (!scenario.watched.empty()) options.keep_packets = 100'000;
  absl::StatusOr<std::unique_ptr<World>> world = BuildWorld(*topology, options);
  if (!world.ok()) {
    outcome.failure = std::string(world.status().message());
    return outcome;
  }
  Board board;
  size_t running = scenario.processes.size();
  Instant ended;
  std::vector<Script> scripts;
  scripts.reserve(scenario.processes.size());
  for (const Scenario::Process& process : scenario.processes) {
    Script& script = scripts.emplace_back(process.host, &board);
    Host* const host = (*world)->FindHost(process.host);
    (*world)->Spawn(*host, process.host, [&process, &script, &running, &ended, &world] {
      process.body(script);
      --running;
      ended = (*world)->now();
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
  if (!scenario.watched.empty()) {
    outcome.packets = Packets(**world, scenario.watched, ended + kAfterwards);
  }
  if (digest != nullptr) *digest = (*world)->trace().digest();
  return outcome;
}

}  // namespace drywire::oracle
