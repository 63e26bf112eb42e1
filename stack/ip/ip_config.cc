// The configuration of IpStack: interfaces, addresses, routes, and their text form.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "stack/ip/ip_stack.h"

namespace drywire {
namespace {

constexpr uint32_t kSmallestMtu = 68;     // RFC 791
constexpr uint32_t kKernelMetric6 = 256;  // IP6_RT_PRIO_ADDRCONF
constexpr uint32_t kUserMetric6 = 1024;   // IP6_RT_PRIO_USER

bool IsInterfaceName(absl::string_view name) {
  return !name.empty() && name.size() <= 15 && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return absl::ascii_isspace(c) || c == '/' || c == ':'; });
}

}  // namespace

IpStack::IpStack(const IpProfile& profile, PacketPool& pool)
    : profile_(profile), pool_(pool), neighbours_(profile), limit_(profile) {
  Interface lo;
  lo.index = kLoopbackInterface;
  lo.name = "lo";
  lo.mtu = profile.loopback_mtu;
  lo.up = true;
  lo.loopback = true;
  lo.addresses = {Prefix{Address::V4(127, 0, 0, 1), 8}, Prefix{Address::V6(0, 1), 128}};
  for (const Prefix& p : lo.addresses) local_[p.address] = lo.index;
  interfaces_.push_back(std::move(lo));
}

const Interface* IpStack::FindInterface(uint32_t index) const {
  return index >= 1 && index <= interfaces_.size() ? &interfaces_[index - 1] : nullptr;
}

const Interface* IpStack::FindInterface(absl::string_view name) const {
  for (const Interface& interface : interfaces_) {
    if (interface.name == name) return &interface;
  }
  return nullptr;
}

absl::StatusOr<uint32_t> IpStack::AddInterface(const InterfaceConfig& config) {
  if (!IsInterfaceName(config.name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", config.name,
                     "\" is no interface name: 1 to 15 characters without space, '/' or ':'"));
  }
  if (FindInterface(config.name) != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat("interface \"", config.name, "\" exists"));
  }
  if (config.mtu < kSmallestMtu || config.mtu > 65536) {
    return absl::InvalidArgumentError(absl::StrCat("interface \"", config.name, "\": MTU ",
                                                   config.mtu, " is not in 68 to 65536"));
  }
  DRYWIRE_CHECK(config.neighbours != NeighbourMode::kKnown || config.resolver != nullptr)
      << "interface " << config.name << " has neighbours kKnown but nobody who knows them";
  Interface interface;
  interface.index = static_cast<uint32_t>(interfaces_.size()) + 1;
  interface.name = config.name;
  interface.mtu = config.mtu;
  interface.up = config.up;
  interface.broadcast = config.broadcast;
  interface.neighbours = config.neighbours;
  interface.resolver = config.resolver;
  interfaces_.push_back(std::move(interface));
  const uint32_t index = interfaces_.back().index;
  if (config.link_local_id != 0) {
    const Address address = Address::V6(0xfe80ull << 48, config.link_local_id);
    if (absl::Status status = AddAddress(index, Prefix{address, 64}); !status.ok()) return status;
  }
  return index;
}

absl::Status IpStack::AddAddress(uint32_t interface, const Prefix& prefix) {
  if (FindInterface(interface) == nullptr) {
    return absl::NotFoundError(absl::StrCat("no interface ", interface));
  }
  const Address& address = prefix.address;
  if (!address.has_value() || address.IsUnspecified() || address.IsMulticast() ||
      address.IsLimitedBroadcast() || address.IsV4Mapped()) {
    return absl::InvalidArgumentError(
        absl::StrCat(prefix.ToString(), " cannot be the address of an interface"));
  }
  Interface& to = At(interface);
  // A link-local address needs to be unique on its link only.
  const bool scoped = address.is_v6() && address.IsLinkLocal();
  if (to.Has(address) || (!scoped && local_.contains(address))) {
    return absl::AlreadyExistsError(absl::StrCat(address.ToString(), " is on this host already"));
  }
  to.addresses.push_back(prefix);
  local_.try_emplace(address, interface);
  if (to.up) AddConnectedRoute(to, prefix);
  ++generation_;
  return absl::OkStatus();
}

void IpStack::AddConnectedRoute(const Interface& interface, const Prefix& prefix) {
  // The host routes of addresses are not kept in the table: see IsLocal().
  if (interface.loopback || prefix.length == prefix.address.width()) return;
  Route route;
  route.destination = prefix;
  route.interface = interface.index;
  route.connected = true;
  if (prefix.address.is_v4()) {
    route.source = prefix.address;
  } else {
    route.metric = kKernelMetric6;
  }
  for (const Route& r : routes_.Routes()) {
    if (r.connected && r.interface == interface.index && r.destination.length == prefix.length &&
        r.destination.address == prefix.Network()) {
      return;  // a second address in the same subnet
    }
  }
  routes_.Add(route);
}

absl::Status IpStack::RemoveAddress(uint32_t interface, const Address& address) {
  if (FindInterface(interface) == nullptr || !At(interface).Has(address)) {
    return absl::NotFoundError(
        absl::StrCat(address.ToString(), " is not on interface ", interface));
  }
  std::vector<Prefix>& addresses = At(interface).addresses;
  const auto it = std::find_if(addresses.begin(), addresses.end(),
                               [&](const Prefix& p) { return p.address == address; });
  const Prefix prefix = *it;
  addresses.erase(it);
  local_.erase(address);
  for (const Interface& other : interfaces_) {  // a link-local address may be elsewhere, too
    if (other.Has(address)) local_.try_emplace(address, other.index);
  }
  routes_.RemoveConnected(prefix, interface);
  if (At(interface).up) {
    for (const Prefix& p : addresses) AddConnectedRoute(At(interface), p);
  }
  ++generation_;
  return absl::OkStatus();
}

void IpStack::SetUp(uint32_t interface, bool up, IpActions& actions) {
  Interface& changed = At(interface);
  if (changed.up == up) return;
  changed.up = up;
  ++generation_;
  if (up) {
    for (const Prefix& p : changed.addresses) AddConnectedRoute(changed, p);
    return;
  }
  if (profile_.down_removes_routes) routes_.RemoveThrough(interface);
  late_outcome_.Clear();
  neighbours_.Flush(interface, late_outcome_);
  for (PacketPtr& packet : late_outcome_.discard) {
    Drop(std::move(packet), DropReason::kInterfaceDown, interface, actions);
  }
}

void IpStack::SetQueueFull(uint32_t interface, bool full) {
  At(interface).queue_full = full;
  ++generation_;
}

absl::Status IpStack::SetMtu(uint32_t interface, uint32_t mtu) {
  if (FindInterface(interface) == nullptr) {
    return absl::NotFoundError(absl::StrCat("no interface ", interface));
  }
  if (mtu < kSmallestMtu || mtu > 65536) {
    return absl::InvalidArgumentError(absl::StrCat("MTU ", mtu, " is not in 68 to 65536"));
  }
  At(interface).mtu = mtu;
  ++generation_;
  return absl::OkStatus();
}

void IpStack::SetNeighbourMode(uint32_t interface, NeighbourMode mode,
                               const NeighbourResolver* resolver) {
  DRYWIRE_CHECK(mode != NeighbourMode::kKnown || resolver != nullptr)
      << "neighbours kKnown but nobody who knows them";
  At(interface).neighbours = mode;
  At(interface).resolver = resolver;
  ++generation_;
}

absl::Status IpStack::ResolveNextHop(const RouteStatement& statement, Route& route) const {
  if (!statement.device.empty()) {
    const Interface* device = FindInterface(statement.device);
    if (device == nullptr) {
      return absl::NotFoundError(absl::StrCat("cannot find device \"", statement.device, "\""));
    }
    route.interface = device->index;
  }
  const Address& gateway = statement.gateway;
  if (gateway.has_value() && statement.verb != RouteStatement::Verb::kDelete) {
    if (gateway.is_v6() && gateway.IsLinkLocal() && route.interface == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("the link-local gateway ", gateway.ToString(), " needs a device"));
    }
    if (gateway.is_v6() && IsLocal(gateway)) {
      return absl::InvalidArgumentError("the gateway can not be a local address");
    }
    const Route* on_link = routes_.Lookup(gateway, route.interface);
    const bool direct =
        on_link != nullptr && on_link->type == RouteType::kUnicast && !on_link->gateway.has_value();
    if (!direct && !(statement.onlink && route.interface != 0)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the gateway ", gateway.ToString(), " is on no link of this host"));
    }
    if (route.interface == 0) route.interface = on_link->interface;
  }
  if (route.interface != 0 && statement.verb != RouteStatement::Verb::kDelete &&
      !At(route.interface).up) {
    return absl::FailedPreconditionError(
        absl::StrCat("the device ", At(route.interface).name, " is not up"));
  }
  if (statement.source.has_value() && !IsLocal(statement.source)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the source ", statement.source.ToString(), " is no address of this host"));
  }
  return absl::OkStatus();
}

absl::Status IpStack::ChangeRoute(absl::string_view statement) {
  const auto fail = [&](const absl::Status& status) {
    return absl::Status(status.code(),
                        absl::StrCat("route \"", statement, "\": ", status.message()));
  };
  absl::StatusOr<RouteStatement> parsed = ParseRoute(statement);
  if (!parsed.ok()) return fail(parsed.status());
  Route route;
  route.destination = parsed->destination;
  route.type = parsed->type;
  route.gateway = parsed->gateway;
  route.source = parsed->source;
  route.metric = parsed->metric;
  route.mtu = parsed->mtu;
  if (absl::Status status = ResolveNextHop(*parsed, route); !status.ok()) return fail(status);
  const bool deleting = parsed->verb == RouteStatement::Verb::kDelete;
  if (route.metric == 0 && route.destination.address.is_v6() && !deleting) {
    route.metric = kUserMetric6;
  }
  if (deleting) {
    if (!routes_.Remove(route)) return fail(absl::NotFoundError("no such route"));
  } else if (parsed->verb == RouteStatement::Verb::kReplace) {
    routes_.Replace(route);
  } else if (!routes_.Add(route)) {
    return fail(absl::AlreadyExistsError("a route to this prefix with this metric exists"));
  }
  return absl::OkStatus();
}

std::string IpStack::RoutesToString() const {
  std::string out;
  for (const Route& route : routes_.Routes()) {
    const Interface* device = FindInterface(route.interface);
    absl::StrAppend(&out, RouteToString(route, device == nullptr ? "" : device->name), "\n");
  }
  return out;
}

std::string IpStack::NeighboursToString() const {
  std::string out;
  for (const auto& [key, entry] : neighbours_.entries()) {
    absl::StrAppend(&out, key.second.ToString(), " dev ", At(key.first).name, " ",
                    NeighbourStateName(entry.state));
    if (!entry.queue.empty()) absl::StrAppend(&out, " queue ", entry.queue.size());
    absl::StrAppend(&out, "\n");
  }
  return out;
}

void IpStack::ForgetDynamicState(IpActions& actions) {
  late_outcome_.Clear();
  neighbours_.Flush(0, late_outcome_);
  for (PacketPtr& packet : late_outcome_.discard) {
    Drop(std::move(packet), DropReason::kInterfaceDown, 0, actions);
  }
  path_mtus_.clear();
  route_cache_.clear();
  limit_.Clear();
  firewall_.ForgetFlows();
  ++generation_;
}

}  // namespace drywire
