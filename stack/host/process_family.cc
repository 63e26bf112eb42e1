// Parents and children, groups and sessions.
#include <signal.h>

#include <algorithm>
#include <utility>

#include "sim/core/check.h"
#include "stack/host/host.h"
#include "stack/host/process.h"

namespace drywire {

Process& Process::Fork() {
  Process& child = host_->CreateProcess(name_, credentials());
  child.identity_ = identity_;
  child.fs_ = fs_;
  child.nofile_ = nofile_;
  child.fds_.CopyFrom(fds_);
  child.actions_ = actions_;
  child.blocked_ = blocked_;
  child.group_ = group_;
  child.session_ = session_;
  child.environment_ = environment_;
  child.forked_ = true;
  child.parent_ = this;
  children_.push_back(&child);
  return child;
}

void Process::Vanish() {
  DRYWIRE_CHECK(tasks_.empty() && forked_) << name_;
  if (parent_ != nullptr) {
    std::vector<Process*>& siblings = parent_->children_;
    siblings.erase(std::find(siblings.begin(), siblings.end(), this));
    parent_ = nullptr;
  }
  held_ = false;
  End(ProcessState::kExited, 0);
  ForgetIfGone();
}

void Process::LetGo() {
  held_ = false;
  if (state_ == ProcessState::kRunning) return;
  if (parent_ != nullptr) parent_->child_waiters_.NotifyAll();
  ForgetIfGone();
}

void Process::BecomeProgram(Image image) {
  name_ = std::move(image.name);
  environment_ = std::move(image.environment);
  has_executed_ = true;
  identity_.Execute(image.set_uid, image.set_gid);
  fds_.CloseForExec();
  for (SignalAction& action : actions_) {
    if (action.disposition == SignalDisposition::kHandler) action = SignalAction{};
  }
  // Other tasks end. While their stacks are unwound they are nobody's who owns anything.
  Scheduler& scheduler = host_->scheduler();
  Task* const current = scheduler.current();
  if (tasks_.size() <= 1 || current == nullptr || current->owner() != this) return;
  Process& grave = host_->CreateGrave(pid_, name_);
  for (Task* task : std::exchange(tasks_, {current})) {
    if (task == current) continue;
    task->set_owner(&grave);
    grave.tasks_.push_back(task);
  }
  const std::vector<Task*> ending = grave.tasks_;
  for (Task* task : ending) scheduler.Kill(task);
}

void Process::LeaveFamily() {
  // Init asks for its children at once.
  for (Process* child : std::exchange(children_, {})) {
    child->parent_ = nullptr;
    child->orphan_ = true;
    child->ForgetIfGone();
  }
  TellParent();
}

bool Process::IgnoresChildren() const {
  const SignalAction& action = actions_[SIGCHLD];
  return action.disposition == SignalDisposition::kIgnore || action.no_zombies;
}

void Process::TellParent() {
  if (parent_ == nullptr) return;
  Process& parent = *parent_;
  SignalInfo info;
  info.signal = SIGCHLD;
  info.code = state_ == ProcessState::kExited ? CLD_EXITED : CLD_KILLED;
  info.pid = pid_;
  info.uid = identity_.users().real;
  info.status = state_ == ProcessState::kExited ? exit_code_ & 0xff : exit_code_;
  // A parent that does not care has no zombies.
  if (parent.IgnoresChildren()) {
    std::vector<Process*>& children = parent.children_;
    children.erase(std::find(children.begin(), children.end(), this));
    parent_ = nullptr;
    orphan_ = true;
  }
  (void)parent.Raise(info).ok();
  parent.child_waiters_.NotifyAll();
}

void Process::ForgetIfGone() {
  const bool ended = state_ != ProcessState::kRunning && tasks_.empty() && !held_;
  if (forked_ && parent_ == nullptr && ended) {
    host_->Forget(*this);
  }
}

Result<Process*> Process::FindZombie(const ChildFilter& filter) const {
  bool some = false;
  for (Process* child : children_) {
    const bool fits = filter.kind == ChildFilter::Kind::kAny ||
                      (filter.kind == ChildFilter::Kind::kPid ? child->pid_ == filter.id
                                                              : child->group_ == filter.id);
    if (!fits) continue;
    if (child->state_ != ProcessState::kRunning && !child->held_) return child;
    some = true;
  }
  if (!some) return Cause::kNoChild;
  return nullptr;
}

void Process::Reap(Process& child) {
  children_.erase(std::find(children_.begin(), children_.end(), &child));
  child.parent_ = nullptr;
  child.orphan_ = true;
  child.ForgetIfGone();
}

Result<> Process::SetGroup(int pid, int group) {
  if (group < 0) return Cause::kInvalidArgument;
  Process* process = this;
  if (pid != 0 && pid != pid_) {
    const auto is_it = [pid](const Process* child) { return child->pid_ == pid; };
    const auto found = std::find_if(children_.begin(), children_.end(), is_it);
    if (found == children_.end()) return Cause::kNoSuchProcess;
    process = *found;
    if (process->session_ != session_) return Cause::kNoPermission;
    if (process->has_executed_) return Cause::kChildHasExecuted;
  }
  // The leader of a session stays where it is.
  if (process->session_ == process->pid_) return Cause::kNoPermission;
  if (group == 0) group = process->pid_;
  if (group != process->pid_ && !host_->HasGroup(group, session_)) return Cause::kNoPermission;
  process->group_ = group;
  return {};
}

Result<int> Process::SetSession() {
  if (group_ == pid_ || host_->HasGroup(pid_, /*session=*/0)) return Cause::kNoPermission;
  session_ = group_ = pid_;
  return pid_;
}

}  // namespace drywire
