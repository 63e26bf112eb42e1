// What TCP wants done after an event: returned, never performed, by everything in stack/tcp.
//
// The owner (stack/socket) sends the segments with the connection's addresses, wakes waiters and
// asks for the next deadline. An Actions is meant to be kept and cleared: its memory is re-used.
#ifndef DRYWIRE_STACK_TCP_ACTIONS_H_
#define DRYWIRE_STACK_TCP_ACTIONS_H_

#include <vector>

#include "stack/personality/cause.h"
#include "stack/wire/segment.h"

namespace drywire {

struct Actions {
  // In the order in which they are to be sent. Ports are filled in.
  std::vector<Segment> segments;
  // Something arrived for readers: data, FIN, error. Set on every arrival.
  bool wake_readers = false;
  // Writers may have room, or an error.
  bool wake_writers = false;
  // The three-way handshake of this Tcb is complete.
  bool established = false;
  // The connection moved to TIME-WAIT (or to the compact FIN-WAIT-2 of orphans): the owner takes
  // Tcb::MakeTimeWait() and lets the Tcb go.
  bool time_wait = false;
  // The connection is CLOSED and has left the network: the owner takes it out of the demux.
  bool finished = false;
  // Why it failed; kNone when it did not. A fatal error: it comes with `finished`.
  Cause error = Cause::kNone;

  Segment& NewSegment() { return segments.emplace_back(); }
  void Clear() {
    segments.clear();
    wake_readers = wake_writers = established = time_wait = finished = false;
    error = Cause::kNone;
  }
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_ACTIONS_H_
