#include "stack/sys/timer_file.h"

#include <algorithm>

#include "stack/socket/file_buffers.h"

namespace drywire {

TimerFile::TimerFile(EventQueue* events, Duration clock_start, bool norm)
    : events_(events), clock_start_(clock_start), norm_(norm) {
  event_.BindMethod<&TimerFile::OnExpiry>("timerfd", this);
}

void TimerFile::Arm(Instant when, Duration interval) {
  expirations_ = 0;
  expired_ = false;
  interval_ = interval;
  if (when.is_never()) {
    events_->Cancel(&event_);
    return;
  }
  if (when > events_->now()) {
    events_->Schedule(&event_, when);
    return;
  }
  // A time that has passed expires at once.
  events_->Cancel(&event_);
  expired_at_ = when;
  Expire();
}

TimerFile::Setting TimerFile::Get() {
  CatchUp();
  if (!event_.is_pending()) return {Duration::Zero(), interval_};
  return {std::max(event_.time() - events_->now(), Duration::Nanos(1)), interval_};
}

Result<size_t> TimerFile::Read(absl::Span<const Buffer> buffers) {
  if (SizeOf(buffers) < sizeof expirations_) return Cause::kInvalidArgument;
  if (expirations_ == 0) return Cause::kWouldBlock;
  CatchUp();
  CopyToBuffers(buffers, &expirations_, sizeof expirations_);
  expirations_ = 0;
  return sizeof expirations_;
}

void TimerFile::OnExpiry() {
  expired_at_ = events_->now();
  Expire();
}

void TimerFile::Expire() {
  ++expirations_;
  expired_ = true;
  NotifyReaders(kPollIn | kPollRdNorm);
}

void TimerFile::CatchUp() {
  if (!expired_ || interval_ == Duration::Zero()) return;
  const int64_t missed = (events_->now() - expired_at_) / interval_;
  expirations_ += static_cast<uint64_t>(missed);
  expired_ = false;
  events_->Schedule(&event_, expired_at_ + interval_ * (missed + 1));
}

}  // namespace drywire
