// FreeBSD 14; where 13.0 and 15 differ a field holds the choice.
#include "stack/personality/profile.h"

namespace drywire {
namespace {

constexpr SysctlEntry kSysctls[] = {
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
    {"kern.ipc.maxsockbuf", 1, 1, INT32_MAX, +[](Profile& p) { return &p.socket.maxsockbuf; },
     "largest socket buffer, bytes"},
    {"kern.ipc.soacceptqueue", 1, 0, 65535, +[](Profile& p) { return &p.socket.somaxconn; },
     "largest listen backlog"},
    {"kern.maxfiles", 1, 1, INT32_MAX, +[](Profile& p) { return &p.socket.file_max; },
     "files open on the host"},
    {"net.inet.tcp.keepinit", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.keepinit_ms; },
     "connection establishment limit, ms"},
};

}  // namespace

Profile FreeBsdProfile() {
  Profile profile;
  profile.name = "freebsd";
  profile.sysctls = kSysctls;
  profile.tcp.syn_retry_rule = SynRetryRule::kBsdBackoffTable;
  SocketProfile& socket = profile.socket;
  socket.address.max_length = 255;
  socket.address.min_length = 2;
  socket.address.exact_length = true;
  socket.address.family_before_length = true;  // 13.0: the length first
  socket.address.inet6_length = 28;
  socket.address.inet_on_inet6_datagram = false;
  socket.address.unspec_sends_as_inet = false;
  socket.address.unspec_dissolves = false;
  socket.bind_conflict_rule = BindConflictRule::kFreeBsd;
  socket.ephemeral_port_rule = EphemeralPortRule::kRandomStartLinear;
  socket.reuse_port_sharing = ReusePortSharing::kOldestTakes;
  socket.has_reuse_port_lb = true;
  socket.port_range = {10000, 65535};
  socket.unprivileged_port_start = 0;
  socket.reserved_high = 1023;
  socket.bound_check_first = true;
  socket.v6only_default = 1;
  socket.foreign_level_unsupported = false;
  socket.timeout_granularity_us = 1;
  socket.negative_timeout_is_error = true;
  socket.short_option_values = false;
  socket.boolean_options_read_as_bits = true;
  socket.rmem_default = 65536;  // net.inet.tcp.recvspace; datagram sockets have their own
  socket.wmem_default = 32768;  // net.inet.tcp.sendspace
  socket.buffers_double = false;
  socket.min_receive_buffer = 1;
  socket.min_send_buffer = 1;
  socket.maxsockbuf = 2097152;
  socket.somaxconn = 128;
  socket.file_max = 1048576;
  socket.nofile_soft = 1048576;
  socket.nofile_hard = 1048576;
  UdpProfile& udp = profile.udp;
  udp.soft_errors_are_told = true;
  udp.port_zero_refused = true;
  udp.connect_forgets = true;
  udp.tuple_ports = true;
  udp.address_on_connected_refused = true;
  udp.error_before_destination = true;
  udp.max_datagram = 9216;
  udp.buffer_rule = UdpBufferRule::kPayloadAndAddress;
  udp.receive_space = 42080;
  udp.readable_counts_all = true;
  udp.error_polls_as_error = false;
  udp.shutdown_polls_hangup = true;
  profile.sys.arguments_before_descriptor = true;
  profile.sys.poll_rejects_negative_timeout = true;
  profile.sys.connect_restarts = false;
  profile.sys.timeouts_prevent_restart = false;
  profile.sys.connect_obeys_send_timeout = false;
  profile.sys.accept_obeys_receive_timeout = false;
  profile.sys.pending_connect_waits = false;
  profile.sys.linger_expiry_is_error = true;
  profile.sys.linger_when_nonblocking = false;
  profile.sys.accept_inherits_nonblocking = true;
  profile.sys.select_updates_timeout = false;
  profile.sys.has_epoll = false;
  profile.sys.select_read_bits = 0x040 | 0x010 | 0x008;   // RDNORM HUP ERR
  profile.sys.select_write_bits = 0x100 | 0x010 | 0x008;  // WRNORM HUP ERR
  profile.sys.select_except_bits = 0x080 | 0x008;         // RDBAND ERR
  return profile;
}

}  // namespace drywire
