#include "sim/testing/flags.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace drywire {
namespace {

void SetSeed(absl::string_view source, absl::string_view text, TestFlags& flags) {
  uint64_t seed = 0;
  if (!absl::SimpleAtoi(text, &seed)) {
    std::fprintf(stderr, "%s: \"%s\" is not a seed: expected a number from 0 to 2^64 - 1\n",
                 std::string(source).c_str(), std::string(text).c_str());
    std::exit(2);
  }
  flags.seed = seed;
}

TestFlags Read() {
  TestFlags flags;
  if (const char* seed = std::getenv("DRYWIRE_SEED")) SetSeed("DRYWIRE_SEED", seed, flags);
  if (const char* token = std::getenv("DRYWIRE_REPLAY")) flags.replay = token;
  // gtest keeps the arguments it was started with, whoever wrote main().
  const std::vector<std::string> arguments = ::testing::internal::GetArgvs();
  if (!arguments.empty()) flags.program = arguments[0];
  for (absl::string_view argument : arguments) {
    if (absl::ConsumePrefix(&argument, "--drywire_seed=")) {
      SetSeed("--drywire_seed", argument, flags);
    } else if (absl::ConsumePrefix(&argument, "--drywire_replay=")) {
      flags.replay = std::string(argument);
    } else if (absl::StartsWith(argument, "--drywire_")) {
      std::fprintf(stderr,
                   "%s: unknown option; there are --drywire_seed=N and "
                   "--drywire_replay=TOKEN\n",
                   std::string(argument).c_str());
      std::exit(2);
    }
  }
  return flags;
}

}  // namespace

const TestFlags& GetTestFlags() {
  static const TestFlags* flags = new TestFlags(Read());
  return *flags;
}

std::string RerunCommand(const std::string& extra) {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string filter;
  if (test != nullptr) {
    filter = absl::StrCat(" --gtest_filter=", test->test_suite_name(), ".", test->name());
  }
  return absl::StrCat(GetTestFlags().program, filter, extra.empty() ? "" : " ", extra);
}

}  // namespace drywire
