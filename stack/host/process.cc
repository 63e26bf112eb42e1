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
      fds_(&host->open_files(), &nofile_.soft, &identity_.effective()),
      group_(pid) {
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
  options.forget_when_done = forked_;
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
  // Whoever is forgotten is not asked for by its tasks.
  if (process->forked_) task->set_owner(nullptr);
  if (!tasks.empty()) return;
  process->End(ProcessState::kExited, 0);
  process->ForgetIfGone();
}

void Process::Exit(int status) { EndAndKill(ProcessState::kExited, status); }

void Process::KillBySignal(int signal) { EndAndKill(ProcessState::kKilled, signal); }

void Process::End(ProcessState state, int code) {
  if (state_ != ProcessState::kRunning) return;
  state_ = state;
  exit_code_ = code;
  host_->scheduler().events().Cancel(&timer_);
  fds_.CloseAll();
  fs_.root = fs_.directory = NodeRef();
  if (UnixDomain* const domain = host_->known_unix_domain()) domain->CollectGarbage();
  exit_waiters_.NotifyAll();
  LeaveFamily();
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
  if (above(limit.hard, nofile_.hard) && !credentials().Has(Capability::kSysResource)) {
    return Cause::kNoPermission;
  }
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
  SignalInfo info;
  info.signal = signal;
  info.code = SI_KERNEL;
  return Raise(info);
}

Result<> Process::Raise(const SignalInfo& info) {
  const int signal = info.signal;
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
  // Of a standard signal the first is kept.
  if (!In(pending_, signal) || signal >= kFirstRealTimeSignal) queue_.push_back(info);
  pending_ |= SignalBit(signal);
  signal_arrivals_.NotifyAll();
  if (!is_blocked) InterruptOne();
  return {};
}

SignalInfo Process::Dequeue(int signal) {
  const auto is_it = [signal](const SignalInfo& info) { return info.signal == signal; };
  const auto first = std::find_if(queue_.begin(), queue_.end(), is_it);
  const SignalInfo info = *first;
  const auto next = queue_.erase(first);
  if (std::none_of(next, queue_.end(), is_it)) pending_ &= ~SignalBit(signal);
  return info;
}

void Process::DiscardPending(int signal) {
  while (In(pending_, signal)) (void)Dequeue(signal);
}

std::optional<SignalInfo> Process::TakePending(SignalSet set) {
  const SignalSet found = pending_ & set;
  if (found == 0) return std::nullopt;
  return Dequeue(__builtin_ctzll(found) + 1);
}

Result<> Process::SetAction(int signal, const SignalAction& action, SignalAction* old) {
  if (!InRange(signal) || In(kCannotBeCaught, signal)) return Cause::kInvalidArgument;
  if (old != nullptr) *old = actions_[signal];
  actions_[signal] = action;
  actions_[signal].mask &= ~kCannotBeCaught;
  // POSIX: setting a pending signal to be ignored discards it, blocked or not.
  if (Ignores(signal)) DiscardPending(signal);
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
    const SignalInfo info = Dequeue(signal);
    if (Ignores(signal)) continue;
    if (EndsProcess(signal)) {
      KillBySignal(signal);
      return false;
    }
    SignalAction& action = actions_[signal];
    taken->signal = signal;
    taken->info = info;
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
