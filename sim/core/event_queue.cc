#include "sim/core/event_queue.h"

#include <algorithm>
#include <limits>
#include <new>

namespace drywire {
namespace {

constexpr size_t kInitialHeap = 64;
constexpr size_t kInitialRing = 64;
// Below this many dead entries a rebuild is not worth it.
constexpr size_t kRebuildSlack = 64;
constexpr size_t kAlignment = 64;

}  // namespace

EventQueue::EventQueue() : ring_(kInitialRing) { GrowHeap(); }

EventQueue::~EventQueue() {
  for (Event* event : slots_) {
    if (event == nullptr) continue;
    event->slot_ = Event::kNoSlot;
    event->pending_ = false;
  }
  ::operator delete(heap_, std::align_val_t(kAlignment));
}

void EventQueue::Schedule(Event* event, Instant when) {
  if (when.is_never()) return Cancel(event);
  DRYWIRE_CHECK(when >= now_) << "event '" << event->label_ << "' scheduled for " << when
                              << ", but it is already " << now_;
  DRYWIRE_DCHECK(event->function_ != nullptr) << "event has no function";
  DRYWIRE_DCHECK(event->slot_ == Event::kNoSlot || event->queue_ == this);
  if (next_sequence_ == kSequenceLimit) Rebuild(/*renumber=*/true);
  event->time_ = when;
  event->sequence_ = next_sequence_++;
  if (!event->pending_) {
    event->pending_ = true;
    ++pending_;
  }
  if (event->slot_ != Event::kNoSlot) {
    // An entry that is not later than the new place will come up first and be put right then.
    if (event->entry_time_ <= when) return;
    slots_[event->slot_] = nullptr;
    event->slot_ = Event::kNoSlot;
    Insert(event);
    MaybeRebuild();
    return;
  }
  Insert(event);
}

void EventQueue::Insert(Event* event) {
  event->slot_ = NewSlot(event);
  event->queue_ = this;
  event->entry_time_ = event->time_;
  const Entry entry = EntryOf(*event);
  if (event->time_ == now_) {
    RingPush(entry);
  } else {
    HeapPush(entry);
  }
}

uint32_t EventQueue::NewSlot(Event* event) {
  if (!free_slots_.empty()) {
    const uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = event;
    return slot;
  }
  DRYWIRE_CHECK(slots_.size() < kSlotMask) << "more than " << kSlotMask << " events at a time";
  slots_.push_back(event);
  // Room for every slot to be freed later without an allocation.
  free_slots_.reserve(slots_.capacity());
  return static_cast<uint32_t>(slots_.size() - 1);
}

void EventQueue::Cancel(Event* event) {
  if (!event->pending_) return;
  DRYWIRE_DCHECK(event->queue_ == this);
  event->pending_ = false;
  --pending_;
  MaybeRebuild();
}

void EventQueue::Forget(Event* event) {
  slots_[event->slot_] = nullptr;
  event->slot_ = Event::kNoSlot;
  if (event->pending_) {
    event->pending_ = false;
    --pending_;
    MaybeRebuild();
  }
}

void EventQueue::PostAt(Instant when, const char* label, Event::Function function, void* context) {
  if (when.is_never()) return;
  Event* event = posted_.New(label, function, context);
  event->pooled_ = true;
  Schedule(event, when);
}

Instant EventQueue::NextTime() {
  switch (SettleFront()) {
    case Front::kNone:
      return kNever;
    case Front::kRing:
      return now_;
    case Front::kHeap:
      return Instant::FromNanos(heap_[kRoot].time);
  }
  DRYWIRE_FATAL() << "front";
}

Event* EventQueue::Pop(Instant limit) {
  const Front front = SettleFront();
  if (front == Front::kNone) return nullptr;
  const Entry entry = front == Front::kHeap ? heap_[kRoot] : ring_[ring_head_];
  if (entry.time > limit.nanos()) return nullptr;
  Event* event = slots_[entry.slot()];
  if (front == Front::kHeap) {
    HeapPop();
  } else {
    RingPop();
  }
  FreeSlot(entry.slot());
  event->slot_ = Event::kNoSlot;
  event->pending_ = false;
  --pending_;
  now_ = event->time_;
  return event;
}

void EventQueue::Fire(Event* event) {
  const Event::Function function = event->function_;
  void* const context = event->context_;
  if (event->pooled_) posted_.Delete(event);
  function(context);
}

const std::vector<Event*>& EventQueue::NextCandidates() {
  scratch_.clear();
  const Instant time = NextTime();
  if (time.is_never()) return scratch_;
  // An entry is never later than its event, and a child never earlier than its parent: prune by
  // entry time.
  std::vector<size_t> todo;
  if (heap_size_ > 0) todo.push_back(kRoot);
  const auto consider = [&](const Entry& entry) {
    Event* event = slots_[entry.slot()];
    if (event != nullptr && event->pending_ && event->time_ == time) scratch_.push_back(event);
  };
  while (!todo.empty()) {
    const size_t at = todo.back();
    todo.pop_back();
    if (heap_[at].time > time.nanos()) continue;
    consider(heap_[at]);
    for (size_t child = 4 * at - 8; child < 4 * at - 4 && child < kRoot + heap_size_; ++child) {
      todo.push_back(child);
    }
  }
  for (size_t i = 0; i < ring_size_; ++i) consider(ring_[(ring_head_ + i) & (ring_.size() - 1)]);
  std::sort(scratch_.begin(), scratch_.end(),
            [](const Event* a, const Event* b) { return a->sequence_ < b->sequence_; });
  size_t kept = 0;
  for (Event* event : scratch_) {
    bool first = true;
    for (size_t i = 0; i < kept && first; ++i) {
      first = scratch_[i]->order_domain_ != event->order_domain_;
    }
    if (first) scratch_[kept++] = event;
  }
  scratch_.resize(kept);
  return scratch_;
}

void EventQueue::Take(Event* event) {
  DRYWIRE_CHECK(event->pending_ && event->queue_ == this);
  DRYWIRE_CHECK(event->time_ == NextTime()) << "event '" << event->label_ << "' is not next";
  const Instant time = event->time_;
  slots_[event->slot_] = nullptr;
  event->slot_ = Event::kNoSlot;
  event->pending_ = false;
  --pending_;
  now_ = time;
}

void EventQueue::AdvanceTo(Instant when) {
  DRYWIRE_CHECK(when >= now_) << "time cannot go back from " << now_ << " to " << when;
  DRYWIRE_CHECK(when <= NextTime())
      << "advancing to " << when << " would skip an event at " << NextTime();
  now_ = when;
}

void EventQueue::set_next_sequence_for_test(uint64_t sequence) {
  DRYWIRE_CHECK(sequence >= next_sequence_ && sequence <= kSequenceLimit);
  next_sequence_ = sequence;
}

bool EventQueue::SettleHeap() {
  while (heap_size_ > 0) {
    const Entry top = heap_[kRoot];
    Event* event = slots_[top.slot()];
    if (event != nullptr && event->pending_) {
      if (event->sequence_ == top.sequence()) return true;
      event->entry_time_ = event->time_;  // Moved later: put it where it belongs now.
      SiftDown(kRoot, EntryOf(*event));
      continue;
    }
    if (event != nullptr) event->slot_ = Event::kNoSlot;
    FreeSlot(top.slot());
    HeapPop();
  }
  return false;
}

bool EventQueue::SettleRing() {
  while (ring_size_ > 0) {
    const Entry front = ring_[ring_head_];
    Event* event = slots_[front.slot()];
    if (event != nullptr && event->pending_) {
      if (event->sequence_ == front.sequence()) return true;
      RingPop();
      event->entry_time_ = event->time_;
      HeapPush(EntryOf(*event));  // The heap takes any order; it is compared with the ring's front.
      continue;
    }
    if (event != nullptr) event->slot_ = Event::kNoSlot;
    FreeSlot(front.slot());
    RingPop();
  }
  return false;
}

EventQueue::Front EventQueue::SettleFront() {
  const bool ring = SettleRing();  // First: it may add to the heap.
  const bool heap = SettleHeap();
  if (!ring) return heap ? Front::kHeap : Front::kNone;
  if (!heap) return Front::kRing;
  return Less(heap_[kRoot], ring_[ring_head_]) ? Front::kHeap : Front::kRing;
}

void EventQueue::RingPush(Entry entry) {
  if (ring_size_ == ring_.size()) {
    std::vector<Entry> larger(ring_.size() * 2);
    for (size_t i = 0; i < ring_size_; ++i)
      larger[i] = ring_[(ring_head_ + i) & (ring_.size() - 1)];
    ring_ = std::move(larger);
    ring_head_ = 0;
  }
  ring_[(ring_head_ + ring_size_) & (ring_.size() - 1)] = entry;
  ++ring_size_;
}

void EventQueue::GrowHeap() {
  const size_t capacity = heap_capacity_ == 0 ? kInitialHeap : heap_capacity_ * 2;
  auto* larger =
      static_cast<Entry*>(::operator new(capacity * sizeof(Entry), std::align_val_t(kAlignment)));
  const size_t used = heap_size_ == 0 ? 0 : kRoot + heap_size_;
  std::copy(heap_, heap_ + used, larger);
  const Entry beyond = {std::numeric_limits<int64_t>::max(), std::numeric_limits<uint64_t>::max()};
  std::fill(larger + used, larger + capacity, beyond);
  ::operator delete(heap_, std::align_val_t(kAlignment));
  heap_ = larger;
  heap_capacity_ = capacity;
}

void EventQueue::HeapPush(Entry entry) {
  size_t hole = kRoot + heap_size_;
  // A whole last group of children must exist, filled up with the "beyond" entry.
  if (hole + 4 >= heap_capacity_) GrowHeap();
  ++heap_size_;
  while (hole > kRoot) {
    const size_t parent = hole / 4 + 2;
    if (!Less(entry, heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = entry;
}

void EventQueue::HeapPop() {
  --heap_size_;
  Entry& last = heap_[kRoot + heap_size_];
  const Entry moved = last;
  last = {std::numeric_limits<int64_t>::max(), std::numeric_limits<uint64_t>::max()};
  if (heap_size_ == 0) return;
  SiftDown(kRoot, moved);
  __builtin_prefetch(slots_[heap_[kRoot].slot()]);
}

// Fills the hole: the smallest child moves up until none is smaller than `entry`.
void EventQueue::SiftDown(size_t hole, Entry entry) {
  const size_t end = kRoot + heap_size_;
  for (;;) {
    const size_t first = 4 * hole - 8;
    if (first >= end) break;
    const Entry* child = heap_ + first;  // All four can be read; those beyond the end are larger.
    // Without branches to predict, the next level's load would wait for the comparisons.
    const Entry* const grandchild = heap_ + (4 * first - 8);
    for (int i = 0; i < 16; i += 4) __builtin_prefetch(grandchild + i);
    const size_t left = Less(child[1], child[0]);
    const size_t right = 2 + Less(child[3], child[2]);
    const size_t least = left + (right - left) * Less(child[right], child[left]);
    if (!Less(child[least], entry)) break;
    heap_[hole] = child[least];
    hole = first + least;
  }
  heap_[hole] = entry;
}

void EventQueue::MaybeRebuild() {
  if (entries() > 2 * pending_ + kRebuildSlack) Rebuild(/*renumber=*/false);
}

void EventQueue::Rebuild(bool renumber) {
  scratch_.clear();
  for (Event* event : slots_) {
    if (event == nullptr) continue;
    event->slot_ = Event::kNoSlot;
    if (event->pending_) scratch_.push_back(event);
  }
  std::sort(scratch_.begin(), scratch_.end(), [](const Event* a, const Event* b) {
    return a->time_ < b->time_ || (a->time_ == b->time_ && a->sequence_ < b->sequence_);
  });
  if (renumber) {
    next_sequence_ = 0;
    for (Event* event : scratch_) event->sequence_ = next_sequence_++;
  }
  slots_.clear();
  free_slots_.clear();
  const Entry beyond = {std::numeric_limits<int64_t>::max(), std::numeric_limits<uint64_t>::max()};
  std::fill(heap_, heap_ + kRoot + heap_size_, beyond);
  heap_size_ = 0;
  ring_head_ = ring_size_ = 0;
  for (Event* event : scratch_) {  // Sorted, so no push moves anything.
    event->slot_ = NewSlot(event);
    event->entry_time_ = event->time_;
    HeapPush(EntryOf(*event));
  }
  scratch_.clear();
}

}  // namespace drywire
