#include "tests/oracle/kernel.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sim/core/check.h"
#include "sim/world/topology_yaml.h"
#include "tests/oracle/netns.h"
#include "tests/oracle/sniffer.h"

namespace drywire::oracle {
namespace {

constexpr int kMostProcesses = 4;
constexpr size_t kTextSize = 256 * 1024;

// What the processes of one run share, besides the network.
struct Shared {
  Board board;
  std::atomic<bool> go{false};
  char failure[4096];
  char transcripts[kMostProcesses][kTextSize];
  char packets[kTextSize];
};

Shared* NewShared() {
  void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  DRYWIRE_CHECK(memory != MAP_FAILED) << std::strerror(errno);
  return new (memory) Shared;
}

int64_t NowMs() {
  timespec time = {};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

void Fail(Shared* shared, const std::string& text) {
  if (shared->failure[0] != 0) return;
  std::strncpy(shared->failure, text.c_str(), sizeof shared->failure - 1);
}

std::atomic<int> g_signal{0};

// --- A process of the scenario.

[[noreturn]] void RunBody(const Scenario::Process& process, const std::string& space,
                          Shared* shared, int index) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (absl::Status entered = EnterNamespace(space); !entered.ok()) {
    Fail(shared, std::string(entered.message()));
    ::_exit(1);
  }
  // As in a new simulated process: standard descriptors only, signals at their defaults.
  ::close_range(3, ~0u, 0);
  for (const int number : {SIGINT, SIGTERM}) ::signal(number, SIG_DFL);
  // Other work of the machine should not delay what is compared.
  ::setpriority(PRIO_PROCESS, 0, -10);
  while (!shared->go) ::usleep(200);
  Script script(process.host, &shared->board);
  script.MirrorTo(shared->transcripts[index], kTextSize);
  process.body(script);
  ::_exit(0);
}

// --- The conductor: one process for each run of a scenario.

// Waits until all of `children` have ended; kills them when the time is over.
void AwaitBodies(const Scenario& scenario, std::vector<pid_t> children, Shared* shared) {
  const int64_t limit = NowMs() + scenario.limit_s * 1000;
  size_t left = children.size();
  while (left > 0 && NowMs() < limit) {
    for (size_t i = 0; i < children.size(); ++i) {
      int status = 0;
      if (children[i] <= 0 || ::waitpid(children[i], &status, WNOHANG) != children[i]) continue;
      children[i] = 0;
      --left;
      if (status != 0) {
        Fail(shared, absl::StrCat("process ", scenario.processes[i].host,
                                  WIFSIGNALED(status) ? " was killed by signal " : " ended with ",
                                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
      }
    }
    ::usleep(1000);
  }
  for (size_t i = 0; i < children.size(); ++i) {
    if (children[i] <= 0) continue;
    Fail(shared, absl::StrCat("process ", scenario.processes[i].host, " did not end within ",
                              scenario.limit_s, " s"));
    ::kill(children[i], SIGKILL);
    ::waitpid(children[i], nullptr, 0);
  }
}

void Conduct(const Scenario& scenario, const Topology& topology, const std::string& prefix,
             Shared* shared) {
  if (absl::Status made = MakeNamespaces(topology, prefix); !made.ok()) {
    Fail(shared, std::string(made.message()));
    return;
  }
  std::unique_ptr<Sniffer> sniffer;
  if (!scenario.watched.empty()) {
    sniffer = Sniffer::Start(prefix + scenario.watched, "eth0");
    if (sniffer == nullptr) Fail(shared, "cannot capture packets");
  }
  std::vector<pid_t> children;
  for (size_t i = 0; i < scenario.processes.size(); ++i) {
    const Scenario::Process& process = scenario.processes[i];
    const pid_t child = ::fork();
    if (child == 0) RunBody(process, prefix + process.host, shared, static_cast<int>(i));
    children.push_back(child);
  }
  ::usleep(5000);
  shared->go = true;
  AwaitBodies(scenario, children, shared);
  for (const pid_t child : children) {
    std::error_code ignored;
    std::filesystem::remove_all(OracleDirectory(child), ignored);
  }
  if (sniffer == nullptr) return;
  ::usleep(20'000);  // what the ends of the processes send
  const std::string packets = sniffer->Finish();
  std::memcpy(shared->packets, packets.data(), std::min(packets.size(), kTextSize - 1));
}

[[noreturn]] void RunConductor(const Scenario& scenario, const std::string& prefix,
                               Shared* shared) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int number : {SIGINT, SIGTERM}) ::signal(number, SIG_DFL);
  absl::StatusOr<Topology> topology = ParseTopology(scenario.topology, scenario.name);
  if (!topology.ok()) {
    Fail(shared, std::string(topology.status().message()));
  } else {
    Conduct(scenario, *topology, prefix, shared);
  }
  RemoveNamespaces(prefix);
  ::_exit(0);
}

// --- The program.

struct Run {
  const Scenario* scenario;
  pid_t conductor;
  std::string prefix;
  Shared* shared;
  int64_t limit_ms;
};

std::vector<std::string> Lines(const char* text) {
  if (*text == 0) return {};
  return absl::StrSplit(text, '\n');
}

Outcome Collect(const Run& run) {
  Outcome outcome;
  outcome.failure = run.shared->failure;
  for (size_t i = 0; i < run.scenario->processes.size(); ++i) {
    outcome.transcripts.push_back(run.shared->transcripts[i]);
  }
  outcome.packets = Lines(run.shared->packets);
  return outcome;
}

Run StartRun(const Scenario& scenario, int number) {
  DRYWIRE_CHECK(scenario.processes.size() <= kMostProcesses) << scenario.name;
  Run run = {&scenario, -1, absl::StrCat(NamespacePrefix(::getpid()), number, "-"), NewShared(),
             NowMs() + scenario.limit_s * 1000 + 30'000};
  run.conductor = ::fork();
  if (run.conductor == 0) RunConductor(scenario, run.prefix, run.shared);
  return run;
}

// Whether the run has ended, by itself or because its time was over.
bool Ended(const Run& run) {
  if (::waitpid(run.conductor, nullptr, WNOHANG) == run.conductor) return true;
  if (NowMs() < run.limit_ms) return false;
  Fail(run.shared, "the run itself did not end in time");
  ::kill(-run.conductor, SIGKILL);
  ::waitpid(run.conductor, nullptr, 0);
  RemoveNamespaces(run.prefix);
  return true;
}

[[noreturn]] void Abandon(const std::vector<Run>& runs) {
  for (const Run& run : runs) ::kill(-run.conductor, SIGKILL);
  for (const Run& run : runs) ::waitpid(run.conductor, nullptr, 0);
  RemoveNamespaces(NamespacePrefix(::getpid()));
  std::_Exit(128 + g_signal);
}

}  // namespace

void RunOnKernel(const std::vector<const Scenario*>& scenarios, int parallel,
                 const std::function<void(const Scenario&, const Outcome&)>& done) {
  RemoveLeftovers();
  static int number = 0;
  for (const int signal : {SIGINT, SIGTERM}) ::signal(signal, [](int it) { g_signal = it; });
  std::vector<Run> runs;
  size_t next = 0;
  while (next < scenarios.size() || !runs.empty()) {
    while (next < scenarios.size() && runs.size() < static_cast<size_t>(parallel)) {
      runs.push_back(StartRun(*scenarios[next++], number++));
    }
    if (g_signal != 0) Abandon(runs);
    for (size_t i = 0; i < runs.size();) {
      if (!Ended(runs[i])) {
        ++i;
        continue;
      }
      const Run run = runs[i];
      runs.erase(runs.begin() + i);
      done(*run.scenario, Collect(run));
      ::munmap(run.shared, sizeof(Shared));
    }
    ::usleep(2000);
  }
  for (const int signal : {SIGINT, SIGTERM}) ::signal(signal, SIG_DFL);
}

}  // namespace drywire::oracle
