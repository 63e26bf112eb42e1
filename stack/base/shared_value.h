// A value that its holders share until one of them changes it.
//
// For what is many times the same and seldom changed, as the options of sockets: a copy is a
// pointer. A default value takes no memory at all. The count is not atomic: a world is one thread;
// the default value, which worlds share, is neither counted nor changed.
#ifndef DRYWIRE_STACK_BASE_SHARED_VALUE_H_
#define DRYWIRE_STACK_BASE_SHARED_VALUE_H_

#include <cstdint>
#include <utility>

namespace drywire {

template <typename T>
class SharedValue {
 public:
  SharedValue() = default;
  explicit SharedValue(const T& value) : node_(new Node{1, value}) {}
  SharedValue(const SharedValue& other) : node_(other.node_) {
    if (node_ != &default_) ++node_->holders;
  }
  SharedValue(SharedValue&& other) noexcept : node_(std::exchange(other.node_, &default_)) {}
  SharedValue& operator=(SharedValue other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~SharedValue() {
    if (node_ != &default_ && --node_->holders == 0) delete node_;
  }

  const T& operator*() const { return node_->value; }
  const T* operator->() const { return &node_->value; }
  // The value, for this holder alone to change. References to it from before may be to another
  // holder's now.
  T& Edit() {
    if (node_ == &default_ || node_->holders != 1) *this = SharedValue(node_->value);
    return node_->value;
  }

 private:
  struct Node {
    uint32_t holders = 0;
    T value;
  };
  static Node default_;

  Node* node_ = &default_;
};

template <typename T>
constinit typename SharedValue<T>::Node SharedValue<T>::default_;

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_SHARED_VALUE_H_
