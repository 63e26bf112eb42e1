#include "stack/wire/icmp.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace drywire {
namespace {

constexpr int kAnyCode = -1;

struct Name {
  bool v6;
  uint8_t type;
  int code;
  absl::string_view text;
};

// RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1, RFC 4443.
constexpr Name kNames[] = {
    {false, icmp4::kEchoReply, kAnyCode, "echo reply"},
    {false, icmp4::kUnreachable, icmp4::kNet, "net unreachable"},
    {false, icmp4::kUnreachable, icmp4::kHost, "host unreachable"},
    {false, icmp4::kUnreachable, icmp4::kProtocol, "protocol unreachable"},
    {false, icmp4::kUnreachable, icmp4::kPort, "port unreachable"},
    {false, icmp4::kUnreachable, icmp4::kFragmentationNeeded, "fragmentation needed"},
    {false, icmp4::kUnreachable, icmp4::kSourceRouteFailed, "source route failed"},
    {false, icmp4::kUnreachable, 6, "net unknown"},
    {false, icmp4::kUnreachable, 7, "host unknown"},
    {false, icmp4::kUnreachable, 8, "source host isolated"},
    {false, icmp4::kUnreachable, icmp4::kNetProhibited, "net prohibited"},
    {false, icmp4::kUnreachable, icmp4::kHostProhibited, "host prohibited"},
    {false, icmp4::kUnreachable, 11, "net unreachable for this service"},
    {false, icmp4::kUnreachable, 12, "host unreachable for this service"},
    {false, icmp4::kUnreachable, icmp4::kAdminProhibited, "admin prohibited"},
    {false, icmp4::kUnreachable, 14, "host precedence violation"},
    {false, icmp4::kUnreachable, 15, "precedence cutoff"},
    {false, icmp4::kSourceQuench, kAnyCode, "source quench"},
    {false, icmp4::kRedirect, kAnyCode, "redirect"},
    {false, icmp4::kEcho, kAnyCode, "echo"},
    {false, icmp4::kTimeExceeded, 0, "ttl exceeded"},
    {false, icmp4::kTimeExceeded, 1, "reassembly time exceeded"},
    {false, icmp4::kParameterProblem, kAnyCode, "parameter problem"},
    {true, icmp6::kUnreachable, icmp6::kNoRoute, "no route"},
    {true, icmp6::kUnreachable, icmp6::kAdminProhibited, "admin prohibited"},
    {true, icmp6::kUnreachable, icmp6::kBeyondScope, "beyond scope"},
    {true, icmp6::kUnreachable, icmp6::kAddress, "address unreachable"},
    {true, icmp6::kUnreachable, icmp6::kPort, "port unreachable"},
    {true, icmp6::kUnreachable, icmp6::kPolicyFail, "policy fail"},
    {true, icmp6::kUnreachable, icmp6::kRejectRoute, "reject route"},
    {true, icmp6::kPacketTooBig, kAnyCode, "packet too big"},
    {true, icmp6::kTimeExceeded, 0, "hop limit exceeded"},
    {true, icmp6::kTimeExceeded, 1, "reassembly time exceeded"},
    {true, icmp6::kParameterProblem, kAnyCode, "parameter problem"},
    {true, icmp6::kEcho, kAnyCode, "echo"},
    {true, icmp6::kEchoReply, kAnyCode, "echo reply"},
};

absl::string_view ProtocolName(IpProtocol protocol) {
  switch (protocol) {
    case IpProtocol::kIcmp:
      return "icmp";
    case IpProtocol::kTcp:
      return "tcp";
    case IpProtocol::kUdp:
      return "udp";
    case IpProtocol::kIcmpV6:
      return "icmp6";
    case IpProtocol::kArp:
      return "arp";
  }
  return "?";
}

}  // namespace

std::string QuotedPacket::ToString() const {
  const bool ports = protocol == IpProtocol::kTcp || protocol == IpProtocol::kUdp;
  std::string text = ports ? absl::StrCat(Endpoint{source, source_port}.ToString(), " > ",
                                          Endpoint{destination, destination_port}.ToString())
                           : absl::StrCat(source.ToString(), " > ", destination.ToString());
  absl::StrAppend(&text, " ", ProtocolName(protocol));
  if (protocol == IpProtocol::kTcp) absl::StrAppend(&text, " seq ", seq.value());
  return text;
}

std::string IcmpMessage::ToString() const {
  const absl::string_view prefix = v6 ? "icmp6 " : "icmp ";
  for (const Name& name : kNames) {
    if (name.v6 != v6 || name.type != type) continue;
    if (name.code != kAnyCode && name.code != code) continue;
    const bool has_mtu = v6 ? type == icmp6::kPacketTooBig
                            : type == icmp4::kUnreachable && code == icmp4::kFragmentationNeeded;
    return absl::StrCat(prefix, name.text, has_mtu ? absl::StrCat(" mtu ", rest) : "");
  }
  return absl::StrCat(prefix, "type ", type, " code ", code);
}

std::string NeighbourMessage::ToString() const {
  const absl::string_view protocol = target.is_v6() ? "nd" : "arp";
  if (reply) {
    return absl::StrCat(protocol, " reply ", target.ToString(), " is at ", sender.ToString());
  }
  return absl::StrCat(protocol, " who-has ", target.ToString(), " tell ", sender.ToString());
}

}  // namespace drywire
