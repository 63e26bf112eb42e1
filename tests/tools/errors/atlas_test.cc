// Every promised row on each system, twice with equal digests.
#include "tools/errors/atlas.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/errors/scene.h"

namespace drywire {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The rows of the two manual pages and the behaviours they state. A copy on purpose: the atlas must
// not be able to lose one.
constexpr const char* kPromised[] = {
    "fbsd-ebadf",
    "fbsd-einval-len",
    "fbsd-enotsock",
    "fbsd-eaddrnotavail",
    "fbsd-eafnosupport",
    "fbsd-eisconn",
    "fbsd-etimedout",
    "fbsd-econnrefused",
    "fbsd-econnreset",
    "fbsd-enetunreach",
    "fbsd-ehostunreach",
    "fbsd-eaddrinuse",
    "fbsd-efault",
    "fbsd-einprogress",
    "fbsd-eintr",
    "fbsd-ealready",
    "fbsd-eacces-broadcast",
    "fbsd-eagain-ports",
    "fbsd-unix-enotdir",
    "fbsd-unix-enametoolong-component",
    "fbsd-unix-enametoolong-path",
    "fbsd-unix-enoent",
    "fbsd-unix-eacces-search",
    "fbsd-unix-eacces-write",
    "fbsd-unix-eloop",
    "fbsd-unix-eperm",
    "linux-unix-eacces-write",
    "linux-unix-eacces-search",
    "linux-broadcast",
    "linux-firewall",
    "linux-eaddrinuse",
    "linux-eafnosupport",
    "linux-eagain-ports",
    "linux-eagain-routing-cache",
    "linux-ealready",
    "linux-ebadf",
    "linux-econnrefused",
    "linux-efault",
    "linux-einprogress",
    "linux-eintr",
    "linux-eisconn",
    "linux-enetunreach",
    "linux-enotsock",
    "linux-etimedout",
    "dgram-default-destination",
    "dgram-reconnect",
    "dgram-dissolve",
    "stream-connect-to-bound",
    "stream-once",
    "select-then-so-error",
};

TEST(AtlasTest, HasEveryPromisedRow) {
  std::set<std::string> present;
  for (const AtlasRow& row : Atlas()) {
    if (row.page != AtlasPage::kCause) present.emplace(row.id);
  }
  const std::set<std::string> promised(std::begin(kPromised), std::end(kPromised));
  EXPECT_EQ(present, promised);
}

TEST(AtlasTest, HasEachIdOnce) {
  std::set<std::string> seen;
  for (const AtlasRow& row : Atlas()) {
    EXPECT_TRUE(seen.emplace(row.id).second) << row.id << " is there twice";
  }
}

TEST(AtlasTest, TellsHowInOneLine) {
  for (const AtlasRow& row : Atlas()) {
    for (const System system : kSystems) {
      const std::string how(row.On(system).how);
      EXPECT_FALSE(how.empty()) << row.id;
      EXPECT_THAT(how, Not(HasSubstr("\t"))) << row.id;
      EXPECT_THAT(how, Not(HasSubstr("\n"))) << row.id;
    }
  }
}

// What no current release does is marked as such.
TEST(AtlasTest, NamesTheKnobs) {
  const struct {
    const char* id;
    System system;
  } kWithKnob[] = {
      {"fbsd-eagain-ports", System::kFreeBsd},
      {"linux-eaddrinuse", System::kLinux},
      {"linux-eagain-routing-cache", System::kLinux},
      {"linux-eagain-routing-cache", System::kFreeBsd},
  };
  for (const auto& knob : kWithKnob) {
    for (const AtlasRow& row : Atlas()) {
      if (row.id != knob.id) continue;
      EXPECT_THAT(std::string(row.On(knob.system).how), HasSubstr("knob ")) << row.id;
    }
  }
}

struct RowOnSystem {
  AtlasRow row;
  System system;
};

std::string Name(const testing::TestParamInfo<RowOnSystem>& info) {
  return absl::StrReplaceAll(std::string(info.param.row.id), {{"-", "_"}}) + "_on_" +
         std::string(SystemName(info.param.system));
}

std::vector<RowOnSystem> Everything() {
  std::vector<RowOnSystem> all;
  for (const AtlasRow& row : Atlas()) {
    for (const System system : kSystems) all.push_back({row, system});
  }
  return all;
}

void PrintTo(const RowOnSystem& param, std::ostream* out) {
  *out << param.row.id << " on " << SystemName(param.system);
}

class AtlasRowTest : public testing::TestWithParam<RowOnSystem> {};

TEST_P(AtlasRowTest, IsObservedAsExpected) {
  std::unique_ptr<Scene> scene;
  const AtlasResult result = RunRow(GetParam().row, GetParam().system, 1, &scene);
  EXPECT_EQ(result.problem, "");
  EXPECT_EQ(result.observed, std::string(GetParam().row.On(GetParam().system).expected));
  std::unique_ptr<Scene> again;
  RunRow(GetParam().row, GetParam().system, 1, &again);
  EXPECT_EQ(scene->digest().ToString(), again->digest().ToString());
}

// Whatever the random ports and sequence numbers are.
TEST_P(AtlasRowTest, DoesNotDependOnTheSeed) {
  const AtlasResult result = RunRow(GetParam().row, GetParam().system, 20'240'229);
  EXPECT_EQ(result.observed, std::string(GetParam().row.On(GetParam().system).expected))
      << result.problem;
}

INSTANTIATE_TEST_SUITE_P(Atlas, AtlasRowTest, testing::ValuesIn(Everything()), Name);

// When the calls return is part of the promise.
struct Timing {
  const char* id;
  System system;
  Duration when;
};

class AtlasTimingTest : public testing::TestWithParam<Timing> {};

TEST_P(AtlasTimingTest, ReturnsAt) {
  for (const AtlasRow& row : Atlas()) {
    if (row.id != GetParam().id) continue;
    EXPECT_EQ(RunRow(row, GetParam().system, 1).when.since_start(), GetParam().when);
    return;
  }
  FAIL() << "no row " << GetParam().id;
}

INSTANTIATE_TEST_SUITE_P(
    Atlas, AtlasTimingTest,
    testing::Values(
        // facts: 131 s and 75 s; SYNCNT 1 with four linear timeouts: 3 s.
        Timing{"linux-etimedout", System::kLinux, Duration::Seconds(131)},
        Timing{"fbsd-etimedout", System::kFreeBsd, Duration::Seconds(75)},
        Timing{"cause-shorter-limit", System::kLinux, Duration::Seconds(3)},
        Timing{"cause-shorter-limit", System::kFreeBsd, Duration::Seconds(3)},
        // One round trip of 1 ms each way; an ICMP error from half way is as fast.
        Timing{"linux-econnrefused", System::kLinux, Duration::Millis(2)},
        Timing{"fbsd-econnrefused", System::kFreeBsd, Duration::Millis(2)},
        Timing{"fbsd-ehostunreach", System::kLinux, Duration::Millis(2)},
        // Soft until the fifth SYN, which is sent at 15.6 s.
        Timing{"fbsd-ehostunreach", System::kFreeBsd, Duration::Micros(15'602'000)},
        // The signal comes at 20 ms.
        Timing{"linux-eintr", System::kLinux, Duration::Millis(20)},
        Timing{"fbsd-eintr", System::kFreeBsd, Duration::Millis(20)},
        // Refused before anything is sent.
        Timing{"linux-enetunreach", System::kLinux, Duration::Zero()},
        Timing{"fbsd-enetunreach", System::kFreeBsd, Duration::Zero()},
        // Three ARP requests, a second apart; on FreeBSD nobody tells the connection.
        Timing{"cause-silent-neighbour", System::kLinux, Duration::Seconds(3)},
        Timing{"cause-silent-neighbour", System::kFreeBsd, Duration::Seconds(75)}),
    [](const testing::TestParamInfo<Timing>& info) {
      return absl::StrReplaceAll(info.param.id, {{"-", "_"}}) + "_on_" +
             std::string(SystemName(info.param.system));
    });

}  // namespace
}  // namespace drywire
