// Processes: fork, wait, exec, groups.
//
// A program is a function that a file stands for (Host::AddProgram). It runs on top of the stack of
// whoever called execve(), which never comes back to its caller: the stack is unwound when the
// process ends. Source: fork(2), wait(2), waitid(2), execve(2), posix_spawn(3), setpgid(2) as
// observed on Linux 6.18; FreeBSD's kern_exit.c, kern_exec.c, imgact_shell.c.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "stack/sys/arguments.h"
#include "stack/sys/blocking.h"
#include "stack/sys/siginfo.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"
#include "stack/vfs/vfs.h"

namespace drywire {
namespace {

// --- Waiting ---

// Waits until a child that fits has ended. Null for WNOHANG when none has; kNoChild.
Result<Process*> AwaitChild(SysContext& context, const ChildFilter& filter, bool no_hang) {
  for (;;) {
    const Result<Process*> child = context.process.FindZombie(filter);
    if (!child.ok() || *child != nullptr || no_hang) return child;
    const Scheduler::Interest interest = {&context.process.child_waiters(), kAnyKey};
    switch (WaitInCall(context, absl::MakeConstSpan(&interest, 1), WaitSubject{"wait"}, kNever)) {
      case WaitEnd::kNotified:
      case WaitEnd::kDeadline:
        break;
      case WaitEnd::kSignal:
        return Cause::kInterruptedRestartable;
      case WaitEnd::kKilled:
        return Cause::kInterrupted;
    }
  }
}

// The status as wait() gives it: what WIFEXITED() and its relatives take apart.
int WaitStatus(const Process& child) {
  return child.state() == ProcessState::kExited ? (child.exit_code() & 0xff) << 8
                                                : child.exit_code() & 0x7f;
}

CallOutcome Waitpid(SysContext& context, pid_t pid, int* status, int options) {
  constexpr int kKnown = WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WALL;
  if ((options & ~kKnown) != 0) return Cause::kInvalidArgument;
  if (pid == std::numeric_limits<pid_t>::min()) return Cause::kNoSuchProcess;
  ChildFilter filter;
  if (pid > 0) {
    filter = {ChildFilter::Kind::kPid, pid};
  } else if (pid != -1) {
    filter = {ChildFilter::Kind::kGroup, pid == 0 ? context.process.group() : -pid};
  }
  const Result<Process*> child = AwaitChild(context, filter, (options & WNOHANG) != 0);
  if (!child.ok()) return child.cause();
  if (*child == nullptr) return 0;
  const int64_t ended = (*child)->pid();
  const int value = WaitStatus(**child);
  // Gone even if its status cannot be told.
  context.process.Reap(**child);
  if (status != nullptr && !WriteUser(status, value)) return Cause::kBadAddressPointer;
  return ended;
}

CallOutcome Waitid(SysContext& context, int type, id_t id, siginfo_t* info, int options) {
  constexpr int kStates = WEXITED | WSTOPPED | WCONTINUED;
  constexpr int kKnown = kStates | WNOHANG | WNOWAIT | __WNOTHREAD | __WALL;
  if ((options & ~kKnown) != 0 || (options & kStates) == 0) return Cause::kInvalidArgument;
  const int number = static_cast<int>(id);
  ChildFilter filter;
  switch (type) {
    case P_ALL:
      break;
    case P_PID:
      if (number <= 0) return Cause::kInvalidArgument;
      filter = {ChildFilter::Kind::kPid, number};
      break;
    case P_PGID:
      if (number < 0) return Cause::kInvalidArgument;
      filter = {ChildFilter::Kind::kGroup, number == 0 ? context.process.group() : number};
      break;
    default:
      if (type == 3) (void)NotModelled(context, "waitid() of a pidfd");
      return Cause::kInvalidArgument;
  }
  if ((options & WEXITED) == 0) {
    return NotModelled(context, "waitid() for children that stop or go on");
  }
  const Result<Process*> child = AwaitChild(context, filter, (options & WNOHANG) != 0);
  if (!child.ok()) return child.cause();
  siginfo_t told = {};
  if (*child != nullptr) {
    const bool exited = (*child)->state() == ProcessState::kExited;
    SignalInfo end;
    end.signal = SIGCHLD;
    end.code = exited ? CLD_EXITED : CLD_KILLED;
    end.pid = (*child)->pid();
    end.uid = (*child)->identity().users().real;
    end.status = exited ? (*child)->exit_code() & 0xff : (*child)->exit_code();
    told = ToSiginfo(end);
    if ((options & WNOWAIT) == 0) context.process.Reap(**child);
  }
  if (info != nullptr && !WriteUser(info, told)) return Cause::kBadAddressPointer;
  return 0;
}

// --- Programs ---

constexpr size_t kScriptLine = 256;  // BINPRM_BUF_SIZE

// A file that may be executed.
struct Executable {
  std::string contents;  // its beginning
  std::optional<uint32_t> set_uid;
  std::optional<uint32_t> set_gid;
};

Result<Executable> FindExecutable(SysContext& context, absl::string_view path) {
  Vfs& vfs = context.host().vfs();
  const PathContext at = context.process.path_context();
  const Result<NodeRef> node = vfs.Lookup(at, path, /*follow=*/true);
  if (!node.ok()) return node.cause();
  if ((*node)->type() != FileType::kRegular) return Cause::kAccessDenied;
  DRYWIRE_RETURN_IF_FAILED(vfs.Access(at, path, kMayExecute));
  Executable file;
  file.contents.resize(4096);
  const Result<size_t> read = (*node)->ReadAt(
      0, {reinterpret_cast<uint8_t*>(&file.contents[0]), file.contents.size()}, at.actor());
  if (!read.ok()) return read.cause();
  file.contents.resize(*read);
  const Attributes attributes = (*node)->Stat();
  if ((attributes.mode & kModeSetUid) != 0) file.set_uid = attributes.uid;
  // Without group execution the bit means mandatory locking.
  if ((attributes.mode & kModeSetGid) != 0 && (attributes.mode & kModeGroupExecute) != 0) {
    file.set_gid = attributes.gid;
  }
  return file;
}

// Copies a null-terminated array of strings. kBadAddressPointer, kArgumentsTooLong.
Result<std::vector<std::string>> CopyStrings(SysContext& context, char* const* strings,
                                             int64_t* total) {
  const SysProfile& profile = context.profile().sys;
  std::vector<std::string> copies;
  for (; strings != nullptr; ++strings) {
    char* string = nullptr;
    if (!CopyFromUser(&string, strings, sizeof string)) return Cause::kBadAddressPointer;
    if (string == nullptr) break;
    std::string copy;
    switch (CopyStringFromUser(&copy, string, static_cast<size_t>(profile.exec_string_max))) {
      case StringCopy::kDone:
        break;
      case StringCopy::kFault:
        return Cause::kBadAddressPointer;
      case StringCopy::kTooLong:
        return Cause::kArgumentsTooLong;
    }
    *total += static_cast<int64_t>(copy.size() + 1 + sizeof string);
    if (*total > profile.exec_total_max) return Cause::kArgumentsTooLong;
    copies.push_back(std::move(copy));
  }
  return copies;
}

// What the first line of a script says: "#!interpreter argument".
struct Interpreter {
  std::string path;
  std::string argument;
};
Result<Interpreter> ParseScript(absl::string_view contents) {
  absl::string_view line = contents.substr(2, kScriptLine - 2);
  line = absl::StripAsciiWhitespace(line.substr(0, line.find('\n')));
  const size_t end = line.find_first_of(" \t");
  if (line.empty()) return Cause::kNotAProgram;
  Interpreter interpreter;
  interpreter.path = std::string(line.substr(0, end));
  if (end != absl::string_view::npos) {
    interpreter.argument = std::string(absl::StripLeadingAsciiWhitespace(line.substr(end)));
  }
  return interpreter;
}

CallOutcome Execve(SysContext& context, const char* path, char* const* arguments,
                   char* const* environment, ExecImage* image) {
  const Result<std::string> copy = ReadPath(context, path);
  if (!copy.ok()) return copy.cause();
  Result<Executable> file = FindExecutable(context, *copy);
  if (!file.ok()) return file.cause();
  int64_t total = 0;
  Result<std::vector<std::string>> given = CopyStrings(context, arguments, &total);
  if (!given.ok()) return given.cause();
  image->arguments = *std::move(given);
  // There is always a first argument.
  if (image->arguments.empty()) image->arguments.emplace_back();
  if (environment == nullptr) {
    image->environment = context.process.environment();
  } else {
    Result<std::vector<std::string>> variables = CopyStrings(context, environment, &total);
    if (!variables.ok()) return variables.cause();
    image->environment = *std::move(variables);
  }
  std::string script = *copy;
  for (int64_t depth = 0; absl::StartsWith(file->contents, "#!"); ++depth) {
    const Result<Interpreter> interpreter = ParseScript(file->contents);
    if (!interpreter.ok()) return interpreter.cause();
    if (depth == context.profile().sys.exec_interpreters) return Cause::kTooManyInterpreters;
    // The interpreter's own name, its argument, the script, and what the script was given.
    image->arguments.front() = script;
    if (!interpreter->argument.empty()) {
      image->arguments.insert(image->arguments.begin(), interpreter->argument);
    }
    image->arguments.insert(image->arguments.begin(), interpreter->path);
    script = interpreter->path;
    file = FindExecutable(context, script);
    if (!file.ok()) return file.cause();
  }
  const Host::Program* const program = context.host().FindProgram(file->contents);
  if (program == nullptr) return Cause::kNotAProgram;
  image->program = *program;
  // Handlers that run are never returned to.
  std::vector<SysEnvironment::RunningHandler>& handlers = context.environment.handlers;
  handlers.erase(std::remove_if(handlers.begin(), handlers.end(),
                                [&](const auto& running) { return running.task == &context.task; }),
                 handlers.end());
  Process::Image now;
  now.name = copy->substr(copy->rfind('/') + 1);
  now.set_uid = file->set_uid;
  now.set_gid = file->set_gid;
  now.environment = image->environment;
  context.process.BecomeProgram(std::move(now));
  return 0;
}

// --- Beginnings ---

// Runs `main` as the first task of a new process, which ends with it.
void Start(Process& process, std::function<int()> main) {
  Process* const child = &process;
  process.Spawn(process.name(), [child, main = std::move(main)] { child->Exit(main()); });
}

// A child that vanishes again unless it is let go.
class SpawnedChild {
 public:
  explicit SpawnedChild(Process* child) : child_(child) { child_->Hold(); }
  SpawnedChild(const SpawnedChild&) = delete;
  SpawnedChild& operator=(const SpawnedChild&) = delete;
  ~SpawnedChild() {
    if (child_ != nullptr) child_->Vanish();
  }
  void LetGo() { std::exchange(child_, nullptr)->LetGo(); }

 private:
  Process* child_;
};

// The child may have been killed when this returns.
SysResult Prepare(SysContext& child, const SpawnRequest& request) {
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    if ((request.flags & POSIX_SPAWN_SETSIGDEF) == 0) break;
    if ((ToSignalSet(request.defaults) & SignalBit(signal)) == 0) continue;
    (void)child.process.SetAction(signal, SignalAction{}, nullptr).ok();
  }
  if ((request.flags & POSIX_SPAWN_SETSID) != 0) {
    if (const SysResult done = SysSetsid(child); !done.ok()) return done;
  }
  if ((request.flags & POSIX_SPAWN_SETPGROUP) != 0) {
    if (const SysResult done = SysSetpgid(child, 0, request.group); !done.ok()) return done;
  }
  if ((request.flags & POSIX_SPAWN_RESETIDS) != 0) {
    const Identity& identity = child.process.identity();
    (void)child.process.identity().SetEgid(identity.groups().real).ok();
    (void)child.process.identity().SetEuid(identity.users().real).ok();
  }
  for (const SpawnRequest::Action& action : request.actions) {
    SysResult done;
    switch (action.kind) {
      case SpawnRequest::Action::Kind::kClose:
        // What is not open is as good as closed.
        (void)SysClose(child, action.fd);
        break;
      case SpawnRequest::Action::Kind::kDup2:
        if (action.fd == action.to) {
          done = SysFcntl(child, action.fd, F_SETFD, 0);
        } else {
          done = SysDup2(child, action.fd, action.to);
        }
        break;
      case SpawnRequest::Action::Kind::kOpen:
        (void)SysClose(child, action.to);
        done = SysOpen(child, action.path.c_str(), action.flags, action.mode);
        // Killed while it waited for the other end of a FIFO, say.
        if (child.process.state() != ProcessState::kRunning) {
          if (done.ok()) (void)SysClose(child, static_cast<int>(done.value));
          return {};
        }
        if (done.ok() && done.value != action.to) {
          const int opened = static_cast<int>(done.value);
          done = SysDup2(child, opened, action.to);
          (void)SysClose(child, opened);
        }
        break;
      case SpawnRequest::Action::Kind::kChdir:
        done = SysChdir(child, action.path.c_str());
        break;
      case SpawnRequest::Action::Kind::kFchdir:
        done = SysFchdir(child, action.fd);
        break;
    }
    if (!done.ok()) return done;
  }
  return {};
}

Process* FindOrSelf(SysContext& context, pid_t pid) {
  return pid == 0 ? &context.process : context.host().FindProcessOrZombie(pid);
}

}  // namespace

SysResult SysFork(SysContext& context, std::function<int()> body) {
  return RunCall(context, {"fork", Operation::kFork}, [&]() -> CallOutcome {
    Process& child = context.process.Fork();
    Start(child, std::move(body));
    return int64_t{child.pid()};
  });
}

SysResult SysGetppid(SysContext& context) {
  return RunCall(context, {"getppid", Operation::kSignal},
                 [&]() -> CallOutcome { return int64_t{context.process.parent_pid()}; });
}

SysResult SysWaitpid(SysContext& context, pid_t pid, int* status, int options) {
  return RunCall(
      context,
      {"wait4", Operation::kWait, -1, static_cast<uint64_t>(pid), static_cast<uint64_t>(options)},
      [&] { return Waitpid(context, pid, status, options); });
}

SysResult SysWaitid(SysContext& context, int type, id_t id, siginfo_t* info, int options) {
  return RunCall(context, {"waitid", Operation::kWait, -1, id, static_cast<uint64_t>(options)},
                 [&] { return Waitid(context, type, id, info, options); });
}

SysResult SysExecve(SysContext& context, const char* path, char* const* arguments,
                    char* const* environment, ExecImage* image) {
  return RunCall(context, {"execve", Operation::kExec},
                 [&] { return Execve(context, path, arguments, environment, image); });
}

SysResult SysExecveAny(SysContext& context, const std::vector<std::string>& paths,
                       char* const* arguments, char* const* environment, ExecImage* image) {
  SysResult last = SysResult::Fail(ENOENT);
  bool denied = false;
  for (const std::string& path : paths) {
    last = SysExecve(context, path.c_str(), arguments, environment, image);
    if (last.ok() || (last.error != EACCES && last.error != ENOENT && last.error != ENOTDIR)) {
      return last;
    }
    denied = denied || last.error == EACCES;
  }
  return denied ? SysResult::Fail(EACCES) : last;
}

int RunImage(const ExecImage& image) {
  const auto pointers = [](const std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
    result.push_back(nullptr);
    return result;
  };
  std::vector<char*> arguments = pointers(image.arguments);
  std::vector<char*> environment = pointers(image.environment);
  return image.program(static_cast<int>(image.arguments.size()), arguments.data(),
                       environment.data());
}

SysResult SysSpawn(SysContext& context, const std::vector<std::string>& paths,
                   const SpawnRequest& request, char* const* arguments, char* const* environment) {
  Process* process = nullptr;
  const SysResult forked =
      RunCall(context, {"posix_spawn", Operation::kFork}, [&]() -> CallOutcome {
        constexpr int kKnown = POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP |
                               POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                               POSIX_SPAWN_USEVFORK | POSIX_SPAWN_SETSID;
        if ((request.flags & ~kKnown) != 0) {
          (void)NotModelled(context, "posix_spawn() with a scheduling policy");
          return Cause::kInvalidArgument;
        }
        process = &context.process.Fork();
        return int64_t{process->pid()};
      });
  if (!forked.ok()) return forked;
  // The child's calls are made by the parent's task, which vfork(2) would stop.
  SpawnedChild child(process);
  SysContext as_child = {context.environment, *process, context.task};
  // As the C library does: no handler that the child has inherited runs before its program does.
  const SignalSet mask = (request.flags & POSIX_SPAWN_SETSIGMASK) != 0 ? ToSignalSet(request.mask)
                                                                       : process->blocked();
  process->SetBlocked(~SignalSet{0});
  const SysResult prepared = Prepare(as_child, request);
  if (!prepared.ok()) return prepared;
  if (process->state() == ProcessState::kRunning) {
    ExecImage image;
    const SysResult executed = SysExecveAny(as_child, paths, arguments, environment, &image);
    if (!executed.ok()) return executed;
    process->SetBlocked(mask);
    Start(*process, [image = std::move(image)] { return RunImage(image); });
  }
  child.LetGo();
  return forked;
}

SysResult SysGetpgid(SysContext& context, pid_t pid) {
  return RunCall(context, {"getpgid", Operation::kSetGroup}, [&]() -> CallOutcome {
    const Process* const process = FindOrSelf(context, pid);
    if (process == nullptr) return Cause::kNoSuchProcess;
    return int64_t{process->group()};
  });
}

SysResult SysSetpgid(SysContext& context, pid_t pid, pid_t group) {
  return RunCall(context,
                 {"setpgid", Operation::kSetGroup, -1, static_cast<uint64_t>(pid),
                  static_cast<uint64_t>(group)},
                 [&]() -> CallOutcome {
                   DRYWIRE_RETURN_IF_FAILED(context.process.SetGroup(pid, group));
                   return 0;
                 });
}

SysResult SysGetsid(SysContext& context, pid_t pid) {
  return RunCall(context, {"getsid", Operation::kSetGroup}, [&]() -> CallOutcome {
    const Process* const process = FindOrSelf(context, pid);
    if (process == nullptr) return Cause::kNoSuchProcess;
    return int64_t{process->session()};
  });
}

SysResult SysSetsid(SysContext& context) {
  return RunCall(context, {"setsid", Operation::kSetGroup}, [&]() -> CallOutcome {
    const Result<int> session = context.process.SetSession();
    if (!session.ok()) return session.cause();
    return int64_t{*session};
  });
}

}  // namespace drywire
