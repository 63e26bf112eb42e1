#include "stack/host/identity.h"

#include <algorithm>
#include <utility>

namespace drywire {
namespace {

bool IsOneOf(uint32_t id, const ProcessIds& ids) {
  return id == ids.real || id == ids.effective || id == ids.saved;
}

}  // namespace

void Identity::Reset(const Credentials& credentials) {
  effective_ = credentials;
  real_uid_ = saved_uid_ = credentials.uid;
  real_gid_ = saved_gid_ = credentials.gid;
  permitted_ = credentials.capabilities.value_or(CapabilitySet());
}

Credentials Identity::Real() const {
  Credentials real = effective_;
  real.uid = real_uid_;
  real.gid = real_gid_;
  if (real.capabilities.has_value()) {
    real.capabilities = real_uid_ == 0 ? permitted_ : CapabilitySet();
  }
  return real;
}

std::vector<uint32_t> Identity::GroupList() const {
  if (linux_rule()) return effective_.groups;
  std::vector<uint32_t> groups = {effective_.gid};
  groups.insert(groups.end(), effective_.groups.begin(), effective_.groups.end());
  return groups;
}

// --- The rules, for users and groups alike ---

Result<ProcessIds> Identity::AfterSet(const ProcessIds& old, uint32_t id, bool may) const {
  if (!linux_rule()) {
    if (id != old.real && id != old.effective && !may) return Cause::kNoPermission;
    return ProcessIds{id, id, id};
  }
  if (id == kKeep) return Cause::kInvalidArgument;
  if (may) return ProcessIds{id, id, id};
  if (id != old.real && id != old.saved) return Cause::kNoPermission;
  return ProcessIds{old.real, id, old.saved};
}

Result<ProcessIds> Identity::AfterSetEffective(const ProcessIds& old, uint32_t id, bool may) const {
  if (linux_rule() && id == kKeep) return Cause::kInvalidArgument;
  const bool known = id == old.real || id == old.saved || (linux_rule() && id == old.effective);
  if (!known && !may) return Cause::kNoPermission;
  return ProcessIds{old.real, id, old.saved};
}

Result<ProcessIds> Identity::AfterSetPair(const ProcessIds& old, uint32_t real, uint32_t effective,
                                          bool may) const {
  ProcessIds ids = old;
  if (real != kKeep) {
    const uint32_t other = linux_rule() ? old.effective : old.saved;
    if (real != old.real && real != other && !may) return Cause::kNoPermission;
    ids.real = real;
  }
  if (effective != kKeep) {
    if (!IsOneOf(effective, old) && !may) return Cause::kNoPermission;
    ids.effective = effective;
  }
  const bool saves = linux_rule() ? real != kKeep || (effective != kKeep && effective != old.real)
                                  : real != kKeep || ids.effective != ids.real;
  if (saves) ids.saved = ids.effective;
  return ids;
}

Result<ProcessIds> Identity::AfterSetAll(const ProcessIds& old, const ProcessIds& ids,
                                         bool may) const {
  for (const uint32_t id : {ids.real, ids.effective, ids.saved}) {
    if (id != kKeep && !IsOneOf(id, old) && !may) return Cause::kNoPermission;
  }
  const auto or_old = [](uint32_t id, uint32_t before) { return id == kKeep ? before : id; };
  return ProcessIds{or_old(ids.real, old.real), or_old(ids.effective, old.effective),
                    or_old(ids.saved, old.saved)};
}

// --- Taking effect ---

Result<> Identity::TakeUsers(const Result<ProcessIds>& ids) {
  if (!ids.ok()) return ids.cause();
  const ProcessIds old = users();
  if (effective_.capabilities.has_value()) {
    // capabilities(7), "Effect of user ID changes on capabilities".
    const auto has_root = [](const ProcessIds& of) { return IsOneOf(0, of); };
    if (has_root(old) && !has_root(*ids)) permitted_ = CapabilitySet();
    if (old.effective == 0 && ids->effective != 0) effective_.capabilities = CapabilitySet();
    if (old.effective != 0 && ids->effective == 0) effective_.capabilities = permitted_;
    if (has_root(old) && !has_root(*ids)) effective_.capabilities = CapabilitySet();
  }
  real_uid_ = ids->real;
  effective_.uid = ids->effective;
  saved_uid_ = ids->saved;
  return {};
}

Result<> Identity::TakeGroups(const Result<ProcessIds>& ids) {
  if (!ids.ok()) return ids.cause();
  real_gid_ = ids->real;
  effective_.gid = ids->effective;
  saved_gid_ = ids->saved;
  return {};
}

// --- The calls ---

Result<> Identity::SetUid(uint32_t uid) {
  return TakeUsers(AfterSet(users(), uid, may_set_users()));
}
Result<> Identity::SetEuid(uint32_t uid) {
  return TakeUsers(AfterSetEffective(users(), uid, may_set_users()));
}
Result<> Identity::SetReuid(uint32_t real, uint32_t effective) {
  return TakeUsers(AfterSetPair(users(), real, effective, may_set_users()));
}
Result<> Identity::SetResuid(const ProcessIds& ids) {
  return TakeUsers(AfterSetAll(users(), ids, may_set_users()));
}

Result<> Identity::SetGid(uint32_t gid) {
  return TakeGroups(AfterSet(groups(), gid, may_set_groups()));
}
Result<> Identity::SetEgid(uint32_t gid) {
  return TakeGroups(AfterSetEffective(groups(), gid, may_set_groups()));
}
Result<> Identity::SetRegid(uint32_t real, uint32_t effective) {
  return TakeGroups(AfterSetPair(groups(), real, effective, may_set_groups()));
}
Result<> Identity::SetResgid(const ProcessIds& ids) {
  return TakeGroups(AfterSetAll(groups(), ids, may_set_groups()));
}

void Identity::Execute(std::optional<uint32_t> uid, std::optional<uint32_t> gid) {
  effective_.uid = uid.value_or(effective_.uid);
  effective_.gid = gid.value_or(effective_.gid);
  saved_uid_ = effective_.uid;
  saved_gid_ = effective_.gid;
  if (!effective_.capabilities.has_value()) return;
  if (effective_.uid != 0 && real_uid_ != 0) permitted_ = CapabilitySet();
  effective_.capabilities = effective_.uid == 0 ? permitted_ : CapabilitySet();
}

Result<> Identity::CheckSetGroups(uint64_t count) const {
  // FreeBSD's list has the effective id in front.
  const auto most = static_cast<uint64_t>(profile_->ngroups_max) + (linux_rule() ? 0 : 1);
  if (!linux_rule() && count > most) return Cause::kInvalidArgument;
  if (!may_set_groups()) return Cause::kNoPermission;
  return count > most ? Result<>(Cause::kInvalidArgument) : Result<>();
}

Result<> Identity::SetGroups(std::vector<uint32_t> groups) {
  const Result<> allowed = CheckSetGroups(groups.size());
  if (!allowed.ok()) return allowed;
  if (!linux_rule() && !groups.empty()) {
    effective_.gid = groups.front();
    groups.erase(groups.begin());
  }
  std::sort(groups.begin(), groups.end());
  effective_.groups = std::move(groups);
  return {};
}

}  // namespace drywire
