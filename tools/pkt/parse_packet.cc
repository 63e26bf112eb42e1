// Packets: direction, IP fields, and TCP, UDP or ICMP.
#include <utility>

#include "absl/strings/str_cat.h"
#include "stack/base/address.h"
#include "stack/wire/segment.h"
#include "tools/pkt/parse_state.h"
#include "tools/pkt/syntax.h"

namespace drywire::pkt {
namespace {

using Kind = Token::Kind;

// Everything up to the bracket that closes the one just taken.
bool SkipBrackets(ParseState& state, char open, char close) {
  for (int depth = 1; depth > 0;) {
    if (state.token().kind == Kind::kEnd || state.token().kind == Kind::kError) {
      const char text[] = {'\'', close, '\'', '\0'};
      return state.Expected(text);
    }
    if (state.token().Is(open)) ++depth;
    if (state.token().Is(close)) --depth;
    state.Next();
  }
  return true;
}

bool ParseAddress(ParseState& state) {
  const Token first = state.token();
  const std::string text =
      first.kind == Kind::kAddress ? first.text : state.lexer().TakeAddress(first);
  if (!Address::Parse(text).ok()) return state.Expected("an IP address");
  state.Next();
  return true;
}

// Headers around the packet: read, so that the script can be skipped by their name.
bool ParseOuterHeaders(ParseState& state, PacketSpec* packet) {
  for (;;) {
    if (state.token().IsWord("ipv4") || state.token().IsWord("ipv6")) {
      packet->unsupported = "IP in IP";
      state.Next();
      if ((state.TakeIf('(') && !SkipBrackets(state, '(', ')')) ||
          (state.TakeIf('[') && !SkipBrackets(state, '[', ']'))) {
        return false;
      }
      if (!ParseAddress(state) || !state.Take('>') || !ParseAddress(state)) return false;
    } else if (state.token().IsWord("gre") || state.token().IsWord("GREv0")) {
      packet->unsupported = "GRE";
      state.Next();
      while (!state.token().Is(':')) {
        const bool ends = state.token().kind == Kind::kEnd || state.token().kind == Kind::kError;
        if (ends) return state.Expected("':' after the GRE header");
        state.Next();
      }
    } else if (state.token().IsWord("mpls")) {
      packet->unsupported = "MPLS";
      state.Next();
      while (state.TakeIf('(')) {
        if (!SkipBrackets(state, '(', ')')) return false;
      }
    } else {
      return true;
    }
    if (!state.Take(':')) return false;
  }
}

bool ParseIpField(ParseState& state, IpFields* ip) {
  const Token token = state.token();
  const IpFieldSyntax* field = token.kind == Kind::kWord ? FindIpField(token.text) : nullptr;
  if (field == nullptr) return state.Expected("a field of the IP header, such as ttl or ect0");
  state.Next();
  if (field->word == "ecn") return ParseIpField(state, ip);
  if (field->word == "ttl" || field->word == "hlim") {
    uint8_t ttl = 0;
    if (!state.TakeNumber("a number of hops", &ttl)) return false;
    ip->ttl = ttl;
    return true;
  }
  if (field->word == "flowlabel") {
    int64_t label = 0;
    if (!state.TakeInteger("a flow label", 0, 0xfffff, &label)) return false;
    ip->flow_label = static_cast<uint32_t>(label);
    return true;
  }
  ip->tos_check = field->check;
  ip->tos = field->tos;
  if (field->check != IpFields::TosCheck::kTos) return true;
  if (field->word == "dscp" && state.token().kind == Kind::kWord) {
    const std::optional<uint8_t> point = FindCodePoint(state.token().text);
    if (!point.has_value()) return state.Expected("a code point, such as cs1 or af11");
    ip->tos = *point;
    state.Next();
    return true;
  }
  if (!state.TakeNumber("a number", &ip->tos)) return false;
  if (field->word == "dscp") ip->tos = static_cast<uint8_t>(ip->tos << 2);
  return true;
}

// After the bracket.
bool ParseIpFields(ParseState& state, bool round, IpFields* ip) {
  do {
    if (!ParseIpField(state, ip)) return false;
  } while (state.TakeIf(','));
  return state.Take(round ? ')' : ']');
}

bool ParsePorts(ParseState& state, uint16_t* source, uint16_t* destination) {
  if (state.token().kind != Kind::kInteger) return true;
  return state.TakeNumber("a port", source) && state.Take('>') &&
         state.TakeNumber("a port", destination);
}

bool ParseFlagLetters(ParseState& state, const Token& token, TcpSpec* tcp) {
  for (const char letter : token.text) {
    const FlagSyntax* found = nullptr;
    for (const FlagSyntax& row : FlagTable()) {
      if (row.letter == letter) found = &row;
    }
    if (found == nullptr || letter == '.') {
      return state.Wrong(token, "expected flags, letters of FSRPEWAU, icmp or udp");
    }
    tcp->flags |= found->bit;
    if (letter == 'A') tcp->accurate_ecn = true;
    if (letter == 'A') tcp->ace |= 4;
  }
  return true;
}

// S., P, ., -, F.5
bool ParseFlags(ParseState& state, TcpSpec* tcp) {
  if (state.TakeIf('-')) return true;
  bool any = false;
  if (state.token().kind == Kind::kWord) {
    const Token token = state.token();
    if (!ParseFlagLetters(state, token, tcp)) return false;
    state.Next();
    any = true;
  }
  if (state.token().kind == Kind::kDecimal && state.token().text.size() == 2 &&
      state.token().text[0] == '.' && state.token().text[1] <= '7') {
    tcp->flags |= kAck;
    tcp->accurate_ecn = true;
    tcp->ace = static_cast<uint8_t>(state.token().text[1] - '0');
    if ((tcp->ace & 1) != 0) tcp->flags |= kEce;
    if ((tcp->ace & 2) != 0) tcp->flags |= kCwr;
    state.Next();
    return true;
  }
  if (!state.TakeIf('.')) return any || state.Expected("flags, such as S, P. or .");
  tcp->flags |= kAck;
  if (any && state.token().kind == Kind::kWord && !state.token().IsWord("ack")) {
    const Token token = state.token();
    if (!ParseFlagLetters(state, token, tcp)) return false;
    state.Next();
  }
  return true;
}

// 1:1001(1000), 0:0(0)!, ...(0)
bool ParseSequence(ParseState& state, TcpSpec* tcp) {
  const Token first = state.token();
  uint16_t length = 0;
  if (first.kind == Kind::kEllipsis) {
    tcp->any_seq = true;
    state.Next();
  } else {
    uint32_t last = 0;
    if (!state.TakeNumber("a sequence number", &tcp->seq) || !state.Take(':')) return false;
    const Token second = state.token();
    if (!state.TakeNumber("a sequence number", &last) || !state.Take('(')) return false;
    if (!state.TakeNumber("a length", &length) || !state.Take(')')) return false;
    tcp->length = length;
    if (last != tcp->seq + length) {
      return state.Wrong(second, absl::StrCat("expected ", tcp->seq + length,
                                              ", the first sequence number plus the length"));
    }
    tcp->absolute_seq = state.TakeIf('!');
    return true;
  }
  if (!state.Take('(') || !state.TakeNumber("a length", &length)) return false;
  tcp->length = length;
  return state.Take(')');
}

// /udp(9811 > 1): TCP over UDP.
bool ParseEncapsulation(ParseState& state, std::string* unsupported) {
  if (!state.TakeIf('/')) return true;
  *unsupported = "TCP over UDP";
  return state.TakeWord("udp") && state.Take('(') && SkipBrackets(state, '(', ')');
}

bool ParseTcp(ParseState& state, PacketSpec* packet) {
  TcpSpec tcp;
  if (!ParsePorts(state, &tcp.source_port, &tcp.destination_port) || !ParseFlags(state, &tcp) ||
      !ParseSequence(state, &tcp)) {
    return false;
  }
  if (state.TakeIfWord("ack")) {
    uint32_t ack = 0;
    if (!state.TakeNumber("an acknowledgement number", &ack)) return false;
    tcp.ack = ack;
  }
  if (state.TakeIfWord("win")) {
    uint16_t window = 0;
    if (!state.TakeNumber("a window", &window)) return false;
    tcp.window = window;
  } else if (!packet->outbound) {
    // As packetdrill does: 0, which is seldom meant.
    tcp.window = 0;
  }
  if (state.TakeIfWord("urg") && !state.TakeNumber("an urgent pointer", &tcp.urgent)) return false;
  if (state.token().Is('<')) {
    const Token open = state.token();
    state.Next();
    if (!ParseTcpOptions(state, &tcp, &packet->unsupported)) return false;
    if (tcp.any_options && !packet->outbound) {
      return state.Wrong(open, "expected options: <...> is for packets that are to be sent");
    }
  }
  if (state.TakeIf('[')) {
    packet->unsupported = "a reason in the payload of a RST";
    if (!SkipBrackets(state, '[', ']')) return false;
  }
  packet->body = std::move(tcp);
  return ParseEncapsulation(state, &packet->unsupported);
}

bool ParseUdp(ParseState& state, PacketSpec* packet) {
  UdpSpec udp;
  uint16_t length = 0;
  if (!ParsePorts(state, &udp.source_port, &udp.destination_port) || !state.Take('(') ||
      !state.TakeNumber("a length", &length) || !state.Take(')')) {
    return false;
  }
  udp.length = length;
  packet->body = udp;
  return true;
}

// 1:1001(1000)], udp (100)], raw (8)]: after the bracket
bool ParseQuote(ParseState& state, IcmpSpec* icmp, std::string* unsupported) {
  for (const auto& [word, protocol] : {std::pair{"sctp", "SCTP"}, {"udplite", "UDP-Lite"}}) {
    if (!state.TakeIfWord(word)) continue;
    *unsupported = protocol;
    return SkipBrackets(state, '[', ']');
  }
  const bool udp = state.TakeIfWord("udp");
  const bool raw = !udp && state.TakeIfWord("raw");
  if (udp || raw) {
    uint16_t length = 0;
    icmp->quote = udp ? IcmpSpec::Quote::kUdp : IcmpSpec::Quote::kRaw;
    if (!state.Take('(') || !state.TakeNumber("a length", &length) || !state.Take(')')) {
      return false;
    }
    icmp->length = length;
  } else {
    TcpSpec quoted;
    icmp->quote = IcmpSpec::Quote::kTcp;
    if (!ParseSequence(state, &quoted) || !ParseEncapsulation(state, unsupported)) return false;
    icmp->seq = quoted.seq;
    icmp->length = quoted.length;
  }
  return state.Take(']');
}

bool BeginsQuote(const Token& token) {
  return token.kind == Kind::kInteger || token.IsWord("udp") || token.IsWord("udplite") ||
         token.IsWord("sctp") || token.IsWord("raw");
}

// `icmp` has what was quoted before the word, as older scripts do it.
bool ParseIcmp(ParseState& state, IcmpSpec icmp, PacketSpec* packet) {
  if (state.token().kind != Kind::kWord) return state.Expected("the type of an ICMP message");
  icmp.type = state.token().text;
  uint8_t type = 0;
  uint8_t code = 0;
  if (!FindIcmp(false, icmp.type, "", &type, &code) &&
      !FindIcmp(true, icmp.type, "", &type, &code)) {
    return state.Expected("the type of an ICMP message, such as unreachable");
  }
  state.Next();
  if (state.token().kind == Kind::kWord && !state.token().IsWord("mtu") &&
      !state.token().IsWord("id")) {
    icmp.code = state.token().text;
    if (!FindIcmp(false, icmp.type, icmp.code, &type, &code) &&
        !FindIcmp(true, icmp.type, icmp.code, &type, &code)) {
      return state.Expected(absl::StrCat("a code of ICMP ", icmp.type));
    }
    state.Next();
  }
  if (state.TakeIfWord("mtu")) {
    uint32_t mtu = 0;
    if (!state.TakeNumber("an MTU", &mtu)) return false;
    icmp.mtu = mtu;
  }
  if (state.TakeIfWord("id") && !state.TakeNumber("an identifier", &icmp.echo_id)) return false;
  if (state.TakeIf('[') && !ParseQuote(state, &icmp, &packet->unsupported)) return false;
  packet->body = std::move(icmp);
  return true;
}

// "sctp: INIT[...]; HEARTBEAT[...]": read up to the end of the line, of several when brackets are
// open or a chunk follows, so that the script can be skipped by that name.
bool SkipSctp(ParseState& state) {
  int depth = 0;
  bool follows = true;
  int line = state.token().place.line;
  while (depth > 0 || follows || state.token().place.line == line) {
    const Token& token = state.token();
    if (token.kind == Kind::kError) return state.Expected("chunks of SCTP");
    if (token.kind == Kind::kEnd) return depth == 0 || state.Expected("']'");
    if (token.Is('[') || token.Is('{') || token.Is('(')) ++depth;
    if (token.Is(']') || token.Is('}') || token.Is(')')) --depth;
    follows = token.Is(';') || token.Is(':');
    line = token.place.line;
    state.Next();
  }
  return true;
}

bool ParseBody(ParseState& state, PacketSpec* packet) {
  if (!ParseOuterHeaders(state, packet)) return false;
  const bool round = state.TakeIf('(');
  if (round || state.TakeIf('[')) {
    if (!round && BeginsQuote(state.token())) {
      IcmpSpec icmp;
      return ParseQuote(state, &icmp, &packet->unsupported) && state.TakeWord("icmp") &&
             ParseIcmp(state, std::move(icmp), packet);
    }
    if (!ParseIpFields(state, round, &packet->ip)) return false;
  }
  const bool ect01 = packet->ip.tos_check == IpFields::TosCheck::kEcnEct01;
  if (ect01 && !packet->outbound) return state.Expected("ect0 or ect1 for a packet that arrives");
  if (state.TakeIfWord("encap")) {
    packet->unsupported = "PSP encryption";
    if (!state.TakeWord("psp") || !state.Take('(') || !SkipBrackets(state, '(', ')')) return false;
  }
  if (state.TakeIfWord("icmp")) return ParseIcmp(state, IcmpSpec(), packet);
  if (state.TakeIfWord("udp")) return ParseUdp(state, packet);
  if (state.TakeIfWord("udplite")) {
    packet->unsupported = "UDP-Lite";
    packet->body = UdpSpec();
    return state.Take('(') && SkipBrackets(state, '(', ')');
  }
  if (state.TakeIfWord("sctp")) {
    packet->unsupported = "SCTP";
    packet->body = UdpSpec();
    return SkipSctp(state);
  }
  return ParseTcp(state, packet);
}

}  // namespace

bool ParsePacket(ParseState& state, PacketSpec* packet) {
  const size_t begin = state.token().begin;
  packet->outbound = state.token().Is('>');
  state.Next();
  if (!ParseBody(state, packet)) return false;
  packet->text = state.lexer().TextBetween(begin, state.last_end());
  return true;
}

}  // namespace drywire::pkt
