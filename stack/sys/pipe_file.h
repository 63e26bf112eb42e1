// The two ends of a pipe as files.
//
// On Linux one end reads and the other writes; on FreeBSD both do both. Left out: fchmod() and
// fchown() of them. Source: pipe(2), pipe(7) as
// observed on Linux 6.18; FreeBSD's sys_pipe.c.
#ifndef DRYWIRE_STACK_SYS_PIPE_FILE_H_
#define DRYWIRE_STACK_SYS_PIPE_FILE_H_

#include <cstdint>
#include <memory>

#include "absl/types/span.h"
#include "stack/base/credentials.h"
#include "stack/personality/cause.h"
#include "stack/personality/sys_profile.h"
#include "stack/socket/file.h"
#include "stack/sys/pipe_buffer.h"

namespace drywire {

class PipeEnd final : public File {
 public:
  // A pipe of a host with this profile, which is not owned. `packets`: O_DIRECT.
  struct Pair {
    FileRef first;   // reads
    FileRef second;  // writes
  };
  static Pair Make(const SysProfile* profile, const Credentials& maker, bool packets);

  // Null unless `file` is one.
  static PipeEnd* Of(File* file) { return dynamic_cast<PipeEnd*>(file); }

  bool reads() const { return in_ != nullptr; }
  bool writes() const { return out_ != nullptr; }
  bool packets() const { return packets_; }
  uint32_t uid() const { return uid_; }
  uint32_t gid() const { return gid_; }
  // What is on its way to this end or, if it only writes, from it.
  PipeBuffer& buffer() const { return in_ != nullptr ? *in_ : *out_; }

  uint32_t Poll() const override;
  Result<size_t> Read(absl::Span<const Buffer> buffers) override;
  Result<size_t> Write(absl::Span<const Buffer> buffers) override;

 private:
  PipeEnd(const SysProfile* profile, const Credentials& maker, bool packets)
      : profile_(profile), uid_(maker.uid), gid_(maker.gid), packets_(packets) {}
  void OnLastClose() override;

  const SysProfile* profile_;
  uint32_t uid_;
  uint32_t gid_;
  bool packets_;
  std::shared_ptr<PipeBuffer> in_;   // what this end reads
  std::shared_ptr<PipeBuffer> out_;  // what it writes
  PipeEnd* other_ = nullptr;         // null once it is closed
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PIPE_FILE_H_
