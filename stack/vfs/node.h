// A file as the kernel knows it, without its names: what an inode is, wherever it is kept.
//
// The in-memory filesystem's are in inode.h; a pass-through to the real filesystem would have its
// own. Nothing here blocks. Permissions to open, search and so on are the path calls' business (see
// vfs.h); the calls here that judge their caller say so.
//
// Left out: devices, extended attributes, ACLs, file flags, quotas. Source: inode(7), stat(2),
// chmod(2), chown(2), utimensat(2), getdents(2).
#ifndef DRYWIRE_STACK_VFS_NODE_H_
#define DRYWIRE_STACK_VFS_NODE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "sim/core/time.h"
#include "stack/base/credentials.h"
#include "stack/base/ref.h"
#include "stack/personality/cause.h"

namespace drywire {

enum class FileType : uint8_t { kRegular, kDirectory, kSymlink, kSocket, kFifo };

// The bits of a mode besides the type, with their values in <sys/stat.h>.
inline constexpr uint32_t kModeSetUid = 04000;
inline constexpr uint32_t kModeSetGid = 02000;
inline constexpr uint32_t kModeSticky = 01000;
inline constexpr uint32_t kModeGroupExecute = 00010;
inline constexpr uint32_t kModeBits = 07777;

// chown(2): this id stays as it is.
inline constexpr uint32_t kUnchangedId = ~uint32_t{0};

// What stat(2) tells, but for what is derived from it.
struct Attributes {
  FileType type = FileType::kRegular;
  uint32_t mode = 0;  // kModeBits
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t links = 0;
  uint64_t device = 0;
  uint64_t number = 0;  // st_ino
  int64_t size = 0;     // bytes
  int64_t block_size = 0;
  int64_t blocks = 0;  // of 512 bytes
  Instant accessed;
  Instant modified;
  Instant changed;
};

// utimensat(2): unset times stay as they are.
struct NewTimes {
  std::optional<Instant> accessed;
  std::optional<Instant> modified;
  // Both are the present time: who may write to the file may do that too.
  bool both_now = false;
};

// What getdents(2) tells of one entry.
struct DirectoryEntry {
  std::string name;
  uint64_t number = 0;
  FileType type = FileType::kRegular;
};

// Who changes a file, and when it is.
struct Actor {
  const Credentials* credentials = nullptr;
  Instant now;
};

// What a layer above keeps with a file while it is in use: the socket that is bound to it, the pipe
// behind a FIFO. Not owned by the node: whoever sets it clears it again.
class NodeClient {
 public:
  virtual ~NodeClient() = default;

 protected:
  NodeClient() = default;
};

class Node {
 public:
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  FileType type() const { return type_; }
  bool IsDirectory() const { return type_ == FileType::kDirectory; }
  virtual Attributes Stat() const = 0;

  // Bytes read from `offset` on; 0 at and beyond the end. kIsDirectory, kNotSupported.
  virtual Result<size_t> ReadAt(int64_t offset, absl::Span<uint8_t> to, const Actor& actor) = 0;
  // All of `from`, or fewer bytes when the largest size is reached. A gap before `offset` reads as
  // zeros. kFileTooBig, kNotSupported.
  virtual Result<size_t> WriteAt(int64_t offset, absl::Span<const uint8_t> from,
                                 const Actor& actor) = 0;
  // `size` is at least 0. kFileTooBig, kNotRegularFile, kReadOnlyMount.
  virtual Result<> Truncate(int64_t size, const Actor& actor) = 0;
  // The next byte from `offset` on that is data, or in a hole: kNoDataThere beyond the end.
  virtual Result<int64_t> SeekData(int64_t offset, bool hole) const = 0;
  // chmod(2) and chown(2): judge the actor.
  virtual Result<> ChangeMode(uint32_t mode, const Actor& actor) = 0;
  virtual Result<> ChangeOwner(uint32_t uid, uint32_t gid, const Actor& actor) = 0;
  // utimensat(2): kNotOwner, kAccessDenied, kReadOnlyMount.
  virtual Result<> SetTimes(const NewTimes& times, const Actor& actor) = 0;
  // The entries of a directory: "." and "..", then the others by name. kNotDirectory,
  // kDirectoryRemoved.
  virtual Result<std::vector<DirectoryEntry>> Entries(const Actor& actor) = 0;

  NodeClient* client() const { return client_; }
  void set_client(NodeClient* client) { client_ = client; }

  void AddReference() { ++references_; }
  void DropReference() {
    if (--references_ == 0) delete this;
  }
  int references() const { return references_; }

 protected:
  explicit Node(FileType type) : type_(type) {}
  virtual ~Node() = default;

 private:
  FileType type_;
  int references_ = 0;
  NodeClient* client_ = nullptr;
};

using NodeRef = Ref<Node>;

}  // namespace drywire

#endif  // DRYWIRE_STACK_VFS_NODE_H_
