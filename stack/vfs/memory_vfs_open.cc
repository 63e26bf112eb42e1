// open(2) by path.
#include "stack/vfs/memory_vfs.h"

namespace drywire {

Result<NodeRef> MemoryVfs::Open(const PathContext& context, absl::string_view path,
                                const OpenRequest& request) {
  const bool create = request.create && !request.directory;
  WalkRequest walk;
  walk.intent = create ? Intent::kCreate : Intent::kLook;
  walk.follow = request.follow && !(create && request.exclusive);
  walk.refuse_slash = create && !lookup_judges();
  const Result<Place> place = Walk(context, path, walk);
  if (!place.ok()) return place.cause();
  if (!place->inode) return CreateForOpen(context, *place, request);
  Inode& inode = *place->inode;
  if (create && request.exclusive) return Cause::kEntryExists;
  if (create && inode.IsDirectory()) return Cause::kIsDirectory;
  const Result<> allowed = lookup_judges() ? CheckOpenJudgedByLookup(context, inode, request)
                                           : CheckOpenJudgedByCall(context, inode, request);
  if (!allowed.ok()) return allowed.cause();
  if (request.truncate && inode.type() == FileType::kRegular) {
    const Result<> truncated = inode.Truncate(0, context.actor());
    if (!truncated.ok()) return truncated.cause();
  }
  return NodeRef(place->inode);
}

Result<NodeRef> MemoryVfs::CreateForOpen(const PathContext& context, const Place& place,
                                         const OpenRequest& request) {
  const auto mask = static_cast<uint32_t>(profile_->open_mode_mask);
  // Whoever makes a file may use it whatever its mode says.
  const Result<Ref<Inode>> made =
      Make(context, place, FileType::kRegular, request.mode & mask & ~context.umask);
  if (!made.ok()) return made.cause();
  return NodeRef(*made);
}

Result<> MemoryVfs::CheckOpenJudgedByCall(const PathContext& context, const Inode& inode,
                                          const OpenRequest& request) {
  if (request.directory && !inode.IsDirectory()) return Cause::kNotDirectory;
  if (inode.type() == FileType::kSymlink) return Cause::kSymlinkNotFollowed;
  if (inode.IsDirectory() && request.writes) return Cause::kIsDirectory;
  const Result<> allowed = Check(context, inode, request.access);
  if (!allowed.ok()) return allowed;
  return inode.type() == FileType::kSocket ? Result<>(Cause::kSocketOpened) : Result<>();
}

Result<> MemoryVfs::CheckOpenJudgedByLookup(const PathContext& context, const Inode& inode,
                                            const OpenRequest& request) {
  if (inode.type() == FileType::kSymlink) return Cause::kSymlinkNotFollowed;
  if (inode.type() == FileType::kSocket) return Cause::kSocketOpened;
  if (request.directory && !inode.IsDirectory()) return Cause::kNotDirectory;
  if (inode.IsDirectory() && request.writes) return Cause::kIsDirectory;
  return Check(context, inode, request.access);
}

}  // namespace drywire
