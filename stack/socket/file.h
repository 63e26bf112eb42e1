// An open file description: what descriptors refer to, shared by dup() and fork().
//
// Sockets, epoll instances, and later pipes and files, are Files. Nothing here blocks: an operation
// that cannot proceed fails with kWouldBlock and the caller (stack/sys/blocking) waits on the
// lists.
#ifndef DRYWIRE_STACK_SOCKET_FILE_H_
#define DRYWIRE_STACK_SOCKET_FILE_H_

#include <cstdint>
#include <memory>

#include "absl/types/span.h"
#include "sim/core/wait_list.h"
#include "stack/base/ref.h"
#include "stack/personality/cause.h"

namespace drywire {

class Socket;

// Readiness bits, with the values of poll(2) and epoll(7) on Linux.
enum PollBit : uint32_t {
  kPollIn = 0x001,
  kPollPri = 0x002,
  kPollOut = 0x004,
  kPollErr = 0x008,
  kPollHup = 0x010,
  kPollNval = 0x020,
  kPollRdNorm = 0x040,
  kPollRdBand = 0x080,
  kPollWrNorm = 0x100,
  kPollWrBand = 0x200,
  kPollRdHup = 0x2000,
  // Never reported: notifies read_waiters() that the last descriptor was closed.
  kPollFree = 0x4000,
};

class File {
 public:
  virtual ~File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Current readiness, as poll() with every bit asked for would report it.
  virtual uint32_t Poll() const = 0;
  // Null unless this is a socket.
  virtual Socket* AsSocket() { return nullptr; }
  // Whether epoll can watch it; regular files and directories it cannot.
  virtual bool SupportsEpoll() const { return true; }

  // Scatter and gather I/O. Files that cannot do it fail with kNotSupported.
  struct Buffer {
    void* data;
    size_t size;
  };
  virtual Result<size_t> Read(absl::Span<const Buffer> buffers);
  virtual Result<size_t> Write(absl::Span<const Buffer> buffers);

  // Those who wait for Poll() to gain an in-like or an out-like bit. Errors and hang-ups notify
  // both. Notified on every arrival, not only on the first: edge-triggered epoll depends on it.
  WaitList& read_waiters() { return MakeWaiters().read; }
  WaitList& write_waiters() { return MakeWaiters().write; }
  // Whether there is anybody to notify.
  bool has_read_waiters() const { return waiters_ != nullptr && !waiters_->read.empty(); }
  bool has_write_waiters() const { return waiters_ != nullptr && !waiters_->write.empty(); }
  void NotifyReaders(uint32_t key) {
    if (waiters_ != nullptr) waiters_->read.Notify(key);
  }
  void NotifyWriters(uint32_t key) {
    if (waiters_ != nullptr) waiters_->write.Notify(key);
  }
  void NotifyAllReaders(uint32_t key) {
    if (waiters_ != nullptr) waiters_->read.NotifyAll(key);
  }
  void NotifyAllWriters(uint32_t key) {
    if (waiters_ != nullptr) waiters_->write.NotifyAll(key);
  }

  // Where an attempt that failed with kWouldBlock waits when that is another file's list: for room
  // in the queue of a UNIX socket. `holder` keeps the list alive. Null: on the lists above.
  virtual WaitList* BlockedOn(Ref<File>* holder) {
    (void)holder;
    return nullptr;
  }

  bool nonblocking() const { return nonblocking_; }
  void set_nonblocking(bool value) { nonblocking_ = value; }

  // Descriptors that refer to this; when the last one goes OnLastClose() is called, while
  // references held by waiting calls or the protocol keep the object alive.
  void AddDescriptor() { ++descriptors_; }
  void DropDescriptor() {
    if (--descriptors_ != 0) return;
    // Epoll instances forget the file now, whether or not its protocol lives on.
    NotifyAllReaders(kPollFree);
    OnLastClose();
  }
  int descriptors() const { return descriptors_; }

  void AddReference() { ++references_; }
  void DropReference() {
    if (--references_ == 0) Delete();
  }

 protected:
  File() = default;
  virtual void OnLastClose() {}

 private:
  // Out of line: where g++ guesses which file it is, it warns of the others.
  void Delete();

  struct Waiters {
    WaitList read;
    WaitList write;
  };
  Waiters& MakeWaiters() {
    if (waiters_ == nullptr) waiters_ = std::make_unique<Waiters>();
    return *waiters_;
  }

  std::unique_ptr<Waiters> waiters_;  // made for the first one: most connections have none
  int references_ = 0;
  int descriptors_ = 0;
  bool nonblocking_ = false;
};

using FileRef = Ref<File>;

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_FILE_H_
