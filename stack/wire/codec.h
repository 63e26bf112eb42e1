// Packets as bytes: IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792),
// ICMPv6 (RFC 4443), neighbour discovery (RFC 4861), ARP (RFC 826), Ethernet.
//
// Only the edge of the simulation needs bytes: captures, fuzzing, comparison with real systems.
// Decoding takes anything: it returns a packet or an error that says what is wrong at which byte.
// Encoding what was decoded gives an equal packet; the bytes may differ in the order and padding of
// TCP options, which Drywire always writes as stack/wire/option_layout.h has it.
//
// A corrupted packet is encoded with a wrong transport checksum, and a wrong transport checksum
// decodes as a corrupted packet. (ARP has none: there the mark is lost.) An ICMP error quotes the
// IP header and eight bytes behind it, which is all that QuotedPacket knows.
//
// Left out, and refused by name when decoding: IPv4 options, IPv6 extension headers, fragments,
// protocols other than these.
#ifndef DRYWIRE_STACK_WIRE_CODEC_H_
#define DRYWIRE_STACK_WIRE_CODEC_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "stack/base/address.h"
#include "stack/wire/packet.h"

namespace drywire {

// Appends the IP packet, or the ARP message, to `out`. Refuses, leaving `out` as it was, what has
// no encoding: addresses of two families, more than 40 bytes of TCP options, more than 65,535
// bytes.
absl::Status EncodePacket(const Packet& packet, std::vector<uint8_t>* out);

// The inverse for IP packets; `bytes` is one packet and nothing else. `serial` and `next_hop` are
// not on the wire and stay unset.
absl::StatusOr<Packet> DecodePacket(absl::Span<const uint8_t> bytes);
absl::StatusOr<Packet> DecodeArp(absl::Span<const uint8_t> bytes);

// A made-up link-layer address for a host's address: 02:00 and the IPv4 address, or 02:06 and the
// last four bytes of the IPv6 address. An absent address is the broadcast address; a multicast
// address is mapped as RFC 1112 6.4 and RFC 2464 7 do.
std::array<uint8_t, 6> LinkAddress(const Address& address);

// The packet in an Ethernet frame from the interface that has the address `sender` to the packet's
// next hop. An absent `sender` is a loopback interface: both link-layer addresses are zero.
absl::Status EncodeFrame(const Packet& packet, const Address& sender, std::vector<uint8_t>* out);

}  // namespace drywire

#endif  // DRYWIRE_STACK_WIRE_CODEC_H_
