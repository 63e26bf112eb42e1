// Virtual time: two strong types over int64 nanoseconds.
//
// An Instant counts from the start of the world (zero); a Duration is the difference of two.
// Arithmetic saturates: anything that overflows becomes Infinite() or Never() and stays there, so
// that `now + timeout` needs no special case for "no timeout". There is no calendar and no wall
// clock here; a world decides which date its zero is.
#ifndef DRYWIRE_SIM_CORE_TIME_H_
#define DRYWIRE_SIM_CORE_TIME_H_

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <string>

namespace drywire {

namespace time_internal {

inline constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

constexpr int64_t Add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? kMax : kMin;
  return sum;
}
constexpr int64_t Subtract(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return b < 0 ? kMax : kMin;
  return difference;
}
constexpr int64_t Multiply(int64_t a, int64_t b) {
  int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return (a > 0) == (b > 0) ? kMax : kMin;
  return product;
}

}  // namespace time_internal

// A span of virtual time in nanoseconds, negative allowed. Infinite() is the largest value and
// absorbs addition.
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration Nanos(int64_t n) { return Duration(n); }
  static constexpr Duration Micros(int64_t n) {
    return Duration(time_internal::Multiply(n, 1'000));
  }
  static constexpr Duration Millis(int64_t n) {
    return Duration(time_internal::Multiply(n, 1'000'000));
  }
  static constexpr Duration Seconds(int64_t n) {
    return Duration(time_internal::Multiply(n, 1'000'000'000));
  }
  static constexpr Duration Zero() { return Duration(0); }
  static constexpr Duration Infinite() { return Duration(time_internal::kMax); }

  constexpr int64_t nanos() const { return nanos_; }
  constexpr int64_t micros() const { return nanos_ / 1'000; }           // Toward zero.
  constexpr int64_t millis() const { return nanos_ / 1'000'000; }       // Toward zero.
  constexpr int64_t seconds() const { return nanos_ / 1'000'000'000; }  // Toward zero.
  constexpr bool is_infinite() const { return nanos_ == time_internal::kMax; }

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr bool operator==(Duration, Duration) = default;

  friend constexpr Duration operator+(Duration a, Duration b) {
    if (a.is_infinite() || b.is_infinite()) return Infinite();
    return Duration(time_internal::Add(a.nanos_, b.nanos_));
  }
  friend constexpr Duration operator-(Duration a, Duration b) {
    if (a.is_infinite()) return Infinite();
    return Duration(time_internal::Subtract(a.nanos_, b.nanos_));
  }
  friend constexpr Duration operator-(Duration a) {
    return Duration(time_internal::Subtract(0, a.nanos_));
  }
  friend constexpr Duration operator*(Duration a, int64_t n) {
    return Duration(time_internal::Multiply(a.nanos_, n));
  }
  friend constexpr Duration operator*(int64_t n, Duration a) { return a * n; }
  // Toward zero; an infinite duration stays infinite. n must not be zero.
  friend constexpr Duration operator/(Duration a, int64_t n) {
    return a.is_infinite() ? a : Duration(a.nanos_ / n);
  }
  // How many times b fits into a, toward zero. b must not be zero.
  friend constexpr int64_t operator/(Duration a, Duration b) { return a.nanos_ / b.nanos_; }
  friend constexpr Duration operator%(Duration a, Duration b) {
    return Duration(a.nanos_ % b.nanos_);
  }
  constexpr Duration& operator+=(Duration b) { return *this = *this + b; }
  constexpr Duration& operator-=(Duration b) { return *this = *this - b; }
  constexpr Duration& operator*=(int64_t n) { return *this = *this * n; }
  constexpr Duration& operator/=(int64_t n) { return *this = *this / n; }

 private:
  explicit constexpr Duration(int64_t nanos) : nanos_(nanos) {}

  int64_t nanos_ = 0;
};

// A point of virtual time: nanoseconds since the start of the world. Never() is later than
// everything else.
class Instant {
 public:
  constexpr Instant() = default;
  static constexpr Instant FromNanos(int64_t n) { return Instant(n); }
  static constexpr Instant Zero() { return Instant(0); }
  static constexpr Instant Never() { return Instant(time_internal::kMax); }

  constexpr int64_t nanos() const { return nanos_; }
  constexpr Duration since_start() const { return Duration::Nanos(nanos_); }
  constexpr bool is_never() const { return nanos_ == time_internal::kMax; }

  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr bool operator==(Instant, Instant) = default;

  friend constexpr Instant operator+(Instant t, Duration d) {
    if (t.is_never() || d.is_infinite()) return Never();
    return Instant(time_internal::Add(t.nanos_, d.nanos()));
  }
  friend constexpr Instant operator-(Instant t, Duration d) {
    if (t.is_never()) return Never();
    return Instant(time_internal::Subtract(t.nanos_, d.nanos()));
  }
  // Never() minus anything is Infinite().
  friend constexpr Duration operator-(Instant a, Instant b) {
    if (a.is_never()) return Duration::Infinite();
    return Duration::Nanos(time_internal::Subtract(a.nanos_, b.nanos_));
  }
  constexpr Instant& operator+=(Duration d) { return *this = *this + d; }
  constexpr Instant& operator-=(Duration d) { return *this = *this - d; }

 private:
  explicit constexpr Instant(int64_t nanos) : nanos_(nanos) {}
  int64_t nanos_ = 0;
};

inline constexpr Duration kInfinite = Duration::Infinite();
inline constexpr Instant kNever = Instant::Never();

// Exact, in the largest unit that keeps at least one whole: "131.071s", "40ms", "1.5us", "0s",
// "-3ns", "infinite".
std::string FormatDuration(Duration d);

// Seconds with six decimals, nine when the instant is not a whole microsecond: "1.003000"; "never".
std::string FormatInstant(Instant t);

std::ostream& operator<<(std::ostream& out, Duration d);
std::ostream& operator<<(std::ostream& out, Instant t);

// using namespace drywire::time_literals;  200_ms, 3_s
namespace time_literals {
constexpr Duration operator""_ns(unsigned long long n) {
  return Duration::Nanos(static_cast<int64_t>(n));
}
constexpr Duration operator""_us(unsigned long long n) {
  return Duration::Micros(static_cast<int64_t>(n));
}
constexpr Duration operator""_ms(unsigned long long n) {
  return Duration::Millis(static_cast<int64_t>(n));
}
constexpr Duration operator""_s(unsigned long long n) {
  return Duration::Seconds(static_cast<int64_t>(n));
}
}  // namespace time_literals

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_TIME_H_
