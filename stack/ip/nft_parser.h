// Statements of nft(8): tables, chains and the placing of rules.
//
//   add|create table [FAMILY] TABLE             table [FAMILY] TABLE { chain ... { ... } }
//   add|create chain [FAMILY] TABLE CHAIN [{ type filter hook HOOK priority P; [policy V;] }]
//   add|insert rule [FAMILY] TABLE CHAIN [index N | handle N] RULE
//   delete rule [FAMILY] TABLE CHAIN handle N
//   delete|flush table|chain ..., flush ruleset
//   input|output|forward|connect RULE           (ours: the same chain of table inet filter)
//
// FAMILY is inet, ip or ip6 (ip when left out, as in nft). The table inet filter with chains
// named like the hooks, priority 0 and policy accept, need not be declared. Hooks are input,
// output, forward and, ours, connect; base chains only; type filter only. RULE: see nft_rule.h.
#ifndef DRYWIRE_STACK_IP_NFT_PARSER_H_
#define DRYWIRE_STACK_IP_NFT_PARSER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "stack/ip/firewall.h"
#include "stack/ip/statement.h"

namespace drywire {

// Executes the statements of one text on a firewall, up to the first error.
class NftLoader {
 public:
  NftLoader(WordCursor words, Firewall& firewall) : words_(std::move(words)), firewall_(firewall) {}

  absl::Status Run();

 private:
  struct TableName {
    Family family = Family::kNone;  // kNone: inet
    std::string name;
    friend bool operator==(const TableName&, const TableName&) = default;
  };

  bool AtEnd() const;
  void SkipSeparators();
  absl::Status Statement();
  absl::Status Add(bool create);
  absl::Status Insert();
  absl::Status Remove(bool flush);
  absl::Status TableBlock();
  absl::Status ChainBlock(const TableName& table);
  absl::Status ShortForm(Hook hook);

  absl::Status ReadTable(TableName& table);
  absl::Status ReadName(absl::string_view what, std::string& name);
  absl::Status ReadChain(FirewallChain*& chain);
  absl::Status ReadChainHead(FirewallChain& chain, bool& is_new);
  absl::Status ReadPriority(int& priority);
  absl::Status ReadPolicy(FirewallChain& chain);
  absl::Status ReadHandle(const FirewallChain& chain, size_t& index);
  absl::Status DeclareChain(const TableName& table, const std::string& name);
  absl::Status AddRule(FirewallChain& chain, size_t index);

  FirewallChain* FindChain(const TableName& table, absl::string_view name);

  WordCursor words_;
  Firewall& firewall_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_NFT_PARSER_H_
