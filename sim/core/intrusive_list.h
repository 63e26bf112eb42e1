// Doubly linked list whose links live in the elements: no allocation, O(1) removal from the middle.
//
// An element derives from ListHook<Tag>, once per list it can be in at the same time. Destroying an
// element takes it out of its list; destroying a list leaves its elements unlinked, alive. Order is
// insertion order, never addresses.
#ifndef DRYWIRE_SIM_CORE_INTRUSIVE_LIST_H_
#define DRYWIRE_SIM_CORE_INTRUSIVE_LIST_H_

#include <cstddef>
#include <iterator>

#include "sim/core/check.h"

namespace drywire {

template <typename T, typename Tag>
class IntrusiveList;

struct DefaultListTag {};

template <typename Tag = DefaultListTag>
class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { Unlink(); }

  bool is_linked() const { return next_ != nullptr; }

  // Takes the element out of the list it is in, if any.
  void Unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

 private:
  template <typename T, typename AnyTag>
  friend class IntrusiveList;

  ListHook* prev_ = nullptr;
  ListHook* next_ = nullptr;
};

template <typename T, typename Tag = DefaultListTag>
class IntrusiveList {
  using Hook = ListHook<Tag>;

 public:
  class iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = T*;
    using reference = T&;

    iterator() = default;
    T& operator*() const { return *static_cast<T*>(at_); }
    T* operator->() const { return static_cast<T*>(at_); }
    iterator& operator++() {
      at_ = Next(at_);
      return *this;
    }
    iterator operator++(int) {
      iterator old = *this;
      ++*this;
      return old;
    }
    iterator& operator--() {
      at_ = Prev(at_);
      return *this;
    }
    friend bool operator==(iterator a, iterator b) { return a.at_ == b.at_; }
    friend bool operator!=(iterator a, iterator b) { return a.at_ != b.at_; }

   private:
    friend class IntrusiveList;
    explicit iterator(Hook* at) : at_(at) {}
    Hook* at_ = nullptr;
  };

  IntrusiveList() { end_.prev_ = end_.next_ = &end_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    Clear();
    end_.prev_ = end_.next_ = nullptr;  // So that the hook's destructor leaves the sentinel alone.
  }

  bool empty() const { return end_.next_ == &end_; }
  // Walks the list.
  size_t CountSlow() const {
    size_t n = 0;
    for (const Hook* h = end_.next_; h != &end_; h = h->next_) ++n;
    return n;
  }

  // The list must not be empty.
  T& front() {
    DRYWIRE_DCHECK(!empty());
    return *static_cast<T*>(end_.next_);
  }
  T& back() {
    DRYWIRE_DCHECK(!empty());
    return *static_cast<T*>(end_.prev_);
  }

  // The element must not be linked by this tag.
  void PushBack(T* element) { LinkBefore(&end_, element); }
  void PushFront(T* element) { LinkBefore(end_.next_, element); }
  static void InsertBefore(T* position, T* element) { LinkBefore(position, element); }
  static void InsertAfter(T* position, T* element) {
    LinkBefore(static_cast<Hook*>(position)->next_, element);
  }

  // Takes the first element out, or returns null when there is none.
  T* PopFront() {
    if (empty()) return nullptr;
    T* first = static_cast<T*>(end_.next_);
    static_cast<Hook*>(first)->Unlink();
    return first;
  }

  // The element after `element`, or null at the end.
  T* NextOf(T* element) {
    Hook* next = static_cast<Hook*>(element)->next_;
    return next == &end_ ? nullptr : static_cast<T*>(next);
  }

  static void Remove(T* element) { static_cast<Hook*>(element)->Unlink(); }

  void Clear() {
    while (end_.next_ != &end_) end_.next_->Unlink();
  }

  iterator begin() { return iterator(end_.next_); }
  iterator end() { return iterator(&end_); }
  // The elements stay as they are; only the walk is const.
  iterator begin() const { return iterator(end_.next_); }
  iterator end() const { return iterator(const_cast<Hook*>(&end_)); }

 private:
  static Hook* Next(Hook* hook) { return hook->next_; }
  static Hook* Prev(Hook* hook) { return hook->prev_; }

// gcc warns that an element on the stack may outlive its frame; it cannot see that its destructor
// unlinks it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif
  static void LinkBefore(Hook* position, Hook* hook) {
    DRYWIRE_DCHECK(!hook->is_linked()) << "element is already in a list";
    hook->prev_ = position->prev_;
    hook->next_ = position;
    position->prev_->next_ = hook;
    position->prev_ = hook;
  }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

  Hook end_;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_INTRUSIVE_LIST_H_
