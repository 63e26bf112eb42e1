#include "stack/ip/nft_parser.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "stack/ip/nft_names.h"
#include "stack/ip/nft_rule.h"

namespace drywire {
namespace {

constexpr absl::string_view kStatements =
    "add, insert, delete, flush, table, or a rule's chain (input, output, forward, connect)";
constexpr Hook kHooks[] = {Hook::kInput, Hook::kForward, Hook::kOutput, Hook::kConnect};

bool HookFromName(absl::string_view name, Hook& hook) {
  for (Hook h : kHooks) {
    if (HookName(h) == name) {
      hook = h;
      return true;
    }
  }
  return false;
}

bool IsName(const Word& word) {
  return !word.end && !word.text.empty() && absl::ascii_isalpha(word.text[0]);
}

}  // namespace

absl::Status Firewall::Load(absl::string_view text) {
  absl::StatusOr<std::vector<Word>> words = SplitWords(text, WordStyle::kNft);
  if (!words.ok()) return words.status();
  Firewall next = *this;
  if (absl::Status status = NftLoader(WordCursor(*std::move(words)), next).Run(); !status.ok()) {
    return status;
  }
  next.Index();
  *this = std::move(next);
  return absl::OkStatus();
}

absl::Status NftLoader::Run() {
  SkipSeparators();
  while (!words_.word().end) {
    if (absl::Status status = Statement(); !status.ok()) return status;
    if (!AtEnd()) return words_.Expected("the end of the statement");
    SkipSeparators();
  }
  return absl::OkStatus();
}

bool NftLoader::AtEnd() const { return words_.word().end || words_.Is("\n") || words_.Is(";"); }

void NftLoader::SkipSeparators() {
  while (words_.Take("\n") || words_.Take(";")) {
  }
}

absl::Status NftLoader::Statement() {
  Hook hook;
  if (words_.Take("nft")) {
  }  // as on a command line
  if (words_.Take("add")) return Add(/*create=*/false);
  if (words_.Take("create")) return Add(/*create=*/true);
  if (words_.Take("insert")) return Insert();
  if (words_.Take("delete")) return Remove(/*flush=*/false);
  if (words_.Take("flush")) return Remove(/*flush=*/true);
  if (words_.Take("table")) return TableBlock();
  if (HookFromName(words_.word().text, hook)) return ShortForm(hook);
  return words_.Expected(kStatements);
}

// --- names

absl::Status NftLoader::ReadName(absl::string_view what, std::string& name) {
  if (!IsName(words_.word())) return words_.Expected(what);
  name = std::string(words_.Next().text);
  return absl::OkStatus();
}

absl::Status NftLoader::ReadTable(TableName& table) {
  table.family = Family::kInet;  // nft's default
  if (words_.Take("inet")) {
    table.family = Family::kNone;
  } else if (words_.Take("ip6")) {
    table.family = Family::kInet6;
  } else if (!words_.Take("ip") &&
             (words_.Is("arp") || words_.Is("bridge") || words_.Is("netdev"))) {
    return words_.Expected("a family of which there is a model: inet, ip or ip6");
  }
  return ReadName("the name of a table", table.name);
}

FirewallChain* NftLoader::FindChain(const TableName& table, absl::string_view name) {
  for (FirewallChain& chain : firewall_.chains_) {
    if (chain.family == table.family && chain.table == table.name && chain.name == name) {
      return &chain;
    }
  }
  // The chains that need no declaration.
  Hook hook;
  if (table != TableName{Family::kNone, "filter"} || !HookFromName(name, hook)) return nullptr;
  FirewallChain chain;
  chain.table = "filter";
  chain.name = std::string(name);
  chain.hook = hook;
  firewall_.chains_.push_back(std::move(chain));
  return &firewall_.chains_.back();
}

absl::Status NftLoader::ReadChain(FirewallChain*& chain) {
  TableName table;
  if (absl::Status status = ReadTable(table); !status.ok()) return status;
  if (!IsName(words_.word())) return words_.Expected("the name of a chain");
  chain = FindChain(table, words_.word().text);
  if (chain == nullptr) {
    return words_.Expected(
        absl::StrCat("a chain that was declared in table ", table.name, " (add chain ...)"));
  }
  words_.Next();
  return absl::OkStatus();
}

// --- tables and chains

absl::Status NftLoader::Add(bool create) {
  if (words_.Take("rule")) {
    if (create) return words_.Expected("add rule: rules are not created");
    FirewallChain* chain = nullptr;
    if (absl::Status status = ReadChain(chain); !status.ok()) return status;
    size_t index = chain->rules.size();
    if (words_.Is("index") || words_.Is("handle") || words_.Is("position")) {
      if (absl::Status status = ReadHandle(*chain, index); !status.ok()) return status;
      ++index;  // after it
    }
    return AddRule(*chain, index);
  }
  TableName table;
  if (words_.Take("table")) return ReadTable(table);  // It exists with its first chain.
  if (!words_.Take("chain")) return words_.Expected("table, chain or rule");
  if (absl::Status status = ReadTable(table); !status.ok()) return status;
  std::string name;
  if (absl::Status status = ReadName("the name of a chain", name); !status.ok()) return status;
  if (!words_.Take("{")) {
    return words_.Expected("\"{ type filter hook ... }\": chains without a hook are not modelled");
  }
  if (absl::Status status = DeclareChain(table, name); !status.ok()) return status;
  SkipSeparators();
  if (!words_.Take("}")) return words_.Expected("\"}\"");
  return absl::OkStatus();
}

// "type filter hook input priority 0; policy drop;": the part of a chain before its rules.
absl::Status NftLoader::DeclareChain(const TableName& table, const std::string& name) {
  FirewallChain chain;
  chain.family = table.family;
  chain.table = table.name;
  chain.name = name;
  bool has_type = false;
  SkipSeparators();
  const Word first = words_.word();
  FirewallChain* existing = nullptr;
  for (FirewallChain& c : firewall_.chains_) {
    if (c.family == table.family && c.table == table.name && c.name == name) existing = &c;
  }
  if (words_.Is("type")) {
    if (absl::Status status = ReadChainHead(chain, has_type); !status.ok()) return status;
    SkipSeparators();
  }
  if (existing == nullptr && !has_type) {
    existing = FindChain(table, name);  // perhaps one that needs no declaration
    if (existing == nullptr) {
      return WordError(first, true, "type filter hook ...: a chain without a hook is not modelled");
    }
  }
  if (existing == nullptr) {
    firewall_.chains_.push_back(std::move(chain));
    existing = &firewall_.chains_.back();
  } else if (has_type) {
    if (existing->hook != chain.hook) {
      return WordError(first, true,
                       absl::StrCat("hook ", HookName(existing->hook), ", as declared before"));
    }
    existing->priority = chain.priority;
  }
  if (words_.Is("policy")) return ReadPolicy(*existing);
  return absl::OkStatus();
}

absl::Status NftLoader::ReadChainHead(FirewallChain& chain, bool& is_new) {
  words_.Take("type");
  if (!words_.Take("filter")) return words_.Expected("filter: other types are not modelled");
  if (!words_.Take("hook")) return words_.Expected("hook");
  if (!HookFromName(words_.word().text, chain.hook)) {
    return words_.Expected("a hook that is modelled: input, output, forward or connect");
  }
  words_.Next();
  if (!words_.Take("priority")) return words_.Expected("priority");
  is_new = true;
  return ReadPriority(chain.priority);
}

absl::Status NftLoader::ReadPriority(int& priority) {
  constexpr struct {
    absl::string_view name;
    int value;
  } kNames[] = {{"raw", -300}, {"mangle", -150}, {"dstnat", -100},
                {"filter", 0}, {"security", 50}, {"srcnat", 100}};
  for (const auto& entry : kNames) {
    if (!words_.Take(entry.name)) continue;
    priority = entry.value;
    const int sign = words_.Take("+") ? 1 : words_.Take("-") ? -1 : 0;
    if (sign == 0) return absl::OkStatus();
    int offset = 0;
    if (!absl::SimpleAtoi(words_.word().text, &offset)) return words_.Expected("a number");
    words_.Next();
    priority += sign * offset;
    return absl::OkStatus();
  }
  if (!absl::SimpleAtoi(words_.word().text, &priority)) {
    return words_.Expected("a number, raw, mangle, dstnat, filter, security or srcnat");
  }
  words_.Next();
  return absl::OkStatus();
}

absl::Status NftLoader::ReadPolicy(FirewallChain& chain) {
  words_.Take("policy");
  if (words_.Take("accept")) {
    chain.policy = FirewallVerdict::kAccept;
  } else if (words_.Is("drop") && chain.hook != Hook::kConnect) {
    words_.Next();
    chain.policy = FirewallVerdict::kDrop;
  } else {
    return words_.Expected(chain.hook == Hook::kConnect ? "accept" : "accept or drop");
  }
  return absl::OkStatus();
}

absl::Status NftLoader::TableBlock() {
  TableName table;
  if (absl::Status status = ReadTable(table); !status.ok()) return status;
  if (!words_.Take("{")) return words_.Expected("\"{\"");
  for (SkipSeparators(); !words_.Take("}"); SkipSeparators()) {
    if (!words_.Take("chain")) return words_.Expected("chain or \"}\"");
    if (absl::Status status = ChainBlock(table); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status NftLoader::ChainBlock(const TableName& table) {
  std::string name;
  if (absl::Status status = ReadName("the name of a chain", name); !status.ok()) return status;
  if (!words_.Take("{")) return words_.Expected("\"{\"");
  if (absl::Status status = DeclareChain(table, name); !status.ok()) return status;
  FirewallChain& chain = *FindChain(table, name);
  for (SkipSeparators(); !words_.Take("}"); SkipSeparators()) {
    if (words_.word().end) return words_.Expected("\"}\"");
    if (absl::Status status = AddRule(chain, chain.rules.size()); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// --- rules

absl::Status NftLoader::AddRule(FirewallChain& chain, size_t index) {
  FirewallRule rule;
  absl::Status status = ParseNftRule(words_, chain.family, chain.hook, rule);
  if (!status.ok()) return status;
  rule.handle = firewall_.next_handle_++;
  chain.rules.insert(chain.rules.begin() + static_cast<std::ptrdiff_t>(index), std::move(rule));
  return absl::OkStatus();
}

absl::Status NftLoader::Insert() {
  if (!words_.Take("rule")) return words_.Expected("rule");
  FirewallChain* chain = nullptr;
  if (absl::Status status = ReadChain(chain); !status.ok()) return status;
  size_t index = 0;
  if (words_.Is("index") || words_.Is("handle") || words_.Is("position")) {
    if (absl::Status status = ReadHandle(*chain, index); !status.ok()) return status;
  }
  return AddRule(*chain, index);
}

absl::Status NftLoader::ReadHandle(const FirewallChain& chain, size_t& index) {
  const bool by_index = words_.Next().text == "index";
  uint64_t number = 0;
  if (absl::SimpleAtoi(words_.word().text, &number)) {
    for (size_t i = 0; i < chain.rules.size(); ++i) {
      if (by_index ? i == number : chain.rules[i].handle == number) {
        index = i;
        words_.Next();
        return absl::OkStatus();
      }
    }
  }
  return words_.Expected(
      absl::StrCat("the ", by_index ? "index" : "handle", " of a rule of chain ", chain.name));
}

absl::Status NftLoader::ShortForm(Hook hook) {
  words_.Next();
  FirewallChain& chain = *FindChain({Family::kNone, "filter"}, HookName(hook));
  return AddRule(chain, chain.rules.size());
}

absl::Status NftLoader::Remove(bool flush) {
  std::vector<FirewallChain>& chains = firewall_.chains_;
  if (flush && words_.Take("ruleset")) {
    chains.clear();
    return absl::OkStatus();
  }
  if (!flush && words_.Take("rule")) {
    FirewallChain* chain = nullptr;
    if (absl::Status status = ReadChain(chain); !status.ok()) return status;
    if (!words_.Is("handle")) return words_.Expected("handle");
    size_t index = 0;
    if (absl::Status status = ReadHandle(*chain, index); !status.ok()) return status;
    chain->rules.erase(chain->rules.begin() + static_cast<std::ptrdiff_t>(index));
    return absl::OkStatus();
  }
  if (words_.Take("chain")) {
    FirewallChain* chain = nullptr;
    if (absl::Status status = ReadChain(chain); !status.ok()) return status;
    if (flush) {
      chain->rules.clear();
    } else {
      chains.erase(chains.begin() + (chain - chains.data()));
    }
    return absl::OkStatus();
  }
  if (!words_.Take("table")) {
    return words_.Expected(flush ? "ruleset, table or chain" : "table, chain or rule");
  }
  TableName table;
  if (absl::Status status = ReadTable(table); !status.ok()) return status;
  const auto of_table = [&](const FirewallChain& chain) {
    return chain.family == table.family && chain.table == table.name;
  };
  for (FirewallChain& chain : chains) {
    if (of_table(chain)) chain.rules.clear();
  }
  if (!flush) std::erase_if(chains, of_table);
  return absl::OkStatus();
}

}  // namespace drywire
