#include "sim/core/scheduler.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

constexpr Instant At(Duration d) { return Instant::Zero() + d; }

WaitOptions Until(Instant deadline, const char* label = "wait") {
  WaitOptions options;
  options.label = label;
  options.deadline = deadline;
  return options;
}

TEST(SchedulerTest, TasksRunInTheOrderTheyBecomeReady) {
  Scheduler scheduler;
  std::string log;
  for (const char name : {'a', 'b', 'c'}) {
    scheduler.Spawn(std::string(1, name), [&, name] {
      log += name;
      scheduler.Yield();
      log += name;
    });
  }
  const RunReport report = scheduler.RunUntilIdle();
  EXPECT_EQ(report.status, RunStatus::kFinished);
  EXPECT_EQ(log, "abcabc");
  EXPECT_EQ(report.now, Instant::Zero());
  EXPECT_EQ(report.steps, 6u);
}

TEST(SchedulerTest, ReadyTasksDrainBeforeTheNextEvent) {
  Scheduler scheduler;
  std::string log;
  Event event(
      "e", [](void* l) { *static_cast<std::string*>(l) += "E"; }, &log);
  scheduler.events().Schedule(&event, Instant::Zero());
  scheduler.Spawn("a", [&] {
    log += "a";
    scheduler.Yield();
    log += "a";
    scheduler.SleepUntil(scheduler.now());
    log += "a";
  });
  scheduler.RunUntilIdle();
  EXPECT_EQ(log, "aaEa");
}

TEST(SchedulerTest, ATaskCanLetDueEventsRunAhead) {
  Scheduler scheduler;
  std::string log;
  Event due(
      "due", [](void* l) { *static_cast<std::string*>(l) += "E"; }, &log);
  Event later(
      "later", [](void* l) { *static_cast<std::string*>(l) += "L"; }, &log);
  scheduler.Spawn("a", [&] {
    scheduler.events().Schedule(&due, scheduler.now());
    scheduler.events().Schedule(&later, scheduler.now() + 1_ms);
    scheduler.RunDueEvents();
    log += "a";
  });
  scheduler.Spawn("b", [&] { log += "b"; });
  scheduler.RunUntilIdle();
  EXPECT_EQ(log, "EabL");
}

TEST(SchedulerTest, AnEventThatRunsAheadMayKillOrFreezeTheTask) {
  Scheduler scheduler;
  std::string log;
  Task* task = nullptr;
  struct Context {
    Scheduler* scheduler;
    Task** task;
  } context{&scheduler, &task};
  Event freeze(
      "freeze",
      [](void* c) { static_cast<Context*>(c)->scheduler->Freeze(*static_cast<Context*>(c)->task); },
      &context);
  Event thaw(
      "thaw",
      [](void* c) { static_cast<Context*>(c)->scheduler->Thaw(*static_cast<Context*>(c)->task); },
      &context);
  Event kill(
      "kill",
      [](void* c) { static_cast<Context*>(c)->scheduler->Kill(*static_cast<Context*>(c)->task); },
      &context);
  task = scheduler.Spawn("a", [&] {
    scheduler.events().Schedule(&freeze, scheduler.now());
    scheduler.events().Schedule(&thaw, scheduler.now() + 1_s);
    scheduler.RunDueEvents();
    log += FormatInstant(scheduler.now());
    scheduler.events().Schedule(&kill, scheduler.now());
    scheduler.RunDueEvents();
    log += "never";
  });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_EQ(log, "1.000000");
  EXPECT_TRUE(task->done());
}

TEST(SchedulerTest, SleepTakesVirtualTimeOnly) {
  Scheduler scheduler;
  Instant woke;
  WaitResult result;
  scheduler.Spawn("sleeper", [&] {
    result = scheduler.SleepUntil(scheduler.now() + 131_s);
    woke = scheduler.now();
  });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_EQ(woke, At(131_s));
  EXPECT_EQ(result.reason, WakeReason::kDeadline);
}

TEST(SchedulerTest, RunUntilStopsTheClockThere) {
  Scheduler scheduler;
  int ticks = 0;
  scheduler.Spawn("ticker", [&] {
    for (;;) {
      scheduler.SleepUntil(scheduler.now() + 1_s);
      ++ticks;
    }
  });
  EXPECT_EQ(scheduler.RunUntil(At(3500_ms)).status, RunStatus::kReached);
  EXPECT_EQ(ticks, 3);
  EXPECT_EQ(scheduler.now(), At(3500_ms));
  scheduler.RunFor(500_ms);
  EXPECT_EQ(ticks, 4);  // Due exactly at the limit: included.
  EXPECT_EQ(scheduler.RunUntilCondition([&] { return ticks == 10; }).status, RunStatus::kReached);
  EXPECT_EQ(scheduler.now(), At(10_s));
  EXPECT_EQ(scheduler.RunUntilCondition([] { return false; }, At(12_s)).status,
            RunStatus::kTimeLimit);
  EXPECT_EQ(scheduler.now(), At(12_s));
}

TEST(SchedulerTest, StopEndsTheRun) {
  Scheduler scheduler;
  int runs = 0;
  scheduler.Spawn("a", [&] {
    ++runs;
    scheduler.Stop();
    scheduler.Yield();
    ++runs;
  });
  EXPECT_EQ(scheduler.RunUntilIdle().status, RunStatus::kStopped);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(scheduler.RunUntilIdle().status, RunStatus::kFinished);
  EXPECT_EQ(runs, 2);
}

TEST(SchedulerTest, NotificationWakesAndCancelsTheDeadline) {
  Scheduler scheduler;
  WaitList list;
  WaitResult result;
  scheduler.Spawn("waiter", [&] { result = scheduler.Wait(list, Until(At(10_s))); });
  scheduler.Spawn("notifier", [&] {
    scheduler.SleepUntil(At(1_s));
    list.Notify(4);
    EXPECT_TRUE(list.empty());
  });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_EQ(result.reason, WakeReason::kNotified);
  EXPECT_EQ(result.which, 0);
  EXPECT_EQ(result.key, 4u);
  EXPECT_EQ(scheduler.now(), At(1_s));
}

TEST(SchedulerTest, WakingNeverRunsTheTask) {
  Scheduler scheduler;
  WaitList list;
  std::string log;
  scheduler.Spawn("waiter", [&] {
    scheduler.Wait(list, {});
    log += "w";
  });
  scheduler.Spawn("notifier", [&] {
    list.Notify();
    log += "n";
  });
  scheduler.RunUntilIdle();
  EXPECT_EQ(log, "nw");
}

TEST(SchedulerTest, WaitsOnManyLists) {
  for (const size_t n : {size_t{2}, size_t{4}, size_t{5}, size_t{100}}) {
    Scheduler scheduler;
    std::vector<std::unique_ptr<WaitList>> lists;
    std::vector<Scheduler::Interest> interests;
    for (size_t i = 0; i < n; ++i) {
      lists.push_back(std::make_unique<WaitList>());
      interests.push_back({lists.back().get(), 1});
    }
    WaitResult result;
    scheduler.Spawn("poller", [&] { result = scheduler.Wait(interests, {}); });
    scheduler.Spawn("notifier", [&] {
      lists[0]->Notify(2);  // Not of interest.
      lists[n - 1]->Notify(3);
      for (auto& list : lists) EXPECT_TRUE(list->empty());
    });
    EXPECT_TRUE(scheduler.RunUntilIdle().ok());
    EXPECT_EQ(result.which, static_cast<int>(n) - 1);
    EXPECT_EQ(result.key, 1u);
  }
}

TEST(SchedulerTest, WaitsOnPlainLists) {
  Scheduler scheduler;
  WaitList a, b;
  WaitResult result;
  scheduler.Spawn("waiter", [&] { result = scheduler.Wait({&a, &b}, WaitOptions()); });
  scheduler.Spawn("notifier", [&] { b.Notify(); });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_EQ(result.which, 1);
}

TEST(SchedulerTest, TheFirstWakerWins) {
  Scheduler scheduler;
  WaitList list;
  std::vector<WakeReason> reasons;
  Task* waiter = scheduler.Spawn("waiter", [&] {
    for (int i = 0; i < 3; ++i) reasons.push_back(scheduler.Wait(list, Until(At(1_s))).reason);
  });
  scheduler.Spawn("other", [&] {
    EXPECT_TRUE(scheduler.Interrupt(waiter));
    list.Notify();
    EXPECT_FALSE(scheduler.Interrupt(waiter));
    scheduler.Yield();
    list.Notify();
    EXPECT_FALSE(scheduler.Interrupt(waiter));
  });
  scheduler.RunUntilIdle();
  EXPECT_EQ(reasons, (std::vector<WakeReason>{WakeReason::kInterrupted, WakeReason::kNotified,
                                              WakeReason::kDeadline}));
}

TEST(SchedulerTest, UninterruptibleWaitsIgnoreInterrupts) {
  Scheduler scheduler;
  WaitResult result;
  Task* sleeper = scheduler.Spawn(
      "sleeper", [&] { result = scheduler.SleepUntil(At(1_s), "sleep", /*interruptible=*/false); });
  scheduler.Spawn("other", [&] { EXPECT_FALSE(scheduler.Interrupt(sleeper)); });
  scheduler.RunUntilIdle();
  EXPECT_EQ(result.reason, WakeReason::kDeadline);
  EXPECT_FALSE(scheduler.Interrupt(sleeper));
}

TEST(SchedulerTest, ExclusiveWaitersAreServedInOrder) {
  Scheduler scheduler;
  WaitList list;
  std::string log;
  for (const char name : {'a', 'b', 'c'}) {
    scheduler.Spawn(std::string(1, name), [&, name] {
      WaitOptions options;
      options.exclusive = true;
      scheduler.Wait(list, options);
      log += name;
    });
  }
  scheduler.Spawn("notifier", [&] {
    list.Notify();
    list.Notify();
    scheduler.Yield();
    log += "-";
    list.Notify();
  });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_EQ(log, "ab-c");
}

TEST(SchedulerTest, DeadlockIsReported) {
  Scheduler scheduler;
  WaitList list;
  TaskOptions daemon;
  daemon.daemon = true;
  scheduler.Spawn(
      "server", [&] { scheduler.Wait(list, Until(kNever, "accept")); }, daemon);
  EXPECT_EQ(scheduler.RunUntilIdle().status, RunStatus::kFinished);
  scheduler.Spawn("client", [&] {
    scheduler.SleepUntil(At(1_s));
    WaitOptions options = Until(kNever, "recv");
    const std::string details = "fd 3 from 10.0.0.2:80";
    options.describe = [](const void* context) {
      return *static_cast<const std::string*>(context);
    };
    options.describe_context = &details;
    scheduler.Wait(list, options);
  });
  const RunReport report = scheduler.RunUntilIdle();
  EXPECT_EQ(report.status, RunStatus::kDeadlock);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.text,
            "deadlock at 1.000000: nothing is left to do, but tasks wait:\n"
            "task 2 'client' waits in recv (fd 3 from 10.0.0.2:80) since 1.000000\n"
            "task 1 'server' waits in accept since 0.000000 (daemon)\n");
}

TEST(SchedulerTest, LivelockNamesWhoSpins) {
  SchedulerOptions options;
  options.livelock_steps = 1000;
  Scheduler scheduler(nullptr, nullptr, options);
  scheduler.Spawn("honest", [&] { scheduler.SleepUntil(At(5_s)); });
  scheduler.Spawn("spinner", [&] {
    scheduler.SleepUntil(At(1_s));
    for (;;) scheduler.Yield();
  });
  const RunReport report = scheduler.RunUntilIdle();
  EXPECT_EQ(report.status, RunStatus::kLivelock);
  EXPECT_NE(report.text.find("more than 1000 steps at 1.000000"), std::string::npos);
  EXPECT_NE(report.text.find("256 task 'spinner'"), std::string::npos) << report.text;
  EXPECT_NE(report.text.find("task 1 'honest' waits in sleep"), std::string::npos) << report.text;
}

TEST(SchedulerTest, LivelockSeesEventsAndCalls) {
  SchedulerOptions options;
  options.livelock_steps = 1000;
  {
    Scheduler scheduler(nullptr, nullptr, options);
    struct Chain {
      void Fire() { scheduler->events().Schedule(&event, scheduler->now()); }
      Scheduler* scheduler;
      Event event;
    } chain{&scheduler, {}};
    chain.event.BindMethod<&Chain::Fire>("ping-pong", &chain);
    scheduler.events().Schedule(&chain.event, At(1_s));
    const RunReport report = scheduler.RunUntilIdle();
    EXPECT_EQ(report.status, RunStatus::kLivelock);
    EXPECT_NE(report.text.find("event 'ping-pong'"), std::string::npos) << report.text;
  }
  {
    Scheduler scheduler(nullptr, nullptr, options);
    scheduler.Spawn("poller", [&] {
      for (;;) scheduler.CountCall();
    });
    const RunReport report = scheduler.RunUntilIdle();
    EXPECT_EQ(report.status, RunStatus::kLivelock);
    EXPECT_NE(report.text.find("calls of task 'poller'"), std::string::npos) << report.text;
  }
}

TEST(SchedulerTest, ManyStepsWithTimeAdvancingAreNoLivelock) {
  SchedulerOptions options;
  options.livelock_steps = 100;
  Scheduler scheduler(nullptr, nullptr, options);
  scheduler.Spawn("worker", [&] {
    for (int i = 0; i < 1000; ++i) {
      for (int j = 0; j < 50; ++j) scheduler.CountCall();
      scheduler.SleepUntil(scheduler.now() + 1_ns);
    }
  });
  EXPECT_EQ(scheduler.RunUntilIdle().status, RunStatus::kFinished);
}

// The same program under a choice; returns the order in which things happened and the digest.
std::string Shuffled(Choice* choice, Trace* trace) {
  std::string log;
  Scheduler scheduler(choice, trace);
  for (const char name : {'a', 'b', 'c'}) {
    scheduler.Spawn(std::string(1, name), [&, name] {
      log += name;
      scheduler.SleepUntil(At(1_s));
      log += name;
    });
  }
  const Event::Function x = [](void* l) { *static_cast<std::string*>(l) += 'x'; };
  const Event::Function y = [](void* l) { *static_cast<std::string*>(l) += 'y'; };
  Event first("x", x, &log), second("x2", x, &log), other("y", y, &log);
  other.set_order_domain(1);
  scheduler.events().Schedule(&first, At(1_s));
  scheduler.events().Schedule(&second, At(1_s));
  scheduler.events().Schedule(&other, At(1_s));
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  return log;
}

TEST(SchedulerTest, ChoiceReordersAndReplays) {
  std::set<std::string> orders;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    RandomChoice random(seed, {});
    RecordingChoice recorder(&random);
    Trace trace;
    const std::string order = Shuffled(&recorder, &trace);
    EXPECT_EQ(order.size(), 9u);
    orders.insert(order);

    ReplayChoice replay(recorder.recording());
    Trace again;
    EXPECT_EQ(Shuffled(&replay, &again), order);
    EXPECT_TRUE(replay.Finish().ok()) << replay.Finish();
    EXPECT_EQ(again.digest(), trace.digest());
  }
  EXPECT_GT(orders.size(), 50u);
  FifoChoice fifo;
  EXPECT_EQ(Shuffled(&fifo, nullptr), "abcxxyabc");
}

TEST(SchedulerTest, GoldenDigest) {
  Trace trace;
  FifoChoice fifo;
  Shuffled(&fifo, &trace);
  EXPECT_EQ(trace.digest().ToString(), "56604c7ecf866016e0f6f2c7e657eb0a");
}

TEST(SchedulerTest, TraceTellsTheStory) {
  Trace trace;
  trace.KeepLast(Trace::kKeepAll);
  Scheduler scheduler(nullptr, &trace);
  WaitList list;
  TaskOptions options;
  options.host = 1;
  trace.SetHostName(1, "client");
  scheduler.Spawn(
      "a", [&] { scheduler.Wait(list, Until(At(2_s), "recv")); }, options);
  scheduler.RunUntilIdle();
  EXPECT_EQ(trace.FormatLast(100),
            "0.000000 client task-spawn task=1 name=a\n"
            "0.000000 client task-run task=1\n"
            "0.000000 client task-block task=1 label=recv deadline=2.000000\n"
            "2.000000 - event label=wait-deadline domain=0\n"
            "2.000000 client task-wake task=1 reason=1\n"
            "2.000000 client task-run task=1\n"
            "2.000000 client task-end task=1\n");
}

TEST(SchedulerDeathTest, OnlyTasksWait) {
  Scheduler scheduler;
  WaitList list;
  EXPECT_DEATH(scheduler.Wait(list, {}), "only a task can wait");
  const auto nested = [&] {
    scheduler.Spawn("a", [&] { scheduler.RunUntilIdle(); });
    scheduler.RunUntilIdle();
  };
  EXPECT_DEATH(nested(), "a run within a run");
  scheduler.RunUntil(At(1_s));
  EXPECT_DEATH(scheduler.RunUntil(At(500_ms)), "time cannot go back");
}

}  // namespace
}  // namespace drywire
