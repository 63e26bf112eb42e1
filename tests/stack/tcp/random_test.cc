// TCP under whatever may come: random segments and calls must break no invariant, and a transfer
// over a network that loses, repeats and reorders must arrive whole.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "stack/personality/profile.h"
#include "stack/tcp/tcb.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: literals

Profile ProfileOf(uint64_t n) { return n % 2 == 0 ? LinuxProfile() : FreeBsdProfile(); }

Tcb::OpenParameters Open(uint16_t local, uint16_t remote, uint32_t iss) {
  Tcb::OpenParameters open;
  open.local_port = local;
  open.remote_port = remote;
  open.mss = 1460;
  open.iss = Seq(iss);
  return open;
}

// A Tcb that random things happen to.
class Victim {
 public:
  explicit Victim(uint64_t seed) : rng_(seed), profile_(ProfileOf(seed)), tcb_(&profile_.tcp) {
    TcpSettings& settings = tcb_.EditSettings();
    settings.no_delay = Maybe(3);
    settings.keepalive = Maybe(3);
    settings.user_timeout_ms = Maybe(4) ? 5000 : 0;
    settings.receive_buffer = Maybe(3) ? 4096 : 0;
    settings.linger2_s = Maybe(5) ? -1 : 0;
    // Close to where sequence numbers wrap.
    tcb_.Connect(now_, Open(1, 2, 0xfffffff0u + static_cast<uint32_t>(rng_.Uniform(32))),
                 &actions_);
    Check();
  }

  bool alive() const {
    return !over_ && tcb_.state() != TcpState::kClosed && tcb_.state() != TcpState::kTimeWait;
  }

  void Step() {
    switch (rng_.Uniform(12)) {
      case 0:
        if (!tcb_.send_shut() && !tcb_.orphan() && tcb_.SendRoom() > 0) {
          const size_t most = std::min<size_t>(tcb_.SendRoom(), 5000);
          tcb_.Send(now_, Bytes::Zeros(1 + rng_.Uniform(most)), Maybe(5), &actions_);
        }
        break;
      case 1:
        tcb_.Consume(now_, rng_.Uniform(tcb_.Readable() + 1), &actions_);
        break;
      case 2:
        if (Maybe(6)) tcb_.ShutdownSend(now_, &actions_);
        break;
      case 3:
        if (Maybe(10) && !tcb_.orphan()) tcb_.Close(now_, &actions_);
        break;
      case 4:
        now_ = std::max(now_, std::min(tcb_.NextDeadline(), now_ + 10_s));
        tcb_.OnDeadline(now_, &actions_);
        break;
      case 5:
        if (Maybe(8)) {
          tcb_.IcmpArrives(
              now_, Maybe(2) ? Cause::kIcmpFragmentationNeeded : Cause::kIcmpHostUnreachable,
              Near(tcb_.snd_una()), static_cast<uint16_t>(rng_.Uniform(1500)), &actions_);
        }
        break;
      default:
        Inject();
    }
    Check();
  }

 private:
  bool Maybe(uint64_t n) { return rng_.Uniform(n) == 0; }
  Seq Near(Seq seq) {
    const uint64_t range = Maybe(4) ? 100000 : Maybe(2) ? 3000 : 3;
    return seq + static_cast<uint32_t>(rng_.Uniform(2 * range + 1)) - static_cast<uint32_t>(range);
  }

  void Inject() {
    Segment segment;
    segment.source_port = 2;
    segment.destination_port = 1;
    const bool opening = tcb_.state() == TcpState::kSynSent;
    segment.seq = Maybe(2) ? tcb_.rcv_nxt() : Near(tcb_.rcv_nxt());
    segment.ack = Maybe(2) ? tcb_.snd_max() : Near(tcb_.snd_una());
    if (!Maybe(10)) segment.flags |= kAck;
    if (opening ? !Maybe(5) : Maybe(12)) segment.flags |= kSyn;
    if (Maybe(8)) segment.flags |= kFin;
    if (Maybe(25)) segment.flags |= kRst;
    if (Maybe(2)) segment.flags |= kPsh;
    if (Maybe(2)) segment.payload = Bytes::Zeros(rng_.Uniform(3000));
    segment.window = static_cast<uint16_t>(Maybe(5) ? 0 : rng_.Uniform(65536));
    if (segment.Has(kSyn)) {
      segment.options.has_mss = Maybe(2);
      segment.options.mss = static_cast<uint16_t>(rng_.Uniform(3000));
      segment.options.has_window_scale = Maybe(2);
      segment.options.window_scale = static_cast<uint8_t>(rng_.Uniform(20));
      segment.options.sack_permitted = Maybe(2);
    }
    if (Maybe(2)) {
      segment.options.has_timestamps = true;
      segment.options.ts_val = static_cast<uint32_t>(rng_.Uniform(20));
      segment.options.ts_ecr = static_cast<uint32_t>(rng_.Uniform(3));
    }
    tcb_.SegmentArrives(now_, segment, &actions_);
  }

  void Check() {
    for (const Segment& segment : actions_.segments) {
      EXPECT_EQ(segment.source_port, 1);
      EXPECT_EQ(segment.destination_port, 2);
      EXPECT_LE(segment.payload.size(), tcb_.SendMss() == 0 ? 0u : 65535u);
      EXPECT_LE(segment.options.EncodedLength(), 40);
    }
    EXPECT_LE(actions_.segments.size(), std::max(100u, tcb_.congestion().cwnd() + 2))
        << TcpStateName(tcb_.state());
    EXPECT_TRUE(tcb_.snd_una().AtOrBefore(tcb_.snd_nxt()));
    EXPECT_TRUE(tcb_.snd_nxt().AtOrBefore(tcb_.snd_max()));
    if (actions_.finished) {
      EXPECT_EQ(tcb_.state(), TcpState::kClosed);
    }
    if (actions_.error != Cause::kNone) {
      EXPECT_TRUE(actions_.finished);
    }
    over_ |= actions_.finished || actions_.time_wait;
    if (actions_.time_wait) {
      TimeWait entry = tcb_.MakeTimeWait(now_);
      EXPECT_GT(entry.deadline(), now_);
    }
    if (!alive()) {
      EXPECT_TRUE(over_);
    }
    if (!alive() && !actions_.time_wait) {
      EXPECT_TRUE(tcb_.NextDeadline().is_never());
    }
    actions_.Clear();
  }

  Rng rng_;
  Profile profile_;
  Tcb tcb_;
  Actions actions_;
  Instant now_;
  bool over_ = false;
};

TEST(RandomTest, NoSegmentBreaksAnInvariant) {
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Victim victim(seed);
    for (int i = 0; i < 300 && victim.alive(); ++i) victim.Step();
    if (testing::Test::HasFailure()) return;
  }
}

// Two Tcbs and a network between them.
class Transfer {
 public:
  explicit Transfer(uint64_t seed)
      : rng_(seed),
        profiles_{ProfileOf(seed), ProfileOf(seed / 2)},
        ends_{std::make_unique<Tcb>(&profiles_[0].tcp), std::make_unique<Tcb>(&profiles_[1].tcp)} {
    // Simultaneous open: no listener needed.
    for (int i = 0; i < 2; ++i) {
      const uint32_t iss = static_cast<uint32_t>(rng_.Next());
      const uint16_t me = static_cast<uint16_t>(1 + i);
      ends_[i]->EditSettings().no_delay = rng_.Uniform(2) == 0;
      if (rng_.Uniform(2) == 0) ends_[i]->EditSettings().receive_buffer = 8192;
      ends_[i]->Connect(now_, Open(me, static_cast<uint16_t>(3 - me), iss), &actions_);
      Ship(i);
    }
  }

  // Both send `total` bytes and close. Says whether it all arrived.
  bool Run(size_t total) {
    for (int steps = 0; steps < 200000; ++steps) {
      for (int i = 0; i < 2; ++i) Pump(i, total);
      if (done_[0] && done_[1]) return true;
      Instant next = std::min(ends_[0]->NextDeadline(), ends_[1]->NextDeadline());
      if (!flying_.empty()) next = std::min(next, flying_.begin()->first.first);
      if (next.is_never()) return false;
      now_ = std::max(now_, next);
      Deliver();
      for (int i = 0; i < 2; ++i) {
        if (ends_[i]->NextDeadline() > now_) continue;
        ends_[i]->OnDeadline(now_, &actions_);
        Ship(i);
      }
    }
    return false;
  }
  std::string failure() const { return failure_; }

 private:
  void Pump(int i, size_t total) {
    Tcb& tcb = *ends_[i];
    if (tcb.state() == TcpState::kEstablished || tcb.state() == TcpState::kCloseWait) {
      while (sent_[i] < total && tcb.SendRoom() > 0) {
        std::string block(std::min({total - sent_[i], tcb.SendRoom(), size_t{7000}}), '\0');
        for (char& c : block) c = static_cast<char>(sent_[i]++ * 31 % 251);
        tcb.Send(now_, Bytes::Copy(block), false, &actions_);
      }
      if (sent_[i] == total && !tcb.send_shut()) tcb.ShutdownSend(now_, &actions_);
    }
    std::string block(tcb.Readable(), '\0');
    tcb.Peek(0, block.data(), block.size());
    for (char c : block) {
      if (c != static_cast<char>(got_[i]++ * 31 % 251)) failure_ = "wrong byte";
    }
    if (!block.empty()) tcb.Consume(now_, block.size(), &actions_);
    if (tcb.fin_received() && got_[i] == total) done_[i] = true;
    Ship(i);
  }

  void Ship(int from) {
    for (Segment& segment : actions_.segments) {
      if (rng_.Uniform(10) == 0) continue;  // lost
      const int copies = rng_.Uniform(20) == 0 ? 2 : 1;
      for (int c = 0; c < copies; ++c) {
        const Instant at =
            now_ + Duration::Micros(1000 + static_cast<int64_t>(rng_.Uniform(20000)));
        flying_[{at, serial_++}] = {1 - from, segment};
      }
    }
    if (actions_.error != Cause::kNone) failure_ = std::string(CauseName(actions_.error));
    actions_.Clear();
  }

  void Deliver() {
    while (!flying_.empty() && flying_.begin()->first.first <= now_) {
      auto [to, segment] = flying_.begin()->second;
      flying_.erase(flying_.begin());
      const TcpState state = ends_[to]->state();
      if (state == TcpState::kTimeWait || state == TcpState::kClosed) continue;
      ends_[to]->SegmentArrives(now_, segment, &actions_);
      Ship(to);
    }
  }

  Rng rng_;
  Profile profiles_[2];
  std::unique_ptr<Tcb> ends_[2];
  Actions actions_;
  Instant now_;
  std::map<std::pair<Instant, uint64_t>, std::pair<int, Segment>> flying_;
  uint64_t serial_ = 0;
  size_t sent_[2] = {0, 0};
  size_t got_[2] = {0, 0};
  bool done_[2] = {false, false};
  std::string failure_;
};

TEST(RandomTest, TransfersArriveWholeOverABadNetwork) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Transfer transfer(seed);
    EXPECT_TRUE(transfer.Run(60000)) << "seed " << seed << " " << transfer.failure();
    EXPECT_EQ(transfer.failure(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace drywire
