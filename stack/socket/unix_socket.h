// UNIX-domain sockets: the calls around UnixPcb.
//
// Streams, datagrams and sequenced packets within one host. A socket with a path is the client of
// the inode that bind() made; what connects to it resolves the path each time.
//
// Left out: MSG_OOB, SO_PASSSEC, SO_PASSPIDFD, SO_PEERPIDFD and SO_INQ on Linux; LOCAL_CONNWAIT and
// timestamps in control data on FreeBSD, and its limit on the mbufs of a queue.
// Source: unix(7), net/unix/af_unix.c and net/core/scm.c as observed on Linux 6.18; unix(4),
// FreeBSD's uipc_usrreq.c and uipc_socket.c.
#ifndef DRYWIRE_STACK_SOCKET_UNIX_SOCKET_H_
#define DRYWIRE_STACK_SOCKET_UNIX_SOCKET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/core/intrusive_list.h"
#include "stack/socket/caller.h"
#include "stack/socket/options.h"
#include "stack/socket/socket.h"
#include "stack/socket/unix_control.h"
#include "stack/socket/unix_domain.h"
#include "stack/unix/unix_pcb.h"
#include "stack/vfs/node.h"

namespace drywire {

// FreeBSD's level and options, which Linux's headers do not have.
inline constexpr int kSolLocal = 0;
inline constexpr int kLocalPeercred = 1;
inline constexpr int kLocalCreds = 2;
inline constexpr int kLocalCredsPersistent = 3;

class UnixSocket final : public Socket, public NodeClient, public UnixPcb, public ListHook<> {
 public:
  // `type`: SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET.
  UnixSocket(UnixDomain* domain, int type);
  ~UnixSocket() override;

  static UnixSocket* Of(UnixPcb* pcb) { return static_cast<UnixSocket*>(pcb); }
  static const UnixSocket* Of(const UnixPcb* pcb) { return static_cast<const UnixSocket*>(pcb); }
  // Null unless the file is one.
  static UnixSocket* Of(File* file);

  // socketpair(2): ties two fresh sockets of one type together.
  static void Pair(UnixSocket& first, UnixSocket& second, const Caller& caller);

  uint32_t Poll() const override;
  WaitList* BlockedOn(Ref<File>* holder) override;

  // Without a caller whose paths and ids are known these do not know what to do.
  Result<> Bind(const RawAddress&, const Credentials&) override { return Cause::kNotSupported; }
  Result<> Listen(int, const Credentials&) override { return Cause::kNotSupported; }
  Result<ConnectProgress> Connect(const RawAddress&, const Credentials&) override {
    return Cause::kNotSupported;
  }
  Result<> BindFor(const RawAddress& address, const Caller& caller) override;
  Result<> ListenFor(int backlog, const Caller& caller) override;
  Result<ConnectProgress> ConnectFor(const RawAddress& address, const Caller& caller) override;
  Result<Ref<Socket>> Accept() override;
  Result<> TakeConnectResult() override { return {}; }
  Result<size_t> Send(const SendArgs& args, const Credentials& credentials) override;
  Result<Received> Receive(const ReceiveArgs& args) override;
  Result<> Shutdown(int how) override;
  Result<RawAddress> LocalName() const override;
  Result<RawAddress> PeerName() const override;
  Result<size_t> GetOption(int level, int name, absl::Span<uint8_t> value) override;
  Result<> SetOption(int level, int name, absl::Span<const uint8_t> value,
                     const Credentials& credentials) override;
  Cause TakeError() override { return UnixPcb::TakeError(); }
  Result<size_t> Readable() const override;
  Result<bool> AtMark() const override;
  Result<size_t> Unsent() const override;
  Duration receive_timeout() const override { return options_.receive_timeout; }
  Duration send_timeout() const override { return options_.send_timeout; }
  size_t receive_low_water() const override {
    return static_cast<size_t>(options_.receive_low_water);
  }
  // "u_str ESTAB 0 0 /run/x *"
  std::string Describe() const override;

 private:
  friend class UnixDomain;

  // UnixPcb
  void Hold() override { AddReference(); }
  void LetGo() override { DropReference(); }
  void OnArrival() override;
  void OnSendRoom() override;
  void OnStateChange() override;
  void OnQueueRoom() override { room_waiters_.Notify(); }
  void OnQueueGone() override { room_waiters_.NotifyAll(); }

  // What an earlier call would have waited for is nothing to the one that begins.
  void ForgetWait() {
    if (blocked_on_) blocked_on_ = Ref<UnixSocket>();
  }
  void OnLastClose() override;
  void CloseSocket();

  // --- Names (unix_names.cc) ---
  Result<> BindPath(const UnixTarget& target, const RawAddress& address, const Caller& caller);
  Result<> BindAbstract(const UnixTarget& target, const RawAddress& address);
  Result<> Autobind();
  // Linux gives sockets that tell who sends a name when they begin to talk.
  Result<> AutobindForCredentials();
  Result<Ref<UnixSocket>> FindSocket(const RawAddress& address, const Caller& caller);

  // --- Connections (unix_connect.cc) ---
  Result<ConnectProgress> ConnectDatagram(const RawAddress& address, const Caller& caller);
  Result<ConnectProgress> ConnectStream(const RawAddress& address, const Caller& caller);
  Result<> CheckMayConnect() const;
  static UnixSenderIds IdsOf(const Caller& caller);
  // Notes who is at the other end, or who listens.
  void SetPeerIds(const Caller& caller);

  // --- Data (unix_send.cc, unix_receive.cc) ---
  Result<size_t> SendStream(const SendArgs& args);
  Result<size_t> SendMessage(const SendArgs& args);
  Result<Ref<UnixSocket>> Destination(const SendArgs& args);
  Result<> CheckReceiver(UnixSocket& receiver, size_t size);
  Result<> CheckAccount();
  void DeliverTo(UnixSocket& receiver, UnixMessage* message, const SendArgs& args,
                 UnixControl& control);
  // Whether the caller has no more descriptors under way than it may.
  Result<> CheckInFlight(const Caller& caller, const UnixAncillary& ancillary) const;
  Result<Received> ReceiveStream(const ReceiveArgs& args);
  Result<Received> ReceiveMessage(const ReceiveArgs& args);
  // What is read when nothing is queued: 0 bytes at the end, an error, or kWouldBlock.
  Result<Received> NothingQueued(const ReceiveArgs& args);
  Result<> CheckMayReceive() const;
  RawAddress SourceOf(const UnixMessage& message) const;
  // What came with `message`, for one that is taken or only looked at.
  void WriteAncillary(const UnixMessage& message, const ReceiveArgs& args, Received* received);
  void AdvancePeek(int64_t bytes);
  void RewindPeek(int64_t bytes);

  OptionContext MakeOptionContext() const;
  void SyncBuffers();
  Result<size_t> GetLinuxOption(int name, absl::Span<uint8_t> value);
  Result<> SetLinuxOption(int name, absl::Span<const uint8_t> value);
  Result<size_t> GetLocalOption(int name, absl::Span<uint8_t> value);
  Result<> SetLocalOption(int name, absl::Span<const uint8_t> value);

  UnixDomain* domain_;
  SocketOptions options_;
  NodeRef node_;               // the inode bind() made
  bool has_abstract_ = false;  // a name in the abstract namespace
  bool pass_credentials_ = false;
  bool credentials_once_ =
      false;                    // FreeBSD: LOCAL_CREDS of a connection, which lasts for one message
  bool aborts_accept_ = false;  // FreeBSD before 15: the next accept() fails
  bool reachable_ = false;      // while garbage is looked for
  int64_t peek_offset_ = -1;    // SO_PEEK_OFF; -1: off
  UnixSenderIds last_ids_;      // of what was received last
  UnixSenderIds peer_ids_;      // SO_PEERCRED, LOCAL_PEERCRED; a listener's own
  bool has_peer_ids_ = false;
  std::shared_ptr<const std::vector<uint32_t>> peer_groups_;
  int64_t in_flight_ = 0;  // how often it is in a message
  Ref<UnixSocket> blocked_on_;
  WaitList room_waiters_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_UNIX_SOCKET_H_
