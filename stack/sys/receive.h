// What recv(2) and its relatives have in common: waiting for enough, in pieces, into memory that
// may be bad.
//
// Source: recv(2), socket(7) (SO_RCVLOWAT), tcp(7) (MSG_TRUNC), as observed on Linux 6.18.
#ifndef DRYWIRE_STACK_SYS_RECEIVE_H_
#define DRYWIRE_STACK_SYS_RECEIVE_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "stack/personality/cause.h"
#include "stack/socket/socket.h"
#include "stack/sys/arguments.h"
#include "stack/sys/sys_environment.h"

namespace drywire {

// Most that one attempt moves, and so the most that is probed ahead.
inline constexpr size_t kMaxChunk = size_t{1} << 20;

struct ReceiveRequest {
  int fd = -1;
  const char* name = "recv";
  Buffers buffers;
  int flags = 0;
  absl::Span<uint8_t> control;
  // As in ReceiveArgs.
  size_t at_least = 0;
  bool continued = false;
  bool stays_at_mark = false;
};

// A stream's pieces are one result. What came before a failure hides the failure.
Result<Received> ReceiveFromSocket(SysContext& context, Socket& socket, ReceiveRequest request);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_RECEIVE_H_
