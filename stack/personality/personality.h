// An operating system: its profile and its column of the errno table, under one name.
//
// A third system is one more of these; nothing else in Drywire asks which system a host runs.
#ifndef DRYWIRE_STACK_PERSONALITY_PERSONALITY_H_
#define DRYWIRE_STACK_PERSONALITY_PERSONALITY_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "stack/personality/errno_rules.h"
#include "stack/personality/profile.h"

namespace drywire {

struct Personality {
  Profile profile;
  const ErrnoColumn* errnos = nullptr;  // not owned; outlives every host that uses it
};

Personality LinuxPersonality();
Personality FreeBsdPersonality();

// By name: "linux" or "freebsd". The error lists the names there are.
absl::StatusOr<Personality> FindPersonality(absl::string_view name);

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_PERSONALITY_H_
