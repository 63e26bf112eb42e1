#include "stack/tcp/listener.h"

#include <algorithm>

#include "sim/core/check.h"
#include "stack/tcp/state.h"
#include "stack/tcp/tcb.h"
#include "stack/tcp/window.h"

namespace drywire {
namespace {

void Reset(const Segment& segment, Actions* actions) {
  Segment reset;
  if (MakeResetFor(segment, &reset)) actions->segments.push_back(reset);
}

// An acceptable RST for a half-open connection.
Listener::RequestVerdict ResetArrives() {
  TakeEdge(TcpState::kSynReceived, TcpEvent::kReceiveRstPassive);
  return Listener::RequestVerdict::kDelete;
}

uint32_t Milliseconds(Instant now) { return static_cast<uint32_t>(now.nanos() / 1'000'000); }

}  // namespace

// net.ipv4.tcp_max_syn_backlog keeps its last quarter for proven peers when cookies are off.
bool Listener::SynQueueFull() const {
  return profile_->syn_queue_limited_by_backlog && requests_ > backlog_;
}

Listener::Verdict Listener::SegmentArrives(Instant now, const Segment& segment,
                                           bool follows_time_wait, Actions* actions) {
  if (segment.Has(kRst)) return Verdict::kDone;
  if (segment.Has(kAck)) {
    if (!segment.Has(kSyn) && profile_->syncookies != 0 &&
        (profile_->syncookies_only != 0 ||
         now - last_overflow_ <= Duration::Millis(profile_->syncookie_lifetime_ms))) {
      return Verdict::kCookie;
    }
    Reset(segment, actions);
    return Verdict::kDone;
  }
  if (!segment.Has(kSyn)) return Verdict::kDone;
  if (segment.Has(kFin) && (profile_->listen_drops_syn_fin || profile_->drop_synfin != 0)) {
    return Verdict::kDone;
  }
  bool cookie = false;
  if (profile_->request_rule == RequestRule::kBsd) {
    cookie = profile_->syncookies_only != 0;
  } else if ((profile_->syncookies == 2 || SynQueueFull()) && !follows_time_wait) {
    if (profile_->syncookies == 0) return Verdict::kDone;
    cookie = true;
  }
  if (profile_->syn_needs_accept_room && AcceptQueueFull()) return Verdict::kDone;
  if (cookie) return Verdict::kStateless;
  const bool reserved = profile_->syn_queue_limited_by_backlog && profile_->syncookies == 0 &&
                        !follows_time_wait &&
                        profile_->max_syn_backlog - requests_ < profile_->max_syn_backlog / 4;
  return reserved ? Verdict::kDone : Verdict::kAdmit;
}

HandshakeOptions Listener::Negotiate(const Segment& syn, const SynAnswer& answer) const {
  HandshakeOptions options;
  options.mss = settings().ClampMss(answer.mss);
  const TcpOptions& offered = syn.options;
  options.peer_mss = static_cast<uint16_t>(std::max<int64_t>(
      offered.has_mss && offered.mss != 0 ? offered.mss : profile_->mssdflt, profile_->minmss));
  options.peer_mss = settings().ClampMss(options.peer_mss);
  const bool bare = settings().no_options;  // syncache_respond(), SCF_NOOPT
  options.wscale_on = offered.has_window_scale && profile_->window_scaling != 0 && !bare;
  if (options.wscale_on) {
    options.snd_wscale = std::min<uint8_t>(offered.window_scale, 14);
    options.rcv_wscale = ReceiveWindowScale(*profile_, settings());
  }
  options.ts_on = offered.has_timestamps && profile_->timestamps != 0 && !bare;
  options.ts_recent = offered.ts_val;
  options.sack_on = offered.sack_permitted && profile_->sack != 0 && !bare;
  options.ts_offset = answer.ts_offset;
  return options;
}

void Listener::FillRequest(Instant now, const Segment& segment, Seq irs, Seq iss,
                           const HandshakeOptions& options, Request* request) const {
  request->local_port = segment.destination_port;
  request->remote_port = segment.source_port;
  request->irs = irs;
  request->iss = iss;
  request->options = options;
  request->snd_wnd = segment.window;
  request->rcv_wnd = InitialReceiveWindow(
      *profile_, settings(), static_cast<uint32_t>(options.mss - (options.ts_on ? 12 : 0)));
  request->sent_at = now;
}

void Listener::SendSynAck(Instant now, const Request& request, Actions* actions) const {
  Segment& segment = actions->NewSegment();
  segment.source_port = request.local_port;
  segment.destination_port = request.remote_port;
  segment.seq = request.iss;
  segment.ack = request.irs + 1;
  segment.flags = kSyn | kAck;
  segment.window = static_cast<uint16_t>(std::min<uint32_t>(request.rcv_wnd, 65535));
  const HandshakeOptions& options = request.options;
  segment.options.has_mss = !settings().no_options;
  segment.options.mss = options.mss;
  segment.options.has_window_scale = options.wscale_on;
  segment.options.window_scale = options.rcv_wscale;
  segment.options.sack_permitted = options.sack_on;
  segment.options.has_timestamps = options.ts_on;
  if (options.ts_on) {
    segment.options.ts_val = Milliseconds(now) + options.ts_offset;
    segment.options.ts_ecr = options.ts_recent;
  }
}

// A challenge: the request's view of the sequence space.
void Listener::SendAck(Instant now, const Request& request, Actions* actions) const {
  Segment& segment = actions->NewSegment();
  segment.source_port = request.local_port;
  segment.destination_port = request.remote_port;
  segment.seq = request.iss + 1;
  segment.ack = request.irs + 1;
  segment.flags = kAck;
  segment.window = static_cast<uint16_t>(request.rcv_wnd >> request.options.rcv_wscale);
  if (request.options.ts_on) {
    segment.options.has_timestamps = true;
    segment.options.ts_val = Milliseconds(now) + request.options.ts_offset;
    segment.options.ts_ecr = request.options.ts_recent;
  }
}

void Listener::Arm(Instant now, Request* request) {
  const int level = std::min<int>(request->timeouts, kLevels - 1);
  const Duration wait = std::min(Duration::Millis(profile_->rexmit_initial_ms) * (1 << level),
                                 Duration::Seconds(120));
  request->deadline = now + wait;
  request->Unlink();
  waiting_[static_cast<size_t>(level)].PushBack(request);
}

void Listener::Admit(Instant now, const Segment& syn, const SynAnswer& answer, Request* request,
                     Actions* actions) {
  FillRequest(now, syn, syn.seq, answer.iss, Negotiate(syn, answer), request);
  ++requests_;
  ++young_;
  Arm(now, request);
  SendSynAck(now, *request, actions);
}

void Listener::AnswerWithCookie(Instant now, const ConnectionId& id, const Segment& syn,
                                const SynAnswer& answer, Actions* actions) {
  last_overflow_ = now;
  Request request;
  HandshakeOptions options = Negotiate(syn, answer);
  const Seq iss = cookies_->Encode(*profile_, id, syn.seq, now, &options);
  FillRequest(now, syn, syn.seq, iss, options, &request);
  SendSynAck(now, request, actions);
  if (options.ts_on) {
    actions->segments.back().options.ts_val =
        cookies_->EncodeTimestamp(*profile_, Milliseconds(now), options);
  }
}

Listener::RequestVerdict Listener::TakeCookie(Instant now, const ConnectionId& id,
                                              const Segment& ack, const SynAnswer& answer,
                                              Request* request, Actions* actions) {
  HandshakeOptions options;
  options.mss = settings().ClampMss(answer.mss);
  options.ts_offset = answer.ts_offset;
  if (!cookies_->Decode(*profile_, id, ack, now, &options)) {
    Reset(ack, actions);
    return RequestVerdict::kDelete;
  }
  if (options.wscale_on) options.rcv_wscale = ReceiveWindowScale(*profile_, settings());
  FillRequest(now, ack, ack.seq - 1, ack.ack - 1, options, request);
  request->from_cookie = true;
  if (!AcceptQueueFull()) return RequestVerdict::kComplete;
  if (!profile_->overflow_keeps_request && profile_->rst_on_sock_fail != 0) Reset(ack, actions);
  return RequestVerdict::kDelete;
}

bool Listener::Limited(Instant now, Request* request, const Segment& segment) const {
  if (segment.Length() != 0 && !segment.Has(kSyn)) return false;
  if (now - request->last_oow_ack < Duration::Millis(profile_->invalid_ratelimit_ms)) return true;
  request->last_oow_ack = now;
  return false;
}

Listener::RequestVerdict Listener::RequestArrives(Instant now, Request* request,
                                                  const Segment& segment, Actions* actions) {
  if (profile_->drop_synfin != 0 && segment.Has(kSyn) && segment.Has(kFin)) {
    return RequestVerdict::kKeep;
  }
  if (profile_->request_rule == RequestRule::kBsd) {
    return BsdRequest(now, request, segment, actions);
  }
  return LinuxRequest(now, request, segment, actions);
}

// tcp_check_req
Listener::RequestVerdict Listener::LinuxRequest(Instant now, Request* request,
                                                const Segment& segment, Actions* actions) {
  const HandshakeOptions& options = request->options;
  const bool paws_reject = options.ts_on && segment.options.has_timestamps && !segment.Has(kRst) &&
                           static_cast<int32_t>(segment.options.ts_val - options.ts_recent) < 0;
  const bool only_syn = segment.Has(kSyn) && !segment.Has(kAck | kRst);
  if (segment.seq == request->irs && only_syn && !paws_reject) {
    if (!Limited(now, request, segment)) {
      SendSynAck(now, *request, actions);
      Arm(now, request);
    }
    return RequestVerdict::kKeep;
  }
  // What a RST acknowledges does not matter (observed on 6.18).
  if (segment.Has(kAck) && !segment.Has(kRst) && segment.ack != request->iss + 1) {
    Reset(segment, actions);
    return RequestVerdict::kKeep;
  }
  const Seq first = request->irs + 1;
  const Seq edge = first + request->rcv_wnd;
  const Seq end = segment.seq + segment.Length();
  const bool in_window = segment.seq == first || (end.After(first) && segment.seq.Before(edge)) ||
                         (segment.seq == edge && segment.Length() == 0);
  if (paws_reject || !in_window) {
    if (!segment.Has(kRst) && !Limited(now, request, segment)) SendAck(now, *request, actions);
    return RequestVerdict::kKeep;
  }
  if (segment.Has(kRst)) {
    if (segment.seq == first) return ResetArrives();
    // RFC 5961, 3.2.
    if (!Limited(now, request, segment)) SendAck(now, *request, actions);
    return RequestVerdict::kKeep;
  }
  if (segment.Has(kSyn) && segment.seq != request->irs) {
    Reset(segment, actions);
    return RequestVerdict::kDelete;
  }
  if (!segment.Has(kAck)) return RequestVerdict::kKeep;
  if (request->timeouts < settings().defer_accept && end == request->irs + 1) {
    request->acked = true;
    return RequestVerdict::kKeep;
  }
  if (!AcceptQueueFull()) return RequestVerdict::kComplete;
  if (profile_->abort_on_overflow == 0) {
    request->acked = true;
    return RequestVerdict::kKeep;
  }
  Reset(segment, actions);
  return RequestVerdict::kDelete;
}

// syncache_chkrst, syncache_add, syncache_expand
Listener::RequestVerdict Listener::BsdRequest(Instant now, Request* request, const Segment& segment,
                                              Actions* actions) {
  const Seq first = request->irs + 1;
  if (segment.Has(kRst)) {
    if (!segment.seq.InWindow(first, request->rcv_wnd)) return RequestVerdict::kKeep;
    if (segment.seq == first || profile_->insecure_rst != 0) return ResetArrives();
    SendAck(now, *request, actions);
    return RequestVerdict::kKeep;
  }
  if (segment.Has(kSyn)) {
    if (segment.Has(kAck)) {
      Reset(segment, actions);
      return RequestVerdict::kDelete;
    }
    if (segment.options.has_timestamps) request->options.ts_recent = segment.options.ts_val;
    if (request->timeouts != 0) ++young_;
    request->timeouts = 0;
    SendSynAck(now, *request, actions);
    Arm(now, request);
    return RequestVerdict::kKeep;
  }
  if (!segment.Has(kAck)) return RequestVerdict::kKeep;
  if (request->options.ts_on && !segment.options.has_timestamps &&
      profile_->tolerate_missing_ts == 0) {
    return RequestVerdict::kKeep;
  }
  if (segment.ack != request->iss + 1 || !segment.seq.InWindow(first, request->rcv_wnd)) {
    Reset(segment, actions);
    return RequestVerdict::kKeep;
  }
  if (!AcceptQueueFull()) return RequestVerdict::kComplete;
  if (profile_->rst_on_sock_fail != 0) Reset(segment, actions);
  return RequestVerdict::kDelete;
}

void Listener::Forget(Request* request) {
  if (!request->is_linked()) return;
  request->Unlink();
  --requests_;
  if (request->timeouts == 0) --young_;
}

bool Listener::IcmpKills(const Request& request, Cause cause, Seq quoted_seq) const {
  return profile_->icmp_kills_requests && !profile_->icmp_ignored.Contains(cause) &&
         cause != Cause::kIcmpFragmentationNeeded && quoted_seq == request.iss;
}

Request* Listener::Oldest() {
  Request* oldest = nullptr;
  for (auto& level : waiting_) {
    if (level.empty()) continue;
    if (oldest == nullptr || level.front().sent_at < oldest->sent_at) oldest = &level.front();
  }
  return oldest;
}

bool Listener::MustEvict() const {
  return profile_->request_rule == RequestRule::kBsd && requests_ >= profile_->max_syn_backlog;
}

Instant Listener::NextDeadline() {
  Instant next = kNever;
  for (auto& level : waiting_) {
    if (!level.empty()) next = std::min(next, level.front().deadline);
  }
  return next;
}

Request* Listener::NextDue(Instant now) {
  Request* due = nullptr;
  for (auto& level : waiting_) {
    if (level.empty() || level.front().deadline > now) continue;
    if (due == nullptr || level.front().deadline < due->deadline) due = &level.front();
  }
  return due;
}

// Linux: the fuller the queue of old requests, the fewer retransmissions.
int64_t Listener::MaxRetransmissions() const {
  int64_t most = settings().syn_count != 0 && profile_->request_rule == RequestRule::kLinux
                     ? settings().syn_count
                     : profile_->synack_retries;
  if (profile_->request_rule != RequestRule::kLinux) return most;
  if (requests_ * 2 > std::max<int64_t>(8, backlog_)) {
    for (int64_t young = young_ * 2; most > 2 && requests_ >= young; young *= 2) --most;
  }
  return most;
}

Listener::RequestVerdict Listener::OnDeadline(Instant now, Request* request, Actions* actions) {
  const int64_t most = MaxRetransmissions();
  bool expire = request->timeouts >= most;
  bool resend = true;
  if (settings().defer_accept != 0 && profile_->request_rule == RequestRule::kLinux) {
    expire = expire && (!request->acked || request->timeouts >= settings().defer_accept);
    resend = !request->acked || request->timeouts + 1 >= settings().defer_accept;
  }
  if (expire) return RequestVerdict::kDelete;
  if (resend) SendSynAck(now, *request, actions);
  if (request->timeouts++ == 0) --young_;
  Arm(now, request);
  return RequestVerdict::kKeep;
}

}  // namespace drywire
