// Pipes, socket pairs and event counters: what programs wake their own event loops with.
//
// Each is a file within one host; nothing of it crosses a network. A pipe holds 65536 bytes and
// writes of up to 4096 are atomic. A socket pair is a connected AF_UNIX stream without names,
// enough for send, recv, shutdown and readiness; passing descriptors and credentials, datagram
// pairs and socket options are left to UNIX sockets proper. An event counter is eventfd(2)'s.
// Source: pipe(7), socketpair(2), eventfd(2); poll bits as Linux 6.18 reports them.
#ifndef DRYWIRE_STACK_SYS_PIPE_H_
#define DRYWIRE_STACK_SYS_PIPE_H_

#include <cstdint>
#include <string>

#include "stack/personality/cause.h"
#include "stack/socket/file.h"
#include "stack/socket/socket.h"
#include "stack/sys/sys_environment.h"

namespace drywire {

struct FilePair {
  FileRef read;
  FileRef write;
};
FilePair MakePipe();

struct SocketPair {
  Ref<Socket> first;
  Ref<Socket> second;
};
SocketPair MakeSocketPair();

// `semaphore`: EFD_SEMAPHORE.
FileRef MakeEventCounter(uint64_t initial, bool semaphore);

// Gives both files descriptors, or neither, and writes the numbers to the program's array.
Result<> InstallPair(SysContext& context, const FileRef& first, const FileRef& second,
                     bool close_on_exec, int* fds);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PIPE_H_
