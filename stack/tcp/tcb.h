// The transmission control block: one TCP connection, sans-IO (RFC 9293).
//
// Everything comes in as an argument (the time, segments, ICMP errors, calls of the program) and
// everything that should happen goes out through Actions; NextDeadline() tells when to call
// OnDeadline(). Variables have the RFC's names. What differs between systems is asked of the
// TcpProfile, never of a name. Half-open connections of a listener are Requests (listener.h),
// TIME-WAIT is a compact entry (time_wait.h).
//
// Left out: ECN, Fast Open, fast retransmit and recovery (lost data comes back by a tail loss probe
// or a timeout, from SND.UNA on), receive buffer auto-tuning, path MTU black hole probing.
// Source: RFC 9293, 5961, 6298, 7323; Linux 6.18 as observed, FreeBSD 14's sys/netinet.
#ifndef DRYWIRE_STACK_TCP_TCB_H_
#define DRYWIRE_STACK_TCP_TCB_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/core/time.h"
#include "stack/base/bytes.h"
#include "stack/base/seq.h"
#include "stack/personality/cause.h"
#include "stack/personality/tcp_profile.h"
#include "stack/tcp/ack_state.h"
#include "stack/tcp/actions.h"
#include "stack/tcp/byte_queue.h"
#include "stack/tcp/congestion.h"
#include "stack/tcp/reassembly.h"
#include "stack/tcp/request.h"
#include "stack/tcp/rto.h"
#include "stack/tcp/sack_report.h"
#include "stack/tcp/send_times.h"
#include "stack/tcp/settings.h"
#include "stack/tcp/state.h"
#include "stack/tcp/time_wait.h"
#include "stack/tcp/urgent.h"
#include "stack/wire/segment.h"

namespace drywire {

class Tcb {
 public:
  // What an active OPEN needs to know.
  struct OpenParameters {
    uint16_t local_port = 0;
    uint16_t remote_port = 0;
    uint16_t mss = 536;  // what the path's MTU leaves for a segment without options
    Seq iss;
    uint32_t ts_offset = 0;
  };

  // `profile` is the host's own and outlives this.
  explicit Tcb(const TcpProfile* profile) : profile_(profile) {}
  Tcb(const Tcb&) = delete;
  Tcb& operator=(const Tcb&) = delete;

  // Back to CLOSED as if new; settings stay.
  void Reset();

  TcpState state() const { return state_; }
  const TcpSettings& settings() const { return *settings_; }
  // To change them, for this connection alone.
  TcpSettings& EditSettings() { return settings_.Edit(); }
  const SharedSettings& shared_settings() const { return settings_; }
  void set_settings(const SharedSettings& settings) { settings_ = settings; }
  const TcpProfile& profile() const { return *profile_; }

  // --- Opening (RFC 9293 3.10.1) ---
  // Active OPEN, from CLOSED or LISTEN: sends the SYN.
  void Connect(Instant now, const OpenParameters& open, Actions* actions);
  // Passive OPEN, from CLOSED. The segments for it go to a Listener.
  void Listen() { Apply(TcpEvent::kPassiveOpen); }
  // Makes this, CLOSED, the connection that `request` was: in SYN-RECEIVED, with the SYN-ACK sent.
  // The segment that completes the handshake is then given to SegmentArrives().
  void Adopt(Instant now, const Request& request);

  // --- Sending (3.10.2) ---
  // Bytes that Send() would take now: after them there may be room for more (TCP_NOTSENT_LOWAT).
  // `urgent`: BSD has more room for what is (sosend_generic).
  size_t SendRoom(bool urgent = false) const;
  // BSD refuses more of it then rather than let the program wait (tcp_usr_send).
  bool TooFullForUrgent() const;
  // Whether poll() should call it writable, as far as buffer space goes.
  bool HasWriteSpace() const;
  // Queues `data`, at most SendRoom() bytes, and sends what may be sent. `more`: more follows soon
  // (MSG_MORE). Allowed unless the sending direction was closed.
  void Send(Instant now, Bytes data, bool more, Actions* actions);
  // Only queues it.
  void Queue(Bytes data) { send_queue_.Append(std::move(data)); }
  // What is queued is urgent up to its end (MSG_OOB), and sent as Send() would.
  void PushUrgent(Instant now, bool more, Actions* actions);
  // What is queued ends a record (MSG_EOR): Linux puts nothing that follows into the same segment.
  void EndRecord();
  // Bytes not yet acknowledged, sent or not.
  size_t Unacknowledged() const { return send_queue_.size(); }
  // SIOCOUTQ. Linux takes the difference of two sequence numbers, so that a FIN counts, and of a
  // connection that has ended what was left.
  size_t OutQueue() const;
  // SIOCOUTQNSD: the part of it that was never sent.
  size_t OutQueueNotSent() const;
  // The program has more, but there is no room: what was taken goes (tcp_push).
  void PushTaken(Instant now, Actions* actions);
  // After settings().no_delay was set or cork cleared: sends what was held back; `all`: even what
  // a cork holds.
  void Push(Instant now, bool all, Actions* actions);

  // --- Receiving (3.10.3) ---
  size_t Readable() const { return receive_queue_.size(); }
  // Copies without consuming.
  size_t Peek(size_t offset, void* out, size_t n) { return receive_queue_.CopyOut(offset, out, n); }
  // What one recv() may take: `text` bytes, after `skip` ones that are out of line. It goes no
  // further than the mark, and `ends` when it goes as far.
  struct Stretch {
    size_t skip = 0;
    size_t text = 0;
    bool ends = false;
  };
  // `passes_mark`: a call that begins at the mark goes on behind it.
  Stretch NextStretch(bool passes_mark = true) const;
  // The skipped byte is gone.
  void PassUrgent();
  // BSD: who only looked at what is behind the mark stands at it no more.
  void LeaveMark();
  size_t InQueue() const;  // FIONREAD
  bool AtMark() const;     // SIOCATMARK
  bool HasUrgent() const;  // POLLPRI
  // recv(MSG_OOB): kNone, kNoUrgentData, kUrgentDataUnderWay.
  Cause TakeUrgent(bool peek, uint8_t* byte);
  // The program took n bytes; may announce a larger window.
  void Consume(Instant now, size_t n, Actions* actions);
  // The peer's FIN has been reached by what arrived in order.
  bool fin_received() const { return fin_received_; }
  bool receive_shut() const { return receive_shut_; }
  bool send_shut() const { return fin_queued_; }

  // --- Closing (3.10.4, 3.10.5) ---
  // shutdown(SHUT_WR): FIN after what is queued. No effect when already closed in this direction or
  // in a state without one.
  void ShutdownSend(Instant now, Actions* actions);
  // shutdown(SHUT_RD). Nothing goes on the wire.
  void ShutdownReceive(Instant now, Actions* actions);
  // close(): the program is gone; what it did not read is thrown away. The connection goes on by
  // itself until `finished` or `time_wait`.
  void Close(Instant now, Actions* actions);
  // ABORT: RST where the state calls for one, then CLOSED. No error is reported.
  void Abort(Instant now, Actions* actions);
  // The host lost power or the like: CLOSED, silently.
  void Vanish();
  // Whether everything sent, FIN included, has been acknowledged (SO_LINGER waits for it).
  bool Drained() const;
  bool orphan() const { return orphan_; }

  // --- Arrivals (3.10.7) ---
  // Takes the payload out of `segment`. Not in LISTEN or TIME-WAIT.
  void SegmentArrives(Instant now, Segment& segment, Actions* actions);
  // An ICMP error that quotes a segment of this connection. `mtu`: of the next hop, for
  // kIcmpFragmentationNeeded; `mss`: what that leaves for a segment without options.
  // `inside_connect`: see TcpProfile::icmp_is_soft_inside_connect.
  void IcmpArrives(Instant now, Cause cause, Seq quoted_seq, uint16_t mss, Actions* actions,
                   bool inside_connect = false);
  // Whether an ICMP error with that quotation is about something under way (RFC 5927 4.1).
  bool IcmpIsGenuine(Seq quoted_seq) const;
  // The route has another MTU now; what is sent from here on goes by it.
  void FollowPath(uint16_t mss);
  // Something was acknowledged: Linux forgets its soft error (tcp_ack).
  void NoteProgress() {
    if (profile_->icmp_is_soft_inside_connect) soft_error_ = Cause::kNone;
  }
  bool has_soft_error() const { return soft_error_ != Cause::kNone; }
  // The soft error of the connection, which is thereby cleared (SO_ERROR); kNone when there is
  // none.
  Cause TakeSoftError();
  // A segment could not be sent (no route, no neighbour): remembered as BSD does.
  void NoteSendFailure(Cause cause);

  // The new text, or FIN, that `sent` has from `seq` on was refused on its way out, by the firewall
  // or because the device's queue was full. On Linux it was never sent then, and is tried again as
  // if the window were closed; see TcpProfile::refused_is_unsent.
  void TakeBack(Instant now, Seq seq, bool queue_full, const Actions& sent);

  // --- Time ---
  Instant NextDeadline() const;
  // Handles everything due at or before `now`.
  void OnDeadline(Instant now, Actions* actions);
  // SO_KEEPALIVE or its parameters changed.
  void RearmKeepalive(Instant now);
  // TCP_QUICKACK.
  void SetQuickAck(Instant now, bool on, Actions* actions);
  bool quick_ack() const { return !ack_.pingpong; }

  // Requires that Actions::time_wait was just set.
  TimeWait MakeTimeWait(Instant now) const;

  // --- For TCP_INFO, state dumps and tests ---
  uint16_t local_port() const { return local_port_; }
  uint16_t remote_port() const { return remote_port_; }
  Seq snd_una() const { return snd_una_; }
  Seq snd_nxt() const { return snd_nxt_; }
  Seq snd_max() const { return snd_max_; }
  uint32_t snd_wnd() const { return snd_wnd_; }
  Seq iss() const { return iss_; }
  Seq rcv_nxt() const { return rcv_nxt_; }
  uint32_t rcv_wnd() const { return rcv_wnd_; }
  Seq irs() const { return irs_; }
  // Largest payload of a segment now.
  uint32_t SendMss() const;
  uint16_t advertised_mss() const { return mss_; }
  uint32_t receive_mss() const { return ack_.rcv_mss; }
  Duration ack_timeout() const { return ack_.ato; }
  // When text last went out and came in, or the connection opened; when a segment last arrived.
  Instant last_sent_at() const { return last_sent_at_; }
  Instant last_received_at() const { return ack_.last_received; }
  Instant last_heard() const { return last_heard_; }
  const RttEstimator& rtt() const { return rtt_; }
  const Congestion& congestion() const { return congestion_; }
  Duration CurrentRto() const { return rtt_.BackedOff(*profile_, backoff_); }
  int retransmits() const { return retransmits_; }
  int backoff() const { return backoff_; }
  int probes_out() const { return probes_out_; }
  bool timestamps_on() const { return ts_on_; }
  bool sack_on() const { return sack_on_; }
  bool window_scaling_on() const { return wscale_on_; }
  uint8_t snd_wscale() const { return snd_wscale_; }
  uint8_t rcv_wscale() const { return rcv_wscale_; }
  uint64_t bytes_acked() const { return bytes_acked_; }
  uint64_t bytes_received() const { return bytes_received_; }
  // SO_SNDBUF and SO_RCVBUF as they read back.
  uint32_t SendBuffer() const;
  uint32_t ReceiveBuffer() const;
  // TCP_WINDOW_CLAMP: the largest window that may be announced.
  uint32_t WindowClamp() const { return FullSpace(); }

 private:
  using Timer = SendTimer;
  // Whether a segment stays under consideration.
  enum class Check : uint8_t { kDrop, kPass };

  // What a connection needs only once something was lost, repeated, forged or held back, a record
  // was ended or something was urgent.
  struct Trouble {
    Instant probes_since;  // when window probes began
    Instant last_oow_ack = Instant::FromNanos(-1'000'000'000'000);
    Seq probe_high;  // SND.MAX when the tail loss probe was sent
    Seq loss_high;   // SND.MAX at the last timeout
    SackBlock duplicate;
    std::vector<Seq> record_ends;  // that are not acknowledged
    SendTimes send_times;          // after what is being timed, while that is in flight
    uint8_t challenges = 0;        // in the present ack_war_timewindow
    Urgent urgent;
    SackReport sack_report;  // BSD
  };
  Trouble& MakeTrouble() {
    if (trouble_ == nullptr) trouble_ = std::make_unique<Trouble>();
    return *trouble_;
  }
  const Trouble& trouble() const {
    static constexpr Trouble kNone;
    return trouble_ != nullptr ? *trouble_ : kNone;
  }

  // The only place that assigns the state.
  void Apply(TcpEvent event);

  // tcb.cc
  void SendSyn(Instant now, Actions* actions);
  void FillSynOptions(Segment* segment) const;
  void TakeSynOptions(const Segment& segment, Instant now);
  void BecomeEstablished(Instant now, Actions* actions);
  void SynAcked(Instant now);
  // To CLOSED by `event`; `error` is reported.
  void Die(TcpEvent event, Cause error, Actions* actions);
  void EnterTimeWait(Actions* actions);
  void EnterFinWait2(Instant now, const Segment* segment, Actions* actions);
  void StopTimers();
  bool NeedsReset() const;
  void SendActiveReset(Instant now, Actions* actions);
  // The RST that answers `segment` (3.10.7.1); nothing for a RST.
  void ResetFor(const Segment& segment, Actions* actions) const;

  // segment_arrives.cc
  void ArrivesInSynSent(Instant now, Segment& segment, Actions* actions);
  void TakeSynAck(Instant now, Segment& segment, Actions* actions);
  void TakeCrossedSyn(Instant now, Segment& segment, Actions* actions);
  void ArrivesOtherwise(Instant now, Segment& segment, Actions* actions);
  // `window`: of the segment, scaled.
  Check CheckAck(Instant now, const Segment& segment, uint32_t window, Actions* actions);
  Check CheckAckInSynReceived(Instant now, const Segment& segment, uint32_t window,
                              Actions* actions);
  Check CheckText(Instant now, const Segment& segment, Actions* actions);
  void TakeText(Instant now, Segment& segment, Actions* actions);
  void Deliver(Instant now, Bytes text, bool pushed);
  bool DrainReassembly(Instant now);
  void TakeFin(Instant now, Actions* actions);
  void Finish(Instant now, Actions* actions);

  // acceptance.cc
  void CheckReset(Instant now, const Segment& segment, Actions* actions);
  Check CheckSyn(Instant now, Segment& segment, Actions* actions);
  Check CheckTimestamps(Instant now, const Segment& segment, Actions* actions);
  Check CheckSequence(Instant now, Segment& segment, Actions* actions);
  Check TrimToWindow(Instant now, Segment& segment, Actions* actions);
  bool MayChallenge(Instant now);
  void Challenge(Instant now, Actions* actions);
  void AnswerUnacceptable(Instant now, const Segment& segment, Actions* actions);
  Cause ResetCause() const;

  // sender.cc
  Seq QueueEnd() const;   // sequence number after the last queued byte
  Seq QueueBase() const;  // of the first queued byte
  void Output(Instant now, Actions* actions);
  // TCP_NOTSENT_LOWAT or its sysctl is set.
  bool LimitsUnsent() const { return settings_->NotsentLowat(*profile_) != UINT32_MAX; }
  void PushQueued(Instant now, bool more, Actions* actions);
  uint32_t Unsent() const;  // bytes that were never sent
  uint32_t SizeGoal() const;
  size_t BufferRoom(size_t extra = 0) const;  // what SO_SNDBUF leaves
  // Where the record ends that the next segment begins in; QueueEnd() if nowhere before.
  Seq RecordEnd(Seq from) const;
  bool EndsRecord(Seq seq) const;
  uint32_t NextText(uint32_t mss) const;
  uint32_t NextLength(uint32_t unsent, uint32_t usable, bool idle, bool burst, bool fin) const;
  bool NagleHolds(bool idle) const;
  bool FinDue() const;
  class Burst;
  uint32_t BurstLimit() const;
  void NoteSendTime(Instant now, Seq seq);
  void StopTiming();
  void EmitData(Instant now, uint32_t length, bool fin, Actions* actions);
  void FillHeader(Instant now, uint8_t flags, Segment* segment);
  void FillTimestamps(Instant now, Segment* segment) const;
  void SendAck(Instant now, Actions* actions);
  void SendAckAt(Instant now, Seq seq, Actions* actions);
  void AcknowledgeUpTo(Instant now, Seq ack, const Segment& segment, Actions* actions);
  // Whether the ACK gave a valid sample.
  bool MeasureRtt(Instant now, Seq ack, const Segment& segment);
  void ArmRetransmit(Instant now);
  // `sent_new`: what was never sent before has just gone out.
  void RearmSendTimer(Instant now, bool sent_new = false);
  uint32_t FlightSegments() const;

  // loss_probe.cc
  bool MayProbe() const;
  void ArmLossProbe(Instant now, Duration rto);
  void ArmAfterAck(Instant now);
  void OnLossProbeTimeout(Instant now, Actions* actions);
  void RefuseLossProbe(Instant now);
  void ArmAfterProbe(Instant now);
  bool SendLossProbe(Instant now, Actions* actions);
  void CheckProbeAnswer(const Segment& segment, bool advances, bool new_window);

  // receiver.cc
  uint32_t BufferSpace() const;
  uint32_t FullSpace() const;
  uint32_t FreeSpace() const;
  uint32_t InitialWindow(uint32_t mss) const;
  uint8_t ChooseWindowScale() const;
  uint16_t AnnounceWindow();
  uint32_t LinuxWindow() const;
  uint32_t BsdWindow() const;
  Seq RightEdge() const { return rcv_wup_ + rcv_wnd_; }
  uint32_t AnnouncedWindow() const;  // what is left of it
  // Where the window ends that segments are judged by: on FreeBSD also what there is room for
  // though it was never announced (tcp_do_segment).
  Seq AcceptedEdge() const;
  void DataArrived(Instant now, uint32_t length, bool pushed);
  bool WindowUpdateDue() const;
  void NoteDuplicate(Seq left, Seq right);
  void NoteArrival(Seq start, uint32_t length, bool advanced);
  void FillSackBlocks(TcpOptions* options);
  void EnterQuickAck();
  void IncreaseQuickAck();
  void CheckAckNeeded(Instant now, bool out_of_order, Actions* actions);
  void ScheduleDelayedAck(Instant now, Actions* actions);
  void AckSent();

  // urgent.cc
  Seq ReadSeq() const;  // of the first byte that was not read
  void FillUrgent(Segment* segment) const;
  void CheckUrgent(const Segment& segment, Actions* actions);
  void CheckUrgentBsd(const Segment& segment, Actions* actions);
  void NoteUrgentPointer(const Segment& segment);
  void AppendWithoutUrgent(Seq start, Bytes text);
  void NoteReading(size_t n);

  // timeouts.cc
  void OnRetransmitTimeout(Instant now, Actions* actions);
  bool HasTimedOut(Instant now, Cause* cause) const;
  bool RetransmissionsTookTooLong(Instant now, int64_t boundary) const;
  void OnPersistTimeout(Instant now, Actions* actions);
  void SendProbe(Instant now, Actions* actions);
  bool WakeUpWrite(Instant now, Actions* actions);
  void OnDelayedAckTimeout(Instant now, Actions* actions);
  void OnKeepaliveTimeout(Instant now, Actions* actions);
  void OnLingerTimeout(Instant now, Actions* actions);
  void RetransmitSyn(Instant now, Actions* actions);
  Duration ClampToUserTimeout(Instant now, Duration rto) const;
  Duration PersistInterval() const;
  void BackOffPersist();
  void ArmPersist(Instant now, Duration interval);
  void TimeOut(Instant now, Cause cause, bool reset, Actions* actions);

  uint32_t TsValue(Instant now) const {
    return static_cast<uint32_t>(now.nanos() / 1'000'000) + ts_offset_;
  }

  const TcpProfile* profile_;
  SharedSettings settings_;

  uint16_t local_port_ = 0;
  uint16_t remote_port_ = 0;
  TcpState state_ = TcpState::kClosed;
  Timer timer_ = Timer::kNone;

  // Send sequence variables.
  Seq snd_una_;
  Seq snd_nxt_;  // what is sent next: falls back to SND.UNA on a retransmission timeout
  Seq snd_max_;  // what was never sent yet: the RFC's SND.NXT in all comparisons
  uint32_t snd_wnd_ = 0;
  Seq snd_wl1_;
  Seq snd_wl2_;
  Seq iss_;
  Seq snd_sml_;              // end of the last small segment sent (Minshall)
  Seq pushed_seq_;           // Linux: up to here PSH was set
  uint32_t max_window_ = 0;  // the largest window the peer ever announced
  // Receive sequence variables.
  Seq rcv_nxt_;
  uint32_t rcv_wnd_ = 0;  // as announced with the last ACK
  Seq rcv_wup_;           // RCV.NXT in the last ACK sent
  Seq irs_;
  uint32_t rcv_ssthresh_ = 0;  // Linux: slow start of the announced window

  uint16_t mss_ = 536;       // announced to the peer
  uint16_t path_mss_ = 536;  // what the path allows
  uint16_t peer_mss_ = 536;  // announced by the peer
  uint8_t snd_wscale_ = 0;
  uint8_t rcv_wscale_ = 0;
  bool wscale_on_ : 1 = false;
  bool ts_on_ : 1 = false;
  bool sack_on_ : 1 = false;
  bool syn_acked_ : 1 = false;
  bool fin_queued_ : 1 = false;
  bool fin_received_ : 1 = false;
  bool receive_shut_ : 1 = false;
  bool orphan_ : 1 = false;
  bool rtt_timing_ : 1 = false;
  bool more_coming_ : 1 = false;    // for the length of a Send()
  bool tail_unpushed_ : 1 = false;  // the last Send() said that more was coming
  bool push_all_ : 1 = false;       // for the length of a Push()
  bool in_loss_ : 1 = false;        // since a timeout, until Trouble::loss_high is acknowledged
  bool probe_out_ : 1 = false;      // a tail loss probe was sent, see CheckProbeAnswer()
  bool probe_repeats_ : 1 = false;
  bool dsack_ : 1 = false;         // the next segment tells of a duplicate; BSD: of anything
  bool urgent_out_ : 1 = false;    // what is urgent and sent is not acknowledged
  bool urgent_in_ : 1 = false;     // there is a mark that was not passed
  bool urgent_pulls_ : 1 = false;  // see Urgent::pulled

  uint8_t retransmits_ = 0;  // timeouts in a row
  uint8_t backoff_ = 0;
  uint8_t total_rto_ = 0;
  uint8_t probes_out_ = 0;

  uint32_t ts_recent_ = 0;
  uint32_t ts_offset_ = 0;
  Instant ts_recent_at_;  // Never() means: ts_recent_ is not valid
  // When the SYN was first sent; afterwards, when the present series of retransmissions began.
  Instant retrans_stamp_;
  Instant last_heard_;  // when a segment last arrived
  Instant rtt_start_;
  Seq rtt_seq_;

  Instant timer_at_ = kNever;
  Instant keepalive_at_ = kNever;
  Instant linger_at_ = kNever;  // FIN-WAIT-2; FreeBSD's connection establishment timer

  // For the tail loss probe.
  Instant head_sent_at_;  // when what is at SND.UNA was last sent
  Instant last_sent_at_;
  Seq last_start_;  // of the last segment before SND.MAX

  Cause soft_error_ = Cause::kNone;
  AckState ack_;
  RttEstimator rtt_;
  Congestion congestion_;
  ByteQueue send_queue_;
  ByteQueue receive_queue_;
  std::unique_ptr<Reassembly> reassembly_;  // only while something is out of order
  std::unique_ptr<Trouble> trouble_;        // made when it is needed
  uint64_t bytes_acked_ = 0;
  uint64_t bytes_received_ = 0;
};

// The RST that RFC 9293 3.10.7.1 prescribes for a segment that belongs to no connection, with ports
// swapped. False, and `reset` is untouched, for a RST.
bool MakeResetFor(const Segment& segment, Segment* reset);

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_TCB_H_
