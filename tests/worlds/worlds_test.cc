// Random worlds: determinism, conservation, replay, and the digests that every build must agree on.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/core/choice.h"
#include "sim/core/trace.h"
#include "tests/worlds/check_seed.h"
#include "tests/worlds/random_world.h"

namespace drywire::worlds {
namespace {

// Digests of 100 worlds each, from seed 1 on. The numbers are not from a source: they say that gcc,
// clang and the sanitizers run the same worlds. A change of behaviour changes them on purpose: put
// in what the test prints.
constexpr const char* kGolden[] = {
#include "tests/worlds/golden.inc"
};
constexpr uint64_t kWorldsEach = 100;

class TwiceTest : public testing::TestWithParam<uint64_t> {};

TEST_P(TwiceTest, RunsAgreeAndNothingIsLeft) {
  const uint64_t first = 1 + GetParam() * kWorldsEach;
  CombinedDigest combined;
  for (uint64_t seed = first; seed < first + kWorldsEach; ++seed) {
    const SeedResult result = CheckSeed(seed);
    EXPECT_EQ(result.failure, "");
    combined.Add(result.digest);
  }
  if (GetParam() < std::size(kGolden)) {
    EXPECT_EQ(combined.ToString(), kGolden[GetParam()]) << "seeds from " << first;
  }
}

INSTANTIATE_TEST_SUITE_P(Hundreds, TwiceTest, testing::Range(uint64_t{0}, uint64_t{20}));

RandomWorldOptions Exploring(uint64_t seed, Choice* choice) {
  RandomWorldOptions options;
  options.seed = seed;
  options.choice = choice;
  return options;
}

RandomPolicy EverythingOften() {
  RandomPolicy policy;
  policy.deviate = Probability::Percent(30);
  policy.SetExtra(ChoiceKind::kLoss, Probability::Percent(5), 20)
      .SetExtra(ChoiceKind::kDuplicate, Probability::Percent(5), 20)
      .SetExtra(ChoiceKind::kReorder, Probability::Percent(5), 20)
      .SetExtra(ChoiceKind::kCorrupt, Probability::Percent(5), 20);
  return policy;
}

TEST(ReplayTest, ATokenGivesTheSameDigest) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    RandomChoice random(seed, EverythingOften());
    RecordingChoice recording(&random);
    RandomWorld first(Exploring(seed, &recording));
    first.Run();
    // Through the token, as a failing test hands it out.
    const absl::StatusOr<Recording> read = Recording::FromToken(recording.recording().ToToken());
    ASSERT_TRUE(read.ok()) << read.status().message();
    ReplayChoice replay(*read);
    RandomWorld second(Exploring(seed, &replay));
    second.Run();
    EXPECT_TRUE(replay.Finish().ok()) << replay.Finish().message();
    EXPECT_EQ(first.digest().ToString(), second.digest().ToString()) << "seed " << seed;
  }
}

// The heap between the two runs is another one: blocks of many sizes, some of them given back.
TEST(HeapTest, LayoutHasNoInfluence) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const Digest first = RunSeed(seed).digest;
    std::vector<std::unique_ptr<char[]>> junk;
    for (size_t i = 0; i < 500; ++i) {
      junk.push_back(std::make_unique<char[]>(1 + (i * 7919 + seed * 104729) % 5000));
    }
    for (size_t i = 0; i < junk.size(); i += 3) junk[i].reset();
    EXPECT_EQ(RunSeed(seed).digest.ToString(), first.ToString()) << "seed " << seed;
  }
}

// Worlds that run inside one another's lifetime share nothing.
TEST(ManyWorldsTest, DoNotSeeEachOther) {
  const Digest alone = RunSeed(7).digest;
  std::vector<std::unique_ptr<RandomWorld>> others;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    RandomWorldOptions options;
    options.seed = seed;
    others.push_back(std::make_unique<RandomWorld>(options));
    if (seed % 2 == 0) others.back()->Run();
  }
  EXPECT_EQ(RunSeed(7).digest.ToString(), alone.ToString());
}

}  // namespace
}  // namespace drywire::worlds
