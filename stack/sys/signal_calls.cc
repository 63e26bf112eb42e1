// Signals.
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <limits>
#include <optional>
#include <vector>

#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/siginfo.h"
#include "stack/sys/signal_file.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

// One of the processes that kill() is about; none is kNoSuchProcess.
Result<> SendTo(SysContext& context, Process* target, const SignalInfo& info) {
  if (target == nullptr) return Cause::kNoSuchProcess;
  if (info.signal < 0 || info.signal > kSignalCount) return Cause::kInvalidArgument;
  // kill(2): one of the sender's ids is one that the target was started with.
  const ProcessIds self = context.process.identity().users();
  const ProcessIds other = target->identity().users();
  const bool related = self.effective == other.saved || self.effective == other.real ||
                       self.real == other.saved || self.real == other.real;
  if (!related && target != &context.process &&
      !context.process.credentials().Has(Capability::kKill)) {
    return Cause::kNoPermission;
  }
  return target->Raise(info);
}

// Of every process, but for the caller and init, or of a group. Succeeds if one of them got it.
CallOutcome SendToMany(SysContext& context, bool all, int group, const SignalInfo& info) {
  std::vector<int> pids;
  bool self = false;
  for (Process& process : context.host().processes()) {
    const bool is_there = process.state() == ProcessState::kRunning || process.is_zombie();
    if (!is_there || (!all && process.group() != group)) continue;
    if (&process == &context.process) {
      self = !all;
    } else {
      pids.push_back(process.pid());
    }
  }
  // The caller last: it may not come back.
  if (self) pids.push_back(context.process.pid());
  Result<> last = Cause::kNoSuchProcess;
  bool sent = false;
  for (const int pid : pids) {
    const Result<> result = SendTo(context, context.host().FindProcessOrZombie(pid), info);
    sent = sent || result.ok();
    // Whom one may not signal is no error when it is about everybody.
    if (result.ok() || !all || result.cause() != Cause::kNoPermission) last = result;
  }
  if (!sent && !last.ok() && !(all && !pids.empty() && last.cause() == Cause::kNoSuchProcess)) {
    return last.cause();
  }
  return 0;
}

CallOutcome Kill(SysContext& context, pid_t pid, int signal) {
  const SignalInfo info = FromCaller(context, signal, SI_USER);
  if (pid == std::numeric_limits<pid_t>::min()) return Cause::kNoSuchProcess;
  if (pid <= 0) {
    return SendToMany(context, pid == -1, pid == 0 ? context.process.group() : -pid, info);
  }
  DRYWIRE_RETURN_IF_FAILED(SendTo(context, context.host().FindProcessOrZombie(pid), info));
  return 0;
}

CallOutcome Sigtimedwait(SysContext& context, SignalSet set, siginfo_t* info, Instant deadline) {
  for (;;) {
    if (const std::optional<SignalInfo> taken = context.process.TakePending(set)) {
      if (info != nullptr && !WriteUser(info, ToSiginfo(*taken))) return Cause::kBadAddressPointer;
      return int64_t{taken->signal};
    }
    if (context.now() >= deadline) return Cause::kWouldBlock;
    const Scheduler::Interest interest = {&context.process.signal_arrivals(), kAnyKey};
    switch (WaitInCall(context, absl::MakeConstSpan(&interest, 1), WaitSubject{"sigtimedwait"},
                       deadline)) {
      case WaitEnd::kNotified:
      case WaitEnd::kDeadline:
        break;
      case WaitEnd::kSignal:
        // It may be one that is waited for.
        if ((context.process.pending() & set) != 0) break;
        return Cause::kInterrupted;
      case WaitEnd::kKilled:
        return Cause::kInterrupted;
    }
  }
}

CallOutcome Signalfd(SysContext& context, int fd, const sigset_t* set, int flags) {
  if (!context.profile().sys.has_signalfd) return Cause::kNoSuchCall;
  SignalSet signals = 0;
  if (!CopyFromUser(&signals, set, sizeof signals)) return Cause::kBadAddressPointer;
  if ((flags & ~(SFD_CLOEXEC | SFD_NONBLOCK)) != 0) return Cause::kInvalidArgument;
  signals &= ~(SignalBit(SIGKILL) | SignalBit(SIGSTOP));
  if (fd == -1) {
    const FileRef file(new SignalFile(&context.scheduler(), signals));
    file->set_nonblocking((flags & SFD_NONBLOCK) != 0);
    const Result<int> made = context.process.fds().Install(file, (flags & SFD_CLOEXEC) != 0);
    if (!made.ok()) return made.cause();
    return int64_t{*made};
  }
  const Result<FileRef> file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  SignalFile* const known = SignalFile::Of(file->get());
  if (known == nullptr) return Cause::kInvalidArgument;
  known->set_signals(signals);
  return int64_t{fd};
}

SignalAction FromSigaction(const struct sigaction& action) {
  SignalAction result;
  if (action.sa_handler == SIG_DFL) {
    result.disposition = SignalDisposition::kDefault;
  } else if (action.sa_handler == SIG_IGN) {
    result.disposition = SignalDisposition::kIgnore;
  } else {
    result.disposition = SignalDisposition::kHandler;
    if ((action.sa_flags & SA_SIGINFO) != 0) {
      result.info_handler = reinterpret_cast<void (*)(int, void*, void*)>(action.sa_sigaction);
    } else {
      result.handler = action.sa_handler;
    }
  }
  result.mask = ToSignalSet(action.sa_mask);
  result.no_zombies = (action.sa_flags & SA_NOCLDWAIT) != 0;
  result.restart = (action.sa_flags & SA_RESTART) != 0;
  result.no_defer = (action.sa_flags & SA_NODEFER) != 0;
  result.reset_hand = (action.sa_flags & static_cast<int>(SA_RESETHAND)) != 0;
  return result;
}

struct sigaction ToSigaction(const SignalAction& action) {
  struct sigaction result = {};
  if (action.disposition == SignalDisposition::kIgnore) {
    result.sa_handler = SIG_IGN;
  } else if (action.disposition == SignalDisposition::kDefault) {
    result.sa_handler = SIG_DFL;
  } else if (action.info_handler != nullptr) {
    result.sa_sigaction = reinterpret_cast<void (*)(int, siginfo_t*, void*)>(action.info_handler);
    result.sa_flags |= SA_SIGINFO;
  } else {
    result.sa_handler = action.handler;
  }
  result.sa_mask = FromSignalSet(action.mask);
  if (action.no_zombies) result.sa_flags |= SA_NOCLDWAIT;
  if (action.restart) result.sa_flags |= SA_RESTART;
  if (action.no_defer) result.sa_flags |= SA_NODEFER;
  if (action.reset_hand) result.sa_flags |= static_cast<int>(SA_RESETHAND);
  return result;
}

CallOutcome Sigaction(SysContext& context, int signal, const struct sigaction* action,
                      struct sigaction* old) {
  Process& process = context.process;
  SignalAction before;
  if (action == nullptr) {
    auto present = process.Action(signal);
    if (!present.ok()) return present.cause();
    before = *present;
  } else {
    struct sigaction copy = {};
    if (!ReadUser(&copy, action)) return Cause::kBadAddressPointer;
    DRYWIRE_RETURN_IF_FAILED(process.SetAction(signal, FromSigaction(copy), &before));
  }
  if (old != nullptr && !WriteUser(old, ToSigaction(before))) return Cause::kBadAddressPointer;
  return 0;
}

CallOutcome Sigprocmask(SysContext& context, int how, const sigset_t* set, sigset_t* old) {
  const SignalSet before = context.process.blocked();
  if (set != nullptr) {
    SignalSet change = 0;
    if (!CopyFromUser(&change, set, sizeof change)) return Cause::kBadAddressPointer;
    switch (how) {
      case SIG_BLOCK:
        context.process.SetBlocked(before | change);
        break;
      case SIG_UNBLOCK:
        context.process.SetBlocked(before & ~change);
        break;
      case SIG_SETMASK:
        context.process.SetBlocked(change);
        break;
      default:
        return Cause::kInvalidArgument;
    }
  }
  if (old != nullptr && !WriteUser(old, FromSignalSet(before))) return Cause::kBadAddressPointer;
  return 0;
}

CallOutcome WaitForSignal(SysContext& context) {
  for (;;) {
    switch (SleepInCall(context, "pause", kNever)) {
      case WaitEnd::kNotified:
      case WaitEnd::kDeadline:
        break;
      case WaitEnd::kSignal:
      case WaitEnd::kKilled:
        return Cause::kInterrupted;
    }
  }
}

}  // namespace

SysResult SysKill(SysContext& context, pid_t pid, int signal) {
  return RunCall(
      context,
      {"kill", Operation::kSignal, -1, static_cast<uint64_t>(pid), static_cast<uint64_t>(signal)},
      [&] { return Kill(context, pid, signal); });
}

SysResult SysRaise(SysContext& context, int signal) {
  return RunCall(context, {"kill", Operation::kSignal, -1, 0, static_cast<uint64_t>(signal)},
                 [&]() -> CallOutcome {
                   DRYWIRE_RETURN_IF_FAILED(
                       SendTo(context, &context.process, FromCaller(context, signal, SI_TKILL)));
                   return 0;
                 });
}

SysResult SysSigqueue(SysContext& context, pid_t pid, int signal, const sigval& value) {
  return RunCall(context,
                 {"sigqueue", Operation::kSignal, -1, static_cast<uint64_t>(pid),
                  static_cast<uint64_t>(signal)},
                 [&]() -> CallOutcome {
                   SignalInfo info = FromCaller(context, signal, SI_QUEUE);
                   info.value = reinterpret_cast<uintptr_t>(value.sival_ptr);
                   Process* const target =
                       pid > 0 ? context.host().FindProcessOrZombie(pid) : nullptr;
                   DRYWIRE_RETURN_IF_FAILED(SendTo(context, target, info));
                   return 0;
                 });
}

SysResult SysSigtimedwait(SysContext& context, const sigset_t* set, siginfo_t* info,
                          const timespec* timeout) {
  SignalSet signals = 0;
  timespec time = {};
  const bool readable = CopyFromUser(&signals, set, sizeof signals) &&
                        (timeout == nullptr || ReadUser(&time, timeout));
  return RunCall(context, {"sigtimedwait", Operation::kSignal}, [&]() -> CallOutcome {
    if (!readable) return Cause::kBadAddressPointer;
    Instant deadline = kNever;
    if (timeout != nullptr) {
      const Result<Duration> duration = ToDuration(time);
      if (!duration.ok()) return duration.cause();
      deadline = context.now() + *duration;
    }
    return Sigtimedwait(context, signals, info, deadline);
  });
}

SysResult SysSignalfd(SysContext& context, int fd, const sigset_t* set, int flags) {
  return RunCall(context, {"signalfd", Operation::kSignal, fd, static_cast<uint64_t>(flags)},
                 [&] { return Signalfd(context, fd, set, flags); });
}

SysResult SysSigaction(SysContext& context, int signal, const struct sigaction* action,
                       struct sigaction* old) {
  return RunCall(context, {"sigaction", Operation::kSignal, -1, static_cast<uint64_t>(signal)},
                 [&] { return Sigaction(context, signal, action, old); });
}

SysResult SysSigprocmask(SysContext& context, int how, const sigset_t* set, sigset_t* old) {
  return RunCall(context, {"sigprocmask", Operation::kSignal, -1, static_cast<uint64_t>(how)},
                 [&] { return Sigprocmask(context, how, set, old); });
}

SysResult SysSigpending(SysContext& context, sigset_t* set) {
  return RunCall(context, {"sigpending", Operation::kSignal}, [&]() -> CallOutcome {
    const Process& process = context.process;
    const sigset_t pending = FromSignalSet(process.pending() & process.blocked());
    if (!WriteUser(set, pending)) return Cause::kBadAddressPointer;
    return 0;
  });
}

SysResult SysSigsuspend(SysContext& context, const sigset_t* mask) {
  CallInfo info = {"sigsuspend", Operation::kSignal};
  SignalSet set = 0;
  const bool mask_ok = CopyFromUser(&set, mask, sizeof set);
  if (mask_ok) info.mask = set;
  return RunCall(context, info, [&]() -> CallOutcome {
    if (!mask_ok) return Cause::kBadAddressPointer;
    return WaitForSignal(context);
  });
}

SysResult SysPause(SysContext& context) {
  return RunCall(context, {"pause", Operation::kSignal}, [&] { return WaitForSignal(context); });
}

SysResult SysSchedYield(SysContext& context) {
  return RunCall(context, {"sched_yield", Operation::kSignal}, [&]() -> CallOutcome {
    context.scheduler().CountCall();
    context.scheduler().Yield();
    context.environment.in_kernel = &context.task;
    return 0;
  });
}

}  // namespace drywire
