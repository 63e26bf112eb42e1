#include "stack/sys/event_file.h"

#include <algorithm>
#include <cstring>

#include "stack/sys/pipe_queue.h"

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

void CopyToBuffers(absl::Span<const File::Buffer> buffers, const void* from, size_t size) {
  const auto* bytes = static_cast<const char*>(from);
  for (const File::Buffer& buffer : buffers) {
    const size_t part = std::min(size, buffer.size);
    if (part > 0) std::memcpy(buffer.data, bytes, part);
    bytes += part;
    size -= part;
  }
}

void CopyFromBuffers(absl::Span<const File::Buffer> buffers, void* to, size_t size) {
  auto* bytes = static_cast<char*>(to);
  for (const File::Buffer& buffer : buffers) {
    const size_t part = std::min(size, buffer.size);
    if (part > 0) std::memcpy(bytes, buffer.data, part);
    bytes += part;
    size -= part;
  }
}

}  // namespace drywire
