#include "tools/pkt/sysctls.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "stack/host/host.h"

namespace drywire::pkt {
namespace {

constexpr AcceptedSysctl kAccepted[] = {
    {"net.ipv4.tcp_fack", "no effect on Linux either"},
    {"net.ipv4.tcp_frto", "forward RTO recovery is not modelled"},
    {"net.ipv4.tcp_reordering", "loss recovery is not modelled"},
    {"net.ipv4.tcp_recovery", "loss recovery is not modelled"},
    {"net.ipv4.tcp_congestion_control", "congestion control is not modelled"},
    {"net.ipv4.tcp_slow_start_after_idle", "congestion control is not modelled"},
    {"net.ipv4.tcp_ecn", "ECN is not modelled"},
    {"net.ipv4.tcp_ecn_option", "ECN is not modelled"},
    {"net.ipv4.tcp_ecn_option_beacon", "ECN is not modelled"},
    {"net.ipv4.tcp_pacing_ss_ratio", "nothing is paced"},
    {"net.ipv4.tcp_pacing_ca_ratio", "nothing is paced"},
    {"net.ipv4.tcp_tso_win_divisor", "segments are never merged"},
    {"net.ipv4.tcp_min_tso_segs", "segments are never merged"},
    {"net.ipv4.tcp_tso_rtt_log", "segments are never merged"},
    {"net.ipv4.tcp_limit_output_bytes", "nothing waits below TCP"},
    {"net.ipv4.tcp_autocorking", "nothing waits below TCP"},
    {"net.ipv4.tcp_fastopen", "Fast Open is not modelled"},
    {"net.ipv4.tcp_fastopen_key", "Fast Open is not modelled"},
    {"net.ipv4.tcp_fastopen_cookies", "Fast Open is not modelled"},
    {"net.ipv4.tcp_fastopen_blackhole_timeout_sec", "Fast Open is not modelled"},
    {"net.ipv4.tcp_mtu_probing", "path MTU probing is not modelled"},
    {"net.ipv4.tcp_base_mss", "path MTU probing is not modelled"},
    {"net.ipv4.tcp_moderate_rcvbuf", "receive buffers do not grow"},
    {"net.ipv4.tcp_no_metrics_save", "no metrics are kept"},
    {"net.ipv4.tcp_metrics_flush", "no metrics are kept"},
    {"net.inet.tcp.hostcache.purgenow", "there is no host cache"},
    {"net.inet.tcp.ecn.enable", "ECN is not modelled"},
    {"net.inet.tcp.ecn.maxretries", "ECN is not modelled"},
    {"net.inet.tcp.fastopen.client_enable", "Fast Open is not modelled"},
    {"net.inet.tcp.fastopen.server_enable", "Fast Open is not modelled"},
    {"net.inet.tcp.path_mtu_discovery", "always on"},
    {"net.inet.tcp.pmtud_blackhole_detection", "path MTU probing is not modelled"},
    {"net.inet.tcp.pmtud_blackhole_mss", "path MTU probing is not modelled"},
    {"net.inet.tcp.v6pmtud_blackhole_mss", "path MTU probing is not modelled"},
    {"net.inet.tcp.cc.algorithm", "congestion control is not modelled"},
    {"net.inet.tcp.do_prr", "loss recovery is not modelled"},
};

}  // namespace

std::string SysctlName(absl::string_view text) {
  absl::ConsumePrefix(&text, "/proc/sys/");
  return absl::StrReplaceAll(text, {{"/", "."}});
}

std::string SysctlValue(absl::string_view text) {
  std::vector<std::string> words = absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  for (std::string& word : words) {
    absl::string_view inner = word;
    uint64_t number = 0;
    if (absl::ConsumePrefix(&inner, "$((") && absl::ConsumeSuffix(&inner, "))")) {
      uint64_t product = 1;
      bool valid = true;
      for (absl::string_view factor : absl::StrSplit(inner, '*')) {
        valid = valid && absl::SimpleAtoi(factor, &number);
        product *= number;
      }
      if (valid) word = absl::StrCat(product);
    } else if (absl::ConsumePrefix(&inner, "0x") && absl::SimpleHexAtoi(inner, &number)) {
      word = absl::StrCat(number);
    }
  }
  return absl::StrJoin(words, " ");
}

absl::Span<const AcceptedSysctl> AcceptedSysctlTable() { return kAccepted; }

bool IsAcceptedSysctl(absl::string_view name) {
  return std::any_of(std::begin(kAccepted), std::end(kAccepted),
                     [name](const AcceptedSysctl& row) { return row.name == name; });
}

std::string SetSysctl(Machine& machine, absl::string_view name, absl::string_view value) {
  if (IsAcceptedSysctl(name)) return "";
  const absl::Status set = machine.host().profile().Set(name, value);
  return set.ok() ? "" : std::string(set.message());
}

}  // namespace drywire::pkt
