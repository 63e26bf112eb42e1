#include "stack/ip/firewall.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "stack/wire/icmp.h"

namespace drywire {
namespace {

bool NameFits(absl::string_view pattern, absl::string_view name) {
  if (absl::EndsWith(pattern, "*")) {
    return absl::StartsWith(name, pattern.substr(0, pattern.size() - 1));
  }
  return pattern == name;
}

bool AnyName(const Match& match, absl::string_view name) {
  return std::any_of(match.names.begin(), match.names.end(),
                     [name](const std::string& pattern) { return NameFits(pattern, name); });
}

bool InRanges(const Match& match, uint32_t value) {
  return std::any_of(match.ranges.begin(), match.ranges.end(),
                     [value](const Match::Range& r) { return r.low <= value && value <= r.high; });
}

bool InRanges(const Match& match, const Address& value) {
  return std::any_of(match.ranges.begin(), match.ranges.end(), [&](const Match::Range& r) {
    return r.low_address <= value && value <= r.high_address;
  });
}

bool AnyBit(const Match& match, uint32_t bits) {
  return match.ranges.empty() ? (bits & match.mask) != 0 : InRanges(match, bits & match.mask);
}

bool Holds(const Match& match, const FirewallSubject& subject, CtState ct) {
  const Packet* packet = subject.packet;
  switch (match.field) {
    case MatchField::kSourceAddress:
      return InRanges(match, subject.source);
    case MatchField::kDestinationAddress:
      return InRanges(match, subject.destination);
    case MatchField::kSourcePort:
      return InRanges(match, subject.source_port);
    case MatchField::kDestinationPort:
      return InRanges(match, subject.destination_port);
    case MatchField::kProtocol:
      return InRanges(match, static_cast<uint32_t>(subject.protocol));
    case MatchField::kFamily:
      return true;  // Match::family has been looked at.
    case MatchField::kTcpFlags:
      return packet != nullptr && packet->segment() != nullptr &&
             AnyBit(match, packet->segment()->flags);
    case MatchField::kIcmpType:
      return packet != nullptr && packet->icmp() != nullptr &&
             InRanges(match, packet->icmp()->type);
    case MatchField::kIcmpCode:
      return packet != nullptr && packet->icmp() != nullptr &&
             InRanges(match, packet->icmp()->code);
    case MatchField::kInputInterface:
      return AnyName(match, subject.input_interface);
    case MatchField::kOutputInterface:
      return AnyName(match, subject.output_interface);
    case MatchField::kUid:
      return InRanges(match, subject.uid);
    case MatchField::kLength:
      return packet != nullptr && InRanges(match, packet->WireLength());
    case MatchField::kTtl:
      return packet != nullptr && InRanges(match, packet->ttl);
    case MatchField::kCtState:
      return AnyBit(match, ct);
  }
  DRYWIRE_FATAL() << "no such match field";
}

bool Fits(const Match& match, const FirewallSubject& subject, CtState ct) {
  // What a match presupposes is not negated with it: `tcp dport != 80` is about TCP alone.
  if (match.family != Family::kNone && subject.destination.family() != match.family) return false;
  if (match.protocol.has_value() && subject.protocol != *match.protocol) return false;
  return Holds(match, subject, ct) != match.negated;
}

// nft_limit: time accrues as tokens; a packet costs its share of the unit.
bool WithinLimit(Instant now, RateLimit& limit, uint32_t length) {
  const __int128 unit = limit.unit.nanos();
  const __int128 amount = limit.bytes ? length : 1;
  const Duration cost = Duration::Nanos(static_cast<int64_t>(unit * amount / limit.rate));
  limit.tokens = std::min(limit.tokens + (now - limit.last), limit.max_tokens);
  limit.last = now;
  if (limit.tokens < cost) return limit.over;
  limit.tokens -= cost;
  return !limit.over;
}

}  // namespace

absl::string_view HookName(Hook hook) {
  switch (hook) {
    case Hook::kInput:
      return "input";
    case Hook::kForward:
      return "forward";
    case Hook::kOutput:
      return "output";
    case Hook::kConnect:
      return "connect";
  }
  return "?";
}

FirewallSubject FirewallSubject::Of(const Packet& packet) {
  FirewallSubject subject;
  subject.packet = &packet;
  subject.source = packet.source;
  subject.destination = packet.destination;
  subject.protocol = packet.protocol();
  if (const Segment* segment = packet.segment()) {
    subject.source_port = segment->source_port;
    subject.destination_port = segment->destination_port;
  } else if (const Datagram* datagram = packet.datagram()) {
    subject.source_port = datagram->source_port;
    subject.destination_port = datagram->destination_port;
  }
  return subject;
}

FirewallDecision Firewall::Evaluate(Instant now, Hook hook, const FirewallSubject& subject) {
  const bool track = uses_conntrack_ && subject.packet != nullptr;
  const CtState ct = track ? conntrack_.Classify(now, *subject.packet) : kCtUntracked;
  FirewallDecision decision;
  for (const uint32_t index : by_hook_[static_cast<int>(hook)]) {
    FirewallChain& chain = chains_[index];
    if (chain.family != Family::kNone && chain.family != subject.destination.family()) continue;
    decision.verdict = RunChain(now, chain, subject, ct, decision);
    if (decision.verdict != FirewallVerdict::kAccept) return decision;
  }
  if (track) conntrack_.Commit(now, *subject.packet);
  return decision;
}

FirewallVerdict Firewall::RunChain(Instant now, FirewallChain& chain,
                                   const FirewallSubject& subject, CtState ct,
                                   FirewallDecision& decision) {
  const uint32_t length = subject.packet == nullptr ? 0 : subject.packet->WireLength();
  for (FirewallRule& rule : chain.rules) {
    bool fits = true;
    bool counted = false;
    const auto count = [&] {
      if (counted) return;
      counted = true;
      ++rule.packets;
      rule.bytes += length;
    };
    for (RulePart& part : rule.parts) {
      if (part.kind == RulePart::Kind::kCounter) {
        count();
      } else if (part.kind == RulePart::Kind::kLimit) {
        fits = WithinLimit(now, part.limit, length);
      } else {
        fits = Fits(part.match, subject, ct);
      }
      if (!fits) break;
    }
    if (!fits) continue;
    count();
    if (rule.verdict == FirewallVerdict::kContinue) continue;
    decision.reject = rule.reject;
    decision.handle = rule.handle;
    return rule.verdict;
  }
  decision.handle = 0;
  if (chain.policy != FirewallVerdict::kAccept) ++chain.policy_packets;
  return chain.policy;
}

void Firewall::Index() {
  uses_conntrack_ = false;
  for (std::vector<uint32_t>& chains : by_hook_) chains.clear();
  for (uint32_t i = 0; i < chains_.size(); ++i) {
    by_hook_[static_cast<int>(chains_[i].hook)].push_back(i);
    for (const FirewallRule& rule : chains_[i].rules) {
      for (const RulePart& part : rule.parts) {
        uses_conntrack_ |=
            part.kind == RulePart::Kind::kMatch && part.match.field == MatchField::kCtState;
      }
    }
  }
  for (std::vector<uint32_t>& chains : by_hook_) {
    std::stable_sort(chains.begin(), chains.end(), [this](uint32_t a, uint32_t b) {
      return chains_[a].priority < chains_[b].priority;
    });
  }
}

const FirewallRule* Firewall::FindRule(absl::string_view comment) const {
  for (const FirewallChain& chain : chains_) {
    for (const FirewallRule& rule : chain.rules) {
      if (rule.comment == comment) return &rule;
    }
  }
  return nullptr;
}

const FirewallRule* Firewall::FindRule(uint64_t handle) const {
  for (const FirewallChain& chain : chains_) {
    for (const FirewallRule& rule : chain.rules) {
      if (rule.handle == handle) return &rule;
    }
  }
  return nullptr;
}

void Firewall::ResetCounters() {
  for (FirewallChain& chain : chains_) {
    chain.policy_packets = 0;
    for (FirewallRule& rule : chain.rules) rule.packets = rule.bytes = 0;
  }
}

std::string Firewall::ToString() const {
  std::string out;
  for (const FirewallChain& chain : chains_) {
    const absl::string_view family = chain.family == Family::kInet    ? "ip"
                                     : chain.family == Family::kInet6 ? "ip6"
                                                                      : "inet";
    absl::StrAppend(&out, "chain ", family, " ", chain.table, " ", chain.name,
                    " { type filter hook ", HookName(chain.hook), " priority ", chain.priority,
                    "; policy ", chain.policy == FirewallVerdict::kDrop ? "drop" : "accept", "; }");
    if (chain.policy_packets > 0) absl::StrAppend(&out, " # packets ", chain.policy_packets);
    absl::StrAppend(&out, "\n");
    for (const FirewallRule& rule : chain.rules) {
      absl::StrAppend(&out, "  ", rule.text, " # handle ", rule.handle, " packets ", rule.packets,
                      " bytes ", rule.bytes, "\n");
    }
  }
  return out;
}

}  // namespace drywire
