// drywire pkt as a command: options, reports, exit codes; and docs/pkt.md against the tables it is
// made of.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/pkt/suite.h"
#include "tools/pkt/tables.h"
#include "tools/verb.h"
#include "tools/verbs/pkt.h"

namespace drywire {
namespace {

using testing::HasSubstr;

struct Answer {
  int code;
  std::string out;
  std::string err;
};

Answer Pkt(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  std::vector<absl::string_view> views(arguments.begin(), arguments.end());
  const Invocation call{views, {}, out, err};
  const int code = kPktVerb.run(call);
  return {code, out.str(), err.str()};
}

// A script in the test's own directory.
std::string Write(const std::string& name, const std::string& text) {
  const std::string path = absl::StrCat(testing::TempDir(), "/", name);
  std::ofstream(path) << text;
  return path;
}

constexpr char kGood[] = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 close(3) = 0\n";
constexpr char kBad[] = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 close(3) = 1\n";
constexpr char kSkipped[] = "--udp_encapsulation=tcp\n0 close(3) = 0\n";

TEST(PktVerbTest, CountsAndExitCodes) {
  const std::string good = Write("good.pkt", kGood);
  const std::string bad = Write("bad.pkt", kBad);
  const std::string skipped = Write("skipped.pkt", kSkipped);
  const Answer passed = Pkt({good, skipped});
  EXPECT_EQ(passed.code, kExitOk);
  EXPECT_THAT(passed.out, HasSubstr("skipped.pkt: skipped: TCP over UDP"));
  EXPECT_THAT(passed.out, HasSubstr("1 passed, 0 failed, 1 skipped\n"));
  const Answer failed = Pkt({good, bad});
  EXPECT_EQ(failed.code, kExitFailure);
  EXPECT_THAT(failed.out, HasSubstr("bad.pkt:2: close(3) = 1: expected 1, got 0"));
  EXPECT_THAT(failed.out, HasSubstr("1 passed, 1 failed, 0 skipped\n"));
}

TEST(PktVerbTest, Tsv) {
  const std::string good = Write("good.pkt", kGood);
  const std::string bad = Write("bad.pkt", kBad);
  EXPECT_EQ(
      Pkt({"--tsv", good, bad}).out,
      absl::StrCat(good, "\tpassed\t\n", bad, "\tfailed\t2: close(3) = 1: expected 1, got 0\n"));
}

TEST(PktVerbTest, JobsChangeNothing) {
  std::vector<std::string> arguments = {"--tsv", "--digests"};
  for (int i = 0; i < 9; ++i) {
    arguments.push_back(Write(absl::StrCat("j", i, ".pkt"), i % 3 == 0 ? kBad : kGood));
  }
  const Answer one = Pkt(arguments);
  arguments.insert(arguments.begin(), {"--jobs", "3"});
  EXPECT_EQ(Pkt(arguments).out, one.out);
}

TEST(PktVerbTest, Junit) {
  const std::string report = absl::StrCat(testing::TempDir(), "/report.xml");
  Pkt({"--junit", report, Write("good.pkt", kGood), Write("bad.pkt", kBad)});
  std::ostringstream text;
  text << std::ifstream(report).rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("tests=\"2\" failures=\"1\" skipped=\"0\""));
  EXPECT_THAT(text.str(), HasSubstr("<failure message=\"2: close(3) = 1: expected 1, got 0\">"));
}

TEST(PktVerbTest, Directories) {
  const std::string directory = absl::StrCat(testing::TempDir(), "/nothing_here.pkt.txt");
  EXPECT_EQ(Pkt({directory}).code, kExitUsage);
  Write("good.pkt", kGood);
  const absl::StatusOr<std::vector<std::string>> found = pkt::FindScripts({testing::TempDir()});
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->empty());
}

TEST(PktVerbTest, WrongCommandLines) {
  struct Case {
    std::vector<std::string> arguments;
    const char* message;
  };
  for (const Case& c : {
           Case{{}, "which scripts?"},
           Case{{"--personality", "beos", "x"}, "no personality 'beos'"},
           Case{{"--ip", "ipx", "x"}, "no IP 'ipx'"},
           Case{{"--sysctl", "x", "x"}, "expected NAME=VALUE"},
           Case{{"--jobs", "0", "x"}, "expected a number from 1 to 256"},
           Case{{"--bogus", "x"}, "no option '--bogus'"},
           Case{{"/no/such/file.pkt"}, "no such file or directory"},
       }) {
    const Answer answer = Pkt(c.arguments);
    EXPECT_EQ(answer.code, kExitUsage) << c.message;
    EXPECT_THAT(answer.err, HasSubstr(c.message));
  }
}

TEST(PktVerbTest, SysctlsAndDefinitions) {
  const std::string script = Write("options.pkt",
                                   "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                                   "+0 getsockopt(3, SOL_TCP, TCP_SYNCNT, [COUNT], [4]) = 0\n");
  EXPECT_EQ(Pkt({"--sysctl", "net.ipv4.tcp_syn_retries=3", "--define", "COUNT=3", script}).code,
            kExitOk);
}

TEST(DocumentTest, HoldsTheTables) {
  std::ostringstream document;
  document << std::ifstream("docs/pkt.md").rdbuf();
  EXPECT_THAT(document.str(), HasSubstr(pkt::LanguageTables()))
      << "docs/pkt.md is out of date: put in what `drywire pkt --tables` prints";
}

// The matrix of states and events: a letter for each system that has a script of that name.
TEST(DocumentTest, MatrixIsTrue) {
  std::ifstream document("docs/pkt.md");
  std::vector<std::string> events;
  int cells = 0;
  for (std::string line; std::getline(document, line);) {
    std::vector<std::string> words = absl::StrSplit(line, " | ");
    if (words.size() != 12) continue;
    words.front() = words.front().substr(2);
    words.back() = words.back().substr(0, words.back().find(' '));
    if (events.empty()) {
      events = words;
      continue;
    }
    for (size_t i = 1; i < words.size() && words[0] != "---"; ++i, ++cells) {
      std::string letters;
      for (const char* system : {"linux", "freebsd"}) {
        const std::string name =
            absl::StrCat("-", absl::AsciiStrToLower(words[0]), "-", events[i], ".pkt");
        for (const char* folder : {"both", system}) {
          for (const auto& file :
               std::filesystem::directory_iterator(absl::StrCat("tests/pkt/", folder))) {
            const std::string found = file.path().filename().string();
            if (absl::StartsWith(found, "rfc9293-3.10.7") && absl::EndsWith(found, name) &&
                found.size() == std::string("rfc9293-3.10.7.1").size() + name.size()) {
              letters += absl::ascii_toupper(system[0]);
            }
          }
        }
      }
      EXPECT_EQ(words[i], letters.empty() ? "-" : letters) << words[0] << " " << events[i];
    }
  }
  EXPECT_EQ(cells, 11 * 11);
}

}  // namespace
}  // namespace drywire
