// See the target of the same name.

#include <string>

#include "absl/strings/str_format.h"

namespace drywire {

std::string Undeclared() { return absl::StrFormat("%d", 1); }

}  // namespace drywire
