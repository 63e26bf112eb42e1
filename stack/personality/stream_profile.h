// How a system's TCP sockets behave above the protocol: what calls say in which state, what poll()
// shows, what a failed connection leaves behind.
//
// The defaults are Linux 6.18's as observed; FreeBsdProfile() sets what differs (observed on a
// FreeBSD 13.0 stack, uipc_socket.c).
#ifndef DRYWIRE_STACK_PERSONALITY_STREAM_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_STREAM_PROFILE_H_

#include <cstdint>

namespace drywire {

// Which bits poll() shows for a stream socket.
enum class StreamPollRule : uint8_t {
  kLinux,  // tcp_poll: HUP for a fresh socket, ERR while an error is pending
  kBsd,    // sopoll_generic: never ERR; HUP when both directions are shut, and then no OUT
};

struct StreamProfile {
  StreamPollRule poll_rule = StreamPollRule::kLinux;
  // After a failed attempt, a reset or a timeout the socket can never be used again.
  bool failed_socket_is_dead = false;
  // connect() after an attempt that succeeded in the background says so once; otherwise EISCONN.
  bool success_reported_once = true;
  // connect() fails when the first SYN cannot be sent, although the attempt goes on.
  bool connect_reports_send_failure = false;
  // ... after which another connect() finds its own 4-tuple in use (FreeBSD 13.0); otherwise the
  // attempt counts as pending (15).
  bool unsent_attempt_is_in_use = false;
  // connect() on a socket in TIME-WAIT finds the 4-tuple in use (FreeBSD 13, whose TIME-WAIT is no
  // connection of the socket's any more); otherwise the socket is connected.
  bool time_wait_is_in_use = false;
  // send() during the handshake waits for it; otherwise it fails as not connected.
  bool send_waits_for_connect = true;
  // send() looks at the closed direction before the pending error.
  bool shutdown_before_error = false;
  // Ancillary data of send() is looked through, and mostly ignored; otherwise there must be none.
  bool control_is_read = true;
  // There is SIOCOUTQNSD.
  bool has_outqnsd = true;
  // recv() says that the peer has closed before it says what went wrong.
  bool end_before_error = true;
  // recv() of no bytes says at once that there are none, whatever is queued; otherwise it waits for
  // something to receive, as any other does.
  bool empty_receive_returns = false;
  // sendto() with an address connects an unconnected socket.
  bool sendto_connects = false;
  // shutdown() in SYN-SENT ends the attempt, on an unconnected socket it closes the direction all
  // the same, and of a listener's reading side it stops listening.
  bool shutdown_disconnects = true;
  // shutdown() of a listener's reading side fails, but makes the next accept() fail too, once
  // (FreeBSD before 15).
  bool listener_shutdown_aborts_accept = false;
  // A stopped attempt gives back the port it took by itself.
  bool releases_automatic_port = true;
  // A connection that is reset while it waits for accept() leaves the queue, and the next accept()
  // fails once; otherwise it is handed out, dead.
  bool reset_leaves_accept_queue = false;
  // connect() refuses multicast and 255.255.255.255 before it looks for a route.
  bool destination_before_route = false;
  // An ICMP error about an attempt also stays in the socket's error queue, whether it was asked for
  // (IP_RECVERR) or not: poll() shows ERR until recvmsg() with MSG_ERRQUEUE takes it.
  bool icmp_stays_queued = true;
  // SO_ERROR tells, and clears, an ICMP error that was no reason to end the connection; otherwise
  // it only explains a timeout (t_softerror).
  bool soft_errors_are_told = true;
  // A socket that was once connected to a v4-mapped address keeps sending by IPv4 (icsk_af_ops):
  // when it is connected to an IPv6 address later, nothing it sends goes anywhere.
  bool mapped_socket_stays_ipv4 = true;
  // Whether tcp(7)'s options exist, or tcp(4)'s.
  bool linux_tcp_options = true;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_STREAM_PROFILE_H_
