#include "stack/wire/segment_text.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"

namespace drywire {
namespace {

using ::testing::HasSubstr;

TEST(SegmentText, ReadsEveryField) {
  const auto segment = ParseSegment(
      "SWE. 100:105(5) ack 7 win 65535 urg 3 <mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7>");
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_EQ(segment->flags, kSyn | kAck | kEce | kCwr);
  EXPECT_EQ(segment->seq, Seq(100));
  EXPECT_EQ(segment->ack, Seq(7));
  EXPECT_EQ(segment->window, 65535);
  EXPECT_EQ(segment->urgent, 3);
  EXPECT_EQ(segment->payload.size(), 5u);
  EXPECT_EQ(segment->Length(), 6u);
  EXPECT_EQ(segment->options.mss, 1460);
  EXPECT_EQ(segment->options.window_scale, 7);
  EXPECT_TRUE(segment->options.sack_permitted);
  EXPECT_EQ(segment->options.ts_val, 1u);
  EXPECT_EQ(segment->options.ts_ecr, 2u);
}

TEST(SegmentText, CanonicalFormSurvives) {
  const char* const kTexts[] = {
      "S 0:0(0) win 65535",
      "- 4294967295:0(1) win 0",
      "S. 100:100(0) ack 1 win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>",
      "S 1:1(0) win 1 <mss 1460,nop,nop,sackOK,nop,wscale 255>",
      ". 1:1(0) ack 4294967295 win 2 <nop,nop,TS val 4294967295 ecr 0>",
      ". 1:1(0) ack 1 win 2 <nop,nop,sack 1001:2001 3001:4001 4294967295:3 5:6>",
      ". 1:1(0) ack 1 win 2 <nop,nop,TS val 1 ecr 2,nop,nop,sack 1:2 3:4 5:6>",
      "FSRP.UEW 1:1(0) ack 1 win 2 urg 9",
      "R. 0:0(0) ack 1 win 0",
      "FP. 1:65536(65535) ack 1 win 10",
      "S 0:0(0) win 65535 <mss 1460,FO>",
      "S 0:0(0) win 65535 <mss 1460,FO 0a0b0c0d>",
      "S 0:0(0) win 65535 <mss 1460,kind 254 f989,kind 253>",
  };
  for (const char* text : kTexts) {
    const auto segment = ParseSegment(text);
    ASSERT_TRUE(segment.ok()) << segment.status();
    EXPECT_EQ(segment->ToString(), text);
  }
}

TEST(SegmentText, SpacingOrderAndPaddingOfOptionsDoNotMatter) {
  const auto a = ParseSegment("S 0:0(0) win 9 <mss 1460,nop,wscale 6,sackOK,TS val 1 ecr 0,eol>");
  const auto b =
      ParseSegment("  S 0 : 0 ( 0 )win 9<TS val 1 ecr 0 , sackOK , wscale 6, mss 1460 > ");
  ASSERT_TRUE(a.ok()) << a.status();
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_EQ(a->ToString(), b->ToString());
  EXPECT_TRUE(SameOptions(a->options, b->options));
}

struct BadCase {
  const char* text;
  const char* error;
};

TEST(SegmentText, ErrorsNameThePlaceAndWhatWasExpected) {
  const BadCase kCases[] = {
      {"", "column 1: expected flags (\"-\" or letters of FSRP.UEW), found the end"},
      {"X 0:0(0) win 1", "column 1: expected flags"},
      {"Sx 0:0(0) win 1", "column 1: expected flags (\"-\" or letters of FSRP.UEW), found \"Sx\""},
      {"SFS 0:0(0) win 1", "column 3: flag \"S\" is given twice"},
      {"S", "column 2: expected the first sequence number (0 to 4294967295), found the end"},
      {"S win", "column 3: expected the first sequence number"},
      {"S 4294967296:0(0) win 1", "column 3: expected the first sequence number"},
      {"S -1:0(0) win 1", "found \"-\""},
      {"S 0-0(0) win 1", "column 4: expected \":\", found \"-\""},
      {"S 0:5 win 1", "column 7: expected \"(\", found \"win\""},
      {"S 0:5(4) win 1", "column 3: 0:5 spans 5 sequence numbers, but the length is 4"},
      {"S 0:65536(65536) win 1", "the payload length in bytes (0 to 65535)"},
      {"S 0:0(0 win 1", "expected \")\", found \"win\""},
      {". 0:0(0) win 1", "column 10: expected \"ack\" (the flags have \".\"), found \"win\""},
      {"S 0:0(0) ack 1 win 1", "column 10: \"ack\" without \".\" in the flags"},
      {"S 0:0(0) win", "expected the window (0 to 65535), found the end"},
      {"S 0:0(0) win 65536", "column 14: expected the window"},
      {"S 0:0(0)", "\"win\" is missing (only an expected segment may leave it open)"},
      {"S 0:0(0) win 1 <...>", "\"<...>\" (only an expected segment may leave it open)"},
      {"S 0:0(0) win 1 urg x", "expected the urgent pointer"},
      {"S 0:0(0) win 1 foo",
       "column 16: expected \"win\", \"urg\", \"<\" or the end, in this order"},
      {"S 0:0(0) urg 1 win 1", "column 16: expected"},
      {"S 0:0(0) win 1 <>", "column 17: expected an option"},
      {"S 0:0(0) win 1 <mss>", "expected the MSS (0 to 65535), found \">\""},
      {"S 0:0(0) win 1 <mss 70000>", "expected the MSS"},
      {"S 0:0(0) win 1 <mss 1,mss 2>", "column 23: \"mss\" is given twice"},
      {"S 0:0(0) win 1 <wscale 256>", "expected the shift count (0 to 255)"},
      {"S 0:0(0) win 1 <TS 1>", "expected \"val\", found \"1\""},
      {"S 0:0(0) win 1 <TS val 1>", "expected \"ecr\", found \">\""},
      {"S 0:0(0) win 1 <sackOK", "expected \",\" or \">\", found the end"},
      {"S 0:0(0) win 1 <sackOK mss 1>", "expected \",\" or \">\", found \"mss\""},
      {"S 0:0(0) win 1 <sackok>", "expected an option"},
      {". 0:0(0) ack 1 win 1 <sack 1:2 3:4 5:6 7:8 9:9>", "at most 4 SACK blocks"},
      {". 0:0(0) ack 1 win 1 <sack 1:2,sack 3:4>", "\"sack\" is given twice"},
      {". 0:0(0) ack 1 win 1 <sack 1>", "expected \":\""},
      {". 0:0(0) ack 1 win 1 <TS val 1 ecr 2,sack 1:2 3:4 5:6 7:8>",
       "the options take 44 bytes, a header has room for 40"},
      {"S 0:0(0) win 1 <FO 123>", "expected an even number of hexadecimal digits, found \"123\""},
      {"S 0:0(0) win 1 <kind 2 05b4>", "column 22: option kind 2 has a name of its own"},
      {"S 0:0(0) win 1 <kind 254 zz>", "expected \",\" or \">\", found \"zz\""},
  };
  for (const BadCase& bad : kCases) {
    const auto segment = ParseSegment(bad.text);
    ASSERT_FALSE(segment.ok()) << bad.text;
    EXPECT_THAT(std::string(segment.status().message()), HasSubstr(bad.error));
    EXPECT_THAT(std::string(segment.status().message()), HasSubstr(bad.text));
  }
}

TEST(SegmentText, PatternsLeaveTheWindowAndOptionsOpen) {
  const Segment actual = *ParseSegment("S. 100:100(0) ack 1 win 65535 <mss 1460,nop,wscale 7>");
  struct {
    const char* pattern;
    bool matches;
  } kCases[] = {
      {"S. 100:100(0) ack 1 win 65535 <mss 1460,nop,wscale 7>", true},
      {"S. 100:100(0) ack 1 <wscale 7,mss 1460>", true},
      {"S. 100:100(0) ack 1 win 65535 <...>", true},
      {"S. 100:100(0) ack 1 <...>", true},
      {"S. 100:100(0) ack 1", false},
      {"S. 100:100(0) ack 1 win 65534 <...>", false},
      {"S. 100:100(0) ack 2 <...>", false},
      {"S. 101:101(0) ack 1 <...>", false},
      {"S. 100:101(1) ack 1 <...>", false},
      {"S 100:100(0) <...>", false},
      {"S. 100:100(0) ack 1 <mss 1461,nop,wscale 7>", false},
      {"S. 100:100(0) ack 1 urg 1 <...>", false},
  };
  for (const auto& entry : kCases) {
    const auto pattern = ParseSegmentPattern(entry.pattern);
    ASSERT_TRUE(pattern.ok()) << pattern.status();
    EXPECT_EQ(pattern->Matches(actual), entry.matches) << entry.pattern;
  }
}

Segment RandomSegment(Rng& rng) {
  Segment s;
  s.seq = Seq(static_cast<uint32_t>(rng.Next()));
  s.flags = static_cast<uint8_t>(rng.Next());
  if (s.Has(kAck)) s.ack = Seq(static_cast<uint32_t>(rng.Next()));
  s.window = static_cast<uint16_t>(rng.Next());
  if (s.Has(kUrg)) s.urgent = static_cast<uint16_t>(rng.Next());
  s.payload = Bytes::Zeros(rng.Uniform(3) == 0 ? rng.Uniform(2000) : 0);
  TcpOptions& o = s.options;
  if ((o.has_mss = rng.Uniform(2))) o.mss = static_cast<uint16_t>(rng.Next());
  if ((o.has_window_scale = rng.Uniform(2))) o.window_scale = static_cast<uint8_t>(rng.Next());
  o.sack_permitted = rng.Uniform(2);
  if ((o.has_timestamps = rng.Uniform(2))) {
    o.ts_val = static_cast<uint32_t>(rng.Next());
    o.ts_ecr = static_cast<uint32_t>(rng.Next());
  }
  o.sack_count = static_cast<uint8_t>(rng.Uniform(3));
  for (int i = 0; i < o.sack_count; ++i) {
    o.sack[i] = {Seq(static_cast<uint32_t>(rng.Next())), Seq(static_cast<uint32_t>(rng.Next()))};
  }
  return s;
}

TEST(SegmentText, RandomSegmentsRoundTrip) {
  Rng rng(7);
  for (int i = 0; i < 5000; ++i) {
    const Segment original = RandomSegment(rng);
    if (original.options.EncodedLength() > 40) continue;
    const std::string text = original.ToString();
    const auto read = ParseSegment(text);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->ToString(), text);
    EXPECT_TRUE((SegmentPattern{*read}.Matches(original))) << text;
  }
}

TEST(SegmentText, MangledTextIsRefusedOrReadNeverWorse) {
  Rng rng(8);
  const std::string base =
      "S. 100:100(0) ack 1 win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>";
  for (int i = 0; i < 20000; ++i) {
    std::string text = base;
    for (uint64_t edits = 1 + rng.Uniform(4); edits > 0; --edits) {
      const size_t at = rng.Uniform(text.size());
      if (rng.Uniform(3) == 0) {
        text.erase(at, 1 + rng.Uniform(5));
        if (text.empty()) break;
      } else {
        text[at] = static_cast<char>(rng.Next());
      }
    }
    const auto read = ParseSegment(text);
    if (!read.ok()) continue;
    EXPECT_TRUE(ParseSegment(read->ToString()).ok()) << text;
  }
}

TEST(TcpOptions, EncodedLengthIsPadded) {
  struct {
    const char* text;
    int length;
  } kCases[] = {
      {"S 0:0(0) win 1", 0},
      {"S 0:0(0) win 1 <mss 1>", 4},
      {"S 0:0(0) win 1 <mss 1,sackOK>", 8},
      {"S 0:0(0) win 1 <mss 1,wscale 1>", 8},
      {"S 0:0(0) win 1 <TS val 1 ecr 2>", 12},
      {"S 0:0(0) win 1 <mss 1,sackOK,TS val 1 ecr 2,wscale 1>", 20},
      {"S 0:0(0) win 1 <sack 1:2>", 12},
      {"S 0:0(0) win 1 <TS val 1 ecr 2,sack 1:2 3:4 5:6>", 40},
      {"S 0:0(0) win 1 <FO 0102030405>", 8},
      {". 0:0(0) ack 1 win 1 <sackOK,wscale 1,sack 1:2 3:4 5:6 7:8>", 40},
  };
  for (const auto& entry : kCases) {
    EXPECT_EQ(ParseSegment(entry.text)->options.EncodedLength(), entry.length) << entry.text;
  }
}

}  // namespace
}  // namespace drywire
