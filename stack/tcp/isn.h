// Initial sequence numbers and timestamp offsets (RFC 9293 3.4.1, RFC 6528, RFC 7323 7.1).
//
// ISN = M + F(4-tuple, secret): M is a clock of one step per 64 ns as Linux has it (FreeBSD's
// differs, but no program can tell), F a keyed hash. The secret comes from the host's random
// stream, so that a seed fixes every sequence number of a run. Not cryptographic: nobody attacks a
// simulation.
#ifndef DRYWIRE_STACK_TCP_ISN_H_
#define DRYWIRE_STACK_TCP_ISN_H_

#include <cstdint>

#include "sim/core/rng.h"
#include "sim/core/time.h"
#include "stack/base/endpoint.h"
#include "stack/base/seq.h"

namespace drywire {

// A hash of the addresses and ports of a connection.
uint64_t HashConnection(const ConnectionId& id, uint64_t secret);

class IsnGenerator {
 public:
  explicit IsnGenerator(Rng& rng) : isn_secret_(rng.Next()), ts_secret_(rng.Next()) {}

  Seq Isn(const ConnectionId& id, Instant now) const {
    return Seq(static_cast<uint32_t>(HashConnection(id, isn_secret_)) +
               static_cast<uint32_t>(now.nanos() >> 6));
  }
  // What is added to the millisecond clock in this connection's timestamps. The same for all
  // connections between two hosts, as the rules for TIME-WAIT reuse need it.
  uint32_t TimestampOffset(const ConnectionId& id) const {
    ConnectionId hosts = id;
    hosts.local.port = hosts.remote.port = 0;
    return static_cast<uint32_t>(HashConnection(hosts, ts_secret_));
  }

 private:
  uint64_t isn_secret_;
  uint64_t ts_secret_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_ISN_H_
