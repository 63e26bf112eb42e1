#include "sim/core/time.h"

#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

static_assert(Duration::Seconds(1) == Duration::Millis(1000));
static_assert(1_ms == 1000_us && 1_us == 1000_ns);
static_assert(Instant::Zero() + 5_s - Instant::Zero() == 5_s);
static_assert(Instant::Never() > Instant::FromNanos(1));

TEST(TimeTest, SaturatesInsteadOfOverflowing) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const Duration big = Duration::Nanos(kMax - 1);
  EXPECT_EQ(big + 5_ns, kInfinite);
  EXPECT_EQ(kInfinite + (-5_ns), kInfinite);
  EXPECT_EQ(kInfinite - 5_s, kInfinite);
  EXPECT_EQ(kInfinite / 2, kInfinite);
  EXPECT_EQ(kInfinite * 2, kInfinite);
  EXPECT_EQ(big * 2, kInfinite);
  EXPECT_EQ((-big) * 2, Duration::Nanos(std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(Duration::Seconds(kMax), kInfinite);
  EXPECT_EQ(Instant::Zero() + kInfinite, kNever);
  EXPECT_EQ(kNever + 1_s, kNever);
  EXPECT_EQ(kNever - 1_s, kNever);
  EXPECT_EQ(kNever - Instant::Zero(), kInfinite);
  EXPECT_EQ(Instant::FromNanos(kMax - 1) + 1_s, kNever);
}

TEST(TimeTest, Arithmetic) {
  EXPECT_EQ(7_s / 2_s, 3);
  EXPECT_EQ(7_s % 2_s, 1_s);
  EXPECT_EQ((-1500_us).millis(), -1);
  EXPECT_EQ(3 * 2_ms, 6_ms);
  Duration d = 1_s;
  d += 1_s;
  d -= 500_ms;
  d *= 2;
  d /= 3;
  EXPECT_EQ(d, 1_s);
  Instant t;
  t += 3_s;
  t -= 1_s;
  EXPECT_EQ(t.since_start(), 2_s);
  EXPECT_LT(t, Instant::Zero() + 3_s);
}

TEST(TimeTest, FormatsDurations) {
  const struct {
    Duration duration;
    const char* text;
  } kCases[] = {
      {0_s, "0s"},
      {1_ns, "1ns"},
      {999_ns, "999ns"},
      {1500_ns, "1.5us"},
      {40_ms, "40ms"},
      {1001_us, "1.001ms"},
      {131071_ms, "131.071s"},
      {-3_ns, "-3ns"},
      {-1500_ms, "-1.5s"},
      {kInfinite, "infinite"},
      {1_s + 1_ns, "1.000000001s"},
      {Duration::Nanos(std::numeric_limits<int64_t>::min()), "-9223372036.854775808s"},
  };
  for (const auto& c : kCases) EXPECT_EQ(FormatDuration(c.duration), c.text);
}

TEST(TimeTest, FormatsInstants) {
  EXPECT_EQ(FormatInstant(Instant::Zero()), "0.000000");
  EXPECT_EQ(FormatInstant(Instant::Zero() + 1003_ms), "1.003000");
  EXPECT_EQ(FormatInstant(Instant::Zero() + 1_s + 1_ns), "1.000000001");
  EXPECT_EQ(FormatInstant(Instant::FromNanos(-1500)), "-0.000001500");
  EXPECT_EQ(FormatInstant(kNever), "never");
}

}  // namespace
}  // namespace drywire
