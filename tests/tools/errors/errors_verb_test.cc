// What `drywire errors` and `drywire demo` print, and how they answer wrong command lines.
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/command.h"
#include "tools/errors/report.h"
#include "tools/verb.h"
#include "tools/verbs/demo.h"
#include "tools/verbs/errors.h"
#include "tools/verbs/help.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

Outcome RunDrywire(const std::vector<absl::string_view>& args) {
  const Verb verbs[] = {kHelpVerb, kErrorsVerb, kDemoVerb};
  std::ostringstream out, err;
  const int exit_code = RunCommand(args, verbs, out, err);
  return {exit_code, out.str(), err.str()};
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

TEST(ErrorsVerbTest, PrintsTabSeparatedValuesAndNothingElse) {
  const Outcome outcome = RunDrywire({"errors", "--tsv"});
  EXPECT_EQ(outcome.exit_code, kExitOk);
  EXPECT_THAT(outcome.err, IsEmpty());
  const std::vector<std::string> lines = Lines(outcome.out);
  EXPECT_THAT(lines, SizeIs(100));
  std::set<std::string> keys;
  for (const std::string& line : lines) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    ASSERT_THAT(fields, SizeIs(7)) << line;
    EXPECT_TRUE(keys.insert(fields[0] + " " + fields[1]).second) << line;
    EXPECT_TRUE(fields[1] == "linux" || fields[1] == "freebsd") << line;
    EXPECT_EQ(fields[2], fields[3]) << line;
    double seconds = -1;
    EXPECT_TRUE(absl::SimpleAtod(fields[4], &seconds) && seconds >= 0) << line;
    EXPECT_EQ(fields[5], "ok") << line;
    EXPECT_FALSE(fields[6].empty()) << line;
  }
}

TEST(ErrorsVerbTest, PrintsTheSameEveryTime) {
  EXPECT_EQ(RunDrywire({"errors", "--tsv"}).out, RunDrywire({"errors", "--tsv"}).out);
}

TEST(ErrorsVerbTest, PrintsOneSystemOnly) {
  for (const std::vector<absl::string_view>& args :
       std::vector<std::vector<absl::string_view>>{{"errors", "--tsv", "--personality", "freebsd"},
                                                   {"errors", "--personality=freebsd", "--tsv"}}) {
    const std::vector<std::string> lines = Lines(RunDrywire(args).out);
    EXPECT_THAT(lines, SizeIs(50));
    for (const std::string& line : lines) EXPECT_THAT(line, HasSubstr("\tfreebsd\t"));
  }
}

TEST(ErrorsVerbTest, PrintsATable) {
  const Outcome outcome = RunDrywire({"errors"});
  EXPECT_EQ(outcome.exit_code, kExitOk);
  const std::vector<std::string> lines = Lines(outcome.out);
  ASSERT_THAT(lines, SizeIs(102));
  EXPECT_THAT(lines.front(), StartsWith("id "));
  EXPECT_EQ(lines.back(), "100 of 100 as expected");
}

TEST(ErrorsVerbTest, ExplainsOneErrno) {
  const Outcome outcome = RunDrywire({"errors", "ECONNREFUSED"});
  EXPECT_EQ(outcome.exit_code, kExitOk);
  for (const char* part :
       {"linux: The attempt was rejected.", "freebsd: ", "fbsd-econnrefused, linux-econnrefused",
        "client   a linux host, eth0 10.0.0.1/24", ", 10.0.0.2:80) ...\n",
        ", 10.0.0.2:80) = -1 ECONNREFUSED (Connection refused)", "client > server",
        "reject with icmp type port-unreachable", "observed ECONNREFUSED at 0.002 s: ok"}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
  EXPECT_THAT(outcome.out, testing::Not(HasSubstr("FAIL")));
}

TEST(ErrorsVerbTest, ExplainsEveryErrnoOfTheAtlas) {
  for (const std::string& name : KnownErrnos()) {
    const Outcome outcome = RunDrywire({"errors", name});
    EXPECT_EQ(outcome.exit_code, kExitOk) << name << "\n" << outcome.out;
    EXPECT_THAT(outcome.out, StartsWith(name + ": "));
  }
}

TEST(ErrorsVerbTest, SaysWhenASystemDoesNotHaveIt) {
  const Outcome outcome = RunDrywire({"errors", "ENETDOWN", "--personality", "linux"});
  EXPECT_EQ(outcome.exit_code, kExitFailure);
  EXPECT_EQ(outcome.err, "drywire errors: no cause of ENETDOWN on linux\n");
}

TEST(ErrorsVerbTest, NamesWhatIsWrong) {
  struct Case {
    std::vector<absl::string_view> args;
    std::string message;
  };
  for (const Case& wrong : {
           Case{{"errors", "EFROBNICATE"},
                "drywire errors: no errno 'EFROBNICATE' in the atlas; it has EACCES "},
           Case{{"errors", "econnrefused"}, "drywire errors: no errno 'econnrefused'"},
           Case{{"errors", ""}, "drywire errors: no errno ''"},
           Case{{"errors", "--csv"}, "drywire errors: no option '--csv'"},
           Case{{"errors", "--tsv=1"}, "drywire errors: no option '--tsv=1'"},
           Case{{"errors", "-t"}, "drywire errors: no option '-t'"},
           Case{{"errors", "EACCES", "EPERM"}, "drywire errors: one errno at a time"},
           Case{{"errors", "EACCES", "--tsv"}, "drywire errors: --tsv is for the whole table"},
           Case{{"errors", "--personality"}, "drywire errors: --personality needs a value"},
           Case{{"errors", "--personality", "plan9"},
                "drywire errors: no personality 'plan9': expected linux or freebsd"},
           Case{{"errors", "--personality="}, "drywire errors: no personality ''"},
           Case{{"errors", "--seed", "x"}, "drywire errors: no seed 'x'"},
           Case{{"errors", "--seed=-1"}, "drywire errors: no seed '-1'"},
           Case{{"demo", "now"}, "drywire demo: takes no argument"},
       }) {
    const Outcome outcome = RunDrywire(wrong.args);
    EXPECT_EQ(outcome.exit_code, kExitUsage) << wrong.message;
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, StartsWith(wrong.message));
  }
}

TEST(ErrorsVerbTest, HasHelp) {
  for (const char* verb : {"errors", "demo"}) {
    const Outcome outcome = RunDrywire({verb, "--help"});
    EXPECT_EQ(outcome.exit_code, kExitOk);
    EXPECT_THAT(outcome.out, StartsWith(std::string("usage: drywire ") + verb));
  }
}

TEST(DemoVerbTest, ShowsElevenSynsAndTheTimeout) {
  const Outcome outcome = RunDrywire({"demo"});
  EXPECT_EQ(outcome.exit_code, kExitOk);
  std::vector<std::string> syn_times;
  for (const std::string& line : Lines(outcome.out)) {
    if (absl::StrContains(line, "client > server")) {
      syn_times.push_back(line.substr(0, line.find("  client")));
    }
  }
  EXPECT_THAT(syn_times,
              ElementsAre(HasSubstr(" 0.000000"), HasSubstr(" 1.000000"), HasSubstr(" 2.000000"),
                          HasSubstr(" 3.000000"), HasSubstr(" 4.000000"), HasSubstr(" 5.000000"),
                          HasSubstr(" 7.000000"), HasSubstr("11.000000"), HasSubstr("19.000000"),
                          HasSubstr("35.000000"), HasSubstr("67.000000")));
  EXPECT_THAT(outcome.out, HasSubstr("131.000000"));
  EXPECT_THAT(outcome.out, HasSubstr("connect() gave ETIMEDOUT after 131 s of virtual time."));
}

TEST(ReportTest, WritesSecondsWithAsManyDecimalsAsNeeded) {
  EXPECT_EQ(SecondsText(Instant::Zero()), "0");
  EXPECT_EQ(SecondsText(Instant::FromNanos(131'000'000'000)), "131");
  EXPECT_EQ(SecondsText(Instant::FromNanos(10'000'000'000)), "10");
  EXPECT_EQ(SecondsText(Instant::FromNanos(15'602'000'000)), "15.602");
  EXPECT_EQ(SecondsText(Instant::FromNanos(1)), "0.000000001");
}

}  // namespace
}  // namespace drywire
