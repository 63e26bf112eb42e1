// Active open: SYN retransmission, what ends an attempt, simultaneous open.
// Sources: facts "Linux, TCP" (observed on 6.18) and "FreeBSD" (observed on 13.0; freebsd-net/
// tcp-testsuite) by number; google/packetdrill by script.
#include <vector>

#include "gtest/gtest.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

// Lets SYNs go unanswered and returns when they were sent; the harness ends at the failure.
std::vector<Duration> SynTimes(TcbHarness& tcp) {
  std::vector<Duration> times;
  tcp.SynSent();
  times.push_back(Duration());
  while (!tcp.finished()) {
    const Instant next = tcp.tcb().NextDeadline();
    tcp.AdvanceTo(next.since_start());
    while (tcp.log().size() != 0) {
      EXPECT_EQ(tcp.log().Pop().flags, kSyn);
      times.push_back(next.since_start());
    }
  }
  return times;
}

TEST(LinuxConnectTest, SynTimes) {  // Linux 1
  TcbHarness tcp(LinuxProfile());
  EXPECT_EQ(SynTimes(tcp),
            (std::vector<Duration>{0_s, 1_s, 2_s, 3_s, 4_s, 5_s, 7_s, 11_s, 19_s, 35_s, 67_s}));
  EXPECT_EQ(tcp.finished_at().since_start(), 131_s);
  tcp.ExpectError(Cause::kSynTimeout);
}

TEST(LinuxConnectTest, SynTimesWithoutLinearTimeouts) {  // Linux 1
  TcbHarness tcp(LinuxProfile());
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_syn_linear_timeouts", "0").ok());
  EXPECT_EQ(SynTimes(tcp), (std::vector<Duration>{0_s, 1_s, 3_s, 7_s, 15_s, 31_s, 63_s}));
  EXPECT_EQ(tcp.finished_at().since_start(), 127_s);
}

struct SynLimit {
  int count;
  const char* linear;
  uint32_t user_timeout_ms;
  Duration end;
  size_t syns;
};
class LinuxSynLimitTest : public testing::TestWithParam<SynLimit> {};

TEST_P(LinuxSynLimitTest, Ends) {  // Linux 1
  TcbHarness tcp(LinuxProfile());
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_syn_linear_timeouts", GetParam().linear).ok());
  tcp.tcb().EditSettings().syn_count = GetParam().count;
  tcp.tcb().EditSettings().user_timeout_ms = GetParam().user_timeout_ms;
  EXPECT_EQ(SynTimes(tcp).size(), GetParam().syns);
  EXPECT_EQ(tcp.finished_at().since_start(), GetParam().end);
}

INSTANTIATE_TEST_SUITE_P(Facts, LinuxSynLimitTest,
                         testing::Values(SynLimit{1, "4", 0, 3_s, 3}, SynLimit{1, "0", 0, 3_s, 2},
                                         SynLimit{2, "4", 0, 7_s, 6}, SynLimit{2, "0", 0, 7_s, 3},
                                         SynLimit{3, "4", 0, 19_s, 8}, SynLimit{3, "0", 0, 15_s, 4},
                                         SynLimit{6, "4", 0, 131_s, 11},
                                         SynLimit{0, "4", 2500, 2500_ms, 3},
                                         SynLimit{1, "4", 10000, 7_s, 6}));

TEST(FreeBsdConnectTest, SynTimes) {  // FreeBSD, SYN times; segments 1
  TcbHarness tcp(FreeBsdProfile());
  EXPECT_EQ(SynTimes(tcp),
            (std::vector<Duration>{0_s, 1000_ms, 3200_ms, 7400_ms, 15600_ms, 31800_ms, 64_s}));
  EXPECT_EQ(tcp.finished_at().since_start(), 75_s);
  tcp.ExpectError(Cause::kSynTimeout);
  tcp.ExpectNothing();
}

TEST(FreeBsdConnectTest, KeepinitOption) {  // FreeBSD, SYN times
  TcbHarness tcp(FreeBsdProfile());
  tcp.tcb().EditSettings().keepinit_s = 3;
  EXPECT_EQ(SynTimes(tcp).size(), 2u);
  EXPECT_EQ(tcp.finished_at().since_start(), 3_s);
}

TEST(FreeBsdConnectTest, DropsOptionsFromTheThirdRetransmission) {  // FreeBSD, segments 2
  TcbHarness tcp(FreeBsdProfile());
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.rexmit_drop_options", "1").ok());
  tcp.SynSent();
  tcp.AdvanceTo(8_s);
  tcp.Expect("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 1000 ecr 0>");
  tcp.Expect("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 3200 ecr 0>");
  tcp.Expect("S 0:0(0) win 65535 <mss 1460>");
}

TEST(ConnectTest, FirstSyn) {  // FreeBSD, segments 1; Linux 6.18: tcp_rmem[2] is 32 MB
  Tcb::OpenParameters open;
  open.mss = 1460;
  struct Case {
    Profile profile;
    uint16_t mss;
    const char* syn;
  } cases[] = {
      {LinuxProfile(), 1460, "S 0:0(0) win 64240 <mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 10>"},
      {LinuxProfile(), 65495, "S 0:0(0) win 65495 <mss 65495,sackOK,TS val 0 ecr 0,nop,wscale 10>"},
      {LinuxProfile(), 1440, "S 0:0(0) win 64800 <mss 1440,sackOK,TS val 0 ecr 0,nop,wscale 10>"},
      {FreeBsdProfile(), 1460, "S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 0 ecr 0>"},
  };
  for (Case& c : cases) {
    Tcb tcb(&c.profile.tcp);
    Actions actions;
    open.mss = c.mss;
    tcb.Connect(Instant::Zero(), open, &actions);
    SegmentLog log;
    log.Take(Instant::Zero(), actions);
    log.Expect(c.syn);
  }
}

TEST(LinuxConnectTest, SynOptionsFollowTheSysctls) {
  TcbHarness tcp(LinuxProfile());
  for (const char* name : {"tcp_timestamps", "tcp_window_scaling", "tcp_sack"}) {
    ASSERT_TRUE(tcp.profile().Set(std::string("net.ipv4.") + name, "0").ok());
  }
  tcp.SynSent();
  tcp.AdvanceTo(1_s);
  tcp.Expect("S 0:0(0) win 64240 <mss 1460>");
}

TEST(LinuxConnectTest, HandshakeOnLoopback) {  // observed on 6.18, tcpdump on lo
  TcbHarness tcp(LinuxProfile());
  tcp.SynSent(65495);
  tcp.Inject("S. 0:0(0) ack 1 win 65483 <mss 65495,sackOK,TS val 7 ecr 0,nop,wscale 10>");
  tcp.Expect(". 1:1(0) ack 1 win 64 <nop,nop,TS val 0 ecr 7>");
  tcp.ExpectNothing();
  EXPECT_TRUE(tcp.established());
  EXPECT_EQ(tcp.tcb().SendMss(), 32741u);
}

class BothConnectTest : public testing::TestWithParam<Profile (*)()> {
 protected:
  TcbHarness tcp_{GetParam()()};
};
INSTANTIATE_TEST_SUITE_P(Systems, BothConnectTest, testing::Values(&LinuxProfile, &FreeBsdProfile));

TEST_P(BothConnectTest, Established) {
  tcp_.SynSent();
  tcp_.Inject("S. 100:100(0) ack 1 win 65535 <mss 1000>");
  tcp_.Expect(". 1:1(0) ack 101");
  tcp_.ExpectState(TcpState::kEstablished);
  EXPECT_TRUE(tcp_.established());
  EXPECT_TRUE(tcp_.TakeWritersWoken());
  EXPECT_EQ(tcp_.tcb().SendMss(), 1000u);
  EXPECT_EQ(tcp_.tcb().snd_wnd(), 65535u);
}

TEST_P(BothConnectTest, RstWithAckRefuses) {  // Linux 3; FreeBSD, segments 3
  tcp_.SynSent();
  tcp_.Inject("R. 0:0(0) ack 1 win 0");
  tcp_.ExpectError(Cause::kRstInSynSent);
  tcp_.ExpectState(TcpState::kClosed);
  tcp_.ExpectNothing();
}

TEST_P(BothConnectTest, RstWithoutAckIsIgnored) {  // Linux 10; FreeBSD, segments 3
  tcp_.SynSent();
  tcp_.Inject("R 0:0(0) win 0");
  tcp_.ExpectState(TcpState::kSynSent);
  tcp_.ExpectNothing();
}

TEST_P(BothConnectTest, BareAckAndFinAckAreIgnored) {  // Linux 10; FreeBSD, segments 3
  tcp_.SynSent();
  tcp_.Inject(". 0:0(0) ack 1 win 100");
  tcp_.Inject("F. 0:0(0) ack 1 win 100");
  tcp_.ExpectState(TcpState::kSynSent);
  tcp_.AdvanceTo(1_s);
  tcp_.ExpectAt(1_s, "S 0:0(0) <...>");
}

TEST(LinuxConnectTest, UnacceptableAckHastensTheSyn) {  // Linux 10
  TcbHarness tcp(LinuxProfile());
  tcp.SynSent();
  tcp.Inject("S. 0:0(0) ack 5 win 100");
  tcp.Expect("R 5:5(0) win 0");
  tcp.AdvanceTo(8_ms);
  tcp.ExpectAt(8_ms, "S 0:0(0) <...>");
  // Only when nothing was sent again yet.
  tcp.Inject("R. 0:0(0) ack 9 win 0");
  tcp.AdvanceTo(1007_ms);
  tcp.ExpectNothing();
  tcp.AdvanceTo(1008_ms);
  tcp.ExpectAt(1008_ms, "S 0:0(0) <...>");
}

TEST(FreeBsdConnectTest, UnacceptableAckDrawsReset) {  // FreeBSD, segments 3
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.Inject(". 0:0(0) ack 5 win 100");
  tcp.Expect("R 5:5(0) win 0");
  tcp.AdvanceTo(999_ms);
  tcp.ExpectNothing();
}

TEST_P(BothConnectTest, CloseInSynSentIsSilentAndTheSynAckDrawsReset) {  // Linux 8; in progress
  tcp_.SynSent();
  tcp_.Close();
  tcp_.ExpectNothing();
  tcp_.ExpectError(Cause::kNone);
  tcp_.Inject("S. 0:0(0) ack 1 win 100");
  tcp_.Expect("R 1:1(0) win 0");
}

TEST(FreeBsdConnectTest, ShutdownInSynSentSendsTheFinAfterTheSynAck) {  // FreeBSD, in progress
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.ShutdownSend();
  tcp.ExpectNothing();
  tcp.Inject("S. 0:0(0) ack 1 win 65535 <mss 1460>");
  tcp.Expect("F. 1:1(0) ack 1");
  tcp.ExpectState(TcpState::kFinWait1);
}

// --- Simultaneous open

TEST(LinuxConnectTest, SimultaneousOpen) {  // Linux 11
  TcbHarness tcp(LinuxProfile());
  tcp.SynSent();
  tcp.Inject("S 100:100(0) win 65535 <mss 1460,sackOK>");
  tcp.Expect("S. 0:0(0) ack 101 win 64240 <mss 1460,sackOK>");
  tcp.ExpectState(TcpState::kSynReceived);
  EXPECT_FALSE(tcp.established());
  tcp.Inject(". 101:101(0) ack 1 win 65535");
  tcp.ExpectState(TcpState::kEstablished);
  EXPECT_TRUE(tcp.established());
  tcp.ExpectNothing();
}

// tcp_do_segment and tcp_addoptions of FreeBSD: SACK is offered back to a peer that offered it, as
// the tcp-testsuite's rcv-*-syn-rcvd-via-syn-sent scripts have it.
TEST(FreeBsdConnectTest, SimultaneousOpenOffersSackBack) {  // FreeBSD, segments 4
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.Inject("S 100:100(0) win 65535 <mss 1460,sackOK>");
  tcp.Expect("S. 0:0(0) ack 101 win 65535 <mss 1460,sackOK>");
  tcp.ExpectState(TcpState::kSynReceived);
}

TEST_P(BothConnectTest, CrossedSynAcksEstablish) {  // RFC 9293 figure 7
  tcp_.SynReceived();
  tcp_.Inject("S. 0:0(0) ack 1 win 65535 <mss 1460>");
  tcp_.ExpectState(TcpState::kEstablished);
  EXPECT_TRUE(tcp_.established());
}

TEST_P(BothConnectTest, ConnectsToItself) {  // Linux 24: a socket connecting to its own port
  tcp_.SynSent();
  tcp_.Inject("S 0:0(0) win 64240 <mss 1460>");
  tcp_.ExpectState(TcpState::kSynReceived);
  tcp_.log().Clear();
  tcp_.Inject("S. 0:0(0) ack 1 win 64240 <mss 1460>");
  tcp_.ExpectState(TcpState::kEstablished);
  tcp_.Send(10);
  tcp_.log().Clear();
  tcp_.Inject("P. 1:11(10) ack 1 win 64240");
  EXPECT_EQ(tcp_.tcb().Readable(), 10u);
}

TEST_P(BothConnectTest, SynAckIsRetransmittedInSynReceived) {
  tcp_.SynReceived();
  tcp_.AdvanceTo(1_s);
  tcp_.ExpectAt(1_s, "S. 0:0(0) ack 1 <...>");
}

TEST(FreeBsdConnectTest, DataOnTheSynWaitsForTheHandshake) {  // FreeBSD, segments 4
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.Inject("S 100:110(10) win 65535 <mss 1460>");
  tcp.Expect("S. 0:0(0) ack 101 <...>");
  EXPECT_EQ(tcp.tcb().Readable(), 0u);
  tcp.Inject(". 111:111(0) ack 1 win 65535");
  tcp.ExpectNothing();  // tcp-testsuite, rcv-syn-with-data-syn-sent
  EXPECT_EQ(tcp.tcb().Readable(), 10u);
  tcp.Send(10);
  tcp.Expect("P. 1:11(10) ack 111");
}

TEST(FreeBsdConnectTest, FinOnTheSynIsNotLookedAt) {  // tcp-testsuite, rcv-syn-fin-syn-sent
  TcbHarness tcp(FreeBsdProfile());
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.drop_synfin", "0").ok());
  tcp.SynSent();
  tcp.Inject("SF 100:110(10) win 65535 <mss 1460>");
  tcp.Expect("S. 0:0(0) ack 101 <...>");
  tcp.Inject(". 111:111(0) ack 1 win 65535");
  tcp.ExpectState(TcpState::kEstablished);
  tcp.Inject("F. 111:111(0) ack 1 win 65535");
  tcp.Expect(". 1:1(0) ack 112");
}

TEST(FreeBsdConnectTest, SynAckWithDataDrawsOneAck) {  // FreeBSD, segments 4
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.Inject("S. 100:110(10) ack 1 win 65535 <mss 1460>");
  tcp.AdvanceTo(200_ms);
  tcp.Expect(". 1:1(0) ack 111");
  tcp.ExpectNothing();
}

TEST(LinuxConnectTest, SynAckWithDataAcknowledgesOnlyTheSyn) {  // tcp_rcv_state_process
  TcbHarness tcp(LinuxProfile());
  tcp.SynSent();
  tcp.Inject("S. 100:110(10) ack 1 win 65535 <mss 1460>");
  tcp.Expect(". 1:1(0) ack 101");
  tcp.ExpectNothing();
}

TEST(FreeBsdConnectTest, SynFin) {  // FreeBSD, segments 8
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.Inject("SF 100:100(0) win 65535 <mss 1460>");
  tcp.ExpectState(TcpState::kSynReceived);

  TcbHarness dropping(FreeBsdProfile());
  ASSERT_TRUE(dropping.profile().Set("net.inet.tcp.drop_synfin", "1").ok());
  dropping.SynSent();
  dropping.Inject("SF 100:100(0) win 65535 <mss 1460>");
  dropping.ExpectState(TcpState::kSynSent);
}

TEST_P(BothConnectTest, RstInSynReceived) {
  tcp_.SynReceived();
  tcp_.Inject("R 1:1(0) win 0");
  tcp_.ExpectError(Cause::kRstInSynReceived);
}

TEST_P(BothConnectTest, BadAckInSynReceivedDrawsReset) {  // RFC 9293 3.10.7.4 fifth
  tcp_.SynReceived();
  tcp_.Inject(". 1:1(0) ack 7 win 100");
  tcp_.Expect("R 7:7(0) win 0");
  tcp_.ExpectState(TcpState::kSynReceived);
}

TEST_P(BothConnectTest, AFailedTcbCanBeUsedAgain) {
  tcp_.SynSent();
  tcp_.Inject("R. 0:0(0) ack 1 win 0");
  tcp_.tcb().Reset();
  tcp_.SynSent();
  tcp_.Inject("S. 0:0(0) ack 1 win 100 <mss 1460>");
  tcp_.ExpectState(TcpState::kEstablished);
}

}  // namespace
}  // namespace drywire
