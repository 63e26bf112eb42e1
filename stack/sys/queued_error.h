// What recvmsg() with MSG_ERRQUEUE tells beside the data: the control message with a struct
// sock_extended_err and the address of who reported the error (ip(7), ipv6(7)).
#ifndef DRYWIRE_STACK_SYS_QUEUED_ERROR_H_
#define DRYWIRE_STACK_SYS_QUEUED_ERROR_H_

#include <cstdint>

#include "absl/types/span.h"
#include "stack/socket/socket.h"
#include "stack/sys/call.h"

namespace drywire {

// Lays out received->queued_error, which is not null, in `control`; what does not fit is cut off
// and MSG_CTRUNC says so. `domain`: of the socket.
void WriteQueuedError(SysContext& context, int domain, absl::Span<uint8_t> control,
                      Received* received);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_QUEUED_ERROR_H_
