// Files whose readiness a test sets.
#ifndef DRYWIRE_TESTS_STACK_SYS_FAKE_FILE_H_
#define DRYWIRE_TESTS_STACK_SYS_FAKE_FILE_H_

#include <cstdint>

#include "stack/socket/file.h"

namespace drywire {

class FakeFile final : public File {
 public:
  uint32_t Poll() const override { return state_; }
  bool SupportsEpoll() const override { return supports_epoll; }

  // Adds bits and notifies those who wait for them.
  void Gain(uint32_t bits) {
    state_ |= bits;
    if ((bits & ~kPollOut) != 0) read_waiters().Notify(bits);
    if ((bits & ~kPollIn) != 0) write_waiters().Notify(bits);
  }
  void Lose(uint32_t bits) { state_ &= ~bits; }

  bool supports_epoll = true;

 private:
  uint32_t state_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_TESTS_STACK_SYS_FAKE_FILE_H_
