#include "sim/core/check.h"

#include <cstdio>
#include <cstdlib>
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

void Fail(const char* file, int line, const char* what, const std::string& message) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s:%d: %s %s\n", file, line, what, message.c_str());
  const FailureHook hook = SetFailureHook({});
  if (hook.function != nullptr) hook.function(hook.context);
  std::fflush(stderr);
  std::abort();
}

}  // namespace check_internal
}  // namespace drywire
