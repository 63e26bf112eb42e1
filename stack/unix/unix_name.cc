#include "stack/unix/unix_name.h"

#include <sys/socket.h>

#include <cstddef>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace drywire {
namespace {

constexpr int64_t kFamilySize = sizeof(sa_family_t);

absl::string_view TextOf(const RawAddress& address) {
  const absl::Span<const uint8_t> bytes = address.bytes();
  return {reinterpret_cast<const char*>(bytes.data()) + kFamilySize,
          bytes.size() - static_cast<size_t>(kFamilySize)};
}

}  // namespace

Result<UnixTarget> ParseUnixAddress(const UnixProfile& profile, const RawAddress& address,
                                    bool binding) {
  const bool right_family = address.length() >= kFamilySize && address.family() == AF_UNIX;
  if (!profile.wrong_family_is_invalid && !right_family) return Cause::kUnixFamilyMismatch;
  const bool only_family = address.length() == kFamilySize;
  if (binding && profile.autobind && only_family && right_family) return UnixTarget();
  if (address.length() <= kFamilySize || address.length() > profile.max_address) {
    return Cause::kAddressLengthInvalid;
  }
  if (!right_family) return Cause::kUnixFamilyMismatch;
  UnixTarget target;
  target.text = TextOf(address);
  if (profile.abstract_names && target.text[0] == '\0') {
    target.kind = UnixTarget::Kind::kAbstract;
    return target;
  }
  target.kind = UnixTarget::Kind::kPath;
  target.text = target.text.substr(0, target.text.find('\0'));
  return target;
}

UnixNameRef MakeUnixName(const UnixProfile& profile, const UnixTarget& target,
                         const RawAddress& given) {
  if (!profile.names_end_in_nul) return UnixNameRef(new UnixName(given));
  uint8_t bytes[sizeof(sockaddr_storage)] = {};
  const sa_family_t family = AF_UNIX;
  std::memcpy(bytes, &family, sizeof family);
  std::memcpy(bytes + sizeof family, target.text.data(), target.text.size());
  const size_t nul = target.kind == UnixTarget::Kind::kPath ? 1 : 0;
  return UnixNameRef(new UnixName(
      RawAddress(bytes, static_cast<int64_t>(sizeof family + target.text.size() + nul))));
}

RawAddress UnnamedUnixAddress(const UnixProfile& profile) {
  uint8_t bytes[sizeof(sockaddr_storage)] = {};
  const sa_family_t family = AF_UNIX;
  std::memcpy(bytes, &family, sizeof family);
  return RawAddress(bytes, profile.unnamed_length);
}

std::string FormatUnixName(const UnixName* name) {
  if (name == nullptr) return "*";
  absl::string_view text = TextOf(name->address());
  if (!text.empty() && text[0] == '\0') return absl::StrCat("@", absl::CEscape(text.substr(1)));
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace drywire
