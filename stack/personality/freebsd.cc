// FreeBSD 14; where 13.0 and 15 differ a field holds the choice.
#include "stack/personality/freebsd_sysctls.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

constexpr IcmpCauseSet kRefusals = {
    Cause::kIcmpProtocolUnreachable, Cause::kIcmpPortUnreachable,  Cause::kIcmpNetProhibited,
    Cause::kIcmpHostProhibited,      Cause::kIcmpAdminProhibited,  Cause::kIcmpTimeExceeded,
    Cause::kIcmp6AdminProhibited,    Cause::kIcmp6PortUnreachable, Cause::kIcmp6TimeExceeded,
};

// sys/netinet of FreeBSD 14; facts observed on 13.0.
void SetTcp(TcpProfile& tcp) {
  tcp.tick = Duration::Millis(1);
  // Opening.
  tcp.syn_retry_rule = SynRetryRule::kBsdBackoffTable;
  tcp.synack_retries = 3;
  tcp.bad_ack_hastens_syn = false;
  tcp.syn_may_carry_data = true;
  tcp.minmss = 216;
  // Listening.
  tcp.backlog_halves = 3;
  tcp.syn_needs_accept_room = false;
  tcp.overflow_keeps_request = false;
  tcp.listen_drops_syn_fin = false;
  tcp.request_rule = RequestRule::kBsd;
  tcp.syn_queue_limited_by_backlog = false;
  tcp.max_syn_backlog = 15375;
  tcp.syncookie_lifetime_ms = 16000;
  // Acceptance.
  tcp.ack_war_timewindow_ms = 1000;
  tcp.tolerate_missing_ts = 0;
  tcp.rst_before_fin_accepted = false;
  tcp.old_ack_challenged = false;
  tcp.rst_needs_last_ack_sent = true;
  // Retransmission.
  tcp.rto_rule = RtoRule::kBsd;
  tcp.early_retrans = 0;
  tcp.rto_min_ms = 30;
  tcp.rexmit_slop_ms = 200;
  tcp.rto_max_ms = 64000;
  tcp.retries2 = 12;
  tcp.retries_count = true;
  tcp.persmin_ms = 5000;
  tcp.persmax_ms = 60000;
  tcp.window_probe_bytes = 1;
  tcp.refused_is_unsent = false;
  tcp.fills_packets = false;
  tcp.retransmission_takes_new = true;
  // Sending and receiving.
  tcp.segments_fit_half_window = false;
  tcp.nagle_minshall = false;
  tcp.bursts_are_pushed = false;
  tcp.window_half_is_enough = true;
  tcp.fin_ignores_window = true;
  tcp.wmem = {2048, 32768, 2097152};
  tcp.outq_counts_sequence = false;
  tcp.send_buffer_grows = false;
  tcp.write_low_water = 2048;
  tcp.records_end_segments = false;
  tcp.ack_rule = AckRule::kBsd;
  tcp.sack_rule = SackRule::kBsd;
  tcp.urgent_rule = UrgentRule::kBsd;
  tcp.fin_acked_at_once = true;
  tcp.window_rule = WindowRule::kBsd;
  tcp.rmem = {1, 65536, 2097152};
  tcp.shut_read_discards = true;
  // Closing.
  tcp.time_wait_rule = TimeWaitRule::kBsd;
  tcp.nolocaltimewait = 1;  // 13.0: 0
  tcp.unread_data_resets = false;
  tcp.acks_repeat_fin = true;
  tcp.reset_window_is_zero = true;
  tcp.orphan_fin_wait_2_is_compact = false;
  tcp.syn_sent_close_keeps_fin = true;
  // Keep-alive.
  tcp.keepalive_probes = 8;
  tcp.always_keepalive = 1;
  // ICMP.
  tcp.follows_route_mtu = false;
  tcp.icmp_is_soft_inside_connect = false;
  tcp.icmp_fatal_connecting = kRefusals;
  tcp.icmp_ignored = {Cause::kIcmp6PolicyFail, Cause::kIcmp6RejectRoute};
  tcp.icmp_soft_established = {};
  tcp.soft_error_after_retries = true;
  tcp.icmp_kills_requests = false;
  tcp.icmp_seq_at_snd_nxt = false;
}

void SetIp(IpProfile& ip) {
  ip.refusing_routes = RefusingRouteRule::kAbsentUnlessBound;
  ip.neighbours = NeighbourRule::kBsd;
  ip.icmp_limit = IcmpLimitRule::kPerSecond;
  ip.route_error_cost = 0;
  ip.icmp_quoted_text = 0;
  ip.neighbour_queue = 16;
  ip.loopback_mtu = 16384;
  ip.down_removes_routes = false;
  ip.loopback_checked_on_output = true;
  ip.loopback_prefix_is_routed = false;
  ip.unspecified_is_loopback = false;
  ip.stream_broadcast_refused_by_routing = false;
  ip.no_v6_route_is_host_unreachable = true;
  ip.forward_no_route_is_net_unreachable = false;
  ip.bound_interface_implies_on_link = false;
}

// sys/kern and sys/ufs of FreeBSD 14.
void SetVfs(VfsProfile& vfs) {
  vfs.name_rule = NameRule::kLookupJudges;
  vfs.path_max = 1024;
  vfs.max_symlinks = 32;
  vfs.links_count_to_path_max = true;
  vfs.name_length_before_search = true;
  vfs.removed_directory_has_parent = false;
  vfs.link_follows_symlinks = true;
  vfs.times_judged_first = true;
  vfs.empty_symlink_target = true;
  vfs.group_from_directory = true;
  vfs.symlink_mode_obeys_umask = true;
  vfs.open_mode_mask = 06777;
  vfs.mkdir_mode_mask = 0777;
  vfs.mknod_makes_any_file = false;
  vfs.open_takes_no_access = false;
  vfs.open_shows_large_file = false;
  vfs.open_creates_in_directory_mode = true;
  vfs.set_id_rule = SetIdRule::kFreeBsd;
  vfs.chmod_refuses_special_bits = true;
  vfs.empty_chown_is_judged = false;
  vfs.relatime = false;
  vfs.socket_type_before_access = true;
  vfs.privilege_before_path = true;
  vfs.readlink_needs_room = false;
  vfs.protected_hardlinks = 0;
  vfs.link_max = 65530;
  vfs.block_size = 32768;
  vfs.directory_size = 512;
  vfs.identity_rule = IdentityRule::kFreeBsd;
  vfs.ngroups_max = 1024;
}

// sys/kern/uipc_usrreq.c and uipc_socket.c of FreeBSD 14; facts observed on 13.0.
void SetUnix(UnixProfile& unix_domain) {
  unix_domain.protocol_may_be_family = false;
  unix_domain.max_address = 106;
  unix_domain.abstract_names = false;
  unix_domain.autobind = false;
  unix_domain.wrong_family_is_invalid = false;
  unix_domain.names_end_in_nul = false;
  unix_domain.unnamed_length = 16;
  unix_domain.closed_peer_has_name = false;
  unix_domain.streams_tell_source = false;
  unix_domain.unnamed_source_is_empty = false;
  unix_domain.bind_makes_inode_first = false;
  unix_domain.destination_first = false;
  unix_domain.full_backlog_waits = false;
  unix_domain.backlog_halves = 3;
  unix_domain.connected_refuses_others = false;
  unix_domain.dissolve_succeeds = false;
  unix_domain.flow_rule = UnixFlowRule::kReceiverBytes;
  unix_domain.stream_send_space = 8192;
  unix_domain.stream_receive_space = 8192;
  unix_domain.datagram_max = 2048;
  unix_domain.datagram_receive_space = 16384;
  unix_domain.seqpacket_max = 8192;
  unix_domain.seqpacket_receive_space = 8192;
  unix_domain.full_receiver_is_error = true;
  unix_domain.unread_data_resets = false;
  unix_domain.peer_close_is_told = true;
  unix_domain.shutdown_needs_connection = true;
  unix_domain.message_error_before_data = false;
  unix_domain.error_polls_as_error = false;
  unix_domain.unconnected_polls_hup = false;
  unix_domain.linux_credentials = false;
  unix_domain.bsd_credentials = true;
  unix_domain.max_rights = 1024;
  unix_domain.limits_in_flight = false;
}

}  // namespace

Profile FreeBsdProfile() {
  Profile profile;
  profile.name = "freebsd";
  profile.sysctls = FreeBsdSysctls();
  SetTcp(profile.tcp);
  SetIp(profile.ip);
  SetVfs(profile.vfs);
  SetUnix(profile.unix_domain);
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
  socket.peek_takes_error = false;
  socket.foreign_level_unsupported = false;
  socket.v6_option_length_is_unsigned = false;
  socket.timeout_granularity_us = 1;
  socket.negative_timeout_is_error = true;
  socket.short_option_values = false;
  socket.boolean_options_read_as_bits = true;
  socket.linger_is_short = true;
  socket.rmem_default = 65536;  // net.inet.tcp.recvspace; datagram sockets have their own
  socket.wmem_default = 32768;  // net.inet.tcp.sendspace
  socket.buffers_double = false;
  socket.min_receive_buffer = 1;
  socket.min_send_buffer = 1;
  socket.maxsockbuf = 2097152;
  socket.somaxconn = 128;
  socket.file_max = 1048576;
  socket.file_max_spares_privileged = false;
  socket.socket_arguments_have_range = false;
  socket.nofile_soft = 1048576;
  socket.nofile_hard = 1048576;
  UdpProfile& udp = profile.udp;
  udp.soft_errors_are_told = true;
  udp.port_zero_refused = true;
  udp.connect_forgets = true;
  udp.tuple_ports = true;
  udp.address_on_connected_refused = true;
  udp.error_before_destination = true;
  udp.send_scope_optional = false;
  udp.max_datagram = 9216;
  udp.discovers_path_mtu = false;
  udp.hides_full_queue = false;
  udp.data_before_error = true;
  udp.buffer_rule = UdpBufferRule::kPayloadAndAddress;
  udp.receive_space = 42080;
  udp.readable_counts_all = true;
  udp.error_polls_as_error = false;
  udp.shutdown_polls_hangup = true;
  StreamProfile& stream = profile.stream;
  stream.poll_rule = StreamPollRule::kBsd;
  stream.failed_socket_is_dead = true;
  stream.success_reported_once = false;
  stream.connect_reports_send_failure = true;
  stream.send_waits_for_connect = false;
  stream.shutdown_before_error = true;
  stream.control_is_read = false;
  stream.has_outqnsd = false;
  stream.end_before_error = false;
  stream.empty_receive_returns = true;
  stream.sendto_connects = true;
  stream.shutdown_disconnects = false;
  stream.listener_shutdown_aborts_accept = true;  // 15: no
  stream.releases_automatic_port = false;
  stream.reset_leaves_accept_queue = true;
  stream.destination_before_route = true;
  stream.icmp_stays_queued = false;
  stream.soft_errors_are_told = false;
  stream.mapped_socket_stays_ipv4 = false;
  stream.linux_tcp_options = false;
  profile.sys.sysname = "FreeBSD";
  profile.sys.release = "14.0-RELEASE";
  profile.sys.version = "FreeBSD 14.0-RELEASE GENERIC";
  profile.sys.machine = "amd64";
  profile.sys.arguments_before_descriptor = true;
  profile.sys.offset_before_descriptor = false;
  profile.sys.has_splice = false;
  profile.sys.poll_rejects_negative_timeout = true;
  profile.sys.exit_closes_last_first = false;
  profile.sys.connect_restarts = false;
  profile.sys.timeouts_prevent_restart = false;
  profile.sys.connect_obeys_send_timeout = false;
  profile.sys.accept_obeys_receive_timeout = false;
  profile.sys.pending_connect_waits = false;
  profile.sys.peek_waits_for_all = false;
  profile.sys.receive_refuses_negative_name = false;
  profile.sys.send_cuts_long_name = false;
  profile.sys.linger_expiry_is_error = true;
  profile.sys.linger_when_nonblocking = false;
  profile.sys.accept_inherits_nonblocking = true;
  profile.sys.select_updates_timeout = false;
  profile.sys.has_epoll = false;
  profile.sys.exec_string_max = 524288;  // kern_exec.c, imgact_shell.c
  profile.sys.exec_total_max = 524288;
  profile.sys.exec_interpreters = 1;
  profile.sys.pipes_are_bidirectional = true;  // sys_pipe.c
  profile.sys.pipe_holds_pages = false;
  profile.sys.pipe_size = 16384;
  profile.sys.pipe_reverse_size = 4096;
  profile.sys.pipe_buf = 512;
  profile.sys.pipe_max_size = 0;
  profile.sys.pipe_end_is_readable = true;
  profile.sys.has_signalfd = false;
  profile.sys.event_write_is_exact = false;
  profile.sys.event_files_have_position = false;
  profile.sys.event_files_poll_norm = true;               // sys_eventfd.c, sys_timerfd.c
  profile.sys.select_read_bits = 0x040 | 0x010 | 0x008;   // RDNORM HUP ERR
  profile.sys.select_write_bits = 0x100 | 0x010 | 0x008;  // WRNORM HUP ERR
  profile.sys.select_except_bits = 0x080 | 0x008;         // RDBAND ERR
  profile.sys.every_socket_has_mark = true;
  return profile;
}

}  // namespace drywire
