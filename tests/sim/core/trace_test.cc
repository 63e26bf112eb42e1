#include "sim/core/trace.h"

#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

constexpr Instant At(Duration d) { return Instant::Zero() + d; }

void Fill(Trace* trace, int n) {
  for (int i = 0; i < n; ++i) {
    trace->Record(At(i * 1_ms), i % 3, TraceKind::kPacketSent, 1, i, i * 7, 40, 100);
  }
}

// The same on every compiler and machine.
TEST(TraceTest, GoldenDigests) {
  Trace trace;
  EXPECT_EQ(trace.digest().ToString(), "9216d5d98979fb1bd1310ba698dfb5ad");
  trace.Record(At(1_s), 2, TraceKind::kSyscallExit, 1, trace.Intern("connect"), -1, 111);
  EXPECT_EQ(trace.digest().ToString(), "9522676819be975f2acc2e110714d3ca");
  Fill(&trace, 1000);
  EXPECT_EQ(trace.digest().ToString(), "afe843f4acd38309c0fe63624cf04d28");
  EXPECT_EQ(trace.count(), 1001u);
}

TEST(TraceTest, EveryBitCounts) {
  std::set<std::string> digests;
  const TraceRecord base{At(1_s), TraceKind::kNote, 1, {1, 2, 3, 4, 5, 6}};
  const auto add = [&](const TraceRecord& record) {
    Trace trace;
    trace.Record(record);
    digests.insert(trace.digest().ToString());
  };
  add(base);
  size_t variants = 1;
  for (int bit = 0; bit < 64; ++bit) {
    for (size_t arg = 0; arg < 6; ++arg, ++variants) {
      TraceRecord changed = base;
      changed.args[arg] ^= uint64_t{1} << bit;
      add(changed);
    }
    TraceRecord changed = base;
    changed.time = Instant::FromNanos(base.time.nanos() ^ static_cast<int64_t>(1ull << bit));
    add(changed);
    ++variants;
    if (bit < 32) {
      changed = base;
      changed.host ^= 1u << bit;
      add(changed);
      ++variants;
    }
  }
  TraceRecord changed = base;
  changed.kind = TraceKind::kTaskRun;
  add(changed);
  EXPECT_EQ(digests.size(), variants + 1);
}

TEST(TraceTest, OrderAndTextsCount) {
  Trace ab, ba, named, other_name;
  ab.Record(At(1_s), 1, TraceKind::kTaskRun, 1);
  ab.Record(At(1_s), 1, TraceKind::kTaskRun, 2);
  ba.Record(At(1_s), 1, TraceKind::kTaskRun, 2);
  ba.Record(At(1_s), 1, TraceKind::kTaskRun, 1);
  EXPECT_NE(ab.digest(), ba.digest());
  named.Note(At(1_s), 0, "one");
  other_name.Note(At(1_s), 0, "two");
  EXPECT_NE(named.digest(), other_name.digest());
}

TEST(TraceTest, Interns) {
  Trace trace;
  static const char kLiteral[] = "connect";
  EXPECT_EQ(trace.Intern("connect"), 1u);
  EXPECT_EQ(trace.Intern("accept"), 2u);
  EXPECT_EQ(trace.InternLiteral(kLiteral), 1u);
  EXPECT_EQ(trace.InternLiteral(kLiteral), 1u);
  EXPECT_EQ(trace.InternLiteral("bind"), 3u);
  EXPECT_EQ(trace.TextOf(2), "accept");
  EXPECT_EQ(trace.TextOf(0), "?");
  EXPECT_EQ(trace.TextOf(99), "?");
}

TEST(TraceTest, KeepsTheLastRecords) {
  for (const size_t keep : {size_t{1}, size_t{10}, size_t{1024}, size_t{3000}, Trace::kKeepAll}) {
    Trace trace;
    trace.KeepLast(keep);
    Fill(&trace, 5000);
    const size_t expected = keep < 5000 ? keep : 5000;
    ASSERT_EQ(trace.kept(), expected);
    for (size_t i = 0; i < expected; ++i) {
      ASSERT_EQ(trace.kept_record(i).args[1], 5000 - expected + i) << keep;
    }
    EXPECT_EQ(trace.KeptRecords().size(), expected);
    trace.KeepLast(0);
    EXPECT_EQ(trace.kept(), 0u);
  }
}

TEST(TraceTest, KeepingDoesNotChangeTheDigest) {
  Trace a, b;
  b.KeepLast(7);
  Fill(&a, 100);
  Fill(&b, 100);
  EXPECT_EQ(a.digest(), b.digest());
  EXPECT_EQ(a.kept(), 0u);
}

TEST(TraceTest, Formats) {
  Trace trace;
  trace.SetHostName(1, "client");
  trace.KeepLast(10);
  trace.Record(At(3_ms), 1, TraceKind::kSyscallExit, 5, trace.Intern("connect"), -1, 111);
  trace.Record(At(1_s), 2, TraceKind::kPacketSent, 1, 7, 0xabc, 40, (1500_us).nanos());
  trace.Record(At(2_s), 0, TraceKind::kTaskBlock, 1, trace.Intern("poll"), kNever.nanos());
  trace.Record(TraceRecord{At(2_s), static_cast<TraceKind>(999), 0, {}});
  EXPECT_EQ(trace.FormatLast(100),
            "0.003000 client syscall-exit task=5 call=connect result=-1 errno=111\n"
            "1.000000 host2 packet-sent link=1 packet=7 digest=0xabc length=40 delay=1.5ms\n"
            "2.000000 - task-block task=1 label=poll deadline=never\n"
            "2.000000 - ?999\n");
  EXPECT_EQ(trace.FormatLast(1), "2.000000 - ?999\n");
}

TEST(TraceTest, SinksSeeEveryRecord) {
  struct Sink : TraceSink {
    void OnRecord(const TraceRecord& record) override { kinds.push_back(record.kind); }
    std::vector<TraceKind> kinds;
  } sink;
  Trace trace;
  trace.Record(At(0_s), 0, TraceKind::kTaskRun);
  trace.AddSink(&sink);
  trace.Record(At(0_s), 0, TraceKind::kTaskBlock);
  trace.Record(At(0_s), 0, TraceKind::kTaskWake);
  trace.RemoveSink(&sink);
  trace.Record(At(0_s), 0, TraceKind::kTaskEnd);
  EXPECT_EQ(sink.kinds, (std::vector<TraceKind>{TraceKind::kTaskBlock, TraceKind::kTaskWake}));
}

TEST(TraceTest, FindsTheFirstDifference) {
  Trace a, b;
  a.KeepLast(Trace::kKeepAll);
  b.KeepLast(Trace::kKeepAll);
  Fill(&a, 100);
  Fill(&b, 100);
  EXPECT_FALSE(FirstDifference(a, b).has_value());
  a.Record(At(5_s), 1, TraceKind::kTaskRun, 1);
  b.Record(At(5_s), 1, TraceKind::kTaskRun, 2);
  std::optional<TraceDifference> difference = FirstDifference(a, b);
  ASSERT_TRUE(difference.has_value());
  EXPECT_EQ(difference->index, 100u);
  EXPECT_NE(difference->text.find("first  5.000000 host1 task-run task=1\n"
                                  "  second 5.000000 host1 task-run task=2\n"),
            std::string::npos)
      << difference->text;
  EXPECT_NE(difference->text.find("both   0.099000"), std::string::npos);
}

TEST(TraceTest, APrefixDiffersAtItsEnd) {
  Trace a, b;
  a.KeepLast(Trace::kKeepAll);
  b.KeepLast(Trace::kKeepAll);
  Fill(&a, 3);
  Fill(&b, 4);
  const std::optional<TraceDifference> difference = FirstDifference(a, b);
  ASSERT_TRUE(difference.has_value());
  EXPECT_EQ(difference->index, 3u);
  EXPECT_NE(difference->text.find("first  (ends)"), std::string::npos);
}

TEST(TraceTest, KindNames) {
  EXPECT_EQ(TraceKindName(TraceKind::kPacketSent), "packet-sent");
  EXPECT_EQ(TraceKindName(static_cast<TraceKind>(9999)), "?");
}

}  // namespace
}  // namespace drywire
