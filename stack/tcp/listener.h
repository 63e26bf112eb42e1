// A connection in LISTEN: half-open connections, SYN-ACK retransmission, SYN cookies, and how full
// the accept queue may be (RFC 9293 3.10.7.2 and the SYN-RECEIVED part of 3.10.7.4).
//
// Sans-IO like the Tcb. The owner (stack/socket) allocates the Requests, finds them by 4-tuple and
// makes sockets of those that are complete; how many wait for accept() is counted here, because
// both systems let it decide what happens to SYNs and final ACKs.
//
// What the owner does with a segment: it looks for a Request of that 4-tuple. If there is one,
// RequestArrives() says what becomes of it; on kComplete the owner makes a socket, has its Tcb
// Adopt() the request, gives the same segment to the Tcb, counts it with NoteQueued(), and deletes
// the request like on kDelete: Forget(), then free. If there is none, SegmentArrives() says what to
// do: kAdmit: allocate a Request, Admit() it (after evicting Oldest() while MustEvict());
// kStateless: AnswerWithCookie(); kCookie: TakeCookie() with a Request that is never admitted, and
// on kComplete as above. One timer for all: at NextDeadline(), call OnDeadline() for each
// NextDue(). When the listener closes, requests are forgotten silently and queued connections are
// aborted.
//
// The sockets that are complete are the owner's. FreeBSD's syncache is one table for all listeners;
// here each has its own with the same limit, and its hash buckets are not modelled: when it is full
// the oldest entry goes.
// Source: net/ipv4/{tcp_input,tcp_minisocks,inet_connection_sock}.c as observed on Linux 6.18;
// sys/netinet/tcp_syncache.c of FreeBSD 14.
#ifndef DRYWIRE_STACK_TCP_LISTENER_H_
#define DRYWIRE_STACK_TCP_LISTENER_H_

#include <array>
#include <cstdint>

#include "sim/core/intrusive_list.h"
#include "sim/core/time.h"
#include "stack/base/endpoint.h"
#include "stack/base/seq.h"
#include "stack/personality/cause.h"
#include "stack/personality/tcp_profile.h"
#include "stack/tcp/actions.h"
#include "stack/tcp/request.h"
#include "stack/tcp/settings.h"
#include "stack/tcp/syn_cookie.h"
#include "stack/wire/segment.h"

namespace drywire {

class Listener {
 public:
  // What the owner contributes to a SYN-ACK.
  struct SynAnswer {
    Seq iss;             // not used with a cookie
    uint16_t mss = 536;  // what the path's MTU leaves for a segment without options
    uint32_t ts_offset = 0;
  };
  enum class Verdict : uint8_t {
    kDone,       // dropped, or answered by `actions`
    kAdmit,      // a SYN to be kept: Admit() with a new Request
    kStateless,  // a SYN to be answered with a cookie: AnswerWithCookie()
    kCookie,     // an ACK that may return a cookie: TakeCookie()
  };
  enum class RequestVerdict : uint8_t {
    kKeep,
    kDelete,
    // The handshake is complete: Tcb::Adopt(), then give the segment to the Tcb. The request is to
    // be deleted.
    kComplete,
  };

  // All arguments outlive this; `settings` are the listening socket's.
  Listener(const TcpProfile* profile, const SharedSettings* settings, const SynCookies* cookies)
      : profile_(profile), settings_(settings), cookies_(cookies) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // listen(2)'s number after the system's clamping.
  void set_backlog(int64_t backlog) { backlog_ = backlog; }
  int64_t backlog() const { return backlog_; }

  // --- Accept queue: counted here, kept by the owner ---
  int64_t AcceptCapacity() const { return backlog_ * profile_->backlog_halves / 2 + 1; }
  bool AcceptQueueFull() const { return queued_ >= AcceptCapacity(); }
  void NoteQueued() { ++queued_; }
  void NoteAccepted() { --queued_; }
  int64_t queued() const { return queued_; }

  // --- Segments ---
  // A segment for the listener that matches no connection and no request. `follows_time_wait`: a
  // SYN that reopens a connection, which Linux never answers with a cookie.
  Verdict SegmentArrives(Instant now, const Segment& segment, bool follows_time_wait,
                         Actions* actions);
  // Fills in `request`, sends the SYN-ACK and begins its retransmission.
  void Admit(Instant now, const Segment& syn, const SynAnswer& answer, Request* request,
             Actions* actions);
  void AnswerWithCookie(Instant now, const ConnectionId& id, const Segment& syn,
                        const SynAnswer& answer, Actions* actions);
  // kComplete: `request` (not admitted here) stands for the connection whose cookie came back.
  // kDelete: it was none; a RST was sent where one is due.
  RequestVerdict TakeCookie(Instant now, const ConnectionId& id, const Segment& ack,
                            const SynAnswer& answer, Request* request, Actions* actions);
  // A segment of an admitted request's connection.
  RequestVerdict RequestArrives(Instant now, Request* request, const Segment& segment,
                                Actions* actions);
  // Takes a request off the books before its owner deletes it.
  void Forget(Request* request);
  // An ICMP error quotes a SYN-ACK: whether the request is to be deleted.
  bool IcmpKills(const Request& request, Cause cause, Seq quoted_seq) const;
  int64_t requests() const { return requests_; }
  // The request admitted first of those that timed out least, null when there is none: what a full
  // syncache gives up.
  Request* Oldest();
  // Whether Oldest() has to go before another one is admitted.
  bool MustEvict() const;
  void NoteEvicted(Instant now) { last_overflow_ = now; }

  // --- Time ---
  Instant NextDeadline();
  // The next request whose SYN-ACK timer is due at `now`, null when there is none. kKeep: the
  // SYN-ACK was sent again and the timer armed; kDelete: it has waited long enough.
  Request* NextDue(Instant now);
  RequestVerdict OnDeadline(Instant now, Request* request, Actions* actions);

 private:
  static constexpr int kLevels = 8;

  RequestVerdict LinuxRequest(Instant now, Request* request, const Segment& segment,
                              Actions* actions);
  RequestVerdict BsdRequest(Instant now, Request* request, const Segment& segment,
                            Actions* actions);
  HandshakeOptions Negotiate(const Segment& syn, const SynAnswer& answer) const;
  void FillRequest(Instant now, const Segment& segment, Seq irs, Seq iss,
                   const HandshakeOptions& options, Request* request) const;
  void SendSynAck(Instant now, const Request& request, Actions* actions) const;
  void SendAck(Instant now, const Request& request, Actions* actions) const;
  bool Limited(Instant now, Request* request, const Segment& segment) const;
  void Arm(Instant now, Request* request);
  int64_t MaxRetransmissions() const;
  bool SynQueueFull() const;
  const TcpSettings& settings() const { return **settings_; }

  const TcpProfile* profile_;
  const SharedSettings* settings_;
  const SynCookies* cookies_;
  int64_t backlog_ = 0;
  int64_t queued_ = 0;
  int64_t requests_ = 0;
  int64_t young_ = 0;  // requests whose SYN-ACK never timed out
  Instant last_overflow_ = Instant::FromNanos(-1'000'000'000'000'000);
  // By number of timeouts: within a level all wait equally long, so each is in order of deadline.
  std::array<IntrusiveList<Request, RequestTimerTag>, kLevels> waiting_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_LISTENER_H_
