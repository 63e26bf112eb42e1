#include "sim/core/rng.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

// The same on every compiler and machine: a change here changes every seed's run.
TEST(RngTest, GoldenValues) {
  Rng rng(1, "client", "loss");
  const std::vector<uint64_t> first = {rng.Next(), rng.Next(), rng.Next()};
  EXPECT_EQ(first, (std::vector<uint64_t>{11184495423194672542u, 4036396700862638033u,
                                          10746835595316791088u}));
  std::vector<uint64_t> small;
  for (int i = 0; i < 8; ++i) small.push_back(rng.Uniform(10));
  EXPECT_EQ(small, (std::vector<uint64_t>{4, 9, 3, 5, 3, 5, 5, 2}));
  std::vector<int64_t> exponential;
  for (int i = 0; i < 4; ++i) exponential.push_back(rng.Exponential(1_s).nanos());
  EXPECT_EQ(exponential, (std::vector<int64_t>{1160861152, 951796164, 1004907622, 468033305}));
  std::array<int, 6> order = {0, 1, 2, 3, 4, 5};
  rng.Shuffle(order.data(), order.size());
  EXPECT_EQ(order, (std::array<int, 6>{3, 0, 2, 1, 4, 5}));
  EXPECT_EQ(StableHash("drywire"), 211111403792586999u);
}

TEST(RngTest, StreamsAreNamed) {
  EXPECT_EQ(Rng(1, "a", "x").Next(), Rng(1, "a", "x").Next());
  const uint64_t reference = Rng(1, "a", "x").Next();
  EXPECT_NE(Rng(2, "a", "x").Next(), reference);
  EXPECT_NE(Rng(1, "b", "x").Next(), reference);
  EXPECT_NE(Rng(1, "a", "y").Next(), reference);
  EXPECT_NE(Rng(1, "ax", "").Next(), Rng(1, "a", "x").Next());
  EXPECT_NE(Rng(1, uint64_t{1}, "x").Next(), Rng(1, uint64_t{2}, "x").Next());
}

TEST(RngTest, UniformIsInRangeAndEven) {
  Rng rng(7);
  for (const uint64_t n : {1ull, 2ull, 3ull, 7ull, 1000ull, 1ull << 63, ~0ull}) {
    for (int i = 0; i < 1000; ++i) ASSERT_LT(rng.Uniform(n), n);
  }
  std::array<int, 6> counts{};
  for (int i = 0; i < 60'000; ++i) ++counts[rng.Uniform(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

// n just above 2^63: a plain modulus would favour the lower half two to one.
TEST(RngTest, UniformHasNoBiasForLargeRanges) {
  Rng rng(8);
  const uint64_t n = (uint64_t{3} << 62);
  int low = 0;
  for (int i = 0; i < 30'000; ++i) low += rng.Uniform(n) < (uint64_t{1} << 62);
  EXPECT_NEAR(low, 10'000, 400);
}

TEST(RngTest, UniformRangeIncludesBothEnds) {
  Rng rng(9);
  bool low = false, high = false;
  for (int i = 0; i < 200; ++i) {
    const int64_t v = rng.UniformRange(-2, 2);
    ASSERT_GE(v, -2);
    ASSERT_LE(v, 2);
    low |= v == -2;
    high |= v == 2;
  }
  EXPECT_TRUE(low && high);
  EXPECT_EQ(rng.UniformRange(5, 5), 5);
  rng.UniformRange(INT64_MIN, INT64_MAX);
  EXPECT_EQ(rng.UniformRange(3_ms, 3_ms), 3_ms);
}

TEST(RngTest, Bernoulli) {
  Rng rng(10), untouched(10);
  EXPECT_FALSE(rng.Bernoulli(Probability::Never()));
  EXPECT_TRUE(rng.Bernoulli(Probability::Always()));
  EXPECT_EQ(rng.Next(), untouched.Next());
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) hits += rng.Bernoulli(Probability::Percent(30));
  EXPECT_NEAR(hits, 30'000, 600);
  EXPECT_EQ(Probability::Ppm(5'000'000), Probability::Always());
}

TEST(RngTest, ExponentialHasItsMeanAndTail) {
  Rng rng(11);
  int64_t sum = 0;
  int above_mean = 0, above_three = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const Duration d = rng.Exponential(1_ms);
    ASSERT_GE(d, 0_s);
    ASSERT_LE(d, 45_ms);
    sum += d.nanos();
    above_mean += d > 1_ms;
    above_three += d > 3_ms;
  }
  EXPECT_NEAR(sum / kDraws, 1'000'000, 15'000);
  EXPECT_NEAR(above_mean, 36'788, 700);  // 1/e
  EXPECT_NEAR(above_three, 4'979, 300);  // 1/e^3
  EXPECT_EQ(rng.Exponential(0_s), 0_s);
  EXPECT_EQ(rng.Exponential(Duration::Nanos(INT64_MAX - 1)).nanos() >= 0, true);
}

TEST(RngTest, ShuffleReachesEveryOrder) {
  Rng rng(12);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6'000; ++i) {
    std::array<int, 3> order = {0, 1, 2};
    rng.Shuffle(order.data(), order.size());
    int rank = order[0] * 2 + (order[1] > order[2]);
    ++seen[rank];
  }
  for (const int count : seen) EXPECT_NEAR(count, 1000, 150);
}

TEST(RngDeathTest, EmptyRanges) {
  Rng rng(1);
  EXPECT_DEATH(rng.Uniform(0), "Uniform");
  EXPECT_DEATH(rng.UniformRange(2, 1), "empty range");
  EXPECT_DEATH(rng.Exponential(-1_ns), "negative mean");
}

}  // namespace
}  // namespace drywire
