#include "sim/net/reachability.h"

#include "sim/core/check.h"

namespace drywire {
namespace {

bool Contains(const std::vector<bool>& set, uint32_t host) {
  return host < set.size() && set[host];
}

}  // namespace

void Reachability::AddHost(uint32_t host, absl::string_view name) {
  DRYWIRE_CHECK(host != 0) << "host ids start at 1";
  DRYWIRE_CHECK(!HasHost(host)) << "host " << host << " is added twice";
  if (host >= hosts_.size()) hosts_.resize(host + 1);
  hosts_[host].known = true;
  hosts_[host].name = std::string(name);
}

void Reachability::RemoveAddress(const Address& address, uint32_t host) {
  const auto owner = owners_.find(address);
  if (owner != owners_.end() && owner->second == host) owners_.erase(owner);
}

int Reachability::Partition(absl::Span<const uint32_t> from, absl::Span<const uint32_t> to,
                            bool one_way) {
  Cut cut{next_cut_++, one_way, std::vector<bool>(hosts_.size()), std::vector<bool>(hosts_.size())};
  const auto fill = [this](absl::Span<const uint32_t> hosts, std::vector<bool>& set) {
    for (const uint32_t host : hosts) {
      DRYWIRE_CHECK(HasHost(host)) << "no host " << host;
      set[host] = true;
    }
  };
  fill(from, cut.from);
  fill(to, cut.to);
  cuts_.push_back(std::move(cut));
  return cuts_.back().id;
}

bool Reachability::Heal(int partition) {
  for (auto cut = cuts_.begin(); cut != cuts_.end(); ++cut) {
    if (cut->id != partition) continue;
    cuts_.erase(cut);
    return true;
  }
  return false;
}

bool Reachability::Cut::Separates(uint32_t sender, uint32_t receiver) const {
  if (Contains(from, sender) && Contains(to, receiver)) return true;
  return !one_way && Contains(to, sender) && Contains(from, receiver);
}

uint32_t Reachability::OwnerOf(const Address& address) const {
  const auto owner = owners_.find(address);
  return owner == owners_.end() ? 0 : owner->second;
}

bool Reachability::IsCutSlow(uint32_t sender, uint32_t receiver, const Packet& packet) const {
  const uint32_t source = OwnerOf(packet.source);
  const uint32_t destination = OwnerOf(packet.destination);
  for (const Cut& cut : cuts_) {
    if (cut.Separates(sender, receiver) || cut.Separates(source, destination)) return true;
  }
  return false;
}

}  // namespace drywire
