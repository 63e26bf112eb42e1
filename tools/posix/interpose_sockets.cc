#include "tools/posix/interpose_sockets.h"

#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "stack/sys/call.h"
#include "stack/sys/sys_environment.h"
#include "stack/sys/user_memory.h"
#include "tools/posix/invoke.h"
#include "tools/posix/real_files.h"

namespace drywire::posix::taken_over {
namespace {

// CopyFromUser() as inside of a call: what it calls of the C library is not the program's.
bool CopyHere(void* to, const void* from, size_t size) {
  SysContext context = CurrentContext();
  const call_internal::InKernel in_kernel(context);
  return CopyFromUser(to, from, size);
}

// Whether a UNIX socket is told a path of the real machine's. Addresses that are wrong in any way
// are the call's to judge.
bool IsRealMachines(int fd, const sockaddr* address, socklen_t length) {
  sockaddr_un un = {};
  if (length <= offsetof(sockaddr_un, sun_path) || length > sizeof un || address == nullptr) {
    return false;
  }
  if (!CopyHere(&un, address, length) || un.sun_family != AF_UNIX) return false;
  const size_t most = length - offsetof(sockaddr_un, sun_path);
  const std::string path(un.sun_path, std::find(un.sun_path, un.sun_path + most, '\0'));
  return !path.empty() && Inspect(fd).unix_socket && !IsSimulatedPath(path.c_str());
}

int RefuseRealMachines(const char* name) {
  Refuse(absl::StrCat(name, "() of a UNIX socket to a path of the real machine's").c_str(), ENOENT);
  return -1;
}

}  // namespace

int bind(int fd, const sockaddr* address, socklen_t length) {
  if (IsRealMachines(fd, address, length)) return RefuseRealMachines("bind");
  return posix::bind(fd, address, length);
}

int connect(int fd, const sockaddr* address, socklen_t length) {
  if (IsRealMachines(fd, address, length)) return RefuseRealMachines("connect");
  return posix::connect(fd, address, length);
}

ssize_t sendto(int fd, const void* data, size_t size, int flags, const sockaddr* address,
               socklen_t length) {
  if (IsRealMachines(fd, address, length)) return RefuseRealMachines("sendto");
  return posix::sendto(fd, data, size, flags, address, length);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  msghdr header = {};
  if (message != nullptr && CopyHere(&header, message, sizeof header) &&
      IsRealMachines(fd, static_cast<const sockaddr*>(header.msg_name), header.msg_namelen)) {
    return RefuseRealMachines("sendmsg");
  }
  return posix::sendmsg(fd, message, flags);
}

}  // namespace drywire::posix::taken_over
