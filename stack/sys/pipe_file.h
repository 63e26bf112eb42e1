// What the ends of pipes and of FIFOs have in common: reading and writing a PipeBuffer.
//
// Source: pipe(7), splice(2), as observed on Linux 6.18; FreeBSD's sys_pipe.c.
#ifndef DRYWIRE_STACK_SYS_PIPE_FILE_H_
#define DRYWIRE_STACK_SYS_PIPE_FILE_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "stack/personality/cause.h"
#include "stack/personality/sys_profile.h"
#include "stack/socket/file.h"
#include "stack/sys/pipe_buffer.h"

namespace drywire {

class PipeFile : public File {
 public:
  // Null unless `file` is one.
  static PipeFile* Of(File* file) { return dynamic_cast<PipeFile*>(file); }

  bool reads() const { return input() != nullptr; }
  bool writes() const { return output() != nullptr; }
  // O_DIRECT.
  bool packets() const { return packets_; }
  // What is on its way to this end or, if it only writes, from it.
  PipeBuffer& buffer() const { return reads() ? *input() : *output(); }

  // kBadDescriptor; kWouldBlock; kSendShutDown when nobody reads.
  Result<size_t> Read(absl::Span<const Buffer> buffers) final;
  Result<size_t> Write(absl::Span<const Buffer> buffers) final;

  // splice(2) of an end that reads: kWouldBlock while it is empty and somebody might write; what
  // there is then, which is nothing at the end.
  Result<absl::Span<const uint8_t>> Front() const;
  // Takes the first `size` bytes of that out.
  void Drop(size_t size);
  // splice(2) of an end that writes: how much fits. kSendShutDown; kWouldBlock when nothing does.
  Result<size_t> Room() const;
  // Puts what fits, the first page with `first_page` bytes.
  void PutApart(absl::Span<const uint8_t> bytes, size_t first_page);
  // Moves up to `size` bytes, in the pages they are in, to an end that writes; returns how many.
  size_t MoveTo(PipeFile& to, size_t size);

 protected:
  static constexpr uint32_t kReadable = kPollIn | kPollRdNorm;
  static constexpr uint32_t kWritable = kPollOut | kPollWrNorm;

  // `profile` is the host's; not owned.
  PipeFile(const SysProfile* profile, bool packets) : profile_(profile), packets_(packets) {}

  const SysProfile& profile() const { return *profile_; }

  // Null where it does not read or write.
  virtual PipeBuffer* input() const = 0;
  virtual PipeBuffer* output() const = 0;
  // Whether anybody could write what this end reads, or read what it writes.
  virtual bool HasWriters() const = 0;
  virtual bool HasReaders() const = 0;
  // Of those.
  virtual void TellWriters(uint32_t key) = 0;
  virtual void TellReaders(uint32_t key) = 0;

 private:
  // After a read from `input()`, which was writable before it or not.
  void AfterRead(bool was_writable, size_t taken);

  const SysProfile* profile_;
  bool packets_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PIPE_FILE_H_
