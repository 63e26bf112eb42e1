#include "tests/harness/tcp_harness.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace drywire {
namespace {

constexpr uint16_t kLocalPort = 4000;
constexpr uint16_t kRemotePort = 80;

Segment Parse(absl::string_view text) {
  absl::StatusOr<Segment> segment = ParseSegment(text);
  EXPECT_TRUE(segment.ok()) << segment.status();
  return segment.ok() ? *std::move(segment) : Segment();
}

}  // namespace

void SegmentLog::Take(Instant now, Actions& actions) {
  for (Segment& segment : actions.segments) segments_.push_back({now, std::move(segment)});
}

void SegmentLog::Expect(absl::string_view text, Instant at) {
  absl::StatusOr<SegmentPattern> pattern = ParseSegmentPattern(text);
  ASSERT_TRUE(pattern.ok()) << pattern.status();
  ASSERT_FALSE(segments_.empty()) << "nothing was sent; expected " << text;
  const Sent sent = std::move(segments_.front());
  segments_.pop_front();
  EXPECT_TRUE(pattern->Matches(sent.segment))
      << "sent     " << sent.segment.ToString() << "\nexpected " << text;
  if (!at.is_never()) {
    EXPECT_EQ(FormatInstant(sent.at), FormatInstant(at)) << "of " << text;
  }
}

void SegmentLog::ExpectNothing() {
  for (const Sent& sent : segments_) {
    ADD_FAILURE() << "sent at " << sent.at << ": " << sent.segment.ToString();
  }
  segments_.clear();
}

Segment SegmentLog::Pop() {
  if (segments_.empty()) {
    ADD_FAILURE() << "nothing was sent";
    return Segment();
  }
  Segment segment = std::move(segments_.front().segment);
  segments_.pop_front();
  return segment;
}

void TcbHarness::Perform() {
  log_.Take(now_, actions_);
  established_ |= actions_.established;
  time_wait_ |= actions_.time_wait;
  readers_woken_ |= actions_.wake_readers;
  writers_woken_ |= actions_.wake_writers;
  if (actions_.finished) {
    finished_ = true;
    finished_at_ = now_;
    error_ = actions_.error;
  }
  actions_.Clear();
}

void TcbHarness::SynSent(uint16_t mss) {
  Tcb::OpenParameters open;
  open.local_port = kLocalPort;
  open.remote_port = kRemotePort;
  open.mss = mss;
  tcb_.Connect(now_, open, &actions_);
  Perform();
  log_.Clear();
}

void TcbHarness::SynReceived() {
  SynSent();
  Inject("S 0:0(0) win 65535 <mss 1460>");
  log_.Clear();
}

void TcbHarness::Established(absl::string_view options, uint16_t mss) {
  SynSent(mss);
  Inject(absl::StrCat("S. 0:0(0) ack 1 win 65535 <", options, ">"));
  EXPECT_EQ(state(), TcpState::kEstablished);
  log_.Clear();
}

void TcbHarness::FinWait1() {
  Established();
  ShutdownSend();
  log_.Clear();
}

void TcbHarness::FinWait2() {
  FinWait1();
  Inject(". 1:1(0) ack 2 win 65535");
}

void TcbHarness::CloseWait() {
  Established();
  Inject("F. 1:1(0) ack 1 win 65535");
  Advance(Duration());
  log_.Clear();
}

void TcbHarness::Closing() {
  FinWait1();
  Inject("F. 1:1(0) ack 1 win 65535");
  log_.Clear();
}

void TcbHarness::LastAck() {
  CloseWait();
  ShutdownSend();
  log_.Clear();
}

void TcbHarness::In(TcpState state) {
  switch (state) {
    case TcpState::kListen:
      tcb_.Listen();
      break;
    case TcpState::kSynSent:
      SynSent();
      break;
    case TcpState::kSynReceived:
      SynReceived();
      break;
    case TcpState::kEstablished:
      Established();
      break;
    case TcpState::kFinWait1:
      FinWait1();
      break;
    case TcpState::kFinWait2:
      FinWait2();
      break;
    case TcpState::kCloseWait:
      CloseWait();
      break;
    case TcpState::kClosing:
      Closing();
      break;
    case TcpState::kLastAck:
      LastAck();
      break;
    default:
      break;
  }
  ExpectState(state);
}

void TcbHarness::Inject(absl::string_view text) {
  Segment segment = Parse(text);
  segment.source_port = kRemotePort;
  segment.destination_port = kLocalPort;
  tcb_.SegmentArrives(now_, segment, &actions_);
  Perform();
}

void TcbHarness::Icmp(Cause cause, uint32_t quoted_seq, uint16_t mss) {
  tcb_.IcmpArrives(now_, cause, Seq(quoted_seq), mss, &actions_);
  Perform();
}

void TcbHarness::Send(size_t n, bool more) {
  tcb_.Send(now_, Bytes::Zeros(n), more, &actions_);
  Perform();
}

size_t TcbHarness::Read(size_t n) {
  n = std::min(n, tcb_.Readable());
  tcb_.Consume(now_, n, &actions_);
  Perform();
  return n;
}

void TcbHarness::ShutdownSend() {
  tcb_.ShutdownSend(now_, &actions_);
  Perform();
}

void TcbHarness::Close() {
  tcb_.Close(now_, &actions_);
  Perform();
}

void TcbHarness::Abort() {
  tcb_.Abort(now_, &actions_);
  Perform();
}

void TcbHarness::AdvanceTo(Duration since_start) {
  const Instant until = Instant::Zero() + since_start;
  while (!time_wait_ && tcb_.NextDeadline() <= until) {
    ASSERT_GE(tcb_.NextDeadline(), now_);
    now_ = tcb_.NextDeadline();
    tcb_.OnDeadline(now_, &actions_);
    Perform();
    if (finished_) break;
  }
  now_ = until;
}

void TcbHarness::ExpectError(Cause cause) {
  EXPECT_TRUE(finished_) << "still in " << TcpStateName(state());
  EXPECT_EQ(CauseName(error_), CauseName(cause));
}

void TcbHarness::ExpectState(TcpState expected) {
  EXPECT_EQ(TcpStateName(state()), TcpStateName(expected));
}

ListenerHarness::ListenerHarness(Profile profile, int64_t backlog)
    : profile_(std::move(profile)),
      rng_(7),
      cookies_(rng_),
      listener_(&profile_.tcp, &settings_, &cookies_) {
  listener_.set_backlog(backlog);
}

ConnectionId ListenerHarness::Id(uint16_t from) const {
  ConnectionId id;
  id.local = {Address::V4(10, 0, 0, 1), kRemotePort, 0};
  id.remote = {Address::V4(10, 0, 0, 2), from, 0};
  return id;
}

Request* ListenerHarness::request(uint16_t from) {
  for (auto& request : requests_) {
    if (request->remote_port == from) return request.get();
  }
  return nullptr;
}

void ListenerHarness::Delete(Request* request) {
  listener_.Forget(request);
  requests_.erase(std::find_if(requests_.begin(), requests_.end(),
                               [request](const auto& r) { return r.get() == request; }));
}

void ListenerHarness::Complete(const Request& request, Segment& segment) {
  queued_.push_back(std::make_unique<Tcb>(&profile_.tcp));
  queued_.back()->Adopt(now_, request);
  queued_.back()->SegmentArrives(now_, segment, &actions_);
  listener_.NoteQueued();
}

void ListenerHarness::Inject(absl::string_view text, uint16_t from) {
  Segment segment = Parse(text);
  segment.source_port = from;
  segment.destination_port = kRemotePort;
  if (Request* known = request(from); known != nullptr) {
    const Listener::RequestVerdict verdict =
        listener_.RequestArrives(now_, known, segment, &actions_);
    if (verdict == Listener::RequestVerdict::kComplete) Complete(*known, segment);
    if (verdict != Listener::RequestVerdict::kKeep) Delete(known);
  } else {
    Listener::SynAnswer answer;
    answer.mss = 1460;
    Request scratch;
    switch (listener_.SegmentArrives(now_, segment, false, &actions_)) {
      case Listener::Verdict::kDone:
        break;
      case Listener::Verdict::kAdmit:
        if (listener_.MustEvict()) {
          Delete(listener_.Oldest());
          listener_.NoteEvicted(now_);
        }
        requests_.push_back(std::make_unique<Request>());
        listener_.Admit(now_, segment, answer, requests_.back().get(), &actions_);
        break;
      case Listener::Verdict::kStateless:
        listener_.AnswerWithCookie(now_, Id(from), segment, answer, &actions_);
        break;
      case Listener::Verdict::kCookie:
        if (listener_.TakeCookie(now_, Id(from), segment, answer, &scratch, &actions_) ==
            Listener::RequestVerdict::kComplete) {
          Complete(scratch, segment);
        }
        break;
    }
  }
  log_.Take(now_, actions_);
  actions_.Clear();
}

void ListenerHarness::Icmp(Cause cause, uint32_t quoted_seq, uint16_t from) {
  Request* known = request(from);
  ASSERT_NE(known, nullptr);
  if (listener_.IcmpKills(*known, cause, Seq(quoted_seq))) Delete(known);
}

void ListenerHarness::AdvanceTo(Duration since_start) {
  const Instant until = Instant::Zero() + since_start;
  while (listener_.NextDeadline() <= until) {
    now_ = listener_.NextDeadline();
    while (Request* due = listener_.NextDue(now_)) {
      if (listener_.OnDeadline(now_, due, &actions_) == Listener::RequestVerdict::kDelete) {
        Delete(due);
      }
    }
    log_.Take(now_, actions_);
    actions_.Clear();
  }
  now_ = until;
}

void ListenerHarness::Accept() {
  ASSERT_FALSE(queued_.empty());
  queued_.erase(queued_.begin());
  listener_.NoteAccepted();
}

}  // namespace drywire
