// Bytes on their way through a pipe, a FIFO or one direction of a socket pair.
#ifndef DRYWIRE_STACK_SYS_PIPE_QUEUE_H_
#define DRYWIRE_STACK_SYS_PIPE_QUEUE_H_

#include <cstddef>
#include <string>

#include "absl/types/span.h"
#include "stack/socket/file.h"

namespace drywire {

inline constexpr size_t kPipeCapacity = 65536;
inline constexpr size_t kAtomicWrite = 4096;  // PIPE_BUF

// The bytes that buffers hold, or have room for.
size_t SizeOf(absl::Span<const File::Buffer> buffers);

class PipeQueue {
 public:
  explicit PipeQueue(size_t capacity) : capacity_(capacity) {}

  size_t size() const { return bytes_.size() - head_; }
  size_t room() const { return capacity_ - size(); }
  // Whether a write of `size` bytes must wait: writes of up to PIPE_BUF go whole or not at all.
  bool MustWait(size_t size) const {
    return size > 0 && (room() == 0 || (size <= kAtomicWrite && size > room()));
  }
  // As many as fit; as many as there are. Return how many.
  size_t Put(absl::Span<const File::Buffer> buffers);
  size_t Take(absl::Span<const File::Buffer> buffers, bool peek);
  void Clear();

 private:
  size_t capacity_;
  size_t head_ = 0;
  std::string bytes_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PIPE_QUEUE_H_
