#include "stack/sys/pipe_buffer.h"

#include <algorithm>
#include <cstring>

#include "stack/socket/file_buffers.h"

namespace drywire {

size_t PipeBuffer::Merged(size_t size, bool packet) const {
  const size_t odd = size % kPage;
  if (packet || pages_.empty() || pages_.back().packet || odd == 0) return 0;
  return pages_.back().used + odd <= kPage ? odd : 0;
}

size_t PipeBuffer::RoomFor(size_t size, bool packet) const {
  if (!profile_->pipe_holds_pages) {
    // It grows by doubling until what is written fits.
    size_t capacity = static_cast<size_t>(capacity_);
    const auto most = static_cast<size_t>(profile_->pipe_grown_size);
    while (capacity < this->size() + size && capacity < most) capacity *= 2;
    const size_t room = capacity - this->size();
    const bool atomic = size <= static_cast<size_t>(profile_->pipe_buf);
    return atomic && room < size ? 0 : std::min(room, size);
  }
  const size_t free = pages_.size() < pages() ? pages() - pages_.size() : 0;
  return std::min(size, Merged(size, packet) + free * kPage);
}

bool PipeBuffer::IsWritable() const {
  if (profile_->pipe_holds_pages) return pages_.size() < pages();
  return static_cast<int64_t>(size()) + profile_->pipe_buf <= capacity_;
}

bool PipeBuffer::MustWait(size_t size, bool packet) const {
  return size > 0 && RoomFor(size, packet) == 0;
}

size_t PipeBuffer::Put(absl::Span<const File::Buffer> buffers, bool packet) {
  const size_t size = SizeOf(buffers);
  const size_t merged = Merged(size, packet);
  const size_t put = RoomFor(size, packet);
  size_t left = put;
  for (const File::Buffer& buffer : buffers) {
    const size_t part = std::min(buffer.size, left);
    bytes_.append(static_cast<const char*>(buffer.data), part);
    left -= part;
  }
  if (!profile_->pipe_holds_pages) {
    while (capacity_ < static_cast<int64_t>(this->size())) capacity_ *= 2;
    return put;
  }
  if (merged > 0) {
    pages_.back().used += merged;
    pages_.back().left += merged;
  }
  for (size_t rest = put - merged; rest > 0;) {
    const size_t part = std::min(rest, kPage);
    pages_.push_back({part, part, packet});
    rest -= part;
  }
  return put;
}

size_t PipeBuffer::Take(absl::Span<const File::Buffer> buffers) {
  size_t wanted = std::min(SizeOf(buffers), size());
  size_t gone = wanted;
  if (wanted > 0 && !pages_.empty() && pages_.front().packet) {
    gone = pages_.front().left;
    wanted = std::min(wanted, gone);
  }
  size_t at = head_;
  size_t left = wanted;
  for (const File::Buffer& buffer : buffers) {
    const size_t part = std::min(buffer.size, left);
    if (part > 0) std::memcpy(buffer.data, bytes_.data() + at, part);
    at += part;
    left -= part;
  }
  head_ += gone;
  while (gone > 0 && !pages_.empty()) {
    const size_t part = std::min(gone, pages_.front().left);
    pages_.front().left -= part;
    gone -= part;
    if (pages_.front().left == 0) pages_.pop_front();
  }
  if (head_ == bytes_.size()) {
    bytes_.clear();
    head_ = 0;
  } else if (head_ > static_cast<size_t>(capacity_)) {
    bytes_.erase(0, head_);
    head_ = 0;
  }
  return wanted;
}

Result<int64_t> PipeBuffer::SetCapacity(int64_t size, bool privileged) {
  constexpr int64_t kMost = int64_t{1} << 31;
  if (profile_->pipe_max_size == 0 || size < 0 || size > kMost) return Cause::kInvalidArgument;
  int64_t rounded = kPage;
  while (rounded < size) rounded *= 2;
  if (rounded > capacity_ && rounded > profile_->pipe_max_size && !privileged) {
    return Cause::kNoPermission;
  }
  if (static_cast<size_t>(rounded) / kPage < pages_.size()) return Cause::kPipeHoldsMore;
  capacity_ = rounded;
  return rounded;
}

}  // namespace drywire
