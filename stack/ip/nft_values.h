// The right-hand sides of nft(8) conditions: values, ranges, prefixes, sets, flags, rates.
#ifndef DRYWIRE_STACK_IP_NFT_VALUES_H_
#define DRYWIRE_STACK_IP_NFT_VALUES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "stack/ip/firewall.h"
#include "stack/ip/nft_names.h"
#include "stack/ip/statement.h"

namespace drywire {

// How the values of a field are written.
struct ValueSyntax {
  absl::Span<const NftName> names;  // besides numbers
  uint32_t max = UINT32_MAX;
  std::string expected;  // for messages
};

// Each reads an operator, if there is one, and the values into `match`.
absl::Status ParseAddresses(WordCursor& words, Match& match);  // of match.family
absl::Status ParseNumbers(WordCursor& words, const ValueSyntax& syntax, Match& match);
absl::Status ParseInterfaceNames(WordCursor& words, Match& match);
absl::Status ParseTcpFlags(WordCursor& words, Match& match);

// One or more bits, added to `bits`: "syn", "syn|ack", "(syn | ack)".
absl::Status ParseBits(WordCursor& words, absl::Span<const NftName> names, uint32_t& bits);
// What follows the word limit.
absl::Status ParseLimit(WordCursor& words, RateLimit& limit);

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_NFT_VALUES_H_
