#include "sim/world/quantity.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace drywire {
namespace {

__extension__ typedef unsigned __int128 uint128;

// How many of the stored unit one of this is: `one` of them are `stored`.
struct Unit {
  absl::string_view name;
  uint64_t stored;
};

struct Kind {
  absl::string_view expected;  // "a duration such as \"20ms\""
  absl::string_view finest;    // "1 ns"
  absl::Span<const Unit> units;
  uint64_t max;
};

absl::Status Bad(absl::string_view text, const Kind& kind, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", kind.expected, ", found \"", text, "\"", why));
}

// digits [ "." digits ] unit, all of it, exactly.
absl::StatusOr<uint64_t> Parse(absl::string_view text, const Kind& kind) {
  constexpr uint64_t kMaxMantissa = 1'000'000'000'000'000'000;
  uint64_t mantissa = 0;
  uint64_t scale = 1;
  size_t at = 0;
  bool fraction = false;
  size_t digits = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !fraction && digits > 0) {
      fraction = true;
      continue;
    }
    if (!absl::ascii_isdigit(text[at])) break;
    if (mantissa >= kMaxMantissa / 10 || (fraction && scale >= kMaxMantissa / 10)) {
      return Bad(text, kind, ": too many digits");
    }
    mantissa = mantissa * 10 + static_cast<uint64_t>(text[at] - '0');
    if (fraction) scale *= 10;
    ++digits;
  }
  if (digits == 0 || text[at - 1] == '.') return Bad(text, kind, "");
  const absl::string_view name = text.substr(at);
  if (name.empty() && mantissa == 0) return 0;
  for (const Unit& unit : kind.units) {
    if (unit.name != name) continue;
    const uint128 product = static_cast<uint128>(mantissa) * unit.stored;
    if (product % scale != 0) return Bad(text, kind, absl::StrCat(": finer than ", kind.finest));
    if (product / scale > kind.max) return Bad(text, kind, ": too large");
    return static_cast<uint64_t>(product / scale);
  }
  std::string units;
  for (const Unit& unit : kind.units) {
    if (!unit.name.empty()) absl::StrAppend(&units, units.empty() ? "" : ", ", unit.name);
  }
  return Bad(text, kind, absl::StrCat(": the unit must be one of ", units));
}

constexpr Unit kDurations[] = {{"ns", 1},
                               {"us", 1'000},
                               {"ms", 1'000'000},
                               {"s", 1'000'000'000},
                               {"min", 60'000'000'000},
                               {"h", 3'600'000'000'000}};
constexpr Unit kRates[] = {
    {"bit/s", 1}, {"kbit/s", 1'000}, {"Mbit/s", 1'000'000}, {"Gbit/s", 1'000'000'000}};
constexpr Unit kProbabilities[] = {{"%", 10'000}, {"ppm", 1}};
constexpr Unit kSizes[] = {{"", 1},           {"B", 1},         {"kB", 1'000},
                           {"MB", 1'000'000}, {"KiB", 1 << 10}, {"MiB", 1 << 20}};

}  // namespace

absl::StatusOr<Duration> ParseDuration(absl::string_view text) {
  static constexpr Kind kKind = {"a duration such as \"20ms\"", "1 ns", kDurations, INT64_MAX - 1};
  const absl::StatusOr<uint64_t> nanos = Parse(text, kKind);
  if (!nanos.ok()) return nanos.status();
  return Duration::Nanos(static_cast<int64_t>(*nanos));
}

absl::StatusOr<uint64_t> ParseRate(absl::string_view text) {
  static constexpr Kind kKind = {"a rate such as \"10Mbit/s\"", "1 bit/s", kRates,
                                 1'000'000'000'000'000};
  return Parse(text, kKind);
}

absl::StatusOr<Probability> ParseProbability(absl::string_view text) {
  static constexpr Kind kKind = {"a percentage such as \"0.1%\"", "0.0001% (1 ppm)", kProbabilities,
                                 Probability::kUnit};
  const absl::StatusOr<uint64_t> ppm = Parse(text, kKind);
  if (!ppm.ok()) return ppm.status();
  return Probability::Ppm(static_cast<uint32_t>(*ppm));
}

absl::StatusOr<uint64_t> ParseSize(absl::string_view text) {
  static constexpr Kind kKind = {"a size such as \"1500\" or \"64KiB\"", "1 byte", kSizes,
                                 uint64_t{1} << 40};
  return Parse(text, kKind);
}

}  // namespace drywire
