// The IP layer of one host: interfaces, routes, neighbours, firewall, ICMP; sans-IO.
//
// Time is an argument and what should happen is returned in IpActions. The host model is weak, as
// Linux's and FreeBSD's are: a packet for any local address is accepted on any interface, and a
// host with forwarding on is a router. Local destinations leave through the loopback interface like
// any other packet: the owner hands a Transmit on it back to Input().
//
// Left out: fragmentation (a packet without DF that is too long is carried whole), redirects,
// multicast membership (packets for groups are dropped on input), router advertisements, duplicate
// address detection, policy routing, rp_filter, IP options and extension headers; Linux's flushing
// of IPv6 addresses when an interface goes down (only its routes go).
// Sources: RFC 1122, RFC 1812, RFC 4861, RFC 8200; ip_route_output_key and ip_forward of Linux 6.18
// as observed; facts.md for FreeBSD. What differs is data in IpProfile.
#ifndef DRYWIRE_STACK_IP_IP_STACK_H_
#define DRYWIRE_STACK_IP_IP_STACK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/core/check.h"
#include "sim/core/time.h"
#include "stack/base/address.h"
#include "stack/base/endpoint.h"
#include "stack/ip/firewall.h"
#include "stack/ip/icmp_limit.h"
#include "stack/ip/interface.h"
#include "stack/ip/ip_actions.h"
#include "stack/ip/neighbour.h"
#include "stack/ip/replies.h"
#include "stack/ip/route.h"
#include "stack/ip/route_parser.h"
#include "stack/ip/route_table.h"
#include "stack/personality/cause.h"
#include "stack/personality/ip_profile.h"
#include "stack/wire/packet.h"

namespace drywire {

class IpStack {
 public:
  // Starts with the interface "lo" (index 1) that has 127.0.0.1/8 and ::1/128. Profile and pool
  // outlive the stack; the profile is read at each use, so that sysctls take effect.
  IpStack(const IpProfile& profile, PacketPool& pool);
  IpStack(const IpStack&) = delete;
  IpStack& operator=(const IpStack&) = delete;

  // --- configuration (stack/ip/ip_config.cc)

  // The index of the new interface: 2, 3, ... Errors: a bad or used name, an MTU below 68 bytes.
  absl::StatusOr<uint32_t> AddInterface(const InterfaceConfig& config);
  // Errors: no such interface, address in use on this host, multicast or unspecified address.
  absl::Status AddAddress(uint32_t interface, const Prefix& prefix);
  absl::Status RemoveAddress(uint32_t interface, const Address& address);
  // Packets that wait for neighbours there are dropped when it goes down.
  void SetUp(uint32_t interface, bool up, IpActions& actions);
  // While the queue is full nothing is sent there: kQueueFull. It is as after `tc qdisc replace dev
  // NAME root pfifo limit 0`, but for what asks for a neighbour, which leaves all the same.
  void SetQueueFull(uint32_t interface, bool full);
  absl::Status SetMtu(uint32_t interface, uint32_t mtu);
  void SetNeighbourMode(uint32_t interface, NeighbourMode mode, const NeighbourResolver* resolver);

  // A statement of ip-route(8): see route_parser.h. Errors name the word and its column, or say
  // what ip-route(8) would (exists, no such device, gateway not on a link).
  absl::Status ChangeRoute(absl::string_view statement);
  // Statements of nft(8): see nft_parser.h.
  absl::Status LoadFirewall(absl::string_view statements) { return firewall_.Load(statements); }
  Firewall& firewall() { return firewall_; }
  const Firewall& firewall() const { return firewall_; }

  // In index order: element i has index i + 1.
  const std::vector<Interface>& interfaces() const { return interfaces_; }
  // Null if there is none.
  const Interface* FindInterface(uint32_t index) const;
  const Interface* FindInterface(absl::string_view name) const;
  const RouteTable& routes() const { return routes_; }
  const NeighbourTable& neighbours() const { return neighbours_; }
  // `ip route show` and `ip neigh show`, one entry a line.
  std::string RoutesToString() const;
  std::string NeighboursToString() const;

  // Whether the address is this host's: configured on an interface, or in lo's 127.0.0.0/8 where
  // the system routes all of it.
  bool IsLocal(const Address& address) const;
  // 255.255.255.255 or the broadcast address of a subnet of this host.
  bool IsBroadcast(const Address& address) const;

  // --- sending (stack/ip/ip_route.cc, ip_output.cc)

  Result<RouteChoice> SelectRoute(Instant now, const RouteQuery& query) const;
  // The same, for those who keep the answer.
  Result<RouteRef> ShareRoute(Instant now, const RouteQuery& query) const;
  // Grows whenever a choice made before may have become wrong.
  uint64_t generation() const { return routes_.generation() + generation_; }

  // The hook `connect`: kPolicyDeniedEperm, kPolicyDeniedEacces or success.
  Result<> CheckConnect(Instant now, uint32_t uid, const Endpoint& remote, IpProtocol protocol);

  // Whether nothing stands between a packet of this host and the link: no firewall, no neighbour to
  // be found, nothing to refuse. Such a packet need not pass through Output(): with next_hop set to
  // the choice's it is transmitted on the choice's interface.
  bool SendsDirectly(const Packet& packet, const RouteChoice& choice) const;

  // Sends a transport's packet (addresses, protocol and ttl filled in) by a current choice. What
  // fails at once is the result, as the system tells the sender: kFirewallDenied,
  // kInterfaceDown, kMessageTooLong, kNeighbourUnreachable, kGatewayUnreachable or
  // choice.output_error. Which of these a transport reports is its own matter. Failures found
  // later come as TransportError.
  Result<> Output(Instant now, PacketPtr packet, const RouteChoice& choice, IpActions& actions);

  // For a datagram to a port where nobody listens, and for a segment to no socket. Limits apply.
  void SendPortUnreachable(Instant now, const Packet& about, IpActions& actions);
  void SendReset(Instant now, const Packet& about, IpActions& actions);
  // Any ICMP error to the source of `about`; `interface` is where it came in (0: it is our own).
  void SendIcmpError(Instant now, const Packet& about, const IcmpError& error, uint32_t interface,
                     IpActions& actions);

  // --- receiving (stack/ip/ip_input.cc)

  // Whether the packet is for a transport of this host and nothing would keep Input() from
  // delivering it, so that it need not pass through there.
  bool DeliversDirectly(uint32_t interface, const Packet& packet) const {
    if (packet.corrupted || firewall_.active(Hook::kInput)) return false;
    if (packet.segment() == nullptr && packet.datagram() == nullptr) return false;
    KnownArrival& known = known_arrivals_[(packet.source.lo() ^ packet.destination.lo()) % kKnown];
    if (known.generation == generation() && known.interface == interface &&
        known.source == packet.source && known.destination == packet.destination) {
      return true;
    }
    if (!ArrivalIsPlain(interface, packet)) return false;
    known = {packet.source, packet.destination, interface, generation()};
    return true;
  }

  void Input(Instant now, uint32_t interface, PacketPtr packet, IpActions& actions);

  // --- time

  // When OnDeadline wants to be called; kNever if nothing waits.
  Instant NextDeadline() const { return neighbours_.NextDeadline(); }
  void OnDeadline(Instant now, IpActions& actions);

  // A path is known to carry at most `mtu` bytes, for the next mtu_expires seconds. Called by
  // transports that judged an ICMP error (kIcmpFragmentationNeeded) to be genuine; for datagrams
  // Input() does it. Returns `mtu` or the least that is believed.
  uint32_t NotePathMtu(Instant now, const Address& destination, uint32_t mtu);

  // What a crash loses: neighbours, path MTUs, flows, limits. Waiting packets are dropped.
  void ForgetDynamicState(IpActions& actions);

 private:
  struct PathMtu {
    uint32_t mtu;
    Instant expires;
  };

  // SelectRoute() without a memory.
  Result<RouteChoice> ChooseRoute(Instant now, const RouteQuery& query) const;
  // The parts of it: each fills in more of the choice or fails.
  Result<> EnterRouteCache(const RouteChoice& choice) const;
  Result<> SelectLocal(const RouteQuery& query, RouteChoice& choice) const;
  Result<> SelectGroup(const RouteQuery& query, RouteChoice& choice) const;
  Result<> SelectUnicast(const RouteQuery& query, RouteChoice& choice) const;
  Cause NoRoute(const RouteChoice& choice) const;
  Result<> Refused(const Route* route, RouteChoice& choice) const;
  Result<> SelectSourceFor(const Address& preferred, RouteChoice& choice) const;
  Result<> CheckChoice(const RouteQuery& query, RouteChoice& choice) const;
  uint32_t MtuOf(Instant now, const RouteChoice& choice) const;
  RouteChoice::Direct DirectnessOf(const RouteChoice& choice) const;
  bool IsLocalOn(const Address& address, uint32_t interface) const;
  // What the scope ids of a packet's link-local addresses are: the interface it came in by, and for
  // what the host sent to itself the one that has the address (ip6_rcv_core).
  uint32_t ScopeOfArrival(const Address& own, const Interface& in) const;
  // The interface one of whose subnets has this broadcast address; null if there is none.
  const Interface* BroadcastSubnet(const Address& address) const;

  bool OwnsSlow(const Address& address) const;
  Interface& At(uint32_t index) {
    DRYWIRE_CHECK(index >= 1 && index <= interfaces_.size()) << "no interface " << index;
    return interfaces_[index - 1];
  }
  const Interface& At(uint32_t index) const { return const_cast<IpStack*>(this)->At(index); }
  void AddConnectedRoute(const Interface& interface, const Prefix& prefix);
  absl::Status ResolveNextHop(const RouteStatement& statement, Route& route) const;

  // The output hook and what follows it, for packets of this host.
  Result<> FilterAndSend(Instant now, PacketPtr packet, const RouteChoice& choice,
                         IpActions& actions);
  Result<> SendToNeighbour(Instant now, PacketPtr packet, const RouteChoice& choice,
                           IpActions& actions);
  // Routes and sends a packet that this host made in answer to another. An absent source address is
  // selected. `interface` is where the other packet came in; 0: it was our own.
  void SendReply(Instant now, PacketPtr packet, uint32_t interface, IpActions& actions);
  void Reject(Instant now, const Packet& about, const RejectWith& with, uint32_t interface,
              IpActions& actions);
  void Drop(PacketPtr packet, DropReason reason, uint32_t interface, IpActions& actions);
  void Apply(Instant now, uint32_t interface, const Address& address, NeighbourOutcome& outcome,
             IpActions& actions);
  void Solicit(const Interface& out, const Address& address, IpActions& actions);

  // Whether what goes from and to these addresses may come in there and is for this host.
  bool ArrivalIsPlain(uint32_t interface, const Packet& packet) const;
  // Why a packet that came in there cannot be genuine; nothing if it can.
  std::optional<DropReason> Martian(const Interface& in, const Packet& packet) const;
  void DeliverLocally(Instant now, const Interface& in, PacketPtr packet, IpActions& actions);
  void InputIcmp(Instant now, const Interface& in, PacketPtr packet, IpActions& actions);
  void InputNeighbour(Instant now, const Interface& in, PacketPtr packet, IpActions& actions);
  void Forward(Instant now, const Interface& in, PacketPtr packet, IpActions& actions);
  // The route and checks of a forwarder; false if the packet was answered and dropped.
  bool PrepareForward(Instant now, const Interface& in, PacketPtr& packet, RouteChoice& choice,
                      IpActions& actions);

  const IpProfile& profile_;
  PacketPool& pool_;
  std::vector<Interface> interfaces_;
  absl::flat_hash_map<Address, uint32_t> local_;  // address to interface
  RouteTable routes_;
  NeighbourTable neighbours_;
  Firewall firewall_;
  IcmpLimit limit_;
  absl::flat_hash_map<Address, PathMtu> path_mtus_;
  // Destinations, for IpProfile::route_cache_entries only.
  mutable absl::flat_hash_set<Address> route_cache_;
  uint64_t generation_ = 0;
  // What was asked last, found again by a few bits of the addresses: most questions repeat.
  // Forgotten with each generation.
  struct KnownRoute {
    RouteQuery query;
    RouteRef choice;
  };
  struct KnownAddress {
    Address address;
    bool ours = false;
  };
  struct KnownArrival {
    Address source;
    Address destination;
    uint32_t interface = 0;
    uint64_t generation = 0;
  };
  static constexpr size_t kKnown = 8;
  mutable std::array<KnownRoute, kKnown> known_routes_;
  mutable std::array<KnownAddress, kKnown> known_addresses_;
  mutable std::array<KnownArrival, kKnown> known_arrivals_;
  mutable uint64_t known_generation_ = ~uint64_t{0};  // of known_addresses_
  // Scratch, kept for its room. Handling the second may use the first.
  NeighbourOutcome outcome_;
  NeighbourOutcome late_outcome_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_IP_STACK_H_
