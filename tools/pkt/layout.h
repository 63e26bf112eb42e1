// How a system writes the options of a segment: in which order, padded where.
//
// A segment as a value has no order of options (stack/wire/option_layout.h); scripts do.
#ifndef DRYWIRE_TOOLS_PKT_LAYOUT_H_
#define DRYWIRE_TOOLS_PKT_LAYOUT_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "stack/wire/segment.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

// The options of `segment` as the system of that name writes them, padding included.
std::vector<TcpOption> WrittenOptions(absl::string_view personality, const TcpOptions& options);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_LAYOUT_H_
