// The shell commands of scripts: understood, not run. What they would do to a machine is done to
// the host under test, or left out where it makes no difference there.
//
// Understood of the shell itself: several commands on several lines or after `;`, `&&` and `||`,
// pipelines, quotes, comments, redirections (to /proc/sys/NAME a sysctl is set, others do nothing)
// and a backslash at the end of a line.
#ifndef DRYWIRE_TOOLS_PKT_COMMAND_H_
#define DRYWIRE_TOOLS_PKT_COMMAND_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tools/pkt/config.h"
#include "tools/pkt/machine.h"

namespace drywire::pkt {

struct CommandOutcome {
  std::string error;  // empty when the command's exit status is 0
  std::string skip;   // what it needs and nobody models
};

CommandOutcome RunCommand(absl::string_view text, Machine& machine);

// For the documentation.
struct CommandSyntax {
  absl::string_view name;
  absl::string_view form;
  absl::string_view meaning;
};
absl::Span<const CommandSyntax> CommandTable();

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_COMMAND_H_
