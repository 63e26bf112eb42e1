// poll, select and epoll: three questions about the same poll bits.
//
// Each looks first and waits only when nothing is ready; readiness found wins over a pending
// signal, and a signal over the end of the time. None of these calls is ever restarted. Source:
// poll(2), select(2), epoll_wait(2), signal(7), observed on Linux 6.18; FreeBSD's sys_generic.c.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/epoll.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

constexpr uint32_t kReadLike = kPollIn | kPollPri | kPollRdNorm | kPollRdBand | kPollRdHup;
constexpr uint32_t kWriteLike = kPollOut | kPollWrNorm | kPollWrBand;
constexpr uint32_t kAlways = kPollErr | kPollHup;
constexpr int kMinTableSize = 256;  // Linux's after the first growth.

// A file that is watched, kept alive while the call waits.
struct Watched {
  FileRef file;
  uint32_t events = 0;  // what is asked for
};

using Interests = absl::InlinedVector<Scheduler::Interest, 8>;

void AddInterests(const Watched& watched, Interests* interests) {
  const uint32_t read = (watched.events & kReadLike) | kAlways;
  interests->push_back({&watched.file->read_waiters(), read});
  if ((watched.events & kWriteLike) != 0) {
    interests->push_back({&watched.file->write_waiters(), (watched.events & kWriteLike) | kAlways});
  }
}

// Waits until `look`, a callable that returns how many are ready, finds some: their number, 0 at
// the deadline, kInterrupted.
template <typename Look>
CallOutcome WaitUntilReady(SysContext& context, const Interests& interests,
                           const WaitSubject& subject, Instant deadline, Look look) {
  bool expired = deadline <= context.now();
  for (;;) {
    const int64_t ready = look();
    if (ready != 0) return ready;
    if (context.process.HasDeliverable()) return Cause::kInterrupted;
    if (expired) {
      context.scheduler().CountCall();
      return 0;
    }
    switch (WaitInCall(context, interests, subject, deadline)) {
      case WaitEnd::kNotified:
        break;
      case WaitEnd::kDeadline:
        expired = true;
        break;
      case WaitEnd::kSignal:
        break;  // After one more look.
      case WaitEnd::kKilled:
        return Cause::kInterrupted;
    }
  }
}

Instant After(SysContext& context, int timeout_ms) {
  return timeout_ms < 0 ? kNever : context.now() + Duration::Millis(timeout_ms);
}

// A null time means for ever. kBadAddressPointer, kInvalidArgument.
template <typename Time>
Result<Instant> ReadDeadline(SysContext& context, const Time* time) {
  if (time == nullptr) return kNever;
  Time copy = {};
  if (!ReadUser(&copy, time)) return Cause::kBadAddressPointer;
  auto duration = ToDuration(copy);
  if (!duration.ok()) return duration.cause();
  return context.now() + *duration;
}

// --- poll ---

CallOutcome Poll(SysContext& context, pollfd* fds, nfds_t count, Instant deadline) {
  if (count > static_cast<uint64_t>(std::max<int64_t>(context.process.nofile().soft, 0)) &&
      context.process.nofile().soft != kLimitInfinity) {
    return Cause::kInvalidArgument;
  }
  absl::InlinedVector<pollfd, 8> list(count);
  if (!CopyFromUser(list.data(), fds, count * sizeof(pollfd))) return Cause::kBadAddressPointer;
  absl::InlinedVector<Watched, 8> watched(count);
  Interests interests;
  for (size_t i = 0; i < count; ++i) {
    if (list[i].fd < 0) continue;
    File* const file = context.process.fds().Get(list[i].fd);
    if (file == nullptr) continue;
    watched[i] = {FileRef(file), static_cast<uint16_t>(list[i].events)};
    AddInterests(watched[i], &interests);
  }
  const auto look = [&] {
    int64_t ready = 0;
    for (size_t i = 0; i < count; ++i) {
      uint32_t state = 0;
      if (watched[i].file) {
        state = watched[i].file->Poll() & (watched[i].events | kAlways);
      } else if (list[i].fd >= 0) {
        state = kPollNval;
      }
      list[i].revents = static_cast<short>(state);
      if (state != 0) ++ready;
    }
    return ready;
  };
  const WaitSubject subject = {"poll", count == 1 ? list[0].fd : -1,
                               count == 1 ? watched[0].file.get() : nullptr};
  const CallOutcome outcome = WaitUntilReady(context, interests, subject, deadline, look);
  if (!outcome.ok()) return outcome;
  for (size_t i = 0; i < count; ++i) {
    if (!WriteUser(&fds[i].revents, list[i].revents)) return Cause::kBadAddressPointer;
  }
  return outcome;
}

// --- select ---

// One of select()'s sets: any number of bits, in the program's layout.
class DescriptorSet {
 public:
  DescriptorSet(fd_set* user, int count)
      : user_(user), words_((static_cast<size_t>(count) + kBits - 1) / kBits) {}

  bool Read() {
    return user_ == nullptr || CopyFromUser(words_.data(), user_, words_.size() * sizeof(Word));
  }
  bool Write() const {
    return user_ == nullptr || CopyToUser(user_, words_.data(), words_.size() * sizeof(Word));
  }
  bool Has(int fd) const { return (words_[fd / kBits] >> (fd % kBits) & 1) != 0; }
  void Add(int fd) { words_[fd / kBits] |= Word{1} << (fd % kBits); }
  void Clear() { std::fill(words_.begin(), words_.end(), 0); }

 private:
  using Word = unsigned long;
  static constexpr int kBits = 8 * sizeof(Word);

  fd_set* user_;
  absl::InlinedVector<Word, 16> words_;
};

CallOutcome Select(SysContext& context, int count, fd_set* const (&sets)[3], Instant deadline) {
  if (count < 0) return Cause::kInvalidArgument;
  // Numbers beyond the descriptor table are not looked at, nor are their bits: callers pass any
  // large number.
  count = std::min(count, std::max(context.process.fds().capacity(), kMinTableSize));
  const SysProfile& profile = context.profile().sys;
  const uint32_t bits[3] = {profile.select_read_bits, profile.select_write_bits,
                            profile.select_except_bits};
  const uint32_t asked[3] = {kReadLike, kWriteLike, kPollPri | kPollRdBand};
  DescriptorSet wanted[3] = {{sets[0], count}, {sets[1], count}, {sets[2], count}};
  for (DescriptorSet& set : wanted) {
    if (!set.Read()) return Cause::kBadAddressPointer;
  }
  std::vector<std::pair<int, Watched>> watched;
  Interests interests;
  for (int fd = 0; fd < count; ++fd) {
    uint32_t events = 0;
    for (int s = 0; s < 3; ++s) events |= wanted[s].Has(fd) ? asked[s] : 0;
    if (events == 0) continue;
    File* const file = context.process.fds().Get(fd);
    if (file == nullptr) return Cause::kBadDescriptor;
    watched.emplace_back(fd, Watched{FileRef(file), events});
    AddInterests(watched.back().second, &interests);
  }
  DescriptorSet found[3] = {wanted[0], wanted[1], wanted[2]};
  const auto look = [&] {
    int64_t ready = 0;
    for (DescriptorSet& set : found) set.Clear();
    for (const auto& [fd, watch] : watched) {
      const uint32_t state = watch.file->Poll();
      for (int s = 0; s < 3; ++s) {
        if (!wanted[s].Has(fd) || (state & bits[s]) == 0) continue;
        found[s].Add(fd);
        ++ready;
      }
    }
    return ready;
  };
  const CallOutcome outcome =
      WaitUntilReady(context, interests, WaitSubject{"select"}, deadline, look);
  if (!outcome.ok()) return outcome;
  for (const DescriptorSet& set : found) {
    if (!set.Write()) return Cause::kBadAddressPointer;
  }
  return outcome;
}

// --- epoll ---

CallOutcome CreateEpoll(SysContext& context, bool close_on_exec) {
  if (!context.profile().sys.has_epoll) {
    (void)NotModelled(context, "epoll on this system, which has none,");
    return Cause::kNoSuchCall;
  }
  auto fd = context.process.fds().Install(FileRef(new Epoll), close_on_exec);
  if (!fd.ok()) return fd.cause();
  return int64_t{*fd};
}

CallOutcome ControlEpoll(SysContext& context, int epoll_fd, int operation, int fd,
                         const epoll_event* event) {
  epoll_event copy = {};
  if (operation != EPOLL_CTL_DEL && !ReadUser(&copy, event)) return Cause::kBadAddressPointer;
  auto epoll_file = FindFile(context, epoll_fd);
  if (!epoll_file.ok()) return epoll_file.cause();
  auto file = FindFile(context, fd);
  if (!file.ok()) return file.cause();
  if (!(*file)->SupportsEpoll()) return Cause::kNotSupported;
  auto* const epoll = dynamic_cast<Epoll*>(epoll_file->get());
  if (epoll == nullptr) return Cause::kInvalidArgument;
  Result<> result;
  switch (operation) {
    case EPOLL_CTL_ADD:
      result = epoll->Add(fd, file->get(), copy.events, copy.data.u64);
      break;
    case EPOLL_CTL_MOD:
      result = epoll->Modify(fd, file->get(), copy.events, copy.data.u64);
      break;
    case EPOLL_CTL_DEL:
      result = epoll->Remove(fd, file->get());
      break;
    default:
      return Cause::kInvalidArgument;
  }
  if (!result.ok()) return result.cause();
  return 0;
}

CallOutcome WaitOnEpoll(SysContext& context, int epoll_fd, epoll_event* events, int max,
                        Instant deadline) {
  auto file = FindFile(context, epoll_fd);
  if (!file.ok()) return file.cause();
  if (max <= 0 || max > INT_MAX / static_cast<int>(sizeof(epoll_event))) {
    return Cause::kInvalidArgument;
  }
  auto* const epoll = dynamic_cast<Epoll*>(file->get());
  if (epoll == nullptr) return Cause::kInvalidArgument;
  bool expired = deadline <= context.now();
  for (;;) {
    int stored = 0;
    bool fault = false;
    epoll->Collect(max, [&](uint32_t bits, uint64_t data) {
      epoll_event event = {};
      event.events = bits;
      event.data.u64 = data;
      fault = !WriteUser(&events[stored], event);
      stored += fault ? 0 : 1;
      return !fault;
    });
    if (stored > 0) return int64_t{stored};
    if (fault) return Cause::kBadAddressPointer;
    if (expired) {
      context.scheduler().CountCall();
      return 0;
    }
    const Scheduler::Interest interest = {&epoll->waiters(), kAnyKey};
    switch (WaitInCall(context, absl::MakeConstSpan(&interest, 1), {"epoll_wait", epoll_fd},
                       deadline, /*exclusive=*/true)) {
      case WaitEnd::kNotified:
        break;
      case WaitEnd::kDeadline:
        expired = true;
        break;
      case WaitEnd::kSignal:
        if (!epoll->MayBeReady()) return Cause::kInterrupted;
        expired = true;
        break;
      case WaitEnd::kKilled:
        return Cause::kInterrupted;
    }
  }
}

// The info of a call whose mask, if any, is the program's pointer. False: EFAULT.
bool ReadMask(const sigset_t* mask, CallInfo* info) {
  if (mask == nullptr) return true;
  SignalSet set = 0;
  if (!CopyFromUser(&set, mask, sizeof set)) return false;
  info->mask = set;
  return true;
}

}  // namespace

SysResult SysPoll(SysContext& context, pollfd* fds, nfds_t count, int timeout_ms) {
  return RunCall(context, {"poll", Operation::kPoll, -1, count, static_cast<uint64_t>(timeout_ms)},
                 [&]() -> CallOutcome {
                   if (timeout_ms < -1 && context.profile().sys.poll_rejects_negative_timeout) {
                     return Cause::kInvalidArgument;
                   }
                   return Poll(context, fds, count, After(context, timeout_ms));
                 });
}

SysResult SysPpoll(SysContext& context, pollfd* fds, nfds_t count, const timespec* timeout,
                   const sigset_t* mask) {
  CallInfo info = {"ppoll", Operation::kPoll, -1, count};
  const bool mask_ok = ReadMask(mask, &info);
  return RunCall(context, info, [&]() -> CallOutcome {
    auto deadline = ReadDeadline(context, timeout);
    if (!deadline.ok()) return deadline.cause();
    if (!mask_ok) return Cause::kBadAddressPointer;
    return Poll(context, fds, count, *deadline);
  });
}

SysResult SysSelect(SysContext& context, int count, fd_set* read, fd_set* write, fd_set* except,
                    timeval* timeout) {
  fd_set* const sets[3] = {read, write, except};
  return RunCall(context, {"select", Operation::kPoll, -1, static_cast<uint64_t>(count)},
                 [&]() -> CallOutcome {
                   Instant deadline = kNever;
                   if (timeout != nullptr) {
                     timeval copy = {};
                     if (!ReadUser(&copy, timeout)) return Cause::kBadAddressPointer;
                     if (copy.tv_sec < 0 || copy.tv_usec < 0) return Cause::kInvalidArgument;
                     // More than a million microseconds are carried over, by Linux's C library and
                     // kernel.
                     deadline = context.now() + Duration::Seconds(copy.tv_sec) +
                                Duration::Micros(copy.tv_usec);
                   }
                   const CallOutcome outcome = Select(context, count, sets, deadline);
                   if (timeout != nullptr && context.profile().sys.select_updates_timeout) {
                     const Duration left = std::max(deadline - context.now(), Duration::Zero());
                     // Failing to write it is no error.
                     (void)WriteUser(timeout, ToTimeval(left));
                   }
                   return outcome;
                 });
}

SysResult SysPselect(SysContext& context, int count, fd_set* read, fd_set* write, fd_set* except,
                     const timespec* timeout, const sigset_t* mask) {
  CallInfo info = {"pselect", Operation::kPoll, -1, static_cast<uint64_t>(count)};
  const bool mask_ok = ReadMask(mask, &info);
  fd_set* const sets[3] = {read, write, except};
  return RunCall(context, info, [&]() -> CallOutcome {
    auto deadline = ReadDeadline(context, timeout);
    if (!deadline.ok()) return deadline.cause();
    if (!mask_ok) return Cause::kBadAddressPointer;
    return Select(context, count, sets, *deadline);
  });
}

SysResult SysEpollCreate(SysContext& context, int size) {
  return RunCall(context, {"epoll_create", Operation::kSocket}, [&]() -> CallOutcome {
    if (size <= 0) return Cause::kInvalidArgument;
    return CreateEpoll(context, false);
  });
}

SysResult SysEpollCreate1(SysContext& context, int flags) {
  return RunCall(context, {"epoll_create1", Operation::kSocket, -1, static_cast<uint64_t>(flags)},
                 [&]() -> CallOutcome {
                   if ((flags & ~EPOLL_CLOEXEC) != 0) return Cause::kInvalidArgument;
                   return CreateEpoll(context, (flags & EPOLL_CLOEXEC) != 0);
                 });
}

SysResult SysEpollCtl(SysContext& context, int epoll_fd, int operation, int fd,
                      const epoll_event* event) {
  return RunCall(context,
                 {"epoll_ctl", Operation::kEpollCtl, epoll_fd, static_cast<uint64_t>(operation),
                  static_cast<uint64_t>(fd)},
                 [&] { return ControlEpoll(context, epoll_fd, operation, fd, event); });
}

SysResult SysEpollWait(SysContext& context, int epoll_fd, epoll_event* events, int max,
                       int timeout_ms) {
  return SysEpollPwait(context, epoll_fd, events, max, timeout_ms, nullptr);
}

SysResult SysEpollPwait(SysContext& context, int epoll_fd, epoll_event* events, int max,
                        int timeout_ms, const sigset_t* mask) {
  CallInfo info = {"epoll_wait", Operation::kEpollWait, epoll_fd, static_cast<uint64_t>(max),
                   static_cast<uint64_t>(timeout_ms)};
  const bool mask_ok = ReadMask(mask, &info);
  return RunCall(context, info, [&]() -> CallOutcome {
    if (!mask_ok) return Cause::kBadAddressPointer;
    return WaitOnEpoll(context, epoll_fd, events, max, After(context, timeout_ms));
  });
}

SysResult SysEpollPwait2(SysContext& context, int epoll_fd, epoll_event* events, int max,
                         const timespec* timeout, const sigset_t* mask) {
  CallInfo info = {"epoll_pwait2", Operation::kEpollWait, epoll_fd, static_cast<uint64_t>(max)};
  const bool mask_ok = ReadMask(mask, &info);
  return RunCall(context, info, [&]() -> CallOutcome {
    auto deadline = ReadDeadline(context, timeout);
    if (!deadline.ok()) return deadline.cause();
    if (!mask_ok) return Cause::kBadAddressPointer;
    return WaitOnEpoll(context, epoll_fd, events, max, *deadline);
  });
}

}  // namespace drywire
