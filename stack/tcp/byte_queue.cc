#include "stack/tcp/byte_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "sim/core/check.h"

namespace drywire {

void ByteQueue::Clear() {
  delete ring_;
  ring_ = nullptr;
  size_ = 0;
}

void ByteQueue::Grow() {
  constexpr uint32_t kFirstRoom = 4;
  if (ring_ == nullptr) {
    ring_ = new Ring(kFirstRoom);
    return;
  }
  Bytes* const larger = new Bytes[ring_->capacity * 2];
  for (uint32_t i = 0; i < ring_->count; ++i) larger[i] = std::move(ring_->At(i));
  delete[] ring_->slices;
  ring_->slices = larger;
  ring_->capacity *= 2;
  ring_->head = 0;
}

void ByteQueue::Append(Bytes bytes) {
  if (bytes.empty()) return;
  DRYWIRE_CHECK(size_ + bytes.size() <= UINT32_MAX) << "queue of 4 GiB";
  if (ring_ == nullptr || ring_->count == ring_->capacity) Grow();
  size_ += static_cast<uint32_t>(bytes.size());
  ring_->At(ring_->count++) = std::move(bytes);
}

void ByteQueue::PopFront(size_t n) {
  if (n == 0) return;
  DRYWIRE_CHECK(n <= size_) << "popping " << n << " of " << size_;
  Ring& ring = *ring_;
  size_t left = n;
  while (left > 0) {
    Bytes& front = ring.At(0);
    if (front.size() > left) {
      front = front.Slice(left);
      break;
    }
    left -= front.size();
    front = Bytes();
    ring.head = (ring.head + 1) & (ring.capacity - 1);
    --ring.count;
    if (ring.cursor > 0) --ring.cursor;
  }
  size_ -= static_cast<uint32_t>(n);
  // The cursor's slice keeps its place; when it was the one that lost bytes it starts at 0 now.
  const bool lost = ring.cursor == 0 || ring.cursor_start < n;
  ring.cursor_start = lost ? 0 : ring.cursor_start - static_cast<uint32_t>(n);
  if (ring.cursor_start == 0) ring.cursor = 0;
}

void ByteQueue::Seek(size_t offset) {
  Ring& ring = *ring_;
  if (offset < ring.cursor_start) ring.cursor = ring.cursor_start = 0;
  while (offset >= ring.cursor_start + ring.At(ring.cursor).size()) {
    ring.cursor_start += static_cast<uint32_t>(ring.At(ring.cursor).size());
    ++ring.cursor;
  }
}

Bytes ByteQueue::Slice(size_t offset, size_t length) {
  DRYWIRE_CHECK(offset + length <= size_) << offset << "+" << length << " of " << size_;
  if (length == 0) return Bytes();
  Seek(offset);
  const Bytes& slice = ring_->At(ring_->cursor);
  const size_t inside = offset - ring_->cursor_start;
  if (inside + length <= slice.size()) return slice.Slice(inside, length);
  std::vector<uint8_t> whole(length);
  CopyOut(offset, whole.data(), length);
  return Bytes::Copy(whole);
}

size_t ByteQueue::CopyOut(size_t offset, void* out, size_t n) {
  if (offset >= size_) return 0;
  n = std::min<size_t>(n, size_ - offset);
  if (n == 0) return 0;
  Seek(offset);
  size_t inside = offset - ring_->cursor_start;
  uint8_t* to = static_cast<uint8_t*>(out);
  size_t left = n;
  for (uint32_t i = ring_->cursor; left > 0; ++i, inside = 0) {
    const Bytes& slice = ring_->At(i);
    const size_t take = std::min(left, slice.size() - inside);
    std::memcpy(to, slice.data() + inside, take);
    to += take;
    left -= take;
  }
  return n;
}

}  // namespace drywire
