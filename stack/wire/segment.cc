#include "stack/wire/segment.h"

#include <cstddef>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "stack/wire/option_layout.h"

namespace drywire {
namespace {

struct LengthVisitor {
  const TcpOptions& options;
  int length = 0;

  void Nop() { length += 1; }
  void Mss() { length += 4; }
  void SackPermitted() { length += 2; }
  void Timestamps() { length += 10; }
  void WindowScale() { length += 3; }
  void Sack() { length += 2 + 8 * options.sack_count; }
  void Other() { length += static_cast<int>(options.other_options.size()); }
};

std::string Hex(absl::Span<const uint8_t> bytes) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

class TextVisitor {
 public:
  explicit TextVisitor(const TcpOptions& options) : options_(options) {}

  void Nop() { Item("nop"); }
  void Mss() { Item(absl::StrCat("mss ", options_.mss)); }
  void SackPermitted() { Item("sackOK"); }
  void Timestamps() { Item(absl::StrCat("TS val ", options_.ts_val, " ecr ", options_.ts_ecr)); }
  void WindowScale() { Item(absl::StrCat("wscale ", options_.window_scale)); }
  void Sack() {
    std::string item = "sack";
    for (int i = 0; i < options_.sack_count; ++i) {
      const SackBlock& block = options_.sack[i];
      absl::StrAppend(&item, " ", block.left.value(), ":", block.right.value());
    }
    Item(item);
  }
  void Other() {
    absl::Span<const uint8_t> rest = options_.other_options.span();
    while (rest.size() >= 2 && rest[1] >= 2 && rest[1] <= rest.size()) {
      const absl::Span<const uint8_t> value = rest.subspan(2, rest[1] - 2);
      std::string item = rest[0] == tcp_option::kFastOpen ? "FO" : absl::StrCat("kind ", rest[0]);
      if (!value.empty()) absl::StrAppend(&item, " ", Hex(value));
      Item(item);
      rest.remove_prefix(rest[1]);
    }
    if (!rest.empty()) Item(absl::StrCat("malformed ", Hex(rest)));
  }
  const std::string& text() const { return text_; }

 private:
  void Item(absl::string_view item) { absl::StrAppend(&text_, text_.empty() ? "" : ",", item); }

  const TcpOptions& options_;
  std::string text_;
};

std::string FlagsText(uint8_t flags) {
  static constexpr struct {
    uint8_t flag;
    char letter;
  } kLetters[] = {{kFin, 'F'}, {kSyn, 'S'}, {kRst, 'R'}, {kPsh, 'P'},
                  {kAck, '.'}, {kUrg, 'U'}, {kEce, 'E'}, {kCwr, 'W'}};
  std::string text;
  for (const auto& entry : kLetters) {
    if (flags & entry.flag) text += entry.letter;
  }
  return text.empty() ? "-" : text;
}

}  // namespace

int TcpOptions::EncodedLengthOfAll() const {
  const int aligned = AlignedOptionsLength(*this);
  if (aligned <= kMaxTcpOptionsLength) return (aligned + 3) / 4 * 4;
  LengthVisitor visitor{*this};
  VisitOptions(*this, visitor);
  return (visitor.length + 3) / 4 * 4;
}

std::string Segment::ToString() const {
  const uint32_t size = static_cast<uint32_t>(payload.size());
  std::string text =
      absl::StrCat(FlagsText(flags), " ", seq.value(), ":", (seq + size).value(), "(", size, ")");
  if (Has(kAck)) absl::StrAppend(&text, " ack ", ack.value());
  absl::StrAppend(&text, " win ", window);
  if (Has(kUrg) || urgent != 0) absl::StrAppend(&text, " urg ", urgent);
  TextVisitor visitor(options);
  VisitOptions(options, visitor);
  if (!visitor.text().empty()) absl::StrAppend(&text, " <", visitor.text(), ">");
  return text;
}

}  // namespace drywire
