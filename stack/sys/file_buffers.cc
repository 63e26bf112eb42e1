#include "stack/sys/file_buffers.h"

#include <algorithm>
#include <cstring>

namespace drywire {

size_t SizeOf(absl::Span<const File::Buffer> buffers) {
  size_t size = 0;
  for (const File::Buffer& buffer : buffers) size += buffer.size;
  return size;
}

void CopyToBuffers(absl::Span<const File::Buffer> buffers, const void* from, size_t size) {
  const auto* bytes = static_cast<const char*>(from);
  for (const File::Buffer& buffer : buffers) {
    const size_t part = std::min(size, buffer.size);
    if (part > 0) std::memcpy(buffer.data, bytes, part);
    bytes += part;
    size -= part;
  }
}

void CopyFromBuffers(absl::Span<const File::Buffer> buffers, void* to, size_t size) {
  auto* bytes = static_cast<char*>(to);
  for (const File::Buffer& buffer : buffers) {
    const size_t part = std::min(size, buffer.size);
    if (part > 0) std::memcpy(bytes, buffer.data, part);
    bytes += part;
    size -= part;
  }
}

}  // namespace drywire
