// Options of UNIX sockets, besides those that all sockets share.
#include <sys/socket.h>

#include <cstddef>

#include "stack/socket/unix_socket.h"

namespace drywire {
namespace {

// FreeBSD's struct xucred.
constexpr size_t kXuNgroups = 16;
struct Xucred {
  uint32_t version;
  uint32_t uid;
  int16_t ngroups;
  uint32_t groups[kXuNgroups];
  union {
    void* unused;
    int32_t pid;
  };
};

// Linux's options that are about UNIX sockets.
bool IsSettable(int name) { return name == SO_PASSCRED || name == SO_PEEK_OFF; }
bool IsReadOnly(int name) { return name == SO_PEERCRED || name == SO_PEERGROUPS; }

}  // namespace

OptionContext UnixSocket::MakeOptionContext() const {
  OptionContext context;
  context.options = const_cast<SocketOptions*>(&options_);
  context.profile = &domain_->profile().socket;
  context.domain = domain();
  context.type = type();
  context.protocol = protocol();
  context.bound = static_cast<bool>(name());
  context.connected = UnixPcb::state() == UnixState::kConnected;
  context.listening = UnixPcb::state() == UnixState::kListening;
  return context;
}

Result<size_t> UnixSocket::GetLinuxOption(int name, absl::Span<uint8_t> value) {
  switch (name) {
    case SO_PASSCRED:
      return WriteIntOption(pass_credentials_ ? 1 : 0, value);
    case SO_PEEK_OFF:
      return WriteIntOption(peek_offset_, value);
    case SO_PEERCRED: {
      const ucred ids = has_peer_ids_ ? ucred{peer_ids_.pid, peer_ids_.uid, peer_ids_.gid}
                                      : ucred{0, ~uid_t{0}, ~gid_t{0}};
      return WriteOption(&ids, sizeof ids, value);
    }
    default: {  // SO_PEERGROUPS
      if (!has_peer_ids_) return Cause::kNoPeerGroups;
      const size_t count = peer_groups_ == nullptr ? 0 : peer_groups_->size();
      if (value.size() < count * sizeof(gid_t)) return Cause::kBufferTooSmall;
      return count == 0 ? size_t{0}
                        : WriteOption(peer_groups_->data(), count * sizeof(gid_t), value);
    }
  }
}

Result<> UnixSocket::SetLinuxOption(int name, absl::Span<const uint8_t> value) {
  const Result<int64_t> number = ReadIntOption(value);
  if (!number.ok()) return number.cause();
  if (name == SO_PASSCRED) {
    pass_credentials_ = *number != 0;
  } else {
    peek_offset_ = *number;
  }
  return {};
}

Result<size_t> UnixSocket::GetLocalOption(int name, absl::Span<uint8_t> value) {
  switch (name) {
    case kLocalPeercred: {
      if (!has_peer_ids_ || UnixPcb::state() != UnixState::kConnected) {
        return type() == SOCK_STREAM ? Cause::kNotConnected : Cause::kInvalidArgument;
      }
      Xucred ids = {};
      ids.uid = peer_ids_.uid;
      ids.groups[0] = peer_ids_.gid;
      ids.ngroups = 1;
      if (peer_groups_ != nullptr) {
        for (const uint32_t group : *peer_groups_) {
          if (ids.ngroups == static_cast<int16_t>(kXuNgroups)) break;
          ids.groups[ids.ngroups++] = group;
        }
      }
      ids.pid = peer_ids_.pid;
      return WriteOption(&ids, sizeof ids, value);
    }
    case kLocalCreds:
      return WriteIntOption(pass_credentials_ && credentials_once_ ? 1 : 0, value);
    case kLocalCredsPersistent:
      return WriteIntOption(pass_credentials_ && !credentials_once_ ? 1 : 0, value);
    default:
      return Cause::kNotSupported;
  }
}

Result<> UnixSocket::SetLocalOption(int name, absl::Span<const uint8_t> value) {
  if (name != kLocalCreds && name != kLocalCredsPersistent) return Cause::kOptionUnknown;
  const Result<int64_t> number = ReadIntOption(value);
  if (!number.ok()) return number.cause();
  const bool once = name == kLocalCreds;
  if (*number == 0) {
    if (credentials_once_ == once) pass_credentials_ = false;
    return {};
  }
  // The two exclude each other.
  if (pass_credentials_ && credentials_once_ != once) return Cause::kInvalidArgument;
  pass_credentials_ = true;
  credentials_once_ = once;
  return {};
}

Result<size_t> UnixSocket::GetOption(int level, int name, absl::Span<uint8_t> value) {
  const UnixProfile& profile = UnixPcb::profile();
  if (level != SOL_SOCKET) {
    if (profile.bsd_credentials) {
      return level == kSolLocal ? GetLocalOption(name, value) : Cause::kInvalidArgument;
    }
    return Cause::kNotSupported;
  }
  if (profile.linux_credentials && (IsSettable(name) || IsReadOnly(name))) {
    return GetLinuxOption(name, value);
  }
  return GetSocketOption(MakeOptionContext(), level, name, value);
}

Result<> UnixSocket::SetOption(int level, int name, absl::Span<const uint8_t> value,
                               const Credentials& credentials) {
  const UnixProfile& profile = UnixPcb::profile();
  if (level != SOL_SOCKET) {
    if (profile.bsd_credentials) {
      return level == kSolLocal ? SetLocalOption(name, value) : Cause::kInvalidArgument;
    }
    return Cause::kNotSupported;
  }
  if (profile.linux_credentials && value.size() >= sizeof(int)) {
    if (name == SO_REUSEPORT) return Cause::kNotSupported;
    if (IsSettable(name)) return SetLinuxOption(name, value);
  }
  const Result<> set = SetSocketOption(MakeOptionContext(), level, name, value, credentials);
  if (set.ok()) SyncBuffers();
  return set;
}

}  // namespace drywire
