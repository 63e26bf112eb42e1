#include "stack/base/endpoint.h"

#include "absl/strings/str_cat.h"

namespace drywire {

std::string Endpoint::ToString() const {
  if (!address.is_v6()) return absl::StrCat(address.ToString(), ":", port);
  const std::string scope = scope_id == 0 ? "" : absl::StrCat("%", scope_id);
  return absl::StrCat("[", address.ToString(), scope, "]:", port);
}

}  // namespace drywire
