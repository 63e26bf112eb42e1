// Between the addresses that callers hand in and endpoints: sockaddr_in and sockaddr_in6.
//
// Which length is accepted, whether length or family is judged first, and which families a socket
// takes differ between systems and calls; the differences are AddressRules, data of the profile.
// What an address means (local, broadcast, reachable) is not judged here.
// Source: ip(7), ipv6(7); net/ipv4/af_inet.c, net/ipv6/{af_inet6,datagram,udp}.c as observed on
// Linux 6.18; sys/netinet/{tcp_usrreq,udp_usrreq}.c.
#ifndef DRYWIRE_STACK_SOCKET_INET_ADDRESS_H_
#define DRYWIRE_STACK_SOCKET_INET_ADDRESS_H_

#include <cstdint>

#include "stack/base/endpoint.h"
#include "stack/base/raw_address.h"
#include "stack/personality/cause.h"
#include "stack/personality/socket_profile.h"

namespace drywire {

// What the address is for.
enum class AddressUse : uint8_t { kBind, kConnect, kSend };

// Judges the claimed length alone, as the system call layer does before it looks at the descriptor
// (FreeBSD) or after it (Linux): kAddressTooLong, kAddressLengthInvalid.
Result<> CheckClaimedLength(int64_t length, const SocketProfile& profile);

// What connect() asks before anything else about an address: whether it is an AF_UNSPEC that
// dissolves the association (Linux). On FreeBSD any connect() of a connected datagram socket
// dissolves first and AF_UNSPEC is then a wrong family: false. kAddressLengthInvalid when there is
// no room for a family.
Result<bool> IsDissolve(const RawAddress& address, const SocketProfile& profile);

// The endpoint in `address`, for a socket of `domain` (AF_INET, AF_INET6) and `type` (SOCK_*).
// On an AF_INET6 socket a v4-mapped address stays v6 here; see Unmap(). The scope id is passed on
// as it is. Errors: kAddressLengthInvalid, kAddressFamilyMismatch, kV6OnlyMapped (an IPv4 address
// in either form on a socket with IPV6_V6ONLY), kInvalidArgument (Linux: sending to another
// family).
Result<Endpoint> DecodeInetAddress(const RawAddress& address, int domain, int type, AddressUse use,
                                   bool v6only, const SocketProfile& profile);

// The address as the caller of a socket of `domain` sees it: an IPv4 endpoint is v4-mapped on an
// AF_INET6 socket; an absent address is the wildcard. With FreeBSD's layout the first byte is the
// length, so that a program compiled for it could read it; ours are compiled on Linux and the
// family field is always two bytes.
RawAddress EncodeInetAddress(const Endpoint& endpoint, int domain);

// Whether the address means something only together with an interface: link-local addresses, and
// groups of no larger scope.
bool NeedsScope(const Address& address);

// A v4-mapped endpoint as the IPv4 one that goes on the wire; others unchanged.
inline Endpoint Unmap(Endpoint endpoint) {
  endpoint.address = endpoint.address.Unmapped();
  return endpoint;
}

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_INET_ADDRESS_H_
