// What happens when nothing happens: retransmission, giving up, window probes, delayed ACKs,
// keep-alive, FIN-WAIT-2 (RFC 9293 3.8, RFC 6298, RFC 1122 4.2.3.6).
#include <algorithm>
#include <bit>

#include "stack/tcp/tcb.h"

namespace drywire {

Instant Tcb::NextDeadline() const {
  return std::min(std::min(timer_at_, ack_.deadline), std::min(keepalive_at_, linger_at_));
}

void Tcb::OnDeadline(Instant now, Actions* actions) {
  if (ack_.deadline <= now) OnDelayedAckTimeout(now, actions);
  if (timer_at_ <= now) {
    if (timer_ == Timer::kPersist) {
      OnPersistTimeout(now, actions);
    } else if (timer_ == Timer::kLossProbe) {
      OnLossProbeTimeout(now, actions);
    } else {
      OnRetransmitTimeout(now, actions);
    }
  }
  if (keepalive_at_ <= now) OnKeepaliveTimeout(now, actions);
  if (linger_at_ <= now) OnLingerTimeout(now, actions);
}

// Gives up. The soft error, when there is one, says more than the timeout.
void Tcb::TimeOut(Instant now, Cause cause, bool reset, Actions* actions) {
  if (soft_error_ != Cause::kNone) cause = TakeSoftError();
  if (reset && state_ != TcpState::kSynSent) SendActiveReset(now, actions);
  Die(TcpEvent::kTimeout, orphan_ ? Cause::kNone : cause, actions);
}

// Linux, retransmits_timed_out: the time that `boundary` retransmissions with exponential back-off
// take, or the user timeout, since the first one.
bool Tcb::RetransmissionsTookTooLong(Instant now, int64_t boundary) const {
  if (retransmits_ == 0) return false;
  const Duration elapsed = now - retrans_stamp_;
  if (settings_->user_timeout_ms != 0) {
    return elapsed >= Duration::Millis(settings_->user_timeout_ms);
  }
  const int64_t base = syn_acked_ ? profile_->rto_min_ms : profile_->rexmit_initial_ms;
  const int64_t threshold =
      static_cast<int64_t>(std::bit_width(static_cast<uint64_t>(profile_->rto_max_ms / base))) - 1;
  int64_t limit_ms = 0;
  if (boundary <= threshold) {
    limit_ms = ((int64_t{2} << boundary) - 1) * base;
  } else {
    limit_ms =
        ((int64_t{2} << threshold) - 1) * base + (boundary - threshold) * profile_->rto_max_ms;
  }
  return elapsed >= Duration::Millis(limit_ms);
}

// Whether the retransmission timer's expiry is the last.
bool Tcb::HasTimedOut(Instant now, Cause* cause) const {
  const bool connecting = !syn_acked_;
  *cause = connecting ? Cause::kSynTimeout : Cause::kRetransmissionTimeout;
  if (profile_->retries_count) return retransmits_ >= profile_->retries2;
  int64_t boundary = profile_->retries2;
  if (connecting) {
    boundary = settings_->syn_count != 0 ? settings_->syn_count : profile_->syn_retries;
    const int64_t most =
        boundary + (state_ == TcpState::kSynSent ? profile_->syn_linear_timeouts : 0);
    if (retransmits_ >= most) return true;
  } else if (orphan_) {
    const bool alive = rtt_.BackedOff(*profile_, backoff_) < Duration::Millis(profile_->rto_max_ms);
    boundary = soft_error_ != Cause::kNone && !alive ? 0 : profile_->orphan_retries;
    if (boundary == 0 && alive) boundary = 8;
  }
  if (settings_->user_timeout_ms != 0 && !connecting) *cause = Cause::kUserTimeout;
  return RetransmissionsTookTooLong(now, boundary);
}

Duration Tcb::ClampToUserTimeout(Instant now, Duration rto) const {
  if (settings_->user_timeout_ms == 0 || profile_->retries_count) return rto;
  const Duration left = Duration::Millis(settings_->user_timeout_ms) - (now - retrans_stamp_);
  return left <= Duration() ? profile_->tick : std::min(rto, left);
}

void Tcb::OnRetransmitTimeout(Instant now, Actions* actions) {
  Cause cause = Cause::kNone;
  if (HasTimedOut(now, &cause)) {
    TimeOut(now, cause, /*reset=*/profile_->retries_count, actions);
    return;
  }
  if (syn_acked_ && retransmits_ == 0) retrans_stamp_ = now;
  if (retransmits_ < 255) ++retransmits_;
  if (total_rto_ < 255) ++total_rto_;
  StopTiming();
  const bool linear = state_ == TcpState::kSynSent &&
                      profile_->syn_retry_rule == SynRetryRule::kLinuxLinearThenExponential &&
                      total_rto_ <= profile_->syn_linear_timeouts;
  if (!linear && backoff_ < 63) ++backoff_;
  timer_ = Timer::kRetransmit;
  timer_at_ = now + ClampToUserTimeout(now, rtt_.BackedOff(*profile_, backoff_));
  if (!syn_acked_) {
    SendSyn(now, actions);
    return;
  }
  congestion_.OnTimeout((static_cast<uint32_t>(snd_max_.Since(snd_una_)) + SendMss() - 1) /
                        SendMss());
  in_loss_ = true;
  MakeTrouble().loss_high = snd_max_;
  probe_out_ = false;
  snd_nxt_ = snd_una_;
  Output(now, actions);
}

Duration Tcb::PersistInterval() const {
  if (profile_->rto_rule == RtoRule::kBsd) return rtt_.BsdPersist(*profile_, backoff_);
  const Duration rto = rtt_.Rto(*profile_);
  const Duration most = Duration::Millis(profile_->persmax_ms);
  const Duration least = Duration::Millis(profile_->rto_min_ms);
  return std::clamp(rto * (int64_t{1} << std::min<int>(backoff_, 30)), least, most);
}

// The window is closed, or the rest is held back: probe, so that a lost window update cannot hang
// the connection.
void Tcb::OnPersistTimeout(Instant now, Actions* actions) {
  if (snd_una_ != snd_nxt_ || (send_queue_.empty() && !FinDue())) {
    timer_ = Timer::kNone;
    timer_at_ = kNever;
    RearmSendTimer(now);
    return;
  }
  if (probes_out_ == 0) MakeTrouble().probes_since = now;
  Cause cause = Cause::kRetransmissionTimeout;
  bool give_up = false;
  if (profile_->retries_count) {
    const Duration silence = now - last_heard_;
    const Duration most = std::min(Duration::Seconds(7200), rtt_.BsdTotalBackOff(*profile_));
    give_up = (backoff_ >= profile_->retries2 && silence >= most) ||
              (orphan_ && silence >= Duration::Millis(profile_->persmax_ms));
  } else if (settings_->user_timeout_ms != 0) {
    cause = Cause::kUserTimeout;
    give_up = probes_out_ != 0 &&
              now - trouble().probes_since >= Duration::Millis(settings_->user_timeout_ms);
  } else {
    // tcp_probe_timer. Answers to probes clear their count but not the back-off: an orphan whose
    // peer never opens the window ends when the time between probes has become the longest.
    int64_t most = profile_->retries2;
    bool alive = true;
    if (orphan_) {
      alive = rtt_.BackedOff(*profile_, backoff_) < Duration::Millis(profile_->rto_max_ms);
      most = soft_error_ != Cause::kNone && !alive ? 0 : profile_->orphan_retries;
      if (most == 0 && alive) most = 8;
    }
    give_up = probes_out_ >= most || (!alive && backoff_ >= most);
  }
  if (give_up) {
    TimeOut(now, cause, /*reset=*/profile_->retries_count, actions);
    return;
  }
  // tcp_send_probe0, tcp_setpersist.
  if (WakeUpWrite(now, actions)) return;
  BackOffPersist();
  if (probes_out_ < 255) ++probes_out_;
  ArmPersist(now, PersistInterval());
}

void Tcb::BackOffPersist() {
  if (backoff_ < std::min<int64_t>(profile_->retries2, 63)) ++backoff_;
}

// Linux, tcp_clamp_probe0_to_user_timeout: the last interval ends with the user's time.
void Tcb::ArmPersist(Instant now, Duration interval) {
  timer_ = Timer::kPersist;
  timer_at_ = now + interval;
  if (probes_out_ == 0 || settings_->user_timeout_ms == 0 || profile_->retries_count) return;
  const Instant end = trouble().probes_since + Duration::Millis(settings_->user_timeout_ms);
  timer_at_ = std::min(timer_at_, std::max(end, now + profile_->tick * 2));
}

// Sends what the window allows, however little; otherwise a probe. Says whether it was data.
bool Tcb::WakeUpWrite(Instant now, Actions* actions) {
  const Seq edge = snd_una_ + snd_wnd_;
  const uint32_t unsent = static_cast<uint32_t>(std::max(0, QueueEnd().Since(snd_nxt_)));
  const uint32_t usable = edge.After(snd_nxt_) ? static_cast<uint32_t>(edge.Since(snd_nxt_)) : 0;
  const uint32_t length = std::min(usable, NextText(SendMss()));
  const bool fin = FinDue() && length == unsent && usable > length;
  if (length != 0 || fin) {
    const Actions::Before before = {snd_nxt_, timer_,      timer_at_,
                                    backoff_, probes_out_, /*persist=*/true};
    // The interval between probes was not one between retransmissions.
    backoff_ = probes_out_ = 0;
    timer_ = Timer::kNone;
    EmitData(now, length, fin, actions);
    actions->before = before;
    if (profile_->bursts_are_pushed) actions->segments.back().flags |= kPsh;
    RearmSendTimer(now);
    return true;
  }
  SendProbe(now, actions);
  return false;
}

// Linux sends an old sequence number without text; BSD a byte beyond the window.
void Tcb::SendProbe(Instant now, Actions* actions) {
  if (profile_->window_probe_bytes == 0 || send_queue_.empty()) {
    // What is urgent is told with a number that is not old (tcp_write_wakeup).
    if (urgent_out_ && snd_una_ == snd_max_) SendAckAt(now, snd_una_, actions);
    SendAckAt(now, snd_una_ - (snd_una_ == snd_max_ ? 1 : 0), actions);
    return;
  }
  Segment& segment = actions->NewSegment();
  segment.seq = snd_una_;
  const uint32_t length = std::min<uint32_t>(static_cast<uint32_t>(profile_->window_probe_bytes),
                                             static_cast<uint32_t>(send_queue_.size()));
  segment.payload = send_queue_.Slice(0, length);
  FillHeader(now, kAck, &segment);
  snd_max_ = Max(snd_max_, snd_una_ + length);
}

void Tcb::OnDelayedAckTimeout(Instant now, Actions* actions) {
  ack_.deadline = kNever;
  if (!ack_.scheduled) return;
  if (profile_->ack_rule == AckRule::kLinux) {
    if (ack_.pingpong) {
      ack_.pingpong = false;
      ack_.ato = Duration::Millis(profile_->delack_ms);
    } else {
      ack_.ato = std::min(ack_.ato * 2, rtt_.BackedOff(*profile_, backoff_));
    }
  }
  SendAck(now, actions);
}

void Tcb::RearmKeepalive(Instant now) {
  keepalive_at_ = kNever;
  probes_out_ = 0;
  if (!syn_acked_ || !settings_->KeepsAlive(*profile_)) return;
  switch (state_) {
    case TcpState::kClosed:
    case TcpState::kListen:
    case TcpState::kTimeWait:
      return;
    default:
      keepalive_at_ = now + settings_->KeepIdle(*profile_);
  }
}

void Tcb::OnKeepaliveTimeout(Instant now, Actions* actions) {
  keepalive_at_ = kNever;
  const Duration idle = settings_->KeepIdle(*profile_);
  if (snd_una_ != snd_max_ || !send_queue_.empty()) {
    keepalive_at_ = now + idle;  // it is alive, or retransmission finds out
    return;
  }
  const Duration silence = now - std::max(last_heard_, ack_.last_received);
  if (silence < idle) {
    keepalive_at_ = now + (idle - silence);
    return;
  }
  const bool by_user_timeout = settings_->user_timeout_ms != 0 && !profile_->retries_count;
  const bool dead = by_user_timeout
                        ? silence >= Duration::Millis(settings_->user_timeout_ms) && probes_out_ > 0
                        : probes_out_ >= settings_->KeepCount(*profile_);
  if (dead) {
    TimeOut(now, Cause::kKeepaliveTimeout, /*reset=*/true, actions);
    return;
  }
  SendAckAt(now, snd_una_ - 1, actions);
  if (probes_out_ < 255) ++probes_out_;
  keepalive_at_ = now + settings_->KeepInterval(*profile_);
}

// FreeBSD's limit for establishing a connection, or the end of an orphan in FIN-WAIT-2.
void Tcb::OnLingerTimeout(Instant now, Actions* actions) {
  linger_at_ = kNever;
  if (!syn_acked_) {
    TimeOut(now, Cause::kSynTimeout, /*reset=*/true, actions);
    return;
  }
  if (state_ != TcpState::kFinWait2) return;
  const Duration compact = settings_->FinTimeout(*profile_);
  if (profile_->orphan_fin_wait_2_is_compact &&
      compact > Duration::Millis(profile_->time_wait_ms)) {
    // Linux keeps the socket for all but the last minute.
    EnterTimeWait(actions);
    return;
  }
  if (profile_->orphan_fin_wait_2_is_compact) SendActiveReset(now, actions);
  Die(TcpEvent::kTimeout, Cause::kNone, actions);
}

}  // namespace drywire
