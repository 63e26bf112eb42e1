#include "sim/core/check.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

namespace drywire {
namespace {

FailureHook g_failure_hook;  // The one process-wide setting of the engine; see the header.

}  // namespace

FailureHook SetFailureHook(FailureHook hook) {
  const FailureHook before = g_failure_hook;
  g_failure_hook = hook;
  return before;
}

namespace check_internal {

Failure::Failure(const char* file, int line, const char* what)
    : file_(file), line_(line), what_(what), stream_(new std::ostringstream) {}

std::ostream& Failure::stream() { return *stream_; }

Failure::~Failure() {
  std::fflush(stdout);
  std::fprintf(stderr, "%s:%d: %s %s\n", file_, line_, what_, stream_->str().c_str());
  const FailureHook hook = SetFailureHook({});
  if (hook.function != nullptr) hook.function(hook.context);
  std::fflush(stderr);
  std::abort();
}

}  // namespace check_internal
}  // namespace drywire
