// A host that forwards: what it sends on, what it answers. Linux rows were observed on 6.18.44 by
// the errno that connect() got through a router in its own namespace.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/stack/ip/ip_fixture.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr uint32_t kEth0 = 2;

Profile Router(Profile profile) {
  profile.ip.forwarding = 1;
  profile.ip.forwarding_v6 = 1;
  return profile;
}

// A packet of 10.0.0.9 (2001:db8::9) for a host behind this router.
PacketPtr Through(IpHost& host, absl::string_view to) {
  const bool v6 = to.find(':') != to.npos;
  PacketPtr packet = host.Tcp(v6 ? "2001:db8::9" : "10.0.0.9", to);
  packet->next_hop = A(v6 ? "2001:db8::1" : "10.0.0.1");
  return packet;
}

TEST(ForwardTest, SendsOnWithOneHopLess) {
  IpHost host(Router(LinuxProfile()));
  host.Receive(0, kEth0, Through(host, "10.0.1.9"));
  ASSERT_EQ(host.actions().size(), 1u);
  const auto& transmit = std::get<IpActions::Transmit>(host.actions()[0]);
  EXPECT_EQ(transmit.packet->ttl, 63);
  EXPECT_THAT(host.Take(),
              ElementsAre("eth1 to 10.0.1.9: 10.0.0.9:4000 > 10.0.1.9:80 S 100:100(0) win 0"));
}

TEST(ForwardTest, OnlyWithTheSysctl) {
  IpHost host(LinuxProfile());
  host.Receive(0, kEth0, Through(host, "10.0.1.9"));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, not for this host")));
  ASSERT_TRUE(host.profile().Set("net.ipv4.ip_forward", "1").ok());
  host.Receive(0, kEth0, Through(host, "10.0.1.9"));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("eth1 to 10.0.1.9")));
}

TEST(ForwardTest, NotWhatCameToAll) {
  IpHost host(Router(LinuxProfile()));
  PacketPtr packet = Through(host, "10.0.1.9");
  packet->next_hop = Address();
  host.Receive(0, kEth0, std::move(packet));
  host.Receive(0, kEth0, Through(host, "fe80::77"));
  host.Receive(0, kEth0, Through(host, "10.0.1.255"));
  EXPECT_THAT(host.Take(),
              ElementsAre(StartsWith("drop, not for this host"),
                          StartsWith("drop, not for this host"), StartsWith("deliver eth0")));
}

struct Row {
  absl::string_view name;
  absl::string_view route;  // at the router
  absl::string_view to;
  absl::string_view linux;  // the ICMP error; empty: silence
  absl::string_view freebsd;
};

constexpr Row kRows[] = {
    {"no_route", "", "192.0.2.1", "icmp net unreachable", "icmp host unreachable"},
    {"no_route_v6", "", "2001:db8:9::1", "icmp6 no route", "icmp6 no route"},
    {"throw", "throw 192.0.2.0/24", "192.0.2.1", "icmp net unreachable", "icmp host unreachable"},
    {"unreachable", "unreachable 192.0.2.0/24", "192.0.2.1", "icmp host unreachable",
     "icmp host unreachable"},
    {"unreachable_v6", "unreachable 2001:db8:9::/48", "2001:db8:9::1", "icmp6 no route",
     "icmp6 no route"},
    {"prohibit", "prohibit 192.0.2.0/24", "192.0.2.1", "icmp admin prohibited",
     "icmp admin prohibited"},
    {"prohibit_v6", "prohibit 2001:db8:9::/48", "2001:db8:9::1", "icmp6 admin prohibited",
     "icmp6 admin prohibited"},
    {"blackhole", "blackhole 192.0.2.0/24", "192.0.2.1", "", ""},
    {"blackhole_v6", "blackhole 2001:db8:9::/48", "2001:db8:9::1", "", ""},
};

class ForwardRefusalTest : public ::testing::TestWithParam<Row> {};

std::string Answer(Profile profile, const Row& row) {
  IpHost host(Router(std::move(profile)));
  if (!row.route.empty()) host.Route(row.route);
  host.Receive(0, kEth0, Through(host, row.to));
  const std::vector<std::string> lines = host.Take();
  if (lines.size() == 1) return "";
  const size_t icmp = lines[0].find(" icmp");
  const size_t end = lines[0].find(" for ");
  return icmp == std::string::npos ? lines[0] : lines[0].substr(icmp + 1, end - icmp - 1);
}

TEST_P(ForwardRefusalTest, Linux) {
  EXPECT_EQ(Answer(LinuxProfile(), GetParam()), GetParam().linux);
}
TEST_P(ForwardRefusalTest, FreeBsd) {
  EXPECT_EQ(Answer(FreeBsdProfile(), GetParam()), GetParam().freebsd);
}
INSTANTIATE_TEST_SUITE_P(All, ForwardRefusalTest, ::testing::ValuesIn(kRows),
                         [](const auto& info) { return std::string(info.param.name); });

// Observed on Linux 6.18: ip_error() and icmp_send() both take from the sender's tokens, the one of
// at most five, the other of at most six. IPv6 and other errors pay once, FreeBSD counts otherwise.
TEST(ForwardTest, AnswersAboutRoutesCostTwice) {
  const auto answers = [](IpHost& host, int64_t ms, absl::string_view to, int packets) {
    int count = 0;
    for (int i = 0; i < packets; ++i) {
      host.Receive(ms, kEth0, Through(host, to));
      for (const std::string& line : host.Take()) count += absl::StartsWith(line, "eth0") ? 1 : 0;
    }
    return count;
  };
  IpHost host(Router(LinuxProfile()));
  EXPECT_EQ(answers(host, 0, "192.0.2.1", 10), 2);
  EXPECT_EQ(answers(host, 1000, "192.0.2.1", 10), 0);  // the first half is paid, in vain
  EXPECT_EQ(answers(host, 3000, "192.0.2.1", 10), 1);
  EXPECT_EQ(answers(host, 60'000, "192.0.2.1", 10), 2);
  EXPECT_EQ(answers(host, 120'000, "2001:db8:9::1", 10), 6);
  ASSERT_TRUE(host.profile().Set("net.ipv4.route.error_cost", "0").ok());
  EXPECT_EQ(answers(host, 180'000, "192.0.2.1", 10), 6);
  IpHost freebsd(Router(FreeBsdProfile()));
  EXPECT_EQ(answers(freebsd, 0, "192.0.2.1", 10), 10);
}

TEST(ForwardTest, TimeExceeded) {
  IpHost host(Router(LinuxProfile()));
  PacketPtr packet = Through(host, "10.0.1.9");
  packet->ttl = 1;
  host.Receive(0, kEth0, std::move(packet));
  EXPECT_THAT(host.Take(),
              ElementsAre(StartsWith("eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp ttl exceeded"),
                          StartsWith("drop, ttl exceeded")));
}

TEST(ForwardTest, TooBig) {
  IpHost host(Router(LinuxProfile()));
  ASSERT_TRUE(host.ip().SetMtu(3, 1000).ok());
  host.Route("2001:db8:9::/48 dev eth1");
  PacketPtr v4 = host.Udp("10.0.0.9", "10.0.1.9", 1200);
  host.Receive(0, kEth0, host.pool().Clone(*v4));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp "
                                                  "fragmentation needed mtu 1000 for"),
                                       StartsWith("drop, too big")));
  v4->dont_fragment = false;
  host.Receive(0, kEth0, std::move(v4));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("eth1 to 10.0.1.9"))) << "carried whole";
  host.Receive(0, kEth0, host.Udp("2001:db8::9", "2001:db8:9::1", 1200));
  EXPECT_THAT(host.Take(),
              ElementsAre(StartsWith("eth0 to 2001:db8::9: 2001:db8::1 > 2001:db8::9 icmp6 "
                                     "packet too big mtu 1000 for"),
                          StartsWith("drop, too big")));
}

TEST(ForwardTest, SilentNeighbourIsReportedToTheSender) {
  IpHost host(Router(LinuxProfile()), NeighbourMode::kKnown);
  host.link().present = {A("10.0.0.9")};
  host.Receive(0, kEth0, Through(host, "10.0.1.77"));
  EXPECT_THAT(host.Take(), IsEmpty());
  EXPECT_THAT(host.RunTo(9000),
              ElementsAre(StartsWith("3.000000 eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp host "
                                     "unreachable for 10.0.0.9:4000 > 10.0.1.77:80"),
                          StartsWith("3.000000 drop, neighbour failed")));
}

TEST(ForwardTest, FreeBsdReportsFromTheFifthRequestOn) {
  IpHost host(Router(FreeBsdProfile()), NeighbourMode::kKnown);
  host.link().present = {A("10.0.0.9")};
  for (int64_t ms = 0; ms <= 4000; ms += 1000) {
    host.Receive(ms, kEth0, Through(host, "10.0.1.77"));
    EXPECT_THAT(host.Take(), IsEmpty());
  }
  host.Receive(5000, kEth0, Through(host, "10.0.1.77"));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp "
                                                  "host unreachable for")));
}

TEST(ForwardTest, Firewall) {
  struct {
    absl::string_view verdict;
    absl::string_view expected;  // the beginning of the first line
  } kVerdicts[] = {
      {"accept", "eth1 to 10.0.1.9"},
      {"drop", "drop, firewall drop"},
      {"reject", "eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp port unreachable for"},
      {"reject with icmp type net-unreachable",
       "eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp net unreachable for"},
      {"reject with icmp host-prohibited",
       "eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp host prohibited for"},
      {"reject with icmpx type admin-prohibited",
       "eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp admin prohibited for"},
      {"reject with tcp reset",
       "eth0 to 10.0.0.9: 10.0.1.9:80 > 10.0.0.9:4000 R. 0:0(0) ack 101 win 0"},
  };
  for (const auto& row : kVerdicts) {
    IpHost host(Router(LinuxProfile()));
    host.Filter(absl::StrCat("forward iifname eth0 oifname \"eth1\" tcp dport 80 counter ",
                             row.verdict, " comment \"r\""));
    host.Receive(0, kEth0, Through(host, "10.0.1.9"));
    const std::vector<std::string> lines = host.Take();
    ASSERT_FALSE(lines.empty());
    EXPECT_THAT(lines[0], StartsWith(std::string(row.expected))) << row.verdict;
    EXPECT_EQ(host.ip().firewall().FindRule("r")->packets, 1u);
  }
}

}  // namespace
}  // namespace drywire
