// What a script's --options come to, and the systems that scripts can be run on.
#ifndef DRYWIRE_TOOLS_PKT_CONFIG_H_
#define DRYWIRE_TOOLS_PKT_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "stack/base/address.h"
#include "tools/pkt/lexer.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

enum class IpMode : uint8_t { kIpv4, kIpv6, kMapped };
absl::string_view IpModeName(IpMode mode);
// "ipv4", "ipv6", "mapped" or packetdrill's "ipv4-mapped-ipv6".
std::optional<IpMode> ParseIpMode(absl::string_view name);

// What %{ }% is told about the socket under test.
enum class CodeData : uint8_t { kTcpInfo, kMeminfo };

struct Config {
  IpMode ip = IpMode::kIpv4;
  int64_t tolerance_usecs = 4000;
  int64_t tolerance_permille = 125;
  int64_t ts_tick_usecs = 0;
  bool ts_ecr_scaled = false;
  bool strict_segments = false;
  bool packets_non_fatal = false;
  bool calls_non_fatal = false;
  CodeData code_data = CodeData::kTcpInfo;
  uint32_t mtu = 1500;
  uint16_t bind_port = 8080;
  uint16_t connect_port = 8080;
  Address local;
  Address remote;
  Address gateway;
  std::optional<int> prefix_length;  // given once the configuration is made

  bool wire_is_v6() const { return ip == IpMode::kIpv6; }
  bool sockets_are_v6() const { return ip != IpMode::kIpv4; }
};

// What the command line says for every script.
struct ConfigOverrides {
  std::optional<IpMode> ip;
  std::optional<int64_t> tolerance_usecs;
  bool strict_segments = false;
  std::optional<uint32_t> mtu;  // where a script gives none
};

struct ConfigOutcome {
  std::string error;  // "3:1: --mtu=x: expected ..."; empty when all is well
  std::string skip;   // why the script cannot be run as asked
};
ConfigOutcome MakeConfig(const Script& script, const ConfigOverrides& overrides, Config* config);

// Symbols that are defined before a script begins: the system's name, and those that
// packetdrill's own test driver gives for each IP version.
Definitions StandardDefinitions(absl::string_view personality, IpMode mode);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_CONFIG_H_
