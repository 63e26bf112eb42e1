// An epoll instance, as epoll(7) describes it and Linux 6.18 behaves.
//
// Each registered descriptor has an item that waits, by a callback, on the file's lists. A
// notification puts the item on the ready list, so a wait costs what is ready and not what is
// registered. Collect() asks each ready file for its state and reports what is wanted;
// level-triggered items go back to the end of the list, edge-triggered ones leave it until the next
// notification, one-shot ones are disarmed until Modify(). EPOLLERR and EPOLLHUP are always wanted.
// An item is forgotten when the last descriptor of its file is closed. Instances may watch each
// other, five deep and without loops.
//
// Left out: EPOLLWAKEUP (accepted and without effect, as for callers without the capability), busy
// polling (EPIOCSPARAMS is refused with the other ioctls).
#ifndef DRYWIRE_STACK_SYS_EPOLL_H_
#define DRYWIRE_STACK_SYS_EPOLL_H_

#include <cstdint>
#include <map>
#include <utility>

#include "absl/functional/function_ref.h"
#include "sim/core/intrusive_list.h"
#include "sim/core/wait_list.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"

namespace drywire {

class Epoll final : public File {
 public:
  // `events` holds poll bits and EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE; `data` comes back with
  // them. kInvalidArgument: itself, or EPOLLEXCLUSIVE with what it does not go with;
  // kEpollRegistered; kEpollLoop; kNotSupported: the file does not support epoll.
  Result<> Add(int fd, File* file, uint32_t events, uint64_t data);
  // kEpollNotRegistered; kInvalidArgument: EPOLLEXCLUSIVE now or at Add.
  Result<> Modify(int fd, File* file, uint32_t events, uint64_t data);
  // kEpollNotRegistered.
  Result<> Remove(int fd, File* file);

  // Reports up to `max` ready items in order. `deliver` says whether it could store an event; when
  // it could not, that item stays first in line and the walk ends. Returns how many were stored.
  int Collect(int max, absl::FunctionRef<bool(uint32_t events, uint64_t data)> deliver);
  // Whether Collect might report something: cheap, and may be wrong in that direction only.
  bool MayBeReady() const { return !ready_.empty(); }

  // Notified when an item becomes ready; epoll_wait() waits here, exclusively.
  WaitList& waiters() { return waiters_; }

  // Readable when an item is ready.
  uint32_t Poll() const override;
  size_t item_count() const { return items_.size(); }

 private:
  struct ReadyTag {};
  struct Item : public ListHook<ReadyTag> {
    Epoll* epoll = nullptr;
    int fd = 0;
    File* file = nullptr;
    uint32_t events = 0;
    uint64_t data = 0;
    Waiter read;
    Waiter write;
    bool disarmed() const;
  };
  // A descriptor number can be registered again for another file while an older file lives on.
  using Key = std::pair<int, File*>;

  static bool OnRead(Waiter* waiter, uint32_t key);
  static bool OnWrite(Waiter* waiter, uint32_t key);
  bool OnNotify(Item* item, uint32_t key);
  void SetInterest(Item* item);
  void MakeReady(Item* item);
  // Whether `target` can be reached through items, and how deep the nesting below this goes.
  bool Reaches(const Epoll* target) const;
  int Depth() const;
  void OnLastClose() override;

  std::map<Key, Item> items_;  // Looked up, never iterated for anything that depends on order.
  // Mutable because looking at an item is not changing it, and the list has no const walk.
  mutable IntrusiveList<Item, ReadyTag> ready_;
  WaitList waiters_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_EPOLL_H_
