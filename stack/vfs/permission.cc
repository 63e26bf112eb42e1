#include "stack/vfs/permission.h"

#include "stack/vfs/vfs.h"

namespace drywire {
namespace {

constexpr uint32_t kAnyExecute = 0111;

// The three bits of the class that the caller is in.
uint32_t ClassBits(const Attributes& file, const Credentials& credentials) {
  if (credentials.uid == file.uid) return file.mode >> 6 & 7;
  if (credentials.InGroup(file.gid)) return file.mode >> 3 & 7;
  return file.mode & 7;
}

bool KeepsSetGid(const Attributes& file, const Credentials& credentials) {
  return credentials.InGroup(file.gid) || credentials.Has(Capability::kFsetid);
}

// Linux: without group execution the bit is no set-group-ID but was once mandatory locking.
bool LinuxDropsSetGid(const Attributes& file, const Credentials& credentials) {
  if ((file.mode & kModeSetGid) == 0) return false;
  return (file.mode & kModeGroupExecute) != 0 || !KeepsSetGid(file, credentials);
}

}  // namespace

bool ModePermits(const Attributes& file, uint32_t wanted, const Credentials& credentials) {
  if ((wanted & ~ClassBits(file, credentials)) == 0) return true;
  if (file.type == FileType::kDirectory) {
    if (credentials.Has(Capability::kDacOverride)) return true;
    return (wanted & kMayWrite) == 0 && credentials.Has(Capability::kDacReadSearch);
  }
  // Nobody executes what nobody may execute.
  const bool executable = (file.mode & kAnyExecute) != 0;
  if (((wanted & kMayExecute) == 0 || executable) && credentials.Has(Capability::kDacOverride)) {
    return true;
  }
  return wanted == kMayRead && credentials.Has(Capability::kDacReadSearch);
}

bool OwnsFile(const Attributes& file, const Credentials& credentials) {
  return credentials.uid == file.uid || credentials.Has(Capability::kFowner);
}

bool StickyDenies(const Attributes& directory, const Attributes& entry,
                  const Credentials& credentials) {
  return (directory.mode & kModeSticky) != 0 && credentials.uid != directory.uid &&
         !OwnsFile(entry, credentials);
}

uint32_t ModeAfterWrite(const Attributes& file, const Credentials& credentials,
                        const VfsProfile& profile) {
  if (file.type != FileType::kRegular || credentials.Has(Capability::kFsetid)) return file.mode;
  uint32_t mode = file.mode & ~kModeSetUid;
  if (profile.set_id_rule == SetIdRule::kFreeBsd || LinuxDropsSetGid(file, credentials)) {
    mode &= ~kModeSetGid;
  }
  return mode;
}

uint32_t ModeAfterChown(const Attributes& file, bool owner_changed, const Credentials& credentials,
                        const VfsProfile& profile) {
  if (profile.set_id_rule == SetIdRule::kFreeBsd) {
    const bool keeps = !owner_changed || credentials.Has(Capability::kFsetid);
    return keeps ? file.mode : file.mode & ~(kModeSetUid | kModeSetGid);
  }
  if (file.type == FileType::kDirectory) return file.mode;
  uint32_t mode = file.mode & ~kModeSetUid;
  if (LinuxDropsSetGid(file, credentials)) mode &= ~kModeSetGid;
  return mode;
}

bool IsSafeLinkSource(const Attributes& file, const Credentials& credentials) {
  if (OwnsFile(file, credentials)) return true;
  if (file.type != FileType::kRegular || (file.mode & kModeSetUid) != 0) return false;
  if ((file.mode & kModeSetGid) != 0 && (file.mode & kModeGroupExecute) != 0) return false;
  return ModePermits(file, kMayRead | kMayWrite, credentials);
}

}  // namespace drywire
