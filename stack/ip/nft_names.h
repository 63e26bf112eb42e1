// The symbolic values of nft(8): protocols, flags, ICMP types and codes, connection states.
#ifndef DRYWIRE_STACK_IP_NFT_NAMES_H_
#define DRYWIRE_STACK_IP_NFT_NAMES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace drywire {

struct NftName {
  absl::string_view name;
  uint32_t value;
};

absl::Span<const NftName> NftProtocols();
absl::Span<const NftName> NftTcpFlags();
absl::Span<const NftName> NftCtStates();
absl::Span<const NftName> NftIcmpTypes();
absl::Span<const NftName> NftIcmpV6Types();
// Codes of destination unreachable.
absl::Span<const NftName> NftIcmpCodes();
absl::Span<const NftName> NftIcmpV6Codes();
absl::Span<const NftName> NftIcmpXCodes();  // values of enum Unreachable

// Null if the name is not there.
const NftName* FindNftName(absl::Span<const NftName> names, absl::string_view name);
// "syn, ack or rst", for messages.
std::string ListNftNames(absl::Span<const NftName> names);

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_NFT_NAMES_H_
