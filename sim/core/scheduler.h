// Runs tasks and events in virtual time.
//
// A Task is a fiber that belongs to somebody (a process). The Scheduler owns the event queue and
// the list of ready tasks. One step is: if a task is ready, run it until it waits, yields or ends;
// otherwise advance time to the next event and fire it. So at any instant the ready tasks drain
// before the next event, each in first-come order, and an event never interrupts a task. A Choice
// that explores may pick another ready task (kTaskOrder), let the event that is due now go before
// the ready tasks (kEventOrTask), or swap events of one instant (kEventOrder).
//
// Waking is posting: it makes a task ready and never runs it. A wait ends by whichever comes first
// of notification, deadline, interruption (a signal) and kill; the others are then without effect
// on it.
//
// When nothing is left to do but tasks still wait, the run ends with a report of who waits for what
// since when (deadlock). When the clock does not move for a million steps the run ends with the
// names of those who took them (livelock). A loop that neither waits nor makes simulated calls
// cannot be noticed from inside.
#ifndef DRYWIRE_SIM_CORE_SCHEDULER_H_
#define DRYWIRE_SIM_CORE_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/core/choice.h"
#include "sim/core/event_queue.h"
#include "sim/core/fiber.h"
#include "sim/core/intrusive_list.h"
#include "sim/core/time.h"
#include "sim/core/trace.h"
#include "sim/core/wait_list.h"

namespace drywire {

class Scheduler;
class Task;

enum class WakeReason : uint8_t {
  kNotified,
  kDeadline,
  kInterrupted,  // Scheduler::Interrupt: a signal.
  kKilled,       // The task is being unwound and must not wait; only destructors ever see it.
};
absl::string_view WakeReasonName(WakeReason reason);

struct WaitResult {
  WakeReason reason = WakeReason::kNotified;
  int which = -1;    // Of the lists waited on, the index of the one that notified.
  uint32_t key = 0;  // The notification's key.
};

struct WaitOptions {
  // What is waited for, for reports and the trace: a literal such as "accept".
  const char* label = "wait";
  // A deadline that is not after now() ends the wait after one yield.
  Instant deadline = kNever;
  bool interruptible = true;
  bool exclusive = false;
  uint32_t interest = kAnyKey;
  // Adds details to a report ("fd 3 to 10.0.0.2:80"); called only for reports, while the task
  // waits.
  std::string (*describe)(const void* context) = nullptr;
  const void* describe_context = nullptr;
};

struct TaskOptions {
  void* owner = nullptr;  // Opaque to the engine: the process.
  uint32_t host = 0;      // For the trace.
  // A daemon may wait for ever without that being a deadlock.
  bool daemon = false;
  // 0: the scheduler's own.
  size_t stack_size = 0;
  // Called in scheduler context right after the task ended, killed or not. Must not wait.
  void (*on_exit)(Task* task) = nullptr;
  // The scheduler deletes the task after on_exit; otherwise it is kept until Forget or the
  // scheduler's end.
  bool forget_when_done = false;
};

class Task : public ListHook<> {
 public:
  enum class State : uint8_t { kReady, kRunning, kWaiting, kDone };

  const std::string& name() const { return fiber_.name(); }
  uint64_t id() const { return id_; }  // 1, 2, ... in order of Spawn.
  void* owner() const { return options_.owner; }
  void set_owner(void* owner) { options_.owner = owner; }
  uint32_t host() const { return options_.host; }
  State state() const { return state_; }
  bool done() const { return state_ == State::kDone; }
  bool killed() const { return killed_; }
  bool frozen() const { return frozen_; }
  // Whether Interrupt would end its present wait.
  bool is_interruptible() const {
    return state_ == State::kWaiting && options_of_wait_->interruptible;
  }
  // "task 3 'client' waits in connect (fd 3 to 10.0.0.2:80) since 1.000000, until 131.000000"
  std::string Describe() const;
  // Bytes left on the stack; for the running task.
  size_t StackLeft() const { return fiber_.StackLeft(); }

 private:
  friend class Scheduler;

  Task(Scheduler* scheduler, uint64_t id, std::string name, std::function<void()> entry,
       const TaskOptions& options);
  static void Main(void* task);
  static bool OnNotify(Waiter* waiter, uint32_t key);
  void OnDeadline();

  Scheduler* scheduler_;
  uint64_t id_;
  std::function<void()> entry_;
  TaskOptions options_;
  Fiber fiber_;
  State state_ = State::kReady;
  bool killed_ = false;
  bool frozen_ = false;
  bool ready_when_thawed_ = false;
  // The present wait.
  const WaitOptions* options_of_wait_ = nullptr;
  Waiter* waiters_ = nullptr;
  size_t waiter_count_ = 0;
  Waiter* handed_ = nullptr;  // Took an exclusive notification and has not run since.
  WaitResult result_;
  Instant since_;
  Event deadline_;
};

struct SchedulerOptions {
  size_t stack_size = kDefaultStackSize;
  // Steps and calls without time advancing after which a run is a livelock.
  uint64_t livelock_steps = 1'000'000;
};

enum class RunStatus : uint8_t {
  kReached,   // What was asked for came: RunUntil's time, RunUntilCondition's condition.
  kFinished,  // Nothing left to do, and no task but daemons waits.
  kDeadlock,  // Nothing left to do, but tasks wait.
  kLivelock,
  kTimeLimit,  // RunUntilCondition: its limit came first.
  kStopped,    // Stop() was called.
};
absl::string_view RunStatusName(RunStatus status);

struct RunReport {
  RunStatus status = RunStatus::kFinished;
  Instant now;
  uint64_t steps = 0;  // Of this run.
  std::string text;    // For kDeadlock and kLivelock: who and why, a line each.
  bool ok() const { return status == RunStatus::kReached || status == RunStatus::kFinished; }
};

class Scheduler {
 public:
  // `choice` null means first come, first served; `trace` null means none. Neither is owned, and
  // both must outlive it.
  explicit Scheduler(Choice* choice = nullptr, Trace* trace = nullptr,
                     const SchedulerOptions& options = {});
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  // Kills and unwinds all tasks.
  ~Scheduler();

  EventQueue& events() { return events_; }
  Instant now() const { return events_.now(); }
  Choice& choice() { return *choice_; }
  Trace* trace() { return trace_; }

  // --- Tasks ---

  // A new task, ready to run after those that are ready now.
  Task* Spawn(std::string name, std::function<void()> entry, const TaskOptions& options = {});
  // The running task; null in scheduler context (events, on_exit, outside of a run).
  Task* current() const { return current_; }
  // Deletes a task that is done.
  void Forget(Task* task);
  // Ends a task: its stack is unwound when it runs next (at the present instant, even when it is
  // frozen). A task may kill itself; then this does not return.
  void Kill(Task* task);
  // From inside a task: Kill(current()).
  [[noreturn]] void ExitCurrent();
  // Kills every task and unwinds them now. From scheduler context only.
  void KillAll();
  // A frozen task does not run until it is thawed; it can be woken meanwhile. (A paused host.)
  void Freeze(Task* task);
  void Thaw(Task* task);
  // Tasks that are not done, in order of their ids.
  std::vector<Task*> LiveTasks() const;
  size_t live_tasks() const { return live_; }
  // Stacks of tasks that began and have not ended; for leak checks.
  size_t stacks_in_use() const { return stacks_.in_use(); }

  // --- From inside a task ---

  // Waits until one of the lists notifies, or the deadline, or an interruption. When the task is
  // being unwound it returns kKilled at once; when it is killed while it waits it does not return
  // (FiberUnwind).
  WaitResult Wait(absl::Span<WaitList* const> lists, const WaitOptions& options);
  WaitResult Wait(WaitList& list, const WaitOptions& options);
  // With an interest (key mask) for each list, as poll(2) needs.
  struct Interest {
    WaitList* list;
    uint32_t interest;
  };
  WaitResult Wait(absl::Span<const Interest> interests, const WaitOptions& options);
  // Waits for the deadline alone (or an interruption).
  WaitResult SleepUntil(Instant deadline, const char* label = "sleep", bool interruptible = true);
  // Lets the other ready tasks run first.
  void Yield();
  // Fires the events that are due at this instant, on the running task's stack but in scheduler
  // context: what a real kernel's softirqs have done by the time a program makes its next call. An
  // exploring Choice may leave them for later (kEventOrTask, 1). If an event killed or froze the
  // task, that takes effect before this returns.
  void RunDueEvents();
  // Counts one simulated call that moved nothing (failed, timed out at once, end of file), so that
  // a task that polls without ever waiting is found out as a livelock. Calls that get on need not.
  void CountCall();

  // Ends an interruptible wait with kInterrupted. False (and nothing happens) when the task is not
  // in one.
  bool Interrupt(Task* task);

  // --- Running, from outside ---

  // Runs until nothing is left to do.
  RunReport RunUntilIdle();
  // Runs everything due up to and including `when` and leaves the clock there.
  RunReport RunUntil(Instant when);
  RunReport RunFor(Duration duration) { return RunUntil(now() + duration); }
  // Runs until done(context) is true (checked before every step), nothing is left to do, or `limit`
  // has come.
  RunReport RunUntilCondition(const std::function<bool()>& done, Instant limit = kNever);
  // One step: a ready task or the next event due at or before `limit`. False when there is none.
  bool Step(Instant limit = kNever);
  // Makes the present run return after the present step.
  void Stop() { stop_ = true; }

  // A line for each task that waits, daemons last.
  std::string DescribeTasks() const;
  uint64_t steps() const { return steps_; }

 private:
  friend class Task;
  static constexpr size_t kInlineWaiters = 4;
  static constexpr int kLivelockSamples = 256;

  void MakeReady(Task* task);
  void EndWait(Task* task, WakeReason reason, int which, uint32_t key);
  bool MustNotWait() const;
  template <typename InterestAt>
  WaitResult WaitMany(size_t n, const WaitOptions& options, InterestAt interest_at);
  WaitResult WaitOnWaiters(Waiter* waiters, size_t n, const WaitOptions& options);
  Task* PickReady();
  void RunTask(Task* task);
  void FireEvent(Event* event);
  bool EventGoesFirst();
  Event* NextEvent(Instant limit);
  void Finished(Task* task);
  RunReport Run(Instant limit, const std::function<bool()>* done);
  // Whether CountStepSlow must be called with what the step was.
  bool CountStep() {
    ++steps_;
    ++steps_at_instant_;
    return now() != counted_instant_ || steps_at_instant_ > options_.livelock_steps;
  }
  void CountStepSlow(absl::string_view what, absl::string_view name);
  std::string LivelockText() const;
  RunStatus IdleStatus(Instant limit, bool has_condition);
  uint32_t Ask(ChoiceKind kind, uint32_t n);
  template <typename... Args>
  void Note(uint32_t host, TraceKind kind, Args... args) {
    if (trace_ != nullptr) trace_->Record(now(), host, kind, args...);
  }

  FifoChoice fifo_;
  Choice* choice_;
  ChoiceKindSet explored_;
  Trace* trace_;
  SchedulerOptions options_;
  EventQueue events_;
  StackPool stacks_;
  IntrusiveList<Task> ready_;
  uint32_t ready_count_ = 0;
  std::map<uint64_t, std::unique_ptr<Task>> tasks_;  // By id.
  size_t live_ = 0;
  uint64_t next_id_ = 1;
  Task* current_ = nullptr;
  bool running_ = false;
  bool stop_ = false;
  uint64_t steps_ = 0;
  // Livelock detection.
  Instant counted_instant_;
  uint64_t steps_at_instant_ = 0;
  bool livelock_ = false;
  std::map<std::string, int, std::less<>> samples_;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_SCHEDULER_H_
