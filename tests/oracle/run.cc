#include "tests/oracle/run.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/oracle/kernel.h"
#include "tests/oracle/netns.h"
#include "tests/oracle/simulated.h"

namespace drywire::oracle {
namespace {

std::string Print(const Scenario& scenario, const Outcome& outcome) {
  std::string text;
  for (size_t i = 0; i < outcome.transcripts.size(); ++i) {
    absl::StrAppend(&text, "    ", scenario.processes[i].host, "\n      ",
                    absl::StrReplaceAll(outcome.transcripts[i], {{"\n", "\n      "}}), "\n");
  }
  for (const std::string& packet : outcome.packets) absl::StrAppend(&text, "    ", packet, "\n");
  if (!outcome.failure.empty()) absl::StrAppend(&text, "    failed: ", outcome.failure, "\n");
  return text;
}

}  // namespace

std::vector<const Scenario*> Select(const RunOptions& options) {
  std::vector<const Scenario*> selected;
  for (const Scenario& scenario : AllScenarios()) {
    if (scenario.slow && !options.slow) continue;
    if (::fnmatch(options.filter.c_str(), scenario.name.c_str(), 0) != 0) continue;
    selected.push_back(&scenario);
  }
  return selected;
}

std::vector<Result> CompareAll(const std::vector<const Scenario*>& scenarios,
                               const RunOptions& options) {
  std::vector<Result> results;
  std::map<const Scenario*, Result*> by_scenario;
  results.reserve(scenarios.size());
  for (const Scenario* scenario : scenarios) {
    Result& result = results.emplace_back();
    result.scenario = scenario;
    by_scenario[scenario] = &result;
  }
  // The kernel first, so that the simulations do not take its time.
  const auto take = [&](const Scenario& scenario, const Outcome& outcome) {
    by_scenario[&scenario]->real = outcome;
  };
  RunOnKernel(scenarios, options.parallel, take);
  for (Result& result : results) {
    result.simulated = RunSimulated(*result.scenario);
    result.comparison = Compare(*result.scenario, result.simulated, result.real);
    for (; result.comparison.surprising() && result.tries < options.tries; ++result.tries) {
      RunOnKernel({result.scenario}, 1, take);
      result.comparison = Compare(*result.scenario, result.simulated, result.real);
    }
  }
  return results;
}

int CompareAndPrint(const std::vector<const Scenario*>& scenarios, const RunOptions& options) {
  if (absl::Status permitted = NamespacesPermitted(); !permitted.ok()) {
    std::fprintf(stderr, "oracle: network namespaces are not permitted here: %s\n",
                 std::string(permitted.message()).c_str());
    return 2;
  }
  int agree = 0;
  int differ = 0;
  int surprises = 0;
  for (const Result& result : CompareAll(scenarios, options)) {
    const Comparison& comparison = result.comparison;
    ++(comparison.agree() ? agree : differ);
    surprises += comparison.surprising();
    std::printf("%s  %s%s\n%s",
                comparison.agree()        ? "agree "
                : comparison.surprising() ? "DIFFER"
                                          : "known ",
                result.scenario->name.c_str(), result.tries > 1 ? " (asked again)" : "",
                Describe(comparison).c_str());
    if (options.print) {
      std::printf("  simulated\n%s  kernel\n%s", Print(*result.scenario, result.simulated).c_str(),
                  Print(*result.scenario, result.real).c_str());
    }
    std::fflush(stdout);
  }
  if (surprises < differ) std::printf("%d differ as is known\n", differ - surprises);
  std::printf("%d agree, %d differ\n", agree, differ);
  return surprises == 0 ? 0 : 1;
}

int PrintSimulated(const std::vector<const Scenario*>& scenarios) {
  int failed = 0;
  for (const Scenario* scenario : scenarios) {
    const Outcome outcome = RunSimulated(*scenario);
    failed += !outcome.failure.empty();
    std::printf("%s\n%s", scenario->name.c_str(), Print(*scenario, outcome).c_str());
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace drywire::oracle
