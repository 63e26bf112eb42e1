#include "stack/socket/unix_control.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "stack/socket/control_data.h"

namespace drywire {
namespace {

constexpr size_t kHeader = sizeof(cmsghdr);

UnixAncillary& AncillaryOf(UnixControl& control, UnixDomain& domain, uint32_t uid) {
  if (control.ancillary == nullptr) {
    control.ancillary = std::make_unique<UnixAncillary>(&domain, uid);
  }
  return *control.ancillary;
}

Result<> ReadRights(UnixDomain& domain, const Caller& caller, absl::Span<const uint8_t> data,
                    UnixControl* control) {
  const size_t count = data.size() / sizeof(int);
  if (count == 0) return {};
  const uint32_t uid = caller.ids().real_uid;
  UnixAncillary& ancillary = AncillaryOf(*control, domain, uid);
  const size_t all = ancillary.files().size() + count;
  if (all > static_cast<size_t>(domain.profile().unix_domain.max_rights)) {
    return Cause::kInvalidArgument;
  }
  for (size_t i = 0; i < count; ++i) {
    int fd;
    std::memcpy(&fd, data.data() + i * sizeof fd, sizeof fd);
    File* const file = caller.FileOf(fd);
    if (file == nullptr) return Cause::kBadDescriptor;
    ancillary.AddFile(FileRef(file));
  }
  return {};
}

// SCM_CREDENTIALS: one's own ids, unless one is privileged.
Result<> ReadCredentials(const Caller& caller, absl::Span<const uint8_t> data,
                         UnixControl* control) {
  ucred given;
  if (data.size() != sizeof given) return Cause::kInvalidArgument;
  std::memcpy(&given, data.data(), sizeof given);
  constexpr uint32_t kNobody = ~uint32_t{0};
  if (given.uid == kNobody || given.gid == kNobody) return Cause::kInvalidArgument;
  const CallerIds ids = caller.ids();
  const Credentials& effective = caller.credentials();
  const bool own_uid =
      given.uid == ids.real_uid || given.uid == effective.uid || given.uid == ids.saved_uid;
  const bool own_gid =
      given.gid == ids.real_gid || given.gid == effective.gid || given.gid == ids.saved_gid;
  const bool own_pid = given.pid == ids.pid;
  if ((!own_pid && !effective.Has(Capability::kSysAdmin)) ||
      (!own_uid && !effective.Has(Capability::kSetuid)) ||
      (!own_gid && !effective.Has(Capability::kSetgid))) {
    return Cause::kNoPermission;
  }
  if (!own_pid && !caller.KnowsProcess(given.pid)) return Cause::kNoSuchProcess;
  control->has_ids = true;
  control->ids = {given.pid, given.uid, given.gid};
  return {};
}

// FreeBSD's SCM_CREDS: a struct cmsgcred, which the kernel fills in.
constexpr int kScmCreds = 3;
constexpr int kScmCreds2 = 8;
constexpr size_t kCmgroupMax = 16;
struct CmsgCred {
  int32_t pid;
  uint32_t uid;
  uint32_t euid;
  uint32_t gid;
  int16_t ngroups;
  uint32_t groups[kCmgroupMax];
};

// One message of that type, as it is laid out.
std::string Laid(int type, const void* data, size_t size) {
  cmsghdr header = {};
  header.cmsg_len = CMSG_LEN(size);
  header.cmsg_level = SOL_SOCKET;
  header.cmsg_type = type;
  std::string text(CMSG_SPACE(size), '\0');
  std::memcpy(text.data(), &header, sizeof header);
  std::memcpy(text.data() + kHeader, data, size);
  return text;
}

void FillCreds(UnixDomain& domain, const Caller& caller, UnixControl* control) {
  const CallerIds ids = caller.ids();
  const Credentials& effective = caller.credentials();
  CmsgCred creds = {};
  creds.pid = ids.pid;
  creds.uid = ids.real_uid;
  creds.euid = effective.uid;
  creds.gid = ids.real_gid;
  // The first one is the effective group.
  creds.groups[0] = effective.gid;
  size_t n = 1;
  for (const uint32_t group : effective.groups) {
    if (n == kCmgroupMax) break;
    creds.groups[n++] = group;
  }
  creds.ngroups = static_cast<int16_t>(n);
  AncillaryOf(*control, domain, ids.real_uid).messages() += Laid(kScmCreds, &creds, sizeof creds);
}

Result<> ReadOne(UnixDomain& domain, const Caller& caller, const cmsghdr& header,
                 absl::Span<const uint8_t> data, UnixControl* control) {
  const UnixProfile& profile = domain.profile().unix_domain;
  if (header.cmsg_level != SOL_SOCKET) {
    // Linux leaves other protocols' messages alone.
    return profile.linux_credentials ? Result<>() : Result<>(Cause::kControlUnsupported);
  }
  if (header.cmsg_type == SCM_RIGHTS) return ReadRights(domain, caller, data, control);
  if (profile.linux_credentials && header.cmsg_type == SCM_CREDENTIALS) {
    return ReadCredentials(caller, data, control);
  }
  if (profile.bsd_credentials && header.cmsg_type == kScmCreds) {
    FillCreds(domain, caller, control);
    return {};
  }
  return Cause::kControlUnsupported;
}

}  // namespace

Result<UnixControl> ReadUnixControl(UnixDomain& domain, const Caller& caller,
                                    absl::Span<const uint8_t> control) {
  UnixControl read;
  size_t at = 0;
  while (control.size() >= kHeader && at <= control.size() - kHeader) {
    cmsghdr header;
    std::memcpy(&header, control.data() + at, kHeader);
    if (header.cmsg_len < kHeader || header.cmsg_len > control.size() - at) {
      return Cause::kControlUnsupported;
    }
    const Result<> one = ReadOne(domain, caller, header,
                                 control.subspan(at + kHeader, header.cmsg_len - kHeader), &read);
    if (!one.ok()) return one.cause();
    at += CMSG_ALIGN(header.cmsg_len);
  }
  return read;
}

void AddReceiverCreds(UnixDomain& domain, const Caller& caller, bool persistent,
                      UnixControl* control) {
  const CallerIds ids = caller.ids();
  const Credentials& effective = caller.credentials();
  // struct sockcred2, or struct sockcred, which has neither version nor pid.
  std::vector<uint32_t> words;
  if (persistent) words = {0, static_cast<uint32_t>(ids.pid)};
  words.insert(words.end(), {ids.real_uid, effective.uid, ids.real_gid, effective.gid});
  const size_t count = std::min(effective.groups.size() + 1, kCmgroupMax);
  words.push_back(static_cast<uint32_t>(count));
  words.push_back(effective.gid);
  words.insert(words.end(), effective.groups.begin(),
               effective.groups.begin() + static_cast<ptrdiff_t>(count - 1));
  std::string& messages = AncillaryOf(*control, domain, ids.real_uid).messages();
  // What the sender asked for is of another format, and gives way.
  if (!persistent) messages.clear();
  messages.insert(
      0, Laid(persistent ? kScmCreds2 : kScmCreds, words.data(), words.size() * sizeof(uint32_t)));
}

void UnixControlWriter::Put(int level, int type, const void* data, size_t size) {
  PutControl(args_.control, level, type, data, size, &received_);
}

void UnixControlWriter::PutFiles(absl::Span<const FileRef> files) {
  const size_t fit = room() > kHeader ? (room() - kHeader) / sizeof(int) : 0;
  absl::InlinedVector<int, 8> fds;
  for (const FileRef& file : files) {
    if (fds.size() == fit) break;
    const Result<int> fd = args_.caller->TakeFile(file, args_.close_on_exec);
    if (!fd.ok()) break;
    fds.push_back(*fd);
  }
  if (fds.size() < files.size()) received_.flags |= MSG_CTRUNC;
  if (fds.empty()) return;
  Put(SOL_SOCKET, SCM_RIGHTS, fds.data(), fds.size() * sizeof(int));
}

void UnixControlWriter::PutRaw(absl::Span<const uint8_t> messages) {
  const size_t size = std::min(messages.size(), room());
  if (size < messages.size()) received_.flags |= MSG_CTRUNC;
  if (size == 0) return;
  std::memcpy(args_.control.data() + received_.control_bytes, messages.data(), size);
  received_.control_bytes += size;
}

}  // namespace drywire
