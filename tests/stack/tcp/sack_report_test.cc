// FreeBSD's tcp_sack.c, tcp_update_sack_list() and tcp_update_dsack_list(); the cases are those of
// the public tcp-testsuite's rcv-data-segments: 100 is missing, 200:300, 400:500 and 600:700 are
// not.
#include "stack/tcp/sack_report.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace drywire {
namespace {

SackBlock Block(uint32_t left, uint32_t right) { return {Seq(left), Seq(right)}; }

std::string Text(const SackReport& report, size_t limit = 4) {
  TcpOptions options;
  report.Fill(limit, &options);
  std::string text;
  for (size_t i = 0; i < options.sack_count; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : " ", options.sack[i].left.value(), ":",
                    options.sack[i].right.value());
  }
  return text;
}

class SackReportTest : public testing::Test {
 protected:
  SackReportTest() {
    for (const uint32_t left : {200, 400, 600}) {
      report_.AddSegment(Block(left, left + 100), Seq(100), /*advanced=*/false);
    }
  }
  SackReport report_;
};

TEST_F(SackReportTest, TheLatestFirst) {
  EXPECT_EQ(Text(report_), "600:700 400:500 200:300");
  EXPECT_EQ(Text(report_, 2), "600:700 400:500");
  report_.DropTold(Seq(100));
  EXPECT_EQ(Text(report_), "600:700 400:500 200:300");
}

struct Case {
  SackBlock segment;
  Seq rcv_nxt;  // afterwards
  const char* report;
};

TEST_F(SackReportTest, WhatCameAgainGoesBeforeIt) {
  const Case cases[] = {
      {Block(150, 200), Seq(100), "150:300 600:700 400:500"},
      {Block(150, 500), Seq(100), "200:300 150:500 600:700"},
      {Block(200, 350), Seq(100), "200:300 200:350 600:700 400:500"},
      {Block(250, 275), Seq(100), "250:275 200:300 600:700 400:500"},
      {Block(250, 675), Seq(100), "250:300 200:700"},
      {Block(300, 400), Seq(100), "200:500 600:700"},
      {Block(300, 675), Seq(100), "400:500 200:700"},
      {Block(450, 500), Seq(100), "450:500 400:500 600:700 200:300"},
      {Block(500, 700), Seq(100), "600:700 400:700 200:300"},
      {Block(600, 700), Seq(100), "600:700 600:700 400:500 200:300"},
      {Block(650, 675), Seq(100), "650:675 600:700 400:500 200:300"},
      {Block(100, 200), Seq(300), "600:700 400:500"},
      {Block(100, 275), Seq(300), "200:275 600:700 400:500"},
      {Block(100, 600), Seq(700), "200:300"},
      {Block(100, 675), Seq(700), "200:300"},
  };
  for (const Case& c : cases) {
    SackReport report = report_;
    report.AddSegment(c.segment, c.rcv_nxt, c.rcv_nxt != Seq(100));
    EXPECT_EQ(Text(report), c.report)
        << Text(report_) << " and " << c.segment.left.value() << ":" << c.segment.right.value();
  }
}

TEST_F(SackReportTest, ACutIsToldOnce) {
  report_.AddCut(Block(50, 75), Seq(100));
  EXPECT_EQ(Text(report_), "50:75 600:700 400:500 200:300");
  report_.DropTold(Seq(100));
  EXPECT_EQ(Text(report_), "600:700 400:500 200:300");
}

TEST_F(SackReportTest, ACutOfASegmentThatFillsAGap) {
  report_.AddCut(Block(50, 100), Seq(100));
  report_.AddSegment(Block(100, 475), Seq(500), /*advanced=*/true);
  EXPECT_EQ(Text(report_), "50:100 600:700");
  report_.DropTold(Seq(500));
  EXPECT_EQ(Text(report_), "600:700");
}

TEST_F(SackReportTest, SixAreKept) {
  for (uint32_t left = 800; left < 2000; left += 200) {
    report_.AddSegment(Block(left, left + 100), Seq(100), /*advanced=*/false);
  }
  report_.DropTold(Seq(900));
  EXPECT_EQ(Text(report_), "1800:1900 1600:1700 1400:1500 1200:1300");
  report_.DropTold(Seq(1700));
  EXPECT_EQ(Text(report_), "1800:1900");
}

}  // namespace
}  // namespace drywire
