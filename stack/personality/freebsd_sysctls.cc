// The sysctls of FreeBSD 14.
#include "stack/personality/freebsd_sysctls.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

// --- Sysctls that are more, or less, than a number of the profile.

absl::Status SetNumber(absl::string_view name, absl::string_view text, int64_t min, int64_t max,
                       int64_t* value) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < min || number > max) {
    return absl::InvalidArgumentError(absl::StrCat(
        "sysctl ", name, " = \"", text, "\": expected 1 number from ", min, " to ", max));
  }
  *value = number;
  return absl::OkStatus();
}

// 1 is all of RFC 7323, 2 window scaling alone, 3 timestamps alone (tcp_newtcpcb).
absl::Status SetRfc1323(Profile& profile, absl::string_view text) {
  int64_t value = 0;
  const absl::Status set = SetNumber("net.inet.tcp.rfc1323", text, 0, 3, &value);
  if (!set.ok()) return set;
  profile.tcp.window_scaling = value == 1 || value == 2 ? 1 : 0;
  profile.tcp.timestamps = value == 1 || value == 3 ? 1 : 0;
  return absl::OkStatus();
}
std::string GetRfc1323(const Profile& profile) {
  const bool scaling = profile.tcp.window_scaling != 0;
  const bool timestamps = profile.tcp.timestamps != 0;
  return scaling && timestamps ? "1" : scaling ? "2" : timestamps ? "3" : "0";
}

// The window scale offered is the one that the largest buffer needs (tcp_connect).
absl::Status SetMaxsockbuf(Profile& profile, absl::string_view text) {
  int64_t value = 0;
  const absl::Status set = SetNumber("kern.ipc.maxsockbuf", text, 1, UINT32_MAX, &value);
  if (!set.ok()) return set;
  profile.socket.maxsockbuf = value;
  profile.tcp.rmem[2] = value;
  return absl::OkStatus();
}
std::string GetMaxsockbuf(const Profile& profile) {
  return absl::StrCat(profile.socket.maxsockbuf);
}

// Milliseconds on FreeBSD, seconds in the profile.
absl::Status SetSeconds(absl::string_view name, absl::string_view text, int64_t* seconds) {
  int64_t value = 0;
  const absl::Status set = SetNumber(name, text, 1000, INT32_MAX, &value);
  if (set.ok()) *seconds = value / 1000;
  return set;
}
absl::Status SetKeepidle(Profile& profile, absl::string_view text) {
  return SetSeconds("net.inet.tcp.keepidle", text, &profile.tcp.keepalive_time_s);
}
std::string GetKeepidle(const Profile& profile) {
  return absl::StrCat(profile.tcp.keepalive_time_s * 1000);
}
absl::Status SetKeepintvl(Profile& profile, absl::string_view text) {
  return SetSeconds("net.inet.tcp.keepintvl", text, &profile.tcp.keepalive_intvl_s);
}
std::string GetKeepintvl(const Profile& profile) {
  return absl::StrCat(profile.tcp.keepalive_intvl_s * 1000);
}

constexpr SysctlEntry kSysctls[] = {
    {"net.inet.ip.forwarding", 1, 0, 1, +[](Profile& p) { return &p.ip.forwarding; },
     "the host is an IPv4 router"},
    {"net.inet6.ip6.forwarding", 1, 0, 1, +[](Profile& p) { return &p.ip.forwarding_v6; },
     "the host is an IPv6 router"},
    {"net.inet.ip.ttl", 1, 1, 255, +[](Profile& p) { return &p.ip.default_ttl; },
     "TTL of packets sent"},
    {"net.inet6.ip6.hlim", 1, 1, 255, +[](Profile& p) { return &p.ip.default_hop_limit; },
     "hop limit of packets sent"},
    {"net.inet.ip.connect_inaddr_wild", 1, 0, 1,
     +[](Profile& p) { return &p.ip.connect_inaddr_wild; },
     "0.0.0.0 as destination means the host itself"},
    {"net.inet.icmp.icmplim", 1, 0, INT32_MAX, +[](Profile& p) { return &p.ip.icmplim; },
     "ICMP errors, and RSTs of closed ports, a second; 0: no limit"},
    {"net.link.ether.inet.maxtries", 1, 1, 1000, +[](Profile& p) { return &p.ip.arp_maxtries; },
     "ARP requests before senders are told"},
    {"net.link.ether.inet.wait", 1, 1, INT32_MAX, +[](Profile& p) { return &p.ip.arp_wait_s; },
     "life of an incomplete ARP entry, s"},
    {"net.link.ether.inet.max_age", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.ip.arp_max_age_s; }, "life of an ARP entry, s"},
    {"net.link.ether.inet.maxhold", 1, 1, 1000, +[](Profile& p) { return &p.ip.neighbour_queue; },
     "packets that wait for one neighbour"},
    {"net.inet6.icmp6.nd6_mmaxtries", 1, 1, 255,
     +[](Profile& p) { return &p.ip.neigh_mcast_solicit; }, "ND requests before a neighbour fails"},
    {"net.inet6.icmp6.nd6_umaxtries", 1, 1, 255,
     +[](Profile& p) { return &p.ip.neigh_ucast_solicit; },
     "ND requests before a neighbour known earlier fails"},
    {"net.inet6.icmp6.nd6_delay", 1, 0, 86400,
     +[](Profile& p) { return &p.ip.neigh_delay_probe_s; },
     "s from the first use of a stale entry to its probe"},
    {"net.inet.ip.portrange.first", 1, 1, 65535,
     +[](Profile& p) { return &p.socket.port_range[0]; }, "first ephemeral port"},
    {"net.inet.ip.portrange.last", 1, 1, 65535, +[](Profile& p) { return &p.socket.port_range[1]; },
     "last ephemeral port"},
    {"net.inet.ip.portrange.reservedhigh", 1, 0, 65535,
     +[](Profile& p) { return &p.socket.reserved_high; }, "highest port for the privileged"},
    {"net.inet.tcp.blackhole", 1, 0, 3, +[](Profile& p) { return &p.socket.tcp_blackhole; },
     "no RST for closed ports: 1 to a SYN, 2 to anything"},
    {"net.inet.udp.blackhole", 1, 0, 1, +[](Profile& p) { return &p.socket.udp_blackhole; },
     "no port unreachable for closed ports"},
    {"net.inet.udp.maxdgram", 1, 0, 65535, +[](Profile& p) { return &p.udp.max_datagram; },
     "largest datagram sent, bytes"},
    {"net.inet.udp.recvspace", 1, 1, INT32_MAX, +[](Profile& p) { return &p.udp.receive_space; },
     "default receive buffer, bytes"},
    {"net.inet6.ip6.v6only", 1, 0, 1, +[](Profile& p) { return &p.socket.v6only_default; },
     "default of IPV6_V6ONLY"},
    {"kern.ipc.maxsockbuf", 1, 1, UINT32_MAX, nullptr, "largest socket buffer, bytes",
     SetMaxsockbuf, GetMaxsockbuf},
    {"kern.ipc.soacceptqueue", 1, 0, 65535, +[](Profile& p) { return &p.socket.somaxconn; },
     "largest listen backlog"},
    {"net.local.stream.sendspace", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.unix_domain.stream_send_space; },
     "send buffer of UNIX streams, bytes"},
    {"net.local.stream.recvspace", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.unix_domain.stream_receive_space; },
     "receive buffer of UNIX streams, bytes"},
    {"net.local.dgram.maxdgram", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.unix_domain.datagram_max; }, "largest UNIX datagram, bytes"},
    {"net.local.dgram.recvspace", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.unix_domain.datagram_receive_space; },
     "receive buffer of UNIX datagram sockets, bytes"},
    {"net.local.seqpacket.maxseqpacket", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.unix_domain.seqpacket_max; },
     "largest UNIX sequenced packet, bytes"},
    {"net.local.seqpacket.recvspace", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.unix_domain.seqpacket_receive_space; },
     "receive buffer of UNIX sequenced packets, bytes"},
    {"kern.maxfiles", 1, 1, INT32_MAX, +[](Profile& p) { return &p.socket.file_max; },
     "files open on the host"},
    {"security.bsd.hardlink_check_uid", 1, 0, 1,
     +[](Profile& p) { return &p.vfs.hardlink_check_uid; }, "no hard links to files of others"},
    {"security.bsd.hardlink_check_gid", 1, 0, 1,
     +[](Profile& p) { return &p.vfs.hardlink_check_gid; },
     "no hard links to files of other groups"},
    {"net.inet.tcp.keepinit", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.keepinit_ms; },
     "connection establishment limit, ms"},
    {"net.inet.tcp.rexmit_initial", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.tcp.rexmit_initial_ms; }, "first retransmission timeout, ms"},
    {"net.inet.tcp.rexmit_min", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.rto_min_ms; },
     "least retransmission timeout, ms"},
    {"net.inet.tcp.rexmit_slop", 1, 0, INT32_MAX, +[](Profile& p) { return &p.tcp.rexmit_slop_ms; },
     "added to every retransmission timeout, ms"},
    {"net.inet.tcp.rexmit_drop_options", 1, 0, 1,
     +[](Profile& p) { return &p.tcp.rexmit_drop_options; },
     "no options from the third SYN retransmission on"},
    {"net.inet.tcp.retries", 1, 1, 12, +[](Profile& p) { return &p.tcp.retries2; },
     "retransmissions before a connection is given up"},
    {"net.inet.tcp.persmin", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.persmin_ms; },
     "least interval of window probes, ms"},
    {"net.inet.tcp.persmax", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.persmax_ms; },
     "largest interval of window probes, ms"},
    {"net.inet.tcp.rfc1323", 1, 0, 3, nullptr, "RFC 7323: 1 all, 2 window scaling, 3 timestamps",
     SetRfc1323, GetRfc1323},
    {"net.inet.tcp.sack.enable", 1, 0, 1, +[](Profile& p) { return &p.tcp.sack; },
     "RFC 2018 selective acknowledgements"},
    {"net.inet.tcp.mssdflt", 1, 48, 65535, +[](Profile& p) { return &p.tcp.mssdflt; },
     "segment size of a peer that sent none"},
    {"net.inet.tcp.minmss", 1, 48, 65535, +[](Profile& p) { return &p.tcp.minmss; },
     "smallest segment size a peer may ask for"},
    {"net.inet.tcp.initcwnd_segments", 1, 1, 1000, +[](Profile& p) { return &p.tcp.initcwnd; },
     "initial congestion window, segments"},
    {"net.inet.tcp.delacktime", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.delack_ms; },
     "delay of acknowledgements, ms"},
    {"net.inet.tcp.recvspace", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.rmem[1]; },
     "default receive buffer, bytes"},
    {"net.inet.tcp.sendspace", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.wmem[1]; },
     "default send buffer, bytes"},
    {"net.inet.tcp.insecure_rst", 1, 0, 1, +[](Profile& p) { return &p.tcp.insecure_rst; },
     "any RST in the window resets"},
    {"net.inet.tcp.insecure_syn", 1, 0, 1, +[](Profile& p) { return &p.tcp.insecure_syn; },
     "any SYN in the window resets"},
    {"net.inet.tcp.drop_synfin", 1, 0, 1, +[](Profile& p) { return &p.tcp.drop_synfin; },
     "segments with SYN and FIN are dropped"},
    {"net.inet.tcp.tolerate_missing_ts", 1, 0, 1,
     +[](Profile& p) { return &p.tcp.tolerate_missing_ts; },
     "segments may lack a negotiated timestamp"},
    {"net.inet.tcp.ack_war_timewindow", 1, 0, INT32_MAX,
     +[](Profile& p) { return &p.tcp.ack_war_timewindow_ms; },
     "window of the challenge ACK limit, ms"},
    {"net.inet.tcp.ack_war_cnt", 1, 0, INT32_MAX, +[](Profile& p) { return &p.tcp.ack_war_cnt; },
     "challenge ACKs in a window"},
    {"net.inet.tcp.syncookies", 1, 0, 1, +[](Profile& p) { return &p.tcp.syncookies; },
     "SYN cookies on overflow"},
    {"net.inet.tcp.syncookies_only", 1, 0, 1, +[](Profile& p) { return &p.tcp.syncookies_only; },
     "SYN cookies always"},
    {"net.inet.tcp.syncache.rexmtlimit", 1, 0, 255,
     +[](Profile& p) { return &p.tcp.synack_retries; }, "SYN-ACK retransmissions"},
    {"net.inet.tcp.syncache.rst_on_sock_fail", 1, 0, 1,
     +[](Profile& p) { return &p.tcp.rst_on_sock_fail; }, "RST when the accept queue is full"},
    {"net.inet.tcp.syncache.cachelimit", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.tcp.max_syn_backlog; }, "half-open connections remembered"},
    {"net.inet.tcp.icmp_may_rst", 1, 0, 1, +[](Profile& p) { return &p.tcp.icmp_may_rst; },
     "ICMP errors may end a connection attempt"},
    {"net.inet.tcp.always_keepalive", 1, 0, 1, +[](Profile& p) { return &p.tcp.always_keepalive; },
     "keep-alive for every connection"},
    {"net.inet.tcp.fast_finwait2_recycle", 1, 0, 1,
     +[](Profile& p) { return &p.tcp.fast_finwait2_recycle; }, "orphans leave FIN-WAIT-2 sooner"},
    {"net.inet.tcp.nolocaltimewait", 1, 0, 1, +[](Profile& p) { return &p.tcp.nolocaltimewait; },
     "connections of the host with itself end without TIME-WAIT"},
    {"net.inet.tcp.finwait2_timeout", 1, 1, INT32_MAX,
     +[](Profile& p) { return &p.tcp.finwait2_timeout_ms; }, "... after this, ms"},
    {"net.inet.tcp.keepidle", 1, 1000, INT32_MAX, nullptr, "idle time before the first probe, ms",
     SetKeepidle, GetKeepidle},
    {"net.inet.tcp.keepintvl", 1, 1000, INT32_MAX, nullptr, "interval of keep-alive probes, ms",
     SetKeepintvl, GetKeepintvl},
    {"net.inet.tcp.keepcnt", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.keepalive_probes; },
     "keep-alive probes without an answer"},
};

}  // namespace

absl::Span<const SysctlEntry> FreeBsdSysctls() { return kSysctls; }

}  // namespace drywire
