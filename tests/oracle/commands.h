// The machine's own tools, for the side of the oracle that runs on the real kernel.
#ifndef DRYWIRE_TESTS_ORACLE_COMMANDS_H_
#define DRYWIRE_TESTS_ORACLE_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace drywire::oracle {

// Runs a program of PATH with `input` as its standard input and waits for it. The error of one that
// does not return 0 holds the command and what it said.
absl::Status RunCommand(const std::vector<std::string>& command, absl::string_view input = "");

// In the network namespace of the caller.
absl::Status WriteSysctl(const std::string& name, const std::string& value);

// A topology's statements as the tools take them: "input tcp dport 81 drop" is a rule of the chain
// input of table inet filter, "default via 10.0.0.1" is added.
std::string NftStatement(absl::string_view rule);
std::string IpRouteArguments(absl::string_view route);

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_COMMANDS_H_
