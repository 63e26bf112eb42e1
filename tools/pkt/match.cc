#include "tools/pkt/match.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "stack/base/bytes.h"
#include "stack/wire/icmp.h"
#include "stack/wire/segment.h"
#include "tools/pkt/layout.h"
#include "tools/pkt/syntax.h"

namespace drywire::pkt {
namespace {

using Kind = TcpOption::Kind;

std::string FlagText(uint8_t flags) {
  std::string text;
  for (const FlagSyntax& row : FlagTable()) {
    if (row.letter != '.' && row.bit != 0 && (flags & row.bit) != 0) text += row.letter;
  }
  if ((flags & kAck) != 0) text += '.';
  return text.empty() ? "-" : text;
}

std::string OptionText(const std::vector<TcpOption>& options) {
  return absl::StrCat("<",
                      absl::StrJoin(options, ",",
                                    [](std::string* out, const TcpOption& option) {
                                      absl::StrAppend(out, option.ToString());
                                    }),
                      ">");
}

// Collects differences.
class Differences {
 public:
  template <typename Expected, typename Actual>
  void Check(const char* field, const Expected& expected, const Actual& actual) {
    if (expected == actual) return;
    Add(field, absl::StrCat(expected), absl::StrCat(actual));
  }
  void Add(absl::string_view field, absl::string_view expected, absl::string_view actual) {
    absl::StrAppend(&text_, text_.empty() ? "" : "; ", field, ": expected ", expected, ", got ",
                    actual);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

// The options on the wire with the script's numbers.
std::vector<TcpOption> ScriptOptions(const Segment& segment, absl::string_view personality,
                                     const Flow* flow, bool outbound) {
  std::vector<TcpOption> options = WrittenOptions(personality, segment.options);
  if (flow == nullptr) return options;
  const bool syn = segment.Has(kSyn);
  const uint32_t offset = outbound ? flow->RemoteOffset(syn) : flow->LocalOffset(syn);
  for (TcpOption& option : options) {
    for (auto& [left, right] : option.blocks) {
      left -= offset;
      right -= offset;
    }
    if (option.kind == Kind::kTimestamps && outbound && flow->has_first_timestamp) {
      option.value = option.value - flow->first_timestamp + flow->first_script_timestamp;
    }
  }
  return options;
}

void NoteTimestamps(const TcpSpec& tcp, const Segment& segment, Flow* flow) {
  for (const TcpOption& option : tcp.options) {
    if (option.kind != Kind::kTimestamps || !segment.options.has_timestamps) continue;
    if (!option.any_value) flow->timestamps[option.value] = segment.options.ts_val;
    if (flow->has_first_timestamp) continue;
    flow->has_first_timestamp = true;
    flow->first_script_timestamp = option.value;
    flow->first_timestamp = segment.options.ts_val;
  }
}

bool SameOption(const TcpOption& expected, const TcpOption& actual, const MatchContext& context) {
  if (expected.kind != actual.kind) return false;
  if (expected.kind != Kind::kTimestamps) return expected == actual;
  // As packetdrill has it: the value only if it is known how long a tick is, the echo never.
  const int64_t tick = context.config->ts_tick_usecs;
  const auto off = static_cast<int32_t>(actual.value - expected.value);
  return expected.any_value || tick == 0 ||
         std::abs(int64_t{off}) * tick <= context.tolerance_usecs;
}

void CompareOptions(const TcpSpec& tcp, const Segment& segment, const MatchContext& context,
                    const Flow& flow, Differences* differences) {
  if (tcp.any_options) return;
  const std::vector<TcpOption> actual =
      ScriptOptions(segment, context.personality, &flow, /*outbound=*/true);
  bool same = actual.size() == tcp.options.size();
  for (size_t i = 0; same && i < actual.size(); ++i) {
    same = SameOption(tcp.options[i], actual[i], context);
  }
  if (!same) differences->Add("options", OptionText(tcp.options), OptionText(actual));
}

void CompareTcp(const TcpSpec& tcp, const Segment& segment, const MatchContext& context, Flow* flow,
                Differences* differences) {
  NoteTimestamps(tcp, segment, flow);
  const bool syn = segment.Has(kSyn);
  if (tcp.source_port != 0) differences->Check("source port", tcp.source_port, segment.source_port);
  if (tcp.destination_port != 0) {
    differences->Check("destination port", tcp.destination_port, segment.destination_port);
  }
  if (tcp.flags != segment.flags) {
    differences->Add("flags", FlagText(tcp.flags), FlagText(segment.flags));
  }
  if (tcp.accurate_ecn && (tcp.ace & 4) != 0) differences->Add("AE", "1", "0");
  if (!tcp.any_seq) {
    const uint32_t seq = segment.seq.value() - (tcp.absolute_seq ? 0 : flow->LocalOffset(syn));
    differences->Check("sequence number", tcp.seq, seq);
  }
  differences->Check("length", tcp.length, segment.payload.size());
  const uint32_t ack = segment.Has(kAck) ? segment.ack.value() - flow->RemoteOffset(syn) : 0;
  differences->Check("ack", tcp.ack.value_or(0), ack);
  if (tcp.window.has_value()) differences->Check("win", *tcp.window, segment.window);
  differences->Check("urg", tcp.urgent, segment.urgent);
  CompareOptions(tcp, segment, context, *flow, differences);
}

void CompareTos(const IpFields& ip, uint8_t tos, Differences* differences) {
  const int ecn = tos & 3;
  switch (ip.tos_check) {
    case IpFields::TosCheck::kNone:
      break;
    case IpFields::TosCheck::kEcn:
      differences->Check("ECN bits", int{ip.tos}, ecn);
      break;
    case IpFields::TosCheck::kEcnEct01:
      if (ecn != 1 && ecn != 2) differences->Add("ECN bits", "1 or 2", absl::StrCat(ecn));
      break;
    case IpFields::TosCheck::kTos:
      differences->Check("TOS", int{ip.tos}, int{tos});
      break;
  }
}

// The script's labels are names: the same name must be the same label, another one another.
void CompareFlowLabel(uint32_t expected, uint32_t actual, Flow* flow, Differences* differences) {
  if (expected == 0) return;
  if (actual == 0) {
    differences->Add("flow label", "one", "none");
    return;
  }
  const bool same_name = expected == flow->script_flow_label;
  if (flow->script_flow_label != 0 && same_name != (actual == flow->flow_label)) {
    differences->Add("flow label", same_name ? "the same as before" : "another than before",
                     absl::StrCat(actual));
    return;
  }
  flow->script_flow_label = expected;
  flow->flow_label = actual;
}

}  // namespace

void NoteExpected(const PacketSpec& spec, Flow* flow) {
  const TcpSpec* tcp = spec.tcp();
  const bool syn_ack = tcp != nullptr && (tcp->flags & (kSyn | kAck)) == (kSyn | kAck);
  if (flow->state == Flow::State::kSegmentReceived && syn_ack && !tcp->any_seq) {
    flow->script_local_isn = tcp->seq;
  }
}

void NoteSent(const PacketSpec& spec, const Packet& packet, Flow* flow) {
  const TcpSpec* tcp = spec.tcp();
  const bool syn_ack = tcp != nullptr && (tcp->flags & (kSyn | kAck)) == (kSyn | kAck);
  if (flow->state == Flow::State::kSegmentReceived && syn_ack && packet.segment() != nullptr) {
    flow->state = Flow::State::kSynAckSent;
    flow->local_isn = packet.segment()->seq.value();
  }
}

std::string ContinuesFrom(const Packet& previous, const Packet& next, uint32_t wanted) {
  const Segment* a = previous.segment();
  const Segment* b = next.segment();
  if (a == nullptr || b == nullptr) return "they are no segments";
  constexpr uint8_t kSame = kSyn | kRst | kAck | kUrg | kEce;
  if ((a->flags & kSame) != (b->flags & kSame)) return "their flags differ";
  if (b->seq != a->seq + static_cast<uint32_t>(a->payload.size())) return "there is a gap";
  if (a->ack != b->ack) return "their acknowledgement numbers differ";
  if (b->payload.size() < wanted && b->payload.size() != a->payload.size()) {
    return "one in the middle is of another length";
  }
  return "";
}

void MergeInto(Packet* packet, const Packet& next) {
  Segment merged = *next.segment();
  const Segment& first = *packet->segment();
  merged.seq = first.seq;
  merged.flags = static_cast<uint8_t>((merged.flags & ~kCwr) | (first.flags & kCwr));
  merged.payload = Bytes::Concat(first.payload, merged.payload);
  packet->body = std::move(merged);
}

std::string CompareSent(const PacketSpec& spec, const Packet& packet, const MatchContext& context,
                        Flow* flow) {
  Differences differences;
  const TcpSpec* tcp = spec.tcp();
  const IcmpSpec* icmp = spec.icmp();
  if ((tcp != nullptr) != (packet.segment() != nullptr) ||
      (icmp != nullptr) != (packet.icmp() != nullptr)) {
    return "another protocol";
  }
  if (tcp != nullptr) {
    CompareTcp(*tcp, *packet.segment(), context, flow, &differences);
  } else if (icmp != nullptr) {
    uint8_t type = 0;
    uint8_t code = 0;
    if (!FindIcmp(context.config->wire_is_v6(), icmp->type, icmp->code, &type, &code)) {
      differences.Add("type", absl::StrCat(icmp->type, " ", icmp->code), "another IP's");
    }
    differences.Check("type", int{type}, int{packet.icmp()->type});
    differences.Check("code", int{code}, int{packet.icmp()->code});
  } else if (spec.udp() != nullptr && packet.datagram() != nullptr) {
    differences.Check("length", spec.udp()->length, packet.datagram()->payload.size());
  }
  CompareTos(spec.ip, packet.tos, &differences);
  if (spec.ip.ttl.has_value()) differences.Check("ttl", int{*spec.ip.ttl}, int{packet.ttl});
  CompareFlowLabel(spec.ip.flow_label.value_or(0), packet.flow_label, flow, &differences);
  return differences.Take();
}

std::string ScriptText(const Packet& packet, bool outbound, absl::string_view personality,
                       const Flow* flow) {
  const char* arrow = outbound ? "> " : "< ";
  const Segment* segment = packet.segment();
  if (segment == nullptr) return absl::StrCat(arrow, packet.BodyToString());
  const bool syn = segment->Has(kSyn);
  const uint32_t local = flow == nullptr ? 0 : flow->LocalOffset(syn);
  const uint32_t remote = flow == nullptr ? 0 : flow->RemoteOffset(syn);
  const uint32_t seq = segment->seq.value() - (outbound ? local : remote);
  const uint32_t ack = segment->ack.value() - (outbound ? remote : local);
  const size_t length = segment->payload.size();
  std::string text = absl::StrCat(arrow, FlagText(segment->flags), " ", seq, ":",
                                  seq + static_cast<uint32_t>(length), "(", length, ")");
  if (segment->Has(kAck)) absl::StrAppend(&text, " ack ", ack);
  absl::StrAppend(&text, " win ", segment->window);
  if (segment->Has(kUrg)) absl::StrAppend(&text, " urg ", segment->urgent);
  const std::vector<TcpOption> options = ScriptOptions(*segment, personality, flow, outbound);
  if (!options.empty()) absl::StrAppend(&text, " ", OptionText(options));
  return text;
}

}  // namespace drywire::pkt
