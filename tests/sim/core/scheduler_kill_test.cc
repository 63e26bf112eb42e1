// The ends of tasks: kill, exit, freeze, tear-down.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/core/scheduler.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

constexpr Instant At(Duration d) { return Instant::Zero() + d; }

struct OnScopeEnd {
  ~OnScopeEnd() { function(); }
  std::function<void()> function;
};

TEST(SchedulerKillTest, AKilledTaskUnwindsAtThePresentInstant) {
  Scheduler scheduler;
  WaitList list;
  std::string log;
  Task* victim = scheduler.Spawn("victim", [&] {
    OnScopeEnd end{[&] { log += "unwound"; }};
    scheduler.Wait(list, {});
    log += "never";
  });
  scheduler.Spawn("killer", [&] {
    scheduler.SleepUntil(At(1_s));
    scheduler.Kill(victim);
    scheduler.Kill(victim);
    EXPECT_TRUE(list.empty());
    log += "killed,";  // Posted, not run inline.
  });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_EQ(log, "killed,unwound");
  EXPECT_TRUE(victim->done());
  EXPECT_TRUE(victim->killed());
  EXPECT_EQ(scheduler.now(), At(1_s));
  EXPECT_EQ(scheduler.live_tasks(), 0u);
}

TEST(SchedulerKillTest, DestructorsThatWaitAreNotHeldUp) {
  Scheduler scheduler;
  WaitList list;
  std::vector<WakeReason> reasons;
  Task* victim = scheduler.Spawn("victim", [&] {
    OnScopeEnd end{[&] {
      scheduler.Yield();
      WaitOptions options;
      options.deadline = At(100_s);
      reasons.push_back(scheduler.Wait(list, options).reason);
      reasons.push_back(scheduler.SleepUntil(At(100_s)).reason);
    }};
    scheduler.Wait(list, {});
  });
  scheduler.Spawn("killer", [&] { scheduler.Kill(victim); });
  scheduler.RunUntilIdle();
  EXPECT_EQ(reasons, (std::vector<WakeReason>{WakeReason::kKilled, WakeReason::kKilled}));
  EXPECT_EQ(scheduler.now(), Instant::Zero());
}

TEST(SchedulerKillTest, TasksThatNeverRanAreDropped) {
  Scheduler scheduler;
  bool ran = false;
  auto captured = std::make_shared<int>(1);
  Task* victim = scheduler.Spawn("victim", [&, captured] { ran = true; });
  scheduler.Kill(victim);
  EXPECT_EQ(captured.use_count(), 2);
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_FALSE(ran);
  EXPECT_TRUE(victim->done());
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(SchedulerKillTest, ExitAndSuicide) {
  Scheduler scheduler;
  std::string log;
  Task* self = scheduler.Spawn("self", [&] {
    OnScopeEnd end{[&] { log += "a"; }};
    scheduler.Kill(scheduler.current());
    log += "never";
  });
  scheduler.Spawn("exit", [&] {
    OnScopeEnd end{[&] { log += "b"; }};
    scheduler.ExitCurrent();
  });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_EQ(log, "ab");
  EXPECT_TRUE(self->done());
}

// What a killed waiter was given and did not use goes to the next one.
TEST(SchedulerKillTest, ExclusiveNotificationsArePassedOn) {
  Scheduler scheduler;
  WaitList list;
  std::string log;
  WaitOptions exclusive;
  exclusive.exclusive = true;
  std::vector<Task*> tasks;
  for (const char name : {'a', 'b'}) {
    tasks.push_back(scheduler.Spawn(std::string(1, name), [&, name] {
      scheduler.Wait(list, exclusive);
      log += name;
    }));
  }
  scheduler.Spawn("notifier", [&] {
    list.Notify();
    scheduler.Kill(tasks[0]);
  });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_EQ(log, "b");
}

TEST(SchedulerKillTest, TheListMayDieBeforeTheKill) {
  Scheduler scheduler;
  auto list = std::make_unique<WaitList>();
  WaitOptions exclusive;
  exclusive.exclusive = true;
  Task* task = scheduler.Spawn("a", [&] { scheduler.Wait(*list, exclusive); });
  scheduler.Spawn("notifier", [&] {
    list->Notify();
    list.reset();
    scheduler.Kill(task);
  });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
}

TEST(SchedulerKillTest, OnExitAndForget) {
  Scheduler scheduler;
  static std::vector<std::string>* exits;
  std::vector<std::string> log;
  exits = &log;
  TaskOptions options;
  int owner = 0;
  options.owner = &owner;
  options.on_exit = [](Task* task) {
    exits->push_back(task->name() + (task->killed() ? " killed" : " returned"));
  };
  Task* kept = scheduler.Spawn(
      "kept", [] {}, options);
  EXPECT_EQ(kept->owner(), &owner);
  options.forget_when_done = true;
  scheduler.Spawn(
      "gone", [] {}, options);
  Task* victim = scheduler.Spawn(
      "victim", [&] { scheduler.SleepUntil(kNever); }, options);
  scheduler.Spawn("killer", [&] { scheduler.Kill(victim); });
  scheduler.RunUntilIdle();
  EXPECT_EQ(log, (std::vector<std::string>{"kept returned", "gone returned", "victim killed"}));
  EXPECT_TRUE(kept->done());
  scheduler.Forget(kept);
}

TEST(SchedulerKillTest, FrozenTasksDoNotRunUntilThawed) {
  Scheduler scheduler;
  WaitList list;
  std::vector<Instant> woke;
  Task* task = scheduler.Spawn("task", [&] {
    scheduler.Wait(list, {});
    woke.push_back(scheduler.now());
    scheduler.SleepUntil(At(3_s));
    woke.push_back(scheduler.now());
  });
  scheduler.Spawn("other", [&] {
    scheduler.Freeze(task);
    list.Notify();
    scheduler.SleepUntil(At(1_s));
    EXPECT_TRUE(woke.empty());
    scheduler.Thaw(task);
    scheduler.SleepUntil(At(2_s));
    scheduler.Freeze(task);
    scheduler.SleepUntil(At(5_s));
    scheduler.Thaw(task);
    scheduler.Thaw(task);
  });
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_EQ(woke, (std::vector<Instant>{At(1_s), At(5_s)}));
}

TEST(SchedulerKillTest, FrozenTasksCanBeKilled) {
  Scheduler scheduler;
  Task* waiting = scheduler.Spawn("waiting", [&] { scheduler.SleepUntil(kNever); });
  Task* ready = scheduler.Spawn("ready", [&] { scheduler.SleepUntil(At(1_s)); });
  scheduler.RunUntil(At(500_ms));
  scheduler.Freeze(waiting);
  scheduler.Freeze(ready);
  scheduler.RunUntil(At(2_s));
  scheduler.Kill(waiting);
  scheduler.Kill(ready);
  EXPECT_TRUE(scheduler.RunUntilIdle().ok());
  EXPECT_TRUE(waiting->done() && ready->done());
}

TEST(SchedulerKillTest, TearDownUnwindsEverythingInOrder) {
  std::string log;
  WaitList list;
  {
    Scheduler scheduler;
    for (const char name : {'a', 'b', 'c'}) {
      scheduler.Spawn(std::string(1, name), [&, name] {
        OnScopeEnd end{[&, name] {
          log += name;
          if (name == 'b') {
            scheduler.Spawn("late", [&] { log += "never"; });
          }
        }};
        if (name == 'c') scheduler.Freeze(scheduler.current());
        scheduler.Wait(list, {});
      });
    }
    scheduler.Spawn("not started", [&] { log += "never"; });
    scheduler.RunUntilCondition([&] { return scheduler.steps() == 3; });
  }
  EXPECT_EQ(log, "abc");
  EXPECT_TRUE(list.empty());
}

TEST(SchedulerKillDeathTest, EndlessCallsWhileUnwinding) {
  const auto endless = [] {
    SchedulerOptions options;
    options.livelock_steps = 1000;
    Scheduler scheduler(nullptr, nullptr, options);
    Task* task = scheduler.Spawn("stubborn", [&] {
      OnScopeEnd end{[&] {
        for (;;) scheduler.CountCall();
      }};
      scheduler.SleepUntil(kNever);
    });
    scheduler.RunUntilIdle();
    scheduler.Kill(task);
    scheduler.RunUntilIdle();
  };
  EXPECT_DEATH(endless(), "task 1 'stubborn' runs, killed: it does not stop making calls");
}

TEST(SchedulerKillDeathTest, LivingTasksCannotBeForgotten) {
  Scheduler scheduler;
  Task* task = scheduler.Spawn("a", [] {});
  EXPECT_DEATH(scheduler.Forget(task), "task 1 'a' is ready, so it cannot be forgotten");
}

}  // namespace
}  // namespace drywire
