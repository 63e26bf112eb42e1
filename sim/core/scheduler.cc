#include "sim/core/scheduler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"

namespace drywire {

absl::string_view RunStatusName(RunStatus status) {
  switch (status) {
    case RunStatus::kReached:
      return "reached";
    case RunStatus::kFinished:
      return "finished";
    case RunStatus::kDeadlock:
      return "deadlock";
    case RunStatus::kLivelock:
      return "livelock";
    case RunStatus::kTimeLimit:
      return "time limit";
    case RunStatus::kStopped:
      return "stopped";
  }
  return "?";
}

Scheduler::Scheduler(Choice* choice, Trace* trace, const SchedulerOptions& options)
    : choice_(choice != nullptr ? choice : &fifo_),
      explored_(choice_->explored()),
      trace_(trace),
      options_(options),
      stacks_(options.stack_size) {}

Scheduler::~Scheduler() { KillAll(); }

uint32_t Scheduler::Ask(ChoiceKind kind, uint32_t n) {
  const uint32_t answer = choice_->Pick(kind, n);
  DRYWIRE_CHECK(answer < n) << ChoiceKindName(kind) << " among " << n << " answered " << answer;
  if (n > 1) Note(0, TraceKind::kChoice, static_cast<uint64_t>(kind), n, answer);
  return answer;
}

// --- Tasks ---

Task* Scheduler::Spawn(std::string name, std::function<void()> entry, const TaskOptions& options) {
  const uint64_t id = next_id_++;
  auto owned =
      std::unique_ptr<Task>(new Task(this, id, std::move(name), std::move(entry), options));
  Task* const task = owned.get();
  tasks_.emplace_hint(tasks_.end(), id, std::move(owned));
  ++live_;
  if (trace_ != nullptr)
    Note(options.host, TraceKind::kTaskSpawn, id, trace_->Intern(task->name()));
  MakeReady(task);
  return task;
}

void Scheduler::Forget(Task* task) {
  DRYWIRE_CHECK(task->done()) << task->Describe() << ", so it cannot be forgotten";
  tasks_.erase(task->id_);
}

void Scheduler::MakeReady(Task* task) {
  task->state_ = Task::State::kReady;
  if (task->frozen_ && !task->killed_) {
    task->ready_when_thawed_ = true;
    return;
  }
  ready_.PushBack(task);
  ++ready_count_;
}

void Scheduler::Kill(Task* task) {
  if (task->done() || task->killed_) return;
  task->killed_ = true;
  Note(task->host(), TraceKind::kTaskKill, task->id_);
  if (task == current_) task->fiber_.Exit();
  if (task->handed_ != nullptr && task->handed_->is_waiting()) {
    // It took a notification that only one may have, and will do nothing with it.
    WaitList* const list = task->handed_->list();
    task->handed_->Remove();
    list->Notify(task->result_.key, 1);
  }
  task->handed_ = nullptr;
  if (task->state_ == Task::State::kWaiting) {
    EndWait(task, WakeReason::kKilled, -1, 0);
  } else if (task->ready_when_thawed_) {
    task->ready_when_thawed_ = false;
    MakeReady(task);
  }
}

void Scheduler::ExitCurrent() {
  DRYWIRE_CHECK(current_ != nullptr && !current_->killed_) << "no task to exit";
  Kill(current_);
  DRYWIRE_FATAL() << "a killed task ran on";
}

void Scheduler::KillAll() {
  DRYWIRE_CHECK(current_ == nullptr && !running_) << "KillAll from inside a task or an event";
  // A destructor may spawn; such tasks get higher ids and are reached by the same walk.
  for (uint64_t id = 0; live_ > 0;) {
    const auto next = tasks_.upper_bound(id);
    DRYWIRE_CHECK(next != tasks_.end()) << live_ << " tasks cannot be found";
    id = next->first;
    Task* const task = next->second.get();
    if (task->done()) continue;
    Kill(task);
    task->Unlink();
    --ready_count_;
    RunTask(task);
  }
}

void Scheduler::Freeze(Task* task) {
  if (task->frozen_ || task->done()) return;
  task->frozen_ = true;
  if (task->state_ == Task::State::kReady && !task->killed_) {
    task->Unlink();
    --ready_count_;
    task->ready_when_thawed_ = true;
  }
}

void Scheduler::Thaw(Task* task) {
  task->frozen_ = false;
  if (!task->ready_when_thawed_) return;
  task->ready_when_thawed_ = false;
  MakeReady(task);
}

std::vector<Task*> Scheduler::LiveTasks() const {
  std::vector<Task*> live;
  for (const auto& [id, task] : tasks_) {
    if (!task->done()) live.push_back(task.get());
  }
  return live;
}

std::string Scheduler::DescribeTasks() const {
  std::string text;
  for (const bool daemons : {false, true}) {
    for (const Task* task : LiveTasks()) {
      if (task->options_.daemon != daemons) continue;
      absl::StrAppend(&text, task->Describe(), daemons ? " (daemon)\n" : "\n");
    }
  }
  return text;
}

// --- Running ---

Task* Scheduler::PickReady() {
  uint32_t index = 0;
  if (ready_count_ > 1 && explored_.contains(ChoiceKind::kTaskOrder)) {
    index = Ask(ChoiceKind::kTaskOrder, ready_count_);
  }
  auto at = ready_.begin();
  for (; index > 0; --index) ++at;
  Task* const task = &*at;
  task->Unlink();
  --ready_count_;
  return task;
}

void Scheduler::RunTask(Task* task) {
  Note(task->host(), TraceKind::kTaskRun, task->id_);
  task->state_ = Task::State::kRunning;
  current_ = task;
  if (task->killed_) {
    task->fiber_.Unwind();
  } else {
    task->fiber_.Resume();
  }
  current_ = nullptr;
  if (task->fiber_.done()) Finished(task);
}

void Scheduler::Finished(Task* task) {
  task->state_ = Task::State::kDone;
  task->entry_ = nullptr;  // What it captured dies now, as at the end of a thread.
  --live_;
  Note(task->host(), TraceKind::kTaskEnd, task->id_);
  const bool forget = task->options_.forget_when_done;
  if (task->options_.on_exit != nullptr) task->options_.on_exit(task);
  if (forget) Forget(task);
}

void Scheduler::FireEvent(Event* event) {
  if (trace_ != nullptr && !event->traces_itself()) {
    Note(0, TraceKind::kEvent, trace_->InternLiteral(event->label()), event->order_domain());
  }
  events_.Fire(event);
}

bool Scheduler::EventGoesFirst() {
  return explored_.contains(ChoiceKind::kEventOrTask) && events_.NextTime() == now() &&
         Ask(ChoiceKind::kEventOrTask, 2) == 1;
}

Event* Scheduler::NextEvent(Instant limit) {
  if (!explored_.contains(ChoiceKind::kEventOrder)) return events_.Pop(limit);
  if (events_.NextTime() > limit) return nullptr;
  const std::vector<Event*>& candidates = events_.NextCandidates();
  if (candidates.empty()) return nullptr;
  Event* const event =
      candidates[Ask(ChoiceKind::kEventOrder, static_cast<uint32_t>(candidates.size()))];
  events_.Take(event);
  return event;
}

bool Scheduler::Step(Instant limit) {
  if (ready_count_ > 0 && !EventGoesFirst()) {
    Task* const task = PickReady();
    if (CountStep()) CountStepSlow("task", task->name());
    RunTask(task);
    return true;
  }
  Event* const event = NextEvent(limit);
  if (event == nullptr) return false;
  if (CountStep()) CountStepSlow("event", event->label());
  FireEvent(event);
  return true;
}

// Once there are too many at one instant, some more are watched to say who takes them.
void Scheduler::CountStepSlow(absl::string_view what, absl::string_view name) {
  if (now() != counted_instant_) {
    counted_instant_ = now();
    steps_at_instant_ = 1;
    samples_.clear();
    return;
  }
  if (steps_at_instant_ <= options_.livelock_steps) return;
  ++samples_[absl::StrCat(what, " '", name, "'")];
  if (steps_at_instant_ >= options_.livelock_steps + kLivelockSamples) livelock_ = true;
}

void Scheduler::CountCall() {
  Task* const task = current_;
  if (task == nullptr) return;
  if (CountStep()) CountStepSlow("calls of task", task->name());
  if (!livelock_) return;
  DRYWIRE_CHECK(!task->killed_) << task->Describe()
                                << ": it does not stop making calls while it is being unwound";
  Yield();  // The run ends before it continues.
}

void Scheduler::RunDueEvents() {
  if (events_.NextTime() > now()) return;
  Task* const task = current_;
  DRYWIRE_CHECK(task != nullptr) << "only a task can run ahead of the scheduler";
  if (task->killed_) return;
  if (explored_.contains(ChoiceKind::kEventOrTask) && Ask(ChoiceKind::kEventOrTask, 2) == 1) return;
  current_ = nullptr;
  while (Event* const event = livelock_ ? nullptr : NextEvent(now())) {
    if (CountStep()) CountStepSlow("event", event->label());
    FireEvent(event);
  }
  current_ = task;
  if (task->killed_) task->fiber_.Exit();
  if (task->frozen_ || livelock_) Yield();
}

std::string Scheduler::LivelockText() const {
  std::string text = absl::StrCat("livelock: more than ", options_.livelock_steps, " steps at ",
                                  FormatInstant(now()), " without time advancing; the last ",
                                  kLivelockSamples, " were:\n");
  for (const auto& [name, count] : samples_) absl::StrAppend(&text, "  ", count, " ", name, "\n");
  return absl::StrCat(text, DescribeTasks());
}

RunReport Scheduler::Run(Instant limit, const std::function<bool()>* done) {
  DRYWIRE_CHECK(!running_ && current_ == nullptr) << "a run within a run";
  running_ = true;
  stop_ = false;
  const uint64_t steps_before = steps_;
  RunReport report;
  for (;;) {
    if (livelock_) {
      report.status = RunStatus::kLivelock;
      report.text = LivelockText();
      livelock_ = false;
      steps_at_instant_ = 0;
      samples_.clear();
      break;
    }
    if (stop_) {
      report.status = RunStatus::kStopped;
      break;
    }
    if (done != nullptr && (*done)()) {
      report.status = RunStatus::kReached;
      break;
    }
    if (Step(limit)) continue;
    report.status = IdleStatus(limit, done != nullptr);
    if (report.status == RunStatus::kDeadlock) {
      report.text = absl::StrCat("deadlock at ", FormatInstant(now()),
                                 ": nothing is left to do, but tasks wait:\n", DescribeTasks());
    }
    break;
  }
  running_ = false;
  report.now = now();
  report.steps = steps_ - steps_before;
  return report;
}

// What it means that there was no step up to `limit`.
RunStatus Scheduler::IdleStatus(Instant limit, bool has_condition) {
  const bool more = !events_.empty();
  if (!limit.is_never() && (more || !has_condition)) {
    events_.AdvanceTo(limit);
    return has_condition ? RunStatus::kTimeLimit : RunStatus::kReached;
  }
  for (const auto& [id, task] : tasks_) {
    if (!task->done() && !task->options_.daemon) return RunStatus::kDeadlock;
  }
  return RunStatus::kFinished;
}

RunReport Scheduler::RunUntilIdle() { return Run(kNever, nullptr); }

RunReport Scheduler::RunUntil(Instant when) {
  DRYWIRE_CHECK(when >= now()) << "time cannot go back from " << now() << " to " << when;
  return Run(when, nullptr);
}

RunReport Scheduler::RunUntilCondition(const std::function<bool()>& done, Instant limit) {
  return Run(limit, &done);
}

}  // namespace drywire
