#include "stack/sys/node_file.h"

#include <unistd.h>

#include <limits>

namespace drywire {
namespace {

absl::Span<uint8_t> BytesOf(const File::Buffer& buffer) {
  return {static_cast<uint8_t*>(buffer.data), buffer.size};
}

}  // namespace

Result<size_t> NodeFile::ReadAt(int64_t offset, absl::Span<const Buffer> buffers) {
  if (!mode_.reads) return Cause::kBadDescriptor;
  size_t total = 0;
  // A directory says what it is even when nothing is asked for.
  if (buffers.empty()) return node_->ReadAt(offset, {}, actor());
  for (const Buffer& buffer : buffers) {
    const Result<size_t> read =
        node_->ReadAt(offset + static_cast<int64_t>(total), BytesOf(buffer), actor());
    if (!read.ok()) return read;
    total += *read;
    if (*read < buffer.size) break;
  }
  return total;
}

Result<size_t> NodeFile::WriteAt(int64_t offset, absl::Span<const Buffer> buffers) {
  if (!mode_.writes) return Cause::kBadDescriptor;
  if (mode_.appends) offset = node_->Stat().size;
  size_t total = 0;
  for (const Buffer& buffer : buffers) {
    const Result<size_t> written =
        node_->WriteAt(offset + static_cast<int64_t>(total), BytesOf(buffer), actor());
    if (!written.ok()) {
      if (total > 0) break;
      return written;
    }
    total += *written;
    if (*written < buffer.size) break;
  }
  return total;
}

Result<size_t> NodeFile::Read(absl::Span<const Buffer> buffers) {
  const Result<size_t> read = ReadAt(position_, buffers);
  if (read.ok()) position_ += static_cast<int64_t>(*read);
  return read;
}

Result<size_t> NodeFile::Write(absl::Span<const Buffer> buffers) {
  const Result<size_t> written = WriteAt(position_, buffers);
  if (!written.ok()) return written;
  position_ = mode_.appends && *written > 0 ? node_->Stat().size
                                            : position_ + static_cast<int64_t>(*written);
  return written;
}

Result<int64_t> NodeFile::Seek(int64_t offset, int whence) {
  int64_t base = 0;
  switch (whence) {
    case SEEK_SET:
      break;
    case SEEK_CUR:
      base = position_;
      break;
    case SEEK_END:
      base = node_->Stat().size;
      break;
    case SEEK_DATA:
    case SEEK_HOLE: {
      if (offset < 0) return Cause::kNoDataThere;
      const Result<int64_t> found = node_->SeekData(offset, whence == SEEK_HOLE);
      if (found.ok()) position_ = *found;
      return found;
    }
    default:
      return Cause::kInvalidArgument;
  }
  int64_t position = 0;
  if (__builtin_add_overflow(base, offset, &position) || position < 0) {
    return Cause::kInvalidArgument;
  }
  position_ = position;
  return position;
}

Result<> NodeFile::Truncate(int64_t size) {
  if (size < 0 || !mode_.writes) return Cause::kInvalidArgument;
  return node_->Truncate(size, actor());
}

}  // namespace drywire
