#include "stack/sys/pipe.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "stack/sys/arguments.h"
#include "stack/sys/pipe_queue.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

constexpr uint64_t kMaxCounter = ~uint64_t{0} - 1;
constexpr uint32_t kReadable = kPollIn | kPollRdNorm;
constexpr uint32_t kWritable = kPollOut | kPollWrNorm;

// One end of a pipe. The reading end owns the queue; ends know each other while both are open.
class PipeEnd final : public File {
 public:
  explicit PipeEnd(bool reads) : reads_(reads), queue_(kPipeCapacity) {}
  void Join(PipeEnd* other) { other_ = other; }

  uint32_t Poll() const override {
    if (reads_) {
      return (queue_.size() > 0 ? kReadable : 0u) | (other_ == nullptr ? uint32_t{kPollHup} : 0u);
    }
    if (other_ == nullptr) return kWritable | kPollErr;
    return other_->queue_.room() >= kAtomicWrite ? kWritable : 0;
  }

  Result<size_t> Read(absl::Span<const Buffer> buffers) override {
    if (!reads_) return Cause::kBadDescriptor;
    const size_t taken = queue_.Take(buffers, /*peek=*/false);
    if (taken > 0 && other_ != nullptr) other_->NotifyWriters(kWritable);
    if (taken == 0 && other_ != nullptr && SizeOf(buffers) > 0) return Cause::kWouldBlock;
    return taken;
  }

  Result<size_t> Write(absl::Span<const Buffer> buffers) override {
    if (reads_) return Cause::kBadDescriptor;
    if (other_ == nullptr) return Cause::kSendShutDown;
    if (other_->queue_.MustWait(SizeOf(buffers))) return Cause::kWouldBlock;
    const size_t put = other_->queue_.Put(buffers);
    if (put > 0) other_->NotifyReaders(kReadable);
    return put;
  }

 private:
  void OnLastClose() override {
    if (other_ == nullptr) return;
    PipeEnd* const other = std::exchange(other_, nullptr);
    other->other_ = nullptr;
    other->NotifyReaders(kPollHup);
    other->NotifyWriters(kPollErr);
  }

  bool reads_;
  PipeEnd* other_ = nullptr;
  PipeQueue queue_;
};

class EventCounter final : public File {
 public:
  EventCounter(uint64_t initial, bool semaphore) : count_(initial), semaphore_(semaphore) {}

  uint32_t Poll() const override {
    return (count_ > 0 ? uint32_t{kPollIn} : 0u) | (count_ < kMaxCounter ? uint32_t{kPollOut} : 0u);
  }
  Result<size_t> Read(absl::Span<const Buffer> buffers) override {
    if (SizeOf(buffers) < sizeof count_) return Cause::kInvalidArgument;
    if (count_ == 0) return Cause::kWouldBlock;
    const uint64_t value = semaphore_ ? 1 : count_;
    Copy(buffers, const_cast<uint64_t*>(&value), /*out=*/true);
    count_ -= value;
    NotifyWriters(kPollOut);
    return sizeof value;
  }
  Result<size_t> Write(absl::Span<const Buffer> buffers) override {
    if (SizeOf(buffers) < sizeof count_) return Cause::kInvalidArgument;
    uint64_t value = 0;
    Copy(buffers, &value, /*out=*/false);
    if (value > kMaxCounter) return Cause::kInvalidArgument;
    if (kMaxCounter - count_ < value) return Cause::kWouldBlock;
    count_ += value;
    NotifyReaders(kPollIn);
    return sizeof value;
  }

 private:
  static void Copy(absl::Span<const Buffer> buffers, uint64_t* value, bool out) {
    auto* bytes = reinterpret_cast<char*>(value);
    size_t left = sizeof *value;
    for (const Buffer& buffer : buffers) {
      const size_t size = std::min(left, buffer.size);
      if (out) {
        std::memcpy(buffer.data, bytes, size);
      } else {
        std::memcpy(bytes, buffer.data, size);
      }
      bytes += size;
      left -= size;
    }
  }

  uint64_t count_;
  bool semaphore_;
};

}  // namespace

FilePair MakePipe() {
  auto* const read = new PipeEnd(/*reads=*/true);
  auto* const write = new PipeEnd(/*reads=*/false);
  read->Join(write);
  write->Join(read);
  return {FileRef(read), FileRef(write)};
}

FileRef MakeEventCounter(uint64_t initial, bool semaphore) {
  return FileRef(new EventCounter(initial, semaphore));
}

Result<> InstallPair(SysContext& context, const FileRef& first, const FileRef& second,
                     bool close_on_exec, int* fds) {
  FdTable& table = context.process.fds();
  auto a = table.Install(first, close_on_exec);
  if (!a.ok()) return a.cause();
  auto b = table.Install(second, close_on_exec);
  if (!b.ok()) {
    (void)table.Close(*a).ok();
    return b.cause();
  }
  const int numbers[2] = {*a, *b};
  if (!CopyToUser(fds, numbers, sizeof numbers)) {
    (void)table.Close(*a).ok();
    (void)table.Close(*b).ok();
    return Cause::kBadAddressPointer;
  }
  return {};
}

}  // namespace drywire
