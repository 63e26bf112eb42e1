#include "sim/core/event_queue.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/core/rng.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

constexpr Instant At(int64_t n) { return Instant::FromNanos(n); }

// Appends its id to a log when it fires.
struct Logged {
  explicit Logged(int i, std::vector<int>* l) : id(i), log(l) {
    event.BindMethod<&Logged::OnFire>("logged", this);
  }
  void OnFire() { log->push_back(id); }
  int id;
  std::vector<int>* log;
  Event event;
};

void RunAll(EventQueue* queue, Instant limit = At(1'000'000'000'000)) {
  while (Event* event = queue->Pop(limit)) queue->Fire(event);
}

TEST(EventQueueTest, FiresByTimeThenSequence) {
  std::vector<int> log;
  EventQueue queue;
  Logged a(1, &log), b(2, &log), c(3, &log), d(4, &log);
  queue.Schedule(&a.event, At(20));
  queue.Schedule(&b.event, At(10));
  queue.Schedule(&c.event, At(20));
  queue.Schedule(&d.event, At(0));
  EXPECT_EQ(queue.NextTime(), At(0));
  RunAll(&queue);
  EXPECT_EQ(log, (std::vector<int>{4, 2, 1, 3}));
  EXPECT_EQ(queue.now(), At(20));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.NextTime(), kNever);
}

TEST(EventQueueTest, MovingGivesANewPlaceInTheSequence) {
  std::vector<int> log;
  EventQueue queue;
  Logged a(1, &log), b(2, &log), c(3, &log);
  queue.Schedule(&a.event, At(10));
  queue.Schedule(&b.event, At(10));
  queue.Schedule(&c.event, At(30));
  queue.Schedule(&a.event, At(10));  // Same time, but after b now.
  queue.Schedule(&c.event, At(10));  // Earlier.
  queue.Schedule(&b.event, At(40));  // Later.
  RunAll(&queue);
  EXPECT_EQ(log, (std::vector<int>{1, 3, 2}));
}

TEST(EventQueueTest, CancelAndDestroy) {
  std::vector<int> log;
  EventQueue queue;
  Logged a(1, &log), c(3, &log);
  {
    Logged b(2, &log);
    queue.Schedule(&a.event, At(10));
    queue.Schedule(&b.event, At(10));
    queue.Schedule(&c.event, At(10));
    EXPECT_EQ(queue.pending(), 3u);
  }
  EXPECT_EQ(queue.pending(), 2u);
  queue.Cancel(&a.event);
  queue.Cancel(&a.event);
  EXPECT_FALSE(a.event.is_pending());
  queue.Schedule(&c.event, kNever);
  EXPECT_TRUE(queue.empty());
  queue.Schedule(&a.event, At(5));
  RunAll(&queue);
  EXPECT_EQ(log, std::vector<int>{1});
}

TEST(EventQueueTest, PostsAtThePresentInstantInOrder) {
  std::vector<int> log;
  EventQueue queue;
  Logged timer(1, &log), other(2, &log);
  struct Context {
    EventQueue* queue;
    std::vector<int>* log;
    Event* other;
  } context{&queue, &log, &other.event};
  queue.Schedule(&timer.event, At(10));
  queue.PostAt(
      At(10), "outer",
      [](void* p) {
        auto* c = static_cast<Context*>(p);
        c->log->push_back(10);
        c->queue->Post(
            "inner", [](void* l) { static_cast<std::vector<int>*>(l)->push_back(11); }, c->log);
        c->queue->Schedule(c->other, At(10));
      },
      &context);
  queue.Schedule(&other.event, At(10));
  RunAll(&queue);
  // `other` was scheduled anew by "outer", after "inner" was posted.
  EXPECT_EQ(log, (std::vector<int>{1, 10, 11, 2}));
}

TEST(EventQueueTest, StopsAtTheLimit) {
  std::vector<int> log;
  EventQueue queue;
  Logged a(1, &log), b(2, &log);
  queue.Schedule(&a.event, At(10));
  queue.Schedule(&b.event, At(20));
  RunAll(&queue, At(15));
  EXPECT_EQ(log, std::vector<int>{1});
  EXPECT_EQ(queue.now(), At(10));
  queue.AdvanceTo(At(20));
  RunAll(&queue, At(20));
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

TEST(EventQueueTest, EventsMayOutliveTheQueue) {
  std::vector<int> log;
  Logged a(1, &log);
  {
    EventQueue queue;
    queue.Schedule(&a.event, At(10));
  }
  EXPECT_FALSE(a.event.is_pending());
  EventQueue again;
  again.Schedule(&a.event, At(10));
  RunAll(&again);
  EXPECT_EQ(log, std::vector<int>{1});
}

TEST(EventQueueTest, CandidatesAreTheHeadsOfTheirDomains) {
  std::vector<int> log;
  EventQueue queue;
  Logged a(1, &log), b(2, &log), c(3, &log), d(4, &log), late(5, &log);
  for (Logged* l : {&a, &b}) l->event.set_order_domain(7);
  c.event.set_order_domain(8);
  queue.Schedule(&late.event, At(20));
  for (Logged* l : {&a, &b, &c, &d}) queue.Schedule(&l->event, At(10));
  const std::vector<Event*>& candidates = queue.NextCandidates();
  EXPECT_EQ(candidates, (std::vector<Event*>{&a.event, &c.event, &d.event}));
  Event* taken = candidates[1];
  queue.Take(taken);
  EXPECT_EQ(queue.now(), At(10));
  queue.Fire(taken);
  EXPECT_EQ(queue.NextCandidates(), (std::vector<Event*>{&a.event, &d.event}));
  RunAll(&queue);
  EXPECT_EQ(log, (std::vector<int>{3, 1, 2, 4, 5}));
}

TEST(EventQueueTest, DeadEntriesAreBounded) {
  EventQueue queue;
  std::vector<int> log;
  Logged keep(0, &log);
  queue.Schedule(&keep.event, At(1'000'000'000));
  for (int i = 0; i < 100'000; ++i) {
    Logged gone(i, &log);
    queue.Schedule(&gone.event, At(500'000'000));
    ASSERT_LT(queue.entries(), 200u);
  }
  // A timer that is moved to and fro keeps one entry, or few.
  for (int i = 0; i < 100'000; ++i) {
    queue.Schedule(&keep.event, At(1'000'000'000 - (i % 2) * 1000));
    ASSERT_LT(queue.entries(), 200u);
  }
  RunAll(&queue);
  EXPECT_EQ(log, std::vector<int>{0});
}

TEST(EventQueueDeathTest, TimeNeverGoesBack) {
  EventQueue queue;
  std::vector<int> log;
  Logged a(1, &log), b(2, &log);
  queue.Schedule(&a.event, At(10));
  EXPECT_DEATH(queue.AdvanceTo(At(11)), "would skip an event");
  RunAll(&queue);
  EXPECT_DEATH(queue.Schedule(&b.event, At(9)), "'logged' scheduled for 0.000000009, but it is");
  EXPECT_DEATH(queue.AdvanceTo(At(9)), "time cannot go back");
}

// The queue against the simplest thing that has the same order: a sorted map of (time, sequence).
class Model {
 public:
  void Schedule(int id, int64_t time) {
    Cancel(id);
    place_[id] = {time, next_++};
    order_[place_[id]] = id;
  }
  void Cancel(int id) {
    const auto found = place_.find(id);
    if (found == place_.end()) return;
    order_.erase(found->second);
    place_.erase(found);
  }
  bool empty() const { return order_.empty(); }
  size_t size() const { return order_.size(); }
  int64_t next_time() const { return order_.begin()->first.first; }
  int Pop() {
    const int id = order_.begin()->second;
    Cancel(id);
    return id;
  }

 private:
  uint64_t next_ = 0;
  std::map<int, std::pair<int64_t, uint64_t>> place_;
  std::map<std::pair<int64_t, uint64_t>, int> order_;
};

struct PropertyCase {
  uint64_t seed;
  int events;
  int64_t horizon;          // Delays are below this: small ones make many ties.
  uint64_t first_sequence;  // Near the limit, to make it renumber.
};

class EventQueuePropertyTest : public testing::TestWithParam<PropertyCase> {};

TEST_P(EventQueuePropertyTest, SameOrderAsTheModel) {
  const PropertyCase& c = GetParam();
  Rng rng(c.seed);
  EventQueue queue;
  if (c.first_sequence != 0) queue.set_next_sequence_for_test(c.first_sequence);
  Model model;
  std::vector<int> log;
  std::vector<std::unique_ptr<Logged>> events;
  for (int i = 0; i < c.events; ++i) events.push_back(std::make_unique<Logged>(i, &log));
  for (int step = 0; step < 20'000; ++step) {
    const int id = static_cast<int>(rng.Uniform(c.events));
    const uint64_t action = rng.Uniform(100);
    if (action < 50) {
      const int64_t when = queue.now().nanos() + rng.UniformRange(0, c.horizon);
      queue.Schedule(&events[id]->event, At(when));
      model.Schedule(id, when);
    } else if (action < 60) {
      queue.Cancel(&events[id]->event);
      model.Cancel(id);
    } else if (action < 65) {
      events[id] = std::make_unique<Logged>(id, &log);
      model.Cancel(id);
    } else {
      const int64_t limit = queue.now().nanos() + rng.UniformRange(0, c.horizon);
      Event* event = queue.Pop(At(limit));
      if (model.empty() || model.next_time() > limit) {
        ASSERT_EQ(event, nullptr);
        continue;
      }
      ASSERT_NE(event, nullptr);
      ASSERT_EQ(queue.now(), At(model.next_time()));
      queue.Fire(event);
      ASSERT_EQ(log.back(), model.Pop()) << "at step " << step;
    }
    ASSERT_EQ(queue.pending(), model.size());
    if (!model.empty() && step % 7 == 0) {
      ASSERT_EQ(queue.NextTime(), At(model.next_time()));
    }
  }
  while (!model.empty()) {
    queue.Fire(queue.Pop(At(INT64_MAX - 1)));
    ASSERT_EQ(log.back(), model.Pop());
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, EventQueuePropertyTest,
                         testing::Values(PropertyCase{1, 4, 3, 0}, PropertyCase{2, 50, 5, 0},
                                         PropertyCase{3, 50, 1000, 0},
                                         PropertyCase{4, 1000, 100'000, 0},
                                         PropertyCase{5, 1000, 0, 0},
                                         PropertyCase{6, 300, 20, (uint64_t{1} << 40) - 3000},
                                         PropertyCase{7, 3000, 1'000'000'000, 0}));

}  // namespace
}  // namespace drywire
