// A process: identity, directories, descriptors, limits, signals, the tasks that run it, and its
// place among parents and children.
//
// A child is made by Fork(), without tasks: two copies of one stack cannot be in one address space,
// so what the child runs is given (see docs/architecture.md). A process that has ended and has a
// parent stays as a zombie until the parent has asked for it; children of one that ends are the
// host's init's, which is no process here but has the number 1, and asks at once.
//
// Signals are delivered to a process; the task that takes one runs the handler on its own fiber, at
// the boundary of a simulated call (stack/sys calls TakeSignal there), which is also where a wait
// is interrupted. Signal masks are the process's: threads of one process share one here.
//
// Left out: job control (SIGSTOP and its family are refused), controlling terminals, alternative
// signal stacks, core dumps, limits but RLIMIT_NOFILE.
// Source: signal(7), sigaction(2), setitimer(2), getrlimit(2), kill(2), fork(2), wait(2),
// setpgid(2), as observed on Linux 6.18; FreeBSD's kern_fork.c, kern_exit.c, kern_sig.c.
#ifndef DRYWIRE_STACK_HOST_PROCESS_H_
#define DRYWIRE_STACK_HOST_PROCESS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/event_queue.h"
#include "sim/core/intrusive_list.h"
#include "sim/core/rng.h"
#include "sim/core/scheduler.h"
#include "sim/core/wait_list.h"
#include "stack/base/credentials.h"
#include "stack/host/fd_table.h"
#include "stack/host/identity.h"
#include "stack/personality/cause.h"
#include "stack/socket/caller.h"
#include "stack/vfs/vfs.h"

namespace drywire {

class Host;

inline constexpr int kSignalCount = 64;  // 1 to 64, Linux's numbers

// Signals as bits: signal n is bit n - 1.
using SignalSet = uint64_t;
constexpr SignalSet SignalBit(int signal) { return SignalSet{1} << (signal - 1); }

enum class SignalDisposition : uint8_t { kDefault, kIgnore, kHandler };

inline constexpr int kFirstRealTimeSignal = 32;  // from there on signals queue

// What a signal tells of where it is from: siginfo_t. Codes are the machine's SI_* and CLD_*.
struct SignalInfo {
  int signal = 0;
  int code = 0;
  int pid = 0;
  uint32_t uid = 0;
  int status = 0;      // of a child
  uint64_t value = 0;  // of sigqueue(3)
};

// sigaction(2). The handler is whatever the door above calls: for the library door, the program's
// own function.
struct SignalAction {
  SignalDisposition disposition = SignalDisposition::kDefault;
  void (*handler)(int signal) = nullptr;
  // SA_SIGINFO's form, called with a null context, when set.
  void (*info_handler)(int signal, void* info, void* context) = nullptr;
  SignalSet mask = 0;       // blocked while the handler runs
  bool restart = false;     // SA_RESTART
  bool no_defer = false;    // SA_NODEFER
  bool reset_hand = false;  // SA_RESETHAND
  bool no_zombies = false;  // SA_NOCLDWAIT
};

// A signal that a task must act on now.
struct TakenSignal {
  int signal = 0;
  SignalInfo info;
  SignalAction action;  // as it was when taken; disposition is kHandler
  SignalSet old_mask = 0;
};

struct Limit {
  int64_t soft = 0;
  int64_t hard = 0;
};
inline constexpr int64_t kLimitInfinity = -1;  // RLIM_INFINITY

// An interval timer: ITIMER_REAL (and alarm).
struct IntervalTimer {
  Duration interval;
  Duration remaining;  // zero: disarmed
};

// Where a process's paths begin, and what its new files lack.
struct FsState {
  NodeRef root;
  NodeRef directory;  // the working directory
  uint32_t umask = 022;
  // chdir() was called, so that relative paths are the simulated host's for :interpose too.
  bool directory_chosen = false;
};

enum class ProcessState : uint8_t { kRunning, kExited, kKilled };

// Whom wait() and its relatives ask for.
struct ChildFilter {
  enum class Kind : uint8_t { kAny, kPid, kGroup };
  Kind kind = Kind::kAny;
  int id = 0;
};

class Process final : public ListHook<>, public Caller {
 public:
  Process(Host* host, int pid, std::string name, const Credentials& credentials);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() override;

  Host& host() const { return *host_; }
  int pid() const { return pid_; }
  const std::string& name() const { return name_; }
  // Who it acts as: its effective ids.
  const Credentials& credentials() const override { return identity_.effective(); }
  // Makes it another's from now on, real and saved ids included.
  void set_credentials(const Credentials& credentials) { identity_.Reset(credentials); }
  Identity& identity() { return identity_; }
  const Identity& identity() const { return identity_; }
  FsState& fs() { return fs_; }
  // For path calls that begin now.
  PathContext path_context() const override;
  // What sockets ask their caller.
  CallerIds ids() const override;
  bool KnowsProcess(int32_t pid) const override;
  int64_t descriptor_limit() const override { return nofile_.soft; }
  File* FileOf(int fd) const override { return fds_.Get(fd); }
  Result<int> TakeFile(const FileRef& file, bool close_on_exec) override {
    return fds_.Adopt(file, close_on_exec);
  }
  FdTable& fds() { return fds_; }
  // What getrandom() gives: a stream of this process's own.
  Rng& random();

  // --- Tasks ---

  // Starts a task of this process. The process exits when its last task ends.
  Task* Spawn(std::string name, std::function<void()> entry);
  // The running task's process; null outside of any process.
  static Process* Of(const Task* task) {
    return task == nullptr ? nullptr : static_cast<Process*>(task->owner());
  }
  const std::vector<Task*>& tasks() const { return tasks_; }
  ProcessState state() const { return state_; }
  // exit() status, or the signal that killed it.
  int exit_code() const { return exit_code_; }
  WaitList& exit_waiters() { return exit_waiters_; }
  // Ends the process: descriptors are closed as close() without waiting does, then its tasks are
  // killed. Called from one of its own tasks it does not return.
  void Exit(int status);
  // The same by a signal.
  void KillBySignal(int signal);

  // --- Family (process_family.cc) ---

  // A copy of this process but for its tasks, pending signals and timers, with the next pid, which
  // is this one's child. fork(2) says what is copied.
  Process& Fork();
  // Takes back this process, which has been forked and has never run, without telling anybody.
  void Vanish();
  // Somebody acts for this process, which has been forked and has no task yet: whatever becomes of
  // it, it can neither be waited for nor forgotten until it is let go, or vanishes.
  void Hold() { held_ = true; }
  void LetGo();
  // What execve(2) changes before the new program begins: descriptors that are to be closed, caught
  // signals, other tasks, the name; the saved ids become the effective ones, which the owner or the
  // group of a set-id program may replace.
  struct Image {
    std::string name;
    std::optional<uint32_t> set_uid;
    std::optional<uint32_t> set_gid;
    std::vector<std::string> environment;
  };
  void BecomeProgram(Image image);
  // "NAME=value": what the program was given.
  const std::vector<std::string>& environment() const { return environment_; }
  void set_environment(std::vector<std::string> environment) {
    environment_ = std::move(environment);
  }

  // 0 for a process that the world started, 1 for an orphan.
  int parent_pid() const { return parent_ != nullptr ? parent_->pid_ : orphan_ ? 1 : 0; }
  // A child that has ended and fits, the oldest first; null when none has ended yet. kNoChild: none
  // that could.
  Result<Process*> FindZombie(const ChildFilter& filter) const;
  // Forgets a child that has ended; it is no more.
  void Reap(Process& child);
  // Notified when a child has ended.
  WaitList& child_waiters() { return child_waiters_; }
  // Ended, and its parent has not asked for it.
  bool is_zombie() const { return state_ != ProcessState::kRunning && parent_ != nullptr; }

  int group() const { return group_; }
  int session() const { return session_; }
  // setpgid(2) by this process: kNoSuchProcess, kNoPermission, kChildHasExecuted,
  // kInvalidArgument. 0 stands for this process and for the process's own number.
  Result<> SetGroup(int pid, int group);
  // setsid(2): kNoPermission for the leader of a group.
  Result<int> SetSession();

  // --- Limits ---

  Limit nofile() const { return nofile_; }
  // kInvalidArgument: soft above hard; kNoPermission: raising hard without privilege.
  Result<> SetNofile(const Limit& limit);

  // --- Signals ---

  // Sends `signal` to this process: 0 checks only. kInvalidArgument for a number out of range,
  // kNotSupported for SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU and SIGCONT. May end the process.
  Result<> Raise(int signal);
  Result<> Raise(const SignalInfo& info);
  // kInvalidArgument: number out of range, SIGKILL, SIGSTOP.
  Result<> SetAction(int signal, const SignalAction& action, SignalAction* old);
  Result<SignalAction> Action(int signal) const;
  SignalSet blocked() const { return blocked_; }
  // SIGKILL and SIGSTOP cannot be blocked and are taken out of `mask`.
  void SetBlocked(SignalSet mask);
  SignalSet pending() const { return pending_; }
  // Whether TakeSignal would return one.
  bool HasDeliverable() const { return (pending_ & ~blocked_) != 0; }
  // Takes a pending signal of `set` away, blocked or not, lowest number first: signalfd(2),
  // sigwaitinfo(2).
  std::optional<SignalInfo> TakePending(SignalSet set);
  // Notified when a signal becomes pending.
  WaitList& signal_arrivals() { return signal_arrivals_; }

  // The next signal whose handler must run, lowest number first; false when there is none. Blocks
  // what the action asks for; the caller runs the handler and then calls FinishSignal. A signal
  // whose default is to end the process does so here and this does not return.
  bool TakeSignal(TakenSignal* taken);
  void FinishSignal(const TakenSignal& taken) { SetBlocked(taken.old_mask); }

  // --- Timers ---

  // ITIMER_REAL; raises SIGALRM. Returns the old setting.
  IntervalTimer SetTimer(const IntervalTimer& timer);
  IntervalTimer GetTimer() const;

 private:
  friend class Host;
  static void OnTaskExit(Task* task);
  void OnTimer();
  // Interrupts a task of the process that is in an interruptible wait.
  void InterruptOne();
  // Closes everything; the tasks go on.
  void End(ProcessState state, int code);
  void EndAndKill(ProcessState state, int code);
  bool EndsProcess(int signal) const;
  bool Ignores(int signal) const;
  // The first of this number in the queue, which leaves it.
  SignalInfo Dequeue(int signal);
  void DiscardPending(int signal);
  // --- process_family.cc
  // After the end: orphans go to init, and the parent is told.
  void LeaveFamily();
  void TellParent();
  bool IgnoresChildren() const;
  // May delete the process.
  void ForgetIfGone();

  Host* host_;
  int pid_;
  std::string name_;
  Identity identity_;
  FsState fs_;
  Limit nofile_;
  FdTable fds_;
  std::optional<Rng> random_;  // once it was asked for
  std::vector<Task*> tasks_;   // in order of creation
  WaitList exit_waiters_;
  Process* parent_ = nullptr;
  std::vector<Process*> children_;  // in order of creation; zombies too
  WaitList child_waiters_;
  int group_;
  int session_ = 1;  // as a job of a shell: init's session, and a group of its own
  bool orphan_ = false;
  bool forked_ = false;  // by a process: it can be forgotten
  bool held_ = false;
  bool has_executed_ = false;  // since it was forked
  std::vector<std::string> environment_;
  ProcessState state_ = ProcessState::kRunning;
  int exit_code_ = 0;
  std::array<SignalAction, kSignalCount + 1> actions_;
  SignalSet blocked_ = 0;
  SignalSet pending_ = 0;
  std::vector<SignalInfo> queue_;  // what is pending, in order of arrival
  WaitList signal_arrivals_;
  Event timer_;
  Duration timer_interval_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_HOST_PROCESS_H_
