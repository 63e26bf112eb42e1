// Closing in all its orders, orphans, TIME-WAIT.
#include "gtest/gtest.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

class BothCloseTest : public testing::TestWithParam<Profile (*)()> {
 protected:
  TcbHarness tcp_{GetParam()()};
};
INSTANTIATE_TEST_SUITE_P(Systems, BothCloseTest, testing::Values(&LinuxProfile, &FreeBsdProfile));

TEST_P(BothCloseTest, ActiveClose) {  // RFC 9293 figure 12
  tcp_.Established();
  tcp_.Close();
  tcp_.Expect("F. 1:1(0) ack 1");
  tcp_.ExpectState(TcpState::kFinWait1);
  tcp_.Inject("F. 1:1(0) ack 2 win 65535");
  tcp_.Expect(". 2:2(0) ack 2");
  EXPECT_TRUE(tcp_.time_wait());
}

TEST_P(BothCloseTest, PassiveClose) {
  tcp_.Established();
  tcp_.Inject("F. 1:1(0) ack 1 win 65535");
  tcp_.Advance(0_ms);
  tcp_.Expect(". 1:1(0) ack 2");
  tcp_.ExpectState(TcpState::kCloseWait);
  EXPECT_TRUE(tcp_.tcb().fin_received());
  EXPECT_TRUE(tcp_.TakeReadersWoken());
  tcp_.Close();
  tcp_.Expect("F. 1:1(0) ack 2");
  tcp_.ExpectState(TcpState::kLastAck);
  tcp_.Inject(". 2:2(0) ack 2 win 65535");
  tcp_.ExpectError(Cause::kNone);
  tcp_.ExpectState(TcpState::kClosed);
}

TEST_P(BothCloseTest, SimultaneousClose) {  // RFC 9293 figure 13
  tcp_.FinWait1();
  tcp_.Inject("F. 1:1(0) ack 1 win 65535");
  // FreeBSD's ACK has the FIN again (tcp_outflags).
  tcp_.Expect(GetParam() == &LinuxProfile ? ". 2:2(0) ack 2" : "F. 1:1(0) ack 2");
  tcp_.ExpectState(TcpState::kClosing);
  tcp_.Inject(". 2:2(0) ack 2 win 65535");
  EXPECT_TRUE(tcp_.time_wait());
}

TEST_P(BothCloseTest, FinWithAckOfFin) {  // figure 5's note: FIN-WAIT-1 to TIME-WAIT
  tcp_.FinWait1();
  tcp_.Inject("F. 1:1(0) ack 2 win 65535");
  EXPECT_TRUE(tcp_.time_wait());
  tcp_.ExpectState(TcpState::kTimeWait);
}

TEST_P(BothCloseTest, HalfCloseStillReceives) {
  tcp_.FinWait2();
  tcp_.log().Clear();
  tcp_.Inject("P. 1:101(100) ack 2 win 65535");
  EXPECT_EQ(tcp_.tcb().Readable(), 100u);
  tcp_.AdvanceTo(500_s);
  tcp_.ExpectState(TcpState::kFinWait2);  // the program still holds it: no limit
}

TEST_P(BothCloseTest, FinIsRetransmitted) {
  tcp_.Established();
  tcp_.ShutdownSend();
  tcp_.log().Clear();
  tcp_.AdvanceTo(2_s);
  tcp_.Expect("F. 1:1(0) ack 1");
}

TEST_P(BothCloseTest, FinRidesOnTheLastData) {  // Linux 18
  tcp_.Established("mss 1000");
  tcp_.Send(15000);
  tcp_.log().Clear();
  tcp_.ShutdownSend();
  tcp_.Inject(". 1:1(0) ack 10001 win 65535");
  for (int seq = 10001; seq < 14000; seq += 1000) tcp_.log().Pop();
  tcp_.Expect("FP. 14001:15001(1000) ack 1");
  tcp_.ExpectNothing();
}

TEST_P(BothCloseTest, ShutdownTwiceIsOnce) {
  tcp_.FinWait1();
  tcp_.ShutdownSend();
  tcp_.ExpectNothing();
}

TEST_P(BothCloseTest, AbortIsAtSndNxt) {  // Linux 16
  tcp_.Established();
  tcp_.Send(100);
  tcp_.log().Clear();
  tcp_.Abort();
  tcp_.Expect("R. 101:101(0) ack 1");
}

TEST(LinuxCloseTest, UnreadDataResets) {  // Linux 15; packetdrill unread-data-closed-trigger-rst
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Inject("P. 1:101(100) ack 1 win 65535");
  tcp.log().Clear();
  tcp.Close();
  tcp.Expect("R. 1:1(0) ack 101");
  tcp.ExpectState(TcpState::kClosed);
}

TEST(LinuxCloseTest, AfterAResetCloseWithUnreadDataIsSilent) {  // Linux 15, 13
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Inject("P. 1:101(100) ack 1 win 65535");
  tcp.Inject("R 101:101(0) win 0");
  EXPECT_EQ(tcp.tcb().Readable(), 100u);  // queued data stays readable
  tcp.log().Clear();
  tcp.Close();
  tcp.ExpectNothing();
}

TEST(FreeBsdCloseTest, UnreadDataSendsFin) {  // FreeBSD, afterwards
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Inject("P. 1:101(100) ack 1 win 65535");
  tcp.log().Clear();
  tcp.Close();
  tcp.Expect("F. 1:1(0) ack 101");
  tcp.Inject("P. 101:201(100) ack 1 win 65535");  // the peer's next segment draws RST
  tcp.Expect("R 1:1(0) win 0");
  EXPECT_TRUE(tcp.finished());
}

TEST_P(BothCloseTest, DataAfterCloseDrawsReset) {  // Linux 17; RFC 1122 4.2.2.13
  tcp_.Established();
  tcp_.Close();
  tcp_.log().Clear();
  tcp_.Inject("P. 1:101(100) ack 2 win 65535");
  tcp_.Expect("R 2:2(0) win 0");
  EXPECT_TRUE(tcp_.finished());
}

TEST_P(BothCloseTest, DataAfterShutdownRead) {  // Linux 17; FreeBSD, afterwards
  tcp_.Established();
  Actions actions;
  tcp_.tcb().ShutdownReceive(tcp_.now(), &actions);
  EXPECT_TRUE(actions.segments.empty());
  tcp_.Inject("P. 1:101(100) ack 1 win 65535");
  tcp_.Advance(200_ms);
  tcp_.Expect(". 1:1(0) ack 101");
  EXPECT_EQ(tcp_.tcb().Readable(), tcp_.profile().tcp.shut_read_discards ? 0u : 100u);
}

TEST(LinuxCloseTest, FinAckIsDelayedAfterData) {  // Linux 19
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Inject("P. 1:101(100) ack 1 win 65535");
  tcp.Expect(". 1:1(0) ack 101");
  tcp.Inject("F. 101:101(0) ack 1 win 65535");
  tcp.ExpectNothing();
  tcp.AdvanceTo(40_ms);
  tcp.ExpectAt(40_ms, ". 1:1(0) ack 102");
}

TEST(LinuxCloseTest, AnAnswerAtOnceCarriesTheAckOfTheFin) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Inject("F. 1:1(0) ack 1 win 65535");
  tcp.Close();
  tcp.Expect("F. 1:1(0) ack 2");
  tcp.AdvanceTo(100_ms);
  tcp.ExpectNothing();
}

TEST(FreeBsdCloseTest, FinIsAcknowledgedAtOnce) {
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Inject("P. 1:101(100) ack 1 win 65535");
  tcp.Inject("F. 101:101(0) ack 1 win 65535");
  tcp.ExpectAt(0_ms, ". 1:1(0) ack 102");
}

// With a gap before the peer's FIN the ACK is bare: see Tcb::SendAck() for why, and for what
// FreeBSD does.
TEST(FreeBsdCloseTest, FinBehindAGapIsNotAnsweredWithAFin) {
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Close();
  tcp.Expect("F. 1:1(0) ack 1");
  for (int i = 0; i < 2; ++i) {
    tcp.Inject("F. 11:11(0) ack 1 win 65535");
    tcp.Expect(". 2:2(0) ack 1");
  }
  tcp.Inject("F. 1:1(0) ack 1 win 65535");
  tcp.Expect("F. 1:1(0) ack 2");
}

// --- Orphans

TEST(LinuxOrphanTest, FinWait2IsKeptCompactFor60Seconds) {  // tcp_fin_timeout
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Close();
  tcp.Inject(". 1:1(0) ack 2 win 65535");
  ASSERT_TRUE(tcp.time_wait());
  const TimeWait entry = tcp.tcb().MakeTimeWait(tcp.now());
  EXPECT_TRUE(entry.in_fin_wait_2());
  EXPECT_EQ(entry.deadline().since_start(), 60_s);
}

TEST(LinuxOrphanTest, Linger2OffResets) {  // TCP_LINGER2 < 0
  TcbHarness tcp(LinuxProfile());
  tcp.tcb().EditSettings().linger2_s = -1;
  tcp.Established();
  tcp.Close();
  tcp.log().Clear();
  tcp.Inject(". 1:1(0) ack 2 win 65535");
  tcp.Expect("R 2:2(0) win 0");
  EXPECT_TRUE(tcp.finished());
}

TEST(LinuxOrphanTest, UserTimeoutMakesItVanish) {  // Linux 20
  TcbHarness tcp(LinuxProfile());
  tcp.tcb().EditSettings().user_timeout_ms = 1000;
  tcp.Established();
  tcp.Send(10);
  tcp.Close();
  tcp.AdvanceTo(5_s);
  EXPECT_TRUE(tcp.finished());
  tcp.ExpectError(Cause::kNone);
  tcp.log().Clear();
  tcp.Inject(". 1:1(0) ack 11 win 65535");
  tcp.Expect("R 11:11(0) win 0");
}

TEST(LinuxOrphanTest, GivesUpAfterEightRetransmissions) {  // tcp_orphan_retries 0
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Close();
  tcp.AdvanceTo(300_s);
  EXPECT_TRUE(tcp.finished());
  // Times out once 511 * 200 ms have passed since the first retransmission at 0.2 s: with timeouts
  // of whole ticks, 204 ms for a round trip of next to nothing, that is at the eighth.
  EXPECT_EQ(tcp.finished_at().since_start().nanos() / 1'000'000'000, 104);
}

TEST(FreeBsdOrphanTest, FinWait2EndsAfterIdleTime) {  // keepcnt * keepintvl
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Close();
  tcp.Inject(". 1:1(0) ack 2 win 65535");
  tcp.AdvanceTo(700_s);
  EXPECT_TRUE(tcp.finished());
  EXPECT_EQ(tcp.finished_at().since_start(), 600_s);
}

// --- TIME-WAIT

class TimeWaitTest : public testing::Test {
 protected:
  // Closes actively: our SND.NXT is 2, RCV.NXT is 2.
  TimeWait Enter(TcbHarness& tcp) {
    tcp.FinWait2();
    tcp.Inject("F. 1:1(0) ack 2 win 65535");
    EXPECT_TRUE(tcp.time_wait());
    return tcp.tcb().MakeTimeWait(tcp.now());
  }
  TimeWait::Verdict Inject(TimeWait& entry, Duration at, absl::string_view text) {
    actions_.Clear();
    const TimeWait::Verdict verdict =
        entry.SegmentArrives(Instant::Zero() + at, *ParseSegment(text), &actions_);
    log_.Clear();
    log_.Take(Instant::Zero() + at, actions_);
    return verdict;
  }
  Actions actions_;
  SegmentLog log_;
};

TEST_F(TimeWaitTest, Linux) {  // Linux 22
  TcbHarness tcp(LinuxProfile());
  TimeWait entry = Enter(tcp);
  EXPECT_EQ(entry.deadline().since_start(), 60_s);
  // A retransmitted FIN: ACK, and 2 MSL begin anew.
  EXPECT_EQ(Inject(entry, 5_s, "F. 1:1(0) ack 2 win 9"), TimeWait::Verdict::kStay);
  log_.Expect(". 2:2(0) ack 2");
  EXPECT_EQ(entry.deadline().since_start(), 65_s);
  // A SYN at or below RCV.NXT: only an ACK.
  EXPECT_EQ(Inject(entry, 6_s, "S 2:2(0) win 9"), TimeWait::Verdict::kStay);
  log_.Expect(". 2:2(0) ack 2");
  // Above: opens anew with ISN = old SND.NXT + 65537.
  EXPECT_EQ(Inject(entry, 7_s, "S 3:3(0) win 9"), TimeWait::Verdict::kReopen);
  EXPECT_EQ(entry.NextIss(), Seq(2 + 65537));
  // RST kills it, unless tcp_rfc1337.
  EXPECT_EQ(Inject(entry, 8_s, "R 2:2(0) win 9"), TimeWait::Verdict::kEnd);
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_rfc1337", "1").ok());
  EXPECT_EQ(Inject(entry, 8_s, "R 2:2(0) win 9"), TimeWait::Verdict::kStay);
}

TEST_F(TimeWaitTest, FreeBsd) {  // FreeBSD, segments 6
  TcbHarness tcp(FreeBsdProfile());
  TimeWait entry = Enter(tcp);
  EXPECT_EQ(entry.deadline().since_start(), 60_s);
  for (const char* ignored : {"R 2:2(0) win 9", "R. 2:2(0) ack 2 win 9", "S 2:2(0) win 9",
                              "S 1:1(0) win 9", ". 2:2(0) ack 2 win 9", "F 1:1(0) win 9"}) {
    EXPECT_EQ(Inject(entry, 1_s, ignored), TimeWait::Verdict::kStay) << ignored;
    log_.ExpectNothing();
  }
  for (const char* acked : {"S. 9:9(0) ack 2 win 9", ". 1:1(0) ack 2 win 9", ". 2:2(0) ack 1 win 9",
                            "F. 1:1(0) ack 2 win 9"}) {
    EXPECT_EQ(Inject(entry, 1_s, acked), TimeWait::Verdict::kStay) << acked;
    log_.Expect(". 2:2(0) ack 2");
    log_.ExpectNothing();
  }
  EXPECT_EQ(Inject(entry, 1_s, "S 3:3(0) win 9"), TimeWait::Verdict::kReopen);
}

TEST_F(TimeWaitTest, FreeBsdSynFinAndTimestamps) {  // tcp_twcheck of FreeBSD 14
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established("mss 1460,TS val 100 ecr 0");
  tcp.ShutdownSend();
  tcp.Inject("F. 1:1(0) ack 2 win 9 <nop,nop,TS val 101 ecr 0>");
  TimeWait entry = tcp.tcb().MakeTimeWait(tcp.now());
  EXPECT_EQ(Inject(entry, 1_s, ". 1:1(0) ack 2 win 9"), TimeWait::Verdict::kStay);
  log_.ExpectNothing();  // without the timestamp that was agreed on
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.tolerate_missing_ts", "1").ok());
  Inject(entry, 1_s, ". 1:1(0) ack 2 win 9");
  log_.Expect(". 2:2(0) ack 2 <...>");
  // Old timestamps are not looked at.
  Inject(entry, 5_s, "F. 1:1(0) ack 2 win 9 <nop,nop,TS val 1 ecr 0>");
  log_.Expect(". 2:2(0) ack 2 <...>");
  EXPECT_EQ(entry.deadline().since_start(), 65_s);
  EXPECT_EQ(Inject(entry, 6_s, "SF 3:3(0) win 9"), TimeWait::Verdict::kReopen);
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.drop_synfin", "1").ok());
  EXPECT_EQ(Inject(entry, 6_s, "SF 3:3(0) win 9"), TimeWait::Verdict::kStay);
}

TEST_F(TimeWaitTest, OrphanInFinWait2) {  // tcp_timewait_state_process
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Close();
  tcp.Inject(". 1:1(0) ack 2 win 65535");
  ASSERT_TRUE(tcp.time_wait());
  TimeWait entry = tcp.tcb().MakeTimeWait(tcp.now());
  EXPECT_EQ(Inject(entry, 1_s, ". 1:1(0) ack 2 win 9"), TimeWait::Verdict::kStay);
  log_.ExpectNothing();
  TimeWait with_data = entry;
  EXPECT_EQ(Inject(with_data, 1_s, "P. 1:11(10) ack 2 win 9"), TimeWait::Verdict::kEnd);
  log_.Expect("R 2:2(0) win 0");
  EXPECT_EQ(Inject(entry, 2_s, "F. 1:1(0) ack 2 win 9"), TimeWait::Verdict::kStay);
  log_.Expect(". 2:2(0) ack 2");
  EXPECT_FALSE(entry.in_fin_wait_2());
  EXPECT_EQ(entry.deadline().since_start(), 62_s);
}

TEST_F(TimeWaitTest, OrphanInFinWait2EndsByReset) {  // tcp_timewait_state_process
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Close();
  tcp.Inject(". 1:1(0) ack 2 win 65535");
  TimeWait entry = tcp.tcb().MakeTimeWait(tcp.now());
  EXPECT_EQ(Inject(entry, 1_s, "R 99999:99999(0) win 9"), TimeWait::Verdict::kStay);
  EXPECT_EQ(Inject(entry, 1_s, ". 99999:99999(0) ack 2 win 9"), TimeWait::Verdict::kStay);
  log_.Expect(". 2:2(0) ack 1");
  EXPECT_EQ(Inject(entry, 1_s, "R 1:1(0) win 9"), TimeWait::Verdict::kEnd);
  log_.ExpectNothing();
}

TEST_F(TimeWaitTest, SynThatNobodyListensFor) {  // oracle Fact22; tcp_twcheck
  TcbHarness linux(LinuxProfile());
  EXPECT_EQ(Enter(linux).ReopenRefused(linux.now(), &actions_), TimeWait::Verdict::kStay);
  log_.Take(linux.now(), actions_);
  log_.Expect(". 2:2(0) ack 2");
  TcbHarness freebsd(FreeBsdProfile());
  actions_.Clear();
  EXPECT_EQ(Enter(freebsd).ReopenRefused(freebsd.now(), &actions_), TimeWait::Verdict::kEnd);
  EXPECT_TRUE(actions_.segments.empty());
}

TEST_F(TimeWaitTest, ReuseByConnect) {  // net.ipv4.tcp_tw_reuse
  TcbHarness tcp(LinuxProfile());
  tcp.Established("mss 1460,TS val 1 ecr 0");
  tcp.ShutdownSend();
  tcp.Inject("F. 1:1(0) ack 2 win 9 <nop,nop,TS val 2 ecr 0>");
  const TimeWait entry = tcp.tcb().MakeTimeWait(Instant::Zero());
  const Instant late = Instant::Zero() + 1001_ms;
  EXPECT_FALSE(entry.MayBeReplaced(Instant::Zero() + 1_s, true));
  EXPECT_TRUE(entry.MayBeReplaced(late, true));
  EXPECT_FALSE(entry.MayBeReplaced(late, false));
  EXPECT_TRUE(entry.MayBeReplaced(Instant::Zero(), false, /*chosen=*/false));
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_tw_reuse", "1").ok());
  EXPECT_TRUE(entry.MayBeReplaced(late, false));
  TcbHarness freebsd(FreeBsdProfile());
  EXPECT_FALSE(Enter(freebsd).MayBeReplaced(late, true));
}

}  // namespace
}  // namespace drywire
