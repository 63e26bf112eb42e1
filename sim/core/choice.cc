#include "sim/core/choice.h"

#include <limits>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace drywire {
namespace {

constexpr absl::string_view kNames[kChoiceKinds] = {
    "task-order", "event-order", "event-or-task", "wake-order", "signal-moment", "loss",
    "duplicate",  "reorder",     "corrupt",       "delay",      "user",
};

// First byte of a token; changes with the format or with the meaning of the kinds.
constexpr uint8_t kTokenVersion = 1;

// A running check over the questions asked; not their answers.
uint8_t NextCheck(uint8_t check, ChoiceKind kind, uint32_t n) {
  const uint64_t question = static_cast<uint64_t>(kind) << 40 | static_cast<uint64_t>(n) << 8;
  return static_cast<uint8_t>(MixBits(question | check) >> 56);
}

void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

std::optional<uint64_t> ReadVarint(absl::string_view* in) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (in->empty()) return std::nullopt;
    const auto byte = static_cast<uint8_t>(in->front());
    in->remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

char Checksum(absl::string_view bytes) { return static_cast<char>(StableHash(bytes) >> 56); }

std::string Question(ChoiceKind kind, uint32_t n) {
  return absl::StrCat(ChoiceKindName(kind), " among ", n);
}

}  // namespace

absl::string_view ChoiceKindName(ChoiceKind kind) {
  const auto index = static_cast<size_t>(kind);
  return index < kChoiceKinds ? kNames[index] : "?";
}

// --- RandomChoice ---

RandomChoice::RandomChoice(uint64_t seed, const RandomPolicy& policy)
    : policy_(policy), pick_(seed, "choice", "pick"), happen_(seed, "choice", "happen") {}

uint32_t RandomChoice::DoPick(ChoiceKind kind, uint32_t n) {
  if (!policy_.explore.contains(kind)) return 0;
  if (!pick_.Bernoulli(policy_.deviate)) return 0;
  return static_cast<uint32_t>(pick_.Uniform(n));
}

bool RandomChoice::DoHappens(ChoiceKind kind, Probability p, Rng& rng) {
  if (rng.Bernoulli(p)) return true;
  const auto index = static_cast<size_t>(kind);
  const RandomPolicy::Extra& extra = policy_.extra[index];
  if (happened_[index] >= extra.limit || !happen_.Bernoulli(extra.probability)) return false;
  ++happened_[index];
  return true;
}

// --- Recording ---

// version, explored, questions, then per decision: gap since the one before, kind, n, answer,
// check; a checksum.
std::string Recording::ToToken() const {
  std::string bytes(1, static_cast<char>(kTokenVersion));
  AppendVarint(explored.bits(), &bytes);
  AppendVarint(questions, &bytes);
  uint64_t expected = 0;
  for (const Decision& decision : decisions) {
    AppendVarint(decision.index - expected, &bytes);
    expected = decision.index + 1;
    bytes.push_back(static_cast<char>(decision.kind));
    AppendVarint(decision.n, &bytes);
    AppendVarint(decision.answer, &bytes);
    bytes.push_back(static_cast<char>(decision.check));
  }
  bytes.push_back(Checksum(bytes));
  return absl::WebSafeBase64Escape(bytes);
}

absl::StatusOr<Recording> Recording::FromToken(absl::string_view token) {
  const auto error = [](auto... what) {
    return absl::InvalidArgumentError(absl::StrCat("replay token: ", what...));
  };
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(token, &bytes)) {
    return error("only letters, digits, '-' and '_' are allowed, in whole groups");
  }
  if (bytes.size() < 4) return error("too short");
  if (static_cast<uint8_t>(bytes[0]) != kTokenVersion) {
    return error("version ", static_cast<uint8_t>(bytes[0]), ", but this program reads version ",
                 kTokenVersion);
  }
  absl::string_view rest = bytes;
  if (Checksum(rest.substr(0, rest.size() - 1)) != rest.back()) {
    return error("the checksum is wrong: was it copied whole?");
  }
  rest.remove_prefix(1);
  rest.remove_suffix(1);
  Recording recording;
  const std::optional<uint64_t> explored = ReadVarint(&rest);
  const std::optional<uint64_t> questions = ReadVarint(&rest);
  if (!explored || !questions) return error("ends within the header");
  if (*explored > ChoiceKindSet::All().bits()) return error("unknown kinds of choices");
  recording.explored = ChoiceKindSet(static_cast<uint32_t>(*explored));
  recording.questions = *questions;
  uint64_t index = 0;
  while (!rest.empty()) {
    const size_t number = recording.decisions.size();
    const std::optional<uint64_t> gap = ReadVarint(&rest);
    if (!gap || rest.empty()) return error("ends within decision ", number);
    const auto kind = static_cast<uint8_t>(rest.front());
    rest.remove_prefix(1);
    const std::optional<uint64_t> n = ReadVarint(&rest);
    const std::optional<uint64_t> answer = n ? ReadVarint(&rest) : std::nullopt;
    if (!answer || rest.empty()) return error("ends within decision ", number);
    const auto check = static_cast<uint8_t>(rest.front());
    rest.remove_prefix(1);
    if (*gap >= *questions - index || kind >= kChoiceKinds || *answer == 0 || *answer >= *n ||
        *n > std::numeric_limits<uint32_t>::max()) {
      return error("decision ", number, " is impossible");
    }
    index += *gap;
    recording.decisions.push_back({index, static_cast<ChoiceKind>(kind), static_cast<uint32_t>(*n),
                                   static_cast<uint32_t>(*answer), check});
    ++index;
  }
  return recording;
}

// --- RecordingChoice ---

RecordingChoice::RecordingChoice(Choice* choice) : choice_(choice) {
  recording_.explored = choice->explored();
}

uint32_t RecordingChoice::DoPick(ChoiceKind kind, uint32_t n) {
  const uint32_t answer = choice_->Pick(kind, n);
  Remember(kind, n, answer);
  return answer;
}

bool RecordingChoice::DoHappens(ChoiceKind kind, Probability p, Rng& rng) {
  const bool answer = choice_->Happens(kind, p, rng);
  Remember(kind, 2, answer ? 1 : 0);
  return answer;
}

void RecordingChoice::Remember(ChoiceKind kind, uint32_t n, uint32_t answer) {
  check_ = NextCheck(check_, kind, n);
  const uint64_t index = recording_.questions++;
  if (answer != 0) recording_.decisions.push_back({index, kind, n, answer, check_});
}

// --- ReplayChoice ---

ReplayChoice::ReplayChoice(Recording recording) : recording_(std::move(recording)) {}

uint32_t ReplayChoice::DoPick(ChoiceKind kind, uint32_t n) { return Answer(kind, n); }

bool ReplayChoice::DoHappens(ChoiceKind kind, Probability p, Rng& rng) {
  rng.Bernoulli(p);  // As the recorded run drew it.
  return Answer(kind, 2) != 0;
}

uint32_t ReplayChoice::Answer(ChoiceKind kind, uint32_t n) {
  const uint64_t index = questions_++;
  check_ = NextCheck(check_, kind, n);
  if (!divergence_.ok() || next_ == recording_.decisions.size()) return 0;
  const Recording::Decision& decision = recording_.decisions[next_];
  if (index < decision.index) return 0;
  ++next_;
  if (decision.kind != kind || decision.n != n) {
    divergence_ = absl::FailedPreconditionError(absl::StrCat(
        "the replay diverged at or before decision ", index, ": the recorded run was asked ",
        Question(decision.kind, decision.n), ", this one ", Question(kind, n)));
    return 0;
  }
  if (decision.check != check_) {
    divergence_ = absl::FailedPreconditionError(
        absl::StrCat("the replay diverged before decision ", index, " (", Question(kind, n),
                     "): other questions were asked on the way to it"));
    return 0;
  }
  return decision.answer;
}

absl::Status ReplayChoice::Finish() const {
  if (!divergence_.ok()) return divergence_;
  if (next_ == recording_.decisions.size()) return absl::OkStatus();
  const Recording::Decision& decision = recording_.decisions[next_];
  return absl::FailedPreconditionError(absl::StrCat(
      "the replay ended after ", questions_, " decisions, but the recorded run went on to ",
      Question(decision.kind, decision.n), " at decision ", decision.index));
}

}  // namespace drywire
