#include "stack/base/shared_value.h"

#include <utility>

#include "gtest/gtest.h"

namespace drywire {
namespace {

struct Pair {
  int a = 1;
  int b = 2;
};
using Shared = SharedValue<Pair>;

TEST(SharedValueTest, DefaultsAreOneValue) {
  const Shared x;
  const Shared y;
  EXPECT_EQ(&*x, &*y);
  EXPECT_EQ(x->a, 1);
}

TEST(SharedValueTest, CopiesShareUntilOneIsChanged) {
  Shared x(Pair{3, 4});
  Shared y = x;
  EXPECT_EQ(&*x, &*y);
  y.Edit().a = 5;
  EXPECT_EQ(x->a, 3);
  EXPECT_EQ(y->a, 5);
  EXPECT_EQ(y->b, 4);
}

TEST(SharedValueTest, ChangingADefaultChangesNoOther) {
  Shared x;
  x.Edit().a = 7;
  EXPECT_EQ(Shared()->a, 1);
  EXPECT_EQ(x->a, 7);
}

TEST(SharedValueTest, TheOnlyHolderEditsInPlace) {
  Shared x(Pair{3, 4});
  const Pair* const before = &*x;
  { const Shared y = x; }
  x.Edit().a = 6;
  EXPECT_EQ(&*x, before);
}

TEST(SharedValueTest, AssigningAndMovingKeepTheValueAlive) {
  Shared x(Pair{3, 4});
  Shared y = std::move(x);
  EXPECT_EQ(x->a, 1);  // NOLINT: a moved-from one is a default
  x = y;
  y = Shared();
  EXPECT_EQ(x->a, 3);
  x = *&x;
  EXPECT_EQ(x->b, 4);
}

}  // namespace
}  // namespace drywire
