// Why an operation failed, as the stack below stack/sys knows it.
//
// A cause carries the circumstances (kRstInSynSent is not kRstInEstablished) because the errno that
// a caller sees depends on them, on the system and on the call. The errno itself is chosen in one
// place only, stack/personality/errno_rules, and nothing below stack/sys may name one.
#ifndef DRYWIRE_STACK_PERSONALITY_CAUSE_H_
#define DRYWIRE_STACK_PERSONALITY_CAUSE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "stack/base/result.h"

namespace drywire {

enum class Cause : uint16_t {
#define DRYWIRE_CAUSE(name, description) name,
#include "stack/personality/cause.def"
#undef DRYWIRE_CAUSE
};

inline constexpr int kCauseCount = 0
#define DRYWIRE_CAUSE(name, description) +1
#include "stack/personality/cause.def"
#undef DRYWIRE_CAUSE
    ;

// The enumerator's name, "kRstInSynSent".
absl::string_view CauseName(Cause cause);
// One sentence, for messages and `drywire errors`.
absl::string_view CauseDescription(Cause cause);

template <typename T = void>
using Result = BasicResult<T, Cause>;

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_CAUSE_H_
