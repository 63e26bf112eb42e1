#include "stack/sys/event_file.h"

#include "stack/socket/file_buffers.h"

namespace drywire {

uint32_t EventFile::Poll() const {
  uint32_t state = 0;
  if (count_ > 0) state |= kPollIn | (norm_ ? uint32_t{kPollRdNorm} : 0);
  if (count_ < kMost) state |= kPollOut | (norm_ ? uint32_t{kPollWrNorm} : 0);
  return state;
}

Result<size_t> EventFile::Read(absl::Span<const Buffer> buffers) {
  if (SizeOf(buffers) < sizeof count_) return Cause::kInvalidArgument;
  if (count_ == 0) return Cause::kWouldBlock;
  const uint64_t value = semaphore_ ? 1 : count_;
  CopyToBuffers(buffers, &value, sizeof value);
  count_ -= value;
  NotifyWriters(kPollOut | kPollWrNorm);
  return sizeof value;
}

Result<size_t> EventFile::Write(absl::Span<const Buffer> buffers) {
  const size_t size = SizeOf(buffers);
  if (size < sizeof count_ || (exact_ && size > sizeof count_)) return Cause::kInvalidArgument;
  uint64_t value = 0;
  CopyFromBuffers(buffers, &value, sizeof value);
  if (value > kMost) return Cause::kInvalidArgument;
  if (kMost - count_ < value) return Cause::kWouldBlock;
  count_ += value;
  NotifyReaders(kPollIn | kPollRdNorm);
  return sizeof value;
}

}  // namespace drywire
