// A host's end of a link: takes packets from the host, makes them travel, hands over what arrives.
//
// A port owns the outgoing direction: its configuration, queue, random streams and the packets on
// their way. It decides what happens to a packet when the packet is sent, in this order: host and
// link up, partition, fault rules, MTU, queue, loss, corruption, duplication, latency and jitter,
// reordering. Loss, and what follows it, happens behind the queue: a lost packet has taken its time
// on the wire. On arrival the packet is dropped after all if the receiver is down or cut off.
//
// Packets of one port arrive in the order sent, unless reordering, a jitter that may reorder or a
// fault rule says otherwise: a packet whose latency shrank waits for the one before it.
//
// Every "does it happen" is asked of the Choice, with a random stream named by (seed, port,
// purpose). When the Choice explores delays, jitter comes from it, in eight steps. Each port is an
// order domain: which of two packets that arrive from different ports at the same instant comes
// first is the scheduler's question (ChoiceKind::kEventOrder).
//
// In the steady state nothing is allocated: packets travel in slab records with the event inside.
#ifndef DRYWIRE_SIM_NET_PORT_H_
#define DRYWIRE_SIM_NET_PORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/choice.h"
#include "sim/core/event_queue.h"
#include "sim/core/intrusive_list.h"
#include "sim/core/rng.h"
#include "sim/core/slab.h"
#include "sim/core/time.h"
#include "sim/core/trace.h"
#include "sim/net/link_config.h"
#include "sim/net/packet_event.h"
#include "sim/net/reachability.h"
#include "stack/base/address.h"
#include "stack/wire/packet.h"

namespace drywire {

class Medium;
class Port;
class RuleChain;

// A packet on its way, or kept for a paused host.
struct InFlight : ListHook<> {
  Event event;
  PacketPtr packet;
  Port* from = nullptr;
  Port* to = nullptr;
  Instant departs;  // When its last bit is on the wire.
  uint64_t digest = 0;
  uint32_t length = 0;  // On the wire, bytes.
};

// What all ports of a fabric share. Set up by the Fabric.
struct PortContext {
  EventQueue* events = nullptr;
  Choice* choice = nullptr;
  bool never_is_never = false;  // Choice::never_is_never()
  Trace* trace = nullptr;       // May be null.
  PacketPool* packets = nullptr;
  uint64_t seed = 0;
  Reachability* reachability = nullptr;
  RuleChain* rules = nullptr;
  Slab<InFlight> in_flight;
  uint64_t address_changes = 0;  // of all ports
  std::vector<PacketObserver*> observers;
  std::vector<Port*> recipients;  // Scratch.
};

class Port final : public PacketSink {
 public:
  // Ports are made by their medium. `id` counts all ports of the fabric from 1.
  Port(PortContext* context, Medium* medium, uint32_t id, uint32_t host,
       absl::string_view interface, const LinkConfig& config);
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() override;

  uint32_t id() const { return id_; }
  uint32_t host() const { return host_; }
  const std::string& interface() const { return interface_; }
  const std::string& name() const { return name_; }  // "client:eth0"
  Medium& medium() const { return *medium_; }

  // The host sends.
  void Accept(PacketPtr packet) override;
  // Who takes what arrives; not owned. Without one, packets are dropped on arrival.
  void SetReceiver(PacketSink* receiver) { receiver_ = receiver; }

  // The outgoing direction. A change concerns packets sent from now on.
  const LinkConfig& config() const { return config_; }
  void Configure(const LinkConfig& config);

  // The addresses of the interface: a LAN delivers by them, partitions recognise hosts by them.
  void AddAddress(const Prefix& prefix);
  void RemoveAddress(const Address& address);
  const std::vector<Prefix>& addresses() const { return addresses_; }
  bool Owns(const Address& address) const;

  // Packets that wait for the wire now, the one on it included.
  size_t queued_packets();
  uint64_t queued_bytes();
  // Packets sent from here and still on their way.
  size_t in_flight() const { return flying_.CountSlow(); }

  // Drops what was sent from here and is still on its way: all of it, or what has not left yet.
  void DropInFlight(absl::string_view reason, bool only_unsent);
  // Drops, or lets go on, what was kept for the paused host.
  void DropHeld(absl::string_view reason);
  void ReleaseHeld();

 private:
  struct Departure {
    Instant at;
    uint32_t bytes;
  };
  // A random stream for each question, so that one more draw in one changes no other.
  struct Streams {
    Rng loss, duplicate, reorder, corrupt, jitter;
  };

  // What SendTo() comes to where nothing can happen to a packet but the time it takes.
  void SendPlainly(Port* to, PacketPtr packet, uint32_t length);
  // `length`: of the packet, on the wire.
  void SendTo(Port* to, PacketPtr packet, uint32_t length, std::optional<Instant>* departure);
  const char* RefusalToSend(const Packet& packet, uint32_t length) const;
  bool Happens(ChoiceKind kind, Probability p, Rng& rng) {
    if (p.is_never() && context_->never_is_never) return false;
    return context_->choice->Happens(kind, p, rng);
  }
  // When the packet will have left, or nothing when the queue is full.
  std::optional<Instant> Enqueue(uint32_t bytes);
  void Travel(PacketPtr packet, uint32_t length, Port* to, Instant departure, Duration extra);
  Duration Latency();
  bool TakesReordering();
  void Launch(PacketPtr packet, uint32_t length, Port* to, Instant departure, Instant arrival);
  static void Arrive(void* in_flight);
  void OnRelease();
  void Deliver(InFlight* flight);
  void DropFlight(InFlight* flight, bool at_sender, absl::string_view reason);
  void DropAtSender(const Packet& packet, Port* to, absl::string_view reason);
  void Changed(const Packet& packet, Port* to, absl::string_view how);
  void Note(TraceKind kind, uint32_t host, const Packet& packet, uint64_t digest, uint32_t length,
            uint64_t last);
  bool observed() const { return !context_->observers.empty(); }
  void Tell(const PacketEvent& event);
  void ForgetDeparted();

  PortContext* context_;
  Medium* medium_;
  uint32_t id_;
  uint32_t host_;
  std::string interface_;
  std::string name_;
  LinkConfig config_;
  bool plain_ = false;  // the configuration leaves nothing to chance and nothing to wait for
  Streams streams_;
  PacketSink* receiver_ = nullptr;
  std::vector<Prefix> addresses_;

  Instant busy_until_;
  Instant last_arrival_;
  uint32_t reorder_count_ = 0;
  // What waits for the wire, oldest first: a ring, used only when there is a bandwidth.
  std::vector<Departure> waiting_;
  size_t waiting_head_ = 0;
  size_t waiting_count_ = 0;
  uint64_t waiting_bytes_ = 0;

  IntrusiveList<InFlight> flying_;  // Sent from here.
  IntrusiveList<InFlight> held_;    // Arrived here while the host was paused.
  Event release_;                   // Hands over what was held.
  bool releasing_ = false;
  std::vector<PacketPtr> held_out_;  // Sent by the host while it was paused.
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_PORT_H_
