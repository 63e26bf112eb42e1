// Linux 6.18, as observed; fields that equal the default in the profile headers are not repeated.
#include "stack/personality/profile.h"

namespace drywire {
namespace {

constexpr SysctlEntry kSysctls[] = {
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
};

}  // namespace

Profile LinuxProfile() {
  Profile profile;
  profile.name = "linux";
  profile.sysctls = kSysctls;
  return profile;
}

}  // namespace drywire
