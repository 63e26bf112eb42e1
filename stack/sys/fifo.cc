#include "stack/sys/fifo.h"

#include <utility>

namespace drywire {

Ref<FifoPipe> FifoPipe::Of(const NodeRef& node, const SysProfile* profile) {
  // Nothing else ties itself to a FIFO.
  auto* const known = static_cast<FifoPipe*>(node->client());
  return Ref<FifoPipe>(known != nullptr ? known : new FifoPipe(node, profile));
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

FifoEnd::FifoEnd(const NodeRef& node, const SysProfile* profile, bool reads, bool writes)
    : PipeFile(profile, /*packets=*/false),
      pipe_(FifoPipe::Of(node, profile)),
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
  const uint32_t end = profile().pipe_end_is_readable ? kReadable : 0;
  if (reads_) {
    if (pipe_->buffer_.size() > 0) state |= kReadable;
    // As long as nobody ever wrote there is nothing to hang up.
    if (pipe_->writers_ == 0 && pipe_->writer_opens_ != writers_before_) state |= kPollHup | end;
  }
  if (writes_) {
    if (pipe_->buffer_.IsWritable()) state |= kWritable;
    if (pipe_->readers_ == 0) state |= end != 0 ? kWritable | kPollHup : uint32_t{kPollErr};
  }
  return state;
}

void FifoEnd::Leave() {
  if (std::exchange(left_, true)) return;
  Unlink();
  if (reads_ && --pipe_->readers_ == 0) pipe_->NotifyWriters(kWritable | kPollErr | kPollHup);
  if (writes_ && --pipe_->writers_ == 0) pipe_->NotifyReaders(kReadable | kPollHup);
}

}  // namespace drywire
