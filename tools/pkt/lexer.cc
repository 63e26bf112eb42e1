#include "tools/pkt/lexer.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace drywire::pkt {
namespace {

using Kind = Token::Kind;

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Words with characters that words cannot have otherwise. Longest first where one begins another.
constexpr absl::string_view kHyphenated[] = {
    "exp-AccECN0", "exp-AccECN1", "exp-FO", "EXP-FO", "exp-tarr",
};

}  // namespace

void Lexer::Advance(size_t end) {
  for (; at_ < end && at_ < text_.size(); ++at_) {
    if (text_[at_] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else {
      ++place_.column;
    }
  }
}

Token Lexer::Fail(Token token, std::string message) {
  token.kind = Kind::kError;
  token.text = std::move(message);
  token.end = text_.size();
  Advance(text_.size());
  return token;
}

Token Lexer::Finish(Token token, Kind kind, size_t end) {
  token.kind = kind;
  token.end = end;
  Advance(end);
  return token;
}

bool Lexer::SkipComment(Token* error) {
  if (At(at_ + 1) == '/') {
    const size_t end = text_.find('\n', at_);
    Advance(end == absl::string_view::npos ? text_.size() : end + 1);
    return true;
  }
  const size_t end = text_.find("*/", at_ + 2);
  if (end == absl::string_view::npos) {
    Token token;
    token.place = place_;
    token.begin = at_;
    *error = Fail(token, "comment without an end: expected */");
    return false;
  }
  Advance(end + 2);
  return true;
}

bool Lexer::SkipDirective(Token* error) {
  Token token;
  token.place = place_;
  token.begin = at_;
  if (absl::StartsWith(text_.substr(at_), "#endif")) {
    if (!in_ifdef_) {
      *error = Fail(token, "#endif without #ifdef");
      return false;
    }
    in_ifdef_ = false;
    Advance(at_ + 6);
    return true;
  }
  if (!absl::StartsWith(text_.substr(at_), "#ifdef")) {
    *error = Fail(token, "expected #ifdef or #endif after '#'");
    return false;
  }
  if (in_ifdef_) {
    *error = Fail(token, absl::StrCat("#ifdef inside of the #ifdef of line ", ifdef_place_.line));
    return false;
  }
  size_t begin = at_ + 6;
  while (IsSpace(At(begin))) ++begin;
  size_t end = begin;
  while (IsWordCharacter(At(end))) ++end;
  const absl::string_view name = text_.substr(begin, end - begin);
  if (name.empty()) {
    *error = Fail(token, "expected a name after #ifdef");
    return false;
  }
  in_ifdef_ = true;
  ifdef_place_ = place_;
  if (definitions_->find(name) != definitions_->end()) {
    Advance(end);
    return true;
  }
  const size_t close = text_.find("#endif", end);
  if (close == absl::string_view::npos) {
    *error = Fail(token, "#ifdef without #endif");
    return false;
  }
  in_ifdef_ = false;
  Advance(close + 6);
  return true;
}

bool Lexer::SkipBlank(Token* error) {
  for (;;) {
    const char c = At(at_);
    if (at_ >= text_.size()) return true;
    if (IsSpace(c)) {
      Advance(at_ + 1);
    } else if (c == '/' && (At(at_ + 1) == '/' || At(at_ + 1) == '*')) {
      if (!SkipComment(error)) return false;
    } else if (c == '#') {
      if (!SkipDirective(error)) return false;
    } else {
      return true;
    }
  }
}

Token Lexer::Next() {
  Token token;
  if (!SkipBlank(&token)) return token;
  token.place = place_;
  token.begin = at_;
  if (at_ >= text_.size()) {
    if (in_ifdef_) {
      token.place = ifdef_place_;
      return Fail(token, "#ifdef without #endif");
    }
    return Finish(token, Kind::kEnd, at_);
  }
  const char c = At(at_);
  if (c == '"' || c == '`') return Quoted(token, c);
  if (c == '%' && At(at_ + 1) == '{') return Code(token);
  if (absl::StartsWith(text_.substr(at_), "...")) return Finish(token, Kind::kEllipsis, at_ + 3);
  if (c == '-' && At(at_ + 1) == '-' && IsWordCharacter(At(at_ + 2))) {
    size_t end = at_ + 2;
    while (IsWordCharacter(At(end))) ++end;
    token.text = std::string(text_.substr(at_ + 2, end - at_ - 2));
    return Finish(token, Kind::kOption, end);
  }
  const size_t sign = c == '-' ? 1 : 0;
  const bool point = At(at_ + sign) == '.' && IsDigit(At(at_ + sign + 1));
  if (IsDigit(At(at_ + sign)) || point) return Number(token);
  if (IsWordCharacter(c)) return Word(token);
  token.text = std::string(1, c);
  return Finish(token, Kind::kSymbol, at_ + 1);
}

Token Lexer::Quoted(Token token, char quote) {
  size_t end = at_ + 1;
  while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' ? 2 : 1;
  if (end >= text_.size()) {
    return Fail(token, absl::StrCat("text without an end: expected ", std::string(1, quote)));
  }
  token.text = std::string(text_.substr(at_ + 1, end - at_ - 1));
  return Finish(token, quote == '"' ? Kind::kString : Kind::kCommand, end + 1);
}

Token Lexer::Code(Token token) {
  const size_t end = text_.find("}%", at_ + 2);
  if (end == absl::string_view::npos) return Fail(token, "code without an end: expected }%");
  absl::string_view code = text_.substr(at_ + 2, end - at_ - 2);
  while (!code.empty() && (code.front() == ' ' || code.front() == '\t')) code.remove_prefix(1);
  while (!code.empty() && (code.back() == ' ' || code.back() == '\t')) code.remove_suffix(1);
  token.text = std::string(code);
  return Finish(token, Kind::kCode, end + 2);
}

// A number, unless what begins like one is a word ("1a2b") or an address.
Token Lexer::Number(Token token) {
  size_t end = at_ + (At(at_) == '-' ? 1 : 0);
  if (At(end) == '0' && At(end + 1) == 'x' && end == at_) {
    size_t last = end + 2;
    while (absl::ascii_isxdigit(static_cast<unsigned char>(At(last)))) ++last;
    if (last == end + 2 || IsWordCharacter(At(last))) return Word(token);
    const std::string digits(text_.substr(end + 2, last - end - 2));
    uint64_t value = 0;
    if (!absl::SimpleHexAtoi(digits, &value)) return Fail(token, "number of more than 64 bits");
    token.integer = static_cast<int64_t>(value);
    token.text = std::string(text_.substr(at_, last - at_));
    return Finish(token, Kind::kHex, last);
  }
  while (IsDigit(At(end))) ++end;
  if (end > at_ && IsWordCharacter(At(end)) && At(at_) != '-') return Word(token);
  if (At(end) == '.' && IsDigit(At(end + 1))) {
    int points = 0;
    size_t last = end;
    while (At(last) == '.' && IsDigit(At(last + 1)) && points < 3) {
      ++points;
      ++last;
      while (IsDigit(At(last))) ++last;
      if (points == 1) end = last;
    }
    const bool address = points == 3 && IsDigit(At(at_));
    if (address) end = last;
    token.text = std::string(text_.substr(at_, end - at_));
    return Finish(token, address ? Kind::kAddress : Kind::kDecimal, end);
  }
  token.text = std::string(text_.substr(at_, end - at_));
  // Too many digits for a number: those of a cookie.
  const bool fits = absl::SimpleAtoi(token.text, &token.integer);
  return Finish(token, fits ? Kind::kInteger : Kind::kWord, end);
}

Token Lexer::Word(Token token) {
  for (absl::string_view word : kHyphenated) {
    if (absl::StartsWith(text_.substr(at_), word)) {
      token.text = std::string(word);
      return Finish(token, Kind::kWord, at_ + word.size());
    }
  }
  size_t end = at_;
  while (IsWordCharacter(At(end))) ++end;
  token.text = std::string(text_.substr(at_, end - at_));
  // gen-253 and exp-12ab: an option by its number.
  if ((token.text == "gen" || token.text == "exp") && At(end) == '-' &&
      absl::ascii_isxdigit(static_cast<unsigned char>(At(end + 1)))) {
    ++end;
    while (absl::ascii_isxdigit(static_cast<unsigned char>(At(end)))) ++end;
    token.text = std::string(text_.substr(at_, end - at_));
    return Finish(token, Kind::kWord, end);
  }
  token = Finish(token, Kind::kWord, end);
  const auto defined = definitions_->find(token.text);
  return defined == definitions_->end() || defined->second.empty()
             ? token
             : Defined(std::move(token), defined->second);
}

Token Lexer::Defined(Token token, const std::string& value) {
  if (value.size() >= 2 && (value[0] == '"' || value[0] == '`') && value.back() == value[0]) {
    token.kind = value[0] == '"' ? Kind::kString : Kind::kCommand;
    token.text = value.substr(1, value.size() - 2);
    return token;
  }
  token.text = value;
  uint64_t hex = 0;
  if (absl::StartsWith(value, "0x") && absl::SimpleHexAtoi(value.substr(2), &hex)) {
    token.kind = Kind::kHex;
    token.integer = static_cast<int64_t>(hex);
  } else if (absl::SimpleAtoi(value, &token.integer)) {
    token.kind = Kind::kInteger;
  }
  return token;
}

std::string Lexer::TextBetween(size_t begin, size_t end) const {
  std::string text(text_.substr(begin, end - begin));
  absl::RemoveExtraAsciiWhitespace(&text);
  return text;
}

std::string Lexer::TakeAddress(const Token& from) {
  size_t end = from.begin;
  const auto part = [this](size_t i) {
    return absl::ascii_isxdigit(static_cast<unsigned char>(At(i))) || At(i) == ':' || At(i) == '.';
  };
  while (part(end)) ++end;
  // A colon at the end is what follows the address, unless it is half of "::".
  const bool colon = end > from.begin && At(end - 1) == ':';
  if (colon && (At(end - 2) != ':' || At(end - 3) == ':')) --end;
  Advance(end);
  return std::string(text_.substr(from.begin, end - from.begin));
}

bool Lexer::TakeOptionValue(std::string* value) {
  size_t begin = at_;
  while (At(begin) == ' ' || At(begin) == '\t') ++begin;
  if (At(begin) != '=') return false;
  ++begin;
  while (At(begin) == ' ' || At(begin) == '\t') ++begin;
  size_t end = begin;
  char quote = '\0';
  while (end < text_.size() && (quote != '\0' || !IsSpace(text_[end]))) {
    if (text_[end] == quote) {
      quote = '\0';
    } else if (quote == '\0' && (text_[end] == '"' || text_[end] == '`')) {
      quote = text_[end];
    }
    ++end;
  }
  *value = std::string(text_.substr(begin, end - begin));
  Advance(end);
  return true;
}

}  // namespace drywire::pkt
