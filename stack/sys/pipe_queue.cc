#include "stack/sys/pipe_queue.h"

#include <algorithm>
#include <cstring>

namespace drywire {

size_t SizeOf(absl::Span<const File::Buffer> buffers) {
  size_t size = 0;
  for (const File::Buffer& buffer : buffers) size += buffer.size;
  return size;
}

size_t PipeQueue::Put(absl::Span<const File::Buffer> buffers) {
  size_t put = 0;
  for (const File::Buffer& buffer : buffers) {
    const size_t size = std::min(buffer.size, room());
    bytes_.append(static_cast<const char*>(buffer.data), size);
    put += size;
  }
  return put;
}

size_t PipeQueue::Take(absl::Span<const File::Buffer> buffers, bool peek) {
  size_t at = head_;
  for (const File::Buffer& buffer : buffers) {
    const size_t size = std::min(buffer.size, bytes_.size() - at);
    if (size > 0) std::memcpy(buffer.data, bytes_.data() + at, size);
    at += size;
  }
  const size_t taken = at - head_;
  if (peek) return taken;
  head_ = at;
  if (head_ == bytes_.size()) {
    Clear();
  } else if (head_ > capacity_) {
    bytes_.erase(0, head_);
    head_ = 0;
  }
  return taken;
}

void PipeQueue::Clear() {
  bytes_.clear();
  head_ = 0;
}

}  // namespace drywire
