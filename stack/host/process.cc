#include "stack/host/process.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "stack/host/host.h"

namespace drywire {
namespace {

// What an unhandled signal does (signal(7)).
constexpr SignalSet kIgnoredByDefault =
    SignalBit(SIGCHLD) | SignalBit(SIGURG) | SignalBit(SIGWINCH);
// Job control is not modelled.
constexpr SignalSet kJobControl = SignalBit(SIGSTOP) | SignalBit(SIGTSTP) | SignalBit(SIGTTIN) |
                                  SignalBit(SIGTTOU) | SignalBit(SIGCONT);
constexpr SignalSet kCannotBeCaught = SignalBit(SIGKILL) | SignalBit(SIGSTOP);

bool InRange(int signal) { return signal >= 1 && signal <= kSignalCount; }
bool In(SignalSet set, int signal) { return (set & SignalBit(signal)) != 0; }

}  // namespace

Process::Process(Host* host, int pid, std::string name, const Credentials& credentials)
    : host_(host),
      pid_(pid),
      name_(std::move(name)),
      identity_(credentials, &host->profile().vfs),
      fs_{host->vfs().Root(), host->vfs().Root()},
      nofile_{host->profile().socket.nofile_soft, host->profile().socket.nofile_hard},
      fds_(&host->open_files(), &nofile_.soft, &identity_.effective()) {
  timer_.BindMethod<&Process::OnTimer>("itimer", this);
}

Process::~Process() {
  // The scheduler may outlive the host; its tasks must not come back to a dead process.
  for (Task* task : tasks_) task->set_owner(nullptr);
}

Rng& Process::random() {
  if (!random_.has_value()) random_ = host_->net().MakeRng(absl::StrCat("process ", pid_));
  return *random_;
}

PathContext Process::path_context() const {
  return {&credentials(), fs_.root, fs_.directory, fs_.umask, host_->net().now()};
}

CallerIds Process::ids() const {
  const ProcessIds users = identity_.users();
  const ProcessIds groups = identity_.groups();
  return {pid_, users.real, users.saved, groups.real, groups.saved};
}

bool Process::KnowsProcess(int32_t pid) const { return host_->FindProcess(pid) != nullptr; }

// --- Tasks ---

Task* Process::Spawn(std::string name, std::function<void()> entry) {
  DRYWIRE_CHECK(state_ == ProcessState::kRunning) << "process " << name_ << " has ended";
  TaskOptions options;
  options.owner = this;
  options.host = host_->id();
  options.on_exit = &Process::OnTaskExit;
  Task* task = host_->scheduler().Spawn(std::move(name), std::move(entry), options);
  tasks_.push_back(task);
  if (host_->paused()) host_->scheduler().Freeze(task);
  return task;
}

void Process::OnTaskExit(Task* task) {
  Process* process = Of(task);
  if (process == nullptr) return;
  std::vector<Task*>& tasks = process->tasks_;
  tasks.erase(std::find(tasks.begin(), tasks.end(), task));
  if (tasks.empty()) process->End(ProcessState::kExited, 0);
}

void Process::Exit(int status) { EndAndKill(ProcessState::kExited, status); }

void Process::KillBySignal(int signal) { EndAndKill(ProcessState::kKilled, signal); }

void Process::End(ProcessState state, int code) {
  if (state_ != ProcessState::kRunning) return;
  state_ = state;
  exit_code_ = code;
  host_->scheduler().events().Cancel(&timer_);
  fds_.CloseAll();
  host_->unix_domain().CollectGarbage();
  exit_waiters_.NotifyAll();
}

void Process::EndAndKill(ProcessState state, int code) {
  End(state, code);
  Scheduler& scheduler = host_->scheduler();
  Task* current = scheduler.current();
  bool self = false;
  // Kill may end a task that never ran at once, which changes tasks_.
  const std::vector<Task*> tasks = tasks_;
  for (Task* task : tasks) {
    if (task == current) {
      self = true;
    } else {
      scheduler.Kill(task);
    }
  }
  if (self) scheduler.Kill(current);
}

// --- Limits ---

Result<> Process::SetNofile(const Limit& limit) {
  const auto above = [](int64_t a, int64_t b) {
    return a == kLimitInfinity ? b != kLimitInfinity : b != kLimitInfinity && a > b;
  };
  if (above(limit.soft, limit.hard)) return Cause::kInvalidArgument;
  if (above(limit.hard, nofile_.hard) && !credentials().privileged()) return Cause::kNoPermission;
  if (above(limit.hard, host_->profile().socket.nr_open)) return Cause::kNoPermission;
  nofile_ = limit;
  return {};
}

// --- Signals ---

bool Process::EndsProcess(int signal) const {
  return actions_[signal].disposition == SignalDisposition::kDefault &&
         !In(kIgnoredByDefault, signal);
}

bool Process::Ignores(int signal) const {
  const SignalDisposition disposition = actions_[signal].disposition;
  return disposition == SignalDisposition::kIgnore ||
         (disposition == SignalDisposition::kDefault && In(kIgnoredByDefault, signal));
}

Result<> Process::Raise(int signal) {
  if (signal == 0) return {};
  if (!InRange(signal)) return Cause::kInvalidArgument;
  if (In(kJobControl, signal)) return Cause::kNotSupported;
  if (state_ != ProcessState::kRunning) return {};
  const bool is_blocked = In(blocked_, signal);
  if (!is_blocked && Ignores(signal)) return {};
  if (!is_blocked && EndsProcess(signal)) {
    KillBySignal(signal);
    return {};
  }
  pending_ |= SignalBit(signal);
  if (!is_blocked) InterruptOne();
  return {};
}

Result<> Process::SetAction(int signal, const SignalAction& action, SignalAction* old) {
  if (!InRange(signal) || In(kCannotBeCaught, signal)) return Cause::kInvalidArgument;
  if (old != nullptr) *old = actions_[signal];
  actions_[signal] = action;
  actions_[signal].mask &= ~kCannotBeCaught;
  // POSIX: setting a pending signal to be ignored discards it, blocked or not.
  if (Ignores(signal)) pending_ &= ~SignalBit(signal);
  return {};
}

Result<SignalAction> Process::Action(int signal) const {
  if (!InRange(signal)) return Cause::kInvalidArgument;
  return actions_[signal];
}

void Process::SetBlocked(SignalSet mask) {
  blocked_ = mask & ~kCannotBeCaught;
  if (HasDeliverable()) InterruptOne();
}

void Process::InterruptOne() {
  for (Task* task : tasks_) {
    if (host_->scheduler().Interrupt(task)) return;
  }
}

bool Process::TakeSignal(TakenSignal* taken) {
  while (HasDeliverable()) {
    const int signal = __builtin_ctzll(pending_ & ~blocked_) + 1;
    pending_ &= ~SignalBit(signal);
    if (Ignores(signal)) continue;
    if (EndsProcess(signal)) {
      KillBySignal(signal);
      return false;
    }
    SignalAction& action = actions_[signal];
    taken->signal = signal;
    taken->action = action;
    taken->old_mask = blocked_;
    blocked_ |= action.mask | (action.no_defer ? 0 : SignalBit(signal));
    if (action.reset_hand) action = SignalAction{};
    return true;
  }
  return false;
}

// --- Timers ---

IntervalTimer Process::SetTimer(const IntervalTimer& timer) {
  const IntervalTimer old = GetTimer();
  timer_interval_ = timer.interval;
  EventQueue& events = host_->scheduler().events();
  if (timer.remaining == Duration::Zero()) {
    events.Cancel(&timer_);
  } else {
    events.ScheduleAfter(&timer_, timer.remaining);
  }
  return old;
}

IntervalTimer Process::GetTimer() const {
  IntervalTimer timer;
  if (!timer_.is_pending()) return timer;
  timer.interval = timer_interval_;
  // A timer that is due but has not fired is still armed.
  const Duration left = timer_.time() - host_->net().now();
  timer.remaining = std::max(left, Duration::Micros(1));
  return timer;
}

void Process::OnTimer() {
  if (timer_interval_ > Duration::Zero()) {
    host_->scheduler().events().ScheduleAfter(&timer_, timer_interval_);
  }
  (void)Raise(SIGALRM).ok();
}

}  // namespace drywire
