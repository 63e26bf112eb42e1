#include "tools/command.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/verb.h"
#include "tools/verbs/help.h"
#include "tools/verbs/version.h"

namespace drywire {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

int Echo(const Invocation& call) {
  for (absl::string_view arg : call.args) call.out << arg << ";";
  return call.args.empty() ? kExitFailure : kExitOk;
}

Outcome RunDrywire(const std::vector<absl::string_view>& args) {
  const Verb verbs[] = {
      kHelpVerb,
      kVersionVerb,
      {.name = "echo",
       .synopsis = "ARG...",
       .summary = "Say it again",
       .details = "Exactly once.\n",
       .run = &Echo},
  };
  std::ostringstream out, err;
  const int exit_code = RunCommand(args, verbs, out, err);
  return {exit_code, out.str(), err.str()};
}

TEST(CommandTest, HelpIsTheDefault) {
  for (const std::vector<absl::string_view>& args :
       std::vector<std::vector<absl::string_view>>{{}, {"help"}, {"--help"}, {"-h"}}) {
    const Outcome outcome = RunDrywire(args);
    EXPECT_EQ(outcome.exit_code, kExitOk);
    EXPECT_THAT(outcome.out, HasSubstr("\n  echo     Say it again\n"));
    EXPECT_THAT(outcome.err, IsEmpty());
  }
}

TEST(CommandTest, ExplainsOneVerb) {
  const std::string expected = "usage: drywire echo ARG...\n\nSay it again.\n\nExactly once.\n";
  EXPECT_EQ(RunDrywire({"help", "echo"}).out, expected);
  EXPECT_EQ(RunDrywire({"echo", "--help"}).out, expected);
}

TEST(CommandTest, PassesArgumentsAndExitCode) {
  EXPECT_EQ(RunDrywire({"echo", "a", "-b"}).out, "a;-b;");
  EXPECT_EQ(RunDrywire({"echo", "a"}).exit_code, kExitOk);
  EXPECT_EQ(RunDrywire({"echo"}).exit_code, kExitFailure);
}

TEST(CommandTest, NamesWhatIsWrong) {
  struct Case {
    std::vector<absl::string_view> args;
    std::string message;
  };
  for (const Case& wrong : {
           Case{{"frobnicate"}, "drywire: no verb 'frobnicate'\n"},
           Case{{"--tsv"}, "drywire: no verb '--tsv'\n"},
           Case{{""}, "drywire: no verb ''\n"},
           Case{{"help", "frobnicate"}, "drywire help: no verb 'frobnicate'\n"},
           Case{{"help", "echo", "help"}, "drywire help: one verb at a time\n"},
           Case{{"version", "1"}, "drywire version: takes no argument\n"},
       }) {
    const Outcome outcome = RunDrywire(wrong.args);
    EXPECT_EQ(outcome.exit_code, kExitUsage);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, StartsWith(wrong.message));
  }
}

TEST(CommandTest, PrintsTheVersion) {
  EXPECT_THAT(RunDrywire({"version"}).out,
              testing::MatchesRegex("drywire [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

}  // namespace
}  // namespace drywire
