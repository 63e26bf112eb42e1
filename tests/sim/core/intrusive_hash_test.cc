#include "sim/core/intrusive_hash.h"

#include <cstdint>
#include <deque>
#include <set>

#include "gtest/gtest.h"
#include "sim/core/rng.h"

namespace drywire {
namespace {

struct Item {
  explicit Item(int v) : value(v) {}
  int value;
  Item* next = nullptr;
  uint32_t hash = 0;
};

using Table = IntrusiveHash<Item, &Item::next, &Item::hash>;

Item* FindValue(const Table& table, uint32_t hash, int value) {
  return table.Find(hash, [value](const Item& item) { return item.value == value; });
}

TEST(IntrusiveHashTest, TellsElementsOfOneHashApart) {
  Table table;
  Item a(1), b(2), c(3);
  table.Insert(&a, 7);
  table.Insert(&b, 7);
  table.Insert(&c, 7 + 64);  // in the same chain at first, with another hash
  EXPECT_EQ(FindValue(table, 7, 1), &a);
  EXPECT_EQ(FindValue(table, 7, 2), &b);
  EXPECT_EQ(FindValue(table, 7, 3), nullptr);
  EXPECT_EQ(FindValue(table, 7 + 64, 3), &c);
  table.Remove(&b);
  EXPECT_EQ(FindValue(table, 7, 2), nullptr);
  EXPECT_EQ(table.size(), 2u);
}

TEST(IntrusiveHashTest, ReplacesInPlace) {
  Table table;
  Item before(1), other(2), after(1);
  table.Insert(&before, 9);
  table.Insert(&other, 9);
  table.Replace(&before, &after);
  EXPECT_EQ(FindValue(table, 9, 1), &after);
  EXPECT_EQ(FindValue(table, 9, 2), &other);
  EXPECT_EQ(table.size(), 2u);
}

TEST(IntrusiveHashTest, AgreesWithASetWhileItGrows) {
  Table table;
  std::deque<Item> items;
  for (int i = 0; i < 2000; ++i) items.emplace_back(i);
  std::set<int> present;
  Rng rng(1);
  for (int step = 0; step < 20000; ++step) {
    const int value = static_cast<int>(rng.Uniform(items.size()));
    const auto hash = static_cast<uint32_t>(value % 500);
    EXPECT_EQ(FindValue(table, hash, value) != nullptr, present.contains(value));
    if (present.erase(value) != 0) {
      table.Remove(&items[static_cast<size_t>(value)]);
    } else {
      table.Insert(&items[static_cast<size_t>(value)], hash);
      present.insert(value);
    }
    ASSERT_EQ(table.size(), present.size());
  }
}

TEST(IntrusiveHashDeathTest, RemovingAStrangerIsAnError) {
  Table table;
  Item a(1);
  EXPECT_DEATH(table.Remove(&a), "not in this table");
}

}  // namespace
}  // namespace drywire
