// Who may do what with a file: the mode, the owner and the group against the caller's credentials.
//
// Pure functions; read-only mounts and policies are the filesystem's business. Source:
// path_resolution(7) "Permissions", capabilities(7), inode(7); FreeBSD's vaccess(9), which gives
// uid 0 what Linux gives the capabilities.
#ifndef DRYWIRE_STACK_VFS_PERMISSION_H_
#define DRYWIRE_STACK_VFS_PERMISSION_H_

#include <cstdint>

#include "stack/base/credentials.h"
#include "stack/personality/vfs_profile.h"
#include "stack/vfs/node.h"

namespace drywire {

// Whether the mode, or privilege, gives `wanted` (bits of AccessBit). The first class that the
// caller is in decides: an owner without permission is not helped by the group's.
bool ModePermits(const Attributes& file, uint32_t wanted, const Credentials& credentials);

// What only the owner may do: chmod(), and deleting in sticky directories.
bool OwnsFile(const Attributes& file, const Credentials& credentials);

// Whether a sticky directory keeps the caller from removing or renaming `entry`.
bool StickyDenies(const Attributes& directory, const Attributes& entry,
                  const Credentials& credentials);

// The mode after somebody wrote to the file, and after somebody changed its owner or group.
uint32_t ModeAfterWrite(const Attributes& file, const Credentials& credentials,
                        const VfsProfile& profile);
uint32_t ModeAfterChown(const Attributes& file, bool owner_changed, const Credentials& credentials,
                        const VfsProfile& profile);

// fs.protected_hardlinks: what may be linked to by anybody.
bool IsSafeLinkSource(const Attributes& file, const Credentials& credentials);

}  // namespace drywire

#endif  // DRYWIRE_STACK_VFS_PERMISSION_H_
