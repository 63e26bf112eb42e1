// ICMP errors about a connection's segments: hard, soft, ignored.
#include "gtest/gtest.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

TEST(LinuxIcmpTest, EveryErrorEndsAnAttempt) {  // Linux 5; packetdrill icmp-before-accept
  for (Cause cause :
       {Cause::kIcmpHostUnreachable, Cause::kIcmpNetUnreachable, Cause::kIcmpHostProhibited,
        Cause::kIcmpAdminProhibited, Cause::kIcmpNetProhibited, Cause::kIcmpPortUnreachable,
        Cause::kIcmpProtocolUnreachable, Cause::kIcmp6AddressUnreachable}) {
    TcbHarness tcp(LinuxProfile());
    tcp.SynSent();
    tcp.Icmp(cause, 0);
    tcp.ExpectError(cause);
  }
}

TEST(LinuxIcmpTest, AWrongQuotedSequenceIsIgnored) {  // Linux 5
  TcbHarness tcp(LinuxProfile());
  tcp.SynSent();
  tcp.Icmp(Cause::kIcmpPortUnreachable, 2);
  tcp.Icmp(Cause::kIcmpPortUnreachable, 0xffffffff);
  tcp.ExpectState(TcpState::kSynSent);
  tcp.Icmp(Cause::kIcmpPortUnreachable, 1);
  tcp.ExpectError(Cause::kIcmpPortUnreachable);
}

TEST(LinuxIcmpTest, SoftOnAnEstablishedConnection) {  // Linux 6
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Icmp(Cause::kIcmpHostUnreachable, 1);
  tcp.ExpectState(TcpState::kEstablished);
  EXPECT_EQ(tcp.tcb().TakeSoftError(), Cause::kIcmpHostUnreachable);
  EXPECT_EQ(tcp.tcb().TakeSoftError(), Cause::kNone);
}

TEST(LinuxIcmpTest, TheSoftErrorExplainsATimeout) {  // tcp_write_err
  TcbHarness tcp(LinuxProfile());
  ASSERT_TRUE(tcp.profile().Set("net.ipv4.tcp_retries2", "3").ok());
  tcp.Established();
  tcp.Send(1);
  tcp.Icmp(Cause::kIcmpHostUnreachable, 1);
  tcp.AdvanceTo(100_s);
  tcp.ExpectError(Cause::kIcmpHostUnreachable);
}

TEST(FreeBsdIcmpTest, HardErrorsEndAnAttempt) {  // FreeBSD, ICMP; segments 7
  for (Cause cause :
       {Cause::kIcmpPortUnreachable, Cause::kIcmpProtocolUnreachable, Cause::kIcmpAdminProhibited,
        Cause::kIcmpNetProhibited, Cause::kIcmpHostProhibited, Cause::kIcmpTimeExceeded}) {
    TcbHarness tcp(FreeBsdProfile());
    tcp.SynSent();
    tcp.Icmp(cause, 1);  // not exact
    tcp.ExpectState(TcpState::kSynSent);
    tcp.Icmp(cause, 0);
    tcp.ExpectError(cause);
  }
}

TEST(FreeBsdIcmpTest, NoErrorWithoutIcmpMayRst) {  // FreeBSD, segments 7
  TcbHarness tcp(FreeBsdProfile());
  ASSERT_TRUE(tcp.profile().Set("net.inet.tcp.icmp_may_rst", "0").ok());
  tcp.SynSent();
  tcp.Icmp(Cause::kIcmpPortUnreachable, 0);
  tcp.ExpectState(TcpState::kSynSent);
}

TEST(FreeBsdIcmpTest, SoftErrorsEndItAtTheFifthSyn) {  // FreeBSD, ICMP: 15.6 s
  for (Cause cause : {Cause::kIcmpHostUnreachable, Cause::kIcmpParameterProblem}) {
    TcbHarness tcp(FreeBsdProfile());
    tcp.SynSent();
    tcp.Icmp(cause, 0);
    for (Duration t : {1000_ms, 3200_ms, 7400_ms, 15600_ms}) {
      tcp.ExpectState(TcpState::kSynSent);
      tcp.AdvanceTo(t);
      tcp.Icmp(cause, 0);
    }
    tcp.ExpectError(cause);
    EXPECT_EQ(tcp.finished_at().since_start(), 15600_ms);
  }
}

TEST(FreeBsdIcmpTest, OneSoftErrorIsToldAtTheEnd) {  // FreeBSD, ICMP: 75 s
  TcbHarness tcp(FreeBsdProfile());
  tcp.SynSent();
  tcp.Icmp(Cause::kIcmpNetUnreachable, 0);
  tcp.AdvanceTo(80_s);
  tcp.ExpectError(Cause::kIcmpNetUnreachable);
  EXPECT_EQ(tcp.finished_at().since_start(), 75_s);
}

TEST(FreeBsdIcmpTest, NeverSurfacesWhenEstablished) {  // FreeBSD, ICMP
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Send(1);
  tcp.Icmp(Cause::kIcmpHostUnreachable, 1);
  tcp.Icmp(Cause::kIcmpPortUnreachable, 1);
  EXPECT_EQ(tcp.tcb().TakeSoftError(), Cause::kNone);
  tcp.ExpectState(TcpState::kEstablished);
}

class BothIcmpTest : public testing::TestWithParam<Profile (*)()> {};
INSTANTIATE_TEST_SUITE_P(Systems, BothIcmpTest, testing::Values(&LinuxProfile, &FreeBsdProfile));

TEST_P(BothIcmpTest, FragmentationNeededShrinksSegments) {
  TcbHarness tcp(GetParam()());
  tcp.Established();
  tcp.Send(1460);
  tcp.Expect("P. 1:1461(1460) ack 1");
  tcp.Icmp(Cause::kIcmpFragmentationNeeded, 1, 1000);
  tcp.Expect(". 1:1001(1000) ack 1");
  tcp.Expect("P. 1001:1461(460) ack 1");
  tcp.ExpectNothing();
}

// A router that wants less than the least segment is not answered by sending everything again.
TEST_P(BothIcmpTest, FragmentationNeededBelowTheLeastSegmentIsObeyedOnce) {
  TcbHarness tcp(GetParam()());
  tcp.profile().tcp.minmss = 500;
  tcp.Established();
  tcp.Send(600);
  tcp.Expect("P. 1:601(600) ack 1");
  tcp.Icmp(Cause::kIcmpFragmentationNeeded, 1, 100);
  tcp.Expect(". 1:501(500) ack 1");
  tcp.Expect("P. 501:601(100) ack 1");
  tcp.Icmp(Cause::kIcmpFragmentationNeeded, 1, 100);
  tcp.ExpectNothing();
}

TEST_P(BothIcmpTest, FragmentationNeededIsNoErrorInSynSent) {
  TcbHarness tcp(GetParam()());
  tcp.SynSent();
  tcp.Icmp(Cause::kIcmpFragmentationNeeded, 0, 1000);
  tcp.ExpectState(TcpState::kSynSent);
}

}  // namespace
}  // namespace drywire
