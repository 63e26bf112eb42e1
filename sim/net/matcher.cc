#include "sim/net/matcher.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"

namespace drywire {
namespace {

// Results are bits of one word: more levels than any rule needs.
constexpr size_t kMaxSteps = 64;
constexpr uint8_t kControl = kSyn | kAck | kFin | kRst;
constexpr uint64_t kAnyCode = 256;

struct Ports {
  bool valid = false;
  uint16_t source = 0;
  uint16_t destination = 0;
};

Ports PortsOf(const Packet& packet) {
  if (const Segment* s = packet.segment()) return {true, s->source_port, s->destination_port};
  if (const Datagram* d = packet.datagram()) return {true, d->source_port, d->destination_port};
  return {};
}

const Bytes* PayloadOf(const Packet& packet) {
  if (const Segment* s = packet.segment()) return &s->payload;
  if (const Datagram* d = packet.datagram()) return &d->payload;
  return nullptr;
}

bool Overlaps(const Segment& segment, Seq first, Seq end) {
  const uint32_t size = static_cast<uint32_t>(segment.payload.size());
  return size > 0 && segment.seq.Before(end) && (segment.seq + size).After(first);
}

}  // namespace

bool Matcher::Evaluate(const Step& step, const Passage& passage) {
  const Packet& packet = passage.packet;
  switch (step.op) {
    case Op::kTrue:
      return true;
    case Op::kProtocol:
      return static_cast<uint64_t>(packet.protocol()) == step.a;
    case Op::kFlags:
      return packet.segment() != nullptr && (packet.segment()->flags & step.b) == step.a;
    case Op::kSourcePort:
      return PortsOf(packet).valid && PortsOf(packet).source == step.a;
    case Op::kDestinationPort:
      return PortsOf(packet).valid && PortsOf(packet).destination == step.a;
    case Op::kAnyPort: {
      const Ports ports = PortsOf(packet);
      return ports.valid && (ports.source == step.a || ports.destination == step.a);
    }
    case Op::kSource:
      return step.prefix.Contains(packet.source);
    case Op::kDestination:
      return step.prefix.Contains(packet.destination);
    case Op::kIcmp:
      return packet.icmp() != nullptr && packet.icmp()->type == step.a &&
             (step.b == kAnyCode || packet.icmp()->code == step.b);
    case Op::kPayloadSize: {
      const Bytes* payload = PayloadOf(packet);
      return payload != nullptr && payload->size() >= step.a && payload->size() <= step.b;
    }
    case Op::kSequence:
      return packet.segment() != nullptr &&
             Overlaps(*packet.segment(), Seq(static_cast<uint32_t>(step.a)),
                      Seq(static_cast<uint32_t>(step.b)));
    case Op::kContains: {
      const Bytes* payload = PayloadOf(packet);
      return payload != nullptr && payload->text().find(step.bytes) != absl::string_view::npos;
    }
    case Op::kFromHost:
      return passage.from.host() == step.a;
    case Op::kToHost:
      return passage.to.host() == step.a;
    case Op::kLink:
      return passage.from.medium().name() == step.bytes;
    case Op::kTime:
      return passage.now.nanos() >= static_cast<int64_t>(step.a) &&
             passage.now.nanos() < static_cast<int64_t>(step.b);
    case Op::kNeighbour:
      return packet.neighbour() != nullptr;
    case Op::kPredicate:
      return step.predicate(passage, step.context);
    case Op::kAnd:
    case Op::kOr:
    case Op::kNot:
      break;
  }
  DRYWIRE_FATAL() << "not a test";
}

bool Matcher::Matches(const Passage& passage) const {
  uint64_t stack = 1;  // The newest result is the lowest bit; an empty program matches.
  for (const Step& step : program_) {
    const uint64_t top = stack & 1;
    const uint64_t below = stack >> 1 & 1;
    switch (step.op) {
      case Op::kAnd:
        stack = (stack >> 2) << 1 | (top & below);
        break;
      case Op::kOr:
        stack = (stack >> 2) << 1 | (top | below);
        break;
      case Op::kNot:
        stack ^= 1;
        break;
      default:
        stack = stack << 1 | (Evaluate(step, passage) ? 1 : 0);
    }
  }
  return (stack & 1) != 0;
}

Matcher Matcher::Join(const Matcher& a, const Matcher& b, Op op) {
  // Any() has no program: it is neutral for "and" and decides "or".
  if (a.program_.empty()) return op == Op::kAnd ? b : a;
  if (b.program_.empty()) return op == Op::kAnd ? a : b;
  Matcher result = a;
  result.program_.insert(result.program_.end(), b.program_.begin(), b.program_.end());
  result.program_.push_back(Step{op});
  DRYWIRE_CHECK(result.program_.size() < kMaxSteps) << "a matcher of more than 64 steps";
  result.text_ = op == Op::kAnd ? absl::StrCat(a.text_, " and ", b.text_)
                                : absl::StrCat("(", a.text_, " or ", b.text_, ")");
  return result;
}

Matcher operator!(const Matcher& a) {
  Matcher result = a;
  if (result.program_.empty()) result.program_.push_back(Matcher::Step{Matcher::Op::kTrue});
  result.program_.push_back(Matcher::Step{Matcher::Op::kNot});
  result.text_ = absl::StrCat("not (", a.text_, ")");
  return result;
}

namespace match {

using Op = Matcher::Op;

Matcher Protocol(IpProtocol protocol) {
  const absl::string_view name = protocol == IpProtocol::kTcp      ? "tcp"
                                 : protocol == IpProtocol::kUdp    ? "udp"
                                 : protocol == IpProtocol::kIcmp   ? "icmp"
                                 : protocol == IpProtocol::kIcmpV6 ? "icmp6"
                                                                   : "arp";
  return Matcher({Op::kProtocol, static_cast<uint64_t>(protocol)}, std::string(name));
}

Matcher Flags(absl::string_view flags) {
  uint8_t value = 0;
  for (const char letter : flags) {
    const uint8_t flag = letter == 'S'   ? kSyn
                         : letter == 'F' ? kFin
                         : letter == 'R' ? kRst
                         : letter == '.' ? kAck
                                         : 0;
    DRYWIRE_CHECK(flag != 0) << "flags \"" << flags << "\": only letters of SFR. are compared";
    value |= flag;
  }
  return Matcher({Op::kFlags, value, kControl},
                 absl::StrCat("flags ", value == 0 ? "-" : std::string(flags)));
}

Matcher FlagsSet(uint8_t mask) {
  return Matcher({Op::kFlags, mask, mask}, absl::StrCat("flags with 0x", absl::Hex(mask)));
}

Matcher SourcePort(uint16_t port) {
  return Matcher({Op::kSourcePort, port}, absl::StrCat("source port ", port));
}

Matcher DestinationPort(uint16_t port) {
  return Matcher({Op::kDestinationPort, port}, absl::StrCat("destination port ", port));
}

Matcher Port(uint16_t port) { return Matcher({Op::kAnyPort, port}, absl::StrCat("port ", port)); }

Matcher Source(const Prefix& prefix) {
  return Matcher({Op::kSource, 0, 0, prefix}, absl::StrCat("from ", prefix.ToString()));
}

Matcher Destination(const Prefix& prefix) {
  return Matcher({Op::kDestination, 0, 0, prefix}, absl::StrCat("to ", prefix.ToString()));
}

Matcher Icmp(uint8_t type) {
  return Matcher({Op::kIcmp, type, kAnyCode}, absl::StrCat("icmp type ", type));
}

Matcher Icmp(uint8_t type, uint8_t code) {
  return Matcher({Op::kIcmp, type, code}, absl::StrCat("icmp type ", type, " code ", code));
}

Matcher PayloadSize(uint32_t min, uint32_t max) {
  return Matcher({Op::kPayloadSize, min, max},
                 max == UINT32_MAX ? absl::StrCat("payload of ", min, " bytes or more")
                                   : absl::StrCat("payload of ", min, " to ", max, " bytes"));
}

Matcher Sequence(Seq first, Seq end) {
  return Matcher({Op::kSequence, first.value(), end.value()},
                 absl::StrCat("sequence ", first.value(), ":", end.value()));
}

Matcher Contains(absl::string_view bytes) {
  return Matcher({Op::kContains, 0, 0, {}, std::string(bytes)},
                 absl::StrCat("payload with \"", std::string(bytes), "\""));
}

Matcher FromHost(uint32_t host) {
  return Matcher({Op::kFromHost, host}, absl::StrCat("from host ", host));
}

Matcher ToHost(uint32_t host) {
  return Matcher({Op::kToHost, host}, absl::StrCat("to host ", host));
}

Matcher OnLink(absl::string_view name) {
  return Matcher({Op::kLink, 0, 0, {}, std::string(name)},
                 absl::StrCat("on link ", std::string(name)));
}

Matcher During(Instant from, Instant until) {
  return Matcher(
      {Op::kTime, static_cast<uint64_t>(from.nanos()), static_cast<uint64_t>(until.nanos())},
      absl::StrCat("from ", FormatInstant(from), " to ", FormatInstant(until)));
}

Matcher IsNeighbour() { return Matcher({Op::kNeighbour}, "address resolution"); }

Matcher If(absl::string_view text, Matcher::Predicate predicate, void* context) {
  return Matcher({Op::kPredicate, 0, 0, {}, {}, predicate, context}, std::string(text));
}

}  // namespace match
}  // namespace drywire
