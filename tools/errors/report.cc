#include "tools/errors/report.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace drywire {
namespace {

// Not "EPERM" itself, but every errno name in "EACCES, EPERM".
std::vector<std::string> ErrnosIn(absl::string_view expected) {
  std::vector<std::string> names;
  for (absl::string_view part : absl::StrSplit(expected, ", ")) {
    const bool is_errno =
        part.size() > 2 && part[0] == 'E' && std::all_of(part.begin(), part.end(), [](char c) {
          return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        });
    if (is_errno) names.emplace_back(part);
  }
  return names;
}

std::string VerdictText(const AtlasResult& result) { return result.ok() ? "ok" : "FAIL"; }

// Rows that a system answers with the very same scene are one cause.
struct CauseToShow {
  AtlasRow row;
  System system;
  std::vector<std::string> ids;
};

std::vector<CauseToShow> CausesOf(absl::string_view name, absl::Span<const System> systems) {
  std::vector<CauseToShow> causes;
  for (const System system : systems) {
    for (const AtlasRow& row : Atlas()) {
      if (row.page == AtlasPage::kBehaviour) continue;
      const AtlasColumn& column = row.On(system);
      const std::vector<std::string> names = ErrnosIn(column.expected);
      if (std::find(names.begin(), names.end(), name) == names.end()) continue;
      const auto same = std::find_if(causes.begin(), causes.end(), [&](const CauseToShow& cause) {
        const AtlasColumn& other = cause.row.On(system);
        return cause.system == system && other.play == column.play && other.how == column.how;
      });
      if (same != causes.end()) {
        same->ids.emplace_back(row.id);
      } else {
        causes.push_back({row, system, {std::string(row.id)}});
      }
    }
  }
  return causes;
}

void PrintCause(const CauseToShow& cause, const AtlasResult& result, const Scene& scene,
                std::ostream& out) {
  const AtlasColumn& column = cause.row.On(cause.system);
  out << SystemName(cause.system) << ": " << cause.row.condition << "\n"
      << "  how      " << column.how << "\n"
      << "  rows     " << absl::StrJoin(cause.ids, ", ") << "\n"
      << "  world\n";
  for (const std::string& line : scene.description()) out << "    " << line << "\n";
  out << "  calls and packets\n";
  PrintTimeline(scene, "    ", out);
  out << "  observed " << result.observed << " at " << SecondsText(result.when)
      << " s: " << VerdictText(result)
      << (result.ok() ? "" : absl::StrCat(", expected ", column.expected)) << "\n";
  if (!result.problem.empty()) out << "  problem  " << result.problem << "\n";
  out << "\n";
}

void PrintCallLine(Instant when, const CallRecord& record, absl::string_view rest,
                   absl::string_view indent, std::ostream& out) {
  out << indent
      << absl::StreamFormat("%12s  %-17s  %s%s\n", FormatInstant(when), record.process, record.call,
                            rest);
}

}  // namespace

std::string SecondsText(Instant when) {
  std::string text =
      absl::StrFormat("%d.%09d", when.nanos() / 1'000'000'000, when.nanos() % 1'000'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string TsvLine(const AtlasResult& result) {
  const AtlasColumn& column = result.row.On(result.system);
  return absl::StrCat(result.row.id, "\t", SystemName(result.system), "\t", column.expected, "\t",
                      result.observed, "\t", SecondsText(result.when), "\t", VerdictText(result),
                      "\t", column.how);
}

void PrintTable(absl::Span<const AtlasResult> results, std::ostream& out) {
  constexpr char kFormat[] = "%-26s %-8s %-34s %10s  %-4s  %s\n";
  out << absl::StreamFormat(kFormat, "id", "on", "observed", "seconds", "", "how");
  size_t as_expected = 0;
  for (const AtlasResult& result : results) {
    const AtlasColumn& column = result.row.On(result.system);
    if (result.ok()) ++as_expected;
    out << absl::StreamFormat(kFormat, result.row.id, SystemName(result.system),
                              result.observed.empty() ? "nothing" : result.observed,
                              SecondsText(result.when), VerdictText(result), column.how);
    if (!result.ok()) {
      out << "    expected " << column.expected
          << (result.problem.empty() ? "" : absl::StrCat("; ", result.problem)) << "\n";
    }
  }
  out << as_expected << " of " << results.size() << " as expected\n";
}

void PrintTimeline(const Scene& scene, absl::string_view indent, std::ostream& out) {
  // Beginnings and ends of calls, by how many packets had been seen before.
  struct Mark {
    size_t packets;
    Instant when;
    const CallRecord* record;
    bool is_end;
  };
  std::vector<Mark> marks;
  for (const CallRecord& record : scene.calls()) {
    const bool ended = !record.result.empty();
    const bool at_once =
        ended && record.packets_before == record.packets_after && record.begin == record.end;
    if (!at_once) marks.push_back({record.packets_before, record.begin, &record, false});
    if (ended) marks.push_back({record.packets_after, record.end, &record, true});
  }
  std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
    return a.when != b.when ? a.when < b.when : a.packets < b.packets;
  });
  size_t shown = 0;
  for (const Mark& mark : marks) {
    for (; shown < mark.packets; ++shown) {
      const PacketRecord& packet = scene.packets()[shown];
      out << indent << absl::StreamFormat("%12s  %s\n", FormatInstant(packet.time), packet.text);
    }
    PrintCallLine(mark.when, *mark.record,
                  mark.is_end ? absl::StrCat(" = ", mark.record->result) : " ...", indent, out);
  }
}

std::vector<std::string> KnownErrnos() {
  std::set<std::string> names;
  for (const AtlasRow& row : Atlas()) {
    if (row.page == AtlasPage::kBehaviour) continue;
    for (const System system : kSystems) {
      for (std::string& name : ErrnosIn(row.On(system).expected)) names.insert(std::move(name));
    }
  }
  return {names.begin(), names.end()};
}

int PrintExplanation(absl::string_view name, absl::Span<const System> systems, uint64_t seed,
                     std::ostream& out, int* failed) {
  const std::vector<CauseToShow> causes = CausesOf(name, systems);
  out << name << ": " << causes.size() << (causes.size() == 1 ? " cause" : " causes") << "\n\n";
  for (const CauseToShow& cause : causes) {
    std::unique_ptr<Scene> scene;
    const AtlasResult result = RunRow(cause.row, cause.system, seed, &scene);
    if (!result.ok()) ++*failed;
    PrintCause(cause, result, *scene, out);
  }
  return static_cast<int>(causes.size());
}

}  // namespace drywire
