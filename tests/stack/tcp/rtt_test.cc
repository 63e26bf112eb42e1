// Round-trip samples: which acknowledgement gives one, of what (RFC 6298 3).
#include <cstdint>
#include <cstdlib>

#include "gtest/gtest.h"
#include "tests/harness/tcp_harness.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

// Three segments, 10 ms apart, with a handshake of no time before them.
class ThreeSegments {
 public:
  explicit ThreeSegments(const Profile& profile) : tcp(profile) {
    tcp.Established("mss 1000");
    tcp.tcb().EditSettings().no_delay = true;
    for (int i = 0; i < 3; ++i) {
      tcp.Send(100);
      tcp.Advance(10_ms);
    }
  }
  int64_t Srtt() { return tcp.tcb().rtt().srtt().micros(); }

  TcbHarness tcp;
};

// What a sample makes of the smoothed round trip, in whole microseconds.
int64_t Smoothed(int64_t before, int64_t sample) { return before + (sample - before) / 8; }

// Linux, tcp_clean_rtx_queue(): the time of the oldest segment that is acknowledged.
TEST(LinuxRttTest, EachAcknowledgementIsASample) {
  ThreeSegments each(LinuxProfile());
  const int64_t first = each.Srtt();
  each.tcp.Inject(". 1:1(0) ack 101 win 65535");  // 30 ms
  const int64_t second = Smoothed(first, 30'000);
  EXPECT_LE(std::abs(each.Srtt() - second), 2);
  each.tcp.Inject(". 1:1(0) ack 201 win 65535");  // 20 ms
  const int64_t third = Smoothed(second, 20'000);
  EXPECT_LE(std::abs(each.Srtt() - third), 2);
  each.tcp.Advance(10_ms);
  each.tcp.Inject(". 1:1(0) ack 301 win 65535");  // 20 ms
  EXPECT_LE(std::abs(each.Srtt() - Smoothed(third, 20'000)), 2);
}

TEST(LinuxRttTest, OfSeveralTheOldestCounts) {
  ThreeSegments all(LinuxProfile());
  const int64_t first = all.Srtt();
  all.tcp.Inject(". 1:1(0) ack 301 win 65535");
  EXPECT_LE(std::abs(all.Srtt() - Smoothed(first, 30'000)), 2);
}

// The rest of a segment that was acknowledged in part has the segment's time.
TEST(LinuxRttTest, APartIsASample) {
  ThreeSegments parts(LinuxProfile());
  parts.tcp.Inject(". 1:1(0) ack 51 win 65535");  // 30 ms
  const int64_t before = parts.Srtt();
  parts.tcp.Inject(". 1:1(0) ack 151 win 65535");  // 30 ms
  EXPECT_LE(std::abs(parts.Srtt() - Smoothed(before, 30'000)), 2);
}

// tcp_input.c: one segment at a time, if there are no timestamps.
TEST(FreeBsdRttTest, OneSegmentIsTimed) {
  ThreeSegments one(FreeBsdProfile());
  one.tcp.Inject(". 1:1(0) ack 101 win 65535");
  const int64_t sampled = one.Srtt();
  one.tcp.Inject(". 1:1(0) ack 201 win 65535");
  one.tcp.Inject(". 1:1(0) ack 301 win 65535");
  EXPECT_EQ(one.Srtt(), sampled);
}

// Karn: what was sent again gives none.
TEST(LinuxRttTest, WhatIsSentAgainIsNoSample) {
  ThreeSegments lost(LinuxProfile());
  lost.tcp.Advance(400_ms);
  const int64_t before = lost.Srtt();
  lost.tcp.Inject(". 1:1(0) ack 301 win 65535");
  EXPECT_EQ(lost.Srtt(), before);
}

}  // namespace
}  // namespace drywire
