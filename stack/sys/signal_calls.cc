// Signals.
#include <signal.h>
#include <unistd.h>

#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

CallOutcome Kill(SysContext& context, pid_t pid, int signal) {
  if (pid < -1) return Cause::kNoSuchProcess;
  if (pid == -1) return NotModelled(context, "kill() of every process");
  // A process is alone in its group.
  Process* const target = pid == 0 ? &context.process : context.host().FindProcess(pid);
  if (target == nullptr) return Cause::kNoSuchProcess;
  if (signal < 0 || signal > kSignalCount) return Cause::kInvalidArgument;
  // kill(2): one of the sender's ids is one that the target was started with.
  const ProcessIds self = context.process.identity().users();
  const ProcessIds other = target->identity().users();
  const bool related = self.effective == other.saved || self.effective == other.real ||
                       self.real == other.saved || self.real == other.real;
  if (!related && !context.process.credentials().privileged()) return Cause::kNoPermission;
  DRYWIRE_RETURN_IF_FAILED(target->Raise(signal));
  return 0;
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
