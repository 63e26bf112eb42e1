// The filesystem of a host, as path calls see it.
//
// MemoryVfs (memory_vfs.h) keeps everything in memory. The interface is what an implementation that
// passes calls through to the real filesystem can take the place of: paths go in as text, and what
// comes out is a Node, in which nobody looks for more than node.h promises. Either way a UNIX
// socket's name is an inode of type socket: BindSocket() makes it, and FindSocket() leads from a
// path to it and so to the client that the bound socket has put there.
//
// Every call takes the process's context and judges it; failures are causes. Nothing blocks.
// Source: path_resolution(7) and the manual page of each call; FreeBSD's namei(9).
#ifndef DRYWIRE_STACK_VFS_VFS_H_
#define DRYWIRE_STACK_VFS_VFS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/core/time.h"
#include "stack/base/credentials.h"
#include "stack/personality/cause.h"
#include "stack/vfs/node.h"

namespace drywire {

// From where, and as whom, a process resolves a path.
struct PathContext {
  const Credentials* credentials = nullptr;
  NodeRef root;       // changed by chroot(2)
  NodeRef directory;  // the working directory, or what openat(2) and its like are given
  uint32_t umask = 0;
  Instant now;
  // Where a call's second path begins, when that is not `directory`.
  NodeRef target_directory = {};
  // AT_EMPTY_PATH: an empty path is `directory` itself, which need not be one.
  bool empty_is_directory = false;

  Actor actor() const { return {credentials, now}; }
};

// What access(2) asks for, with its values: R_OK, W_OK, X_OK.
enum AccessBit : uint32_t { kMayExecute = 1, kMayWrite = 2, kMayRead = 4 };

// open(2), as far as the path is concerned.
struct OpenRequest {
  uint32_t access = 0;  // kMayRead, kMayWrite: what permission is needed
  bool writes = false;  // opened for writing, or to be truncated
  bool create = false;
  bool exclusive = false;
  bool truncate = false;
  bool directory = false;  // O_DIRECTORY
  bool follow = true;      // no O_NOFOLLOW
  uint32_t mode = 0;       // of a file that is made, before the umask
};

// link(2) and linkat(2): whether a symbolic link is linked to, or what it leads to.
enum class LinkFollow : uint8_t { kAsLink, kNever, kAlways };

// What a policy is asked about. Only what permissions have allowed is asked.
enum class PolicyAction : uint8_t { kSearch, kRead, kWrite, kExecute, kCreate, kRemove, kChange };
struct PolicyQuery {
  PolicyAction action;
  const Credentials* credentials;
  // The file; for kCreate and kRemove the directory.
  const Node* node;
  // The last component for kCreate and kRemove; empty otherwise.
  absl::string_view name;
};
// True to deny: kPolicyDeniedEperm.
using PolicyHook = std::function<bool(const PolicyQuery& query)>;

class Vfs {
 public:
  virtual ~Vfs() = default;

  // The root directory, which is a new process's working directory too.
  virtual NodeRef Root() const = 0;
  // Security policies beyond permissions (MAC, LSM); null to have none.
  virtual void SetPolicy(PolicyHook policy) = 0;

  // --- Files ---
  virtual Result<NodeRef> Open(const PathContext& context, absl::string_view path,
                               const OpenRequest& request) = 0;
  virtual Result<NodeRef> Lookup(const PathContext& context, absl::string_view path,
                                 bool follow) = 0;
  // access(2): `bits` of AccessBit; none asks for existence.
  virtual Result<> Access(const PathContext& context, absl::string_view path, uint32_t bits) = 0;
  virtual Result<> Truncate(const PathContext& context, absl::string_view path, int64_t size) = 0;
  virtual Result<> ChangeMode(const PathContext& context, absl::string_view path,
                              uint32_t mode) = 0;
  virtual Result<> ChangeOwner(const PathContext& context, absl::string_view path, uint32_t uid,
                               uint32_t gid, bool follow) = 0;
  // utimensat(2).
  virtual Result<> SetTimes(const PathContext& context, absl::string_view path,
                            const NewTimes& times, bool follow) = 0;

  // --- Names ---
  virtual Result<> MakeDirectory(const PathContext& context, absl::string_view path,
                                 uint32_t mode) = 0;
  // mknod(2) of a regular file, a socket or a FIFO.
  virtual Result<> MakeNode(const PathContext& context, absl::string_view path, FileType type,
                            uint32_t mode) = 0;
  virtual Result<> RemoveDirectory(const PathContext& context, absl::string_view path) = 0;
  virtual Result<> Unlink(const PathContext& context, absl::string_view path) = 0;
  virtual Result<> Rename(const PathContext& context, absl::string_view from,
                          absl::string_view to) = 0;
  virtual Result<> Link(const PathContext& context, absl::string_view from, absl::string_view to,
                        LinkFollow follow) = 0;
  // umount(2): kNotMountPoint, kMountBusy.
  virtual Result<> Unmount(const PathContext& context, absl::string_view path) = 0;
  virtual Result<> Symlink(const PathContext& context, absl::string_view target,
                           absl::string_view path) = 0;
  virtual Result<std::string> ReadLink(const PathContext& context, absl::string_view path) = 0;

  // --- Directories of the process ---
  // The directory, after the checks of chdir(2), or of chroot(2).
  virtual Result<NodeRef> FindWorkingDirectory(const PathContext& context,
                                               absl::string_view path) = 0;
  virtual Result<NodeRef> FindRootDirectory(const PathContext& context, absl::string_view path) = 0;
  // fchdir(2).
  virtual Result<> CheckWorkingDirectory(const PathContext& context, const NodeRef& node) = 0;
  // getcwd(3): kNoSuchEntry when it was removed, or is not below the root.
  virtual Result<std::string> WorkingDirectory(const PathContext& context) = 0;

  // --- UNIX sockets ---
  // bind(2): makes an inode of type socket with mode 0777 and not the umask, owned by the caller,
  // whose client is `socket`. kEntryExists, which is an address in use.
  virtual Result<NodeRef> BindSocket(const PathContext& context, absl::string_view path,
                                     NodeClient* socket) = 0;
  // connect(2) and sendto(2): what the path leads to, if it is a socket which the caller may write
  // to. Nobody is bound to it any more when its client is null. kNotSocketFile.
  virtual Result<NodeRef> FindSocket(const PathContext& context, absl::string_view path) = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_VFS_VFS_H_
