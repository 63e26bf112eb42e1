#include "stack/ip/statement.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace drywire {
namespace {

constexpr absl::string_view kPunctuation = "{},;()=!<>&|\n";

// Length of the operator that `rest` begins with; 0 if it begins with a word.
size_t OperatorLength(absl::string_view rest) {
  if (rest.size() >= 2 && rest[1] == '=' && absl::string_view("=!<>").find(rest[0]) != rest.npos) {
    return 2;
  }
  return kPunctuation.find(rest[0]) != kPunctuation.npos ? 1 : 0;
}

class Splitter {
 public:
  Splitter(absl::string_view text, WordStyle style) : text_(text), style_(style) {}

  absl::StatusOr<std::vector<Word>> Run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') Advance();
      } else if (style_ == WordStyle::kNft && c == '\\' && text_.substr(at_, 2) == "\\\n") {
        Advance();
        Advance();
      } else if (absl::ascii_isspace(c) && !(c == '\n' && style_ == WordStyle::kNft)) {
        Advance();
      } else if (c == '"') {
        if (!Quoted()) {
          return absl::InvalidArgumentError(absl::StrCat("line ", line_, ", column ", column_,
                                                         ": the string has no closing quote"));
        }
      } else if (style_ == WordStyle::kNft && OperatorLength(text_.substr(at_)) > 0) {
        Push(OperatorLength(text_.substr(at_)));
      } else {
        Push(PlainLength());
      }
    }
    words_.push_back({text_.substr(text_.size()), line_, column_, false, true});
    return std::move(words_);
  }

 private:
  size_t PlainLength() const {
    size_t n = 0;
    while (at_ + n < text_.size()) {
      const char c = text_[at_ + n];
      if (absl::ascii_isspace(c) || c == '#' || c == '"') break;
      if (style_ == WordStyle::kNft && OperatorLength(text_.substr(at_ + n)) > 0) break;
      ++n;
    }
    return n;
  }
  bool Quoted() {
    const size_t end = text_.find('"', at_ + 1);
    if (end == text_.npos || text_.substr(at_, end - at_).find('\n') != text_.npos) return false;
    words_.push_back({text_.substr(at_ + 1, end - at_ - 1), line_, column_, true, false});
    while (at_ <= end) Advance();
    return true;
  }
  void Push(size_t length) {
    words_.push_back({text_.substr(at_, length), line_, column_, false, false});
    for (size_t i = 0; i < length; ++i) Advance();
  }
  void Advance() {
    if (text_[at_++] == '\n') {
      ++line_;
      column_ = 1;
    } else {
      ++column_;
    }
  }

  absl::string_view text_;
  WordStyle style_;
  std::vector<Word> words_;
  size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
};

}  // namespace

absl::StatusOr<std::vector<Word>> SplitWords(absl::string_view text, WordStyle style) {
  return Splitter(text, style).Run();
}

absl::Status WordError(const Word& word, bool with_line, absl::string_view expected) {
  std::string what;
  if (word.end) {
    what = "the statement ends here";
  } else if (word.text == "\n") {
    what = "the line ends here";
  } else {
    what = absl::StrCat("\"", word.text, "\" is unexpected");
  }
  return absl::InvalidArgumentError(
      absl::StrCat(with_line ? absl::StrCat("line ", word.line, ", ") : "", "column ", word.column,
                   ": ", what, "; expected ", expected));
}

std::string WordCursor::TextSince(size_t from) const {
  std::string out;
  for (size_t i = from; i < at_; ++i) {
    const Word& word = words_[i];
    if (i > from) absl::StrAppend(&out, " ");
    absl::StrAppend(&out, word.quoted ? "\"" : "", word.text, word.quoted ? "\"" : "");
  }
  return out;
}

}  // namespace drywire
