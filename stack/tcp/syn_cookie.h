// SYN cookies: a SYN-ACK whose sequence number is all that is kept of the SYN.
//
// The cookie holds a keyed hash of the connection, a minute counter that limits its age, and a few
// bits of what the SYN offered. What does not fit is lost: the MSS is rounded down to a table, and
// on Linux window scaling and SACK survive only inside the timestamp that the client echoes.
// Source: D. J. Bernstein's description; net/ipv4/syncookies.c as of Linux 6; FreeBSD's
// tcp_syncache.c (whose options are in the ISN).
#ifndef DRYWIRE_STACK_TCP_SYN_COOKIE_H_
#define DRYWIRE_STACK_TCP_SYN_COOKIE_H_

#include <cstdint>

#include "sim/core/rng.h"
#include "sim/core/time.h"
#include "stack/base/endpoint.h"
#include "stack/base/seq.h"
#include "stack/personality/tcp_profile.h"
#include "stack/tcp/request.h"
#include "stack/wire/segment.h"

namespace drywire {

class SynCookies {
 public:
  explicit SynCookies(Rng& rng) : secret_{rng.Next(), rng.Next()} {}

  // The ISS for a SYN with sequence number `irs`; lowers options->peer_mss to what it can express.
  Seq Encode(const TcpProfile& profile, const ConnectionId& id, Seq irs, Instant now,
             HandshakeOptions* options) const;
  // What the timestamp of the SYN-ACK must be, so that its echo brings the options back.
  uint32_t EncodeTimestamp(const TcpProfile& profile, uint32_t now_ms,
                           const HandshakeOptions& options) const;
  // Whether `ack` acknowledges a cookie not older than two minutes; then fills in what it and the
  // echoed timestamp hold of the options. ts_offset and rcv_wscale are the caller's.
  bool Decode(const TcpProfile& profile, const ConnectionId& id, const Segment& ack, Instant now,
              HandshakeOptions* options) const;

 private:
  uint32_t Hash(const ConnectionId& id, uint64_t salt, int which) const;
  // What hides the options. FreeBSD's covers the peer's sequence number (syncookie_mac). Linux only
  // adds that in (check_tcp_syn_cookie): there text that begins a byte or two later passes, for a
  // smaller MSS, and what came before it is lost.
  uint32_t DataHash(const TcpProfile& profile, const ConnectionId& id, Seq irs,
                    uint32_t count) const;
  uint64_t secret_[2];
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_SYN_COOKIE_H_
