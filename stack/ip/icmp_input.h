// What an ICMP or ICMPv6 error means to the transport it is about.
//
// Which causes are hard or soft, in which state, and which errno they become is the transports' and
// errno_rules' matter; here each (type, code) only gets its name. Redirects, source quench and
// informational messages mean nothing to a transport.
// Sources: RFC 792, RFC 1122 3.2.2, RFC 4443, RFC 1191, RFC 8201.
#ifndef DRYWIRE_STACK_IP_ICMP_INPUT_H_
#define DRYWIRE_STACK_IP_ICMP_INPUT_H_

#include <cstdint>
#include <optional>

#include "stack/personality/cause.h"
#include "stack/wire/icmp.h"

namespace drywire {

struct IcmpVerdict {
  Cause cause = Cause::kNone;
  QuotedPacket quoted;  // the flow, as its sender sent it: quoted.source is our address
  uint32_t mtu = 0;     // with kIcmpFragmentationNeeded: as announced, 0 if not
};

// Absent when the message is to be ignored.
std::optional<IcmpVerdict> JudgeIcmp(const IcmpMessage& message);

// The MTU to assume when a router that predates RFC 1191 announces 0: the next plateau below
// `length` bytes (RFC 1191 7.1).
uint32_t PlateauBelow(uint32_t length);

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_ICMP_INPUT_H_
