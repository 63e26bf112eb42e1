// When the parts of a flight were sent, for a round-trip sample with each acknowledgement.
//
// One entry for each instant at which something new went out, oldest first. Linux has the times of
// segments instead; what went out at one instant has one time there, too.
#ifndef DRYWIRE_STACK_TCP_SEND_TIMES_H_
#define DRYWIRE_STACK_TCP_SEND_TIMES_H_

#include <cstddef>
#include <vector>

#include "sim/core/time.h"
#include "stack/base/seq.h"

namespace drywire {

class SendTimes {
 public:
  struct Entry {
    Seq from;  // up to the next entry's
    Instant at;
  };

  bool empty() const { return first_ == entries_.size(); }
  const Entry& front() const { return entries_[first_]; }
  const Entry& back() const { return entries_.back(); }
  void PushBack(const Entry& entry) { entries_.push_back(entry); }
  void PopFront() {
    if (++first_ == entries_.size()) {
      Clear();
    } else if (first_ > kSlack && first_ * 2 > entries_.size()) {
      entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }
  // Forgets what was sent from `seq` on.
  void Cut(Seq seq) {
    while (!empty() && back().from.AtOrAfter(seq)) entries_.pop_back();
  }
  void Clear() {
    entries_.clear();
    first_ = 0;
  }

 private:
  static constexpr size_t kSlack = 16;  // entries that may lie unused at the front

  std::vector<Entry> entries_;
  size_t first_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_SEND_TIMES_H_
