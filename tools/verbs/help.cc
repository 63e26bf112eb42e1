#include "tools/verbs/help.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace drywire {
namespace {

void PrintList(const Invocation& call) {
  call.out << "drywire: a deterministic network inside one process, in virtual time.\n\n"
              "usage: drywire VERB [ARGUMENT...]\n\n";
  size_t width = 0;
  for (const Verb& verb : call.verbs) width = std::max(width, verb.name.size());
  for (const Verb& verb : call.verbs) {
    call.out << absl::StreamFormat("  %-*s  %s\n", static_cast<int>(width), verb.name,
                                   verb.summary);
  }
  call.out << "\n'drywire help VERB' tells more about one of them.\n";
}

void PrintVerb(const Verb& verb, std::ostream& out) {
  out << "usage: drywire " << verb.name << (verb.synopsis.empty() ? "" : " ") << verb.synopsis
      << "\n\n"
      << verb.summary << ".\n";
  if (!verb.details.empty()) out << "\n" << verb.details;
}

int Run(const Invocation& call) {
  if (call.args.empty()) {
    PrintList(call);
    return kExitOk;
  }
  if (call.args.size() > 1) return UsageError(call, "help", "one verb at a time");
  for (const Verb& verb : call.verbs) {
    if (verb.name != call.args[0]) continue;
    PrintVerb(verb, call.out);
    return kExitOk;
  }
  return UsageError(call, "help", absl::StrCat("no verb '", call.args[0], "'"));
}

}  // namespace

const Verb kHelpVerb = {
    .name = "help",
    .synopsis = "[VERB]",
    .summary = "List the verbs, or explain one",
    .details = "",
    .run = &Run,
};

}  // namespace drywire
