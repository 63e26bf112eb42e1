#include "tools/pkt/tables.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "tools/pkt/call_frame.h"
#include "tools/pkt/command.h"
#include "tools/pkt/constants.h"
#include "tools/pkt/syntax.h"
#include "tools/pkt/sysctls.h"

namespace drywire::pkt {
namespace {

std::string Cell(absl::string_view text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }

std::string Code(absl::string_view text) {
  if (text.empty()) return "";
  return text.find('`') == absl::string_view::npos ? absl::StrCat("`", Cell(text), "`")
                                                   : absl::StrCat("`` ", Cell(text), " ``");
}

void Heading(std::string* out, absl::string_view title, absl::string_view first,
             absl::string_view second) {
  absl::StrAppend(out, out->empty() ? "" : "\n", "### ", title, "\n\n| ", first, " | ", second,
                  " |\n| --- | --- |\n");
}

void Row(std::string* out, const std::string& first, absl::string_view second) {
  absl::StrAppend(out, "| ", first, " | ", Cell(second), " |\n");
}

std::string With(absl::string_view support, absl::string_view meaning) {
  return absl::StrCat(meaning, support);
}

absl::string_view SupportText(Support support) {
  switch (support) {
    case Support::kFull:
      return "";
    case Support::kIgnored:
      return " (no effect)";
    case Support::kSkips:
      return " (the script is skipped)";
  }
  return "";
}

std::string Joined(absl::string_view word, absl::string_view form) {
  return form.empty() ? std::string(word) : absl::StrCat(word, " ", form);
}

void Options(std::string* out) {
  Heading(out, "Options", "option", "meaning");
  for (const OptionSyntax& row : OptionTable()) {
    Row(out,
        Code(row.value.empty() ? absl::StrCat("--", row.name)
                               : absl::StrCat("--", row.name, "=", row.value)),
        With(SupportText(row.support), row.meaning));
  }
}

void Packets(std::string* out) {
  Heading(out, "Fields of the IP header", "in ( ) or [ ] before the flags", "meaning");
  for (const IpFieldSyntax& row : IpFieldTable()) {
    Row(out, Code(Joined(row.word, row.form)), row.meaning);
  }
  Heading(out, "Flags", "letter", "meaning");
  for (const FlagSyntax& row : FlagTable()) {
    Row(out, Code(std::string(1, row.letter)), row.meaning);
  }
  Heading(out, "TCP options", "option", "meaning");
  for (const TcpOptionSyntax& row : TcpOptionTable()) {
    Row(out, Code(Joined(row.word, row.form)), With(SupportText(row.support), row.meaning));
  }
  Heading(out, "ICMP", "type", "codes");
  std::vector<std::pair<std::string, std::vector<std::string>>> types;
  for (const IcmpCodeSyntax& row : IcmpTable()) {
    const std::string name = absl::StrCat(row.v6 ? "ICMPv6 " : "ICMP ", row.type);
    if (types.empty() || types.back().first != name) types.push_back({name, {}});
    if (!row.code.empty()) types.back().second.push_back(Code(row.code));
  }
  for (const auto& [type, codes] : types) Row(out, type, absl::StrJoin(codes, ", "));
  Row(out, Code("type_N"), Code("code_N"));
}

void Calls(std::string* out) {
  Heading(out, "System calls", "call", "arguments");
  for (const CallSyntax& row : CallTable()) Row(out, Code(row.name), row.arguments);
  Heading(out, "Constants", "group", "names");
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const Constant& row : ConstantTable()) {
    if (groups.empty() || groups.back().first != row.group) {
      groups.push_back({std::string(row.group), {}});
    }
    groups.back().second.push_back(Code(row.name));
  }
  for (const auto& [group, names] : groups) Row(out, group, absl::StrJoin(names, " "));
  Row(out, "errors", "every errno by its name");
}

void Commands(std::string* out) {
  Heading(out, "Commands", "command", "what it does here");
  for (const CommandSyntax& row : CommandTable()) {
    Row(out, Code(Joined(row.name, row.form)), row.meaning);
  }
  Heading(out, "Sysctls without effect", "sysctl", "why");
  for (const AcceptedSysctl& row : AcceptedSysctlTable()) Row(out, Code(row.name), row.why);
}

}  // namespace

std::string LanguageTables() {
  std::string out;
  Heading(&out, "Statements", "statement", "meaning");
  for (const StatementSyntax& row : StatementTable()) Row(&out, Code(row.form), row.meaning);
  Options(&out);
  Packets(&out);
  Calls(&out);
  Commands(&out);
  return out;
}

}  // namespace drywire::pkt
