// A queue of payload bytes, kept as the slices in which they were written or arrived.
//
// Used for what was sent but not acknowledged or not yet sent, and for what arrived but was not
// read. An empty queue holds no memory; slices that fall into one block share it. Offsets count
// from the front. Looking at ever later offsets costs O(1) each: the queue remembers where it was.
#ifndef DRYWIRE_STACK_TCP_BYTE_QUEUE_H_
#define DRYWIRE_STACK_TCP_BYTE_QUEUE_H_

#include <cstddef>
#include <cstdint>

#include "stack/base/bytes.h"

namespace drywire {

class ByteQueue {
 public:
  ByteQueue() = default;
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;
  ~ByteQueue() { Clear(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void Append(Bytes bytes);
  // Requires n <= size().
  void PopFront(size_t n);
  // Bytes [offset, offset + length), which must be there; copies only when they lie in several
  // slices.
  Bytes Slice(size_t offset, size_t length);
  // Copies up to n bytes from `offset` on; returns how many.
  size_t CopyOut(size_t offset, void* out, size_t n);
  // Forgets everything and gives the memory back.
  void Clear();

 private:
  Bytes& At(uint32_t index) { return ring_[(head_ + index) & (capacity_ - 1)]; }
  // Moves the cursor to the slice that holds `offset`, which must be less than size().
  void Seek(size_t offset);
  void Grow();

  Bytes* ring_ = nullptr;
  uint32_t capacity_ = 0;  // power of two
  uint32_t head_ = 0;
  uint32_t count_ = 0;
  uint32_t size_ = 0;
  uint32_t cursor_ = 0;        // index of a slice
  uint32_t cursor_start_ = 0;  // the offset where it starts
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_BYTE_QUEUE_H_
