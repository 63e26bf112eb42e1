// The one interface through which every "which first?" and "does it happen?" goes.
//
// Where the real world could go either way, the engine asks a Choice. FifoChoice is the plain
// simulation: first come, first served, and chance as the configured probabilities say.
// RandomChoice explores; RecordingChoice remembers what another answered; ReplayChoice gives the
// answers of a recording again and says where the run stops to match it. A Recording fits into a
// short token, because only answers other than zero are stored.
#ifndef DRYWIRE_SIM_CORE_CHOICE_H_
#define DRYWIRE_SIM_CORE_CHOICE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/core/check.h"
#include "sim/core/rng.h"

namespace drywire {

// The numbers are part of the token format: append only.
enum class ChoiceKind : uint8_t {
  kTaskOrder = 0,     // Which of the ready tasks runs.
  kEventOrder = 1,    // Which of the events due at one instant fires (see Event::set_order_domain).
  kEventOrTask = 2,   // 0: a ready task runs first, 1: the event that is due.
  kWakeOrder = 3,     // Which of several waiters takes a notification.
  kSignalMoment = 4,  // Where a signal strikes.
  kLoss = 5,
  kDuplicate = 6,
  kReorder = 7,
  kCorrupt = 8,
  kDelay = 9,  // Which of n steps of extra delay.
  kUser = 10,  // For scenarios: anything a test wants explored.
};
inline constexpr int kChoiceKinds = 11;

// "task-order"; "?" for a value out of range.
absl::string_view ChoiceKindName(ChoiceKind kind);

// A set of kinds, one bit each.
class ChoiceKindSet {
 public:
  constexpr ChoiceKindSet() = default;
  explicit constexpr ChoiceKindSet(uint32_t bits) : bits_(bits) {}
  static constexpr ChoiceKindSet All() { return ChoiceKindSet((1u << kChoiceKinds) - 1); }
  constexpr bool contains(ChoiceKind kind) const { return bits_ >> static_cast<int>(kind) & 1; }
  constexpr ChoiceKindSet With(ChoiceKind kind) const {
    return ChoiceKindSet(bits_ | 1u << static_cast<int>(kind));
  }
  constexpr ChoiceKindSet Without(ChoiceKind kind) const {
    return ChoiceKindSet(bits_ & ~(1u << static_cast<int>(kind)));
  }
  constexpr uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(ChoiceKindSet, ChoiceKindSet) = default;

 private:
  uint32_t bits_ = 0;
};

class Choice {
 public:
  virtual ~Choice() = default;

  // A number below n: 0 is the default (first come, first served). n = 1 is not asked; n = 0 is an
  // error.
  uint32_t Pick(ChoiceKind kind, uint32_t n) {
    DRYWIRE_CHECK(n > 0) << "nothing to choose from";
    return n == 1 ? 0 : DoPick(kind, n);
  }

  // Whether something of probability p happens now; `rng` is the caller's stream for it. Every
  // implementation draws the same from `rng`, so that a replay leaves the stream as it was.
  bool Happens(ChoiceKind kind, Probability p, Rng& rng) { return DoHappens(kind, p, rng); }

  // The kinds of Pick whose answer may be other than 0. The engine leaves out the work (and the
  // question) for others, so this must not change during a run.
  virtual ChoiceKindSet explored() const = 0;
  bool Explores(ChoiceKind kind) const { return explored().contains(kind); }
  // Whether what has probability zero never happens and leaves no mark, so that the question can be
  // left out.
  virtual bool never_is_never() const { return false; }

 protected:
  virtual uint32_t DoPick(ChoiceKind kind, uint32_t n) = 0;
  virtual bool DoHappens(ChoiceKind kind, Probability p, Rng& rng) = 0;
};

// Always the first; chance by the caller's stream.
class FifoChoice final : public Choice {
 public:
  ChoiceKindSet explored() const override { return {}; }
  bool never_is_never() const override { return true; }

 private:
  uint32_t DoPick(ChoiceKind, uint32_t) override { return 0; }
  bool DoHappens(ChoiceKind, Probability p, Rng& rng) override { return rng.Bernoulli(p); }
};

// What RandomChoice may do.
struct RandomPolicy {
  // Kinds of Pick that are explored; the others answer 0.
  ChoiceKindSet explore = ChoiceKindSet::All();
  // How often an explored Pick is a uniformly random one rather than 0.
  Probability deviate = Probability::Always();
  // What happens on top of the configured probabilities (kLoss, kDuplicate, ...), and how often at
  // most.
  struct Extra {
    Probability probability;
    uint32_t limit = 0;
  };
  std::array<Extra, kChoiceKinds> extra;

  RandomPolicy& SetExtra(ChoiceKind kind, Probability probability, uint32_t limit) {
    extra[static_cast<int>(kind)] = {probability, limit};
    return *this;
  }
};

class RandomChoice final : public Choice {
 public:
  RandomChoice(uint64_t seed, const RandomPolicy& policy);
  ChoiceKindSet explored() const override { return policy_.explore; }

 private:
  uint32_t DoPick(ChoiceKind kind, uint32_t n) override;
  bool DoHappens(ChoiceKind kind, Probability p, Rng& rng) override;

  RandomPolicy policy_;
  Rng pick_;
  Rng happen_;
  std::array<uint32_t, kChoiceKinds> happened_{};
};

// The answers of one run. Zeros are implied.
struct Recording {
  struct Decision {
    uint64_t index = 0;  // Counts all questions of the run, from 0.
    ChoiceKind kind = ChoiceKind::kTaskOrder;
    uint32_t n = 0;       // 2 for Happens.
    uint32_t answer = 0;  // Never 0.
    uint8_t check = 0;    // Of the kinds and ns of all questions up to and including this one.
    friend bool operator==(const Decision&, const Decision&) = default;
  };

  ChoiceKindSet explored;
  uint64_t questions = 0;
  std::vector<Decision> decisions;  // By index, ascending.

  // Letters, digits, '-', '_' only.
  std::string ToToken() const;
  // Invalid tokens: an error that says what is wrong and where.
  static absl::StatusOr<Recording> FromToken(absl::string_view token);

  friend bool operator==(const Recording&, const Recording&) = default;
};

// Passes every question on and remembers the answers.
class RecordingChoice final : public Choice {
 public:
  // `choice` is not owned.
  explicit RecordingChoice(Choice* choice);
  const Recording& recording() const { return recording_; }
  ChoiceKindSet explored() const override { return choice_->explored(); }

 private:
  uint32_t DoPick(ChoiceKind kind, uint32_t n) override;
  bool DoHappens(ChoiceKind kind, Probability p, Rng& rng) override;
  void Remember(ChoiceKind kind, uint32_t n, uint32_t answer);

  Choice* choice_;
  Recording recording_;
  uint8_t check_ = 0;
};

// Answers as recorded; 0 after the end of the recording, and for good once the run has diverged.
class ReplayChoice final : public Choice {
 public:
  explicit ReplayChoice(Recording recording);
  ChoiceKindSet explored() const override { return recording_.explored; }

  // OK, or where and how the run first asked something else than the recorded one did.
  const absl::Status& divergence() const { return divergence_; }
  // Divergence, or an error when the run ended before all decisions were used.
  absl::Status Finish() const;
  uint64_t questions() const { return questions_; }

 private:
  uint32_t DoPick(ChoiceKind kind, uint32_t n) override;
  bool DoHappens(ChoiceKind kind, Probability p, Rng& rng) override;
  uint32_t Answer(ChoiceKind kind, uint32_t n);

  Recording recording_;
  size_t next_ = 0;
  uint64_t questions_ = 0;
  uint8_t check_ = 0;
  absl::Status divergence_;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_CHOICE_H_
