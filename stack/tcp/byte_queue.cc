#include "stack/tcp/byte_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "sim/core/check.h"

namespace drywire {

void ByteQueue::Clear() {
  delete[] ring_;
  ring_ = nullptr;
  capacity_ = head_ = count_ = size_ = cursor_ = cursor_start_ = 0;
}

void ByteQueue::Grow() {
  const uint32_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
  Bytes* ring = new Bytes[capacity];
  for (uint32_t i = 0; i < count_; ++i) ring[i] = std::move(At(i));
  delete[] ring_;
  ring_ = ring;
  capacity_ = capacity;
  head_ = 0;
}

void ByteQueue::Append(Bytes bytes) {
  if (bytes.empty()) return;
  DRYWIRE_CHECK(size_ + bytes.size() >= size_) << "queue of 4 GiB";
  if (count_ == capacity_) Grow();
  size_ += static_cast<uint32_t>(bytes.size());
  ++count_;
  At(count_ - 1) = std::move(bytes);
}

void ByteQueue::PopFront(size_t n) {
  DRYWIRE_CHECK(n <= size_) << "popping " << n << " of " << size_;
  size_t left = n;
  while (left > 0) {
    Bytes& front = At(0);
    if (front.size() > left) {
      front = front.Slice(left);
      break;
    }
    left -= front.size();
    front = Bytes();
    head_ = (head_ + 1) & (capacity_ - 1);
    --count_;
    if (cursor_ > 0) --cursor_;
  }
  size_ -= static_cast<uint32_t>(n);
  // The cursor's slice keeps its place; when it was the one that lost bytes it starts at 0 now.
  cursor_start_ = cursor_ == 0 || cursor_start_ < n ? 0 : cursor_start_ - static_cast<uint32_t>(n);
  if (cursor_start_ == 0) cursor_ = 0;
}

void ByteQueue::Seek(size_t offset) {
  if (offset < cursor_start_) cursor_ = cursor_start_ = 0;
  while (offset >= cursor_start_ + At(cursor_).size()) {
    cursor_start_ += static_cast<uint32_t>(At(cursor_).size());
    ++cursor_;
  }
}

Bytes ByteQueue::Slice(size_t offset, size_t length) {
  DRYWIRE_CHECK(offset + length <= size_) << offset << "+" << length << " of " << size_;
  if (length == 0) return Bytes();
  Seek(offset);
  const size_t inside = offset - cursor_start_;
  if (inside + length <= At(cursor_).size()) return At(cursor_).Slice(inside, length);
  std::vector<uint8_t> whole(length);
  CopyOut(offset, whole.data(), length);
  return Bytes::Copy(whole);
}

size_t ByteQueue::CopyOut(size_t offset, void* out, size_t n) {
  if (offset >= size_) return 0;
  n = std::min<size_t>(n, size_ - offset);
  if (n == 0) return 0;
  Seek(offset);
  size_t inside = offset - cursor_start_;
  uint8_t* to = static_cast<uint8_t*>(out);
  size_t left = n;
  for (uint32_t i = cursor_; left > 0; ++i, inside = 0) {
    const Bytes& slice = At(i);
    const size_t take = std::min(left, slice.size() - inside);
    std::memcpy(to, slice.data() + inside, take);
    to += take;
    left -= take;
  }
  return n;
}

}  // namespace drywire
