#include "sim/net/rule.h"

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"

namespace drywire {

Rule& Rule::Every(uint64_t n) {
  DRYWIRE_CHECK(n > 0) << "rule \"" << name_ << "\": Every(0)";
  every_ = n;
  return *this;
}

Rule& Rule::WithProbability(Probability probability) {
  probability_ = probability;
  return *this;
}

bool Rule::Acts(const Passage& passage, Choice& choice) {
  if (!enabled_ || !matcher_.Matches(passage)) return false;
  ++matched_;
  if (matched_ < first_ || matched_ > last_ || matched_ % every_ != 0) return false;
  if (!probability_.is_always()) {
    ChoiceKind kind = ChoiceKind::kLoss;
    if (action_ == Action::kDuplicate) kind = ChoiceKind::kDuplicate;
    if (action_ == Action::kCorrupt) kind = ChoiceKind::kCorrupt;
    if (action_ == Action::kDelay || action_ == Action::kDeliver) kind = ChoiceKind::kReorder;
    if (!choice.Happens(kind, probability_, rng_)) return false;
  }
  ++hits_;
  return true;
}

std::string Rule::ToString() const {
  static constexpr absl::string_view kNames[] = {"drop", "deliver", "duplicate", "corrupt",
                                                 "delay"};
  return absl::StrCat(std::string(kNames[static_cast<int>(action_)]), " '", name_, "': matched ",
                      matched_, ", hit ", hits_, " (", matcher_.text(), ")",
                      enabled_ ? "" : ", disabled");
}

Rule& RuleChain::Add(Rule::Action action, absl::string_view name, const Matcher& matcher) {
  rules_.push_back(std::unique_ptr<Rule>(
      new Rule(action, name, matcher, Rng(seed_, rules_.size(), "fault rule"))));
  return *rules_.back();
}

Rule& RuleChain::Drop(absl::string_view name, const Matcher& matcher) {
  return Add(Rule::Action::kDrop, name, matcher);
}

Rule& RuleChain::DeliverAfter(absl::string_view name, const Matcher& matcher, Duration after) {
  DRYWIRE_CHECK(after >= Duration::Zero()) << "rule \"" << std::string(name) << "\": " << after;
  Rule& rule = Add(Rule::Action::kDeliver, name, matcher);
  rule.after_ = after;
  return rule;
}

Rule& RuleChain::Duplicate(absl::string_view name, const Matcher& matcher, uint32_t copies) {
  Rule& rule = Add(Rule::Action::kDuplicate, name, matcher);
  rule.copies_ = copies;
  return rule;
}

Rule& RuleChain::Corrupt(absl::string_view name, const Matcher& matcher) {
  return Add(Rule::Action::kCorrupt, name, matcher);
}

Rule& RuleChain::Delay(absl::string_view name, const Matcher& matcher, Duration by) {
  DRYWIRE_CHECK(by >= Duration::Zero()) << "rule \"" << std::string(name) << "\": " << by;
  Rule& rule = Add(Rule::Action::kDelay, name, matcher);
  rule.after_ = by;
  return rule;
}

Verdict RuleChain::Judge(const Passage& passage, Choice& choice) {
  Verdict verdict;
  for (const std::unique_ptr<Rule>& rule : rules_) {
    if (!rule->Acts(passage, choice)) continue;
    verdict.reason = rule->name_;
    switch (rule->action_) {
      case Rule::Action::kDrop:
        verdict.kind = Verdict::Kind::kDrop;
        return verdict;
      case Rule::Action::kDeliver:
        verdict.kind = Verdict::Kind::kDeliver;
        verdict.after = rule->after_;
        return verdict;
      case Rule::Action::kDuplicate:
        verdict.copies += rule->copies_;
        break;
      case Rule::Action::kCorrupt:
        verdict.corrupt = true;
        break;
      case Rule::Action::kDelay:
        verdict.after += rule->after_;
        break;
    }
  }
  return verdict;
}

void RuleChain::DisableAll() {
  for (const std::unique_ptr<Rule>& rule : rules_) rule->Disable();
}

std::string RuleChain::ToString() const {
  std::string text;
  for (const std::unique_ptr<Rule>& rule : rules_) {
    absl::StrAppend(&text, rule->ToString(), "\n");
  }
  return text;
}

}  // namespace drywire
