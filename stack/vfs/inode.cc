#include "stack/vfs/inode.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "sim/core/check.h"
#include "stack/vfs/permission.h"
#include "stack/vfs/vfs.h"

namespace drywire {
namespace {

constexpr int64_t kStatBlock = 512;
constexpr Duration kRelatimeAge = Duration::Seconds(24 * 3600);

}  // namespace

Inode::Inode(Mount* mount, FileType type, uint32_t mode, uint32_t uid, uint32_t gid, Instant now)
    : Node(type),
      mount_(mount),
      inodes_(mount->inodes),
      number_(mount->next_number++),
      mode_(mode),
      uid_(uid),
      gid_(gid),
      accessed_(now),
      modified_(now),
      changed_(now) {
  ++*inodes_;
  if (IsDirectory()) {
    links_ = 2;  // "." and, of the mount's root, ".."; else the name in the parent
    parent_ = this;
  }
}

Inode::~Inode() {
  --*inodes_;
  // A chain of removed directories is as long as a program cares to make it: no recursion.
  Ref<Inode> up = std::move(kept_parent_);
  while (up && up->references() == 1) {
    Ref<Inode> next = std::move(up->kept_parent_);
    up = std::move(next);
  }
}

Result<> Inode::SetTimes(const NewTimes& times, const Actor& actor) {
  if (!times.accessed.has_value() && !times.modified.has_value()) return {};
  if (mount_->read_only) return Cause::kReadOnlyMount;
  if (!OwnsFile(Stat(), *actor.credentials)) {
    if (!times.both_now) return Cause::kNotOwner;
    if (!ModePermits(Stat(), kMayWrite, *actor.credentials)) return Cause::kAccessDenied;
  }
  accessed_ = times.accessed.value_or(accessed_);
  modified_ = times.modified.value_or(modified_);
  changed_ = actor.now;
  return {};
}

Result<std::vector<DirectoryEntry>> Inode::Entries(const Actor& actor) {
  if (!IsDirectory()) return Cause::kNotDirectory;
  if (removed_) return Cause::kDirectoryRemoved;
  // The root of a mount is below the directory that it covers.
  const Inode* const covered = mount_->root.get() == this ? mount_->covered.get() : nullptr;
  const Inode* const above = covered != nullptr ? covered->parent_ : parent_;
  std::vector<DirectoryEntry> list = {{".", number_, type()}, {"..", above->number_, type()}};
  for (const auto& [name, inode] : entries_) list.push_back({name, inode->number_, inode->type()});
  MarkRead(actor.now);
  return list;
}

Attributes Inode::Stat() const {
  const VfsProfile& profile = *mount_->profile;
  Attributes attributes;
  attributes.type = type();
  attributes.mode = mode_;
  attributes.uid = uid_;
  attributes.gid = gid_;
  attributes.links = links_;
  attributes.device = mount_->device;
  attributes.number = number_;
  attributes.size = IsDirectory() ? profile.directory_size : static_cast<int64_t>(contents_.size());
  attributes.block_size = profile.block_size;
  if (type() == FileType::kRegular || IsDirectory()) {
    const int64_t blocks = (attributes.size + profile.block_size - 1) / profile.block_size;
    attributes.blocks = blocks * (profile.block_size / kStatBlock);
  }
  attributes.accessed = accessed_;
  attributes.modified = modified_;
  attributes.changed = changed_;
  return attributes;
}

void Inode::MarkRead(Instant now) {
  if (mount_->read_only) return;
  const bool fresh = accessed_ > modified_ && accessed_ > changed_;
  if (mount_->profile->relatime && fresh && now - accessed_ < kRelatimeAge) return;
  accessed_ = now;
}

// --- Contents ---

Result<size_t> Inode::ReadAt(int64_t offset, absl::Span<uint8_t> to, const Actor& actor) {
  if (IsDirectory()) return Cause::kIsDirectory;
  if (type() != FileType::kRegular) return Cause::kNotSupported;
  MarkRead(actor.now);
  const auto size = static_cast<int64_t>(contents_.size());
  if (offset >= size || to.empty()) return size_t{0};
  const size_t count = std::min(to.size(), static_cast<size_t>(size - offset));
  std::memcpy(to.data(), contents_.data() + offset, count);
  return count;
}

Result<size_t> Inode::WriteAt(int64_t offset, absl::Span<const uint8_t> from, const Actor& actor) {
  if (type() != FileType::kRegular) return Cause::kNotSupported;
  if (from.empty()) return size_t{0};
  if (offset >= kMaxFileSize) return Cause::kFileTooBig;
  const size_t count = std::min(from.size(), static_cast<size_t>(kMaxFileSize - offset));
  const auto end = static_cast<size_t>(offset) + count;
  if (contents_.size() < end) contents_.resize(end);
  std::memcpy(contents_.data() + offset, from.data(), count);
  mode_ = ModeAfterWrite(Stat(), *actor.credentials, *mount_->profile);
  Touch(actor.now);
  return count;
}

Result<> Inode::Truncate(int64_t size, const Actor& actor) {
  if (type() != FileType::kRegular) return Cause::kNotRegularFile;
  if (mount_->read_only) return Cause::kReadOnlyMount;
  if (size > kMaxFileSize) return Cause::kFileTooBig;
  contents_.resize(static_cast<size_t>(size));
  mode_ = ModeAfterWrite(Stat(), *actor.credentials, *mount_->profile);
  Touch(actor.now);
  return {};
}

Result<int64_t> Inode::SeekData(int64_t offset, bool hole) const {
  const int64_t size = Stat().size;
  if (offset >= size) return Cause::kNoDataThere;
  return hole ? size : offset;
}

// --- Attributes ---

Result<> Inode::ChangeMode(uint32_t mode, const Actor& actor) {
  const VfsProfile& profile = *mount_->profile;
  const Credentials& credentials = *actor.credentials;
  if (mount_->read_only) return Cause::kReadOnlyMount;
  if (!OwnsFile(Stat(), credentials)) return Cause::kNotOwner;
  mode &= kModeBits;
  const bool in_group = credentials.InGroup(gid_) || credentials.Has(Capability::kFsetid);
  if (profile.chmod_refuses_special_bits) {
    if (!IsDirectory() && (mode & kModeSticky) != 0 && !credentials.privileged()) {
      return Cause::kStickyOnFile;
    }
    if ((mode & kModeSetGid) != 0 && !in_group) return Cause::kNotGroupMember;
  } else if (!in_group) {
    mode &= ~kModeSetGid;
  }
  mode_ = mode;
  changed_ = actor.now;
  return {};
}

Result<> Inode::ChangeOwner(uint32_t uid, uint32_t gid, const Actor& actor) {
  const VfsProfile& profile = *mount_->profile;
  const Credentials& credentials = *actor.credentials;
  const bool nothing = uid == kUnchangedId && gid == kUnchangedId;
  if (nothing && !profile.empty_chown_is_judged) return {};
  if (mount_->read_only) return Cause::kReadOnlyMount;
  const Attributes before = Stat();
  const bool privileged = credentials.Has(Capability::kChown);
  const bool owner = credentials.uid == uid_;
  const bool changes_uid = uid != kUnchangedId && (uid != uid_ || !owner);
  if (changes_uid && !privileged) return Cause::kNotOwner;
  if (gid != kUnchangedId && !privileged) {
    if (!owner || (gid != gid_ && !credentials.InGroup(gid))) return Cause::kNotOwner;
  }
  const bool owner_changed =
      (uid != kUnchangedId && uid != uid_) || (gid != kUnchangedId && gid != gid_);
  const uint32_t mode = ModeAfterChown(before, owner_changed, credentials, profile);
  // Dropping a set-id bit is a chmod(), also when no owner is given.
  if (mode != mode_ && !OwnsFile(before, credentials)) return Cause::kNotOwner;
  mode_ = mode;
  if (uid != kUnchangedId) uid_ = uid;
  if (gid != kUnchangedId) gid_ = gid;
  changed_ = actor.now;
  return {};
}

// --- Directories ---

Inode* Inode::Find(absl::string_view name) const {
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : it->second.get();
}

void Inode::AddEntry(absl::string_view name, Inode* inode, Instant now) {
  const bool added = entries_.emplace(std::string(name), Ref<Inode>(inode)).second;
  DRYWIRE_CHECK(added) << "entry " << name << " exists";
  if (inode->IsDirectory()) {
    inode->parent_ = this;
    inode->name_ = std::string(name);
    ++links_;  // its ".."
  } else {
    ++inode->links_;
  }
  inode->changed_ = now;
  Touch(now);
}

void Inode::RemoveEntry(absl::string_view name, Instant now) {
  const auto it = entries_.find(name);
  DRYWIRE_CHECK(it != entries_.end()) << "no entry " << name;
  const Ref<Inode> inode = std::move(it->second);
  entries_.erase(it);
  if (inode->IsDirectory()) {
    --links_;
  } else {
    --inode->links_;
  }
  inode->changed_ = now;
  Touch(now);
}

void Inode::RemoveDirectoryEntry(absl::string_view name, Instant now) {
  const Ref<Inode> directory(Find(name));
  RemoveEntry(name, now);
  directory->removed_ = true;
  directory->links_ = 0;
  directory->kept_parent_ = Ref<Inode>(this);
}

void Inode::Dismantle(Ref<Inode> root) {
  std::vector<Ref<Inode>> left;
  left.push_back(std::move(root));
  while (!left.empty()) {
    const Ref<Inode> inode = std::move(left.back());
    left.pop_back();
    EntryMap entries = std::move(inode->entries_);
    inode->entries_.clear();
    inode->parent_ = inode.get();
    for (auto& entry : entries) left.push_back(std::move(entry.second));
  }
}

}  // namespace drywire
