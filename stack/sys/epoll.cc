#include "stack/sys/epoll.h"

#include <sys/epoll.h>

#include <algorithm>

namespace drywire {
namespace {

constexpr uint32_t kModeBits =
    static_cast<uint32_t>(EPOLLET) | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP;
// What may be asked for together with EPOLLEXCLUSIVE.
constexpr uint32_t kExclusiveBits = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP |
                                    static_cast<uint32_t>(EPOLLET) | EPOLLEXCLUSIVE | EPOLLWAKEUP;
constexpr uint32_t kAlways = kPollErr | kPollHup;
constexpr uint32_t kReadBits = kPollIn | kPollPri | kPollRdNorm | kPollRdBand | kPollRdHup;
constexpr uint32_t kWriteBits = kPollOut | kPollWrNorm | kPollWrBand;
constexpr int kMaxDepth = 4;  // Instances below one another, as the kernel's EP_MAX_NESTS.

}  // namespace

bool Epoll::Item::disarmed() const { return (events & ~kModeBits) == 0; }

Result<> Epoll::Add(int fd, File* file, uint32_t events, uint64_t data) {
  if (!file->SupportsEpoll()) return Cause::kNotSupported;
  if (file == this) return Cause::kInvalidArgument;
  auto* const nested = dynamic_cast<Epoll*>(file);
  if ((events & EPOLLEXCLUSIVE) != 0 && ((events & ~kExclusiveBits) != 0 || nested != nullptr)) {
    return Cause::kInvalidArgument;
  }
  if (nested != nullptr && (nested->Reaches(this) || nested->Depth() >= kMaxDepth)) {
    return Cause::kEpollLoop;
  }
  const auto [at, is_new] = items_.try_emplace(Key(fd, file));
  if (!is_new) return Cause::kEpollRegistered;
  Item* const item = &at->second;
  item->epoll = this;
  item->fd = fd;
  item->file = file;
  item->events = events | kAlways;
  item->data = data;
  item->read.Bind(OnRead, item);
  item->write.Bind(OnWrite, item);
  const bool exclusive = (events & EPOLLEXCLUSIVE) != 0;
  item->read.set_exclusive(exclusive);
  item->write.set_exclusive(exclusive);
  SetInterest(item);
  file->read_waiters().Add(&item->read);
  file->write_waiters().Add(&item->write);
  if ((file->Poll() & item->events) != 0) MakeReady(item);
  return {};
}

Result<> Epoll::Modify(int fd, File* file, uint32_t events, uint64_t data) {
  const auto at = items_.find(Key(fd, file));
  if ((events & EPOLLEXCLUSIVE) != 0) return Cause::kInvalidArgument;
  if (at == items_.end()) return Cause::kEpollNotRegistered;
  Item* const item = &at->second;
  if ((item->events & EPOLLEXCLUSIVE) != 0) return Cause::kInvalidArgument;
  item->events = events | kAlways;
  item->data = data;
  SetInterest(item);
  if ((file->Poll() & item->events) != 0) MakeReady(item);
  return {};
}

Result<> Epoll::Remove(int fd, File* file) {
  if (items_.erase(Key(fd, file)) == 0) return Cause::kEpollNotRegistered;
  return {};
}

void Epoll::SetInterest(Item* item) {
  const uint32_t wanted = item->disarmed() ? 0 : item->events & ~kModeBits;
  item->read.set_interest((wanted & (kReadBits | kAlways)) | kPollFree);
  item->write.set_interest(wanted & (kWriteBits | kAlways));
}

void Epoll::MakeReady(Item* item) {
  if (item->is_linked()) return;
  ready_.PushBack(item);
  waiters_.Notify(kPollIn);
  NotifyReaders(kPollIn | kPollRdNorm);
}

bool Epoll::OnRead(Waiter* waiter, uint32_t key) {
  Item* const item = static_cast<Item*>(waiter->context());
  if ((key & kPollFree) != 0 && item->file->descriptors() == 0) {
    item->epoll->items_.erase(Key(item->fd, item->file));
    return false;
  }
  return item->epoll->OnNotify(item, key & ~kPollFree);
}

bool Epoll::OnWrite(Waiter* waiter, uint32_t key) {
  Item* const item = static_cast<Item*>(waiter->context());
  return item->epoll->OnNotify(item, key);
}

bool Epoll::OnNotify(Item* item, uint32_t key) {
  if (key == 0 || item->disarmed()) return false;
  // Among exclusive items a notification is taken by one whose instance somebody waits on.
  const bool somebody_waits = waiters_.SomebodyWaits();
  if (item->is_linked()) {
    waiters_.Notify(kPollIn);
  } else {
    MakeReady(item);
  }
  return somebody_waits;
}

int Epoll::Collect(int max, absl::FunctionRef<bool(uint32_t events, uint64_t data)> deliver) {
  // Items that are reported again go behind those that are not looked at yet.
  IntrusiveList<Item, ReadyTag> batch;
  while (Item* item = ready_.PopFront()) batch.PushBack(item);
  IntrusiveList<Item, ReadyTag> again;
  int count = 0;
  while (count < max && !batch.empty()) {
    Item* const item = batch.PopFront();
    const uint32_t events = item->disarmed() ? 0 : item->file->Poll() & item->events & ~kModeBits;
    if (events == 0) continue;
    if (!deliver(events, item->data)) {
      batch.PushFront(item);
      break;
    }
    ++count;
    if ((item->events & EPOLLONESHOT) != 0) {
      item->events &= kModeBits;
      SetInterest(item);
    } else if ((item->events & static_cast<uint32_t>(EPOLLET)) == 0) {
      again.PushBack(item);
    }
  }
  while (Item* item = batch.PopFront()) ready_.PushBack(item);
  while (Item* item = again.PopFront()) ready_.PushBack(item);
  // Others who wait on this instance may take the rest.
  if (!ready_.empty()) waiters_.Notify(kPollIn);
  return count;
}

uint32_t Epoll::Poll() const {
  for (const Item& item : ready_) {
    if (!item.disarmed() && (item.file->Poll() & item.events & ~kModeBits) != 0) {
      return kPollIn | kPollRdNorm;
    }
  }
  return 0;
}

bool Epoll::Reaches(const Epoll* target) const {
  if (this == target) return true;
  for (const auto& [key, item] : items_) {
    const auto* const nested = dynamic_cast<const Epoll*>(item.file);
    if (nested != nullptr && nested->Reaches(target)) return true;
  }
  return false;
}

int Epoll::Depth() const {
  int depth = 0;
  for (const auto& [key, item] : items_) {
    const auto* const nested = dynamic_cast<const Epoll*>(item.file);
    if (nested != nullptr) depth = std::max(depth, 1 + nested->Depth());
  }
  return depth;
}

void Epoll::OnLastClose() { items_.clear(); }

}  // namespace drywire
