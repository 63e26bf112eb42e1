// Calls of :interpose that name UNIX sockets by path.
//
// A path that the simulated host was given is the host's, as for files (see interpose_paths.cc),
// and so is every abstract name. What lies elsewhere is the real machine's, whose sockets a
// simulated one cannot reach: such a call says so and fails as if there were nothing.
#ifndef DRYWIRE_TOOLS_POSIX_INTERPOSE_SOCKETS_H_
#define DRYWIRE_TOOLS_POSIX_INTERPOSE_SOCKETS_H_

#include <sys/socket.h>
#include <sys/types.h>

#include "tools/posix/posix.h"

// The door's functions, and these in the place of the door's of the same name.
namespace drywire::posix::taken_over {

using namespace ::drywire::posix;  // NOLINT: that is what it is

int bind(int fd, const sockaddr* address, socklen_t length);
int connect(int fd, const sockaddr* address, socklen_t length);
ssize_t sendto(int fd, const void* data, size_t size, int flags, const sockaddr* address,
               socklen_t length);
ssize_t sendmsg(int fd, const msghdr* message, int flags);

}  // namespace drywire::posix::taken_over

#endif  // DRYWIRE_TOOLS_POSIX_INTERPOSE_SOCKETS_H_
