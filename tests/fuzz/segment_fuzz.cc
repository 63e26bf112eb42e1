// One Tcb, in any state, to which any segments, ICMP errors, calls and deadlines happen: its
// variables keep their order, what it sends is well-formed, and it ends as it says.
#include <algorithm>

#include "sim/core/check.h"
#include "stack/personality/profile.h"
#include "stack/tcp/tcb.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/random_seeds.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() { return RandomSeeds(24, 300); }

namespace {

class Victim {
 public:
  explicit Victim(ByteSource* bytes)
      : bytes_(*bytes),
        profile_(bytes->Flag() ? FreeBsdProfile() : LinuxProfile()),
        tcb_(&profile_.tcp) {
    const uint8_t settings = bytes_.Byte();
    tcb_.settings().no_delay = (settings & 1) != 0;
    tcb_.settings().keepalive = (settings & 2) != 0;
    tcb_.settings().user_timeout_ms = (settings & 4) != 0 ? 5000 : 0;
    tcb_.settings().receive_buffer = (settings & 8) != 0 ? 4096 : 0;
    tcb_.settings().linger2_s = (settings & 16) != 0 ? -1 : 0;
    Tcb::OpenParameters open;
    open.local_port = 1;
    open.remote_port = 2;
    open.mss = (settings & 32) != 0 ? 100 : 1460;
    open.iss = Seq(0xfffffff0u + bytes_.Byte());
    tcb_.Connect(now_, open, &actions_);
    Check();
  }

  bool alive() const { return !over_; }

  void Step() {
    switch (bytes_.Below(10)) {
      case 0:
        if (!tcb_.send_shut() && !tcb_.orphan() && tcb_.SendRoom() > 0) {
          const size_t size = std::min<size_t>(tcb_.SendRoom(), 1u + bytes_.Two() % 5000);
          tcb_.Send(now_, Bytes::Zeros(size), bytes_.Flag(), &actions_);
        }
        break;
      case 1:
        tcb_.Consume(now_, bytes_.Two() % (tcb_.Readable() + 1), &actions_);
        break;
      case 2:
        if (bytes_.Flag()) {
          tcb_.ShutdownSend(now_, &actions_);
        } else if (!tcb_.orphan()) {
          tcb_.Close(now_, &actions_);
        }
        break;
      case 3:
        now_ = std::max(now_, std::min(tcb_.NextDeadline(), now_ + Duration::Seconds(150)));
        tcb_.OnDeadline(now_, &actions_);
        break;
      case 4: {
        const Cause cause = static_cast<Cause>(static_cast<int>(Cause::kIcmpNetUnreachable) +
                                               static_cast<int>(bytes_.Below(kIcmpCauses)));
        const Seq seq = Near(tcb_.snd_una());
        tcb_.IcmpArrives(now_, cause, seq, bytes_.Two(), &actions_);
        break;
      }
      case 5:
        now_ = now_ + Duration::Millis(bytes_.Byte());
        break;
      default:
        Inject();
    }
    Check();
  }

 private:
  static constexpr uint32_t kIcmpCauses = static_cast<uint32_t>(Cause::kIcmp6ParameterProblem) -
                                          static_cast<uint32_t>(Cause::kIcmpNetUnreachable) + 1;

  Seq Near(Seq seq) {
    const uint8_t how = bytes_.Byte();
    if (how < 128) return seq + (how % 5) - 2;
    if (how < 220) return seq + bytes_.Two() - 0x8000u;
    return Seq(bytes_.Four());
  }

  void Inject() {
    Segment segment;
    segment.source_port = 2;
    segment.destination_port = 1;
    const uint8_t flags = bytes_.Byte();
    segment.flags = flags & 0x1f;
    // Most segments have an ACK, or nothing would ever be established.
    if ((flags & 0x20) != 0) segment.flags |= kAck;
    segment.seq = (flags & 0x40) != 0 ? tcb_.rcv_nxt() : Near(tcb_.rcv_nxt());
    segment.ack = (flags & 0x80) != 0 ? tcb_.snd_max() : Near(tcb_.snd_una());
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
      segment.options.ts_val = bytes_.Four();
      segment.options.ts_ecr = bytes_.Byte();
    }
    tcb_.SegmentArrives(now_, segment, &actions_);
  }

  void Check() {
    for (const Segment& segment : actions_.segments) {
      DRYWIRE_CHECK(segment.source_port == 1 && segment.destination_port == 2);
      DRYWIRE_CHECK(segment.payload.size() <= 65535);
      DRYWIRE_CHECK(segment.options.EncodedLength() <= 40);
    }
    DRYWIRE_CHECK(actions_.segments.size() <= 2000) << TcpStateName(tcb_.state());
    DRYWIRE_CHECK(tcb_.snd_una().AtOrBefore(tcb_.snd_nxt()));
    DRYWIRE_CHECK(tcb_.snd_nxt().AtOrBefore(tcb_.snd_max()));
    DRYWIRE_CHECK(!actions_.finished || tcb_.state() == TcpState::kClosed);
    DRYWIRE_CHECK(actions_.error == Cause::kNone || actions_.finished);
    if (actions_.time_wait) {
      TimeWait entry = tcb_.MakeTimeWait(now_);
      DRYWIRE_CHECK(entry.deadline() > now_);
    }
    over_ = actions_.finished || actions_.time_wait;
    if (actions_.finished) DRYWIRE_CHECK(tcb_.NextDeadline().is_never());
    if (!over_) DRYWIRE_CHECK(tcb_.state() != TcpState::kClosed);
    actions_.Clear();
  }

  ByteSource& bytes_;
  Profile profile_;
  Tcb tcb_;
  Actions actions_;
  Instant now_;
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
