#include "stack/tcp/time_wait.h"

#include "stack/tcp/tcb.h"

namespace drywire {

TimeWait::Verdict TimeWait::SegmentArrives(Instant now, const Segment& segment, Actions* actions) {
  if (profile_->time_wait_rule == TimeWaitRule::kBsd) return Bsd(now, segment, actions);
  return Linux(now, segment, actions);
}

bool TimeWait::PawsRejects(Instant now, const Segment& segment) const {
  if (!ts_on_ || !segment.options.has_timestamps || segment.Has(kRst)) return false;
  constexpr Duration kPawsIdle = Duration::Seconds(24 * 24 * 3600);
  return static_cast<int32_t>(segment.options.ts_val - ts_recent_) < 0 &&
         now - ts_recent_at_ <= kPawsIdle;
}

void TimeWait::Restart(Instant now, const Segment& segment) {
  deadline_ = now + Duration::Millis(profile_->time_wait_ms);
  if (ts_on_ && segment.options.has_timestamps) {
    ts_recent_ = segment.options.ts_val;
    ts_recent_at_ = now;
  }
}

void TimeWait::SendAck(Instant now, Actions* actions) {
  Segment& ack = actions->NewSegment();
  ack.source_port = local_port_;
  ack.destination_port = remote_port_;
  ack.seq = snd_nxt_;
  ack.ack = rcv_nxt_;
  ack.flags = kAck;
  ack.window = static_cast<uint16_t>(rcv_wnd_ >> rcv_wscale_);
  if (ts_on_) {
    ack.options.has_timestamps = true;
    ack.options.ts_val = static_cast<uint32_t>(now.nanos() / 1'000'000) + ts_offset_;
    ack.options.ts_ecr = ts_recent_;
  }
}

void TimeWait::SendAckLimited(Instant now, const Segment& segment, Actions* actions) {
  if (segment.Length() == 0 || segment.Has(kSyn)) {
    if (now - last_oow_ack_ < Duration::Millis(profile_->invalid_ratelimit_ms)) return;
    last_oow_ack_ = now;
  }
  SendAck(now, actions);
}

TimeWait::Verdict TimeWait::Linux(Instant now, const Segment& segment, Actions* actions) {
  const bool paws_reject = PawsRejects(now, segment);
  if (fin_wait_2_) return LinuxFinWait2(now, segment, paws_reject, actions);
  if (!paws_reject && segment.seq == rcv_nxt_ && (segment.Length() == 0 || segment.Has(kRst))) {
    if (segment.Has(kRst)) {
      if (profile_->rfc1337 != 0) return Verdict::kStay;
      TakeEdge(state(), TcpEvent::kReceiveRst);  // assassination
      return Verdict::kEnd;
    }
    Restart(now, segment);
    return Verdict::kStay;
  }
  if (segment.Has(kSyn) && !segment.Has(kRst | kAck) && !paws_reject &&
      (segment.seq.After(rcv_nxt_) ||
       (ts_on_ && segment.options.has_timestamps &&
        static_cast<int32_t>(ts_recent_ - segment.options.ts_val) < 0))) {
    return Verdict::kReopen;
  }
  if (segment.Has(kRst)) return Verdict::kStay;
  if (paws_reject || segment.Has(kAck)) {
    deadline_ = now + Duration::Millis(profile_->time_wait_ms);
  }
  SendAckLimited(now, segment, actions);
  return Verdict::kStay;
}

// An orphan in FIN-WAIT-2: text draws RST, the peer's FIN leads to TIME-WAIT.
TimeWait::Verdict TimeWait::LinuxFinWait2(Instant now, const Segment& segment, bool paws_reject,
                                          Actions* actions) {
  const Seq end = segment.seq + segment.Length();
  const Seq edge = rcv_nxt_ + rcv_wnd_;
  const bool in_window = segment.seq == rcv_nxt_ ||
                         (end.After(rcv_nxt_) && segment.seq.Before(edge)) ||
                         (segment.seq == edge && segment.Length() == 0);
  if (paws_reject || !in_window) {
    if (!segment.Has(kRst)) SendAckLimited(now, segment, actions);
    return Verdict::kStay;
  }
  if (segment.Has(kRst)) {
    TakeEdge(state(), TcpEvent::kReceiveRst);
    return Verdict::kEnd;
  }
  const bool new_syn = segment.Has(kSyn) && segment.seq.AtOrAfter(rcv_nxt_);
  if (!new_syn && (!segment.Has(kAck) || !end.After(rcv_nxt_) || segment.Length() == 0)) {
    return Verdict::kStay;  // a duplicate ACK
  }
  if (new_syn || !segment.Has(kFin) || end != rcv_nxt_ + 1) {
    Segment reset;
    if (MakeResetFor(segment, &reset)) actions->segments.push_back(reset);
    TakeEdge(state(), TcpEvent::kAbort);
    return Verdict::kEnd;
  }
  TakeEdge(state(), TcpEvent::kReceiveFin);
  fin_wait_2_ = false;
  rcv_nxt_ = end;
  entered_ = now;
  Restart(now, segment);
  SendAck(now, actions);
  return Verdict::kStay;
}

// tcp_twcheck, which leaves PAWS out.
TimeWait::Verdict TimeWait::Bsd(Instant now, const Segment& segment, Actions* actions) {
  if (segment.Has(kRst)) return Verdict::kStay;  // RFC 1337
  if (segment.Has(kSyn) && segment.Has(kFin) && profile_->drop_synfin != 0) return Verdict::kStay;
  if (segment.Has(kSyn) && !segment.Has(kAck) && segment.seq.After(rcv_nxt_)) {
    return Verdict::kReopen;
  }
  if (!segment.Has(kAck)) return Verdict::kStay;
  if (ts_on_ && !segment.options.has_timestamps && profile_->tolerate_missing_ts == 0) {
    return Verdict::kStay;
  }
  if (segment.Has(kFin) && segment.seq + segment.Length() == rcv_nxt_) {
    deadline_ = now + Duration::Millis(profile_->time_wait_ms);
  }
  const bool duplicate_ack = segment.flags == kAck && segment.payload.empty() &&
                             segment.seq == rcv_nxt_ && segment.ack == snd_nxt_;
  if (!duplicate_ack) SendAck(now, actions);
  return Verdict::kStay;
}

void TimeWait::Expire() {
  TakeEdge(state(), fin_wait_2_ ? TcpEvent::kTimeout : TcpEvent::kTimeout2Msl);
}

void TimeWait::Vanish() { TakeEdge(state(), TcpEvent::kAbort); }

TimeWait::Verdict TimeWait::ReopenRefused(Instant now, Actions* actions) {
  if (profile_->time_wait_rule == TimeWaitRule::kBsd) return Verdict::kEnd;
  SendAck(now, actions);
  return Verdict::kStay;
}

bool TimeWait::MayBeReplaced(Instant now, bool loopback, bool chosen) const {
  if (profile_->time_wait_rule != TimeWaitRule::kLinux || !ts_on_) return false;
  if (!chosen) return true;
  if (fin_wait_2_ || profile_->tw_reuse == 0 || (profile_->tw_reuse == 2 && !loopback)) {
    return false;
  }
  return now - entered_ > Duration::Millis(profile_->tw_reuse_delay_ms);
}

}  // namespace drywire
