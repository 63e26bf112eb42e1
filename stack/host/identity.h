// The user and group ids of a process, and the calls that change them.
//
// Real, effective and saved ids, supplementary groups and, where a test gives them, capabilities:
// what Linux takes away when the last id stops being 0 and gives back when the effective one is 0
// again. A process without explicit capabilities has all of them as uid 0 and none otherwise.
//
// Left out: file system ids apart from the effective ones, securebits, ambient and inheritable
// capabilities, user namespaces, login classes. Source: credentials(7), setuid(2), setreuid(2),
// setresuid(2), setgroups(2), capabilities(7) as observed on Linux 6.18; FreeBSD's kern_prot.c.
#ifndef DRYWIRE_STACK_HOST_IDENTITY_H_
#define DRYWIRE_STACK_HOST_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "stack/base/credentials.h"
#include "stack/personality/cause.h"
#include "stack/personality/vfs_profile.h"

namespace drywire {

struct ProcessIds {
  uint32_t real = 0;
  uint32_t effective = 0;
  uint32_t saved = 0;
};

class Identity {
 public:
  // setreuid() and its relatives: this id stays as it is.
  static constexpr uint32_t kKeep = ~uint32_t{0};

  // All three ids are the effective ones of `credentials`. `profile` is the host's; not owned.
  Identity(const Credentials& credentials, const VfsProfile* profile) : profile_(profile) {
    Reset(credentials);
  }
  void Reset(const Credentials& credentials);

  // Who the process acts as; the reference stays good.
  const Credentials& effective() const { return effective_; }
  // Who it would be without set-user-ID: what access(2) judges by.
  Credentials Real() const;
  ProcessIds users() const { return {real_uid_, effective_.uid, saved_uid_}; }
  ProcessIds groups() const { return {real_gid_, effective_.gid, saved_gid_}; }
  // What getgroups(2) lists.
  std::vector<uint32_t> GroupList() const;

  // kNoPermission; kInvalidArgument for kKeep where an id must be given.
  Result<> SetUid(uint32_t uid);
  Result<> SetEuid(uint32_t uid);
  Result<> SetReuid(uint32_t real, uint32_t effective);
  Result<> SetResuid(const ProcessIds& ids);
  Result<> SetGid(uint32_t gid);
  Result<> SetEgid(uint32_t gid);
  Result<> SetRegid(uint32_t real, uint32_t effective);
  Result<> SetResgid(const ProcessIds& ids);
  // kInvalidArgument: more than the system allows.
  Result<> SetGroups(std::vector<uint32_t> groups);
  // execve(2): the effective ids, replaced by a set-id program's owner or group, become the saved
  // ones. Explicit capabilities are what can be had at all: none of them is left unless the new
  // effective uid is 0.
  void Execute(std::optional<uint32_t> uid, std::optional<uint32_t> gid);
  // What SetGroups judges before it has seen the list.
  Result<> CheckSetGroups(uint64_t count) const;

 private:
  bool linux_rule() const { return profile_->identity_rule == IdentityRule::kLinux; }
  // The ids after setuid(), seteuid() and so on of one kind of ids; `may` is the capability for it.
  Result<ProcessIds> AfterSet(const ProcessIds& old, uint32_t id, bool may) const;
  Result<ProcessIds> AfterSetEffective(const ProcessIds& old, uint32_t id, bool may) const;
  Result<ProcessIds> AfterSetPair(const ProcessIds& old, uint32_t real, uint32_t effective,
                                  bool may) const;
  Result<ProcessIds> AfterSetAll(const ProcessIds& old, const ProcessIds& ids, bool may) const;
  Result<> TakeUsers(const Result<ProcessIds>& ids);
  Result<> TakeGroups(const Result<ProcessIds>& ids);
  bool may_set_users() const { return effective_.Has(Capability::kSetuid); }
  bool may_set_groups() const { return effective_.Has(Capability::kSetgid); }

  const VfsProfile* profile_;
  Credentials effective_;
  uint32_t real_uid_ = 0;
  uint32_t saved_uid_ = 0;
  uint32_t real_gid_ = 0;
  uint32_t saved_gid_ = 0;
  CapabilitySet permitted_;  // meant only when the credentials have explicit capabilities
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_HOST_IDENTITY_H_
