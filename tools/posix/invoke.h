// How the functions of the library door become system calls of the process that runs. For the files
// of this package that define such functions.
#ifndef DRYWIRE_TOOLS_POSIX_INVOKE_H_
#define DRYWIRE_TOOLS_POSIX_INVOKE_H_

#include <cerrno>

#include "stack/sys/call.h"
#include "stack/sys/sys_environment.h"

namespace drywire::posix {

// The environment of the simulated process that calls; null outside of one, and for the simulator's
// own calls.
SysEnvironment* Environment();

// Says on standard error that `name` was called outside of a simulated process: ENOSYS.
SysResult Outside(const char* name);

// The process that calls. Only inside of one.
SysContext CurrentContext();

// Runs `call`, which takes a SysContext&, for the current process.
template <typename Call>
SysResult Invoke(const char* name, Call call) {
  if (Environment() == nullptr) return Outside(name);
  SysContext context = CurrentContext();
  return call(context);
}

// The value, or -1 with errno set.
template <typename T = int, typename Call>
T Return(const char* name, Call call) {
  const SysResult result = Invoke(name, call);
  if (result.ok()) return static_cast<T>(result.value);
  errno = result.error;
  return static_cast<T>(-1);
}

}  // namespace drywire::posix

// Defines a function that is one system call: its type and name, the call, its parameters, and what
// the call is given after the context.
#define DRYWIRE_FORWARD(type, name, Call, parameters, ...)                              \
  type name parameters {                                                                \
    return Return<type>(#name, [&](SysContext& context) { return Call(__VA_ARGS__); }); \
  }

#endif  // DRYWIRE_TOOLS_POSIX_INVOKE_H_
