#include "stack/ip/source_select.h"

#include <algorithm>

namespace drywire {
namespace {

Address SelectV4(const std::vector<Interface>& interfaces, const Interface& out,
                 const Address& next_hop) {
  const Address* first = nullptr;
  for (const Prefix& p : out.addresses) {
    if (!p.address.is_v4()) continue;
    if (p.Contains(next_hop)) return p.address;
    if (first == nullptr) first = &p.address;
  }
  if (first != nullptr) return *first;
  for (const Interface& other : interfaces) {
    if (other.loopback || !other.up) continue;
    for (const Prefix& p : other.addresses) {
      if (p.address.is_v4()) return p.address;
    }
  }
  return Address();
}

struct Candidate {
  Address address;
  int prefix_length = 0;
  bool on_out = false;
};

// Whether `a` is a better source for `destination` than `b`, which came first (RFC 6724 5).
bool Better(const Candidate& a, const Candidate& b, const Address& destination) {
  // Rule 1: the destination itself.
  if ((a.address == destination) != (b.address == destination)) return a.address == destination;
  // Rule 2: the appropriate scope.
  const int scope = AddressScope(destination);
  const int scope_a = AddressScope(a.address);
  const int scope_b = AddressScope(b.address);
  if (scope_a != scope_b) return scope_a < scope_b ? scope_a >= scope : scope_b < scope;
  // Rule 5: the outgoing interface.
  if (a.on_out != b.on_out) return a.on_out;
  // Rule 6: the matching label.
  const int label = AddressLabel(destination);
  const bool label_a = AddressLabel(a.address) == label;
  const bool label_b = AddressLabel(b.address) == label;
  if (label_a != label_b) return label_a;
  // Rule 8: the longest matching prefix, which does not look beyond the source's own.
  return std::min(CommonPrefixLength(a.address, destination), a.prefix_length) >
         std::min(CommonPrefixLength(b.address, destination), b.prefix_length);
}

Address SelectV6(const std::vector<Interface>& interfaces, const Interface& out,
                 const Address& destination) {
  // RFC 6724 4: for link-local and multicast destinations the source is on the same link.
  const bool only_out = destination.IsMulticast() || destination.IsLinkLocal();
  Candidate best;
  for (const Interface& interface : interfaces) {
    const bool on_out = interface.index == out.index;
    if ((only_out && !on_out) || !interface.up) continue;
    for (const Prefix& p : interface.addresses) {
      if (!p.address.is_v6()) continue;
      const Candidate candidate{p.address, p.length, on_out};
      if (!best.address.has_value() || Better(candidate, best, destination)) best = candidate;
    }
  }
  return best.address;
}

}  // namespace

int AddressScope(const Address& address) {
  if (address.is_v6() && address.IsMulticast()) {
    return static_cast<int>(address.hi() >> 48 & 0xf);
  }
  if (address.IsLoopback() || address.IsLinkLocal()) return 2;
  if (address.is_v6() && address.hi() >> 54 == 0xfec0u >> 6) return 5;
  return 14;
}

int AddressLabel(const Address& a) {
  if (a.IsLoopback()) return 0;
  if (a.IsV4Mapped()) return 4;
  const uint64_t top16 = a.hi() >> 48;
  if (top16 == 0x2002) return 2;
  if (a.hi() >> 32 == 0x20010000) return 5;
  if (top16 >> 9 == 0xfc00u >> 9) return 13;
  if (a.hi() == 0 && a.lo() >> 32 == 0) return 3;
  if (top16 >> 6 == 0xfec0u >> 6) return 11;
  if (top16 == 0x3ffe) return 12;
  return 1;
}

int CommonPrefixLength(const Address& a, const Address& b) {
  if (a.hi() != b.hi()) return __builtin_clzll(a.hi() ^ b.hi());
  if (a.lo() != b.lo()) return 64 + __builtin_clzll(a.lo() ^ b.lo());
  return 128;
}

Address SelectSource(const std::vector<Interface>& interfaces, const Interface& out,
                     const Address& destination, const Address& next_hop) {
  if (destination.is_v4()) return SelectV4(interfaces, out, next_hop);
  return SelectV6(interfaces, out, destination);
}

}  // namespace drywire
