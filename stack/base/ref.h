// An owning reference to an object that counts its references itself.
//
// The object has AddReference() and DropReference(), which deletes it with the last one. The count
// is not atomic: a world is one thread.
#ifndef DRYWIRE_STACK_BASE_REF_H_
#define DRYWIRE_STACK_BASE_REF_H_

#include <utility>

namespace drywire {

template <typename T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) {
    if (object_ != nullptr) object_->AddReference();
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  template <typename U>
  Ref(const Ref<U>& other) : Ref(other.get()) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->DropReference();
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_REF_H_
