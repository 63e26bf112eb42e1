#include "stack/tcp/tcb.h"

#include <algorithm>
#include <new>
#include <utility>

#include "sim/core/check.h"

namespace drywire {

void Tcb::Apply(TcpEvent event) { state_ = TakeEdge(state_, event); }

void Tcb::Reset() {
  const TcpProfile* profile = profile_;
  const SharedSettings settings = settings_;
  // sk_err_soft is the socket's, not the connection's; t_softerror is the connection's.
  const Cause soft = profile->icmp_is_soft_inside_connect ? soft_error_ : Cause::kNone;
  // tcp_disconnect() moves on to numbers that the connection cannot have used.
  const Seq una = snd_una_;
  const Seq max = snd_max_ + max_window_ + 2;
  this->~Tcb();
  new (this) Tcb(profile);
  settings_ = settings;
  soft_error_ = soft;
  if (!profile->outq_counts_sequence) return;
  snd_una_ = snd_nxt_ = una;
  snd_max_ = max;
}

size_t Tcb::OutQueueNotSent() const {
  if (!syn_acked_ || state_ == TcpState::kClosed) return 0;
  const Seq end = QueueEnd() + (FinDue() ? 1 : 0);
  return snd_max_.Before(end) ? static_cast<size_t>(end.Since(snd_max_)) : 0;
}

size_t Tcb::OutQueue() const {
  if (!profile_->outq_counts_sequence) return send_queue_.size();
  switch (state_) {
    case TcpState::kSynSent:
    case TcpState::kSynReceived:
      return 0;
    case TcpState::kFinWait1:
    case TcpState::kClosing:
    case TcpState::kLastAck:
      return send_queue_.size() + 1;
    case TcpState::kClosed:
      return static_cast<uint32_t>(snd_max_.Since(snd_una_));
    default:
      return send_queue_.size();
  }
}

void Tcb::Connect(Instant now, const OpenParameters& open, Actions* actions) {
  Apply(TcpEvent::kActiveOpen);
  local_port_ = open.local_port;
  remote_port_ = open.remote_port;
  path_mss_ = open.mss;
  mss_ = settings_->ClampMss(open.mss);
  ts_offset_ = open.ts_offset;
  iss_ = snd_una_ = snd_nxt_ = snd_max_ = snd_sml_ = pushed_seq_ = open.iss;
  retrans_stamp_ = last_heard_ = now;
  ack_.pingpong = !settings_->quick_ack;
  rcv_wnd_ = InitialWindow(mss_);
  rcv_ssthresh_ = rcv_wnd_;
  rcv_wscale_ = profile_->window_scaling != 0 ? ChooseWindowScale() : 0;
  snd_nxt_ = snd_max_ = iss_ + 1;
  if (profile_->syn_retry_rule == SynRetryRule::kBsdBackoffTable) {
    linger_at_ = now + settings_->KeepInit(*profile_);
  }
  timer_ = Timer::kRetransmit;
  timer_at_ = now + rtt_.BackedOff(*profile_, 0);
  SendSyn(now, actions);
}

// The SYN, or in SYN-RECEIVED the SYN-ACK, first or again.
void Tcb::SendSyn(Instant now, Actions* actions) {
  Segment& syn = actions->NewSegment();
  syn.source_port = local_port_;
  syn.destination_port = remote_port_;
  syn.seq = iss_;
  syn.flags = kSyn;
  syn.window = static_cast<uint16_t>(std::min<uint32_t>(rcv_wnd_, 65535));
  syn.options.has_mss = !settings_->no_options;
  syn.options.mss = syn.options.has_mss ? mss_ : 0;
  const bool with_options =
      !settings_->no_options && (profile_->rexmit_drop_options == 0 || retransmits_ < 3);
  if (state_ != TcpState::kSynSent) {
    syn.flags |= kAck;
    syn.ack = rcv_nxt_;
    rcv_wup_ = rcv_nxt_;
    syn.options.has_window_scale = wscale_on_;
    syn.options.has_timestamps = ts_on_;
    syn.options.sack_permitted = sack_on_;
    AckSent();
  } else if (with_options) {
    syn.options.has_window_scale = profile_->window_scaling != 0;
    syn.options.has_timestamps = profile_->timestamps != 0;
    syn.options.sack_permitted = profile_->sack != 0;
  }
  syn.options.window_scale = syn.options.has_window_scale ? rcv_wscale_ : 0;
  if (syn.options.has_timestamps) {
    syn.options.ts_val = TsValue(now);
    syn.options.ts_ecr = state_ != TcpState::kSynSent ? ts_recent_ : 0;
  }
}

// What the peer's SYN says about itself. An option is in use when both sides sent it.
void Tcb::TakeSynOptions(const Segment& segment, Instant now) {
  const TcpOptions& options = segment.options;
  peer_mss_ = static_cast<uint16_t>(std::max<int64_t>(
      options.has_mss && options.mss != 0 ? options.mss : profile_->mssdflt, profile_->minmss));
  peer_mss_ = settings_->ClampMss(peer_mss_);
  wscale_on_ = options.has_window_scale && profile_->window_scaling != 0 && !settings_->no_options;
  snd_wscale_ = wscale_on_ ? std::min<uint8_t>(options.window_scale, 14) : 0;
  if (!wscale_on_) rcv_wscale_ = 0;
  ts_on_ = options.has_timestamps && profile_->timestamps != 0 && !settings_->no_options;
  if (ts_on_) {
    ts_recent_ = options.ts_val;
    ts_recent_at_ = now;
  }
  sack_on_ = options.sack_permitted && profile_->sack != 0 && !settings_->no_options;
  ack_.rcv_mss = std::clamp<uint32_t>(std::min<uint32_t>(SendMss(), rcv_wnd_ / 2), 88, 536);
  irs_ = segment.seq;
  rcv_nxt_ = rcv_wup_ = irs_ + 1;
  // The window of a SYN is never scaled (RFC 7323 2.2).
  snd_wnd_ = max_window_ = segment.window;
  snd_wl1_ = segment.seq;
  snd_wl2_ = segment.ack;
}

void Tcb::Adopt(Instant now, const Request& request) {
  Apply(TcpEvent::kPassiveOpen);
  Apply(TcpEvent::kReceiveSyn);
  local_port_ = request.local_port;
  remote_port_ = request.remote_port;
  iss_ = snd_una_ = request.iss;
  snd_nxt_ = snd_max_ = snd_sml_ = pushed_seq_ = iss_ + 1;
  irs_ = request.irs;
  rcv_nxt_ = rcv_wup_ = irs_ + 1;
  rcv_wnd_ = rcv_ssthresh_ = request.rcv_wnd;
  snd_wnd_ = max_window_ = request.snd_wnd;
  snd_wl1_ = irs_;
  const HandshakeOptions& options = request.options;
  mss_ = path_mss_ = options.mss;
  peer_mss_ = options.peer_mss;
  wscale_on_ = options.wscale_on;
  snd_wscale_ = options.snd_wscale;
  rcv_wscale_ = options.rcv_wscale;
  ts_on_ = options.ts_on;
  ts_recent_ = options.ts_recent;
  ts_recent_at_ = now;
  ts_offset_ = options.ts_offset;
  sack_on_ = options.sack_on;
  retrans_stamp_ = request.sent_at;
  last_heard_ = now;
  ack_.rcv_mss = std::clamp<uint32_t>(std::min<uint32_t>(SendMss(), rcv_wnd_ / 2), 88, 536);
  if (request.timeouts == 0 && !request.from_cookie) {
    rtt_timing_ = true;
    rtt_start_ = request.sent_at;
    rtt_seq_ = iss_;
  }
}

void Tcb::BecomeEstablished(Instant now, Actions* actions) {
  SynAcked(now);
  actions->established = true;
  actions->wake_readers = actions->wake_writers = true;
}

// The peer acknowledged our SYN: data may flow.
void Tcb::SynAcked(Instant now) {
  syn_acked_ = true;
  snd_una_ = iss_ + 1;
  snd_nxt_ = snd_max_;
  retransmits_ = backoff_ = 0;
  timer_ = Timer::kNone;
  timer_at_ = linger_at_ = kNever;
  last_sent_at_ = ack_.last_received = now;
  if (!rtt_.has_sample()) rtt_.FallBack(*profile_);
  congestion_.Start(*profile_);
  snd_sml_ = pushed_seq_ = snd_una_;
  RearmKeepalive(now);
}

void Tcb::StopTimers() {
  timer_ = Timer::kNone;
  timer_at_ = keepalive_at_ = linger_at_ = ack_.deadline = kNever;
}

void Tcb::Die(TcpEvent event, Cause error, Actions* actions) {
  if (syn_acked_ && profile_->outq_counts_sequence) {
    const bool acked = event == TcpEvent::kReceiveAckOfFin;
    snd_max_ = snd_una_ + (acked ? 0 : static_cast<uint32_t>(OutQueue()));
  }
  Apply(event);
  StopTimers();
  send_queue_.Clear();
  reassembly_.reset();
  if (orphan_) receive_queue_.Clear();
  actions->finished = true;
  actions->error = error;
  actions->wake_readers = actions->wake_writers = true;
}

void Tcb::EnterTimeWait(Actions* actions) {
  StopTimers();
  send_queue_.Clear();
  reassembly_.reset();
  actions->time_wait = true;
  actions->wake_readers = actions->wake_writers = true;
}

TimeWait Tcb::MakeTimeWait(Instant now) const {
  TimeWait entry;
  entry.profile_ = profile_;
  entry.fin_wait_2_ = state_ == TcpState::kFinWait2;
  const Duration two_msl = Duration::Millis(profile_->time_wait_ms);
  Duration stay = two_msl;
  if (entry.fin_wait_2_) {
    stay = settings_->FinTimeout(*profile_);
    if (stay > two_msl) stay -= two_msl;  // Linux: the first part was spent in full
  }
  entry.deadline_ = now + stay;
  entry.entered_ = now;
  entry.snd_nxt_ = snd_max_;
  entry.rcv_nxt_ = rcv_nxt_;
  entry.rcv_wnd_ = AnnouncedWindow();
  entry.rcv_wscale_ = rcv_wscale_;
  entry.ts_on_ = ts_on_;
  entry.ts_recent_ = ts_recent_;
  entry.ts_recent_at_ = ts_recent_at_;
  entry.ts_offset_ = ts_offset_;
  entry.local_port_ = local_port_;
  entry.remote_port_ = remote_port_;
  entry.last_oow_ack_ = trouble().last_oow_ack;
  return entry;
}

// Our FIN was acknowledged. An orphan does not wait for the peer's for ever (Linux:
// tcp_fin_timeout, TCP_LINGER2; FreeBSD: when nobody can receive any more). `segment` is what
// acknowledged the FIN, null when close() found the connection here.
void Tcb::EnterFinWait2(Instant now, const Segment* segment, Actions* actions) {
  if (!profile_->orphan_fin_wait_2_is_compact) {
    if (receive_shut_ || orphan_) {
      linger_at_ =
          now + (profile_->fast_finwait2_recycle != 0
                     ? Duration::Millis(profile_->finwait2_timeout_ms)
                     : settings_->KeepInterval(*profile_) * settings_->KeepCount(*profile_));
    }
    return;
  }
  if (!orphan_) return;
  const bool text = segment != nullptr && segment->Length() != 0 &&
                    (segment->seq + static_cast<uint32_t>(segment->payload.size())).After(rcv_nxt_);
  if (settings_->linger2_s < 0 || text) {
    if (segment != nullptr) {
      ResetFor(*segment, actions);
    } else {
      SendActiveReset(now, actions);
    }
    Die(TcpEvent::kAbort, Cause::kNone, actions);
    return;
  }
  const Duration timeout = settings_->FinTimeout(*profile_);
  const bool fin_follows = segment != nullptr && segment->Has(kFin);
  const Duration two_msl = Duration::Millis(profile_->time_wait_ms);
  if (timeout > two_msl || fin_follows) {
    linger_at_ = now + (timeout > two_msl ? timeout - two_msl : timeout);
  } else {
    EnterTimeWait(actions);
  }
}

bool Tcb::NeedsReset() const {
  switch (state_) {
    case TcpState::kSynReceived:
    case TcpState::kEstablished:
    case TcpState::kFinWait1:
    case TcpState::kFinWait2:
    case TcpState::kCloseWait:
      return true;
    case TcpState::kClosing:
    case TcpState::kLastAck:
      // Linux enters these states before the queue is empty.
      return snd_max_ != QueueEnd() + 1;
    default:
      return false;
  }
}

void Tcb::SendActiveReset(Instant now, Actions* actions) {
  Segment& reset = actions->NewSegment();
  reset.seq = snd_max_;
  FillHeader(now, kRst | kAck, &reset);
  if (profile_->reset_window_is_zero) reset.window = 0;
}

void Tcb::Abort(Instant now, Actions* actions) {
  if (state_ == TcpState::kClosed || state_ == TcpState::kTimeWait) return;
  if (NeedsReset()) SendActiveReset(now, actions);
  Die(TcpEvent::kAbort, Cause::kNone, actions);
}

void Tcb::Vanish() {
  if (state_ != TcpState::kClosed) Apply(TcpEvent::kAbort);
  StopTimers();
  send_queue_.Clear();
  receive_queue_.Clear();
  reassembly_.reset();
}

void Tcb::ShutdownSend(Instant now, Actions* actions) {
  if (fin_queued_) return;
  switch (state_) {
    case TcpState::kSynSent:
      // FreeBSD remembers the FIN; on Linux the socket layer disconnects instead.
      fin_queued_ = true;
      return;
    case TcpState::kSynReceived:
    case TcpState::kEstablished:
    case TcpState::kCloseWait:
      if (state_ == TcpState::kSynReceived && profile_->syn_sent_close_keeps_fin) {
        fin_queued_ = true;
        return;
      }
      Apply(TcpEvent::kClose);
      fin_queued_ = true;
      Output(now, actions);
      return;
    default:
      return;
  }
}

void Tcb::ShutdownReceive(Instant now, Actions* actions) {
  (void)now;
  receive_shut_ = true;
  if (profile_->shut_read_discards) receive_queue_.Clear();
  actions->wake_readers = true;
}

void Tcb::Close(Instant now, Actions* actions) {
  const bool unread = !receive_queue_.empty();
  orphan_ = true;
  receive_shut_ = true;
  receive_queue_.Clear();
  switch (state_) {
    case TcpState::kClosed:
    case TcpState::kTimeWait:
      return;
    case TcpState::kListen:
    case TcpState::kSynSent:
      Die(TcpEvent::kClose, Cause::kNone, actions);
      return;
    case TcpState::kSynReceived:
      if (!profile_->syn_sent_close_keeps_fin) break;
      Die(TcpEvent::kAbort, Cause::kNone, actions);  // BSD: tcp_close, silently
      return;
    default:
      break;
  }
  if (unread && profile_->unread_data_resets) {
    SendActiveReset(now, actions);
    Die(TcpEvent::kAbort, Cause::kNone, actions);
    return;
  }
  if (state_ == TcpState::kFinWait2) {
    EnterFinWait2(now, nullptr, actions);
    return;
  }
  ShutdownSend(now, actions);
}

bool Tcb::Drained() const {
  switch (state_) {
    case TcpState::kFinWait1:
    case TcpState::kClosing:
    case TcpState::kLastAck:
      return false;
    default:
      return send_queue_.empty();
  }
}

bool Tcb::IcmpIsGenuine(Seq quoted_seq) const {
  if (state_ == TcpState::kClosed || state_ == TcpState::kListen || state_ == TcpState::kTimeWait) {
    return false;
  }
  const Seq last = profile_->icmp_seq_at_snd_nxt ? snd_max_ : snd_max_ - 1;
  return quoted_seq.AtOrAfter(snd_una_) && !quoted_seq.After(last);
}

void Tcb::FollowPath(uint16_t mss) {
  if (!profile_->follows_route_mtu) return;
  path_mss_ = std::max<uint16_t>(mss, static_cast<uint16_t>(profile_->minmss));
}

void Tcb::IcmpArrives(Instant now, Cause cause, Seq quoted_seq, uint16_t mss, Actions* actions,
                      bool inside_connect) {
  if (!IcmpIsGenuine(quoted_seq) || profile_->icmp_ignored.Contains(cause)) return;
  if (cause == Cause::kIcmpFragmentationNeeded) {
    if (mss == 0) return;
    // Only what makes segments smaller is acted on: at the least segment nothing would be gained by
    // sending all again, at each of the errors that draws.
    mss = std::max<uint16_t>(mss, static_cast<uint16_t>(profile_->minmss));
    if (mss >= path_mss_) return;
    path_mss_ = mss;
    snd_nxt_ = syn_acked_ ? snd_una_ : snd_nxt_;
    Output(now, actions);
    return;
  }
  const bool connecting = state_ == TcpState::kSynSent || state_ == TcpState::kSynReceived;
  if (!connecting) {
    if (profile_->icmp_soft_established.Contains(cause)) soft_error_ = cause;
    return;
  }
  if (inside_connect && profile_->icmp_is_soft_inside_connect) {
    soft_error_ = cause;
  } else if (profile_->icmp_may_rst != 0 && profile_->icmp_fatal_connecting.Contains(cause)) {
    Die(TcpEvent::kIcmpError, cause, actions);
  } else if (profile_->soft_error_after_retries && retransmits_ > 3 &&
             soft_error_ != Cause::kNone) {
    Die(TcpEvent::kIcmpError, cause, actions);
  } else {
    soft_error_ = cause;
  }
}

Cause Tcb::TakeSoftError() { return std::exchange(soft_error_, Cause::kNone); }

void Tcb::NoteSendFailure(Cause cause) {
  if (syn_acked_ && profile_->soft_error_after_retries) soft_error_ = cause;
}

void Tcb::ResetFor(const Segment& segment, Actions* actions) const {
  Segment reset;
  if (MakeResetFor(segment, &reset)) actions->segments.push_back(std::move(reset));
}

bool MakeResetFor(const Segment& segment, Segment* reset) {
  if (segment.Has(kRst)) return false;
  reset->source_port = segment.destination_port;
  reset->destination_port = segment.source_port;
  if (segment.Has(kAck)) {
    reset->seq = segment.ack;
    reset->flags = kRst;
  } else {
    reset->seq = Seq(0);
    reset->ack = segment.seq + segment.Length();
    reset->flags = kRst | kAck;
  }
  reset->window = 0;
  return true;
}

}  // namespace drywire
