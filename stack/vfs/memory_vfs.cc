#include "stack/vfs/memory_vfs.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "sim/core/check.h"
#include "stack/vfs/permission.h"

namespace drywire {
namespace {

constexpr uint64_t kFirstDevice = 0x800;  // any number that is not 0

const Credentials& Owner() {
  static const Credentials* const owner = new Credentials;
  return *owner;
}

// Whether writing to such a file changes the filesystem it is on.
bool LivesOnMount(FileType type) { return type != FileType::kSocket && type != FileType::kFifo; }

}  // namespace

MemoryVfs::MemoryVfs(const VfsProfile* profile) : profile_(profile) {
  auto mount = std::make_unique<Mount>();
  mount->device = kFirstDevice;
  mount->profile = profile;
  mount->root = Ref<Inode>(new Inode(mount.get(), FileType::kDirectory, 0755, 0, 0, Instant()));
  mounts_.push_back(std::move(mount));
  const Result<> made = AddDirectory("/tmp", 01777);
  DRYWIRE_CHECK(made.ok()) << "/tmp cannot be made";
}

MemoryVfs::~MemoryVfs() {
  for (const std::unique_ptr<Mount>& mount : mounts_) {
    if (mount->covered) mount->covered->set_mounted(nullptr);
    Inode::Dismantle(std::move(mount->root));
  }
}

// --- For the host's owner ---

PathContext MemoryVfs::OwnerContext() const {
  PathContext context;
  context.credentials = &Owner();
  context.root = Root();
  context.directory = Root();
  return context;
}

Result<> MemoryVfs::AddDirectory(absl::string_view path, uint32_t mode, uint32_t uid,
                                 uint32_t gid) {
  const PathContext context = OwnerContext();
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const bool last = end == absl::string_view::npos;
    const absl::string_view part = path.substr(0, end);
    const Result<Ref<Inode>> found = Find(context, part, /*follow=*/true);
    if (!found.ok()) {
      const Result<> made = MakeDirectory(context, part, 0755);
      if (!made.ok()) return made;
    }
    if (last) break;
  }
  const Result<Ref<Inode>> directory = Find(context, path, /*follow=*/true);
  if (!directory.ok()) return directory.cause();
  if (!(*directory)->IsDirectory()) return Cause::kNotDirectory;
  const Result<> owned = (*directory)->ChangeOwner(uid, gid, context.actor());
  if (!owned.ok()) return owned;
  return (*directory)->ChangeMode(mode, context.actor());
}

Result<> MemoryVfs::AddFile(absl::string_view path, absl::string_view contents, uint32_t mode,
                            uint32_t uid, uint32_t gid) {
  const PathContext context = OwnerContext();
  OpenRequest request;
  request.access = kMayWrite;
  request.writes = request.create = request.truncate = true;
  request.mode = mode;
  Result<NodeRef> file = Open(context, path, request);
  if (!file.ok()) return file.cause();
  const auto* const bytes = reinterpret_cast<const uint8_t*>(contents.data());
  const Result<size_t> written =
      (*file)->WriteAt(0, absl::MakeConstSpan(bytes, contents.size()), context.actor());
  if (!written.ok()) return written.cause();
  const Result<> owned = (*file)->ChangeOwner(uid, gid, context.actor());
  if (!owned.ok()) return owned;
  return (*file)->ChangeMode(mode, context.actor());
}

Result<std::string> MemoryVfs::FileContents(absl::string_view path) const {
  // Looking as the owner changes nothing.
  auto* const self = const_cast<MemoryVfs*>(this);
  const Result<Ref<Inode>> inode = self->Find(OwnerContext(), path, /*follow=*/true);
  if (!inode.ok()) return inode.cause();
  if ((*inode)->type() != FileType::kRegular) return Cause::kNotRegularFile;
  return std::string((*inode)->contents());
}

Result<> MemoryVfs::AddMount(absl::string_view path) {
  const Result<Ref<Inode>> inode = Find(OwnerContext(), path, /*follow=*/true);
  if (!inode.ok()) return inode.cause();
  if (!(*inode)->IsDirectory()) return Cause::kNotDirectory;
  if ((*inode)->mount()->root == *inode) return Cause::kDirectoryBusy;
  auto mount = std::make_unique<Mount>();
  mount->device = mounts_.back()->device + 1;
  mount->profile = profile_;
  mount->covered = *inode;
  mount->root = Ref<Inode>(new Inode(mount.get(), FileType::kDirectory, 0755, 0, 0, Instant()));
  (*inode)->set_mounted(mount.get());
  mounts_.push_back(std::move(mount));
  return {};
}

namespace {

// The inodes that names lead to below the root of a mount, each once, and how many references the
// names are.
struct Named {
  std::set<const Inode*> inodes;
  int64_t references = 1;  // the mount's own to its root
};

Named FindNamed(const Mount& mount) {
  Named named;
  std::vector<const Inode*> left = {mount.root.get()};
  while (!left.empty()) {
    const Inode* const inode = left.back();
    left.pop_back();
    if (!named.inodes.insert(inode).second) continue;
    for (const auto& entry : inode->entries()) {
      ++named.references;
      left.push_back(entry.second.get());
    }
  }
  return named;
}

}  // namespace

int64_t MemoryVfs::CountNameless() const {
  int64_t nameless = 0;
  for (const std::unique_ptr<Mount>& mount : mounts_) {
    nameless += *mount->inodes - static_cast<int64_t>(FindNamed(*mount).inodes.size());
  }
  return nameless;
}

Result<> MemoryVfs::RemoveMount(absl::string_view path) { return Unmount(OwnerContext(), path); }

Result<> MemoryVfs::Unmount(const PathContext& context, absl::string_view path) {
  Result<Ref<Inode>> inode = Find(context, path, /*follow=*/true);
  if (!inode.ok()) return inode.cause();
  if (!context.credentials->Has(Capability::kSysAdmin)) return Cause::kNoPermission;
  Mount* const mount = (*inode)->mount();
  if (mount->root != *inode) return Cause::kNotMountPoint;
  *inode = Ref<Inode>();
  if (!mount->covered) return Cause::kMountBusy;
  // In use: an inode that somebody holds, has open without a name, or has mounted something on.
  const Named named = FindNamed(*mount);
  int64_t references = 0;
  bool covered = false;
  for (const Inode* found : named.inodes) {
    references += found->references();
    covered = covered || found->mounted() != nullptr;
  }
  const bool nameless = *mount->inodes != static_cast<int64_t>(named.inodes.size());
  if (covered || nameless || references != named.references) return Cause::kMountBusy;
  mount->covered->set_mounted(nullptr);
  Inode::Dismantle(std::move(mount->root));
  const auto is_it = [mount](const std::unique_ptr<Mount>& one) { return one.get() == mount; };
  mounts_.erase(std::find_if(mounts_.begin(), mounts_.end(), is_it));
  return {};
}

Result<> MemoryVfs::SetReadOnly(absl::string_view path, bool read_only) {
  const Result<Ref<Inode>> inode = Find(OwnerContext(), path, /*follow=*/true);
  if (!inode.ok()) return inode.cause();
  (*inode)->mount()->read_only = read_only;
  return {};
}

Result<std::vector<std::string>> MemoryVfs::List(absl::string_view path) const {
  auto* const self = const_cast<MemoryVfs*>(this);
  const Result<Ref<Inode>> inode = self->Find(OwnerContext(), path, /*follow=*/true);
  if (!inode.ok()) return inode.cause();
  if (!(*inode)->IsDirectory()) return Cause::kNotDirectory;
  std::vector<std::string> names;
  for (const auto& entry : (*inode)->entries()) names.push_back(entry.first);
  return names;
}

// --- Checks ---

Result<> MemoryVfs::AskPolicy(const PathContext& context, PolicyAction action, const Inode& inode,
                              absl::string_view name) const {
  if (!policy_ || !policy_({action, context.credentials, &inode, name})) return {};
  return Cause::kPolicyDeniedEperm;
}

Result<> MemoryVfs::Check(const PathContext& context, const Inode& inode, uint32_t bits) {
  if ((bits & kMayWrite) != 0 && inode.mount()->read_only && LivesOnMount(inode.type())) {
    return Cause::kReadOnlyMount;
  }
  if (!ModePermits(inode.Stat(), bits, *context.credentials)) return Cause::kAccessDenied;
  constexpr std::pair<uint32_t, PolicyAction> kActions[] = {
      {kMayRead, PolicyAction::kRead},
      {kMayWrite, PolicyAction::kWrite},
      {kMayExecute, PolicyAction::kExecute},
  };
  for (const auto& [bit, action] : kActions) {
    if ((bits & bit) == 0) continue;
    const Result<> allowed = AskPolicy(context, action, inode);
    if (!allowed.ok()) return allowed;
  }
  return {};
}

Result<> MemoryVfs::CheckSearch(const PathContext& context, const Inode& directory) {
  if (!ModePermits(directory.Stat(), kMayExecute, *context.credentials)) {
    return Cause::kSearchDenied;
  }
  return AskPolicy(context, PolicyAction::kSearch, directory);
}

Result<> MemoryVfs::CheckCreate(const PathContext& context, const Inode& directory,
                                absl::string_view name) {
  if (directory.removed()) return Cause::kDirectoryRemoved;
  if (directory.mount()->read_only) return Cause::kReadOnlyMount;
  if (!ModePermits(directory.Stat(), kMayWrite | kMayExecute, *context.credentials)) {
    return Cause::kAccessDenied;
  }
  return AskPolicy(context, PolicyAction::kCreate, directory, name);
}

Result<> MemoryVfs::CheckRemove(const PathContext& context, const Inode& directory,
                                absl::string_view name, const Inode& inode) {
  if (!ModePermits(directory.Stat(), kMayWrite | kMayExecute, *context.credentials)) {
    return Cause::kAccessDenied;
  }
  if (StickyDenies(directory.Stat(), inode.Stat(), *context.credentials)) {
    return Cause::kStickyDenied;
  }
  return AskPolicy(context, PolicyAction::kRemove, directory, name);
}

// --- Looking ---

Result<Place> MemoryVfs::Walk(const PathContext& context, absl::string_view path,
                              const WalkRequest& request) {
  return WalkPath(*profile_, *this, context, path, request);
}

Result<Ref<Inode>> MemoryVfs::Find(const PathContext& context, absl::string_view path,
                                   bool follow) {
  if (path.empty() && context.empty_is_directory) {
    return Ref<Inode>(Inode::Of(context.directory.get()));
  }
  WalkRequest request;
  request.follow = follow;
  Result<Place> place = Walk(context, path, request);
  if (!place.ok()) return place.cause();
  return place->inode;
}

Result<Inode*> MemoryVfs::Entry(const Inode& directory, absl::string_view name) const {
  if (static_cast<int64_t>(name.size()) > profile_->name_max) return Cause::kComponentTooLong;
  return directory.Find(name);
}

Result<NodeRef> MemoryVfs::Lookup(const PathContext& context, absl::string_view path, bool follow) {
  const Result<Ref<Inode>> inode = Find(context, path, follow);
  if (!inode.ok()) return inode.cause();
  return NodeRef(*inode);
}

Result<> MemoryVfs::Access(const PathContext& context, absl::string_view path, uint32_t bits) {
  const Result<Ref<Inode>> inode = Find(context, path, /*follow=*/true);
  if (!inode.ok()) return inode.cause();
  return Check(context, **inode, bits);
}

Result<std::string> MemoryVfs::ReadLink(const PathContext& context, absl::string_view path) {
  const Result<Ref<Inode>> inode = Find(context, path, /*follow=*/false);
  if (!inode.ok()) return inode.cause();
  if ((*inode)->type() != FileType::kSymlink) return Cause::kNotSymlink;
  (*inode)->MarkRead(context.now);
  return std::string((*inode)->target());
}

// --- Changing attributes ---

Result<> MemoryVfs::Truncate(const PathContext& context, absl::string_view path, int64_t size) {
  const Result<Ref<Inode>> inode = Find(context, path, /*follow=*/true);
  if (!inode.ok()) return inode.cause();
  if ((*inode)->IsDirectory()) return Cause::kIsDirectory;
  const Result<> allowed = Check(context, **inode, kMayWrite);
  if (!allowed.ok()) return allowed;
  return (*inode)->Truncate(size, context.actor());
}

Result<> MemoryVfs::ChangeMode(const PathContext& context, absl::string_view path, uint32_t mode) {
  const Result<Ref<Inode>> inode = Find(context, path, /*follow=*/true);
  if (!inode.ok()) return inode.cause();
  const Result<> allowed = AskPolicy(context, PolicyAction::kChange, **inode);
  if (!allowed.ok()) return allowed;
  return (*inode)->ChangeMode(mode, context.actor());
}

Result<> MemoryVfs::SetTimes(const PathContext& context, absl::string_view path,
                             const NewTimes& times, bool follow) {
  const Result<Ref<Inode>> inode = Find(context, path, follow);
  if (!inode.ok()) return inode.cause();
  const Result<> allowed = AskPolicy(context, PolicyAction::kChange, **inode);
  if (!allowed.ok()) return allowed;
  return (*inode)->SetTimes(times, context.actor());
}

Result<> MemoryVfs::ChangeOwner(const PathContext& context, absl::string_view path, uint32_t uid,
                                uint32_t gid, bool follow) {
  const Result<Ref<Inode>> inode = Find(context, path, follow);
  if (!inode.ok()) return inode.cause();
  const Result<> allowed = AskPolicy(context, PolicyAction::kChange, **inode);
  if (!allowed.ok()) return allowed;
  return (*inode)->ChangeOwner(uid, gid, context.actor());
}

// --- Directories of the process ---

Result<> MemoryVfs::CheckWorkingDirectory(const PathContext& context, const NodeRef& node) {
  if (!node->IsDirectory()) return Cause::kNotDirectory;
  return CheckSearch(context, *Inode::Of(node.get()));
}

Result<NodeRef> MemoryVfs::FindWorkingDirectory(const PathContext& context,
                                                absl::string_view path) {
  Result<NodeRef> node = Lookup(context, path, /*follow=*/true);
  if (!node.ok()) return node.cause();
  const Result<> allowed = CheckWorkingDirectory(context, *node);
  if (!allowed.ok()) return allowed.cause();
  return node;
}

Result<NodeRef> MemoryVfs::FindRootDirectory(const PathContext& context, absl::string_view path) {
  const bool privileged = context.credentials->Has(Capability::kSysChroot);
  if (profile_->privilege_before_path && !privileged) return Cause::kNoPermission;
  Result<NodeRef> node = FindWorkingDirectory(context, path);
  if (node.ok() && !privileged) return Cause::kNoPermission;
  return node;
}

Result<std::string> MemoryVfs::WorkingDirectory(const PathContext& context) {
  std::string path;
  const Inode* const root = Inode::Of(context.root.get());
  const Inode* at = Inode::Of(context.directory.get());
  while (at != root) {
    if (at->removed()) return Cause::kNoSuchEntry;
    if (at->mount()->root.get() == at) {
      if (!at->mount()->covered) return Cause::kNoSuchEntry;
      at = at->mount()->covered.get();
      continue;
    }
    path = absl::StrCat("/", at->name(), path);
    at = at->parent();
  }
  return path.empty() ? std::string("/") : path;
}

// --- UNIX sockets ---

Result<NodeRef> MemoryVfs::FindSocket(const PathContext& context, absl::string_view path) {
  const Result<Ref<Inode>> inode = Find(context, path, /*follow=*/true);
  if (!inode.ok()) return inode.cause();
  const bool is_socket = (*inode)->type() == FileType::kSocket;
  if (profile_->socket_type_before_access && !is_socket) return Cause::kNotSocketFile;
  const Result<> allowed = Check(context, **inode, kMayWrite);
  if (!allowed.ok()) return allowed.cause();
  if (!is_socket) return Cause::kNotSocketFile;
  return NodeRef(*inode);
}

}  // namespace drywire
