// The topologies that scenarios share. Links have no delay: the kernel's veth pairs have none.
#ifndef DRYWIRE_TESTS_ORACLE_TOPOLOGIES_H_
#define DRYWIRE_TESTS_ORACLE_TOPOLOGIES_H_

namespace drywire::oracle {

// Two hosts and a cable. Linux derives the default of tcp_rmem, and from it the window scale, from
// the machine's memory.
inline constexpr char kPair[] = R"(
hosts:
  a:
    sysctls: &buffers
      net.ipv4.tcp_rmem: 4096 131072 6291456
      net.ipv4.tcp_wmem: 4096 16384 4194304
  b:
    sysctls: *buffers
links:
  cable:
    ends:
      a:eth0: [10.0.0.1/24, "fd00::1/64"]
      b:eth0: [10.0.0.2/24, "fd00::2/64"]
)";

// A host that gives up connecting after 3 s, for scenarios with black holes.
inline constexpr char kImpatientPair[] = R"(
hosts:
  a:
    sysctls:
      net.ipv4.tcp_syn_retries: 1
      net.ipv4.tcp_syn_linear_timeouts: 0
    routes:
      - unreachable 10.1.0.0/24
      - blackhole 10.2.0.0/24
      - prohibit 10.3.0.0/24
  b:
    sysctls:
      net.ipv4.icmp_ratelimit: 0
      net.ipv6.icmp.ratelimit: 0
    firewall:
      - input tcp dport 99 drop
      - input udp dport 99 drop
links:
  cable:
    ends:
      a:eth0: [10.0.0.1/24, "fd00::1/64"]
      b:eth0: [10.0.0.2/24, "fd00::2/64"]
)";

// Two networks and a router between them.
inline constexpr char kRouted[] = R"(
hosts:
  a:
    sysctls: &buffers
      net.ipv4.tcp_rmem: 4096 131072 6291456
      net.ipv4.tcp_wmem: 4096 16384 4194304
    routes:
      - default via 10.0.0.254
      - default via fd00::fe
  r:
    sysctls:
      net.ipv4.ip_forward: 1
      net.ipv6.conf.all.forwarding: 1
  b:
    sysctls: *buffers
    routes:
      - default via 10.0.1.254
      - default via fd01::fe
links:
  left:
    ends:
      a:eth0: [10.0.0.1/24, "fd00::1/64"]
      r:eth0: [10.0.0.254/24, "fd00::fe/64"]
  right:
    ends:
      r:eth1: [10.0.1.254/24, "fd01::fe/64"]
      b:eth0: [10.0.1.2/24, "fd01::2/64"]
)";

// Three hosts on a LAN.
inline constexpr char kLan[] = R"(
hosts:
  a:
  b:
  c:
lans:
  office:
    ends:
      a:eth0: [10.0.0.1/24, "fd00::1/64"]
      b:eth0: [10.0.0.2/24, "fd00::2/64"]
      c:eth0: [10.0.0.3/24, "fd00::3/64"]
)";

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_TOPOLOGIES_H_
