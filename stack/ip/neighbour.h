// Neighbour resolution on one host: who is asked, how often, what waits and how it fails.
//
// Entries are kept per (interface, address). Link-layer addresses are not modelled, so "resolved"
// means that somebody answers. How the other side answers is the interface's choice:
//   kNone      nobody is asked: what is sent leaves at once (loopback, point-to-point, noarp);
//   kKnown     the world knows who is on the link (NeighbourResolver) and no packets are needed: an
//              owner is resolved at once, an address that nobody owns fails in the system's time,
//              and one that appears meanwhile is found at the next probe;
//   kExchange  requests and replies are packets (NeighbourMessage) and can be lost.
// Confirmation by the progress of TCP is left out, so that a busy neighbour of mode kExchange is
// probed now and then. Also left out: gratuitous and proxy ARP, duplicate address detection, router
// discovery, DAD delays. Sources: RFC 826, RFC 4861 7.3, net/core/neighbour.c as observed on
// Linux 6.18 (3 probes a second apart, error at 3 s for every waiting packet), if_ether.c and nd6.c
// of FreeBSD.
#ifndef DRYWIRE_STACK_IP_NEIGHBOUR_H_
#define DRYWIRE_STACK_IP_NEIGHBOUR_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "sim/core/time.h"
#include "stack/base/address.h"
#include "stack/personality/cause.h"
#include "stack/personality/ip_profile.h"
#include "stack/wire/packet.h"

namespace drywire {

enum class NeighbourMode : uint8_t { kNone, kKnown, kExchange };

// What the world tells an interface of mode kKnown.
class NeighbourResolver {
 public:
  virtual ~NeighbourResolver() = default;
  // Whether a host on the link of `interface` answers for `address`. A crashed host that others
  // still have in their tables is for the world to decide.
  virtual bool Answers(uint32_t interface, const Address& address) const = 0;
};

// RFC 4861 7.3.2; Linux's NUD states.
enum class NeighbourState : uint8_t {
  kIncomplete,
  kReachable,
  kStale,
  kDelay,
  kProbe,
  kPermanent,
};
absl::string_view NeighbourStateName(NeighbourState state);

struct NeighbourEntry {
  NeighbourState state = NeighbourState::kIncomplete;
  int probes = 0;                // sent in this state
  Instant deadline = kNever;     // of the state; kReachable ends without an event
  Instant asked;                 // last request (ARP of kBsd)
  Instant confirmed;             // last sign of life
  std::vector<PacketPtr> queue;  // waiting for the answer, oldest first
  bool via_gateway = false;      // of the last packet
};

// What the table wants done; IpStack turns it into IpActions.
struct NeighbourOutcome {
  std::vector<PacketPtr> send;     // resolved: put them on the link
  std::vector<PacketPtr> fail;     // each is answered by a local unreachable
  std::vector<PacketPtr> discard;  // pushed out of the queue, or died in silence
  bool solicit = false;            // mode kExchange: broadcast a request for the address
  void Clear();
};

class NeighbourTable {
 public:
  using Key = std::pair<uint32_t, Address>;  // interface, address

  // The profile is read at each use: sysctls may change.
  explicit NeighbourTable(const IpProfile& profile) : profile_(profile) {}

  // Sends `packet` to `address`, or queues it. Fails (kNeighbourUnreachable, kGatewayUnreachable)
  // when the system tells the sender at once; the packet is then in `discard` or queued.
  Result<> Send(Instant now, uint32_t interface, const Address& address, NeighbourMode mode,
                const NeighbourResolver* resolver, bool via_gateway, PacketPtr packet,
                NeighbourOutcome& outcome);

  // A reply, or a request that shows its sender to be alive.
  void Confirm(Instant now, uint32_t interface, const Address& address, bool reply,
               NeighbourOutcome& outcome);

  Instant NextDeadline() const;
  // What ExpireOne asks about the interface of the entry it handles.
  struct Mode {
    NeighbourMode mode = NeighbourMode::kNone;
    const NeighbourResolver* resolver = nullptr;
  };
  // Handles one entry whose deadline has passed; false if there is none. `key` says which one.
  bool ExpireOne(Instant now, absl::FunctionRef<Mode(uint32_t interface)> mode_of, Key& key,
                 NeighbourOutcome& outcome);

  void SetPermanent(uint32_t interface, const Address& address, NeighbourOutcome& outcome);
  // Forgets the entries of an interface (0: of all); waiting packets go to `discard`.
  void Flush(uint32_t interface, NeighbourOutcome& outcome);

  // In order of interface and address; for state dumps.
  const std::map<Key, NeighbourEntry>& entries() const { return entries_; }

 private:
  using Entries = std::map<Key, NeighbourEntry>;

  bool UsesBsdArp(const Key& key) const {
    return profile_.neighbours == NeighbourRule::kBsd && key.second.is_v4();
  }
  Result<> SendUnresolved(Instant now, Entries::iterator it, bool fresh, NeighbourOutcome& outcome);
  Result<> AskBsdArp(Instant now, NeighbourEntry& entry, NeighbourOutcome& outcome);
  // The probes are used up.
  void Fail(Entries::iterator it, NeighbourOutcome& outcome);
  bool Aged(Instant now, const Key& key, const NeighbourEntry& entry) const;
  void Reschedule();

  const IpProfile& profile_;
  std::map<Key, NeighbourEntry> entries_;
  Instant next_ = kNever;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_NEIGHBOUR_H_
