#include "stack/personality/cause.h"

namespace drywire {
namespace {

struct Row {
  absl::string_view name;
  absl::string_view description;
};

constexpr Row kRows[] = {
#define DRYWIRE_CAUSE(name, description) {#name, description},
#include "stack/personality/cause.def"
#undef DRYWIRE_CAUSE
};

}  // namespace

absl::string_view CauseName(Cause cause) { return kRows[static_cast<int>(cause)].name; }

absl::string_view CauseDescription(Cause cause) {
  return kRows[static_cast<int>(cause)].description;
}

}  // namespace drywire
