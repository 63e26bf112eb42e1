// What a run of a scenario gave, and how two of them compare.
#ifndef DRYWIRE_TESTS_ORACLE_OUTCOME_H_
#define DRYWIRE_TESTS_ORACLE_OUTCOME_H_

#include <string>
#include <vector>

#include "tests/oracle/scenario.h"

namespace drywire::oracle {

struct Outcome {
  // In the order of the scenario's processes.
  std::vector<std::string> transcripts;
  // What crossed the watched interface, a line a packet.
  std::vector<std::string> packets;
  // Why it did not run as it should have: no namespace, a statement that was refused, a body that
  // did not end. Empty: it ran.
  std::string failure;
};

// One row (or packet) in which two outcomes differ.
struct Difference {
  std::string process;  // "a", or "packets"
  std::string simulated;
  std::string real;
  std::string known_reason;  // empty: not expected
};

struct Comparison {
  std::vector<Difference> differences;
  // Known differences that were none.
  std::vector<Scenario::Known> vanished;

  bool agree() const { return differences.empty(); }
  // Whether something differs that is not known to.
  bool surprising() const;
};

Comparison Compare(const Scenario& scenario, const Outcome& simulated, const Outcome& real);

// Each difference as two lines one below the other, what they have in common shortened.
std::string Describe(const Comparison& comparison);

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_OUTCOME_H_
