// The buffers of a call that reads or writes, as one piece.
#ifndef DRYWIRE_STACK_SOCKET_FILE_BUFFERS_H_
#define DRYWIRE_STACK_SOCKET_FILE_BUFFERS_H_

#include <cstddef>

#include "absl/types/span.h"
#include "stack/base/bytes.h"
#include "stack/socket/file.h"

namespace drywire {

// The bytes that buffers hold, or have room for.
size_t SizeOf(absl::Span<const File::Buffer> buffers);

// Copies `size` bytes into the buffers, or out of them, from their byte `offset` on. There is room.
void CopyToBuffers(absl::Span<const File::Buffer> buffers, const void* from, size_t size,
                   size_t offset = 0);
void CopyFromBuffers(absl::Span<const File::Buffer> buffers, void* to, size_t size,
                     size_t offset = 0);
// `size` bytes from the byte `offset` on as a block of their own.
Bytes BytesFromBuffers(absl::Span<const File::Buffer> buffers, size_t size, size_t offset = 0);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_FILE_BUFFERS_H_
