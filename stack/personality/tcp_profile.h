// The TCP part of a system's profile: sysctls under their real names, and switches for behaviour
// that has none.
//
// The defaults are Linux 6.18's, as observed; FreeBsdProfile() sets what differs. Sysctl fields are
// int64_t in the sysctl's own unit, so that Profile::Set can reach them. Where 13.0 and 15-CURRENT
// of FreeBSD differ the comment says so.
#ifndef DRYWIRE_STACK_PERSONALITY_TCP_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_TCP_PROFILE_H_

#include <array>
#include <cstdint>
#include <initializer_list>

#include "sim/core/time.h"
#include "stack/personality/cause.h"

namespace drywire {

// How a system spaces SYNs and when it gives up.
enum class SynRetryRule : uint8_t {
  kLinuxLinearThenExponential,  // tcp_syn_retries, tcp_syn_linear_timeouts
  kBsdBackoffTable,             // net.inet.tcp.keepinit caps a back-off with slop
};

// How the retransmission timeout comes from round-trip measurements, and its limits.
enum class RtoRule : uint8_t {
  kLinux,  // SRTT + max(4 * RTTVAR with a decaying maximum, rto_min)
  kBsd,    // max(SRTT + 4 * RTTVAR, rexmit_min) + rexmit_slop
};

// When data is acknowledged.
enum class AckRule : uint8_t {
  kLinux,  // quick acknowledgements, then a delay that adapts (ato), interactive mode
  kBsd,    // every second segment, or after delacktime
};

// What becomes of urgent data that arrives.
enum class UrgentRule : uint8_t {
  kLinux,  // it is left where it is and passed over by who reads (tcp_urg)
  kBsd,    // it is taken out (tcp_pulloutofband)
};

// Which SACK blocks are sent.
enum class SackRule : uint8_t {
  kLinux,  // the latest four pieces (tcp_sack_new_ofo_skb)
  kBsd,    // a list that is kept (tcp_update_sack_list)
};

// How the receive window is chosen.
enum class WindowRule : uint8_t { kLinux, kBsd };

// What a half-open connection of a listener does with segments.
enum class RequestRule : uint8_t {
  kLinux,  // as SYN-RECEIVED; an in-window SYN or RST deletes it
  kBsd,    // the syncache: a SYN draws the SYN-ACK again, a RST must be exact
};

// What a TIME-WAIT connection does with segments.
enum class TimeWaitRule : uint8_t {
  kLinux,  // an RST ends it (tcp_rfc1337), an old SYN draws an ACK
  kBsd,    // RSTs and old SYNs are ignored
};

// A set of the causes that ICMP messages map to.
class IcmpCauseSet {
 public:
  constexpr IcmpCauseSet() = default;
  constexpr IcmpCauseSet(std::initializer_list<Cause> causes) {
    for (Cause cause : causes) bits_ |= Bit(cause);
  }
  static constexpr IcmpCauseSet All() {
    IcmpCauseSet set;
    set.bits_ = ~uint32_t{0};
    return set;
  }
  constexpr bool Contains(Cause cause) const { return (bits_ & Bit(cause)) != 0; }

 private:
  static constexpr uint32_t Bit(Cause cause) {
    const int index = static_cast<int>(cause) - static_cast<int>(Cause::kIcmpNetUnreachable);
    return index >= 0 && index < 32 ? uint32_t{1} << index : 0;
  }
  uint32_t bits_ = 0;
};

struct TcpProfile {
  // The timer tick where a rule is written in ticks: 4 ms at HZ=250.
  Duration tick = Duration::Millis(4);

  // --- Opening ---
  SynRetryRule syn_retry_rule = SynRetryRule::kLinuxLinearThenExponential;
  int64_t syn_retries = 6;           // net.ipv4.tcp_syn_retries
  int64_t syn_linear_timeouts = 4;   // net.ipv4.tcp_syn_linear_timeouts
  int64_t synack_retries = 5;        // net.ipv4.tcp_synack_retries
  int64_t keepinit_ms = 75000;       // net.inet.tcp.keepinit
  int64_t rexmit_initial_ms = 1000;  // net.inet.tcp.rexmit_initial; TCP_TIMEOUT_INIT
  int64_t rexmit_drop_options = 0;   // net.inet.tcp.rexmit_drop_options
  int64_t timestamps = 1;            // net.ipv4.tcp_timestamps; net.inet.tcp.rfc1323
  int64_t window_scaling = 1;        // net.ipv4.tcp_window_scaling; net.inet.tcp.rfc1323
  int64_t sack = 1;                  // net.ipv4.tcp_sack; net.inet.tcp.sack.enable
  int64_t mssdflt = 536;             // net.inet.tcp.mssdflt; TCP_MSS_DEFAULT
  int64_t minmss = 48;               // net.ipv4.tcp_min_snd_mss; net.inet.tcp.minmss
  bool bad_ack_hastens_syn = true;   // an unacceptable ACK in SYN-SENT: SYN again in two ticks
  bool syn_may_carry_data = false;   // text and FIN on a SYN or SYN-ACK are taken in (FreeBSD)
  bool initial_rtt_from_syn = true;  // the handshake gives the first round-trip sample

  // --- Listening ---
  // The accept queue holds backlog * halves / 2 + 1 connections.
  int backlog_halves = 2;
  bool syn_needs_accept_room = true;   // SYNs are dropped while the accept queue is full
  bool overflow_keeps_request = true;  // the final ACK is ignored, the SYN-ACK is sent again
  bool listen_drops_syn_fin = true;    // SYN-FIN to a listener is dropped
  RequestRule request_rule = RequestRule::kLinux;
  bool syn_queue_limited_by_backlog = true;
  int64_t abort_on_overflow = 0;           // net.ipv4.tcp_abort_on_overflow
  int64_t rst_on_sock_fail = 1;            // net.inet.tcp.syncache.rst_on_sock_fail
  int64_t max_syn_backlog = 2048;          // net.ipv4.tcp_max_syn_backlog; syncache.cachelimit
  int64_t syncookies = 1;                  // net.ipv4.tcp_syncookies; net.inet.tcp.syncookies
  int64_t syncookies_only = 0;             // net.inet.tcp.syncookies_only
  int64_t syncookie_lifetime_ms = 120000;  // a cookie may come back so long after an overflow

  // --- Acceptance of segments ---
  int64_t invalid_ratelimit_ms = 500;   // net.ipv4.tcp_invalid_ratelimit
  int64_t ack_war_timewindow_ms = 0;    // net.inet.tcp.ack_war_timewindow; 0: see above
  int64_t ack_war_cnt = 5;              // net.inet.tcp.ack_war_cnt
  int64_t insecure_rst = 0;             // net.inet.tcp.insecure_rst
  int64_t insecure_syn = 0;             // net.inet.tcp.insecure_syn
  int64_t drop_synfin = 0;              // net.inet.tcp.drop_synfin
  int64_t tolerate_missing_ts = 1;      // net.inet.tcp.tolerate_missing_ts
  bool rst_before_fin_accepted = true;  // RST at RCV.NXT-1 after a FIN (as macOS sends) is taken
  bool bad_ack_resets_syn_received = true;  // ACK not of the SYN in SYN-RECEIVED: RST
  bool old_ack_challenged = true;           // RFC 5961 5.2 below SND.UNA - MAX.SND.WND
  bool rst_needs_last_ack_sent = false;     // RST is judged against the last ACK sent, not RCV.NXT

  // --- Round trips and retransmission ---
  RtoRule rto_rule = RtoRule::kLinux;
  int64_t early_retrans = 3;    // net.ipv4.tcp_early_retrans: tail loss probes from 3 on
  int64_t rto_min_ms = 200;     // net.ipv4.tcp_rto_min_us; net.inet.tcp.rexmit_min
  int64_t rexmit_slop_ms = 0;   // net.inet.tcp.rexmit_slop
  int64_t rto_max_ms = 120000;  // net.ipv4.tcp_rto_max_ms; TCPTV_REXMTMAX
  int64_t retries2 = 15;        // net.ipv4.tcp_retries2; net.inet.tcp.retries
  int64_t orphan_retries = 0;   // net.ipv4.tcp_orphan_retries; 0 means 8
  bool retries_count = false;   // the limit is a number of retransmissions, not a time
  int64_t persmin_ms = 0;       // net.inet.tcp.persmin; 0: the retransmission timeout
  int64_t persmax_ms = 120000;  // net.inet.tcp.persmax
  int window_probe_bytes = 0;   // bytes beyond the window that a probe carries
  // send() takes what fills a packet as soon as there is any room for it.
  bool fills_packets = true;
  // New text that was refused on its way out waits as if the window were closed (tcp_write_xmit);
  // for FreeBSD it was lost.
  bool refused_is_unsent = true;
  // A retransmission is filled up with text that was not sent yet.
  bool retransmission_takes_new = false;
  int64_t initcwnd = 10;  // initial window, segments; net.inet.tcp.initcwnd_segments

  // --- Sending ---
  bool segments_fit_half_window = true;  // tcp_bound_to_half_wnd
  bool nagle_minshall = true;            // Nagle waits for a small segment in flight, not for any
  // What goes out in one go ends with PSH, as does what a probe sends (__tcp_transmit_skb).
  bool bursts_are_pushed = true;
  bool window_half_is_enough =
      false;  // send less than a segment if half the largest window is free
  bool fin_ignores_window = false;
  std::array<int64_t, 3> wmem = {4096, 16384,
                                 4194304};  // net.ipv4.tcp_wmem; sendspace, sendbuf_max
  bool outq_counts_sequence = true;  // TIOCOUTQ is a difference of sequence numbers, not bytes
  bool send_buffer_grows = true;     // sized for the initial window when the connection opens
  int64_t write_low_water = 0;       // room that makes a socket writable; 0: a third of the buffer
  // net.ipv4.tcp_notsent_lowat: bytes that may wait to be sent before writers must wait.
  int64_t notsent_lowat = UINT32_MAX;
  bool records_end_segments = true;  // what MSG_EOR ends shares no segment with what follows

  // --- Receiving ---
  AckRule ack_rule = AckRule::kLinux;
  UrgentRule urgent_rule = UrgentRule::kLinux;
  int64_t stdurg = 0;  // net.ipv4.tcp_stdurg: the pointer tells the urgent byte
  SackRule sack_rule = SackRule::kLinux;
  int64_t dsack = 1;            // net.ipv4.tcp_dsack: duplicates are told (RFC 2883)
  int64_t delack_ms = 40;       // TCP_DELACK_MIN; net.inet.tcp.delacktime
  int64_t delack_max_ms = 200;  // TCP_DELACK_MAX
  bool fin_acked_at_once = false;
  WindowRule window_rule = WindowRule::kLinux;
  std::array<int64_t, 3> rmem = {4096, 131072,
                                 33554432};  // net.ipv4.tcp_rmem; recvspace, recvbuf_max
  bool shut_read_discards = false;  // data after shutdown(SHUT_RD) is acknowledged and thrown away

  // --- Closing ---
  int64_t fin_timeout_s = 60;    // net.ipv4.tcp_fin_timeout
  int64_t time_wait_ms = 60000;  // TCP_TIMEWAIT_LEN; 2 * net.inet.tcp.msl
  // net.inet.tcp.nolocaltimewait: a connection of the host with itself ends without TIME-WAIT.
  int64_t nolocaltimewait = 0;
  int64_t finwait2_timeout_ms = 60000;  // net.inet.tcp.finwait2_timeout
  int64_t fast_finwait2_recycle = 0;    // net.inet.tcp.fast_finwait2_recycle
  TimeWaitRule time_wait_rule = TimeWaitRule::kLinux;
  bool acks_repeat_fin = false;       // while a FIN is unacknowledged ACKs carry it (tcp_outflags)
  bool reset_window_is_zero = false;  // of a RST that ends a connection
  int64_t rfc1337 = 0;                // net.ipv4.tcp_rfc1337
  int64_t tw_reuse = 2;               // net.ipv4.tcp_tw_reuse: 0 never, 1 always, 2 on loopback
  int64_t tw_reuse_delay_ms = 1000;   // net.ipv4.tcp_tw_reuse_delay
  bool unread_data_resets = true;     // close() with unread data sends RST
  bool orphan_fin_wait_2_is_compact = true;  // kept as a TIME-WAIT entry
  bool syn_sent_close_keeps_fin = false;     // shutdown(SHUT_WR) in SYN-SENT: FIN after SYN-ACK

  // --- Keep-alive ---
  int64_t keepalive_time_s = 7200;  // net.ipv4.tcp_keepalive_time; net.inet.tcp.keepidle
  int64_t keepalive_intvl_s = 75;
  int64_t keepalive_probes = 9;
  int64_t always_keepalive = 0;  // net.inet.tcp.always_keepalive

  // --- ICMP ---
  int64_t icmp_may_rst = 1;  // net.inet.tcp.icmp_may_rst
  // Connections adopt a path MTU that another one of the host was told (tcp_current_mss).
  bool follows_route_mtu = true;
  // An ICMP error that comes back while connect() still holds the socket, which is at the instant
  // of the call, is only noted: SO_ERROR tells it, the answer to the next SYN ends the attempt
  // (Linux, tcp_v4_err).
  bool icmp_is_soft_inside_connect = true;
  // Fatal at once in SYN-SENT (with icmp_may_rst).
  IcmpCauseSet icmp_fatal_connecting = IcmpCauseSet::All();
  // Never looked at.
  IcmpCauseSet icmp_ignored = {};
  // Kept as the soft error of an established connection.
  IcmpCauseSet icmp_soft_established = IcmpCauseSet::All();
  bool soft_error_after_retries = false;  // BSD: a second one after the fourth SYN is fatal
  bool icmp_kills_requests = true;        // unreachable for a half-open connection deletes it
  bool icmp_seq_at_snd_nxt = true;        // a quoted sequence equal to SND.NXT is accepted too
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_TCP_PROFILE_H_
