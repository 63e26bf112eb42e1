// A process: identity, directories, descriptors, limits, signals, and the tasks that run it.
//
// Signals are delivered to a process; the task that takes one runs the handler on its own fiber, at
// the boundary of a simulated call (stack/sys calls TakeSignal there), which is also where a wait
// is interrupted. Signal masks are the process's: threads of one process share one here.
//
// Left out: fork and exec, process groups, job control (SIGSTOP and its family are refused),
// queued real-time signals and siginfo contents, alternative signal stacks, core dumps.
// Source: signal(7), sigaction(2), setitimer(2), getrlimit(2), kill(2).
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

// sigaction(2). The handler is whatever the door above calls: for the library door, the program's
// own function.
struct SignalAction {
  SignalDisposition disposition = SignalDisposition::kDefault;
  void (*handler)(int signal) = nullptr;
  // SA_SIGINFO's form, called with a null siginfo and context when set.
  void (*info_handler)(int signal, void* info, void* context) = nullptr;
  SignalSet mask = 0;       // blocked while the handler runs
  bool restart = false;     // SA_RESTART
  bool no_defer = false;    // SA_NODEFER
  bool reset_hand = false;  // SA_RESETHAND
};

// A signal that a task must act on now.
struct TakenSignal {
  int signal = 0;
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

  // --- Limits ---

  Limit nofile() const { return nofile_; }
  // kInvalidArgument: soft above hard; kNoPermission: raising hard without privilege.
  Result<> SetNofile(const Limit& limit);

  // --- Signals ---

  // Sends `signal` to this process: 0 checks only. kInvalidArgument for a number out of range,
  // kNotSupported for SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU and SIGCONT. May end the process.
  Result<> Raise(int signal);
  // kInvalidArgument: number out of range, SIGKILL, SIGSTOP.
  Result<> SetAction(int signal, const SignalAction& action, SignalAction* old);
  Result<SignalAction> Action(int signal) const;
  SignalSet blocked() const { return blocked_; }
  // SIGKILL and SIGSTOP cannot be blocked and are taken out of `mask`.
  void SetBlocked(SignalSet mask);
  SignalSet pending() const { return pending_; }
  // Whether TakeSignal would return one.
  bool HasDeliverable() const { return (pending_ & ~blocked_) != 0; }

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
  ProcessState state_ = ProcessState::kRunning;
  int exit_code_ = 0;
  std::array<SignalAction, kSignalCount + 1> actions_;
  SignalSet blocked_ = 0;
  SignalSet pending_ = 0;
  Event timer_;
  Duration timer_interval_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_HOST_PROCESS_H_
