// The tail loss probe (RFC 8985 7), as Linux has it: when the last segments of a flight are lost no
// acknowledgement tells of it, so that one of them is sent again well before the retransmission
// timer would begin its back-off.
//
// Which segments were sent when is not kept for each of them: of the head's last transmission it is
// known while it is the only one, otherwise the last acknowledgement stands for it. Left out: the
// congestion window's reduction when the probe shows that there was a loss.
// Source: net/ipv4/tcp_output.c (tcp_schedule_loss_probe, tcp_send_loss_probe) and tcp_input.c
// (tcp_process_tlp_ack) as observed on Linux 6.18.
#include <algorithm>

#include "stack/tcp/tcb.h"

namespace drywire {

// tcp_early_retrans is 3 by default; 4 means the same, and lower numbers were other things once.
bool Tcb::MayProbe() const {
  return profile_->early_retrans >= 3 && sack_on_ && syn_acked_ && !in_loss_ &&
         snd_una_ != snd_max_ && snd_nxt_ == snd_max_;
}

// `rto`: how far away the retransmission timeout is, which the probe does not come after.
void Tcb::ArmLossProbe(Instant now, Duration rto) {
  const bool alone = !last_start_.After(snd_una_);
  Duration wait = Duration::Millis(profile_->rexmit_initial_ms);
  if (rtt_.has_sample()) {
    // One segment's acknowledgement may be delayed.
    wait = rtt_.srtt() * 2 + (alone ? Duration::Millis(profile_->rto_min_ms) : profile_->tick * 2);
  }
  if (rto > Duration()) wait = std::min(wait, rto);
  timer_ = Timer::kLossProbe;
  timer_at_ = now + wait;
}

void Tcb::ArmAfterAck(Instant now) {
  // Several are in flight: when the first of them was sent is not known.
  head_sent_at_ = last_start_.After(snd_una_) ? now : last_sent_at_;
  if (MayProbe()) {
    ArmLossProbe(now, CurrentRto());
  } else {
    ArmRetransmit(now);
  }
}

void Tcb::OnLossProbeTimeout(Instant now, Actions* actions) {
  // One probe for each tail.
  if (probe_out_ || !MayProbe() || !SendLossProbe(now, actions)) {
    ArmAfterProbe(now);
    return;
  }
  probe_out_ = true;
  MakeTrouble().probe_high = snd_max_;
  ArmRetransmit(now);
}

void Tcb::RefuseLossProbe(Instant now) {
  probe_out_ = false;
  ArmAfterProbe(now);
}

// No probe was sent: the retransmission timeout is when it would have been.
void Tcb::ArmAfterProbe(Instant now) {
  timer_ = Timer::kRetransmit;
  timer_at_ = std::max(head_sent_at_ + CurrentRto(), now + profile_->tick);
}

// New data if the window has room for it, whatever Nagle and the congestion window say; otherwise
// the last segment again.
bool Tcb::SendLossProbe(Instant now, Actions* actions) {
  const Seq edge = snd_una_ + snd_wnd_;
  const Seq end = QueueEnd();
  const uint32_t unsent = snd_nxt_.Before(end) ? static_cast<uint32_t>(end.Since(snd_nxt_)) : 0;
  if (unsent != 0 || FinDue()) {
    const uint32_t length = NextText(SendMss());
    const bool fin = FinDue() && length == unsent;
    if ((snd_nxt_ + length + (fin ? 1 : 0)).AtOrBefore(edge)) {
      probe_repeats_ = false;
      EmitData(now, length, fin, actions);
      return true;
    }
  }
  Seq start = Max(last_start_, snd_una_);
  if (start != snd_una_ && start.AtOrAfter(edge)) return false;
  const bool fin = snd_max_.After(end);
  uint32_t length = static_cast<uint32_t>((fin ? end : snd_max_).Since(start));
  if (length > SendMss()) {
    // Segments have become smaller meanwhile: the last part.
    const uint32_t skipped = (length - 1) / SendMss() * SendMss();
    start += skipped;
    length -= skipped;
  }
  probe_repeats_ = true;
  snd_nxt_ = start;
  EmitData(now, length, fin, actions);
  return true;
}

// Whether what comes back ends the probe's episode. An acknowledgement of exactly what was probed
// for does not: it could be that of the probe or of what it repeats.
void Tcb::CheckProbeAnswer(const Segment& segment, bool advances, bool new_window) {
  const Seq high = trouble().probe_high;
  if (!probe_out_ || segment.ack.Before(high)) return;
  const TcpOptions& options = segment.options;
  const bool dsack = options.sack_count != 0 && options.sack[0].right.AtOrBefore(segment.ack);
  const bool bare = !advances && !new_window && segment.Length() == 0;
  if (!probe_repeats_ || dsack || bare || segment.ack.After(high)) probe_out_ = false;
}

}  // namespace drywire
