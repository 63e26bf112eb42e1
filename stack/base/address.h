// IP addresses and prefixes of both families as values.
//
// An Address is IPv4, IPv6 or absent; a v4-mapped IPv6 address (RFC 4291 2.5.5.2) stays IPv6 until
// Unmapped() is asked for. Scope ids belong to endpoints and interfaces, not to addresses.
// Sources: RFC 4291, RFC 6890, RFC 1122 3.2.1.3.
#ifndef DRYWIRE_STACK_BASE_ADDRESS_H_
#define DRYWIRE_STACK_BASE_ADDRESS_H_

#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace drywire {

enum class Family : uint8_t { kNone = 0, kInet = 4, kInet6 = 6 };

class Address {
 public:
  constexpr Address() = default;
  // `bits` in host order: 127.0.0.1 is 0x7f000001.
  static constexpr Address V4(uint32_t bits) { return Address(Family::kInet, 0, bits); }
  static constexpr Address V4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return V4(uint32_t{a} << 24 | uint32_t{b} << 16 | uint32_t{c} << 8 | d);
  }
  // `hi` holds the first eight bytes on the wire, big-endian as a number.
  static constexpr Address V6(uint64_t hi, uint64_t lo) { return Address(Family::kInet6, hi, lo); }
  // The unspecified address (0.0.0.0 or ::) of a family.
  static constexpr Address Any(Family family) { return Address(family, 0, 0); }
  static constexpr Address Loopback(Family family) {
    return family == Family::kInet ? V4(127, 0, 0, 1) : V6(0, 1);
  }
  static constexpr Address LimitedBroadcast() { return V4(0xffffffffu); }
  // "192.0.2.1" or "2001:db8::1"; a scope suffix ("%eth0") is an error here.
  static absl::StatusOr<Address> Parse(absl::string_view text);

  constexpr Family family() const { return family_; }
  constexpr bool is_v4() const { return family_ == Family::kInet; }
  constexpr bool is_v6() const { return family_ == Family::kInet6; }
  // Number of bits in an address of this family: 32, 128 or 0.
  constexpr int width() const { return is_v4() ? 32 : is_v6() ? 128 : 0; }
  constexpr uint32_t v4() const { return static_cast<uint32_t>(lo_); }
  constexpr uint64_t hi() const { return hi_; }
  constexpr uint64_t lo() const { return lo_; }

  constexpr bool has_value() const { return family_ != Family::kNone; }
  constexpr bool IsUnspecified() const { return has_value() && hi_ == 0 && lo_ == 0; }
  constexpr bool IsLoopback() const {
    return is_v4() ? (lo_ >> 24) == 127 : is_v6() && hi_ == 0 && lo_ == 1;
  }
  constexpr bool IsMulticast() const {
    return is_v4() ? (lo_ >> 28) == 0xe : is_v6() && (hi_ >> 56) == 0xff;
  }
  constexpr bool IsLimitedBroadcast() const { return is_v4() && lo_ == 0xffffffffu; }
  // 169.254.0.0/16 or fe80::/10.
  constexpr bool IsLinkLocal() const {
    return is_v4() ? (lo_ >> 16) == 0xa9fe : is_v6() && (hi_ >> 54) == (0xfe80u >> 6);
  }
  constexpr bool IsV4Mapped() const { return is_v6() && hi_ == 0 && (lo_ >> 32) == 0xffff; }
  // The IPv4 address inside a v4-mapped one; any other address is returned as it is.
  constexpr Address Unmapped() const {
    return IsV4Mapped() ? V4(static_cast<uint32_t>(lo_)) : *this;
  }
  // ::ffff:a.b.c.d for an IPv4 address; any other address is returned as it is.
  constexpr Address Mapped() const { return is_v4() ? V6(0, 0xffff00000000u | lo_) : *this; }

  // RFC 5952 text; "-" for an absent address.
  std::string ToString() const;

  friend constexpr bool operator==(const Address& a, const Address& b) {
    // Every packet is compared with some: no branches.
    return ((a.lo_ ^ b.lo_) | (a.hi_ ^ b.hi_) |
            (static_cast<uint64_t>(a.family_) ^ static_cast<uint64_t>(b.family_))) == 0;
  }
  // Family first, then numeric; a total order for ordered containers.
  friend constexpr std::strong_ordering operator<=>(const Address& a, const Address& b) {
    if (a.family_ != b.family_) return a.family_ <=> b.family_;
    if (a.hi_ != b.hi_) return a.hi_ <=> b.hi_;
    return a.lo_ <=> b.lo_;
  }
  template <typename H>
  friend H AbslHashValue(H h, const Address& a) {
    return H::combine(std::move(h), a.family_, a.hi_, a.lo_);
  }

 private:
  constexpr Address(Family family, uint64_t hi, uint64_t lo) : hi_(hi), lo_(lo), family_(family) {}

  uint64_t hi_ = 0;
  uint64_t lo_ = 0;
  Family family_ = Family::kNone;  // last: what follows it in an Endpoint shares its word
};

// An address with a prefix length, as on an interface or in a route.
struct Prefix {
  Address address;
  int length = 0;

  // "10.0.0.1/24", or a bare address, which is a host prefix.
  static absl::StatusOr<Prefix> Parse(absl::string_view text);
  // Whether `other` is of the same family and shares the first `length` bits.
  bool Contains(const Address& other) const;
  // The address with the host bits cleared.
  Address Network() const;
  // The IPv4 subnet-directed broadcast address; absent for IPv6 and for /31 and /32.
  Address Broadcast() const;
  std::string ToString() const;

  friend bool operator==(const Prefix&, const Prefix&) = default;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_ADDRESS_H_
