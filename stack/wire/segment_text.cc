#include "stack/wire/segment_text.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "stack/wire/option_layout.h"

namespace drywire {
namespace {

// A cursor over the text that remembers the first error. After an error every step is a no-op, so
// the grammar reads without a check in each line.
class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<SegmentPattern> Parse();

 private:
  bool failed() const { return !status_.ok(); }
  void FailAt(size_t position, absl::string_view message) {
    if (failed()) return;
    status_ = absl::InvalidArgumentError(
        absl::StrCat("segment \"", text_, "\", column ", position + 1, ": ", message));
  }
  void Expected(absl::string_view what) {
    if (failed()) return;
    const absl::string_view found = Peek();
    FailAt(at_, absl::StrCat("expected ", what, ", found ",
                             found.empty() ? "the end" : absl::StrCat("\"", found, "\"")));
  }

  void SkipSpace() {
    while (at_ < text_.size() && absl::ascii_isspace(text_[at_])) ++at_;
  }
  // The next word or punctuation mark, not consumed.
  absl::string_view Peek() {
    SkipSpace();
    size_t end = at_;
    while (end < text_.size() && (absl::ascii_isalnum(text_[end]) || text_[end] == '.')) ++end;
    if (end == at_ && end < text_.size()) ++end;
    return text_.substr(at_, end - at_);
  }
  bool Take(absl::string_view token) {
    if (failed() || Peek() != token) return false;
    at_ += token.size();
    return true;
  }
  void Need(absl::string_view token) {
    if (!Take(token)) Expected(absl::StrCat("\"", token, "\""));
  }
  uint32_t Number(absl::string_view what, uint32_t max = UINT32_MAX);
  std::string HexValue();

  void ParseFlags();
  void ParseSequence();
  void ParseOptions();
  void ParseOption();
  void ParseSack();
  void ParseOther(uint8_t kind);
  void Once(bool* present, absl::string_view name, size_t start) {
    if (*present) FailAt(start, absl::StrCat("\"", name, "\" is given twice"));
    *present = true;
  }

  absl::string_view text_;
  size_t at_ = 0;
  absl::Status status_;
  SegmentPattern result_;
  std::string other_options_;
};

uint32_t Parser::Number(absl::string_view what, uint32_t max) {
  const absl::string_view token = failed() ? "" : Peek();
  const bool digits =
      !token.empty() && std::all_of(token.begin(), token.end(), absl::ascii_isdigit);
  uint64_t value = 0;
  if (!digits || !absl::SimpleAtoi(token, &value) || value > max) {
    Expected(absl::StrCat(what, " (0 to ", max, ")"));
    return 0;
  }
  at_ += token.size();
  return static_cast<uint32_t>(value);
}

std::string Parser::HexValue() {
  const absl::string_view token = failed() ? "" : Peek();
  if (token.empty() || !absl::ascii_isxdigit(token[0])) return "";
  if (token.size() % 2 != 0 || !std::all_of(token.begin(), token.end(), absl::ascii_isxdigit)) {
    Expected("an even number of hexadecimal digits");
    return "";
  }
  at_ += token.size();
  return absl::HexStringToBytes(token);
}

void Parser::ParseFlags() {
  if (Take("-")) return;
  const absl::string_view token = Peek();
  static constexpr absl::string_view kLetters = "FSRP.UEW";  // in the order of the bits
  for (size_t i = 0; i < token.size(); ++i) {
    const size_t bit = kLetters.find(token[i]);
    if (bit == absl::string_view::npos) break;
    const uint8_t flag = static_cast<uint8_t>(1u << bit);
    if (result_.segment.Has(flag)) {
      return FailAt(at_ + i, absl::StrCat("flag \"", token.substr(i, 1), "\" is given twice"));
    }
    result_.segment.flags |= flag;
    if (i + 1 == token.size()) {
      at_ += token.size();
      return;
    }
  }
  Expected("flags (\"-\" or letters of FSRP.UEW)");
}

void Parser::ParseSequence() {
  SkipSpace();
  const size_t start = at_;
  const uint32_t first = Number("the first sequence number");
  Need(":");
  const uint32_t last = Number("the last sequence number");
  Need("(");
  const uint32_t length = Number("the payload length in bytes", UINT16_MAX);
  Need(")");
  if (failed()) return;
  if (last - first != length) {
    return FailAt(start, absl::StrCat(first, ":", last, " spans ", last - first,
                                      " sequence numbers, but the length is ", length));
  }
  result_.segment.seq = Seq(first);
  result_.segment.payload = Bytes::Zeros(length);
}

void Parser::ParseSack() {
  TcpOptions& options = result_.segment.options;
  do {
    if (options.sack_count == options.sack.size()) {
      return FailAt(at_, "a segment holds at most 4 SACK blocks");
    }
    SackBlock& block = options.sack[options.sack_count++];
    block.left = Seq(Number("the left edge of a SACK block"));
    Need(":");
    block.right = Seq(Number("the right edge of a SACK block"));
  } while (!failed() && Peek() != "," && Peek() != ">" && !Peek().empty());
}

void Parser::ParseOther(uint8_t kind) {
  const std::string value = HexValue();
  if (value.size() > static_cast<size_t>(kMaxTcpOptionsLength) - 2) {
    return FailAt(at_, "an option's value has at most 38 bytes");
  }
  other_options_ += static_cast<char>(kind);
  other_options_ += static_cast<char>(value.size() + 2);
  other_options_ += value;
}

void Parser::ParseOption() {
  TcpOptions& options = result_.segment.options;
  SkipSpace();
  const size_t start = at_;
  if (Take("nop") || Take("eol")) return;
  if (Take("mss")) {
    Once(&options.has_mss, "mss", start);
    options.mss = static_cast<uint16_t>(Number("the MSS", UINT16_MAX));
  } else if (Take("wscale")) {
    Once(&options.has_window_scale, "wscale", start);
    options.window_scale = static_cast<uint8_t>(Number("the shift count", UINT8_MAX));
  } else if (Take("sackOK")) {
    Once(&options.sack_permitted, "sackOK", start);
  } else if (Take("TS")) {
    Once(&options.has_timestamps, "TS", start);
    Need("val");
    options.ts_val = Number("the timestamp value");
    Need("ecr");
    options.ts_ecr = Number("the timestamp echo");
  } else if (Take("sack")) {
    if (options.sack_count > 0) return FailAt(start, "\"sack\" is given twice");
    ParseSack();
  } else if (Take("FO")) {
    ParseOther(tcp_option::kFastOpen);
  } else if (Take("kind")) {
    SkipSpace();
    const size_t number_at = at_;
    const uint8_t kind = static_cast<uint8_t>(Number("the option's kind", UINT8_MAX));
    if (kind <= tcp_option::kSack || kind == tcp_option::kTimestamps) {
      return FailAt(number_at, absl::StrCat("option kind ", kind, " has a name of its own"));
    }
    ParseOther(kind);
  } else {
    Expected("an option (mss, wscale, sackOK, TS, sack, FO, kind, nop, eol)");
  }
}

void Parser::ParseOptions() {
  const size_t start = at_;
  if (Take("...")) {
    result_.any_options = true;
    return Need(">");
  }
  do {
    ParseOption();
  } while (Take(","));
  if (!failed() && Peek() != ">") Expected("\",\" or \">\"");
  Take(">");
  result_.segment.options.other_options = Bytes::Copy(absl::string_view(other_options_));
  const int length = result_.segment.options.EncodedLength();
  if (length > kMaxTcpOptionsLength) {
    FailAt(start, absl::StrCat("the options take ", length, " bytes, a header has room for ",
                               kMaxTcpOptionsLength));
  }
}

absl::StatusOr<SegmentPattern> Parser::Parse() {
  Segment& segment = result_.segment;
  ParseFlags();
  ParseSequence();
  if (segment.Has(kAck)) {
    if (!Take("ack")) Expected("\"ack\" (the flags have \".\")");
    segment.ack = Seq(Number("the acknowledgement number"));
  } else if (!failed() && Peek() == "ack") {
    FailAt(at_, "\"ack\" without \".\" in the flags");
  }
  result_.any_window = !Take("win");
  if (!result_.any_window) segment.window = static_cast<uint16_t>(Number("the window", UINT16_MAX));
  if (Take("urg")) segment.urgent = static_cast<uint16_t>(Number("the urgent pointer", UINT16_MAX));
  if (Take("<")) ParseOptions();
  if (!failed() && !Peek().empty()) Expected("\"win\", \"urg\", \"<\" or the end, in this order");
  if (failed()) return status_;
  return result_;
}

bool SameOtherOptions(const Bytes& a, const Bytes& b) { return a.span() == b.span(); }

}  // namespace

bool SameOptions(const TcpOptions& a, const TcpOptions& b) {
  if (a.has_mss != b.has_mss || a.has_window_scale != b.has_window_scale ||
      a.sack_permitted != b.sack_permitted || a.has_timestamps != b.has_timestamps ||
      a.sack_count != b.sack_count) {
    return false;
  }
  return (!a.has_mss || a.mss == b.mss) &&
         (!a.has_window_scale || a.window_scale == b.window_scale) &&
         (!a.has_timestamps || (a.ts_val == b.ts_val && a.ts_ecr == b.ts_ecr)) &&
         std::equal(a.sack.begin(), a.sack.begin() + a.sack_count, b.sack.begin()) &&
         SameOtherOptions(a.other_options, b.other_options);
}

bool SegmentPattern::Matches(const Segment& actual) const {
  return actual.flags == segment.flags && actual.seq == segment.seq &&
         (!segment.Has(kAck) || actual.ack == segment.ack) &&
         actual.payload.size() == segment.payload.size() &&
         (any_window || actual.window == segment.window) && actual.urgent == segment.urgent &&
         (any_options || SameOptions(actual.options, segment.options));
}

absl::StatusOr<SegmentPattern> ParseSegmentPattern(absl::string_view text) {
  return Parser(text).Parse();
}

absl::StatusOr<Segment> ParseSegment(absl::string_view text) {
  absl::StatusOr<SegmentPattern> pattern = ParseSegmentPattern(text);
  if (!pattern.ok()) return pattern.status();
  if (pattern->any_window || pattern->any_options) {
    return absl::InvalidArgumentError(absl::StrCat(
        "segment \"", text, "\": ", pattern->any_window ? "\"win\" is missing" : "\"<...>\"",
        " (only an expected segment may leave it open)"));
  }
  return pattern->segment;
}

}  // namespace drywire
