#include "tools/pkt/syntax.h"

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "stack/wire/segment.h"

namespace drywire::pkt {
namespace {

constexpr OptionSyntax kOptions[] = {
    {"ip_version", "ipv4|ipv6|ipv4-mapped-ipv6", Support::kFull,
     "the IP the script is for; it is skipped when another was asked for"},
    {"tolerance_usecs", "USECS", Support::kFull, "how far off times may be; 4000 if not given"},
    {"tolerance_percent", "PERCENT", Support::kFull,
     "the same, as a part of the time since the event before; 12.5 if not given"},
    {"tcp_ts_tick_usecs", "USECS", Support::kFull,
     "a tick of TCP timestamps: their values are checked; 0, the default, checks none"},
    {"tcp_ts_ecr_scaled", "", Support::kFull,
     "timestamps that the script echoes need not have been sent"},
    {"strict_segments", "", Support::kFull,
     "segments must be as long as written, not be several that make up the payload"},
    {"non_fatal", "packet,syscall", Support::kFull, "differences of these kinds are no failure"},
    {"mss", "BYTES", Support::kIgnored, "segment size of a network card that merges segments"},
    {"mtu", "BYTES", Support::kFull, "of the link; 1500 if not given"},
    {"bind_port", "PORT", Support::kFull, "port of bind(); 8080 if not given"},
    {"connect_port", "PORT", Support::kFull, "port of connect(); 8080 if not given"},
    {"local_ip", "ADDRESS", Support::kFull, "of the host under test"},
    {"remote_ip", "ADDRESS", Support::kFull, "of the scripted peer"},
    {"gateway_ip", "ADDRESS", Support::kFull, "of the next hop to the peer"},
    {"netmask_ip", "MASK", Support::kFull, "of the network between host and gateway"},
    {"define", "NAME=VALUE", Support::kFull, "NAME stands for VALUE from here on"},
    {"speed", "MBIT", Support::kIgnored, "of the link: it takes no time here"},
    {"init_scripts", "FILES", Support::kIgnored, "commands to run first"},
    {"code_command", "COMMAND", Support::kIgnored, "interpreter of %{ }%: python3 here"},
    {"code_format", "python", Support::kIgnored, "language of %{ }%"},
    {"code_sockopt", "TCP_INFO|SO_MEMINFO|TCP_CC_INFO", Support::kFull,
     "what %{ }% is told; with TCP_CC_INFO the script is skipped: no algorithm has any"},
    {"dry_run", "", Support::kIgnored, "parse only"},
    {"verbose", "", Support::kIgnored, "see the command's own option"},
    {"debug", "", Support::kIgnored, "see the command's own option"},
    {"no_cleanup", "", Support::kIgnored, "nothing outlives a script here"},
    {"persistent_tun_dev", "", Support::kIgnored, "there is no device"},
    {"tun_dev", "NAME", Support::kIgnored, "there is no device"},
    {"is_anyip", "", Support::kIgnored, "addresses of a whole prefix are local"},
    {"send_omit_free", "", Support::kIgnored, "of TAP devices"},
    {"udp_encapsulation", "tcp", Support::kSkips, "TCP over UDP"},
    {"tcp_md5_secret", "TEXT", Support::kSkips, "TCP MD5 signatures"},
    {"psp_udp_port", "PORT", Support::kSkips, "PSP encryption"},
    {"psp_check_decrypt", "", Support::kSkips, "PSP encryption"},
    {"wire_client", "", Support::kSkips, "a peer on another machine"},
    {"wire_server", "", Support::kSkips, "a peer on another machine"},
    {"so_filename", "FILE", Support::kSkips, "a stack in a shared library"},
};

constexpr FlagSyntax kFlags[] = {
    {'S', kSyn, "SYN"},
    {'F', kFin, "FIN"},
    {'R', kRst, "RST"},
    {'P', kPsh, "PSH"},
    {'.', kAck, "ACK"},
    {'U', kUrg, "URG"},
    {'E', kEce, "ECE"},
    {'W', kCwr, "CWR"},
    {'A', 0, "AE; a digit 0 to 7 after the point is AE, CWR and ECE as a number"},
};

using TcpKind = TcpOption::Kind;
constexpr TcpOptionSyntax kTcpOptions[] = {
    {"nop", "", TcpKind::kNop, Support::kFull, "padding"},
    {"eol", "", TcpKind::kEol, Support::kFull, "end of the list, and padding behind it"},
    {"mss", "N", TcpKind::kMss, Support::kFull, "maximum segment size"},
    {"wscale", "N", TcpKind::kWindowScale, Support::kFull, "window scale"},
    {"sackOK", "", TcpKind::kSackPermitted, Support::kFull, "SACK permitted"},
    {"sack", "A:B [C:D]...", TcpKind::kSack, Support::kFull, "SACK blocks"},
    {"TS", "val N|... ecr N[!]", TcpKind::kTimestamps, Support::kFull,
     "timestamps; \"...\" is any, \"!\" takes the number as it is"},
    {"FO", "[HEX]", TcpKind::kFastOpen, Support::kFull, "Fast Open cookie or request"},
    {"FOEXP", "[HEX]", TcpKind::kFastOpenExperimental, Support::kFull,
     "the same as experimental option"},
    {"exp-FO", "[HEX]", TcpKind::kFastOpenExperimental, Support::kFull, "the same"},
    {"EXP-FO", "[HEX]", TcpKind::kFastOpenExperimental, Support::kFull, "the same"},
    {"md5", "HEX|valid", TcpKind::kMd5, Support::kSkips, "MD5 signature"},
    {"ECN", "e0b|e1b N [ceb N] [e1b|e0b N]", TcpKind::kOther, Support::kFull,
     "accurate ECN, experimental"},
    {"AccECN0", "[ee0b N] [eceb N] [ee1b N]", TcpKind::kOther, Support::kFull, "accurate ECN"},
    {"AccECN1", "[ee1b N] [eceb N] [ee0b N]", TcpKind::kOther, Support::kFull, "accurate ECN"},
    {"exp-AccECN0", "[ee0b N] [eceb N] [ee1b N]", TcpKind::kOther, Support::kFull,
     "the same as experimental option"},
    {"exp-AccECN1", "[ee1b N] [eceb N] [ee0b N]", TcpKind::kOther, Support::kFull,
     "the same as experimental option"},
    {"exp-tarr", "[N]", TcpKind::kOther, Support::kFull, "ACK rate request"},
    {"gen-N", "[HEX]", TcpKind::kOther, Support::kFull, "an option by its number"},
    {"exp-HEX", "[HEX]", TcpKind::kOther, Support::kFull,
     "an experimental option by its identifier"},
};

using Check = IpFields::TosCheck;
constexpr IpFieldSyntax kIpFields[] = {
    {"ttl", "N", Check::kNone, 0, "time to live"},
    {"hlim", "N", Check::kNone, 0, "hop limit"},
    {"tos", "0xN", Check::kTos, 0, "TOS byte"},
    {"class", "0xN", Check::kTos, 0, "traffic class"},
    {"dscp", "0xN|NAME", Check::kTos, 0, "differentiated services code point"},
    {"flowlabel", "0xN", Check::kNone, 0, "flow label: the same number, the same label"},
    {"ecn", "NAME", Check::kNone, 0, "one of the following"},
    {"noecn", "", Check::kEcn, 0, "not ECN-capable"},
    {"ect0", "", Check::kEcn, 2, "ECT(0)"},
    {"ect1", "", Check::kEcn, 1, "ECT(1)"},
    {"ect01", "", Check::kEcnEct01, 0, "either of the two, of packets that are sent"},
    {"ce", "", Check::kEcn, 3, "congestion experienced"},
};

struct CodePoint {
  absl::string_view word;
  uint8_t value;
};
constexpr CodePoint kCodePoints[] = {
    {"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},         {"cs4", 32},  {"cs5", 40},
    {"cs6", 48},  {"cs7", 56},  {"af11", 10}, {"af12", 12},        {"af13", 14}, {"af21", 18},
    {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28},        {"af33", 30}, {"af41", 34},
    {"af42", 36}, {"af43", 38}, {"ef", 46},   {"voice_admit", 44}, {"le", 1},
};

constexpr IcmpCodeSyntax kIcmp[] = {
    {false, "echo_reply", 0, "", 0},
    {false, "unreachable", 3, "", 0},
    {false, "unreachable", 3, "net_unreachable", 0},
    {false, "unreachable", 3, "host_unreachable", 1},
    {false, "unreachable", 3, "protocol_unreachable", 2},
    {false, "unreachable", 3, "port_unreachable", 3},
    {false, "unreachable", 3, "frag_needed", 4},
    {false, "unreachable", 3, "source_route_failed", 5},
    {false, "unreachable", 3, "net_unknown", 6},
    {false, "unreachable", 3, "host_unknown", 7},
    {false, "unreachable", 3, "source_host_isolated", 8},
    {false, "unreachable", 3, "net_prohibited", 9},
    {false, "unreachable", 3, "host_prohibited", 10},
    {false, "unreachable", 3, "net_unreachable_for_tos", 11},
    {false, "unreachable", 3, "host_unreachable_for_tos", 12},
    {false, "unreachable", 3, "packet_filtered", 13},
    {false, "unreachable", 3, "precedence_violation", 14},
    {false, "unreachable", 3, "precedence_cutoff", 15},
    {false, "source_quench", 4, "", 0},
    {false, "redirect", 5, "", 0},
    {false, "echo_request", 8, "", 0},
    {false, "time_exceeded", 11, "", 0},
    {false, "time_exceeded", 11, "ttl_exceeded_in_transit", 0},
    {false, "time_exceeded", 11, "frag_reass_exceeded", 1},
    {false, "parameter_problem", 12, "", 0},
    {false, "timestamp_request", 13, "", 0},
    {false, "timestamp_reply", 14, "", 0},
    {false, "information_request", 15, "", 0},
    {false, "information_reply", 16, "", 0},
    {false, "address_mask_request", 17, "", 0},
    {false, "address_mask_reply", 18, "", 0},
    {true, "unreachable", 1, "", 0},
    {true, "unreachable", 1, "net_unreachable", 0},
    {true, "unreachable", 1, "no_route", 0},
    {true, "unreachable", 1, "admin_prohibited", 1},
    {true, "unreachable", 1, "not_neighbour", 2},
    {true, "unreachable", 1, "address_unreachable", 3},
    {true, "unreachable", 1, "port_unreachable", 4},
    {true, "packet_too_big", 2, "", 0},
    {true, "time_exceeded", 3, "", 0},
    {true, "time_exceeded", 3, "exceeded_hop_limit", 0},
    {true, "time_exceeded", 3, "exceeded_frag_time", 1},
    {true, "parameter_problem", 4, "", 0},
    {true, "parameter_problem", 4, "header_field", 0},
    {true, "parameter_problem", 4, "unknown_next_header", 1},
    {true, "parameter_problem", 4, "unknown_option", 2},
    {true, "echo_request", 128, "", 0},
    {true, "echo_reply", 129, "", 0},
    {true, "router_advertisement", 134, "", 0},
};

constexpr StatementSyntax kStatements[] = {
    {"T", "time since the start, seconds"},
    {"+T", "time since the event before"},
    {"T1~T2, +T1~+T2", "somewhere in between"},
    {"*", "at any time"},
    {"< PACKET", "the peer sends"},
    {"> PACKET", "the host under test must send"},
    {"CALL(ARGUMENTS) = RESULT [ERRNO] [(NOTE)]", "the program calls; RESULT \"...\" is anything"},
    {"T1...T2 CALL(ARGUMENTS) = RESULT", "the call must block until T2"},
    {"`COMMAND`", "a shell command; one that is understood, nothing is run"},
    {"%{ CODE }%",
     "Python 3, with what TCP_INFO says now as variables tcpi_*, or SO_MEMINFO as SK_MEMINFO_*"},
    {"#ifdef NAME ... #endif", "only if NAME was defined"},
    {"// TEXT, /* TEXT */", "comments"},
};

}  // namespace

absl::Span<const OptionSyntax> OptionTable() { return kOptions; }
absl::Span<const FlagSyntax> FlagTable() { return kFlags; }
absl::Span<const TcpOptionSyntax> TcpOptionTable() { return kTcpOptions; }
absl::Span<const IpFieldSyntax> IpFieldTable() { return kIpFields; }
absl::Span<const IcmpCodeSyntax> IcmpTable() { return kIcmp; }
absl::Span<const StatementSyntax> StatementTable() { return kStatements; }

const OptionSyntax* FindOption(absl::string_view name) {
  for (const OptionSyntax& row : kOptions) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const TcpOptionSyntax* FindTcpOption(absl::string_view word) {
  if (word.substr(0, 4) == "gen-") word = "gen-N";
  for (const TcpOptionSyntax& row : kTcpOptions) {
    if (row.word == word) return &row;
  }
  return word.substr(0, 4) == "exp-" ? FindTcpOption("exp-HEX") : nullptr;
}

const IpFieldSyntax* FindIpField(absl::string_view word) {
  for (const IpFieldSyntax& row : kIpFields) {
    if (row.word == word) return &row;
  }
  return nullptr;
}

std::optional<uint8_t> FindCodePoint(absl::string_view word) {
  for (const CodePoint& row : kCodePoints) {
    if (row.word == word) return static_cast<uint8_t>(row.value << 2);
  }
  return std::nullopt;
}

bool FindIcmp(bool v6, absl::string_view type, absl::string_view code, uint8_t* type_number,
              uint8_t* code_number) {
  uint32_t number = 0;
  bool found_type = false;
  bool found_code = code.empty();
  *code_number = 0;
  if (absl::ConsumePrefix(&code, "code_") && absl::SimpleAtoi(code, &number) && number < 256) {
    found_code = true;
    *code_number = static_cast<uint8_t>(number);
  }
  if (absl::ConsumePrefix(&type, "type_") && absl::SimpleAtoi(type, &number) && number < 256) {
    *type_number = static_cast<uint8_t>(number);
    return found_code;
  }
  for (const IcmpCodeSyntax& row : kIcmp) {
    if (row.v6 != v6 || row.type != type) continue;
    found_type = true;
    *type_number = row.type_number;
    if (!found_code && row.code == code) {
      found_code = true;
      *code_number = row.code_number;
    }
  }
  return found_type && found_code;
}

}  // namespace drywire::pkt
