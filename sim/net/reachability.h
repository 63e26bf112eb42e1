// Which hosts are there, and which may hear each other: crashes, pauses and partitions, as the
// network sees them.
//
// A partition cuts every packet that a host of one set hands directly to a host of the other, and
// every packet whose source address belongs to one set and whose destination address to the other,
// whatever routers it passes. It takes effect on packets already in flight, which are dropped on
// arrival. What a host's own processes do meanwhile is not decided here.
#ifndef DRYWIRE_SIM_NET_REACHABILITY_H_
#define DRYWIRE_SIM_NET_REACHABILITY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "stack/base/address.h"
#include "stack/wire/packet.h"

namespace drywire {

enum class HostCondition : uint8_t {
  kUp,
  kDown,        // Crashed: whatever arrives is lost.
  kHolding,     // Paused: what arrives or was sent is kept and goes on when it resumes.
  kDiscarding,  // Paused: what arrives or was sent is lost.
};

class Reachability {
 public:
  // Hosts are known by the world's ids, from 1; an id is added once.
  void AddHost(uint32_t host, absl::string_view name);
  bool HasHost(uint32_t host) const { return host < hosts_.size() && hosts_[host].known; }
  const std::string& HostName(uint32_t host) const { return hosts_[host].name; }
  HostCondition condition(uint32_t host) const { return hosts_[host].condition; }
  void set_condition(uint32_t host, HostCondition condition) { hosts_[host].condition = condition; }

  // Whose an address is, for partitions. The first owner wins.
  // Loopback addresses belong to everybody and are left out.
  void AddAddress(const Address& address, uint32_t host) {
    if (!address.IsLoopback()) owners_.emplace(address, host);
  }
  void RemoveAddress(const Address& address, uint32_t host);

  // Cuts packets from `from` to `to`; in both directions unless `one_way`. Returns a number to heal
  // it by.
  int Partition(absl::Span<const uint32_t> from, absl::Span<const uint32_t> to, bool one_way);
  // False when there is no such partition (any more).
  bool Heal(int partition);
  void HealAll() { cuts_.clear(); }
  bool partitioned() const { return !cuts_.empty(); }

  // Whether a packet handed by `sender` to `receiver` must not get there.
  bool IsCut(uint32_t sender, uint32_t receiver, const Packet& packet) const {
    return !cuts_.empty() && IsCutSlow(sender, receiver, packet);
  }

 private:
  struct Host {
    bool known = false;
    HostCondition condition = HostCondition::kUp;
    std::string name;
  };
  struct Cut {
    int id;
    bool one_way;
    std::vector<bool> from;  // By host id.
    std::vector<bool> to;
    bool Separates(uint32_t sender, uint32_t receiver) const;
  };

  bool IsCutSlow(uint32_t sender, uint32_t receiver, const Packet& packet) const;
  uint32_t OwnerOf(const Address& address) const;

  std::vector<Host> hosts_;  // By id.
  std::vector<Cut> cuts_;
  int next_cut_ = 1;
  absl::flat_hash_map<Address, uint32_t> owners_;  // Looked up only, never iterated.
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_REACHABILITY_H_
