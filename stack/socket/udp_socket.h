// UDP sockets: the calls around UdpPcb.
//
// An AF_INET6 socket speaks IPv4 too, by v4-mapped addresses, unless IPV6_V6ONLY. Sending never
// blocks: a datagram is handed to the IP layer at once.
//
// Left out: ancillary data (packet info, TTL and the like: sendmsg with control data is refused),
// MSG_OOB, multicast options.
// Source: udp(7), net/ipv4/{udp,datagram,af_inet}.c, net/ipv6/{udp,datagram}.c as observed on Linux
// 6.18; FreeBSD's udp_usrreq.c, uipc_socket.c and facts observed on 13.0.
#ifndef DRYWIRE_STACK_SOCKET_UDP_SOCKET_H_
#define DRYWIRE_STACK_SOCKET_UDP_SOCKET_H_

#include <cstdint>
#include <string>

#include "stack/ip/route.h"
#include "stack/socket/demux.h"
#include "stack/socket/inet_socket.h"
#include "stack/udp/udp_pcb.h"

namespace drywire {

class UdpSocket final : public InetSocket, private UdpEndpoint {
 public:
  // `domain`: AF_INET or AF_INET6. `uid`: of the creating process.
  UdpSocket(NetStack* net, int domain, uint32_t uid);
  ~UdpSocket() override;

  uint32_t Poll() const override;
  Result<> Bind(const RawAddress& address, const Credentials& credentials) override;
  // Datagram sockets neither listen nor accept: kNotSupported.
  Result<> Listen(int backlog, const Credentials& credentials) override;
  Result<Ref<Socket>> Accept() override;
  Result<ConnectProgress> Connect(const RawAddress& address,
                                  const Credentials& credentials) override;
  Result<> TakeConnectResult() override { return {}; }
  Result<size_t> Send(const SendArgs& args, const Credentials& credentials) override;
  Result<drywire::Received> Receive(const ReceiveArgs& args) override;
  Result<> Shutdown(int how) override;
  Result<RawAddress> PeerName() const override;
  Cause TakeError() override { return pcb_.TakeError(); }
  Result<size_t> Readable() const override { return pcb_.Readable(); }
  Result<size_t> Unsent() const override { return size_t{0}; }
  // "udp UNCONN 0 0 0.0.0.0:53 *:*"
  std::string Describe() const override;

 private:
  // UdpEndpoint
  void OnPacket(PacketPtr packet, uint32_t interface) override;
  void OnPacketError(const PacketError& error) override;
  void OnCrash() override;
  std::string DescribeEndpoint() const override { return Describe(); }

  // InetSocket
  void DescribeForOptions(OptionContext& context) const override;
  void OnLastClose() override;

  Result<> EnsurePort(const Credentials& credentials);
  Result<> ConnectTo(const Endpoint& remote, const Credentials& credentials);
  Result<> TakePortForTuple(const Address& local, const Endpoint& peer);
  void Dissolve();
  // Where a datagram to `remote` (as the program sees it) goes; judges families and broadcasts.
  Result<RouteRef> RouteTo(const Endpoint& remote, AddressUse use, uint32_t uid) const;
  // The destination of a send: the address given, or the peer.
  Result<Endpoint> Destination(const SendArgs& args) const;
  Result<RouteRef> RouteForSend(const Endpoint& remote, bool to_peer, uint32_t uid);
  // `port`: of the destination, for the error queue.
  Result<> CheckSize(size_t size, const RouteChoice& route, uint16_t port);
  Result<> RefuseToSend();
  Result<> Transmit(Bytes payload, uint16_t port, const RouteChoice& route);
  void UpdateDemux();

  UdpPcb pcb_;
  Endpoint peer_name_;  // as the program sees it
  RouteRef route_;      // to the peer, when connected
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_UDP_SOCKET_H_
