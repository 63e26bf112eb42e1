// TCP sequence numbers: arithmetic modulo 2^32 (RFC 9293 3.4).
//
// There are deliberately no ordering operators: `a < b` on a modular number is wrong half the time,
// so the comparison has to be spelt as one of Before, AtOrBefore, After, AtOrAfter.
#ifndef DRYWIRE_STACK_BASE_SEQ_H_
#define DRYWIRE_STACK_BASE_SEQ_H_

#include <cstdint>

namespace drywire {

class Seq {
 public:
  constexpr Seq() = default;
  constexpr explicit Seq(uint32_t value) : value_(value) {}

  constexpr uint32_t value() const { return value_; }

  friend constexpr bool operator==(Seq, Seq) = default;
  friend constexpr Seq operator+(Seq seq, uint32_t length) { return Seq(seq.value_ + length); }
  friend constexpr Seq operator-(Seq seq, uint32_t length) { return Seq(seq.value_ - length); }
  constexpr Seq& operator+=(uint32_t length) { return *this = *this + length; }

  // Signed distance from `from` to this: positive when this is the later one.
  constexpr int32_t Since(Seq from) const { return static_cast<int32_t>(value_ - from.value_); }
  constexpr bool Before(Seq other) const { return Since(other) < 0; }
  constexpr bool AtOrBefore(Seq other) const { return Since(other) <= 0; }
  constexpr bool After(Seq other) const { return Since(other) > 0; }
  constexpr bool AtOrAfter(Seq other) const { return Since(other) >= 0; }
  // Whether start =< this < start + length.
  constexpr bool InWindow(Seq start, uint32_t length) const {
    return value_ - start.value_ < length;
  }

 private:
  uint32_t value_ = 0;
};

constexpr Seq Max(Seq a, Seq b) { return a.After(b) ? a : b; }
constexpr Seq Min(Seq a, Seq b) { return a.Before(b) ? a : b; }

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_SEQ_H_
