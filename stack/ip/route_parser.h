// Route statements in the syntax of ip-route(8).
//
//   [ip] [-4|-6] [route] [add|replace|del[ete]] [TYPE] PREFIX|default
//       [via [inet|inet6] ADDRESS] [dev NAME] [src ADDRESS] [metric N] [mtu [lock] N] [onlink]
//       [scope WORD] [proto WORD]
//   TYPE = unicast unreachable prohibit blackhole throw
//
// scope and proto are accepted and ignored, since they change nothing here. Everything else of
// ip-route(8) (tables, nexthops, encapsulation, congestion parameters, types local, broadcast,
// multicast, nat) is an error that names the word and its column.
#ifndef DRYWIRE_STACK_IP_ROUTE_PARSER_H_
#define DRYWIRE_STACK_IP_ROUTE_PARSER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "stack/base/address.h"
#include "stack/ip/route.h"

namespace drywire {

struct RouteStatement {
  enum class Verb : uint8_t { kAdd, kReplace, kDelete };
  Verb verb = Verb::kAdd;
  RouteType type = RouteType::kUnicast;
  Prefix destination;
  Address gateway;
  std::string device;  // empty when not given
  Address source;
  uint32_t metric = 0;
  uint32_t mtu = 0;
  bool onlink = false;
};

// Errors are of the form `column 18: "metrik" is not ...; expected one of ...`.
absl::StatusOr<RouteStatement> ParseRoute(absl::string_view text);

// The canonical text of a route, as `ip route show` prints it; `device` is the interface's name.
std::string RouteToString(const Route& route, absl::string_view device);

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_ROUTE_PARSER_H_
