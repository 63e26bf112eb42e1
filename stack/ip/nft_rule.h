// One rule in the syntax of nft(8): conditions, statements, verdict.
//
//   ip|ip6 saddr|daddr, ip protocol|ttl|length, ip6 nexthdr|hoplimit|length
//   tcp sport|dport|flags, udp|th sport|dport, icmp|icmpv6 type|code
//   meta l4proto|nfproto|length|skuid|iifname|oifname (meta is optional for the interface names)
//   ct state new,established,related,invalid,untracked
//   limit rate [over] N[/ ]UNIT [burst M packets], also kbytes and mbytes; counter; comment "..."
//   accept | drop | reject [with icmp|icmpv6|icmpx [type] NAME | with tcp reset]
//   deny eperm|eacces           (ours, in chains of hook connect)
//
// Values are single, ranges (80-90), prefixes, or sets ({ 22, 80-90 }), with ==, != or, for
// numbers, < > <= >=. As in nft, `tcp flags syn` asks for the bit, `tcp flags == syn` and
// `tcp flags & (syn|ack) == syn` for exact values.
// Everything else of nft(8) (marks, sets by name, maps, jumps, numgen, log, queue, nat, ...) is an
// error that names the word, its place, and what could stand there.
#ifndef DRYWIRE_STACK_IP_NFT_RULE_H_
#define DRYWIRE_STACK_IP_NFT_RULE_H_

#include "absl/status/status.h"
#include "stack/base/address.h"
#include "stack/ip/firewall.h"
#include "stack/ip/statement.h"

namespace drywire {

// Reads a rule up to the end of the line, ';' or '}', which stays. `family` is the table's, kNone
// for inet.
absl::Status ParseNftRule(WordCursor& words, Family family, Hook hook, FirewallRule& rule);

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_NFT_RULE_H_
