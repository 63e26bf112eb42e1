// Sysctls: each is a door to its own field.
#include "stack/personality/profile.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace drywire {
namespace {

class ProfileTest : public testing::TestWithParam<Profile (*)()> {
 protected:
  // The least value of every number.
  static std::string Least(const SysctlEntry& entry) {
    std::string text;
    for (int i = 0; i < entry.count; ++i) text += std::to_string(entry.min) + " ";
    return text;
  }
};
INSTANTIATE_TEST_SUITE_P(Systems, ProfileTest, testing::Values(&LinuxProfile, &FreeBsdProfile));

TEST_P(ProfileTest, DefaultsAreWithinTheirRange) {
  Profile profile = GetParam()();
  for (const SysctlEntry& entry : profile.sysctls) {
    const std::string value = *profile.Get(entry.name);
    EXPECT_TRUE(profile.Set(entry.name, value).ok()) << entry.name << " = " << value;
    EXPECT_EQ(*profile.Get(entry.name), value) << entry.name;
  }
}

TEST_P(ProfileTest, SettingOneChangesNoOther) {
  for (const SysctlEntry& set : GetParam()().sysctls) {
    if (set.field == nullptr) continue;
    Profile profile = GetParam()();
    int64_t* const field = set.field(profile);
    ASSERT_TRUE(profile.Set(set.name, Least(set)).ok()) << set.name;
    EXPECT_EQ(*field, set.min) << set.name;
    const Profile fresh = GetParam()();
    for (const SysctlEntry& other : profile.sysctls) {
      if (other.field != nullptr && other.field(profile) == field) continue;  // two names of one
      EXPECT_EQ(*profile.Get(other.name), *fresh.Get(other.name))
          << set.name << " changed " << other.name;
    }
  }
}

TEST_P(ProfileTest, NamesAreUnique) {
  std::set<std::string> seen;
  for (const SysctlEntry& entry : GetParam()().sysctls) {
    EXPECT_TRUE(seen.insert(std::string(entry.name)).second) << entry.name;
    EXPECT_FALSE(entry.description.empty()) << entry.name;
  }
}

TEST_P(ProfileTest, WhatIsOutOfRangeIsRefused) {
  Profile profile = GetParam()();
  for (const SysctlEntry& entry : profile.sysctls) {
    if (entry.field == nullptr) continue;
    for (const std::string& wrong :
         {std::string(), std::string("x"), Least(entry) + "1", std::to_string(entry.min - 1)}) {
      const absl::Status refused = profile.Set(entry.name, wrong);
      EXPECT_FALSE(refused.ok()) << entry.name << " = " << wrong;
      EXPECT_NE(refused.message().find(entry.name), absl::string_view::npos);
    }
  }
  EXPECT_FALSE(profile.Set("net.nothing", "1").ok());
  EXPECT_FALSE(profile.Get("net.nothing").ok());
}

TEST(LinuxProfileTest, TicksAreWhatTheKernelWasBuiltWith) {
  Profile profile = LinuxProfile();
  EXPECT_EQ(*profile.Get("CONFIG_HZ"), "250");
  for (const int hz : {100, 250, 300, 1000}) {
    ASSERT_TRUE(profile.Set("CONFIG_HZ", std::to_string(hz)).ok());
    EXPECT_EQ(*profile.Get("CONFIG_HZ"), std::to_string(hz));
    EXPECT_EQ(profile.tcp.tick, Duration::Micros(1'000'000 / hz));
    EXPECT_EQ(profile.socket.timeout_granularity_us, 1'000'000 / hz);
  }
  for (const char* wrong : {"", "0", "64", "x", "100 100"}) {
    EXPECT_FALSE(profile.Set("CONFIG_HZ", wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace drywire
