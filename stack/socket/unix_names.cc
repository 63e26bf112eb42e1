// Names of UNIX sockets: bind(), autobind, and finding who has a name.
#include <sys/socket.h>

#include <cstring>
#include <utility>

#include "stack/socket/unix_socket.h"

namespace drywire {

Result<> UnixSocket::BindFor(const RawAddress& address, const Caller& caller) {
  const UnixProfile& profile = UnixPcb::profile();
  const Result<UnixTarget> target = ParseUnixAddress(profile, address, /*binding=*/true);
  if (!target.ok()) return target.cause();
  switch (target->kind) {
    case UnixTarget::Kind::kNone:
      return name() ? Result<>() : Autobind();
    case UnixTarget::Kind::kAbstract:
      return BindAbstract(*target, address);
    default:
      return BindPath(*target, address, caller);
  }
}

Result<> UnixSocket::BindPath(const UnixTarget& target, const RawAddress& address,
                              const Caller& caller) {
  const UnixProfile& profile = UnixPcb::profile();
  if (name() && !profile.bind_makes_inode_first) return Cause::kAlreadyBound;
  const PathContext paths = caller.path_context();
  Vfs& vfs = domain_->vfs();
  const Result<NodeRef> node = vfs.BindSocket(paths, target.text, name() ? nullptr : this);
  if (!node.ok()) return node.cause();
  if (name()) {
    // Linux has made the inode by the time it looks.
    (void)vfs.Unlink(paths, target.text).ok();
    return Cause::kAlreadyBound;
  }
  node_ = *node;
  set_name(MakeUnixName(profile, target, address));
  return {};
}

Result<> UnixSocket::BindAbstract(const UnixTarget& target, const RawAddress& address) {
  if (name()) return Cause::kAlreadyBound;
  if (!domain_->names().Take(type(), target.text, this)) return Cause::kAddressInUse;
  has_abstract_ = true;
  set_name(MakeUnixName(UnixPcb::profile(), target, address));
  return {};
}

Result<> UnixSocket::Autobind() {
  const std::string text = domain_->names().TakeAny(type(), this);
  if (text.empty()) return Cause::kNoBufferSpace;
  has_abstract_ = true;
  UnixTarget target;
  target.kind = UnixTarget::Kind::kAbstract;
  target.text = text;
  set_name(MakeUnixName(UnixPcb::profile(), target, RawAddress()));
  return {};
}

Result<> UnixSocket::AutobindForCredentials() {
  if (!pass_credentials_ || name() || !UnixPcb::profile().autobind) return {};
  return Autobind();
}

Result<Ref<UnixSocket>> UnixSocket::FindSocket(const RawAddress& address, const Caller& caller) {
  const Result<UnixTarget> target =
      ParseUnixAddress(UnixPcb::profile(), address, /*binding=*/false);
  if (!target.ok()) return target.cause();
  if (target->kind == UnixTarget::Kind::kAbstract) {
    UnixPcb* const found = domain_->names().Find(type(), target->text);
    if (found == nullptr) return Cause::kNoListener;
    return Ref<UnixSocket>(Of(found));
  }
  const Result<NodeRef> node = domain_->vfs().FindSocket(caller.path_context(), target->text);
  if (!node.ok()) return node.cause();
  // Only UNIX sockets tie themselves to an inode of type socket.
  auto* const found = static_cast<UnixSocket*>((*node)->client());
  if (found == nullptr) return Cause::kNoListener;
  if (found->type() != type()) return Cause::kPeerWrongType;
  return Ref<UnixSocket>(found);
}

}  // namespace drywire
