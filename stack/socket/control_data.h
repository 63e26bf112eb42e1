// Control messages for a receiver, as put_cmsg() of Linux lays them out: cmsg(3).
#ifndef DRYWIRE_STACK_SOCKET_CONTROL_DATA_H_
#define DRYWIRE_STACK_SOCKET_CONTROL_DATA_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "stack/socket/socket.h"

namespace drywire {

// Appends a message to the `received->control_bytes` that `control` holds already. It is cut to
// what there is room for, and left out when that is less than a header: MSG_CTRUNC.
void PutControl(absl::Span<uint8_t> control, int level, int type, const void* data, size_t size,
                Received* received);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_CONTROL_DATA_H_
