// A queue of payload bytes, kept as the slices in which they were written or arrived.
//
// Used for what was sent but not acknowledged or not yet sent, and for what arrived but was not
// read. A queue that was never used holds no memory; slices that fall into one block share it.
// Offsets count from the front. Looking at ever later offsets costs O(1) each: the queue remembers
// where it was.
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
  ~ByteQueue() {
    if (ring_ != nullptr) Clear();
  }

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
  // Apart from the queue itself, because most connections of a large world have nothing queued.
  struct Ring {
    explicit Ring(uint32_t room) : slices(new Bytes[room]), capacity(room) {}
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() { delete[] slices; }
    Bytes& At(uint32_t index) { return slices[(head + index) & (capacity - 1)]; }

    Bytes* slices;
    uint32_t capacity;  // power of two
    uint32_t head = 0;
    uint32_t count = 0;
    uint32_t cursor = 0;        // index of a slice
    uint32_t cursor_start = 0;  // the offset where it starts
  };

  // Moves the cursor to the slice that holds `offset`, which must be less than size().
  void Seek(size_t offset);
  void Grow();

  Ring* ring_ = nullptr;
  uint32_t size_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_BYTE_QUEUE_H_
