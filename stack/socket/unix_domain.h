// What the UNIX sockets of a host share: memory, names, and the descriptors that are under way
// between them.
//
// A descriptor in a message keeps its file open. A socket that only messages refer to, in queues of
// sockets of which the same is true, can never be received again: when a socket is closed, and when
// a process ends, such sockets are looked for and their queues emptied, as the garbage collectors
// of both systems do. Source: unix(7), net/unix/garbage.c as observed on Linux 6.18; unp_gc() of
// FreeBSD's uipc_usrreq.c.
#ifndef DRYWIRE_STACK_SOCKET_UNIX_DOMAIN_H_
#define DRYWIRE_STACK_SOCKET_UNIX_DOMAIN_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "sim/core/intrusive_list.h"
#include "sim/core/rng.h"
#include "stack/personality/cause.h"
#include "stack/personality/profile.h"
#include "stack/socket/file.h"
#include "stack/unix/abstract_names.h"
#include "stack/unix/unix_message.h"
#include "stack/vfs/vfs.h"

namespace drywire {

class UnixSocket;

class UnixDomain {
 public:
  struct Environment {
    const Profile* profile = nullptr;  // the host's own
    Vfs* vfs = nullptr;
    int64_t* open_files = nullptr;  // the host's count of open files
    std::function<Rng()> make_rng;  // the stream that names are chosen from
  };

  explicit UnixDomain(Environment environment);
  UnixDomain(const UnixDomain&) = delete;
  UnixDomain& operator=(const UnixDomain&) = delete;
  ~UnixDomain();

  const Profile& profile() const { return *environment_.profile; }
  Vfs& vfs() { return *environment_.vfs; }
  UnixMessagePool& messages() { return messages_; }
  AbstractNames& names() { return names_; }

  // --- Descriptors under way, by the user who sent them ---
  int64_t InFlightOf(uint32_t uid) const;
  void AddInFlight(uint32_t uid, File& file);
  // It was received, or never will be.
  void DropInFlight(uint32_t uid, File& file);
  int64_t in_flight() const { return in_flight_; }

  void CollectGarbage();

  // --- For state dumps and checks ---
  size_t live_sockets() const { return live_; }
  // One line for each socket that is open.
  std::string Describe();

 private:
  friend class UnixSocket;
  using Sockets = IntrusiveList<UnixSocket>;

  // Marks everything that can be reached from `marked_`, which is emptied.
  void MarkReachable();
  void MarkQueue(UnixSocket& socket);

  Environment environment_;
  UnixMessagePool messages_;
  AbstractNames names_;
  Sockets sockets_;
  size_t live_ = 0;
  int64_t in_flight_ = 0;
  int64_t sockets_in_flight_ = 0;
  absl::flat_hash_map<uint32_t, int64_t> in_flight_of_;
  absl::InlinedVector<UnixSocket*, 8> marked_;
  bool collecting_ = false;
};

// What came with a message: files, and on FreeBSD whatever else the sender's control data held.
class UnixAncillary final : public UnixAttachment {
 public:
  UnixAncillary(UnixDomain* domain, uint32_t uid) : domain_(domain), uid_(uid) {}
  ~UnixAncillary() override { DropFiles(); }

  void AddFile(const FileRef& file);
  // They were received, or there was no room for them.
  void DropFiles();
  absl::Span<const FileRef> files() const { return files_; }
  // FreeBSD: control messages that are handed on, as they are laid out.
  std::string& messages() { return messages_; }

 private:
  UnixDomain* domain_;
  uint32_t uid_;
  absl::InlinedVector<FileRef, 4> files_;
  std::string messages_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_UNIX_DOMAIN_H_
