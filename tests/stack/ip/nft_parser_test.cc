// nft(8) statements: which are understood, and how the others are refused.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "stack/ip/firewall.h"

namespace drywire {
namespace {

class GoodStatementTest : public ::testing::TestWithParam<absl::string_view> {};

TEST_P(GoodStatementTest, Loads) {
  Firewall firewall;
  const absl::Status status = firewall.Load(GetParam());
  EXPECT_TRUE(status.ok()) << status;
}

INSTANTIATE_TEST_SUITE_P(
    All, GoodStatementTest,
    ::testing::Values(
        "", "# nothing\n;;\n", "add rule inet filter output tcp dport 80 counter drop",
        "nft add rule inet filter output ip daddr 10.0.0.0/8 tcp dport 80 drop",
        "output drop\ninput accept;forward reject", "output ip6 daddr { ::1, fd00::/8 } drop",
        "output ip daddr { 10.0.0.1-10.0.0.9, 10.1.0.0/16 } drop",
        "output tcp dport {\n 22,\n 80-90\n} reject with tcp reset", "output udp dport != 53 drop",
        "output th dport >= 1024 accept", "input iifname \"eth*\" drop",
        "input iifname { eth0, eth1 } drop",
        "input meta iifname eth0 meta l4proto { tcp, udp } drop", "input meta l4proto 17 drop",
        "input meta nfproto ipv6 drop", "input ip protocol icmp drop", "input ip6 nexthdr tcp drop",
        "input ip ttl < 5 drop", "input ip6 hoplimit 1 drop", "input meta length > 1000 drop",
        "input ip length 40-60 drop", "input icmp type echo-request drop",
        "input icmpv6 type { echo-request, packet-too-big } accept",
        "input icmp type destination-unreachable icmp code port-unreachable drop",
        "output meta skuid 1000 drop", "output tcp flags syn drop",
        "output tcp flags & (syn|ack) == syn drop", "output tcp flags & ( syn | ack ) != 0 drop",
        "output tcp flags == syn drop", "output tcp flags syn,ack drop",
        "output tcp flags syn / fin,syn,rst,ack drop", "output tcp flags { syn, syn|ack } drop",
        "output tcp flags ! syn drop", "input ct state new drop",
        "input ct state established,related accept", "input ct state { new, invalid } drop",
        "input ct state != established drop", "output limit rate 10/second drop",
        "output limit rate over 10/minute burst 3 packets drop",
        "output limit rate 10 kbytes/second burst 2 kbytes drop", "output counter",
        "output counter packets 3 bytes 180 drop", "output drop comment \"why\"",
        "output comment why drop", "connect tcp dport 443 deny eperm",
        "connect ip daddr 10.0.0.0/8 meta skuid 1000 deny eacces", "connect accept",
        "add table inet filter\nadd chain inet filter input { type filter hook input priority 0 ; "
        "policy drop ; }",
        "add chain inet filter output { policy drop; }",
        "add table ip t\nadd chain ip t c { type filter hook output priority filter - 10 ; }\n"
        "add rule ip t c ip daddr 10.0.0.1 drop",
        "table inet mine {\n  chain out {\n    type filter hook output priority raw; policy "
        "accept;\n    tcp dport 80 drop # comment\n    udp dport 53 \\\n      drop\n  }\n  chain "
        "in "
        "{ type filter hook input priority 5; drop; }\n}\n",
        "table ip6 x { chain c { type filter hook input priority -10; } }",
        "add table t\nadd chain t c { type filter hook input priority 0; }\nadd rule t c ip saddr "
        "1.2.3.4 drop",
        "output drop\ninsert rule inet filter output accept\nadd rule inet filter output index 0 "
        "counter\ninsert rule inet filter output handle 1 drop\ndelete rule inet filter output "
        "handle 1",
        "output drop\nflush chain inet filter output\ndelete chain inet filter output",
        "output drop\nflush table inet filter\ndelete table inet filter\nflush ruleset"));

struct Bad {
  absl::string_view text;
  absl::string_view message;
};

class BadStatementTest : public ::testing::TestWithParam<Bad> {};

TEST_P(BadStatementTest, NamesThePlaceAndChangesNothing) {
  Firewall firewall;
  ASSERT_TRUE(firewall.Load("input tcp dport 1 drop").ok());
  const std::string before = firewall.ToString();
  const absl::Status status = firewall.Load(GetParam().text);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.message(), GetParam().message);
  EXPECT_EQ(firewall.ToString(), before);
}

constexpr absl::string_view kBadRest =
    "expected a condition (ip, ip6, tcp, udp, th, icmp, icmpv6, meta, iifname, oifname, ct), "
    "limit, "
    "counter, comment or a verdict (accept, drop, reject, deny)";

INSTANTIATE_TEST_SUITE_P(
    All, BadStatementTest,
    ::testing::Values(
        Bad{"frobnicate",
            "line 1, column 1: \"frobnicate\" is unexpected; expected add, insert, delete, flush, "
            "table, or a rule's chain (input, output, forward, connect)"},
        Bad{"output drop\n  list ruleset",
            "line 2, column 3: \"list\" is unexpected; expected add, insert, delete, flush, table, "
            "or a rule's chain (input, output, forward, connect)"},
        Bad{"prerouting drop",
            "line 1, column 1: \"prerouting\" is unexpected; expected add, insert, delete, flush, "
            "table, or a rule's chain (input, output, forward, connect)"},
        Bad{"output tcp dport 70000 drop",
            "line 1, column 18: \"70000\" is unexpected; expected a port from 0 to 65535"},
        Bad{"output tcp dport http drop",
            "line 1, column 18: \"http\" is unexpected; expected a port from 0 to 65535"},
        Bad{"output tcp dport 90-80 drop",
            "line 1, column 18: \"90-80\" is unexpected; expected a port from 0 to 65535"},
        Bad{"output tcp dport { 22 80 } drop",
            "line 1, column 23: \"80\" is unexpected; expected \",\" or \"}\""},
        Bad{"output tcp dport { } drop",
            "line 1, column 20: \"}\" is unexpected; expected a port from 0 to 65535"},
        Bad{"output tcp port 80 drop",
            "line 1, column 12: \"port\" is unexpected; expected sport, dport or flags"},
        Bad{"output udp flags syn drop",
            "line 1, column 12: \"flags\" is unexpected; expected sport or dport"},
        Bad{"output ip daddr 10.0.0.0/33 drop",
            "line 1, column 17: \"10.0.0.0/33\" is unexpected; expected an IPv4 address, prefix or "
            "range"},
        Bad{"output ip daddr fd00::1 drop",
            "line 1, column 17: \"fd00::1\" is unexpected; expected an IPv4 address, prefix or "
            "range"},
        Bad{"output ip6 daddr 10.0.0.1 drop",
            "line 1, column 18: \"10.0.0.1\" is unexpected; expected an IPv6 address, prefix or "
            "range"},
        Bad{"output ip daddr @bad drop",
            "line 1, column 17: \"@bad\" is unexpected; expected an IPv4 address, prefix or range"},
        Bad{"output ip dscp 5 drop",
            "line 1, column 11: \"dscp\" is unexpected; expected saddr, daddr, protocol, ttl or "
            "length"},
        Bad{"output tcp flags bad drop",
            "line 1, column 18: \"bad\" is unexpected; expected fin, syn, rst, psh, ack, urg, ecn "
            "or cwr"},
        Bad{"output tcp flags & syn drop",
            "line 1, column 24: \"drop\" is unexpected; expected \"==\" or \"!=\""},
        Bad{"output tcp flags & (syn | ack == syn drop",
            "line 1, column 31: \"==\" is unexpected; expected \"|\" or \")\""},
        Bad{"input icmp type ping drop",
            "line 1, column 17: \"ping\" is unexpected; expected echo-reply, "
            "destination-unreachable, source-quench, redirect, echo-request, time-exceeded or "
            "parameter-problem"},
        Bad{"input ct mark 5 drop", "line 1, column 10: \"mark\" is unexpected; expected state"},
        Bad{"input ct state open drop",
            "line 1, column 16: \"open\" is unexpected; expected new, established, related, "
            "invalid "
            "or untracked"},
        Bad{"input meta mark 5 drop",
            "line 1, column 12: \"mark\" is unexpected; expected l4proto, nfproto, length, skuid, "
            "iifname or oifname"},
        Bad{"input meta skuid 0 drop",
            "line 1, column 12: \"skuid\" is unexpected; expected no skuid here: only output and "
            "connect know who sends"},
        Bad{"input oifname eth0 drop",
            "line 1, column 7: \"oifname\" is unexpected; expected iifname: on input there is no "
            "such interface"},
        Bad{"output limit rate 10 drop",
            "line 1, column 22: \"drop\" is unexpected; expected a rate such as 10/second or 1 "
            "mbytes/minute"},
        Bad{"output limit rate 0/second drop",
            "line 1, column 19: \"0/second\" is unexpected; expected a rate such as 10/second or 1 "
            "mbytes/minute"},
        Bad{"output limit rate 5/fortnight drop",
            "line 1, column 19: \"5/fortnight\" is unexpected; expected a rate such as 10/second "
            "or "
            "1 mbytes/minute"},
        Bad{"output limit rate 5/second burst 5 drop",
            "line 1, column 36: \"drop\" is unexpected; expected \"packets\""},
        Bad{"output reject with icmp type no-route",
            "line 1, column 30: \"no-route\" is unexpected; expected net-unreachable, "
            "host-unreachable, prot-unreachable, port-unreachable, frag-needed, net-prohibited, "
            "host-prohibited or admin-prohibited"},
        Bad{"output reject with icmpx type net-prohibited",
            "line 1, column 31: \"net-prohibited\" is unexpected; expected no-route, "
            "port-unreachable, host-unreachable or admin-prohibited"},
        Bad{"output reject with rst",
            "line 1, column 20: \"rst\" is unexpected; expected icmp, icmpv6, icmpx or tcp reset"},
        Bad{"output udp dport 5 reject with tcp reset",
            "line 1, column 36: \"reset\" is unexpected; expected a rejection that suits the "
            "protocol of this rule"},
        Bad{"output ip daddr 1.2.3.4 reject with icmpv6 type no-route",
            "line 1, column 37: \"icmpv6\" is unexpected; expected a rejection in the address "
            "family of this rule"},
        Bad{"output tcp dport 5 udp dport 6 drop",
            "line 1, column 20: \"udp\" is unexpected; expected an expression of the protocol that "
            "this rule already asks for"},
        Bad{"output drop accept",
            "line 1, column 13: \"accept\" is unexpected; expected comment or the end of the rule: "
            "nothing follows a verdict"},
        Bad{"output deny eperm",
            "line 1, column 8: \"deny\" is unexpected; expected accept, drop or reject: deny is "
            "for "
            "the hook connect"},
        Bad{"connect drop",
            "line 1, column 9: \"drop\" is unexpected; expected accept or deny: a call is not "
            "dropped or rejected"},
        Bad{"connect deny enoent",
            "line 1, column 14: \"enoent\" is unexpected; expected eperm or eacces"},
        Bad{"connect ip saddr 1.2.3.4 deny eperm",
            "line 1, column 12: \"saddr\" is unexpected; expected what is known at connect: daddr, "
            "dport, l4proto, nfproto or skuid"},
        Bad{"add rule inet other output drop",
            "line 1, column 21: \"output\" is unexpected; expected a chain that was declared in "
            "table other (add chain ...)"},
        Bad{"add rule bridge filter output drop",
            "line 1, column 10: \"bridge\" is unexpected; expected a family of which there is a "
            "model: inet, ip or ip6"},
        Bad{"add chain inet t c { type nat hook output priority 0; }",
            "line 1, column 27: \"nat\" is unexpected; expected filter: other types are not "
            "modelled"},
        Bad{"add chain inet t c { type filter hook postrouting priority 0; }",
            "line 1, column 39: \"postrouting\" is unexpected; expected a hook that is modelled: "
            "input, output, forward or connect"},
        Bad{"add chain inet t c",
            "line 1, column 19: the statement ends here; expected \"{ type filter hook ... }\": "
            "chains without a hook are not modelled"},
        Bad{"add chain inet t c { policy drop; }",
            "line 1, column 22: \"policy\" is unexpected; expected type filter hook ...: a chain "
            "without a hook is not modelled"},
        Bad{"add chain inet t c { type filter hook input priority high; }",
            "line 1, column 54: \"high\" is unexpected; expected a number, raw, mangle, dstnat, "
            "filter, security or srcnat"},
        Bad{"add chain inet t c { type filter hook input priority 0; policy reject; }",
            "line 1, column 64: \"reject\" is unexpected; expected accept or drop"},
        Bad{"add set inet filter s { type ipv4_addr; }",
            "line 1, column 5: \"set\" is unexpected; expected table, chain or rule"},
        Bad{"table inet t { chain c { type filter hook input priority 0; drop",
            "line 1, column 65: the statement ends here; expected \"}\""},
        Bad{"delete rule inet filter input handle 77",
            "line 1, column 38: \"77\" is unexpected; expected the handle of a rule of chain "
            "input"},
        Bad{"input comment \"unfinished", "line 1, column 15: the string has no closing quote"},
        Bad{"output drop }",
            "line 1, column 13: \"}\" is unexpected; expected the end of the statement"}));

TEST(NftParserTest, EverythingElseOfARuleIsNamed) {
  for (absl::string_view word : {"log", "queue", "jump", "goto", "return", "dnat", "masquerade",
                                 "numgen", "fib", "mark", "vmap", "socket", "rt", "ether"}) {
    Firewall firewall;
    const std::string text = "output " + std::string(word) + " x";
    EXPECT_EQ(firewall.Load(text).message(), "line 1, column 8: \"" + std::string(word) +
                                                 "\" is unexpected; " + std::string(kBadRest));
  }
}

TEST(NftParserTest, ListsRulesWithHandlesAndCounters) {
  Firewall firewall;
  ASSERT_TRUE(firewall
                  .Load("output   tcp dport {80,443} counter packets 2 bytes 80 drop comment \"x "
                        "y\"\nadd chain inet filter input { policy drop; }\ninput accept")
                  .ok());
  EXPECT_EQ(firewall.ToString(),
            "chain inet filter output { type filter hook output priority 0; policy accept; }\n"
            "  tcp dport { 80 , 443 } counter packets 2 bytes 80 drop comment \"x y\" # handle 1 "
            "packets 2 bytes 80\n"
            "chain inet filter input { type filter hook input priority 0; policy drop; }\n"
            "  accept # handle 2 packets 0 bytes 0\n");
  EXPECT_EQ(firewall.FindRule("x y")->handle, 1u);
  EXPECT_EQ(firewall.FindRule(uint64_t{2})->verdict, FirewallVerdict::kAccept);
  EXPECT_EQ(firewall.FindRule("nope"), nullptr);
  EXPECT_EQ(firewall.FindRule(uint64_t{9}), nullptr);
}

}  // namespace
}  // namespace drywire
