#include "stack/personality/personality.h"

#include "absl/strings/str_cat.h"

namespace drywire {

Personality LinuxPersonality() { return {LinuxProfile(), &LinuxErrnos()}; }

Personality FreeBsdPersonality() { return {FreeBsdProfile(), &FreeBsdErrnos()}; }

absl::StatusOr<Personality> FindPersonality(absl::string_view name) {
  if (name == "linux") return LinuxPersonality();
  if (name == "freebsd") return FreeBsdPersonality();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is no personality: expected linux or freebsd"));
}

}  // namespace drywire
