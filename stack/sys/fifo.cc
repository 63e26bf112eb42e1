#include "stack/sys/fifo.h"

#include <utility>

namespace drywire {
namespace {

constexpr uint32_t kReadable = kPollIn | kPollRdNorm;
constexpr uint32_t kWritable = kPollOut | kPollWrNorm;

}  // namespace

Ref<FifoPipe> FifoPipe::Of(const NodeRef& node) {
  // Nothing else ties itself to a FIFO.
  auto* const known = static_cast<FifoPipe*>(node->client());
  return Ref<FifoPipe>(known != nullptr ? known : new FifoPipe(node));
}

void FifoPipe::NotifyReaders(uint32_t key) {
  for (FifoEnd& end : ends_) {
    if (end.reads()) end.NotifyReaders(key);
  }
}

void FifoPipe::NotifyWriters(uint32_t key) {
  for (FifoEnd& end : ends_) {
    if (end.writes()) end.NotifyWriters(key);
  }
}

FifoEnd::FifoEnd(const NodeRef& node, bool reads, bool writes)
    : pipe_(FifoPipe::Of(node)),
      reads_(reads),
      writes_(writes),
      readers_before_(pipe_->reader_opens_),
      // A writer that is there counts as one that comes.
      writers_before_(pipe_->writer_opens_ - (pipe_->writers_ > 0 ? 1 : 0)) {
  pipe_->ends_.PushBack(this);
  if (reads) {
    ++pipe_->readers_;
    ++pipe_->reader_opens_;
    pipe_->NotifyWriters(kWritable);
  }
  if (writes) {
    ++pipe_->writers_;
    ++pipe_->writer_opens_;
    pipe_->NotifyReaders(kReadable);
  }
}

Result<> FifoEnd::OtherEndCame(bool nonblocking) const {
  if (reads_ && writes_) return {};
  if (reads_) {
    const bool came = pipe_->writer_opens_ != writers_before_;
    return came || nonblocking ? Result<>() : Result<>(Cause::kWouldBlock);
  }
  if (pipe_->readers_ > 0 || pipe_->reader_opens_ != readers_before_) return {};
  return nonblocking ? Cause::kNoReader : Cause::kWouldBlock;
}

uint32_t FifoEnd::Poll() const {
  uint32_t state = 0;
  if (reads_) {
    if (pipe_->queue_.size() > 0) state |= kReadable;
    // As long as nobody ever wrote there is nothing to hang up.
    if (pipe_->writers_ == 0 && pipe_->writer_opens_ != writers_before_) state |= kPollHup;
  }
  if (writes_) {
    if (pipe_->queue_.room() >= kAtomicWrite) state |= kWritable;
    if (pipe_->readers_ == 0) state |= kPollErr;
  }
  return state;
}

Result<size_t> FifoEnd::Read(absl::Span<const Buffer> buffers) {
  if (!reads_) return Cause::kBadDescriptor;
  const size_t taken = pipe_->queue_.Take(buffers, /*peek=*/false);
  if (taken > 0) pipe_->NotifyWriters(kWritable);
  if (taken == 0 && pipe_->writers_ > 0 && SizeOf(buffers) > 0) return Cause::kWouldBlock;
  return taken;
}

Result<size_t> FifoEnd::Write(absl::Span<const Buffer> buffers) {
  if (!writes_) return Cause::kBadDescriptor;
  if (pipe_->readers_ == 0) return Cause::kSendShutDown;
  if (pipe_->queue_.MustWait(SizeOf(buffers))) return Cause::kWouldBlock;
  const size_t put = pipe_->queue_.Put(buffers);
  if (put > 0) pipe_->NotifyReaders(kReadable);
  return put;
}

void FifoEnd::Leave() {
  if (std::exchange(left_, true)) return;
  Unlink();
  if (reads_ && --pipe_->readers_ == 0) pipe_->NotifyWriters(kPollErr);
  if (writes_ && --pipe_->writers_ == 0) pipe_->NotifyReaders(kPollHup);
}

}  // namespace drywire
