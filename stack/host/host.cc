#include "stack/host/host.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "sim/core/check.h"
#include "stack/socket/tcp_socket.h"
#include "stack/socket/udp_socket.h"
#include "stack/socket/unix_socket.h"

namespace drywire {
namespace {

// The first numbers that no system knows: SOCK_MAX, IPPROTO_MAX (which <netinet/in.h> calls 256
// where the kernel has 263 since 5.6).
constexpr int kTypeEnd = 11;
constexpr int kProtocolEnd = 263;

NetStack::Environment ForNet(const Host::Environment& environment, Profile* profile) {
  NetStack::Environment net;
  net.host_id = environment.id;
  net.seed = environment.seed;
  net.events = &environment.scheduler->events();
  net.trace = environment.scheduler->trace();
  net.packets = environment.packets;
  net.next_serial = environment.next_serial;
  net.profile = profile;
  return net;
}

}  // namespace

Host::Host(const Environment& environment)
    : environment_(environment), net_(ForNet(environment, &environment_.profile)) {
  open_files_.limit = &environment_.profile.socket.file_max;
  open_files_.ends_last_first = environment_.profile.sys.exit_closes_last_first;
  open_files_.privileged_exempt = environment_.profile.socket.file_max_spares_privileged;
}

void Host::MakeVfs() { vfs_ = std::make_unique<MemoryVfs>(&environment_.profile.vfs); }

void Host::MakeUnixDomain() {
  UnixDomain::Environment environment;
  environment.profile = &environment_.profile;
  environment.vfs = &memory_vfs();
  environment.open_files = &open_files_.open;
  environment.make_rng = [this] { return net_.MakeRng("unix names"); };
  unix_domain_ = std::make_unique<UnixDomain>(environment);
}

Host::~Host() {
  // As when the power goes: no packet is sent by closing.
  net_.Crash();
}

Result<Ref<Socket>> Host::CreateSocket(int domain, int type, int protocol,
                                       const Credentials& credentials) {
  const bool ranges = profile().socket.socket_arguments_have_range;
  const bool known = domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX;
  if (ranges && domain >= 0 && domain < AF_MAX && (type < 0 || type >= kTypeEnd)) {
    return Cause::kInvalidArgument;
  }
  if (!known) return Cause::kFamilyUnsupported;
  if (ranges && (protocol < 0 || protocol >= kProtocolEnd)) return Cause::kInvalidArgument;
  if (domain == AF_UNIX) return CreateUnixSocket(type, protocol);
  const int own = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
  if (own == 0) {
    // SOCK_RAW exists on both systems but without a default protocol; it is not modelled.
    return type == SOCK_RAW || (!ranges && protocol != 0) ? Cause::kProtocolUnsupported
                                                          : Cause::kTypeUnsupported;
  }
  if (protocol != 0 && protocol != own) return Cause::kProtocolUnsupported;
  if (type == SOCK_DGRAM) {
    return Ref<Socket>(new UdpSocket(&net_, domain, credentials.uid));
  }
  if (environment_.stream_factory != nullptr) {
    return environment_.stream_factory(*this, domain, credentials);
  }
  return TcpSocket::Create(&net_, domain, credentials.uid);
}

Result<Ref<Socket>> Host::CreateUnixSocket(int type, int protocol) {
  const bool takes_family = profile().unix_domain.protocol_may_be_family;
  if (protocol != 0 && !(takes_family && protocol == AF_UNIX)) return Cause::kProtocolUnsupported;
  if (takes_family && type == SOCK_RAW) type = SOCK_DGRAM;
  if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET) {
    return Cause::kTypeUnsupported;
  }
  return Ref<Socket>(new UnixSocket(&unix_domain(), type));
}

Process& Host::CreateProcess(std::string name, const Credentials& credentials) {
  const int pid = next_pid_++;
  std::unique_ptr<Process>& process = owned_processes_[pid];
  process = std::make_unique<Process>(this, pid, std::move(name), credentials);
  processes_.PushBack(process.get());
  return *process;
}

Process& Host::CreateGrave(int pid, const std::string& name) {
  graves_.push_back(std::make_unique<Process>(this, pid, name, Credentials{}));
  graves_.back()->End(ProcessState::kExited, 0);
  return *graves_.back();
}

void Host::Forget(Process& process) { owned_processes_.erase(process.pid()); }

Process* Host::FindProcess(int pid) {
  Process* const process = FindProcessOrZombie(pid);
  return process != nullptr && process->state() == ProcessState::kRunning ? process : nullptr;
}

Process* Host::FindProcessOrZombie(int pid) {
  const auto found = owned_processes_.find(pid);
  if (found == owned_processes_.end()) return nullptr;
  Process* const process = found->second.get();
  return process->state() == ProcessState::kRunning || process->is_zombie() ? process : nullptr;
}

bool Host::HasGroup(int group, int session) {
  for (const Process& process : processes_) {
    const bool is_there = process.state() == ProcessState::kRunning || process.is_zombie();
    if (is_there && process.group() == group && (session == 0 || process.session() == session)) {
      return true;
    }
  }
  return false;
}

// --- Programs ---

namespace {

// No text file begins so.
constexpr absl::string_view kProgramMark =
    "\x7f"
    "drywire program ";

}  // namespace

std::string Host::ProgramText(absl::string_view name) {
  return absl::StrCat(kProgramMark, name, "\n");
}

const Host::Program* Host::FindProgram(absl::string_view contents) const {
  if (!absl::ConsumePrefix(&contents, kProgramMark)) return nullptr;
  const auto found = programs_.find(contents.substr(0, contents.find('\n')));
  return found == programs_.end() ? nullptr : &found->second;
}

// --- Power ---

void Host::Crash() {
  net_.Crash();
  held_.clear();
  // The end of a process may make the host forget it, and its children.
  for (auto at = owned_processes_.begin(); at != owned_processes_.end();) {
    const int pid = at->first;
    at->second->KillBySignal(SIGKILL);
    at = owned_processes_.upper_bound(pid);
  }
  // Closing what the processes left open may have made new endpoints; nothing of them survives.
  net_.Crash();
}

void Host::Restart() { net_.Restart(); }

void Host::Pause() {
  if (paused_) return;
  paused_ = true;
  net_.Pause();
  for (Process& process : processes_) {
    for (Task* task : process.tasks()) scheduler().Freeze(task);
  }
}

void Host::Resume() {
  if (!paused_) return;
  paused_ = false;
  net_.Resume();
  for (Process& process : processes_) {
    for (Task* task : process.tasks()) scheduler().Thaw(task);
  }
  std::vector<Held> held = std::move(held_);
  held_.clear();
  for (Held& packet : held) net_.Receive(packet.interface, std::move(packet.packet));
}

void Host::Receive(uint32_t interface, PacketPtr packet) {
  if (paused_) {
    held_.push_back(Held{interface, std::move(packet)});
  } else {
    net_.Receive(interface, std::move(packet));
  }
}

std::string Host::DescribeSockets() {
  const std::string unix_sockets = unix_domain_ == nullptr ? "" : unix_domain_->Describe();
  return net_.DescribeEndpoints() + unix_sockets;
}

}  // namespace drywire
