// A value or the cause of a failure, without exceptions or allocation.
//
// Generic in the failure type so that this header, at the bottom of the stack, need not know the
// list of causes; the rest of the stack uses the alias in stack/personality/cause.h.
#ifndef DRYWIRE_STACK_BASE_RESULT_H_
#define DRYWIRE_STACK_BASE_RESULT_H_

#include <utility>
#include <variant>

#include "sim/core/check.h"

namespace drywire {

template <typename T, typename E>
class [[nodiscard]] BasicResult {
 public:
  // Implicit on purpose: `return kSomeCause;` and `return value;` both read as they should.
  BasicResult(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  BasicResult(E error) : state_(std::in_place_index<1>, error) {}

  bool ok() const { return state_.index() == 0; }
  // Requires !ok().
  E cause() const {
    DRYWIRE_CHECK(!ok()) << "cause() of a success";
    return std::get<1>(state_);
  }
  // Requires ok().
  T& value() & {
    DRYWIRE_CHECK(ok()) << "value() of a failure";
    return std::get<0>(state_);
  }
  const T& value() const& {
    DRYWIRE_CHECK(ok()) << "value() of a failure";
    return std::get<0>(state_);
  }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, E> state_;
};

template <typename E>
class [[nodiscard]] BasicResult<void, E> {
 public:
  BasicResult() = default;
  BasicResult(E error) : error_(error), ok_(false) {}

  bool ok() const { return ok_; }
  E cause() const {
    DRYWIRE_CHECK(!ok_) << "cause() of a success";
    return error_;
  }

 private:
  E error_{};
  bool ok_ = true;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_RESULT_H_
