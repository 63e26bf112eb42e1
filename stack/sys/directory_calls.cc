// Reading directories, and unmounting.
#include <sys/mount.h>

#include <string>

#include "stack/sys/arguments.h"
#include "stack/sys/node_file.h"
#include "stack/sys/syscalls.h"
#include "stack/vfs/vfs.h"

namespace drywire {

SysResult SysReadDirectory(SysContext& context, int fd, std::vector<DirectoryEntry>* entries) {
  return RunCall(context, {"getdents64", Operation::kReadDirectory, fd}, [&]() -> CallOutcome {
    const Result<FileRef> file = FindFile(context, fd);
    if (!file.ok()) return file.cause();
    NodeFile* const node = NodeFile::Of(file->get());
    if (node == nullptr) return Cause::kNotDirectory;
    if (!node->mode().reads) return Cause::kBadDescriptor;
    Result<std::vector<DirectoryEntry>> list =
        node->node().Entries(context.process.path_context().actor());
    if (!list.ok()) return list.cause();
    *entries = *std::move(list);
    return static_cast<int64_t>(entries->size());
  });
}

SysResult SysUmount(SysContext& context, const char* path, int flags) {
  return RunCall(context, {"umount2", Operation::kUnmount, -1, static_cast<uint64_t>(flags)},
                 [&]() -> CallOutcome {
                   if ((flags & ~UMOUNT_NOFOLLOW) != 0) {
                     (void)NotModelled(context, "that flag of umount2()");
                     return Cause::kInvalidArgument;
                   }
                   const Result<std::string> copy = ReadPath(context, path);
                   if (!copy.ok()) return copy.cause();
                   DRYWIRE_RETURN_IF_FAILED(
                       context.host().vfs().Unmount(context.process.path_context(), *copy));
                   return 0;
                 });
}

}  // namespace drywire
