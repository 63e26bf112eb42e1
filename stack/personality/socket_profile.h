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
  int64_t max_length = 128;     // longer: kAddressTooLong
  bool short_is_error = false;  // less than a family's size fails before the descriptor is used
  bool exact_length = false;    // longer than the structure is wrong too
  bool family_before_length = false;
  int64_t inet_length = 16;
  int64_t inet6_length = 24;           // Linux accepts RFC 2133's structure without a scope id
  bool inet_on_inet6_datagram = true;  // AF_INET addresses on AF_INET6 UDP sockets
  bool unspec_binds_as_inet = true;    // bind() takes AF_UNSPEC with 0.0.0.0
  bool stream_dissolve = true;         // AF_UNSPEC dissolves stream sockets too
};

struct SocketProfile {
  AddressRules address;

  // --- Ports ---
  BindConflictRule bind_conflict_rule = BindConflictRule::kLinux;
  EphemeralPortRule ephemeral_port_rule = EphemeralPortRule::kLinux;
  ReusePortSharing reuse_port_sharing = ReusePortSharing::kSpread;
  // net.ipv4.ip_local_port_range; net.inet.ip.portrange.first and .last
  std::array<int64_t, 2> port_range = {32768, 60999};
  // Ports below are for privileged processes: net.ipv4.ip_unprivileged_port_start;
  // net.inet.ip.portrange.reservedhigh + 1.
  int64_t unprivileged_port_start = 1024;
  // net.ipv4.ip_local_reserved_ports: never chosen, may be bound by number.
  std::vector<PortInterval> reserved_ports;
  // A named knob for FreeBSD's connect(2) page: releases before 8 reported exhaustion as EAGAIN.
  bool exhaustion_is_try_again = false;
  // Binding to an address the host does not have: net.ipv4.ip_nonlocal_bind.
  int64_t nonlocal_bind = 0;
  int64_t v6only_default = 0;       // net.ipv6.bindv6only; net.inet6.ip6.v6only
  bool port_zero_is_error = false;  // connect or send to port 0 fails (FreeBSD)

  // --- Closed ports ---
  int64_t closed_port_limit = 0;  // answers a second, 0: unlimited; net.inet.icmp.icmplim
  int64_t tcp_blackhole = 0;      // net.inet.tcp.blackhole
  int64_t udp_blackhole = 0;      // net.inet.udp.blackhole

  // --- Buffers, bytes ---
  int64_t rmem_default = 212992;  // net.core.rmem_default
  int64_t rmem_max = 212992;      // net.core.rmem_max
  int64_t wmem_default = 212992;
  int64_t wmem_max = 212992;
  bool buffers_double = true;    // SO_RCVBUF and SO_SNDBUF read back twice what was set
  int64_t maxsockbuf = 2097152;  // kern.ipc.maxsockbuf: more is refused

  // --- Queues and descriptors ---
  int64_t somaxconn = 4096;                // net.core.somaxconn; kern.ipc.somaxconn
  int64_t file_max = 9223372036854775807;  // fs.file-max; kern.maxfiles
  int64_t nofile_soft = 1024;
  int64_t nofile_hard = 1048576;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_SOCKET_PROFILE_H_
