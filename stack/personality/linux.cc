// Linux 6.18, as observed; fields that equal the default in the profile headers are not repeated.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

// "8080,9148,2000-2003": ports and ranges, in any order; empty for none.
absl::Status SetReservedPorts(Profile& profile, absl::string_view value) {
  std::vector<PortInterval> intervals;
  for (const absl::string_view item : absl::StrSplit(value, ',', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(absl::StripAsciiWhitespace(item), absl::MaxSplits('-', 1));
    const bool is_range = item.find('-') != absl::string_view::npos;
    int low = 0;
    int high = 0;
    const bool valid = absl::SimpleAtoi(ends.first, &low) &&
                       absl::SimpleAtoi(is_range ? ends.second : ends.first, &high);
    if (!valid || low < 0 || high > 65535 || low > high) {
      return absl::InvalidArgumentError(
          absl::StrCat("sysctl net.ipv4.ip_local_reserved_ports = \"", value, "\": \"", item,
                       "\" is no port or range of ports such as 2000-2003"));
    }
    intervals.push_back({static_cast<uint16_t>(low), static_cast<uint16_t>(high)});
  }
  profile.socket.reserved_ports = std::move(intervals);
  return absl::OkStatus();
}

std::string GetReservedPorts(const Profile& profile) {
  std::string text;
  for (const PortInterval& interval : profile.socket.reserved_ports) {
    absl::StrAppend(&text, text.empty() ? "" : ",", interval.low);
    if (interval.high != interval.low) absl::StrAppend(&text, "-", interval.high);
  }
  return text;
}

// What a timer's tick is depends on how the kernel was built.
absl::Status SetHz(Profile& profile, absl::string_view value) {
  int hz = 0;
  if (!absl::SimpleAtoi(value, &hz) || (hz != 100 && hz != 250 && hz != 300 && hz != 1000)) {
    return absl::InvalidArgumentError(
        absl::StrCat("CONFIG_HZ = \"", value, "\": expected 100, 250, 300 or 1000"));
  }
  profile.socket.timeout_granularity_us = 1'000'000 / hz;
  profile.tcp.tick = Duration::Micros(1'000'000 / hz);
  return absl::OkStatus();
}

std::string GetHz(const Profile& profile) {
  return absl::StrCat(1'000'000 / profile.socket.timeout_granularity_us);
}

constexpr SysctlEntry kSysctls[] = {
    {"CONFIG_HZ", 1, 100, 1000, nullptr,
     "no sysctl, but how the kernel was built: ticks a second, 250 unless set", SetHz, GetHz},
    {"net.ipv4.ip_local_reserved_ports", 1, 0, 65535, nullptr,
     "ports that are never chosen, only bound by number", SetReservedPorts, GetReservedPorts},
    {"net.ipv4.ip_forward", 1, 0, 1, +[](Profile& p) { return &p.ip.forwarding; },
     "the host is an IPv4 router"},
    {"net.ipv6.conf.all.forwarding", 1, 0, 1, +[](Profile& p) { return &p.ip.forwarding_v6; },
     "the host is an IPv6 router"},
    {"net.ipv4.ip_default_ttl", 1, 1, 255, +[](Profile& p) { return &p.ip.default_ttl; },
     "TTL of packets sent"},
    {"net.ipv6.conf.all.hop_limit", 1, 1, 255, +[](Profile& p) { return &p.ip.default_hop_limit; },
     "hop limit of packets sent"},
    {"net.ipv4.icmp_echo_ignore_all", 1, 0, 1,
     +[](Profile& p) { return &p.ip.icmp_echo_ignore_all; }, "no answer to echo requests"},
    {"net.ipv4.icmp_ratelimit", 1, 0, INT32_MAX,
     +[](Profile& p) { return &p.ip.icmp_ratelimit_ms; },
     "ms between ICMP errors to one destination; 0: no limit"},
    {"net.ipv4.icmp_ratemask", 1, 0, UINT32_MAX, +[](Profile& p) { return &p.ip.icmp_ratemask; },
     "ICMP types that are limited, a bit each"},
    {"net.ipv6.icmp.ratelimit", 1, 0, INT32_MAX,
     +[](Profile& p) { return &p.ip.icmp_v6_ratelimit_ms; },
     "ms between ICMPv6 errors to one destination; 0: no limit"},
    {"net.ipv4.route.error_cost", 1, 0, INT32_MAX,
     +[](Profile& p) { return &p.ip.route_error_cost; },
     "what an answer about a route costs, jiffies of 4 ms"},
    {"net.ipv4.route.error_burst", 1, 0, INT32_MAX,
     +[](Profile& p) { return &p.ip.route_error_burst; },
     "how much of that may be saved up, jiffies of 4 ms"},
    {"net.ipv4.route.mtu_expires", 1, 1, INT32_MAX, +[](Profile& p) { return &p.ip.mtu_expires_s; },
     "life of a path MTU, s"},
    {"net.ipv4.route.min_pmtu", 1, 68, 65535, +[](Profile& p) { return &p.ip.min_pmtu; },
     "smallest path MTU believed, bytes"},
    {"net.ipv4.neigh.default.retrans_time_ms", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.ip.neigh_retrans_ms; }, "ms between ARP or ND requests"},
    {"net.ipv4.neigh.default.mcast_solicit", 1, 1, 255,
     +[](Profile& p) { return &p.ip.neigh_mcast_solicit; }, "requests before a neighbour fails"},
    {"net.ipv4.neigh.default.ucast_solicit", 1, 1, 255,
     +[](Profile& p) { return &p.ip.neigh_ucast_solicit; },
     "requests before a neighbour known earlier fails"},
    {"net.ipv4.neigh.default.base_reachable_time_ms", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.ip.neigh_reachable_ms; }, "how long an answer is believed, ms"},
    {"net.ipv4.neigh.default.delay_first_probe_time", 1, 0, 86400,
     +[](Profile& p) { return &p.ip.neigh_delay_probe_s; },
     "s from the first use of a stale entry to its probe"},
    {"net.ipv4.ip_local_port_range", 2, 1, 65535,
     +[](Profile& p) { return p.socket.port_range.data(); }, "first and last ephemeral port"},
    {"net.ipv4.ip_unprivileged_port_start", 1, 0, 65535,
     +[](Profile& p) { return &p.socket.unprivileged_port_start; },
     "first port that needs no privilege"},
    {"net.ipv4.ip_nonlocal_bind", 1, 0, 1, +[](Profile& p) { return &p.socket.nonlocal_bind; },
     "bind() takes addresses of other hosts"},
    {"net.ipv6.bindv6only", 1, 0, 1, +[](Profile& p) { return &p.socket.v6only_default; },
     "default of IPV6_V6ONLY"},
    {"net.core.rmem_default", 1, 2304, INT32_MAX,
     +[](Profile& p) { return &p.socket.rmem_default; }, "default receive buffer, bytes"},
    {"net.core.rmem_max", 1, 2304, INT32_MAX, +[](Profile& p) { return &p.socket.rmem_max; },
     "largest SO_RCVBUF, bytes"},
    {"net.core.wmem_default", 1, 4608, INT32_MAX,
     +[](Profile& p) { return &p.socket.wmem_default; }, "default send buffer, bytes"},
    {"net.core.wmem_max", 1, 4608, INT32_MAX, +[](Profile& p) { return &p.socket.wmem_max; },
     "largest SO_SNDBUF, bytes"},
    {"net.core.somaxconn", 1, 0, INT32_MAX, +[](Profile& p) { return &p.socket.somaxconn; },
     "largest listen backlog"},
    {"fs.file-max", 1, 1, INT64_MAX, +[](Profile& p) { return &p.socket.file_max; },
     "files open on the host"},
    {"fs.pipe-max-size", 1, 4096, INT32_MAX, +[](Profile& p) { return &p.sys.pipe_max_size; },
     "largest F_SETPIPE_SZ of the unprivileged, bytes"},
    {"fs.protected_hardlinks", 1, 0, 1, +[](Profile& p) { return &p.vfs.protected_hardlinks; },
     "no hard links to files of others that one may not write"},
    {"fs.protected_symlinks", 1, 0, 1, +[](Profile& p) { return &p.vfs.protected_symlinks; },
     "links of others in sticky directories are not followed"},
    {"net.unix.max_dgram_qlen", 1, 0, INT32_MAX,
     +[](Profile& p) { return &p.unix_domain.max_dgram_qlen; },
     "messages that a UNIX datagram socket queues"},
    {"net.ipv4.tcp_syn_retries", 1, 1, 127, +[](Profile& p) { return &p.tcp.syn_retries; },
     "SYN retransmissions before ETIMEDOUT"},
    {"net.ipv4.tcp_syn_linear_timeouts", 1, 0, 127,
     +[](Profile& p) { return &p.tcp.syn_linear_timeouts; }, "first SYN timeouts of 1 s each"},
    {"net.ipv4.tcp_synack_retries", 1, 0, 255, +[](Profile& p) { return &p.tcp.synack_retries; },
     "SYN-ACK retransmissions"},
    {"net.ipv4.tcp_max_syn_backlog", 1, 0, INT32_MAX,
     +[](Profile& p) { return &p.tcp.max_syn_backlog; }, "half-open connections remembered"},
    {"net.ipv4.tcp_syncookies", 1, 0, 2, +[](Profile& p) { return &p.tcp.syncookies; },
     "SYN cookies: never, on overflow, always"},
    {"net.ipv4.tcp_abort_on_overflow", 1, 0, 1,
     +[](Profile& p) { return &p.tcp.abort_on_overflow; }, "RST when the accept queue is full"},
    {"net.ipv4.tcp_timestamps", 1, 0, 2, +[](Profile& p) { return &p.tcp.timestamps; },
     "RFC 7323 timestamps"},
    {"net.ipv4.tcp_window_scaling", 1, 0, 1, +[](Profile& p) { return &p.tcp.window_scaling; },
     "RFC 7323 window scaling"},
    {"net.ipv4.tcp_sack", 1, 0, 1, +[](Profile& p) { return &p.tcp.sack; },
     "RFC 2018 selective acknowledgements"},
    {"net.ipv4.tcp_dsack", 1, 0, 1, +[](Profile& p) { return &p.tcp.dsack; },
     "RFC 2883 duplicate acknowledgements"},
    {"net.ipv4.tcp_early_retrans", 1, 0, 4, +[](Profile& p) { return &p.tcp.early_retrans; },
     "tail loss probes: 3 and 4 yes, less no"},
    {"net.ipv4.tcp_min_snd_mss", 1, 48, 65535, +[](Profile& p) { return &p.tcp.minmss; },
     "smallest segment size a peer may ask for"},
    {"net.ipv4.tcp_invalid_ratelimit", 1, 0, INT32_MAX,
     +[](Profile& p) { return &p.tcp.invalid_ratelimit_ms; },
     "ms between answers to invalid segments"},
    {"net.ipv4.tcp_rto_max_ms", 1, 1000, 120000, +[](Profile& p) { return &p.tcp.rto_max_ms; },
     "largest retransmission timeout, ms"},
    {"net.ipv4.tcp_retries2", 1, 0, 255, +[](Profile& p) { return &p.tcp.retries2; },
     "retransmissions before a connection is given up"},
    {"net.ipv4.tcp_orphan_retries", 1, 0, 255, +[](Profile& p) { return &p.tcp.orphan_retries; },
     "retransmissions of a closed socket's data; 0 is 8"},
    {"net.ipv4.tcp_fin_timeout", 1, 0, 120, +[](Profile& p) { return &p.tcp.fin_timeout_s; },
     "seconds an orphan stays in FIN-WAIT-2"},
    {"net.ipv4.tcp_stdurg", 1, 0, 1, +[](Profile& p) { return &p.tcp.stdurg; },
     "the urgent pointer tells the urgent byte rather than what is after it"},
    {"net.ipv4.tcp_rfc1337", 1, 0, 1, +[](Profile& p) { return &p.tcp.rfc1337; },
     "RST does not end TIME-WAIT"},
    {"net.ipv4.tcp_tw_reuse", 1, 0, 2, +[](Profile& p) { return &p.tcp.tw_reuse; },
     "connect() over TIME-WAIT: never, always, on loopback"},
    {"net.ipv4.tcp_tw_reuse_delay", 1, 1, 60000,
     +[](Profile& p) { return &p.tcp.tw_reuse_delay_ms; },
     "ms in TIME-WAIT before it may be taken over"},
    {"net.ipv4.tcp_keepalive_time", 1, 1, 32767,
     +[](Profile& p) { return &p.tcp.keepalive_time_s; }, "idle seconds before the first probe"},
    {"net.ipv4.tcp_keepalive_intvl", 1, 1, 32767,
     +[](Profile& p) { return &p.tcp.keepalive_intvl_s; }, "seconds between probes"},
    {"net.ipv4.tcp_keepalive_probes", 1, 1, 127,
     +[](Profile& p) { return &p.tcp.keepalive_probes; }, "probes without an answer"},
    {"net.ipv4.tcp_rmem", 3, 1, INT32_MAX, +[](Profile& p) { return p.tcp.rmem.data(); },
     "receive buffer: least, default, most, bytes"},
    {"net.ipv4.tcp_wmem", 3, 1, INT32_MAX, +[](Profile& p) { return p.tcp.wmem.data(); },
     "send buffer: least, default, most, bytes"},
    {"net.ipv4.tcp_notsent_lowat", 1, 0, UINT32_MAX,
     +[](Profile& p) { return &p.tcp.notsent_lowat; },
     "bytes that may wait to be sent before writers must wait"},
};

}  // namespace

Profile LinuxProfile() {
  Profile profile;
  profile.name = "linux";
  profile.sysctls = kSysctls;
  return profile;
}

}  // namespace drywire
