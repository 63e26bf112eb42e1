// Typed free-list allocator: blocks of objects, never given back before the slab dies; no
// allocation in steady state.
//
// Which address an object gets is no input to behaviour (nothing may order by address), but it is a
// function of the calls all the same: the free list is last-in-first-out. live() is for leak
// checks. Objects still alive when the slab dies are not destroyed; their memory is. Under
// AddressSanitizer a free object is poisoned.
#ifndef DRYWIRE_SIM_CORE_SLAB_H_
#define DRYWIRE_SIM_CORE_SLAB_H_

#include <algorithm>
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
    for (Block& block : blocks_) Unpoison(block.cells.get(), sizeof(Cell) * block.size);
  }

  template <typename... Args>
  T* New(Args&&... args) {
    Cell* cell = free_;
    if (cell != nullptr) {
      Unpoison(cell, sizeof(Cell));
      free_ = cell->next;
    } else {
      if (fresh_ == fresh_end_) Grow();
      cell = fresh_++;
      Unpoison(cell, sizeof(Cell));
    }
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
  size_t capacity() const { return capacity_; }

 private:
  union Cell {
    Cell() {}
    Cell* next;
    alignas(T) unsigned char object[sizeof(T)];
  };
  struct Block {
    std::unique_ptr<Cell[]> cells;
    size_t size;
  };

  // Most worlds are small and short: the first block is one that malloc hands out quickly, and each
  // is as large as all before it together.
  static constexpr size_t kFirstBlock = sizeof(Cell) >= 500 ? 2 : 1000 / sizeof(Cell);
  static constexpr size_t kLargestBlock = sizeof(Cell) >= 2048 ? 8 : 16384 / sizeof(Cell);

  void Grow() {
    const size_t size = std::clamp(capacity_, kFirstBlock, kLargestBlock);
    blocks_.push_back({std::unique_ptr<Cell[]>(new Cell[size]), size});
    capacity_ += size;
    fresh_ = blocks_.back().cells.get();
    fresh_end_ = fresh_ + size;
    Poison(fresh_, sizeof(Cell) * size);
  }

#ifdef DRYWIRE_SLAB_ASAN
  static void Poison(void* p, size_t n) { __asan_poison_memory_region(p, n); }
  static void Unpoison(void* p, size_t n) { __asan_unpoison_memory_region(p, n); }
#else
  static void Poison(void*, size_t) {}
  static void Unpoison(void*, size_t) {}
#endif

  std::vector<Block> blocks_;
  Cell* free_ = nullptr;
  Cell* fresh_ = nullptr;  // of the newest block: what was never used
  Cell* fresh_end_ = nullptr;
  size_t capacity_ = 0;
  size_t live_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_SLAB_H_
