// Urgent data (RFC 9293 3.8.5). The pointer is taken to tell what is after the urgent byte, as all
// systems take it (RFC 6093 2). Linux keeps the byte in the queue, passes over it when it is read,
// and takes a copy aside; BSD takes it out when it arrives.
#include "stack/tcp/urgent.h"

#include <algorithm>
#include <utility>

#include "stack/tcp/tcb.h"

namespace drywire {

// --- Sending

bool Tcb::TooFullForUrgent() const {
  return profile_->urgent_rule == UrgentRule::kBsd && send_queue_.size() > SendBuffer() + 512;
}

void Tcb::PushUrgent(Instant now, bool more, Actions* actions) {
  MakeTrouble().urgent.snd_up = QueueEnd();
  urgent_out_ = true;
  PushQueued(now, more, actions);
  // BSD sends a byte though the window is closed (TF_FORCEDATA).
  if (profile_->window_probe_bytes != 0 && syn_acked_ && snd_wnd_ == 0 && snd_una_ == snd_max_) {
    SendProbe(now, actions);
  }
}

void Tcb::FillUrgent(Segment* segment) const {
  const Seq end = trouble().urgent.snd_up;
  if (!segment->seq.Before(end)) return;
  const auto distance = static_cast<uint32_t>(end.Since(segment->seq));
  if (profile_->urgent_rule == UrgentRule::kLinux && distance > UINT16_MAX) {
    // As far as the field goes, but not with what is sent again long after (__tcp_transmit_skb).
    if (!(segment->seq + UINT16_MAX).After(snd_max_)) return;
    segment->urgent = UINT16_MAX;
  } else {
    segment->urgent = static_cast<uint16_t>(distance);
  }
  segment->flags |= kUrg;
}

// --- Arrival

Seq Tcb::ReadSeq() const {
  return rcv_nxt_ - (static_cast<uint32_t>(receive_queue_.size()) + (fin_received_ ? 1 : 0));
}

void Tcb::CheckUrgent(const Segment& segment, Actions* actions) {
  if (profile_->urgent_rule == UrgentRule::kBsd) {
    CheckUrgentBsd(segment, actions);
    return;
  }
  // tcp_urg
  if (segment.Has(kUrg)) NoteUrgentPointer(segment);
  Urgent& urgent = MakeTrouble().urgent;
  if (urgent.byte != Urgent::Byte::kExpected) return;
  const int32_t at = urgent.mark.Since(segment.seq);
  if (at < 0 || static_cast<size_t>(at) >= segment.payload.size()) return;
  urgent.value = segment.payload.data()[at];
  urgent.byte = Urgent::Byte::kArrived;
  actions->wake_readers = true;
}

// tcp_check_urg
void Tcb::NoteUrgentPointer(const Segment& segment) {
  const bool before_it = segment.urgent != 0 && profile_->stdurg == 0;
  const Seq mark = segment.seq + segment.urgent - (before_it ? 1 : 0);
  if (mark.Before(ReadSeq()) || mark.Before(rcv_nxt_)) return;
  Urgent& urgent = MakeTrouble().urgent;
  if (urgent_in_ && !mark.After(urgent.mark)) return;
  // A byte that the program stands at is urgent no more, and gone.
  if (urgent_in_ && urgent.mark == ReadSeq() && !settings_->oob_inline && !receive_queue_.empty()) {
    receive_queue_.PopFront(1);
  }
  urgent.mark = mark;
  urgent.byte = Urgent::Byte::kExpected;
  urgent_in_ = true;
}

// tcp_do_segment, step 6
void Tcb::CheckUrgentBsd(const Segment& segment, Actions* actions) {
  const bool ended = state_ == TcpState::kCloseWait || state_ == TcpState::kClosing ||
                     state_ == TcpState::kLastAck;
  if (!segment.Has(kUrg) || segment.urgent == 0 || ended) return;
  Urgent& urgent = MakeTrouble().urgent;
  const Seq end = segment.seq + segment.urgent;
  if (!urgent_in_ || end.After(urgent.mark)) {
    urgent.mark = end;
    urgent.distance = static_cast<uint32_t>(receive_queue_.size()) +
                      static_cast<uint32_t>((end - 1).Since(rcv_nxt_));
    if (urgent.distance == 0) urgent.at_mark = true;
    urgent.byte = Urgent::Byte::kExpected;
    urgent_in_ = true;
    actions->wake_readers = true;
  }
  if (segment.urgent > segment.payload.size() || settings_->oob_inline) return;
  // tcp_pulloutofband
  urgent.pulled = end - 1;
  urgent.value = segment.payload.data()[segment.urgent - 1];
  urgent.byte = Urgent::Byte::kArrived;
  urgent_pulls_ = true;
}

// Text that the urgent byte is part of, without it.
void Tcb::AppendWithoutUrgent(Seq start, Bytes text) {
  const auto at = static_cast<size_t>(trouble().urgent.pulled.Since(start));
  if (at >= text.size()) {
    receive_queue_.Append(std::move(text));
    return;
  }
  urgent_pulls_ = false;
  if (at != 0) receive_queue_.Append(text.Slice(0, at));
  if (at + 1 != text.size()) receive_queue_.Append(text.Slice(at + 1));
}

// --- Reading

Tcb::Stretch Tcb::NextStretch(bool passes_mark) const {
  const size_t size = receive_queue_.size();
  if (!urgent_in_) return {.text = size};
  const Urgent& urgent = trouble().urgent;
  if (profile_->urgent_rule == UrgentRule::kBsd) {
    if (urgent.distance == 0 || urgent.distance > size) return {.text = size};
    return {.text = urgent.distance, .ends = true};
  }
  const int32_t at = urgent.mark.Since(ReadSeq());
  if (at < 0 || static_cast<size_t>(at) > size) return {.text = size};
  if (at != 0 || size == 0 || !passes_mark) return {.text = static_cast<size_t>(at), .ends = true};
  return settings_->oob_inline ? Stretch{.text = size} : Stretch{.skip = 1, .text = size - 1};
}

size_t Tcb::InQueue() const {
  const size_t size = receive_queue_.size();
  if (!urgent_in_ || profile_->urgent_rule == UrgentRule::kBsd || settings_->oob_inline)
    return size;
  const int32_t at = trouble().urgent.mark.Since(ReadSeq());
  return at < 0 ? size : std::min(size, static_cast<size_t>(at));
}

bool Tcb::AtMark() const {
  if (!urgent_in_) return false;
  const Urgent& urgent = trouble().urgent;
  if (profile_->urgent_rule == UrgentRule::kBsd) return urgent.at_mark;
  return urgent.mark == ReadSeq();
}

bool Tcb::HasUrgent() const {
  return urgent_in_ && (profile_->urgent_rule == UrgentRule::kBsd ||
                        trouble().urgent.byte == Urgent::Byte::kArrived);
}

Cause Tcb::TakeUrgent(bool peek, uint8_t* byte) {
  if (settings_->oob_inline || !urgent_in_ || trouble().urgent.byte == Urgent::Byte::kRead) {
    return Cause::kNoUrgentData;
  }
  Urgent& urgent = MakeTrouble().urgent;
  if (urgent.byte != Urgent::Byte::kArrived) return Cause::kUrgentDataUnderWay;
  *byte = urgent.value;
  if (!peek) urgent.byte = Urgent::Byte::kRead;
  return Cause::kNone;
}

// After something was taken out of the queue.
void Tcb::NoteReading(size_t n) {
  Urgent& urgent = MakeTrouble().urgent;
  if (profile_->urgent_rule == UrgentRule::kLinux) {
    urgent_in_ = !ReadSeq().After(urgent.mark);
    if (!urgent_in_) urgent.byte = Urgent::Byte::kNone;
    return;
  }
  LeaveMark();
  if (n == 0 || urgent.distance == 0) return;
  urgent.distance -= static_cast<uint32_t>(std::min<size_t>(n, urgent.distance));
  urgent.at_mark = urgent.distance == 0;
  urgent_in_ = true;
}

void Tcb::PassUrgent() {
  receive_queue_.PopFront(1);
  NoteReading(1);
}

void Tcb::LeaveMark() {
  if (!urgent_in_ || profile_->urgent_rule == UrgentRule::kLinux) return;
  MakeTrouble().urgent.at_mark = false;
  urgent_in_ = trouble().urgent.distance != 0;
}

}  // namespace drywire
