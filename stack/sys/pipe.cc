#include "stack/sys/pipe.h"

#include "stack/sys/arguments.h"
#include "stack/sys/user_memory.h"

namespace drywire {

Result<> InstallPair(SysContext& context, const FileRef& first, const FileRef& second,
                     bool close_on_exec, int* fds) {
  FdTable& table = context.process.fds();
  auto a = table.Install(first, close_on_exec);
  if (!a.ok()) return a.cause();
  auto b = table.Install(second, close_on_exec);
  if (!b.ok()) {
    (void)table.Close(*a).ok();
    return b.cause();
  }
  const int numbers[2] = {*a, *b};
  if (!CopyToUser(fds, numbers, sizeof numbers)) {
    (void)table.Close(*a).ok();
    (void)table.Close(*b).ok();
    return Cause::kBadAddressPointer;
  }
  return {};
}

}  // namespace drywire
