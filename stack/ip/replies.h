// Packets that a host sends about other packets: ICMP errors, echo replies, TCP resets.
//
// Building only; limits, routing and firewalls are IpStack's. Sources: RFC 1122 3.2.2, RFC 4443
// 2.4, RFC 9293 3.10.7.1.
#ifndef DRYWIRE_STACK_IP_REPLIES_H_
#define DRYWIRE_STACK_IP_REPLIES_H_

#include <cstddef>
#include <cstdint>

#include "stack/base/address.h"
#include "stack/wire/packet.h"

namespace drywire {

// An ICMP error by its numbers; `v6` says of which protocol.
struct IcmpError {
  bool v6 = false;
  uint8_t type = 0;
  uint8_t code = 0;
  uint32_t rest = 0;  // next-hop MTU for fragmentation needed and packet too big
};

// The same meaning in the family of `about`.
enum class Unreachable : uint8_t {
  kNoRoute,          // net unreachable; no route
  kHost,             // host unreachable; address unreachable
  kPort,             // port unreachable in both
  kAdminProhibited,  // communication administratively prohibited (13); (1)
};
IcmpError UnreachableError(Unreachable what, bool v6);
IcmpError TimeExceededError(bool v6);
IcmpError TooBigError(bool v6, uint32_t mtu);

// Whether an ICMP error may be sent about the packet at all: not about ICMP errors, broadcast,
// multicast (but packet too big), or packets without one clear sender. `link_broadcast` says that
// it came or went as a broadcast.
bool MayAnswerWithError(const Packet& about, bool link_broadcast);

// An ICMP error about `about`, to its source, from `from`; it quotes at most `text` bytes of what a
// datagram carried.
PacketPtr MakeIcmpError(PacketPool& pool, const Packet& about, const IcmpError& error,
                        const Address& from, uint8_t ttl, size_t text = 0);
// The answer to an echo request. Requires one.
PacketPtr MakeEchoReply(PacketPool& pool, const Packet& request, const Address& from, uint8_t ttl);
// The RST that a closed port sends; null if `about` is no segment or is itself a RST.
PacketPtr MakeReset(PacketPool& pool, const Packet& about, uint8_t ttl);

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_REPLIES_H_
