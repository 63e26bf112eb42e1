// Tail loss probes (RFC 8985 7) and duplicates that are told (RFC 2883), as observed on Linux 6.18
// between network namespaces whose filter dropped segments; the oracle's Loss.* watch the same.
#include <string>

#include "gtest/gtest.h"
#include "sim/core/time.h"
#include "stack/personality/profile.h"
#include "stack/tcp/tcb.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: the suffixes are all there is.

// A connection with SACK whose round trip takes 10 ms; what is sent from here on is not answered.
class LossProbeTest : public testing::Test {
 protected:
  LossProbeTest() : LossProbeTest(LinuxProfile()) {}
  explicit LossProbeTest(const Profile& profile) : tcp_(profile) {}

  void Open(const char* options = "mss 1000,sackOK") {
    tcp_.SynSent();
    tcp_.AdvanceTo(10_ms);
    tcp_.Inject(std::string("S. 0:0(0) ack 1 win 65535 <") + options + ">");
    tcp_.tcb().EditSettings().no_delay = true;
    tcp_.log().Clear();
  }

  TcbHarness tcp_;
};

// One segment's acknowledgement may be delayed: the probe comes when the timeout would (SRTT + 200
// ms in whole ticks: 212 ms), and the timeout begins anew.
TEST_F(LossProbeTest, OneSegment) {
  Open();
  tcp_.Send(10);
  tcp_.AdvanceTo(2_s);
  tcp_.ExpectAt(10_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(222_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(434_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(858_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(1706_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectNothing();
}

// Of several the last is sent again, two round trips and two ticks (8 ms) later.
TEST_F(LossProbeTest, LastOfSeveral) {
  Open();
  tcp_.Send(10);
  tcp_.Send(20);
  tcp_.Send(30);
  tcp_.AdvanceTo(500_ms);
  tcp_.ExpectAt(10_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(10_ms, "P. 11:31(20) ack 1");
  tcp_.ExpectAt(10_ms, "P. 31:61(30) ack 1");
  tcp_.ExpectAt(38_ms, "P. 31:61(30) ack 1");
  tcp_.ExpectAt(250_ms, "P. 1:61(60) ack 1");
  tcp_.ExpectNothing();
}

TEST_F(LossProbeTest, FinIsASegmentToo) {
  Open();
  tcp_.Send(10);
  tcp_.ShutdownSend();
  tcp_.AdvanceTo(300_ms);
  tcp_.ExpectAt(10_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(10_ms, "F. 11:11(0) ack 1");
  tcp_.ExpectAt(38_ms, "F. 11:11(0) ack 1");
  tcp_.ExpectAt(250_ms, "FP. 1:11(10) ack 1");
}

// After the probe the timer is that of the first segment again, as soon as more is sent.
TEST_F(LossProbeTest, OneProbeForEachTail) {
  Open();
  tcp_.Send(10);
  tcp_.Send(20);
  tcp_.AdvanceTo(100_ms);
  tcp_.Send(30);
  tcp_.AdvanceTo(300_ms);
  tcp_.ExpectAt(10_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(10_ms, "P. 11:31(20) ack 1");
  tcp_.ExpectAt(38_ms, "P. 11:31(20) ack 1");
  tcp_.ExpectAt(100_ms, "P. 31:61(30) ack 1");
  tcp_.ExpectAt(222_ms, "P. 1:61(60) ack 1");
}

// An acknowledgement of just what was probed for does not end the episode; one beyond it does. When
// a probe is due and none is sent the timeout comes a tick later.
TEST_F(LossProbeTest, TheNextTailHasNone) {
  Open();
  tcp_.Send(10);
  tcp_.AdvanceTo(230_ms);
  tcp_.Inject(". 1:1(0) ack 11 win 65535");
  tcp_.log().Clear();
  tcp_.Send(10);
  tcp_.AdvanceTo(900_ms);
  tcp_.ExpectAt(230_ms, "P. 11:21(10) ack 1");
  tcp_.ExpectAt(446_ms, "P. 11:21(10) ack 1");
  tcp_.ExpectAt(870_ms, "P. 11:21(10) ack 1");
  tcp_.Inject(". 1:1(0) ack 21 win 65535");
  tcp_.log().Clear();
  tcp_.Send(10);
  tcp_.AdvanceTo(1400_ms);
  tcp_.ExpectAt(900_ms, "P. 21:31(10) ack 1");
  tcp_.ExpectAt(1120_ms, "P. 21:31(10) ack 1");  // the timeout is still backed off
  tcp_.ExpectNothing();
}

// New data is the better probe, if the peer has room for it.
TEST_F(LossProbeTest, SendsNewDataFirst) {
  Open();
  tcp_.tcb().EditSettings().no_delay = false;
  tcp_.Send(100);
  tcp_.Send(200);  // Nagle waits for the acknowledgement
  tcp_.AdvanceTo(300_ms);
  tcp_.ExpectAt(10_ms, "P. 1:101(100) ack 1");
  tcp_.ExpectAt(222_ms, "P. 101:301(200) ack 1");
  tcp_.ExpectNothing();
  tcp_.AdvanceTo(500_ms);
  tcp_.ExpectAt(434_ms, "P. 1:301(300) ack 1");
}

TEST_F(LossProbeTest, NeedsSack) {
  Open("mss 1000");
  tcp_.Send(10);
  tcp_.Send(20);
  tcp_.AdvanceTo(300_ms);
  tcp_.ExpectAt(10_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(10_ms, "P. 11:31(20) ack 1");
  tcp_.ExpectAt(222_ms, "P. 1:31(30) ack 1");
  tcp_.ExpectNothing();
}

TEST_F(LossProbeTest, IsSwitchedOffByEarlyRetrans) {
  ASSERT_TRUE(tcp_.profile().Set("net.ipv4.tcp_early_retrans", "0").ok());
  Open();
  tcp_.Send(10);
  tcp_.AdvanceTo(1_s);
  tcp_.ExpectAt(10_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(222_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(646_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectNothing();
}

TEST_F(LossProbeTest, IsNoTimeout) {
  Open();
  tcp_.Send(10);
  tcp_.AdvanceTo(300_ms);
  EXPECT_EQ(tcp_.tcb().retransmits(), 0);
  EXPECT_EQ(tcp_.tcb().backoff(), 0);
  EXPECT_GT(tcp_.tcb().congestion().cwnd(), 1u);
  tcp_.AdvanceTo(500_ms);
  EXPECT_EQ(tcp_.tcb().retransmits(), 1);
}

// After a timeout only when all that was in flight then has been acknowledged.
TEST_F(LossProbeTest, NotWhileLossIsRepaired) {
  Open();
  tcp_.Send(1000);
  tcp_.Send(1000);
  tcp_.AdvanceTo(300_ms);  // the probe at 38 ms, the timeout at 250 ms
  tcp_.Inject(". 1:1(0) ack 1001 win 65535");
  tcp_.log().Clear();
  tcp_.AdvanceTo(900_ms);
  tcp_.ExpectAt(724_ms, "P. 1001:2001(1000) ack 1");
  tcp_.Inject(". 1:1(0) ack 2001 win 65535");
  tcp_.log().Clear();
  tcp_.Send(10);
  tcp_.Send(10);
  tcp_.AdvanceTo(950_ms);
  tcp_.ExpectAt(900_ms, "P. 2001:2011(10) ack 1");
}

class FreeBsdLossProbeTest : public LossProbeTest {
 protected:
  FreeBsdLossProbeTest() : LossProbeTest(FreeBsdProfile()) {}
};

TEST_F(FreeBsdLossProbeTest, ThereIsNone) {
  Open();
  tcp_.Send(10);
  tcp_.AdvanceTo(1_s);
  tcp_.ExpectAt(10_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(240_ms, "P. 1:11(10) ack 1");
  tcp_.ExpectAt(500_ms, "P. 1:11(10) ack 1");
}

// --- Duplicates. Recorded on Linux 6.18 with segments from a raw socket.

class DuplicateTest : public LossProbeTest {
 protected:
  void Arrives(const char* segment, const char* answer) {
    tcp_.log().Clear();
    tcp_.Inject(segment);
    tcp_.Expect(answer);
  }
};

TEST_F(DuplicateTest, IsTold) {
  Open();
  Arrives(". 1001:2001(1000) ack 1 win 65535", ". 1:1(0) ack 1 <nop,nop,sack 1001:2001>");
  Arrives(". 3001:4001(1000) ack 1 win 65535", ". 1:1(0) ack 1 <nop,nop,sack 3001:4001 1001:2001>");
  Arrives(". 1:1001(1000) ack 1 win 65535", ". 1:1(0) ack 2001 <nop,nop,sack 3001:4001>");
  Arrives(". 1501:3001(1500) ack 1 win 65535", ". 1:1(0) ack 4001 <nop,nop,sack 1501:2001>");
  Arrives(". 1:1001(1000) ack 1 win 65535", ". 1:1(0) ack 4001 <nop,nop,sack 1:1001>");
  Arrives(". 3501:4501(1000) ack 1 win 65535", ". 1:1(0) ack 4501 <nop,nop,sack 3501:4001>");
  Arrives(". 1:4501(4500) ack 1 win 65535", ". 1:1(0) ack 4501 <nop,nop,sack 1:4501>");
}

TEST_F(DuplicateTest, BeyondAGap) {
  Open();
  Arrives(". 6001:7001(1000) ack 1 win 65535", ". 1:1(0) ack 1 <nop,nop,sack 6001:7001>");
  Arrives(". 6001:7001(1000) ack 1 win 65535", ". 1:1(0) ack 1 <nop,nop,sack 6001:7001 6001:7001>");
  Arrives(". 6501:7501(1000) ack 1 win 65535", ". 1:1(0) ack 1 <nop,nop,sack 6501:7001 6001:7501>");
}

TEST_F(DuplicateTest, IsNotToldWithoutDsack) {
  ASSERT_TRUE(tcp_.profile().Set("net.ipv4.tcp_dsack", "0").ok());
  Open();
  Arrives(". 1:1001(1000) ack 1 win 65535", ". 1:1(0) ack 1001");
  Arrives(". 1:1001(1000) ack 1 win 65535", ". 1:1(0) ack 1001");
}

}  // namespace
}  // namespace drywire
