#include "sim/core/choice.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace drywire {
namespace {

// Asks a fixed mix of questions and returns the answers.
std::vector<uint32_t> Ask(Choice& choice, int rounds, uint64_t seed = 5) {
  Rng rng(seed);
  std::vector<uint32_t> answers;
  for (int i = 0; i < rounds; ++i) {
    answers.push_back(choice.Pick(ChoiceKind::kTaskOrder, 2 + i % 3));
    answers.push_back(choice.Pick(ChoiceKind::kWakeOrder, 1));
    answers.push_back(choice.Happens(ChoiceKind::kLoss, Probability::Percent(10), rng));
    answers.push_back(choice.Happens(ChoiceKind::kDuplicate, Probability::Never(), rng));
    answers.push_back(static_cast<uint32_t>(rng.Uniform(100)));  // The stream goes on the same.
  }
  return answers;
}

TEST(ChoiceTest, FifoPicksTheFirstAndDrawsFromTheCallersStream) {
  FifoChoice fifo;
  EXPECT_EQ(fifo.explored(), ChoiceKindSet());
  for (uint32_t n = 1; n < 5; ++n) EXPECT_EQ(fifo.Pick(ChoiceKind::kTaskOrder, n), 0u);
  Rng a(1), b(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(fifo.Happens(ChoiceKind::kLoss, Probability::Percent(50), a),
              b.Bernoulli(Probability::Percent(50)));
  }
}

TEST(ChoiceTest, RandomIsAFunctionOfItsSeed) {
  RandomChoice a(1, {}), same(1, {}), other(2, {});
  const std::vector<uint32_t> answers = Ask(a, 50);
  EXPECT_EQ(Ask(same, 50), answers);
  EXPECT_NE(Ask(other, 50), answers);
}

TEST(ChoiceTest, RandomKeepsToItsPolicy) {
  RandomPolicy policy;
  policy.explore = ChoiceKindSet().With(ChoiceKind::kTaskOrder);
  policy.SetExtra(ChoiceKind::kLoss, Probability::Percent(50), 3);
  RandomChoice choice(1, policy);
  EXPECT_TRUE(choice.Explores(ChoiceKind::kTaskOrder));
  EXPECT_FALSE(choice.Explores(ChoiceKind::kEventOrder));
  Rng rng(1);
  int tasks = 0, events = 0, losses = 0, duplicates = 0;
  for (int i = 0; i < 1000; ++i) {
    const uint32_t pick = choice.Pick(ChoiceKind::kTaskOrder, 4);
    ASSERT_LT(pick, 4u);
    tasks += pick != 0;
    events += choice.Pick(ChoiceKind::kEventOrder, 4) != 0;
    losses += choice.Happens(ChoiceKind::kLoss, Probability::Never(), rng);
    duplicates += choice.Happens(ChoiceKind::kDuplicate, Probability::Never(), rng);
  }
  EXPECT_NEAR(tasks, 750, 60);
  EXPECT_EQ(events, 0);
  EXPECT_EQ(losses, 3);
  EXPECT_EQ(duplicates, 0);
}

TEST(ChoiceTest, DeviateMakesPicksRare) {
  RandomPolicy policy;
  policy.deviate = Probability::Percent(10);
  RandomChoice choice(1, policy);
  int deviations = 0;
  for (int i = 0; i < 2000; ++i) deviations += choice.Pick(ChoiceKind::kUser, 1000) != 0;
  EXPECT_NEAR(deviations, 200, 50);
}

TEST(ChoiceTest, ReplaysARecordingThroughItsToken) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    RandomPolicy policy;
    policy.deviate = Probability::Percent(seed * 5);
    policy.SetExtra(ChoiceKind::kDuplicate, Probability::Percent(3), 5);
    RandomChoice random(seed, policy);
    RecordingChoice recorder(&random);
    const std::vector<uint32_t> answers = Ask(recorder, 100);
    EXPECT_EQ(recorder.recording().questions, 300u);

    const absl::StatusOr<Recording> read = Recording::FromToken(recorder.recording().ToToken());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, recorder.recording());
    ReplayChoice replay(*read);
    EXPECT_EQ(replay.explored(), random.explored());
    EXPECT_EQ(Ask(replay, 100), answers);
    EXPECT_TRUE(replay.Finish().ok()) << replay.Finish();
  }
}

TEST(ChoiceTest, TokensOfDullRunsAreShort) {
  FifoChoice fifo;
  RecordingChoice recorder(&fifo);
  Rng rng(1);
  for (int i = 0; i < 100'000; ++i) {
    recorder.Happens(ChoiceKind::kLoss, i == 70'000 ? Probability::Always() : Probability::Never(),
                     rng);
  }
  EXPECT_LE(recorder.recording().ToToken().size(), 24u);
}

TEST(ChoiceTest, ReplaySaysWhereTheRunDiverges) {
  RandomPolicy policy;
  RandomChoice random(3, policy);
  RecordingChoice recorder(&random);
  while (recorder.recording().decisions.empty()) recorder.Pick(ChoiceKind::kTaskOrder, 5);
  const uint64_t index = recorder.recording().questions - 1;

  ReplayChoice other_kind(recorder.recording());
  for (uint64_t i = 0; i <= index; ++i) other_kind.Pick(ChoiceKind::kEventOrder, 5);
  EXPECT_EQ(other_kind.divergence().message(),
            "the replay diverged at or before decision " + std::to_string(index) +
                ": the recorded run was asked task-order among 5, this one event-order among 5");

  ReplayChoice other_n(recorder.recording());
  for (uint64_t i = 0; i <= index; ++i) other_n.Pick(ChoiceKind::kTaskOrder, 4);
  EXPECT_NE(other_n.divergence().message().find("task-order among 4"), std::string::npos);
  EXPECT_EQ(other_n.Pick(ChoiceKind::kTaskOrder, 5), 0u);

  ReplayChoice too_short(recorder.recording());
  EXPECT_TRUE(too_short.divergence().ok());
  EXPECT_NE(too_short.Finish().message().find("ended after 0 decisions"), std::string::npos);
}

TEST(ChoiceTest, ReplayNoticesOtherQuestionsOnTheWay) {
  Recording recording;
  {
    RandomChoice random(4, {});
    RecordingChoice recorder(&random);
    for (int i = 0; i < 3; ++i) recorder.Pick(ChoiceKind::kUser, 2);
    // Until something other than zero is answered late enough.
    while (recorder.recording().decisions.empty() ||
           recorder.recording().decisions.back().index < 5) {
      recorder.Pick(ChoiceKind::kTaskOrder, 7);
    }
    recording = recorder.recording();
    recording.decisions = {recording.decisions.back()};
  }
  ReplayChoice replay(recording);
  for (int i = 0; i < 3; ++i) replay.Pick(ChoiceKind::kUser, 3);  // Was 2.
  while (replay.questions() < recording.questions) replay.Pick(ChoiceKind::kTaskOrder, 7);
  EXPECT_NE(replay.divergence().message().find("other questions were asked"), std::string::npos);
}

TEST(ChoiceTest, BadTokensAreExplained) {
  RandomChoice random(1, {});
  RecordingChoice recorder(&random);
  Ask(recorder, 5);
  const std::string good = recorder.recording().ToToken();
  std::string changed = good;
  changed[good.size() / 2] = changed[good.size() / 2] == 'A' ? 'B' : 'A';
  const struct {
    std::string token;
    const char* message;
  } kCases[] = {
      {"", "too short"},     {"!!!!", "only letters"},
      {"AQ", "too short"},   {"_____w", "version 255"},
      {changed, "checksum"}, {good.substr(0, good.size() - 4), "checksum"},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<Recording> read = Recording::FromToken(c.token);
    ASSERT_FALSE(read.ok()) << c.token;
    EXPECT_NE(read.status().message().find(c.message), std::string::npos)
        << c.token << ": " << read.status();
  }
}

// Any bytes at all: an error or a recording, never a crash.
TEST(ChoiceTest, RandomTokensDoNoHarm) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. ";
  Rng rng(99);
  for (int i = 0; i < 20'000; ++i) {
    std::string token = "AQ";
    for (uint64_t n = rng.Uniform(30); n > 0; --n) {
      token += kAlphabet[rng.Uniform(i % 2 == 0 ? 64 : sizeof(kAlphabet) - 1)];
    }
    const absl::StatusOr<Recording> read = Recording::FromToken(token);
    if (read.ok()) {
      EXPECT_TRUE(Recording::FromToken(read->ToToken()).ok());
    }
  }
}

TEST(ChoiceTest, KindNames) {
  EXPECT_EQ(ChoiceKindName(ChoiceKind::kTaskOrder), "task-order");
  EXPECT_EQ(ChoiceKindName(ChoiceKind::kUser), "user");
  EXPECT_EQ(ChoiceKindName(static_cast<ChoiceKind>(200)), "?");
}

TEST(ChoiceDeathTest, NothingToChooseFrom) {
  FifoChoice fifo;
  EXPECT_DEATH(fifo.Pick(ChoiceKind::kTaskOrder, 0), "nothing to choose from");
}

}  // namespace
}  // namespace drywire
