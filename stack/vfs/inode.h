// An inode of the in-memory filesystem, and the mount it is on.
//
// Inode numbers are counted within a mount, from 2 as on ext4 and UFS, and never given out again.
// Names are kept in order. A file's contents are one string: holes are stored as the zeros they
// read as, and a file holds at most 1 GiB. Source: inode(7); times as POSIX marks them for update.
#ifndef DRYWIRE_STACK_VFS_INODE_H_
#define DRYWIRE_STACK_VFS_INODE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/core/time.h"
#include "stack/base/ref.h"
#include "stack/personality/cause.h"
#include "stack/personality/vfs_profile.h"
#include "stack/vfs/node.h"

namespace drywire {

class Inode;

inline constexpr int64_t kMaxFileSize = int64_t{1} << 30;

struct Mount {
  uint64_t device = 0;
  bool read_only = false;
  const VfsProfile* profile = nullptr;  // the host's
  Ref<Inode> root;
  Ref<Inode> covered;  // the directory it is mounted on; null for the first one
  uint64_t next_number = 2;
  // Inodes that exist, with a name or without. They may outlive the mount.
  std::shared_ptr<int64_t> inodes = std::make_shared<int64_t>(0);
};

class Inode final : public Node {
 public:
  using EntryMap = std::map<std::string, Ref<Inode>, std::less<>>;

  // A new file without a name.
  Inode(Mount* mount, FileType type, uint32_t mode, uint32_t uid, uint32_t gid, Instant now);
  ~Inode() override;

  static Inode* Of(Node* node) { return static_cast<Inode*>(node); }

  Attributes Stat() const override;
  Result<size_t> ReadAt(int64_t offset, absl::Span<uint8_t> to, const Actor& actor) override;
  Result<size_t> WriteAt(int64_t offset, absl::Span<const uint8_t> from,
                         const Actor& actor) override;
  Result<> Truncate(int64_t size, const Actor& actor) override;
  Result<int64_t> SeekData(int64_t offset, bool hole) const override;
  Result<> ChangeMode(uint32_t mode, const Actor& actor) override;
  Result<> ChangeOwner(uint32_t uid, uint32_t gid, const Actor& actor) override;
  Result<> SetTimes(const NewTimes& times, const Actor& actor) override;
  Result<std::vector<DirectoryEntry>> Entries(const Actor& actor) override;

  Mount* mount() const { return mount_; }
  uint32_t mode() const { return mode_; }
  uint32_t uid() const { return uid_; }
  uint32_t gid() const { return gid_; }
  uint32_t links() const { return links_; }
  const std::string& contents() const { return contents_; }

  // --- Directories ---
  // Null when there is no such entry. "." and ".." are not entries.
  Inode* Find(absl::string_view name) const;
  // Ties `inode` to a name that is free, and takes one away. Links and times follow; a directory's
  // parent does too.
  void AddEntry(absl::string_view name, Inode* inode, Instant now);
  void RemoveEntry(absl::string_view name, Instant now);
  // Removes an empty directory's entry for good.
  void RemoveDirectoryEntry(absl::string_view name, Instant now);
  const EntryMap& entries() const { return entries_; }
  // No name leads to this directory any more; nothing can be made in it.
  bool removed() const { return removed_; }
  // What ".." is: on the same mount, the directory itself for the mount's root.
  Inode* parent() const { return parent_; }
  // The name in the parent, of a directory.
  const std::string& name() const { return name_; }
  // What is mounted here; null for nothing.
  Mount* mounted() const { return mounted_; }
  void set_mounted(Mount* mount) { mounted_ = mount; }
  // Breaks the tree up, however deep it is, when the filesystem goes.
  static void Dismantle(Ref<Inode> root);

  // --- Symbolic links ---
  const std::string& target() const { return contents_; }
  void set_target(absl::string_view target) { contents_ = std::string(target); }

  void Touch(Instant now) { modified_ = changed_ = now; }
  void MarkRead(Instant now);

 private:
  Mount* mount_;
  std::shared_ptr<int64_t> inodes_;  // the mount's
  uint64_t number_;
  uint32_t mode_;
  uint32_t uid_;
  uint32_t gid_;
  uint32_t links_ = 0;
  Instant accessed_;
  Instant modified_;
  Instant changed_;
  std::string contents_;  // of a file; a symbolic link's target
  EntryMap entries_;
  std::string name_;
  Inode* parent_ = nullptr;
  // Keeps the parent of a removed directory, which is in nobody's entries.
  Ref<Inode> kept_parent_;
  bool removed_ = false;
  Mount* mounted_ = nullptr;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_VFS_INODE_H_
