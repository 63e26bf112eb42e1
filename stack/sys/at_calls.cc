// Calls on paths that are relative to an open directory: openat(2)'s relatives.
//
// Each is the call without "at" from another beginning, and what its flags add. Source: the manual
// page of each call as observed on Linux 6.18; FreeBSD's vfs_syscalls.c agrees in what is modelled.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>

#include "stack/sys/arguments.h"
#include "stack/sys/attributes.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"
#include "stack/vfs/vfs.h"

namespace drywire {
namespace {

CallOutcome Done(const Result<>& result) { return result.ok() ? CallOutcome(0) : result.cause(); }

// kInvalidArgument for flags that are not `known`.
Result<> CheckFlags(int flags, int known) {
  return (flags & ~known) == 0 ? Result<>() : Result<>(Cause::kInvalidArgument);
}

// Runs `call`, which takes the filesystem, the context and the path, from the directory `at`, or
// with AT_EMPTY_PATH in `flags` of `at` itself.
template <typename Call>
CallOutcome From(SysContext& context, int at, const char* path, int flags, Call call) {
  const Result<std::string> copy = ReadPath(context, path);
  if (!copy.ok()) return copy.cause();
  Result<PathContext> from = PathFrom(context, at, *copy, flags);
  if (!from.ok()) return from.cause();
  return call(context.host().vfs(), *from, *copy);
}

// The same for two paths.
template <typename Call>
CallOutcome FromBoth(SysContext& context, int at, const char* path, int to_at, const char* to,
                     Call call) {
  const Result<std::string> first = ReadPath(context, path);
  if (!first.ok()) return first.cause();
  const Result<std::string> second = ReadPath(context, to);
  if (!second.ok()) return second.cause();
  Result<PathContext> from = PathFrom(context, at, *first);
  if (!from.ok()) return from.cause();
  const Result<PathContext> target = PathFrom(context, to_at, *second);
  if (!target.ok()) return target.cause();
  from->target_directory = target->directory;
  return call(context.host().vfs(), *from, *first, *second);
}

// Whether the call is fstat() by another name, of whatever descriptor. No path at all is an empty
// one there, as Linux has it since 6.11.
bool IsDescriptor(const SysContext& context, int at, const char* path, int flags) {
  if ((flags & AT_EMPTY_PATH) == 0 || at == AT_FDCWD) return false;
  if (path == nullptr) return true;
  const Result<std::string> copy = ReadPath(context, path);
  return copy.ok() && copy->empty();
}

CallOutcome Faccessat(SysContext& context, int at, const char* path, int mode, int flags) {
  if ((mode & ~(R_OK | W_OK | X_OK)) != 0) return Cause::kInvalidArgument;
  DRYWIRE_RETURN_IF_FAILED(CheckFlags(flags, AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
  return From(context, at, path, flags,
              [&](Vfs& vfs, PathContext& from, const std::string& text) -> CallOutcome {
                const Credentials real = context.process.identity().Real();
                if ((flags & AT_EACCESS) == 0) from.credentials = &real;
                if ((flags & AT_SYMLINK_NOFOLLOW) != 0) {
                  const Result<NodeRef> node = vfs.Lookup(from, text, /*follow=*/false);
                  if (!node.ok()) return node.cause();
                  // A link's own mode allows everything.
                  if ((*node)->type() == FileType::kSymlink) return 0;
                }
                return Done(vfs.Access(from, text, static_cast<uint32_t>(mode)));
              });
}

CallOutcome Fchmodat(SysContext& context, int at, const char* path, mode_t mode, int flags) {
  DRYWIRE_RETURN_IF_FAILED(CheckFlags(flags, AT_SYMLINK_NOFOLLOW));
  return From(context, at, path, 0,
              [&](Vfs& vfs, const PathContext& from, const std::string& text) -> CallOutcome {
                if ((flags & AT_SYMLINK_NOFOLLOW) != 0) {
                  const Result<NodeRef> node = vfs.Lookup(from, text, /*follow=*/false);
                  if (!node.ok()) return node.cause();
                  if ((*node)->type() == FileType::kSymlink) return Cause::kNotSupported;
                }
                return Done(vfs.ChangeMode(from, text, mode));
              });
}

CallOutcome Readlinkat(SysContext& context, int at, const char* path, char* buffer, size_t size) {
  if (context.profile().vfs.readlink_needs_room && static_cast<int>(size) <= 0) {
    return Cause::kInvalidArgument;
  }
  return From(context, at, path, 0,
              [&](Vfs& vfs, const PathContext& from, const std::string& text) -> CallOutcome {
                const Result<std::string> target = vfs.ReadLink(from, text);
                if (!target.ok()) return target.cause();
                const size_t copied = std::min(size, target->size());
                if (!CopyToUser(buffer, target->data(), copied)) return Cause::kBadAddressPointer;
                return static_cast<int64_t>(copied);
              });
}

// --- Times ---

// What one of the two times asks for: kInvalidArgument.
Result<std::optional<Instant>> ToInstant(const SysContext& context, const timespec& time) {
  if (time.tv_nsec == UTIME_OMIT) return std::optional<Instant>();
  if (time.tv_nsec == UTIME_NOW) return std::optional<Instant>(context.now());
  if (time.tv_nsec < 0 || time.tv_nsec >= 1'000'000'000) return Cause::kInvalidArgument;
  // As far as the clock of the simulation reaches.
  int64_t nanos = 0;
  if (__builtin_mul_overflow(int64_t{time.tv_sec}, int64_t{1'000'000'000}, &nanos) ||
      __builtin_add_overflow(nanos, int64_t{time.tv_nsec}, &nanos) ||
      __builtin_sub_overflow(nanos, context.environment.realtime_start, &nanos)) {
    (void)NotModelled(context, "a file time so far away");
    return Cause::kInvalidArgument;
  }
  return std::optional<Instant>(Instant::Zero() + Duration::Nanos(nanos));
}

Result<NewTimes> ToTimes(const SysContext& context, const timespec* times) {
  NewTimes result;
  timespec both[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  if (times != nullptr && !CopyFromUser(both, times, sizeof both)) {
    return Cause::kBadAddressPointer;
  }
  const Result<std::optional<Instant>> accessed = ToInstant(context, both[0]);
  if (!accessed.ok()) return accessed.cause();
  const Result<std::optional<Instant>> modified = ToInstant(context, both[1]);
  if (!modified.ok()) return modified.cause();
  result.accessed = *accessed;
  result.modified = *modified;
  result.both_now = both[0].tv_nsec == UTIME_NOW && both[1].tv_nsec == UTIME_NOW;
  return result;
}

CallOutcome Utimensat(SysContext& context, int at, const char* path, const timespec* times,
                      int flags) {
  const bool early = context.profile().vfs.times_judged_first;
  const Result<> known = CheckFlags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
  if (early) DRYWIRE_RETURN_IF_FAILED(known);
  const Result<NewTimes> copy = ToTimes(context, times);
  if (!copy.ok() && (early || copy.cause() != Cause::kInvalidArgument)) return copy.cause();
  const bool nothing = copy.ok() && !copy->accessed.has_value() && !copy->modified.has_value();
  // Linux does not even look at the path then; FreeBSD does not look at futimens()'s descriptor.
  if (nothing && (!early || path == nullptr)) return 0;
  DRYWIRE_RETURN_IF_FAILED(known);
  if (path == nullptr && at != AT_FDCWD) {
    if (flags != 0) return Cause::kInvalidArgument;
    const Result<NodeRef> node = FindNode(context, at);
    if (!node.ok()) return node.cause();
    if (!copy.ok()) return copy.cause();
    return Done((*node)->SetTimes(*copy, context.process.path_context().actor()));
  }
  return From(context, at, path, flags,
              [&](Vfs& vfs, const PathContext& from, const std::string& text) -> CallOutcome {
                const bool follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
                if (copy.ok() && !nothing) return Done(vfs.SetTimes(from, text, *copy, follow));
                const Result<NodeRef> node = vfs.Lookup(from, text, follow);
                if (!node.ok()) return node.cause();
                return nothing ? CallOutcome(0) : copy.cause();
              });
}

}  // namespace

SysResult SysMkdirat(SysContext& context, int at, const char* path, mode_t mode) {
  return RunCall(context, {"mkdirat", Operation::kMkdir, at, mode}, [&] {
    return From(context, at, path, 0,
                [&](Vfs& vfs, const PathContext& from, const std::string& text) {
                  return Done(vfs.MakeDirectory(from, text, mode));
                });
  });
}

SysResult SysUnlinkat(SysContext& context, int at, const char* path, int flags) {
  const Operation operation = (flags & AT_REMOVEDIR) != 0 ? Operation::kRmdir : Operation::kUnlink;
  return RunCall(
      context, {"unlinkat", operation, at, static_cast<uint64_t>(flags)}, [&]() -> CallOutcome {
        DRYWIRE_RETURN_IF_FAILED(CheckFlags(flags, AT_REMOVEDIR));
        return From(context, at, path, 0,
                    [&](Vfs& vfs, const PathContext& from, const std::string& text) {
                      return Done((flags & AT_REMOVEDIR) != 0 ? vfs.RemoveDirectory(from, text)
                                                              : vfs.Unlink(from, text));
                    });
      });
}

SysResult SysRenameat(SysContext& context, int at, const char* path, int to_at, const char* to,
                      unsigned flags) {
  return RunCall(context, {"renameat", Operation::kRename, at, static_cast<uint64_t>(to_at), flags},
                 [&]() -> CallOutcome {
                   constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
                   if ((flags & ~kNoReplace) != 0) {
                     (void)NotModelled(context, "that flag of renameat2()");
                     return Cause::kInvalidArgument;
                   }
                   return FromBoth(context, at, path, to_at, to,
                                   [&](Vfs& vfs, const PathContext& from, const std::string& first,
                                       const std::string& second) -> CallOutcome {
                                     PathContext target = from;
                                     target.directory = from.target_directory;
                                     if (flags == kNoReplace &&
                                         vfs.Lookup(from, first, false).ok() &&
                                         vfs.Lookup(target, second, false).ok()) {
                                       return Cause::kEntryExists;
                                     }
                                     return Done(vfs.Rename(from, first, second));
                                   });
                 });
}

SysResult SysLinkat(SysContext& context, int at, const char* path, int to_at, const char* to,
                    int flags) {
  return RunCall(
      context,
      {"linkat", Operation::kLink, at, static_cast<uint64_t>(to_at), static_cast<uint64_t>(flags)},
      [&]() -> CallOutcome {
        if ((flags & AT_EMPTY_PATH) != 0) {
          return NotModelled(context, "linkat() of a descriptor");
        }
        DRYWIRE_RETURN_IF_FAILED(CheckFlags(flags, AT_SYMLINK_FOLLOW));
        const LinkFollow follow =
            (flags & AT_SYMLINK_FOLLOW) != 0 ? LinkFollow::kAlways : LinkFollow::kNever;
        return FromBoth(
            context, at, path, to_at, to,
            [&](Vfs& vfs, const PathContext& from, const std::string& first,
                const std::string& second) { return Done(vfs.Link(from, first, second, follow)); });
      });
}

SysResult SysSymlinkat(SysContext& context, const char* target, int at, const char* path) {
  return RunCall(context, {"symlinkat", Operation::kSymlink, at}, [&]() -> CallOutcome {
    const Result<std::string> text = ReadPath(context, target);
    if (!text.ok()) return text.cause();
    return From(context, at, path, 0,
                [&](Vfs& vfs, const PathContext& from, const std::string& name) {
                  return Done(vfs.Symlink(from, *text, name));
                });
  });
}

SysResult SysReadlinkat(SysContext& context, int at, const char* path, char* buffer, size_t size) {
  return RunCall(context, {"readlinkat", Operation::kReadlink, at, size},
                 [&] { return Readlinkat(context, at, path, buffer, size); });
}

SysResult SysFchmodat(SysContext& context, int at, const char* path, mode_t mode, int flags) {
  return RunCall(context, {"fchmodat", Operation::kChmod, at, mode, static_cast<uint64_t>(flags)},
                 [&] { return Fchmodat(context, at, path, mode, flags); });
}

SysResult SysFchownat(SysContext& context, int at, const char* path, uid_t uid, gid_t gid,
                      int flags) {
  return RunCall(context, {"fchownat", Operation::kChown, at, uid, gid}, [&]() -> CallOutcome {
    DRYWIRE_RETURN_IF_FAILED(CheckFlags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
    return From(
        context, at, path, flags, [&](Vfs& vfs, const PathContext& from, const std::string& text) {
          return Done(vfs.ChangeOwner(from, text, uid, gid, (flags & AT_SYMLINK_NOFOLLOW) == 0));
        });
  });
}

SysResult SysFstatat(SysContext& context, int at, const char* path, struct stat* status,
                     int flags) {
  if (IsDescriptor(context, at, path, flags)) return SysFstat(context, at, status);
  return RunCall(
      context, {"fstatat", Operation::kStat, at, static_cast<uint64_t>(flags)},
      [&]() -> CallOutcome {
        DRYWIRE_RETURN_IF_FAILED(
            CheckFlags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT));
        if (path == nullptr && (flags & AT_EMPTY_PATH) != 0) path = "";
        return From(context, at, path, flags,
                    [&](Vfs& vfs, const PathContext& from, const std::string& text) -> CallOutcome {
                      const Result<NodeRef> node =
                          vfs.Lookup(from, text, (flags & AT_SYMLINK_NOFOLLOW) == 0);
                      if (!node.ok()) return node.cause();
                      if (!WriteUser(status, ToStat(context, (*node)->Stat()))) {
                        return Cause::kBadAddressPointer;
                      }
                      return 0;
                    });
      });
}

SysResult SysFaccessat(SysContext& context, int at, const char* path, int mode, int flags) {
  return RunCall(context,
                 {"faccessat", Operation::kAccess, at, static_cast<uint64_t>(mode),
                  static_cast<uint64_t>(flags)},
                 [&] { return Faccessat(context, at, path, mode, flags); });
}

SysResult SysUtimensat(SysContext& context, int at, const char* path, const timespec* times,
                       int flags) {
  return RunCall(context, {"utimensat", Operation::kSetTimes, at, static_cast<uint64_t>(flags)},
                 [&] { return Utimensat(context, at, path, times, flags); });
}

}  // namespace drywire
