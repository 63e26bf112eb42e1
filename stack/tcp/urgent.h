// What a connection knows of urgent data (RFC 9293 3.8.5, RFC 6093).
#ifndef DRYWIRE_STACK_TCP_URGENT_H_
#define DRYWIRE_STACK_TCP_URGENT_H_

#include <cstdint>

#include "stack/base/seq.h"

namespace drywire {

struct Urgent {
  // The urgent byte: there is one of them, the last that was announced.
  enum class Byte : uint8_t { kNone, kExpected, kArrived, kRead };

  Seq snd_up;  // after the last urgent byte that is to be sent (SND.UP)
  Seq mark;    // Linux: the urgent byte; BSD: what is after it (RCV.UP)
  Seq pulled;  // BSD: a byte that goes to `value` rather than into the stream
  // BSD: how much of the queue is before the mark (so_oobmark); 0 also when it was read.
  uint32_t distance = 0;
  bool at_mark = false;  // BSD: all before the mark was read, and nothing after it (SBS_RCVATMARK)
  Byte byte = Byte::kNone;
  uint8_t value = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_URGENT_H_
