// A connection that is half-open at a listener: what is kept between SYN and final ACK.
//
// Linux calls it a request sock, FreeBSD a syncache entry. Owned by the socket layer, which knows
// its addresses; the Listener keeps it in its timer lists.
#ifndef DRYWIRE_STACK_TCP_REQUEST_H_
#define DRYWIRE_STACK_TCP_REQUEST_H_

#include <cstdint>

#include "sim/core/intrusive_list.h"
#include "sim/core/time.h"
#include "stack/base/seq.h"

namespace drywire {

// What a SYN announced and what the SYN-ACK answers.
struct HandshakeOptions {
  uint16_t peer_mss = 536;
  uint16_t mss = 536;  // ours
  uint8_t snd_wscale = 0;
  uint8_t rcv_wscale = 0;
  bool wscale_on = false;
  bool ts_on = false;
  bool sack_on = false;
  uint32_t ts_recent = 0;
  uint32_t ts_offset = 0;
};

struct RequestTimerTag {};

struct Request : public ListHook<RequestTimerTag> {
  uint16_t local_port = 0;
  uint16_t remote_port = 0;
  Seq irs;
  Seq iss;
  HandshakeOptions options;
  uint32_t rcv_wnd = 0;  // announced with the SYN-ACK
  uint32_t snd_wnd = 0;  // announced with the SYN
  uint8_t timeouts = 0;  // of the SYN-ACK
  bool acked = false;    // a valid final ACK came, but no connection could be made of it
  bool from_cookie = false;
  Instant sent_at;  // of the first SYN-ACK
  Instant deadline = kNever;
  Instant last_oow_ack = Instant::FromNanos(-1'000'000'000'000);
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_REQUEST_H_
