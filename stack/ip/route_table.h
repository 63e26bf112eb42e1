// The routing table of a host: longest prefix, then lowest metric; both families in one object.
//
// Lookup probes a hash table once per prefix length in use, longest first. One table only: policy
// routing (ip-rule(8)), multipath and nexthop objects are not modelled. Local addresses are not
// kept here but by IpStack, which asks them first, as the table "local" is asked first.
// Source: ip-route(8), fib_trie of Linux 6.18 for ties (the older of two equal entries wins).
#ifndef DRYWIRE_STACK_IP_ROUTE_TABLE_H_
#define DRYWIRE_STACK_IP_ROUTE_TABLE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "stack/base/address.h"
#include "stack/ip/route.h"

namespace drywire {

class RouteTable {
 public:
  // False if a route of the same prefix and metric exists ("File exists" of `ip route add`).
  // Connected routes always go in.
  bool Add(const Route& route);
  // Adds, or takes the place of the first route with the same prefix and metric.
  void Replace(const Route& route);
  // Removes the first route that has the prefix of `like` and each of its set fields (type unless
  // kUnicast, gateway, interface, metric). False if there is none.
  bool Remove(const Route& like);
  // Removes every route through `interface` ("ip link set down").
  void RemoveThrough(uint32_t interface);
  // Removes the connected route of an address that goes away.
  bool RemoveConnected(const Prefix& prefix, uint32_t interface);

  // The best route for `destination`; null if there is none. With `interface` only routes through
  // it count (and the refusing types, which have none, do not).
  const Route* Lookup(const Address& destination, uint32_t interface = 0) const;

  size_t size() const { return size_; }
  // All routes, ordered by family, longest prefix, network, metric.
  std::vector<Route> Routes() const;
  // Changes with every change of the table.
  uint64_t generation() const { return generation_; }

 private:
  struct Key {
    Address network;
    int length = 0;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) {
      return H::combine(std::move(h), k.network, k.length);
    }
  };
  using Entries = absl::InlinedVector<Route, 1>;  // by metric, then age

  struct PerFamily {
    std::array<uint32_t, 129> count = {};  // routes by prefix length
    std::vector<int> lengths;              // those in use, longest first
  };

  PerFamily& family(const Address& a) { return families_[a.is_v6() ? 1 : 0]; }
  void Insert(const Route& route);
  void Forget(const Key& key);
  template <typename Predicate>
  bool RemoveIf(const Key& key, Predicate predicate, bool all);

  absl::flat_hash_map<Key, Entries> entries_;
  PerFamily families_[2];
  size_t size_ = 0;
  uint64_t generation_ = 1;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_ROUTE_TABLE_H_
