// What a link does to packets, for one direction.
//
// Models a store-and-forward line: packets wait in a queue, are put on the wire at `bandwidth`, and
// arrive `latency` later, perhaps damaged, twice, late or not at all. Lengths are those of the IP
// packet: link-layer framing is not counted. Left out: bursty loss (a chain of rules or a schedule
// of configuration changes does it), active queue management, framing.
#ifndef DRYWIRE_SIM_NET_LINK_CONFIG_H_
#define DRYWIRE_SIM_NET_LINK_CONFIG_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "sim/core/rng.h"
#include "sim/core/time.h"

namespace drywire {

struct LinkConfig {
  // Time on the wire. Not negative, not infinite.
  Duration latency = Duration::Zero();
  // Each packet's latency is uniform in [latency - jitter, latency + jitter], but never below zero.
  Duration jitter = Duration::Zero();
  // Whether a packet may overtake an earlier one because its jitter was smaller. netem lets it;
  // here it must be asked for, because most real links keep their order.
  bool jitter_reorders = false;
  // Bits per second; 0 is infinite: no serialisation delay and no queue.
  uint64_t bandwidth = 0;
  // How much may wait for the wire, the packet on it included; what comes on top is dropped (tail
  // drop). 0 is no limit. Meaningful with a bandwidth.
  uint32_t queue_packets = 0;
  uint64_t queue_bytes = 0;
  // Longest IP packet, in bytes; longer ones are dropped here, silently. (A host that knows the MTU
  // of its interface answers with ICMP before it comes to that.)
  uint32_t mtu = 1500;
  Probability loss;
  Probability duplicate;  // One copy, right after the original.
  Probability corrupt;    // Arrives with a bad checksum.
  // A reordered packet is held back by `reorder_delay` on top of its latency while later ones pass.
  // Zero means the latency, and 1 ms if that is zero too.
  Probability reorder;
  Duration reorder_delay = Duration::Zero();
  // With n > 1 only every n-th packet is a candidate, as netem's gap.
  uint32_t reorder_gap = 0;

  // An error names the field and the limit it breaks.
  absl::Status Validate() const;
  // "latency 20ms, bandwidth 10000000 bit/s, loss 1000 ppm": what differs from the defaults.
  std::string ToString() const;

  friend bool operator==(const LinkConfig&, const LinkConfig&) = default;
};

// A loopback interface: no delay, MTU 65536 as on Linux.
LinkConfig LoopbackConfig();

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_LINK_CONFIG_H_
