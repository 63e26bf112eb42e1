#include "tests/conformance/linux_script.h"

#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "sim/testing/drywire_test.h"
#include "tests/oracle/simulated.h"

namespace drywire {
namespace {

void ExpectTranscript(const std::string& got, absl::string_view expected) {
  expected = absl::StripSuffix(absl::StripPrefix(expected, "\n"), "\n");
  const std::vector<std::string> got_rows = absl::StrSplit(got, '\n');
  const std::vector<std::string> rows = absl::StrSplit(expected, '\n');
  for (size_t i = 0; i < got_rows.size() && i < rows.size(); ++i) EXPECT_EQ(got_rows[i], rows[i]);
  EXPECT_EQ(got_rows.size(), rows.size());
}

}  // namespace

void RunLinuxScript(const char* expected, void (*body)(LinuxScript&)) {
  RunScenario([&](World& world) {
    Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
    Host& peer = world.AddHost("peer", "linux", "10.0.0.2/24");
    world.AddAddress(host, "fd00::1/64");
    world.AddAddress(peer, "fd00::2/64");
    std::string got = "(did not finish)";
    world.Spawn(host, "script", [&] {
      LinuxScript script("host");
      body(script);
      got = script.transcript();
    });
    world.Run();
    ExpectTranscript(got, expected);
  });
}

void ExpectScenario(const char* name, const char* expected) {
  SCOPED_TRACE(name);
  for (const oracle::Scenario& scenario : oracle::AllScenarios()) {
    if (scenario.name != name) continue;
    const oracle::Outcome outcome = oracle::RunSimulated(scenario);
    EXPECT_EQ(outcome.failure, "");
    for (size_t i = 0; i < scenario.processes.size(); ++i) {
      if (scenario.processes[i].host == "a") ExpectTranscript(outcome.transcripts[i], expected);
    }
    return;
  }
  ADD_FAILURE() << "no such scenario";
}

}  // namespace drywire
