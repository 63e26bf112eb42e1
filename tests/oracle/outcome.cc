#include "tests/oracle/outcome.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace drywire::oracle {
namespace {

absl::string_view RowName(absl::string_view row) { return row.substr(0, row.find(':')); }

std::vector<std::string> Rows(const std::string& transcript) {
  return absl::StrSplit(transcript, '\n');
}

// A time in tenths of a second, as Script::Elapsed() writes it; -1 for other words.
int Tenths(absl::string_view word) {
  int whole = 0;
  int tenth = 0;
  if (!absl::ConsumePrefix(&word, "after=") || !absl::ConsumeSuffix(&word, "s")) return -1;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(word, '.');
  if (!absl::SimpleAtoi(parts.first, &whole) || !absl::SimpleAtoi(parts.second, &tenth)) return -1;
  return whole * 10 + tenth;
}

// Equal but for times: the kernel's timers are up to 6 % late, its scheduler up to 0.1 s.
bool Agree(const std::string& simulated, const std::string& real) {
  if (simulated == real) return true;
  const std::vector<absl::string_view> left = absl::StrSplit(simulated, ' ');
  const std::vector<absl::string_view> right = absl::StrSplit(real, ' ');
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i] == right[i]) continue;
    const int nominal = Tenths(left[i]);
    const int late = Tenths(right[i]) - nominal;
    if (nominal < 0 || late < -1 || late > 1 + nominal * 6 / 100) return false;
  }
  return true;
}

void CompareRows(const std::string& process, const std::vector<std::string>& simulated,
                 const std::vector<std::string>& real, const Scenario& scenario,
                 std::vector<bool>* used, std::vector<Difference>* differences) {
  for (size_t i = 0; i < std::max(simulated.size(), real.size()); ++i) {
    Difference difference = {process, i < simulated.size() ? simulated[i] : "(nothing)",
                             i < real.size() ? real[i] : "(nothing)", ""};
    if (Agree(difference.simulated, difference.real)) continue;
    for (size_t k = 0; k < scenario.known.size(); ++k) {
      const std::string& row = scenario.known[k].row;
      if (row != RowName(difference.real) && row != process) continue;
      difference.known_reason = scenario.known[k].reason;
      (*used)[k] = true;
    }
    differences->push_back(std::move(difference));
  }
}

// The words of a row in lines of their own would be long; what is equal before and after the first
// difference is shortened.
std::string Shorten(const std::string& text, size_t from) {
  constexpr size_t kContext = 60;
  if (from <= kContext) return text;
  const absl::string_view name = RowName(text);
  return absl::StrCat(name.size() < kContext ? name : name.substr(0, kContext), ": ... ",
                      text.substr(from - kContext / 2));
}

}  // namespace

bool Comparison::surprising() const {
  return std::any_of(differences.begin(), differences.end(),
                     [](const Difference& difference) { return difference.known_reason.empty(); });
}

Comparison Compare(const Scenario& scenario, const Outcome& simulated, const Outcome& real) {
  Comparison result;
  for (const std::string& transcript : real.transcripts) {
    if (transcript.empty()) result.differences.push_back({"run", "", "a transcript is empty", ""});
  }
  if (!simulated.failure.empty() || !real.failure.empty()) {
    result.differences.push_back({"run", simulated.failure, real.failure, ""});
  }
  std::vector<bool> used(scenario.known.size());
  for (size_t i = 0; i < scenario.processes.size(); ++i) {
    const auto rows = [&](const Outcome& outcome) {
      return i < outcome.transcripts.size() ? Rows(outcome.transcripts[i])
                                            : std::vector<std::string>();
    };
    CompareRows(scenario.processes[i].host, rows(simulated), rows(real), scenario, &used,
                &result.differences);
  }
  CompareRows("packets", simulated.packets, real.packets, scenario, &used, &result.differences);
  for (size_t k = 0; k < used.size(); ++k) {
    if (!used[k]) result.vanished.push_back(scenario.known[k]);
  }
  return result;
}

std::string Describe(const Comparison& comparison) {
  std::string text;
  for (const Difference& difference : comparison.differences) {
    const auto [in_simulated, in_real] =
        std::mismatch(difference.simulated.begin(), difference.simulated.end(),
                      difference.real.begin(), difference.real.end());
    const size_t from = in_simulated - difference.simulated.begin();
    absl::StrAppend(&text, "    ", difference.process, "\n      simulated  ",
                    Shorten(difference.simulated, from), "\n      kernel     ",
                    Shorten(difference.real, from), "\n");
    if (!difference.known_reason.empty()) {
      absl::StrAppend(&text, "      known      ", difference.known_reason, "\n");
    }
  }
  for (const Scenario::Known& known : comparison.vanished) {
    absl::StrAppend(&text, "    no difference any more in '", known.row, "': ", known.reason, "\n");
  }
  return text;
}

}  // namespace drywire::oracle
