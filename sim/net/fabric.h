// Everything between the hosts of a world: links, LANs, fault rules, partitions, and who watches.
//
// The fabric knows hosts by the world's ids and by what the network sees of them: their ports, and
// whether they are up, down or paused. What a host does inside is not its business. It owns nothing
// that it is given.
#ifndef DRYWIRE_SIM_NET_FABRIC_H_
#define DRYWIRE_SIM_NET_FABRIC_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/core/choice.h"
#include "sim/core/event_queue.h"
#include "sim/core/trace.h"
#include "sim/net/link.h"
#include "sim/net/link_config.h"
#include "sim/net/packet_event.h"
#include "sim/net/port.h"
#include "sim/net/reachability.h"
#include "sim/net/rule.h"
#include "stack/wire/packet.h"

namespace drywire {

class Fabric {
 public:
  struct Options {
    EventQueue* events = nullptr;
    PacketPool* packets = nullptr;
    Choice* choice = nullptr;  // Null: first in, first out.
    Trace* trace = nullptr;    // Null: none.
    uint64_t seed = 1;
  };
  explicit Fabric(const Options& options);
  Fabric(const Fabric&) = delete;
  Fabric& operator=(const Fabric&) = delete;

  // --- Building. Names of hosts, and of media, are unique; so is (host, interface). Breaking that,
  // and configurations that do not Validate(), are programming errors.
  void AddHost(uint32_t host, absl::string_view name);
  Link& AddLoopback(uint32_t host, absl::string_view interface = "lo",
                    const LinkConfig& config = LoopbackConfig());  // Named "client:lo".
  struct Attachment {
    uint32_t host;
    absl::string_view interface;
  };
  // end(0) belongs to `a`. Both directions get `config`; change one with end(i).Configure().
  Link& AddLink(absl::string_view name, Attachment a, Attachment b, const LinkConfig& config = {});
  Lan& AddLan(absl::string_view name);
  Port& AttachToLan(Lan& lan, Attachment attachment, const LinkConfig& config = {});

  // Null when there is none.
  Port* FindPort(uint32_t host, absl::string_view interface) const;
  Medium* FindMedium(absl::string_view name) const;
  // In order of creation; a port's id is its position, counted from 1.
  const std::vector<Port*>& ports() const { return ports_; }
  // Grows whenever a port gets or loses an address.
  uint64_t address_changes() const { return context_.address_changes; }
  const std::vector<std::unique_ptr<Medium>>& media() const { return media_; }
  const std::string& HostName(uint32_t host) const { return reachability_.HostName(host); }

  // --- Faults.
  RuleChain& rules() { return rules_; }
  // No packet gets from one of `a` to one of `b`, nor back unless `one_way`. Returns a number for
  // Heal. Packets under way are cut too.
  int Partition(absl::Span<const uint32_t> a, absl::Span<const uint32_t> b, bool one_way = false);
  // False when there is no such partition any more.
  bool Heal(int partition);
  void HealAll();
  // Power off: what the host has not put on the wire yet is lost, and so is what arrives.
  void Crash(uint32_t host);
  // Only after a crash; no effect otherwise.
  void Restart(uint32_t host);
  // While paused, what arrives and what the host still sends is kept (and goes on, in order, at
  // Resume) or lost.
  enum class WhilePaused : uint8_t { kHold, kDiscard };
  void Pause(uint32_t host, WhilePaused what);
  void Resume(uint32_t host);
  HostCondition condition(uint32_t host) const { return reachability_.condition(host); }

  // --- Watching. Observers are called in the order added.
  void AddObserver(PacketObserver* observer) { context_.observers.push_back(observer); }
  void RemoveObserver(PacketObserver* observer);
  // Packets on their way or kept for paused hosts.
  size_t in_flight() const { return context_.in_flight.live(); }

 private:
  template <typename M>
  M& AddMedium(absl::string_view name);
  Port& AddPort(Medium& medium, Attachment attachment, const LinkConfig& config);
  void NoteHost(uint32_t host, const char* what);
  void NoteLink(const char* what, int64_t value);

  FifoChoice fifo_;
  Reachability reachability_;
  RuleChain rules_;
  PortContext context_;
  std::vector<std::unique_ptr<Medium>> media_;
  std::vector<Port*> ports_;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_FABRIC_H_
