// What the caller was doing when an operation failed; with the Cause it selects the errno.
#ifndef DRYWIRE_STACK_PERSONALITY_OPERATION_H_
#define DRYWIRE_STACK_PERSONALITY_OPERATION_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace drywire {

enum class Operation : uint8_t {
  kAny = 0,
  kSocket,
  kBind,
  kListen,
  kAccept,
  kConnect,
  kGetsockname,
  kGetpeername,
  kGetsockopt,
  kSetsockopt,
  kSoError,  // getsockopt(SO_ERROR): a pending error is read, not a failure of the call
  kShutdown,
  kSend,  // send, sendto, sendmsg, write, writev
  kRecv,  // recv, recvfrom, recvmsg, read, readv
  kClose,
  kDup,
  kFcntl,
  kIoctl,
  kPoll,  // poll, ppoll, select, pselect
  kEpollCtl,
  kEpollWait,
  kSleep,   // nanosleep and relatives
  kSignal,  // kill, sigaction, setitimer
  kRlimit,
  kOpen,
  kSeek,
  kMkdir,
  kRmdir,
  kUnlink,
  kRename,
  kLink,
  kSymlink,
  kReadlink,
  kChmod,
  kChown,
  kStat,
  kAccess,
  kMknod,
  kTruncate,
  kChdir,  // chdir, fchdir, getcwd
  kChroot,
  kIdentity,  // setuid, setgroups and relatives
  kPipe,      // pipe, pipe2
  kFork,
  kExec,           // execve, posix_spawn
  kWait,           // wait, waitpid, waitid
  kSetGroup,       // setpgid, setsid
  kReadDirectory,  // getdents
  kSetTimes,       // utimensat and relatives
  kUnmount,
};

inline constexpr int kOperationCount = static_cast<int>(Operation::kUnmount) + 1;

// "connect", "send"; "any" for kAny.
absl::string_view OperationName(Operation operation);

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_OPERATION_H_
