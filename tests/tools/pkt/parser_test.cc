// The language of packetdrill scripts: what is read, and what is said about what cannot be.
#include "tools/pkt/parser.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "stack/wire/segment.h"
#include "tools/pkt/script.h"
#include "tools/pkt/syntax.h"

namespace drywire::pkt {
namespace {

Event ParseEvent(const std::string& text, const Definitions& definitions = {}) {
  const absl::StatusOr<Script> script = ParseScript("t.pkt", text, definitions);
  EXPECT_TRUE(script.ok()) << script.status().message() << " in: " << text;
  if (!script.ok() || script->events.empty()) return Event();
  EXPECT_EQ(script->events.size(), 1u);
  return script->events.front();
}

TcpSpec ParseTcp(const std::string& packet) {
  const Event event = ParseEvent("0 " + packet);
  if (event.packet() == nullptr || event.packet()->tcp() == nullptr) {
    ADD_FAILURE() << "no segment: " << packet;
    return TcpSpec();
  }
  return *event.packet()->tcp();
}

TEST(ParserTest, Times) {
  struct Case {
    const char* text;
    EventTime::Kind kind;
    int64_t usecs;
    int64_t end;
  };
  using Kind = EventTime::Kind;
  for (const Case& c : {
           Case{"0", Kind::kAbsolute, 0, 0},
           Case{"1.5", Kind::kAbsolute, 1'500'000, 0},
           Case{"+.01", Kind::kRelative, 10'000, 0},
           Case{"+0.0000019", Kind::kRelative, 1, 0},
           Case{"*", Kind::kAny, 0, 0},
           Case{"1~2", Kind::kAbsoluteRange, 1'000'000, 2'000'000},
           Case{"+.3~+.4", Kind::kRelativeRange, 300'000, 400'000},
       }) {
    const Event event = ParseEvent(absl::StrCat(c.text, " `true`"));
    EXPECT_EQ(event.time.kind, c.kind) << c.text;
    EXPECT_EQ(event.time.usecs, c.usecs) << c.text;
    EXPECT_EQ(event.time.end_usecs, c.end) << c.text;
  }
}

TEST(ParserTest, BlockingCallsHaveAnEnd) {
  for (const char* time : {"0...0.2", "+0...0.200", "0 ...0.2"}) {
    const Event event = ParseEvent(absl::StrCat(time, " accept(3, ..., ...) = 4"));
    ASSERT_NE(event.call(), nullptr);
    EXPECT_EQ(event.call()->end_usecs, 200'000) << time;
  }
}

TEST(ParserTest, Flags) {
  struct Case {
    const char* text;
    uint8_t flags;
  };
  for (const Case& c : {
           Case{"S", kSyn},
           Case{"S.", kSyn | kAck},
           Case{".", kAck},
           Case{"-", 0},
           Case{"FP.", kFin | kPsh | kAck},
           Case{"SEW", kSyn | kEce | kCwr},
           Case{"S.EW", kSyn | kAck | kEce | kCwr},
           Case{"R", kRst},
       }) {
    EXPECT_EQ(ParseTcp(absl::StrCat("> ", c.text, " 0:0(0)")).flags, c.flags) << c.text;
  }
  const TcpSpec counted = ParseTcp("> P.5 1:11(10) ack 1");
  EXPECT_EQ(counted.flags, kPsh | kAck | kEce);
  EXPECT_TRUE(counted.accurate_ecn);
  EXPECT_EQ(counted.ace, 5);
}

TEST(ParserTest, Segments) {
  const TcpSpec tcp = ParseTcp("< 80 > 1234 P. 1:1001(1000) ack 7 win 257 urg 3 <mss 1460,nop>");
  EXPECT_EQ(tcp.source_port, 80);
  EXPECT_EQ(tcp.destination_port, 1234);
  EXPECT_EQ(tcp.seq, 1u);
  EXPECT_EQ(tcp.length, 1000u);
  EXPECT_EQ(tcp.ack, 7u);
  EXPECT_EQ(tcp.window, 257);
  EXPECT_EQ(tcp.urgent, 3);
  EXPECT_EQ(tcp.options.size(), 2u);
  EXPECT_FALSE(ParseTcp("> . 1:1(0) ack 1").window.has_value());
  EXPECT_TRUE(ParseTcp("> S 0:0(0) <...>").any_options);
  EXPECT_TRUE(ParseTcp("> R. 0:0(0)! ack 1").absolute_seq);
  EXPECT_TRUE(ParseTcp("> S. ...(0) ack 1").any_seq);
  EXPECT_EQ(ParseTcp("> . 4294967295:4(5) ack 1").seq, 4294967295u);
}

// What an option reads as, and how it is said again.
TEST(ParserTest, TcpOptionsSayThemselves) {
  for (const char* option : {
           "nop",
           "eol",
           "mss 1460",
           "wscale 7",
           "sackOK",
           "sack 1:2 3:4",
           "TS val 10 ecr 20",
           "TS val ... ecr 20",
           "TS val 1 ecr 2!",
           "FO",
           "FO 1234abcd",
           "FOEXP",
           "FOEXP 12",
           "gen-253 0102",
           "md5 valid",
       }) {
    const TcpSpec tcp = ParseTcp(absl::StrCat("> S 0:0(0) <", option, ">"));
    ASSERT_EQ(tcp.options.size(), 1u) << option;
    EXPECT_EQ(tcp.options.front().ToString(), option);
  }
  EXPECT_EQ(ParseTcp("> S 0:0(0) <exp-FO 12>").options.front().ToString(), "FOEXP 12");
  EXPECT_EQ(ParseTcp("> S 0:0(0) <exp-f989 12>").options.front().bytes,
            (std::vector<uint8_t>{254, 5, 0xf9, 0x89, 0x12}));
  EXPECT_EQ(ParseTcp("> . 1:1(0) ack 1 <AccECN0 ee0b 1 eceb 2>").options.front().bytes,
            (std::vector<uint8_t>{172, 8, 0, 0, 1, 0, 0, 2}));
}

TEST(ParserTest, IpFields) {
  using Check = IpFields::TosCheck;
  const IpFields both = ParseEvent("0 > (ttl 3, tos 0x28) . 1:1(0) ack 1").packet()->ip;
  EXPECT_EQ(both.ttl, 3);
  EXPECT_EQ(both.tos, 0x28);
  EXPECT_EQ(both.tos_check, Check::kTos);
  EXPECT_EQ(ParseEvent("0 >[noecn] . 1:1(0) ack 1").packet()->ip.tos_check, Check::kEcn);
  EXPECT_EQ(ParseEvent("0 > [ect01] . 1:1(0) ack 1").packet()->ip.tos_check, Check::kEcnEct01);
  EXPECT_EQ(ParseEvent("0 < [ecn ce] . 1:1(0) ack 1").packet()->ip.tos, 3);
  EXPECT_EQ(ParseEvent("0 > [dscp af11] . 1:1(0) ack 1").packet()->ip.tos, 10 << 2);
  EXPECT_EQ(ParseEvent("0 > [flowlabel 0x12345] . 1:1(0) ack 1").packet()->ip.flow_label, 0x12345u);
}

TEST(ParserTest, OtherProtocols) {
  EXPECT_EQ(ParseEvent("0 > udp (1000)").packet()->udp()->length, 1000u);
  const Event quoted = ParseEvent("0 < icmp unreachable frag_needed mtu 1300 [1:1461(1460)]");
  ASSERT_NE(quoted.packet()->icmp(), nullptr);
  const IcmpSpec& icmp = *quoted.packet()->icmp();
  EXPECT_EQ(icmp.code, "frag_needed");
  EXPECT_EQ(icmp.mtu, 1300u);
  EXPECT_EQ(icmp.seq, 1u);
  EXPECT_EQ(ParseEvent("0 < icmp unreachable [udp (8)]").packet()->icmp()->quote,
            IcmpSpec::Quote::kUdp);
  EXPECT_EQ(ParseEvent("0 < icmp type_3 code_7").packet()->icmp()->code, "code_7");
}

// What cannot be run is read, so that the script can be skipped by its name.
TEST(ParserTest, UnsupportedPartsAreNamed) {
  struct Case {
    const char* text;
    const char* feature;
  };
  for (const Case& c : {
           Case{"0 > ipv4 192.0.2.1 > 192.0.2.2: . 1:1(0) ack 1", "IP in IP"},
           Case{"0 > ipv6 2001:db8::1 > fd00::2: . 1:1(0) ack 1", "IP in IP"},
           Case{"0 > gre: . 1:1(0) ack 1", "GRE"},
           Case{"0 > mpls (label 1, tc 0, ttl 3): . 1:1(0) ack 1", "MPLS"},
           Case{"0 < S 0:0(0) win 1/udp(1 > 2)", "TCP over UDP"},
           Case{"0 < S 0:0(0) win 1 <md5 valid>", "TCP MD5 signatures"},
       }) {
    EXPECT_EQ(ParseEvent(c.text).packet()->unsupported, c.feature) << c.text;
  }
}

TEST(ParserTest, CallsAndTheirValues) {
  const Event event = ParseEvent(
      "0 sendto(3, \"a\\x01\" \"b\"..., 0x10, MSG_MORE|MSG_PEEK, ..., [1, -2]) = -1 EAGAIN (Try "
      "again)");
  ASSERT_NE(event.call(), nullptr);
  const CallSpec& call = *event.call();
  EXPECT_EQ(call.name, "sendto");
  EXPECT_EQ(call.error, "EAGAIN");
  EXPECT_EQ(call.result.integer, -1);
  ASSERT_EQ(call.arguments.size(), 6u);
  EXPECT_EQ(call.arguments[1].text,
            "a\x01"
            "b");
  EXPECT_TRUE(call.arguments[1].open);
  EXPECT_EQ(call.arguments[2].integer, 16);
  EXPECT_EQ(call.arguments[3].ToString(), "MSG_MORE|MSG_PEEK");
  EXPECT_EQ(call.arguments[5].ToString(), "[1, -2]");
}

TEST(ParserTest, Structs) {
  const CallSpec call = *ParseEvent(
                             "0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], "
                             "msg_flags=0, msg_control=[]}, 0) = 10")
                             .call();
  const Expression& message = call.arguments[1];
  ASSERT_EQ(message.kind, Expression::Kind::kStruct);
  ASSERT_NE(message.Find("msg_iov"), nullptr);
  EXPECT_EQ(message.Find("msg_iov")->ToString(), "[{..., 10}]");
  ASSERT_NE(message.Find("msg_flags"), nullptr);
  EXPECT_EQ(message.Find("nothing"), nullptr);
}

TEST(ParserTest, OptionsCommandsCodeAndComments) {
  const absl::StatusOr<Script> script = ParseScript("t.pkt", R"(// A script.
--tolerance_usecs=75000
--ip_version="ipv4-mapped-ipv6"
--tcp_ts_ecr_scaled
/* The
   first command */ `defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3  // descriptor 3
+0 %{ assert 1 == 1 }%
+.1 `true`
`restore.sh`
)");
  ASSERT_TRUE(script.ok()) << script.status().message();
  ASSERT_EQ(script->options.size(), 3u);
  EXPECT_EQ(script->options[0].value, "75000");
  EXPECT_EQ(script->options[1].value, "ipv4-mapped-ipv6");
  EXPECT_EQ(script->init_command, "defaults.sh");
  EXPECT_EQ(script->cleanup_command, "restore.sh");
  ASSERT_EQ(script->events.size(), 3u);
  EXPECT_EQ(script->events[1].code()->text, "assert 1 == 1");
  EXPECT_EQ(script->events[1].place.line, 8);
}

TEST(ParserTest, Definitions) {
  const std::string text =
      "#ifdef ONE\n0 close(3) = 0\n#endif\n#ifdef TWO\n0 close(4) = nonsense((\n#endif\n";
  EXPECT_EQ(ParseEvent(text, {{"ONE", ""}}).call()->arguments[0].integer, 3);
  const Event event = ParseEvent("--define=FD=7\n--define=NAME=\"x\"\n0 write(FD, NAME, 1) = 1");
  EXPECT_EQ(event.call()->arguments[0].integer, 7);
  EXPECT_EQ(event.call()->arguments[1].text, "x");
}

struct BadScript {
  const char* text;
  const char* message;
};

class ParserErrorTest : public testing::TestWithParam<BadScript> {};

TEST_P(ParserErrorTest, SaysWhereAndWhat) {
  const absl::StatusOr<Script> script = ParseScript("t.pkt", GetParam().text);
  ASSERT_FALSE(script.ok());
  EXPECT_EQ(script.status().message(), absl::StrCat("t.pkt:", GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, ParserErrorTest,
    testing::Values(
        BadScript{"", "1:1: end of the script: expected an event: a time and what happens then"},
        BadScript{"0 close(3 = 0", "1:11: '=': expected ')'"},
        BadScript{"0 close(3) = 0\n+x close(4) = 0", "2:2: 'x': expected a time in seconds"},
        BadScript{"-1 close(3) = 0", "1:1: '-1': expected a time that is not negative"},
        BadScript{"0 > S 0:1(0)",
                  "1:9: '1': expected 0, the first sequence number plus the length"},
        BadScript{"0 > X 0:0(0)", "1:5: 'X': expected flags, letters of FSRPEWAU, icmp or udp"},
        BadScript{"0 > S 0:0(0) <mss>", "1:18: '>': expected a segment size"},
        BadScript{"0 > S 0:0(0) <mss 70000>",
                  "1:19: '70000': expected a segment size from 0 to 65535"},
        BadScript{"0 > S 0:0(0) <bogus>",
                  "1:15: 'bogus': expected a TCP option, such as mss or nop"},
        BadScript{"0 < S 0:0(0) <...>",
                  "1:14: '<': expected options: <...> is for packets that are to be sent"},
        BadScript{"0 < [ect01] . 1:1(0) ack 1",
                  "1:13: '.': expected ect0 or ect1 for a packet that arrives"},
        BadScript{"0 < icmp nonsense",
                  "1:10: 'nonsense': expected the type of an ICMP message, such "
                  "as unreachable"},
        BadScript{"0 < gre 1\n#ifdef X", "2:1: #ifdef without #endif"},
        BadScript{"0 < gre 1", "1:10: end of the script: expected ':' after the GRE header"},
        BadScript{"0 < sctp: INIT[tag=1", "1:21: end of the script: expected ']'"},
        BadScript{"--bogus=1\n0 close(3) = 0", "1:1: '--bogus': expected an option of packetdrill"},
        BadScript{"--mtu\n0 close(3) = 0", "1:1: '--mtu': expected =BYTES"},
        BadScript{"0 close(3) = 0 /* open", "1:16: comment without an end: expected */"},
        BadScript{"0 write(3, \"a, 1) = 1", "1:12: text without an end: expected \""},
        BadScript{"#ifdef X\n0 close(3) = 0", "1:1: #ifdef without #endif"},
        BadScript{"0 close(3) = 0\n0 ?",
                  "2:3: '?': expected a packet (< or >), a system call, a "
                  "`command` or %{ code }%"},
        BadScript{"2~1 > . 1:1(0) ack 1",
                  "1:3: '1': expected a time that is not before the range's beginning"}));

TEST(SyntaxTest, IcmpByNameAndNumber) {
  uint8_t type = 0;
  uint8_t code = 0;
  ASSERT_TRUE(FindIcmp(false, "unreachable", "host_unreachable", &type, &code));
  EXPECT_EQ(type, 3);
  EXPECT_EQ(code, 1);
  ASSERT_TRUE(FindIcmp(true, "parameter_problem", "unknown_option", &type, &code));
  EXPECT_EQ(type, 4);
  EXPECT_EQ(code, 2);
  ASSERT_TRUE(FindIcmp(true, "type_200", "code_9", &type, &code));
  EXPECT_EQ(type, 200);
  EXPECT_EQ(code, 9);
  EXPECT_FALSE(FindIcmp(true, "source_quench", "", &type, &code));
}

}  // namespace
}  // namespace drywire::pkt
