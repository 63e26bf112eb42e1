// Routes as statements and as choices (ip-route(8), RFC 1812 5.2.4.3).
#ifndef DRYWIRE_STACK_IP_ROUTE_H_
#define DRYWIRE_STACK_IP_ROUTE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "stack/base/address.h"
#include "stack/personality/cause.h"
#include "stack/wire/icmp.h"

namespace drywire {

enum class RouteType : uint8_t {
  kUnicast,
  kLocal,        // delivered to this host
  kBroadcast,    // to every host on the link
  kMulticast,    // likewise; not a route of the table
  kUnreachable,  // refused, ICMP host unreachable
  kProhibit,     // refused, ICMP administratively prohibited
  kBlackhole,    // refused in silence
  kThrow,        // "no route in this table"; there is one table, so: no route
};
// As ip-route(8) writes it: "unicast".
absl::string_view RouteTypeName(RouteType type);

// An entry of the routing table. `interface` is 0 for the refusing types.
struct Route {
  Prefix destination;
  RouteType type = RouteType::kUnicast;
  Address gateway;  // absent: the destination is on the link
  uint32_t interface = 0;
  Address source;          // preferred source ("src"); absent: selected
  uint32_t metric = 0;     // lower is better
  uint32_t mtu = 0;        // bytes; 0: the interface's
  bool connected = false;  // implied by an interface address
};

// What a socket asks before it sends.
struct RouteQuery {
  Address destination;
  Address source;          // the bound address; absent or unspecified when not bound
  uint32_t interface = 0;  // scope id of the destination or SO_BINDTODEVICE; 0: any
  IpProtocol protocol = IpProtocol::kTcp;
  uint32_t uid = 0;  // who sends: firewalls may match it
  // Linux's sendto(), unlike connect(), takes a link-local IPv6 destination without an interface
  // and lets the routes decide.
  bool scope_optional = false;

  friend bool operator==(const RouteQuery&, const RouteQuery&) = default;
};

// The answer. It stays right until IpStack::generation() changes.
struct RouteChoice {
  RouteType type = RouteType::kUnicast;
  uint32_t interface = 0;  // where packets leave; the loopback interface for local destinations
  Address destination;     // differs from the query's when that was unspecified (0.0.0.0, ::)
  Address next_hop;        // the gateway or the destination; absent for broadcast and multicast
  Address source;          // the query's, if it had one
  uint32_t mtu = 0;        // bytes: interface, route and path taken together
  bool via_gateway = false;
  // Whether a packet may be handed to the interface without a look at neighbours, as long as no
  // firewall wants to see it.
  enum class Direct : uint8_t { kNo, kYes, kIfNeighbourAnswers };
  Direct direct = Direct::kNo;
  uint32_t uid = 0;
  uint64_t generation = 0;
  // Not kNone: the address can be used and a connection attempt begins, but at present every
  // packet sent this way fails with this cause (FreeBSD with a bound source, a down interface, a
  // stream to a broadcast address). Output() reports it.
  Cause output_error = Cause::kNone;

  bool is_local() const { return type == RouteType::kLocal; }
  bool is_broadcast() const { return type == RouteType::kBroadcast; }
  bool is_multicast() const { return type == RouteType::kMulticast; }
};

// A choice that is kept: shared by all who asked the same, so that a socket holds a pointer. The
// count is not atomic: a world is one thread. Null stands for no choice, with generation 0.
class RouteRef {
 public:
  RouteRef() = default;
  explicit RouteRef(const RouteChoice& choice) : shared_(new Shared{choice, 1}) {}
  RouteRef(const RouteRef& other) : shared_(other.shared_) {
    if (shared_ != nullptr) ++shared_->references;
  }
  RouteRef(RouteRef&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  RouteRef& operator=(RouteRef other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~RouteRef() {
    if (shared_ != nullptr && --shared_->references == 0) delete shared_;
  }

  const RouteChoice& operator*() const { return shared_ != nullptr ? shared_->choice : kNone; }
  const RouteChoice* operator->() const { return &**this; }

 private:
  struct Shared {
    RouteChoice choice;
    uint32_t references;
  };
  static const RouteChoice kNone;
  Shared* shared_ = nullptr;
};

inline constexpr RouteChoice RouteRef::kNone;

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_ROUTE_H_
