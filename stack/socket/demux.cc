#include "stack/socket/demux.h"

#include <utility>

#include "sim/core/check.h"
#include "sim/core/rng.h"

namespace drywire {
namespace {

// What a packet calls `address:port`, as endpoints are registered: scope ids only where they mean
// something.
Endpoint Scoped(const Address& address, uint16_t port, uint32_t interface) {
  return Endpoint{address, port, address.is_v6() && address.IsLinkLocal() ? interface : 0};
}

uint64_t HashOf(const Endpoint& endpoint, uint64_t seed) {
  const Address& address = endpoint.address;
  return MixBits(address.hi() ^ MixBits(address.lo() ^ (uint64_t{endpoint.port} << 40) ^ seed));
}

// Cheap, because every segment pays for it, and because nothing but speed depends on it.
uint32_t HashOf(const ConnectionId& id) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15u;
  const Address& local = id.local.address;
  const Address& remote = id.remote.address;
  const uint64_t ports = uint64_t{id.local.port} << 16 | id.remote.port;
  const uint64_t addresses = (local.lo() ^ local.hi()) * kOdd + (remote.lo() ^ remote.hi());
  return static_cast<uint32_t>(MixBits(addresses * kOdd ^ ports));
}

const Endpoint& PeerOf(const UdpEndpoint& endpoint) { return endpoint.peer(); }
const Endpoint& PeerOf(const TcpListenerEndpoint&) {
  static constexpr Endpoint kNobody;
  return kNobody;
}

constexpr int kNoMatch = -1;
// How well an endpoint fits a packet to `local` from `remote`; the ports are equal already.
int Score(const BoundAddress& bound, const Endpoint& peer, const Endpoint& local,
          const Endpoint& remote) {
  int score = 0;
  if (peer.address.has_value()) {
    // Linux connects to port 0 and then takes every port of that address.
    if (peer.address != remote.address || (peer.port != 0 && peer.port != remote.port)) {
      return kNoMatch;
    }
    if (peer.scope_id != 0 && peer.scope_id != remote.scope_id) return kNoMatch;
    score += 16;
  }
  if (bound.address.IsUnspecified()) {
    if (bound.address.family() == local.address.family()) return score + 2;
    return bound.dual && local.address.is_v4() ? score + 1 : kNoMatch;
  }
  if (bound.address != local.address) return kNoMatch;
  if (bound.scope_id != 0 && bound.scope_id != local.scope_id) return kNoMatch;
  return score + 4;
}

}  // namespace

DemuxEndpoint::~DemuxEndpoint() {
  // The bucket's and the hash table's links are the derived class's: it must have left by now.
  DRYWIRE_CHECK(demux_ == nullptr) << "an endpoint died while it was registered";
}

TcpConnectionEndpoint::~TcpConnectionEndpoint() { Leave(); }
TcpListenerEndpoint::~TcpListenerEndpoint() { Leave(); }
UdpEndpoint::~UdpEndpoint() { Leave(); }

void DemuxEndpoint::Leave() {
  if (demux_ != nullptr) demux_->Unregister(this);
}

Demux::Demux(const SocketProfile* profile, uint64_t seed) : profile_(profile), seed_(seed) {}

Demux::~Demux() {
  while (!order_.empty()) Unregister(&order_.front());
}

void Demux::Enlist(DemuxEndpoint* endpoint, DemuxEndpoint::Kind kind) {
  DRYWIRE_CHECK(endpoint->demux_ == nullptr) << "the endpoint is registered already";
  endpoint->demux_ = this;
  endpoint->kind_ = kind;
  order_.PushBack(endpoint);
}

Result<> Demux::RegisterConnection(TcpConnectionEndpoint* endpoint, const ConnectionId& id) {
  if (FindConnection(id) != nullptr) return Cause::kTupleInUse;
  Enlist(endpoint, DemuxEndpoint::Kind::kConnection);
  endpoint->id_ = id;
  connections_.Insert(endpoint, HashOf(id));
  return {};
}

void Demux::ReplaceConnection(TcpConnectionEndpoint* from, TcpConnectionEndpoint* to) {
  DRYWIRE_CHECK(from->demux_ == this) << "the endpoint is not registered here";
  to->id_ = from->id_;
  Enlist(to, DemuxEndpoint::Kind::kConnection);
  connections_.Replace(from, to);
  from->demux_ = nullptr;
  IntrusiveList<DemuxEndpoint, EndpointOrderTag>::Remove(from);
}

TcpConnectionEndpoint* Demux::FindConnection(const ConnectionId& id) const {
  return connections_.Find(HashOf(id), [&id](const auto& other) { return other.id_ == id; });
}

template <typename T>
void Demux::AddToBucket(Buckets<T>& buckets, T* endpoint, uint16_t port) {
  std::unique_ptr<Bucket<T>>& bucket = buckets[port];
  if (bucket == nullptr) bucket = std::make_unique<Bucket<T>>();
  bucket->list.PushBack(endpoint);
  endpoint->bucket_ = bucket.get();
}

template <typename T>
void Demux::RemoveFromBucket(Buckets<T>& buckets, T* endpoint) {
  Bucket<T>::List::Remove(endpoint);
  // Empty buckets stay while the endpoint's port is likely to come back: they cost little, and a
  // datagram socket that is opened again and again allocates nothing.
  if (buckets.size() > kManyBuckets && endpoint->bucket_->list.empty()) {
    buckets.erase(endpoint->bound_.port);
  }
  endpoint->bucket_ = nullptr;
}

void Demux::RegisterListener(TcpListenerEndpoint* endpoint, const BoundAddress& bound,
                             ReuseGroup group) {
  Enlist(endpoint, DemuxEndpoint::Kind::kListener);
  endpoint->bound_ = bound;
  endpoint->group_ = group;
  AddToBucket(listeners_, endpoint, bound.port);
}

void Demux::RegisterUdp(UdpEndpoint* endpoint, const BoundAddress& bound, const Endpoint& peer,
                        ReuseGroup group) {
  const bool moves = endpoint->demux_ == this && endpoint->bound_.port == bound.port;
  if (!moves) {
    Unregister(endpoint);
    Enlist(endpoint, DemuxEndpoint::Kind::kUdp);
    AddToBucket(udp_, endpoint, bound.port);
  }
  endpoint->bound_ = bound;
  endpoint->peer_ = peer;
  endpoint->group_ = group;
}

void Demux::Unregister(DemuxEndpoint* endpoint) {
  if (endpoint->demux_ == nullptr) return;
  DRYWIRE_CHECK(endpoint->demux_ == this) << "the endpoint is registered elsewhere";
  switch (endpoint->kind_) {
    case DemuxEndpoint::Kind::kConnection:
      connections_.Remove(static_cast<TcpConnectionEndpoint*>(endpoint));
      break;
    case DemuxEndpoint::Kind::kListener:
      RemoveFromBucket(listeners_, static_cast<TcpListenerEndpoint*>(endpoint));
      break;
    case DemuxEndpoint::Kind::kUdp:
      RemoveFromBucket(udp_, static_cast<UdpEndpoint*>(endpoint));
      break;
  }
  endpoint->demux_ = nullptr;
  IntrusiveList<DemuxEndpoint, EndpointOrderTag>::Remove(endpoint);
}

template <typename T>
T* Demux::PickBest(const Buckets<T>& buckets, const Endpoint& local, const Endpoint& remote) const {
  const auto found = buckets.find(local.port);
  if (found == buckets.end()) return nullptr;
  const bool newest = profile_->reuse_port_sharing == ReusePortSharing::kSpread;
  T* best = nullptr;
  int best_score = kNoMatch;
  for (T& endpoint : found->second->list) {
    const int score = Score(endpoint.bound_, PeerOf(endpoint), local, remote);
    if (score > best_score || (newest && score != kNoMatch && score == best_score)) {
      best = &endpoint;
      best_score = score;
    }
  }
  const bool connected = best != nullptr && PeerOf(*best).address.has_value();
  if (best == nullptr || connected || !best->group_.member) return best;
  return PickFromGroup(*found->second, *best, best_score, local, remote);
}

// One of the group that `best` is in: the same for the same peer as long as the group does not
// change.
template <typename T>
T* Demux::PickFromGroup(const Bucket<T>& bucket, const T& best, int score, const Endpoint& local,
                        const Endpoint& remote) const {
  const auto in_group = [&](const T& endpoint) {
    return endpoint.group_.member && endpoint.group_.uid == best.group_.uid &&
           Score(endpoint.bound_, PeerOf(endpoint), local, remote) == score;
  };
  auto& list = const_cast<Bucket<T>&>(bucket).list;
  uint32_t members = 0;
  for (const T& endpoint : list) members += in_group(endpoint) ? 1 : 0;
  uint32_t skip = static_cast<uint32_t>(HashOf(local, HashOf(remote, seed_)) % members);
  for (T& endpoint : list) {
    if (in_group(endpoint) && skip-- == 0) return &endpoint;
  }
  return nullptr;  // not reached: members were counted
}

TcpListenerEndpoint* Demux::FindListener(const Endpoint& local, const Endpoint& remote) const {
  return PickBest(listeners_, local, remote);
}

UdpEndpoint* Demux::FindUdp(const Endpoint& local, const Endpoint& remote) const {
  return PickBest(udp_, local, remote);
}

bool Demux::DeliverTcp(PacketPtr& packet, uint32_t interface) {
  const Segment& segment = *packet->segment();
  const ConnectionId id{Scoped(packet->destination, segment.destination_port, interface),
                        Scoped(packet->source, segment.source_port, interface)};
  DemuxEndpoint* endpoint = FindConnection(id);
  if (endpoint == nullptr) endpoint = FindListener(id.local, id.remote);
  if (endpoint == nullptr) return false;
  endpoint->OnPacket(std::move(packet), interface);
  return true;
}

bool Demux::DeliverUdp(PacketPtr& packet, uint32_t interface, bool to_all, PacketPool& pool) {
  const Datagram& datagram = *packet->datagram();
  const Endpoint local = Scoped(packet->destination, datagram.destination_port, interface);
  const Endpoint remote = Scoped(packet->source, datagram.source_port, interface);
  if (!to_all) {
    UdpEndpoint* endpoint = FindUdp(local, remote);
    if (endpoint == nullptr) return false;
    endpoint->OnPacket(std::move(packet), interface);
    return true;
  }
  // Receivers may leave while others are served, so each step looks for the next one anew.
  const uint64_t round = ++deliveries_;
  const auto next = [&]() -> UdpEndpoint* {
    const auto found = udp_.find(local.port);
    if (found == udp_.end()) return nullptr;
    for (UdpEndpoint& endpoint : found->second->list) {
      if (endpoint.served_ != round &&
          Score(endpoint.bound_, endpoint.peer_, local, remote) != kNoMatch) {
        endpoint.served_ = round;
        return &endpoint;
      }
    }
    return nullptr;
  };
  UdpEndpoint* endpoint = next();
  if (endpoint == nullptr) return false;
  while (endpoint != nullptr) {
    endpoint->OnPacket(pool.Clone(*packet), interface);
    endpoint = next();
  }
  packet.reset();
  return true;
}

bool Demux::DeliverError(const PacketError& error) {
  const QuotedPacket& quoted = error.quoted;
  const Endpoint local = Scoped(quoted.source, quoted.source_port, error.interface);
  const Endpoint remote = Scoped(quoted.destination, quoted.destination_port, error.interface);
  DemuxEndpoint* endpoint = nullptr;
  if (quoted.protocol == IpProtocol::kTcp) endpoint = FindConnection({local, remote});
  if (quoted.protocol == IpProtocol::kUdp) endpoint = FindUdp(local, remote);
  if (endpoint == nullptr) return false;
  endpoint->OnPacketError(error);
  return true;
}

}  // namespace drywire
