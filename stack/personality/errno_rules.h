// From (operation, cause) to errno, per system: the only place where an errno is chosen.
//
// A rule with operation kAny holds for every operation without a rule of its own. Visible to
// stack/sys alone, which translates at the last moment. A new system is a new column. A cause
// without a kAny row, or a pair with two rows, does not compile.
#ifndef DRYWIRE_STACK_PERSONALITY_ERRNO_RULES_H_
#define DRYWIRE_STACK_PERSONALITY_ERRNO_RULES_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "stack/personality/cause.h"
#include "stack/personality/operation.h"

namespace drywire {

// One row of the table. Errno numbers are those of the machine Drywire is compiled on.
struct ErrnoRule {
  Operation operation;
  Cause cause;
  int linux_errno;
  int freebsd_errno;
  absl::string_view source;  // manual page, RFC, source file or observation
};

absl::Span<const ErrnoRule> ErrnoRules();

// A system's column, with O(1) lookup.
class ErrnoColumn {
 public:
  // Fills the column by asking `choose` for each rule.
  explicit ErrnoColumn(int (*choose)(const ErrnoRule& rule));

  // 0 for kNone alone.
  int Errno(Operation operation, Cause cause) const;
  // Replaces one entry, or a cause's entry for every operation: how a test builds a personality of
  // its own from another one.
  void Override(Operation operation, Cause cause, int error);
  void OverrideAll(Cause cause, int error);

 private:
  std::array<std::array<int16_t, kCauseCount>, kOperationCount> errno_;
};

const ErrnoColumn& LinuxErrnos();
const ErrnoColumn& FreeBsdErrnos();

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_ERRNO_RULES_H_
