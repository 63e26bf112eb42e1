// Finds the verb that a command line names and runs it.

#ifndef DRYWIRE_TOOLS_COMMAND_H_
#define DRYWIRE_TOOLS_COMMAND_H_

#include <ostream>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tools/verb.h"

namespace drywire {

// Runs `args` (without the program's name) with the verbs of `verbs`, which must have a verb
// "help". No argument at all, "-h" and "--help" mean "help"; "VERB --help" means "help VERB".
// Returns the exit code of the process: the verb's own, or kExitUsage when there is no such verb.
int RunCommand(absl::Span<const absl::string_view> args, absl::Span<const Verb> verbs,
               std::ostream& out, std::ostream& err);

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_COMMAND_H_
