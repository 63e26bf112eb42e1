#include "stack/sys/blocking.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "stack/socket/socket.h"

namespace drywire {
namespace {

std::string DescribeSubject(const void* context) {
  const auto* const subject = static_cast<const WaitSubject*>(context);
  std::string text = subject->fd >= 0 ? absl::StrCat("fd ", subject->fd) : std::string();
  if (subject->file != nullptr) {
    Socket* const socket = const_cast<File*>(subject->file)->AsSocket();
    if (socket != nullptr) absl::StrAppend(&text, text.empty() ? "" : ": ", socket->Describe());
  }
  return text;
}

WaitOptions OptionsFor(const WaitSubject& subject, Instant deadline) {
  WaitOptions options;
  options.label = subject.label;
  options.deadline = deadline;
  if (subject.fd >= 0 || subject.file != nullptr) {
    options.describe = DescribeSubject;
    options.describe_context = &subject;
  }
  return options;
}

WaitEnd EndOf(SysContext& context, const WaitResult& result) {
  // Another task may have run meanwhile, and made calls of its own.
  context.environment.in_kernel = &context.task;
  switch (result.reason) {
    case WakeReason::kNotified:
      return WaitEnd::kNotified;
    case WakeReason::kDeadline:
      return WaitEnd::kDeadline;
    case WakeReason::kInterrupted:
      // Another task of the process may have taken the signal first; then this was nothing.
      return context.process.HasDeliverable() ? WaitEnd::kSignal : WaitEnd::kNotified;
    case WakeReason::kKilled:
      return WaitEnd::kKilled;
  }
  return WaitEnd::kKilled;
}

}  // namespace

WaitEnd WaitInCall(SysContext& context, absl::Span<const Scheduler::Interest> interests,
                   const WaitSubject& subject, Instant deadline, bool exclusive) {
  if (context.task.killed()) return WaitEnd::kKilled;
  if (context.process.HasDeliverable()) return WaitEnd::kSignal;
  WaitOptions options = OptionsFor(subject, deadline);
  options.exclusive = exclusive;
  return EndOf(context, context.scheduler().Wait(interests, options));
}

WaitEnd WaitForFile(SysContext& context, File& file, Direction direction,
                    const WaitSubject& subject, Instant deadline, bool exclusive) {
  const Scheduler::Interest interest = {
      direction == Direction::kRead ? &file.read_waiters() : &file.write_waiters(), kAnyKey};
  return WaitInCall(context, absl::MakeConstSpan(&interest, 1), subject, deadline, exclusive);
}

namespace {

WaitEnd WaitToRetry(SysContext& context, File& file, const WaitSubject& subject,
                    const BlockOptions& options, Instant deadline) {
  FileRef holder;
  WaitList* const list = file.BlockedOn(&holder);
  if (list == nullptr) {
    return WaitForFile(context, file, options.direction, subject, deadline, options.exclusive);
  }
  // Those who wait for room are let in one at a time, in the order they came.
  const Scheduler::Interest interest = {list, kAnyKey};
  return WaitInCall(context, absl::MakeConstSpan(&interest, 1), subject, deadline,
                    /*exclusive=*/true);
}

}  // namespace

Result<> WaitForAttempt(SysContext& context, File& file, const WaitSubject& subject,
                        const BlockOptions& options, Instant deadline) {
  switch (WaitToRetry(context, file, subject, options, deadline)) {
    case WaitEnd::kNotified:
      return {};
    case WaitEnd::kDeadline:
      return Cause::kTimedOutWaiting;
    case WaitEnd::kSignal:
      return options.restarts ? Cause::kInterruptedRestartable : Cause::kInterrupted;
    case WaitEnd::kKilled:
      break;
  }
  return Cause::kInterrupted;
}

WaitEnd SleepInCall(SysContext& context, const char* label, Instant deadline) {
  return WaitInCall(context, {}, WaitSubject{label}, deadline);
}

}  // namespace drywire
