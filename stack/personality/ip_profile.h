// The IP part of a system's profile: routing, neighbours, ICMP.
//
// The defaults are Linux 6.18's; freebsd.cc says where FreeBSD differs. Fields that are sysctls are
// int64_t in the sysctl's unit and carry its name; the rest are rules without a sysctl.
// Sources: facts.md; ip-sysctl.rst of the kernel; arp(4), icmp(4), inet(4) of FreeBSD.
#ifndef DRYWIRE_STACK_PERSONALITY_IP_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_IP_PROFILE_H_

#include <cstdint>

namespace drywire {

// What a system does with a route that refuses: unreachable, prohibit, blackhole.
enum class RefusingRouteRule : uint8_t {
  // Each type has its own error, at connect(), whether the source is bound or not.
  kByType,
  // Without a bound source the route counts as absent. With one, connect() starts and each packet
  // meets the route: host unreachable, or silence for a blackhole.
  kAbsentUnlessBound,
};

// How an unresolved neighbour is asked for and given up.
enum class NeighbourRule : uint8_t {
  // Probes on a timer; when they are used up every queued packet is answered by a local ICMP host
  // (address) unreachable. The next packet starts over.
  kLinux,
  // ARP asks only when there is a packet to send, at most once a second; from the arp_maxtries-th
  // request on the sender is told at once, and nobody else ever is. The entry dies arp_wait after
  // the last request. (ND probes on a timer like Linux, but answers the first queued packet only.)
  kBsd,
};

// How ICMP errors are limited.
enum class IcmpLimitRule : uint8_t {
  kPerDestination,  // a token bucket per destination: six at once, then one per icmp_ratelimit
  kPerSecond,       // icmplim per second and kind, RSTs for closed ports among the kinds
};

struct IpProfile {
  // --- sysctls of both systems, under different names
  int64_t default_ttl = 64;          // net.ipv4.ip_default_ttl, net.inet.ip.ttl
  int64_t default_hop_limit = 64;    // net.ipv6.conf.all.hop_limit, net.inet6.ip6.hlim
  int64_t forwarding = 0;            // net.ipv4.ip_forward, net.inet.ip.forwarding
  int64_t forwarding_v6 = 0;         // net.ipv6.conf.all.forwarding, net.inet6.ip6.forwarding
  int64_t icmp_echo_ignore_all = 0;  // net.ipv4.icmp_echo_ignore_all

  // --- Linux sysctls; IPv6 neighbours of both systems go by neigh_* as well
  int64_t icmp_ratelimit_ms = 1000;    // net.ipv4.icmp_ratelimit; 0: no limit
  int64_t icmp_ratemask = 6168;        // net.ipv4.icmp_ratemask: bit n limits ICMP type n
  int64_t icmp_v6_ratelimit_ms = 100;  // net.ipv6.icmp.ratelimit; 0: no limit
  // What an IPv4 router's answer about a route costs and how much may be saved up, besides
  // icmp_ratelimit, in jiffies of 4 ms: net.ipv4.route.error_cost and error_burst. 0: nothing.
  int64_t route_error_cost = 250;
  int64_t route_error_burst = 1250;
  int64_t mtu_expires_s = 600;         // net.ipv4.route.mtu_expires
  int64_t min_pmtu = 552;              // net.ipv4.route.min_pmtu
  int64_t neigh_retrans_ms = 1000;     // net.ipv4.neigh.default.retrans_time_ms
  int64_t neigh_mcast_solicit = 3;     // net.ipv4.neigh.default.mcast_solicit
  int64_t neigh_ucast_solicit = 3;     // net.ipv4.neigh.default.ucast_solicit
  int64_t neigh_reachable_ms = 30000;  // net.ipv4.neigh.default.base_reachable_time_ms
  int64_t neigh_delay_probe_s = 5;     // net.ipv4.neigh.default.delay_first_probe_time

  // --- FreeBSD sysctls
  int64_t icmplim = 200;            // net.inet.icmp.icmplim: errors a second; 0: no limit
  int64_t arp_maxtries = 5;         // net.link.ether.inet.maxtries
  int64_t arp_wait_s = 20;          // net.link.ether.inet.wait
  int64_t arp_max_age_s = 1200;     // net.link.ether.inet.max_age
  int64_t connect_inaddr_wild = 1;  // net.inet.ip.connect_inaddr_wild

  // --- rules without a sysctl
  // Bytes of a datagram's text that an ICMPv4 error quotes: Linux fills 576 bytes, FreeBSD
  // quotes the eight of the UDP header (net.inet.icmp.quotelen).
  int64_t icmp_quoted_text = 520;
  RefusingRouteRule refusing_routes = RefusingRouteRule::kByType;
  NeighbourRule neighbours = NeighbourRule::kLinux;
  IcmpLimitRule icmp_limit = IcmpLimitRule::kPerDestination;
  // Packets that wait for one neighbour; more push out the oldest.
  int64_t neighbour_queue = 256;
  uint32_t loopback_mtu = 65536;
  // A named knob for Linux's connect(2) page: the routing cache of kernels before 3.6, with room
  // for so many destinations (net.ipv4.route.max_size there). 0: there is none. An entry is never
  // collected, as if its socket kept it.
  int64_t route_cache_entries = 0;
  // Setting an interface down removes the routes through it (and they do not come back), so that
  // the next best route is used; otherwise they stay and sending says that the interface is down.
  bool down_removes_routes = true;
  // 127.0.0.0/8 as source or destination outside the loopback interface: refused by the first
  // packet, so that connect() begins; otherwise by routing. See RouteChoice::output_error.
  bool loopback_checked_on_output = false;
  // The loopback interface's prefix makes a route for the whole prefix, not for the address alone.
  bool loopback_prefix_is_routed = true;
  // 0.0.0.0 as destination means the bound source or 127.0.0.1; otherwise the first address
  // configured. (:: means ::1 on both.)
  bool unspecified_is_loopback = true;
  // A stream to a broadcast address is refused by routing; otherwise by the first packet.
  bool stream_broadcast_refused_by_routing = true;
  // No IPv6 route reads as "host unreachable" (kNoRouteFromSource), not as kNoRoute.
  bool no_v6_route_is_host_unreachable = false;
  // A forwarder without a route answers ICMP net unreachable; otherwise host unreachable.
  bool forward_no_route_is_net_unreachable = true;
  // A socket bound to an interface reaches any address on its link, route or no route (IPv4).
  bool bound_interface_implies_on_link = true;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_IP_PROFILE_H_
