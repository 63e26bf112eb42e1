// What a socket sees of its host: time, randomness, ports, routes, and the way in and out.
//
// One per host. It ties the sans-IO IpStack to the world: packets that IpStack wants transmitted go
// to the interface's sink (a link's end), packets for this host go to the Demux, and one event is
// kept at IpStack's next deadline. Packets that nobody takes are answered here: a RST for TCP
// (RFC 9293 3.10.7.1), port unreachable for UDP (RFC 1122 4.1.3.1), each within the system's rate
// limit.
//
// Sending from inside a delivery is allowed: sinks take a packet and deliver it later, by an event.
#ifndef DRYWIRE_STACK_SOCKET_NET_STACK_H_
#define DRYWIRE_STACK_SOCKET_NET_STACK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/event_queue.h"
#include "sim/core/rng.h"
#include "sim/core/time.h"
#include "sim/core/trace.h"
#include "stack/ip/ip_actions.h"
#include "stack/personality/cause.h"
#include "stack/personality/profile.h"
#include "stack/socket/demux.h"
#include "stack/socket/options.h"
#include "stack/socket/port_table.h"
#include "stack/wire/packet.h"

namespace drywire {

class IpStack;
struct RouteChoice;

// Something a layer above keeps once per host: TCP's shared counters, secrets and limits.
class NetStackPart {
 public:
  virtual ~NetStackPart() = default;
  // The host lost power; all endpoints have gone.
  virtual void OnCrash() {}
};

class NetStack {
 public:
  struct Environment {
    uint32_t host_id = 0;  // for trace and random streams
    uint64_t seed = 0;     // the world's
    EventQueue* events = nullptr;
    Trace* trace = nullptr;  // may be null
    PacketPool* packets = nullptr;
    uint64_t* next_serial = nullptr;  // the world's counter of packets
    Profile* profile = nullptr;       // the host's own
  };

  // The environment's objects are not owned and outlive this.
  explicit NetStack(const Environment& environment);
  NetStack(const NetStack&) = delete;
  NetStack& operator=(const NetStack&) = delete;
  ~NetStack();

  uint32_t host_id() const { return environment_.host_id; }
  Instant now() const { return environment_.events->now(); }
  EventQueue& events() { return *environment_.events; }
  PacketPool& packets() { return *environment_.packets; }
  Profile& profile() { return *environment_.profile; }
  const Profile& profile() const { return *environment_.profile; }
  // The host's random stream of that name, from its beginning: keep what this returns.
  Rng MakeRng(absl::string_view purpose) const {
    return Rng(environment_.seed, environment_.host_id, purpose);
  }
  // A packet ends here; `reason` is a literal.
  void NoteDropped(const Packet& packet, const char* reason);
  // Null when the world keeps no trace.
  Trace* trace() { return environment_.trace; }
  template <typename... Args>
  void Note(TraceKind kind, Args... args) {
    if (trace() != nullptr) trace()->Record(now(), host_id(), kind, args...);
  }
  // The trace's number for a literal; 0 without a trace.
  uint64_t Text(const char* literal) {
    return trace() == nullptr ? 0 : trace()->InternLiteral(literal);
  }

  IpStack& ip() { return *ip_; }
  const IpStack& ip() const { return *ip_; }
  Demux& demux() { return demux_; }
  PortTable& tcp_ports() { return tcp_ports_; }
  PortTable& udp_ports() { return udp_ports_; }

  // Sends a packet of this host along `route`, which IpStack::SelectRoute chose. A failure is a
  // local one that the caller learns at once (firewall, no neighbour entry); later ones arrive as
  // PacketErrors at the endpoint. The packet gets its serial number here.
  Result<> Send(PacketPtr packet, const RouteChoice& route);
  // The RST that RFC 9293 3.10.7.1 prescribes for a segment without a connection; also for
  // endpoints (listeners, TIME-WAIT) that decide to reset. No RST answers a RST; within the
  // system's limit.
  void SendReset(const Packet& segment);
  // ... as a closed port sends it, which may be silent.
  void AnswerClosedTcp(const Packet& packet);

  // A packet arrives on an interface from its link.
  void Receive(uint32_t interface, PacketPtr packet);
  // Where packets that leave through `interface` go, with their next_hop set: an end of a link, not
  // owned. Null: they are dropped; those of the loopback interface come back at the same instant.
  void SetInterfaceSink(uint32_t interface, PacketSink* sink);
  // To be called after changing something of ip() from outside (routes, interfaces): its deadline
  // may have moved.
  void RearmIp();
  // Takes an interface down or up, as `ip link set` and ifconfig do.
  void SetInterfaceUp(uint32_t interface, bool up);

  // Loses power: every endpoint forgets all. While off nothing is sent and nothing taken in.
  void Crash();
  void Restart() { powered_ = true; }
  bool powered() const { return powered_; }
  // Stops the machine: nothing is sent, and a timer that goes off is ignored until Resume(), when
  // whatever is overdue happens at once, in the order in which the endpoints were registered.
  void Pause() { paused_ = true; }
  void Resume();
  bool paused() const { return paused_; }

  // TCP's own per-host state; created by the first TcpSocket.
  NetStackPart* tcp_part() { return tcp_part_.get(); }
  void set_tcp_part(std::unique_ptr<NetStackPart> part) { tcp_part_ = std::move(part); }

  // What the last socket of that kind began with; for InetSocket.
  SharedOptions& fresh_options(bool v6, bool stream) { return fresh_options_[v6][stream]; }

  // Sockets of TCP and UDP that exist, orphans included; for leak checks.
  size_t live_sockets() const { return live_sockets_; }
  void CountSocket(int change) { live_sockets_ += static_cast<size_t>(change); }

  // Every endpoint, a line each, in order of registration.
  std::string DescribeEndpoints();

 private:
  std::unique_ptr<IpActions> TakeActions();
  // Carries the actions out, gives the list back and looks at the deadline.
  void Finish(std::unique_ptr<IpActions> actions);
  void Carry(IpActions& actions);
  void Transmit(uint32_t interface, PacketPtr packet);
  void DeliverLocal(PacketPtr packet, uint32_t interface);
  void AnswerClosedUdp(const Packet& packet);
  void OnIpDeadline();
  void OnLoopback();

  Environment environment_;
  std::unique_ptr<IpStack> ip_;
  Demux demux_;
  PortTable tcp_ports_;
  PortTable udp_ports_;
  std::vector<PacketSink*> sinks_;  // by interface index
  std::vector<std::unique_ptr<IpActions>> free_actions_;
  Event ip_deadline_;
  // The loopback interface without a sink: packets come back at the same instant.
  Event loopback_;
  std::vector<PacketPtr> looping_;
  std::vector<PacketPtr> arriving_;
  std::unique_ptr<NetStackPart> tcp_part_;
  SharedOptions fresh_options_[2][2];
  size_t live_sockets_ = 0;
  bool powered_ = true;
  bool paused_ = false;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_NET_STACK_H_
