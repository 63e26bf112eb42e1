#include "stack/ip/nft_rule.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "stack/ip/nft_names.h"
#include "stack/ip/nft_values.h"

namespace drywire {
namespace {

constexpr absl::string_view kParts =
    "a condition (ip, ip6, tcp, udp, th, icmp, icmpv6, meta, iifname, oifname, ct), limit, "
    "counter, comment or a verdict (accept, drop, reject, deny)";

class RuleParser {
 public:
  RuleParser(WordCursor& words, Family family, Hook hook, FirewallRule& rule)
      : words_(words), family_(family), hook_(hook), rule_(rule) {}

  absl::Status Run() {
    const size_t start = words_.position();
    while (!AtEnd()) {
      if (absl::Status status = Part(); !status.ok()) return status;
    }
    rule_.text = words_.TextSince(start);
    if (words_.position() == start) return words_.Expected(kParts);
    return absl::OkStatus();
  }

 private:
  bool AtEnd() const {
    return words_.word().end || words_.Is("\n") || words_.Is(";") || words_.Is("}");
  }

  absl::Status Part() {
    if (words_.Take("comment")) return Comment();
    if (rule_.verdict != FirewallVerdict::kContinue) {
      return words_.Expected("comment or the end of the rule: nothing follows a verdict");
    }
    if (words_.Take("counter")) return Counter();
    if (words_.Take("limit")) return Limit();
    if (IsVerdict()) return Verdict();
    return Condition();
  }

  // --- statements

  absl::Status Comment() {
    if (AtEnd()) return words_.Expected("a comment in quotes");
    rule_.comment = std::string(words_.Next().text);
    return absl::OkStatus();
  }

  absl::Status Counter() {
    rule_.parts.emplace_back().kind = RulePart::Kind::kCounter;
    if (words_.Take("packets")) {
      if (!absl::SimpleAtoi(words_.word().text, &rule_.packets)) return words_.Expected("a number");
      words_.Next();
      if (!words_.Take("bytes")) return words_.Expected("\"bytes\"");
      if (!absl::SimpleAtoi(words_.word().text, &rule_.bytes)) return words_.Expected("a number");
      words_.Next();
    }
    return absl::OkStatus();
  }

  absl::Status Limit() {
    RulePart part;
    part.kind = RulePart::Kind::kLimit;
    if (absl::Status status = ParseLimit(words_, part.limit); !status.ok()) return status;
    rule_.parts.push_back(std::move(part));
    return absl::OkStatus();
  }

  // --- verdicts

  bool IsVerdict() const {
    return words_.Is("accept") || words_.Is("drop") || words_.Is("reject") || words_.Is("deny");
  }

  absl::Status Verdict() {
    if (words_.Take("accept")) return Set(FirewallVerdict::kAccept);
    const bool connect = hook_ == Hook::kConnect;
    if (words_.Is("deny") != connect) {
      return words_.Expected(connect ? "accept or deny: a call is not dropped or rejected"
                                     : "accept, drop or reject: deny is for the hook connect");
    }
    if (words_.Take("drop")) return Set(FirewallVerdict::kDrop);
    if (words_.Take("deny")) {
      if (words_.Take("eperm")) return Set(FirewallVerdict::kDenyEperm);
      if (words_.Take("eacces")) return Set(FirewallVerdict::kDenyEacces);
      return words_.Expected("eperm or eacces");
    }
    words_.Next();
    rule_.verdict = FirewallVerdict::kReject;
    return words_.Take("with") ? RejectType() : absl::OkStatus();
  }

  absl::Status Set(FirewallVerdict verdict) {
    rule_.verdict = verdict;
    return absl::OkStatus();
  }

  absl::Status RejectType() {
    RejectWith& with = rule_.reject;
    if (words_.Take("tcp")) {
      with.kind = RejectKind::kTcpReset;
      if (protocol_.has_value() && *protocol_ != IpProtocol::kTcp) {
        return words_.Expected("a rejection that suits the protocol of this rule");
      }
      if (!words_.Take("reset")) return words_.Expected("reset");
      Require(Family::kNone, IpProtocol::kTcp);
      return absl::OkStatus();
    }
    absl::Span<const NftName> names = NftIcmpXCodes();
    Family family = Family::kNone;
    if (words_.Is("icmp")) {
      with.kind = RejectKind::kIcmp;
      names = NftIcmpCodes();
      family = Family::kInet;
    } else if (words_.Is("icmpv6")) {
      with.kind = RejectKind::kIcmpV6;
      names = NftIcmpV6Codes();
      family = Family::kInet6;
    } else if (!words_.Is("icmpx")) {
      return words_.Expected("icmp, icmpv6, icmpx or tcp reset");
    }
    const Family rule_family = family_ != Family::kNone ? family_ : seen_family_;
    if (family != Family::kNone && rule_family != Family::kNone && family != rule_family) {
      return words_.Expected("a rejection in the address family of this rule");
    }
    words_.Next();
    words_.Take("type");
    const NftName* name = FindNftName(names, words_.word().text);
    if (name == nullptr) return words_.Expected(ListNftNames(names));
    words_.Next();
    if (with.kind == RejectKind::kIcmpX) {
      with.what = static_cast<Unreachable>(name->value);
    } else {
      with.code = static_cast<uint8_t>(name->value);
      Require(family, std::nullopt);
    }
    return absl::OkStatus();
  }

  // The dependency that nft adds by itself.
  void Require(Family family, std::optional<IpProtocol> protocol) {
    Match match;
    match.field = MatchField::kFamily;
    match.family = family;
    match.protocol = protocol;
    Add(std::move(match));
  }

  void Add(Match match) {
    RulePart part;
    part.match = std::move(match);
    rule_.parts.push_back(std::move(part));
  }
  // Adds `match` unless reading its values failed. A reference, because reading and moving are
  // arguments of one call, whose order is the compiler's.
  absl::Status Add(const absl::Status& status, Match&& match) {
    if (status.ok()) Add(std::move(match));
    return status;
  }

  // --- conditions

  absl::Status Condition() {
    if (words_.Is("ip") || words_.Is("ip6")) return IpCondition();
    if (words_.Is("tcp") || words_.Is("udp") || words_.Is("th")) return PortCondition();
    if (words_.Is("icmp") || words_.Is("icmpv6")) return IcmpCondition();
    if (words_.Take("meta")) return MetaCondition();
    if (words_.Is("iifname") || words_.Is("oifname")) return MetaCondition();
    if (words_.Is("ct")) return CtCondition();
    return words_.Expected(kParts);
  }

  absl::Status NeedsPacket() {
    if (hook_ != Hook::kConnect) return absl::OkStatus();
    return words_.Expected("what is known at connect: daddr, dport, l4proto, nfproto or skuid");
  }

  absl::Status IpCondition() {
    Match match;
    match.family = words_.Is("ip") ? Family::kInet : Family::kInet6;
    if (family_ != Family::kNone && family_ != match.family) {
      return words_.Expected("an expression of the table's address family");
    }
    const bool v4 = match.family == Family::kInet;
    seen_family_ = match.family;
    words_.Next();
    if (words_.Is("saddr") || words_.Is("daddr")) {
      const bool source = words_.Is("saddr");
      if (absl::Status status = source ? NeedsPacket() : absl::OkStatus(); !status.ok()) {
        return status;
      }
      words_.Next();
      match.field = source ? MatchField::kSourceAddress : MatchField::kDestinationAddress;
      return Add(ParseAddresses(words_, match), std::move(match));
    }
    if (words_.Take(v4 ? "protocol" : "nexthdr")) {
      match.field = MatchField::kProtocol;
      return Protocols(std::move(match));
    }
    if (absl::Status status = NeedsPacket(); !status.ok()) return status;
    if (words_.Take(v4 ? "ttl" : "hoplimit")) {
      match.field = MatchField::kTtl;
      return Add(ParseNumbers(words_, {{}, 255, "a number from 0 to 255"}, match),
                 std::move(match));
    }
    if (words_.Take("length")) {
      match.field = MatchField::kLength;
      return Add(ParseNumbers(words_, {{}, 65535, "a length in bytes"}, match), std::move(match));
    }
    return words_.Expected(v4 ? "saddr, daddr, protocol, ttl or length"
                              : "saddr, daddr, nexthdr, hoplimit or length");
  }

  absl::Status PortCondition() {
    Match match;
    const bool tcp = words_.Is("tcp");
    if (!words_.Is("th")) {
      match.protocol = tcp ? IpProtocol::kTcp : IpProtocol::kUdp;
      if (absl::Status status = NoteProtocol(*match.protocol); !status.ok()) return status;
    }
    words_.Next();
    const ValueSyntax ports{{}, 65535, "a port from 0 to 65535"};
    if (words_.Take("dport")) {
      match.field = MatchField::kDestinationPort;
      return Add(ParseNumbers(words_, ports, match), std::move(match));
    }
    if (absl::Status status = NeedsPacket(); !status.ok()) return status;
    if (words_.Take("sport")) {
      match.field = MatchField::kSourcePort;
      return Add(ParseNumbers(words_, ports, match), std::move(match));
    }
    if (tcp && words_.Take("flags")) {
      match.field = MatchField::kTcpFlags;
      return Add(ParseTcpFlags(words_, match), std::move(match));
    }
    return words_.Expected(tcp ? "sport, dport or flags" : "sport or dport");
  }

  absl::Status IcmpCondition() {
    Match match;
    const bool v6 = words_.Is("icmpv6");
    match.protocol = v6 ? IpProtocol::kIcmpV6 : IpProtocol::kIcmp;
    if (absl::Status status = NeedsPacket(); !status.ok()) return status;
    if (absl::Status status = NoteProtocol(*match.protocol); !status.ok()) return status;
    words_.Next();
    if (words_.Take("type")) {
      match.field = MatchField::kIcmpType;
      const absl::Span<const NftName> names = v6 ? NftIcmpV6Types() : NftIcmpTypes();
      return Add(ParseNumbers(words_, {names, 255, ListNftNames(names)}, match), std::move(match));
    }
    if (words_.Take("code")) {
      match.field = MatchField::kIcmpCode;
      const absl::Span<const NftName> names = v6 ? NftIcmpV6Codes() : NftIcmpCodes();
      return Add(ParseNumbers(words_, {names, 255, ListNftNames(names)}, match), std::move(match));
    }
    return words_.Expected("type or code");
  }

  absl::Status MetaCondition() {
    Match match;
    if (words_.Take("l4proto")) {
      match.field = MatchField::kProtocol;
      return Protocols(std::move(match));
    }
    if (words_.Take("nfproto")) {
      match.field = MatchField::kFamily;
      if (!words_.Is("ipv4") && !words_.Is("ipv6")) return words_.Expected("ipv4 or ipv6");
      match.family = words_.Next().text == "ipv4" ? Family::kInet : Family::kInet6;
      seen_family_ = match.family;
      Add(std::move(match));
      return absl::OkStatus();
    }
    if (words_.Is("skuid")) {
      if (hook_ != Hook::kOutput && hook_ != Hook::kConnect) {
        return words_.Expected("no skuid here: only output and connect know who sends");
      }
      words_.Next();
      match.field = MatchField::kUid;
      return Add(ParseNumbers(words_, {{}, UINT32_MAX, "a user id"}, match), std::move(match));
    }
    if (absl::Status status = NeedsPacket(); !status.ok()) return status;
    if (words_.Take("length")) {
      match.field = MatchField::kLength;
      return Add(ParseNumbers(words_, {{}, 65535, "a length in bytes"}, match), std::move(match));
    }
    if (words_.Is("iifname") || words_.Is("oifname")) {
      const bool in = words_.Is("iifname");
      if (hook_ == (in ? Hook::kOutput : Hook::kInput)) {
        return words_.Expected(absl::StrCat(in ? "oifname: on output" : "iifname: on input",
                                            " there is no such interface"));
      }
      words_.Next();
      match.field = in ? MatchField::kInputInterface : MatchField::kOutputInterface;
      return Add(ParseInterfaceNames(words_, match), std::move(match));
    }
    return words_.Expected("l4proto, nfproto, length, skuid, iifname or oifname");
  }

  absl::Status CtCondition() {
    if (absl::Status status = NeedsPacket(); !status.ok()) return status;
    words_.Next();
    if (!words_.Take("state")) return words_.Expected("state");
    Match match;
    match.field = MatchField::kCtState;
    match.negated = words_.Take("!=");
    if (!match.negated) words_.Take("==");
    const bool braces = words_.Take("{");
    do {
      if (absl::Status status = ParseBits(words_, NftCtStates(), match.mask); !status.ok())
        return status;
    } while (words_.Take(","));
    if (braces && !words_.Take("}")) return words_.Expected("\",\" or \"}\"");
    Add(std::move(match));
    return absl::OkStatus();
  }

  // A single protocol is remembered, so that what contradicts it is an error.
  absl::Status Protocols(Match match) {
    const ValueSyntax syntax{NftProtocols(), 255, ListNftNames(NftProtocols())};
    if (absl::Status status = ParseNumbers(words_, syntax, match); !status.ok()) return status;
    if (!match.negated && match.ranges.size() == 1 && match.ranges[0].low == match.ranges[0].high) {
      protocol_ = static_cast<IpProtocol>(match.ranges[0].low);
    }
    Add(std::move(match));
    return absl::OkStatus();
  }

  absl::Status NoteProtocol(IpProtocol protocol) {
    if (protocol_.has_value() && *protocol_ != protocol) {
      return words_.Expected("an expression of the protocol that this rule already asks for");
    }
    protocol_ = protocol;
    return absl::OkStatus();
  }

  WordCursor& words_;
  Family family_;
  Hook hook_;
  FirewallRule& rule_;
  Family seen_family_ = Family::kNone;
  std::optional<IpProtocol> protocol_;
};

}  // namespace

absl::Status ParseNftRule(WordCursor& words, Family family, Hook hook, FirewallRule& rule) {
  return RuleParser(words, family, hook, rule).Run();
}

}  // namespace drywire
