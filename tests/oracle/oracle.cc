// oracle: runs the scenarios in simulated worlds and on the real kernel and shows where they
// differ.
//
//   oracle [--slow] [--filter=GLOB] [--parallel=N] [--tries=N] [--list] [--simulated] [--print]
//
// The last line is `N agree, N differ`; known differences count as differences. The exit code is 0
// when nothing differs but what is known to, 2 when the real kernel cannot be asked.
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "tests/oracle/run.h"

ABSL_FLAG(bool, slow, false, "also run the scenarios that take minutes");
ABSL_FLAG(std::string, filter, "*", "only scenarios whose name matches the pattern");
ABSL_FLAG(int, parallel, 16, "how many scenarios run on the kernel at a time");
ABSL_FLAG(int, tries, 3, "how often a scenario that differs is asked again, on an idle machine");
ABSL_FLAG(bool, list, false, "list the scenarios and do nothing");
ABSL_FLAG(bool, simulated, false, "run in simulated worlds only");
ABSL_FLAG(bool, print, false, "print the transcripts");

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("compares the simulation with the real kernel");
  absl::ParseCommandLine(argc, argv);
  drywire::oracle::RunOptions options;
  options.slow = absl::GetFlag(FLAGS_slow);
  options.filter = absl::GetFlag(FLAGS_filter);
  options.parallel = absl::GetFlag(FLAGS_parallel);
  options.tries = absl::GetFlag(FLAGS_tries);
  options.print = absl::GetFlag(FLAGS_print);
  const auto scenarios = drywire::oracle::Select(options);
  if (absl::GetFlag(FLAGS_list)) {
    for (const auto* scenario : scenarios) {
      std::printf("%s%s\n", scenario->name.c_str(), scenario->slow ? " (slow)" : "");
    }
    return 0;
  }
  if (absl::GetFlag(FLAGS_simulated)) return drywire::oracle::PrintSimulated(scenarios);
  return drywire::oracle::CompareAndPrint(scenarios, options);
}
