// A listening TCP socket's two queues: half-open connections and those that wait for accept().
//
// The protocol of the half-open ones is stack/tcp/listener; here they get their place in the demux,
// become sockets when the handshake is complete, and are handed to accept() first come, first
// served.
// Source: inet_connection_sock.c and tcp_minisocks.c of Linux 6.18 as observed; FreeBSD's
// tcp_syncache.c and uipc_socket.c.
#ifndef DRYWIRE_STACK_SOCKET_TCP_ACCEPTOR_H_
#define DRYWIRE_STACK_SOCKET_TCP_ACCEPTOR_H_

#include <cstdint>
#include <deque>
#include <string>

#include "sim/core/event_queue.h"
#include "sim/core/intrusive_list.h"
#include "stack/personality/cause.h"
#include "stack/socket/demux.h"
#include "stack/socket/tcp_socket.h"
#include "stack/tcp/listener.h"
#include "stack/tcp/request.h"

namespace drywire {

struct AcceptorListTag {};

// A half-open connection of a listener.
class TcpRequestEndpoint final : public TcpConnectionEndpoint,
                                 public Request,
                                 public ListHook<AcceptorListTag> {
 public:
  explicit TcpRequestEndpoint(TcpAcceptor* acceptor) : acceptor_(acceptor) {}

  void OnPacket(PacketPtr packet, uint32_t interface) override;
  void OnPacketError(const PacketError& error) override;
  void OnCrash() override;
  std::string DescribeEndpoint() const override;

 private:
  TcpAcceptor* acceptor_;
};

class TcpAcceptor final : public TcpListenerEndpoint {
 public:
  // `socket` is bound; registers for its port.
  explicit TcpAcceptor(TcpSocket* socket);
  ~TcpAcceptor() override;

  // listen(2)'s number; may change while listening.
  void SetBacklog(int backlog);
  bool HasReady() const { return !ready_.empty() || aborted_ > 0; }
  Result<Ref<Socket>> Accept();
  // Makes one accept() fail, as if a connection had been reset in the queue.
  void AbortAccept();
  // The handshake of a child is complete: it may be accepted now.
  void OnEstablished(TcpSocket* child);
  // A child that was not accepted yet has left the network.
  void OnChildGone(TcpSocket* child);
  // The listener closes: what waits for accept() is reset, what is half-open is forgotten.
  void Close();
  // The host loses power: everything disappears.
  void Vanish();
  // Receive and send queue as ss(8) shows them for a listener: waiting, limit.
  std::string Describe() const;

  // A SYN that reopens a connection in TIME-WAIT, whose entry is given.
  void Reopen(PacketPtr packet, uint32_t interface, const TimeWait& entry);

  void OnPacket(PacketPtr packet, uint32_t interface) override;
  void OnPacketError(const PacketError&) override {}
  void OnCrash() override { Vanish(); }
  void OnResume() override { Rearm(); }
  std::string DescribeEndpoint() const override { return socket_->Describe(); }

 private:
  friend class TcpRequestEndpoint;

  void Arrives(PacketPtr packet, uint32_t interface, const TimeWait* reopened);
  // What this host contributes to a SYN-ACK; false when there is no way back.
  bool MakeAnswer(const ConnectionId& id, const TimeWait* reopened, Listener::SynAnswer* answer,
                  RouteRef* route) const;
  void Admit(const ConnectionId& id, const RouteChoice& route, const Segment& syn,
             const Listener::SynAnswer& answer);
  void TakeCookie(const ConnectionId& id, PacketPtr packet, const Listener::SynAnswer& answer);
  void RequestArrives(TcpRequestEndpoint* request, PacketPtr packet);
  void RequestError(TcpRequestEndpoint* request, const PacketError& error);
  // Makes a socket of the request and gives it the segment that completed the handshake.
  void Complete(TcpRequestEndpoint* request, PacketPtr packet);
  // `admitted`: the Listener counts it.
  void Delete(TcpRequestEndpoint* request, bool admitted);
  void OnTimer();
  void Rearm();
  NetStack& net() const { return socket_->net(); }

  TcpSocket* socket_;
  Listener listener_;
  Event timer_;
  IntrusiveList<TcpRequestEndpoint, AcceptorListTag> requests_;  // oldest first
  std::deque<Ref<TcpSocket>> ready_;
  uint32_t aborted_ = 0;  // StreamProfile::reset_leaves_accept_queue
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_TCP_ACCEPTOR_H_
