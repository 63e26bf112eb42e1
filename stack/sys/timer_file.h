// A timer that is a file, as timerfd_create(2): readable when it has expired, and reading says how
// often since the last time.
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
  // `clock_start` is what its clock shows at the world's start.
  TimerFile(EventQueue* events, Duration clock_start);

  struct Setting {
    Duration remaining;  // zero: disarmed
    Duration interval;   // zero: expires once
  };
  // Arms it for `when` and every `interval` after; Never() disarms it. What was not read is
  // forgotten.
  void Arm(Instant when, Duration interval);
  Setting Get() const;
  Duration clock_start() const { return clock_start_; }

  uint32_t Poll() const override { return expirations_ > 0 ? kPollIn | kPollRdNorm : 0u; }
  Result<size_t> Read(absl::Span<const Buffer> buffers) override;

 private:
  void OnExpiry();
  void OnLastClose() override { events_->Cancel(&event_); }

  EventQueue* events_;
  Duration clock_start_;
  Event event_;
  Duration interval_;
  uint64_t expirations_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_TIMER_FILE_H_
