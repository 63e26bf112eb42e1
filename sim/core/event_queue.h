// The future: events in a total order of (time, sequence), where sequence is the order in which
// they were scheduled.
//
// Events are embedded in whatever they belong to (a socket, a link, a task) and carry a plain
// function pointer. Scheduling a pending event moves it (and gives it a new place in the sequence).
// Cancelling, destroying and moving to a later time are O(1): the old entry stays in the heap and
// is dropped or re-sorted when it comes to the top; moving to an earlier time or scheduling is
// O(log n); what is due at the present instant goes through a plain ring, O(1). What is due between
// about a tenth of a second and a minute from now is parked, O(1), by slices of time, and goes into
// the heap when its slice is next: timers are cancelled more often than not. When more than half of
// all entries are dead they are rebuilt, so memory is bounded by the live events. Nothing is
// allocated in the steady state.
//
// Limits: 2^24 - 1 entries at a time. Sequence numbers are 40 bits and are renumbered, in order,
// when used up.
#ifndef DRYWIRE_SIM_CORE_EVENT_QUEUE_H_
#define DRYWIRE_SIM_CORE_EVENT_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/check.h"
#include "sim/core/slab.h"
#include "sim/core/time.h"

namespace drywire {

class EventQueue;

// Something that happens at an instant. Not copyable; destroying it cancels it.
class Event {
 public:
  using Function = void (*)(void* context);

  Event() = default;
  // `label` names the event in reports and traces; it must outlive the event (a literal).
  Event(const char* label, Function function, void* context) { Bind(label, function, context); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  inline ~Event();

  void Bind(const char* label, Function function, void* context) {
    label_ = label;
    function_ = function;
    context_ = context;
  }
  // event.BindMethod<&Tcb::OnTimer>("tcp-timer", this);
  template <auto kMethod, typename T>
  void BindMethod(const char* label, T* object) {
    Bind(
        label, [](void* context) { (static_cast<T*>(context)->*kMethod)(); }, object);
  }

  bool is_pending() const { return pending_; }
  // The instant it is, or was last, scheduled for.
  Instant time() const { return time_; }
  const char* label() const { return label_; }

  // Events of one domain due at the same instant always fire in their sequence. Events of different
  // domains due at the same instant could as well have happened the other way round: exploration
  // may swap them (see Scheduler). Zero, the default, is a domain like any other. A link's
  // direction, for example, is a domain.
  void set_order_domain(uint32_t domain) { order_domain_ = domain; }
  uint32_t order_domain() const { return order_domain_; }

  // Whether its function makes a trace record of its own that says all there is to say, so that the
  // scheduler need not.
  void set_traces_itself(bool value) { traces_itself_ = value; }
  bool traces_itself() const { return traces_itself_; }

 private:
  friend class EventQueue;
  static constexpr uint32_t kNoSlot = 0xffffffff;

  Function function_ = nullptr;
  void* context_ = nullptr;
  const char* label_ = "event";
  EventQueue* queue_ = nullptr;  // Set while slot_ is.
  Instant time_;
  uint64_t sequence_ = 0;
  uint32_t slot_ = kNoSlot;  // Its entry's place; a cancelled event may keep one for re-use.
  uint32_t order_domain_ = 0;
  bool pending_ = false;
  bool in_ring_ = false;  // Its entry is in the ring, not in the heap.
  bool pooled_ = false;   // Owned by the queue: made by Post.
  bool traces_itself_ = false;
};

class EventQueue {
 public:
  EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;
  // Events still pending are cancelled.
  ~EventQueue();

  Instant now() const { return now_; }
  bool empty() const { return pending_ == 0; }
  size_t pending() const { return pending_; }

  // Makes `event` fire at `when`, after everything already scheduled for that instant. `when` must
  // not be before now(); Never() cancels. A pending event is moved.
  void Schedule(Event* event, Instant when);
  void ScheduleAfter(Event* event, Duration delay) { Schedule(event, now_ + delay); }
  void Cancel(Event* event);

  // Calls function(context) at the present instant, after what is already due; or at `when`. Cannot
  // be cancelled.
  void Post(const char* label, Event::Function function, void* context) {
    PostAt(now_, label, function, context);
  }
  void PostAt(Instant when, const char* label, Event::Function function, void* context);

  // The instant of the earliest pending event; Never() when there is none.
  Instant NextTime();

  // Takes the earliest event due at or before `limit` out of the queue and advances now() to it;
  // null when there is none.
  Event* Pop(Instant limit);

  // The events which may be the next one, in sequence order: of all due at the earliest instant,
  // the first of each order domain. For exploration only: walks what is due. The result is invalid
  // after any other call.
  const std::vector<Event*>& NextCandidates();
  // Takes one of NextCandidates() out, as Pop does.
  void Take(Event* event);

  // Calls the function of an event that Pop or Take returned.
  void Fire(Event* event);

  // Moves the clock; no pending event may be earlier than `when`, nor `when` before now().
  void AdvanceTo(Instant when);

  // For leak checks and tests: entries held, dead ones included.
  size_t entries() const { return heap_size_ + ring_size_ + parked_; }
  void set_next_sequence_for_test(uint64_t sequence);

 private:
  friend class Event;

  static constexpr int kSlotBits = 24;
  static constexpr uint64_t kSlotMask = (uint64_t{1} << kSlotBits) - 1;
  static constexpr uint64_t kSequenceLimit = uint64_t{1} << (64 - kSlotBits);
  static constexpr int kSliceBits = 27;  // of nanoseconds: 0.13 s
  static constexpr size_t kSlices = 512;
  static constexpr int64_t kNoSlice = INT64_MAX >> kSliceBits;
  // The root is at index 3, so that the four children of any node share one cache line.
  static constexpr size_t kRoot = 3;

  struct Entry {
    int64_t time;
    uint64_t key;  // sequence << kSlotBits | slot
    uint64_t sequence() const { return key >> kSlotBits; }
    uint32_t slot() const { return static_cast<uint32_t>(key & kSlotMask); }
  };
  // As one number, so that the comparison is two instructions and no branch. Times are not
  // negative.
  static bool Less(const Entry& a, const Entry& b) { return Number(a) < Number(b); }
  __extension__ typedef unsigned __int128 Uint128;
  static Uint128 Number(const Entry& e) {
    return static_cast<Uint128>(static_cast<uint64_t>(e.time)) << 64 | e.key;
  }
  static Entry EntryOf(const Event& event) {
    return {event.time_.nanos(), event.sequence_ << kSlotBits | event.slot_};
  }

  uint32_t NewSlot(Event* event);
  void FreeSlot(uint32_t slot) {
    slots_[slot].event = nullptr;
    slots_[slot].next = free_slot_;
    free_slot_ = slot;
  }
  void Insert(Event* event);
  // Parks the event's entry, or puts it into the heap.
  void Place(Event* event);
  // Moves the entries of the next slice to where they belong now.
  void Pour();
  int64_t SliceAfter(int64_t slice) const;
  void HeapPush(Entry entry);
  void HeapPop();
  void SiftDown(size_t hole, Entry entry);
  void GrowHeap();
  // What is due now. Entries have no slots: events know their place, counted from the beginning of
  // time, modulo 2^32.
  struct RingEntry {
    Event* event;  // Null when it is gone.
    uint64_t sequence;
  };
  RingEntry& RingAt(uint32_t place) { return ring_[place & (ring_.size() - 1)]; }
  void RingPush(Event* event);
  void RingPop() {
    ++ring_head_;
    --ring_size_;
  }
  void GrowRing();
  // Takes the event's entry out, wherever it is.
  void DropEntry(Event* event);
  bool SliceIsNext() const {
    return parked_ != 0 &&
           (heap_size_ == 0 || heap_[kRoot].time >= next_slice_ * (int64_t{1} << kSliceBits));
  }
  // Drops dead entries and re-sorts moved ones until the earliest entry is a live one. Says where
  // it is.
  enum class Front { kNone, kHeap, kRing };
  Front SettleFront();
  bool SettleHeap();
  bool SettleHeapTop();
  bool SettleRing();
  void Forget(Event* event);
  void MaybeRebuild();
  // Makes the heap anew from the live events; `renumber` gives them the sequence numbers 0, 1, ...
  void Rebuild(bool renumber);

  Instant now_;
  uint64_t next_sequence_ = 0;
  size_t pending_ = 0;
  Entry* heap_ = nullptr;     // 64-byte aligned; entries beyond the end are larger than all others.
  size_t heap_size_ = 0;      // Entries: kRoot .. kRoot + heap_size_ - 1.
  size_t heap_capacity_ = 0;  // In entries, kRoot included.
  std::vector<RingEntry> ring_;  // Due now, in sequence; size is a power of two.
  uint32_t ring_head_ = 0;
  uint32_t ring_size_ = 0;
  // Of the entries in the heap and the parked ones.
  struct Slot {
    Event* event;  // Null when the event is gone.
    Instant time;  // Where its entry is, which may be earlier than the event's (moved later since).
    uint32_t next;  // In the list of its slice, or of free ones.
  };
  std::vector<Slot> slots_;
  uint32_t free_slot_ = Event::kNoSlot;
  // Parked entries, by slice of time modulo kSlices. Those of all slices up to heap_slice_ are in
  // the heap; none is of the present slice.
  std::array<uint32_t, kSlices> slices_;
  std::array<uint64_t, kSlices / 64> occupied_{};  // a bit for each slice that has entries
  int64_t heap_slice_ = 0;
  int64_t next_slice_ = kNoSlice;  // the first one that has entries
  size_t parked_ = 0;
  std::vector<Event*> scratch_;
  Slab<Event> posted_;
};

inline Event::~Event() {
  if (slot_ != kNoSlot) queue_->Forget(this);
}

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_EVENT_QUEUE_H_
