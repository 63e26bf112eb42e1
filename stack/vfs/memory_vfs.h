// A host's filesystem, in memory.
//
// It begins with a root directory and /tmp (mode 1777); what else there is, the host's owner makes
// through the calls that name no context, which are root's. Other filesystems can be mounted on
// directories, read-only if wished. It survives a crash of the host as a disk does: a socket's
// inode stays and nobody is bound to it.
//
// Left out: devices, bind mounts, quotas and full disks. Source: path_resolution(7) and the manual
// page of each call, as observed on Linux 6.18 (ext4, tmpfs); FreeBSD vfs_syscalls.c, vfs_vnops.c,
// ufs_vnops.c, ufs_lookup.c.
#ifndef DRYWIRE_STACK_VFS_MEMORY_VFS_H_
#define DRYWIRE_STACK_VFS_MEMORY_VFS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "stack/base/credentials.h"
#include "stack/personality/cause.h"
#include "stack/personality/vfs_profile.h"
#include "stack/vfs/inode.h"
#include "stack/vfs/path_walk.h"
#include "stack/vfs/vfs.h"

namespace drywire {

class MemoryVfs final : public Vfs, private PathJudge {
 public:
  // `profile` is the host's, read at each call; not owned.
  explicit MemoryVfs(const VfsProfile* profile);
  MemoryVfs(const MemoryVfs&) = delete;
  MemoryVfs& operator=(const MemoryVfs&) = delete;
  ~MemoryVfs() override;

  // --- For the host's owner, as root. Paths are absolute.
  // The context of the host's owner: root, at the root, without a umask.
  PathContext OwnerContext() const;
  // Makes a directory and those above it that are missing.
  Result<> AddDirectory(absl::string_view path, uint32_t mode = 0755, uint32_t uid = 0,
                        uint32_t gid = 0);
  // Makes a file with these contents, or gives them to the one that is there.
  Result<> AddFile(absl::string_view path, absl::string_view contents, uint32_t mode = 0644,
                   uint32_t uid = 0, uint32_t gid = 0);
  Result<std::string> FileContents(absl::string_view path) const;
  // Mounts an empty filesystem on an existing directory.
  Result<> AddMount(absl::string_view path);
  // Takes the filesystem that is mounted on `path` away, with all that is in it.
  Result<> RemoveMount(absl::string_view path);
  // Inodes that no name leads to, because something has them open; of all mounts.
  int64_t CountNameless() const;
  // Makes the mount that holds `path` read-only, or writable again.
  Result<> SetReadOnly(absl::string_view path, bool read_only);
  // The names in a directory, in order.
  Result<std::vector<std::string>> List(absl::string_view path) const;

  // --- Vfs ---
  NodeRef Root() const override { return mounts_.front()->root; }
  void SetPolicy(PolicyHook policy) override { policy_ = std::move(policy); }
  Result<NodeRef> Open(const PathContext& context, absl::string_view path,
                       const OpenRequest& request) override;
  Result<NodeRef> Lookup(const PathContext& context, absl::string_view path, bool follow) override;
  Result<> Access(const PathContext& context, absl::string_view path, uint32_t bits) override;
  Result<> Truncate(const PathContext& context, absl::string_view path, int64_t size) override;
  Result<> ChangeMode(const PathContext& context, absl::string_view path, uint32_t mode) override;
  Result<> ChangeOwner(const PathContext& context, absl::string_view path, uint32_t uid,
                       uint32_t gid, bool follow) override;
  Result<> SetTimes(const PathContext& context, absl::string_view path, const NewTimes& times,
                    bool follow) override;
  Result<> MakeDirectory(const PathContext& context, absl::string_view path,
                         uint32_t mode) override;
  Result<> MakeNode(const PathContext& context, absl::string_view path, FileType type,
                    uint32_t mode) override;
  Result<> RemoveDirectory(const PathContext& context, absl::string_view path) override;
  Result<> Unlink(const PathContext& context, absl::string_view path) override;
  Result<> Rename(const PathContext& context, absl::string_view from,
                  absl::string_view to) override;
  Result<> Link(const PathContext& context, absl::string_view from, absl::string_view to,
                LinkFollow follow = LinkFollow::kAsLink) override;
  Result<> Unmount(const PathContext& context, absl::string_view path) override;
  Result<> Symlink(const PathContext& context, absl::string_view target,
                   absl::string_view path) override;
  Result<std::string> ReadLink(const PathContext& context, absl::string_view path) override;
  Result<NodeRef> FindWorkingDirectory(const PathContext& context, absl::string_view path) override;
  Result<NodeRef> FindRootDirectory(const PathContext& context, absl::string_view path) override;
  Result<> CheckWorkingDirectory(const PathContext& context, const NodeRef& node) override;
  Result<std::string> WorkingDirectory(const PathContext& context) override;
  Result<NodeRef> BindSocket(const PathContext& context, absl::string_view path,
                             NodeClient* socket) override;
  Result<NodeRef> FindSocket(const PathContext& context, absl::string_view path) override;

 private:
  // PathJudge: what FreeBSD's look-up asks, and what the calls ask on Linux.
  Result<> CheckSearch(const PathContext& context, const Inode& directory) override;
  Result<> CheckCreate(const PathContext& context, const Inode& directory,
                       absl::string_view name) override;
  Result<> CheckRemove(const PathContext& context, const Inode& directory, absl::string_view name,
                       const Inode& inode) override;

  bool lookup_judges() const { return profile_->name_rule == NameRule::kLookupJudges; }
  Result<Place> Walk(const PathContext& context, absl::string_view path,
                     const WalkRequest& request);
  // What the path leads to; it must be there.
  Result<Ref<Inode>> Find(const PathContext& context, absl::string_view path, bool follow);
  // Whether the inode may be used so: mode, read-only mount, policy.
  Result<> Check(const PathContext& context, const Inode& inode, uint32_t bits);
  Result<> AskPolicy(const PathContext& context, PolicyAction action, const Inode& inode,
                     absl::string_view name = {}) const;
  // The entry of a directory, uncrossed: kComponentTooLong. Null when there is none.
  Result<Inode*> Entry(const Inode& directory, absl::string_view name) const;

  // --- memory_vfs_names.cc ---
  // Where a new name is to be; it is free. Under kCallJudges permission is still to be asked for.
  Result<Place> PlaceForNew(const PathContext& context, absl::string_view path,
                            bool makes_directory);
  // The entry to remove, after every check that does not depend on what it is.
  Result<Place> PlaceToRemove(const PathContext& context, absl::string_view path, bool directory);
  // Makes the inode and ties it to its name.
  Result<Ref<Inode>> Make(const PathContext& context, const Place& place, FileType type,
                          uint32_t mode);
  Result<> CheckLinkSource(const PathContext& context, const Inode& inode) const;
  Result<> RenameJudgedByCall(const PathContext& context, absl::string_view from,
                              absl::string_view to);
  Result<> RenameJudgedByLookup(const PathContext& context, absl::string_view from,
                                absl::string_view to);
  // The part that both systems have in common, after all permissions.
  Result<> Move(const PathContext& context, const Place& from, const Place& to);

  // --- memory_vfs_open.cc ---
  Result<NodeRef> CreateForOpen(const PathContext& context, const Place& place,
                                const OpenRequest& request);
  Result<> CheckOpenJudgedByCall(const PathContext& context, const Inode& inode,
                                 const OpenRequest& request);
  Result<> CheckOpenJudgedByLookup(const PathContext& context, const Inode& inode,
                                   const OpenRequest& request);

  const VfsProfile* profile_;
  std::vector<std::unique_ptr<Mount>> mounts_;  // the first one is the root's
  PolicyHook policy_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_VFS_MEMORY_VFS_H_
