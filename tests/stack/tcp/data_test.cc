// Data transfer: segmentation, Nagle, windows, acknowledgements, retransmission, keep-alive.
#include "gtest/gtest.h"
#include "stack/tcp/byte_queue.h"
#include "stack/tcp/rto.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

class BothDataTest : public testing::TestWithParam<Profile (*)()> {
 protected:
  TcbHarness tcp_{GetParam()()};
};
INSTANTIATE_TEST_SUITE_P(Systems, BothDataTest, testing::Values(&LinuxProfile, &FreeBsdProfile));

TEST_P(BothDataTest, SegmentsByMss) {
  tcp_.Established("mss 1000");
  tcp_.Send(2500);
  tcp_.Expect(". 1:1001(1000) ack 1");
  tcp_.Expect(". 1001:2001(1000) ack 1");
  tcp_.Expect("P. 2001:2501(500) ack 1");
  tcp_.ExpectNothing();
}

TEST_P(BothDataTest, StopsAtTheInitialWindow) {  // RFC 6928
  tcp_.Established("mss 1000");
  tcp_.Send(30000);
  EXPECT_EQ(tcp_.log().size(), 10u);
  tcp_.log().Clear();
  tcp_.Inject(". 1:1(0) ack 2001 win 65535");  // slow start: two acknowledged, four more
  EXPECT_EQ(tcp_.log().size(), 4u);
}

TEST_P(BothDataTest, RespectsThePeersWindow) {
  tcp_.SynSent();
  tcp_.Inject("S. 0:0(0) ack 1 win 3000 <mss 1000>");
  tcp_.log().Clear();
  tcp_.Send(10000);
  EXPECT_EQ(tcp_.log().size(), 3u);
  tcp_.log().Clear();
  tcp_.Inject(". 1:1(0) ack 3001 win 1000");
  const Segment next = tcp_.log().Pop();
  EXPECT_EQ(next.seq, Seq(3001));
  EXPECT_EQ(next.payload.size(), 1000u);
  tcp_.ExpectNothing();
}

TEST_P(BothDataTest, NagleHoldsTheSecondSmallSegment) {  // RFC 9293 3.7.4
  tcp_.Established();
  tcp_.Send(10);
  tcp_.Expect("P. 1:11(10) ack 1");
  tcp_.Send(10);
  tcp_.ExpectNothing();
  tcp_.Inject(". 1:1(0) ack 11 win 65535");
  tcp_.Expect("P. 11:21(10) ack 1");
}

TEST_P(BothDataTest, NoDelay) {
  tcp_.tcb().EditSettings().no_delay = true;
  tcp_.Established();
  tcp_.Send(10);
  tcp_.Send(10);
  tcp_.Expect("P. 1:11(10) ack 1");
  tcp_.Expect("P. 11:21(10) ack 1");
}

TEST(DataTest, SmallAfterFullSegment) {  // Linux: Minshall; FreeBSD: classic Nagle
  TcbHarness linux(LinuxProfile());
  linux.Established("mss 1000");
  linux.Send(1000);
  linux.Send(10);
  EXPECT_EQ(linux.log().size(), 2u);
  TcbHarness freebsd(FreeBsdProfile());
  freebsd.Established("mss 1000");
  freebsd.Send(1000);
  freebsd.Send(10);
  EXPECT_EQ(freebsd.log().size(), 1u);
}

// tcp(7) TCP_CORK. The timer is that of window probes: 204 ms, in ticks.
TEST(LinuxDataTest, CorkHoldsFor200Milliseconds) {
  TcbHarness tcp(LinuxProfile());
  tcp.tcb().EditSettings().cork = true;
  tcp.Established();
  tcp.Send(10);
  tcp.ExpectNothing();
  tcp.AdvanceTo(204_ms);
  tcp.ExpectAt(204_ms, "P. 1:11(10) ack 1");
}

TEST_P(BothDataTest, MoreHoldsUntilPushed) {
  tcp_.Established();
  tcp_.Send(10, /*more=*/true);
  tcp_.ExpectNothing();
  tcp_.Send(10);
  tcp_.Expect("P. 1:21(20) ack 1");
}

// --- Retransmission

TEST(LinuxDataTest, RetransmissionTimes) {  // RFC 6298 with tcp_rto_min 200 ms
  TcbHarness tcp(LinuxProfile());
  tcp.SynSent();
  tcp.AdvanceTo(10_ms);
  tcp.Inject("S. 0:0(0) ack 1 win 65535 <mss 1460>");
  tcp.log().Clear();
  tcp.Send(10);
  tcp.AdvanceTo(2_s);
  // SRTT 10 ms, so the timeout is 210 ms, in whole ticks 212 ms, then twice as long each time.
  tcp.ExpectAt(10_ms, "P. 1:11(10) ack 1");
  tcp.ExpectAt(222_ms, "P. 1:11(10) ack 1");
  tcp.ExpectAt(646_ms, "P. 1:11(10) ack 1");
  tcp.ExpectAt(1494_ms, "P. 1:11(10) ack 1");
  tcp.ExpectNothing();
}

TEST(FreeBsdDataTest, RetransmissionTimes) {  // rexmit_min 30 ms, rexmit_slop 200 ms
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.AdvanceTo(20_ms);
  tcp.Inject("S. 0:0(0) ack 1 win 65535 <mss 1460>");
  tcp.log().Clear();
  tcp.Send(10);
  tcp.AdvanceTo(700_ms);
  // SRTT 20 ms, 4 * RTTVAR 40 ms: 60 + 200, then 120 + 200.
  tcp.ExpectAt(20_ms, "P. 1:11(10) ack 1");
  tcp.ExpectAt(280_ms, "P. 1:11(10) ack 1");
  tcp.ExpectAt(600_ms, "P. 1:11(10) ack 1");
  tcp.ExpectNothing();
}

TEST_P(BothDataTest, GoesBackToSndUna) {
  tcp_.Established("mss 1000");
  tcp_.Send(3000);
  tcp_.log().Clear();
  tcp_.AdvanceTo(300_ms);
  tcp_.Expect(". 1:1001(1000) ack 1");
  tcp_.ExpectNothing();
  tcp_.Inject(". 1:1(0) ack 1001 win 65535");
  tcp_.Expect(". 1001:2001(1000) ack 1");
  tcp_.Expect("P. 2001:3001(1000) ack 1");
  tcp_.Inject(". 1:1(0) ack 3001 win 65535");
  EXPECT_EQ(tcp_.tcb().Unacknowledged(), 0u);
  EXPECT_EQ(tcp_.tcb().NextDeadline().is_never(), tcp_.profile().tcp.always_keepalive == 0);
}

TEST(LinuxDataTest, GivesUpByRetries2) {  // tcp_retries2: a time, since the first retransmission
  TcbHarness tcp(LinuxProfile());
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_retries2", "3").ok());
  tcp.Established();
  tcp.Send(10);
  tcp.AdvanceTo(60_s);
  tcp.ExpectError(Cause::kRetransmissionTimeout);
  EXPECT_EQ(tcp.finished_at().since_start().nanos() / 100'000'000, 63);
}

TEST(LinuxDataTest, UserTimeout) {  // TCP_USER_TIMEOUT
  TcbHarness tcp(LinuxProfile());
  tcp.tcb().EditSettings().user_timeout_ms = 1000;
  tcp.Established();
  tcp.Send(10);
  tcp.AdvanceTo(60_s);
  tcp.ExpectError(Cause::kUserTimeout);
  EXPECT_EQ(tcp.finished_at().since_start().nanos() / 100'000'000, 12);
}

TEST(FreeBsdDataTest, GivesUpAfterTwelveRetransmissions) {  // net.inet.tcp.retries
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Send(10);
  tcp.log().Clear();
  while (!tcp.finished()) tcp.AdvanceTo(tcp.tcb().NextDeadline().since_start());
  EXPECT_EQ(tcp.log().size(), 13u);
  for (int i = 0; i < 12; ++i) tcp.Expect("P. 1:11(10) ack 1");
  tcp.Expect("R. 11:11(0) ack 1");
  tcp.ExpectError(Cause::kRetransmissionTimeout);
}

TEST(FreeBsdDataTest, BackOffEndsAt512) {  // tcp_backoff[] of tcp_timer.c, 64 s at most
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.AdvanceTo(20_ms);
  tcp.Inject("S. 0:0(0) ack 1 win 65535 <mss 1460>");
  tcp.log().Clear();
  tcp.Send(10);
  // 60 ms twice as long each time, 200 ms on top.
  Duration at = 20_ms;
  for (const int factor : {0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512}) {
    if (factor != 0) at = at + 60_ms * factor + 200_ms;
    tcp.AdvanceTo(at);
    tcp.ExpectAt(at, "P. 1:11(10) ack 1");
    tcp.ExpectNothing();
  }
}

TEST_P(BothDataTest, OldAcksAreIgnored) {
  tcp_.Established();
  tcp_.Send(10);
  tcp_.Inject(". 1:1(0) ack 11 win 65535");
  tcp_.log().Clear();
  tcp_.Inject(". 1:1(0) ack 1 win 65535");
  tcp_.ExpectNothing();
}

// --- Closed windows

TEST(LinuxDataTest, ProbesAClosedWindow) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established("mss 1000");
  tcp.Send(1000);
  tcp.log().Clear();
  tcp.Inject(". 1:1(0) ack 1001 win 0");
  tcp.Send(1000);
  tcp.ExpectNothing();
  tcp.AdvanceTo(1_s);
  tcp.ExpectAt(204_ms, ". 1000:1000(0) ack 1");
  tcp.ExpectAt(612_ms, ". 1000:1000(0) ack 1");
  tcp.Inject(". 1:1(0) ack 1001 win 2000");
  tcp.Expect("P. 1001:2001(1000) ack 1");
}

TEST(FreeBsdDataTest, ProbesAClosedWindowWithAByte) {  // net.inet.tcp.persmin
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established("mss 1000");
  tcp.Send(1000);
  tcp.log().Clear();
  tcp.Inject(". 1:1(0) ack 1001 win 0");
  tcp.Send(1000);
  tcp.AdvanceTo(6_s);
  tcp.ExpectAt(5_s, ". 1001:1002(1) ack 1");
  tcp.Inject(". 1:1(0) ack 1001 win 2000");
  tcp.AdvanceTo(20_s);
  EXPECT_NE(tcp.log().size(), 0u);
  tcp.Inject(". 1:1(0) ack 2001 win 2000");
  EXPECT_EQ(tcp.tcb().Unacknowledged(), 0u);
}

// tcp_setpersist(): 4 * SRTT + 8 * RTTVAR of 20 ms and 10 ms are 160 ms, twice as long each time,
// 200 ms on top, within persmin and persmax; a silent peer is given up as tcp_timer_persist() does.
TEST(FreeBsdDataTest, ProbesLessAndLessOftenAndGivesUp) {
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.AdvanceTo(20_ms);
  tcp.Inject("S. 0:0(0) ack 1 win 0 <mss 1460>");
  tcp.log().Clear();
  tcp.Send(10);
  tcp.ExpectNothing();
  Duration at = 20_ms;
  for (const int millis : {5000, 5000, 5000, 5000, 5000, 5320, 10440, 20680, 41160, 60000, 60000}) {
    at = at + Duration::Millis(millis);
    tcp.AdvanceTo(at);
    tcp.ExpectAt(at, ". 1:2(1) ack 1");
    tcp.ExpectNothing();
  }
  tcp.AdvanceTo(at + 120_s);
  tcp.ExpectError(Cause::kRetransmissionTimeout);
}

TEST_P(BothDataTest, AnAnsweredProbeNeverTimesOut) {
  tcp_.Established("mss 1000");
  tcp_.Inject(". 1:1(0) ack 1 win 0");
  tcp_.Send(1000);
  for (int i = 1; i < 60; ++i) {
    tcp_.AdvanceTo(Duration::Seconds(30 * i));
    tcp_.Inject(". 1:1(0) ack 1 win 0");
  }
  tcp_.ExpectState(TcpState::kEstablished);
}

TEST_P(BothDataTest, ARetransmissionBringsNothingNewBeyondTheWindow) {
  tcp_.Established("mss 1000");
  tcp_.Inject(". 1:1(0) ack 1 win 500");
  tcp_.Send(500);
  tcp_.Send(400);
  tcp_.log().Clear();
  tcp_.Advance(5_s);
  ASSERT_NE(tcp_.log().size(), 0u);
  while (tcp_.log().size() != 0) {
    const Segment segment = tcp_.log().Pop();
    EXPECT_LE(segment.payload.size(), 500u);
  }
}

// tcp_probe_timer: of an orphan's answered probes the back-off is counted instead.
TEST(LinuxDataTest, AnOrphanDoesNotProbeForEver) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established("mss 1000");
  tcp.Inject(". 1:1(0) ack 1 win 0");
  tcp.Send(1000);
  tcp.Close();
  Duration now;
  while (!tcp.finished() && now < 2000_s) {
    now += 1_s;
    tcp.AdvanceTo(now);
    if (tcp.log().size() != 0) tcp.Inject(". 1:1(0) ack 1 win 0");
    tcp.log().Clear();
  }
  EXPECT_TRUE(tcp.finished());
  // 0.2 s doubled until it is two minutes.
  EXPECT_GT(now, 100_s);
  EXPECT_LT(now, 400_s);
}

// --- Receiving

TEST_P(BothDataTest, InOrderAndOutOfOrder) {
  tcp_.Established("mss 1000,sackOK");
  tcp_.Inject(". 1001:2001(1000) ack 1 win 65535");
  tcp_.Expect(". 1:1(0) ack 1 <nop,nop,sack 1001:2001>");
  EXPECT_EQ(tcp_.tcb().Readable(), 0u);
  tcp_.Inject(". 3001:4001(1000) ack 1 win 65535");
  tcp_.Expect(". 1:1(0) ack 1 <nop,nop,sack 3001:4001 1001:2001>");
  tcp_.Inject(". 1:1001(1000) ack 1 win 65535");
  tcp_.Expect(". 1:1(0) ack 2001 <nop,nop,sack 3001:4001>");
  EXPECT_EQ(tcp_.tcb().Readable(), 2000u);
  tcp_.Inject(". 1501:3001(1500) ack 1 win 65535");  // overlaps
  tcp_.Expect(". 1:1(0) ack 4001 <nop,nop,sack 1501:2001>");
  EXPECT_EQ(tcp_.tcb().Readable(), 4000u);
}

TEST_P(BothDataTest, FinOutOfOrder) {
  tcp_.Established();
  tcp_.Inject("F. 101:101(0) ack 1 win 65535");
  tcp_.ExpectState(TcpState::kEstablished);
  tcp_.Inject("P. 1:101(100) ack 1 win 65535");
  tcp_.ExpectState(TcpState::kCloseWait);
  EXPECT_EQ(tcp_.tcb().Readable(), 100u);
}

TEST_P(BothDataTest, DuplicateDataIsAcknowledgedAtOnce) {
  tcp_.Established();
  tcp_.Inject("P. 1:101(100) ack 1 win 65535");
  tcp_.Advance(200_ms);
  tcp_.log().Clear();
  tcp_.Inject("P. 1:101(100) ack 1 win 65535");
  tcp_.ExpectAt(200_ms, ". 1:1(0) ack 101");
  EXPECT_EQ(tcp_.tcb().Readable(), 100u);
}

TEST(LinuxDataTest, QuickAcksThenDelayed) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Inject("P. 1:101(100) ack 1 win 65535");
  tcp.ExpectAt(0_ms, ". 1:1(0) ack 101");
  tcp.Read(100);
  tcp.Send(50);  // a reply: from now on interactive
  tcp.log().Clear();
  tcp.AdvanceTo(5_ms);
  tcp.Inject("P. 101:201(100) ack 51 win 65535");
  tcp.ExpectNothing();
  tcp.AdvanceTo(100_ms);
  tcp.ExpectAt(45_ms, ". 51:51(0) ack 201");
}

TEST(FreeBsdDataTest, DelaysEverySecondAck) {  // delacktime 40 ms
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Inject(". 1:101(100) ack 1 win 65535");
  tcp.ExpectNothing();
  tcp.Inject(". 101:201(100) ack 1 win 65535");
  tcp.Expect(". 1:1(0) ack 201");
  tcp.Inject(". 201:301(100) ack 1 win 65535");
  tcp.AdvanceTo(100_ms);
  tcp.ExpectAt(40_ms, ". 1:1(0) ack 301");
}

TEST_P(BothDataTest, TheWindowClosesAndOpens) {
  tcp_.tcb().EditSettings().receive_buffer = 8192;
  tcp_.Established();
  uint32_t seq = 1;
  uint32_t window = 1;
  while (window != 0 && seq < 20000) {
    if (tcp_.tcb().rcv_wnd() < 500) break;
    tcp_.Inject("P. " + std::to_string(seq) + ":" + std::to_string(seq + 500) +
                "(500) ack 1 win 65535");
    seq += 500;
    tcp_.Advance(250_ms);
    while (tcp_.log().size() != 0) window = tcp_.log().Pop().window;
    window = tcp_.tcb().rcv_wnd();
  }
  EXPECT_LT(window, 500u);
  EXPECT_LE(tcp_.tcb().Readable(), 8760u);
  tcp_.Read(100000);
  tcp_.AdvanceTo(tcp_.now().since_start() + 1_s);
  EXPECT_GT(tcp_.log().Pop().window, 0u);
}

TEST_P(BothDataTest, DataWakesReadersEachTime) {  // Linux 23
  tcp_.Established();
  tcp_.TakeReadersWoken();
  for (int i = 0; i < 3; ++i) {
    tcp_.Inject("P. " + std::to_string(1 + i * 10) + ":" + std::to_string(11 + i * 10) +
                "(10) ack 1 win 65535");
    EXPECT_TRUE(tcp_.TakeReadersWoken());
  }
}

TEST_P(BothDataTest, WritersAreWokenWhenThereIsRoomAgain) {
  tcp_.tcb().EditSettings().send_buffer = 10000;
  tcp_.Established("mss 1000");
  tcp_.TakeWritersWoken();
  tcp_.Send(10000);
  EXPECT_EQ(tcp_.tcb().SendRoom(), 0u);
  EXPECT_FALSE(tcp_.tcb().HasWriteSpace());
  tcp_.Inject(". 1:1(0) ack 5001 win 65535");
  EXPECT_TRUE(tcp_.TakeWritersWoken());
  EXPECT_TRUE(tcp_.tcb().HasWriteSpace());
}

TEST(LinuxDataTest, AnyRoomIsRoomForAPacket) {  // sk_stream_memory_free()
  TcbHarness tcp(LinuxProfile());
  tcp.tcb().EditSettings().send_buffer = 10000;
  tcp.Established("mss 1000");
  tcp.Send(9999);
  const size_t packet = tcp.tcb().SendRoom();
  EXPECT_GE(packet, 1000u);  // for one byte of room
  tcp.Send(packet);
  EXPECT_EQ(tcp.tcb().SendRoom(), 0u);
}

TEST(FreeBsdDataTest, RoomIsWhatTheBufferLeaves) {  // sosend_generic()
  TcbHarness tcp(FreeBsdProfile());
  tcp.tcb().EditSettings().send_buffer = 10000;
  tcp.Established("mss 1000");
  tcp.Send(9999);
  EXPECT_EQ(tcp.tcb().SendRoom(), 1u);
}

TEST(LinuxDataTest, DefaultSendBuffer) {  // observed: 2626560 on lo, 46080 on Ethernet
  TcbHarness lo(LinuxProfile());
  lo.Established("mss 65495", 65495);
  EXPECT_EQ(lo.tcb().SendBuffer(), 2626560u);
  TcbHarness ethernet(LinuxProfile());
  ethernet.Established();
  EXPECT_EQ(ethernet.tcb().SendBuffer(), 46080u);
}

// --- Keep-alive

TEST(LinuxDataTest, Keepalive) {  // tcp(7)
  TcbHarness tcp(LinuxProfile());
  tcp.tcb().EditSettings().keepalive = true;
  tcp.tcb().EditSettings().keep_idle_s = 10;
  tcp.tcb().EditSettings().keep_interval_s = 2;
  tcp.tcb().EditSettings().keep_count = 3;
  tcp.Established();
  tcp.AdvanceTo(60_s);
  tcp.ExpectAt(10_s, ". 0:0(0) ack 1");
  tcp.ExpectAt(12_s, ". 0:0(0) ack 1");
  tcp.ExpectAt(14_s, ". 0:0(0) ack 1");
  tcp.ExpectAt(16_s, "R. 1:1(0) ack 1");
  tcp.ExpectNothing();
  tcp.ExpectError(Cause::kKeepaliveTimeout);
}

TEST(FreeBsdDataTest, KeepaliveIsOnByDefault) {  // net.inet.tcp.always_keepalive
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.AdvanceTo(7200_s);
  tcp.ExpectAt(7200_s, ". 0:0(0) ack 1");
  tcp.Inject(". 1:1(0) ack 1 win 65535");
  tcp.AdvanceTo(14400_s);
  tcp.ExpectAt(14400_s, ". 0:0(0) ack 1");
  tcp.ExpectNothing();
  tcp.AdvanceTo(20000_s);
  EXPECT_EQ(tcp.finished_at().since_start(), 14400_s + 75_s * 8);
}

// --- Parts

TEST(ByteQueueTest, SlicesAcrossPieces) {
  ByteQueue queue;
  queue.Append(Bytes::Copy(std::string("abc")));
  queue.Append(Bytes::Copy(std::string("defg")));
  EXPECT_EQ(queue.Slice(1, 4).text(), "bcde");
  queue.PopFront(2);
  EXPECT_EQ(queue.Slice(0, 5).text(), "cdefg");
  queue.PopFront(2);
  EXPECT_EQ(queue.Slice(1, 2).text(), "fg");
  EXPECT_EQ(queue.Slice(0, 1).text(), "e");
  for (int i = 0; i < 100; ++i) queue.Append(Bytes::Copy(std::string("xy")));
  EXPECT_EQ(queue.Slice(3, 4).text(), "xyxy");
  EXPECT_EQ(queue.Slice(201, 2).text(), "xy");
  queue.PopFront(203);
  EXPECT_TRUE(queue.empty());
}

TEST(RttEstimatorTest, FollowsRfc6298) {
  const Profile linux = LinuxProfile();
  RttEstimator rtt;
  EXPECT_EQ(rtt.Rto(linux.tcp), 1_s);
  rtt.Sample(linux.tcp, 100_ms, Seq(1), Seq(2));
  EXPECT_EQ(rtt.srtt(), 100_ms);
  EXPECT_EQ(rtt.Rto(linux.tcp), 300_ms);
  EXPECT_EQ(rtt.BackedOff(linux.tcp, 3), 2400_ms);
  EXPECT_EQ(rtt.BackedOff(linux.tcp, 20), 120_s);
}

TEST(TcbTest, IsSmall) { EXPECT_LE(sizeof(Tcb), 500u); }

TEST(LinuxDataTest, RecordsShareNoSegment) {  // MSG_EOR; tcp_skb_can_collapse_to()
  TcbHarness tcp(LinuxProfile());
  tcp.tcb().EditSettings().cork = true;
  tcp.Established();
  tcp.log().Clear();
  tcp.Send(3);
  tcp.tcb().EndRecord();
  tcp.ExpectNothing();
  tcp.Send(4);  // what is not the last packet does not wait
  tcp.Expect("P. 1:4(3) ack 1");
  tcp.ExpectNothing();
  tcp.tcb().EditSettings().cork = false;
  tcp.Inject(". 1:1(0) ack 4 win 65535");
  tcp.Expect("P. 4:8(4) ack 1");
  tcp.Inject(". 1:1(0) ack 8 win 65535");
  tcp.ExpectNothing();
  // MSG_MORE is no end.
  tcp.Send(1500, /*more=*/true);
  tcp.Expect(". 8:1468(1460) ack 1");
  tcp.Inject(". 1:1(0) ack 1468 win 65535");
  tcp.Expect(". 1468:1508(40) ack 1");
}

// A tail loss probe of new data keeps to the record, too.
TEST(LinuxDataTest, ProbesEndWithTheRecord) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established("mss 1000,sackOK");
  tcp.Send(10'000);  // the whole congestion window
  tcp.Send(400);
  tcp.tcb().EndRecord();
  tcp.Send(600);
  tcp.log().Clear();
  tcp.AdvanceTo(tcp.tcb().NextDeadline().since_start());
  tcp.Expect("P. 10001:10401(400) ack 1");
}

// What is sent makes room: whoever waits to write is told.
TEST(LinuxDataTest, SendingTheUnsentWakesWriters) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established("mss 1000");
  tcp.tcb().EditSettings().notsent_lowat = 4000;
  tcp.Send(14'000);  // ten segments go
  EXPECT_FALSE(tcp.tcb().HasWriteSpace());
  tcp.TakeWritersWoken();
  tcp.Inject(". 1:1(0) ack 1 win 60000");
  EXPECT_FALSE(tcp.TakeWritersWoken());
  tcp.Inject(". 1:1(0) ack 3001 win 60000");
  EXPECT_TRUE(tcp.TakeWritersWoken());
  EXPECT_TRUE(tcp.tcb().HasWriteSpace());
}

TEST(LinuxDataTest, WritersWaitForTheUnsent) {  // TCP_NOTSENT_LOWAT; tcp_stream_memory_free()
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.tcb().EditSettings().notsent_lowat = 4000;
  const size_t packet = tcp.tcb().SendRoom();
  EXPECT_TRUE(tcp.tcb().HasWriteSpace());
  tcp.tcb().EditSettings().cork = true;
  tcp.Send(100);
  EXPECT_EQ(tcp.tcb().SendRoom(), packet - 100);  // the packet is filled up
  EXPECT_TRUE(tcp.tcb().HasWriteSpace());
  tcp.tcb().EditSettings().notsent_lowat = 200;
  EXPECT_FALSE(tcp.tcb().HasWriteSpace());
}

}  // namespace
}  // namespace drywire
