// Two verbs to test TCP's state machine with: Inject() a segment, Expect() one. Segments are text
// (see stack/wire/segment_text.h), sequence numbers absolute: ours begin at 0, the peer's where the
// test says.
//
//   TcbHarness tcp(LinuxProfile());
//   tcp.SynSent();
//   tcp.Inject("R. 0:0(0) ack 1 win 0");
//   tcp.ExpectError(Cause::kRstInSynSent);
//
// Time is virtual; AdvanceTo() fires what is due on the way. The payload is zeros.
#ifndef DRYWIRE_TESTS_HARNESS_TCP_HARNESS_H_
#define DRYWIRE_TESTS_HARNESS_TCP_HARNESS_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/rng.h"
#include "stack/personality/profile.h"
#include "stack/tcp/listener.h"
#include "stack/tcp/tcb.h"
#include "stack/wire/segment_text.h"

namespace drywire {

// The segments that came out, and when.
class SegmentLog {
 public:
  void Take(Instant now, Actions& actions);
  // The oldest segment not yet looked at must match; `at` unless Never().
  void Expect(absl::string_view text, Instant at = kNever);
  void ExpectNothing();
  void Clear() { segments_.clear(); }
  // Removes and returns the oldest; fails when there is none.
  Segment Pop();
  size_t size() const { return segments_.size(); }

 private:
  struct Sent {
    Instant at;
    Segment segment;
  };
  std::deque<Sent> segments_;
};

class TcbHarness {
 public:
  explicit TcbHarness(Profile profile) : profile_(std::move(profile)), tcb_(&profile_.tcp) {}

  Tcb& tcb() { return tcb_; }
  Profile& profile() { return profile_; }
  Instant now() const { return now_; }
  TcpState state() const { return tcb_.state(); }

  // --- States, each built on the one before. What is sent on the way is not to be expected. ---
  void SynSent(uint16_t mss = 1460);
  void SynReceived();  // by crossed SYNs; peer's sequence numbers begin at 0
  // As client; no options but MSS unless `options` says otherwise ("mss 1460,nop,wscale 7").
  void Established(absl::string_view options = "mss 1460", uint16_t mss = 1460);
  void FinWait1();
  void FinWait2();
  void CloseWait();
  void Closing();
  void LastAck();
  // By name: for matrices. All but TIME-WAIT.
  void In(TcpState state);

  // --- Events ---
  void Inject(absl::string_view text);
  void Icmp(Cause cause, uint32_t quoted_seq, uint16_t mss = 0);
  void Send(size_t n, bool more = false);
  size_t Read(size_t n);
  void ShutdownSend();
  void Close();
  void Abort();
  void AdvanceTo(Duration since_start);
  void Advance(Duration d) { AdvanceTo(now_.since_start() + d); }

  // --- Outcomes ---
  void Expect(absl::string_view text) { log_.Expect(text); }
  void ExpectAt(Duration when, absl::string_view text) {
    log_.Expect(text, Instant::Zero() + when);
  }
  void ExpectNothing() { log_.ExpectNothing(); }
  // The connection ended with that cause (kNone: without an error).
  void ExpectError(Cause cause);
  void ExpectState(TcpState state);
  SegmentLog& log() { return log_; }
  bool established() const { return established_; }
  bool finished() const { return finished_; }
  bool time_wait() const { return time_wait_; }
  Cause error() const { return error_; }
  // Whether readers or writers were woken since this was last asked.
  bool TakeReadersWoken() { return std::exchange(readers_woken_, false); }
  bool TakeWritersWoken() { return std::exchange(writers_woken_, false); }
  Instant finished_at() const { return finished_at_; }

 private:
  void Perform();

  Profile profile_;
  Tcb tcb_;
  Instant now_;
  Actions actions_;
  SegmentLog log_;
  bool established_ = false;
  bool finished_ = false;
  bool time_wait_ = false;
  bool readers_woken_ = false;
  bool writers_woken_ = false;
  Instant finished_at_ = kNever;
  Cause error_ = Cause::kNone;
};

// A listener with its requests and the connections made of them, as stack/socket would keep them.
class ListenerHarness {
 public:
  explicit ListenerHarness(Profile profile, int64_t backlog = 8);

  Listener& listener() { return listener_; }
  Profile& profile() { return profile_; }
  TcpSettings& settings() { return settings_.Edit(); }

  // A segment from the peer's port `from`.
  void Inject(absl::string_view text, uint16_t from = 1000);
  void AdvanceTo(Duration since_start);
  void Expect(absl::string_view text) { log_.Expect(text); }
  void ExpectAt(Duration when, absl::string_view text) {
    log_.Expect(text, Instant::Zero() + when);
  }
  void ExpectNothing() { log_.ExpectNothing(); }
  SegmentLog& log() { return log_; }
  // Connections that wait for accept().
  std::vector<std::unique_ptr<Tcb>>& queued() { return queued_; }
  size_t requests() const { return requests_.size(); }
  Request* request(uint16_t from = 1000);
  void Accept();
  // An ICMP error about the SYN-ACK.
  void Icmp(Cause cause, uint32_t quoted_seq, uint16_t from = 1000);

 private:
  void Delete(Request* request);
  void Complete(const Request& request, Segment& segment);
  ConnectionId Id(uint16_t from) const;

  Profile profile_;
  SharedSettings settings_;
  Rng rng_;
  SynCookies cookies_;
  Listener listener_;
  Instant now_;
  Actions actions_;
  SegmentLog log_;
  std::vector<std::unique_ptr<Request>> requests_;
  std::vector<std::unique_ptr<Tcb>> queued_;
};

}  // namespace drywire

#endif  // DRYWIRE_TESTS_HARNESS_TCP_HARNESS_H_
