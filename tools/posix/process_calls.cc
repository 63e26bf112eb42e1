// The library door's calls on processes, and on signals that are waited for.
//
// A simulated process's environment is what its program was started with; getenv() is the C
// library's and knows the real one. The exec functions search $PATH of the simulated environment,
// or /bin and /usr/bin. Source: exec(3), posix_spawn(3), wait(2), sigwait(3).
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sim/core/fiber.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"
#include "tools/posix/invoke.h"
#include "tools/posix/posix.h"

namespace drywire::posix {
namespace {

pid_t RefuseFork(const char* name) {
  return Return<pid_t>(name, [&](SysContext& context) {
    (void)NotModelled(context,
                      absl::StrCat(name, "(), for which there is fork_and_run(),").c_str());
    context.scheduler().CountCall();
    return SysResult::Fail(ENOSYS);
  });
}

// Where execvp(3) looks for a name.
std::vector<std::string> Candidates(const SysContext& context, const char* name) {
  if (name == nullptr || *name == 0 || std::strchr(name, '/') != nullptr) {
    return {name == nullptr ? "" : name};
  }
  absl::string_view directories = "/bin:/usr/bin";
  for (const std::string& variable : context.process.environment()) {
    if (absl::StartsWith(variable, "PATH=")) directories = absl::string_view(variable).substr(5);
  }
  std::vector<std::string> paths;
  for (const absl::string_view directory : absl::StrSplit(directories, ':')) {
    paths.push_back(directory.empty() ? name : absl::StrCat(directory, "/", name));
  }
  return paths;
}

// Runs what execve() has made of the process; returns only when it failed.
template <typename Call>
int Execute(const char* name, Call call) try {
  ExecImage image;
  const SysResult result = Invoke(name, [&](SysContext& context) { return call(context, &image); });
  if (result.ok()) posix::_exit(RunImage(image));
  errno = result.error;
  return -1;
} catch (const FiberUnwind&) {
  throw;  // As in RunCall.
}

int ExecuteSearched(const char* name, const char* path, char* const* strings,
                    char* const* environment) {
  return Execute(name, [&](SysContext& context, ExecImage* image) {
    return SysExecveAny(context, Candidates(context, path), strings, environment, image);
  });
}

// The file actions of posix_spawn() are kept behind the pointer of glibc's structure; the mark says
// that they are.
using Actions = std::vector<SpawnRequest::Action>;
constexpr int kMark = 0x64727977;

Actions* ActionsOf(const posix_spawn_file_actions_t* actions) {
  return actions->__pad[0] == kMark ? reinterpret_cast<Actions*>(actions->__actions) : nullptr;
}

int AddAction(posix_spawn_file_actions_t* actions, SpawnRequest::Action action) {
  Actions* const list = ActionsOf(actions);
  if (list == nullptr) return EINVAL;
  if (action.fd < 0 && action.kind != SpawnRequest::Action::Kind::kOpen &&
      action.kind != SpawnRequest::Action::Kind::kChdir) {
    return EBADF;
  }
  list->push_back(std::move(action));
  return 0;
}

int Spawn(const char* name, pid_t* pid, const char* path, bool search,
          const posix_spawn_file_actions_t* actions, const posix_spawnattr_t* attributes,
          char* const* strings, char* const* environment) {
  const SysResult result = Invoke(name, [&](SysContext& context) {
    SpawnRequest request;
    if (actions != nullptr) {
      const Actions* const list = ActionsOf(actions);
      if (list == nullptr) {
        (void)NotModelled(context, "posix_spawn() with actions from outside of the simulation");
        return SysResult::Fail(EINVAL);
      }
      request.actions = *list;
    }
    if (attributes != nullptr) {
      short flags = 0;
      (void)posix_spawnattr_getflags(attributes, &flags);
      request.flags = flags;
      (void)posix_spawnattr_getpgroup(attributes, &request.group);
      (void)posix_spawnattr_getsigmask(attributes, &request.mask);
      (void)posix_spawnattr_getsigdefault(attributes, &request.defaults);
    }
    const std::vector<std::string> paths =
        search ? Candidates(context, path) : std::vector<std::string>{path};
    static constexpr char* kNothing[] = {nullptr};
    return SysSpawn(context, paths, request, strings,
                    environment != nullptr ? environment : kNothing);
  });
  if (!result.ok()) return result.error;
  if (pid != nullptr) *pid = static_cast<pid_t>(result.value);
  return 0;
}

}  // namespace

// --- Beginnings ---

pid_t fork_and_run(std::function<int()> child) {
  return Return<pid_t>("fork", [&](SysContext& context) { return SysFork(context, child); });
}
pid_t fork() { return RefuseFork("fork"); }
pid_t vfork() { return RefuseFork("vfork"); }

int execve(const char* path, char* const* strings, char* const* environment) {
  static constexpr char* kNothing[] = {nullptr};
  return Execute("execve", [&](SysContext& context, ExecImage* image) {
    return SysExecve(context, path, strings, environment != nullptr ? environment : kNothing,
                     image);
  });
}
int execv(const char* path, char* const* strings) {
  return Execute("execv", [&](SysContext& context, ExecImage* image) {
    return SysExecve(context, path, strings, nullptr, image);
  });
}
int execvp(const char* path, char* const* strings) {
  return ExecuteSearched("execvp", path, strings, nullptr);
}
int execvpe(const char* path, char* const* strings, char* const* environment) {
  return ExecuteSearched("execvpe", path, strings, environment);
}

// Collects the arguments up to a null pointer.
#define DRYWIRE_COLLECT(first, list)                       \
  std::vector<char*> strings = {const_cast<char*>(first)}; \
  va_list list;                                            \
  va_start(list, first);                                   \
  while (strings.back() != nullptr) strings.push_back(va_arg(list, char*))

int execl(const char* path, const char* first, ...) {
  DRYWIRE_COLLECT(first, list);
  va_end(list);
  return posix::execv(path, strings.data());
}
int execlp(const char* path, const char* first, ...) {
  DRYWIRE_COLLECT(first, list);
  va_end(list);
  return posix::execvp(path, strings.data());
}
int execle(const char* path, const char* first, ...) {
  DRYWIRE_COLLECT(first, list);
  char** const environment = va_arg(list, char**);
  va_end(list);
  return posix::execve(path, strings.data(), environment);
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* strings,
                char* const* environment) {
  return Spawn("posix_spawn", pid, path, /*search=*/false, actions, attributes, strings,
               environment);
}
int posix_spawnp(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const* strings,
                 char* const* environment) {
  return Spawn("posix_spawnp", pid, path, /*search=*/true, actions, attributes, strings,
               environment);
}

int posix_spawn_file_actions_init(posix_spawn_file_actions_t* actions) {
  *actions = {};
  actions->__pad[0] = kMark;
  actions->__actions = reinterpret_cast<struct __spawn_action*>(new Actions);
  return 0;
}
int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t* actions) {
  delete ActionsOf(actions);
  *actions = {};
  return 0;
}
int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t* actions, int fd) {
  return AddAction(actions, {SpawnRequest::Action::Kind::kClose, fd});
}
int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t* actions, int fd, int to) {
  if (to < 0) return EBADF;
  return AddAction(actions, {SpawnRequest::Action::Kind::kDup2, fd, to});
}
int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t* actions, int fd, const char* path,
                                     int flags, mode_t mode) {
  if (fd < 0) return EBADF;
  return AddAction(actions, {SpawnRequest::Action::Kind::kOpen, -1, fd, path, flags, mode});
}
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t* actions, const char* path) {
  return AddAction(actions, {SpawnRequest::Action::Kind::kChdir, -1, -1, path});
}
int posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t* actions, int fd) {
  return AddAction(actions, {SpawnRequest::Action::Kind::kFchdir, fd});
}

// --- Ends ---

DRYWIRE_FORWARD(pid_t, wait, SysWaitpid, (int* status), context, -1, status, 0)
DRYWIRE_FORWARD(pid_t, waitpid, SysWaitpid, (pid_t pid, int* status, int options), context, pid,
                status, options)
DRYWIRE_FORWARD(int, waitid, SysWaitid, (idtype_t type, id_t id, siginfo_t* info, int options),
                context, type, id, info, options)
pid_t wait3(int* status, int options, rusage* usage) {
  return posix::wait4(-1, status, options, usage);
}
pid_t wait4(pid_t pid, int* status, int options, rusage* usage) {
  const pid_t ended = posix::waitpid(pid, status, options);
  // Processor time does not pass.
  if (ended > 0 && usage != nullptr) *usage = {};
  return ended;
}

// --- Groups ---

DRYWIRE_FORWARD(pid_t, getppid, SysGetppid, (void), context)
DRYWIRE_FORWARD(pid_t, getpgrp, SysGetpgid, (void), context, 0)
DRYWIRE_FORWARD(pid_t, getpgid, SysGetpgid, (pid_t pid), context, pid)
DRYWIRE_FORWARD(int, setpgid, SysSetpgid, (pid_t pid, pid_t group), context, pid, group)
DRYWIRE_FORWARD(pid_t, getsid, SysGetsid, (pid_t pid), context, pid)
DRYWIRE_FORWARD(pid_t, setsid, SysSetsid, (void), context)

// --- Signals ---

int killpg(pid_t group, int number) {
  if (group < 0) {
    errno = EINVAL;
    return -1;
  }
  return posix::kill(-group, number);
}
DRYWIRE_FORWARD(int, sigqueue, SysSigqueue, (pid_t pid, int number, const union sigval value),
                context, pid, number, value)
DRYWIRE_FORWARD(int, sigwaitinfo, SysSigtimedwait, (const sigset_t* set, siginfo_t* info), context,
                set, info, nullptr)
DRYWIRE_FORWARD(int, sigtimedwait, SysSigtimedwait,
                (const sigset_t* set, siginfo_t* info, const timespec* timeout), context, set, info,
                timeout)
DRYWIRE_FORWARD(int, signalfd, SysSignalfd, (int fd, const sigset_t* set, int flags), context, fd,
                set, flags)

int sigwait(const sigset_t* set, int* number) {
  for (;;) {
    const SysResult result = Invoke("sigwait", [&](SysContext& context) {
      return SysSigtimedwait(context, set, nullptr, nullptr);
    });
    if (result.ok()) {
      *number = static_cast<int>(result.value);
      return 0;
    }
    // The C library's goes on after a handler.
    if (result.error != EINTR) return result.error;
    if (CurrentContext().task.killed()) return EINTR;
  }
}

}  // namespace drywire::posix
