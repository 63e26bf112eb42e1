// Which of a host's addresses becomes the source of a packet.
//
// IPv4: the route's "src", else the first address of the outgoing interface whose prefix holds the
// next hop, else its first, else any other interface's (inet_select_addr of Linux 6.18; FreeBSD
// takes the interface address in the next hop's subnet as well).
// IPv6: RFC 6724 section 5, rules 1, 2, 5, 6 and 8, as Linux applies them. Deprecated, temporary
// and home addresses (rules 3, 4, 7) and a configurable policy table are not modelled.
#ifndef DRYWIRE_STACK_IP_SOURCE_SELECT_H_
#define DRYWIRE_STACK_IP_SOURCE_SELECT_H_

#include <cstdint>
#include <vector>

#include "stack/base/address.h"
#include "stack/ip/interface.h"

namespace drywire {

// Absent when the host has no usable address. `interfaces` are in index order; `out` is one of
// them.
Address SelectSource(const std::vector<Interface>& interfaces, const Interface& out,
                     const Address& destination, const Address& next_hop);

// RFC 6724 3.1 scope: 1 (interface) to 14 (global); IPv4 as 3.2 says.
int AddressScope(const Address& address);
// RFC 6724 2.1 default policy table.
int AddressLabel(const Address& address);
// Leading bits that two IPv6 addresses share, 0 to 128.
int CommonPrefixLength(const Address& a, const Address& b);

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_SOURCE_SELECT_H_
