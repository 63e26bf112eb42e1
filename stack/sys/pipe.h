// The two ends of a pipe as files.
//
// On Linux one end reads and the other writes; on FreeBSD both do both. Left out: fchmod() and
// fchown() of them. Source: pipe(2), pipe(7) as observed on Linux 6.18; FreeBSD's sys_pipe.c.
#ifndef DRYWIRE_STACK_SYS_PIPE_H_
#define DRYWIRE_STACK_SYS_PIPE_H_

#include <cstdint>
#include <memory>

#include "stack/base/credentials.h"
#include "stack/personality/sys_profile.h"
#include "stack/socket/file.h"
#include "stack/sys/pipe_buffer.h"
#include "stack/sys/pipe_file.h"

namespace drywire {

class PipeEnd final : public PipeFile {
 public:
  // A pipe of a host with this profile, which is not owned. `packets`: O_DIRECT.
  struct Pair {
    FileRef first;   // reads
    FileRef second;  // writes
  };
  static Pair Make(const SysProfile* profile, const Credentials& maker, bool packets);

  // Null unless `file` is one.
  static PipeEnd* Of(File* file) { return dynamic_cast<PipeEnd*>(file); }

  uint32_t uid() const { return uid_; }
  uint32_t gid() const { return gid_; }

  uint32_t Poll() const override;

 private:
  PipeEnd(const SysProfile* profile, const Credentials& maker, bool packets)
      : PipeFile(profile, packets), uid_(maker.uid), gid_(maker.gid) {}
  void OnLastClose() override;
  PipeBuffer* input() const override { return in_.get(); }
  PipeBuffer* output() const override { return out_.get(); }
  bool HasWriters() const override { return other_ != nullptr; }
  bool HasReaders() const override { return other_ != nullptr; }
  void TellWriters(uint32_t key) override {
    if (other_ != nullptr) other_->NotifyWriters(key);
  }
  void TellReaders(uint32_t key) override { other_->NotifyReaders(key); }

  uint32_t uid_;
  uint32_t gid_;
  std::shared_ptr<PipeBuffer> in_;   // what this end reads
  std::shared_ptr<PipeBuffer> out_;  // what it writes
  PipeEnd* other_ = nullptr;         // null once it is closed
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PIPE_H_
