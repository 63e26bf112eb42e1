// Who waits for something to change: an intrusive list of waiters, each a function to call on a
// notification.
//
// A waiter is a task in Scheduler::Wait, or any other object with a callback (an epoll instance).
// Notifying never runs a task: a task's callback puts it on the ready list. Order is first come,
// first served. Exclusive waiters (accept, EPOLLEXCLUSIVE) share a notification so that only one
// takes it, as Linux's wake queues do; unlike Linux the others are not moved in front of them. Keys
// are the caller's (poll bits); a waiter sees only those it is interested in.
#ifndef DRYWIRE_SIM_CORE_WAIT_LIST_H_
#define DRYWIRE_SIM_CORE_WAIT_LIST_H_

#include <cstdint>

#include "sim/core/intrusive_list.h"

namespace drywire {

class WaitList;

inline constexpr uint32_t kAnyKey = 0xffffffff;

class Waiter : public ListHook<> {
 public:
  // Called with the part of the notification's key the waiter is interested in. Returns whether an
  // exclusive waiter took the notification. May add and remove any waiter, this one included, and
  // may notify other lists, but must not destroy the list that notifies.
  using Function = bool (*)(Waiter* waiter, uint32_t key);

  Waiter() = default;
  Waiter(Function function, void* context) : function_(function), context_(context) {}

  void Bind(Function function, void* context) {
    function_ = function;
    context_ = context;
  }
  void* context() const { return context_; }

  void set_exclusive(bool exclusive) { exclusive_ = exclusive; }
  bool exclusive() const { return exclusive_; }
  void set_interest(uint32_t interest) { interest_ = interest; }
  uint32_t interest() const { return interest_; }

  bool is_waiting() const { return is_linked(); }
  // The list it was last added to; only valid while is_waiting().
  WaitList* list() const { return list_; }
  // Stops waiting; nothing happens when it does not wait.
  void Remove() { Unlink(); }

 private:
  friend class WaitList;

  Function function_ = nullptr;  // Null: a position mark of a running notification.
  void* context_ = nullptr;
  WaitList* list_ = nullptr;
  uint32_t interest_ = kAnyKey;
  bool exclusive_ = false;
  bool handed_ = false;  // See WaitList::Hand.
};

class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;
  // Waiters that are left stop waiting for this list, without being called.
  ~WaitList() = default;

  // Nobody waits, and nobody was handed a notification that may come back.
  bool empty() const { return waiters_.empty(); }
  // Whether somebody waits who was not handed a notification. Walks the list.
  bool SomebodyWaits() const;

  // `waiter` must not be waiting already.
  void Add(Waiter* waiter) {
    waiter->list_ = this;
    waiter->handed_ = false;
    waiters_.PushBack(waiter);
  }

  // Calls every waiter interested in `key` that is not exclusive, and exclusive ones until
  // `exclusive` of them took it. Waiters added meanwhile are not called.
  void Notify(uint32_t key = kAnyKey, int exclusive = 1) {
    if (!waiters_.empty()) NotifySlow(key, exclusive, /*only_first=*/false);
  }
  // Calls every interested waiter, exclusive or not.
  void NotifyAll(uint32_t key = kAnyKey) { Notify(key, -1); }
  // Calls interested waiters, exclusive or not, until one took it. Returns whether one did.
  bool NotifyOne(uint32_t key = kAnyKey) {
    return !waiters_.empty() && NotifySlow(key, 1, /*only_first=*/true);
  }

  // A waiter that took an exclusive notification but did not act on it yet is kept, without being
  // called any more, so that the notification can be passed on when it dies. Used by the scheduler.
  void Hand(Waiter* waiter) {
    waiter->list_ = this;
    waiter->handed_ = true;
    waiters_.PushBack(waiter);
  }

 private:
  bool NotifySlow(uint32_t key, int exclusive, bool only_first);

  IntrusiveList<Waiter> waiters_;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_WAIT_LIST_H_
