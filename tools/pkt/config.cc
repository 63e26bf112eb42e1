#include "tools/pkt/config.h"

#include <bit>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/pkt/syntax.h"

namespace drywire::pkt {
namespace {

constexpr int64_t kMaxUsecs = 1'000'000'000'000;

bool ToInteger(const std::string& value, int64_t min, int64_t max, int64_t* out) {
  return absl::SimpleAtoi(value, out) && *out >= min && *out <= max;
}

bool ToPort(const std::string& value, uint16_t* port) {
  int64_t number = 0;
  if (!ToInteger(value, 1, 65535, &number)) return false;
  *port = static_cast<uint16_t>(number);
  return true;
}

// "12.5" percent: tenths count.
bool ToPermille(const std::string& value, int64_t* permille) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(value, absl::MaxSplits('.', 1));
  int64_t whole = 0;
  int64_t tenths = 0;
  if (!ToInteger(parts.first, 0, 100, &whole)) return false;
  if (!parts.second.empty() && !ToInteger(parts.second.substr(0, 1), 0, 9, &tenths)) return false;
  *permille = whole * 10 + tenths;
  return true;
}

// An address, or a prefix of which the address counts.
bool ToAddress(const std::string& value, Address* address) {
  const absl::StatusOr<Prefix> prefix = Prefix::Parse(value);
  if (!prefix.ok()) return false;
  *address = prefix->address;
  return true;
}

bool ToNonFatal(const std::string& value, Config* config) {
  for (absl::string_view kind : absl::StrSplit(value, ',')) {
    if (kind == "packet") {
      config->packets_non_fatal = true;
    } else if (kind == "syscall") {
      config->calls_non_fatal = true;
    } else {
      return false;
    }
  }
  return true;
}

bool ToNetmask(const std::string& value, std::optional<int>* length) {
  const absl::StatusOr<Address> mask = Address::Parse(value);
  if (!mask.ok() || !mask->is_v4()) return false;
  const int ones = std::countl_one(mask->v4());
  *length = ones;
  return ones + std::countr_zero(mask->v4()) == 32;
}

// False when the value is not what the option wants.
bool Apply(const ScriptOption& option, Config* config) {
  int64_t number = 0;
  if (option.name == "tolerance_usecs") {
    return ToInteger(option.value, 1, kMaxUsecs, &config->tolerance_usecs);
  }
  if (option.name == "tolerance_percent") {
    return ToPermille(option.value, &config->tolerance_permille);
  }
  if (option.name == "tcp_ts_tick_usecs") {
    return ToInteger(option.value, 0, 1'000'000, &config->ts_tick_usecs);
  }
  if (option.name == "tcp_ts_ecr_scaled") return config->ts_ecr_scaled = true;
  if (option.name == "strict_segments") return config->strict_segments = true;
  if (option.name == "non_fatal") return ToNonFatal(option.value, config);
  if (option.name == "code_sockopt") {
    config->code_data = option.value == "SO_MEMINFO" ? CodeData::kMeminfo : CodeData::kTcpInfo;
    return option.value == "TCP_INFO" || option.value == "SO_MEMINFO" ||
           option.value == "TCP_CC_INFO";
  }
  if (option.name == "mtu") {
    if (!ToInteger(option.value, 68, 65535, &number)) return false;
    config->mtu = static_cast<uint32_t>(number);
    return true;
  }
  if (option.name == "bind_port") return ToPort(option.value, &config->bind_port);
  if (option.name == "connect_port") return ToPort(option.value, &config->connect_port);
  if (option.name == "local_ip") return ToAddress(option.value, &config->local);
  if (option.name == "remote_ip") return ToAddress(option.value, &config->remote);
  if (option.name == "gateway_ip") return ToAddress(option.value, &config->gateway);
  if (option.name == "netmask_ip") return ToNetmask(option.value, &config->prefix_length);
  return true;
}

// The addresses that packetdrill has when a script gives none, its random ones fixed. The gateway
// is the first of the host's network.
void FillAddresses(Config* config) {
  const bool v6 = config->wire_is_v6();
  if (!config->local.has_value()) {
    config->local = v6 ? Address::V6(0xfd3dfa7bd17d0000, 8) : Address::V4(192, 168, 0, 8);
  }
  if (!config->remote.has_value()) {
    config->remote = v6 ? Address::V6(0x20010db800000000, 1) : Address::V4(192, 0, 2, 1);
  }
  if (!config->prefix_length.has_value()) config->prefix_length = v6 ? 64 : 16;
  if (!config->gateway.has_value()) {
    const Address network = Prefix{config->local, *config->prefix_length}.Network();
    config->gateway = v6 ? Address::V6(network.hi(), 1) : Address::V4(network.v4() | 1);
    if (config->gateway == config->local) {
      config->gateway = v6 ? Address::V6(network.hi(), 2) : Address::V4(network.v4() | 254);
    }
  }
}

}  // namespace

absl::string_view IpModeName(IpMode mode) {
  return mode == IpMode::kIpv4 ? "ipv4" : mode == IpMode::kIpv6 ? "ipv6" : "mapped";
}

std::optional<IpMode> ParseIpMode(absl::string_view name) {
  if (name == "ipv4") return IpMode::kIpv4;
  if (name == "ipv6") return IpMode::kIpv6;
  if (name == "mapped" || name == "ipv4-mapped-ipv6") return IpMode::kMapped;
  return std::nullopt;
}

ConfigOutcome MakeConfig(const Script& script, const ConfigOverrides& overrides, Config* config) {
  ConfigOutcome outcome;
  if (overrides.ip.has_value()) config->ip = *overrides.ip;
  if (overrides.mtu.has_value()) config->mtu = *overrides.mtu;
  for (const ScriptOption& option : script.options) {
    const OptionSyntax* syntax = FindOption(option.name);
    if (syntax->support == Support::kSkips) {
      outcome.skip = absl::StrCat(syntax->meaning, " (--", option.name, ")");
      return outcome;
    }
    bool valid = Apply(option, config);
    if (option.name == "code_sockopt" && option.value == "TCP_CC_INFO") {
      outcome.skip = "TCP_CC_INFO (of BBR, DCTCP and Vegas)";
      return outcome;
    }
    if (option.name == "ip_version") {
      const std::optional<IpMode> mode = ParseIpMode(option.value);
      valid = mode.has_value();
      if (valid && overrides.ip.has_value() && *overrides.ip != *mode) {
        outcome.skip = absl::StrCat("for ", option.value, " only");
        return outcome;
      }
      if (valid) config->ip = *mode;
    }
    if (!valid) {
      outcome.error = absl::StrCat(option.place.line, ":", option.place.column, ": --", option.name,
                                   "=", option.value, ": expected ", syntax->value);
      return outcome;
    }
  }
  if (overrides.tolerance_usecs.has_value()) config->tolerance_usecs = *overrides.tolerance_usecs;
  if (overrides.strict_segments) config->strict_segments = true;
  FillAddresses(config);
  for (const Address& address : {config->local, config->remote, config->gateway}) {
    if (address.is_v6() != config->wire_is_v6()) {
      outcome.skip =
          absl::StrCat("the address ", address.ToString(), " is not of ", IpModeName(config->ip));
    }
  }
  return outcome;
}

Definitions StandardDefinitions(absl::string_view personality, IpMode mode) {
  const bool v4 = mode == IpMode::kIpv4;
  Definitions definitions = {
      {"TFO_COOKIE", mode == IpMode::kIpv6 ? "c1d1e9742a47a9bc" : "3021b9d889017eeb"},
      {"CODE", mode == IpMode::kIpv6 ? "address_unreachable" : "host_unreachable"},
      {"CMSG_LEVEL_IP", v4 ? "SOL_IP" : "SOL_IPV6"},
      {"CMSG_TYPE_RECVERR", v4 ? "IP_RECVERR" : "IPV6_RECVERR"},
  };
  // nplab's scripts ask for the system with #ifdef.
  struct Row {
    absl::string_view personality;
    absl::string_view symbol;
  };
  constexpr Row kRows[] = {{"linux", "Linux"}, {"freebsd", "FreeBSD"}};
  for (const Row& row : kRows) {
    if (row.personality.compare(personality) == 0) definitions[std::string(row.symbol)] = "";
  }
  return definitions;
}

}  // namespace drywire::pkt
