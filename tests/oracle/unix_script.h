// The vocabulary of scenarios about UNIX sockets.
#ifndef DRYWIRE_TESTS_ORACLE_UNIX_SCRIPT_H_
#define DRYWIRE_TESTS_ORACLE_UNIX_SCRIPT_H_

#include <sys/un.h>

#include <string>
#include <vector>

#include "tests/oracle/script.h"

namespace drywire {

// An address of a path, with its NUL, or of an abstract name when the text begins with '@'.
struct UnixAddress {
  explicit UnixAddress(const std::string& name);
  // `length` as it is claimed.
  UnixAddress(const std::string& name, socklen_t claimed);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }

  struct {
    sa_family_t family = AF_UNIX;
    char path[126] = {};
  } bytes;
  socklen_t length = 0;
};

// Non-blocking unless `flags` says otherwise.
int Unix(int type = SOCK_STREAM, int flags = SOCK_NONBLOCK);
int BindUnix(int fd, const std::string& name);
int ConnectUnix(int fd, const std::string& name);
// A non-blocking listener.
int ListenUnix(const std::string& name, int backlog = 8, int type = SOCK_STREAM);
ssize_t SendToUnix(int fd, const std::string& name, absl::string_view data, int flags = 0);

struct UnixPair {
  int first;
  int second;
};
// socketpair(), non-blocking.
UnixPair PairOf(int type = SOCK_STREAM);
// The same by bind, listen, connect and accept; the listener is closed.
UnixPair ConnectedUnix(const std::string& name, int type = SOCK_STREAM);

// "len 8 path", "@abstract", "none"; or the name of errno.
std::string UnixLocal(int fd);
std::string UnixPeer(int fd);
// How long it is alone.
int UnixLocalLength(int fd);

// sendmsg() with descriptors and, where `ids` is not null, credentials.
ssize_t SendWith(int fd, absl::string_view data, const std::vector<int>& fds,
                 const ucred* ids = nullptr, int flags = MSG_NOSIGNAL | MSG_DONTWAIT);
// recvmsg() of at most `size` bytes with `room` bytes for control data: data, flags, source, and
// what came along, as text. The descriptors are added to `fds`, or closed.
std::string ReceiveWith(int fd, size_t size, size_t room, std::vector<int>* fds = nullptr,
                        int flags = MSG_DONTWAIT);
// How many descriptors are open, of the first 64.
int OpenDescriptors();
int InQueue(int fd);
int OutQueue(int fd);
// Sends until the kernel will not take more: how many calls did, and the error.
std::string Fill(int fd, size_t size);

}  // namespace drywire

#endif  // DRYWIRE_TESTS_ORACLE_UNIX_SCRIPT_H_
