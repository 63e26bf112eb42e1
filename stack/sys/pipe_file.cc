#include "stack/sys/pipe_file.h"

#include <algorithm>

#include "stack/socket/file_buffers.h"

namespace drywire {

void PipeFile::AfterRead(bool was_writable, size_t taken) {
  // Writers are told when there is room again, not at every read.
  const bool told = profile_->pipe_holds_pages ? !was_writable && input()->IsWritable() : taken > 0;
  if (told) TellWriters(kWritable);
}

Result<size_t> PipeFile::Read(absl::Span<const Buffer> buffers) {
  if (!reads()) return Cause::kBadDescriptor;
  const bool was_writable = input()->IsWritable();
  const size_t taken = input()->Take(buffers);
  if (taken == 0 && HasWriters() && SizeOf(buffers) > 0) return Cause::kWouldBlock;
  AfterRead(was_writable, taken);
  return taken;
}

Result<size_t> PipeFile::Write(absl::Span<const Buffer> buffers) {
  if (!writes()) return Cause::kBadDescriptor;
  const size_t size = SizeOf(buffers);
  if (size == 0 && profile_->pipe_holds_pages) return size_t{0};
  if (!HasReaders()) return Cause::kSendShutDown;
  if (output()->MustWait(size, packets_)) return Cause::kWouldBlock;
  const size_t put = output()->Put(buffers, packets_);
  if (put > 0) TellReaders(kReadable);
  return put;
}

Result<absl::Span<const uint8_t>> PipeFile::Front() const {
  if (input()->size() == 0 && HasWriters()) return Cause::kWouldBlock;
  return input()->Bytes();
}

void PipeFile::Drop(size_t size) {
  const bool was_writable = input()->IsWritable();
  input()->Drop(size);
  AfterRead(was_writable, size);
}

Result<size_t> PipeFile::Room() const {
  if (!HasReaders()) return Cause::kSendShutDown;
  const size_t room = output()->FreePages() * PipeBuffer::kPage;
  return room > 0 ? Result<size_t>(room) : Result<size_t>(Cause::kWouldBlock);
}

void PipeFile::PutApart(absl::Span<const uint8_t> bytes, size_t first_page) {
  if (bytes.empty()) return;
  output()->PutApart(bytes, first_page);
  TellReaders(kReadable);
}

size_t PipeFile::MoveTo(PipeFile& to, size_t size) {
  const bool was_writable = input()->IsWritable();
  const size_t moved = input()->MoveTo(*to.output(), size);
  AfterRead(was_writable, moved);
  if (moved > 0) to.TellReaders(kReadable);
  return moved;
}

}  // namespace drywire
