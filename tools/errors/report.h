// What `drywire errors` prints: the table, the same as tab-separated values, and the explanation
// of one errno.
#ifndef DRYWIRE_TOOLS_ERRORS_REPORT_H_
#define DRYWIRE_TOOLS_ERRORS_REPORT_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/core/time.h"
#include "tools/errors/atlas.h"
#include "tools/errors/scene.h"

namespace drywire {

// "131", "0.004": seconds with as many decimals as needed.
std::string SecondsText(Instant when);

// id, personality, expected, observed, virtual seconds, ok or FAIL, how; a line without heading.
std::string TsvLine(const AtlasResult& result);

// A heading, a line for each result, and how many were as expected.
void PrintTable(absl::Span<const AtlasResult> results, std::ostream& out);

// Calls and packets in the order in which they happened, up to the last call; a line each, indented
// by `indent`.
void PrintTimeline(const Scene& scene, absl::string_view indent, std::ostream& out);

// The errnos that some row of the atlas has, sorted.
std::vector<std::string> KnownErrnos();

// Every cause of `name` on the systems given: its world, the calls and the packets. Returns how
// many causes were played, and adds to `failed` those whose scene did not give what it should.
int PrintExplanation(absl::string_view name, absl::Span<const System> systems, uint64_t seed,
                     std::ostream& out, int* failed);

}  // namespace drywire

#endif  // DRYWIRE_TOOLS_ERRORS_REPORT_H_
