// What happens to packets between hosts, as those who watch see it.
#ifndef DRYWIRE_SIM_NET_PACKET_EVENT_H_
#define DRYWIRE_SIM_NET_PACKET_EVENT_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "sim/core/time.h"
#include "stack/wire/packet.h"

namespace drywire {

class Port;

struct PacketEvent {
  enum class Kind : uint8_t {
    kSent,       // Put on a link; `arrival` is when it will be at the other end.
    kDelivered,  // Handed to the receiving host.
    kDropped,    // Gone; `reason` says why. Before kSent if at_sender, after it otherwise.
    kChanged,    // Damaged or multiplied on the way; `reason` says how. Before kSent.
  };
  Kind kind = Kind::kSent;
  bool at_sender = true;  // Where it happened: at `from` or at `to`.
  Instant time;
  Instant arrival;
  const Port* from = nullptr;
  const Port* to = nullptr;  // Null when the packet was dropped before it was known.
  const Packet* packet = nullptr;
  // Lives as long as the fabric.
  absl::string_view reason;
};

// Called synchronously, in the order of events. Must not send packets.
class PacketObserver {
 public:
  virtual ~PacketObserver() = default;
  virtual void OnPacket(const PacketEvent& event) = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_PACKET_EVENT_H_
