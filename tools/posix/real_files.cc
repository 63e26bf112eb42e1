#include "tools/posix/real_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "stack/sys/call.h"
#include "stack/sys/pass_through.h"
#include "stack/sys/sys_environment.h"

namespace drywire::posix {
namespace {

SysContext Current() {
  SysEnvironment* const environment = SysEnvironment::Running();
  Task* const task = environment->scheduler->current();
  return {*environment, *Process::Of(task), *task};
}

}  // namespace

int AdoptRealDescriptor(int real_fd, bool close_on_exec) {
  SysContext context = Current();
  const SysResult result = RunCall(context, {"open", Operation::kDup}, [&]() -> CallOutcome {
    auto fd = context.process.fds().Install(FileRef(new PassThroughFile(real_fd, /*owned=*/true)),
                                            close_on_exec);
    if (!fd.ok()) return fd.cause();
    return int64_t{*fd};
  });
  errno = result.ok() ? errno : result.error;
  return static_cast<int>(result.value);
}

Descriptor Inspect(int fd) {
  File* const file = Current().process.fds().Get(fd);
  if (file == nullptr) return {};
  if (PassThroughFile* const real = AsPassThrough(file); real != nullptr) {
    return {DescriptorKind::kReal, real->real_fd()};
  }
  return {file->AsSocket() != nullptr ? DescriptorKind::kSocket : DescriptorKind::kOther, -1};
}

int ReleaseRealDescriptor(int fd) {
  SysContext context = Current();
  PassThroughFile* const real = AsPassThrough(context.process.fds().Get(fd));
  if (real == nullptr) return -1;
  const int real_fd = real->Release();
  (void)context.process.fds().Close(fd).ok();
  return real_fd;
}

void Refuse(const char* what, int error) {
  const SysContext context = Current();
  (void)NotModelled(context, what);
  errno = error;
}

}  // namespace drywire::posix
