// The table of FreeBSD's sysctls, for its profile.
#ifndef DRYWIRE_STACK_PERSONALITY_FREEBSD_SYSCTLS_H_
#define DRYWIRE_STACK_PERSONALITY_FREEBSD_SYSCTLS_H_

#include "absl/types/span.h"
#include "stack/personality/profile.h"

namespace drywire {

absl::Span<const SysctlEntry> FreeBsdSysctls();

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_FREEBSD_SYSCTLS_H_
