// Runs a scenario in a simulated world.
#ifndef DRYWIRE_TESTS_ORACLE_SIMULATED_H_
#define DRYWIRE_TESTS_ORACLE_SIMULATED_H_

#include "sim/core/trace.h"
#include "tests/oracle/outcome.h"

namespace drywire::oracle {

// `digest` may be null; otherwise it gets the run's.
Outcome RunSimulated(const Scenario& scenario, Digest* digest = nullptr);

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_SIMULATED_H_
