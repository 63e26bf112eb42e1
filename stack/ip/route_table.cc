#include "stack/ip/route_table.h"

#include <algorithm>
#include <tuple>

namespace drywire {
namespace {

// The position of the first entry with a metric above `metric`: entries of one metric stay in the
// order they came.
template <typename Entries>
auto AfterMetric(Entries& entries, uint32_t metric) {
  return std::find_if(entries.begin(), entries.end(),
                      [metric](const Route& r) { return r.metric > metric; });
}

bool Fits(const Route& route, const Route& like) {
  return (like.type == RouteType::kUnicast || route.type == like.type) &&
         (!like.gateway.has_value() || route.gateway == like.gateway) &&
         (like.interface == 0 || route.interface == like.interface) &&
         (like.metric == 0 || route.metric == like.metric);
}

}  // namespace

bool RouteTable::Add(const Route& route) {
  const auto found = entries_.find({route.destination.Network(), route.destination.length});
  // Two interfaces in one subnet each imply its route, so connected ones may repeat.
  if (found != entries_.end() && !route.connected) {
    for (const Route& r : found->second) {
      if (r.metric == route.metric) return false;
    }
  }
  Insert(route);
  return true;
}

void RouteTable::Replace(const Route& route) {
  const auto found = entries_.find({route.destination.Network(), route.destination.length});
  if (found != entries_.end()) {
    for (Route& r : found->second) {
      if (r.metric == route.metric) {
        r = route;
        ++generation_;
        return;
      }
    }
  }
  Insert(route);
}

void RouteTable::Insert(const Route& route) {
  Route copy = route;
  copy.destination.address = route.destination.Network();
  Entries& entries = entries_[{copy.destination.address, copy.destination.length}];
  entries.insert(AfterMetric(entries, copy.metric), copy);
  PerFamily& of = family(copy.destination.address);
  if (of.count[copy.destination.length]++ == 0) {
    of.lengths.push_back(copy.destination.length);
    std::sort(of.lengths.begin(), of.lengths.end(), std::greater<int>());
  }
  ++size_;
  ++generation_;
}

void RouteTable::Forget(const Key& key) {
  PerFamily& of = family(key.network);
  if (--of.count[key.length] == 0) {
    of.lengths.erase(std::find(of.lengths.begin(), of.lengths.end(), key.length));
  }
  --size_;
  ++generation_;
}

template <typename Predicate>
bool RouteTable::RemoveIf(const Key& key, Predicate predicate, bool all) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return false;
  Entries& entries = found->second;
  bool removed = false;
  for (auto it = entries.begin(); it != entries.end() && (all || !removed);) {
    if (predicate(*it)) {
      it = entries.erase(it);
      Forget(key);
      removed = true;
    } else {
      ++it;
    }
  }
  if (entries.empty()) entries_.erase(found);
  return removed;
}

bool RouteTable::Remove(const Route& like) {
  return RemoveIf(
      {like.destination.Network(), like.destination.length},
      [&](const Route& r) { return Fits(r, like); }, /*all=*/false);
}

void RouteTable::RemoveThrough(uint32_t interface) {
  std::vector<Key> keys;
  for (const auto& [key, entries] : entries_) keys.push_back(key);
  // The order of removal leaves no mark, so the hash table's order does no harm here.
  for (const Key& key : keys) {
    RemoveIf(
        key, [&](const Route& r) { return r.interface == interface; }, /*all=*/true);
  }
}

bool RouteTable::RemoveConnected(const Prefix& prefix, uint32_t interface) {
  return RemoveIf(
      {prefix.Network(), prefix.length},
      [&](const Route& r) { return r.connected && r.interface == interface; },
      /*all=*/false);
}

const Route* RouteTable::Lookup(const Address& destination, uint32_t interface) const {
  for (const int length : families_[destination.is_v6() ? 1 : 0].lengths) {
    const auto found = entries_.find({Prefix{destination, length}.Network(), length});
    if (found == entries_.end()) continue;
    for (const Route& route : found->second) {
      if (interface == 0 || route.interface == interface) return &route;
    }
  }
  return nullptr;
}

std::vector<Route> RouteTable::Routes() const {
  std::vector<Route> routes;
  routes.reserve(size_);
  for (const auto& [key, entries] : entries_) {
    routes.insert(routes.end(), entries.begin(), entries.end());
  }
  // Entries of one prefix are contiguous and in their own order already: a stable sort keeps it.
  std::stable_sort(routes.begin(), routes.end(), [](const Route& a, const Route& b) {
    return std::forward_as_tuple(a.destination.address.family(), -a.destination.length,
                                 a.destination.address) <
           std::forward_as_tuple(b.destination.address.family(), -b.destination.length,
                                 b.destination.address);
  });
  return routes;
}

}  // namespace drywire
