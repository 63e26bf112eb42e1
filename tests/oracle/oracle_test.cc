// Every scenario twice in simulated worlds with equal digests, and once on the real kernel with
// equal outcomes where network namespaces are permitted.
#include "gtest/gtest.h"
#include "tests/oracle/netns.h"
#include "tests/oracle/run.h"
#include "tests/oracle/simulated.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DRYWIRE_ORACLE_SANITIZED
#endif
#endif

namespace drywire::oracle {
namespace {

TEST(Oracle, SimulationsAreRepeatable) {
  for (const Scenario& scenario : AllScenarios()) {
    SCOPED_TRACE(scenario.name);
    Digest first;
    Digest second;
    const Outcome outcome = RunSimulated(scenario, &first);
    EXPECT_EQ(outcome.failure, "");
    EXPECT_EQ(RunSimulated(scenario, &second).transcripts, outcome.transcripts);
    EXPECT_EQ(first.ToString(), second.ToString());
  }
}

TEST(Oracle, SimulationAndKernelAgree) {
#ifdef DRYWIRE_ORACLE_SANITIZED
  // Some bodies pass bad pointers, which AddressSanitizer's poll() and its like touch before the
  // kernel can refuse them.
  GTEST_SKIP() << "the kernel is asked without AddressSanitizer";
#endif
  if (absl::Status permitted = NamespacesPermitted(); !permitted.ok()) {
    GTEST_SKIP() << "network namespaces are not permitted here: " << permitted.message();
  }
  const RunOptions options;
  int agree = 0;
  int known = 0;
  for (const Result& result : CompareAll(Select(options), options)) {
    ++(result.comparison.agree() ? agree : known);
    EXPECT_FALSE(result.comparison.surprising()) << result.scenario->name << "\n"
                                                 << Describe(result.comparison);
  }
  std::printf("%d agree, %d differ\n", agree, known);
}

}  // namespace
}  // namespace drywire::oracle
