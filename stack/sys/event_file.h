// A counter that is a file, as eventfd(2): readable when it is not 0, and what is written is added.
//
// Source: eventfd(2) as observed on Linux 6.18; FreeBSD's sys_eventfd.c, which differs in poll()'s
// bits only.
#ifndef DRYWIRE_STACK_SYS_EVENT_FILE_H_
#define DRYWIRE_STACK_SYS_EVENT_FILE_H_

#include <cstdint>

#include "absl/types/span.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"

namespace drywire {

class EventFile final : public File {
 public:
  // `semaphore`: EFD_SEMAPHORE. `norm`: poll() knows POLLRDNORM and POLLWRNORM. `exact`: more than
  // 8 bytes are not written either.
  EventFile(uint64_t initial, bool semaphore, bool norm, bool exact)
      : count_(initial), semaphore_(semaphore), norm_(norm), exact_(exact) {}

  uint32_t Poll() const override;
  // kInvalidArgument for less than 8 bytes; kWouldBlock.
  Result<size_t> Read(absl::Span<const Buffer> buffers) override;
  // Likewise; kInvalidArgument for the largest number, which cannot be added to anything.
  Result<size_t> Write(absl::Span<const Buffer> buffers) override;

 private:
  static constexpr uint64_t kMost = ~uint64_t{0} - 1;

  uint64_t count_;
  bool semaphore_;
  bool norm_;
  bool exact_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_EVENT_FILE_H_
