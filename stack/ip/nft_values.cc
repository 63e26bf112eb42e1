#include "stack/ip/nft_values.h"

#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace drywire {
namespace {

constexpr absl::string_view kRateExpected = "a rate such as 10/second or 1 mbytes/minute";
constexpr uint64_t kMaxBurst = 1000000;

// ==, != and, for ordered values, comparisons; "" if there is none.
absl::string_view TakeOperator(WordCursor& words, bool ordered) {
  for (absl::string_view op : {"==", "!=", "<=", ">=", "<", ">"}) {
    if (!ordered && (op[0] == '<' || op[0] == '>')) continue;
    if (words.Take(op)) return op;
  }
  if (words.Take("eq")) return "==";
  if (words.Take("ne")) return "!=";
  return "";
}

void SkipLines(WordCursor& words) {
  while (words.Take("\n")) {
  }
}

// Calls `one` for the single value or for each of the set.
absl::Status OneOrSet(WordCursor& words, absl::FunctionRef<absl::Status()> one) {
  if (!words.Take("{")) return one();
  do {
    SkipLines(words);
    if (absl::Status status = one(); !status.ok()) return status;
    SkipLines(words);
  } while (words.Take(","));
  if (!words.Take("}")) return words.Expected("\",\" or \"}\"");
  return absl::OkStatus();
}

Address LastOf(const Prefix& prefix) {
  const Address network = prefix.Network();
  const auto ones = [](int bits) { return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; };
  const int host_bits = network.width() - prefix.length;
  if (network.is_v4()) return Address::V4(network.v4() | static_cast<uint32_t>(ones(host_bits)));
  return Address::V6(network.hi() | ones(host_bits > 64 ? host_bits - 64 : 0),
                     network.lo() | ones(host_bits > 64 ? 64 : host_bits));
}

bool ReadAddressRange(absl::string_view text, Family family, Match::Range& range) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  if (ends.second.empty()) {
    const absl::StatusOr<Prefix> prefix = Prefix::Parse(text);
    if (!prefix.ok() || prefix->address.family() != family) return false;
    range.low_address = prefix->Network();
    range.high_address = LastOf(*prefix);
    return true;
  }
  const absl::StatusOr<Address> low = Address::Parse(ends.first);
  const absl::StatusOr<Address> high = Address::Parse(ends.second);
  if (!low.ok() || !high.ok()) return false;
  range.low_address = *low;
  range.high_address = *high;
  return low->family() == family && high->family() == family && *low <= *high;
}

bool ReadNumber(const ValueSyntax& syntax, absl::string_view text, uint32_t& out) {
  if (const NftName* name = FindNftName(syntax.names, text)) {
    out = name->value;
    return true;
  }
  uint64_t value = 0;
  if (!absl::SimpleAtoi(text, &value) || value > syntax.max) return false;
  out = static_cast<uint32_t>(value);
  return true;
}

bool ReadNumberRange(const ValueSyntax& syntax, absl::string_view text, Match::Range& range) {
  const size_t dash = text.find('-');
  if (dash == text.npos || FindNftName(syntax.names, text) != nullptr) {
    if (!ReadNumber(syntax, text, range.low)) return false;
    range.high = range.low;
    return true;
  }
  return ReadNumber(syntax, text.substr(0, dash), range.low) &&
         ReadNumber(syntax, text.substr(dash + 1), range.high) && range.low <= range.high;
}

// "< 1024" and its relatives as a range.
absl::Status ParseComparison(WordCursor& words, absl::string_view op, const ValueSyntax& syntax,
                             Match& match) {
  uint32_t bound = 0;
  if (!ReadNumber(syntax, words.word().text, bound)) return words.Expected(syntax.expected);
  if ((op == "<" && bound == 0) || (op == ">" && bound == UINT32_MAX)) {
    return words.Expected("a value that something can be compared with");
  }
  Match::Range range;
  range.high = UINT32_MAX;
  if (op == "<") range.high = bound - 1;
  if (op == "<=") range.high = bound;
  if (op == ">") range.low = bound + 1;
  if (op == ">=") range.low = bound;
  match.ranges.push_back(range);
  words.Next();
  return absl::OkStatus();
}

absl::Status AddFlagValue(WordCursor& words, Match& match) {
  Match::Range range;
  if (!words.Take("0")) {
    if (absl::Status status = ParseBits(words, NftTcpFlags(), range.low); !status.ok()) {
      return status;
    }
  }
  range.high = range.low;
  match.ranges.push_back(range);
  return absl::OkStatus();
}

absl::Status ParseBitList(WordCursor& words, absl::Span<const NftName> names, uint32_t& bits) {
  do {
    if (absl::Status status = ParseBits(words, names, bits); !status.ok()) return status;
  } while (words.Take(","));
  return absl::OkStatus();
}

// "10/second" or "10 kbytes/second".
absl::Status ParseRate(WordCursor& words, RateLimit& limit) {
  using Pair = std::pair<absl::string_view, absl::string_view>;
  Pair rate = absl::StrSplit(words.word().text, absl::MaxSplits('/', 1));
  if (!absl::SimpleAtoi(rate.first, &limit.rate) || limit.rate == 0 || limit.rate > UINT32_MAX) {
    return words.Expected(kRateExpected);
  }
  if (rate.second.empty()) {
    words.Next();
    rate = Pair(absl::StrSplit(words.word().text, absl::MaxSplits('/', 1)));
    limit.bytes = true;
    if (rate.first == "kbytes") {
      limit.rate *= 1024;
    } else if (rate.first == "mbytes") {
      limit.rate *= 1024 * 1024;
    } else if (rate.first != "bytes") {
      return words.Expected(kRateExpected);
    }
  }
  constexpr NftName kUnits[] = {
      {"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800}};
  const NftName* unit = FindNftName(kUnits, rate.second);
  if (unit == nullptr) return words.Expected(kRateExpected);
  limit.unit = Duration::Seconds(unit->value);
  words.Next();
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseAddresses(WordCursor& words, Match& match) {
  match.negated = TakeOperator(words, /*ordered=*/false) == "!=";
  return OneOrSet(words, [&]() -> absl::Status {
    Match::Range range;
    if (!ReadAddressRange(words.word().text, match.family, range)) {
      return words.Expected(match.family == Family::kInet ? "an IPv4 address, prefix or range"
                                                          : "an IPv6 address, prefix or range");
    }
    match.ranges.push_back(range);
    words.Next();
    return absl::OkStatus();
  });
}

absl::Status ParseNumbers(WordCursor& words, const ValueSyntax& syntax, Match& match) {
  const absl::string_view op = TakeOperator(words, /*ordered=*/true);
  if (!op.empty() && (op[0] == '<' || op[0] == '>')) {
    return ParseComparison(words, op, syntax, match);
  }
  match.negated = op == "!=";
  return OneOrSet(words, [&]() -> absl::Status {
    Match::Range range;
    if (!ReadNumberRange(syntax, words.word().text, range)) return words.Expected(syntax.expected);
    match.ranges.push_back(range);
    words.Next();
    return absl::OkStatus();
  });
}

absl::Status ParseInterfaceNames(WordCursor& words, Match& match) {
  match.negated = TakeOperator(words, /*ordered=*/false) == "!=";
  return OneOrSet(words, [&]() -> absl::Status {
    const Word& word = words.word();
    const bool punctuation =
        !word.quoted && (word.text.size() == 1 && !absl::ascii_isalnum(word.text[0]));
    if (word.end || punctuation || word.text.empty() || word.text.size() > 15) {
      return words.Expected("the name of an interface, of at most 15 characters");
    }
    match.names.push_back(std::string(words.Next().text));
    return absl::OkStatus();
  });
}

absl::Status ParseBits(WordCursor& words, absl::Span<const NftName> names, uint32_t& bits) {
  const bool parenthesis = words.Take("(");
  do {
    const NftName* name = words.word().end ? nullptr : FindNftName(names, words.word().text);
    if (name == nullptr) return words.Expected(ListNftNames(names));
    words.Next();
    bits |= name->value;
  } while (words.Take("|"));
  if (parenthesis && !words.Take(")")) return words.Expected("\"|\" or \")\"");
  return absl::OkStatus();
}

absl::Status ParseTcpFlags(WordCursor& words, Match& match) {
  match.mask = 0xff;
  if (words.Take("&")) {  // flags & MASK == VALUE
    match.mask = 0;
    if (absl::Status status = ParseBits(words, NftTcpFlags(), match.mask); !status.ok()) {
      return status;
    }
    if (!words.Is("==") && !words.Is("!=")) return words.Expected("\"==\" or \"!=\"");
    match.negated = words.Next().text == "!=";
    return AddFlagValue(words, match);
  }
  if (words.Is("==") || words.Is("!=")) {  // exactly VALUE
    match.negated = words.Next().text == "!=";
    return AddFlagValue(words, match);
  }
  if (words.Is("{")) {
    return OneOrSet(words, [&] { return AddFlagValue(words, match); });
  }
  // Any of the bits (none of them after "!"), or VALUE / MASK.
  match.negated = words.Take("!");
  uint32_t bits = 0;
  if (absl::Status status = ParseBitList(words, NftTcpFlags(), bits); !status.ok()) return status;
  match.mask = bits;
  if (match.negated || !words.Take("/")) return absl::OkStatus();
  match.mask = 0;
  Match::Range range;
  range.low = range.high = bits;
  match.ranges.push_back(range);
  return ParseBitList(words, NftTcpFlags(), match.mask);
}

absl::Status ParseLimit(WordCursor& words, RateLimit& limit) {
  if (!words.Take("rate")) return words.Expected("\"rate\"");
  limit.over = words.Take("over");
  if (!limit.over) words.Take("until");
  if (absl::Status status = ParseRate(words, limit); !status.ok()) return status;
  limit.burst = limit.bytes ? 0 : 5;
  if (words.Take("burst")) {
    if (!absl::SimpleAtoi(words.word().text, &limit.burst) || limit.burst > kMaxBurst) {
      return words.Expected("a number up to 1000000");
    }
    words.Next();
    const uint64_t unit = words.Take("kbytes") ? 1024 : words.Take("mbytes") ? 1024 * 1024 : 1;
    if (unit == 1 && !words.Take(limit.bytes ? "bytes" : "packets")) {
      return words.Expected(limit.bytes ? "\"bytes\"" : "\"packets\"");
    }
    limit.burst *= unit;
  }
  // nft_limit_init(): a packet limit holds its burst, a byte limit a unit's worth and its burst.
  const __int128 held = limit.bytes ? __int128{limit.rate} + limit.burst : __int128{limit.burst};
  const __int128 tokens = held * limit.unit.nanos() / limit.rate;
  if (tokens > INT64_MAX / 2) return words.Expected("a burst that lasts less than a century");
  limit.max_tokens = limit.tokens = Duration::Nanos(static_cast<int64_t>(tokens));
  return absl::OkStatus();
}

}  // namespace drywire
