// What send(2), write(2) and their relatives have in common: waiting for room, in pieces, from
// memory that may be bad.
//
// Source: send(2), write(2), pipe(7), socket(7) (SO_SNDTIMEO), as observed on Linux 6.18.
#ifndef DRYWIRE_STACK_SYS_SEND_H_
#define DRYWIRE_STACK_SYS_SEND_H_

#include <cstdint>

#include "absl/types/span.h"
#include "stack/base/raw_address.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"
#include "stack/socket/socket.h"
#include "stack/sys/arguments.h"
#include "stack/sys/call.h"
#include "stack/sys/sys_environment.h"

namespace drywire {

struct SendRequest {
  int fd = -1;
  const char* name = "send";
  Buffers buffers;
  int flags = 0;
  const RawAddress* destination = nullptr;
  absl::Span<const uint8_t> control;
};

// EPIPE comes with SIGPIPE, unless it was declined (MSG_NOSIGNAL in `flags`) or is not of a stream.
void MaybeRaiseSigpipe(SysContext& context, Cause cause, bool stream, int flags);

// Both give the bytes that went out before a failure rather than the failure; SIGPIPE comes with
// EPIPE.
CallOutcome SendOnSocket(SysContext& context, Socket& socket, SendRequest request);
// To what is no socket.
CallOutcome WriteToFile(SysContext& context, File& file, int fd, Buffers buffers);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_SEND_H_
