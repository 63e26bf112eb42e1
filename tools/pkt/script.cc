#include "tools/pkt/script.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace drywire::pkt {
namespace {

std::string Hex(const std::vector<uint8_t>& bytes) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string Joined(const Expression& expression, const char* separator) {
  std::string text;
  for (size_t i = 0; i < expression.items.size(); ++i) {
    if (i > 0) text += separator;
    if (i < expression.names.size() && !expression.names[i].empty()) {
      absl::StrAppend(&text, expression.names[i], "=");
    }
    text += expression.items[i].ToString();
  }
  return text;
}

}  // namespace

const Expression* Expression::Find(const char* name) const {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return &items[i];
  }
  return nullptr;
}

std::string Expression::ToString() const {
  switch (kind) {
    case Kind::kEllipsis:
      return "...";
    case Kind::kInteger:
      return absl::StrCat(integer);
    case Kind::kWord:
      return text;
    case Kind::kString:
      return absl::StrCat("\"", absl::CEscape(text), "\"", open ? "..." : "");
    case Kind::kOr:
      return Joined(*this, "|");
    case Kind::kList:
      return absl::StrCat("[", Joined(*this, ", "), "]");
    case Kind::kStruct:
      return absl::StrCat("{", Joined(*this, ", "), "}");
    case Kind::kCall:
      return absl::StrCat(text, "(", Joined(*this, ", "), ")");
  }
  return "";
}

std::string TcpOption::ToString() const {
  switch (kind) {
    case Kind::kNop:
      return "nop";
    case Kind::kEol:
      return "eol";
    case Kind::kMss:
      return absl::StrCat("mss ", value);
    case Kind::kWindowScale:
      return absl::StrCat("wscale ", value);
    case Kind::kSackPermitted:
      return "sackOK";
    case Kind::kSack: {
      std::string text = "sack";
      for (const auto& [left, right] : blocks) absl::StrAppend(&text, " ", left, ":", right);
      return text;
    }
    case Kind::kTimestamps:
      return absl::StrCat("TS val ", any_value ? "..." : absl::StrCat(value), " ecr ", echo,
                          absolute_echo ? "!" : "");
    case Kind::kMd5:
      return absl::StrCat("md5 ", valid_digest ? "valid" : Hex(bytes));
    case Kind::kFastOpen:
      return absl::StrCat("FO", bytes.empty() ? "" : " ", Hex(bytes));
    case Kind::kFastOpenExperimental:
      return absl::StrCat("FOEXP", bytes.empty() ? "" : " ", Hex(bytes));
    case Kind::kOther: {
      const std::string rest = bytes.size() > 2 ? Hex(bytes).substr(4) : "";
      return absl::StrCat("gen-", bytes.empty() ? 0 : bytes[0], rest.empty() ? "" : " ", rest);
    }
  }
  return "";
}

}  // namespace drywire::pkt
