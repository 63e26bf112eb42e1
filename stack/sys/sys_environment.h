// What the system call layer needs to know of the world it acts in, and who is calling.
//
// A world owns one SysEnvironment and makes it the running one while it runs; the doors above
// (tools/posix, tools/preload) find the calling process through it. This pointer, one a thread, is
// the only state of its kind in the layer: libraries that call read() cannot be handed a world.
#ifndef DRYWIRE_STACK_SYS_SYS_ENVIRONMENT_H_
#define DRYWIRE_STACK_SYS_SYS_ENVIRONMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/scheduler.h"
#include "sim/core/time.h"
#include "stack/base/address.h"
#include "stack/host/host.h"
#include "stack/host/process.h"

namespace drywire {

// The names of a topology, for getaddrinfo() and getnameinfo().
class NameService {
 public:
  virtual ~NameService() = default;
  // The addresses of `name` in the order they are to be reported; empty when it is unknown.
  virtual std::vector<Address> Lookup(absl::string_view name) const = 0;
  // The name of an address; empty when it has none.
  virtual std::string ReverseLookup(const Address& address) const = 0;
};

struct SysEnvironment {
  Scheduler* scheduler = nullptr;
  const NameService* names = nullptr;  // Null: no name is known.
  // What the clocks show at the world's start, in nanoseconds. CLOCK_REALTIME begins at
  // 2001-09-09 01:46:40 UTC, CLOCK_MONOTONIC a thousand seconds after boot: programs take a clock
  // that shows 0 for one that was never read.
  int64_t realtime_start = 1'000'000'000'000'000'000;
  int64_t monotonic_start = 1'000'000'000'000;
  // Signal handlers that run, innermost last: where on the stack of which task, and the signal mask
  // to return to. A handler that was left by siglongjmp is found by its frame being gone.
  struct RunningHandler {
    const Task* task;
    uintptr_t frame;
    SignalSet old_mask;
  };
  std::vector<RunningHandler> handlers;
  // The task that executes a simulated call right now. Its own calls to the C library are the
  // simulator's, not the program's.
  Task* in_kernel = nullptr;

  // The one whose world this thread runs; null outside of a run.
  static SysEnvironment* Running();
};

// Makes an environment the running one for as long as this lives. Runs nest.
class ScopedSysEnvironment {
 public:
  explicit ScopedSysEnvironment(SysEnvironment* environment);
  ScopedSysEnvironment(const ScopedSysEnvironment&) = delete;
  ScopedSysEnvironment& operator=(const ScopedSysEnvironment&) = delete;
  ~ScopedSysEnvironment();

 private:
  SysEnvironment* previous_;
};

// The caller of one system call.
struct SysContext {
  SysEnvironment& environment;
  Process& process;
  Task& task;

  Scheduler& scheduler() const { return *environment.scheduler; }
  Host& host() const { return process.host(); }
  const Profile& profile() const { return host().profile(); }
  Instant now() const { return scheduler().now(); }
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_SYS_ENVIRONMENT_H_
