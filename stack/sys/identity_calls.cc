// Who a process is: its id, its users and its groups.
#include <unistd.h>

#include <vector>

#include "stack/sys/arguments.h"
#include "stack/sys/syscalls.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

CallOutcome Done(const Result<>& result) { return result.ok() ? CallOutcome(0) : result.cause(); }

SysResult Answer(SysContext& context, const char* name, int64_t value) {
  return RunCall(context, {name, Operation::kIdentity}, [&]() -> CallOutcome { return value; });
}

CallOutcome WriteIds(const ProcessIds& ids, uint32_t* real, uint32_t* effective, uint32_t* saved) {
  const bool written = WriteUser(real, ids.real) && WriteUser(effective, ids.effective) &&
                       WriteUser(saved, ids.saved);
  return written ? CallOutcome(0) : Cause::kBadAddressPointer;
}

CallOutcome Getgroups(SysContext& context, int size, gid_t* list) {
  const std::vector<uint32_t> groups = context.process.identity().GroupList();
  const auto count = static_cast<int>(groups.size());
  if (size < 0) return Cause::kInvalidArgument;
  if (size == 0) return count;
  if (size < count) return Cause::kInvalidArgument;
  if (!CopyToUser(list, groups.data(), groups.size() * sizeof(gid_t))) {
    return Cause::kBadAddressPointer;
  }
  return count;
}

CallOutcome Setgroups(SysContext& context, size_t size, const gid_t* list) {
  Identity& identity = context.process.identity();
  DRYWIRE_RETURN_IF_FAILED(identity.CheckSetGroups(size));
  std::vector<uint32_t> groups(size);
  if (!CopyFromUser(groups.data(), list, size * sizeof(gid_t))) return Cause::kBadAddressPointer;
  return Done(identity.SetGroups(std::move(groups)));
}

}  // namespace

SysResult SysGetpid(SysContext& context) {
  return RunCall(context, {"getpid", Operation::kSignal},
                 [&]() -> CallOutcome { return int64_t{context.process.pid()}; });
}

SysResult SysGetuid(SysContext& context) {
  return Answer(context, "getuid", context.process.identity().users().real);
}
SysResult SysGeteuid(SysContext& context) {
  return Answer(context, "geteuid", context.process.identity().users().effective);
}
SysResult SysGetgid(SysContext& context) {
  return Answer(context, "getgid", context.process.identity().groups().real);
}
SysResult SysGetegid(SysContext& context) {
  return Answer(context, "getegid", context.process.identity().groups().effective);
}

SysResult SysGetresuid(SysContext& context, uid_t* real, uid_t* effective, uid_t* saved) {
  return RunCall(context, {"getresuid", Operation::kIdentity}, [&] {
    return WriteIds(context.process.identity().users(), real, effective, saved);
  });
}
SysResult SysGetresgid(SysContext& context, gid_t* real, gid_t* effective, gid_t* saved) {
  return RunCall(context, {"getresgid", Operation::kIdentity}, [&] {
    return WriteIds(context.process.identity().groups(), real, effective, saved);
  });
}
SysResult SysGetgroups(SysContext& context, int size, gid_t* list) {
  return RunCall(context, {"getgroups", Operation::kIdentity, -1, static_cast<uint64_t>(size)},
                 [&] { return Getgroups(context, size, list); });
}

SysResult SysSetuid(SysContext& context, uid_t uid) {
  return RunCall(context, {"setuid", Operation::kIdentity, -1, uid},
                 [&] { return Done(context.process.identity().SetUid(uid)); });
}
SysResult SysSeteuid(SysContext& context, uid_t uid) {
  return RunCall(context, {"seteuid", Operation::kIdentity, -1, uid},
                 [&] { return Done(context.process.identity().SetEuid(uid)); });
}
SysResult SysSetreuid(SysContext& context, uid_t real, uid_t effective) {
  return RunCall(context, {"setreuid", Operation::kIdentity, -1, real, effective},
                 [&] { return Done(context.process.identity().SetReuid(real, effective)); });
}
SysResult SysSetresuid(SysContext& context, uid_t real, uid_t effective, uid_t saved) {
  return RunCall(context, {"setresuid", Operation::kIdentity, -1, real, effective}, [&] {
    return Done(context.process.identity().SetResuid({real, effective, saved}));
  });
}
SysResult SysSetgid(SysContext& context, gid_t gid) {
  return RunCall(context, {"setgid", Operation::kIdentity, -1, gid},
                 [&] { return Done(context.process.identity().SetGid(gid)); });
}
SysResult SysSetegid(SysContext& context, gid_t gid) {
  return RunCall(context, {"setegid", Operation::kIdentity, -1, gid},
                 [&] { return Done(context.process.identity().SetEgid(gid)); });
}
SysResult SysSetregid(SysContext& context, gid_t real, gid_t effective) {
  return RunCall(context, {"setregid", Operation::kIdentity, -1, real, effective},
                 [&] { return Done(context.process.identity().SetRegid(real, effective)); });
}
SysResult SysSetresgid(SysContext& context, gid_t real, gid_t effective, gid_t saved) {
  return RunCall(context, {"setresgid", Operation::kIdentity, -1, real, effective}, [&] {
    return Done(context.process.identity().SetResgid({real, effective, saved}));
  });
}
SysResult SysSetgroups(SysContext& context, size_t size, const gid_t* list) {
  return RunCall(context, {"setgroups", Operation::kIdentity, -1, size},
                 [&] { return Setgroups(context, size, list); });
}

}  // namespace drywire
