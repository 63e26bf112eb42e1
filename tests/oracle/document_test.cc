// docs/conformance.md names scenarios that exist. (tools/ci/named_tests.py looks at the tests.)
#include <fnmatch.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tests/oracle/scenario.h"

namespace drywire::oracle {
namespace {

// The text of each pair of backticks in a table row that is about scenarios: all of them up to one
// that is a file of tests, and again from the word "oracle" or "slow" on.
std::vector<std::string> NamesIn(const std::string& row) {
  std::vector<std::string> names;
  bool scenarios = true;
  const std::vector<std::string> parts = absl::StrSplit(row, '`');
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    const bool quoted = i % 2 == 1;
    if (!quoted) {
      scenarios |= absl::StrContains(part, "oracle ") || absl::StrContains(part, "slow: ");
    } else if (absl::EndsWith(part, "_test")) {
      scenarios = false;
    } else if (scenarios && part[0] >= 'A' && part[0] <= 'Z' && absl::StrContains(part, '.')) {
      names.push_back(part);
    }
  }
  return names;
}

bool Exists(const std::string& pattern) {
  for (const Scenario& scenario : AllScenarios()) {
    if (::fnmatch(pattern.c_str(), scenario.name.c_str(), 0) == 0) return true;
  }
  return false;
}

TEST(Document, NamesScenariosThatExist) {
  std::ifstream document("docs/conformance.md");
  ASSERT_TRUE(document.good());
  int names = 0;
  for (std::string line; std::getline(document, line);) {
    if (!absl::StartsWith(line, "|")) continue;
    for (const std::string& name : NamesIn(line)) {
      ++names;
      EXPECT_TRUE(Exists(name)) << name << " in " << line;
    }
  }
  EXPECT_GT(names, 50);
}

// A difference that is known is told to the reader.
TEST(Document, NamesEveryScenarioThatDiffers) {
  std::ifstream document("docs/conformance.md");
  ASSERT_TRUE(document.good());
  std::vector<std::string> patterns;
  bool here = false;
  for (std::string line; std::getline(document, line);) {
    if (absl::StartsWith(line, "## ")) here = absl::StrContains(line, "known to differ");
    if (!here || !absl::StartsWith(line, "|")) continue;
    for (const std::string& name : NamesIn(line)) patterns.push_back(name);
  }
  for (const Scenario& scenario : AllScenarios()) {
    if (scenario.known.empty()) continue;
    bool told = false;
    for (const std::string& pattern : patterns) {
      told |= ::fnmatch(pattern.c_str(), scenario.name.c_str(), 0) == 0;
    }
    EXPECT_TRUE(told) << scenario.name;
  }
}

}  // namespace
}  // namespace drywire::oracle
