// A slice of immutable, reference-counted payload bytes.
//
// Payload is written once, by the sending application, and then only sliced: segmentation, queues
// and retransmission share the same block. The count is not atomic: a world is one thread.
#ifndef DRYWIRE_STACK_BASE_BYTES_H_
#define DRYWIRE_STACK_BASE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace drywire {

class Bytes {
 public:
  Bytes() = default;
  // Copies `data` into a fresh block.
  static Bytes Copy(absl::Span<const uint8_t> data);
  static Bytes Copy(absl::string_view data);
  // `size` zero bytes; big probes need no content of their own.
  static Bytes Zeros(size_t size);
  // One block holding all of `a` and then all of `b`.
  static Bytes Concat(const Bytes& a, const Bytes& b);

  Bytes(const Bytes& other) : block_(other.block_), offset_(other.offset_), size_(other.size_) {
    Ref();
  }
  Bytes(Bytes&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        offset_(other.offset_),
        size_(std::exchange(other.size_, 0)) {}
  Bytes& operator=(const Bytes& other) {
    other.Ref();
    Unref();
    block_ = other.block_;
    offset_ = other.offset_;
    size_ = other.size_;
    return *this;
  }
  Bytes& operator=(Bytes&& other) noexcept {
    Block* const block = std::exchange(other.block_, nullptr);
    const uint32_t size = std::exchange(other.size_, 0);
    Unref();
    block_ = block;
    offset_ = other.offset_;
    size_ = size;
    return *this;
  }
  ~Bytes() { Unref(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const uint8_t* data() const { return block_ == nullptr ? nullptr : block_->bytes + offset_; }
  absl::Span<const uint8_t> span() const { return {data(), size_}; }
  absl::string_view text() const { return {reinterpret_cast<const char*>(data()), size_}; }

  // Bytes [offset, offset + length), clipped to what there is; shares the block.
  Bytes Slice(size_t offset, size_t length = ~size_t{0}) const;

 private:
  struct Block {
    uint32_t references;
    uint8_t bytes[1];
  };

  static Block* NewBlock(size_t size);
  static void FreeBlock(Block* block);
  void Ref() const {
    if (block_ != nullptr) ++block_->references;
  }
  void Unref() {
    if (block_ != nullptr && --block_->references == 0) FreeBlock(block_);
  }

  Block* block_ = nullptr;
  uint32_t offset_ = 0;
  uint32_t size_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_BYTES_H_
