#include "stack/base/bytes.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sim/core/check.h"

namespace drywire {

Bytes::Block* Bytes::NewBlock(size_t size) {
  DRYWIRE_CHECK(size <= UINT32_MAX) << "payload of " << size << " bytes";
  Block* block = static_cast<Block*>(std::malloc(offsetof(Block, bytes) + size));
  DRYWIRE_CHECK(block != nullptr) << "out of memory for a payload of " << size << " bytes";
  block->references = 1;
  return block;
}

void Bytes::FreeBlock(Block* block) { std::free(block); }

Bytes Bytes::Copy(absl::Span<const uint8_t> data) {
  Bytes result;
  if (data.empty()) return result;
  result.block_ = NewBlock(data.size());
  result.size_ = static_cast<uint32_t>(data.size());
  std::memcpy(result.block_->bytes, data.data(), data.size());
  return result;
}

Bytes Bytes::Copy(absl::string_view data) {
  return Copy(absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(data.data()), data.size()));
}

Bytes Bytes::Zeros(size_t size) {
  Bytes result;
  if (size == 0) return result;
  result.block_ = NewBlock(size);
  result.size_ = static_cast<uint32_t>(size);
  std::memset(result.block_->bytes, 0, size);
  return result;
}

Bytes Bytes::Concat(const Bytes& a, const Bytes& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  Bytes result;
  result.block_ = NewBlock(a.size() + b.size());
  result.size_ = static_cast<uint32_t>(a.size() + b.size());
  std::memcpy(result.block_->bytes, a.data(), a.size());
  std::memcpy(result.block_->bytes + a.size(), b.data(), b.size());
  return result;
}

Bytes Bytes::Slice(size_t offset, size_t length) const {
  Bytes result = *this;
  offset = std::min<size_t>(offset, size_);
  result.offset_ += static_cast<uint32_t>(offset);
  result.size_ = static_cast<uint32_t>(std::min<size_t>(length, size_ - offset));
  return result;
}

}  // namespace drywire
