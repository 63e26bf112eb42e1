// When a connection acknowledges what arrived.
#ifndef DRYWIRE_STACK_TCP_ACK_STATE_H_
#define DRYWIRE_STACK_TCP_ACK_STATE_H_

#include <cstdint>

#include "sim/core/time.h"

namespace drywire {

// The delayed acknowledgement engine.
struct AckState {
  Instant deadline = kNever;  // of the delayed ACK
  Instant last_received;      // when data last arrived
  Duration ato;               // Linux: the present delay
  uint32_t rcv_mss = 536;     // estimate of the peer's segment size
  uint8_t quick = 0;          // Linux: ACKs to send at once
  bool pingpong = false;      // Linux: interactive, replies carry the ACKs
  bool scheduled = false;     // something must be acknowledged
  bool now = false;           // ... at once
  uint8_t pushed = 0;         // less than full segments since the last ACK, 0 to 2
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_ACK_STATE_H_
