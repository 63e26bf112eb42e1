#include "stack/ip/nft_names.h"

#include "absl/strings/str_cat.h"
#include "stack/ip/conntrack.h"
#include "stack/ip/replies.h"
#include "stack/wire/icmp.h"
#include "stack/wire/segment.h"

namespace drywire {
namespace {

constexpr NftName kProtocols[] = {
    {"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmpv6", 58}, {"ipv6-icmp", 58}};
constexpr NftName kTcpFlags[] = {{"fin", kFin}, {"syn", kSyn}, {"rst", kRst}, {"psh", kPsh},
                                 {"ack", kAck}, {"urg", kUrg}, {"ecn", kEce}, {"cwr", kCwr}};
constexpr NftName kCtStates[] = {{"new", kCtNew},
                                 {"established", kCtEstablished},
                                 {"related", kCtRelated},
                                 {"invalid", kCtInvalid},
                                 {"untracked", kCtUntracked}};
constexpr NftName kIcmpTypes[] = {
    {"echo-reply", 0},   {"destination-unreachable", 3}, {"source-quench", 4},     {"redirect", 5},
    {"echo-request", 8}, {"time-exceeded", 11},          {"parameter-problem", 12}};
constexpr NftName kIcmpV6Types[] = {{"destination-unreachable", 1}, {"packet-too-big", 2},
                                    {"time-exceeded", 3},           {"parameter-problem", 4},
                                    {"echo-request", 128},          {"echo-reply", 129}};
constexpr NftName kIcmpCodes[] = {{"net-unreachable", 0},  {"host-unreachable", 1},
                                  {"prot-unreachable", 2}, {"port-unreachable", 3},
                                  {"frag-needed", 4},      {"net-prohibited", 9},
                                  {"host-prohibited", 10}, {"admin-prohibited", 13}};
constexpr NftName kIcmpV6Codes[] = {{"no-route", 0},         {"admin-prohibited", 1},
                                    {"addr-unreachable", 3}, {"port-unreachable", 4},
                                    {"policy-fail", 5},      {"reject-route", 6}};
constexpr NftName kIcmpXCodes[] = {
    {"no-route", static_cast<uint32_t>(Unreachable::kNoRoute)},
    {"port-unreachable", static_cast<uint32_t>(Unreachable::kPort)},
    {"host-unreachable", static_cast<uint32_t>(Unreachable::kHost)},
    {"admin-prohibited", static_cast<uint32_t>(Unreachable::kAdminProhibited)}};

}  // namespace

absl::Span<const NftName> NftProtocols() { return kProtocols; }
absl::Span<const NftName> NftTcpFlags() { return kTcpFlags; }
absl::Span<const NftName> NftCtStates() { return kCtStates; }
absl::Span<const NftName> NftIcmpTypes() { return kIcmpTypes; }
absl::Span<const NftName> NftIcmpV6Types() { return kIcmpV6Types; }
absl::Span<const NftName> NftIcmpCodes() { return kIcmpCodes; }
absl::Span<const NftName> NftIcmpV6Codes() { return kIcmpV6Codes; }
absl::Span<const NftName> NftIcmpXCodes() { return kIcmpXCodes; }

const NftName* FindNftName(absl::Span<const NftName> names, absl::string_view name) {
  for (const NftName& entry : names) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::string ListNftNames(absl::Span<const NftName> names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i].name);
  }
  return out;
}

}  // namespace drywire
