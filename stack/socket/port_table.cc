#include "stack/socket/port_table.h"

#include <algorithm>
#include <utility>

#include "sim/core/check.h"

namespace drywire {

// The connections of this host from one address to one remote endpoint, whose ports connect()
// chose.
struct PortDestination {
  Address local;
  Endpoint remote;
  uint32_t count = 0;
  // A bit for each port that is taken for this destination; only once there are many.
  std::unique_ptr<std::array<uint64_t, 1024>> taken;

  void Mark(uint16_t port) { (*taken)[port / 64] |= uint64_t{1} << (port % 64); }
};

namespace {

// From how many connections on a destination gets its map (8 KiB).
constexpr uint32_t kManyConnections = 256;

// How far the next candidate is from `port`, in ports: more than `step` when the map shows that all
// candidates up to the end of the word are taken.
uint32_t Advance(const PortDestination& destination, uint32_t port, uint32_t step, uint32_t high) {
  if (destination.taken == nullptr) return 0;
  const uint64_t candidates = step == 1       ? ~uint64_t{0}
                              : port % 2 == 0 ? 0x5555555555555555u
                                              : 0xaaaaaaaaaaaaaaaau;
  if ((~(*destination.taken)[port / 64] & candidates) != 0) return 0;
  uint32_t next = (port / 64 + 1) * 64 + (step == 1 ? 0 : port % 2);
  // Not beyond the first candidate past the end, from where the caller wraps around.
  const uint32_t end = port + (high - port + step - 1) / step * step;
  next = std::min(next, end);
  return next - port;
}

// The part of one address family that a binding covers.
struct Cover {
  bool any = false;
  bool some = false;  // or one address
  Address address;

  bool Overlaps(const Cover& other) const {
    if (!(any || some) || !(other.any || other.some)) return false;
    return any || other.any || address == other.address;
  }
};

struct Covers {
  Cover v4;
  Cover v6;
};

Covers CoversOf(const PortBinding& binding, const Address& address) {
  Covers covers;
  const Address wire = address.Unmapped();
  if (wire.is_v4()) {
    covers.v4 = {wire.IsUnspecified(), !wire.IsUnspecified(), wire};
  } else {
    covers.v6 = {wire.IsUnspecified(), !wire.IsUnspecified(), wire};
    covers.v4.any = wire.IsUnspecified() && !binding.v6only;
  }
  return covers;
}

bool Overlap(const PortBinding& a, const Address& a_address, const PortBinding& b) {
  const Covers x = CoversOf(a, a_address);
  const Covers y = CoversOf(b, b.address());
  return x.v4.Overlaps(y.v4) || x.v6.Overlaps(y.v6);
}

bool Connected(const PortBinding& binding) {
  return binding.use == PortBinding::Use::kConnected || binding.use == PortBinding::Use::kTimeWait;
}

uint64_t HashOf(const Address& address, uint64_t seed) {
  return MixBits(address.hi() ^ MixBits(address.lo() ^ seed));
}

}  // namespace

PortTable::PortTable(Transport transport, const SocketProfile* profile, Rng rng)
    : transport_(transport), profile_(profile), rng_(rng), secret_(rng_.Next()) {}

Rng& PortTable::Random() {
  if (!perturbed_) {
    for (uint32_t& offset : perturb_) offset = static_cast<uint32_t>(rng_.Next());
    perturbed_ = true;
  }
  return rng_;
}

PortTable::~PortTable() {
  size_t left = ports_in_use_;
  for (const std::unique_ptr<Page>& page : page_memory_) {
    for (size_t i = 0; left > 0 && i < page->size(); ++i) {
      Holders* const holders = (*page)[i];
      if (holders == nullptr) continue;
      --left;
      while (PortBinding* binding = holders->list.PopFront()) {
        binding->table_ = nullptr;
        binding->destination_ = nullptr;
        binding->port_ = 0;
      }
      holders_.Delete(holders);
    }
  }
}

bool PortTable::PortNeedsPrivilege(uint16_t port) const {
  return port != 0 && (port < profile_->unprivileged_port_start || port <= profile_->reserved_high);
}

Result<> PortTable::Bind(PortBinding* binding, const Address& address, uint16_t port,
                         const Credentials& credentials) {
  if (port == 0) {
    port = ChooseForBind(*binding, address, credentials);
    if (port == 0) return Cause::kPortsExhaustedOnBind;
  } else if (Conflicts(*binding, address, port, /*chosen=*/false, credentials)) {
    return Cause::kAddressInUse;
  }
  Hold(binding, address, port, /*automatic=*/false);
  return {};
}

Result<> PortTable::BindForConnect(PortBinding* binding, const Address& local,
                                   const Endpoint& remote, TupleFree tuple_free) {
  uint16_t port = 0;
  PortDestination* destination = nullptr;
  if (profile_->ephemeral_port_rule == EphemeralPortRule::kLinux) {
    destination = &DestinationOf(local, remote);
    port = ChooseByLinuxTcpConnect(*binding, local, remote, *destination, tuple_free);
    if (port == 0) ForgetIfIdle(*destination);
  } else {
    port = ChooseByRandomStart(EphemeralRange(*binding), [&](uint16_t candidate) {
      if (!tuple_free(candidate)) return false;
      Holders* holders = Find(candidate);
      if (holders == nullptr || holders->explicit_count == 0) return true;
      for (PortBinding& other : holders->list) {
        if (!Connected(other) && Overlap(*binding, local, other)) return false;
      }
      return true;
    });
  }
  if (port == 0) return Cause::kPortsExhaustedOnConnect;
  Hold(binding, local, port, /*automatic=*/true);
  if (destination != nullptr) Attach(binding, *destination);
  return {};
}

Result<> PortTable::Listen(PortBinding* binding) {
  DRYWIRE_CHECK(binding->port_ != 0) << "listen without a port";
  if (profile_->bind_conflict_rule == BindConflictRule::kLinux) {
    // inet_csk_listen_start() binds once more, to catch two sockets that both were bound.
    for (PortBinding& other : Find(binding->port_)->list) {
      if (&other != binding && Overlap(*binding, binding->address_, other) &&
          LinuxConflict(*binding, other, /*chosen=*/false)) {
        return Cause::kAddressInUse;
      }
    }
  }
  binding->use = PortBinding::Use::kListening;
  return {};
}

void PortTable::SetLocal(PortBinding* binding, const Address& address) {
  binding->address_ = address;
}

void PortTable::Inherit(PortBinding* child, const PortBinding& listener) {
  child->v6 = listener.v6;
  child->v6only = listener.v6only;
  child->reuse_address = listener.reuse_address;
  child->reuse_port = listener.reuse_port;
  child->reuse_port_lb = listener.reuse_port_lb;
  child->uid = listener.uid;
  child->use = PortBinding::Use::kConnected;
  Hold(child, listener.address_, listener.port_, /*automatic=*/false);
}

void PortTable::Move(PortBinding* from, PortBinding* to) {
  DRYWIRE_CHECK(to->port_ == 0) << "the target holds port " << to->port_;
  if (from->table_ == nullptr) return;
  from->table_->Detach(from);
  to->use = from->use;
  to->v6 = from->v6;
  to->v6only = from->v6only;
  to->reuse_address = from->reuse_address;
  to->reuse_port = from->reuse_port;
  to->reuse_port_lb = from->reuse_port_lb;
  to->uid = from->uid;
  to->address_ = from->address_;
  to->port_ = from->port_;
  to->automatic_ = from->automatic_;
  to->table_ = from->table_;
  IntrusiveList<PortBinding, PortHolderTag>::InsertBefore(from, to);
  from->Unlink();
  from->table_ = nullptr;
  from->port_ = 0;
}

void PortTable::Release(PortBinding* binding) {
  PortTable* table = binding->table_;
  if (table == nullptr) return;
  const uint16_t port = binding->port_;
  Holders* holders = table->Find(port);
  table->Detach(binding);
  binding->Unlink();
  if (!binding->automatic_) --holders->explicit_count;
  binding->table_ = nullptr;
  binding->port_ = 0;
  binding->use = PortBinding::Use::kBound;
  if (--holders->total != 0) return;
  (*table->pages_[port >> kPageBits])[port & ((1 << kPageBits) - 1)] = nullptr;
  table->holders_.Delete(holders);
  --table->ports_in_use_;
}

void PortTable::Hold(PortBinding* binding, const Address& address, uint16_t port, bool automatic) {
  DRYWIRE_CHECK(binding->table_ == nullptr) << "holds port " << binding->port_ << " already";
  Page*& page = pages_[port >> kPageBits];
  if (page == nullptr) {
    page_memory_.push_back(std::make_unique<Page>(Page{}));
    page = page_memory_.back().get();
  }
  Holders*& holders = (*page)[port & ((1 << kPageBits) - 1)];
  if (holders == nullptr) {
    holders = holders_.New();
    ++ports_in_use_;
  }
  binding->address_ = address;
  binding->port_ = port;
  binding->automatic_ = automatic;
  binding->table_ = this;
  holders->list.PushBack(binding);
  ++holders->total;
  if (!automatic) ++holders->explicit_count;
}

size_t PortTable::HashDestination::operator()(const DestinationKey& key) const {
  return MixBits(HashOf(key.remote.address, key.remote.port) + key.local.lo() + key.local.hi());
}

PortDestination& PortTable::DestinationOf(const Address& local, const Endpoint& remote) {
  std::unique_ptr<PortDestination>& entry = destinations_[DestinationKey{local, remote}];
  if (entry == nullptr) {
    entry = std::make_unique<PortDestination>();
    entry->local = local;
    entry->remote = remote;
  }
  return *entry;
}

void PortTable::Attach(PortBinding* binding, PortDestination& destination) {
  binding->destination_ = &destination;
  ++destination.count;
  if (destination.taken != nullptr) {
    destination.Mark(binding->port_);
  } else if (destination.count >= kManyConnections) {
    MapTaken(destination);
  }
}

void PortTable::MapTaken(PortDestination& destination) const {
  destination.taken = std::make_unique<std::array<uint64_t, 1024>>();
  for (uint32_t port = 1; port <= 65535; ++port) {
    Holders* holders = Find(static_cast<uint16_t>(port));
    if (holders == nullptr) continue;
    for (const PortBinding& holder : holders->list) {
      if (holder.destination_ == &destination) destination.Mark(static_cast<uint16_t>(port));
    }
  }
}

void PortTable::Detach(PortBinding* binding) {
  PortDestination* destination = std::exchange(binding->destination_, nullptr);
  if (destination == nullptr) return;
  if (destination->taken != nullptr) {
    (*destination->taken)[binding->port_ / 64] &= ~(uint64_t{1} << (binding->port_ % 64));
  }
  if (--destination->count == 0) ForgetIfIdle(*destination);
}

void PortTable::ForgetIfIdle(PortDestination& destination) {
  if (destination.count != 0) return;
  destination.taken.reset();
  if (destinations_.size() <= kIdleDestinations) return;
  destinations_.erase(DestinationKey{destination.local, destination.remote});
}

bool PortTable::Conflicts(const PortBinding& binding, const Address& address, uint16_t port,
                          bool chosen, const Credentials& credentials) const {
  Holders* holders = Find(port);
  if (holders == nullptr) return false;
  if (profile_->bind_conflict_rule == BindConflictRule::kFreeBsd) {
    return FreeBsdConflict(binding, address, *holders, credentials);
  }
  for (PortBinding& other : holders->list) {
    if (&other != &binding && Overlap(binding, address, other) &&
        LinuxConflict(binding, other, chosen)) {
      return true;
    }
  }
  return false;
}

// inet_bind_conflict() for TCP, inet_lib_lport_inuse() for UDP; the addresses overlap.
bool PortTable::LinuxConflict(const PortBinding& binding, const PortBinding& other,
                              bool chosen) const {
  const bool both_reuse = binding.reuse_address && other.reuse_address;
  const bool both_port = binding.reuse_port && other.reuse_port;
  if (transport_ == Transport::kUdp) {
    return !both_reuse && !(both_port && binding.uid == other.uid);
  }
  if (chosen) return true;
  if (both_reuse && other.use != PortBinding::Use::kListening) return false;
  return !both_port || (other.use != PortBinding::Use::kTimeWait && binding.uid != other.uid);
}

// in_pcblookup_local(): the holder that matches `address` with the fewest wildcards. `v4` says
// which of the two families is asked about.
const PortBinding* PortTable::FreeBsdBestMatch(const Holders& holders, const PortBinding& binding,
                                               const Address& address, bool v4, bool wildcards) {
  const PortBinding* best = nullptr;
  int fewest = 9;
  for (PortBinding& other : const_cast<Holders&>(holders).list) {
    if (&other == &binding) continue;
    const Covers covers = CoversOf(other, other.address());
    const Cover& cover = v4 ? covers.v4 : covers.v6;
    if (!cover.any && !cover.some) continue;
    const bool other_any = cover.any;
    if (!wildcards) {
      const bool same =
          address.IsUnspecified() ? other_any : !other_any && cover.address == address;
      if (!Connected(other) && same) return &other;
      continue;
    }
    int wild = Connected(other) ? 1 : 0;
    if (v4 && other.v6) ++wild;
    if (other_any != address.IsUnspecified()) {
      ++wild;
    } else if (!other_any && cover.address != address) {
      continue;
    }
    if (wild < fewest) {
      fewest = wild;
      best = &other;
    }
  }
  return best;
}

// in_pcbbind_setup() and in6_pcbbind().
bool PortTable::FreeBsdConflict(const PortBinding& binding, const Address& address,
                                const Holders& holders, const Credentials& credentials) const {
  const bool any_option = binding.reuse_address || binding.reuse_port || binding.reuse_port_lb;
  const Address wire = address.Unmapped();
  const bool multicast = wire.IsMulticast();
  const auto allows = [&](const PortBinding& other) {
    // For multicast SO_REUSEADDR is as good as SO_REUSEPORT.
    if (multicast && (binding.reuse_address || binding.reuse_port) &&
        (other.reuse_address || other.reuse_port)) {
      return true;
    }
    return (binding.reuse_port && other.reuse_port) ||
           (binding.reuse_port_lb && other.reuse_port_lb);
  };
  const auto clashes = [&](const Address& where, bool v4) {
    if (!credentials.privileged() && !multicast) {
      const PortBinding* other = FreeBsdBestMatch(holders, binding, where, v4, true);
      if (other != nullptr && (transport_ != Transport::kTcp || !Connected(*other)) &&
          (!where.IsUnspecified() || !other->address().IsUnspecified() || other->reuse_port ||
           !other->reuse_port_lb) &&
          binding.uid != other->uid) {
        return true;
      }
    }
    const PortBinding* other = FreeBsdBestMatch(holders, binding, where, v4, !any_option);
    return other != nullptr && !allows(*other);
  };
  if (clashes(wire, wire.is_v4())) return true;
  if (!wire.is_v6() || !wire.IsUnspecified() || binding.v6only) return false;
  // A dual-stack wildcard clashes with IPv4 holders too, but not with a pure IPv4 wildcard.
  const PortBinding* other =
      FreeBsdBestMatch(holders, binding, Address::Any(Family::kInet), true, !any_option);
  return other != nullptr && !allows(*other) &&
         (!other->address().Unmapped().IsUnspecified() || other->v6);
}

PortTable::Range PortTable::EphemeralRange(const PortBinding& binding) const {
  Range range{static_cast<uint32_t>(profile_->port_range[0]),
              static_cast<uint32_t>(profile_->port_range[1]), false};
  if (range.high < range.low) std::swap(range.low, range.high);
  if (binding.range_low == 0 && binding.range_high == 0) return range;
  range.own = true;
  const Range system = range;
  if (system.low <= binding.range_low && binding.range_low <= system.high) {
    range.low = binding.range_low;
  }
  if (system.low <= binding.range_high && binding.range_high <= system.high) {
    range.high = binding.range_high;
  }
  return range;
}

bool PortTable::Reserved(uint32_t port) const {
  for (const PortInterval& interval : profile_->reserved_ports) {
    if (interval.low <= port && port <= interval.high) return true;
  }
  return false;
}

uint16_t PortTable::ChooseForBind(const PortBinding& binding, const Address& address,
                                  const Credentials& credentials) {
  if (profile_->ephemeral_port_rule == EphemeralPortRule::kLinux && transport_ == Transport::kTcp) {
    return ChooseByLinuxTcpBind(binding, address, credentials);
  }
  return ChooseByRandomStart(EphemeralRange(binding), [&](uint16_t port) {
    return !Conflicts(binding, address, port, /*chosen=*/true, credentials);
  });
}

uint16_t PortTable::ChooseByRandomStart(const Range& range,
                                        absl::FunctionRef<bool(uint16_t)> usable) {
  const uint32_t count = range.high - range.low + 1;
  uint32_t offset = static_cast<uint32_t>(Random().Uniform(count));
  for (uint32_t i = 0; i < count; ++i, ++offset) {
    if (offset == count) offset = 0;
    const uint32_t port = range.low + offset;
    if (!Reserved(port) && usable(static_cast<uint16_t>(port))) return static_cast<uint16_t>(port);
  }
  return 0;
}

// inet_csk_find_open_port(): odd offsets first, so that connect() finds even ones free. With
// SO_REUSEADDR the lower half of the range is tried before the upper one.
uint16_t PortTable::ChooseByLinuxTcpBind(const PortBinding& binding, const Address& address,
                                         const Credentials& credentials) {
  for (int half = binding.reuse_address ? 1 : 0;; half = 2) {
    const Range range = EphemeralRange(binding);
    uint32_t low = range.low;
    uint32_t high = range.high + 1;
    if (high - low < 4) half = 0;
    if (half != 0) {
      const uint32_t middle = low + ((high - low) >> 2 << 1);
      (half == 1 ? high : low) = middle;
    }
    uint32_t remaining = high - low;
    if (remaining > 1) remaining &= ~1u;
    const uint32_t start = static_cast<uint32_t>(Random().Uniform(remaining)) | 1u;
    for (const uint32_t offset : {start, start - 1}) {
      uint32_t port = low + offset;
      for (uint32_t i = 0; i < remaining; i += 2, port += 2) {
        if (port >= high) port -= remaining;
        if (Reserved(port)) continue;
        if (!Conflicts(binding, address, static_cast<uint16_t>(port), /*chosen=*/true,
                       credentials)) {
          return static_cast<uint16_t>(port);
        }
      }
    }
    if (half != 1) return 0;
  }
}

// __inet_hash_connect(): from an offset that depends on the destination and moves on with each
// connection, the parity of the range's start first. A port that bind() holds is never shared.
uint16_t PortTable::ChooseByLinuxTcpConnect(const PortBinding& binding, const Address& local,
                                            const Endpoint& remote,
                                            const PortDestination& destination,
                                            TupleFree tuple_free) {
  const Range range = EphemeralRange(binding);
  const uint32_t step = range.own ? 1 : 2;
  const uint32_t low = range.low;
  const uint32_t high = range.high + 1;
  uint32_t remaining = high - low;
  if (!range.own && remaining > 1) remaining &= ~1u;
  const uint64_t hash =
      MixBits(HashOf(local, secret_) ^ HashOf(remote.address, secret_ + 1) ^ remote.port);
  (void)Random();
  uint32_t& perturb = perturb_[hash % perturb_.size()];
  uint32_t offset = static_cast<uint32_t>((perturb + (hash >> 32)) % remaining);
  if (!range.own) offset &= ~1u;
  const int passes = range.own || remaining <= 1 ? 1 : 2;
  for (int pass = 0; pass < passes; ++pass, ++offset) {
    uint32_t port = low + offset;
    for (uint32_t i = 0; i < remaining; i += step, port += step) {
      if (port >= high) port -= remaining;
      if (const uint32_t skip = Advance(destination, port, step, high); skip != 0) {
        i += skip - step;  // the loop adds the last one
        port += skip - step;
        continue;
      }
      if (Reserved(port)) continue;
      const Holders* holders = Find(static_cast<uint16_t>(port));
      if (holders != nullptr &&
          (holders->explicit_count != 0 || !tuple_free(static_cast<uint16_t>(port)))) {
        continue;
      }
      perturb += std::max<uint32_t>(i, static_cast<uint32_t>(Random().Uniform(8)) * step) + step;
      return static_cast<uint16_t>(port);
    }
  }
  return 0;
}

}  // namespace drywire
