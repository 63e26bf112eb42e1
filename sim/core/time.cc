#include "sim/core/time.h"

#include <ostream>
#include <string>

namespace drywire {
namespace {

// "whole.fraction" without trailing zeros; `unit` is a power of ten, value is not negative.
std::string Decimal(uint64_t value, uint64_t unit) {
  std::string text = std::to_string(value / unit);
  uint64_t rest = value % unit;
  if (rest == 0) return text;
  text += '.';
  while (rest != 0) {
    unit /= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::string FormatDuration(Duration d) {
  if (d.is_infinite()) return "infinite";
  if (d.nanos() == 0) return "0s";
  const bool negative = d.nanos() < 0;
  // Unsigned negation: correct for the smallest value too.
  const uint64_t n =
      negative ? 0 - static_cast<uint64_t>(d.nanos()) : static_cast<uint64_t>(d.nanos());
  const std::string sign = negative ? "-" : "";
  if (n >= 1'000'000'000) return sign + Decimal(n, 1'000'000'000) + "s";
  if (n >= 1'000'000) return sign + Decimal(n, 1'000'000) + "ms";
  if (n >= 1'000) return sign + Decimal(n, 1'000) + "us";
  return sign + std::to_string(n) + "ns";
}

std::string FormatInstant(Instant t) {
  if (t.is_never()) return "never";
  const bool negative = t.nanos() < 0;
  const uint64_t n =
      negative ? 0 - static_cast<uint64_t>(t.nanos()) : static_cast<uint64_t>(t.nanos());
  std::string fraction = std::to_string(n % 1'000'000'000);
  fraction.insert(0, 9 - fraction.size(), '0');
  if (n % 1'000 == 0) fraction.resize(6);
  return (negative ? "-" : "") + std::to_string(n / 1'000'000'000) + "." + fraction;
}

std::ostream& operator<<(std::ostream& out, Duration d) { return out << FormatDuration(d); }
std::ostream& operator<<(std::ostream& out, Instant t) { return out << FormatInstant(t); }

}  // namespace drywire
