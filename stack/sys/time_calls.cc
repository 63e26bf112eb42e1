// Clocks, sleeping and timers. All clocks are the world's one, from different beginnings; processor
// time does not pass in a simulated process, so its clocks stand at zero.
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include <algorithm>

#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/timer_file.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

// Nanoseconds that the clock shows at `when`; kInvalidArgument for a clock that does not exist.
Result<int64_t> ClockAt(const SysContext& context, clockid_t clock, Instant when) {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
      return context.environment.realtime_start + when.nanos();
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
      return context.environment.monotonic_start + when.nanos();
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
      return int64_t{0};
    default:
      return Cause::kInvalidArgument;
  }
}

// Reading a clock does not let time pass: a program that only waits for it to move never will.
CallOutcome ReadClock(SysContext& context, clockid_t clock, Duration* time) {
  auto nanos = ClockAt(context, clock, context.now());
  if (!nanos.ok()) return nanos.cause();
  context.scheduler().CountCall();
  *time = Duration::Nanos(*nanos);
  return 0;
}

// Sleeps until `deadline`. When a signal ends it, kInterrupted, and what is left goes to
// `remaining`.
CallOutcome SleepUntil(SysContext& context, const char* label, Instant deadline,
                       timespec* remaining) {
  while (context.now() < deadline) {
    switch (SleepInCall(context, label, deadline)) {
      case WaitEnd::kNotified:
      case WaitEnd::kDeadline:
        break;
      case WaitEnd::kSignal:
        if (remaining != nullptr && !WriteUser(remaining, ToTimespec(deadline - context.now()))) {
          return Cause::kBadAddressPointer;
        }
        return Cause::kInterrupted;
      case WaitEnd::kKilled:
        return Cause::kInterrupted;
    }
  }
  return 0;
}

CallOutcome ClockSleep(SysContext& context, clockid_t clock, int flags, const timespec* time,
                       timespec* remaining) {
  auto base = ClockAt(context, clock, Instant::Zero());
  if (!base.ok()) return base.cause();
  if (clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_PROCESS_CPUTIME_ID) {
    (void)NotModelled(context, "sleeping by processor time");
    return Cause::kInvalidArgument;
  }
  timespec copy = {};
  if (!ReadUser(&copy, time)) return Cause::kBadAddressPointer;
  auto duration = ToDuration(copy);
  if (!duration.ok()) return duration.cause();
  if ((flags & TIMER_ABSTIME) == 0) {
    return SleepUntil(context, "nanosleep", context.now() + *duration, remaining);
  }
  const Instant deadline = Instant::Zero() + (*duration - Duration::Nanos(*base));
  return SleepUntil(context, "clock_nanosleep", deadline, nullptr);
}

itimerval ToItimerval(const IntervalTimer& timer) {
  itimerval value = {};
  value.it_interval = ToTimeval(timer.interval);
  value.it_value = ToTimeval(timer.remaining);
  // A pending timer never reads as disarmed.
  if (timer.remaining > Duration::Zero() && value.it_value.tv_sec == 0 &&
      value.it_value.tv_usec == 0) {
    value.it_value.tv_usec = 1;
  }
  return value;
}

Result<> CheckTimer(SysContext& context, int which) {
  if (which == ITIMER_REAL) return {};
  if (which == ITIMER_VIRTUAL || which == ITIMER_PROF) {
    (void)NotModelled(context, "a timer of processor time");
  }
  return Cause::kInvalidArgument;
}

CallOutcome SetTimer(SysContext& context, int which, const itimerval* value, itimerval* old) {
  itimerval copy = {};
  if (value != nullptr && !ReadUser(&copy, value)) return Cause::kBadAddressPointer;
  auto remaining = ToDuration(copy.it_value);
  auto interval = ToDuration(copy.it_interval);
  if (!remaining.ok()) return remaining.cause();
  if (!interval.ok()) return interval.cause();
  DRYWIRE_RETURN_IF_FAILED(CheckTimer(context, which));
  const IntervalTimer before = context.process.SetTimer({*interval, *remaining});
  if (old != nullptr && !WriteUser(old, ToItimerval(before))) return Cause::kBadAddressPointer;
  return 0;
}

CallOutcome CreateTimerFile(SysContext& context, clockid_t clock, int flags) {
  if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) != 0) return Cause::kInvalidArgument;
  if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) {
    // They wake a machine that sleeps, which none does here.
    if (!context.process.credentials().privileged()) return Cause::kNoPermission;
    clock = clock == CLOCK_REALTIME_ALARM ? CLOCK_REALTIME : CLOCK_BOOTTIME;
  }
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) {
    return Cause::kInvalidArgument;
  }
  auto start = ClockAt(context, clock, Instant::Zero());
  if (!start.ok()) return start.cause();
  const FileRef file(new TimerFile(&context.scheduler().events(), Duration::Nanos(*start),
                                   context.profile().sys.event_files_poll_norm));
  file->set_nonblocking((flags & TFD_NONBLOCK) != 0);
  auto fd = context.process.fds().Install(file, (flags & TFD_CLOEXEC) != 0);
  if (!fd.ok()) return fd.cause();
  return int64_t{*fd};
}

// kBadDescriptor; kInvalidArgument for another kind of file.
Result<Ref<TimerFile>> FindTimerFile(SysContext& context, int fd) {
  auto file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  TimerFile* const timer = TimerFile::Of(file->get());
  if (timer == nullptr) return Cause::kInvalidArgument;
  return Ref<TimerFile>(timer);
}

itimerspec ToItimerspec(const TimerFile::Setting& setting) {
  itimerspec value = {};
  value.it_value = ToTimespec(setting.remaining);
  value.it_interval = ToTimespec(setting.interval);
  return value;
}

CallOutcome SetTimerFile(SysContext& context, int fd, int flags, const itimerspec* value,
                         itimerspec* old) {
  itimerspec copy = {};
  if (!ReadUser(&copy, value)) return Cause::kBadAddressPointer;
  // TFD_TIMER_CANCEL_ON_SET is about setting the clock, which nobody does here.
  if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0) {
    return Cause::kInvalidArgument;
  }
  auto first = ToDuration(copy.it_value);
  auto interval = ToDuration(copy.it_interval);
  if (!first.ok()) return first.cause();
  if (!interval.ok()) return interval.cause();
  auto timer = FindTimerFile(context, fd);
  if (!timer.ok()) return timer.cause();
  const TimerFile::Setting before = (*timer)->Get();
  Instant when = kNever;
  if (*first > Duration::Zero()) {
    when = (flags & TFD_TIMER_ABSTIME) != 0 ? Instant::Zero() + (*first - (*timer)->clock_start())
                                            : context.now() + *first;
  }
  (*timer)->Arm(when, *interval);
  if (old != nullptr && !WriteUser(old, ToItimerspec(before))) return Cause::kBadAddressPointer;
  return 0;
}

}  // namespace

SysResult SysTimerfdCreate(SysContext& context, clockid_t clock, int flags) {
  return RunCall(context,
                 {"timerfd_create", Operation::kSocket, -1, static_cast<uint64_t>(clock),
                  static_cast<uint64_t>(flags)},
                 [&] { return CreateTimerFile(context, clock, flags); });
}

SysResult SysTimerfdSettime(SysContext& context, int fd, int flags, const itimerspec* value,
                            itimerspec* old) {
  return RunCall(context, {"timerfd_settime", Operation::kSleep, fd, static_cast<uint64_t>(flags)},
                 [&] { return SetTimerFile(context, fd, flags, value, old); });
}

SysResult SysTimerfdGettime(SysContext& context, int fd, itimerspec* value) {
  return RunCall(context, {"timerfd_gettime", Operation::kSleep, fd}, [&]() -> CallOutcome {
    auto timer = FindTimerFile(context, fd);
    if (!timer.ok()) return timer.cause();
    if (!WriteUser(value, ToItimerspec((*timer)->Get()))) return Cause::kBadAddressPointer;
    return 0;
  });
}

SysResult SysClockGettime(SysContext& context, clockid_t clock, timespec* time) {
  return RunCall(context, {"clock_gettime", Operation::kSleep, -1, static_cast<uint64_t>(clock)},
                 [&]() -> CallOutcome {
                   Duration now;
                   const CallOutcome outcome = ReadClock(context, clock, &now);
                   if (!outcome.ok()) return outcome;
                   if (!WriteUser(time, ToTimespec(now))) return Cause::kBadAddressPointer;
                   return 0;
                 });
}

SysResult SysClockGetres(SysContext& context, clockid_t clock, timespec* resolution) {
  return RunCall(
      context, {"clock_getres", Operation::kSleep, -1, static_cast<uint64_t>(clock)},
      [&]() -> CallOutcome {
        auto nanos = ClockAt(context, clock, context.now());
        if (!nanos.ok()) return nanos.cause();
        if (resolution != nullptr && !WriteUser(resolution, ToTimespec(Duration::Nanos(1)))) {
          return Cause::kBadAddressPointer;
        }
        return 0;
      });
}

SysResult SysGettimeofday(SysContext& context, timeval* time) {
  return RunCall(context, {"gettimeofday", Operation::kSleep}, [&]() -> CallOutcome {
    Duration now;
    (void)ReadClock(context, CLOCK_REALTIME, &now).ok();
    if (time != nullptr && !WriteUser(time, ToTimeval(now))) return Cause::kBadAddressPointer;
    return 0;
  });
}

SysResult SysTime(SysContext& context, time_t* time) {
  return RunCall(context, {"time", Operation::kSleep}, [&]() -> CallOutcome {
    Duration now;
    (void)ReadClock(context, CLOCK_REALTIME, &now).ok();
    if (time != nullptr && !WriteUser(time, static_cast<time_t>(now.seconds()))) {
      return Cause::kBadAddressPointer;
    }
    return now.seconds();
  });
}

SysResult SysNanosleep(SysContext& context, const timespec* time, timespec* remaining) {
  return RunCall(context, {"nanosleep", Operation::kSleep},
                 [&] { return ClockSleep(context, CLOCK_MONOTONIC, 0, time, remaining); });
}

SysResult SysClockNanosleep(SysContext& context, clockid_t clock, int flags, const timespec* time,
                            timespec* remaining) {
  return RunCall(context,
                 {"clock_nanosleep", Operation::kSleep, -1, static_cast<uint64_t>(clock),
                  static_cast<uint64_t>(flags)},
                 [&] { return ClockSleep(context, clock, flags, time, remaining); });
}

SysResult SysSetitimer(SysContext& context, int which, const itimerval* value, itimerval* old) {
  return RunCall(context, {"setitimer", Operation::kSignal, -1, static_cast<uint64_t>(which)},
                 [&] { return SetTimer(context, which, value, old); });
}

SysResult SysGetitimer(SysContext& context, int which, itimerval* value) {
  return RunCall(context, {"getitimer", Operation::kSignal, -1, static_cast<uint64_t>(which)},
                 [&]() -> CallOutcome {
                   DRYWIRE_RETURN_IF_FAILED(CheckTimer(context, which));
                   const IntervalTimer timer = context.process.GetTimer();
                   if (!WriteUser(value, ToItimerval(timer))) return Cause::kBadAddressPointer;
                   return 0;
                 });
}

SysResult SysAlarm(SysContext& context, unsigned seconds) {
  return RunCall(context, {"alarm", Operation::kSignal, -1, seconds}, [&]() -> CallOutcome {
    const IntervalTimer old =
        context.process.SetTimer({Duration::Zero(), Duration::Seconds(seconds)});
    // Rounded to the nearest second, but a pending alarm never to nothing.
    const int64_t left = (old.remaining + Duration::Millis(500)).seconds();
    return old.remaining > Duration::Zero() ? std::max<int64_t>(left, 1) : 0;
  });
}

}  // namespace drywire
