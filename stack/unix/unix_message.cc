#include "stack/unix/unix_message.h"

#include <new>
#include <utility>

#include "sim/core/check.h"

namespace drywire {

UnixMessagePool::~UnixMessagePool() {
  for (FreeBlock*& first : free_) {
    while (first != nullptr) ::operator delete(std::exchange(first, first->next));
  }
}

UnixMessage* UnixMessagePool::New(size_t size) {
  int bin = 0;
  while (bin < kBins && (size_t{1} << (bin + kSmallestShift)) < size) ++bin;
  UnixMessage* const message = messages_.New();
  message->bin = static_cast<uint8_t>(bin);
  message->size = static_cast<uint32_t>(size);
  if (bin < kBins && free_[bin] != nullptr) {
    message->data = reinterpret_cast<uint8_t*>(std::exchange(free_[bin], free_[bin]->next));
  } else {
    const size_t room = bin < kBins ? size_t{1} << (bin + kSmallestShift) : size;
    message->data = static_cast<uint8_t*>(::operator new(room));
  }
  return message;
}

void UnixMessagePool::Delete(UnixMessage* message) {
  DRYWIRE_DCHECK(message->sender == nullptr && message->attachment == nullptr);
  if (message->bin < kBins) {
    free_[message->bin] = new (message->data) FreeBlock{free_[message->bin]};
  } else {
    ::operator delete(message->data);
  }
  messages_.Delete(message);
}

}  // namespace drywire
