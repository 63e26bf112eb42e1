// A TCP socket: the calls of a program on one side, a Tcb or a listener's queues on the other.
//
// What the protocol does is in stack/tcp; here is what a call may do in which state, in which order
// a pending error, the end of the stream and the data are told, what poll() shows, and how long the
// object lives: a closed socket whose connection goes on (an orphan) keeps itself alive until the
// protocol is done with it. Differences between systems are in StreamProfile.
//
// Left out: zero-copy, Fast Open, upper layer protocols, MD5.
// Source: af_inet.c and tcp.c of Linux 6.18 as observed; uipc_socket.c and tcp_usrreq.c of FreeBSD.
#ifndef DRYWIRE_STACK_SOCKET_TCP_SOCKET_H_
#define DRYWIRE_STACK_SOCKET_TCP_SOCKET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "sim/core/event_queue.h"
#include "stack/base/endpoint.h"
#include "stack/ip/route.h"
#include "stack/personality/cause.h"
#include "stack/socket/demux.h"
#include "stack/socket/inet_socket.h"
#include "stack/socket/net_stack.h"
#include "stack/socket/socket.h"
#include "stack/tcp/actions.h"
#include "stack/tcp/tcb.h"

namespace drywire {

class TcpAcceptor;
class TcpHost;

class TcpSocket final : public InetSocket, private TcpConnectionEndpoint {
 public:
  // `domain` is AF_INET or AF_INET6; `uid` of the creating process.
  static Ref<Socket> Create(NetStack* net, int domain, uint32_t uid);
  ~TcpSocket() override;

  uint32_t Poll() const override;
  Result<> Bind(const RawAddress& address, const Credentials& credentials) override;
  Result<> Listen(int backlog, const Credentials& credentials) override;
  Result<Ref<Socket>> Accept() override;
  Result<ConnectProgress> Connect(const RawAddress& address,
                                  const Credentials& credentials) override;
  Result<> TakeConnectResult() override;
  Result<size_t> Send(const SendArgs& args, const Credentials& credentials) override;
  Result<Received> Receive(const ReceiveArgs& args) override;
  Result<> Shutdown(int how) override;
  Result<RawAddress> LocalName() const override;
  Result<RawAddress> PeerName() const override;
  Cause TakeError() override;
  Result<size_t> Readable() const override;
  Result<size_t> Unsent() const override;
  Result<size_t> NotSent() const override;
  Result<bool> AtMark() const override;
  bool StopsAtMark() const override { return tcb_.AtMark() && tcb_.Readable() > 0; }
  Duration LingerTime() const override;
  bool LingerDone() const override;
  std::string Describe() const override;

  const Tcb& tcb() const { return tcb_; }

 protected:
  void OnLastClose() override;
  void DescribeForOptions(OptionContext& context) const override;
  Result<size_t> GetProtocolOption(int level, int name, absl::Span<uint8_t> value) override;
  Result<> SetProtocolOption(int level, int name, absl::Span<const uint8_t> value,
                             const Credentials& credentials) override;
  void OnOptionSet(int level, int name) override;

 private:
  friend class TcpAcceptor;

  // Which directions are shut, as SHUT_* bits of the kernel.
  static constexpr int kShutReceive = 1;
  static constexpr int kShutSend = 2;

  TcpSocket(NetStack* net, int domain, uint32_t uid);

  // Receive() without what TCP_INQ tells.
  Result<Received> ReceiveText(const ReceiveArgs& args);
  Result<Received> ReceiveUrgent(const ReceiveArgs& args);

  const StreamProfile& rules() const { return net().profile().stream; }
  bool listening() const { return acceptor_ != nullptr; }
  // No connection, and none in the making: fresh, failed, or over.
  bool closed() const { return left_network_ || tcb_.state() == TcpState::kClosed; }
  bool handshaking() const {
    return !left_network_ &&
           (tcb_.state() == TcpState::kSynSent || tcb_.state() == TcpState::kSynReceived);
  }
  int shut() const;
  // On the wire; absent address when there is none.
  const Endpoint& remote() const {
    static constexpr Endpoint kNobody;
    return has_remote_ ? id().remote : kNobody;
  }

  // --- tcp_connect.cc
  Result<ConnectProgress> StartConnect(const Endpoint& remote);
  Result<> ChoosePort(const ConnectionId& id, bool* replaces, Seq* next_iss);
  Result<RouteRef> SelectRoute(const Address& destination, const Address& source,
                               uint32_t scope_id) const;
  Result<> RefuseDestination(const RouteChoice& route) const;
  static uint16_t MssOf(const RouteChoice& route, const Address& remote);
  // Back to a socket as it was before connect(), as AF_UNSPEC and a failed attempt have it.
  void Disconnect();
  // Makes this the connection that completed `request` at a listener (see TcpAcceptor).
  void BecomeChild(const TcpSocket& listener, TcpConnectionEndpoint* request_endpoint,
                   const Request& request, RouteRef route);

  // --- The connection as the demux sees it.
  void OnPacket(PacketPtr packet, uint32_t) override { OnSegment(std::move(packet)); }
  void OnPacketError(const PacketError& error) override;
  void OnCrash() override;
  void OnResume() override { Rearm(); }
  std::string DescribeEndpoint() const override { return Describe(); }

  // --- tcp_socket.cc
  void OnSegment(PacketPtr packet);
  void OnTimer();
  // Takes note of a route that has another MTU than when the connection last looked.
  void FollowPath();
  // Carries out what the protocol asked for.
  void Perform(Actions& actions);
  void SendSegments(Actions& actions);
  Cause SendSegment(PacketPtr packet);
  void EnterTimeWait();
  // The connection has left the network: by its end, or as a TIME-WAIT entry.
  void LeaveNetwork();
  void Rearm();
  void WakeReaders();
  void WakeWriters();
  // Keeps the object alive without descriptors; see above.
  void HoldSelf();
  void ReleaseSelf();
  void SyncSettings();
  Cause TakePending() { return std::exchange(error_, Cause::kNone); }
  Ref<Socket> SelfReference() { return Ref<Socket>(this); }

  Tcb tcb_;
  Event timer_;
  RouteRef route_;
  std::unique_ptr<TcpAcceptor> acceptor_;
  TcpSocket* parent_ = nullptr;  // the listener in whose accept queue this waits
  Instant called_at_ = kNever;   // when connect() or send() last sent something
  Cause error_ = Cause::kNone;   // sk_err, so_error
  Cause first_send_failure_ = Cause::kNone;
  uint16_t shown_port_ = 0;            // a port that was given back but is still shown
  uint8_t shut_ : 2 = 0;               // by shutdown() of an unconnected socket
  bool has_remote_ : 1 = false;        // the connection's id says whom it is, or was, with
  bool first_syn_unsent_ : 1 = false;  // the attempt began with a failure to send
  bool in_time_wait_ : 1 = false;      // it ended in TIME-WAIT
  bool mtu_changed_ : 1 = false;       // since the protocol last heard of it
  bool attempt_pending_ : 1 = false;   // connect() was called and its outcome not yet told
  bool connected_ : 1 = false;         // the program knows that it is connected
  bool left_network_ : 1 = false;
  bool failed_ : 1 = false;  // left the network by an error
  bool dead_ : 1 = false;    // StreamProfile::failed_socket_is_dead
  bool holds_self_ : 1 = false;
  bool was_mapped_ : 1 = false;  // connect() to a v4-mapped address was called
  bool mute_ : 1 = false;        // see StreamProfile::mapped_socket_stays_ipv4
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_TCP_SOCKET_H_
