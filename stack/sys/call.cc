#include "stack/sys/call.h"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/core/coverage_mark.h"
#include "sim/core/trace.h"
#include "stack/personality/errno_rules.h"
#include "stack/sys/siginfo.h"

namespace drywire {
namespace {

void RunHandler(const TakenSignal& taken) {
  const int saved_errno = errno;
  if (taken.action.info_handler != nullptr) {
    siginfo_t info = ToSiginfo(taken.info);
    taken.action.info_handler(taken.signal, &info, nullptr);
  } else {
    taken.action.handler(taken.signal);
  }
  errno = saved_errno;
}

#ifdef DRYWIRE_COVERAGE_MARKS
std::string CauseMark(Cause cause) { return absl::StrCat("cause ", CauseName(cause)); }
[[maybe_unused]] const bool announced = [] {
  for (int i = 1; i < kCauseCount; ++i) AnnounceCoverageMark(CauseMark(static_cast<Cause>(i)));
  return true;
}();
#endif

enum class Delivered { kNothing, kRestart, kNoRestart };

uintptr_t CurrentFrame() { return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)); }

// Finishes handlers of this task that were left by siglongjmp: their frames lie below the caller's.
// The C library restores the real mask then, which is not the process's.
void FinishAbandonedHandlers(SysContext& context) {
  std::vector<SysEnvironment::RunningHandler>& handlers = context.environment.handlers;
  const uintptr_t frame = CurrentFrame();
  for (size_t i = handlers.size(); i-- > 0;) {
    if (handlers[i].task != &context.task) continue;
    if (handlers[i].frame > frame) break;
    context.process.SetBlocked(handlers[i].old_mask);
    handlers.erase(handlers.begin() + static_cast<ptrdiff_t>(i));
  }
}

// Marks a handler as running. Its destructor does not run when the handler is left by siglongjmp.
class HandlerMark {
 public:
  HandlerMark(SysContext& context, const TakenSignal& taken) : context_(context) {
    context.environment.handlers.push_back({&context.task, CurrentFrame(), taken.old_mask});
  }
  HandlerMark(const HandlerMark&) = delete;
  HandlerMark& operator=(const HandlerMark&) = delete;
  ~HandlerMark() {
    std::vector<SysEnvironment::RunningHandler>& handlers = context_.environment.handlers;
    for (size_t i = handlers.size(); i-- > 0;) {
      if (handlers[i].task != &context_.task) continue;
      handlers.erase(handlers.begin() + static_cast<ptrdiff_t>(i));
      return;
    }
  }

 private:
  SysContext& context_;
};

// Runs the handlers of all signals that are due. The first one decides about a restart.
Delivered DeliverSignals(SysContext& context) {
  Delivered delivered = Delivered::kNothing;
  TakenSignal taken;
  while (context.process.HasDeliverable() && context.process.TakeSignal(&taken)) {
    if (delivered == Delivered::kNothing) {
      delivered = taken.action.restart ? Delivered::kRestart : Delivered::kNoRestart;
    }
    if (Trace* trace = context.scheduler().trace(); trace != nullptr) {
      trace->Record(context.now(), context.host().id(), TraceKind::kSignal, context.task.id(),
                    taken.signal, trace->InternLiteral("handler"));
    }
    {
      const HandlerMark mark(context, taken);
      RunHandler(taken);
    }
    context.process.FinishSignal(taken);
  }
  return delivered;
}

void TraceExit(const SysContext& context, const CallInfo& info, const SysResult& result) {
  Trace* const trace = context.scheduler().trace();
  if (trace == nullptr) return;
  trace->Record(context.now(), context.host().id(), TraceKind::kSyscallExit, context.task.id(),
                trace->InternLiteral(info.name), result.value, result.error);
}

}  // namespace

namespace call_internal {

void Enter(SysContext& context, const CallInfo& info) {
  Scheduler& scheduler = context.scheduler();
  if (!context.environment.handlers.empty()) FinishAbandonedHandlers(context);
  scheduler.RunDueEvents();
  if (Trace* trace = scheduler.trace(); trace != nullptr) {
    trace->Record(context.now(), context.host().id(), TraceKind::kSyscallEnter, context.task.id(),
                  trace->InternLiteral(info.name), info.fd, info.a, info.b);
  }
  // Waits hand the mark to whoever runs meanwhile.
  context.environment.in_kernel = &context.task;
  if (info.mask.has_value()) context.process.SetBlocked(*info.mask);
}

Departure Leave(SysContext& context, const CallInfo& info, const CallOutcome& outcome,
                SignalSet old_mask) {
  const bool interrupted = !outcome.ok() && (outcome.cause() == Cause::kInterrupted ||
                                             outcome.cause() == Cause::kInterruptedRestartable);
  if (info.mask.has_value() && !interrupted) context.process.SetBlocked(old_mask);
  Delivered delivered = Delivered::kNothing;
  if (!context.task.killed()) delivered = DeliverSignals(context);
  if (info.mask.has_value() && interrupted) context.process.SetBlocked(old_mask);

  // A call that moved something got on; a million of those at one instant are no livelock.
  if (!outcome.ok() || *outcome == 0) context.scheduler().CountCall();
  Departure departure;
  if (interrupted && outcome.cause() == Cause::kInterruptedRestartable &&
      delivered != Delivered::kNoRestart && !context.task.killed()) {
    departure.again = true;
    return departure;
  }
  departure.result = outcome.ok()
                         ? SysResult{*outcome, 0}
                         : SysResult::Fail(TellErrno(context, info.operation, outcome.cause()));
  TraceExit(context, info, departure.result);
  return departure;
}

}  // namespace call_internal

int TellErrno(SysContext& context, Operation operation, Cause cause) {
  if (cause != Cause::kNone) DRYWIRE_COVERAGE_MARK(CauseMark(cause));
  return context.host().errnos().Errno(operation, cause);
}

Cause NotModelled(const SysContext& context, const char* what) {
  std::fprintf(stderr, "drywire: %s, process %d '%s': %s is not modelled\n",
               context.host().name().c_str(), context.process.pid(), context.process.name().c_str(),
               what);
  return Cause::kNotSupported;
}

}  // namespace drywire
