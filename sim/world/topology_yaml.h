// Reads a Topology from YAML. The keys are described in docs/topology.md.
//
// Every error names file, line, column and key, and says what was expected:
//   net.yaml:12:14: links.wan.latency: expected a duration such as "20ms", found "20"
// Unknown and repeated keys are errors. Anchors and aliases are YAML's own and allowed; merge keys
// ("<<") and several documents are not.
#ifndef DRYWIRE_SIM_WORLD_TOPOLOGY_YAML_H_
#define DRYWIRE_SIM_WORLD_TOPOLOGY_YAML_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/world/topology.h"

namespace drywire {

// `file` is for messages. The result has passed Topology::Validate().
absl::StatusOr<Topology> ParseTopology(absl::string_view yaml, absl::string_view file);
absl::StatusOr<Topology> ReadTopologyFile(const std::string& path);

}  // namespace drywire

#endif  // DRYWIRE_SIM_WORLD_TOPOLOGY_YAML_H_
