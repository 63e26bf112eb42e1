// Marks of what lines do not show: which edges of a table were taken, which causes were told.
//
// In a build with --config=profile (tools/coverage) a mark that is hit is written down, in a file
// of the directory that DRYWIRE_MARKS names, when the process ends; everything that could be hit is
// announced there too. In all other builds the macros are nothing. Not part of the simulation: no
// mark is ever read.
#ifndef DRYWIRE_SIM_CORE_COVERAGE_MARK_H_
#define DRYWIRE_SIM_CORE_COVERAGE_MARK_H_

#ifdef DRYWIRE_COVERAGE_MARKS

#include <string>

namespace drywire {

// `text` is one line: "edge SYN-SENT rcv SYN". Hits of one mark are counted once.
void AnnounceCoverageMark(const std::string& text);
void HitCoverageMark(const std::string& text);

}  // namespace drywire

#define DRYWIRE_COVERAGE_MARK(text) ::drywire::HitCoverageMark(text)

#else

#define DRYWIRE_COVERAGE_MARK(text) static_cast<void>(0)

#endif

#endif  // DRYWIRE_SIM_CORE_COVERAGE_MARK_H_
