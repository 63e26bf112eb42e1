// Splits a packetdrill script into tokens, on demand.
//
// White space and comments of C and C++ are skipped, `#ifdef NAME ... #endif` is left out unless
// NAME was defined, and words that were defined (--define=WORD=VALUE) are replaced. Errors come as
// tokens of kind kError whose text says what is wrong.
#ifndef DRYWIRE_TOOLS_PKT_LEXER_H_
#define DRYWIRE_TOOLS_PKT_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

struct Token {
  enum class Kind : uint8_t {
    kEnd,
    kError,
    kWord,      // letters, digits and underscores
    kOption,    // --name; text is the name
    kInteger,   // decimal
    kHex,       // 0x...
    kDecimal,   // with a point: text as written
    kString,    // "..."; text without the quotes
    kCommand,   // `...`; text without the quotes
    kCode,      // %{ ... }%; text without the brackets and the blanks next to them
    kEllipsis,  // ...
    kAddress,   // 192.0.2.1
    kSymbol,    // any other character
  };
  Kind kind = Kind::kEnd;
  Place place;
  size_t begin = 0;  // offsets into the script
  size_t end = 0;
  std::string text;
  int64_t integer = 0;  // kInteger, kHex

  bool Is(char symbol) const {
    return kind == Kind::kSymbol && text.size() == 1 && text[0] == symbol;
  }
  bool IsWord(absl::string_view word) const { return kind == Kind::kWord && text == word; }
};

// What a definition stands for: the text after `NAME=` of --define.
using Definitions = std::map<std::string, std::string, std::less<>>;

class Lexer {
 public:
  // Both must outlive the lexer; definitions may be added while it runs.
  Lexer(absl::string_view text, const Definitions* definitions)
      : text_(text), definitions_(definitions) {}

  Token Next();
  // Of what was written between two offsets, on one line.
  std::string TextBetween(size_t begin, size_t end) const;
  // A run of characters that may be an IPv6 address, from `from` on; reading goes on behind it.
  std::string TakeAddress(const Token& from);
  // What follows an option on its line as "=VALUE", up to white space or within quotes; false when
  // there is no '='. To be called when the option is the last token that was read.
  bool TakeOptionValue(std::string* value);

 private:
  // Skips what is no token; false (and *error filled in) when a comment or #ifdef has no end.
  bool SkipBlank(Token* error);
  bool SkipComment(Token* error);
  bool SkipDirective(Token* error);
  Token Quoted(Token token, char quote);
  Token Code(Token token);
  Token Number(Token token);
  Token Word(Token token);
  Token Defined(Token token, const std::string& value);
  Token Fail(Token token, std::string message);
  Token Finish(Token token, Token::Kind kind, size_t end);
  void Advance(size_t end);
  char At(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  absl::string_view text_;
  const Definitions* definitions_;
  size_t at_ = 0;
  Place place_{1, 1};
  bool in_ifdef_ = false;
  Place ifdef_place_;
};

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_LEXER_H_
