// ICMP, ICMPv6 and address resolution messages as values (RFC 792, RFC 1122 3.2.2, RFC 4443, RFC
// 826, RFC 4861).
#ifndef DRYWIRE_STACK_WIRE_ICMP_H_
#define DRYWIRE_STACK_WIRE_ICMP_H_

#include <cstdint>
#include <string>

#include "stack/base/bytes.h"
#include "stack/base/endpoint.h"
#include "stack/base/seq.h"

namespace drywire {

// kArp is no number of the IP registry: it marks IPv4 address resolution, which is not carried in
// IP.
enum class IpProtocol : uint8_t { kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpV6 = 58, kArp = 254 };

// Numbers of the messages that hosts act on.
namespace icmp4 {
inline constexpr uint8_t kEchoReply = 0;
inline constexpr uint8_t kUnreachable = 3;
inline constexpr uint8_t kSourceQuench = 4;
inline constexpr uint8_t kRedirect = 5;
inline constexpr uint8_t kEcho = 8;
inline constexpr uint8_t kTimeExceeded = 11;
inline constexpr uint8_t kParameterProblem = 12;
// Codes of kUnreachable.
inline constexpr uint8_t kNet = 0, kHost = 1, kProtocol = 2, kPort = 3, kFragmentationNeeded = 4,
                         kSourceRouteFailed = 5, kNetProhibited = 9, kHostProhibited = 10,
                         kAdminProhibited = 13;
}  // namespace icmp4
namespace icmp6 {
inline constexpr uint8_t kUnreachable = 1;
inline constexpr uint8_t kPacketTooBig = 2;
inline constexpr uint8_t kTimeExceeded = 3;
inline constexpr uint8_t kParameterProblem = 4;
inline constexpr uint8_t kEcho = 128;
inline constexpr uint8_t kEchoReply = 129;
// Codes of kUnreachable.
inline constexpr uint8_t kNoRoute = 0, kAdminProhibited = 1, kBeyondScope = 2, kAddress = 3,
                         kPort = 4, kPolicyFail = 5, kRejectRoute = 6;
}  // namespace icmp6

// What an error message quotes of the packet that caused it: enough for the sender to find the
// socket and, for TCP, to judge whether the quote is genuine (RFC 5927).
struct QuotedPacket {
  Address source;
  Address destination;
  IpProtocol protocol = IpProtocol::kTcp;
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  Seq seq;              // TCP only
  uint32_t length = 0;  // total length of the quoted packet, bytes

  // "10.0.0.1:4000 > 10.0.0.2:80 tcp seq 1".
  std::string ToString() const;
};

struct IcmpMessage {
  bool v6 = false;
  uint8_t type = 0;
  uint8_t code = 0;
  // Next-hop MTU (bytes), parameter pointer, or identifier << 16 | sequence, by type.
  uint32_t rest = 0;
  QuotedPacket quoted;  // error messages
  // Of echo messages, and of errors about a datagram: what they quote of its text.
  Bytes payload;

  bool IsError() const {
    return v6 ? type < 128
              : type == icmp4::kUnreachable || type == icmp4::kSourceQuench ||
                    type == icmp4::kTimeExceeded || type == icmp4::kParameterProblem;
  }
  bool QuotesText() const { return IsError() && quoted.protocol == IpProtocol::kUdp; }
  // "icmp host unreachable", "icmp6 packet too big mtu 1280", "icmp type 42 code 1": without what
  // it quotes.
  std::string ToString() const;
};

// Address resolution on a link: an ARP request or reply (RFC 826), or a neighbour solicitation or
// advertisement (RFC 4861) when the addresses are IPv6. Link-layer addresses are not modelled: a
// reply says that `sender` owns `target` and is there.
struct NeighbourMessage {
  bool reply = false;
  Address target;  // who is asked for, in both directions
  Address sender;  // who asks or answers

  // "arp who-has 10.0.0.2 tell 10.0.0.1", "nd reply 2001:db8::2 is at 2001:db8::2".
  std::string ToString() const;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_WIRE_ICMP_H_
