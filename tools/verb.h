// What a verb of the `drywire` command is: a name, its help, and a function.
//
// A verb never touches the process's own streams or exits: everything it says goes through its
// Invocation, so that a test can call it. Verbs are listed in one explicit table in drywire.cc;
// nothing registers itself.

#ifndef DRYWIRE_TOOLS_VERB_H_
#define DRYWIRE_TOOLS_VERB_H_

#include <ostream>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace drywire {

// Exit codes of the command.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  // The verb ran and its answer is no.
inline constexpr int kExitUsage = 2;    // The command line is wrong.

struct Verb;

// One call of the command.
struct Invocation {
  // What follows the verb's name.
  absl::Span<const absl::string_view> args;
  // The table this verb was found in.
  absl::Span<const Verb> verbs;
  std::ostream& out;
  std::ostream& err;
};

struct Verb {
  absl::string_view name;
  // The arguments as the help shows them: "[--tsv] [ERRNO]". Empty for none.
  absl::string_view synopsis;
  // One line, without a full stop.
  absl::string_view summary;
  // What `drywire help NAME` prints below the summary: whole lines, or empty.
  absl::string_view details;
  // Returns the exit code.
  int (*run)(const Invocation& call);
};

// Reports a wrong command line on `call.err` and returns kExitUsage.
int UsageError(const Invocation& call, absl::string_view verb, absl::string_view message);

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_VERB_H_
