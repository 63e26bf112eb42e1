#include "stack/socket/unix_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"

namespace drywire {
namespace {

constexpr uint32_t kInBits = kPollIn | kPollRdNorm;
constexpr uint32_t kOutBits = kPollOut | kPollWrNorm | kPollWrBand;

}  // namespace

UnixSocket::UnixSocket(UnixDomain* domain, int type)
    : Socket(AF_UNIX, type, 0),
      UnixPcb(&domain->profile().unix_domain, &domain->messages(), type != SOCK_DGRAM,
              type == SOCK_STREAM),
      domain_(domain),
      options_(InitialSocketOptions(domain->profile().socket, AF_UNIX, type)) {
  const UnixProfile& profile = UnixPcb::profile();
  const auto set = [&](int64_t send, int64_t receive) {
    if (send != 0) options_.send_buffer = static_cast<int32_t>(send);
    if (receive != 0) options_.receive_buffer = static_cast<int32_t>(receive);
  };
  if (type == SOCK_STREAM) set(profile.stream_send_space, profile.stream_receive_space);
  if (type == SOCK_DGRAM) set(profile.datagram_max, profile.datagram_receive_space);
  if (type == SOCK_SEQPACKET) set(profile.seqpacket_max, profile.seqpacket_receive_space);
  SyncBuffers();
  domain_->sockets_.PushBack(this);
  ++domain_->live_;
}

UnixSocket::~UnixSocket() {
  CloseSocket();
  --domain_->live_;
}

UnixSocket* UnixSocket::Of(File* file) {
  Socket* const socket = file->AsSocket();
  return socket != nullptr && socket->domain() == AF_UNIX ? static_cast<UnixSocket*>(socket)
                                                          : nullptr;
}

void UnixSocket::SyncBuffers() { set_buffers(options_.send_buffer, options_.receive_buffer); }

// --- Ends ---

void UnixSocket::CloseSocket() {
  if (closed()) return;
  if (node_) {
    node_->set_client(nullptr);
    node_ = NodeRef();
  }
  if (has_abstract_) {
    const absl::Span<const uint8_t> bytes = name()->address().bytes().subspan(sizeof(sa_family_t));
    domain_->names().Release(type(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    has_abstract_ = false;
  }
  blocked_on_ = Ref<UnixSocket>();
  Close();
}

void UnixSocket::OnLastClose() {
  const Ref<UnixSocket> alive(this);
  CloseSocket();
  domain_->CollectGarbage();
}

Result<> UnixSocket::Shutdown(int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return Cause::kInvalidArgument;
  const UnixProfile& profile = UnixPcb::profile();
  if (profile.shutdown_needs_connection) {
    if (UnixPcb::state() == UnixState::kListening) {
      if (how != SHUT_WR && domain_->profile().stream.listener_shutdown_aborts_accept) {
        aborts_accept_ = true;
        NotifyAllReaders(kAnyKey);
      }
      return Cause::kSocketListening;
    }
    const bool connected = UnixPcb::state() == UnixState::kConnected && !peer_gone();
    if (!connected && has_connections()) return Cause::kNotConnected;
    UnixPcb::Shutdown(how != SHUT_WR, how != SHUT_RD);
    // FreeBSD's reader that does not want any more loses what is queued.
    if (how != SHUT_WR) Purge();
    return connected ? Result<>() : Result<>(Cause::kNotConnected);
  }
  UnixPcb::Shutdown(how != SHUT_WR, how != SHUT_RD);
  return {};
}

// --- Waiting ---

void UnixSocket::OnArrival() { NotifyReaders(kInBits | kPollRdBand); }
void UnixSocket::OnSendRoom() { NotifyWriters(kOutBits); }
void UnixSocket::OnStateChange() {
  NotifyAllReaders(kAnyKey);
  NotifyAllWriters(kAnyKey);
}

WaitList* UnixSocket::BlockedOn(Ref<File>* holder) {
  if (!blocked_on_) return nullptr;
  WaitList* const list = &blocked_on_->room_waiters_;
  *holder = std::exchange(blocked_on_, Ref<UnixSocket>());
  return list;
}

uint32_t UnixSocket::Poll() const {
  const UnixProfile& profile = UnixPcb::profile();
  uint32_t bits = 0;
  const bool listening = UnixPcb::state() == UnixState::kListening;
  const bool unconnected = has_connections() && UnixPcb::state() == UnixState::kUnconnected;
  const bool readable = !queue().empty() || (listening && connection_waits()) || receive_shut();
  if (readable || aborts_accept_) bits |= kInBits;
  if (receive_shut() && profile.eof_polls_rdhup) bits |= kPollRdHup;
  const bool both_shut = receive_shut() && send_shut();
  if (both_shut || (unconnected && profile.unconnected_polls_hup)) bits |= kPollHup;
  if (pending_error() != Cause::kNone) {
    bits |= profile.error_polls_as_error ? uint32_t{kPollErr} : kInBits | kOutBits;
  }
  bool writable = !listening && IsWritable();
  if (!profile.error_polls_as_error) {
    // FreeBSD: only what is connected, or need not be, can be written to; HUP suppresses it.
    writable = writable && !unconnected;
    if (send_shut()) writable = true;
    if (both_shut) {
      writable = false;
      bits &= ~kOutBits;
    }
  } else if (writable && !has_connections() && UnixPcb::peer() != nullptr &&
             UnixPcb::peer()->QueueFullFor(*this, 0)) {
    AwaitPeerRoom();
    writable = false;
  }
  if (writable) bits |= kOutBits;
  return bits;
}

// --- Names and numbers ---

Result<RawAddress> UnixSocket::LocalName() const {
  return name() ? name()->address() : UnnamedUnixAddress(UnixPcb::profile());
}

Result<RawAddress> UnixSocket::PeerName() const {
  const bool gone = peer_gone() && !UnixPcb::profile().closed_peer_has_name;
  if (UnixPcb::state() != UnixState::kConnected || gone) {
    return UnixPcb::state() == UnixState::kListening ? Cause::kSocketListening
                                                     : Cause::kNotConnected;
  }
  const UnixNameRef& peers = peer_name();
  return peers ? peers->address() : UnnamedUnixAddress(UnixPcb::profile());
}

// Without MSG_OOB there is no mark.
Result<bool> UnixSocket::AtMark() const {
  if (type() != SOCK_STREAM) return Cause::kOutOfBandUnsupported;
  return false;
}

Result<size_t> UnixSocket::Readable() const {
  if (UnixPcb::state() == UnixState::kListening) return Cause::kInvalidArgument;
  if (!has_connections() && UnixPcb::profile().flow_rule == UnixFlowRule::kSenderMemory) {
    return queue().empty() ? size_t{0} : size_t{queue().first()->size};
  }
  return static_cast<size_t>(queue().bytes());
}

Result<size_t> UnixSocket::Unsent() const {
  return UnixPcb::profile().flow_rule == UnixFlowRule::kSenderMemory
             ? static_cast<size_t>(charged())
             : size_t{0};
}

std::string UnixSocket::Describe() const {
  const char* const kind = type() == SOCK_STREAM  ? "u_str"
                           : type() == SOCK_DGRAM ? "u_dgr"
                                                  : "u_seq";
  const char* state = "UNCONN";
  if (UnixPcb::state() == UnixState::kListening) state = "LISTEN";
  if (UnixPcb::state() == UnixState::kConnected) state = "ESTAB";
  if (closed()) state = "CLOSED";
  return absl::StrCat(kind, " ", state, " ", queue().bytes(), " ", charged(), " ",
                      FormatUnixName(name().get()), " ", FormatUnixName(peer_name().get()));
}

}  // namespace drywire
