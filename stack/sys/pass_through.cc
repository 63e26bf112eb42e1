#include "stack/sys/pass_through.h"

#include <sys/uio.h>
#include <unistd.h>

#include <utility>

#include "absl/container/inlined_vector.h"

namespace drywire {
namespace {

// Reads as the end of a file; takes anything.
class NullFile final : public File {
 public:
  uint32_t Poll() const override { return kPollIn | kPollRdNorm | kPollOut | kPollWrNorm; }
  bool SupportsEpoll() const override { return false; }
  Result<size_t> Read(absl::Span<const Buffer>) override { return size_t{0}; }
  Result<size_t> Write(absl::Span<const Buffer> buffers) override {
    size_t size = 0;
    for (const Buffer& buffer : buffers) size += buffer.size;
    return size;
  }
};

absl::InlinedVector<iovec, 8> ToVectors(absl::Span<const File::Buffer> buffers) {
  absl::InlinedVector<iovec, 8> vectors;
  for (const File::Buffer& buffer : buffers) vectors.push_back({buffer.data, buffer.size});
  return vectors;
}

}  // namespace

PassThroughFile::~PassThroughFile() { OnLastClose(); }

void PassThroughFile::OnLastClose() {
  const int fd = std::exchange(real_fd_, -1);
  if (fd >= 0 && owned_) ::close(fd);
}

int PassThroughFile::Release() { return std::exchange(real_fd_, -1); }

Result<size_t> PassThroughFile::Read(absl::Span<const Buffer> buffers) {
  const auto vectors = ToVectors(buffers);
  const ssize_t result = ::readv(real_fd_, vectors.data(), static_cast<int>(vectors.size()));
  if (result < 0) return Cause::kNotSupported;
  return static_cast<size_t>(result);
}

Result<size_t> PassThroughFile::Write(absl::Span<const Buffer> buffers) {
  const auto vectors = ToVectors(buffers);
  const ssize_t result = ::writev(real_fd_, vectors.data(), static_cast<int>(vectors.size()));
  if (result < 0) return Cause::kNotSupported;
  return static_cast<size_t>(result);
}

PassThroughFile* AsPassThrough(File* file) { return dynamic_cast<PassThroughFile*>(file); }

void InstallStandardDescriptors(Process& process) {
  process.fds().Inherit(FileRef(new NullFile));
  process.fds().Inherit(FileRef(new PassThroughFile(1, /*owned=*/false)));
  process.fds().Inherit(FileRef(new PassThroughFile(2, /*owned=*/false)));
}

}  // namespace drywire
