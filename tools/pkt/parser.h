// Reads packetdrill scripts: google's dialect and nplab's, united.
//
// Where the dialects differ both forms are read. What is read but cannot be run (GRE, PSP, TCP over
// UDP, SCTP) stays in the script as such, so that whoever runs it can name it.
#ifndef DRYWIRE_TOOLS_PKT_PARSER_H_
#define DRYWIRE_TOOLS_PKT_PARSER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/pkt/lexer.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

// `path` is for messages. `definitions` are those that hold from the beginning, such as the
// system's name. Errors: "PATH:LINE:COLUMN: 'TEXT': expected ...", the first one only.
absl::StatusOr<Script> ParseScript(absl::string_view path, absl::string_view text,
                                   const Definitions& definitions = {});

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_PARSER_H_
