#include "stack/sys/signal_file.h"

#include <algorithm>

#include "stack/host/host.h"
#include "stack/socket/file_buffers.h"
#include "stack/sys/siginfo.h"

namespace drywire {

bool SignalFile::OnSignal(Waiter* waiter, uint32_t) {
  static_cast<Watch*>(waiter->context())->file->NotifyReaders(kPollIn | kPollRdNorm);
  return false;
}

Process* SignalFile::Looker() const {
  Process* const process = Process::Of(scheduler_->current());
  if (process == nullptr) {
    return watches_.empty() ? nullptr : watches_.back()->host->FindProcess(watches_.back()->pid);
  }
  const auto is_it = [&](const std::unique_ptr<Watch>& watch) {
    return watch->host == &process->host() && watch->pid == process->pid();
  };
  const auto known = std::find_if(watches_.begin(), watches_.end(), is_it);
  if (known != watches_.end()) {
    std::rotate(known, known + 1, watches_.end());
    return process;
  }
  auto watch = std::make_unique<Watch>();
  watch->file = const_cast<SignalFile*>(this);
  watch->host = &process->host();
  watch->pid = process->pid();
  watch->waiter.Bind(&SignalFile::OnSignal, watch.get());
  process->signal_arrivals().Add(&watch->waiter);
  watches_.push_back(std::move(watch));
  return process;
}

void SignalFile::set_signals(SignalSet set) {
  set_ = set;
  NotifyReaders(kPollIn | kPollRdNorm);
}

uint32_t SignalFile::Poll() const {
  const Process* const process = Looker();
  return process != nullptr && (process->pending() & set_) != 0 ? uint32_t{kPollIn} : 0;
}

Result<size_t> SignalFile::Read(absl::Span<const Buffer> buffers) {
  constexpr size_t kSize = sizeof(signalfd_siginfo);
  const size_t room = SizeOf(buffers) / kSize;
  if (room == 0) return Cause::kInvalidArgument;
  Process* const process = Looker();
  std::vector<signalfd_siginfo> taken;
  while (process != nullptr && taken.size() < room) {
    const std::optional<SignalInfo> info = process->TakePending(set_);
    if (!info.has_value()) break;
    taken.push_back(ToSignalfdSiginfo(*info));
  }
  if (taken.empty()) return Cause::kWouldBlock;
  CopyToBuffers(buffers, taken.data(), taken.size() * kSize);
  return taken.size() * kSize;
}

}  // namespace drywire
