// Selecting scenarios, running them on both sides and reporting.
#ifndef DRYWIRE_TESTS_ORACLE_RUN_H_
#define DRYWIRE_TESTS_ORACLE_RUN_H_

#include <string>
#include <vector>

#include "tests/oracle/outcome.h"

namespace drywire::oracle {

struct RunOptions {
  bool slow = false;
  std::string filter = "*";
  int parallel = 16;
  // A scenario that differs is run on the kernel again, alone, so that a loaded machine's delays
  // are not taken for behaviour. It agrees if one of the tries does.
  int tries = 3;
  bool print = false;
};

std::vector<const Scenario*> Select(const RunOptions& options);

struct Result {
  const Scenario* scenario = nullptr;
  Outcome simulated;
  Outcome real;
  Comparison comparison;
  int tries = 1;
};

// In the order of `scenarios`.
std::vector<Result> CompareAll(const std::vector<const Scenario*>& scenarios,
                               const RunOptions& options);

// The exit codes of the program.
int CompareAndPrint(const std::vector<const Scenario*>& scenarios, const RunOptions& options);
int PrintSimulated(const std::vector<const Scenario*>& scenarios);

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_RUN_H_
