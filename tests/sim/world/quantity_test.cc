#include "sim/world/quantity.h"

#include <string>

#include "gtest/gtest.h"

namespace drywire {
namespace {

struct Case {
  const char* text;
  int64_t value;      // -1: an error,
  const char* error;  // this one
};

template <typename Parse>
void Check(const Case& entry, Parse parse) {
  const auto value = parse(entry.text);
  if (entry.value >= 0) {
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_EQ(*value, entry.value) << entry.text;
  } else {
    ASSERT_FALSE(value.ok()) << entry.text;
    EXPECT_EQ(value.status().message(), entry.error);
  }
}

TEST(Quantity, Durations) {
  const Case kCases[] = {
      {"20ms", 20'000'000},
      {"0", 0},
      {"0s", 0},
      {"0.0", 0},
      {"1.5s", 1'500'000'000},
      {"1ns", 1},
      {"0.001us", 1},
      {"2min", 120'000'000'000},
      {"2562047h", 9'223'369'200'000'000'000},
      {"", -1, "expected a duration such as \"20ms\", found \"\""},
      {"20", -1,
       "expected a duration such as \"20ms\", found \"20\": the unit must be one of ns, us, ms, "
       "s, min, h"},
      {"20 ms", -1,
       "expected a duration such as \"20ms\", found \"20 ms\": the unit must be one of ns, us, "
       "ms, s, min, h"},
      {"-1ms", -1, "expected a duration such as \"20ms\", found \"-1ms\""},
      {".5s", -1, "expected a duration such as \"20ms\", found \".5s\""},
      {"5.s", -1, "expected a duration such as \"20ms\", found \"5.s\""},
      {"ms", -1, "expected a duration such as \"20ms\", found \"ms\""},
      {"0.1ns", -1, "expected a duration such as \"20ms\", found \"0.1ns\": finer than 1 ns"},
      {"2562048h", -1, "expected a duration such as \"20ms\", found \"2562048h\": too large"},
      {"1.0000000000000000000000s", -1,
       "expected a duration such as \"20ms\", found \"1.0000000000000000000000s\": too many "
       "digits"},
  };
  for (const Case& entry : kCases) {
    Check(entry, [](absl::string_view text) -> absl::StatusOr<int64_t> {
      const auto value = ParseDuration(text);
      if (!value.ok()) return value.status();
      return value->nanos();
    });
  }
}

TEST(Quantity, Rates) {
  const Case kCases[] = {
      {"10Mbit/s", 10'000'000},
      {"1.5Gbit/s", 1'500'000'000},
      {"9600bit/s", 9600},
      {"0.5kbit/s", 500},
      {"0", 0},
      {"10mbit", -1,
       "expected a rate such as \"10Mbit/s\", found \"10mbit\": the unit must be one of bit/s, "
       "kbit/s, Mbit/s, Gbit/s"},
      {"0.5bit/s", -1,
       "expected a rate such as \"10Mbit/s\", found \"0.5bit/s\": finer than 1 bit/s"},
      {"9999999Gbit/s", -1,
       "expected a rate such as \"10Mbit/s\", found \"9999999Gbit/s\": too large"},
  };
  for (const Case& entry : kCases) {
    Check(entry, [](absl::string_view text) -> absl::StatusOr<int64_t> {
      const auto value = ParseRate(text);
      if (!value.ok()) return value.status();
      return static_cast<int64_t>(*value);
    });
  }
}

TEST(Quantity, Probabilities) {
  const Case kCases[] = {
      {"0.1%", 1000},
      {"100%", 1'000'000},
      {"0.0001%", 1},
      {"250ppm", 250},
      {"0", 0},
      {"0%", 0},
      {"0.1", -1,
       "expected a percentage such as \"0.1%\", found \"0.1\": the unit must be one of %, ppm"},
      {"100.0001%", -1, "expected a percentage such as \"0.1%\", found \"100.0001%\": too large"},
      {"0.00001%", -1,
       "expected a percentage such as \"0.1%\", found \"0.00001%\": finer than 0.0001% (1 ppm)"},
  };
  for (const Case& entry : kCases) {
    Check(entry, [](absl::string_view text) -> absl::StatusOr<int64_t> {
      const auto value = ParseProbability(text);
      if (!value.ok()) return value.status();
      return value->ppm();
    });
  }
}

TEST(Quantity, Sizes) {
  const Case kCases[] = {
      {"1500", 1500},
      {"1500B", 1500},
      {"64KiB", 65536},
      {"64kB", 64000},
      {"1MiB", 1 << 20},
      {"1.5kB", 1500},
      {"1MB", 1'000'000},
      {"1K", -1,
       "expected a size such as \"1500\" or \"64KiB\", found \"1K\": the unit must be one of B, "
       "kB, MB, KiB, MiB"},
      {"1.5", -1,
       "expected a size such as \"1500\" or \"64KiB\", found \"1.5\": finer than 1 byte"},
  };
  for (const Case& entry : kCases) {
    Check(entry, [](absl::string_view text) -> absl::StatusOr<int64_t> {
      const auto value = ParseSize(text);
      if (!value.ok()) return value.status();
      return static_cast<int64_t>(*value);
    });
  }
}

}  // namespace
}  // namespace drywire
