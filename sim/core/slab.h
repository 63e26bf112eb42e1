// Typed free-list allocator: blocks of objects, never given back before the slab dies; no
// allocation in steady state.
//
// Which address an object gets is no input to behaviour (nothing may order by address), but it is a
// function of the calls all the same: the free list is last-in-first-out. live() is for leak
// checks. Objects still alive when the slab dies are not destroyed; their memory is. Under
// AddressSanitizer a free object is poisoned.
#ifndef DRYWIRE_SIM_CORE_SLAB_H_
#define DRYWIRE_SIM_CORE_SLAB_H_

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "sim/core/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define DRYWIRE_SLAB_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DRYWIRE_SLAB_ASAN 1
#endif
#endif
#ifdef DRYWIRE_SLAB_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace drywire {

template <typename T>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for (std::unique_ptr<Cell[]>& block : blocks_) Unpoison(block.get(), sizeof(Cell) * kBlock);
  }

  template <typename... Args>
  T* New(Args&&... args) {
    if (free_ == nullptr) Grow();
    Cell* cell = free_;
    Unpoison(cell, sizeof(Cell));
    free_ = cell->next;
    ++live_;
    return new (cell->object) T(std::forward<Args>(args)...);
  }

  // `object` must come from New() of this slab. Null is allowed.
  void Delete(T* object) {
    if (object == nullptr) return;
    DRYWIRE_DCHECK(live_ > 0);
    object->~T();
    Cell* cell = reinterpret_cast<Cell*>(object);
    cell->next = free_;
    free_ = cell;
    --live_;
    Poison(cell, sizeof(Cell));
  }

  size_t live() const { return live_; }
  // Objects that fit without another allocation, living ones included.
  size_t capacity() const { return blocks_.size() * kBlock; }

 private:
  static constexpr size_t kBlock = sizeof(T) >= 2048 ? 8 : 16384 / sizeof(T);

  union Cell {
    Cell() : next(nullptr) {}
    Cell* next;
    alignas(T) unsigned char object[sizeof(T)];
  };

  void Grow() {
    blocks_.push_back(std::make_unique<Cell[]>(kBlock));
    Cell* block = blocks_.back().get();
    for (size_t i = kBlock; i-- > 0;) {
      block[i].next = free_;
      free_ = &block[i];
    }
    Poison(block, sizeof(Cell) * kBlock);
  }

#ifdef DRYWIRE_SLAB_ASAN
  static void Poison(void* p, size_t n) { __asan_poison_memory_region(p, n); }
  static void Unpoison(void* p, size_t n) { __asan_unpoison_memory_region(p, n); }
#else
  static void Poison(void*, size_t) {}
  static void Unpoison(void*, size_t) {}
#endif

  std::vector<std::unique_ptr<Cell[]>> blocks_;
  Cell* free_ = nullptr;
  size_t live_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_SLAB_H_
