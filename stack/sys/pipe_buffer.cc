#include "stack/sys/pipe_buffer.h"

#include <algorithm>
#include <cstring>

#include "stack/socket/file_buffers.h"

namespace drywire {

size_t PipeBuffer::Merged(size_t size, bool packet) const {
  const size_t odd = size % kPage;
  if (packet || pages_.empty() || pages_.back().apart || odd == 0) return 0;
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
  return std::min(size, Merged(size, packet) + FreePages() * kPage);
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
    pages_.push_back({part, part, packet, packet});
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
  Drop(gone);
  return wanted;
}

void PipeBuffer::Forget(size_t size) {
  head_ += size;
  if (head_ == bytes_.size()) {
    bytes_.clear();
    head_ = 0;
  } else if (head_ > static_cast<size_t>(capacity_)) {
    bytes_.erase(0, head_);
    head_ = 0;
  }
}

void PipeBuffer::Drop(size_t size) {
  Forget(size);
  while (size > 0 && !pages_.empty()) {
    const size_t part = std::min(size, pages_.front().left);
    pages_.front().left -= part;
    size -= part;
    if (pages_.front().left == 0) pages_.pop_front();
  }
}

absl::Span<const uint8_t> PipeBuffer::Bytes() const {
  const bool packet = !pages_.empty() && pages_.front().packet;
  return {reinterpret_cast<const uint8_t*>(bytes_.data()) + head_,
          packet ? pages_.front().left : size()};
}

void PipeBuffer::PutApart(absl::Span<const uint8_t> bytes, size_t first_page) {
  bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  size_t room = first_page;
  for (size_t rest = bytes.size(); rest > 0; room = kPage) {
    const size_t part = std::min(rest, room);
    pages_.push_back({part, part, /*apart=*/true, /*packet=*/false});
    rest -= part;
  }
}

size_t PipeBuffer::MoveTo(PipeBuffer& to, size_t size) {
  size_t moved = 0;
  while (moved < size && !pages_.empty() && to.FreePages() > 0) {
    Page& page = pages_.front();
    Page copy = page;
    copy.left = std::min(page.left, size - moved);
    // What is shared with the pipe it came from is not written to.
    if (copy.left < page.left) copy.apart = true;
    to.pages_.push_back(copy);
    to.bytes_.append(bytes_, head_, copy.left);
    moved += copy.left;
    Forget(copy.left);
    page.left -= copy.left;
    if (page.left == 0) pages_.pop_front();
  }
  return moved;
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
