#include "stack/unix/abstract_names.h"

#include <sys/socket.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace drywire {
namespace {

constexpr uint32_t kNumbers = 0x100000;  // of five hexadecimal digits

}  // namespace

size_t AbstractNames::Index(int type) {
  switch (type) {
    case SOCK_STREAM:
      return 0;
    case SOCK_DGRAM:
      return 1;
    default:  // SOCK_SEQPACKET
      return 2;
  }
}

UnixPcb* AbstractNames::Find(int type, absl::string_view name) const {
  const Names& names = names_[Index(type)];
  const auto found = names.find(name);
  return found == names.end() ? nullptr : found->second;
}

bool AbstractNames::Take(int type, absl::string_view name, UnixPcb* holder) {
  return names_[Index(type)].try_emplace(name, holder).second;
}

void AbstractNames::Release(int type, absl::string_view name) {
  Names& names = names_[Index(type)];
  const auto found = names.find(name);
  if (found != names.end()) names.erase(found);
}

size_t AbstractNames::size() const {
  size_t total = 0;
  for (const Names& names : names_) total += names.size();
  return total;
}

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
