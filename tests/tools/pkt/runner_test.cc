// Scripts that run: what passes, what fails and how it is told, what is skipped.
#include "tools/pkt/runner.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/core/trace.h"
#include "tools/pkt/config.h"
#include "tools/pkt/python.h"

namespace drywire::pkt {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Status = Outcome::Status;

constexpr char kHandshake[] = R"(0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,wscale 10>
+.1 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
)";

Outcome RunOn(const char* personality, const std::string& text) {
  static auto* const python = new Python();
  RunOptions options;
  options.personality = personality;
  return RunScript("t.pkt", text, options, *python);
}
Outcome RunText(const std::string& text) { return RunOn("linux", text); }
Outcome Connected(const std::string& rest) { return RunText(absl::StrCat(kHandshake, rest)); }

TEST(RunnerTest, HandshakeDataAndClose) {
  const Outcome outcome = Connected(R"(+0 write(4, ..., 1000) = 1000
+0 > P. 1:1001(1000) ack 1
+.1 < . 1:1(0) ack 1001 win 257
+0 close(4) = 0
+0 > F. 1001:1001(0) ack 1
+.1 < F. 1:1(0) ack 1002 win 257
+0 > . 1002:1002(0) ack 2
)");
  EXPECT_EQ(outcome.status, Status::kPassed) << outcome.details;
}

TEST(RunnerTest, BothSystemsConnect) {
  const std::string text = R"(0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0...0.1 connect(3, ..., ...) = 0
+0 > S 0:0(0) <...>
+.1 < S. 0:0(0) ack 1 win 32792 <mss 1000,nop,wscale 7>
+0 > . 1:1(0) ack 1
)";
  for (const char* personality : {"linux", "freebsd"}) {
    const Outcome outcome = RunOn(personality, text);
    EXPECT_EQ(outcome.status, Status::kPassed) << personality << outcome.details;
  }
}

TEST(RunnerTest, TheSameScriptTwiceIsTheSameRun) {
  const Outcome first = Connected("+0 close(4) = 0\n+0 > F. 1:1(0) ack 1\n");
  const Outcome second = Connected("+0 close(4) = 0\n+0 > F. 1:1(0) ack 1\n");
  EXPECT_EQ(first.status, Status::kPassed) << first.details;
  EXPECT_EQ(first.digest, second.digest);
  EXPECT_NE(first.digest, Digest());
}

struct Failure {
  const char* rest;
  const char* reason;
};

class RunnerFailureTest : public testing::TestWithParam<Failure> {};

TEST_P(RunnerFailureTest, IsTold) {
  const Outcome outcome = Connected(GetParam().rest);
  EXPECT_EQ(outcome.status, Status::kFailed);
  EXPECT_THAT(outcome.reason, HasSubstr(GetParam().reason));
  EXPECT_THAT(outcome.details, HasSubstr("the last packets:"));
  EXPECT_THAT(outcome.details, HasSubstr("ESTAB"));
}

INSTANTIATE_TEST_SUITE_P(
    All, RunnerFailureTest,
    testing::Values(
        Failure{"+0 write(4, ..., 10) = 10\n+0 > . 1:11(10) ack 1\n", "flags: expected ., got P."},
        Failure{"+0 write(4, ..., 10) = 10\n+0 > P. 1:21(20) ack 1\n",
                "got 10 bytes and then another packet"},
        Failure{"+0 write(4, ..., 10) = 10\n+1 > P. 1:11(10) ack 1\n",
                "expected the packet at 1.100000 s, but it was at 0.100000 s"},
        Failure{"+0 > P. 1:11(10) ack 1\n", "no packet came until"},
        Failure{"+0 write(4, ..., 10) = 11\n", "expected 11, got 10"},
        Failure{"+0 read(4, ..., 10) = -1 EAGAIN (x)\n", "the call blocks for ever"},
        Failure{"+0 recv(4, ..., 10, MSG_DONTWAIT) = -1 EPIPE (x)\n",
                "expected -1 EPIPE, got -1 EAGAIN"},
        Failure{"+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [ECONNRESET], [4]) = 0\n",
                "expected ECONNRESET (Connection reset by peer), got 0"},
        Failure{"+0 setsockopt(4, SOL_SOCKET, SO_NONSENSE, [1], 4) = 0\n",
                "unknown constant SO_NONSENSE"},
        Failure{"+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [9000000000000000000]) = 0\n",
                "expected a number of bytes from 0 to 67108864, got 9000000000000000000"},
        Failure{"+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0, "
                "msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_TOS}]}, 0) = 10\n",
                "expected {cmsg_level=N, cmsg_type=N, cmsg_data=N}, got {cmsg_level=SOL_IP, "
                "cmsg_type=IP_TOS}"},
        Failure{"+0 < P. 1:11(10) ack 1 win 257\n+0 > . 1:1(0) ack 11\n"
                "+0 readv(4, [{..., 4}, {\"abcdef\", 6}], 2) = 10\n",
                "data: expected \"abcdef\", got \"\\000\\000\\000\\000\\000\\000\""},
        Failure{"+0 < P. 1:11(10) ack 1 win 257\n+0 > . 1:1(0) ack 11\n"
                "+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{\"abcdefghij\", 10}], "
                "msg_flags=0}, 0) = 10\n",
                "data: expected \"abcdefghij\", got"},
        Failure{"+0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 5\n"
                "+0 connect(5, {sa_family=AF_INET, sin_port=htons(80), "
                "sin_addr=inet_ntoa(\"192.0.2.1\")}, 16) = 0\n",
                "expected a number, got inet_ntoa(\"192.0.2.1\")"},
        Failure{"+0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 5\n"
                "+0 connect(5, {sa_family=AF_INET, sin_port=htons(80), "
                "sin_addr=inet_addr(\"192.0.2\")}, 16) = 0\n",
                "expected an address, got inet_addr(\"192.0.2\")"},
        Failure{"+0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 5\n+0 connect(5, ..., ...) = 0\n"
                "+0 send(5, ..., 3000, 0) = 3000\n+0 > udp (3000)\n",
                "the packet has 3028 bytes, the MTU is 1500: fragments are not modelled"},
        Failure{"+0 `set_sysctls.py nonsense`\n",
                "set_sysctls.py: expected NAME=VALUE, got 'nonsense'"},
        Failure{"+0 vfork() = 0\n", "the system call vfork() is not modelled"},
        Failure{"+0 close() = 0\n", "close() has the arguments (fd), not 0 of them"},
        Failure{"+0 `reboot`\n", "the command 'reboot' is not understood"},
        Failure{"+0 `sysctl -w net.ipv4.tcp_nonsense=1`\n",
                "\"net.ipv4.tcp_nonsense\" is not modelled"},
        Failure{"+0 %{ assert tcpi_state == TCP_CLOSE, tcpi_state }%\n", "assertion failed: 1"},
        Failure{"+0 %{ nonsense }%\n", "NameError: name 'nonsense' is not defined"}));

TEST(RunnerTest, SegmentsMakeUpAPayload) {
  const std::string rest = "+0 write(4, ..., 3000) = 3000\n+0 > P. 1:3001(3000) ack 1\n";
  EXPECT_EQ(Connected(rest).status, Status::kPassed);
  const Outcome strict = RunText(absl::StrCat("--strict_segments\n", kHandshake, rest));
  EXPECT_THAT(strict.reason, HasSubstr("length: expected 3000, got 1000"));
}

TEST(RunnerTest, TimestampsAreTheScripts) {
  const Outcome outcome = RunText(R"(0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 20000 <mss 1000,sackOK,TS val 100 ecr 0>
+0 > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 700 ecr 100>
+.1 < . 1:1(0) ack 1 win 20000 <nop,nop,TS val 200 ecr 700>
+0 accept(3, ..., ...) = 4
+0 < . 1:11(10) ack 1 win 20000 <nop,nop,TS val 201 ecr 999>
)");
  EXPECT_THAT(outcome.reason, HasSubstr("TS ecr 999 echoes no TS val that was sent before"));
}

TEST(RunnerTest, SkipsByName) {
  struct Case {
    const char* text;
    const char* feature;
  };
  for (const Case& c : {
           Case{"--udp_encapsulation=tcp\n0 close(3) = 0", "TCP over UDP (--udp_encapsulation)"},
           Case{"0 < S 0:0(0) win 1 <md5 valid>", "TCP MD5 signatures"},
           Case{"0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                "+0 setsockopt(3, SOL_SOCKET, SO_ZEROCOPY, [1], 4) = 0",
                "zerocopy"},
           Case{"0 < sctp: INIT[flgs=0, tag=1,\n tsn=0];\n DATA[flgs=0]\n+0 close(3) = 0", "SCTP"},
           Case{"0 socket(..., SOCK_STREAM, IPPROTO_SCTP) = 3", "SCTP"},
           Case{"0 sctp_bindx(3, ..., 1, SCTP_BINDX_ADD_ADDR) = 0", "SCTP"},
           Case{"`sysctl -w net.inet.sctp.ecn_enable=0`\n0 close(3) = 0", "SCTP"},
           Case{"0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n"
                "+0 < icmp unreachable port_unreachable [sctp(1)]",
                "SCTP"},
           Case{"0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n"
                "+0 < [udplite(10, 8)] icmp unreachable port_unreachable",
                "UDP-Lite"},
           Case{"0 socket(..., SOCK_DGRAM, IPPROTO_UDPLITE) = 3", "UDP-Lite"},
           Case{"0 psp_rx_assoc(3, [7]) = 0", "PSP encryption"},
           Case{"--code_sockopt=TCP_CC_INFO\n0 close(3) = 0",
                "TCP_CC_INFO (of BBR, DCTCP and Vegas)"},
       }) {
    const Outcome outcome = RunText(c.text);
    EXPECT_EQ(outcome.status, Status::kSkipped) << c.text;
    EXPECT_EQ(outcome.reason, c.feature);
  }
  static auto* const python = new Python();
  RunOptions options;
  options.config.ip = IpMode::kIpv4;
  EXPECT_EQ(RunScript("t.pkt", "--ip_version=ipv6\n0 close(3) = 0", options, *python).reason,
            "for ipv6 only");
}

TEST(RunnerTest, CodeKeepsItsNamesAndPrints) {
  const Outcome outcome = Connected("+0 %{ x = 1; print('hello') }%\n+0 %{ assert x == 1 }%\n");
  EXPECT_EQ(outcome.status, Status::kPassed) << outcome.details;
  EXPECT_EQ(outcome.printed, "hello\n");
  // Another script has other names.
  EXPECT_THAT(Connected("+0 %{ x }%\n").reason, HasSubstr("NameError"));
}

TEST(RunnerTest, CodeSeesMeminfo) {
  constexpr char kOption[] = "--code_sockopt=SO_MEMINFO\n";
  const Outcome outcome =
      RunText(absl::StrCat(kOption, kHandshake,
                           "+0 setsockopt(4, SOL_SOCKET, SO_RCVBUF, [9000], 4) = 0\n"
                           "+0 %{ assert SK_MEMINFO_RCVBUF == 18000, SK_MEMINFO_RCVBUF }%\n"));
  EXPECT_EQ(outcome.status, Status::kPassed) << outcome.details;
  EXPECT_THAT(RunText(absl::StrCat(kOption, kHandshake, "+0 %{ SK_MEMINFO_RMEM_ALLOC }%\n")).reason,
              HasSubstr("name 'SK_MEMINFO_RMEM_ALLOC' is not defined"));
  EXPECT_THAT(RunText("--code_sockopt=SO_BOGUS\n0 close(3) = 0").reason,
              HasSubstr("expected TCP_INFO|SO_MEMINFO|TCP_CC_INFO"));
}

TEST(RunnerTest, AssertionsThatFailShowTheirVariables) {
  struct Case {
    const char* code;
    const char* reason;
  };
  for (const Case& c : {
           Case{"assert tcpi_snd_cwnd == 11, 'x'", "assertion failed: x (tcpi_snd_cwnd = 10)"},
           Case{"assert tcpi_unacked > TCP_CA_Open",
                "assertion failed (TCP_CA_Open = 0, tcpi_unacked = 0)"},
           Case{"assert False", "assertion failed"},
           Case{"def f():\n  assert tcpi_snd_cwnd == 11\nf()",
                "assertion failed (tcpi_snd_cwnd = 10)"},
           Case{"raise AssertionError('y')", "assertion failed: y"},
       }) {
    const std::string reason = Connected(absl::StrCat("+0 %{ ", c.code, " }%\n")).reason;
    EXPECT_THAT(reason, testing::EndsWith(absl::StrCat("}%: ", c.reason))) << c.code;
  }
}

TEST(RunnerTest, CodeThatIsNoUtf8IsReplaced) {
  const Outcome outcome = Connected("+0 %{ print(len('\xff')) }%\n");
  EXPECT_EQ(outcome.status, Status::kPassed) << outcome.details;
  EXPECT_EQ(outcome.printed, "1\n");
}

TEST(RunnerTest, CodeThatEndsTheInterpreterFailsItsScriptOnly) {
  EXPECT_THAT(Connected("+0 %{ import os; os._exit(3) }%\n").reason,
              HasSubstr("python3 ended unexpectedly: exit status 3"));
  EXPECT_THAT(Connected("+0 %{ import os; os.kill(os.getpid(), 9) }%\n").reason,
              HasSubstr("python3 ended unexpectedly: signal 9"));
  EXPECT_EQ(Connected("+0 %{ x = 1 }%\n+0 %{ assert x == 1 }%\n").status, Status::kPassed);
}

TEST(RunnerTest, CodeThatPrintsTooMuchFails) {
  EXPECT_THAT(Connected("+0 %{ print('x' * (65 << 20)) }%\n").reason,
              HasSubstr("python3 has more than 64 MiB to say"));
}

TEST(RunnerTest, CodeThatNeverEndsFails) {
  Python python(/*patience_ms=*/100);
  const Outcome outcome = RunScript("t.pkt", "0 %{ while True: pass }%", RunOptions(), python);
  EXPECT_THAT(outcome.reason, HasSubstr("python3 gave no answer within 100 ms"));
}

TEST(RunnerTest, ProgramsThatCodeRunsHaveNoPartInTheAnswers) {
  const Outcome outcome = Connected(
      "+0 %{ import os; os.system('echo x; cat'); os.write(1, b'y') }%\n+0 %{ print('z') }%\n");
  EXPECT_EQ(outcome.status, Status::kPassed) << outcome.details;
  EXPECT_EQ(outcome.printed, "z\n");
}

TEST(RunnerTest, SendtoNowhereGoesToThePeer) {
  const Outcome outcome = Connected(
      "+0 sendto(4, ..., 10, 0, NULL, 0) = 10\n"
      "+0 > P. 1:11(10) ack 1\n+.1 < . 1:1(0) ack 11 win 257\n");
  EXPECT_EQ(outcome.status, Status::kPassed) << outcome.details;
}

TEST(RunnerTest, MessagesHaveNamesAndData) {
  const Outcome outcome = RunText(R"(0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3
+0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 10
+0 > udp (10)
+0 < udp (5)
+0 recvmsg(3, {msg_name(...)={sa_family=AF_INET, sin_port=htons(8080),
                              sin_addr=inet_addr("192.0.2.1")},
               msg_iov(2)=[{..., 2}, {..., 8}], msg_flags=0}, 0) = 5
+0 < udp (5)
+0 recvmsg(3, {msg_name(...)={sa_family=AF_INET, sin_port=htons(8081),
                              sin_addr=inet_addr("192.0.2.1")},
               msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 5
)");
  EXPECT_THAT(outcome.reason, HasSubstr("msg_name: expected {sa_family=AF_INET, "
                                        "sin_port=htons(8081)"));
}

TEST(RunnerTest, AddressesOfStructures) {
  for (const char* address :
       {"inet_addr(\"192.0.2.1\")", "inet_pton(AF_INET, \"192.0.2.1\")", "htonl(0xc0000201)"}) {
    const Outcome outcome =
        RunText(absl::StrCat("0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n"
                             "+0 connect(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=",
                             address, "}, 16) = 0\n+0 send(3, ..., 10, 0) = 10\n+0 > udp (10)\n"));
    EXPECT_EQ(outcome.status, Status::kPassed) << address << outcome.details;
  }
}

TEST(RunnerTest, AddressesThatCallsGiveBackAreCompared) {
  constexpr char kPeer[] = "{sa_family=AF_INET, sin_port=htons(8080), sin_addr=htonl(0xc0000201)}";
  constexpr char kAny[] = "{sa_family=AF_INET, sin_port=htons(0), sin_addr=htonl(0)}";
  const std::string connected =
      "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n+0 connect(3, ..., ...) = 0\n";
  EXPECT_EQ(RunText(absl::StrCat(connected, "+0 getpeername(3, ", kPeer, ", [16]) = 0\n")).status,
            Status::kPassed);
  EXPECT_THAT(RunText(absl::StrCat(connected, "+0 getpeername(3, ", kAny, ", [16]) = 0\n")).reason,
              HasSubstr("sin_port=htons(0), sin_addr=htonl(0)}, got {sa_family=AF_INET, "
                        "sin_port=htons(8080), sin_addr=inet_addr(\"192.0.2.1\")}"));
  EXPECT_THAT(RunText(absl::StrCat(connected, "+0 getpeername(3, ..., [28]) = 0\n")).reason,
              HasSubstr("length of the address: expected 28, got 16"));
  EXPECT_THAT(RunText(absl::StrCat(connected,
                                   "+0 send(3, ..., 5, 0) = 5\n+0 > udp (5)\n+0 < udp (5)\n"
                                   "+0 recvfrom(3, ..., 10, 0, ",
                                   kAny, ", ...) = 5\n"))
                  .reason,
              HasSubstr("address: expected"));
}

TEST(RunnerTest, EpollWaitHasOneEventOrNone) {
  constexpr char kSetUp[] = R"(0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3
+0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 4
+0 epoll_create(1) = 5
+0 epoll_wait(5, {events=EPOLLOUT, fd=3}, 2, 0) = 0
+0 epoll_ctl(5, EPOLL_CTL_ADD, 3, {events=EPOLLOUT, fd=3}) = 0
+0 epoll_wait(5, {events=EPOLLOUT, fd=3}, 2, 0) = 1
+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLOUT, fd=4}) = 0
)";
  EXPECT_THAT(
      RunText(absl::StrCat(kSetUp, "+0 epoll_wait(5, {events=EPOLLOUT, fd=3}, 2, 0) = 2")).reason,
      HasSubstr("expected one event, got 2"));
}

TEST(RunnerTest, NetmaskOfNoBitsIsGiven) {
  const Outcome outcome = RunText(
      "--netmask_ip=0.0.0.0\n0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n"
      "+0 connect(3, ..., ...) = 0\n+0 send(3, ..., 10, 0) = 10\n+0 > udp (10)\n");
  EXPECT_EQ(outcome.status, Status::kPassed) << outcome.details;
  EXPECT_THAT(RunText("--netmask_ip=255.0.255.0\n0 close(3) = 0").reason, HasSubstr("expected"));
}

TEST(RunnerTest, AddressesThatAreNoneFail) {
  for (const char* address : {"0.0.0.0", "224.0.0.1", "127.0.0.1", "255.255.255.255"}) {
    const Outcome outcome =
        RunText(absl::StrCat("--mtu=1500\n--local_ip=", address, "\n0 close(3) = 0"));
    EXPECT_THAT(outcome.reason, HasSubstr("1: the options: ")) << address;
    EXPECT_THAT(outcome.reason, HasSubstr(address));
  }
}

TEST(RunnerTest, CommandsChangeTheHost) {
  const Outcome outcome = RunText(
      "`sysctl -q net.ipv4.tcp_syn_retries=1\n echo 0 > /proc/sys/net/ipv4/tcp_sack`\n"
      "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
      "+0 getsockopt(3, SOL_TCP, TCP_SYNCNT, [1], [4]) = 0\n"
      "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
      "+0 connect(3, ..., ...) = -1 EINPROGRESS (x)\n"
      "+0 > S 0:0(0) <mss 1460,nop,nop,TS val 1 ecr 0,nop,wscale 10>\n"
      "+0 `ss | grep -c SYN_SENT | grep 1`\n");
  EXPECT_EQ(outcome.status, Status::kPassed) << outcome.details;
}

TEST(RunnerTest, EveryIpMode) {
  static auto* const python = new Python();
  for (const IpMode mode : {IpMode::kIpv4, IpMode::kIpv6, IpMode::kMapped}) {
    RunOptions options;
    options.config.ip = mode;
    const std::string mss = mode == IpMode::kIpv6 ? "1440" : "1460";
    const Outcome outcome = RunScript(
        "t.pkt",
        absl::StrCat("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                     "+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n"
                     "+0 < S 0:0(0) win 1000 <mss 1000>\n+0 > S. 0:0(0) ack 1 <mss ",
                     mss, ">\n+0 < . 1:1(0) ack 1 win 1000\n+0 accept(3, ..., ...) = 4\n"),
        options, *python);
    EXPECT_EQ(outcome.status, Status::kPassed) << IpModeName(mode) << outcome.details;
  }
}

TEST(RunnerTest, DatagramsAndIcmp) {
  const Outcome outcome = RunText(R"(0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3
+0 connect(3, ..., ...) = 0
+0 send(3, ..., 100, 0) = 100
+0 > udp (100)
+.1 < icmp unreachable port_unreachable [udp (100)]
+0 send(3, ..., 100, 0) = -1 ECONNREFUSED (Connection refused)
+.1 < udp (50)
+0 recv(3, ..., 100, 0) = 50
)");
  EXPECT_EQ(outcome.status, Status::kPassed) << outcome.details;
}

TEST(RunnerTest, WhatDoesNotParseFails) {
  const Outcome outcome = RunText("0 close(3");
  EXPECT_EQ(outcome.status, Status::kFailed);
  EXPECT_EQ(outcome.reason, "1:10: end of the script: expected ')'");
  EXPECT_EQ(outcome.details, "t.pkt:1:10: end of the script: expected ')'\n");
  EXPECT_THAT(RunText("--mtu=x\n0 close(3) = 0").reason, HasSubstr("--mtu=x: expected BYTES"));
}

}  // namespace
}  // namespace drywire::pkt
