// Which port a socket gets that asked for none, and what is remembered of the ports that connect()
// chose.
#include <algorithm>
#include <utility>

#include "stack/socket/port_table.h"

namespace drywire {
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

uint64_t HashOf(const Address& address, uint64_t seed) {
  return MixBits(address.hi() ^ MixBits(address.lo() ^ seed));
}

}  // namespace

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
