// A timer that is a file, as timerfd_create(2): readable when it has expired, and reading says how
// often since the last time.
//
// As in Linux, a timer with an interval that has expired is set up again by whoever looks at it
// (read, gettime, settime): until then it takes no events, and tells nobody again. Source:
// timerfd_create(2) as observed on Linux 6.18; FreeBSD's sys_timerfd.c, which differs in poll()'s
// bits only.
#ifndef DRYWIRE_STACK_SYS_TIMER_FILE_H_
#define DRYWIRE_STACK_SYS_TIMER_FILE_H_

#include <cstdint>

#include "sim/core/event_queue.h"
#include "sim/core/time.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"

namespace drywire {

class TimerFile final : public File {
 public:
  // `clock_start` is what its clock shows at the world's start. `norm`: poll() knows POLLRDNORM.
  TimerFile(EventQueue* events, Duration clock_start, bool norm);

  // Null unless `file` is one.
  static TimerFile* Of(File* file) { return dynamic_cast<TimerFile*>(file); }

  struct Setting {
    Duration remaining;  // zero: disarmed
    Duration interval;   // zero: expires once
  };
  // Arms it for `when` and every `interval` after; Never() disarms it. What was not read is
  // forgotten.
  void Arm(Instant when, Duration interval);
  Setting Get();
  Duration clock_start() const { return clock_start_; }

  uint32_t Poll() const override {
    return expirations_ > 0 ? kPollIn | (norm_ ? uint32_t{kPollRdNorm} : 0) : 0;
  }
  Result<size_t> Read(absl::Span<const Buffer> buffers) override;

 private:
  void OnExpiry();
  void Expire();
  // Counts the intervals that have passed since it expired, and sets it up for the next.
  void CatchUp();
  void OnLastClose() override { events_->Cancel(&event_); }

  EventQueue* events_;
  Duration clock_start_;
  Event event_;
  Duration interval_;
  uint64_t expirations_ = 0;
  bool expired_ = false;  // and not set up again since
  Instant expired_at_;
  bool norm_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_TIMER_FILE_H_
