// How much may be in flight: slow start from the initial window (RFC 5681 3.1, RFC 6928).
//
// This is the room for congestion control, not congestion control: the window only grows, by what
// was acknowledged, and falls to one segment on a retransmission timeout. Fast retransmit, recovery
// and CUBIC are left out until they are modelled as each system has them.
#ifndef DRYWIRE_STACK_TCP_CONGESTION_H_
#define DRYWIRE_STACK_TCP_CONGESTION_H_

#include <algorithm>
#include <cstdint>

#include "stack/personality/tcp_profile.h"

namespace drywire {

class Congestion {
 public:
  void Start(const TcpProfile& profile) {
    cwnd_ = static_cast<uint32_t>(profile.initcwnd);
    ssthresh_ = kInfinite;
  }
  // New data of about `segments` segments was acknowledged; `flight` segments had been in flight.
  void OnAck(uint32_t segments, uint32_t flight) {
    if (flight * 2 < cwnd_) return;  // not limited by this window: no reason to grow
    if (cwnd_ < ssthresh_) {
      cwnd_ += segments;
    } else if ((acked_ += segments) >= cwnd_) {
      acked_ -= cwnd_;
      ++cwnd_;
    }
    cwnd_ = std::min(cwnd_, kMaxSegments);
  }
  void OnTimeout(uint32_t flight) {
    ssthresh_ = std::max<uint32_t>(flight / 2, 2);
    cwnd_ = 1;
    acked_ = 0;
  }

  uint32_t cwnd() const { return cwnd_; }  // segments
  uint32_t ssthresh() const { return ssthresh_; }

 private:
  static constexpr uint32_t kMaxSegments = 1u << 20;
  static constexpr uint32_t kInfinite = 0x7fffffff;
  uint32_t cwnd_ = 10;
  uint32_t ssthresh_ = kInfinite;
  uint32_t acked_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_CONGESTION_H_
