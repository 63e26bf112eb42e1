// A host: one simulated machine with its operating system, network stack and processes.
//
// The world creates hosts, wires their interfaces and gives them their profile; stack/sys acts for
// their processes. A crash loses everything a power cut loses: processes vanish, sockets forget
// their peers without a word, and only configuration (interfaces, addresses, routes, sysctls) and
// the filesystem survive. A paused host is a virtual machine that its hypervisor stopped: it takes
// in no packets (they wait), runs no task and no timer. Its clock goes on: what became due
// meanwhile happens when it goes on.
#ifndef DRYWIRE_STACK_HOST_HOST_H_
#define DRYWIRE_STACK_HOST_HOST_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "sim/core/intrusive_list.h"
#include "sim/core/scheduler.h"
#include "stack/base/credentials.h"
#include "stack/host/process.h"
#include "stack/personality/cause.h"
#include "stack/personality/profile.h"
#include "stack/socket/net_stack.h"
#include "stack/socket/socket.h"
#include "stack/socket/unix_domain.h"
#include "stack/vfs/memory_vfs.h"
#include "stack/vfs/vfs.h"

namespace drywire {

class ErrnoColumn;
class Host;

// Creates a stream socket; TCP's, set by whoever assembles the host.
using StreamSocketFactory = Result<Ref<Socket>> (*)(Host& host, int domain,
                                                    const Credentials& credentials);

class Host {
 public:
  struct Environment {
    uint32_t id = 0;  // from 1
    std::string name;
    uint64_t seed = 0;
    Scheduler* scheduler = nullptr;
    PacketPool* packets = nullptr;
    uint64_t* next_serial = nullptr;
    Profile profile;                      // copied: sysctls change this host only
    const ErrnoColumn* errnos = nullptr;  // only stack/sys looks inside
    // Overrides the factory of TCP sockets; for tests.
    StreamSocketFactory stream_factory = nullptr;
  };

  explicit Host(const Environment& environment);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  uint32_t id() const { return environment_.id; }
  const std::string& name() const { return environment_.name; }
  Profile& profile() { return environment_.profile; }
  const Profile& profile() const { return environment_.profile; }
  const ErrnoColumn& errnos() const { return *environment_.errnos; }
  Scheduler& scheduler() { return *environment_.scheduler; }
  NetStack& net() { return net_; }
  // What the host's processes see of files.
  Vfs& vfs() { return memory_vfs(); }
  // The same, for whoever fills it.
  MemoryVfs& memory_vfs() {
    if (vfs_ == nullptr) MakeVfs();
    return *vfs_;
  }
  // What its UNIX sockets share.
  UnixDomain& unix_domain() {
    if (unix_domain_ == nullptr) MakeUnixDomain();
    return *unix_domain_;
  }
  // Null as long as there never was one.
  UnixDomain* known_unix_domain() { return unix_domain_.get(); }
  // Programs that call the C library (//tools/posix:interpose) see this filesystem at and below
  // these absolute paths only, and the real machine's everywhere else: their libraries read files
  // of their own.
  void ShowPath(std::string path) { shown_paths_.push_back(std::move(path)); }
  const std::vector<std::string>& shown_paths() const { return shown_paths_; }
  OpenFiles& open_files() { return open_files_; }

  // socket(2), without the flags. kFamilyUnsupported, kTypeUnsupported, kProtocolUnsupported.
  Result<Ref<Socket>> CreateSocket(int domain, int type, int protocol,
                                   const Credentials& credentials);

  // --- Processes ---

  // A new process with the next pid, nobody's child; it has no task yet. Lives until the host is
  // gone, so that its exit code can be asked for.
  Process& CreateProcess(std::string name, const Credentials& credentials = {});
  // Null when there is none, or it has ended.
  Process* FindProcess(int pid);
  // The same, but for processes whose parent has not asked for them yet too.
  Process* FindProcessOrZombie(int pid);
  // Whether some process is of the group, and of the session unless that is 0.
  bool HasGroup(int group, int session);
  // In order of creation, ended ones included, but for those that were forked and are no more.
  IntrusiveList<Process>& processes() { return processes_; }

  // --- Programs

  // What execve(2) of a file may run: a function with main()'s arguments. A file stands for a
  // program when it holds ProgramText() of its name, wherever it is and whoever owns it.
  using Program = std::function<int(int argc, char** argv, char** environment)>;
  void AddProgram(std::string name, Program program) {
    programs_[std::move(name)] = std::move(program);
  }
  static std::string ProgramText(absl::string_view name);
  // Null when `contents` is no program's.
  const Program* FindProgram(absl::string_view contents) const;

  // --- Power ---

  void Crash();
  // Power comes back: no processes, empty sockets; the caller starts programs again.
  void Restart();
  bool powered() const { return net_.powered(); }
  // Freezes all tasks and holds arriving packets back. Nested calls do not count.
  void Pause();
  void Resume();
  bool paused() const { return paused_; }

  // A packet for this host from the link at `interface`; kept while paused.
  void Receive(uint32_t interface, PacketPtr packet);

  // The state of all sockets in the manner of `ss -tan`, in order of creation.
  std::string DescribeSockets();

 private:
  friend class Process;
  // A process that owns nothing and is nobody's, to which tasks belong that are being unwound.
  Process& CreateGrave(int pid, const std::string& name);
  void Forget(Process& process);
  Result<Ref<Socket>> CreateUnixSocket(int type, int protocol);

  struct Held {
    uint32_t interface;
    PacketPtr packet;
  };

  void MakeVfs();
  void MakeUnixDomain();

  Environment environment_;
  NetStack net_;
  OpenFiles open_files_;
  std::unique_ptr<MemoryVfs> vfs_;  // made when first asked for: not every host has processes
  std::unique_ptr<UnixDomain> unix_domain_;
  std::vector<std::string> shown_paths_;
  std::map<int, std::unique_ptr<Process>> owned_processes_;  // by pid
  std::vector<std::unique_ptr<Process>> graves_;
  std::map<std::string, Program, std::less<>> programs_;
  IntrusiveList<Process> processes_;
  int next_pid_ = 100;
  bool paused_ = false;
  std::vector<Held> held_;  // arrived while paused
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_HOST_HOST_H_
