#include "stack/sys/sys_environment.h"

namespace drywire {
namespace {

SysEnvironment* running = nullptr;

}  // namespace

SysEnvironment* SysEnvironment::Running() { return running; }

ScopedSysEnvironment::ScopedSysEnvironment(SysEnvironment* environment) : previous_(running) {
  running = environment;
}

ScopedSysEnvironment::~ScopedSysEnvironment() { running = previous_; }

}  // namespace drywire
