// The event queue under the classic hold model: n events pending; take the earliest, schedule it
// again an exponentially distributed delay later. Beside it a bare 4-ary heap of (time, sequence,
// pointer) that can do nothing else: no cancelling, no moving.
//
//   tools/bench events_1e3 events_1e5 events_1e6
//   bazel run --config=opt //bench:events

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "benchmark/benchmark.h"
#include "sim/core/event_queue.h"
#include "sim/core/rng.h"
#include "sim/core/time.h"

namespace drywire {
namespace {

constexpr uint64_t kMeanDelay = 1'000'000;

// Random delays, drawn beforehand.
class Delays {
 public:
  Delays() {
    constexpr uint64_t kSteps = uint64_t{1} << 40;
    Rng rng(1);
    for (uint64_t& delay : delays_) {
      const double uniform = static_cast<double>(rng.Uniform(kSteps) + 1) / kSteps;
      delay = 1 + static_cast<uint64_t>(-std::log(uniform) * kMeanDelay);
    }
  }
  uint64_t Next() { return delays_[at_++ % kCount]; }

 private:
  static constexpr size_t kCount = 1 << 16;
  std::vector<uint64_t> delays_ = std::vector<uint64_t>(kCount);
  size_t at_ = 0;
};

struct Item {
  explicit Item(uint64_t* count) : event("item", Fire, count) {}
  static void Fire(void* count) { ++*static_cast<uint64_t*>(count); }
  Event event;
};

struct BareItem {
  explicit BareItem(uint64_t* count) : function(Item::Fire), context(count) {}
  Event::Function function;
  void* context;
  char rest[sizeof(Item) - sizeof(function) - sizeof(context)];  // An item of the same size.
};

class BareHeap {
 public:
  struct Entry {
    uint64_t time;
    uint64_t sequence;
    BareItem* item;
    bool operator<(const Entry& other) const {
      return time < other.time || (time == other.time && sequence < other.sequence);
    }
  };
  void Push(uint64_t time, BareItem* item) {
    const Entry entry{time, sequence_++, item};
    size_t hole = heap_.size();
    heap_.push_back(entry);
    while (hole > 0) {
      const size_t parent = (hole - 1) / 4;
      if (!(entry < heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = entry;
  }
  Entry Pop() {
    const Entry top = heap_[0];
    const Entry last = heap_.back();
    heap_.pop_back();
    const size_t size = heap_.size();
    size_t hole = 0;
    for (size_t first = 1; first < size; first = 4 * hole + 1) {
      size_t least = first;
      const size_t end = first + 4 < size ? first + 4 : size;
      for (size_t child = first + 1; child < end; ++child) {
        if (heap_[child] < heap_[least]) least = child;
      }
      if (!(heap_[least] < last)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    if (size > 0) heap_[hole] = last;
    return top;
  }

 private:
  std::vector<Entry> heap_;
  uint64_t sequence_ = 0;
};

template <typename T>
std::vector<std::unique_ptr<T>> MakeItems(size_t n, uint64_t* count) {
  std::vector<std::unique_ptr<T>> items;
  for (size_t i = 0; i < n; ++i) items.push_back(std::make_unique<T>(count));
  return items;
}

void HoldBareHeap(benchmark::State& state, size_t n) {
  uint64_t count = 0;
  Delays delays;
  BareHeap heap;
  const auto items = MakeItems<BareItem>(n, &count);
  for (const auto& item : items) heap.Push(delays.Next(), item.get());
  for (auto _ : state) {
    const BareHeap::Entry entry = heap.Pop();
    entry.item->function(entry.item->context);
    heap.Push(entry.time + delays.Next(), entry.item);
  }
  benchmark::DoNotOptimize(count);
}

void HoldEventQueue(benchmark::State& state, size_t n) {
  uint64_t count = 0;
  Delays delays;
  EventQueue queue;
  const auto items = MakeItems<Item>(n, &count);
  for (const auto& item : items) {
    queue.Schedule(&item->event, Instant::FromNanos(static_cast<int64_t>(delays.Next())));
  }
  for (auto _ : state) {
    Event* const event = queue.Pop(Instant::FromNanos(INT64_MAX - 1));
    queue.Fire(event);
    queue.ScheduleAfter(event, Duration::Nanos(static_cast<int64_t>(delays.Next())));
  }
  benchmark::DoNotOptimize(count);
}

BENCHMARK_CAPTURE(HoldEventQueue, 1e3, 1'000)->Name("events_1e3");
BENCHMARK_CAPTURE(HoldBareHeap, 1e3, 1'000)->Name("events_1e3/bare_heap");
BENCHMARK_CAPTURE(HoldEventQueue, 1e5, 100'000)->Name("events_1e5");
BENCHMARK_CAPTURE(HoldBareHeap, 1e5, 100'000)->Name("events_1e5/bare_heap");
BENCHMARK_CAPTURE(HoldEventQueue, 1e6, 1'000'000)->Name("events_1e6");
BENCHMARK_CAPTURE(HoldBareHeap, 1e6, 1'000'000)->Name("events_1e6/bare_heap");

// What a retransmission timer does: moved later with each segment, with n others pending.
void BM_MoveLater(benchmark::State& state) {
  uint64_t count = 0;
  EventQueue queue;
  const auto items = MakeItems<Item>(state.range(0), &count);
  int64_t when = 1'000'000;
  for (const auto& item : items) queue.Schedule(&item->event, Instant::FromNanos(when));
  size_t i = 0;
  for (auto _ : state) {
    queue.Schedule(&items[i]->event, Instant::FromNanos(when++));
    if (++i == items.size()) i = 0;
  }
}
BENCHMARK(BM_MoveLater)->Arg(1'000)->Arg(100'000);

// A deadline that is set and cancelled, as each blocking call with a timeout does.
void BM_ScheduleCancel(benchmark::State& state) {
  uint64_t count = 0;
  EventQueue queue;
  const auto items = MakeItems<Item>(state.range(0), &count);
  for (const auto& item : items) queue.Schedule(&item->event, Instant::FromNanos(1'000'000));
  Item deadline(&count);
  for (auto _ : state) {
    queue.Schedule(&deadline.event, Instant::FromNanos(2'000'000));
    queue.Cancel(&deadline.event);
  }
}
BENCHMARK(BM_ScheduleCancel)->Arg(1'000)->Arg(100'000);

// An event at the present instant, with n others pending.
void BM_PostAndPop(benchmark::State& state) {
  uint64_t count = 0;
  EventQueue queue;
  const auto items = MakeItems<Item>(state.range(0), &count);
  for (const auto& item : items) queue.Schedule(&item->event, Instant::FromNanos(1'000'000));
  for (auto _ : state) {
    queue.Post("post", Item::Fire, &count);
    queue.Fire(queue.Pop(queue.now()));
  }
}
BENCHMARK(BM_PostAndPop)->Arg(1'000)->Arg(1'000'000);

}  // namespace
}  // namespace drywire
