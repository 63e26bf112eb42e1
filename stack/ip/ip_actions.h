// What the IP layer wants done: the out-parameter of every call into IpStack.
//
// The owner (stack/host) performs the actions in order and clears the list; the list keeps its
// room, so nothing is allocated in the steady state.
#ifndef DRYWIRE_STACK_IP_IP_ACTIONS_H_
#define DRYWIRE_STACK_IP_IP_ACTIONS_H_

#include <cstdint>
#include <utility>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "stack/base/address.h"
#include "stack/base/bytes.h"
#include "stack/personality/cause.h"
#include "stack/wire/packet.h"

namespace drywire {

// Why a packet went no further.
enum class DropReason : uint8_t {
  kCorrupted,           // checksum
  kMartianSource,       // loopback, own or impossible source from outside
  kMartianDestination,  // 127/8 or ::1 from outside
  kNotForUs,            // not our address and we do not forward
  kNoSuchGroup,         // multicast without a member here
  kFirewallDrop,
  kFirewallReject,
  kTtlExceeded,
  kNoRoute,
  kRefusedByRoute,  // unreachable, prohibit, blackhole
  kTooBig,
  kInterfaceDown,
  kNeighbourFailed,
  kNeighbourQueueFull,
  kIcmpLimited,  // an ICMP error or RST that was made but not sent
  kIgnored,      // an ICMP message that means nothing to a host
  kQueueFull,
};
absl::string_view DropReasonName(DropReason reason);

class IpActions {
 public:
  // Put the packet on the link of `interface`, for the neighbour packet->next_hop (absent: every
  // neighbour, for broadcast, multicast and address resolution). On the loopback interface: back to
  // this host's Input().
  struct Transmit {
    uint32_t interface = 0;
    PacketPtr packet;
  };
  // A TCP segment or UDP datagram for a local (or broadcast) address.
  struct Deliver {
    uint32_t interface = 0;
    PacketPtr packet;
  };
  // An error about a packet that a local transport sent: by ICMP (`from` says who) or, when
  // `local`, found by this host (a neighbour that does not answer). Judge `quoted` before believing
  // it. Local ones have the cause kIcmpHostUnreachable in both families, for both systems act as if
  // such a message came from a router.
  struct TransportError {
    QuotedPacket quoted;
    Cause cause = Cause::kNone;
    uint32_t mtu = 0;  // with kIcmpFragmentationNeeded: next-hop MTU, 0 if the router did not say
    bool local = false;
    uint32_t interface = 0;  // where the ICMP message arrived
    Address from;
    uint8_t type = 0;  // of the ICMP message
    uint8_t code = 0;
    Bytes text;  // what it quotes of what a datagram carried
  };
  // For the trace; the packet ends here.
  struct Dropped {
    DropReason reason = DropReason::kIgnored;
    uint32_t interface = 0;
    PacketPtr packet;
  };
  using Action = std::variant<Transmit, Deliver, TransportError, Dropped>;

  template <typename T>
  void Add(T action) {
    list_.emplace_back(std::in_place_type<T>, std::move(action));
  }
  bool empty() const { return list_.empty(); }
  size_t size() const { return list_.size(); }
  Action& operator[](size_t i) { return list_[i]; }
  const Action& operator[](size_t i) const { return list_[i]; }
  auto begin() { return list_.begin(); }
  auto end() { return list_.end(); }
  // Frees the packets that are still in the list; keeps the room.
  void Clear() { list_.clear(); }

 private:
  absl::InlinedVector<Action, 4> list_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_IP_ACTIONS_H_
