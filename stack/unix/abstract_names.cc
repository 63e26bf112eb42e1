#include "stack/unix/abstract_names.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace drywire {
namespace {

constexpr uint32_t kNumbers = 0x100000;  // of five hexadecimal digits

}  // namespace

std::string AbstractNames::Key(int type, absl::string_view name) {
  return absl::StrCat(type, name);
}

UnixPcb* AbstractNames::Find(int type, absl::string_view name) const {
  const auto found = names_.find(Key(type, name));
  return found == names_.end() ? nullptr : found->second;
}

bool AbstractNames::Take(int type, absl::string_view name, UnixPcb* holder) {
  return names_.emplace(Key(type, name), holder).second;
}

void AbstractNames::Release(int type, absl::string_view name) { names_.erase(Key(type, name)); }

std::string AbstractNames::TakeAny(int type, UnixPcb* holder) {
  if (!rng_.has_value()) rng_ = make_rng_();
  const uint32_t start = static_cast<uint32_t>(rng_->Uniform(kNumbers));
  for (uint32_t i = 0; i < kNumbers; ++i) {
    std::string name =
        absl::StrCat(absl::string_view("\0", 1), absl::StrFormat("%05x", (start + i) % kNumbers));
    if (Take(type, name, holder)) return name;
  }
  return "";
}

}  // namespace drywire
