#include "tests/worlds/random_topology.h"

#include "absl/strings/str_cat.h"
#include "stack/ip/ip_stack.h"

namespace drywire::worlds {
namespace {

struct Setting {
  const char* name;
  const char* values[4];
};

// Values that keep a world short, and a few that hurt.
constexpr Setting kLinuxSettings[] = {
    {"net.ipv4.tcp_syn_retries", {"1", "2", "4", "6"}},
    {"net.ipv4.tcp_syn_linear_timeouts", {"0", "1", "4", "4"}},
    {"net.ipv4.tcp_synack_retries", {"0", "1", "3", "5"}},
    {"net.ipv4.tcp_retries2", {"2", "4", "8", "15"}},
    {"net.ipv4.tcp_orphan_retries", {"0", "1", "2", "5"}},
    {"net.ipv4.tcp_fin_timeout", {"1", "5", "60", "100"}},
    {"net.ipv4.tcp_abort_on_overflow", {"0", "1", "1", "1"}},
    {"net.ipv4.tcp_syncookies", {"0", "1", "2", "2"}},
    {"net.ipv4.tcp_max_syn_backlog", {"1", "2", "8", "64"}},
    {"net.ipv4.tcp_timestamps", {"0", "1", "2", "0"}},
    {"net.ipv4.tcp_window_scaling", {"0", "1", "0", "1"}},
    {"net.ipv4.tcp_sack", {"0", "1", "0", "1"}},
    {"net.ipv4.tcp_min_snd_mss", {"48", "100", "536", "1000"}},
    {"net.ipv4.tcp_rfc1337", {"0", "1", "1", "1"}},
    {"net.ipv4.tcp_tw_reuse", {"0", "1", "2", "1"}},
    {"net.ipv4.tcp_rmem",
     {"4096 4096 8192", "4096 16384 65536", "4096 2304 2304", "4096 131072 6291456"}},
    {"net.ipv4.tcp_wmem", {"4096 4096 8192", "4096 16384 65536", "1 1 1", "4096 16384 4194304"}},
    {"net.ipv4.tcp_keepalive_time", {"1", "5", "60", "7200"}},
    {"net.ipv4.tcp_rto_max_ms", {"1000", "5000", "60000", "120000"}},
    {"net.ipv4.ip_local_port_range", {"40000 40003", "32768 60999", "1024 1027", "50000 50000"}},
    {"net.ipv4.ip_unprivileged_port_start", {"0", "1", "1024", "2000"}},
    {"net.ipv4.ip_nonlocal_bind", {"0", "1", "1", "1"}},
    {"net.ipv6.bindv6only", {"0", "1", "1", "1"}},
    {"net.ipv4.icmp_ratelimit", {"0", "10", "1000", "5000"}},
    {"net.ipv4.icmp_echo_ignore_all", {"0", "1", "1", "1"}},
    {"net.ipv4.neigh.default.mcast_solicit", {"1", "2", "3", "5"}},
    {"net.core.somaxconn", {"0", "1", "2", "4096"}},
    {"net.core.rmem_default", {"2304", "4608", "65536", "212992"}},
    {"fs.file-max", {"1", "24", "36", "100000"}},
};

constexpr Setting kFreeBsdSettings[] = {
    {"net.inet.tcp.keepinit", {"1000", "5000", "30000", "75000"}},
    {"net.inet.tcp.rexmit_initial", {"100", "500", "1000", "3000"}},
    {"net.inet.tcp.rexmit_min", {"3", "30", "230", "1000"}},
    {"net.inet.tcp.rexmit_slop", {"0", "50", "200", "500"}},
    {"net.inet.tcp.retries", {"1", "3", "6", "12"}},
    {"net.inet.tcp.persmin", {"100", "1000", "5000", "10000"}},
    {"net.inet.tcp.persmax", {"1000", "5000", "30000", "60000"}},
    {"net.inet.tcp.rfc1323", {"0", "1", "0", "1"}},
    {"net.inet.tcp.sack.enable", {"0", "1", "0", "1"}},
    {"net.inet.tcp.mssdflt", {"48", "216", "536", "1400"}},
    {"net.inet.tcp.initcwnd_segments", {"1", "2", "4", "10"}},
    {"net.inet.tcp.delacktime", {"1", "40", "100", "500"}},
    {"net.inet.tcp.recvspace", {"512", "2048", "16384", "65536"}},
    {"net.inet.tcp.sendspace", {"1", "2048", "16384", "32768"}},
    {"net.inet.tcp.insecure_rst", {"0", "1", "1", "1"}},
    {"net.inet.tcp.insecure_syn", {"0", "1", "1", "1"}},
    {"net.inet.tcp.drop_synfin", {"0", "1", "1", "1"}},
    {"net.inet.tcp.tolerate_missing_ts", {"0", "1", "0", "0"}},
    {"net.inet.tcp.syncookies", {"0", "1", "0", "0"}},
    {"net.inet.tcp.syncookies_only", {"0", "1", "1", "1"}},
    {"net.inet.tcp.syncache.rexmtlimit", {"0", "1", "3", "5"}},
    {"net.inet.tcp.syncache.cachelimit", {"1", "2", "8", "15375"}},
    {"net.inet.tcp.icmp_may_rst", {"0", "1", "0", "0"}},
    {"net.inet.tcp.always_keepalive", {"0", "1", "1", "1"}},
    {"net.inet.tcp.fast_finwait2_recycle", {"0", "1", "1", "1"}},
    {"net.inet.tcp.finwait2_timeout", {"1000", "10000", "60000", "60000"}},
    {"net.inet.tcp.blackhole", {"0", "1", "2", "3"}},
    {"net.inet.udp.blackhole", {"0", "1", "1", "1"}},
    {"net.inet.udp.recvspace", {"1", "100", "4096", "42080"}},
    {"net.inet.ip.portrange.first", {"10000", "40000", "65535", "1024"}},
    {"net.inet6.ip6.v6only", {"0", "1", "0", "1"}},
    {"net.inet.icmp.icmplim", {"0", "1", "5", "200"}},
    {"net.link.ether.inet.maxtries", {"1", "2", "5", "10"}},
    {"kern.ipc.maxsockbuf", {"4096", "65536", "2097152", "2097152"}},
    {"kern.ipc.soacceptqueue", {"0", "1", "2", "128"}},
    {"kern.maxfiles", {"1", "24", "36", "100000"}},
};

constexpr const char* kRoutes[] = {
    "unreachable 10.9.0.0/16", "prohibit 10.9.1.0/24",
    "blackhole 10.9.2.0/24",   "throw 10.9.3.0/24",
    "unreachable 10.0.0.1",    "blackhole 10.0.1.0/24 metric 50",
    "prohibit 10.0.0.0/8",     "unreachable default metric 4000",
    "blackhole 0.0.0.0/1",     "unreachable 10.9.9.0/24 metric 5",
};
constexpr const char* kRoutesV6[] = {
    "unreachable fd00:9::/32",
    "blackhole fd00:9:1::/48",
    "prohibit fd00:9:2::/48",
    "unreachable default metric 4000",
};

constexpr const char* kHooks[] = {"input", "output", "forward", "connect"};
constexpr const char* kConditions[] = {
    "tcp dport 80",         "tcp dport 7",       "udp dport 7",       "tcp sport 80",
    "ip saddr 10.0.0.1",    "ip daddr 10.0.0.2", "tcp dport 1-100",   "ct state new",
    "ct state established", "ip6 nexthdr tcp",   "meta l4proto icmp", "tcp flags syn",
    "udp dport { 7, 53 }",  "iifname lo",        "ip ttl 64",
};
constexpr const char* kVerdicts[] = {
    "drop",
    "reject",
    "reject with tcp reset",
    "reject with icmpx host-unreachable",
    "reject with icmpx admin-prohibited",
    "accept",
    "counter",
    "limit rate 2/second accept",
};

template <size_t n>
void SetSysctls(Draw& draw, World& world, Host& host, const Setting (&settings)[n]) {
  for (uint32_t count = draw.Chance(50) ? draw.Below(4) : 0; count > 0; --count) {
    const Setting& setting = draw.Of(settings);
    const char* const value = draw.Of(setting.values);
    world.SetSysctl(host, setting.name, value);
  }
}

// Statements that the parser refuses for what they combine are not drawn again: not every pair of
// condition and verdict makes sense.
void AddRules(Draw& draw, Network::Member& member) {
  if (!draw.Chance(15)) return;
  for (uint32_t count = 1 + draw.Below(2); count > 0; --count) {
    const char* const hook = draw.Of(kHooks);
    const char* const condition = draw.Chance(85) ? draw.Of(kConditions) : "";
    const char* const verdict = draw.Of(kVerdicts);
    const std::string rule = absl::StrCat(hook, " ", condition, " ", verdict);
    member.host->net().ip().LoadFirewall(rule).IgnoreError();
  }
}

void AddOddRoutes(Draw& draw, const Network& network, Network::Member& member) {
  if (!draw.Chance(20)) return;
  for (uint32_t count = 1 + draw.Below(2); count > 0; --count) {
    const bool v6 = network.v6 && draw.Chance(30);
    const char* const route = v6 ? draw.Of(kRoutesV6) : draw.Of(kRoutes);
    // A host may have been given the same one before.
    member.host->net().ip().ChangeRoute(route).IgnoreError();
    member.host->net().RearmIp();
  }
}

struct Place {
  int segment;
  int number;  // of the host in the segment, from 1
};

std::string Address4(const Place& place) {
  return absl::StrCat("10.0.", place.segment, ".", place.number);
}
std::string Address6(const Place& place) {
  return absl::StrCat("fd00:", place.segment, "::", place.number);
}

}  // namespace

LinkConfig RandomLink(Draw& draw, bool v6) {
  LinkConfig config;
  config.latency = draw.Chance(20) ? Duration::Zero() : draw.Micros(10, 60'000);
  if (draw.Chance(15)) config.bandwidth = uint64_t{8'000} << draw.Below(16);
  if (config.bandwidth != 0 && draw.Chance(50)) config.queue_packets = 1 + draw.Below(20);
  if (config.bandwidth != 0 && draw.Chance(20)) config.queue_bytes = 2'000 + draw.Below(30'000);
  if (draw.Chance(15))
    config.mtu = static_cast<uint32_t>(v6 ? draw.Range(1280, 1500) : draw.Range(68, 1500));
  if (draw.Chance(5)) config.mtu = 9000;
  if (draw.Chance(45)) return config;
  const uint32_t worst = draw.Chance(25) ? 400'000 : 60'000;
  if (draw.Chance(60)) config.loss = Probability::Ppm(draw.Below(worst));
  if (draw.Chance(30)) config.duplicate = Probability::Ppm(draw.Below(worst));
  if (draw.Chance(30)) config.corrupt = Probability::Ppm(draw.Below(worst));
  if (draw.Chance(30)) config.reorder = Probability::Ppm(draw.Below(worst));
  if (draw.Chance(30)) config.reorder_delay = draw.Micros(0, 300'000);
  if (draw.Chance(20)) config.reorder_gap = draw.Below(5);
  if (draw.Chance(40)) config.jitter = draw.Micros(0, 80'000);
  config.jitter_reorders = draw.Chance(50);
  return config;
}

namespace {

LinkConfig Faultless(LinkConfig config) {
  config.loss = config.duplicate = config.corrupt = config.reorder = Probability::Never();
  config.jitter_reorders = false;
  // A wire that needs minutes for a packet is no fault, but takes them.
  if (config.bandwidth != 0 && config.bandwidth < 1'000'000) config.bandwidth = 1'000'000;
  return config;
}

void AddHosts(Draw& draw, World& world, int hosts, int routers, Network& network) {
  const uint32_t freebsd = draw.Of({0u, 50u, 50u, 100u});
  for (int i = 0; i < hosts; ++i) {
    Network::Member member;
    member.router = i < routers;
    const bool is_freebsd = draw.Chance(freebsd);
    member.host = &world.AddHost(absl::StrCat(member.router ? "r" : "h", i + 1),
                                 is_freebsd ? "freebsd" : "linux");
    if (is_freebsd) {
      SetSysctls(draw, world, *member.host, kFreeBsdSettings);
    } else {
      SetSysctls(draw, world, *member.host, kLinuxSettings);
    }
    if (member.router) {
      world.SetSysctl(*member.host, is_freebsd ? "net.inet.ip.forwarding" : "net.ipv4.ip_forward",
                      "1");
      world.SetSysctl(*member.host,
                      is_freebsd ? "net.inet6.ip6.forwarding" : "net.ipv6.conf.all.forwarding",
                      "1");
    }
    network.members.push_back(std::move(member));
  }
}

World::Attachment Attach(Network& network, int index, const Place& place, const LinkConfig& config,
                         NeighbourMode resolution) {
  Network::Member& member = network.members[static_cast<size_t>(index)];
  World::Attachment attachment;
  attachment.host = member.host;
  attachment.interface = absl::StrCat("eth", member.interfaces.size());
  attachment.config = config;
  attachment.resolution = resolution;
  member.interfaces.push_back(attachment.interface);
  const std::string v4 = Address4(place);
  attachment.addresses.push_back(*Prefix::Parse(absl::StrCat(v4, "/24")));
  member.addresses.push_back(v4);
  if (network.v6) {
    const std::string v6 = Address6(place);
    attachment.addresses.push_back(*Prefix::Parse(absl::StrCat(v6, "/64")));
    member.addresses.push_back(v6);
  }
  return attachment;
}

void AddSegment(Draw& draw, World& world, int segment, const std::vector<int>& members,
                Network& network) {
  const LinkConfig config = RandomLink(draw, network.v6);
  const NeighbourMode resolution =
      draw.Chance(30) ? NeighbourMode::kExchange : NeighbourMode::kKnown;
  const bool link = members.size() == 2 && draw.Chance(50);
  const std::string name = absl::StrCat("s", segment);
  Network::Segment result;
  result.faultless = Faultless(config);
  std::vector<World::Attachment> ends;
  for (size_t i = 0; i < members.size(); ++i) {
    ends.push_back(Attach(network, members[i], {segment, static_cast<int>(i) + 1}, config,
                          link ? NeighbourMode::kKnown : resolution));
  }
  if (link) {
    result.medium = &world.Connect(name, ends[0], ends[1]);
  } else {
    Lan& lan = world.AddLan(name);
    for (const World::Attachment& end : ends) world.Attach(lan, end);
    result.medium = &lan;
  }
  network.segments.push_back(result);
}

// The way from each member of a segment to the segments before and behind it: the router that
// joins segments i and i + 1 is member i of the network.
void AddRoutes(World& world, const std::vector<std::vector<int>>& segments, Network& network) {
  const int last = static_cast<int>(segments.size()) - 1;
  for (int segment = 0; segment <= last; ++segment) {
    const std::vector<int>& members = segments[static_cast<size_t>(segment)];
    for (const int index : members) {
      Host& host = *network.members[static_cast<size_t>(index)].host;
      for (size_t i = 0; i < members.size(); ++i) {
        const int gateway = members[i];
        if (gateway >= last || gateway == index) continue;
        const Place place = {segment, static_cast<int>(i) + 1};
        // Router g leads to segments g and g + 1 and what is beyond.
        const int from = gateway == segment ? segment + 1 : 0;
        const int to = gateway == segment ? last : segment - 1;
        for (int target = from; target <= to; ++target) {
          world.AddRoute(host, absl::StrCat("10.0.", target, ".0/24 via ", Address4(place)));
          if (!network.v6) continue;
          world.AddRoute(host, absl::StrCat("fd00:", target, "::/64 via ", Address6(place)));
        }
      }
    }
  }
}

}  // namespace

Network BuildRandomNetwork(Draw& draw, World& world) {
  Network network;
  network.v6 = draw.Chance(40);
  const int routers = draw.Of({0, 0, 0, 0, 1, 1, 2});
  const int hosts = draw.Range(routers + 2, 5);
  AddHosts(draw, world, hosts, routers, network);
  std::vector<std::vector<int>> segments(static_cast<size_t>(routers) + 1);
  for (int i = 0; i < routers; ++i) {
    segments[static_cast<size_t>(i)].push_back(i);
    segments[static_cast<size_t>(i) + 1].push_back(i);
  }
  for (int i = routers; i < hosts; ++i) {
    // The ends of the chain are inhabited.
    const int rank = i - routers;
    const int place = rank == 0 ? 0 : rank == 1 ? routers : draw.Range(0, routers);
    segments[static_cast<size_t>(place)].push_back(i);
  }
  for (size_t i = 0; i < segments.size(); ++i) {
    AddSegment(draw, world, static_cast<int>(i), segments[i], network);
  }
  AddRoutes(world, segments, network);
  for (Network::Member& member : network.members) {
    AddRules(draw, member);
    AddOddRoutes(draw, network, member);
  }
  return network;
}

}  // namespace drywire::worlds
