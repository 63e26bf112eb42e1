// Words of a statement with their places, for the parsers of nft(8) and ip-route(8) text.
//
// A word is a run of characters without white space; nft's punctuation ({ } , ; and, where asked
// for, operators) stands alone; "..." is one word without its quotes. '#' begins a comment.
#ifndef DRYWIRE_STACK_IP_STATEMENT_H_
#define DRYWIRE_STACK_IP_STATEMENT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace drywire {

struct Word {
  absl::string_view text;  // points into the statement
  int line = 1;            // from 1
  int column = 1;          // from 1, in bytes
  bool quoted = false;
  bool end = false;  // after the last word; newline and ';' are words of their own
};

enum class WordStyle : uint8_t {
  kPlain,  // white space separates, nothing else
  kNft,    // { } , ; ( ) = ! < > & | and newline are words (==, !=, <=, >= too)
};

// Splits text into words, the last of which is the end. Fails on an unfinished string.
absl::StatusOr<std::vector<Word>> SplitWords(absl::string_view text, WordStyle style);

// "line 2, column 7: "foo" is unexpected; expected bar" ("column 7: ..." for one-line texts).
absl::Status WordError(const Word& word, bool with_line, absl::string_view expected);

// Walks over words. Never moves past the end.
class WordCursor {
 public:
  explicit WordCursor(std::vector<Word> words) : words_(std::move(words)) {}

  const Word& word() const { return words_[at_]; }
  bool Is(absl::string_view text) const {
    return !word().end && !word().quoted && word().text == text;
  }
  bool Take(absl::string_view text) {
    if (!Is(text)) return false;
    ++at_;
    return true;
  }
  // The current word, and on to the next.
  Word Next() {
    const Word word = words_[at_];
    if (!word.end) ++at_;
    return word;
  }
  size_t position() const { return at_; }
  // The words from `from` to here, with single spaces between them.
  std::string TextSince(size_t from) const;
  absl::Status Expected(absl::string_view what) const { return WordError(word(), true, what); }

 private:
  std::vector<Word> words_;
  size_t at_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_STATEMENT_H_
