// The parser's position in a script, its first error, and the productions that its files share.
// Recursive descent with one token of lookahead: a production returns false once something was
// wrong, and the error is kept.
#ifndef DRYWIRE_TOOLS_PKT_PARSE_STATE_H_
#define DRYWIRE_TOOLS_PKT_PARSE_STATE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "tools/pkt/lexer.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

class ParseState {
 public:
  ParseState(absl::string_view text, Definitions definitions)
      : definitions_(std::move(definitions)), lexer_(text, &definitions_) {
    Next();
  }
  ParseState(const ParseState&) = delete;
  ParseState& operator=(const ParseState&) = delete;

  const Token& token() const { return token_; }
  Lexer& lexer() { return lexer_; }
  Definitions& definitions() { return definitions_; }
  void Next() {
    last_end_ = token_.end;
    token_ = lexer_.Next();
  }
  // Where the token before the present one ended.
  size_t last_end() const { return last_end_; }

  // The first error; empty when there is none.
  const std::string& error() const { return error_; }
  Place error_place() const { return error_place_; }
  // What was expected in place of the present token. Always false.
  bool Expected(absl::string_view what);
  // Something else that is wrong with `token`. Always false.
  bool Wrong(const Token& token, absl::string_view message);

  bool Take(char symbol);
  bool TakeIf(char symbol);
  bool TakeWord(absl::string_view word);
  bool TakeIfWord(absl::string_view word);
  // A number of either base between the bounds.
  bool TakeInteger(absl::string_view what, int64_t min, int64_t max, int64_t* value);
  template <typename T>
  bool TakeNumber(absl::string_view what, T* value) {
    int64_t wide = 0;
    if (!TakeInteger(what, 0, static_cast<int64_t>(static_cast<T>(~T{0})), &wide)) return false;
    *value = static_cast<T>(wide);
    return true;
  }
  // Seconds, as microseconds.
  bool TakeTime(int64_t* usecs);

 private:
  Definitions definitions_;
  Lexer lexer_;
  Token token_;
  size_t last_end_ = 0;
  std::string error_;
  Place error_place_;
};

// parse_expression.cc
bool ParseExpression(ParseState& state, Expression* expression);
// NAME(ARGUMENTS) = RESULT [ERRNO] [(NOTE)]
bool ParseCall(ParseState& state, CallSpec* call);

// parse_packet.cc
bool ParsePacket(ParseState& state, PacketSpec* packet);

// parse_tcp_option.cc: what is between < and >.
bool ParseTcpOptions(ParseState& state, TcpSpec* tcp, std::string* unsupported);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_PARSE_STATE_H_
