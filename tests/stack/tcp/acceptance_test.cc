// Which segments are acceptable in which state: RST, SYN, ACK, sequence numbers, timestamps.
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

struct System {
  const char* name;
  Profile (*profile)();
};
constexpr System kSystems[] = {{"linux", &LinuxProfile}, {"freebsd", &FreeBsdProfile}};

// The states of the matrix. Everywhere the peer has sent 0 (SYN); after a FIN also 1. We have sent
// 0 (SYN); after shutdown also 1 (FIN).
constexpr TcpState kStates[] = {TcpState::kSynReceived, TcpState::kEstablished, TcpState::kFinWait1,
                                TcpState::kFinWait2,    TcpState::kCloseWait,   TcpState::kClosing,
                                TcpState::kLastAck};

bool PeerSentFin(TcpState state) {
  return state == TcpState::kCloseWait || state == TcpState::kClosing ||
         state == TcpState::kLastAck;
}
bool WeSentFin(TcpState state) {
  return state == TcpState::kFinWait1 || state == TcpState::kFinWait2 ||
         state == TcpState::kClosing || state == TcpState::kLastAck;
}
uint32_t RcvNxt(TcpState state) { return PeerSentFin(state) ? 2 : 1; }
uint32_t SndNxt(TcpState state) { return WeSentFin(state) ? 2 : 1; }

Cause CauseOfReset(TcpState state) {
  switch (state) {
    case TcpState::kSynReceived:
      return Cause::kRstInSynReceived;
    case TcpState::kCloseWait:
      return Cause::kRstInCloseWait;
    case TcpState::kClosing:
    case TcpState::kLastAck:
      return Cause::kRstWhileClosing;
    default:
      return Cause::kRstInEstablished;
  }
}

// (system, state): rows are events, as in tcp-testsuite's state-event-engine.
class MatrixTest : public testing::TestWithParam<std::tuple<System, TcpState>> {
 protected:
  MatrixTest() : tcp_(std::get<0>(GetParam()).profile()) {
    tcp_.In(state());
    tcp_.Advance(1_s - tcp_.now().since_start() % 1_s);
    tcp_.Advance(10_ms);
    tcp_.log().Clear();
  }
  TcpState state() const { return std::get<1>(GetParam()); }
  bool linux() const { return std::get<0>(GetParam()).name[0] == 'l'; }
  std::string Ack() const {
    return absl::StrCat(". ", SndNxt(state()), ":", SndNxt(state()), "(0) ack ", RcvNxt(state()));
  }
  // What tcp_output() makes of it: FreeBSD's has an unacknowledged FIN again (tcp_outflags).
  std::string OutputAck() const {
    const bool fin = !linux() && WeSentFin(state()) && state() != TcpState::kFinWait2;
    return fin ? absl::StrCat("F. 1:1(0) ack ", RcvNxt(state())) : Ack();
  }
  void InjectAt(const char* flags, uint32_t seq) {
    const bool ack = std::string(flags).find('.') != std::string::npos;
    tcp_.Inject(absl::StrCat(flags, " ", seq, ":", seq, "(0)", ack ? absl::StrCat(" ack ", 1) : "",
                             " win 65535"));
  }
  TcbHarness tcp_;
};

INSTANTIATE_TEST_SUITE_P(
    States, MatrixTest, testing::Combine(testing::ValuesIn(kSystems), testing::ValuesIn(kStates)),
    [](const auto& info) {
      return absl::StrCat(std::get<0>(info.param).name, "_",
                          absl::StrReplaceAll(TcpStateName(std::get<1>(info.param)), {{"-", ""}}));
    });

TEST_P(MatrixTest, ExactRstResets) {  // RFC 5961 3.2; FreeBSD, segments 5; Linux 14
  InjectAt("R", RcvNxt(state()));
  tcp_.ExpectError(CauseOfReset(state()));
  tcp_.ExpectNothing();
}

TEST_P(MatrixTest, RstInWindowDrawsAChallenge) {  // Linux 21; FreeBSD, segments 5
  InjectAt("R", RcvNxt(state()) + 1);
  tcp_.ExpectState(state());
  tcp_.Expect(Ack());
  tcp_.ExpectNothing();
}

TEST_P(MatrixTest, RstOutsideTheWindowIsDropped) {
  InjectAt("R", RcvNxt(state()) + 200000);
  InjectAt("R", RcvNxt(state()) - 2);
  tcp_.ExpectState(state());
  tcp_.ExpectNothing();
}

TEST_P(MatrixTest, InsecureRst) {  // FreeBSD, segments 5
  if (linux()) GTEST_SKIP();
  ASSERT_TRUE(tcp_.profile().Set("net.inet.tcp.insecure_rst", "1").ok());
  InjectAt("R", RcvNxt(state()) + 1000);
  tcp_.ExpectError(CauseOfReset(state()));
}

TEST_P(MatrixTest, SynDrawsAChallenge) {  // RFC 5961 4.2; Linux 21; FreeBSD, segments 5
  InjectAt("S", RcvNxt(state()) + 1);
  tcp_.ExpectState(state());
  tcp_.Expect(Ack());
  tcp_.ExpectNothing();
}

TEST_P(MatrixTest, InsecureSyn) {  // FreeBSD, segments 5
  if (linux() || state() == TcpState::kSynReceived) GTEST_SKIP();
  ASSERT_TRUE(tcp_.profile().Set("net.inet.tcp.insecure_syn", "1").ok());
  InjectAt("S", RcvNxt(state()) + 1);
  EXPECT_TRUE(tcp_.finished());
}

TEST_P(MatrixTest, SegmentWithoutAckIsDropped) {
  InjectAt("-", RcvNxt(state()));
  tcp_.ExpectState(state());
  tcp_.ExpectNothing();
}

TEST_P(MatrixTest, SegmentBeyondTheWindowDrawsAck) {  // RFC 9293 3.10.7.4 first
  InjectAt(".", RcvNxt(state()) + 2000000);
  tcp_.ExpectState(state());
  tcp_.Expect(OutputAck());
  tcp_.ExpectNothing();
}

TEST_P(MatrixTest, AckBeyondSndNxt) {  // Linux 21; RFC 5961 5
  tcp_.Inject(absl::StrCat(". ", RcvNxt(state()), ":", RcvNxt(state()), "(0) ack 1000 win 65535"));
  tcp_.ExpectState(state());
  tcp_.Expect(state() == TcpState::kSynReceived ? "R 1000:1000(0) win 0" : OutputAck());
  tcp_.ExpectNothing();
}

TEST_P(MatrixTest, AbortSendsReset) {
  tcp_.Abort();
  const bool silent = state() == TcpState::kClosing || state() == TcpState::kLastAck;
  if (!silent) {
    tcp_.Expect(
        absl::StrCat("R. ", SndNxt(state()), ":", SndNxt(state()), "(0) ack ", RcvNxt(state())));
  }
  tcp_.ExpectNothing();
  tcp_.ExpectError(Cause::kNone);
}

// --- Limits

TEST(LinuxAcceptanceTest, OneChallengeIn500Milliseconds) {  // Linux 21
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.AdvanceTo(1_s);
  tcp.Inject("R 2:2(0) win 0");
  tcp.Expect(". 1:1(0) ack 1");
  tcp.AdvanceTo(1499_ms);
  tcp.Inject("S 9:9(0) win 0");
  tcp.ExpectNothing();
  tcp.AdvanceTo(1500_ms);
  tcp.Inject("R 2:2(0) win 0");
  tcp.Expect(". 1:1(0) ack 1");
}

TEST(FreeBsdAcceptanceTest, FiveChallengesASecond) {  // net.inet.tcp.ack_war_cnt
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.AdvanceTo(1_s);
  for (int i = 0; i < 8; ++i) tcp.Inject("R 2:2(0) win 0");
  EXPECT_EQ(tcp.log().size(), 5u);
}

TEST(LinuxAcceptanceTest, RstAtTheFinIsTaken) {  // tcp_reset_check: as macOS sends it
  TcbHarness tcp(LinuxProfile());
  tcp.CloseWait();
  tcp.Inject("R 1:1(0) win 0");
  tcp.ExpectError(Cause::kRstInCloseWait);
}

// --- Timestamps

constexpr char kWithTimestamps[] = "mss 1460,sackOK,TS val 100 ecr 0";

TEST(LinuxAcceptanceTest, PawsDrawsAck) {  // RFC 7323 5.3
  TcbHarness tcp(LinuxProfile());
  tcp.Established(kWithTimestamps);
  tcp.Inject("P. 1:11(10) ack 1 win 100 <nop,nop,TS val 99 ecr 0>");
  tcp.Expect(". 1:1(0) ack 1 <nop,nop,TS val 0 ecr 100>");
  EXPECT_EQ(tcp.tcb().Readable(), 0u);
  tcp.Inject("P. 1:11(10) ack 1 win 100 <nop,nop,TS val 101 ecr 0>");
  EXPECT_EQ(tcp.tcb().Readable(), 10u);
  tcp.Expect(". 1:1(0) ack 11 <nop,nop,TS val 0 ecr 101>");
}

TEST(AcceptanceTest, MissingTimestamp) {  // net.inet.tcp.tolerate_missing_ts; Linux is lenient
  TcbHarness linux(LinuxProfile());
  linux.Established(kWithTimestamps);
  linux.Inject("P. 1:11(10) ack 1 win 100");
  EXPECT_EQ(linux.tcb().Readable(), 10u);
  TcbHarness freebsd(FreeBsdProfile());
  freebsd.Established(kWithTimestamps);
  freebsd.Inject("P. 1:11(10) ack 1 win 100");
  EXPECT_EQ(freebsd.tcb().Readable(), 0u);
}

}  // namespace
}  // namespace drywire
