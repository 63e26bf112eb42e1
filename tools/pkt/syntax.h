// The words of the language as tables: the parser reads by them and docs/pkt.md is made of them.
#ifndef DRYWIRE_TOOLS_PKT_SYNTAX_H_
#define DRYWIRE_TOOLS_PKT_SYNTAX_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

// What becomes of something that the language has.
enum class Support : uint8_t {
  kFull,     // does what packetdrill does
  kIgnored,  // accepted and without effect here
  kSkips,    // read; a script that uses it is skipped, by name
};

// --name=VALUE lines at the head of a script, and on packetdrill's command line.
struct OptionSyntax {
  absl::string_view name;
  absl::string_view value;  // "USECS"; empty for a flag
  Support support;
  absl::string_view meaning;
};
absl::Span<const OptionSyntax> OptionTable();
const OptionSyntax* FindOption(absl::string_view name);

// Control bits of a segment.
struct FlagSyntax {
  char letter;
  uint8_t bit;  // of TcpFlag; 0 for AE
  absl::string_view meaning;
};
absl::Span<const FlagSyntax> FlagTable();

// Options of a TCP header. How the value is read depends on the kind.
struct TcpOptionSyntax {
  absl::string_view word;
  absl::string_view form;
  TcpOption::Kind kind;
  Support support;
  absl::string_view meaning;
};
absl::Span<const TcpOptionSyntax> TcpOptionTable();
const TcpOptionSyntax* FindTcpOption(absl::string_view word);

// What stands in parentheses or brackets before a packet's flags.
struct IpFieldSyntax {
  absl::string_view word;
  absl::string_view form;
  IpFields::TosCheck check;
  uint8_t tos;  // that the word alone stands for
  absl::string_view meaning;
};
absl::Span<const IpFieldSyntax> IpFieldTable();
const IpFieldSyntax* FindIpField(absl::string_view word);
// cs0, af11, ef, ...: code points shifted to where they are in the TOS byte.
std::optional<uint8_t> FindCodePoint(absl::string_view word);

// Types and codes of ICMP messages.
struct IcmpCodeSyntax {
  bool v6;
  absl::string_view type;
  uint8_t type_number;
  absl::string_view code;  // empty: the type's own row
  uint8_t code_number;
};
absl::Span<const IcmpCodeSyntax> IcmpTable();
// By name, or as "type_3", "code_4"; an empty code is 0. False when there is no such.
bool FindIcmp(bool v6, absl::string_view type, absl::string_view code, uint8_t* type_number,
              uint8_t* code_number);

// Kinds of statements, for the documentation.
struct StatementSyntax {
  absl::string_view form;
  absl::string_view meaning;
};
absl::Span<const StatementSyntax> StatementTable();

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_SYNTAX_H_
