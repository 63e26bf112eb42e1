// The socket layer's part of a system's profile: addresses, ports, buffers, descriptors.
//
// The defaults are Linux's; FreeBsdProfile() changes what differs. Sources: ip(7), socket(7),
// Documentation/networking/ip-sysctl.rst; tuning(7), ip(4), FreeBSD's in_pcb.c and uipc_socket.c.
#ifndef DRYWIRE_STACK_PERSONALITY_SOCKET_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_SOCKET_PROFILE_H_

#include <array>
#include <cstdint>
#include <vector>

namespace drywire {

// Whether a bind() may share a port with its holders.
enum class BindConflictRule : uint8_t {
  kLinux,    // inet_csk_bind_conflict, udp_lib_lport_inuse
  kFreeBsd,  // in_pcbbind_setup, in6_pcbbind
};

// How an ephemeral port is found.
enum class EphemeralPortRule : uint8_t {
  kLinux,              // connect: parity of the range's start first; bind(0): the other one first
  kRandomStartLinear,  // FreeBSD: a random start, then one after the other
};

// How sockets bound to the same port with SO_REUSEPORT share what arrives.
enum class ReusePortSharing : uint8_t {
  kSpread,       // Linux: by a hash of the addresses
  kOldestTakes,  // FreeBSD: one of them takes all; SO_REUSEPORT_LB spreads
};

// Ports from `low` to `high`, both included.
struct PortInterval {
  uint16_t low = 0;
  uint16_t high = 0;
};

// How a system judges address arguments (see stack/socket/inet_address.h).
struct AddressRules {
  int64_t max_length = 128;           // longer: kAddressTooLong
  int64_t min_length = 0;             // shorter fails before the descriptor is looked at
  bool exact_length = false;          // longer than the structure is wrong too
  bool family_before_length = false;  // FreeBSD: since 13.1; before and on Linux the length first
  int64_t inet_length = 16;
  int64_t inet6_length = 24;           // Linux accepts RFC 2133's structure without a scope id
  bool inet_on_inet6_datagram = true;  // AF_INET addresses on AF_INET6 UDP sockets
  bool unspec_binds_as_inet = true;    // bind() takes AF_UNSPEC with 0.0.0.0
  bool unspec_sends_as_inet = true;    // sendto() takes AF_UNSPEC
  bool unspec_dissolves = true;        // connect() to AF_UNSPEC dissolves and succeeds
};

struct SocketProfile {
  AddressRules address;

  // --- Ports ---
  BindConflictRule bind_conflict_rule = BindConflictRule::kLinux;
  EphemeralPortRule ephemeral_port_rule = EphemeralPortRule::kLinux;
  ReusePortSharing reuse_port_sharing = ReusePortSharing::kSpread;
  // net.ipv4.ip_local_port_range; net.inet.ip.portrange.first and .last
  std::array<int64_t, 2> port_range = {32768, 60999};
  // Ports below the first, and up to the second, are for privileged processes:
  // net.ipv4.ip_unprivileged_port_start; net.inet.ip.portrange.reservedhigh. A system has one.
  int64_t unprivileged_port_start = 1024;
  int64_t reserved_high = 0;
  // net.ipv4.ip_local_reserved_ports: never chosen, may be bound by number.
  std::vector<PortInterval> reserved_ports;
  // A named knob for FreeBSD's connect(2) page: FreeBSD 3 (in_pcb.c of 1998) reported exhaustion as
  // EAGAIN; in_pcb.c of 2006 and every later one say EADDRNOTAVAIL.
  bool exhaustion_is_try_again = false;
  // A named knob for Linux's connect(2) page: a 4-tuple in use is reported as an address in use. No
  // kernel observed says so at connect().
  bool tuple_conflict_is_in_use = false;
  // Binding to an address the host does not have: net.ipv4.ip_nonlocal_bind.
  int64_t nonlocal_bind = 0;
  int64_t v6only_default = 0;  // net.ipv6.bindv6only; net.inet6.ip6.v6only

  // The order of bind()'s checks: FreeBSD judges whether the socket is bound before the address,
  // and the address before the privilege. Linux: address, privilege, bound (IPv4); privilege,
  // bound, address (IPv6).
  bool bound_check_first = false;
  bool has_reuse_port_lb = false;  // SO_REUSEPORT_LB exists

  // --- Closed ports ---
  int64_t tcp_blackhole = 0;  // net.inet.tcp.blackhole
  int64_t udp_blackhole = 0;  // net.inet.udp.blackhole

  // --- socket() ---
  // Types and protocols beyond all known numbers are invalid arguments rather than unsupported.
  bool socket_arguments_have_range = true;

  // --- Receiving ---
  // recv() with MSG_PEEK takes the pending error, so that the next call does not find it.
  bool peek_takes_error = true;

  // --- Options ---
  // getsockopt of a level that is not the socket's: Linux says EOPNOTSUPP for IPv4 sockets.
  bool foreign_level_unsupported = true;
  bool v6_option_length_is_unsigned = true;   // getsockopt of IPPROTO_IPV6: -1 is a huge length
  int64_t timeout_granularity_us = 4000;      // SO_RCVTIMEO is rounded up to jiffies (HZ=250)
  bool negative_timeout_is_error = false;     // on Linux it means "do not wait"
  bool short_option_values = true;            // IP options accept and return single bytes
  bool boolean_options_read_as_bits = false;  // FreeBSD: SO_REUSEADDR reads back as 4
  // SO_LINGER's seconds are an unsigned short, kept while it is off; on Linux those that are
  // negative are for ever.
  bool linger_is_short = false;

  // --- Buffers, bytes ---
  int64_t rmem_default = 212992;  // net.core.rmem_default
  int64_t rmem_max = 4194304;     // net.core.rmem_max (212992 before 6.18)
  int64_t wmem_default = 212992;  // net.core.wmem_default
  int64_t wmem_max = 4194304;     // net.core.wmem_max
  int64_t min_receive_buffer = 2304;
  int64_t min_send_buffer = 4608;
  bool buffers_double = true;  // SO_RCVBUF and SO_SNDBUF read back twice what was set
  int64_t maxsockbuf = 0;      // kern.ipc.maxsockbuf: more is refused; 0: clipped to the maxima

  // --- Queues and descriptors ---
  int64_t somaxconn = 4096;                // net.core.somaxconn; kern.ipc.soacceptqueue
  int64_t file_max = 9223372036854775807;  // fs.file-max; kern.maxfiles
  bool file_max_spares_privileged = true;
  int64_t nr_open = 1048576;  // fs.nr_open; kern.maxfilesperproc: RLIMIT_NOFILE at most
  int64_t nofile_soft = 1024;
  int64_t nofile_hard = 524288;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_SOCKET_PROFILE_H_
