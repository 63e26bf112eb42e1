#include "sim/core/intrusive_list.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace drywire {
namespace {

struct OtherTag {};

struct Item : ListHook<>, ListHook<OtherTag> {
  explicit Item(int v) : value(v) {}
  int value;
};

template <typename Tag>
std::vector<int> Values(IntrusiveList<Item, Tag>& list) {
  std::vector<int> values;
  for (Item& item : list) values.push_back(item.value);
  return values;
}

using List = IntrusiveList<Item>;
using OtherList = IntrusiveList<Item, OtherTag>;

TEST(IntrusiveListTest, KeepsOrder) {
  Item a(1), b(2), c(3), d(4);
  List list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.PopFront(), nullptr);
  list.PushBack(&b);
  list.PushBack(&d);
  list.PushFront(&a);
  List::InsertBefore(&d, &c);
  EXPECT_EQ(Values(list), (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(list.CountSlow(), 4u);
  EXPECT_EQ(list.NextOf(&a), &b);
  EXPECT_EQ(list.NextOf(&d), nullptr);
  List::Remove(&b);
  EXPECT_EQ(list.PopFront(), &a);
  List::InsertAfter(&c, &a);
  EXPECT_EQ(Values(list), (std::vector<int>{3, 1, 4}));
  EXPECT_EQ(list.front().value, 3);
  EXPECT_EQ(list.back().value, 4);
}

TEST(IntrusiveListTest, AnElementCanBeInSeveralLists) {
  Item a(1), b(2);
  List list;
  OtherList other;
  list.PushBack(&a);
  list.PushBack(&b);
  other.PushBack(&b);
  other.PushBack(&a);
  EXPECT_EQ(Values(list), (std::vector<int>{1, 2}));
  EXPECT_EQ(Values(other), (std::vector<int>{2, 1}));
}

TEST(IntrusiveListTest, DyingElementsLeave) {
  Item a(1), c(3);
  List list;
  list.PushBack(&a);
  {
    Item b(2);
    list.PushBack(&b);
    list.PushBack(&c);
  }
  EXPECT_EQ(Values(list), (std::vector<int>{1, 3}));
}

TEST(IntrusiveListTest, DyingListsLetGo) {
  Item a(1);
  {
    List list;
    list.PushBack(&a);
  }
  EXPECT_FALSE(static_cast<ListHook<>&>(a).is_linked());
  List again;
  again.PushBack(&a);
  EXPECT_EQ(Values(again), std::vector<int>{1});
}

#ifndef NDEBUG
TEST(IntrusiveListDeathTest, LinkingTwiceIsAnError) {
  Item a(1);
  List list;
  list.PushBack(&a);
  EXPECT_DEATH(list.PushBack(&a), "already in a list");
}
#endif

}  // namespace
}  // namespace drywire
