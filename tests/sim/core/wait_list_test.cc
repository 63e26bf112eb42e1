#include "sim/core/wait_list.h"

#include <functional>
#include <vector>

#include "gtest/gtest.h"

namespace drywire {
namespace {

struct Probe {
  explicit Probe(int i, std::vector<int>* l, bool exclusive = false, bool takes = true)
      : id(i), log(l), take(takes), waiter(OnNotify, this) {
    waiter.set_exclusive(exclusive);
  }
  static bool OnNotify(Waiter* waiter, uint32_t key) {
    auto* self = static_cast<Probe*>(waiter->context());
    self->log->push_back(self->id);
    self->key = key;
    if (self->then) self->then();
    return self->take;
  }
  int id;
  std::vector<int>* log;
  bool take;
  uint32_t key = 0;
  std::function<void()> then;
  Waiter waiter;
};

class WaitListTest : public testing::Test {
 protected:
  std::vector<int> log_;
  WaitList list_;
};

TEST_F(WaitListTest, NotifyCallsAllButOnlyOneExclusive) {
  Probe a(1, &log_), b(2, &log_, true), c(3, &log_, true), d(4, &log_);
  for (Probe* p : {&a, &b, &c, &d}) list_.Add(&p->waiter);
  list_.Notify();
  EXPECT_EQ(log_, (std::vector<int>{1, 2, 4}));
  log_.clear();
  list_.NotifyAll();
  EXPECT_EQ(log_, (std::vector<int>{1, 2, 3, 4}));
}

TEST_F(WaitListTest, AnExclusiveWaiterThatDeclinesPassesItOn) {
  Probe a(1, &log_, true, false), b(2, &log_, true), c(3, &log_, true);
  for (Probe* p : {&a, &b, &c}) list_.Add(&p->waiter);
  list_.Notify();
  EXPECT_EQ(log_, (std::vector<int>{1, 2}));
}

TEST_F(WaitListTest, NotifyOneIsFirstComeFirstServed) {
  Probe a(1, &log_, false, false), b(2, &log_), c(3, &log_, true);
  for (Probe* p : {&a, &b, &c}) list_.Add(&p->waiter);
  EXPECT_TRUE(list_.NotifyOne());
  EXPECT_EQ(log_, (std::vector<int>{1, 2}));
  WaitList empty;
  EXPECT_FALSE(empty.NotifyOne());
}

TEST_F(WaitListTest, InterestFiltersKeys) {
  Probe in(1, &log_), out(2, &log_);
  in.waiter.set_interest(1);
  out.waiter.set_interest(4);
  list_.Add(&in.waiter);
  list_.Add(&out.waiter);
  list_.Notify(4);
  EXPECT_EQ(log_, std::vector<int>{2});
  list_.Notify(5);
  EXPECT_EQ(log_, (std::vector<int>{2, 1, 2}));
  EXPECT_EQ(in.key, 1u);
  EXPECT_EQ(out.key, 4u);
}

TEST_F(WaitListTest, CallbacksMayChangeTheList) {
  Probe a(1, &log_), b(2, &log_), c(3, &log_), d(4, &log_);
  for (Probe* p : {&a, &b, &c}) list_.Add(&p->waiter);
  a.then = [&] {
    a.waiter.Remove();
    b.waiter.Remove();     // The next one.
    list_.Add(&a.waiter);  // Added meanwhile: not called again.
    if (!d.waiter.is_waiting()) list_.Add(&d.waiter);
  };
  list_.Notify();
  EXPECT_EQ(log_, (std::vector<int>{1, 3}));
  a.then = nullptr;
  log_.clear();
  list_.Notify();
  EXPECT_EQ(log_, (std::vector<int>{3, 1, 4}));
}

TEST_F(WaitListTest, NotificationsNest) {
  Probe a(1, &log_), b(2, &log_), c(3, &log_);
  for (Probe* p : {&a, &b, &c}) list_.Add(&p->waiter);
  b.then = [&] {
    b.then = nullptr;
    list_.Notify();
  };
  list_.Notify();
  EXPECT_EQ(log_, (std::vector<int>{1, 2, 1, 2, 3, 3}));
}

TEST_F(WaitListTest, DyingListsLetGo) {
  Probe a(1, &log_);
  {
    WaitList list;
    list.Add(&a.waiter);
    EXPECT_EQ(a.waiter.list(), &list);
    EXPECT_FALSE(list.empty());
  }
  EXPECT_FALSE(a.waiter.is_waiting());
}

}  // namespace
}  // namespace drywire
