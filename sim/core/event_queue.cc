#include "sim/core/event_queue.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <new>
#include <utility>

namespace drywire {
namespace {

constexpr size_t kInitialHeap = 64;
constexpr size_t kInitialRing = 64;
// Below this many dead entries a rebuild is not worth it.
constexpr size_t kRebuildSlack = 64;
constexpr size_t kAlignment = 64;

}  // namespace

EventQueue::EventQueue() : ring_(kInitialRing) {
  GrowHeap();
  slices_.fill(Event::kNoSlot);
}

EventQueue::~EventQueue() {
  const auto leave = [](Event* event) {
    if (event == nullptr) return;
    event->slot_ = Event::kNoSlot;
    event->pending_ = false;
  };
  for (const Slot& slot : slots_) leave(slot.event);
  for (uint32_t i = 0; i < ring_size_; ++i) leave(RingAt(ring_head_ + i).event);
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
    if (event->in_ring_ || slots_[event->slot_].time <= when) return;
    DropEntry(event);
    Insert(event);
    MaybeRebuild();
    return;
  }
  Insert(event);
}

void EventQueue::Insert(Event* event) {
  event->queue_ = this;
  if (event->time_ == now_) {
    RingPush(event);
  } else {
    event->slot_ = NewSlot(event);
    event->in_ring_ = false;
    Place(event);
  }
}

void EventQueue::Place(Event* event) {
  slots_[event->slot_].time = event->time_;
  const int64_t slice = event->time_.nanos() >> kSliceBits;
  const int64_t base = std::max(heap_slice_, now_.nanos() >> kSliceBits);
  if (slice <= base || slice - base >= static_cast<int64_t>(kSlices)) {
    return HeapPush(EntryOf(*event));
  }
  const size_t at = static_cast<size_t>(slice) % kSlices;
  slots_[event->slot_].next = slices_[at];
  slices_[at] = event->slot_;
  occupied_[at / 64] |= uint64_t{1} << (at % 64);
  next_slice_ = std::min(next_slice_, slice);
  ++parked_;
}

// The first slice beyond `slice` that has entries.
int64_t EventQueue::SliceAfter(int64_t slice) const {
  const size_t first = static_cast<size_t>(slice + 1) % kSlices;
  for (size_t i = 0; i <= occupied_.size(); ++i) {
    const size_t word = (first / 64 + i) % occupied_.size();
    uint64_t bits = occupied_[word];
    if (i == 0) bits &= ~uint64_t{0} << (first % 64);
    if (bits == 0) continue;
    const size_t at = word * 64 + static_cast<size_t>(std::countr_zero(bits));
    return slice + 1 + static_cast<int64_t>((at + kSlices - first) % kSlices);
  }
  return kNoSlice;
}

void EventQueue::Pour() {
  heap_slice_ = next_slice_;
  const size_t at = static_cast<size_t>(heap_slice_) % kSlices;
  uint32_t slot = std::exchange(slices_[at], Event::kNoSlot);
  occupied_[at / 64] &= ~(uint64_t{1} << (at % 64));
  next_slice_ = SliceAfter(heap_slice_);
  while (slot != Event::kNoSlot) {
    Event* const event = slots_[slot].event;
    const uint32_t next = slots_[slot].next;
    --parked_;
    if (event != nullptr && event->pending_) {
      Place(event);
    } else {
      if (event != nullptr) event->slot_ = Event::kNoSlot;
      FreeSlot(slot);
    }
    slot = next;
  }
}

void EventQueue::DropEntry(Event* event) {
  (event->in_ring_ ? RingAt(event->slot_).event : slots_[event->slot_].event) = nullptr;
  event->slot_ = Event::kNoSlot;
}

uint32_t EventQueue::NewSlot(Event* event) {
  if (free_slot_ != Event::kNoSlot) {
    const uint32_t slot = free_slot_;
    free_slot_ = slots_[slot].next;
    slots_[slot].event = event;
    return slot;
  }
  DRYWIRE_CHECK(slots_.size() < kSlotMask) << "more than " << kSlotMask << " events at a time";
  slots_.push_back({event, Instant(), Event::kNoSlot});
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
  DropEntry(event);
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
  Event* event;
  if (front == Front::kRing) {
    if (now_ > limit) return nullptr;
    event = RingAt(ring_head_).event;
    RingPop();
  } else {
    const Entry entry = heap_[kRoot];
    if (entry.time > limit.nanos()) return nullptr;
    event = slots_[entry.slot()].event;
    HeapPop();
    FreeSlot(entry.slot());
  }
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
  const auto consider = [&](Event* event) {
    if (event != nullptr && event->pending_ && event->time_ == time) scratch_.push_back(event);
  };
  while (!todo.empty()) {
    const size_t at = todo.back();
    todo.pop_back();
    if (heap_[at].time > time.nanos()) continue;
    consider(slots_[heap_[at].slot()].event);
    for (size_t child = 4 * at - 8; child < 4 * at - 4 && child < kRoot + heap_size_; ++child) {
      todo.push_back(child);
    }
  }
  for (uint32_t i = 0; i < ring_size_; ++i) consider(RingAt(ring_head_ + i).event);
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
  DropEntry(event);
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
  bool live = SettleHeapTop();
  while (SliceIsNext()) {
    Pour();
    live = SettleHeapTop();
  }
  return live;
}

bool EventQueue::SettleHeapTop() {
  while (heap_size_ > 0) {
    const Entry top = heap_[kRoot];
    Event* event = slots_[top.slot()].event;
    if (event != nullptr && event->pending_) {
      if (event->sequence_ == top.sequence()) return true;
      slots_[top.slot()].time = event->time_;  // Moved later: put it where it belongs now.
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
    const RingEntry front = RingAt(ring_head_);
    Event* event = front.event;
    if (event != nullptr && event->pending_) {
      if (event->sequence_ == front.sequence) return true;
      RingPop();
      event->slot_ = NewSlot(event);
      event->in_ring_ = false;
      slots_[event->slot_].time = event->time_;
      HeapPush(EntryOf(*event));  // The heap takes any order; it is compared with the ring's front.
      continue;
    }
    if (event != nullptr) event->slot_ = Event::kNoSlot;
    RingPop();
  }
  return false;
}

EventQueue::Front EventQueue::SettleFront() {
  const bool ring = SettleRing();  // First: it may add to the heap.
  // An entry is never later than its event, and what is parked is not due now: nothing else is.
  if (ring && (heap_size_ == 0 || heap_[kRoot].time > now_.nanos())) return Front::kRing;
  const bool heap = SettleHeap();
  if (!ring) return heap ? Front::kHeap : Front::kNone;
  if (!heap) return Front::kRing;
  const bool heap_first =
      heap_[kRoot].time <= now_.nanos() && heap_[kRoot].sequence() < RingAt(ring_head_).sequence;
  return heap_first ? Front::kHeap : Front::kRing;
}

void EventQueue::RingPush(Event* event) {
  if (ring_size_ == 0) ring_head_ = 0;
  if (ring_size_ + 1 >= ring_.size()) GrowRing();
  if (ring_head_ + ring_size_ == Event::kNoSlot) RingAt(ring_head_ + ring_size_++) = {nullptr, 0};
  event->slot_ = ring_head_ + ring_size_++;
  event->in_ring_ = true;
  RingAt(event->slot_) = {event, event->sequence_};
}

void EventQueue::GrowRing() {
  std::vector<RingEntry> larger(ring_.size() * 2);
  for (uint32_t i = 0; i < ring_size_; ++i) {
    larger[(ring_head_ + i) & (larger.size() - 1)] = RingAt(ring_head_ + i);
  }
  ring_ = std::move(larger);
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
  __builtin_prefetch(slots_[heap_[kRoot].slot()].event);
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
  const auto collect = [this](Event* event) {
    if (event == nullptr) return;
    event->slot_ = Event::kNoSlot;
    if (event->pending_) scratch_.push_back(event);
  };
  for (const Slot& slot : slots_) collect(slot.event);
  for (uint32_t i = 0; i < ring_size_; ++i) collect(RingAt(ring_head_ + i).event);
  std::sort(scratch_.begin(), scratch_.end(), [](const Event* a, const Event* b) {
    return a->time_ < b->time_ || (a->time_ == b->time_ && a->sequence_ < b->sequence_);
  });
  if (renumber) {
    next_sequence_ = 0;
    for (Event* event : scratch_) event->sequence_ = next_sequence_++;
  }
  slots_.clear();
  free_slot_ = Event::kNoSlot;
  slices_.fill(Event::kNoSlot);
  occupied_.fill(0);
  next_slice_ = kNoSlice;
  parked_ = 0;
  const Entry beyond = {std::numeric_limits<int64_t>::max(), std::numeric_limits<uint64_t>::max()};
  std::fill(heap_, heap_ + kRoot + heap_size_, beyond);
  heap_size_ = 0;
  ring_head_ = ring_size_ = 0;
  for (Event* event : scratch_) {  // Sorted, so no push moves anything.
    event->slot_ = NewSlot(event);
    event->in_ring_ = false;
    Place(event);
  }
  scratch_.clear();
}

}  // namespace drywire
