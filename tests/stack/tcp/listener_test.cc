// Passive open: SYN queue, accept queue, overflow, SYN cookies.
#include "gtest/gtest.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

constexpr char kSyn1[] = "S 100:100(0) win 65535 <mss 1460>";

std::string Ack(const Segment& syn_ack) {
  return ". 101:101(0) ack " + std::to_string((syn_ack.seq + 1).value()) + " win 65535";
}

// One complete handshake from `port`.
void Handshake(ListenerHarness& tcp, uint16_t port) {
  tcp.Inject(kSyn1, port);
  const Segment syn_ack = tcp.log().Pop();
  tcp.Inject(Ack(syn_ack), port);
}

class BothListenerTest : public testing::TestWithParam<Profile (*)()> {};
INSTANTIATE_TEST_SUITE_P(Systems, BothListenerTest,
                         testing::Values(&LinuxProfile, &FreeBsdProfile));

TEST_P(BothListenerTest, Handshake) {
  ListenerHarness tcp(GetParam()());
  tcp.Inject(kSyn1);
  tcp.Expect("S. 0:0(0) ack 101 <mss 1460>");
  EXPECT_EQ(tcp.requests(), 1u);
  tcp.Inject(". 101:101(0) ack 1 win 65535");
  tcp.ExpectNothing();
  ASSERT_EQ(tcp.queued().size(), 1u);
  EXPECT_EQ(tcp.queued()[0]->state(), TcpState::kEstablished);
  EXPECT_EQ(tcp.requests(), 0u);
}

TEST(ListenerTest, SynAckOptions) {  // observed on 6.18: window 65160 on Ethernet with timestamps
  constexpr char kSyn[] = "S 100:100(0) win 64240 <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>";
  ListenerHarness linux(LinuxProfile());
  linux.Inject(kSyn);
  linux.Expect("S. 0:0(0) ack 101 win 65160 <mss 1460,sackOK,TS val 0 ecr 5,nop,wscale 10>");
  ListenerHarness freebsd(FreeBsdProfile());
  freebsd.Inject(kSyn);
  freebsd.Expect("S. 0:0(0) ack 101 win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 0 ecr 5>");
}

TEST(LinuxListenerTest, AnMssThatTimestampsFill) {  // IPv6 over an MTU of 72 bytes
  ListenerHarness tcp(LinuxProfile());
  tcp.settings().max_segment = 12;
  tcp.Inject("S 100:100(0) win 64240 <mss 1460,TS val 5 ecr 0>");
  tcp.Expect("S. 0:0(0) ack 101 <mss 12,nop,nop,TS val 0 ecr 5>");
}

TEST(LinuxListenerTest, SynAckTimes) {  // tcp_synack_retries 5
  ListenerHarness tcp(LinuxProfile());
  tcp.Inject(kSyn1);
  tcp.AdvanceTo(100_s);
  for (Duration t : {0_s, 1_s, 3_s, 7_s, 15_s, 31_s}) tcp.ExpectAt(t, "S. 0:0(0) ack 101 <...>");
  tcp.ExpectNothing();
  EXPECT_EQ(tcp.requests(), 0u);
}

TEST(FreeBsdListenerTest, SynAckTimes) {  // net.inet.tcp.syncache.rexmtlimit 3
  ListenerHarness tcp(FreeBsdProfile());
  tcp.Inject(kSyn1);
  tcp.AdvanceTo(100_s);
  for (Duration t : {0_s, 1_s, 3_s, 7_s}) tcp.ExpectAt(t, "S. 0:0(0) ack 101 <...>");
  tcp.ExpectNothing();
  EXPECT_EQ(tcp.requests(), 0u);
}

TEST_P(BothListenerTest, RetransmittedSynDrawsTheSynAckAgain) {
  ListenerHarness tcp(GetParam()());
  tcp.Inject(kSyn1);
  tcp.AdvanceTo(600_ms);
  tcp.Inject(kSyn1);
  tcp.ExpectAt(0_ms, "S. 0:0(0) ack 101 <...>");
  tcp.ExpectAt(600_ms, "S. 0:0(0) ack 101 <...>");
  tcp.AdvanceTo(1600_ms);
  tcp.ExpectAt(1600_ms, "S. 0:0(0) ack 101 <...>");
}

TEST_P(BothListenerTest, StraySegments) {  // RFC 9293 3.10.7.2
  ListenerHarness tcp(GetParam()());
  tcp.Inject("R 1:1(0) win 0");
  tcp.Inject("- 1:1(0) win 0");
  tcp.Inject("F 1:1(0) win 0");
  tcp.ExpectNothing();
  tcp.Inject(". 1:1(0) ack 7 win 10");
  tcp.Expect("R 7:7(0) win 0");
  tcp.Inject("S. 1:1(0) ack 7 win 10");
  tcp.Expect("R 7:7(0) win 0");
}

TEST(ListenerTest, SynFin) {  // FreeBSD, segments 8; Linux drops it
  ListenerHarness linux(LinuxProfile());
  linux.Inject("SF 100:100(0) win 65535 <mss 1460>");
  linux.ExpectNothing();
  ListenerHarness freebsd(FreeBsdProfile());
  freebsd.Inject("SF 100:100(0) win 65535 <mss 1460>");
  freebsd.Expect("S. 0:0(0) ack 101 <...>");
  ListenerHarness dropping(FreeBsdProfile());
  ASSERT_TRUE(dropping.profile().Set("net.inet.tcp.drop_synfin", "1").ok());
  dropping.Inject("SF 100:100(0) win 65535 <mss 1460>");
  dropping.ExpectNothing();
}

TEST_P(BothListenerTest, ExactRstDeletesTheRequest) {  // FreeBSD, segments 5
  ListenerHarness tcp(GetParam()());
  tcp.Inject(kSyn1);
  tcp.log().Clear();
  tcp.Inject("R 101:101(0) win 0");
  EXPECT_EQ(tcp.requests(), 0u);
  tcp.ExpectNothing();
}

TEST(FreeBsdListenerTest, RstInWindowDrawsAChallenge) {  // FreeBSD, segments 5
  ListenerHarness tcp(FreeBsdProfile());
  tcp.Inject(kSyn1);
  tcp.log().Clear();
  tcp.Inject("R 102:102(0) win 0");
  EXPECT_EQ(tcp.requests(), 1u);
  tcp.Expect(". 1:1(0) ack 101");
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.insecure_rst", "1").ok());
  tcp.Inject("R 102:102(0) win 0");
  EXPECT_EQ(tcp.requests(), 0u);
}

// RFC 5961, 3.2; tests/pkt/linux rfc9293-3.10.7.4-syn-received-rst-in-window.
TEST(LinuxListenerTest, RstInWindowDrawsAChallengeAtMostTwiceASecond) {
  for (const char* rst :
       {"R 102:102(0) win 0", "R. 102:102(0) ack 1 win 0", "R. 102:102(0) ack 9 win 0"}) {
    ListenerHarness tcp(LinuxProfile());
    tcp.Inject(kSyn1);
    tcp.log().Clear();
    tcp.Inject(rst);
    tcp.Expect(". 1:1(0) ack 101");
    EXPECT_EQ(tcp.requests(), 1u);
    tcp.log().Clear();
    tcp.Inject(rst);
    tcp.ExpectNothing();
  }
}

TEST(LinuxListenerTest, ARstNeedNotAcknowledgeWhatWasSent) {
  ListenerHarness tcp(LinuxProfile());
  tcp.Inject(kSyn1);
  tcp.log().Clear();
  tcp.Inject("R. 101:101(0) ack 9 win 0");
  EXPECT_EQ(tcp.requests(), 0u);
  tcp.ExpectNothing();
}

TEST_P(BothListenerTest, AWrongAckDrawsReset) {
  ListenerHarness tcp(GetParam()());
  tcp.Inject(kSyn1);
  tcp.log().Clear();
  tcp.Inject(". 101:101(0) ack 9 win 65535");
  tcp.Expect("R 9:9(0) win 0");
  EXPECT_EQ(tcp.requests(), 1u);
}

TEST(LinuxListenerTest, IcmpDeletesTheRequestAndTheAckDrawsReset) {  // Linux 7; icmp-baseline
  ListenerHarness tcp(LinuxProfile());
  tcp.Inject(kSyn1);
  tcp.log().Clear();
  tcp.Icmp(Cause::kIcmpHostUnreachable, 0);
  EXPECT_EQ(tcp.requests(), 0u);
  tcp.Inject(". 101:101(0) ack 1 win 65535");
  tcp.Expect("R 1:1(0) win 0");
}

TEST_P(BothListenerTest, TheFinalAckMayCarryDataAndFin) {
  ListenerHarness tcp(GetParam()());
  tcp.Inject(kSyn1);
  tcp.Inject("FP. 101:111(10) ack 1 win 65535");
  ASSERT_EQ(tcp.queued().size(), 1u);
  EXPECT_EQ(tcp.queued()[0]->state(), TcpState::kCloseWait);
  EXPECT_EQ(tcp.queued()[0]->Readable(), 10u);
}

// --- Accept queue

struct Backlog {
  Profile (*profile)();
  int backlog;
  size_t admitted;
};
class BacklogTest : public testing::TestWithParam<Backlog> {};

TEST_P(BacklogTest, Admits) {  // Linux 29; FreeBSD, listeners
  ListenerHarness tcp(GetParam().profile(), GetParam().backlog);
  for (uint16_t port = 1; port <= 30; ++port) {
    tcp.Inject(kSyn1, port);
    if (tcp.log().size() == 0) continue;
    const Segment syn_ack = tcp.log().Pop();
    tcp.Inject(Ack(syn_ack), port);
    tcp.log().Clear();
  }
  EXPECT_EQ(tcp.queued().size(), GetParam().admitted);
}

INSTANTIATE_TEST_SUITE_P(
    Facts, BacklogTest,
    testing::Values(Backlog{&LinuxProfile, 0, 1}, Backlog{&LinuxProfile, 1, 2},
                    Backlog{&LinuxProfile, 5, 6}, Backlog{&FreeBsdProfile, 0, 1},
                    Backlog{&FreeBsdProfile, 1, 2}, Backlog{&FreeBsdProfile, 2, 4},
                    Backlog{&FreeBsdProfile, 3, 5}, Backlog{&FreeBsdProfile, 4, 7},
                    Backlog{&FreeBsdProfile, 5, 8}, Backlog{&FreeBsdProfile, 6, 10}));

TEST(LinuxListenerTest, OverflowIgnoresTheFinalAck) {  // Linux 29
  ListenerHarness tcp(LinuxProfile(), 1);
  Handshake(tcp, 4);
  tcp.Inject(kSyn1, 1);
  tcp.Inject(kSyn1, 2);
  tcp.log().Clear();
  tcp.Inject(". 101:101(0) ack 1 win 65535", 1);
  EXPECT_EQ(tcp.queued().size(), 2u);
  tcp.Inject(". 101:101(0) ack 1 win 65535", 2);
  tcp.ExpectNothing();  // the client believes it is connected
  EXPECT_EQ(tcp.queued().size(), 2u);
  tcp.Inject(kSyn1, 3);  // SYNs are dropped while the accept queue is full
  tcp.ExpectNothing();
  tcp.AdvanceTo(1_s);
  tcp.ExpectAt(1_s, "S. 0:0(0) ack 101 <...>");
  tcp.Accept();
  tcp.Inject(". 101:101(0) ack 1 win 65535", 2);
  EXPECT_EQ(tcp.queued().size(), 2u);
}

TEST(LinuxListenerTest, AbortOnOverflow) {  // tcp_abort_on_overflow
  ListenerHarness tcp(LinuxProfile(), 0);
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_abort_on_overflow", "1").ok());
  tcp.listener().set_backlog(1);
  Handshake(tcp, 3);
  tcp.Inject(kSyn1, 1);
  tcp.Inject(kSyn1, 2);
  tcp.log().Clear();
  tcp.Inject(". 101:101(0) ack 1 win 65535", 1);
  tcp.Inject(". 101:101(0) ack 1 win 65535", 2);
  tcp.Expect("R 1:1(0) win 0");
  EXPECT_EQ(tcp.requests(), 0u);
}

TEST(FreeBsdListenerTest, WithoutOptions) {  // TCP_NOOPT, SCF_NOOPT
  ListenerHarness tcp(FreeBsdProfile());
  tcp.settings().no_options = true;
  tcp.Inject("S 100:100(0) win 65535 <mss 1000,sackOK,TS val 1 ecr 0,nop,wscale 6>");
  tcp.Expect("S. 0:0(0) ack 101 win 65535");
}

TEST(FreeBsdListenerTest, OverflowResets) {  // rst_on_sock_fail
  ListenerHarness tcp(FreeBsdProfile(), 0);
  for (uint16_t port = 1; port <= 3; ++port) tcp.Inject(kSyn1, port);
  tcp.log().Clear();
  tcp.Inject(". 101:101(0) ack 1 win 65535", 1);
  tcp.ExpectNothing();
  tcp.Inject(". 101:101(0) ack 1 win 65535", 2);
  tcp.Expect("R 1:1(0) win 0");
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.syncache.rst_on_sock_fail", "0").ok());
  tcp.Inject(". 101:101(0) ack 1 win 65535", 3);
  tcp.ExpectNothing();  // the client stays established until it sends
  tcp.Inject("P. 101:111(10) ack 1 win 65535", 3);
  tcp.Expect("R 1:1(0) win 0");
}

TEST(LinuxListenerTest, DeferAcceptWaitsForData) {  // TCP_DEFER_ACCEPT
  ListenerHarness tcp(LinuxProfile());
  tcp.settings().defer_accept = 1;
  tcp.Inject(kSyn1);
  tcp.Inject(". 101:101(0) ack 1 win 65535");
  EXPECT_EQ(tcp.queued().size(), 0u);
  tcp.Inject("P. 101:111(10) ack 1 win 65535");
  EXPECT_EQ(tcp.queued().size(), 1u);
}

// --- SYN cookies

TEST(LinuxListenerTest, CookiesKeepNothing) {  // tcp_syncookies 2
  ListenerHarness tcp(LinuxProfile());
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_syncookies", "2").ok());
  tcp.AdvanceTo(1000_s);
  tcp.Inject("S 100:100(0) win 65535 <mss 1450,sackOK,TS val 9 ecr 0,nop,wscale 7>");
  EXPECT_EQ(tcp.requests(), 0u);
  const Segment syn_ack = tcp.log().Pop();
  EXPECT_EQ(syn_ack.flags, kSyn | kAck);
  // The final ACK is lost; the client's data, much later, still opens the connection.
  tcp.AdvanceTo(1050_s);
  tcp.Inject("P. 101:111(10) ack " + std::to_string((syn_ack.seq + 1).value()) +
             " win 512 <nop,nop,TS val 10 ecr " + std::to_string(syn_ack.options.ts_val) + ">");
  ASSERT_EQ(tcp.queued().size(), 1u);
  Tcb& child = *tcp.queued()[0];
  EXPECT_EQ(child.state(), TcpState::kEstablished);
  EXPECT_EQ(child.Readable(), 10u);
  EXPECT_EQ(child.SendMss(), 1440u - 12);
  EXPECT_EQ(child.snd_wscale(), 7);
  EXPECT_TRUE(child.sack_on());
}

TEST(LinuxListenerTest, ACookieIsGoodForTwoMinutes) {
  ListenerHarness tcp(LinuxProfile());
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_syncookies", "2").ok());
  tcp.Inject(kSyn1);
  const Segment syn_ack = tcp.log().Pop();
  tcp.AdvanceTo(121_s);
  tcp.Inject(Ack(syn_ack));
  tcp.Expect("R " + std::to_string((syn_ack.seq + 1).value()) + ":" +
             std::to_string((syn_ack.seq + 1).value()) + "(0) win 0");
  EXPECT_EQ(tcp.queued().size(), 0u);
}

TEST(LinuxListenerTest, AForgedCookieDrawsReset) {
  ListenerHarness tcp(LinuxProfile());
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_syncookies", "2").ok());
  tcp.Inject(kSyn1);
  tcp.log().Clear();
  tcp.Inject(". 101:101(0) ack 12345 win 65535");
  tcp.Expect("R 12345:12345(0) win 0");
}

TEST(LinuxListenerTest, CookiesStartWhenTheSynQueueIsFull) {  // tcp_syncookies 1
  ListenerHarness tcp(LinuxProfile(), 2);
  for (uint16_t port = 1; port <= 6; ++port) tcp.Inject(kSyn1, port);
  EXPECT_EQ(tcp.log().size(), 6u);
  EXPECT_EQ(tcp.requests(), 3u);
  tcp.Inject(". 101:101(0) ack 1 win 65535", 1);
  EXPECT_EQ(tcp.queued().size(), 1u);
}

TEST(LinuxListenerTest, WithoutCookiesTheSynQueueIsALimit) {  // tcp_syncookies 0
  ListenerHarness tcp(LinuxProfile(), 2);
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_syncookies", "0").ok());
  for (uint16_t port = 1; port <= 6; ++port) tcp.Inject(kSyn1, port);
  EXPECT_EQ(tcp.log().size(), 3u);
  EXPECT_EQ(tcp.requests(), 3u);
}

TEST(FreeBsdListenerTest, CookiesOnly) {  // net.inet.tcp.syncookies_only
  ListenerHarness tcp(FreeBsdProfile());
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.syncookies_only", "1").ok());
  tcp.Inject("S 100:100(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 9 ecr 0>");
  EXPECT_EQ(tcp.requests(), 0u);
  const Segment syn_ack = tcp.log().Pop();
  tcp.Inject(". 101:101(0) ack " + std::to_string((syn_ack.seq + 1).value()) +
             " win 1026 <nop,nop,TS val 10 ecr 0>");
  ASSERT_EQ(tcp.queued().size(), 1u);
  EXPECT_EQ(tcp.queued()[0]->snd_wscale(), 6);
  EXPECT_TRUE(tcp.queued()[0]->sack_on());
  EXPECT_EQ(tcp.queued()[0]->SendMss(), 1460u - 12);
}

// The first data was lost, and what follows it brings the cookie back.
void InjectLaterText(ListenerHarness& tcp) {
  tcp.Inject(kSyn1);
  const std::string ack = std::to_string((tcp.log().Pop().seq + 1).value());
  tcp.Inject("P. 102:112(10) ack " + ack + " win 65535");
}

TEST(FreeBsdListenerTest, ACookieIsForTheFirstByte) {  // syncookie_mac
  ListenerHarness tcp(FreeBsdProfile());
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.syncookies_only", "1").ok());
  InjectLaterText(tcp);
  EXPECT_EQ(tcp.log().Pop().flags, kRst);
  EXPECT_EQ(tcp.queued().size(), 0u);
}

TEST(LinuxListenerTest, ALaterByteMayPassForASmallerMss) {  // check_tcp_syn_cookie
  ListenerHarness tcp(LinuxProfile());
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_syncookies", "2").ok());
  InjectLaterText(tcp);
  ASSERT_EQ(tcp.queued().size(), 1u);
  EXPECT_EQ(tcp.queued()[0]->SendMss(), 1440u);  // msstab: 536 1300 1440 1460
}

TEST(FreeBsdListenerTest, AFullSyncacheGivesUpItsOldest) {  // syncache.cachelimit
  ListenerHarness tcp(FreeBsdProfile());
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.syncache.cachelimit", "2").ok());
  for (uint16_t port = 1; port <= 3; ++port) tcp.Inject(kSyn1, port);
  EXPECT_EQ(tcp.requests(), 2u);
  EXPECT_EQ(tcp.request(1), nullptr);
  EXPECT_NE(tcp.request(3), nullptr);
}

}  // namespace
}  // namespace drywire
