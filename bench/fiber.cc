// Switching and scheduling: a bare fiber round trip, a task step, a wait with a wake.
//
//   tools/bench fiber_switch
//   bazel run --config=opt //bench:fiber

#include "sim/core/fiber.h"

#include <memory>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "sim/core/scheduler.h"
#include "sim/core/time.h"
#include "sim/core/trace.h"
#include "sim/core/wait_list.h"

namespace drywire {
namespace {

struct Loop {
  explicit Loop(StackPool* pool) : fiber(pool, "loop", Run, this) {}
  static void Run(void* context) {
    auto* const loop = static_cast<Loop*>(context);
    while (!loop->stop) loop->fiber.Suspend();
  }
  bool stop = false;
  Fiber fiber;
};

// In and out: two switches.
void ResumeSuspend(benchmark::State& state, int fibers) {
  StackPool pool;
  std::vector<std::unique_ptr<Loop>> loops;
  for (int i = 0; i < fibers; ++i) loops.push_back(std::make_unique<Loop>(&pool));
  size_t i = 0;
  for (auto _ : state) {
    loops[i]->fiber.Resume();
    if (++i == loops.size()) i = 0;
  }
  for (auto& loop : loops) {
    loop->stop = true;
    loop->fiber.Resume();
  }
}
BENCHMARK_CAPTURE(ResumeSuspend, 1, 1)->Name("fiber_switch");
BENCHMARK_CAPTURE(ResumeSuspend, 100, 100)->Name("fiber_switch_among_100");
BENCHMARK_CAPTURE(ResumeSuspend, 10000, 10'000)->Name("fiber_switch_among_10000");

void BM_CreateRunDestroy(benchmark::State& state) {
  StackPool pool;
  for (auto _ : state) {
    Loop loop(&pool);
    loop.stop = true;
    loop.fiber.Resume();
  }
}
BENCHMARK(BM_CreateRunDestroy);

// Tasks that yield to each other: one step of the scheduler each.
void BM_YieldStep(benchmark::State& state) {
  Trace trace;
  SchedulerOptions options;
  options.livelock_steps = ~uint64_t{0} >> 1;
  Scheduler scheduler(nullptr, state.range(1) != 0 ? &trace : nullptr, options);
  for (int i = 0; i < state.range(0); ++i) {
    scheduler.Spawn("t", [&] {
      for (;;) scheduler.Yield();
    });
  }
  for (auto _ : state) scheduler.Step();
}
BENCHMARK(BM_YieldStep)->ArgNames({"tasks", "trace"})->Args({2, 0})->Args({2, 1})->Args({1000, 1});

// Two tasks that wake each other through wait lists, each wait with a deadline.
void BM_PingPong(benchmark::State& state) {
  Trace trace;
  SchedulerOptions options;
  options.livelock_steps = ~uint64_t{0} >> 1;
  Scheduler scheduler(nullptr, &trace, options);
  WaitList lists[2];
  for (int me = 0; me < 2; ++me) {
    scheduler.Spawn("t", [&, me] {
      WaitOptions wait;
      wait.label = "ping";
      wait.deadline = Instant::FromNanos(1'000'000'000);
      for (;;) {
        lists[1 - me].Notify();
        scheduler.Wait(lists[me], wait);
      }
    });
  }
  for (auto _ : state) scheduler.Step();
}
BENCHMARK(BM_PingPong);

// n tasks that sleep over and over: an event, a wake and a step each time.
void BM_SleepWake(benchmark::State& state) {
  Trace trace;
  Scheduler scheduler(nullptr, &trace);
  for (int i = 0; i < state.range(0); ++i) {
    scheduler.Spawn("t", [&, i] {
      for (;;) scheduler.SleepUntil(scheduler.now() + Duration::Nanos(1000 + i));
    });
  }
  for (auto _ : state) {
    scheduler.Step();  // The deadline.
    scheduler.Step();  // The task.
  }
}
BENCHMARK(BM_SleepWake)->Arg(1)->Arg(1000);

void BM_TraceRecord(benchmark::State& state) {
  Trace trace;
  trace.KeepLast(static_cast<size_t>(state.range(0)));
  int64_t i = 0;
  for (auto _ : state) {
    trace.Record(Instant::FromNanos(i), 1, TraceKind::kPacketSent, 1, i, 3, 40, 5);
    ++i;
  }
  benchmark::DoNotOptimize(trace.digest());
}
BENCHMARK(BM_TraceRecord)->ArgName("keep")->Arg(0)->Arg(1000);

}  // namespace
}  // namespace drywire
