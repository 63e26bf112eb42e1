// The buffers of a read or a write as one piece.
#ifndef DRYWIRE_STACK_SYS_FILE_BUFFERS_H_
#define DRYWIRE_STACK_SYS_FILE_BUFFERS_H_

#include <cstddef>

#include "absl/types/span.h"
#include "stack/socket/file.h"

namespace drywire {

// The bytes that buffers hold, or have room for.
size_t SizeOf(absl::Span<const File::Buffer> buffers);

// Copies `size` bytes into the buffers, or out of them. There is room.
void CopyToBuffers(absl::Span<const File::Buffer> buffers, const void* from, size_t size);
void CopyFromBuffers(absl::Span<const File::Buffer> buffers, void* to, size_t size);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_FILE_BUFFERS_H_
