#include "stack/sys/timer_file.h"

#include <algorithm>
#include <cstring>

namespace drywire {

TimerFile::TimerFile(EventQueue* events, Duration clock_start)
    : events_(events), clock_start_(clock_start) {
  event_.BindMethod<&TimerFile::OnExpiry>("timerfd", this);
}

void TimerFile::Arm(Instant when, Duration interval) {
  expirations_ = 0;
  interval_ = interval;
  if (when.is_never()) {
    events_->Cancel(&event_);
    return;
  }
  // A time that has passed expires at once, and counts the intervals since.
  const Instant now = events_->now();
  if (when > now) {
    events_->Schedule(&event_, when);
    return;
  }
  events_->Cancel(&event_);
  const int64_t missed = interval_ > Duration::Zero() ? (now - when) / interval_ : 0;
  expirations_ = static_cast<uint64_t>(missed) + 1;
  if (interval_ > Duration::Zero()) events_->Schedule(&event_, when + interval_ * (missed + 1));
  NotifyReaders(kPollIn | kPollRdNorm);
}

TimerFile::Setting TimerFile::Get() const {
  if (!event_.is_pending()) return {};
  return {std::max(event_.time() - events_->now(), Duration::Nanos(1)), interval_};
}

Result<size_t> TimerFile::Read(absl::Span<const Buffer> buffers) {
  size_t room = 0;
  for (const Buffer& buffer : buffers) room += buffer.size;
  if (room < sizeof expirations_) return Cause::kInvalidArgument;
  if (expirations_ == 0) return Cause::kWouldBlock;
  const char* from = reinterpret_cast<const char*>(&expirations_);
  size_t left = sizeof expirations_;
  for (const Buffer& buffer : buffers) {
    const size_t size = std::min(left, buffer.size);
    std::memcpy(buffer.data, from, size);
    from += size;
    left -= size;
  }
  expirations_ = 0;
  return sizeof expirations_;
}

void TimerFile::OnExpiry() {
  ++expirations_;
  if (interval_ > Duration::Zero()) events_->Schedule(&event_, events_->now() + interval_);
  NotifyReaders(kPollIn | kPollRdNorm);
}

}  // namespace drywire
