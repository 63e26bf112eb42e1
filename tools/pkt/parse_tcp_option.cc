// TCP options between < and >.
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/pkt/parse_state.h"
#include "tools/pkt/syntax.h"

namespace drywire::pkt {
namespace {

using Kind = Token::Kind;
constexpr uint8_t kExperimental = 254;
constexpr uint8_t kAccurateEcn0 = 172;
constexpr uint8_t kAccurateEcn1 = 174;
constexpr size_t kMaxOption = 38;

void AppendBigEndian(uint64_t value, int width, std::vector<uint8_t>* bytes) {
  for (int i = width - 1; i >= 0; --i) bytes->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

// Kind, length, and the two bytes that tell experiments apart (RFC 6994), if there are.
void AppendHeader(uint8_t kind, int experiment, std::vector<uint8_t>* bytes) {
  bytes->push_back(kind);
  bytes->push_back(0);
  if (experiment >= 0) AppendBigEndian(static_cast<uint64_t>(experiment), 2, bytes);
}

// Digits without 0x in front: what the lexer takes for a word or a number.
bool ParseHex(ParseState& state, std::vector<uint8_t>* bytes) {
  const Token& token = state.token();
  if (token.kind != Kind::kWord && token.kind != Kind::kInteger) return true;
  const bool digits = token.text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!digits || token.text.size() % 2 != 0) {
    return state.Expected("an even number of hexadecimal digits");
  }
  if (token.text.size() / 2 > kMaxOption) return state.Expected("at most 38 bytes");
  for (const char c : absl::HexStringToBytes(token.text)) {
    bytes->push_back(static_cast<uint8_t>(c));
  }
  state.Next();
  return true;
}

bool ParseBlocks(ParseState& state, TcpOption* option) {
  do {
    uint32_t left = 0;
    uint32_t right = 0;
    if (!state.TakeNumber("a SACK block, LEFT:RIGHT", &left) || !state.Take(':') ||
        !state.TakeNumber("the right edge of a SACK block", &right)) {
      return false;
    }
    if (option->blocks.size() == 4) return state.Expected("at most four SACK blocks");
    option->blocks.emplace_back(left, right);
  } while (state.token().kind == Kind::kInteger);
  return true;
}

bool ParseTimestamps(ParseState& state, TcpOption* option) {
  if (!state.TakeWord("val")) return false;
  if (state.token().kind == Kind::kEllipsis) {
    option->any_value = true;
    state.Next();
  } else if (!state.TakeNumber("a timestamp", &option->value)) {
    return false;
  }
  if (!state.TakeWord("ecr") || !state.TakeNumber("a timestamp", &option->echo)) return false;
  option->absolute_echo = state.TakeIf('!');
  return true;
}

bool ParseMd5(ParseState& state, TcpOption* option) {
  option->valid_digest = state.TakeIfWord("valid");
  return option->valid_digest || ParseHex(state, &option->bytes);
}

// Counters of accurate ECN, in the order in which the words may come.
bool ParseCounters(ParseState& state, std::initializer_list<absl::string_view> words,
                   TcpOption* option) {
  for (absl::string_view word : words) {
    int64_t value = 0;
    if (!state.TakeIfWord(word)) continue;
    if (!state.TakeInteger("a counter", 0, 0xffffff, &value)) return false;
    AppendBigEndian(static_cast<uint64_t>(value), 3, &option->bytes);
  }
  return true;
}

bool ParseAccurateEcn(ParseState& state, const std::string& word, TcpOption* option) {
  if (word == "ECN") {
    const bool first0 = state.token().IsWord("e0b");
    if (!first0 && !state.token().IsWord("e1b")) return state.Expected("e0b or e1b");
    AppendHeader(kExperimental, first0 ? 0xacc0 : 0xacc1, &option->bytes);
    return first0 ? ParseCounters(state, {"e0b", "ceb", "e1b"}, option)
                  : ParseCounters(state, {"e1b", "ceb", "e0b"}, option);
  }
  const bool zero = word.back() == '0';
  if (word[0] == 'e') {
    AppendHeader(kExperimental, zero ? 0xacc0 : 0xacc1, &option->bytes);
  } else {
    AppendHeader(zero ? kAccurateEcn0 : kAccurateEcn1, -1, &option->bytes);
  }
  return zero ? ParseCounters(state, {"ee0b", "eceb", "ee1b"}, option)
              : ParseCounters(state, {"ee1b", "eceb", "ee0b"}, option);
}

// gen-253 0102, exp-f989 01: the number is part of the word.
bool ParseByNumber(ParseState& state, const Token& token, TcpOption* option) {
  const std::string number = token.text.substr(4);
  uint32_t value = 0;
  if (token.text[0] == 'g') {
    if (!absl::SimpleAtoi(number, &value) || value > 255) {
      return state.Wrong(token, "expected an option's number from 0 to 255");
    }
    AppendHeader(static_cast<uint8_t>(value), -1, &option->bytes);
  } else {
    if (!absl::SimpleHexAtoi(number, &value) || value > 0xffff) {
      return state.Wrong(token, "expected an experiment's number of 16 bits");
    }
    AppendHeader(kExperimental, static_cast<int>(value), &option->bytes);
  }
  return ParseHex(state, &option->bytes);
}

bool ParseRateRequest(ParseState& state, TcpOption* option) {
  AppendHeader(kExperimental, 0x00ac, &option->bytes);
  if (state.token().kind != Kind::kInteger) return true;
  uint8_t rate = 0;
  if (!state.TakeNumber("a rate", &rate)) return false;
  option->bytes.push_back(rate);
  return true;
}

bool ParseOther(ParseState& state, const Token& token, TcpOption* option) {
  const bool parsed = token.text == "exp-tarr" ? ParseRateRequest(state, option)
                      : token.text.find("ECN") != std::string::npos
                          ? ParseAccurateEcn(state, token.text, option)
                          : ParseByNumber(state, token, option);
  if (parsed) option->bytes[1] = static_cast<uint8_t>(option->bytes.size());
  return parsed;
}

bool ParseValue(ParseState& state, const Token& token, TcpOption* option) {
  switch (option->kind) {
    case TcpOption::Kind::kNop:
    case TcpOption::Kind::kEol:
    case TcpOption::Kind::kSackPermitted:
      return true;
    case TcpOption::Kind::kMss: {
      uint16_t mss = 0;
      if (!state.TakeNumber("a segment size", &mss)) return false;
      option->value = mss;
      return true;
    }
    case TcpOption::Kind::kWindowScale: {
      uint8_t shift = 0;
      if (!state.TakeNumber("a shift count", &shift)) return false;
      option->value = shift;
      return true;
    }
    case TcpOption::Kind::kSack:
      return ParseBlocks(state, option);
    case TcpOption::Kind::kTimestamps:
      return ParseTimestamps(state, option);
    case TcpOption::Kind::kMd5:
      return ParseMd5(state, option);
    case TcpOption::Kind::kFastOpen:
    case TcpOption::Kind::kFastOpenExperimental:
      return ParseHex(state, &option->bytes);
    case TcpOption::Kind::kOther:
      return ParseOther(state, token, option);
  }
  return false;
}

bool ParseOne(ParseState& state, TcpSpec* tcp, std::string* unsupported) {
  const Token token = state.token();
  const TcpOptionSyntax* syntax = token.kind == Kind::kWord ? FindTcpOption(token.text) : nullptr;
  if (syntax == nullptr) return state.Expected("a TCP option, such as mss or nop");
  if (syntax->support == Support::kSkips) *unsupported = "TCP MD5 signatures";
  state.Next();
  TcpOption option;
  option.kind = syntax->kind;
  if (!ParseValue(state, token, &option)) return false;
  tcp->options.push_back(std::move(option));
  return true;
}

}  // namespace

bool ParseTcpOptions(ParseState& state, TcpSpec* tcp, std::string* unsupported) {
  if (state.token().kind == Kind::kEllipsis) {
    tcp->any_options = true;
    state.Next();
    return state.Take('>');
  }
  do {
    if (!ParseOne(state, tcp, unsupported)) return false;
  } while (state.TakeIf(','));
  return state.Take('>');
}

}  // namespace drywire::pkt
