// SEGMENT ARRIVES (RFC 9293 3.10.7): one handler for SYN-SENT and one for the synchronized states,
// with a step for each of the RFC's. CLOSED is MakeResetFor(), LISTEN is Listener, TIME-WAIT is
// TimeWait.
#include <algorithm>
#include <utility>

#include "sim/core/check.h"
#include "stack/tcp/tcb.h"

namespace drywire {

void Tcb::SegmentArrives(Instant now, Segment& segment, Actions* actions) {
  DRYWIRE_CHECK(state_ != TcpState::kListen && state_ != TcpState::kTimeWait)
      << "a Tcb in " << TcpStateName(state_) << " takes no segments";
  if (profile_->drop_synfin != 0 && segment.Has(kSyn) && segment.Has(kFin)) return;
  if (state_ == TcpState::kClosed) {
    ResetFor(segment, actions);
  } else if (state_ == TcpState::kSynSent) {
    ArrivesInSynSent(now, segment, actions);
  } else {
    ArrivesOtherwise(now, segment, actions);
  }
}

// 3.10.7.3
void Tcb::ArrivesInSynSent(Instant now, Segment& segment, Actions* actions) {
  if (segment.Has(kAck)) {
    if (segment.ack.AtOrBefore(iss_) || segment.ack.After(snd_max_)) {
      // Linux expects that the answer to an old connection's segment is on its way and tries again.
      if (profile_->bad_ack_hastens_syn && retransmits_ == 0) {
        timer_ = Timer::kRetransmit;
        timer_at_ = now + profile_->tick * 2;
      }
      ResetFor(segment, actions);
      return;
    }
    if (segment.Has(kRst)) {
      Die(TcpEvent::kReceiveRst, Cause::kRstInSynSent, actions);
      return;
    }
    if (segment.Has(kSyn)) TakeSynAck(now, segment, actions);
    return;
  }
  if (segment.Has(kRst) || !segment.Has(kSyn)) return;
  TakeCrossedSyn(now, segment, actions);
}

void Tcb::TakeSynAck(Instant now, Segment& segment, Actions* actions) {
  last_heard_ = now;
  NoteProgress();
  TakeSynOptions(segment, now);
  if (retransmits_ == 0) {
    rtt_.Sample(*profile_, now - retrans_stamp_, segment.ack, snd_max_);
  } else if (ts_on_ && segment.options.ts_ecr != 0) {
    const uint32_t ms = TsValue(now) - segment.options.ts_ecr;
    rtt_.Sample(*profile_, Duration::Millis(ms), segment.ack, snd_max_);
  }
  Apply(TcpEvent::kReceiveSynAck);
  BecomeEstablished(now, actions);
  segment.flags &= static_cast<uint8_t>(~kSyn);
  segment.seq += 1;
  ack_.scheduled = true;
  if (profile_->ack_rule == AckRule::kLinux) {
    if (ack_.pingpong) {
      // TCP_QUICKACK is off: data will follow and carry the ACK.
      EnterQuickAck();
      ack_.pingpong = true;
      ack_.deadline = now + Duration::Millis(profile_->delack_max_ms);
      Output(now, actions);
    } else {
      SendAck(now, actions);
      Output(now, actions);
    }
    return;
  }
  ack_.now = segment.payload.empty();
  if (fin_queued_) Apply(TcpEvent::kClose);  // shut down meanwhile: the FIN follows
  TakeText(now, segment, actions);
  Finish(now, actions);
}

// The peer opens at the same time (or we connected to ourselves): 3.5, figure 7.
void Tcb::TakeCrossedSyn(Instant now, Segment& segment, Actions* actions) {
  last_heard_ = now;
  TakeSynOptions(segment, now);
  Apply(TcpEvent::kReceiveSyn);
  SendSyn(now, actions);
  if (profile_->syn_may_carry_data) {
    retransmits_ = backoff_ = 0;
    ArmRetransmit(now);
    // Its FIN is not looked at; the peer sends it again (tcp_reass).
    if (!segment.payload.empty()) {
      reassembly_ = std::make_unique<Reassembly>();
      reassembly_->Add(segment.seq + 1, std::move(segment.payload), /*fin=*/false);
    }
  }
}

// 3.10.7.4, for all states from SYN-RECEIVED on.
void Tcb::ArrivesOtherwise(Instant now, Segment& segment, Actions* actions) {
  const bool bare = !segment.Has(kAck | kRst | kSyn);
  if (bare && profile_->window_rule == WindowRule::kLinux) return;
  if (segment.Has(kRst)) {
    CheckReset(now, segment, actions);
    return;
  }
  // The window of a SYN is never scaled (RFC 7323 2.2).
  const uint32_t window = uint32_t{segment.window} << (segment.Has(kSyn) ? 0 : snd_wscale_);
  if (CheckSyn(now, segment, actions) == Check::kDrop) return;
  if (CheckTimestamps(now, segment, actions) == Check::kDrop) return;
  if (CheckSequence(now, segment, actions) == Check::kDrop) return;
  last_heard_ = now;
  probes_out_ = 0;
  // RFC 7323 4.3 (3): the timestamp of what comes next in order.
  if (ts_on_ && segment.options.has_timestamps && segment.seq.AtOrBefore(rcv_wup_) &&
      static_cast<int32_t>(segment.options.ts_val - ts_recent_) >= 0) {
    ts_recent_ = segment.options.ts_val;
    ts_recent_at_ = now;
  }
  if (CheckAck(now, segment, window, actions) == Check::kDrop) return;
  NoteProgress();
  if (state_ == TcpState::kClosed || actions->time_wait) return;
  if (segment.Has(kUrg) || urgent_in_) CheckUrgent(segment, actions);
  if (CheckText(now, segment, actions) == Check::kDrop) return;
  TakeText(now, segment, actions);
  Finish(now, actions);
}

// Fifth, check the ACK field.
Tcb::Check Tcb::CheckAck(Instant now, const Segment& segment, uint32_t window, Actions* actions) {
  if (!segment.Has(kAck)) {
    if (state_ == TcpState::kSynReceived) return Check::kPass;  // text waits for the handshake
    if (ack_.now) SendAck(now, actions);
    return Check::kDrop;
  }
  if (state_ == TcpState::kSynReceived) return CheckAckInSynReceived(now, segment, window, actions);
  if (segment.ack.After(snd_max_)) {
    // Acknowledges what was never sent. RFC 5961 5.
    if (profile_->ack_rule == AckRule::kLinux) {
      Challenge(now, actions);
    } else {
      SendAck(now, actions);
    }
    return Check::kDrop;
  }
  if (segment.ack.Before(snd_una_)) {
    const uint32_t range = static_cast<uint32_t>(std::min<uint64_t>(max_window_, bytes_acked_));
    if (profile_->old_ack_challenged && segment.ack.Before(snd_una_ - range)) {
      Challenge(now, actions);
      return Check::kDrop;
    }
    return Check::kPass;
  }
  const bool advances = segment.ack.After(snd_una_);
  // Linux also believes a peer that closes its window (tcp_may_update_window).
  const bool closes = window == 0 && profile_->window_rule == WindowRule::kLinux;
  const bool new_window =
      advances || segment.seq.After(snd_wl1_) ||
      (segment.seq == snd_wl1_ && (window > snd_wnd_ || closes || segment.ack.After(snd_wl2_)));
  CheckProbeAnswer(segment, advances, new_window);
  if (new_window) {
    snd_wnd_ = window;
    snd_wl1_ = segment.seq;
    snd_wl2_ = segment.ack;
    max_window_ = std::max(max_window_, window);
  }
  if (advances) {
    AcknowledgeUpTo(now, segment.ack, segment, actions);
  } else if (timer_ == Timer::kPersist && snd_wnd_ != 0) {
    timer_ = Timer::kNone;
    timer_at_ = kNever;
    backoff_ = 0;
  }
  return Check::kPass;
}

Tcb::Check Tcb::CheckAckInSynReceived(Instant now, const Segment& segment, uint32_t window,
                                      Actions* actions) {
  if (segment.ack.AtOrBefore(snd_una_) || segment.ack.After(snd_max_)) {
    ResetFor(segment, actions);
    return Check::kDrop;
  }
  if (rtt_timing_) {
    rtt_.Sample(*profile_, now - rtt_start_, segment.ack, snd_max_);
    rtt_timing_ = false;
  } else if (retransmits_ == 0 && !rtt_.has_sample() && !syn_acked_ && retrans_stamp_ != now) {
    rtt_.Sample(*profile_, now - retrans_stamp_, segment.ack, snd_max_);
  }
  Apply(TcpEvent::kReceiveAckOfSyn);
  BecomeEstablished(now, actions);
  snd_wnd_ = window;
  max_window_ = std::max(max_window_, snd_wnd_);
  snd_wl1_ = segment.seq;
  snd_wl2_ = segment.ack;
  if (fin_queued_) Apply(TcpEvent::kClose);
  // What came before (FreeBSD) was waiting for this. It is acknowledged with what is sent next, and
  // a FIN of it is not looked at (syn_received: the call of tcp_reass).
  (void)DrainReassembly(now);
  ack_.scheduled = ack_.now = false;
  return Check::kPass;
}

// Seventh, the segment text: whether this state takes any.
Tcb::Check Tcb::CheckText(Instant now, const Segment& segment, Actions* actions) {
  const uint32_t text = static_cast<uint32_t>(segment.payload.size());
  const bool is_new = segment.Length() != 0 && (segment.seq + text).After(rcv_nxt_);
  switch (state_) {
    case TcpState::kCloseWait:
    case TcpState::kClosing:
    case TcpState::kLastAck:
      if (segment.seq.AtOrAfter(rcv_nxt_)) {
        // Nothing can follow a FIN.
        Finish(now, actions);
        return Check::kDrop;
      }
      [[fallthrough]];
    case TcpState::kFinWait1:
    case TcpState::kFinWait2:
      // RFC 1122 4.2.2.13: nobody will read it. (BSD judged that before the ACK, for orphans.)
      if (receive_shut_ && is_new && profile_->window_rule == WindowRule::kLinux) {
        const Cause cause = Cause::kRstInEstablished;
        ResetFor(segment, actions);
        Die(TcpEvent::kAbort, orphan_ ? Cause::kNone : cause, actions);
        return Check::kDrop;
      }
      return Check::kPass;
    default:
      return Check::kPass;
  }
}

void Tcb::TakeText(Instant now, Segment& segment, Actions* actions) {
  uint32_t length = static_cast<uint32_t>(segment.payload.size());
  bool fin = segment.Has(kFin);
  if (length == 0 && !fin) return;
  const Seq end = segment.seq + length;
  const bool established = state_ != TcpState::kSynReceived;
  const bool in_order = segment.seq.AtOrBefore(rcv_nxt_) && established;
  if (in_order) {
    const bool has_new = end.After(rcv_nxt_) || (fin && end == rcv_nxt_ && !fin_received_);
    const bool nothing_to_tell = reassembly_ == nullptr && !dsack_;
    if (segment.seq.Before(rcv_nxt_)) {
      NoteDuplicate(segment.seq, Min(end + (fin ? 1 : 0), rcv_nxt_));
    }
    if (!has_new || (length != 0 && AnnouncedWindow() == 0)) {
      // A retransmission, or a probe of a closed window: acknowledge at once.
      EnterQuickAck();
      ack_.scheduled = true;
      if (profile_->ack_rule == AckRule::kBsd) ack_.now = true;
      return;
    }
    Deliver(now, segment.payload.Slice(static_cast<size_t>(rcv_nxt_.Since(segment.seq))),
            segment.Has(kPsh));
    if (!fin) fin = DrainReassembly(now);
    if (!nothing_to_tell) NoteArrival(segment.seq, length, /*advanced=*/true);
    actions->wake_readers = true;
    if (fin) TakeFin(now, actions);
    return;
  }
  if (reassembly_ == nullptr) reassembly_ = std::make_unique<Reassembly>();
  if (profile_->sack_rule == SackRule::kLinux) {
    const SackBlock known = reassembly_->Overlap(segment.seq, end + (fin ? 1 : 0));
    if (known.left != known.right) NoteDuplicate(known.left, known.right);
  }
  if (length != 0) DataArrived(now, length, segment.Has(kPsh));
  reassembly_->Add(segment.seq, std::move(segment.payload), fin);
  if (established) NoteArrival(segment.seq, length, /*advanced=*/false);
  ack_.scheduled = true;
  if (established) ack_.now = true;
}

// Text in order goes to the program.
void Tcb::Deliver(Instant now, Bytes text, bool pushed) {
  const uint32_t length = static_cast<uint32_t>(text.size());
  rcv_nxt_ += length;
  bytes_received_ += length;
  if (length != 0) DataArrived(now, length, pushed);
  if (receive_shut_ && profile_->shut_read_discards) return;
  if (urgent_pulls_) {
    AppendWithoutUrgent(rcv_nxt_ - length, std::move(text));
  } else {
    receive_queue_.Append(std::move(text));
  }
}

// Delivers what was out of order and is not any more; says whether a FIN was reached.
bool Tcb::DrainReassembly(Instant now) {
  if (reassembly_ == nullptr) return false;
  Bytes text;
  bool fin = false;
  while (!fin && reassembly_->TakeNext(rcv_nxt_, &text, &fin)) {
    Deliver(now, std::move(text), /*pushed=*/false);
  }
  ack_.now = ack_.scheduled = true;  // RFC 5681 4.2: a gap was filled, or part of it
  if (fin || reassembly_->empty()) reassembly_.reset();
  return fin;
}

// Eighth, check the FIN bit.
void Tcb::TakeFin(Instant now, Actions* actions) {
  fin_received_ = true;
  rcv_nxt_ += 1;
  ack_.scheduled = true;
  if (profile_->fin_acked_at_once) ack_.now = true;
  reassembly_.reset();
  actions->wake_readers = actions->wake_writers = true;
  switch (state_) {
    case TcpState::kEstablished:
      ack_.pingpong = true;  // Linux: our own FIN is likely to follow and carry the ACK
      Apply(TcpEvent::kReceiveFin);
      return;
    case TcpState::kFinWait1:
      SendAck(now, actions);
      Apply(TcpEvent::kReceiveFin);
      return;
    case TcpState::kFinWait2:
      SendAck(now, actions);
      Apply(TcpEvent::kReceiveFin);
      EnterTimeWait(actions);
      return;
    default:
      return;
  }
}

// What a segment leaves to do: data that may go out now, and an acknowledgement.
void Tcb::Finish(Instant now, Actions* actions) {
  if (state_ == TcpState::kClosed || actions->time_wait) return;
  Output(now, actions);
  CheckAckNeeded(now, reassembly_ != nullptr, actions);
}

}  // namespace drywire
