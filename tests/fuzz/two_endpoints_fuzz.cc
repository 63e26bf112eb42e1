// Two Tcbs and an adversary between them who may lose, repeat, hold back and deliver in any order
// what they send, and who decides what their programs do. It cannot forge. Whatever it does, what
// one reads is what the other wrote; and once it only delivers, both come to an end.
#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "sim/core/check.h"
#include "stack/personality/profile.h"
#include "stack/tcp/tcb.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/half_open.h"
#include "tests/fuzz/random_seeds.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() { return RandomSeeds(24, 400); }

namespace {

char Pattern(int end, size_t offset) { return static_cast<char>(offset * 31 % 251 + end); }

class Duel {
 public:
  explicit Duel(ByteSource* bytes)
      : bytes_(*bytes),
        ends_{{bytes->Flag() ? FreeBsdProfile() : LinuxProfile(), 0},
              {bytes->Flag() ? FreeBsdProfile() : LinuxProfile(), 1}} {
    for (int i = 0; i < 2; ++i) {
      Tcb::OpenParameters open;
      open.local_port = static_cast<uint16_t>(1 + i);
      open.remote_port = static_cast<uint16_t>(2 - i);
      const uint8_t how = bytes_.Byte();
      open.mss = (how & 1) != 0 ? 100 : 1460;
      open.iss = Seq(0xffffff00u + bytes_.Byte());
      End& end = ends_[i];
      end.tcb.EditSettings().no_delay = (how & 2) != 0;
      end.tcb.EditSettings().oob_inline = true;  // nothing leaves the stream
      if ((how & 4) != 0) end.tcb.EditSettings().receive_buffer = 8192;
      end.profile.tcp.timestamps = (how & 8) != 0;
      end.profile.tcp.window_scaling = (how & 16) != 0;
      // Not Linux's cookies, which may lose the first bytes (syn_cookie.h).
      end.profile.tcp.syncookies_only = (how & 32) != 0;
      if (i == 1 && (how & 64) != 0) {
        end.half_open.emplace(&end.profile.tcp, &end.tcb.shared_settings(),
                              Listener::SynAnswer{open.iss, open.mss, 0});
      } else {
        end.tcb.Connect(now_, open, &actions_);  // both: simultaneous open
      }
      Ship(i);
    }
  }

  void Fight() {
    while (!bytes_.empty() && !(ends_[0].over && ends_[1].over)) Step();
  }

  // From here on everything is delivered in order, at once, and both programs close.
  void MakePeace() {
    for (End& end : ends_) {
      if (end.half_open.has_value()) {
        end.half_open.reset();
        end.over = true;
      } else if (!end.over && !end.tcb.orphan()) {
        end.tcb.Close(now_, &actions_);
        Ship(end.number);
      }
    }
    for (int steps = 0; steps < kPeaceSteps; ++steps) {
      if (ends_[0].over && ends_[1].over) return;
      while (!ends_[0].sent.empty() || !ends_[1].sent.empty()) {
        for (int i = 0; i < 2; ++i) {
          if (!ends_[i].sent.empty()) Deliver(i, 0);
        }
        if (++steps > kPeaceSteps) break;
      }
      const Instant next = std::min(Deadline(0), Deadline(1));
      if (next.is_never()) break;
      now_ = std::max(now_, next);
      for (int i = 0; i < 2; ++i) Expire(i);
    }
    for (const End& end : ends_) {
      DRYWIRE_CHECK(end.over) << "end " << end.number << " stays in "
                              << TcpStateName(end.tcb.state());
    }
  }

 private:
  static constexpr int kPeaceSteps = 20'000;
  static constexpr size_t kHeld = 64;

  struct End {
    End(Profile p, int n) : profile(std::move(p)), tcb(&profile.tcp), number(n) {}
    Profile profile;
    Tcb tcb;
    int number;
    std::optional<HalfOpen> half_open;  // while it listens
    bool over = false;
    size_t written = 0;
    size_t read = 0;
    std::deque<Segment> sent;  // in the adversary's hands
  };

  void Step() {
    const int i = bytes_.Flag() ? 1 : 0;
    End& end = ends_[i];
    switch (bytes_.Below(10)) {
      case 0:
        Write(end);
        break;
      case 1:
        Read(end);
        break;
      case 2: {
        const uint8_t how = bytes_.Byte();
        if (end.over || end.half_open.has_value() || end.tcb.orphan()) break;
        if (how < 100) {
          // In SYN-SENT the sockets of a system that keeps no FIN disconnect instead.
          if (end.tcb.state() == TcpState::kSynSent && !end.profile.tcp.syn_sent_close_keeps_fin) {
            break;
          }
          end.tcb.ShutdownSend(now_, &actions_);
        } else if (how < 140) {
          end.tcb.Close(now_, &actions_);
        } else if (how == 255) {
          end.tcb.Abort(now_, &actions_);
        }
        Ship(i);
        break;
      }
      case 3:
        now_ = now_ + Duration::Millis(bytes_.Byte());
        Expire(0);
        Expire(1);
        break;
      case 4:
        now_ = std::max(
            now_, std::min(std::min(Deadline(0), Deadline(1)), now_ + Duration::Seconds(130)));
        Expire(0);
        Expire(1);
        break;
      case 5:
        if (!end.sent.empty()) end.sent.pop_front();
        break;
      case 6:
        if (!end.sent.empty() && end.sent.size() < kHeld) {
          end.sent.push_back(end.sent[bytes_.Byte() % end.sent.size()]);
        }
        break;
      default:
        if (!end.sent.empty()) Deliver(i, bytes_.Flag() ? 0 : bytes_.Byte() % end.sent.size());
    }
  }

  Instant Deadline(int i) {
    End& end = ends_[i];
    if (end.over) return kNever;
    return end.half_open.has_value() ? end.half_open->NextDeadline() : end.tcb.NextDeadline();
  }

  void Expire(int i) {
    if (Deadline(i) > now_) return;
    End& end = ends_[i];
    if (end.half_open.has_value()) {
      end.half_open->OnDeadline(now_, &actions_);
    } else {
      end.tcb.OnDeadline(now_, &actions_);
    }
    Ship(i);
  }

  void Write(End& end) {
    const size_t wanted = 1u + bytes_.Two() % 4000;
    if (end.over || end.tcb.orphan() || end.tcb.send_shut()) return;
    if (end.tcb.state() != TcpState::kEstablished && end.tcb.state() != TcpState::kCloseWait) {
      return;
    }
    const size_t size = std::min(wanted, end.tcb.SendRoom());
    if (size == 0) return;
    std::string data(size, '\0');
    for (char& c : data) c = Pattern(end.number, end.written++);
    if (size % 8 == 7) {
      end.tcb.Queue(Bytes::Copy(data));
      end.tcb.PushUrgent(now_, false, &actions_);
    } else {
      end.tcb.Send(now_, Bytes::Copy(data), false, &actions_);
    }
    Ship(end.number);
  }

  void Read(End& end) {
    if (end.over || end.tcb.orphan()) return;
    std::string data(std::min<size_t>(end.tcb.NextStretch().text, 1u + bytes_.Two() % 4000), '\0');
    end.tcb.Peek(0, data.data(), data.size());
    for (const char c : data) DRYWIRE_CHECK(c == Pattern(1 - end.number, end.read++));
    DRYWIRE_CHECK(end.read <= ends_[1 - end.number].written) << "more was read than written";
    if (!data.empty()) end.tcb.Consume(now_, data.size(), &actions_);
    Ship(end.number);
  }

  void Deliver(int from, size_t index) {
    std::deque<Segment>& sent = ends_[from].sent;
    Segment segment = sent[index];
    sent.erase(sent.begin() + static_cast<ptrdiff_t>(index));
    End& to = ends_[1 - from];
    if (to.over) {
      // Somebody closed answers with a RST; TIME-WAIT acknowledges a FIN again.
      Segment reset;
      if (MakeResetFor(segment, &reset)) actions_.segments.push_back(std::move(reset));
    } else if (to.half_open.has_value()) {
      if (to.half_open->SegmentArrives(now_, segment, false, &to.tcb, &actions_)) {
        to.half_open.reset();
      }
    } else {
      to.tcb.SegmentArrives(now_, segment, &actions_);
    }
    Ship(to.number);
  }

  void Ship(int from) {
    End& end = ends_[from];
    for (Segment& segment : actions_.segments) {
      if (end.sent.size() < kHeld) end.sent.push_back(std::move(segment));
    }
    DRYWIRE_CHECK(actions_.error == Cause::kNone || actions_.finished);
    end.over |= actions_.finished || actions_.time_wait;
    actions_.Clear();
  }

  ByteSource& bytes_;
  End ends_[2];
  Actions actions_;
  Instant now_;
};

}  // namespace
}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  drywire::ByteSource bytes(data, size);
  drywire::Duel duel(&bytes);
  duel.Fight();
  duel.MakePeace();
  return 0;
}
