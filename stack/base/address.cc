#include "stack/base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

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

}  // namespace

absl::StatusOr<Address> Address::Parse(absl::string_view text) {
  const std::string terminated(text);
  // A NUL inside would end the text for inet_pton and hide what follows.
  if (terminated.find('\0') == std::string::npos) {
    in_addr v4;
    if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return V4(ntohl(v4.s_addr));
    in6_addr v6;
    if (inet_pton(AF_INET6, terminated.c_str(), &v6) == 1) {
      return V6(LoadBigEndian64(v6.s6_addr), LoadBigEndian64(v6.s6_addr + 8));
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not an IPv4 or IPv6 address"));
}

std::string Address::ToString() const {
  char text[INET6_ADDRSTRLEN];
  if (is_v4()) {
    const in_addr v4{htonl(this->v4())};
    return inet_ntop(AF_INET, &v4, text, sizeof text);
  }
  if (is_v6()) {
    in6_addr v6;
    StoreBigEndian64(hi_, v6.s6_addr);
    StoreBigEndian64(lo_, v6.s6_addr + 8);
    return inet_ntop(AF_INET6, &v6, text, sizeof text);
  }
  return "-";
}

absl::StatusOr<Prefix> Prefix::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  absl::StatusOr<Address> address = Address::Parse(text.substr(0, slash));
  if (!address.ok()) return address.status();
  int length = address->width();
  if (slash != absl::string_view::npos) {
    const absl::string_view digits = text.substr(slash + 1);
    const bool numeric = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
      return c >= '0' && c <= '9';
    });
    if (!numeric || !absl::SimpleAtoi(digits, &length) || length > address->width()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", text, "\": the prefix length must be a number from 0 to ", address->width()));
    }
  }
  return Prefix{*address, length};
}

Address Prefix::Network() const {
  if (address.is_v4()) {
    return Address::V4(length == 0 ? 0 : address.v4() & (~uint32_t{0} << (32 - length)));
  }
  if (!address.is_v6()) return address;
  const uint64_t hi_mask = length == 0    ? 0
                           : length >= 64 ? ~uint64_t{0}
                                          : ~uint64_t{0} << (64 - length);
  const uint64_t lo_mask = length <= 64 ? 0 : ~uint64_t{0} << (128 - length);
  return Address::V6(address.hi() & hi_mask, address.lo() & lo_mask);
}

bool Prefix::Contains(const Address& other) const {
  return other.family() == address.family() && Prefix{other, length}.Network() == Network();
}

Address Prefix::Broadcast() const {
  if (!address.is_v4() || length > 30) return Address();
  const uint32_t host_bits = length == 0 ? ~uint32_t{0} : ~(~uint32_t{0} << (32 - length));
  return Address::V4(address.v4() | host_bits);
}

std::string Prefix::ToString() const { return absl::StrCat(address.ToString(), "/", length); }

}  // namespace drywire
