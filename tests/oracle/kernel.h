// Runs scenarios on the real kernel, several at a time, each in network namespaces of its own.
#ifndef DRYWIRE_TESTS_ORACLE_KERNEL_H_
#define DRYWIRE_TESTS_ORACLE_KERNEL_H_

#include <functional>
#include <vector>

#include "tests/oracle/outcome.h"

namespace drywire::oracle {

// `done` is called in this process as each scenario ends, in the order in which they end. A
// scenario that does not end within its limit is killed and fails. Whatever happens, also at SIGINT
// and SIGTERM (which end the program), the namespaces are removed.
void RunOnKernel(const std::vector<const Scenario*>& scenarios, int parallel,
                 const std::function<void(const Scenario&, const Outcome&)>& done);

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_KERNEL_H_
