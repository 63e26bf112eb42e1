// Runs one script: the script is the wire and the program, the machine is what is tested.
#ifndef DRYWIRE_TOOLS_PKT_RUNNER_H_
#define DRYWIRE_TOOLS_PKT_RUNNER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/trace.h"
#include "tools/pkt/config.h"
#include "tools/pkt/python.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

struct RunOptions {
  std::string personality = "linux";
  ConfigOverrides config;
  std::vector<std::pair<std::string, std::string>> sysctls;
  Definitions definitions;
  uint64_t seed = 1;
  // Otherwise %{ }% fails: for those who run scripts that nobody wrote.
  bool run_code = true;
};

struct Outcome {
  enum class Status : uint8_t { kPassed, kFailed, kSkipped };
  Status status = Status::kPassed;
  // "12: > F. 1:1(0) ack 1: no packet came": one line, empty when it passed. For a skipped script
  // the feature that is out of scope.
  std::string reason;
  // For people: what was expected, what came, the last packets, the sockets. Whole lines.
  std::string details;
  // Everything that crossed the wire, a line each.
  std::string packets;
  // What %{ }% printed, and warnings.
  std::string printed;
  // Of the world's trace.
  Digest digest;
};

// Parses and runs. `path` is for messages.
Outcome RunScript(absl::string_view path, absl::string_view text, const RunOptions& options,
                  Python& python);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_RUNNER_H_
