// What is sent and when: segmentation, the peer's window, Nagle's algorithm, PSH, FIN
// (RFC 9293 3.8, RFC 1122 4.2.3.4).
#include <algorithm>
#include <bit>
#include <utility>

#include "sim/core/check.h"
#include "stack/tcp/tcb.h"

namespace drywire {

Seq Tcb::QueueBase() const { return syn_acked_ ? snd_una_ : iss_ + 1; }

Seq Tcb::QueueEnd() const { return QueueBase() + static_cast<uint32_t>(send_queue_.size()); }

uint32_t Tcb::SendMss() const {
  uint32_t mss = std::min(path_mss_, peer_mss_);
  if (ts_on_ && mss > 12) mss -= 12;
  if (profile_->segments_fit_half_window) {
    // Two segments must fit the largest window there was, or the peer delays each ACK.
    const uint32_t most = max_window_ > 536 ? max_window_ / 2 : max_window_;
    if (most != 0) mss = std::min(mss, std::max<uint32_t>(most, 48));
  }
  return mss;
}

uint32_t Tcb::FlightSegments() const {
  const uint32_t mss = SendMss();
  return (static_cast<uint32_t>(snd_nxt_.Since(snd_una_)) + mss - 1) / mss;
}

uint32_t Tcb::SendBuffer() const {
  if (settings_->send_buffer != 0) return settings_->send_buffer;
  if (!profile_->send_buffer_grows || !syn_acked_) return static_cast<uint32_t>(profile_->wmem[1]);
  // Linux, tcp_sndbuf_expand: twice the window, in buffers rounded to powers of two.
  const uint64_t each = std::bit_ceil(uint64_t{std::min(path_mss_, peer_mss_)} + 576) + 256;
  const uint64_t window =
      std::max<uint64_t>(static_cast<uint64_t>(profile_->initcwnd), congestion_.cwnd());
  return static_cast<uint32_t>(std::clamp<uint64_t>(2 * window * each,
                                                    static_cast<uint64_t>(profile_->wmem[1]),
                                                    static_cast<uint64_t>(profile_->wmem[2])));
}

uint32_t Tcb::Unsent() const {
  const Seq end = QueueEnd();
  return snd_max_.Before(end) ? static_cast<uint32_t>(end.Since(snd_max_)) : 0;
}

// How much Linux collects in one packet for the device to cut (tcp_xmit_size_goal).
uint32_t Tcb::SizeGoal() const {
  constexpr uint32_t kLargest = 65536 - 1 - 320;  // without the largest headers
  const uint32_t mss = SendMss();
  uint32_t goal = kLargest;
  if (max_window_ != 0) goal = std::min(goal, max_window_ > 536 ? max_window_ / 2 : max_window_);
  return std::max(goal / mss, 1u) * mss;
}

size_t Tcb::BufferRoom(size_t extra) const {
  const size_t buffer = SendBuffer() + extra;
  return send_queue_.size() >= buffer ? 0 : buffer - send_queue_.size();
}

// On Linux the last packet is filled up, and another one begun as long as there is any room in the
// buffer (sk_stream_memory_free) and less than the limit waits to be sent (tcp_stream_memory_free).
size_t Tcb::SendRoom(bool urgent) const {
  if (!profile_->fills_packets) return BufferRoom(urgent ? 1024 : 0);
  const uint32_t unsent = Unsent();
  const uint32_t goal = SizeGoal();
  const uint32_t tail = unsent % goal;
  if (tail != 0) return goal - tail;
  const bool waits = unsent >= settings_->NotsentLowat(*profile_);
  return waits || BufferRoom() == 0 ? 0 : goal;
}

bool Tcb::HasWriteSpace() const {
  const size_t room = BufferRoom();
  if (profile_->write_low_water != 0) {
    return room >= std::min<size_t>(static_cast<size_t>(profile_->write_low_water), SendBuffer());
  }
  if (room == 0 || room < send_queue_.size() / 2) return false;
  // Twice, so that a writer who was woken can write for a while.
  return !LimitsUnsent() || uint64_t{Unsent()} * 2 < settings_->NotsentLowat(*profile_);
}

void Tcb::Send(Instant now, Bytes data, bool more, Actions* actions) {
  DRYWIRE_CHECK(!fin_queued_) << "sending after the FIN in " << TcpStateName(state_);
  Queue(std::move(data));
  PushQueued(now, more, actions);
}

// "More" holds the rest back for the length of this call only; what is sent of it later goes
// without PSH (tcp_push, tcp_mark_push).
void Tcb::PushQueued(Instant now, bool more, Actions* actions) {
  more_coming_ = tail_unpushed_ = more;
  Output(now, actions);
  more_coming_ = false;
}

void Tcb::EndRecord() {
  if (profile_->records_end_segments) MakeTrouble().record_ends.push_back(QueueEnd());
}

Seq Tcb::RecordEnd(Seq from) const {
  for (const Seq end : trouble().record_ends) {
    if (end.After(from)) return end;
  }
  return QueueEnd();
}

bool Tcb::EndsRecord(Seq seq) const {
  const std::vector<Seq>& ends = trouble().record_ends;
  return std::find(ends.begin(), ends.end(), seq) != ends.end();
}

void Tcb::PushTaken(Instant now, Actions* actions) {
  tail_unpushed_ = false;
  Push(now, /*all=*/true, actions);
}

void Tcb::Push(Instant now, bool all, Actions* actions) {
  push_all_ = all;
  if (syn_acked_) Output(now, actions);
  push_all_ = false;
}

// Whether a FIN is to be sent and was not, or must be sent again.
bool Tcb::FinDue() const {
  if (!fin_queued_ || snd_nxt_.After(QueueEnd())) return false;
  return state_ == TcpState::kFinWait1 || state_ == TcpState::kClosing ||
         state_ == TcpState::kLastAck;
}

// Segments that Linux hands down as one packet, for the device to cut: the last of several has PSH
// (__tcp_transmit_skb).
class Tcb::Burst {
 public:
  explicit Burst(Actions* actions) : actions_(actions) {}
  // The newest segment belongs to it.
  void Add(const Tcb& tcb) {
    last_ = actions_->segments.size() - 1;
    if (++count_ == 1) return;
    if (limit_ == 0) limit_ = tcb.BurstLimit();
    if (count_ >= limit_) End();
  }
  void End() {
    if (count_ > 1) actions_->segments[last_].flags |= kPsh;
    count_ = 0;
  }

 private:
  Actions* actions_;
  size_t last_ = 0;
  uint32_t count_ = 0;
  uint32_t limit_ = 0;  // 0: not asked yet
};

// How many segments make such a packet: what the pacing rate sends in about a millisecond, and as
// much again as a short round trip is worth, but at least two (tcp_tso_autosize with the defaults
// of tcp_min_tso_segs, tcp_tso_rtt_log, tcp_pacing_ss_ratio and tcp_pacing_ca_ratio).
uint32_t Tcb::BurstLimit() const {
  constexpr uint64_t kLargest = 65536;
  constexpr int kPacingShift = 10;
  constexpr int kRttLog = 9;
  const uint64_t mss = SendMss();
  uint64_t bytes = kLargest;
  const auto srtt = static_cast<uint64_t>(rtt_.srtt().micros());
  if (srtt != 0) {
    const uint64_t cwnd = congestion_.cwnd();
    const uint64_t percent = cwnd < congestion_.ssthresh() / 2 ? 200 : 120;
    const uint64_t rate = mss * cwnd * percent * 10'000 / srtt;  // bytes a second
    const uint64_t trips = srtt >> kRttLog;
    bytes = (rate >> kPacingShift) + (trips < 32 ? kLargest >> trips : 0);
  }
  return static_cast<uint32_t>(std::max<uint64_t>(std::min(bytes, kLargest - 1) / mss, 2));
}

void Tcb::Output(Instant now, Actions* actions) {
  if (!syn_acked_ || state_ == TcpState::kClosed || state_ == TcpState::kTimeWait) return;
  // BSD asks once whether anything is in flight: what one call sends goes out together.
  const bool idle = snd_una_ == snd_max_;
  const Seq sent_before = snd_max_;
  const bool was_full = LimitsUnsent() && !HasWriteSpace();
  size_t sent = 0;
  Burst going(actions);
  while (true) {
    const Seq end = QueueEnd();
    const uint32_t unsent = snd_nxt_.Before(end) ? static_cast<uint32_t>(end.Since(snd_nxt_)) : 0;
    const bool fin_due = FinDue();
    if ((unsent == 0 && !fin_due) || FlightSegments() >= congestion_.cwnd()) break;
    const Seq edge = snd_una_ + snd_wnd_;
    const uint32_t usable = edge.After(snd_nxt_) ? static_cast<uint32_t>(edge.Since(snd_nxt_)) : 0;
    const uint32_t length = NextLength(unsent, usable, idle, sent != 0, fin_due);
    if (length == 0 && unsent != 0) break;
    const bool again = snd_nxt_ == snd_una_ && retransmits_ != 0;
    const bool fin =
        fin_due && length == unsent && (usable > length || profile_->fin_ignores_window || again);
    if (length == 0 && !fin) break;
    EmitData(now, length, fin, actions);
    ++sent;
    if (length != 0 && profile_->bursts_are_pushed && !urgent_out_) going.Add(*this);
    if (EndsRecord(snd_nxt_)) going.End();
  }
  going.End();
  if (was_full && HasWriteSpace()) actions->wake_writers = true;
  RearmSendTimer(now, snd_max_ != sent_before);
}

// The text of the next segment, of at most `mss` bytes, if all of it could go.
uint32_t Tcb::NextText(uint32_t mss) const {
  Seq end = trouble_ != nullptr ? RecordEnd(snd_nxt_) : QueueEnd();
  if (snd_nxt_.Before(snd_max_) && !profile_->retransmission_takes_new) end = Min(end, snd_max_);
  return snd_nxt_.Before(end) ? std::min(static_cast<uint32_t>(end.Since(snd_nxt_)), mss) : 0;
}

// How much of `unsent` bytes goes into the next segment when the window leaves `usable`; 0 to wait.
uint32_t Tcb::NextLength(uint32_t unsent, uint32_t usable, bool idle, bool burst, bool fin) const {
  const uint32_t mss = SendMss();
  const uint32_t wanted = NextText(mss);
  const bool ends_record = wanted < unsent && EndsRecord(snd_nxt_ + wanted);
  const bool retransmission = snd_nxt_.Before(snd_max_);
  // A timeout sends the head again whatever became of the window, but nothing new beyond it.
  if (timer_ == Timer::kRetransmit && retransmits_ != 0 && snd_nxt_ == snd_una_) {
    return std::min(wanted, std::max(usable, static_cast<uint32_t>(snd_max_.Since(snd_nxt_))));
  }
  if (usable >= wanted) {
    if (wanted == mss || retransmission || fin || ends_record || !NagleHolds(idle)) return wanted;
    return 0;
  }
  // Silly window avoidance (RFC 1122 4.2.3.4): what the window leaves is less than a segment.
  if (profile_->window_half_is_enough) {
    return max_window_ != 0 && usable >= max_window_ / 2 ? usable : 0;
  }
  return burst && usable != 0 && !NagleHolds(idle) ? usable : 0;
}

// Whether a segment less than full must wait.
bool Tcb::NagleHolds(bool idle) const {
  if (push_all_ || urgent_out_) return false;
  if (settings_->cork || more_coming_) return true;
  if (settings_->no_delay || idle) return false;
  return !profile_->nagle_minshall || snd_sml_.After(snd_una_);
}

void Tcb::EmitData(Instant now, uint32_t length, bool fin, Actions* actions) {
  Segment& segment = actions->NewSegment();
  const Seq seq = snd_nxt_;
  if (seq == snd_max_ && !actions->sends_new) {
    actions->sends_new = true;
    actions->before = {seq, timer_, timer_at_, backoff_, probes_out_, /*persist=*/false};
  }
  const Seq end = seq + length;
  segment.seq = seq;
  segment.payload = send_queue_.Slice(static_cast<size_t>(seq.Since(QueueBase())), length);
  uint8_t flags = kAck;
  if (fin) flags |= kFin;
  const bool last = (end == QueueEnd() && !tail_unpushed_) || EndsRecord(end);
  const bool forced = profile_->nagle_minshall && end.After(pushed_seq_ + (max_window_ >> 1));
  if (length != 0 && (last || (forced && !urgent_out_))) {
    flags |= kPsh;
    pushed_seq_ = end;
  }
  if (length != 0 && length < SendMss()) snd_sml_ = end;
  if (length != 0 && profile_->ack_rule == AckRule::kLinux && now - ack_.last_received < ack_.ato) {
    ack_.pingpong = true;  // a reply: acknowledgements may ride on replies
  }
  FillHeader(now, flags, &segment);
  if (seq.Before(snd_max_)) {
    StopTiming();  // Karn
  } else {
    NoteSendTime(now, seq);
  }
  snd_nxt_ = end + (fin ? 1 : 0);
  snd_max_ = Max(snd_max_, snd_nxt_);
  if (seq == snd_una_) head_sent_at_ = now;
  if (snd_nxt_ == snd_max_) {
    last_start_ = seq;
    last_sent_at_ = now;
  }
}

void Tcb::TakeBack(Instant now, Seq seq, bool queue_full, const Actions& sent) {
  // Linux, TCP_RESOURCE_PROBE_INTERVAL: how soon a full queue may have room.
  constexpr Duration kQueueInterval = Duration::Millis(500);
  snd_max_ = seq;
  snd_nxt_ = Min(snd_nxt_, seq);
  if (rtt_timing_ && rtt_seq_.AtOrAfter(seq)) StopTiming();
  if (trouble_ != nullptr) trouble_->send_times.Cut(seq);
  // Where the segment before began is not kept.
  if (last_start_.AtOrAfter(seq)) last_start_ = snd_una_;
  if (snd_sml_.After(seq)) snd_sml_ = snd_una_;
  if (seq == sent.before.unsent) {
    timer_ = sent.before.timer;
    timer_at_ = sent.before.timer_at;
    // A tail loss probe that was none (tcp_send_loss_probe).
    if (timer_ == Timer::kLossProbe && timer_at_ <= now) RefuseLossProbe(now);
  }
  if (snd_una_ != snd_max_) return;
  if (sent.before.persist) {
    // tcp_send_probe0
    backoff_ = sent.before.backoff;
    probes_out_ = sent.before.probes_out;
    if (probes_out_ < 255) ++probes_out_;
    if (!queue_full) BackOffPersist();
    ArmPersist(now, queue_full ? kQueueInterval : PersistInterval());
  } else if (timer_ == Timer::kNone) {
    backoff_ = 0;
    ArmPersist(now, PersistInterval());
  }
}

void Tcb::FillTimestamps(Instant now, Segment* segment) const {
  if (!ts_on_) return;
  segment->options.has_timestamps = true;
  segment->options.ts_val = TsValue(now);
  segment->options.ts_ecr = ts_recent_;
}

// Everything but the sequence number and the text. The segment acknowledges what arrived.
void Tcb::FillHeader(Instant now, uint8_t flags, Segment* segment) {
  segment->source_port = local_port_;
  segment->destination_port = remote_port_;
  segment->flags = flags;
  segment->ack = rcv_nxt_;
  segment->window = AnnounceWindow();
  FillTimestamps(now, segment);
  if (urgent_out_) FillUrgent(segment);
  if (sack_on_ && (dsack_ || reassembly_ != nullptr)) FillSackBlocks(&segment->options);
  AckSent();
}

void Tcb::SendAckAt(Instant now, Seq seq, Actions* actions) {
  Segment& segment = actions->NewSegment();
  segment.seq = seq;
  FillHeader(now, kAck, &segment);
}

void Tcb::SendAck(Instant now, Actions* actions) {
  // tcp_output(): what is sent while the FIN is unacknowledged carries it, unless text before it is
  // to be sent again. FreeBSD does so also when something is missing here: two such ends then
  // answer FIN with FIN until a retransmission timeout, which never comes where nothing takes time.
  // Left out.
  const bool again = profile_->acks_repeat_fin && snd_max_.After(QueueEnd()) &&
                     !snd_nxt_.Before(QueueEnd()) && reassembly_ == nullptr;
  SendAckAt(now, again ? snd_max_ - 1 : snd_max_, actions);
  if (again) actions->segments.back().flags |= kFin;
}

// Begins to time what is sent now. BSD times one segment at a time.
void Tcb::NoteSendTime(Instant now, Seq seq) {
  if (!rtt_timing_) {
    rtt_timing_ = true;
    rtt_start_ = now;
    rtt_seq_ = seq;
  } else if (profile_->rto_rule == RtoRule::kLinux && now != rtt_start_) {
    SendTimes& times = MakeTrouble().send_times;
    if (times.empty() || times.back().at != now) times.PushBack({seq, now});
  }
}

void Tcb::StopTiming() {
  rtt_timing_ = false;
  if (trouble_ != nullptr) trouble_->send_times.Clear();
}

bool Tcb::MeasureRtt(Instant now, Seq ack, const Segment& segment) {
  if (rtt_timing_ && ack.After(rtt_seq_)) {
    // Of what is acknowledged, the oldest part.
    rtt_.Sample(*profile_, now - rtt_start_, ack, snd_max_);
    rtt_seq_ = ack;
    rtt_timing_ = profile_->rto_rule == RtoRule::kLinux && ack != snd_max_;
    if (trouble_ == nullptr) return true;
    SendTimes& times = trouble_->send_times;
    while (!times.empty() && times.front().from.AtOrBefore(ack)) {
      rtt_start_ = times.front().at;
      times.PopFront();
    }
    return true;
  }
  if (ts_on_ && segment.options.has_timestamps && segment.options.ts_ecr != 0) {
    if (retransmits_ == 0 && backoff_ == 0) return true;
    const uint32_t ms = TsValue(now) - segment.options.ts_ecr;
    rtt_.Sample(*profile_, Duration::Millis(ms), ack, snd_max_);
    return true;
  }
  return false;
}

// SND.UNA < ack =< SND.MAX.
void Tcb::AcknowledgeUpTo(Instant now, Seq ack, const Segment& segment, Actions* actions) {
  if (!syn_acked_) {
    SynAcked(now);  // the program closed in SYN-RECEIVED: our FIN follows now
    if (ack == snd_una_) return;
  }
  if (MeasureRtt(now, ack, segment)) backoff_ = 0;
  const bool had_space = HasWriteSpace();
  const uint32_t flight =
      (static_cast<uint32_t>(snd_max_.Since(snd_una_)) + SendMss() - 1) / SendMss();
  const bool fin_acked = ack == QueueEnd() + 1;
  const uint32_t text = static_cast<uint32_t>(ack.Since(snd_una_)) - (fin_acked ? 1 : 0);
  send_queue_.PopFront(text);
  bytes_acked_ += text;
  snd_una_ = ack;
  snd_nxt_ = Max(snd_nxt_, snd_una_);
  retransmits_ = total_rto_ = 0;
  if (trouble_ != nullptr) {
    std::erase_if(trouble_->record_ends, [&](Seq end) { return end.AtOrBefore(ack); });
  }
  if (urgent_out_ && snd_una_.AtOrAfter(trouble().urgent.snd_up)) urgent_out_ = false;
  if (in_loss_ && snd_una_.AtOrAfter(trouble().loss_high)) in_loss_ = false;
  congestion_.OnAck(std::max<uint32_t>(1, text / SendMss()), flight);
  timer_ = Timer::kNone;
  timer_at_ = kNever;
  if (snd_una_ != snd_nxt_) ArmAfterAck(now);
  if ((!had_space && HasWriteSpace()) || (send_queue_.empty() && fin_queued_)) {
    actions->wake_writers = true;
  }
  if (!fin_acked) return;
  switch (state_) {
    case TcpState::kFinWait1:
      Apply(TcpEvent::kReceiveAckOfFin);
      actions->wake_readers = actions->wake_writers = true;
      EnterFinWait2(now, &segment, actions);
      return;
    case TcpState::kClosing:
      Apply(TcpEvent::kReceiveAckOfFin);
      EnterTimeWait(actions);
      return;
    case TcpState::kLastAck:
      Die(TcpEvent::kReceiveAckOfFin, Cause::kNone, actions);
      return;
    default:
      return;
  }
}

void Tcb::ArmRetransmit(Instant now) {
  timer_ = Timer::kRetransmit;
  timer_at_ = now + rtt_.BackedOff(*profile_, backoff_);
}

// After output: what is in flight is watched, what the window holds back is probed for.
void Tcb::RearmSendTimer(Instant now, bool sent_new) {
  if (snd_una_ != snd_nxt_) {
    if (sent_new && MayProbe()) {
      ArmLossProbe(now, head_sent_at_ + CurrentRto() - now);
    } else if (timer_ != Timer::kRetransmit && timer_ != Timer::kLossProbe) {
      ArmRetransmit(now);
    }
    return;
  }
  if (send_queue_.empty() && !FinDue()) {
    timer_ = Timer::kNone;
    timer_at_ = kNever;
  } else if (timer_ == Timer::kNone) {
    backoff_ = 0;
    ArmPersist(now, PersistInterval());
  }
}

}  // namespace drywire
