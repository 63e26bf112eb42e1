// Blocking, as a wrapper: the kernel below never blocks, a call that must wait tries, waits on the
// file's lists, and tries again.
//
// A wait ends by notification, by its deadline (SO_RCVTIMEO, SO_SNDTIMEO), by a signal or by the
// task's end. It does not say what happened to the file: the attempt that follows does. Source:
// socket(7), signal(7), recv(2), send(2).
#ifndef DRYWIRE_STACK_SYS_BLOCKING_H_
#define DRYWIRE_STACK_SYS_BLOCKING_H_

#include "absl/types/span.h"
#include "sim/core/scheduler.h"
#include "sim/core/time.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"
#include "stack/sys/sys_environment.h"

namespace drywire {

enum class WaitEnd {
  kNotified,
  kDeadline,
  kSignal,  // One is pending and not blocked.
  kKilled,  // The task is being unwound: no more waiting.
};

// What a call waits for, for deadlock reports.
struct WaitSubject {
  const char* label;  // a literal: "connect"
  int fd = -1;
  const File* file = nullptr;
};

// Waits, unless a signal is pending already. A deadline that has come ends the wait after one turn.
WaitEnd WaitInCall(SysContext& context, absl::Span<const Scheduler::Interest> interests,
                   const WaitSubject& subject, Instant deadline, bool exclusive = false);
// The same for a file's read or write list.
enum class Direction { kRead, kWrite };
WaitEnd WaitForFile(SysContext& context, File& file, Direction direction,
                    const WaitSubject& subject, Instant deadline, bool exclusive = false);
// Waits for the deadline alone.
WaitEnd SleepInCall(SysContext& context, const char* label, Instant deadline);

struct BlockOptions {
  Direction direction = Direction::kRead;
  bool nonblocking = false;
  Duration timeout = kInfinite;
  bool exclusive = false;
  // Whether a signal with SA_RESTART begins the call again.
  bool restarts = true;
};

// Waits until what was refused with kWouldBlock may be tried again: kTimedOutWaiting,
// kInterrupted, kInterruptedRestartable.
Result<> WaitForAttempt(SysContext& context, File& file, const WaitSubject& subject,
                        const BlockOptions& options, Instant deadline);

// Tries `attempt`, a callable that returns a Result, until it gives anything but kWouldBlock.
// kTimedOutWaiting, kInterrupted, kInterruptedRestartable; kWouldBlock when non-blocking.
template <typename Attempt>
auto Block(SysContext& context, File& file, const WaitSubject& subject, const BlockOptions& options,
           Attempt attempt) -> decltype(attempt()) {
  const Instant deadline = context.now() + options.timeout;
  bool expired = false;
  for (;;) {
    auto result = attempt();
    if (result.ok() || result.cause() != Cause::kWouldBlock || options.nonblocking) return result;
    if (expired) return Cause::kTimedOutWaiting;
    const Result<> waited = WaitForAttempt(context, file, subject, options, deadline);
    // One more attempt once the time is up.
    expired = !waited.ok() && waited.cause() == Cause::kTimedOutWaiting;
    if (!waited.ok() && !expired) return waited.cause();
  }
}

// Whether a call with this timeout may be restarted on the caller's system.
inline bool RestartsWithTimeout(const SysContext& context, Duration timeout) {
  return timeout.is_infinite() || !context.profile().sys.timeouts_prevent_restart;
}

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_BLOCKING_H_
