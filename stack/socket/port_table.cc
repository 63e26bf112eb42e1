#include "stack/socket/port_table.h"

#include <algorithm>
#include <utility>

#include "sim/core/check.h"

namespace drywire {

namespace {

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

}  // namespace drywire
