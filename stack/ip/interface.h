// A host's network interface: names, addresses and state, without the link it is attached to.
#ifndef DRYWIRE_STACK_IP_INTERFACE_H_
#define DRYWIRE_STACK_IP_INTERFACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "stack/base/address.h"
#include "stack/ip/neighbour.h"

namespace drywire {

inline constexpr uint32_t kLoopbackInterface = 1;

struct InterfaceConfig {
  std::string name;  // 1 to 15 characters, no white space or '/'
  uint32_t mtu = 1500;
  bool up = true;
  bool broadcast = true;  // false: point-to-point, no subnet broadcast address
  NeighbourMode neighbours = NeighbourMode::kNone;
  const NeighbourResolver* resolver = nullptr;  // required by kKnown; outlives the stack
  // Not 0: the interface gets the address fe80::/64 with this identifier, unique on its link.
  uint64_t link_local_id = 0;
};

struct Interface {
  uint32_t index = 0;
  std::string name;
  uint32_t mtu = 0;
  bool up = false;
  bool queue_full = false;  // takes nothing to send
  bool loopback = false;
  bool broadcast = false;
  NeighbourMode neighbours = NeighbourMode::kNone;
  const NeighbourResolver* resolver = nullptr;
  std::vector<Prefix> addresses;  // in the order of configuration: the first is the primary

  bool Has(const Address& address) const {
    for (const Prefix& p : addresses) {
      if (p.address == address) return true;
    }
    return false;
  }
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_INTERFACE_H_
