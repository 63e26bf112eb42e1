// What rules match and what their verdicts do to a sender. Linux: observed on 6.18.44 (nft drop or
// reject on output: sendto() EPERM; connect() goes on and, with reject, gets the ICMP's error).
#include "stack/ip/firewall.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/stack/ip/ip_fixture.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr uint32_t kEth0 = 2;

struct Row {
  absl::string_view rule;     // on output, without a verdict
  std::vector<int> expected;  // of the packets below, those that match
};

// 0: TCP SYN to 10.0.0.9:80; 1: TCP ACK to 10.0.0.8:443; 2: UDP to 10.0.0.9:53; 3: TCP SYN to
// [2001:db8::9]:80; 4: echo to 10.0.0.9; 5: UDP to [2001:db8::8]:5353, by uid 1000, 1000 bytes.
std::vector<int> Matching(absl::string_view rule) {
  IpHost host(LinuxProfile());
  host.Filter(absl::StrCat("output ", rule, " drop comment r"));
  std::vector<PacketPtr> packets;
  packets.push_back(host.Tcp("10.0.0.1", "10.0.0.9"));
  packets.push_back(host.Tcp("10.0.0.1", "10.0.0.8", ".", 4001, 443));
  packets.push_back(host.Udp("10.0.0.1", "10.0.0.9"));
  packets.push_back(host.Tcp("2001:db8::1", "2001:db8::9"));
  packets.push_back(host.Echo("10.0.0.1", "10.0.0.9"));
  packets.push_back(host.Udp("2001:db8::1", "2001:db8::8", 952, 5353));
  std::vector<int> out;
  for (size_t i = 0; i < packets.size(); ++i) {
    const std::string result = host.Send(0, std::move(packets[i]), i == 5 ? 1000 : 0);
    if (result == "kFirewallDenied") out.push_back(static_cast<int>(i));
  }
  EXPECT_EQ(host.ip().firewall().FindRule("r")->packets, out.size());
  return out;
}

class MatchTest : public ::testing::TestWithParam<Row> {};

TEST_P(MatchTest, Matches) { EXPECT_EQ(Matching(GetParam().rule), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    All, MatchTest,
    ::testing::Values(
        Row{"", {0, 1, 2, 3, 4, 5}}, Row{"ip daddr 10.0.0.9", {0, 2, 4}},
        Row{"ip daddr != 10.0.0.9", {1}}, Row{"ip daddr 10.0.0.0/28", {0, 1, 2, 4}},
        Row{"ip daddr 10.0.0.1-10.0.0.8", {1}}, Row{"ip daddr { 10.0.0.8, 10.9.0.0/16 }", {1}},
        Row{"ip6 daddr 2001:db8::/64", {3, 5}}, Row{"ip6 daddr 2001:db8::8", {5}},
        Row{"ip6 saddr ::/0", {3, 5}}, Row{"ip saddr 10.0.0.1", {0, 1, 2, 4}},
        Row{"tcp dport 80", {0, 3}}, Row{"tcp dport != 80", {1}}, Row{"tcp dport 100-500", {1}},
        Row{"tcp dport { 80, 443 }", {0, 1, 3}}, Row{"tcp sport 4001", {1}},
        Row{"udp dport 53", {2}}, Row{"th dport 53-80", {0, 2, 3}}, Row{"udp dport > 53", {5}},
        Row{"udp dport <= 53", {2}}, Row{"meta l4proto tcp", {0, 1, 3}},
        Row{"meta l4proto { tcp, icmp }", {0, 1, 3, 4}}, Row{"meta l4proto != tcp", {2, 4, 5}},
        Row{"ip protocol tcp", {0, 1}}, Row{"ip6 nexthdr udp", {5}},
        Row{"meta nfproto ipv6", {3, 5}}, Row{"tcp flags syn", {0, 3}}, Row{"tcp flags ! syn", {1}},
        Row{"tcp flags syn,ack", {0, 1, 3}}, Row{"tcp flags == ack", {1}},
        Row{"tcp flags != ack", {0, 3}}, Row{"tcp flags & (syn|ack) == syn", {0, 3}},
        Row{"tcp flags & (fin|rst) == 0", {0, 1, 3}}, Row{"tcp flags ack / syn,ack", {1}},
        Row{"tcp flags { ack, rst }", {1}}, Row{"icmp type echo-request", {4}},
        Row{"icmp code 0", {4}}, Row{"icmpv6 type 128", {}},
        Row{"oifname eth0", {0, 1, 2, 3, 4, 5}}, Row{"oifname \"eth*\"", {0, 1, 2, 3, 4, 5}},
        Row{"oifname != \"eth0\"", {}}, Row{"oifname lo", {}}, Row{"meta skuid 1000", {5}},
        Row{"meta length > 999", {5}}, Row{"ip ttl 64", {0, 1, 2, 4}}, Row{"ip6 hoplimit < 64", {}},
        Row{"ip daddr 10.0.0.9 tcp dport 80", {0}}, Row{"ct state new", {0, 1, 2, 3, 4, 5}}));

struct OutputRow {
  absl::string_view verdict;
  bool tcp;
  absl::string_view to;
  absl::string_view error;  // what is sent back through lo; empty: nothing
};

class OutputVerdictTest : public ::testing::TestWithParam<OutputRow> {};

// The sender is told at once, and the rejection comes back through the loopback interface.
TEST_P(OutputVerdictTest, Sender) {
  const OutputRow& row = GetParam();
  IpHost host(LinuxProfile());
  host.Filter(absl::StrCat("output meta l4proto { tcp, udp } ", row.verdict));
  const absl::string_view from = row.to.find(':') == row.to.npos ? "10.0.0.1" : "2001:db8::1";
  EXPECT_EQ(host.Send(0, row.tcp ? host.Tcp(from, row.to) : host.Udp(from, row.to)),
            "kFirewallDenied");
  std::vector<std::string> lines = host.Take();
  if (row.error.empty()) {
    EXPECT_THAT(lines, ElementsAre(StartsWith("drop, firewall ")));
    return;
  }
  EXPECT_THAT(lines, ElementsAre(StartsWith(absl::StrCat("lo to ", from, ": ", row.error)),
                                 StartsWith("drop, firewall reject")));
}

INSTANTIATE_TEST_SUITE_P(
    All, OutputVerdictTest,
    ::testing::Values(OutputRow{"drop", true, "10.0.0.9", ""},
                      OutputRow{"drop", false, "2001:db8::9", ""},
                      OutputRow{"reject", true, "10.0.0.9",
                                "10.0.0.1 > 10.0.0.1 icmp port unreachable for "
                                "10.0.0.1:4000 > 10.0.0.9:80 tcp"},
                      OutputRow{"reject", false, "2001:db8::9",
                                "2001:db8::1 > 2001:db8::1 icmp6 port unreachable for "},
                      OutputRow{"reject with icmpx type no-route", true, "10.0.0.9",
                                "10.0.0.1 > 10.0.0.1 icmp net unreachable for "},
                      OutputRow{"reject with icmpx type host-unreachable", true, "2001:db8::9",
                                "2001:db8::1 > 2001:db8::1 icmp6 address unreachable for "},
                      OutputRow{"reject with icmp type prot-unreachable", false, "10.0.0.9",
                                "10.0.0.1 > 10.0.0.1 icmp protocol unreachable for "},
                      OutputRow{"reject with icmpv6 type reject-route", true, "2001:db8::9",
                                "2001:db8::1 > 2001:db8::1 icmp6 reject route for "}));

// The reset passes the output hook itself: where the rule matches it as well, nothing comes back.
// Observed on the real kernel for a host's own address.
TEST(FirewallTest, TcpResetOnOutput) {
  IpHost host(LinuxProfile());
  host.Filter("output tcp dport 80 reject with tcp reset");
  EXPECT_EQ(host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9")), "kFirewallDenied");
  EXPECT_THAT(host.Take(),
              ElementsAre("lo to 10.0.0.1: 10.0.0.9:80 > 10.0.0.1:4000 R. 0:0(0) ack 101 win 0",
                          StartsWith("drop, firewall reject")));
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.9", 10, 80)), "ok") << "not TCP";
  host.Filter("flush ruleset\noutput ip daddr 10.0.0.1 reject with tcp reset");
  host.Take();
  EXPECT_EQ(host.Send(0, host.Tcp("10.0.0.1", "10.0.0.1")), "kFirewallDenied");
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, firewall reject"),
                                       StartsWith("drop, firewall reject")));
}

TEST(FirewallTest, Input) {
  IpHost host(LinuxProfile());
  host.Filter(
      "input tcp dport 80 drop comment d\ninput tcp dport 81 reject comment r\n"
      "input tcp dport 82 reject with tcp reset\ninput icmp type echo-request drop");
  host.Receive(0, kEth0, host.Tcp("10.0.0.9", "10.0.0.1"));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, firewall drop")));
  host.Receive(0, kEth0, host.Tcp("10.0.0.9", "10.0.0.1", "S", 4000, 81));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp "
                                                  "port unreachable for"),
                                       StartsWith("drop, firewall reject")));
  host.Receive(0, kEth0, host.Tcp("10.0.0.9", "10.0.0.1", "S", 4000, 82));
  EXPECT_THAT(host.Take(),
              ElementsAre("eth0 to 10.0.0.9: 10.0.0.1:82 > 10.0.0.9:4000 R. 0:0(0) ack 101 win 0",
                          StartsWith("drop, firewall reject")));
  host.Receive(0, kEth0, host.Tcp("10.0.0.9", "10.0.0.1", "S", 4000, 83));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("deliver eth0")));
  host.Receive(0, kEth0, host.Echo("10.0.0.9", "10.0.0.1"));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, firewall drop")));
  EXPECT_EQ(host.ip().firewall().FindRule("d")->packets, 1u);
  EXPECT_EQ(host.ip().firewall().FindRule("d")->bytes, 40u);
  host.ip().firewall().ResetCounters();
  EXPECT_EQ(host.ip().firewall().FindRule("d")->packets, 0u);
}

TEST(FirewallTest, FirstVerdictEndsThePacketAcceptEndsTheChain) {
  IpHost host(LinuxProfile());
  host.Filter(R"(
    table inet late { chain c { type filter hook output priority 10; udp dport 2 drop; } }
    table inet early {
      chain c {
        type filter hook output priority -10; policy drop;
        udp dport { 1, 2 } accept comment "a"
        udp dport 3 counter comment "counted"
        udp dport 3 accept
      }
    })");
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.9", 1, 1)), "ok");
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.9", 1, 2)), "kFirewallDenied");
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.9", 1, 3)), "ok");
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.9", 1, 4)), "kFirewallDenied");
  EXPECT_EQ(host.ip().firewall().FindRule("a")->packets, 2u);
  EXPECT_EQ(host.ip().firewall().FindRule("counted")->packets, 1u);
  EXPECT_EQ(host.ip().firewall().chains()[1].policy_packets, 1u);
}

TEST(FirewallTest, FamilyOfATable) {
  IpHost host(LinuxProfile());
  host.Filter("table ip6 t { chain c { type filter hook output priority 0; drop; } }");
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.9")), "ok");
  EXPECT_EQ(host.Send(0, host.Udp("2001:db8::1", "2001:db8::9")), "kFirewallDenied");
}

TEST(FirewallTest, ACounterCountsWhereItStands) {
  IpHost host(LinuxProfile());
  host.Filter("output udp dport 53 counter ip daddr 10.0.0.9 drop comment c");
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.8")), "ok");
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.9")), "kFirewallDenied");
  EXPECT_EQ(host.ip().firewall().FindRule("c")->packets, 2u);
}

TEST(FirewallTest, LimitsFollowVirtualTime) {
  IpHost host(LinuxProfile());
  host.Filter("output limit rate 10/second burst 2 packets accept\noutput drop");
  std::vector<int64_t> passed;
  for (int64_t ms = 0; ms <= 400; ms += 20) {
    if (host.Send(ms, host.Udp("10.0.0.1", "10.0.0.9")) == "ok") passed.push_back(ms);
  }
  EXPECT_THAT(passed, ElementsAre(0, 20, 100, 200, 300, 400));

  IpHost over(LinuxProfile());
  over.Filter("output limit rate over 2/minute burst 1 packets drop");
  EXPECT_EQ(over.Send(0, over.Udp("10.0.0.1", "10.0.0.9")), "ok");
  EXPECT_EQ(over.Send(29999, over.Udp("10.0.0.1", "10.0.0.9")), "kFirewallDenied");
  EXPECT_EQ(over.Send(30000, over.Udp("10.0.0.1", "10.0.0.9")), "ok");

  IpHost bytes(LinuxProfile());
  bytes.Filter("output limit rate over 1000 bytes/second drop");
  EXPECT_EQ(bytes.Send(0, bytes.Udp("10.0.0.1", "10.0.0.9", 772)), "ok");
  EXPECT_EQ(bytes.Send(0, bytes.Udp("10.0.0.1", "10.0.0.9", 772)), "kFirewallDenied");
  EXPECT_EQ(bytes.Send(600, bytes.Udp("10.0.0.1", "10.0.0.9", 772)), "ok");
}

TEST(FirewallTest, ConnectionState) {
  IpHost host(LinuxProfile());
  host.Filter("input ct state established,related accept\ninput drop");
  host.Receive(0, kEth0, host.Udp("10.0.0.9", "10.0.0.1", 10, 5000));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, firewall drop")));
  EXPECT_EQ(host.Send(1, host.Udp("10.0.0.1", "10.0.0.9", 10, 5000)), "ok");
  host.Take();
  PacketPtr answer = host.Udp("10.0.0.9", "10.0.0.1", 10, 5000);
  host.Receive(2, kEth0, std::move(answer));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("deliver eth0")));
  host.Receive(33000, kEth0, host.Udp("10.0.0.9", "10.0.0.1", 10, 5000));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("deliver eth0"))) << "a stream lasts 120 s";
  host.Receive(153001, kEth0, host.Udp("10.0.0.9", "10.0.0.1", 10, 5000));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, firewall drop")));
}

TEST(FirewallTest, Connect) {
  IpHost host(LinuxProfile());
  host.Filter(
      "connect tcp dport 443 meta skuid 1000 deny eperm comment p\n"
      "connect ip daddr 10.9.0.0/16 deny eacces\nconnect ip6 daddr fd00::/8 deny eperm");
  const auto check = [&](uint32_t uid, absl::string_view to, uint16_t port, IpProtocol protocol) {
    const Result<> result = host.ip().CheckConnect(At(0), uid, Endpoint{A(to), port}, protocol);
    return result.ok() ? "ok" : std::string(CauseName(result.cause()));
  };
  EXPECT_EQ(check(1000, "10.0.0.9", 443, IpProtocol::kTcp), "kPolicyDeniedEperm");
  EXPECT_EQ(check(0, "10.0.0.9", 443, IpProtocol::kTcp), "ok");
  EXPECT_EQ(check(1000, "10.0.0.9", 443, IpProtocol::kUdp), "ok");
  EXPECT_EQ(check(0, "10.9.1.1", 53, IpProtocol::kUdp), "kPolicyDeniedEacces");
  EXPECT_EQ(check(0, "::ffff:10.9.1.1", 53, IpProtocol::kUdp), "kPolicyDeniedEacces");
  EXPECT_EQ(check(0, "fd01::1", 53, IpProtocol::kTcp), "kPolicyDeniedEperm");
  EXPECT_EQ(host.ip().firewall().FindRule("p")->packets, 1u);
}

}  // namespace
}  // namespace drywire
