// The POSIX calls of a scene's process, each written down as strace(1) would.
//
// The methods have the names, arguments and results of the calls, and pass them on to
// drywire::posix unchanged; errno is what the call left. An address may be given as a sockaddr_in
// or sockaddr_in6 instead of pointer and length, since the atlas is read by people.
#ifndef DRYWIRE_TOOLS_ERRORS_CALLS_H_
#define DRYWIRE_TOOLS_ERRORS_CALLS_H_

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/time.h"

namespace drywire {

// What processes did, in the order in which the calls began.
struct CallRecord {
  std::string process;
  std::string call;    // "connect(3, 10.0.0.2:80)"
  std::string result;  // "-1 ECONNREFUSED (Connection refused)"; empty while the call waits
  Instant begin;
  Instant end;
  // How many packets had been captured at these times: what happened in between is theirs.
  size_t packets_before = 0;
  size_t packets_after = 0;
};

// What the row is about: the results its scenario looked at.
struct Observation {
  std::string text;  // "ECONNREFUSED"; several results are joined by ", "
  Instant when;      // at which the last of them came
  bool any = false;
};

// Where one scene's processes write. The functions ask the world.
class CallLog {
 public:
  virtual ~CallLog() = default;
  virtual Instant Now() const = 0;
  virtual size_t PacketCount() const = 0;

  std::vector<CallRecord> records;
  Observation observation;
};

// "10.0.0.2" and 80. CHECK-fails for what is no address: scenes are written by hand.
sockaddr_in Inet(const char* address, uint16_t port);
sockaddr_in6 Inet6(const char* address, uint16_t port);

// A path of at most 107 bytes, as a name of a UNIX socket.
sockaddr_un UnixName(absl::string_view path);

class Calls {
 public:
  Calls(CallLog* log, absl::string_view process) : log_(log), process_(process) {}

  int socket(int domain, int type, int protocol = 0);
  int pipe(int fds[2]);
  int close(int fd);

  int bind(int fd, const sockaddr_in& address);
  int bind(int fd, const sockaddr_un& address);
  int listen(int fd, int backlog);
  int accept(int fd);
  int connect(int fd, const sockaddr* address, socklen_t length);
  int connect(int fd, const sockaddr_in& address);
  int connect(int fd, const sockaddr_in6& address);
  int connect(int fd, const sockaddr_un& address);
  int shutdown(int fd, int how);
  int getsockname(int fd, sockaddr_in* address);
  int getpeername(int fd, sockaddr_in* address);

  ssize_t send(int fd, absl::string_view text, int flags = 0);
  ssize_t sendto(int fd, absl::string_view text, const sockaddr_in& destination);
  // What arrived goes to `text`, which becomes empty on failure; at most 64 bytes.
  ssize_t recv(int fd, std::string* text, int flags = 0);

  // --- Files and users
  int mkdir(const char* path, unsigned mode);
  int chmod(const char* path, unsigned mode);
  int creat(const char* path, unsigned mode);  // and closes it
  int symlink(const std::string& target, const char* path);
  int seteuid(unsigned uid);

  int setsockopt(int fd, int level, int name, int value);
  int set_linger(int fd, int on, int seconds);  // setsockopt(SO_LINGER)
  // getsockopt(SO_ERROR): the pending error, which is thereby cleared; -1 when the call fails.
  int so_error(int fd);

  // Waits for `events` on one descriptor; returns its revents, 0 after the timeout, -1 on failure.
  int poll(int fd, short events, int timeout_ms);
  // select() for writing on one descriptor, without limit: 1 when it is writable.
  int select_for_writing(int fd);
  int usleep(unsigned microseconds);
  // Catches SIGALRM with an empty handler, and has it sent once after `milliseconds`.
  int catch_alarm(int sa_flags);
  int start_alarm(int milliseconds);

  // Adds the result of the call just made to what the row observed: the errno's name, or "0".
  void Observe(int result);
  // An error number as SO_ERROR gives it.
  void ObserveError(int error);
  // Adds a statement.
  void Observe(const std::string& text);

 private:
  class Entry;

  CallLog* log_;
  std::string process_;
};

// "ECONNREFUSED"; "0" for 0.
std::string AtlasErrnoName(int error);

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_ERRORS_CALLS_H_
