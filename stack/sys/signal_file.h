// A set of signals that is a file, as signalfd(2): readable when one of them is pending, and
// reading takes them.
//
// They are those of the process that looks: a child that inherited the descriptor has its own. Who
// asks from outside of any process (an epoll instance that collects) gets the answer of the one
// that looked last. Source: signalfd(2) as observed on Linux 6.18; FreeBSD has no such call.
#ifndef DRYWIRE_STACK_SYS_SIGNAL_FILE_H_
#define DRYWIRE_STACK_SYS_SIGNAL_FILE_H_

#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "sim/core/scheduler.h"
#include "sim/core/wait_list.h"
#include "stack/host/process.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"

namespace drywire {

class SignalFile final : public File {
 public:
  // `scheduler` tells who looks; not owned.
  SignalFile(Scheduler* scheduler, SignalSet set) : scheduler_(scheduler), set_(set) {}

  // Null unless `file` is one.
  static SignalFile* Of(File* file) { return dynamic_cast<SignalFile*>(file); }

  void set_signals(SignalSet set);

  uint32_t Poll() const override;
  // As many as fit, at least one. kInvalidArgument: no room for one; kWouldBlock.
  Result<size_t> Read(absl::Span<const Buffer> buffers) override;

 private:
  // A process that looked, whose signals wake those who wait for this file.
  struct Watch {
    SignalFile* file;
    Host* host;
    int pid;
    Waiter waiter;
  };
  static bool OnSignal(Waiter* waiter, uint32_t key);
  // The process that looks; null when nobody has yet.
  Process* Looker() const;
  void OnLastClose() override { watches_.clear(); }

  Scheduler* scheduler_;
  SignalSet set_;
  mutable std::vector<std::unique_ptr<Watch>> watches_;  // the one that looked last is the last
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_SIGNAL_FILE_H_
