// SelectRoute against the real thing: Linux rows were observed on Linux 6.18.44 (connect() and
// sendto() in a network namespace), FreeBSD rows are facts.md's, observed on a FreeBSD 13.0 stack.
#include <string>

#include "gtest/gtest.h"
#include "tests/stack/ip/ip_fixture.h"

namespace drywire {
namespace {

constexpr uint32_t kEth0 = 2;

struct Row {
  absl::string_view name;
  absl::string_view setup;  // route statement; empty: none
  absl::string_view destination;
  absl::string_view source;
  uint32_t interface;
  absl::string_view linux;
  absl::string_view freebsd;
  IpProtocol protocol = IpProtocol::kTcp;
};

constexpr absl::string_view kDefault = "default via 10.0.0.254";

const Row kRows[] = {
    {"own address", "", "10.0.0.1", "", 0, "local lo src 10.0.0.1", "local lo src 10.0.0.1"},
    {"own address, device", "", "10.0.0.1", "", kEth0, "local lo src 10.0.0.1",
     "local lo src 10.0.0.1"},
    {"loopback", "", "127.0.0.1", "", 0, "local lo src 127.0.0.1", "local lo src 127.0.0.1"},
    {"loopback from own", "", "127.0.0.1", "10.0.0.1", 0, "local lo src 10.0.0.1",
     "local lo src 10.0.0.1"},
    {"127.0.0.2", "", "127.0.0.2", "", 0, "local lo src 127.0.0.1",
     "unreachable - src 127.0.0.1 then kNoRouteFromSource"},
    {"127.0.0.2, default", kDefault, "127.0.0.2", "", 0, "local lo src 127.0.0.1",
     "unicast eth0 via 10.0.0.254 src 10.0.0.1 then kSourceNotUsable"},
    {"unspecified", "", "0.0.0.0", "", 0, "local lo src 127.0.0.1 dst 127.0.0.1",
     "local lo src 127.0.0.1 dst 127.0.0.1"},
    {"unspecified, bound", "", "0.0.0.0", "10.0.0.1", 0, "local lo src 10.0.0.1 dst 10.0.0.1",
     "local lo src 10.0.0.1 dst 127.0.0.1"},
    {"unspecified v6", "", "::", "", 0, "local lo src ::1 dst ::1", "local lo src ::1 dst ::1"},
    {"on link", "", "10.0.0.9", "", 0, "unicast eth0 src 10.0.0.1", "unicast eth0 src 10.0.0.1"},
    {"on link v6", "", "2001:db8::9", "", 0, "unicast eth0 src 2001:db8::1",
     "unicast eth0 src 2001:db8::1"},
    {"gateway", kDefault, "192.0.2.1", "", 0, "unicast eth0 via 10.0.0.254 src 10.0.0.1",
     "unicast eth0 via 10.0.0.254 src 10.0.0.1"},
    {"gateway, src", "default via 10.0.0.254 src 10.0.1.1", "192.0.2.1", "", 0,
     "unicast eth0 via 10.0.0.254 src 10.0.1.1", "unicast eth0 via 10.0.0.254 src 10.0.1.1"},
    {"gateway, bound", kDefault, "192.0.2.1", "10.0.1.1", 0,
     "unicast eth0 via 10.0.0.254 src 10.0.1.1", "unicast eth0 via 10.0.0.254 src 10.0.1.1"},

    {"no route", "", "192.0.2.1", "", 0, "kNoRoute", "kNoRoute"},
    {"no route, bound", "", "192.0.2.1", "10.0.0.1", 0, "kNoRoute",
     "unreachable - src 10.0.0.1 then kNoRouteFromSource"},
    {"no route, device", "", "192.0.2.1", "", kEth0, "unicast eth0 src 10.0.0.1", "kNoRoute"},
    {"no route v6", "", "2001:db8:9::1", "", 0, "kNoRoute", "kNoRouteFromSource"},
    {"no route v6, device", "", "2001:db8:9::1", "", kEth0, "kNoRoute", "kNoRouteFromSource"},
    {"unreachable", "unreachable 192.0.2.0/24", "192.0.2.1", "", 0, "kRouteUnreachable",
     "kNoRoute"},
    {"unreachable, bound", "unreachable 192.0.2.0/24", "192.0.2.1", "10.0.0.1", 0,
     "kRouteUnreachable", "unreachable - src 10.0.0.1 then kNoRouteFromSource"},
    {"unreachable, device", "unreachable 192.0.2.0/24", "192.0.2.1", "", kEth0,
     "unicast eth0 src 10.0.0.1", "kNoRoute"},
    {"unreachable v6", "unreachable 2001:db8:9::/48", "2001:db8:9::1", "", 0, "kRouteUnreachable",
     "kNoRouteFromSource"},
    {"unreachable v6, device", "unreachable 2001:db8:9::/48", "2001:db8:9::1", "", kEth0,
     "kNoRoute", "kNoRouteFromSource"},
    {"prohibit", "prohibit 192.0.2.0/24", "192.0.2.1", "", 0, "kRouteProhibit", "kNoRoute"},
    {"prohibit v6", "prohibit 2001:db8:9::/48", "2001:db8:9::1", "", 0, "kRouteProhibit",
     "kNoRouteFromSource"},
    {"blackhole", "blackhole 192.0.2.0/24", "192.0.2.1", "", 0, "kRouteBlackhole", "kNoRoute"},
    {"blackhole, bound", "blackhole 192.0.2.0/24", "192.0.2.1", "10.0.0.1", 0, "kRouteBlackhole",
     "blackhole - src 10.0.0.1"},
    {"throw", "throw 192.0.2.0/24", "192.0.2.1", "", 0, "kNoRoute", "kNoRoute"},

    {"from 127.0.0.1, no route", "", "192.0.2.1", "127.0.0.1", 0, "kNoRoute",
     "unreachable - src 127.0.0.1 then kNoRouteFromSource"},
    {"from 127.0.0.1", kDefault, "192.0.2.1", "127.0.0.1", 0, "kSourceNotUsable",
     "unicast eth0 via 10.0.0.254 src 127.0.0.1 then kSourceNotUsable"},
    {"from ::1", "-6 default via 2001:db8::fe", "2001:db8:9::1", "::1", 0,
     "unicast eth0 via 2001:db8::fe src ::1", "unicast eth0 via 2001:db8::fe src ::1"},
    {"from an address that is not here", kDefault, "192.0.2.1", "10.0.0.77", 0, "kSourceNotUsable",
     "kSourceNotUsable"},

    {"tcp to subnet broadcast", "", "10.0.0.255", "", 0, "kBroadcastDestination",
     "broadcast eth0 src 10.0.0.1 then kBroadcastDestination"},
    {"udp to subnet broadcast", "", "10.0.0.255", "", 0, "broadcast eth0 src 10.0.0.1",
     "broadcast eth0 src 10.0.0.1", IpProtocol::kUdp},
    {"udp to all, no default", "", "255.255.255.255", "", 0, "kNoRoute", "kNoRoute",
     IpProtocol::kUdp},
    {"udp to all, default", kDefault, "255.255.255.255", "", 0, "broadcast eth0 src 10.0.0.1",
     "broadcast eth0 src 10.0.0.1", IpProtocol::kUdp},
    {"tcp to all, default", kDefault, "255.255.255.255", "", 0, "kBroadcastDestination",
     "broadcast eth0 src 10.0.0.1 then kBroadcastDestination"},
    {"udp to all, device", "", "255.255.255.255", "", kEth0, "broadcast eth0 src 10.0.0.1",
     "broadcast eth0 src 10.0.0.1", IpProtocol::kUdp},
    {"udp to 127.255.255.255", "", "127.255.255.255", "", 0, "broadcast lo src 127.0.0.1",
     "broadcast lo src 127.0.0.1", IpProtocol::kUdp},
    {"tcp to multicast", "", "224.0.0.5", "", 0, "kMulticastDestination", "kMulticastDestination"},
    {"tcp to multicast v6", "", "ff02::5", "", 0, "kMulticastDestination", "kMulticastDestination"},
    {"udp to multicast", "", "224.0.0.5", "", 0, "kNoRoute", "kNoRoute", IpProtocol::kUdp},
    {"udp to multicast, default", kDefault, "224.0.0.5", "", 0, "multicast eth0 src 10.0.0.1",
     "multicast eth0 src 10.0.0.1", IpProtocol::kUdp},
    {"udp to multicast v6", "", "ff02::5", "", 0, "kScopeMissing", "kScopeMissing",
     IpProtocol::kUdp},
    {"udp to multicast v6, scope", "", "ff02::5", "", kEth0, "multicast eth0 src fe80::1",
     "multicast eth0 src fe80::1", IpProtocol::kUdp},

    {"link-local", "", "fe80::9", "", 0, "kScopeMissing", "kScopeMissing"},
    {"link-local, scope", "", "fe80::9", "", kEth0, "unicast eth0 src fe80::1",
     "unicast eth0 src fe80::1"},
    {"own link-local, scope", "", "fe80::1", "", kEth0, "local lo src fe80::1",
     "local lo src fe80::1"},
};

class RouteSelectTest : public ::testing::TestWithParam<Row> {};

std::string Answer(const Row& row, Profile profile) {
  IpHost host(std::move(profile));
  if (!row.setup.empty()) host.Route(row.setup);
  return host.Select(row.destination, row.source, row.protocol, row.interface);
}

TEST_P(RouteSelectTest, Linux) { EXPECT_EQ(Answer(GetParam(), LinuxProfile()), GetParam().linux); }
TEST_P(RouteSelectTest, FreeBsd) {
  EXPECT_EQ(Answer(GetParam(), FreeBsdProfile()), GetParam().freebsd);
}

INSTANTIATE_TEST_SUITE_P(All, RouteSelectTest, ::testing::ValuesIn(kRows), [](const auto& info) {
  std::string name(info.param.name);
  for (char& c : name) c = isalnum(c) ? c : '_';
  return name;
});

TEST(RouteStackTest, InterfaceDown) {
  IpHost linux(LinuxProfile());
  linux.Route("default via 10.0.0.254");
  linux.Route("default via 10.0.1.254 metric 9");
  linux.ip().SetUp(kEth0, false, linux.actions());
  EXPECT_EQ(linux.Select("10.0.0.9"), "unicast eth1 via 10.0.1.254 src 10.0.1.1");
  EXPECT_EQ(linux.Select("10.0.0.1"), "local lo src 10.0.0.1") << "still ours";
  linux.ip().SetUp(kEth0, true, linux.actions());
  EXPECT_EQ(linux.Select("10.0.0.9"), "unicast eth0 src 10.0.0.1");
  EXPECT_EQ(linux.Select("192.0.2.1"), "unicast eth1 via 10.0.1.254 src 10.0.1.1")
      << "the route through eth0 does not come back";

  IpHost freebsd(FreeBsdProfile());
  freebsd.Route("default via 10.0.0.254");
  freebsd.ip().SetUp(kEth0, false, freebsd.actions());
  EXPECT_EQ(freebsd.Select("192.0.2.1"),
            "unicast eth0 via 10.0.0.254 src 10.0.0.1 then kInterfaceDown");
  EXPECT_EQ(freebsd.Send(0, freebsd.Tcp("10.0.0.1", "192.0.2.1")), "kInterfaceDown");
}

TEST(RouteStackTest, ScopeIsOptionalForLinuxSendto) {
  IpHost host(LinuxProfile());
  RouteQuery query;
  query.destination = A("fe80::9");
  query.protocol = IpProtocol::kUdp;
  query.scope_optional = true;
  EXPECT_EQ(host.Select(query), "unicast eth0 src fe80::1");
  query.destination = A("ff02::5");
  EXPECT_EQ(host.Select(query), "multicast eth0 src fe80::1");
}

TEST(RouteStackTest, UnknownScope) {
  IpHost host(LinuxProfile());
  EXPECT_EQ(host.Select("fe80::9", "", IpProtocol::kTcp, 77), "kNoRoute");
}

TEST(RouteStackTest, RouteStatementsMeetTheHost) {
  IpHost host(LinuxProfile());
  const auto error = [&](absl::string_view statement) {
    return std::string(host.ip().ChangeRoute(statement).message());
  };
  EXPECT_EQ(error("10.5.0.0/16 via 10.6.0.1"),
            "route \"10.5.0.0/16 via 10.6.0.1\": the gateway 10.6.0.1 is on no link of this host");
  EXPECT_EQ(error("10.5.0.0/16 via 10.6.0.1 dev eth0 onlink"), "");
  EXPECT_EQ(error("10.5.0.0/16 dev eth0"),
            "route \"10.5.0.0/16 dev eth0\": a route to this prefix with this metric exists");
  EXPECT_EQ(error("replace 10.5.0.0/16 dev eth0"), "");
  EXPECT_EQ(error("del 10.5.0.0/16"), "");
  EXPECT_EQ(error("del 10.5.0.0/16"), "route \"del 10.5.0.0/16\": no such route");
  EXPECT_EQ(error("10.5.0.0/16 dev eth7"),
            "route \"10.5.0.0/16 dev eth7\": cannot find device \"eth7\"");
  EXPECT_EQ(error("10.5.0.0/16 dev eth0 src 1.2.3.4"),
            "route \"10.5.0.0/16 dev eth0 src 1.2.3.4\": the source 1.2.3.4 is no address of this "
            "host");
  EXPECT_EQ(error("default via fe80::2"),
            "route \"default via fe80::2\": the link-local gateway fe80::2 needs a device");
  EXPECT_EQ(error("2001:db8:5::/48 via 2001:db8::1"),
            "route \"2001:db8:5::/48 via 2001:db8::1\": the gateway can not be a local address");
  host.ip().SetUp(kEth0, false, host.actions());
  EXPECT_EQ(error("10.5.0.0/16 dev eth0"),
            "route \"10.5.0.0/16 dev eth0\": the device eth0 is not up");
}

TEST(RouteStackTest, ListsRoutes) {
  IpHost host(LinuxProfile());
  host.Route("default via 10.0.0.254 mtu 1400");
  host.Route("-6 default via fe80::2 dev eth0");
  host.Route("prohibit 192.0.2.0/24");
  EXPECT_EQ(host.ip().RoutesToString(),
            "10.0.0.0/24 dev eth0 proto kernel src 10.0.0.1\n"
            "10.0.1.0/24 dev eth1 proto kernel src 10.0.1.1\n"
            "prohibit 192.0.2.0/24\n"
            "default via 10.0.0.254 dev eth0 mtu 1400\n"
            "2001:db8::/64 dev eth0 proto kernel metric 256\n"
            "fe80::/64 dev eth0 proto kernel metric 256\n"
            "default via fe80::2 dev eth0 metric 1024\n");
}

TEST(RouteStackTest, AddressesAndInterfacesAreChecked) {
  IpHost host(LinuxProfile());
  IpStack& ip = host.ip();
  const auto add = [&](uint32_t interface, absl::string_view prefix) {
    return std::string(ip.AddAddress(interface, *Prefix::Parse(prefix)).message());
  };
  EXPECT_EQ(add(9, "10.9.0.1/24"), "no interface 9");
  EXPECT_EQ(add(3, "10.0.0.1/24"), "10.0.0.1 is on this host already");
  EXPECT_EQ(add(3, "0.0.0.0/0"), "0.0.0.0/0 cannot be the address of an interface");
  EXPECT_EQ(add(3, "224.0.0.1/4"), "224.0.0.1/4 cannot be the address of an interface");
  EXPECT_EQ(add(3, "fe80::1/64"), "") << "link-local addresses are unique per link only";
  EXPECT_EQ(ip.RemoveAddress(3, A("10.0.0.1")).message(), "10.0.0.1 is not on interface 3");
  EXPECT_TRUE(ip.RemoveAddress(2, A("10.0.0.1")).ok());
  EXPECT_EQ(host.Select("10.0.0.9"), "kNoRoute");
  InterfaceConfig config;
  for (absl::string_view name : {"", "a b", "eth0", "much-too-long-name", "a/b"}) {
    config.name = std::string(name);
    EXPECT_FALSE(ip.AddInterface(config).ok()) << name;
  }
  config.name = "eth9";
  config.mtu = 67;
  EXPECT_FALSE(ip.AddInterface(config).ok());
}

// The knob for kernels before 3.6.
TEST(RouteStackTest, RoutingCacheRefusesWhatItHasNoRoomFor) {
  Profile profile = LinuxProfile();
  profile.ip.route_cache_entries = 1;
  IpHost host(profile);
  RouteQuery query;
  query.destination = A("10.0.0.9");
  EXPECT_TRUE(host.ip().SelectRoute(At(0), query).ok());
  EXPECT_TRUE(host.ip().SelectRoute(At(0), query).ok());
  query.destination = A("10.0.0.10");
  EXPECT_EQ(host.ip().SelectRoute(At(0), query).cause(), Cause::kRoutingCacheFull);
  query.destination = A("127.0.0.1");
  EXPECT_TRUE(host.ip().SelectRoute(At(0), query).ok());
}

TEST(RouteStackTest, GenerationTellsOldChoicesApart) {
  IpHost host(LinuxProfile());
  RouteQuery query;
  query.destination = A("10.0.0.9");
  const Result<RouteChoice> choice = host.ip().SelectRoute(At(0), query);
  EXPECT_EQ(choice->generation, host.ip().generation());
  host.Route("default via 10.0.0.254");
  EXPECT_NE(choice->generation, host.ip().generation());
}

}  // namespace
}  // namespace drywire
