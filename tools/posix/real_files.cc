#include "tools/posix/real_files.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "sim/core/rng.h"
#include "stack/socket/file.h"
#include "stack/sys/node_file.h"
#include "stack/sys/pass_through.h"
#include "tools/posix/invoke.h"

namespace drywire::posix {
namespace {

// /dev/urandom: never ends, never waits, and takes in whatever is written to it.
class RandomFile final : public File {
 public:
  explicit RandomFile(uint64_t seed) : random_(seed) {}
  uint32_t Poll() const override { return kPollIn | kPollRdNorm | kPollOut | kPollWrNorm; }
  Result<size_t> Read(absl::Span<const Buffer> buffers) override {
    size_t size = 0;
    for (const Buffer& buffer : buffers) {
      auto* const bytes = static_cast<uint8_t*>(buffer.data);
      for (size_t i = 0; i < buffer.size; ++i) bytes[i] = static_cast<uint8_t>(random_.Next());
      size += buffer.size;
    }
    return size;
  }
  Result<size_t> Write(absl::Span<const Buffer> buffers) override {
    size_t size = 0;
    for (const Buffer& buffer : buffers) size += buffer.size;
    return size;
  }

 private:
  Rng random_;
};

// "/srv/./x//../y" as "/srv/y": by its text alone.
std::string Normalize(absl::string_view path) {
  std::vector<absl::string_view> names;
  for (const absl::string_view name : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (name == ".") continue;
    if (name != "..") {
      names.push_back(name);
    } else if (!names.empty()) {
      names.pop_back();
    }
  }
  return absl::StrCat("/", absl::StrJoin(names, "/"));
}

bool IsAtOrBelow(absl::string_view path, absl::string_view top) {
  if (top == "/") return true;
  return absl::ConsumePrefix(&path, top) && (path.empty() || path.front() == '/');
}

int Install(const FileRef& file, bool close_on_exec) {
  SysContext context = CurrentContext();
  const SysResult result = RunCall(context, {"open", Operation::kDup}, [&]() -> CallOutcome {
    auto fd = context.process.fds().Install(file, close_on_exec);
    if (!fd.ok()) return fd.cause();
    return int64_t{*fd};
  });
  errno = result.ok() ? errno : result.error;
  return static_cast<int>(result.value);
}

}  // namespace

int AdoptRealDescriptor(int real_fd, bool close_on_exec) {
  return Install(FileRef(new PassThroughFile(real_fd, /*owned=*/true)), close_on_exec);
}

bool IsSimulatedPath(const char* path) {
  const SysContext context = CurrentContext();
  const std::vector<std::string>& shown = context.host().shown_paths();
  // EFAULT is the machine's to say.
  if (shown.empty() || path == nullptr) return false;
  const FsState& fs = context.process.fs();
  if (path[0] != '/' && fs.directory_chosen) return true;
  if (fs.root != context.host().vfs().Root()) return true;
  // What a relative path is relative to is the program's real working directory, before chdir().
  const std::string text = path[0] == '/' ? Normalize(path) : std::string();
  for (const std::string& top : shown) {
    if (text.empty() ? top == "/" : IsAtOrBelow(text, top)) return true;
  }
  return false;
}

PathKind KindOf(const char* path) {
  if (path == nullptr) return PathKind::kFile;  // EFAULT is the machine's to say.
  const absl::string_view text = path;
  if (text == "/dev/urandom" || text == "/dev/random") return PathKind::kRandom;
  if (IsSimulatedPath(path)) return PathKind::kSimulated;
  for (const absl::string_view refused :
       {"/dev/hwrng", "/proc/net", "/proc/self/net", "/proc/thread-self/net", "/proc/sys/net",
        "/proc/sys/kernel/hostname", "/proc/sys/kernel/random", "/proc/uptime", "/proc/stat",
        "/sys/class/net"}) {
    if (absl::StartsWith(text, refused)) return PathKind::kRefused;
  }
  return PathKind::kFile;
}

int OpenRandom(bool close_on_exec) {
  const uint64_t seed = CurrentContext().process.random().Next();
  return Install(FileRef(new RandomFile(seed)), close_on_exec);
}

int RefusePath(const char* path) {
  Refuse(absl::StrCat("opening ", path, ", which is about the real machine,").c_str(), ENOENT);
  return -1;
}

Descriptor Inspect(int fd) {
  File* const file = CurrentContext().process.fds().Get(fd);
  if (file == nullptr) return {};
  if (PassThroughFile* const real = AsPassThrough(file); real != nullptr) {
    return {DescriptorKind::kReal, real->real_fd()};
  }
  if (NodeFile::Of(file) != nullptr) return {DescriptorKind::kNode};
  Socket* const socket = file->AsSocket();
  if (socket == nullptr) return {DescriptorKind::kOther};
  return {DescriptorKind::kSocket, -1, socket->domain() == AF_UNIX};
}

int ReleaseRealDescriptor(int fd) {
  SysContext context = CurrentContext();
  PassThroughFile* const real = AsPassThrough(context.process.fds().Get(fd));
  if (real == nullptr) return -1;
  const int real_fd = real->Release();
  (void)context.process.fds().Close(fd).ok();
  return real_fd;
}

void Refuse(const char* what, int error) {
  const SysContext context = CurrentContext();
  (void)NotModelled(context, what);
  context.scheduler().CountCall();
  errno = error;
}

}  // namespace drywire::posix
