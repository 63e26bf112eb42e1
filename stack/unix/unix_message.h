// Messages between UNIX sockets: bytes, who sent them, what came with them; and the memory they are
// made of.
//
// A stream's data is a queue of messages too, as each send made them: what came with one must not
// reach the reader with another's bytes. Messages and their bytes are reused, so that nothing is
// allocated in steady state.
#ifndef DRYWIRE_STACK_UNIX_UNIX_MESSAGE_H_
#define DRYWIRE_STACK_UNIX_UNIX_MESSAGE_H_

#include <cstddef>
#include <cstdint>

#include "sim/core/slab.h"

namespace drywire {

class UnixPcb;

// Who sent a message, as its receiver may learn.
struct UnixSenderIds {
  int32_t pid = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;

  friend bool operator==(const UnixSenderIds& a, const UnixSenderIds& b) {
    return a.pid == b.pid && a.uid == b.uid && a.gid == b.gid;
  }
};

// What the layer above sends along: descriptors, and credentials that are more than ids.
class UnixAttachment {
 public:
  virtual ~UnixAttachment() = default;

 protected:
  UnixAttachment() = default;
};

struct UnixMessage {
  UnixMessage* next = nullptr;
  uint8_t* data = nullptr;
  uint32_t size = 0;      // bytes that were sent
  uint32_t consumed = 0;  // of a stream: bytes that were received already
  uint32_t charge = 0;    // bytes of the sender's buffer
  uint8_t bin = 0;        // the pool's
  bool has_ids = false;
  bool ends_record = false;  // MSG_EOR
  UnixSenderIds ids;
  UnixPcb* sender = nullptr;             // held
  UnixAttachment* attachment = nullptr;  // owned

  uint32_t left() const { return size - consumed; }
  const uint8_t* unread() const { return data + consumed; }
};

class UnixMessagePool {
 public:
  UnixMessagePool() = default;
  UnixMessagePool(const UnixMessagePool&) = delete;
  UnixMessagePool& operator=(const UnixMessagePool&) = delete;
  ~UnixMessagePool();

  // A message with room for `size` bytes.
  UnixMessage* New(size_t size);
  // `message` holds no sender and no attachment any more.
  void Delete(UnixMessage* message);
  size_t live() const { return messages_.live(); }

 private:
  // Powers of two from 64 bytes to 64 KiB are kept; what is larger is not.
  static constexpr int kBins = 11;
  static constexpr int kSmallestShift = 6;
  struct FreeBlock {
    FreeBlock* next;
  };

  Slab<UnixMessage> messages_;
  FreeBlock* free_[kBins] = {};
};

// First in, first out.
class UnixMessageQueue {
 public:
  UnixMessageQueue() = default;
  UnixMessageQueue(const UnixMessageQueue&) = delete;
  UnixMessageQueue& operator=(const UnixMessageQueue&) = delete;

  bool empty() const { return first_ == nullptr; }
  UnixMessage* first() const { return first_; }
  int64_t messages() const { return messages_; }
  // Unread bytes in all of them.
  int64_t bytes() const { return bytes_; }

  void Push(UnixMessage* message) {
    message->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = message;
    last_ = message;
    ++messages_;
    bytes_ += message->left();
  }
  // Takes `n` of the first one's bytes, which stays.
  void Consume(uint32_t n) {
    first_->consumed += n;
    bytes_ -= n;
  }
  UnixMessage* Pop() {
    UnixMessage* const message = first_;
    first_ = message->next;
    --messages_;
    bytes_ -= message->left();
    return message;
  }

 private:
  UnixMessage* first_ = nullptr;
  UnixMessage* last_ = nullptr;
  int64_t messages_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_UNIX_UNIX_MESSAGE_H_
