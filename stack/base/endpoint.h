// An address with a port, and the pair of them that names a connection.
#ifndef DRYWIRE_STACK_BASE_ENDPOINT_H_
#define DRYWIRE_STACK_BASE_ENDPOINT_H_

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "stack/base/address.h"

namespace drywire {

struct Endpoint {
  [[no_unique_address]] Address address;
  uint16_t port = 0;
  // Interface index for link-local IPv6 (sin6_scope_id); 0 when none was given.
  uint32_t scope_id = 0;

  // "192.0.2.1:80", "[2001:db8::1]:80", "[fe80::1%2]:80".
  std::string ToString() const;

  friend constexpr bool operator==(const Endpoint&, const Endpoint&) = default;
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Endpoint& e) {
    return H::combine(std::move(h), e.address, e.port);
  }
};

// Sockets and tables hold many of them.
static_assert(sizeof(Endpoint) == 24);

// The 4-tuple of a connection as its owner sees it.
struct ConnectionId {
  Endpoint local;
  Endpoint remote;

  friend constexpr bool operator==(const ConnectionId&, const ConnectionId&) = default;
  friend constexpr auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const ConnectionId& id) {
    return H::combine(std::move(h), id.local, id.remote);
  }
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_ENDPOINT_H_
