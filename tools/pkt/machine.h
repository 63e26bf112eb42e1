// The host under test: a world with one machine, a wire whose other end is the script, and a
// program whose system calls are the script's.
//
// The program has two threads, as packetdrill has: calls that must not block and, beside it, one
// for a call that must.
#ifndef DRYWIRE_TOOLS_PKT_MACHINE_H_
#define DRYWIRE_TOOLS_PKT_MACHINE_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sim/core/time.h"
#include "sim/core/trace.h"
#include "sim/core/wait_list.h"
#include "sim/world/world.h"
#include "stack/host/host.h"
#include "stack/sys/sys_environment.h"
#include "stack/wire/packet.h"
#include "tools/pkt/config.h"

namespace drywire::pkt {

class Machine {
 public:
  enum Thread : uint8_t { kMain, kBlocking };
  struct WirePacket {
    Instant time;
    bool outbound = false;
    Packet packet;
  };

  // CHECK-fails for a personality that does not exist.
  Machine(absl::string_view personality, const Config& config, uint64_t seed);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  // Why its addresses or routes cannot be what the configuration says; empty when they are.
  const std::string& problem() const { return problem_; }

  Host& host() { return *host_; }
  World& world() { return *world_; }
  Instant now() const { return world_->now(); }
  Digest digest() const { return world_->trace().digest(); }

  // --- The wire ---
  void Inject(const Packet& packet);
  // What the host sent and nobody has looked at, oldest first.
  std::deque<WirePacket>& sent() { return sent_; }
  // Everything that crossed the wire, oldest first.
  const std::vector<WirePacket>& log() const { return log_; }

  // --- Time ---
  // Runs everything due up to and including `when`.
  void RunUntil(Instant when);
  // Until the host has sent something; false when nothing came up to and including `limit`.
  bool RunUntilSent(Instant limit);

  // --- Calls ---
  // Starts `call` on an idle thread and runs it as far as it gets without time passing.
  void Start(Thread thread, std::function<void(SysContext&)> call);
  bool idle(Thread thread) const { return !threads_[thread].busy; }
  // Until the thread is idle; false when it is not at `limit`.
  bool RunUntilIdle(Thread thread, Instant limit);
  // When the last call of the thread ended.
  Instant finished_at(Thread thread) const { return threads_[thread].finished; }

 private:
  class Tap;
  struct ThreadState {
    WaitList wake;
    std::function<void(SysContext&)> call;
    bool busy = false;
    Instant finished;
  };

  void RunThread(ThreadState& thread);
  void Note(const Packet& packet, bool outbound);

  std::string problem_;
  std::deque<WirePacket> sent_;
  std::vector<WirePacket> log_;
  std::array<ThreadState, 2> threads_;
  std::unique_ptr<Tap> tap_;
  std::unique_ptr<World> world_;
  Host* host_ = nullptr;
  uint32_t interface_ = 0;
};

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_MACHINE_H_
