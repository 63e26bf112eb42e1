// The language as it is understood here, for docs/pkt.md: made from the tables that the parser and
// the runner read by.
#ifndef DRYWIRE_TOOLS_PKT_TABLES_H_
#define DRYWIRE_TOOLS_PKT_TABLES_H_

#include <string>

namespace drywire::pkt {

// Markdown.
std::string LanguageTables();

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_TABLES_H_
