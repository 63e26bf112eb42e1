// How IpStack chooses a route and a source address.
//
// The order of checks follows ip_route_output_key_hash_rcu() of Linux 6.18 as observed; where
// FreeBSD's in_pcbladdr() and ip_output() differ, a field of IpProfile says how.
#include <algorithm>

#include "stack/ip/ip_stack.h"
#include "stack/ip/source_select.h"

namespace drywire {

bool IpStack::IsLocal(const Address& address) const {
  if (known_generation_ != generation()) {
    known_addresses_.fill(KnownAddress());
    known_generation_ = generation();
  }
  KnownAddress& known = known_addresses_[address.lo() % kKnown];
  if (known.address != address || !address.has_value()) known = {address, OwnsSlow(address)};
  return known.ours;
}

bool IpStack::OwnsSlow(const Address& address) const {
  return local_.contains(address) ||
         (address.is_v4() && address.IsLoopback() && profile_.loopback_prefix_is_routed &&
          address != Address::V4(127, 255, 255, 255));
}

bool IpStack::IsLocalOn(const Address& address, uint32_t interface) const {
  if (interface == 0) return IsLocal(address);
  if (address.IsLoopback()) return At(interface).loopback && IsLocal(address);
  return At(interface).Has(address) || (At(interface).loopback && IsLocal(address));
}

const Interface* IpStack::BroadcastSubnet(const Address& address) const {
  if (!address.is_v4()) return nullptr;
  for (const Interface& interface : interfaces_) {
    if (!interface.up || !(interface.broadcast || interface.loopback)) continue;
    for (const Prefix& p : interface.addresses) {
      if (p.address.is_v4() && p.Broadcast() == address) return &interface;
    }
  }
  return nullptr;
}

bool IpStack::IsBroadcast(const Address& address) const {
  return address.IsLimitedBroadcast() || BroadcastSubnet(address) != nullptr;
}

Result<RouteChoice> IpStack::SelectRoute(Instant now, const RouteQuery& query) const {
  const Result<RouteRef> route = ShareRoute(now, query);
  if (!route.ok()) return route.cause();
  return **route;
}

Result<RouteRef> IpStack::ShareRoute(Instant now, const RouteQuery& query) const {
  // Path MTUs change with time, and a cache of routes that can be full wants to be asked.
  const bool remembers = path_mtus_.empty() && profile_.route_cache_entries == 0 &&
                         query.destination.has_value() && !query.destination.IsUnspecified();
  KnownRoute& known = known_routes_[(query.destination.lo() ^ query.source.lo()) % kKnown];
  if (remembers && known.choice->generation == generation() && known.query == query) {
    return known.choice;
  }
  const Result<RouteChoice> choice = ChooseRoute(now, query);
  if (!choice.ok()) return choice.cause();
  RouteRef shared(*choice);
  if (remembers) known = {query, shared};
  return shared;
}

Result<RouteChoice> IpStack::ChooseRoute(Instant now, const RouteQuery& query) const {
  RouteChoice choice;
  choice.destination = query.destination;
  choice.uid = query.uid;
  choice.generation = generation();
  if (query.source.has_value() && !query.source.IsUnspecified()) choice.source = query.source;
  if (query.protocol == IpProtocol::kTcp && choice.destination.IsMulticast()) {
    return Cause::kMulticastDestination;
  }
  if (query.interface != 0 && FindInterface(query.interface) == nullptr) {
    return NoRoute(choice);  // observed: as if there were no route
  }
  // __ip_dev_find(): the address may have gone since bind().
  if (choice.source.is_v4() && !IsLocal(choice.source)) return Cause::kSourceNotUsable;

  Address& destination = choice.destination;
  if (destination.IsUnspecified()) {
    if (destination.is_v6()) {
      destination = Address::Loopback(Family::kInet6);
    } else if (profile_.unspecified_is_loopback) {
      destination = choice.source.has_value() ? choice.source : Address::Loopback(Family::kInet);
    } else if (profile_.connect_inaddr_wild != 0) {
      destination = interfaces_.front().addresses.front().address;
    } else {
      return Cause::kNoRoute;
    }
  }
  if (destination.is_v6() && query.interface == 0 && !query.scope_optional) {
    const bool scoped =
        destination.IsMulticast() ? AddressScope(destination) <= 2 : destination.IsLinkLocal();
    if (scoped) return Cause::kScopeMissing;
  }

  Result<> result;
  const Interface* subnet = BroadcastSubnet(destination);
  // Every link has fe80::/10, but loopback.
  const bool on_loopback =
      query.interface == kLoopbackInterface && destination.is_v6() && destination.IsLinkLocal();
  if (on_loopback && !At(kLoopbackInterface).Has(destination)) return NoRoute(choice);
  if (IsLocalOn(destination, query.interface)) {
    result = SelectLocal(query, choice);
  } else if (destination.IsMulticast() || destination.IsLimitedBroadcast() ||
             (subnet != nullptr && (query.interface == 0 || query.interface == subnet->index))) {
    result = SelectGroup(query, choice);
  } else {
    result = SelectUnicast(query, choice);
  }
  if (result.ok()) result = CheckChoice(query, choice);
  if (result.ok()) result = EnterRouteCache(choice);
  if (!result.ok()) return result.cause();
  choice.mtu = MtuOf(now, choice);
  choice.direct = DirectnessOf(choice);
  return choice;
}

RouteChoice::Direct IpStack::DirectnessOf(const RouteChoice& choice) const {
  const bool to_one = choice.type == RouteType::kUnicast || choice.type == RouteType::kLocal;
  if (!to_one || choice.output_error != Cause::kNone) return RouteChoice::Direct::kNo;
  const Interface& out = At(choice.interface);
  if (!out.up || out.queue_full) return RouteChoice::Direct::kNo;
  if (out.loopback || out.neighbours == NeighbourMode::kNone) return RouteChoice::Direct::kYes;
  return out.neighbours == NeighbourMode::kKnown ? RouteChoice::Direct::kIfNeighbourAnswers
                                                 : RouteChoice::Direct::kNo;
}

// What rt_intern_hash() did before 3.6; a cache because nothing but its size is ever noticed.
Result<> IpStack::EnterRouteCache(const RouteChoice& choice) const {
  const int64_t room = profile_.route_cache_entries;
  if (room == 0 || choice.is_local() || route_cache_.contains(choice.destination)) return {};
  if (static_cast<int64_t>(route_cache_.size()) >= room) return Cause::kRoutingCacheFull;
  route_cache_.insert(choice.destination);
  return {};
}

Result<> IpStack::SelectLocal(const RouteQuery& query, RouteChoice& choice) const {
  choice.type = RouteType::kLocal;
  choice.interface = kLoopbackInterface;
  choice.next_hop = choice.destination;
  if (!At(kLoopbackInterface).up) {
    if (profile_.down_removes_routes) return Cause::kNoRoute;
    choice.output_error = Cause::kInterfaceDown;
  }
  if (!choice.source.has_value()) {
    // The route to 127.0.0.0/8 prefers 127.0.0.1; any other address talks to itself.
    choice.source = query.destination.is_v4() && choice.destination.IsLoopback()
                        ? Address::Loopback(Family::kInet)
                        : choice.destination;
  }
  return {};
}

// Broadcast and multicast: the interface is the one that was asked for, or the bound source's, or
// the subnet's, or the one that the routes name.
Result<> IpStack::SelectGroup(const RouteQuery& query, RouteChoice& choice) const {
  const Address& to = choice.destination;
  choice.type = to.IsMulticast() ? RouteType::kMulticast : RouteType::kBroadcast;
  const Interface* subnet = BroadcastSubnet(to);
  Address preferred;
  if (query.interface != 0) {
    choice.interface = query.interface;
  } else if (subnet != nullptr) {
    choice.interface = subnet->index;
  } else if (choice.source.is_v4()) {
    const auto owner = local_.find(choice.source);
    choice.interface = owner == local_.end() ? kLoopbackInterface : owner->second;
  } else if (const Route* route = routes_.Lookup(to)) {
    if (route->type != RouteType::kUnicast) return Refused(route, choice);
    choice.interface = route->interface;
    preferred = route->source;
  } else if (to.is_v6()) {
    // Every interface has a route to ff00::/8; the first one wins.
    for (const Interface& interface : interfaces_) {
      if (interface.loopback || !interface.up) continue;
      choice.interface = interface.index;
      break;
    }
  }
  if (choice.interface == 0) return Refused(nullptr, choice);
  if (!At(choice.interface).up) {
    if (profile_.down_removes_routes) return Cause::kNoRoute;
    choice.output_error = Cause::kInterfaceDown;
  }
  return SelectSourceFor(preferred, choice);
}

Result<> IpStack::SelectUnicast(const RouteQuery& query, RouteChoice& choice) const {
  const Address& to = choice.destination;
  const Route* route = routes_.Lookup(to, query.interface);
  if (route != nullptr && route->type != RouteType::kUnicast) return Refused(route, choice);
  Address preferred;
  if (route != nullptr) {
    choice.interface = route->interface;
    choice.via_gateway = route->gateway.has_value();
    choice.next_hop = choice.via_gateway ? route->gateway : to;
    choice.mtu = route->mtu;
    preferred = route->source;
  } else {
    const bool on_link = to.is_v4() && query.interface != 0 && At(query.interface).up &&
                         profile_.bound_interface_implies_on_link;
    if (!on_link) return Refused(nullptr, choice);
    choice.interface = query.interface;
    choice.next_hop = to;
  }
  if (!At(choice.interface).up) choice.output_error = Cause::kInterfaceDown;
  return SelectSourceFor(preferred, choice);
}

Cause IpStack::NoRoute(const RouteChoice& choice) const {
  return choice.destination.is_v6() && profile_.no_v6_route_is_host_unreachable
             ? Cause::kNoRouteFromSource
             : Cause::kNoRoute;
}

// There is no route (null, throw), or one that refuses.
Result<> IpStack::Refused(const Route* route, RouteChoice& choice) const {
  const bool absent = route == nullptr || route->type == RouteType::kThrow;
  const Cause no_route = NoRoute(choice);
  if (profile_.refusing_routes == RefusingRouteRule::kByType) {
    if (absent) return no_route;
    switch (route->type) {
      case RouteType::kProhibit:
        return Cause::kRouteProhibit;
      case RouteType::kBlackhole:
        return Cause::kRouteBlackhole;
      default:
        return Cause::kRouteUnreachable;
    }
  }
  if (!choice.source.has_value()) {
    // in_pcbladdr(): without a route, an interface whose subnet holds the destination still lends
    // its address. That is how 127.0.0.2 gets as far as ip_output().
    for (const Interface& interface : interfaces_) {
      for (const Prefix& p : interface.addresses) {
        if (p.address.is_v4() && p.Contains(choice.destination)) choice.source = p.address;
      }
    }
    if (!choice.source.has_value()) return no_route;
  }
  if (!absent && route->type == RouteType::kBlackhole) {
    choice.type = RouteType::kBlackhole;
  } else {
    choice.type = RouteType::kUnreachable;
    choice.output_error = Cause::kNoRouteFromSource;
  }
  return {};
}

Result<> IpStack::SelectSourceFor(const Address& preferred, RouteChoice& choice) const {
  if (choice.source.has_value()) return {};
  choice.source = preferred;
  if (!preferred.has_value()) {
    const Address& near = choice.next_hop.has_value() ? choice.next_hop : choice.destination;
    choice.source = SelectSource(interfaces_, At(choice.interface), choice.destination, near);
  }
  if (choice.source.has_value()) return {};
  return Cause::kAddressNotLocal;
}

Result<> IpStack::CheckChoice(const RouteQuery& query, RouteChoice& choice) const {
  // 127.0.0.0/8 must not be seen outside a host (RFC 1122 3.2.1.3). IPv6 sends it; the receiver
  // throws it away.
  const bool loops = (choice.source.is_v4() && choice.source.IsLoopback()) ||
                     (choice.destination.is_v4() && choice.destination.IsLoopback());
  const bool escapes = loops && choice.interface != 0 && !At(choice.interface).loopback;
  if (escapes && !profile_.loopback_checked_on_output) return Cause::kSourceNotUsable;
  Cause cause = Cause::kNone;
  if (choice.is_broadcast() && query.protocol == IpProtocol::kTcp) {
    if (profile_.stream_broadcast_refused_by_routing) return Cause::kBroadcastDestination;
    cause = Cause::kBroadcastDestination;
  }
  if (escapes) cause = Cause::kSourceNotUsable;
  if (cause != Cause::kNone) choice.output_error = cause;
  return {};
}

uint32_t IpStack::MtuOf(Instant now, const RouteChoice& choice) const {
  if (choice.interface == 0) return interfaces_.front().mtu;
  uint32_t mtu = At(choice.interface).mtu;
  if (choice.mtu != 0) mtu = std::min(mtu, choice.mtu);
  const auto path = path_mtus_.find(choice.destination);
  if (path != path_mtus_.end() && path->second.expires > now) mtu = std::min(mtu, path->second.mtu);
  return mtu;
}

}  // namespace drywire
