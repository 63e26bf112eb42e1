// What TCP wants done after an event: returned, never performed, by everything in stack/tcp.
//
// The owner (stack/socket) sends the segments with the connection's addresses, wakes waiters and
// asks for the next deadline. An Actions is meant to be kept and cleared: its memory is re-used.
#ifndef DRYWIRE_STACK_TCP_ACTIONS_H_
#define DRYWIRE_STACK_TCP_ACTIONS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/core/time.h"
#include "stack/base/seq.h"
#include "stack/personality/cause.h"
#include "stack/wire/packet.h"
#include "stack/wire/segment.h"

namespace drywire {

// Segments to be sent, each built in the packet that will carry it, so that sending moves a
// pointer.
class SegmentList {
 public:
  template <typename PacketIterator, typename Value>
  class Iterator {
   public:
    explicit Iterator(PacketIterator at) : at_(at) {}
    Value& operator*() const { return *(*at_)->segment(); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    PacketIterator at_;
  };

  // `pool` outlives this; null: one of its own, made when first needed.
  explicit SegmentList(PacketPool* pool) : pool_(pool) {}

  Segment& Add() {
    if (pool_ == nullptr) MakePool();
    return *packets_.emplace_back(pool_->New())->segment();
  }
  void push_back(Segment segment) { Add() = std::move(segment); }

  bool empty() const { return packets_.empty(); }
  size_t size() const { return packets_.size(); }
  Segment& operator[](size_t i) { return *packets_[i]->segment(); }
  Segment& back() { return *packets_.back()->segment(); }
  auto begin() { return Iterator<Packets::iterator, Segment>(packets_.begin()); }
  auto end() { return Iterator<Packets::iterator, Segment>(packets_.end()); }
  auto begin() const { return Iterator<Packets::const_iterator, const Segment>(packets_.begin()); }
  auto end() const { return Iterator<Packets::const_iterator, const Segment>(packets_.end()); }

  // The packet of the i-th segment, whose addresses are for the caller to fill in. The segment
  // cannot be looked at again.
  PacketPtr Take(size_t i) { return std::move(packets_[i]); }
  void clear() { packets_.clear(); }

 private:
  using Packets = std::vector<PacketPtr>;

  void MakePool() {
    own_pool_ = std::make_unique<PacketPool>();
    pool_ = own_pool_.get();
  }

  std::unique_ptr<PacketPool> own_pool_;
  PacketPool* pool_;
  Packets packets_;
};

// What a connection's timer of sending is for.
enum class SendTimer : uint8_t { kNone, kRetransmit, kPersist, kLossProbe };

struct Actions {
  // How the connection was before it sent what was never sent before: for Tcb::TakeBack().
  struct Before {
    Seq unsent;  // the first of it
    SendTimer timer = SendTimer::kNone;
    Instant timer_at;
    uint8_t backoff = 0;
    uint8_t probes_out = 0;
    bool persist = false;  // the persist timer let it out
  };

  // `pool`: where the packets of the segments come from; see SegmentList.
  explicit Actions(PacketPool* pool = nullptr) : segments(pool) {}

  // In the order in which they are to be sent. Ports are filled in.
  SegmentList segments;
  // Something arrived for readers: data, FIN, error. Set on every arrival.
  bool wake_readers = false;
  // Writers may have room, or an error.
  bool wake_writers = false;
  // The three-way handshake of this Tcb is complete.
  bool established = false;
  // The connection moved to TIME-WAIT (or to the compact FIN-WAIT-2 of orphans): the owner takes
  // Tcb::MakeTimeWait() and lets the Tcb go.
  bool time_wait = false;
  // The connection is CLOSED and has left the network: the owner takes it out of the demux.
  bool finished = false;
  // Why it failed; kNone when it did not. A fatal error: it comes with `finished`.
  Cause error = Cause::kNone;
  // Whether there is anything new among the segments, and what was before it.
  bool sends_new = false;
  Before before;

  Segment& NewSegment() { return segments.Add(); }
  void Clear() {
    segments.clear();
    wake_readers = wake_writers = established = time_wait = finished = sends_new = false;
    error = Cause::kNone;
  }
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_ACTIONS_H_
