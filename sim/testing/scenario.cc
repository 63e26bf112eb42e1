#include "sim/testing/scenario.h"

#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "sim/testing/flags.h"
#include "stack/host/host.h"
#include "stack/host/process.h"

namespace drywire {
namespace {

constexpr size_t kPacketsShown = 20;

bool CurrentTestFailed() {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  return test != nullptr && test->result()->Failed();
}

// What processes open ends with them, wherever it was passed on to.
void ExpectNothingOpen(const World& world) {
  for (const std::unique_ptr<Host>& host : world.hosts()) {
    bool runs = false;
    for (const Process& process : host->processes()) {
      runs |= process.state() == ProcessState::kRunning;
    }
    if (runs) continue;
    EXPECT_EQ(host->open_files().open, 0) << host->name() << ": open files are left";
    UnixDomain& unix_domain = host->unix_domain();
    EXPECT_EQ(unix_domain.live_sockets(), 0u) << host->name() << ": UNIX sockets are left";
    EXPECT_EQ(unix_domain.in_flight(), 0) << host->name() << ": descriptors in messages are left";
    EXPECT_EQ(unix_domain.messages().live(), 0u) << host->name() << ": UNIX messages are left";
  }
}

}  // namespace

std::string DescribeForFailure(const World& world) {
  std::string text = absl::StrCat("seed ", world.options().seed, ", virtual time ",
                                  FormatInstant(world.now()), "\n");
  TimelineOptions timeline;
  timeline.last = kPacketsShown;
  absl::StrAppend(&text, "--- last packets\n", FormatTimeline(world.capture(), timeline));
  absl::StrAppend(&text, "--- sockets\n", world.DumpState());
  const std::string tasks = world.DescribeTasks();
  if (!tasks.empty()) absl::StrAppend(&text, "--- tasks\n", tasks);
  return text;
}

void ExpectHealthy(const World& world) {
  for (const std::string& error : world.errors()) ADD_FAILURE() << "world: " << error;
  if (!world.last_report().ok() && !world.accepts_stuck()) {
    ADD_FAILURE() << "the run ended in a " << RunStatusName(world.last_report().status) << "\n"
                  << world.last_report().text;
  }
  ExpectNothingOpen(world);
}

Digest RunScenario(const Scenario& scenario, World::Options options) {
  const TestFlags& flags = GetTestFlags();
  if (flags.seed.has_value()) options.seed = *flags.seed;
  if (options.keep_records == 0) options.keep_records = Trace::kKeepAll;
  World first(options);
  scenario(first);
  ExpectHealthy(first);
  if (CurrentTestFailed()) {
    std::fprintf(stderr, "%sto rerun: %s\n", DescribeForFailure(first).c_str(),
                 RerunCommand(absl::StrCat("--drywire_seed=", options.seed)).c_str());
    return first.trace().digest();
  }
  World second(options);
  scenario(second);
  EXPECT_EQ(first.trace().digest().ToString(), second.trace().digest().ToString())
      << "two runs of seed " << options.seed << " differ:\n"
      << FirstDifference(first.trace(), second.trace())
             .value_or(TraceDifference{0, "(the records kept are equal)"})
             .text;
  return first.trace().digest();
}

}  // namespace drywire
