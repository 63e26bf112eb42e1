// A listener for one connection: its request, until the handshake is complete and a Tcb adopts it.
#ifndef DRYWIRE_TESTS_FUZZ_HALF_OPEN_H_
#define DRYWIRE_TESTS_FUZZ_HALF_OPEN_H_

#include <memory>

#include "sim/core/check.h"
#include "sim/core/rng.h"
#include "stack/personality/tcp_profile.h"
#include "stack/tcp/listener.h"
#include "stack/tcp/tcb.h"

namespace drywire {

class HalfOpen {
 public:
  // Both outlive this. `answer`: for every SYN.
  HalfOpen(const TcpProfile* profile, const SharedSettings* settings,
           const Listener::SynAnswer& answer)
      : rng_(7), cookies_(rng_), listener_(profile, settings, &cookies_), answer_(answer) {
    listener_.set_backlog(1);
  }
  ~HalfOpen() { Forget(); }
  HalfOpen(const HalfOpen&) = delete;
  HalfOpen& operator=(const HalfOpen&) = delete;

  // True when the segment completed the handshake; then `tcb`, CLOSED before, has taken it.
  bool SegmentArrives(Instant now, Segment& segment, bool follows_time_wait, Tcb* tcb,
                      Actions* actions) {
    using Verdict = Listener::RequestVerdict;
    Verdict verdict = Verdict::kKeep;
    Request cookie;
    Request* completed = request_.get();
    if (request_ != nullptr) {
      verdict = listener_.RequestArrives(now, request_.get(), segment, actions);
    } else {
      verdict = WithoutRequest(now, segment, follows_time_wait, &cookie, actions);
      completed = &cookie;
    }
    const bool complete = verdict == Verdict::kComplete;
    if (complete) {
      tcb->Adopt(now, *completed);
      tcb->SegmentArrives(now, segment, actions);
    }
    if (verdict != Verdict::kKeep) Forget();
    return complete;
  }
  void IcmpArrives(Cause cause, Seq quoted_seq) {
    if (request_ != nullptr && listener_.IcmpKills(*request_, cause, quoted_seq)) Forget();
  }
  Instant NextDeadline() { return listener_.NextDeadline(); }
  void OnDeadline(Instant now, Actions* actions) {
    Request* const due = listener_.NextDue(now);
    if (due == nullptr) return;
    DRYWIRE_CHECK(due == request_.get());
    if (listener_.OnDeadline(now, due, actions) == Listener::RequestVerdict::kDelete) Forget();
    DRYWIRE_CHECK(listener_.NextDeadline() > now);
  }
  // Null when there is none.
  const Request* request() const { return request_.get(); }

 private:
  Listener::RequestVerdict WithoutRequest(Instant now, const Segment& segment,
                                          bool follows_time_wait, Request* cookie,
                                          Actions* actions) {
    switch (listener_.SegmentArrives(now, segment, follows_time_wait, actions)) {
      case Listener::Verdict::kDone:
        break;
      case Listener::Verdict::kAdmit:
        DRYWIRE_CHECK(!listener_.MustEvict());
        request_ = std::make_unique<Request>();
        listener_.Admit(now, segment, answer_, request_.get(), actions);
        break;
      case Listener::Verdict::kStateless:
        listener_.AnswerWithCookie(now, ConnectionId(), segment, answer_, actions);
        break;
      case Listener::Verdict::kCookie:
        return listener_.TakeCookie(now, ConnectionId(), segment, answer_, cookie, actions);
    }
    return Listener::RequestVerdict::kKeep;
  }
  void Forget() {
    if (request_ == nullptr) return;
    listener_.Forget(request_.get());
    request_.reset();
    DRYWIRE_CHECK(listener_.requests() == 0);
  }

  Rng rng_;
  SynCookies cookies_;
  Listener listener_;
  Listener::SynAnswer answer_;
  std::unique_ptr<Request> request_;
};

}  // namespace drywire

#endif  // DRYWIRE_TESTS_FUZZ_HALF_OPEN_H_
