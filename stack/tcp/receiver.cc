// The receive window (RFC 9293 3.8.6) and when to acknowledge (RFC 1122 4.2.3.2).
#include <algorithm>

#include "stack/tcp/tcb.h"
#include "stack/tcp/window.h"

namespace drywire {
namespace {

uint32_t RoundDown(uint32_t n, uint32_t unit) { return unit == 0 ? n : n / unit * unit; }

uint32_t RoundUp(uint32_t n, uint32_t unit) { return RoundDown(n + unit - 1, unit); }

}  // namespace

// FreeBSD's tcp_mss() makes the buffer a multiple of the segment size once that is agreed on.
uint32_t Tcb::ReceiveBuffer() const {
  const uint32_t buffer = ReceiveBufferSize(*profile_, *settings_);
  if (profile_->window_rule == WindowRule::kLinux) return buffer;
  const uint32_t mss = std::min(mss_, peer_mss_);
  const bool agreed = syn_acked_ || state_ == TcpState::kSynReceived;
  return agreed && buffer > mss ? RoundUp(buffer, mss) : buffer;
}

// How much text the buffer holds at most. Linux counts the memory of its buffers and expects half
// of it to be text (tcp_full_space).
uint32_t Tcb::BufferSpace() const {
  return profile_->window_rule == WindowRule::kLinux ? ReceiveBuffer() / 2 : ReceiveBuffer();
}

// The part of it that may be announced: on Linux what the window's field can hold, and
// TCP_WINDOW_CLAMP (tcp_select_initial_window); a segment is kept in reserve
// (tcp_init_buffer_space).
uint32_t Tcb::FullSpace() const {
  const uint32_t space = BufferSpace();
  if (profile_->window_rule != WindowRule::kLinux) return space;
  const uint32_t clamp = settings_->window_clamp;
  if (!syn_acked_) return clamp != 0 ? std::min(space, clamp) : space;
  uint32_t most = std::min(space, uint32_t{65535} << rcv_wscale_);
  if (clamp != 0) return std::min(most, clamp);
  const uint32_t segment = mss_ - (ts_on_ ? 12u : 0u);
  if (most > 2 * segment && most + segment > space) most = std::max(2 * segment, space - segment);
  return most;
}

uint32_t Tcb::FreeSpace() const {
  const uint32_t full = BufferSpace();
  const size_t used =
      receive_queue_.size() + (profile_->window_rule == WindowRule::kLinux && reassembly_ != nullptr
                                   ? reassembly_->bytes()
                                   : 0);
  return used >= full ? 0 : full - static_cast<uint32_t>(used);
}

uint32_t Tcb::InitialWindow(uint32_t mss) const {
  return InitialReceiveWindow(*profile_, *settings_, mss);
}

uint8_t Tcb::ChooseWindowScale() const { return ReceiveWindowScale(*profile_, *settings_); }

uint32_t Tcb::AnnouncedWindow() const {
  const Seq edge = RightEdge();
  return edge.After(rcv_nxt_) ? static_cast<uint32_t>(edge.Since(rcv_nxt_)) : 0;
}

Seq Tcb::AcceptedEdge() const {
  if (profile_->window_rule == WindowRule::kLinux) return RightEdge();
  return Max(RightEdge(), rcv_nxt_ + FreeSpace());
}

// __tcp_select_window
uint32_t Tcb::LinuxWindow() const {
  const uint32_t full = FullSpace();
  const uint32_t unit = uint32_t{1} << rcv_wscale_;
  const uint32_t mss = std::min(ack_.rcv_mss, full);
  uint32_t space = FreeSpace();
  if (space < full / 2) {
    space = RoundDown(space, unit);
    if (space < full / 16 || space < mss) return 0;
  }
  space = std::min({space, full, std::max(rcv_ssthresh_, mss)});
  if (rcv_wscale_ != 0) return RoundUp(space, unit);
  uint32_t window = rcv_wnd_;
  if (window + mss <= space || window > space) {
    window = RoundDown(space, mss);
  } else if (mss == full && space > window + full / 2) {
    window = space;
  }
  return window;
}

// The window that tcp_output() announces.
uint32_t Tcb::BsdWindow() const {
  uint32_t space = FreeSpace();
  if (space < FullSpace() / 4 && space < SendMss()) space = 0;
  return std::min<uint32_t>(space, uint32_t{65535} << rcv_wscale_);
}

// Chooses the window for a segment that acknowledges now; the offered window never shrinks. Returns
// the header field.
uint16_t Tcb::AnnounceWindow() {
  const uint32_t left = AnnouncedWindow();
  uint32_t window = profile_->window_rule == WindowRule::kLinux ? LinuxWindow() : BsdWindow();
  const uint32_t unit = uint32_t{1} << rcv_wscale_;
  if (window < left) {
    window = profile_->window_rule == WindowRule::kLinux ? RoundUp(left, unit) : left;
  }
  window = std::min<uint32_t>(window, uint32_t{65535} << rcv_wscale_);
  rcv_wnd_ = window;
  rcv_wup_ = rcv_nxt_;
  return static_cast<uint16_t>(window >> rcv_wscale_);
}

// Whether the program made so much room that the peer should hear of it.
bool Tcb::WindowUpdateDue() const {
  const uint32_t left = AnnouncedWindow();
  if (profile_->window_rule == WindowRule::kLinux) {
    if (2 * left > FullSpace()) return false;
    const uint32_t window = LinuxWindow();
    return window != 0 && window >= 2 * left;
  }
  const uint32_t window = BsdWindow();
  const uint32_t full = FullSpace();
  if (window <= left) return false;
  const uint32_t gain = window - left;
  if (((left + gain) >> rcv_wscale_) == (left >> rcv_wscale_)) return false;
  if (gain >= 2 * SendMss() && (gain >= full / 4 || left <= full / 8 || full <= 8 * SendMss())) {
    return true;
  }
  return 2 * gain >= full;
}

void Tcb::Consume(Instant now, size_t n, Actions* actions) {
  receive_queue_.PopFront(n);
  if (urgent_in_) NoteReading(n);
  switch (state_) {
    case TcpState::kEstablished:
    case TcpState::kFinWait1:
    case TcpState::kFinWait2:
      break;
    case TcpState::kCloseWait:
      break;
    default:
      return;
  }
  bool acknowledge = false;
  if (profile_->ack_rule == AckRule::kLinux && ack_.scheduled) {
    // tcp_cleanup_rbuf: two segments, or a small one and the program is ahead of us.
    acknowledge = static_cast<uint32_t>(rcv_nxt_.Since(rcv_wup_)) > ack_.rcv_mss ||
                  (n != 0 && receive_queue_.empty() &&
                   (ack_.pushed > 1 || (ack_.pushed == 1 && !ack_.pingpong)));
  }
  if (!acknowledge && n != 0 && !receive_shut_ && !fin_received_) acknowledge = WindowUpdateDue();
  if (acknowledge) SendAck(now, actions);
}

// What came again is told with the acknowledgement (RFC 2883).
void Tcb::NoteDuplicate(Seq left, Seq right) {
  if (!sack_on_) return;
  if (profile_->sack_rule == SackRule::kBsd) {
    MakeTrouble().sack_report.AddCut({left, right}, rcv_nxt_);
  } else if (profile_->dsack != 0) {
    MakeTrouble().duplicate = {left, right};
  } else {
    return;
  }
  dsack_ = true;
}

// BSD: after a segment was taken in that did not just continue what had arrived.
void Tcb::NoteArrival(Seq start, uint32_t length, bool advanced) {
  if (!sack_on_ || profile_->sack_rule == SackRule::kLinux || length == 0) return;
  SackReport& report = MakeTrouble().sack_report;
  report.AddSegment({start, start + length}, rcv_nxt_, advanced);
  dsack_ = !report.empty();
}

// The duplicate first, then what is out of order.
void Tcb::FillSackBlocks(TcpOptions* options) {
  const int limit = ts_on_ ? 3 : 4;
  if (profile_->sack_rule == SackRule::kBsd) {
    if (!dsack_) return;
    SackReport& report = MakeTrouble().sack_report;
    report.Fill(static_cast<size_t>(limit), options);
    report.DropTold(rcv_nxt_);
    dsack_ = !report.empty();
    return;
  }
  if (reassembly_ != nullptr) reassembly_->FillSack(limit - (dsack_ ? 1 : 0), options);
  if (!dsack_) return;
  for (size_t i = options->sack_count; i > 0; --i) options->sack[i] = options->sack[i - 1];
  options->sack[0] = trouble().duplicate;
  ++options->sack_count;
  dsack_ = false;
}

void Tcb::EnterQuickAck() {
  IncreaseQuickAck();
  ack_.pingpong = false;
  ack_.ato = Duration::Millis(profile_->delack_ms);
}

void Tcb::IncreaseQuickAck() {
  constexpr uint32_t kMaxQuickAcks = 16;
  const uint32_t wanted = std::max<uint32_t>(2, rcv_wnd_ / (2 * ack_.rcv_mss));
  ack_.quick = std::max<uint8_t>(ack_.quick,
                                 static_cast<uint8_t>(std::min<uint32_t>(wanted, kMaxQuickAcks)));
}

// tcp_event_data_recv, tcp_measure_rcv_mss, tcp_grow_window; for BSD the DELAY_ACK rule.
void Tcb::DataArrived(Instant now, uint32_t length, bool pushed) {
  ack_.scheduled = true;
  if (profile_->ack_rule == AckRule::kBsd) {
    if (ack_.deadline != kNever || length > SendMss()) ack_.now = true;
    return;
  }
  if (length >= ack_.rcv_mss) {
    // Exactly a segment with PSH: likely the end of a write, no more will come.
    if (pushed) ack_.pushed = std::max<uint8_t>(ack_.pushed, 1);
    ack_.rcv_mss = std::min(length, static_cast<uint32_t>(mss_) - (ts_on_ ? 12u : 0u));
  } else {
    ack_.pushed = static_cast<uint8_t>(std::min(2, ack_.pushed + 1));
  }
  const Duration ato_min = Duration::Millis(profile_->delack_ms);
  const Duration rto = rtt_.BackedOff(*profile_, backoff_);
  if (ack_.ato == Duration()) {
    IncreaseQuickAck();
    ack_.ato = ato_min;
  } else {
    const Duration gap = now - ack_.last_received;
    if (gap <= ato_min / 2) {
      ack_.ato = ack_.ato / 2 + ato_min / 2;
    } else if (gap < ack_.ato) {
      ack_.ato = std::min(ack_.ato / 2 + gap, rto);
    } else if (gap > rto) {
      IncreaseQuickAck();
    }
  }
  ack_.last_received = now;
  // tcp_event_data_recv: what small segments cost says little about the memory that others will.
  constexpr uint32_t kSmall = 128;
  const uint32_t space = std::min(FreeSpace(), FullSpace());
  if (length >= kSmall && space > rcv_ssthresh_) {
    rcv_ssthresh_ += std::min(space - rcv_ssthresh_, 2 * std::max<uint32_t>(mss_, length));
  }
}

// __tcp_ack_snd_check, and BSD's TF_ACKNOW and TF_DELACK.
void Tcb::CheckAckNeeded(Instant now, bool out_of_order, Actions* actions) {
  if (!ack_.scheduled) return;
  if (profile_->ack_rule == AckRule::kBsd) {
    if (ack_.now) {
      SendAck(now, actions);
    } else if (ack_.deadline == kNever) {
      ack_.deadline = now + Duration::Millis(profile_->delack_ms);
    }
    return;
  }
  const bool full_frame =
      static_cast<uint32_t>(rcv_nxt_.Since(rcv_wup_)) > ack_.rcv_mss &&
      (receive_queue_.size() < settings_->low_water || LinuxWindow() >= rcv_wnd_);
  const bool quick = ack_.quick != 0 && !ack_.pingpong;
  if (full_frame || quick || ack_.now || out_of_order) {
    SendAck(now, actions);
  } else {
    ScheduleDelayedAck(now, actions);
  }
}

// tcp_send_delayed_ack
void Tcb::ScheduleDelayedAck(Instant now, Actions* actions) {
  const Duration least = Duration::Millis(profile_->delack_ms);
  const Duration most = Duration::Millis(profile_->delack_max_ms);
  Duration ato = ack_.ato;
  if (ato > least) {
    Duration limit = ack_.pingpong || ack_.pushed != 0 ? most : Duration::Millis(500);
    if (rtt_.has_sample()) limit = std::min(limit, std::max(rtt_.srtt(), least));
    ato = std::min(ato, limit);
  }
  ato = std::min(ato, most);
  if (ack_.deadline != kNever) {
    if (ack_.deadline <= now + ato / 4) {
      SendAck(now, actions);
      return;
    }
    ack_.deadline = std::min(ack_.deadline, now + ato);
    return;
  }
  ack_.deadline = now + ato;
}

// Any segment with ACK carries what was owed.
void Tcb::AckSent() {
  if (ack_.quick != 0 && --ack_.quick == 0) ack_.ato = Duration::Millis(profile_->delack_ms);
  ack_.scheduled = ack_.now = false;
  ack_.pushed = 0;
  ack_.deadline = kNever;
}

void Tcb::SetQuickAck(Instant now, bool on, Actions* actions) {
  settings_.Edit().quick_ack = on;
  if (!on) {
    ack_.pingpong = true;
    return;
  }
  ack_.pingpong = false;
  if (ack_.scheduled && (state_ == TcpState::kEstablished || state_ == TcpState::kCloseWait)) {
    SendAck(now, actions);
  }
}

}  // namespace drywire
