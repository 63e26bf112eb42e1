// Many scripts: finds them, runs them on several processes, and tells what came of them.
//
// The order of the results, and everything in them, does not depend on the number of processes.
#ifndef DRYWIRE_TOOLS_PKT_SUITE_H_
#define DRYWIRE_TOOLS_PKT_SUITE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tools/pkt/runner.h"

namespace drywire::pkt {

struct ScriptResult {
  std::string path;
  Outcome outcome;
};

// Files as they are; of directories every file below that ends in .pkt, in order of their names.
// Errors: a path that is neither.
absl::StatusOr<std::vector<std::string>> FindScripts(absl::Span<const std::string> paths);

// `progress` is called after each script with how many are done, in this process.
std::vector<ScriptResult> RunScripts(absl::Span<const std::string> paths, const RunOptions& options,
                                     int jobs, const std::function<void(size_t)>& progress);

// A JUnit report.
std::string JunitReport(absl::Span<const ScriptResult> results);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_SUITE_H_
