// The sysctls of scripts: their names and values as commands write them, and those that nothing
// here depends on.
#ifndef DRYWIRE_TOOLS_PKT_SYSCTLS_H_
#define DRYWIRE_TOOLS_PKT_SYSCTLS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tools/pkt/machine.h"

namespace drywire::pkt {

// /proc/sys/net/ipv4/tcp_sack and net/ipv4/tcp_sack as net.ipv4.tcp_sack.
std::string SysctlName(absl::string_view text);
// $((15*1024*1024)) and 0x70403: numbers that a shell would have worked out.
std::string SysctlValue(absl::string_view text);

// Sysctls that are accepted without being modelled.
struct AcceptedSysctl {
  absl::string_view name;
  absl::string_view why;
};
absl::Span<const AcceptedSysctl> AcceptedSysctlTable();
bool IsAcceptedSysctl(absl::string_view name);

// Sets a sysctl of the host under test by its name with dots. Errors name it.
std::string SetSysctl(Machine& machine, absl::string_view name, absl::string_view value);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_SYSCTLS_H_
