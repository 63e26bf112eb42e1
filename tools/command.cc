#include "tools/command.h"

#include <algorithm>

namespace drywire {
namespace {

bool IsHelpFlag(absl::string_view arg) { return arg == "-h" || arg == "--help"; }

const Verb* Find(absl::Span<const Verb> verbs, absl::string_view name) {
  const auto found = std::find_if(verbs.begin(), verbs.end(),
                                  [name](const Verb& verb) { return verb.name == name; });
  return found == verbs.end() ? nullptr : &*found;
}

}  // namespace

int RunCommand(absl::Span<const absl::string_view> args, absl::Span<const Verb> verbs,
               std::ostream& out, std::ostream& err) {
  const Verb* help = Find(verbs, "help");
  if (args.empty() || IsHelpFlag(args[0])) {
    return help->run({.args = {}, .verbs = verbs, .out = out, .err = err});
  }
  const Verb* verb = Find(verbs, args[0]);
  if (verb == nullptr) {
    err << "drywire: no verb '" << args[0] << "'\nTry 'drywire help'.\n";
    return kExitUsage;
  }
  if (args.size() > 1 && IsHelpFlag(args[1])) {
    return help->run({.args = args.subspan(0, 1), .verbs = verbs, .out = out, .err = err});
  }
  return verb->run({.args = args.subspan(1), .verbs = verbs, .out = out, .err = err});
}

}  // namespace drywire
