#include "sim/world/world.h"

#include <array>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sim/core/check.h"
#include "stack/ip/firewall.h"
#include "stack/ip/ip_stack.h"
#include "stack/sys/pass_through.h"
#include "stack/vfs/memory_vfs.h"

namespace drywire {
namespace {

World* running_world = nullptr;

Fabric::Options FabricOptions(const World::Options& options, Scheduler& scheduler,
                              PacketPool& packets, Trace& trace) {
  Fabric::Options result;
  result.events = &scheduler.events();
  result.packets = &packets;
  result.choice = options.choice;
  result.trace = &trace;
  result.seed = options.seed;
  return result;
}

std::vector<uint32_t> Ids(const std::vector<Host*>& hosts) {
  std::vector<uint32_t> ids;
  for (const Host* host : hosts) ids.push_back(host->id());
  return ids;
}

}  // namespace

// Knows who is on a LAN: the hosts whose ports own the address and are not down.
class World::LanResolver final : public NeighbourResolver {
 public:
  LanResolver(const Fabric& fabric, const Medium& lan) : fabric_(fabric), lan_(lan) {}

  const Medium& lan() const { return lan_; }
  bool Answers(uint32_t, const Address& address) const override {
    Known& known = known_[address.lo() % known_.size()];
    if (known.address != address || known.at != fabric_.address_changes()) Find(address, &known);
    return known.host != 0 && fabric_.condition(known.host) == HostCondition::kUp;
  }

 private:
  struct Known {
    Address address;
    uint64_t at = 0;    // Fabric::address_changes()
    uint32_t host = 0;  // 0: nobody
  };

  void Find(const Address& address, Known* known) const {
    *known = {address, fabric_.address_changes(), 0};
    for (const std::unique_ptr<Port>& port : lan_.ports()) {
      if (known->host == 0 && port->Owns(address)) known->host = port->host();
    }
  }

  const Fabric& fabric_;
  const Medium& lan_;
  mutable std::array<Known, 8> known_;  // who was asked for last: every packet asks
};

// Hands what arrives at a port to the interface of its host.
class World::InterfaceSink final : public PacketSink {
 public:
  InterfaceSink(Host& host, uint32_t interface) : host_(host), interface_(interface) {}
  void Accept(PacketPtr packet) override { host_.Receive(interface_, std::move(packet)); }

 private:
  Host& host_;
  uint32_t interface_;
};

// The world's names, as getaddrinfo() asks for them.
class World::Names final : public NameService {
 public:
  explicit Names(const World& world) : world_(world) {}

  std::vector<Address> Lookup(absl::string_view name) const override { return world_.LookUp(name); }
  std::string ReverseLookup(const Address& address) const override {
    for (const auto& [name, known] : world_.names_) {
      if (known == address) return name;
    }
    return "";
  }

 private:
  const World& world_;
};

// Makes a world the running one, for its tasks and for the doors above; runs nest.
class World::Scope {
 public:
  explicit Scope(World* world) : outer_(std::exchange(running_world, world)), sys_(&world->sys_) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { running_world = outer_; }

 private:
  World* outer_;
  ScopedSysEnvironment sys_;
};

World::World() : World(Options()) {}

World::World(const Options& options)
    : options_(options),
      scheduler_(options.choice, &trace_, options.scheduler),
      fabric_(FabricOptions(options, scheduler_, packets_, trace_)),
      capture_(options.keep_packets),
      name_service_(std::make_unique<Names>(*this)) {
  sys_.scheduler = &scheduler_;
  sys_.names = name_service_.get();
  if (options.keep_packets > 0) fabric_.AddObserver(&capture_);
  trace_.KeepLast(options.keep_records);
}

World::~World() {
  // Tasks unwind while everything they may touch still exists, and as simulated processes: their
  // destructors may close descriptors.
  const Scope running(this);
  scheduler_.KillAll();
}

World* World::Running() { return running_world; }

void World::Check(const absl::Status& status, absl::string_view what) {
  if (!status.ok()) errors_.push_back(absl::StrCat(what, ": ", status.message()));
}

Host& World::AddHost(absl::string_view name, absl::string_view personality) {
  absl::StatusOr<Personality> found = FindPersonality(personality);
  Check(found.status(), absl::StrCat("host ", name));
  return AddHost(name, found.ok() ? *found : LinuxPersonality());
}

Host& World::AddHost(absl::string_view name, absl::string_view personality,
                     absl::string_view prefix) {
  Host& host = AddHost(name, personality);
  if (common_lan_ == nullptr) common_lan_ = &AddLan("lan");
  Attach(host, *common_lan_, prefix, options_.lan);
  return host;
}

Host& World::AddHost(absl::string_view name, const Personality& personality) {
  Host::Environment environment;
  environment.id = static_cast<uint32_t>(hosts_.size() + 1);
  environment.name = std::string(name);
  if (FindHost(name) != nullptr) {
    errors_.push_back(absl::StrCat("host ", name, ": there is a host of that name already"));
    environment.name = absl::StrCat(name, "#", environment.id);
  }
  environment.seed = options_.seed;
  environment.scheduler = &scheduler_;
  environment.packets = &packets_;
  environment.next_serial = &next_serial_;
  environment.profile = personality.profile;
  environment.errnos = personality.errnos;
  Host& host = *hosts_.emplace_back(std::make_unique<Host>(environment));
  trace_.SetHostName(host.id(), host.name());
  fabric_.AddHost(host.id(), host.name());
  Port& loopback = fabric_.AddLoopback(host.id()).end(0);
  sinks_.push_back(std::make_unique<InterfaceSink>(host, kLoopbackInterface));
  loopback.SetReceiver(sinks_.back().get());
  host.net().SetInterfaceSink(kLoopbackInterface, &loopback);
  return host;
}

World::Attachment World::NextInterface(Host& host, absl::string_view prefix,
                                       const LinkConfig& config) {
  Attachment attachment;
  attachment.host = &host;
  // Loopback is the first interface, so that the next one is eth0, eth1, ...
  attachment.interface = absl::StrCat("eth", host.net().ip().interfaces().size() - 1);
  attachment.config = config;
  absl::StatusOr<struct Prefix> parsed = Prefix::Parse(prefix);
  Check(parsed.status(), absl::StrCat("host ", host.name(), ", interface ", attachment.interface));
  if (parsed.ok()) attachment.addresses.push_back(*parsed);
  return attachment;
}

void World::Wire(Port& port, const Attachment& attachment, const NeighbourResolver* resolver) {
  Host& host = *attachment.host;
  InterfaceConfig config;
  config.name = attachment.interface;
  config.mtu = attachment.config.mtu;
  config.neighbours = attachment.resolution;
  config.resolver = resolver;
  config.link_local_id = port.id();
  absl::StatusOr<uint32_t> index = host.net().ip().AddInterface(config);
  Check(index.status(), absl::StrCat("host ", host.name(), ", interface ", attachment.interface));
  if (!index.ok()) return;
  sinks_.push_back(std::make_unique<InterfaceSink>(host, *index));
  port.SetReceiver(sinks_.back().get());
  host.net().SetInterfaceSink(*index, &port);
  for (const Prefix& automatic : host.net().ip().FindInterface(*index)->addresses) {
    port.AddAddress(automatic);
  }
  for (const Prefix& prefix : attachment.addresses) AddPrefix(host, prefix, attachment.interface);
}

Link& World::Connect(Host& a, absl::string_view prefix_a, Host& b, absl::string_view prefix_b,
                     const LinkConfig& config) {
  const Attachment end_a = NextInterface(a, prefix_a, config);
  const Attachment end_b = NextInterface(b, prefix_b, config);
  return Connect(absl::StrCat(a.name(), ":", end_a.interface, "-", b.name(), ":", end_b.interface),
                 end_a, end_b);
}

Link& World::Connect(absl::string_view name, const Attachment& a, const Attachment& b) {
  Link& link = fabric_.AddLink(name, {a.host->id(), a.interface}, {b.host->id(), b.interface});
  link.end(0).Configure(a.config);
  link.end(1).Configure(b.config);
  resolvers_.push_back(std::make_unique<LanResolver>(fabric_, link));
  Wire(link.end(0), a, resolvers_.back().get());
  Wire(link.end(1), b, resolvers_.back().get());
  return link;
}

Lan& World::AddLan(absl::string_view name) {
  Lan& lan = fabric_.AddLan(name);
  resolvers_.push_back(std::make_unique<LanResolver>(fabric_, lan));
  return lan;
}

Port& World::Attach(Host& host, Lan& lan, absl::string_view prefix, const LinkConfig& config,
                    NeighbourMode resolution) {
  Attachment attachment = NextInterface(host, prefix, config);
  attachment.resolution = resolution;
  return Attach(lan, attachment);
}

Port& World::Attach(Lan& lan, const Attachment& attachment) {
  const NeighbourResolver* resolver = nullptr;
  for (const std::unique_ptr<LanResolver>& candidate : resolvers_) {
    if (&candidate->lan() == &lan) resolver = candidate.get();
  }
  Port& port =
      fabric_.AttachToLan(lan, {attachment.host->id(), attachment.interface}, attachment.config);
  Wire(port, attachment, resolver);
  return port;
}

void World::AddAddress(Host& host, absl::string_view prefix, absl::string_view interface) {
  absl::StatusOr<struct Prefix> parsed = Prefix::Parse(prefix);
  Check(parsed.status(), absl::StrCat("host ", host.name(), ", interface ", interface));
  if (parsed.ok()) AddPrefix(host, *parsed, interface);
}

void World::AddPrefix(Host& host, const Prefix& prefix, absl::string_view interface) {
  const std::string place = absl::StrCat("host ", host.name(), ", interface ", interface);
  const Interface* found = host.net().ip().FindInterface(interface);
  if (found == nullptr) return Check(absl::NotFoundError("there is no such interface"), place);
  const absl::Status added = host.net().ip().AddAddress(found->index, prefix);
  Check(added, place);
  host.net().RearmIp();
  if (!added.ok()) return;
  Port* port = fabric_.FindPort(host.id(), interface);
  if (port != nullptr) port->AddAddress(prefix);
  if (!prefix.address.IsLinkLocal()) AddName(host.name(), prefix.address);
}

uint32_t World::InterfaceIndex(Host& host, absl::string_view interface) {
  const Interface* const found = host.net().ip().FindInterface(interface);
  if (found != nullptr) return found->index;
  Check(absl::NotFoundError("there is no such interface"),
        absl::StrCat("host ", host.name(), ", interface ", interface));
  return 0;
}

void World::SetInterfaceUp(Host& host, absl::string_view interface, bool up) {
  const uint32_t index = InterfaceIndex(host, interface);
  if (index != 0) host.net().SetInterfaceUp(index, up);
}

void World::SetQueueFull(Host& host, absl::string_view interface, bool full) {
  const uint32_t index = InterfaceIndex(host, interface);
  if (index != 0) host.net().ip().SetQueueFull(index, full);
}

void World::AddRoute(Host& host, absl::string_view route) {
  Check(host.net().ip().ChangeRoute(route),
        absl::StrCat("host ", host.name(), ", route \"", route, "\""));
  host.net().RearmIp();
}

void World::AddFirewallRule(Host& host, absl::string_view rule) {
  Check(host.net().ip().LoadFirewall(rule),
        absl::StrCat("host ", host.name(), ", firewall \"", rule, "\""));
}

uint64_t World::FirewallPackets(Host& host, absl::string_view comment) const {
  uint64_t packets = 0;
  bool found = false;
  for (const FirewallChain& chain : host.net().ip().firewall().chains()) {
    for (const FirewallRule& rule : chain.rules) {
      if (rule.comment != comment) continue;
      found = true;
      packets += rule.packets;
    }
  }
  DRYWIRE_CHECK(found) << "host " << host.name() << " has no firewall rule with the comment \""
                       << comment << "\"";
  return packets;
}

void World::SetSysctl(Host& host, absl::string_view name, absl::string_view value) {
  Check(host.profile().Set(name, value), absl::StrCat("host ", host.name()));
}

// --- Files ---

void World::Check(const Host& host, absl::string_view path, const Result<>& result) {
  if (result.ok()) return;
  errors_.push_back(
      absl::StrCat("host ", host.name(), ": ", path, ": ", CauseDescription(result.cause())));
}

void World::AddDirectory(Host& host, absl::string_view path, uint32_t mode, uint32_t uid,
                         uint32_t gid) {
  Check(host, path, host.memory_vfs().AddDirectory(path, mode, uid, gid));
  host.ShowPath(std::string(path));
}

MemoryVfs& World::MakeDirectoryOf(Host& host, absl::string_view path) {
  MemoryVfs& vfs = host.memory_vfs();
  const absl::string_view directory = path.substr(0, path.rfind('/'));
  if (!directory.empty() && !vfs.Lookup(vfs.OwnerContext(), directory, /*follow=*/true).ok()) {
    Check(host, directory, vfs.AddDirectory(directory));
  }
  return vfs;
}

void World::AddFile(Host& host, absl::string_view path, absl::string_view contents, uint32_t mode,
                    uint32_t uid, uint32_t gid) {
  MemoryVfs& vfs = MakeDirectoryOf(host, path);
  Check(host, path, vfs.AddFile(path, contents, mode, uid, gid));
  host.ShowPath(std::string(path));
}

void World::AddSymlink(Host& host, absl::string_view target, absl::string_view path) {
  MemoryVfs& vfs = MakeDirectoryOf(host, path);
  Check(host, path, vfs.Symlink(vfs.OwnerContext(), target, path));
  host.ShowPath(std::string(path));
}

void World::AddProgram(Host& host, absl::string_view path, Host::Program program, uint32_t mode,
                       uint32_t uid, uint32_t gid) {
  host.AddProgram(std::string(path), std::move(program));
  AddFile(host, path, Host::ProgramText(path), mode, uid, gid);
}

void World::AddMount(Host& host, absl::string_view path) {
  AddDirectory(host, path);
  Check(host, path, host.memory_vfs().AddMount(path));
}

void World::SetReadOnly(Host& host, absl::string_view path, bool read_only) {
  Check(host, path, host.memory_vfs().SetReadOnly(path, read_only));
}

void World::AddName(absl::string_view name, const Address& address) {
  names_.emplace_back(name, address);
}

std::vector<Address> World::LookUp(absl::string_view name) const {
  std::vector<Address> addresses;
  for (const auto& [known, address] : names_) {
    if (known == name) addresses.push_back(address);
  }
  return addresses;
}

Task& World::Spawn(Host& host, absl::string_view name, std::function<void()> body,
                   const Credentials& credentials) {
  Process& process = host.CreateProcess(std::string(name), credentials);
  InstallStandardDescriptors(process);
  return *process.Spawn(std::string(name), std::move(body));
}

void World::At(Duration since_start, std::function<void()> action) {
  // Owned by the event until it fires; a world that ends first still has to free it.
  actions_.push_back(std::move(action));
  scheduler_.events().PostAt(
      Instant::Zero() + since_start, "scripted action",
      [](void* context) { (*static_cast<std::function<void()>*>(context))(); }, &actions_.back());
}

void World::SignalSometime(Task& task, int signal, Duration within, uint32_t steps) {
  Choice& choice = scheduler_.choice();
  const uint32_t step = choice.Pick(ChoiceKind::kSignalMoment, steps);
  Process* const process = Process::Of(&task);
  At(now().since_start() + within * step / steps, [this, process, signal] {
    if (process->state() != ProcessState::kRunning) return;
    const Result<> raised = process->Raise(signal);
    if (!raised.ok()) {
      errors_.push_back(absl::StrCat("signal ", signal, ": ", CauseDescription(raised.cause())));
    }
  });
}

void World::Crash(Host& host) {
  fabric_.Crash(host.id());
  host.Crash();
}

void World::Restart(Host& host) {
  fabric_.Restart(host.id());
  host.Restart();
}

void World::Pause(Host& host) {
  fabric_.Pause(host.id(), Fabric::WhilePaused::kHold);
  host.Pause();
}

void World::Resume(Host& host) {
  host.Resume();
  fabric_.Resume(host.id());
}

int World::Partition(const std::vector<Host*>& a, const std::vector<Host*>& b, bool one_way) {
  return fabric_.Partition(Ids(a), Ids(b), one_way);
}

void World::Heal(int partition) {
  if (!fabric_.Heal(partition)) {
    errors_.push_back(absl::StrCat("heal: there is no partition ", partition));
  }
}

RunReport World::Run() { return RunUntil(Instant::Never(), /*until_idle=*/true); }

RunReport World::RunFor(Duration duration) {
  return RunUntil(now() + duration, /*until_idle=*/false);
}

RunReport World::RunUntil(Instant limit, bool until_idle) {
  if (!errors_.empty()) {
    last_report_ = RunReport();
    last_report_.status = RunStatus::kStopped;
    last_report_.now = now();
    last_report_.text = absl::StrCat("the world was not run: ", errors_.front());
    return last_report_;
  }
  const Scope running(this);
  last_report_ = until_idle ? scheduler_.RunUntilIdle() : scheduler_.RunUntil(limit);
  return last_report_;
}

Host* World::FindHost(absl::string_view name) const {
  for (const std::unique_ptr<Host>& host : hosts_) {
    if (host->name() == name) return host.get();
  }
  return nullptr;
}

std::string World::DumpState() const {
  std::string text;
  for (const std::unique_ptr<Host>& host : hosts_) {
    absl::StrAppend(&text, host->name(), ":\n");
    for (absl::string_view line :
         absl::StrSplit(host->DescribeSockets(), '\n', absl::SkipEmpty())) {
      std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
      if (words.size() == 5) words.insert(words.begin(), "tcp");
      if (words.size() != 6) {
        absl::StrAppend(&text, "  ", line, "\n");
        continue;
      }
      absl::StrAppendFormat(&text, "  %-3s %-10s %6s %6s %22s %22s\n", words[0], words[1], words[2],
                            words[3], words[4], words[5]);
    }
  }
  return text;
}

}  // namespace drywire
