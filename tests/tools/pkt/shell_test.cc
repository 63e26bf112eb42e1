// Shell commands of scripts, split into pipelines and words.
#include "tools/pkt/shell.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace drywire::pkt {
namespace {

// "a b | c > file ; && d"
std::string Split(const char* text) {
  const absl::StatusOr<std::vector<Pipeline>> pipelines = SplitShell(text);
  if (!pipelines.ok()) return absl::StrCat("error: ", pipelines.status().message());
  std::string result;
  for (const Pipeline& pipeline : *pipelines) {
    if (!result.empty()) result += " ; ";
    if (pipeline.when == Pipeline::When::kAfterSuccess) result += "&& ";
    if (pipeline.when == Pipeline::When::kAfterFailure) result += "|| ";
    result += absl::StrJoin(pipeline.commands, " | ",
                            [](std::string* out, const std::vector<std::string>& words) {
                              *out += absl::StrJoin(words, "_");
                            });
    if (!pipeline.to.empty()) absl::StrAppend(&result, " > ", pipeline.to);
  }
  return result;
}

TEST(ShellTest, Splits) {
  struct Case {
    const char* text;
    const char* split;
  };
  for (const Case& c : {
           Case{"true", "true"},
           Case{"a b\nc", "a_b ; c"},
           Case{"a && b || c; d", "a ; && b ; || c ; d"},
           Case{"sockstat -4 | grep -c X | grep 1", "sockstat_-4 | grep_-c_X | grep_1"},
           Case{"sysctl -w x=\"1 2 3\"", "sysctl_-w_x=1 2 3"},
           Case{"a \\\n b", "a_b"},
           Case{"a # comment\nb", "a ; b"},
           Case{"echo 1 > /proc/sys/x", "echo_1 > /proc/sys/x"},
           Case{"nstat > /dev/null 2>&1", "nstat > /dev/null"},
           Case{"x &> /dev/null || y", "x > /dev/null ; || y"},
           Case{"x 2>/dev/null ; y", "x ; y"},
           Case{"echo 'a b", "error: a quote without its end"},
       }) {
    EXPECT_EQ(Split(c.text), c.split) << c.text;
  }
}

}  // namespace
}  // namespace drywire::pkt
