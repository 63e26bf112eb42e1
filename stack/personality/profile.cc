#include "stack/personality/profile.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace drywire {
namespace {

const SysctlEntry* Find(absl::Span<const SysctlEntry> entries, absl::string_view name) {
  for (const SysctlEntry& entry : entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

absl::Status Unknown(const Profile& profile, absl::string_view name) {
  return absl::NotFoundError(
      absl::StrCat("sysctl \"", name, "\" is not modelled for personality ", profile.name));
}

}  // namespace

absl::Status Profile::Set(absl::string_view name, absl::string_view value) {
  const SysctlEntry* entry = Find(sysctls, name);
  if (entry == nullptr) return Unknown(*this, name);
  if (entry->set_text != nullptr) return entry->set_text(*this, value);
  const std::vector<absl::string_view> words =
      absl::StrSplit(value, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
  std::vector<int64_t> numbers(words.size());
  bool valid = static_cast<int>(words.size()) == entry->count;
  for (size_t i = 0; valid && i < words.size(); ++i) {
    valid = absl::SimpleAtoi(words[i], &numbers[i]) && numbers[i] >= entry->min &&
            numbers[i] <= entry->max;
  }
  if (!valid) {
    return absl::InvalidArgumentError(absl::StrCat(
        "sysctl ", name, " = \"", value, "\": expected ", entry->count,
        entry->count == 1 ? " number" : " numbers", " from ", entry->min, " to ", entry->max));
  }
  std::copy(numbers.begin(), numbers.end(), entry->field(*this));
  return absl::OkStatus();
}

absl::StatusOr<std::string> Profile::Get(absl::string_view name) const {
  const SysctlEntry* entry = Find(sysctls, name);
  if (entry == nullptr) return Unknown(*this, name);
  if (entry->get_text != nullptr) return entry->get_text(*this);
  // field() only computes an address; the object is not changed through it here.
  const int64_t* first = entry->field(const_cast<Profile&>(*this));
  return absl::StrJoin(absl::MakeConstSpan(first, static_cast<size_t>(entry->count)), "\t");
}

}  // namespace drywire
