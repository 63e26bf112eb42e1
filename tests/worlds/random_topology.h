// A random network: two to five hosts on a chain of segments, some of them routers.
//
// Segments are point-to-point links or LANs with IPv4 and sometimes IPv6; hosts are Linux or
// FreeBSD with some sysctls, routes of every type and firewall rules of every kind. Most worlds
// work most of the time: what is broken is a minority of the draws, or nothing would ever connect.
#ifndef DRYWIRE_TESTS_WORLDS_RANDOM_TOPOLOGY_H_
#define DRYWIRE_TESTS_WORLDS_RANDOM_TOPOLOGY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sim/net/link.h"
#include "sim/net/link_config.h"
#include "sim/world/world.h"
#include "tests/worlds/draw.h"

namespace drywire::worlds {

// What programs and faults need to know of a network.
struct Network {
  struct Member {
    Host* host = nullptr;
    bool router = false;
    std::vector<std::string> addresses;   // without prefix length; IPv4 and IPv6
    std::vector<std::string> interfaces;  // loopback not included
  };
  struct Segment {
    Medium* medium = nullptr;
    // As it would be if nothing were ever lost, damaged or reordered.
    LinkConfig faultless;
  };
  std::vector<Member> members;
  std::vector<Segment> segments;
  bool v6 = false;
};

// Adds it to `world`, which must be empty. What is drawn is valid: world.errors() stays empty.
Network BuildRandomNetwork(Draw& draw, World& world);

// A link as it would be on a good, a bad or a terrible day.
LinkConfig RandomLink(Draw& draw, bool v6);

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_RANDOM_TOPOLOGY_H_
