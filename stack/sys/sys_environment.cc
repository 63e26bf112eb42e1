#include "stack/sys/sys_environment.h"

namespace drywire {
namespace {

// A thread runs one world at a time; other threads of the program are outside of all worlds.
thread_local SysEnvironment* running = nullptr;

}  // namespace

SysEnvironment* SysEnvironment::Running() { return running; }

ScopedSysEnvironment::ScopedSysEnvironment(SysEnvironment* environment) : previous_(running) {
  running = environment;
}

ScopedSysEnvironment::~ScopedSysEnvironment() { running = previous_; }

}  // namespace drywire
