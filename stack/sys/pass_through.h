// A descriptor of the program that runs the simulation, seen by a simulated process: its standard
// output, or a file that a library opens below /etc.
//
// It takes a number among the process's own descriptors, so that numbers are what they would be on
// a real system. Its data is not simulated: reads and writes go to the real descriptor at once, and
// are always ready. Regular files and terminals only; nothing real that can block belongs here.
#ifndef DRYWIRE_STACK_SYS_PASS_THROUGH_H_
#define DRYWIRE_STACK_SYS_PASS_THROUGH_H_

#include "stack/host/process.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"

namespace drywire {

class PassThroughFile final : public File {
 public:
  // `owned`: the last close closes the real descriptor too.
  PassThroughFile(int real_fd, bool owned) : real_fd_(real_fd), owned_(owned) {}
  ~PassThroughFile() override;

  int real_fd() const { return real_fd_; }
  // Gives the real descriptor up to the caller, who closes it.
  int Release();

  uint32_t Poll() const override { return kPollIn | kPollRdNorm | kPollOut | kPollWrNorm; }
  bool SupportsEpoll() const override { return false; }
  // kNotSupported stands for any failure: the doors hand such calls to the C library themselves.
  Result<size_t> Read(absl::Span<const Buffer> buffers) override;
  Result<size_t> Write(absl::Span<const Buffer> buffers) override;

 private:
  void OnLastClose() override;

  int real_fd_;
  bool owned_;
};

// Null unless `file` is one.
PassThroughFile* AsPassThrough(File* file);

// Gives a new process the descriptors 0, 1 and 2: an empty input, and the program's own output.
void InstallStandardDescriptors(Process& process);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PASS_THROUGH_H_
