// How many ICMP errors and resets a host sends: icmp_ratelimit and icmp_ratemask of Linux (a token
// bucket per destination, six deep), icmplim of FreeBSD (a count per second and kind).
//
// Linux's limit over all destinations (icmp_msgs_per_sec) and FreeBSD's icmplim_jitter are left
// out. Observed on Linux 6.18: 6 port unreachables at once, then one a second; 100 ms for IPv6.
#ifndef DRYWIRE_STACK_IP_ICMP_LIMIT_H_
#define DRYWIRE_STACK_IP_ICMP_LIMIT_H_

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "sim/core/time.h"
#include "stack/base/address.h"
#include "stack/ip/replies.h"
#include "stack/personality/ip_profile.h"

namespace drywire {

class IcmpLimit {
 public:
  explicit IcmpLimit(const IpProfile& profile) : profile_(profile) {}

  // Whether the error may be sent to `destination` now; counts it if so. Not to be asked about
  // packets that stay on the loopback interface: they are never limited by kPerDestination.
  bool AllowError(Instant now, const IcmpError& error, const Address& destination, bool loopback);
  // Whether a forwarder may answer `source`, for whose packet there was no route or one that
  // refuses, at all (Linux's ip_error(): route.error_cost, route.error_burst). What it sends then
  // is an error like any other: the same tokens are paid with twice.
  bool AllowRouteError(Instant now, const Address& source);
  // Likewise for the RST of a closed port (limited by kPerSecond only).
  bool AllowReset(Instant now);
  void Clear();

 private:
  struct Bucket {
    Duration tokens;
    Instant last;
  };
  struct Second {
    Instant start;  // of the first packet in it
    int64_t count = 0;
  };
  bool AllowPerSecond(Instant now, Second& kind);
  // The bucket of `address` with what has come in since it was last looked at, at most `most`.
  Bucket& Refill(Instant now, const Address& address, Duration most);

  const IpProfile& profile_;
  absl::flat_hash_map<Address, Bucket> buckets_;
  Second unreachable_;
  Second other_;
  Second reset_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_ICMP_LIMIT_H_
