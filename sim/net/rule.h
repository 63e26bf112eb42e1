// Fault rules: what a test wants to happen to which packets, in a chain.
//
//   rules.Drop("lose the first SYN-ACK", match::IsSynAck()).First(1);
//   rules.Drop("outage", match::During(t5, t8));
//   rules.DeliverAfter("a late duplicate", match::HasPayload(), Duration::Seconds(70)).Nth(3);
//
// Every packet of every link passes the chain when it is sent, whatever it is: SYN, address
// resolution, loopback. Rules are asked in the order in which they were added. Drop and Deliver
// decide; Duplicate, Corrupt and Delay change what happens and pass the packet on to the next rule,
// as Pass does. A packet that no rule decides takes its link's course.
//
// A rule counts what it matched and what it did, so that a test can assert that its fault fired.
#ifndef DRYWIRE_SIM_NET_RULE_H_
#define DRYWIRE_SIM_NET_RULE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/choice.h"
#include "sim/core/rng.h"
#include "sim/core/time.h"
#include "sim/net/matcher.h"

namespace drywire {

// What the chain says about one packet.
struct Verdict {
  enum class Kind : uint8_t { kPass, kDrop, kDeliver };
  Kind kind = Kind::kPass;
  bool corrupt = false;
  uint32_t copies = 0;  // On top of the packet itself.
  // kDeliver: from now, whatever the link would do. Otherwise: on top of the link's delay.
  Duration after = Duration::Zero();
  absl::string_view reason;  // The name of the rule that decided; lives as long as the chain.
};

class Rule {
 public:
  // Which of the packets that match are acted on; the others are passed on. Each returns *this.
  Rule& First(uint64_t n) { return Range(1, n); }
  Rule& Nth(uint64_t n) { return Range(n, n); }
  // All but the first `n`.
  Rule& AfterFirst(uint64_t n) { return Range(n + 1, UINT64_MAX); }
  // The n-th, 2n-th, ...
  Rule& Every(uint64_t n);
  // On top of the above: only with this probability, asked of the Choice as kLoss for Drop,
  // kDuplicate, kCorrupt, and kReorder for Delay and DeliverAfter.
  Rule& WithProbability(Probability probability);

  void Disable() { enabled_ = false; }
  void Enable() { enabled_ = true; }
  bool enabled() const { return enabled_; }

  const std::string& name() const { return name_; }
  // Packets that matched while the rule was enabled, and those it acted on.
  uint64_t matched() const { return matched_; }
  uint64_t hits() const { return hits_; }
  bool fired() const { return hits_ > 0; }
  // "drop 'outage': matched 3, hit 3 (from 5.000000 to 8.000000)".
  std::string ToString() const;

 private:
  friend class RuleChain;
  enum class Action : uint8_t { kDrop, kDeliver, kDuplicate, kCorrupt, kDelay };

  Rule(Action action, absl::string_view name, const Matcher& matcher, Rng rng)
      : action_(action), name_(name), matcher_(matcher), rng_(rng) {}
  Rule& Range(uint64_t first, uint64_t last) {
    first_ = first;
    last_ = last;
    return *this;
  }
  bool Acts(const Passage& passage, Choice& choice);

  Action action_;
  bool enabled_ = true;
  std::string name_;
  Matcher matcher_;
  Rng rng_;
  Probability probability_ = Probability::Always();
  uint64_t first_ = 1;
  uint64_t last_ = UINT64_MAX;
  uint64_t every_ = 1;
  uint32_t copies_ = 0;
  Duration after_;
  uint64_t matched_ = 0;
  uint64_t hits_ = 0;
};

class RuleChain {
 public:
  // `seed` is the world's.
  explicit RuleChain(uint64_t seed) : seed_(seed) {}

  // Rules live as long as the chain. The name shows up as the reason in traces.
  Rule& Drop(absl::string_view name, const Matcher& matcher);
  // Delivered `after` from when it was sent, exactly: past queues, latency, loss and order.
  Rule& DeliverAfter(absl::string_view name, const Matcher& matcher, Duration after);
  Rule& Duplicate(absl::string_view name, const Matcher& matcher, uint32_t copies = 1);
  Rule& Corrupt(absl::string_view name, const Matcher& matcher);
  // Held up by `by` on top of the link's delay; later packets may overtake it.
  Rule& Delay(absl::string_view name, const Matcher& matcher, Duration by);

  Verdict Judge(const Passage& passage, Choice& choice);

  void DisableAll();
  bool empty() const { return rules_.empty(); }
  const std::vector<std::unique_ptr<Rule>>& rules() const { return rules_; }
  // Every rule's ToString(), a line each.
  std::string ToString() const;

 private:
  Rule& Add(Rule::Action action, absl::string_view name, const Matcher& matcher);

  uint64_t seed_;
  std::vector<std::unique_ptr<Rule>> rules_;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_RULE_H_
