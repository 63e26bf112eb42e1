// Which endpoint of a host an arriving segment, datagram or ICMP error belongs to.
//
// TCP: connections (any state, half-open ones and TIME-WAIT included) by 4-tuple, then listeners by
// address and port, a specific address before the wildcard, SO_REUSEPORT groups by hash.
// UDP: by score, the most specific first; broadcast and multicast reach all that match.
// Addresses are those on the wire: a v4-mapped connection of an AF_INET6 socket is an IPv4 one
// here. Scope ids in it are interface indices of link-local IPv6 addresses and 0 for all others.
//
// Hash tables are for lookup; whatever is walked is a list in order of registration. An endpoint
// leaves by Unregister or by its destructor, at any time, also while it is being called.
//
// Left out: SO_BINDTODEVICE, BPF group selection, raw sockets, multicast membership (an
// unconnected socket on the port receives any multicast that reached the host).
// Source: net/ipv4/{inet_hashtables,udp}.c as observed on Linux 6.18; sys/netinet/in_pcb.c.
#ifndef DRYWIRE_STACK_SOCKET_DEMUX_H_
#define DRYWIRE_STACK_SOCKET_DEMUX_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "sim/core/intrusive_hash.h"
#include "sim/core/intrusive_list.h"
#include "stack/base/bytes.h"
#include "stack/base/endpoint.h"
#include "stack/personality/cause.h"
#include "stack/personality/socket_profile.h"
#include "stack/wire/packet.h"

namespace drywire {

class Demux;

// An error about a packet this host sent: by ICMP, or found by the host itself (`local`: a
// neighbour that does not answer, reported with the cause of the ICMP message the system sends to
// itself).
struct PacketError {
  QuotedPacket quoted;
  Cause cause = Cause::kNone;
  uint32_t mtu = 0;  // kIcmpFragmentationNeeded: next-hop MTU, bytes; 0 when the router did not say
  bool local = false;
  uint32_t interface = 0;  // where it arrived
  Address from;            // who says so
  uint8_t type = 0;        // of the ICMP message
  uint8_t code = 0;
  Bytes text;  // what it quotes of what a datagram carried
};

struct EndpointOrderTag {};

// What all endpoints have in common.
class DemuxEndpoint : public ListHook<EndpointOrderTag> {
 public:
  DemuxEndpoint() = default;
  DemuxEndpoint(const DemuxEndpoint&) = delete;
  DemuxEndpoint& operator=(const DemuxEndpoint&) = delete;
  virtual ~DemuxEndpoint();

  // A packet for this endpoint, which arrived on `interface`. The endpoint may unregister or
  // destroy itself or any other.
  virtual void OnPacket(PacketPtr packet, uint32_t interface) = 0;
  virtual void OnPacketError(const PacketError& error) = 0;
  // The host loses power: forget everything silently, cancel timers, leave the demux. Nothing is
  // sent.
  virtual void OnCrash() = 0;
  // The host goes on after a pause: timers that were ignored meanwhile (see NetStack::paused) are
  // set again, those that are overdue for now.
  virtual void OnResume() {}
  // One line for state dumps, in the manner of `ss -tan`: protocol, state, queues, local, peer.
  virtual std::string DescribeEndpoint() const = 0;

  bool is_registered() const { return demux_ != nullptr; }

 protected:
  // Unregisters; for the destructors of the three kinds.
  void Leave();

 private:
  friend class Demux;
  enum class Kind : uint8_t { kConnection, kListener, kUdp };
  Demux* demux_ = nullptr;
  Kind kind_ = Kind::kConnection;
};

// A TCP connection, half-open connection or TIME-WAIT entry.
class TcpConnectionEndpoint : public DemuxEndpoint {
 public:
  ~TcpConnectionEndpoint() override;
  const ConnectionId& id() const { return id_; }
  // For port selection: whether a new connect() may take over the 4-tuple (TIME-WAIT entries by
  // the system's reuse rules).
  virtual bool MayBeReplaced() const { return false; }

 private:
  friend class Demux;
  uint32_t hash_ = 0;                      // of id_, while registered
  TcpConnectionEndpoint* next_ = nullptr;  // in the demux's table
  ConnectionId id_;
};

// What a listener or a UDP socket is bound to. The wildcard is Address::Any(family); `dual` with
// the IPv6 wildcard means IPv4 too.
struct BoundAddress {
  Address address;
  uint16_t port = 0;
  bool dual = false;
  uint32_t scope_id = 0;
};

// Membership in a group of sockets that share a port and spread what arrives.
struct ReuseGroup {
  bool member = false;  // SO_REUSEPORT (Linux) or SO_REUSEPORT_LB (FreeBSD) was set before bind
  uint32_t uid = 0;
};

struct BucketTag {};
template <typename T>
struct EndpointBucket {
  using List = IntrusiveList<T, BucketTag>;
  List list;  // oldest first
};

// Gets the segments that match no connection.
class TcpListenerEndpoint : public DemuxEndpoint, public ListHook<BucketTag> {
 public:
  ~TcpListenerEndpoint() override;
  const BoundAddress& bound() const { return bound_; }

 private:
  friend class Demux;
  BoundAddress bound_;
  ReuseGroup group_;
  EndpointBucket<TcpListenerEndpoint>* bucket_ = nullptr;
};

class UdpEndpoint : public DemuxEndpoint, public ListHook<BucketTag> {
 public:
  ~UdpEndpoint() override;
  const BoundAddress& bound() const { return bound_; }
  // Absent address when not connected.
  const Endpoint& peer() const { return peer_; }

 private:
  friend class Demux;
  BoundAddress bound_;
  Endpoint peer_;
  ReuseGroup group_;
  EndpointBucket<UdpEndpoint>* bucket_ = nullptr;
  uint64_t served_ = 0;  // by which delivery to many it was reached last
};

class Demux {
 public:
  // `seed` keys the spreading over SO_REUSEPORT groups. `profile` is the host's.
  Demux(const SocketProfile* profile, uint64_t seed);
  Demux(const Demux&) = delete;
  Demux& operator=(const Demux&) = delete;
  ~Demux();

  // --- Registration ---

  // kTupleInUse when another connection has the 4-tuple (one that MayBeReplaced() too: unregister
  // it first). `id` in wire addresses.
  Result<> RegisterConnection(TcpConnectionEndpoint* endpoint, const ConnectionId& id);
  // `to` takes the place of `from` (a socket becomes a TIME-WAIT entry, a half-open connection a
  // socket).
  void ReplaceConnection(TcpConnectionEndpoint* from, TcpConnectionEndpoint* to);
  TcpConnectionEndpoint* FindConnection(const ConnectionId& id) const;

  // Conflicts are the PortTable's to find.
  void RegisterListener(TcpListenerEndpoint* endpoint, const BoundAddress& bound, ReuseGroup group);
  // The listener a SYN to `local` from `remote` reaches; null when there is none.
  TcpListenerEndpoint* FindListener(const Endpoint& local, const Endpoint& remote) const;

  // `peer` with an absent address: not connected. Registering again changes both.
  void RegisterUdp(UdpEndpoint* endpoint, const BoundAddress& bound, const Endpoint& peer,
                   ReuseGroup group);
  UdpEndpoint* FindUdp(const Endpoint& local, const Endpoint& remote) const;

  void Unregister(DemuxEndpoint* endpoint);

  // --- Delivery ---

  // Both return false, and leave the packet alone, when nobody takes it.
  bool DeliverTcp(PacketPtr& packet, uint32_t interface);
  // `to_all`: the destination is a broadcast or multicast address; copies come from `pool`.
  bool DeliverUdp(PacketPtr& packet, uint32_t interface, bool to_all, PacketPool& pool);
  // To the endpoint whose packet `error` quotes; false when it is gone.
  bool DeliverError(const PacketError& error);

  size_t connections() const { return connections_.size(); }
  // Everything registered, in order of registration.
  IntrusiveList<DemuxEndpoint, EndpointOrderTag>& endpoints() { return order_; }

 private:
  static constexpr size_t kManyBuckets = 1024;
  template <typename T>
  using Bucket = EndpointBucket<T>;
  template <typename T>
  using Buckets = absl::flat_hash_map<uint16_t, std::unique_ptr<Bucket<T>>>;

  template <typename T>
  T* PickBest(const Buckets<T>& buckets, const Endpoint& local, const Endpoint& remote) const;
  template <typename T>
  T* PickFromGroup(const Bucket<T>& bucket, const T& best, int score, const Endpoint& local,
                   const Endpoint& remote) const;
  template <typename T>
  static void AddToBucket(Buckets<T>& buckets, T* endpoint, uint16_t port);
  template <typename T>
  static void RemoveFromBucket(Buckets<T>& buckets, T* endpoint);
  void Enlist(DemuxEndpoint* endpoint, DemuxEndpoint::Kind kind);

  const SocketProfile* profile_;
  uint64_t seed_;
  IntrusiveHash<TcpConnectionEndpoint, &TcpConnectionEndpoint::next_, &TcpConnectionEndpoint::hash_>
      connections_;
  Buckets<TcpListenerEndpoint> listeners_;
  Buckets<UdpEndpoint> udp_;
  IntrusiveList<DemuxEndpoint, EndpointOrderTag> order_;
  uint64_t deliveries_ = 0;  // to many at once
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_DEMUX_H_
