// Hash table whose links live in the elements: no allocation but for the table itself, which
// doubles, and the same cost however many elements came and went.
//
// An element has a T* for the chain it is in and a 32-bit hash, both named as arguments of the
// template. For lookup only: there is no way to walk it. Elements are in no order that anything may
// depend on, and must leave before they die.
#ifndef DRYWIRE_SIM_CORE_INTRUSIVE_HASH_H_
#define DRYWIRE_SIM_CORE_INTRUSIVE_HASH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/check.h"

namespace drywire {

template <typename T, T* T::*kNext, uint32_t T::*kHash>
class IntrusiveHash {
 public:
  IntrusiveHash() : buckets_(kFewest) {}
  IntrusiveHash(const IntrusiveHash&) = delete;
  IntrusiveHash& operator=(const IntrusiveHash&) = delete;

  size_t size() const { return size_; }

  // The element with this hash for which `matches` says so; null when there is none.
  template <typename Predicate>
  T* Find(uint32_t hash, const Predicate& matches) const {
    for (T* at = buckets_[hash & Mask()]; at != nullptr; at = at->*kNext) {
      if (at->*kHash == hash && matches(*at)) return at;
    }
    return nullptr;
  }

  // The element must be in no table.
  void Insert(T* element, uint32_t hash) {
    if (size_ == buckets_.size()) Grow();
    element->*kHash = hash;
    T*& bucket = buckets_[hash & Mask()];
    element->*kNext = bucket;
    bucket = element;
    ++size_;
  }

  // The element must be in this table.
  void Remove(T* element) {
    T** const link = LinkTo(element);
    *link = element->*kNext;
    element->*kNext = nullptr;
    --size_;
  }

  // `to`, which is in no table, takes the place and the hash of `from`.
  void Replace(T* from, T* to) {
    T** const link = LinkTo(from);
    to->*kHash = from->*kHash;
    to->*kNext = from->*kNext;
    *link = to;
    from->*kNext = nullptr;
  }

 private:
  static constexpr size_t kFewest = 64;  // a power of two

  size_t Mask() const { return buckets_.size() - 1; }

  T** LinkTo(T* element) {
    T** link = &buckets_[element->*kHash & Mask()];
    while (*link != element) {
      DRYWIRE_CHECK(*link != nullptr) << "the element is not in this table";
      link = &((*link)->*kNext);
    }
    return link;
  }

  void Grow() {
    std::vector<T*> old(buckets_.size() * 2);
    old.swap(buckets_);
    for (T* at : old) {
      while (at != nullptr) {
        T* const next = at->*kNext;
        T*& bucket = buckets_[at->*kHash & Mask()];
        at->*kNext = bucket;
        bucket = at;
        at = next;
      }
    }
  }

  std::vector<T*> buckets_;  // as many as a power of two, at least as many as elements
  size_t size_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_INTRUSIVE_HASH_H_
