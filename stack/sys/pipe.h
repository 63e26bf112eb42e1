// Socket pairs: what programs wake their own event loops with, besides pipes and eventfds.
//
// Nothing of one crosses a network. A socket pair is a connected AF_UNIX stream without names,
// enough for send, recv, shutdown and readiness; passing descriptors and credentials, datagram
// pairs and socket options are left to UNIX sockets proper.
// Source: socketpair(2); poll bits as Linux 6.18 reports them.
#ifndef DRYWIRE_STACK_SYS_PIPE_H_
#define DRYWIRE_STACK_SYS_PIPE_H_

#include <cstdint>
#include <string>

#include "stack/personality/cause.h"
#include "stack/socket/file.h"
#include "stack/socket/socket.h"
#include "stack/sys/sys_environment.h"

namespace drywire {

struct SocketPair {
  Ref<Socket> first;
  Ref<Socket> second;
};
SocketPair MakeSocketPair();

// Gives both files descriptors, or neither, and writes the numbers to the program's array.
Result<> InstallPair(SysContext& context, const FileRef& first, const FileRef& second,
                     bool close_on_exec, int* fds);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PIPE_H_
