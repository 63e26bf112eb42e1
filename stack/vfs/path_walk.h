// Path resolution: from a path to the directory of its last component, and to what that names.
//
// One loop for both systems; where they differ is in the profile. Linux resolves as far as the
// directory and lets the call judge the name (NameRule::kCallJudges); FreeBSD's namei is told what
// the name is wanted for and refuses on the way (NameRule::kLookupJudges). The text that is left to
// resolve is kept as text, with the targets of symbolic links put in front, as namei does.
//
// Source: path_resolution(7); Linux fs/namei.c as observed on 6.18; FreeBSD vfs_lookup.c,
// vfs_cache.c, ufs_lookup.c.
#ifndef DRYWIRE_STACK_VFS_PATH_WALK_H_
#define DRYWIRE_STACK_VFS_PATH_WALK_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "stack/base/ref.h"
#include "stack/personality/cause.h"
#include "stack/personality/vfs_profile.h"
#include "stack/vfs/inode.h"
#include "stack/vfs/vfs.h"

namespace drywire {

// What the last component looks like.
enum class LastName : uint8_t {
  kNormal,
  kDot,
  kDotDot,
  kNone,  // the path is nothing but slashes
};

// What the last component is wanted for.
enum class Intent : uint8_t { kLook, kCreate, kRemove, kRename };

struct WalkRequest {
  Intent intent = Intent::kLook;
  // Follows a symbolic link that is the last component.
  bool follow = true;
  // A name that is to be made may have a trailing slash: it will be a directory.
  bool makes_directory = false;
  // Ends at the directory of the last component, which is not looked up.
  bool stop_at_directory = false;
  // A trailing slash after the last component is refused before it is looked up.
  bool refuse_slash = false;
};

struct Place {
  Ref<Inode> directory;  // of the last component
  std::string name;      // the last component; empty for LastName::kNone
  LastName last = LastName::kNormal;
  bool trailing_slash = false;
  Ref<Inode> inode;  // what it names; null for nothing, or when that was not looked for
};

// What the walk asks of the filesystem it is in.
class PathJudge {
 public:
  // Search permission.
  virtual Result<> CheckSearch(const PathContext& context, const Inode& directory) = 0;
  // Permission to make `name`, and to remove the entry `inode` (for kRename: to replace it).
  virtual Result<> CheckCreate(const PathContext& context, const Inode& directory,
                               absl::string_view name) = 0;
  virtual Result<> CheckRemove(const PathContext& context, const Inode& directory,
                               absl::string_view name, const Inode& inode) = 0;

 protected:
  ~PathJudge() = default;
};

// A Place whose inode is there for Intent::kLook and, under kLookupJudges, for kRemove. Others may
// lack it.
Result<Place> WalkPath(const VfsProfile& profile, PathJudge& judge, const PathContext& context,
                       absl::string_view path, const WalkRequest& request);

// The root of what is mounted on a directory, or the directory itself.
Inode* CrossMount(Inode* inode);

}  // namespace drywire

#endif  // DRYWIRE_STACK_VFS_PATH_WALK_H_
