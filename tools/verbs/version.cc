#include "tools/verbs/version.h"

namespace drywire {
namespace {

// Semantic versioning; digests may change between minor releases, never between patches.
constexpr absl::string_view kVersion = "0.1.0";

int Run(const Invocation& call) {
  if (!call.args.empty()) return UsageError(call, "version", "takes no argument");
  call.out << "drywire " << kVersion << "\n";
  return kExitOk;
}

}  // namespace

const Verb kVersionVerb = {
    .name = "version",
    .synopsis = "",
    .summary = "Print the version",
    .details = "",
    .run = &Run,
};

}  // namespace drywire
