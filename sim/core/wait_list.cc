#include "sim/core/wait_list.h"

namespace drywire {

bool WaitList::SomebodyWaits() const {
  for (const Waiter& waiter : waiters_) {
    if (waiter.function_ != nullptr && !waiter.handed_) return true;
  }
  return false;
}

bool WaitList::NotifySlow(uint32_t key, int exclusive, bool only_first) {
  // Callbacks may change the list as they like: `next` keeps the place, `end` bounds the walk.
  Waiter end;
  Waiter next;
  waiters_.PushBack(&end);
  bool taken = false;
  for (Waiter* waiter = &waiters_.front(); waiter != &end;) {
    const uint32_t seen = key & waiter->interest_;
    const bool counts = waiter->exclusive_ || only_first;
    const bool asleep = waiter->function_ != nullptr && !waiter->handed_;
    if (!asleep || seen == 0 || (counts && exclusive == 0)) {
      waiter = waiters_.NextOf(waiter);
      continue;
    }
    waiters_.InsertAfter(waiter, &next);
    if (waiter->function_(waiter, seen) && counts) {
      taken = true;
      --exclusive;
      if (only_first) break;
    }
    waiter = waiters_.NextOf(&next);
    next.Unlink();
  }
  return taken;
}

}  // namespace drywire
