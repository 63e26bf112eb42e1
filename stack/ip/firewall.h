// A host's packet filter: chains of rules on input, output and forward, and policy at connect().
//
// Rules are statements of nft(8) (see nft_parser.h for the subset) and are evaluated as nftables
// does: base chains of a hook by priority; the first drop or reject ends the packet, accept ends
// the chain. The hook `connect` is ours: it stands for cgroup BPF programs and MAC modules, which
// refuse the system call itself; its verdict is `deny eperm` or `deny eacces`.
// Left out: NAT, jumps, maps, sets with names, prerouting and postrouting, marks, logging.
#ifndef DRYWIRE_STACK_IP_FIREWALL_H_
#define DRYWIRE_STACK_IP_FIREWALL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sim/core/time.h"
#include "stack/base/address.h"
#include "stack/ip/conntrack.h"
#include "stack/ip/replies.h"
#include "stack/personality/cause.h"
#include "stack/wire/packet.h"

namespace drywire {

enum class Hook : uint8_t { kInput, kForward, kOutput, kConnect };
inline constexpr int kHookCount = 4;
absl::string_view HookName(Hook hook);

// What a rule looks at.
enum class MatchField : uint8_t {
  kSourceAddress,
  kDestinationAddress,
  kSourcePort,
  kDestinationPort,
  kProtocol,  // meta l4proto, ip protocol, ip6 nexthdr
  kFamily,    // meta nfproto
  kTcpFlags,
  kIcmpType,  // of ICMP or, by the rule's protocol, ICMPv6
  kIcmpCode,
  kInputInterface,
  kOutputInterface,
  kUid,     // meta skuid: output and connect only
  kLength,  // meta length, ip length: bytes of the packet
  kTtl,     // ip ttl, ip6 hoplimit
  kCtState,
};

// One condition. Values are closed intervals in order; names may end in '*'.
struct Match {
  MatchField field = MatchField::kProtocol;
  bool negated = false;
  Family family = Family::kNone;       // the packet must be of it; kNone: either
  std::optional<IpProtocol> protocol;  // the packet must carry it
  // kTcpFlags, kCtState: the bits that are looked at. Without ranges any one of them suffices.
  uint32_t mask = 0;
  struct Range {
    Address low_address, high_address;
    uint32_t low = 0, high = 0;
  };
  std::vector<Range> ranges;
  std::vector<std::string> names;
};

struct RateLimit {
  uint64_t rate = 0;  // packets or bytes per `unit`
  Duration unit;
  uint64_t burst = 5;
  bool bytes = false;
  bool over = false;  // matches when the rate is exceeded
  Duration tokens;
  Duration max_tokens;
  Instant last;
};

enum class FirewallVerdict : uint8_t {
  kContinue,
  kAccept,
  kDrop,
  kReject,
  kDenyEperm,
  kDenyEacces
};

enum class RejectKind : uint8_t { kIcmp, kIcmpV6, kIcmpX, kTcpReset };
struct RejectWith {
  RejectKind kind = RejectKind::kIcmpX;
  uint8_t code = 0;                       // kIcmp, kIcmpV6: of the unreachable message
  Unreachable what = Unreachable::kPort;  // kIcmpX
};

// The parts of a rule are tried in order, so that a counter or limit acts where it stands.
struct RulePart {
  enum class Kind : uint8_t { kMatch, kLimit, kCounter };
  Kind kind = Kind::kMatch;
  Match match;
  RateLimit limit;
};

struct FirewallRule {
  uint64_t handle = 0;
  std::string comment;
  std::string text;  // as given, without table and chain
  std::vector<RulePart> parts;
  FirewallVerdict verdict = FirewallVerdict::kContinue;
  RejectWith reject;
  // Packets that reached the rule's `counter`, or its verdict when it has none.
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

struct FirewallChain {
  Family family = Family::kNone;  // of the table; kNone: inet
  std::string table;
  std::string name;
  Hook hook = Hook::kInput;
  int priority = 0;
  FirewallVerdict policy = FirewallVerdict::kAccept;
  uint64_t policy_packets = 0;  // packets that the policy dropped
  std::vector<FirewallRule> rules;
};

// The packet, or the call, that is judged. Names of interfaces are empty where there is none.
struct FirewallSubject {
  const Packet* packet = nullptr;  // null at connect
  Address source, destination;
  IpProtocol protocol = IpProtocol::kTcp;
  uint16_t source_port = 0, destination_port = 0;
  absl::string_view input_interface, output_interface;
  uint32_t uid = 0;
  static FirewallSubject Of(const Packet& packet);
};

struct FirewallDecision {
  FirewallVerdict verdict = FirewallVerdict::kAccept;  // never kContinue
  RejectWith reject;
  uint64_t handle = 0;  // of the deciding rule; 0: a policy
};

class Firewall {
 public:
  // Executes statements of nft(8), separated by newlines or semicolons. All or nothing: on an error
  // nothing has changed. Errors name line, column, the word and what was expected.
  absl::Status Load(absl::string_view text);

  FirewallDecision Evaluate(Instant now, Hook hook, const FirewallSubject& subject);
  // Whether Evaluate() can do anything: with `ct` rules every hook keeps the flow table.
  bool active(Hook hook) const {
    return !by_hook_[static_cast<int>(hook)].empty() || (uses_conntrack_ && hook != Hook::kConnect);
  }

  // The first rule with this comment, or this handle; null if there is none. Valid until Load().
  const FirewallRule* FindRule(absl::string_view comment) const;
  const FirewallRule* FindRule(uint64_t handle) const;
  const std::vector<FirewallChain>& chains() const { return chains_; }
  // As `nft -a list ruleset` would, counters included.
  std::string ToString() const;
  void ResetCounters();
  // Forgets flows, as a restart of the host does; rules and counters stay.
  void ForgetFlows() { conntrack_.Clear(); }

 private:
  friend class NftLoader;
  FirewallVerdict RunChain(Instant now, FirewallChain& chain, const FirewallSubject& subject,
                           CtState ct, FirewallDecision& decision);
  void Index();

  std::vector<FirewallChain> chains_;          // in order of declaration
  std::vector<uint32_t> by_hook_[kHookCount];  // indices into chains_, by priority
  uint64_t next_handle_ = 1;
  bool uses_conntrack_ = false;
  Conntrack conntrack_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_FIREWALL_H_
