// A world: hosts, what is between them, the processes that run on them, and one clock for all.
//
// A world is built by calls, or from a Topology (world_builder.h), and then run. It is one thread:
// nothing in it happens outside Run(), and nothing in it depends on anything but its description
// and seed. Mistakes in a description (a route that does not parse, an address used twice) do not
// abort: they are collected in errors(), and a world with errors refuses to run.
//
// Hosts on a common LAN find each other without address resolution packets; an address on the LAN
// that nobody has fails to resolve as the sender's system has it.
#ifndef DRYWIRE_SIM_WORLD_WORLD_H_
#define DRYWIRE_SIM_WORLD_WORLD_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sim/core/choice.h"
#include "sim/core/scheduler.h"
#include "sim/core/time.h"
#include "sim/core/trace.h"
#include "sim/net/capture.h"
#include "sim/net/fabric.h"
#include "sim/net/link_config.h"
#include "stack/base/address.h"
#include "stack/base/credentials.h"
#include "stack/host/host.h"
#include "stack/host/process.h"
#include "stack/ip/neighbour.h"
#include "stack/personality/cause.h"
#include "stack/personality/personality.h"
#include "stack/sys/sys_environment.h"
#include "stack/wire/packet.h"

namespace drywire {

class World {
 public:
  struct Options {
    uint64_t seed = 1;
    // Answers every "which first" and "does it happen"; first-in-first-out when null. Must outlive
    // the world.
    Choice* choice = nullptr;
    // Each host's port on the common LAN starts with this, in the direction away from the host.
    LinkConfig lan;
    // Packets kept for failure messages and timelines; the oldest are forgotten first.
    size_t keep_packets = 1024;
    // Trace records kept for text and for comparing runs; the digest is always on.
    size_t keep_records = 0;
    SchedulerOptions scheduler;
  };

  World();
  explicit World(const Options& options);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // --- Building. A host has loopback from the start. `personality` is "linux" or "freebsd".
  Host& AddHost(absl::string_view name, absl::string_view personality = "linux");
  // The same with an interface eth0 on the common LAN, for worlds described in a line a host:
  // AddHost("client", "linux", "10.0.0.1/24").
  Host& AddHost(absl::string_view name, absl::string_view personality, absl::string_view prefix);
  // A host of a personality of one's own.
  Host& AddHost(absl::string_view name, const Personality& personality);

  // A point-to-point link; each host gets a new interface ethN with that address.
  Link& Connect(Host& a, absl::string_view prefix_a, Host& b, absl::string_view prefix_b,
                const LinkConfig& config = {});
  // A LAN of its own, and a host's new interface on it. `resolution` kExchange makes address
  // resolution a matter of packets, which can be lost.
  Lan& AddLan(absl::string_view name);
  Port& Attach(Host& host, Lan& lan, absl::string_view prefix, const LinkConfig& config = {},
               NeighbourMode resolution = NeighbourMode::kKnown);
  // The general form of the two: an interface of a name of one's own, with any number of addresses.
  struct Attachment {
    Host* host = nullptr;
    std::string interface;
    std::vector<Prefix> addresses;
    LinkConfig config;  // of the direction away from the host
    NeighbourMode resolution = NeighbourMode::kKnown;
  };
  Link& Connect(absl::string_view name, const Attachment& a, const Attachment& b);
  Port& Attach(Lan& lan, const Attachment& attachment);
  // One more address of an interface.
  void AddAddress(Host& host, absl::string_view prefix, absl::string_view interface = "eth0");
  // Takes an interface down or up again, as `ip link set` does.
  void SetInterfaceUp(Host& host, absl::string_view interface, bool up);
  // The interface's queue takes no packet until it is said to have room again: what is sent fails
  // where it is (ENOBUFS), as with `tc qdisc replace dev NAME root pfifo limit 0`.
  void SetQueueFull(Host& host, absl::string_view interface, bool full);

  // ip-route(8): "default via 10.0.0.254", "unreachable 10.9.0.0/16", "del default".
  void AddRoute(Host& host, absl::string_view route);
  // nft(8), whole statements or the short form with the chain first: "input tcp dport 80 drop".
  void AddFirewallRule(Host& host, absl::string_view rule);
  // How many packets the rules with this comment have counted (at their `counter`, else at their
  // verdict), so that a test can tell whether its fault struck. A host without such a rule is a
  // programming error.
  uint64_t FirewallPackets(Host& host, absl::string_view comment) const;
  // By the sysctl's real name on the host's system.
  void SetSysctl(Host& host, absl::string_view name, absl::string_view value);
  // --- Files. A host's filesystem is in memory and begins with /tmp. Directories above are made as
  // needed. Whatever is added is also what programs under //tools/posix:interpose see at and below
  // that path; drywire::posix's own calls never see anything else.
  void AddDirectory(Host& host, absl::string_view path, uint32_t mode = 0755, uint32_t uid = 0,
                    uint32_t gid = 0);
  void AddFile(Host& host, absl::string_view path, absl::string_view contents, uint32_t mode = 0644,
               uint32_t uid = 0, uint32_t gid = 0);
  void AddSymlink(Host& host, absl::string_view target, absl::string_view path);
  // A program that processes of the host can execve(): a file, and what runs in its place. Copies
  // of the file, and links to it, are the same program.
  void AddProgram(Host& host, absl::string_view path, Host::Program program, uint32_t mode = 0755,
                  uint32_t uid = 0, uint32_t gid = 0);
  // Mounts an empty filesystem on a directory, which is made; fill it before it is read-only.
  void AddMount(Host& host, absl::string_view path);
  void SetReadOnly(Host& host, absl::string_view path, bool read_only = true);

  // A name that getaddrinfo() finds on every host. Hosts' own names are known from the start.
  void AddName(absl::string_view name, const Address& address);
  // The addresses of a name, in the order they were added; empty for an unknown one.
  std::vector<Address> LookUp(absl::string_view name) const;

  // --- Processes. The body runs, when the world runs, as the first task of a new process.
  Task& Spawn(Host& host, absl::string_view name, std::function<void()> body,
              const Credentials& credentials = {});
  // Something that the world does at a time: cut a link, change a route.
  void At(Duration since_start, std::function<void()> action);
  // Sends a signal to the task's process at one of `steps` moments evenly spread over `within` from
  // now, chosen as ChoiceKind::kSignalMoment; the first moment is the default.
  void SignalSometime(Task& task, int signal, Duration within, uint32_t steps);

  // --- Power and partitions.
  void Crash(Host& host);
  void Restart(Host& host);
  void Pause(Host& host);
  void Resume(Host& host);
  // Cuts `a` off from `b` (one way: only what goes from a to b). Returns a number for Heal.
  int Partition(const std::vector<Host*>& a, const std::vector<Host*>& b, bool one_way = false);
  void Heal(int partition);

  // --- Running. Until nothing can happen any more, or for a time. May be called again.
  RunReport Run();
  RunReport RunFor(Duration duration);
  const RunReport& last_report() const { return last_report_; }
  // Says that a deadlock at the end is no failure of the test: a server that waits for ever is.
  void AcceptStuck() { accepts_stuck_ = true; }
  bool accepts_stuck() const { return accepts_stuck_; }

  Instant now() const { return scheduler_.now(); }
  const Options& options() const { return options_; }
  // What the system call layer sees of this world; where the clocks start can be set here.
  SysEnvironment& sys() { return sys_; }
  // Null when there is none.
  Host* FindHost(absl::string_view name) const;
  const std::vector<std::unique_ptr<Host>>& hosts() const { return hosts_; }
  Scheduler& scheduler() { return scheduler_; }
  Fabric& fabric() { return fabric_; }
  Capture& capture() { return capture_; }
  const Capture& capture() const { return capture_; }
  Trace& trace() { return trace_; }
  const Trace& trace() const { return trace_; }
  PacketPool& packets() { return packets_; }
  const std::vector<std::string>& errors() const { return errors_; }

  // Every socket of every host, in the manner of `ss -an`: protocol, state, receive and send queue,
  // local and peer address.
  std::string DumpState() const;
  // Who waits for what, since when.
  std::string DescribeTasks() const { return scheduler_.DescribeTasks(); }

  // The world whose Run() is on the stack, null outside.
  static World* Running();

 private:
  class LanResolver;
  class InterfaceSink;
  class Names;
  class Scope;

  // Notes a mistake in the description; `what` names the place.
  void Check(const absl::Status& status, absl::string_view what);
  // Its index; 0, and an error of the world, when there is none of that name.
  uint32_t InterfaceIndex(Host& host, absl::string_view interface);
  // The same for what the filesystem says.
  void Check(const Host& host, absl::string_view path, const Result<>& result);
  // Makes the directories that the path needs above it.
  MemoryVfs& MakeDirectoryOf(Host& host, absl::string_view path);
  // Adds an interface to the host and wires it to the port.
  void Wire(Port& port, const Attachment& attachment, const NeighbourResolver* resolver);
  void AddPrefix(Host& host, const Prefix& prefix, absl::string_view interface);
  // An attachment by a new interface ethN, as the short forms have it.
  Attachment NextInterface(Host& host, absl::string_view prefix, const LinkConfig& config);
  RunReport RunUntil(Instant limit, bool until_idle);

  Options options_;
  FifoChoice fifo_;
  Trace trace_;
  PacketPool packets_;
  uint64_t next_serial_ = 1;
  Scheduler scheduler_;
  Fabric fabric_;
  Capture capture_;
  std::vector<std::unique_ptr<LanResolver>> resolvers_;
  std::vector<std::unique_ptr<InterfaceSink>> sinks_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<std::pair<std::string, Address>> names_;  // in order of addition
  std::unique_ptr<Names> name_service_;
  SysEnvironment sys_;
  std::deque<std::function<void()>> actions_;  // of At(); addresses must not move
  Lan* common_lan_ = nullptr;
  std::vector<std::string> errors_;
  RunReport last_report_;
  bool accepts_stuck_ = false;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_WORLD_WORLD_H_
