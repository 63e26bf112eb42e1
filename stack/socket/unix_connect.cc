// Connections of UNIX sockets: listen(), connect(), accept(), socketpair().
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "stack/socket/unix_socket.h"

namespace drywire {

UnixSenderIds UnixSocket::IdsOf(const Caller& caller) {
  const Credentials& credentials = caller.credentials();
  return {caller.ids().pid, credentials.uid, credentials.gid};
}

void UnixSocket::SetPeerIds(const Caller& caller) {
  peer_ids_ = IdsOf(caller);
  has_peer_ids_ = true;
  const std::vector<uint32_t>& groups = caller.credentials().groups;
  peer_groups_ = groups.empty() ? nullptr : std::make_shared<const std::vector<uint32_t>>(groups);
}

void UnixSocket::Pair(UnixSocket& first, UnixSocket& second, const Caller& caller) {
  Join(first, second);
  // FreeBSD's pairs do not know who made them.
  if (first.UnixPcb::profile().bsd_credentials && !first.has_connections()) return;
  first.SetPeerIds(caller);
  second.SetPeerIds(caller);
}

Result<> UnixSocket::ListenFor(int backlog, const Caller& caller) {
  const UnixProfile& profile = UnixPcb::profile();
  if (!has_connections()) return Cause::kNotSupported;
  const bool connected = UnixPcb::state() == UnixState::kConnected;
  // FreeBSD wants a path of its own: the name that a connection has from its listener does not do.
  if (!name() || (profile.bsd_credentials && !node_)) {
    return connected ? Cause::kAlreadyBound : Cause::kListenUnbound;
  }
  if (connected) return Cause::kInvalidArgument;
  const int64_t most = domain_->profile().socket.somaxconn;
  const bool out_of_range = backlog < 0 || backlog > most;
  UnixPcb::Listen(out_of_range ? most : backlog);
  SetPeerIds(caller);
  return {};
}

Result<Ref<Socket>> UnixSocket::Accept() {
  if (!has_connections()) {
    return UnixPcb::profile().bsd_credentials ? Cause::kNotListening : Cause::kNotSupported;
  }
  if (UnixPcb::state() != UnixState::kListening) return Cause::kNotListening;
  if (std::exchange(aborts_accept_, false)) return Cause::kAbortedBeforeAccept;
  UnixPcb* const server = TakeConnection();
  if (server == nullptr) {
    // Linux tells those who wait only.
    return receive_shut() && !nonblocking() ? Cause::kInvalidArgument : Cause::kWouldBlock;
  }
  const Ref<Socket> accepted(Of(server));
  // The queue's hold is the reference's now.
  Of(server)->LetGo();
  return accepted;
}

Result<> UnixSocket::CheckMayConnect() const {
  switch (UnixPcb::state()) {
    case UnixState::kListening:
      return Cause::kUnixListenerConnects;
    case UnixState::kConnected:
      return peer_gone() && !UnixPcb::profile().closed_peer_has_name
                 ? Result<>()
                 : Result<>(Cause::kAlreadyConnected);
    default:
      return {};
  }
}

Result<ConnectProgress> UnixSocket::ConnectFor(const RawAddress& address, const Caller& caller) {
  return has_connections() ? ConnectStream(address, caller) : ConnectDatagram(address, caller);
}

Result<ConnectProgress> UnixSocket::ConnectDatagram(const RawAddress& address,
                                                    const Caller& caller) {
  const UnixProfile& profile = UnixPcb::profile();
  if (!profile.dissolve_succeeds) {
    // FreeBSD leaves the old peer before it looks at the new address.
    SetPeer(nullptr);
    (void)TakeError();
  } else if (address.length() < static_cast<int64_t>(sizeof(sa_family_t))) {
    return Cause::kAddressLengthInvalid;
  } else if (address.family() == AF_UNSPEC) {
    SetPeer(nullptr);
    return ConnectProgress::kDone;
  }
  const Result<UnixTarget> target = ParseUnixAddress(profile, address, /*binding=*/false);
  if (!target.ok()) return target.cause();
  const Result<> named = AutobindForCredentials();
  if (!named.ok()) return named.cause();
  const Result<Ref<UnixSocket>> found = FindSocket(address, caller);
  if (!found.ok()) return found.cause();
  if (!(*found)->TakesFrom(*this)) return Cause::kPeerConnectedElsewhere;
  SetPeer(found->get());
  return ConnectProgress::kDone;
}

Result<ConnectProgress> UnixSocket::ConnectStream(const RawAddress& address, const Caller& caller) {
  const UnixProfile& profile = UnixPcb::profile();
  if (!profile.destination_first) {
    const Result<> may = CheckMayConnect();
    if (!may.ok()) return may.cause();
  }
  const Result<UnixTarget> target = ParseUnixAddress(profile, address, /*binding=*/false);
  if (!target.ok()) return target.cause();
  const Result<> named = AutobindForCredentials();
  if (!named.ok()) return named.cause();
  const Result<Ref<UnixSocket>> found = FindSocket(address, caller);
  if (!found.ok()) return found.cause();
  UnixSocket& listener = **found;
  if (listener.UnixPcb::state() != UnixState::kListening || listener.receive_shut()) {
    return Cause::kNoListener;
  }
  if (listener.BacklogFull()) {
    if (!profile.full_backlog_waits) return Cause::kBacklogFull;
    blocked_on_ = *found;
    return Cause::kWouldBlock;
  }
  const Result<> may = CheckMayConnect();
  if (!may.ok()) return may.cause();
  const Ref<UnixSocket> server(new UnixSocket(domain_, type()));
  server->SetPeerIds(caller);
  server->pass_credentials_ = listener.pass_credentials_;
  server->credentials_once_ = listener.credentials_once_;
  peer_ids_ = listener.peer_ids_;
  peer_groups_ = listener.peer_groups_;
  has_peer_ids_ = true;
  ConnectTo(listener, *server);
  return ConnectProgress::kDone;
}

}  // namespace drywire
