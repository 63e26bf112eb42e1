#include "tools/verb.h"

namespace drywire {

int UsageError(const Invocation& call, absl::string_view verb, absl::string_view message) {
  call.err << "drywire " << verb << ": " << message << "\nTry 'drywire help " << verb << "'.\n";
  return kExitUsage;
}

}  // namespace drywire
