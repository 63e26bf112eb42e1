#include "tools/pkt/machine.h"

#include <signal.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "sim/core/scheduler.h"
#include "stack/host/process.h"
#include "stack/ip/interface.h"
#include "stack/ip/ip_stack.h"
#include "stack/sys/syscalls.h"

namespace drywire::pkt {
namespace {

// A machine that has been up for a while: no clock shows zero.
constexpr Duration kUptime = Duration::Seconds(100);
constexpr absl::string_view kInterface = "tun0";

}  // namespace

// The host's end of the wire.
class Machine::Tap final : public PacketSink {
 public:
  explicit Tap(Machine* machine) : machine_(machine) {}
  void Accept(PacketPtr packet) override {
    // The program's end closes its sockets, which nobody watches.
    if (machine_->world_ == nullptr) return;
    machine_->Note(*packet, /*outbound=*/true);
    machine_->sent_.push_back({machine_->now(), true, *packet});
    machine_->sent_.back().packet.pool = nullptr;
  }

 private:
  Machine* machine_;
};

Machine::Machine(absl::string_view personality, const Config& config, uint64_t seed)
    : tap_(std::make_unique<Tap>(this)) {
  World::Options options;
  options.seed = seed;
  options.keep_packets = 0;
  world_ = std::make_unique<World>(options);
  host_ = &world_->AddHost("host", personality);
  InterfaceConfig interface;
  interface.name = std::string(kInterface);
  interface.mtu = config.mtu;
  interface.broadcast = false;
  const absl::StatusOr<uint32_t> index = host_->net().ip().AddInterface(interface);
  DRYWIRE_CHECK(index.ok()) << index.status().ToString();
  interface_ = *index;
  const Prefix network{config.local, config.prefix_length.value()};
  world_->AddAddress(*host_, network.ToString(), kInterface);
  host_->net().SetInterfaceSink(interface_, tap_.get());
  const int host_bits = config.local.width();
  if (!network.Contains(config.gateway)) {
    world_->AddRoute(*host_,
                     absl::StrCat(config.gateway.ToString(), "/", host_bits, " dev ", kInterface));
  }
  // A network of no bits is the default route already.
  if (network.length > 0) {
    world_->AddRoute(*host_,
                     absl::StrCat("default via ", config.gateway.ToString(), " dev ", kInterface));
  }
  if (!world_->errors().empty()) problem_ = world_->errors().front();
  world_->Spawn(*host_, "program", [this] {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    SysContext context{world_->sys(), *Process::Of(world_->scheduler().current()),
                       *world_->scheduler().current()};
    SysSigaction(context, SIGPIPE, &ignore, nullptr);
    context.process.Spawn("program, blocking", [this] { RunThread(threads_[kBlocking]); });
    RunThread(threads_[kMain]);
  });
  RunUntil(Instant::Zero() + kUptime);
}

Machine::~Machine() { world_.reset(); }

void Machine::Note(const Packet& packet, bool outbound) {
  world_->trace().Record(now(), host_->id(),
                         outbound ? TraceKind::kPacketSent : TraceKind::kPacketDelivered, 0,
                         packet.serial, packet.Digest(), packet.WireLength());
  log_.push_back({now(), outbound, packet});
  log_.back().packet.pool = nullptr;
}

void Machine::Inject(const Packet& packet) {
  Note(packet, /*outbound=*/false);
  const ScopedSysEnvironment scope(&world_->sys());
  host_->Receive(interface_, world_->packets().Clone(packet));
}

void Machine::RunUntil(Instant when) {
  const ScopedSysEnvironment scope(&world_->sys());
  world_->scheduler().RunUntil(when);
}

bool Machine::RunUntilSent(Instant limit) {
  const ScopedSysEnvironment scope(&world_->sys());
  world_->scheduler().RunUntilCondition([this] { return !sent_.empty(); }, limit);
  return !sent_.empty();
}

void Machine::RunThread(ThreadState& thread) {
  Scheduler& scheduler = world_->scheduler();
  SysContext context{world_->sys(), *Process::Of(scheduler.current()), *scheduler.current()};
  for (;;) {
    while (!thread.busy) {
      WaitOptions options;
      options.label = "the script";
      options.interruptible = false;
      scheduler.Wait(thread.wake, options);
    }
    thread.call(context);
    thread.call = nullptr;
    thread.finished = now();
    thread.busy = false;
  }
}

void Machine::Start(Thread thread, std::function<void(SysContext&)> call) {
  ThreadState& state = threads_[thread];
  DRYWIRE_CHECK(!state.busy) << "a call is running";
  state.call = std::move(call);
  state.busy = true;
  state.wake.NotifyAll();
  RunUntil(now());
}

bool Machine::RunUntilIdle(Thread thread, Instant limit) {
  const ScopedSysEnvironment scope(&world_->sys());
  world_->scheduler().RunUntilCondition([this, thread] { return idle(thread); }, limit);
  return idle(thread);
}

}  // namespace drywire::pkt
