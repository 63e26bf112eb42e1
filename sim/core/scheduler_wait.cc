// Waiting and waking: what a task calls from inside, and what others call to end its wait.

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "sim/core/scheduler.h"

namespace drywire {

absl::string_view WakeReasonName(WakeReason reason) {
  switch (reason) {
    case WakeReason::kNotified:
      return "notified";
    case WakeReason::kDeadline:
      return "deadline";
    case WakeReason::kInterrupted:
      return "interrupted";
    case WakeReason::kKilled:
      return "killed";
  }
  return "?";
}

// --- Task ---

Task::Task(Scheduler* scheduler, uint64_t id, std::string name, std::function<void()> entry,
           const TaskOptions& options)
    : scheduler_(scheduler),
      id_(id),
      entry_(std::move(entry)),
      options_(options),
      fiber_(&scheduler->stacks_, std::move(name), Main, this, options.stack_size) {
  deadline_.BindMethod<&Task::OnDeadline>("wait-deadline", this);
}

void Task::Main(void* task) { static_cast<Task*>(task)->entry_(); }

bool Task::OnNotify(Waiter* waiter, uint32_t key) {
  auto* const task = static_cast<Task*>(waiter->context());
  if (task->state_ != State::kWaiting) return false;
  WaitList* const list = waiter->list();
  task->scheduler_->EndWait(task, WakeReason::kNotified, static_cast<int>(waiter - task->waiters_),
                            key);
  if (waiter->exclusive()) {
    task->handed_ = waiter;
    list->Hand(waiter);
  }
  return true;
}

void Task::OnDeadline() { scheduler_->EndWait(this, WakeReason::kDeadline, -1, 0); }

std::string Task::Describe() const {
  std::string text = absl::StrCat("task ", id_, " '", name(), "' ");
  switch (state_) {
    case State::kReady:
      absl::StrAppend(&text, "is ready");
      break;
    case State::kRunning:
      absl::StrAppend(&text, "runs");
      break;
    case State::kDone:
      absl::StrAppend(&text, "is done");
      break;
    case State::kWaiting: {
      const WaitOptions& wait = *options_of_wait_;
      absl::StrAppend(&text, "waits in ", wait.label);
      if (wait.describe != nullptr) {
        absl::StrAppend(&text, " (", wait.describe(wait.describe_context), ")");
      }
      absl::StrAppend(&text, " since ", FormatInstant(since_));
      if (!wait.deadline.is_never()) {
        absl::StrAppend(&text, " until ", FormatInstant(wait.deadline));
      }
      break;
    }
  }
  if (frozen_) absl::StrAppend(&text, ", frozen");
  if (killed_ && state_ != State::kDone) absl::StrAppend(&text, ", killed");
  return text;
}

// --- Scheduler ---

void Scheduler::EndWait(Task* task, WakeReason reason, int which, uint32_t key) {
  task->result_ = {reason, which, key};
  for (size_t i = 0; i < task->waiter_count_; ++i) task->waiters_[i].Remove();
  events_.Cancel(&task->deadline_);
  Note(task->host(), TraceKind::kTaskWake, task->id_, static_cast<uint64_t>(reason));
  MakeReady(task);
}

bool Scheduler::Interrupt(Task* task) {
  if (!task->is_interruptible()) return false;
  EndWait(task, WakeReason::kInterrupted, -1, 0);
  return true;
}

WaitResult Scheduler::WaitOnWaiters(Waiter* waiters, size_t n, const WaitOptions& options) {
  Task* const task = current_;
  task->waiters_ = waiters;
  task->waiter_count_ = n;
  task->options_of_wait_ = &options;
  task->since_ = now();
  task->state_ = Task::State::kWaiting;
  // A deadline in the past is one that is due now.
  events_.Schedule(&task->deadline_, std::max(options.deadline, now()));
  if (trace_ != nullptr) {
    Note(task->host(), TraceKind::kTaskBlock, task->id_, trace_->InternLiteral(options.label),
         options.deadline.nanos());
  }
  task->fiber_.Suspend();
  task->handed_ = nullptr;
  return task->result_;
}

// In a task that is being unwound nothing may wait: only its destructors run.
bool Scheduler::MustNotWait() const {
  DRYWIRE_CHECK(current_ != nullptr) << "only a task can wait";
  return current_->killed_;
}

WaitResult Scheduler::Wait(WaitList& list, const WaitOptions& options) {
  if (MustNotWait()) return {WakeReason::kKilled, -1, 0};
  Waiter waiter(Task::OnNotify, current_);
  waiter.set_exclusive(options.exclusive);
  waiter.set_interest(options.interest);
  list.Add(&waiter);
  return WaitOnWaiters(&waiter, 1, options);
}

WaitResult Scheduler::Wait(absl::Span<WaitList* const> lists, const WaitOptions& options) {
  return WaitMany(lists.size(), options, [&](size_t i) {
    return Interest{lists[i], options.interest};
  });
}

WaitResult Scheduler::Wait(absl::Span<const Interest> interests, const WaitOptions& options) {
  return WaitMany(interests.size(), options, [&](size_t i) { return interests[i]; });
}

template <typename InterestAt>
WaitResult Scheduler::WaitMany(size_t n, const WaitOptions& options, InterestAt interest_at) {
  if (MustNotWait()) return {WakeReason::kKilled, -1, 0};
  Waiter few[kInlineWaiters];
  std::unique_ptr<Waiter[]> many;
  Waiter* waiters = few;
  if (n > kInlineWaiters) {
    many = std::make_unique<Waiter[]>(n);
    waiters = many.get();
  }
  for (size_t i = 0; i < n; ++i) {
    const Interest interest = interest_at(i);
    waiters[i].Bind(Task::OnNotify, current_);
    waiters[i].set_exclusive(options.exclusive);
    waiters[i].set_interest(interest.interest);
    interest.list->Add(&waiters[i]);
  }
  return WaitOnWaiters(waiters, n, options);
}

WaitResult Scheduler::SleepUntil(Instant deadline, const char* label, bool interruptible) {
  if (MustNotWait()) return {WakeReason::kKilled, -1, 0};
  WaitOptions options;
  options.label = label;
  options.deadline = deadline;
  options.interruptible = interruptible;
  return WaitOnWaiters(nullptr, 0, options);
}

void Scheduler::Yield() {
  if (MustNotWait()) return;
  MakeReady(current_);
  current_->fiber_.Suspend();
}

}  // namespace drywire
