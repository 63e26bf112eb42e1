// Making, removing and renaming entries.
//
// Under NameRule::kCallJudges a call walks to the directory and then judges by itself, in Linux's
// order: the name, the entry, the mount, the permissions. Under kLookupJudges the walk has judged
// all that when it returns.
#include <utility>

#include "stack/vfs/memory_vfs.h"
#include "stack/vfs/permission.h"

namespace drywire {
namespace {

constexpr uint32_t kAllAccess = 0777;

// Whether `inode` is `below`, or above it on the same mount.
bool IsAtOrAbove(const Inode& inode, const Inode& below) {
  for (const Inode* at = &below;; at = at->parent()) {
    if (at == &inode) return true;
    if (at->parent() == at) return false;
  }
}

// Only a directory takes a directory's place.
Result<> CheckReplaced(const Inode& inode, const Inode* replaced) {
  if (replaced == nullptr || inode.IsDirectory() == replaced->IsDirectory()) return {};
  return inode.IsDirectory() ? Cause::kNotDirectory : Cause::kIsDirectory;
}

// For the second path of a call.
PathContext ForTarget(const PathContext& context) {
  PathContext target = context;
  if (target.target_directory) target.directory = target.target_directory;
  return target;
}

}  // namespace

// --- Making ---

Result<Place> MemoryVfs::PlaceForNew(const PathContext& context, absl::string_view path,
                                     bool makes_directory) {
  WalkRequest request;
  request.intent = Intent::kCreate;
  request.follow = false;
  request.makes_directory = makes_directory;
  request.stop_at_directory = !lookup_judges();
  Result<Place> place = Walk(context, path, request);
  if (!place.ok()) return place;
  if (lookup_judges()) {
    if (place->inode) return Cause::kEntryExists;
    return place;
  }
  if (place->last != LastName::kNormal) return Cause::kEntryExists;
  const Result<Inode*> entry = Entry(*place->directory, place->name);
  if (!entry.ok()) return entry.cause();
  if (*entry != nullptr) return Cause::kEntryExists;
  if (place->trailing_slash && !makes_directory) return Cause::kSlashAfterNewName;
  if (place->directory->mount()->read_only) return Cause::kReadOnlyMount;
  return place;
}

Result<Ref<Inode>> MemoryVfs::Make(const PathContext& context, const Place& place, FileType type,
                                   uint32_t mode) {
  Inode& directory = *place.directory;
  const Result<> allowed = CheckCreate(context, directory, place.name);
  if (!allowed.ok()) return allowed.cause();
  const bool is_directory = type == FileType::kDirectory;
  if (is_directory && directory.links() >= profile_->link_max) return Cause::kTooManyLinks;
  const Credentials& credentials = *context.credentials;
  const bool inherits = (directory.mode() & kModeSetGid) != 0;
  const uint32_t gid =
      inherits || profile_->group_from_directory ? directory.gid() : credentials.gid;
  const bool keeps = credentials.InGroup(gid) || credentials.Has(Capability::kFsetid);
  if (profile_->group_from_directory) {
    if (!is_directory && !keeps) mode &= ~kModeSetGid;
  } else if (inherits) {
    if (is_directory) {
      mode |= kModeSetGid;
    } else if ((mode & kModeGroupExecute) != 0 && !keeps) {
      mode &= ~kModeSetGid;
    }
  }
  Ref<Inode> inode(new Inode(directory.mount(), type, mode, credentials.uid, gid, context.now));
  directory.AddEntry(place.name, inode.get(), context.now);
  return inode;
}

Result<> MemoryVfs::MakeDirectory(const PathContext& context, absl::string_view path,
                                  uint32_t mode) {
  const Result<Place> place = PlaceForNew(context, path, /*makes_directory=*/true);
  if (!place.ok()) return place.cause();
  mode &= static_cast<uint32_t>(profile_->mkdir_mode_mask) & ~context.umask;
  const Result<Ref<Inode>> made = Make(context, *place, FileType::kDirectory, mode);
  return made.ok() ? Result<>() : made.cause();
}

Result<> MemoryVfs::MakeNode(const PathContext& context, absl::string_view path, FileType type,
                             uint32_t mode) {
  const Result<Place> place = PlaceForNew(context, path, /*makes_directory=*/false);
  if (!place.ok()) return place.cause();
  const Result<Ref<Inode>> made = Make(context, *place, type, mode & kModeBits & ~context.umask);
  return made.ok() ? Result<>() : made.cause();
}

Result<NodeRef> MemoryVfs::BindSocket(const PathContext& context, absl::string_view path,
                                      NodeClient* socket) {
  const Result<Place> place = PlaceForNew(context, path, /*makes_directory=*/false);
  if (!place.ok()) return place.cause();
  const Result<Ref<Inode>> made =
      Make(context, *place, FileType::kSocket, kAllAccess & ~context.umask);
  if (!made.ok()) return made.cause();
  (*made)->set_client(socket);
  return NodeRef(*made);
}

Result<> MemoryVfs::Symlink(const PathContext& context, absl::string_view target,
                            absl::string_view path) {
  if (target.empty() && !profile_->empty_symlink_target) return Cause::kPathEmpty;
  if (static_cast<int64_t>(target.size()) >= profile_->path_max) return Cause::kPathTooLong;
  const Result<Place> place = PlaceForNew(context, path, /*makes_directory=*/false);
  if (!place.ok()) return place.cause();
  const uint32_t umask = profile_->symlink_mode_obeys_umask ? context.umask : 0;
  const Result<Ref<Inode>> made = Make(context, *place, FileType::kSymlink, kAllAccess & ~umask);
  if (!made.ok()) return made.cause();
  (*made)->set_target(target);
  return {};
}

// --- Linking ---

Result<> MemoryVfs::CheckLinkSource(const PathContext& context, const Inode& inode) const {
  const Credentials& credentials = *context.credentials;
  const Attributes file = inode.Stat();
  if (profile_->protected_hardlinks != 0 && !IsSafeLinkSource(file, credentials)) {
    return Cause::kProtectedHardlink;
  }
  if (credentials.privileged()) return {};
  const bool other_user = profile_->hardlink_check_uid != 0 && credentials.uid != file.uid;
  const bool other_group = profile_->hardlink_check_gid != 0 && !credentials.InGroup(file.gid);
  return other_user || other_group ? Result<>(Cause::kProtectedHardlink) : Result<>();
}

Result<> MemoryVfs::Link(const PathContext& context, absl::string_view from, absl::string_view to,
                         LinkFollow follow) {
  const bool follows = follow == LinkFollow::kAsLink ? profile_->link_follows_symlinks
                                                     : follow == LinkFollow::kAlways;
  const Result<Ref<Inode>> found = Find(context, from, follows);
  if (!found.ok()) return found.cause();
  Inode& inode = **found;
  if (lookup_judges() && inode.IsDirectory()) return Cause::kLinkDirectory;
  const Result<Place> place = PlaceForNew(ForTarget(context), to, /*makes_directory=*/false);
  if (!place.ok()) return place.cause();
  Inode& directory = *place->directory;
  if (directory.mount() != inode.mount()) return Cause::kCrossMount;
  const Result<> source = CheckLinkSource(context, inode);
  if (!source.ok()) return source;
  const Result<> allowed = CheckCreate(context, directory, place->name);
  if (!allowed.ok()) return allowed;
  if (inode.IsDirectory()) return Cause::kLinkDirectory;
  if (inode.links() == 0) return Cause::kNoSuchEntry;
  if (inode.links() >= profile_->link_max) return Cause::kTooManyLinks;
  directory.AddEntry(place->name, &inode, context.now);
  return {};
}

// --- Removing ---

Result<Place> MemoryVfs::PlaceToRemove(const PathContext& context, absl::string_view path,
                                       bool directory) {
  WalkRequest request;
  request.intent = Intent::kRemove;
  request.follow = false;
  request.stop_at_directory = !lookup_judges();
  Result<Place> place = Walk(context, path, request);
  if (!place.ok() || lookup_judges()) return place;
  switch (place->last) {
    case LastName::kNormal:
      break;
    case LastName::kDot:
      return Cause::kDotEntry;
    case LastName::kDotDot:
      return Cause::kDotDotEntry;
    case LastName::kNone:
      return directory ? Cause::kDirectoryBusy : Cause::kUnlinkDirectory;
  }
  if (place->directory->mount()->read_only) return Cause::kReadOnlyMount;
  const Result<Inode*> entry = Entry(*place->directory, place->name);
  if (!entry.ok()) return entry.cause();
  if (*entry == nullptr) return Cause::kNoSuchEntry;
  if (place->trailing_slash && !directory) {
    return (*entry)->IsDirectory() ? Cause::kUnlinkDirectory : Cause::kNotDirectory;
  }
  const Result<> allowed = CheckRemove(context, *place->directory, place->name, **entry);
  if (!allowed.ok()) return allowed.cause();
  place->inode = Ref<Inode>(*entry);
  return place;
}

Result<> MemoryVfs::RemoveDirectory(const PathContext& context, absl::string_view path) {
  const Result<Place> place = PlaceToRemove(context, path, /*directory=*/true);
  if (!place.ok()) return place.cause();
  const Inode& inode = *place->inode;
  if (!inode.IsDirectory()) return Cause::kNotDirectory;
  if (inode.mounted() != nullptr || inode.mount()->root == place->inode) {
    return Cause::kDirectoryBusy;
  }
  if (!inode.entries().empty()) return Cause::kDirectoryNotEmpty;
  place->directory->RemoveDirectoryEntry(place->name, context.now);
  return {};
}

Result<> MemoryVfs::Unlink(const PathContext& context, absl::string_view path) {
  const Result<Place> place = PlaceToRemove(context, path, /*directory=*/false);
  if (!place.ok()) return place.cause();
  if (place->inode->IsDirectory()) return Cause::kUnlinkDirectory;
  place->directory->RemoveEntry(place->name, context.now);
  return {};
}

// --- Renaming ---

Result<> MemoryVfs::Rename(const PathContext& context, absl::string_view from,
                           absl::string_view to) {
  return lookup_judges() ? RenameJudgedByLookup(context, from, to)
                         : RenameJudgedByCall(context, from, to);
}

Result<> MemoryVfs::RenameJudgedByCall(const PathContext& context, absl::string_view from,
                                       absl::string_view to) {
  WalkRequest request;
  request.stop_at_directory = true;
  Result<Place> source = Walk(context, from, request);
  if (!source.ok()) return source.cause();
  Result<Place> target = Walk(ForTarget(context), to, request);
  if (!target.ok()) return target.cause();
  const Mount* const mount = source->directory->mount();
  if (target->directory->mount() != mount) return Cause::kCrossMount;
  if (source->last != LastName::kNormal || target->last != LastName::kNormal) {
    return Cause::kDotEntry;
  }
  if (mount->read_only) return Cause::kReadOnlyMount;
  const Result<Inode*> found = Entry(*source->directory, source->name);
  if (!found.ok()) return found.cause();
  if (*found == nullptr) return Cause::kNoSuchEntry;
  const Result<Inode*> replaced = Entry(*target->directory, target->name);
  if (!replaced.ok()) return replaced.cause();
  source->inode = Ref<Inode>(*found);
  target->inode = Ref<Inode>(*replaced);
  const Inode& inode = **found;
  if (!inode.IsDirectory() && (source->trailing_slash || target->trailing_slash)) {
    return Cause::kNotDirectory;
  }
  if (inode.IsDirectory() && IsAtOrAbove(inode, *target->directory)) return Cause::kMoveIntoItself;
  if (target->inode && target->inode->IsDirectory() &&
      IsAtOrAbove(*target->inode, *source->directory)) {
    return Cause::kDirectoryNotEmpty;
  }
  if (source->inode == target->inode) return {};
  const Result<> leaves = CheckRemove(context, *source->directory, source->name, inode);
  if (!leaves.ok()) return leaves;
  const Result<> enters =
      target->inode ? CheckRemove(context, *target->directory, target->name, *target->inode)
                    : CheckCreate(context, *target->directory, target->name);
  if (!enters.ok()) return enters;
  return Move(context, *source, *target);
}

Result<> MemoryVfs::RenameJudgedByLookup(const PathContext& context, absl::string_view from,
                                         absl::string_view to) {
  WalkRequest request;
  request.intent = Intent::kRemove;
  request.follow = false;
  const Result<Place> source = Walk(context, from, request);
  if (!source.ok()) return source.cause();
  const Inode& inode = *source->inode;
  request.intent = Intent::kRename;
  request.makes_directory = inode.IsDirectory();
  const Result<Place> target = Walk(ForTarget(context), to, request);
  if (!target.ok()) {
    const bool root = target.cause() == Cause::kIsDirectory && inode.IsDirectory();
    return root ? Cause::kDotEntry : target.cause();
  }
  const Result<> replaces = CheckReplaced(inode, target->inode.get());
  if (!replaces.ok()) return replaces;
  if (source->inode == target->directory) return Cause::kMoveIntoItself;
  if (source->inode == target->inode) return {};
  const Mount* const mount = inode.mount();
  if (target->directory->mount() != mount || source->directory->mount() != mount ||
      (target->inode && target->inode->mount() != mount)) {
    return Cause::kCrossMount;
  }
  return Move(context, *source, *target);
}

Result<> MemoryVfs::Move(const PathContext& context, const Place& from, const Place& to) {
  Inode& inode = *from.inode;
  const bool new_parent = from.directory.get() != to.directory.get();
  const Result<> replaces = CheckReplaced(inode, to.inode.get());
  if (!replaces.ok()) return replaces;
  if (inode.IsDirectory() && new_parent) {
    // Its ".." is written.
    const Result<> allowed = Check(context, inode, kMayWrite);
    if (!allowed.ok()) return allowed;
    if (IsAtOrAbove(inode, *to.directory)) return Cause::kMoveIntoItself;
  }
  if (inode.mounted() != nullptr || (to.inode && to.inode->mounted() != nullptr)) {
    return Cause::kDirectoryBusy;
  }
  const bool replaces_directory = to.inode && to.inode->IsDirectory();
  if (replaces_directory && !to.inode->entries().empty()) return Cause::kDirectoryNotEmpty;
  if (inode.IsDirectory() && new_parent && !replaces_directory &&
      to.directory->links() >= profile_->link_max) {
    return Cause::kTooManyLinks;
  }
  const Ref<Inode> kept(&inode);
  if (replaces_directory) {
    to.directory->RemoveDirectoryEntry(to.name, context.now);
  } else if (to.inode) {
    to.directory->RemoveEntry(to.name, context.now);
  }
  from.directory->RemoveEntry(from.name, context.now);
  to.directory->AddEntry(to.name, kept.get(), context.now);
  return {};
}

}  // namespace drywire
