#include "stack/socket/inet_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace drywire {
namespace {

uint64_t LoadBigEndian64(const uint8_t* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

void StoreBigEndian64(uint64_t value, uint8_t* bytes) {
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[i] = static_cast<uint8_t>(value);
}

Endpoint ReadInet(const RawAddress& address) {
  sockaddr_in in;
  std::memcpy(&in, &address.storage(), sizeof in);
  return Endpoint{Address::V4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port), 0};
}

Endpoint ReadInet6(const RawAddress& address) {
  sockaddr_in6 in;
  std::memcpy(&in, &address.storage(), sizeof in);
  const uint8_t* bytes = in.sin6_addr.s6_addr;
  // RFC 2133's structure of 24 bytes ends before the scope id.
  const bool has_scope = address.length() >= static_cast<int64_t>(sizeof in);
  const Address host = Address::V6(LoadBigEndian64(bytes), LoadBigEndian64(bytes + 8));
  // Elsewhere a scope id means nothing and is not looked at.
  const bool scoped = has_scope && NeedsScope(host);
  return Endpoint{host, ntohs(in.sin6_port), scoped ? in.sin6_scope_id : 0};
}

Result<> CheckFamily(const RawAddress& address, int domain, AddressUse use,
                     const AddressRules& rules) {
  if (address.family() == domain) return {};
  if (domain == AF_INET && address.family() == AF_UNSPEC) {
    if (use == AddressUse::kSend && rules.unspec_sends_as_inet) return {};
    const bool wildcard = address.length() >= 16 && ReadInet(address).address.IsUnspecified();
    if (use == AddressUse::kBind && rules.unspec_binds_as_inet && wildcard) return {};
  }
  return Cause::kAddressFamilyMismatch;
}

Result<> CheckLength(const RawAddress& address, int domain, const AddressRules& rules) {
  const int64_t size = domain == AF_INET ? rules.inet_length : rules.inet6_length;
  const bool fits = rules.exact_length ? address.length() == size : address.length() >= size;
  if (!fits) return Cause::kAddressLengthInvalid;
  return {};
}

}  // namespace

Result<> CheckClaimedLength(int64_t length, const SocketProfile& profile) {
  if (length < 0) return Cause::kAddressLengthInvalid;
  if (length > profile.address.max_length) return Cause::kAddressTooLong;
  if (length < profile.address.min_length) return Cause::kAddressLengthInvalid;
  return {};
}

Result<bool> IsDissolve(const RawAddress& address, const SocketProfile& profile) {
  if (address.length() < static_cast<int64_t>(sizeof(sa_family_t))) {
    return Cause::kAddressLengthInvalid;
  }
  return profile.address.unspec_dissolves && address.family() == AF_UNSPEC;
}

Result<Endpoint> DecodeInetAddress(const RawAddress& address, int domain, int type, AddressUse use,
                                   bool v6only, const SocketProfile& profile) {
  const AddressRules& rules = profile.address;
  if (domain == AF_INET6 && type == SOCK_DGRAM && address.family() == AF_INET &&
      use != AddressUse::kBind && rules.inet_on_inet6_datagram) {
    if (v6only) {
      return use == AddressUse::kSend ? Cause::kV6OnlyMapped : Cause::kAddressFamilyMismatch;
    }
    if (address.length() < rules.inet_length) return Cause::kAddressLengthInvalid;
    Endpoint endpoint = ReadInet(address);
    endpoint.address = endpoint.address.Mapped();
    return endpoint;
  }
  const Result<> family = CheckFamily(address, domain, use, rules);
  const Result<> length = CheckLength(address, domain, rules);
  const Result<>& first = rules.family_before_length ? family : length;
  const Result<>& second = rules.family_before_length ? length : family;
  if (!first.ok()) return first.cause();
  if (!second.ok()) {
    // Linux's udpv6_sendmsg has a switch over families of its own.
    const bool odd = use == AddressUse::kSend && domain == AF_INET6 && rules.inet_on_inet6_datagram;
    return odd ? Cause::kInvalidArgument : second.cause();
  }
  if (domain == AF_INET) return ReadInet(address);
  const Endpoint endpoint = ReadInet6(address);
  if (v6only && endpoint.address.IsV4Mapped()) return Cause::kV6OnlyMapped;
  return endpoint;
}

bool NeedsScope(const Address& address) {
  if (!address.is_v6()) return false;
  if (address.IsMulticast()) return (address.hi() >> 48 & 0xf) <= 2;
  return address.IsLinkLocal();
}

RawAddress EncodeInetAddress(const Endpoint& endpoint, int domain) {
  if (domain == AF_INET) {
    sockaddr_in in = {};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    in.sin_addr.s_addr = htonl(endpoint.address.has_value() ? endpoint.address.Unmapped().v4() : 0);
    return RawAddress(&in, sizeof in);
  }
  sockaddr_in6 in = {};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(endpoint.port);
  const Address address = endpoint.address.Mapped();
  StoreBigEndian64(address.hi(), in.sin6_addr.s6_addr);
  StoreBigEndian64(address.lo(), in.sin6_addr.s6_addr + 8);
  if (NeedsScope(address)) in.sin6_scope_id = endpoint.scope_id;
  return RawAddress(&in, sizeof in);
}

}  // namespace drywire
