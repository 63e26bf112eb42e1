// Names of constants in the arguments of system calls, and names of errors.
//
// Numbers are those of the machine Drywire is compiled on, whatever the system under test: the same
// rule as for programs (stack/sys/syscalls.h).
#ifndef DRYWIRE_TOOLS_PKT_CONSTANTS_H_
#define DRYWIRE_TOOLS_PKT_CONSTANTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace drywire::pkt {

struct Constant {
  absl::string_view name;
  int64_t value;
  absl::string_view group;  // "sockets", "options of TCP": for the documentation
};
absl::Span<const Constant> ConstantTable();

// Errors included.
std::optional<int64_t> FindConstant(absl::string_view name);
// "ECONNREFUSED" to its number.
std::optional<int> FindErrno(absl::string_view name);
// "ECONNREFUSED (Connection refused)".
std::string ErrnoText(int error);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_CONSTANTS_H_
