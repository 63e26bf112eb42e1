#include "stack/sys/pipe.h"

#include <utility>

namespace drywire {

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
    if (profile().pipe_end_is_readable) return kReadable | kWritable | kPollHup;
    return state | (writes() ? kWritable | kPollErr : uint32_t{kPollHup});
  }
  if (writes() && out_->IsWritable()) state |= kWritable;
  return state;
}

void PipeEnd::OnLastClose() {
  if (other_ == nullptr) return;
  PipeEnd* const other = std::exchange(other_, nullptr);
  other->other_ = nullptr;
  other->NotifyReaders(kReadable | kPollHup);
  other->NotifyWriters(kWritable | kPollErr | kPollHup);
}

}  // namespace drywire
