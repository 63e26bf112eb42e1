// A flow table for the firewall's `ct state`: enough to tell new, established, related and invalid.
//
// A flow is established once packets were seen in both directions. ICMP errors about a known flow
// are related. A TCP segment of no known flow is new when it is a SYN or carries an ACK without RST
// (Linux's tcp_loose picks connections up), otherwise invalid. Left out: sequence checking, NAT,
// helpers, zones, marks, the table's size limit. Idle flows are forgotten after Linux's default
// timeouts (nf_conntrack-sysctl.rst). Kept only while a rule uses ct.
#ifndef DRYWIRE_STACK_IP_CONNTRACK_H_
#define DRYWIRE_STACK_IP_CONNTRACK_H_

#include <cstdint>
#include <map>

#include "sim/core/time.h"
#include "stack/base/endpoint.h"
#include "stack/wire/packet.h"

namespace drywire {

enum CtState : uint8_t {
  kCtInvalid = 1,
  kCtEstablished = 2,
  kCtRelated = 4,
  kCtNew = 8,
  kCtUntracked = 16,
};

class Conntrack {
 public:
  // The state of the packet, without recording it.
  CtState Classify(Instant now, const Packet& packet) const;
  // Records a packet that was let through.
  void Commit(Instant now, const Packet& packet);
  void Clear() { flows_.clear(); }
  size_t size() const { return flows_.size(); }

 private:
  struct Key {
    Endpoint low;  // the smaller endpoint: both directions have one key
    Endpoint high;
    IpProtocol protocol = IpProtocol::kTcp;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Flow {
    bool low_to_high = false;  // direction of the first packet
    bool replied = false;
    bool closing = false;  // RST or FIN seen
    Instant expires = kNever;
  };

  static Key KeyOf(IpProtocol protocol, const Endpoint& source, const Endpoint& destination);
  static bool FlowOf(const Packet& packet, IpProtocol& protocol, Endpoint& source,
                     Endpoint& destination);
  const Flow* Find(Instant now, const Key& key) const;

  std::map<Key, Flow> flows_;
  Instant next_sweep_ = Instant::Zero();
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_IP_CONNTRACK_H_
