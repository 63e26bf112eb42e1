// Urgent data: what is announced, what is sent, and what each system makes of it. Linux: observed,
// and tests/pkt/linux/urgent-*. FreeBSD: tcp_input.c, tcp_output.c, tcp_usrreq.c.
#include <cstdint>

#include "gtest/gtest.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

void SendUrgent(TcbHarness& tcp, size_t size) {
  Actions actions;
  tcp.tcb().Queue(Bytes::Zeros(size));
  tcp.tcb().PushUrgent(tcp.now(), /*more=*/false, &actions);
  tcp.log().Take(tcp.now(), actions);
}

// recv(MSG_OOB); the byte does not matter here.
Cause Take(TcbHarness& tcp, bool peek = false) {
  uint8_t byte = 0;
  return tcp.tcb().TakeUrgent(peek, &byte);
}

class BothUrgentTest : public testing::TestWithParam<Profile (*)()> {
 protected:
  TcbHarness tcp_{GetParam()()};
};
INSTANTIATE_TEST_SUITE_P(Systems, BothUrgentTest, testing::Values(&LinuxProfile, &FreeBsdProfile));

// --- Sending

TEST_P(BothUrgentTest, ThePointerIsToldBeforeTheMark) {
  tcp_.Established("mss 1000");
  SendUrgent(tcp_, 2500);
  tcp_.Expect("U. 1:1001(1000) ack 1 urg 2500");
  tcp_.Expect("U. 1001:2001(1000) ack 1 urg 1500");
  tcp_.Expect("PU. 2001:2501(500) ack 1 urg 500");
  tcp_.Inject(". 1:1(0) ack 2501 win 65535");
  tcp_.Send(10);
  tcp_.Expect("P. 2501:2511(10) ack 1");
}

TEST_P(BothUrgentTest, NothingIsHeldBackWhileItIsUnderWay) {  // RFC 1122 4.2.3.4 holds it back
  tcp_.Established("mss 1000");
  SendUrgent(tcp_, 10);
  tcp_.Expect("PU. 1:11(10) ack 1 urg 10");
  tcp_.Send(10);
  tcp_.Expect("P. 11:21(10) ack 1");
  tcp_.Inject(". 1:1(0) ack 11 win 65535");
  tcp_.Send(10);
  tcp_.ExpectNothing();
}

TEST_P(BothUrgentTest, WhatIsSentAgainIsUrgentAgain) {
  tcp_.Established("mss 1000");
  SendUrgent(tcp_, 10);
  tcp_.log().Clear();
  tcp_.Advance(3_s);
  tcp_.Expect("PU. 1:11(10) ack 1 urg 10");
}

// As far as the field goes, with what was never sent; text further away says nothing.
TEST(LinuxUrgentTest, AMarkBeyondTheField) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established("mss 10000", 10'000);
  SendUrgent(tcp, 70'000);
  tcp.Expect("U. 1:10001(10000) ack 1 urg 65535");
  tcp.Expect("U. 10001:20001(10000) ack 1 urg 60000");
}

TEST(FreeBsdUrgentTest, AMarkBeyondTheFieldIsCutOff) {  // (u_short)(snd_up - snd_nxt)
  TcbHarness tcp(FreeBsdProfile());
  tcp.tcb().EditSettings().send_buffer = 100'000;
  tcp.Established("mss 10000", 10'000);
  SendUrgent(tcp, 70'000);
  tcp.Expect("U. 1:10001(10000) ack 1 urg 4464");
}

TEST(LinuxUrgentTest, AClosedWindowIsProbedTwice) {  // tcp_write_wakeup
  TcbHarness tcp(LinuxProfile());
  tcp.Established("mss 1000");
  tcp.Inject(". 1:1(0) ack 1 win 0");
  SendUrgent(tcp, 10);
  tcp.ExpectNothing();
  tcp.Advance(1_s);
  tcp.Expect("U. 1:1(0) ack 1 urg 10");
  tcp.Expect("U. 0:0(0) ack 1 urg 11");
}

TEST(FreeBsdUrgentTest, AByteGoesThoughTheWindowIsClosed) {  // TF_FORCEDATA
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established("mss 1000");
  tcp.Inject(". 1:1(0) ack 1 win 0");
  SendUrgent(tcp, 10);
  tcp.Expect("U. 1:2(1) ack 1 urg 10");
}

TEST(FreeBsdUrgentTest, ThereIsMoreRoomForIt) {  // sosend_generic, tcp_usr_send
  TcbHarness tcp(FreeBsdProfile());
  tcp.tcb().EditSettings().send_buffer = 5000;
  tcp.Established("mss 1000");
  tcp.Send(5000);
  EXPECT_EQ(tcp.tcb().SendRoom(), 0u);
  EXPECT_EQ(tcp.tcb().SendRoom(/*urgent=*/true), 1024u);
  EXPECT_FALSE(tcp.tcb().TooFullForUrgent());
  SendUrgent(tcp, 513);
  EXPECT_TRUE(tcp.tcb().TooFullForUrgent());
}

// --- Arrival

TEST_P(BothUrgentTest, ReadingStopsAtTheMark) {
  tcp_.Established();
  EXPECT_EQ(Take(tcp_), Cause::kNoUrgentData);
  tcp_.Inject("PU. 1:11(10) ack 1 win 65535 urg 4");
  EXPECT_TRUE(tcp_.tcb().HasUrgent());
  EXPECT_FALSE(tcp_.tcb().AtMark());
  EXPECT_EQ(tcp_.tcb().NextStretch().text, 3u);
  EXPECT_TRUE(tcp_.tcb().NextStretch().ends);
  tcp_.Read(3);
  EXPECT_TRUE(tcp_.tcb().AtMark());
  EXPECT_EQ(tcp_.tcb().NextStretch().text, 6u);
  EXPECT_FALSE(tcp_.tcb().NextStretch().ends);
  EXPECT_EQ(Take(tcp_, /*peek=*/true), Cause::kNone);
  EXPECT_EQ(Take(tcp_), Cause::kNone);
  EXPECT_EQ(Take(tcp_), Cause::kNoUrgentData);
}

TEST_P(BothUrgentTest, InLineItIsText) {
  tcp_.Established();
  tcp_.tcb().EditSettings().oob_inline = true;
  tcp_.Inject("PU. 1:11(10) ack 1 win 65535 urg 4");
  EXPECT_EQ(Take(tcp_), Cause::kNoUrgentData);
  EXPECT_EQ(tcp_.tcb().InQueue(), 10u);
  EXPECT_EQ(tcp_.tcb().NextStretch().text, 3u);
  tcp_.Read(3);
  EXPECT_TRUE(tcp_.tcb().AtMark());
  EXPECT_EQ(tcp_.tcb().NextStretch().skip, 0u);
  EXPECT_EQ(tcp_.tcb().NextStretch().text, 7u);
  tcp_.Read(1);
  EXPECT_FALSE(tcp_.tcb().AtMark());
  EXPECT_FALSE(tcp_.tcb().HasUrgent());
}

TEST_P(BothUrgentTest, ItIsAnnouncedBeforeItArrives) {
  tcp_.Established();
  tcp_.Inject("U. 1:11(10) ack 1 win 65535 urg 15");
  EXPECT_EQ(Take(tcp_), Cause::kUrgentDataUnderWay);
  EXPECT_EQ(tcp_.tcb().InQueue(), 10u);
  tcp_.Read(10);
  EXPECT_FALSE(tcp_.tcb().AtMark());
  tcp_.Inject("PU. 11:21(10) ack 1 win 65535 urg 5");
  EXPECT_EQ(Take(tcp_), Cause::kNone);
  EXPECT_EQ(tcp_.tcb().NextStretch().text, 4u);
}

TEST_P(BothUrgentTest, AnOlderPointerChangesNothing) {
  tcp_.Established();
  tcp_.Inject("PU. 1:11(10) ack 1 win 65535 urg 8");
  EXPECT_EQ(Take(tcp_), Cause::kNone);
  tcp_.Inject("PU. 1:11(10) ack 1 win 65535 urg 8");
  EXPECT_EQ(Take(tcp_), Cause::kNoUrgentData);
  EXPECT_EQ(tcp_.tcb().NextStretch().text, 7u);
}

TEST_P(BothUrgentTest, ReadersAreWoken) {
  tcp_.Established();
  tcp_.TakeReadersWoken();
  tcp_.Inject("PU. 1:2(1) ack 1 win 65535 urg 1");
  EXPECT_TRUE(tcp_.TakeReadersWoken());
  EXPECT_TRUE(tcp_.tcb().AtMark());
}

TEST(LinuxUrgentTest, TheByteIsLeftInTheQueue) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Inject("PU. 1:11(10) ack 1 win 65535 urg 4");
  EXPECT_EQ(tcp.tcb().Readable(), 10u);
  EXPECT_EQ(tcp.tcb().InQueue(), 3u);
  tcp.Read(3);
  EXPECT_EQ(tcp.tcb().InQueue(), 0u);
  EXPECT_EQ(tcp.tcb().NextStretch().skip, 1u);
  EXPECT_EQ(tcp.tcb().NextStretch(/*passes_mark=*/false).text, 0u);
  tcp.tcb().PassUrgent();
  EXPECT_EQ(tcp.tcb().InQueue(), 6u);
  EXPECT_FALSE(tcp.tcb().AtMark());
}

TEST(FreeBsdUrgentTest, TheByteIsTakenOut) {
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Inject("PU. 1:11(10) ack 1 win 65535 urg 4");
  EXPECT_EQ(tcp.tcb().Readable(), 9u);
  EXPECT_EQ(tcp.tcb().InQueue(), 9u);
  EXPECT_EQ(tcp.tcb().rcv_nxt(), Seq(11));
}

// Each byte is taken out as it comes, though only the last one can be read apart.
TEST(FreeBsdUrgentTest, AnOlderByteIsLost) {
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Inject("PU. 1:4(3) ack 1 win 65535 urg 3");
  tcp.Inject("PU. 4:7(3) ack 1 win 65535 urg 3");
  EXPECT_EQ(tcp.tcb().Readable(), 4u);
  EXPECT_EQ(tcp.tcb().NextStretch().text, 4u);
  EXPECT_EQ(Take(tcp), Cause::kNone);
}

TEST(FreeBsdUrgentTest, ThePointerCountsFromWhatIsNew) {  // th_urp -= todrop
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Inject("P. 1:11(10) ack 1 win 65535");
  tcp.Inject("PU. 1:21(20) ack 1 win 65535 urg 15");
  EXPECT_EQ(tcp.tcb().Readable(), 19u);
  EXPECT_EQ(tcp.tcb().NextStretch().text, 14u);
  tcp.Inject("PU. 11:31(20) ack 1 win 65535 urg 5");  // all before what is new
  EXPECT_EQ(tcp.tcb().Readable(), 29u);
  EXPECT_EQ(tcp.tcb().NextStretch().text, 14u);
}

TEST(FreeBsdUrgentTest, NothingIsUrgentAfterTheEnd) {  // TCPS_HAVERCVDFIN
  TcbHarness tcp(FreeBsdProfile());
  tcp.CloseWait();
  tcp.Inject("U. 2:2(0) ack 1 win 65535 urg 5");
  EXPECT_FALSE(tcp.tcb().HasUrgent());
}

TEST(FreeBsdUrgentTest, LookingBehindTheMarkLeavesIt) {  // soreceive_generic
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Inject("PU. 1:3(2) ack 1 win 65535 urg 1");
  EXPECT_TRUE(tcp.tcb().AtMark());
  tcp.tcb().LeaveMark();
  EXPECT_FALSE(tcp.tcb().AtMark());
  EXPECT_EQ(Take(tcp), Cause::kNoUrgentData);
}

// The byte counts as soon as it arrives, though text before it is missing (tcp_urg).
TEST(LinuxUrgentTest, OutOfOrder) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Inject("PU. 11:21(10) ack 1 win 65535 urg 5");
  EXPECT_TRUE(tcp.tcb().HasUrgent());
  EXPECT_EQ(Take(tcp), Cause::kNone);
  tcp.Inject("P. 1:11(10) ack 1 win 65535");
  EXPECT_EQ(tcp.tcb().NextStretch().text, 14u);
}

TEST(FreeBsdUrgentTest, OutOfOrder) {
  TcbHarness tcp(FreeBsdProfile());
  tcp.Established();
  tcp.Inject("PU. 11:21(10) ack 1 win 65535 urg 5");
  EXPECT_EQ(Take(tcp), Cause::kNone);
  tcp.Inject("P. 1:11(10) ack 1 win 65535");
  EXPECT_EQ(tcp.tcb().Readable(), 19u);
  EXPECT_EQ(tcp.tcb().NextStretch().text, 14u);
}

// A new mark while the program stands at the old one: that byte is gone (tcp_check_urg).
TEST(LinuxUrgentTest, ANewMarkAtTheOldOne) {
  TcbHarness tcp(LinuxProfile());
  tcp.Established();
  tcp.Inject("PU. 1:4(3) ack 1 win 65535 urg 3");
  tcp.Read(2);
  tcp.Inject("PU. 4:6(2) ack 1 win 65535 urg 2");
  EXPECT_EQ(tcp.tcb().Readable(), 2u);
  EXPECT_EQ(tcp.tcb().NextStretch().text, 1u);
}

TEST(LinuxUrgentTest, Stdurg) {  // net.ipv4.tcp_stdurg, RFC 1122 4.2.2.4
  TcbHarness tcp(LinuxProfile());
  tcp.profile().tcp.stdurg = 1;
  tcp.Established();
  tcp.Inject("PU. 1:11(10) ack 1 win 65535 urg 4");
  EXPECT_EQ(tcp.tcb().NextStretch().text, 4u);
}

}  // namespace
}  // namespace drywire
