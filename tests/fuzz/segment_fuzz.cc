// One connection, opened actively or by a listener, to which any segments, ICMP errors, calls and
// deadlines happen, until it is closed or its TIME-WAIT has ended: its variables keep their order,
// what it sends is well-formed, and it ends as it says.
#include <algorithm>
#include <optional>

#include "sim/core/check.h"
#include "stack/personality/profile.h"
#include "stack/tcp/tcb.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/half_open.h"
#include "tests/fuzz/random_seeds.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() { return RandomSeeds(24, 300); }

namespace {

constexpr uint32_t kIcmpCauses = static_cast<uint32_t>(Cause::kIcmp6ParameterProblem) -
                                 static_cast<uint32_t>(Cause::kIcmpNetUnreachable) + 1;

// The sysctls that decide which way a segment takes.
void ChooseSysctls(ByteSource& bytes, TcpProfile& tcp) {
  const uint16_t bits = bytes.Two();
  const auto bit = [&](int i) -> int64_t { return bits >> i & 1; };
  tcp.timestamps = bit(0);
  tcp.window_scaling = bit(1);
  tcp.sack = bit(2);
  tcp.insecure_rst = bit(3) & bit(4);
  tcp.insecure_syn = bit(3) & bit(5);
  tcp.drop_synfin = bit(6) & bit(7);
  tcp.tolerate_missing_ts = bit(7);
  tcp.abort_on_overflow = bit(8);
  tcp.syncookies = bit(9) + bit(10);
  tcp.syncookies_only = bit(9) & bit(11);
  tcp.rfc1337 = bit(11);
  tcp.icmp_may_rst = bit(12);
  tcp.fast_finwait2_recycle = bit(13);
  if (bit(14) != 0) tcp.retries2 = tcp.syn_retries = tcp.synack_retries = 2;
  if (bit(15) != 0) tcp.fin_timeout_s = 100;
}

class Victim {
 public:
  explicit Victim(ByteSource* bytes)
      : bytes_(*bytes),
        profile_(bytes->Flag() ? FreeBsdProfile() : LinuxProfile()),
        tcb_(&profile_.tcp) {
    ChooseSysctls(bytes_, profile_.tcp);
    ChooseSettings();
    Tcb::OpenParameters open;
    open.local_port = 1;
    open.remote_port = 2;
    open.mss = bytes_.Flag() ? 100 : 1460;
    open.iss = Seq(0xfffffff0u + bytes_.Byte());
    if (bytes_.Below(3) != 0) {
      tcb_.Connect(now_, open, &actions_);
    } else {
      half_open_.emplace(&profile_.tcp, &tcb_.shared_settings(),
                         Listener::SynAnswer{open.iss, open.mss, 0});
    }
    Check();
  }

  bool alive() const { return !over_; }

  void Step() {
    switch (bytes_.Below(12)) {
      case 0:
      case 1:
        if (connected()) Call();
        break;
      case 2:
        if (connected()) Tune();
        break;
      case 3:
        now_ = std::max(now_, std::min(NextDeadline(), now_ + Duration::Seconds(150)));
        OnDeadline();
        break;
      case 4:
        Icmp();
        break;
      case 5:
        now_ = now_ + Duration::Millis(bytes_.Byte());
        OnDeadline();
        break;
      default:
        Arrive();
    }
    Check();
  }

 private:
  // Not half-open and not in TIME-WAIT.
  bool connected() const { return !half_open_.has_value() && !entry_.has_value(); }

  void ChooseSettings() {
    const uint8_t bits = bytes_.Byte();
    TcpSettings& settings = tcb_.EditSettings();
    settings.no_delay = (bits & 1) != 0;
    settings.keepalive = (bits & 2) != 0;
    settings.user_timeout_ms = (bits & 4) != 0 ? 5000 : 0;
    settings.receive_buffer = (bits & 8) != 0 ? 4096 : 0;
    settings.linger2_s = (bits & 16) != 0 ? -1 : 0;
    settings.send_buffer = (bits & 32) != 0 ? 4096 : 0;
    settings.defer_accept = (bits & 64) != 0 ? 2 : 0;
    settings.quick_ack = (bits & 128) == 0;
    settings.oob_inline = (bits & 96) == 96;
  }

  // Up to the mark at most.
  void Read(size_t size) {
    uint8_t byte = 0;
    if (tcb_.HasUrgent()) (void)tcb_.TakeUrgent(size % 2 == 0, &byte);
    const Tcb::Stretch stretch = tcb_.NextStretch();
    DRYWIRE_CHECK(stretch.skip + stretch.text <= tcb_.Readable()) << "more than there is";
    DRYWIRE_CHECK(tcb_.InQueue() <= tcb_.Readable()) << "more than there is";
    if (stretch.skip != 0) tcb_.PassUrgent();
    tcb_.Consume(now_, size % (stretch.text + 1), &actions_);
  }

  void Call() {
    switch (bytes_.Below(6)) {
      case 0:
      case 1:
        if (!tcb_.send_shut() && !tcb_.orphan() && tcb_.SendRoom() > 0) {
          const size_t size = std::min<size_t>(tcb_.SendRoom(), 1u + bytes_.Two() % 5000);
          const uint8_t how = bytes_.Byte();
          if (how < 200) {
            tcb_.Send(now_, Bytes::Zeros(size), (how & 1) != 0, &actions_);
          } else {
            tcb_.Queue(Bytes::Zeros(size));
            tcb_.PushUrgent(now_, (how & 1) != 0, &actions_);
          }
        }
        break;
      case 2:
        Read(bytes_.Two());
        break;
      case 3:
        tcb_.ShutdownSend(now_, &actions_);
        break;
      case 4:
        if (!tcb_.orphan()) tcb_.ShutdownReceive(now_, &actions_);
        break;
      default: {
        const uint8_t how = bytes_.Byte();
        if (how == 255) {
          tcb_.Vanish();
          over_ = true;
        } else if (how > 250) {
          tcb_.Abort(now_, &actions_);
        } else if (!tcb_.orphan()) {
          tcb_.Close(now_, &actions_);
        }
      }
    }
  }

  // Options that change on the way, and what the host tells.
  void Tune() {
    TcpSettings& settings = tcb_.EditSettings();
    switch (bytes_.Below(6)) {
      case 0:
        settings.no_delay = bytes_.Flag();
        settings.cork = !settings.no_delay && bytes_.Flag();
        tcb_.Push(now_, settings.no_delay, &actions_);
        break;
      case 1:
        settings.keepalive = bytes_.Flag();
        settings.keep_idle_s = 1 + static_cast<int32_t>(bytes_.Below(10));
        tcb_.RearmKeepalive(now_);
        break;
      case 2:
        tcb_.SetQuickAck(now_, bytes_.Flag(), &actions_);
        break;
      case 3:
        tcb_.FollowPath(static_cast<uint16_t>(1 + bytes_.Two() % 2000));
        break;
      case 4:
        tcb_.NoteSendFailure(Cause::kNoRoute);
        break;
      default:
        settings.user_timeout_ms = bytes_.Two();
        (void)tcb_.TakeSoftError();
    }
  }

  Instant NextDeadline() {
    if (entry_.has_value()) return entry_->deadline();
    return half_open_.has_value() ? half_open_->NextDeadline() : tcb_.NextDeadline();
  }

  void OnDeadline() {
    if (NextDeadline() > now_) return;
    if (entry_.has_value()) {
      entry_->Expire();
      over_ = true;
    } else if (half_open_.has_value()) {
      half_open_->OnDeadline(now_, &actions_);
    } else {
      tcb_.OnDeadline(now_, &actions_);
    }
  }

  void Icmp() {
    const Cause cause = static_cast<Cause>(static_cast<int>(Cause::kIcmpNetUnreachable) +
                                           static_cast<int>(bytes_.Below(kIcmpCauses)));
    const Seq seq = Near(Unacknowledged());
    const uint16_t mss = bytes_.Two();
    const bool inside_connect = bytes_.Below(8) == 0;
    if (half_open_.has_value()) {
      half_open_->IcmpArrives(cause, seq);
    } else if (!entry_.has_value()) {
      tcb_.IcmpArrives(now_, cause, seq, mss, &actions_, inside_connect);
    }
  }

  Seq Near(Seq seq) {
    const uint8_t how = bytes_.Byte();
    if (how < 128) return seq + (how % 5) - 2;
    if (how < 220) return seq + bytes_.Two() - 0x8000u;
    return Seq(bytes_.Four());
  }

  // What the other side should send and acknowledge next.
  const Request* request() const {
    return half_open_.has_value() ? half_open_->request() : nullptr;
  }
  Seq Expected() const { return request() != nullptr ? request()->irs + 1 : tcb_.rcv_nxt(); }
  Seq Unacknowledged() const { return request() != nullptr ? request()->iss : tcb_.snd_una(); }
  Seq Sent() const {
    if (half_open_.has_value()) return request() != nullptr ? request()->iss + 1 : cookie_;
    return tcb_.snd_max();
  }

  Segment ReadSegment() {
    Segment segment;
    segment.source_port = 2;
    segment.destination_port = 1;
    const uint8_t flags = bytes_.Byte();
    segment.flags = flags & 0x1f;
    // Most segments have an ACK, or nothing would ever be established.
    if ((flags & 0x20) != 0) segment.flags |= kAck;
    segment.seq = (flags & 0x40) != 0 ? Expected() : Near(Expected());
    segment.ack = (flags & 0x80) != 0 ? Sent() : Near(Unacknowledged());
    segment.window = bytes_.Two();
    const uint8_t more = bytes_.Byte();
    if ((more & 1) != 0) segment.payload = Bytes::Zeros(bytes_.Two() % 3000);
    if ((more & 2) != 0) {
      segment.options.has_mss = true;
      segment.options.mss = bytes_.Two();
    }
    if ((more & 4) != 0) {
      segment.options.has_window_scale = true;
      segment.options.window_scale = bytes_.Byte();
    }
    segment.options.sack_permitted = (more & 8) != 0;
    if ((more & 16) != 0) {
      segment.options.has_timestamps = true;
      // Most are newer than the ones before.
      clock_ += bytes_.Byte();
      segment.options.ts_val = (more & 32) != 0 ? bytes_.Four() : clock_;
      segment.options.ts_ecr = (more & 64) != 0 ? echo_ : bytes_.Byte();
    }
    return segment;
  }

  void Arrive() {
    Segment segment = ReadSegment();
    if (entry_.has_value()) {
      switch (entry_->SegmentArrives(now_, segment, &actions_)) {
        case TimeWait::Verdict::kStay:
          break;
        case TimeWait::Verdict::kEnd:
          over_ = true;
          break;
        case TimeWait::Verdict::kReopen:
          over_ = entry_->ReopenRefused(now_, &actions_) == TimeWait::Verdict::kEnd;
      }
    } else if (half_open_.has_value()) {
      if (half_open_->SegmentArrives(now_, segment, bytes_.Below(8) == 0, &tcb_, &actions_)) {
        half_open_.reset();
      }
    } else {
      tcb_.SegmentArrives(now_, segment, &actions_);
    }
  }

  void CheckSegments() {
    for (const Segment& segment : actions_.segments) {
      DRYWIRE_CHECK(segment.source_port == 1 && segment.destination_port == 2);
      DRYWIRE_CHECK(segment.payload.size() <= 65535);
      DRYWIRE_CHECK(segment.options.EncodedLength() <= 40);
      DRYWIRE_CHECK(segment.Has(kSyn | kRst | kAck));
      DRYWIRE_CHECK(!segment.Has(kSyn) || segment.payload.empty());
      DRYWIRE_CHECK(!segment.Has(kRst) || segment.Length() == 0);
      if (segment.options.has_timestamps) echo_ = segment.options.ts_val;
      if (segment.Has(kSyn)) cookie_ = segment.seq + 1;
    }
    DRYWIRE_CHECK(actions_.segments.size() <= 2000) << TcpStateName(tcb_.state());
  }

  void Check() {
    CheckSegments();
    DRYWIRE_CHECK(tcb_.snd_una().AtOrBefore(tcb_.snd_nxt()));
    DRYWIRE_CHECK(tcb_.snd_nxt().AtOrBefore(tcb_.snd_max()));
    DRYWIRE_CHECK(!actions_.finished || tcb_.state() == TcpState::kClosed);
    DRYWIRE_CHECK(actions_.error == Cause::kNone || actions_.finished);
    DRYWIRE_CHECK(!actions_.finished || !actions_.time_wait);
    DRYWIRE_CHECK(over_ || NextDeadline() > now_ || connected());
    if (actions_.time_wait) {
      entry_ = tcb_.MakeTimeWait(now_);
      DRYWIRE_CHECK(entry_->deadline() > now_);
    }
    over_ |= actions_.finished;
    if (actions_.finished) DRYWIRE_CHECK(tcb_.NextDeadline().is_never());
    if (!over_ && connected()) DRYWIRE_CHECK(tcb_.state() != TcpState::kClosed);
    actions_.Clear();
  }

  ByteSource& bytes_;
  Profile profile_;
  Tcb tcb_;
  std::optional<HalfOpen> half_open_;
  std::optional<TimeWait> entry_;
  Actions actions_;
  Instant now_;
  Seq cookie_;          // what the last SYN-ACK waits for
  uint32_t clock_ = 0;  // of the other side
  uint32_t echo_ = 0;   // the last timestamp sent
  bool over_ = false;
};

}  // namespace
}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  drywire::ByteSource bytes(data, size);
  drywire::Victim victim(&bytes);
  while (!bytes.empty() && victim.alive()) victim.Step();
  return 0;
}
