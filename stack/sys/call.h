// The frame of a system call: what happens at its entry and at its exit, whatever it does.
//
// At entry the events that are due at this instant run first, as a real kernel's softirqs have run
// by the time a program makes its next call: what was sent to a socket on the same host has
// arrived. At exit pending signals are delivered: their handlers run on the caller's fiber, with
// nothing of the call left on the stack, so that a handler may leave by siglongjmp. A call that a
// signal interrupted is begun again when it may be restarted and the handler has SA_RESTART;
// otherwise it is EINTR. Every call leaves a trace record at entry, another one each
// time that it begins again, and one at exit. Pointers never enter the trace. A task that is killed
// inside a call leaves it completely before any of the program's frames is touched, as those may
// not be willing to be unwound (see sim/core/fiber.h). Source: signal(7), sigaction(2); FreeBSD's
// sigaction(2).
#ifndef DRYWIRE_STACK_SYS_CALL_H_
#define DRYWIRE_STACK_SYS_CALL_H_

#include <cstdint>
#include <optional>

#include "sim/core/fiber.h"
#include "stack/personality/cause.h"
#include "stack/personality/operation.h"
#include "stack/sys/sys_environment.h"

namespace drywire {

// What a system call returns: a value of at least 0, or an errno of the calling program's machine.
struct SysResult {
  int64_t value = 0;
  int error = 0;

  bool ok() const { return error == 0; }
  static SysResult Fail(int error) { return {-1, error}; }
};

struct CallInfo {
  const char* name;  // a literal, for the trace and for reports
  Operation operation;
  // Numbers for the trace: -1 for no descriptor; sizes, flags, counts.
  int fd = -1;
  uint64_t a = 0;
  uint64_t b = 0;
  // The signal mask while the call runs (ppoll and its family).
  std::optional<SignalSet> mask;
};

// What the body of a call returns. kInterruptedRestartable asks for a restart where the handler has
// SA_RESTART, kInterrupted never restarts.
using CallOutcome = Result<int64_t>;

namespace call_internal {

// Marks the task as being inside a call for as long as it lives.
class InKernel {
 public:
  explicit InKernel(SysContext& context) : environment_(context.environment) {
    environment_.in_kernel = &context.task;
  }
  InKernel(const InKernel&) = delete;
  InKernel& operator=(const InKernel&) = delete;
  ~InKernel() { environment_.in_kernel = nullptr; }

 private:
  SysEnvironment& environment_;
};

void Enter(SysContext& context, const CallInfo& info);
struct Departure {
  bool again = false;
  SysResult result;
};
Departure Leave(SysContext& context, const CallInfo& info, const CallOutcome& outcome,
                SignalSet old_mask);

}  // namespace call_internal

// Runs `body`, a callable that returns a CallOutcome, as a system call.
template <typename Body>
SysResult RunCall(SysContext& context, const CallInfo& info, Body body) try {
  for (;;) {
    const SignalSet old_mask = context.process.blocked();
    CallOutcome outcome = Cause::kInterrupted;
    {
      call_internal::InKernel in_kernel(context);
      call_internal::Enter(context, info);
      outcome = body();
    }
    const call_internal::Departure departure =
        call_internal::Leave(context, info, outcome, old_mask);
    if (!departure.again) return departure.result;
  }
} catch (const FiberUnwind&) {
  // The search for a handler ends here at first, so that the frames up to here are unwound whatever
  // the caller is.
  throw;
}

// The errno by which a call of that kind tells `cause`; 0 for kNone.
int TellErrno(SysContext& context, Operation operation, Cause cause);

// Says on standard error, once for each text, that a program asked for something that is not
// modelled. The call then fails with the cause returned: kNotSupported.
Cause NotModelled(const SysContext& context, const char* what);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_CALL_H_
