// Whether a segment is acceptable in a synchronized state: RFC 9293 3.10.7.4 "first" to "fourth",
// RFC 5961 (blind attacks), RFC 7323 5 (PAWS).
//
// The RFC checks the sequence number first. Here RST and SYN are looked at before it, because
// neither is ever answered with the plain ACK that an unacceptable segment draws.
#include <algorithm>

#include "stack/tcp/tcb.h"

namespace drywire {

Cause Tcb::ResetCause() const {
  switch (state_) {
    case TcpState::kSynSent:
      return Cause::kRstInSynSent;
    case TcpState::kSynReceived:
      return Cause::kRstInSynReceived;
    case TcpState::kCloseWait:
      return Cause::kRstInCloseWait;
    case TcpState::kClosing:
    case TcpState::kLastAck:
      return Cause::kRstWhileClosing;
    default:
      return Cause::kRstInEstablished;
  }
}

// RFC 5961 3.2: exactly RCV.NXT kills, elsewhere in the window draws a challenge ACK.
void Tcb::CheckReset(Instant now, const Segment& segment, Actions* actions) {
  const Seq expected = profile_->rst_needs_last_ack_sent ? rcv_wup_ : rcv_nxt_;
  const bool after_fin = state_ == TcpState::kCloseWait || state_ == TcpState::kClosing ||
                         state_ == TcpState::kLastAck;
  const bool exact = segment.seq == expected || (profile_->rst_before_fin_accepted && after_fin &&
                                                 segment.seq == rcv_nxt_ - 1);
  const bool in_window = segment.seq.AtOrAfter(rcv_wup_) &&
                         (profile_->rst_needs_last_ack_sent ? segment.seq.Before(AcceptedEdge())
                                                            : segment.seq.AtOrBefore(RightEdge()));
  if (exact || (in_window && profile_->insecure_rst != 0)) {
    Die(TcpEvent::kReceiveRst, ResetCause(), actions);
  } else if (in_window) {
    Challenge(now, actions);
  }
}

// RFC 5961 4.2: a SYN in a synchronized state draws a challenge ACK. The SYN-ACK of a simultaneous
// open goes on as an ACK.
Tcb::Check Tcb::CheckSyn(Instant now, Segment& segment, Actions* actions) {
  if (!segment.Has(kSyn)) return Check::kPass;
  if (state_ == TcpState::kSynReceived && segment.Has(kAck) && segment.seq + 1 == rcv_nxt_ &&
      segment.ack == snd_max_ && (segment.payload.empty() || profile_->syn_may_carry_data)) {
    segment.flags &= static_cast<uint8_t>(~kSyn);
    segment.seq += 1;
    return Check::kPass;
  }
  if (profile_->insecure_syn != 0 && segment.seq.AtOrAfter(rcv_wup_) &&
      segment.seq.Before(AcceptedEdge())) {
    const Cause cause = ResetCause();
    SendActiveReset(now, actions);
    Die(TcpEvent::kReceiveRst, cause, actions);
    return Check::kDrop;
  }
  Challenge(now, actions);
  return Check::kDrop;
}

Tcb::Check Tcb::CheckTimestamps(Instant now, const Segment& segment, Actions* actions) {
  if (!ts_on_) return Check::kPass;
  if (!segment.options.has_timestamps) {
    return profile_->tolerate_missing_ts != 0 ? Check::kPass : Check::kDrop;
  }
  constexpr Duration kPawsIdle = Duration::Seconds(24 * 24 * 3600);
  const int32_t age = static_cast<int32_t>(segment.options.ts_val - ts_recent_);
  if (age >= 0 || now - ts_recent_at_ > kPawsIdle) return Check::kPass;
  // RFC 7323 R1: an old duplicate.
  if (profile_->ack_rule == AckRule::kBsd && segment.payload.empty()) return Check::kDrop;
  AnswerUnacceptable(now, segment, actions);
  return Check::kDrop;
}

// Linux judges the segment as a whole; what lies before RCV.NXT is cut when the text is taken.
Tcb::Check Tcb::CheckSequence(Instant now, Segment& segment, Actions* actions) {
  if (profile_->window_rule == WindowRule::kBsd) return TrimToWindow(now, segment, actions);
  const Seq end = segment.seq + segment.Length();
  const bool old = end.Before(rcv_wup_);
  const bool beyond =
      segment.seq.After(RightEdge()) || (end.After(RightEdge()) && !receive_queue_.empty());
  if (!old && !beyond) return Check::kPass;
  AnswerUnacceptable(now, segment, actions);
  return Check::kDrop;
}

// BSD cuts the segment to what fits the window and goes on with the rest.
Tcb::Check Tcb::TrimToWindow(Instant now, Segment& segment, Actions* actions) {
  const int32_t old = rcv_nxt_.Since(segment.seq);
  uint32_t length = static_cast<uint32_t>(segment.payload.size());
  if (old > 0) {
    uint32_t cut = static_cast<uint32_t>(old);
    if (cut > length || (cut == length && !segment.Has(kFin))) {
      segment.flags &= static_cast<uint8_t>(~kFin);
      ack_.now = ack_.scheduled = true;
      cut = length;
    }
    if (cut != 0 && sack_on_) {
      // Told at once, as the next segment may be in order, and say nothing of it.
      NoteDuplicate(segment.seq, segment.seq + cut);
      ack_.now = ack_.scheduled = true;
    }
    segment.payload = segment.payload.Slice(cut);
    segment.seq = rcv_nxt_;
    if (segment.urgent <= cut) segment.flags &= static_cast<uint8_t>(~kUrg);
    segment.urgent =
        static_cast<uint16_t>(segment.urgent - std::min<uint32_t>(segment.urgent, cut));
    length -= cut;
  }
  if (orphan_ && length > 0 &&
      (state_ == TcpState::kFinWait1 || state_ == TcpState::kFinWait2 ||
       state_ == TcpState::kClosing || state_ == TcpState::kLastAck)) {
    ResetFor(segment, actions);
    Die(TcpEvent::kAbort, Cause::kNone, actions);
    return Check::kDrop;
  }
  const int32_t beyond = (segment.seq + length).Since(Max(AcceptedEdge(), rcv_nxt_));
  if (beyond > 0) {
    const uint32_t cut = static_cast<uint32_t>(beyond);
    if (cut >= length) {
      if (AnnouncedWindow() != 0 || segment.seq != rcv_nxt_) {
        AnswerUnacceptable(now, segment, actions);
        return Check::kDrop;
      }
      ack_.now = ack_.scheduled = true;  // a window probe: its ACK still counts
    }
    segment.payload = segment.payload.Slice(0, length - std::min(cut, length));
    segment.flags &= static_cast<uint8_t>(~(kFin | kPsh));
  }
  return Check::kPass;
}

// Whether one more answer to what may be a forged or stray segment is within the limit.
bool Tcb::MayChallenge(Instant now) {
  Trouble& trouble = MakeTrouble();
  if (profile_->ack_war_timewindow_ms != 0) {
    if (now - trouble.last_oow_ack >= Duration::Millis(profile_->ack_war_timewindow_ms)) {
      trouble.last_oow_ack = now;
      trouble.challenges = 0;
    }
    if (trouble.challenges >= profile_->ack_war_cnt) return false;
    ++trouble.challenges;
    return true;
  }
  if (now - trouble.last_oow_ack < Duration::Millis(profile_->invalid_ratelimit_ms)) return false;
  trouble.last_oow_ack = now;
  return true;
}

void Tcb::Challenge(Instant now, Actions* actions) {
  if (MayChallenge(now)) SendAckAt(now, snd_max_, actions);
}

// The ACK of RFC 9293 3.10.7.4 "first". Linux limits it unless the segment carried data, which is
// not likely part of a loop of ACKs.
void Tcb::AnswerUnacceptable(Instant now, const Segment& segment, Actions* actions) {
  if (profile_->ack_rule == AckRule::kBsd) {
    if (state_ == TcpState::kSynReceived && segment.Has(kAck) &&
        (segment.ack.Before(snd_una_) || segment.ack.After(snd_max_))) {
      ResetFor(segment, actions);
      return;
    }
    SendAck(now, actions);
    return;
  }
  if (segment.Length() == 0 && !MayChallenge(now)) return;
  if (segment.Length() != 0 && segment.seq.Before(rcv_nxt_)) {
    EnterQuickAck();
    NoteDuplicate(segment.seq, Min(segment.seq + segment.Length(), rcv_nxt_));
  }
  SendAck(now, actions);
}

}  // namespace drywire
