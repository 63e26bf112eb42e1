#include "stack/socket/file_buffers.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace drywire {
namespace {

// Calls copy(bytes of a buffer, how many) for one stretch after the other.
template <typename Copy>
void ForEachPart(absl::Span<const File::Buffer> buffers, size_t size, size_t offset, Copy copy) {
  for (const File::Buffer& buffer : buffers) {
    if (size == 0) return;
    if (offset >= buffer.size) {
      offset -= buffer.size;
      continue;
    }
    const size_t part = std::min(buffer.size - offset, size);
    copy(static_cast<uint8_t*>(buffer.data) + offset, part);
    size -= part;
    offset = 0;
  }
}

}  // namespace

size_t SizeOf(absl::Span<const File::Buffer> buffers) {
  size_t size = 0;
  for (const File::Buffer& buffer : buffers) size += buffer.size;
  return size;
}

void CopyToBuffers(absl::Span<const File::Buffer> buffers, const void* from, size_t size,
                   size_t offset) {
  const auto* bytes = static_cast<const uint8_t*>(from);
  ForEachPart(buffers, size, offset, [&](uint8_t* part, size_t n) {
    std::memcpy(part, bytes, n);
    bytes += n;
  });
}

void CopyFromBuffers(absl::Span<const File::Buffer> buffers, void* to, size_t size, size_t offset) {
  auto* bytes = static_cast<uint8_t*>(to);
  ForEachPart(buffers, size, offset, [&](const uint8_t* part, size_t n) {
    std::memcpy(bytes, part, n);
    bytes += n;
  });
}

Bytes BytesFromBuffers(absl::Span<const File::Buffer> buffers, size_t size, size_t offset) {
  if (!buffers.empty() && buffers[0].size >= offset + size) {
    const auto* const from = static_cast<const uint8_t*>(buffers[0].data) + offset;
    return Bytes::Copy(absl::MakeConstSpan(from, size));
  }
  std::vector<uint8_t> all(size);
  CopyFromBuffers(buffers, all.data(), size, offset);
  return Bytes::Copy(all);
}

}  // namespace drywire
