// A connection in TIME-WAIT, or an orphan in FIN-WAIT-2, as the compact entry that systems keep.
//
// It answers retransmitted FINs, ends after 2 MSL, and may be taken over by a new connection of the
// same 4-tuple: by an arriving SYN (RFC 9293 3.10.7.4, RFC 6191) or by a connect() on this host.
// What is done with each kind of segment is the profile's TimeWaitRule.
// Source: tcp_timewait_state_process, tcp_twsk_unique as observed on Linux 6.18; FreeBSD's
// tcp_twcheck and the time-wait scripts of freebsd-net/tcp-testsuite.
#ifndef DRYWIRE_STACK_TCP_TIME_WAIT_H_
#define DRYWIRE_STACK_TCP_TIME_WAIT_H_

#include <cstdint>

#include "sim/core/time.h"
#include "stack/base/seq.h"
#include "stack/personality/tcp_profile.h"
#include "stack/tcp/actions.h"
#include "stack/tcp/state.h"
#include "stack/wire/segment.h"

namespace drywire {

class TimeWait {
 public:
  enum class Verdict : uint8_t {
    kStay,
    kEnd,     // the entry is to be deleted
    kReopen,  // deleted, and the segment is a SYN for the listener: see NextIss()
  };

  Verdict SegmentArrives(Instant now, const Segment& segment, Actions* actions);
  // At the deadline: the entry is to be deleted.
  void Expire();
  // The host lost power: the entry is to be deleted.
  void Vanish();

  // After kReopen, when nobody listens. kStay: acknowledged as an old segment is (Linux,
  // tcp_v4_rcv); kEnd: forgotten already, the SYN is answered by the closed port (tcp_twcheck).
  Verdict ReopenRefused(Instant now, Actions* actions);

  // Whether connect() on this host may take the 4-tuple over now; `chosen`: with a port that the
  // system looks for, rather than one the program named. `loopback`: one of the addresses is.
  bool MayBeReplaced(Instant now, bool loopback, bool chosen = true) const;
  // Whether the ISS of a connection that takes the 4-tuple over follows from this one's, and it.
  bool GivesNextIss() const { return profile_->time_wait_rule == TimeWaitRule::kLinux; }
  Seq NextIss() const { return snd_nxt_ + 65535 + 2; }
  // When it ends.
  Instant deadline() const { return deadline_; }
  bool in_fin_wait_2() const { return fin_wait_2_; }
  TcpState state() const { return fin_wait_2_ ? TcpState::kFinWait2 : TcpState::kTimeWait; }

 private:
  friend class Tcb;
  TimeWait() = default;
  Verdict Linux(Instant now, const Segment& segment, Actions* actions);
  Verdict LinuxFinWait2(Instant now, const Segment& segment, bool paws_reject, Actions* actions);
  Verdict Bsd(Instant now, const Segment& segment, Actions* actions);
  bool PawsRejects(Instant now, const Segment& segment) const;
  void SendAck(Instant now, Actions* actions);
  void SendAckLimited(Instant now, const Segment& segment, Actions* actions);
  void Restart(Instant now, const Segment& segment);

  const TcpProfile* profile_ = nullptr;
  Instant deadline_ = kNever;
  Instant entered_;
  Instant ts_recent_at_;
  Instant last_oow_ack_ = Instant::FromNanos(-1'000'000'000'000);
  Seq snd_nxt_;
  Seq rcv_nxt_;
  uint32_t rcv_wnd_ = 0;
  uint32_t ts_recent_ = 0;
  uint32_t ts_offset_ = 0;
  uint16_t local_port_ = 0;
  uint16_t remote_port_ = 0;
  uint8_t rcv_wscale_ = 0;
  bool ts_on_ = false;
  bool fin_wait_2_ = false;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_TIME_WAIT_H_
