#include "stack/ip/route.h"

namespace drywire {

absl::string_view RouteTypeName(RouteType type) {
  switch (type) {
    case RouteType::kUnicast:
      return "unicast";
    case RouteType::kLocal:
      return "local";
    case RouteType::kBroadcast:
      return "broadcast";
    case RouteType::kMulticast:
      return "multicast";
    case RouteType::kUnreachable:
      return "unreachable";
    case RouteType::kProhibit:
      return "prohibit";
    case RouteType::kBlackhole:
      return "blackhole";
    case RouteType::kThrow:
      return "throw";
  }
  return "?";
}

}  // namespace drywire
