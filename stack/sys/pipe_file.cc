#include "stack/sys/pipe_file.h"

#include <utility>

#include "stack/socket/file_buffers.h"

namespace drywire {
namespace {

constexpr uint32_t kReadable = kPollIn | kPollRdNorm;
constexpr uint32_t kWritable = kPollOut | kPollWrNorm;

}  // namespace

PipeEnd::Pair PipeEnd::Make(const SysProfile* profile, const Credentials& maker, bool packets) {
  const bool both = profile->pipes_are_bidirectional;
  auto* const first = new PipeEnd(profile, maker, /*packets=*/false);
  auto* const second = new PipeEnd(profile, maker, packets);
  first->in_ = second->out_ = std::make_shared<PipeBuffer>(profile, profile->pipe_size);
  if (both) {
    second->in_ = first->out_ = std::make_shared<PipeBuffer>(profile, profile->pipe_reverse_size);
  }
  first->other_ = second;
  second->other_ = first;
  return {FileRef(first), FileRef(second)};
}

uint32_t PipeEnd::Poll() const {
  uint32_t state = 0;
  if (reads() && in_->size() > 0) state |= kReadable;
  if (other_ == nullptr) {
    if (profile_->pipe_end_is_readable) return kReadable | kWritable | kPollHup;
    return state | (writes() ? kWritable | kPollErr : uint32_t{kPollHup});
  }
  if (writes() && out_->IsWritable()) state |= kWritable;
  return state;
}

Result<size_t> PipeEnd::Read(absl::Span<const Buffer> buffers) {
  if (!reads()) return Cause::kBadDescriptor;
  const bool was_writable = in_->IsWritable();
  const size_t taken = in_->Take(buffers);
  if (taken == 0 && other_ != nullptr && SizeOf(buffers) > 0) return Cause::kWouldBlock;
  // Writers are told when there is room again, not at every read.
  const bool told = profile_->pipe_holds_pages ? !was_writable && in_->IsWritable() : taken > 0;
  if (told && other_ != nullptr) other_->NotifyWriters(kWritable);
  return taken;
}

Result<size_t> PipeEnd::Write(absl::Span<const Buffer> buffers) {
  if (!writes()) return Cause::kBadDescriptor;
  const size_t size = SizeOf(buffers);
  if (size == 0 && profile_->pipe_holds_pages) return size_t{0};
  if (other_ == nullptr) return Cause::kSendShutDown;
  if (out_->MustWait(size, packets_)) return Cause::kWouldBlock;
  const size_t put = out_->Put(buffers, packets_);
  if (put > 0) other_->NotifyReaders(kReadable);
  return put;
}

void PipeEnd::OnLastClose() {
  if (other_ == nullptr) return;
  PipeEnd* const other = std::exchange(other_, nullptr);
  other->other_ = nullptr;
  other->NotifyReaders(kReadable | kPollHup);
  other->NotifyWriters(kWritable | kPollErr | kPollHup);
}

}  // namespace drywire
