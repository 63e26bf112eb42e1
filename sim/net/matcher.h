// Predicates on packets as small values that compose: match::Flags("S.") &&
// match::DestinationPort(80).
//
// A Matcher is a short program in postfix order, so that evaluating one neither allocates nor calls
// through pointers. All but those on hosts, links and time look at the packet
// alone; a predicate of one's own comes in through match::If().
#ifndef DRYWIRE_SIM_NET_MATCHER_H_
#define DRYWIRE_SIM_NET_MATCHER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/time.h"
#include "sim/net/link.h"
#include "stack/base/address.h"
#include "stack/base/seq.h"
#include "stack/wire/icmp.h"
#include "stack/wire/packet.h"

namespace drywire {

// A packet on its way from one end of a link to another.
struct Passage {
  const Packet& packet;
  const Port& from;
  const Port& to;
  Instant now;
};

class Matcher {
 public:
  using Predicate = bool (*)(const Passage& passage, void* context);

  // The parts it is made of; for the functions of `match` below.
  enum class Op : uint8_t {
    kAnd,
    kOr,
    kNot,
    kTrue,
    kProtocol,
    kFlags,  // (flags & b) == a
    kSourcePort,
    kDestinationPort,
    kAnyPort,
    kSource,
    kDestination,
    kIcmp,         // type a, code b (256: any)
    kPayloadSize,  // a to b bytes
    kSequence,     // payload overlaps [a, b)
    kContains,
    kFromHost,
    kToHost,
    kLink,
    kTime,       // [a, b) nanoseconds
    kNeighbour,  // ARP or neighbour discovery
    kPredicate,
  };
  struct Step {
    Op op;
    uint64_t a = 0;
    uint64_t b = 0;
    Prefix prefix = {};
    std::string bytes = {};
    Predicate predicate = nullptr;
    void* context = nullptr;
  };

  Matcher(Step step, std::string text) : program_{std::move(step)}, text_(std::move(text)) {}

  // Matches everything.
  Matcher() = default;

  bool Matches(const Passage& passage) const;
  // "flags S. and destination port 80".
  const std::string& text() const { return text_; }

  friend Matcher operator&&(const Matcher& a, const Matcher& b) { return Join(a, b, Op::kAnd); }
  friend Matcher operator||(const Matcher& a, const Matcher& b) { return Join(a, b, Op::kOr); }
  friend Matcher operator!(const Matcher& a);

 private:
  static Matcher Join(const Matcher& a, const Matcher& b, Op op);
  static bool Evaluate(const Step& step, const Passage& passage);

  std::vector<Step> program_;
  std::string text_ = "any";
};

namespace match {

inline Matcher Any() { return Matcher(); }
Matcher Protocol(IpProtocol protocol);
// TCP with exactly these of SYN, ACK, FIN and RST (the others do not matter), in the letters of
// segment text: "S", "S.", "F.", "R", "." Anything else in `flags` is a programming error.
Matcher Flags(absl::string_view flags);
// TCP with at least these TcpFlag bits.
Matcher FlagsSet(uint8_t mask);
// TCP or UDP.
Matcher SourcePort(uint16_t port);
Matcher DestinationPort(uint16_t port);
// Either of the two ports.
Matcher Port(uint16_t port);
Matcher Source(const Prefix& prefix);
Matcher Destination(const Prefix& prefix);
// ICMP or ICMPv6, by number.
Matcher Icmp(uint8_t type);
Matcher Icmp(uint8_t type, uint8_t code);
// TCP or UDP with a payload of min to max bytes, both included.
Matcher PayloadSize(uint32_t min, uint32_t max = UINT32_MAX);
// TCP whose payload holds any of the sequence numbers [first, end).
Matcher Sequence(Seq first, Seq end);
// TCP or UDP whose payload has these bytes somewhere; not across segments.
Matcher Contains(absl::string_view bytes);
// By host ids of this hop, which need not be the ends of the conversation.
Matcher FromHost(uint32_t host);
Matcher ToHost(uint32_t host);
// By the name of a link, LAN or loopback ("client:lo").
Matcher OnLink(absl::string_view name);
// At or after `from` and before `until`.
Matcher During(Instant from, Instant until);
// Address resolution: ARP, neighbour solicitation and advertisement.
Matcher IsNeighbour();
// `predicate` must be a function of its arguments and of what happened in the world.
Matcher If(absl::string_view text, Matcher::Predicate predicate, void* context = nullptr);

inline Matcher IsTcp() { return Protocol(IpProtocol::kTcp); }
inline Matcher IsUdp() { return Protocol(IpProtocol::kUdp); }
inline Matcher IsSyn() { return Flags("S"); }
inline Matcher IsSynAck() { return Flags("S."); }
inline Matcher HasPayload() { return PayloadSize(1); }

}  // namespace match

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_MATCHER_H_
