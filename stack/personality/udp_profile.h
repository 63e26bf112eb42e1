// The UDP part of a system's profile.
//
// The defaults are Linux's; FreeBsdProfile() changes what differs. Sources: udp(7), net/ipv4/udp.c
// as observed on Linux 6.18; udp(4), udp_usrreq.c and facts observed on FreeBSD 13.0.
#ifndef DRYWIRE_STACK_PERSONALITY_UDP_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_UDP_PROFILE_H_

#include <cstdint>

namespace drywire {

// What a queued datagram takes of the receive buffer.
enum class UdpBufferRule : uint8_t {
  kSkbTruesize,        // Linux: the buffer it is stored in, rounded up as the allocator does
  kPayloadAndAddress,  // FreeBSD: payload and the sender's address
};

struct UdpProfile {
  // --- Errors from the network ---
  // Host and net unreachable and time exceeded are told to connected sockets (FreeBSD); on Linux
  // only the errors that RFC 1122 calls hard are, as long as IP_RECVERR is off.
  bool soft_errors_are_told = false;

  // --- connect ---
  bool port_zero_refused = false;  // connect() to port 0 fails
  // Any connect() of a connected socket dissolves first, makes the local address the wildcard, and
  // discards a pending error.
  bool connect_forgets = false;
  // Ephemeral ports for connect() are counted per 4-tuple, and a 4-tuple that exists is refused.
  bool tuple_ports = false;

  // --- send ---
  // sendto() takes a link-local IPv6 destination without a scope id and lets the routes decide.
  bool send_scope_optional = true;
  bool address_on_connected_refused = false;  // sendto() with an address on a connected socket
  bool error_before_destination = false;  // a pending error is told before the address is judged
  int64_t max_datagram = 65535;           // net.inet.udp.maxdgram: payload, bytes

  // A full queue of the interface is told only to those who asked for errors (IP_RECVERR).
  bool hides_full_queue = true;
  bool discovers_path_mtu = true;  // datagrams that fit carry DF, unless IP_MTU_DISCOVER says no

  // --- receive ---
  // What is queued is read before a pending error is told, and nothing is queued after SHUT_RD.
  bool data_before_error = false;
  UdpBufferRule buffer_rule = UdpBufferRule::kSkbTruesize;
  int64_t receive_space = 0;         // net.inet.udp.recvspace; 0: the socket layer's default
  bool readable_counts_all = false;  // FIONREAD: all that is queued rather than the first datagram

  // --- readiness ---
  bool error_polls_as_error = true;   // POLLERR; otherwise a pending error is readable
  bool shutdown_polls_hangup = true;  // both directions shut: POLLHUP
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_UDP_PROFILE_H_
