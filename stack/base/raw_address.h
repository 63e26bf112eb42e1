// A socket address as the caller handed it in: bytes, and the length that was claimed.
//
// The order in which length, family and content are judged is part of what differs between
// systems, so nothing is decoded before the socket that receives it does so.
#ifndef DRYWIRE_STACK_BASE_RAW_ADDRESS_H_
#define DRYWIRE_STACK_BASE_RAW_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>
#include <cstring>

#include "absl/types/span.h"

namespace drywire {

class RawAddress {
 public:
  RawAddress() = default;
  // Copies min(length, sizeof(sockaddr_storage)) bytes; `length` itself is kept as given, so that a
  // socket can refuse one that is too long or negative.
  RawAddress(const void* address, int64_t length) : length_(length) {
    if (length > 0) std::memcpy(&storage_, address, copied());
  }

  int64_t length() const { return length_; }
  bool empty() const { return length_ == 0; }
  // The bytes that were copied: never more than sizeof(sockaddr_storage) of them.
  absl::Span<const uint8_t> bytes() const {
    return {reinterpret_cast<const uint8_t*>(&storage_), copied()};
  }
  // AF_UNSPEC when the address is too short to hold a family.
  sa_family_t family() const {
    return length_ >= static_cast<int64_t>(sizeof(sa_family_t)) ? storage_.ss_family : AF_UNSPEC;
  }
  const sockaddr_storage& storage() const { return storage_; }

 private:
  size_t copied() const {
    if (length_ <= 0) return 0;
    return length_ < static_cast<int64_t>(sizeof storage_) ? static_cast<size_t>(length_)
                                                           : sizeof storage_;
  }

  sockaddr_storage storage_ = {};
  int64_t length_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_RAW_ADDRESS_H_
