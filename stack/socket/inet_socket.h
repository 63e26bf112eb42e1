// What TCP and UDP sockets have in common: names, bind(), options, the hold on a port.
//
// The derived class decides when a call is allowed by its protocol's state; what is checked before
// and after that, in each system's order, is here.
// Source: net/ipv4/af_inet.c and net/ipv6/af_inet6.c (__inet_bind, __inet6_bind) as observed on
// Linux 6.18; sys/netinet/in_pcb.c (in_pcbbind_setup).
#ifndef DRYWIRE_STACK_SOCKET_INET_SOCKET_H_
#define DRYWIRE_STACK_SOCKET_INET_SOCKET_H_

#include <cstdint>
#include <memory>

#include "stack/base/endpoint.h"
#include "stack/socket/error_queue.h"
#include "stack/socket/inet_address.h"
#include "stack/socket/net_stack.h"
#include "stack/socket/options.h"
#include "stack/socket/port_table.h"
#include "stack/socket/socket.h"

namespace drywire {

class InetSocket : public Socket {
 public:
  ~InetSocket() override;

  NetStack& net() const { return *net_; }
  const SocketOptions& options() const { return *options_; }
  const PortBinding& port_binding() const { return port_; }

  Duration receive_timeout() const override { return options_->receive_timeout; }
  Duration send_timeout() const override { return options_->send_timeout; }
  size_t receive_low_water() const override {
    return static_cast<size_t>(options_->receive_low_water);
  }

  Result<RawAddress> LocalName() const override;
  Result<size_t> GetOption(int level, int name, absl::Span<uint8_t> value) override;
  Result<> CheckOptionLevel(int level) const override;
  bool OptionLengthIsSigned(int level) const override;
  Cause UnreadableOption(int level, int name, size_t length) override;
  Result<> SetOption(int level, int name, absl::Span<const uint8_t> value,
                     const Credentials& credentials) override;

 protected:
  // `uid`: of the creating process, for bind conflicts. The buffers are what SO_RCVBUF and
  // SO_SNDBUF read at first.
  InetSocket(NetStack* net, int domain, int type, int protocol, uint32_t uid,
             int64_t receive_buffer, int64_t send_buffer);

  // bind(2). `fresh`: the protocol's state allows it (not connected, not listening, not bound
  // before); judged in the system's order among the other checks (kAlreadyBound).
  Result<> BindChecked(const RawAddress& address, const Credentials& credentials, bool fresh);
  // Takes an ephemeral port for a socket that has none (listen, UDP connect and send).
  Result<> AutoBind(const Credentials& credentials);

  // Whether the socket speaks IPv6 addresses to its program.
  bool v6() const { return domain() == AF_INET6; }
  bool v6only() const { return options_->v6only != 0; }
  // The interface to route by: the scope id of `remote` where it has one, else that of the bound
  // address. kScopeMissing (connecting) or kNoRoute (sending) when they contradict each other.
  Result<uint32_t> ScopeFor(const Endpoint& remote, bool connecting) const;
  // The local address in wire form and, for the demux, with `dual`.
  BoundAddress BoundForDemux() const;

  // Hooks for the protocol. The context's connected, listening and path_mtu are filled in there.
  virtual void DescribeForOptions(OptionContext& context) const = 0;
  // An option that is in no shared table; kOptionUnknown by default.
  virtual Result<size_t> GetProtocolOption(int level, int name, absl::Span<uint8_t> value);
  virtual Result<> SetProtocolOption(int level, int name, absl::Span<const uint8_t> value,
                                     const Credentials& credentials);
  // A shared option was set: buffers, keepalive, ... may need attention.
  virtual void OnOptionSet(int level, int name) {
    (void)level;
    (void)name;
  }

  // The local address as the program sees it, or the wildcard of the socket's domain.
  Address LocalOrAny() const;
  // Exhaustion of ports reads as `as`, or as old releases reported it; other causes unchanged.
  Cause Exhausted(Cause cause, Cause as) const;

  // --- The error queue. Whether the program wants errors about packets of that family there.
  bool WantsErrors(bool v4) const { return (v4 ? options_->recverr : options_->recverr6) != 0; }
  bool HasQueuedErrors() const { return errors_ != nullptr && !errors_->empty(); }
  void QueueError(const PacketError& error);
  // This host itself refused a packet for `destination`; `info` bytes would be possible.
  void QueueLocalError(Cause cause, const Endpoint& destination, uint32_t info);
  // recvmsg() with MSG_ERRQUEUE. `pending` is the socket's pending error, which follows the queue.
  Result<Received> ReceiveError(const ReceiveArgs& args, Cause* pending);

  // Those of the socket's transport.
  PortTable& ports() const { return type() == SOCK_STREAM ? net_->tcp_ports() : net_->udp_ports(); }

  // Copies the options that an accepted connection inherits from its listener.
  void InheritFrom(const InetSocket& listener);

  NetStack* net_;
  SharedOptions options_;
  PortBinding port_;
  // As the program sees it: v4-mapped on AF_INET6 sockets. Absent address: wildcard. The port is
  // that of port_.
  Endpoint local_;
  bool address_bound_ = false;          // bind() named a specific address
  bool port_bound_ = false;             // bind() named a port
  std::unique_ptr<ErrorQueue> errors_;  // made when it is needed

 private:
  OptionContext MakeOptionContext() const;
  void SyncPortBinding();
  Result<> CheckLocalAddress(const Endpoint& endpoint) const;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_INET_SOCKET_H_
