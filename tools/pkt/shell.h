// Splits the text of a shell command into pipelines of words.
#ifndef DRYWIRE_TOOLS_PKT_SHELL_H_
#define DRYWIRE_TOOLS_PKT_SHELL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace drywire::pkt {

struct Pipeline {
  enum class When : uint8_t { kAlways, kAfterSuccess, kAfterFailure };
  When when = When::kAlways;
  std::vector<std::vector<std::string>> commands;
  std::string to;  // the file that the last one's output goes to; empty when nowhere
};

// Errors: a quote without its end, an operator without a command.
absl::StatusOr<std::vector<Pipeline>> SplitShell(absl::string_view text);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_SHELL_H_
