#include "sim/core/slab.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace drywire {
namespace {

struct Counted {
  Counted(int* counter, int v) : alive(counter), value(v) { ++*alive; }
  ~Counted() { --*alive; }
  int* alive;
  int value;
};

struct alignas(64) Aligned {
  char byte = 0;
};

TEST(SlabTest, ConstructsDestroysCounts) {
  int alive = 0;
  Slab<Counted> slab;
  Counted* a = slab.New(&alive, 1);
  Counted* b = slab.New(&alive, 2);
  EXPECT_EQ(a->value + b->value, 3);
  EXPECT_EQ(slab.live(), 2u);
  EXPECT_EQ(alive, 2);
  slab.Delete(a);
  slab.Delete(nullptr);
  EXPECT_EQ(slab.live(), 1u);
  EXPECT_EQ(alive, 1);
  slab.Delete(b);
  EXPECT_EQ(alive, 0);
}

TEST(SlabTest, ReusesMemoryInSteadyState) {
  Slab<uint64_t> slab;
  std::vector<uint64_t*> held;
  for (uint64_t i = 0; i < 5000; ++i) held.push_back(slab.New(i));
  for (uint64_t i = 0; i < 5000; ++i) EXPECT_EQ(*held[i], i);
  for (uint64_t* p : held) slab.Delete(p);
  const size_t capacity = slab.capacity();
  for (int round = 0; round < 10; ++round) {
    held.clear();
    for (uint64_t i = 0; i < 5000; ++i) held.push_back(slab.New(i));
    for (uint64_t* p : held) slab.Delete(p);
  }
  EXPECT_EQ(slab.capacity(), capacity);
  EXPECT_EQ(slab.live(), 0u);
}

TEST(SlabTest, LastFreedIsFirstUsed) {
  Slab<int> slab;
  int* a = slab.New(1);
  int* b = slab.New(2);
  slab.Delete(a);
  slab.Delete(b);
  EXPECT_EQ(slab.New(3), b);
  EXPECT_EQ(slab.New(4), a);
}

TEST(SlabTest, HonoursAlignment) {
  Slab<Aligned> slab;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(slab.New()) % 64, 0u);
  }
}

}  // namespace
}  // namespace drywire
