// What ports are plugged into: point-to-point links, loopback, and LANs.
//
// A Link has two ports; what one sends, the other gets. A loopback is a Link with one port that
// gets what it sends. A Lan is a switch without queues of its own: a packet's next hop says which
// port gets it; a broadcast, a multicast and an address resolution request reach all the others.
// It knows which address is where from Port::AddAddress and by listening to address resolution;
// there are no link-layer addresses. A packet crosses one direction only, that of the sending port.
#ifndef DRYWIRE_SIM_NET_LINK_H_
#define DRYWIRE_SIM_NET_LINK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "sim/net/link_config.h"
#include "sim/net/port.h"
#include "stack/base/address.h"
#include "stack/wire/packet.h"

namespace drywire {

class Medium {
 public:
  Medium(PortContext* context, uint32_t id, absl::string_view name);
  Medium(const Medium&) = delete;
  Medium& operator=(const Medium&) = delete;
  virtual ~Medium() = default;

  uint32_t id() const { return id_; }
  const std::string& name() const { return name_; }
  // Going down loses what is on the wire; while down everything sent is dropped.
  bool up() const { return up_; }
  void SetUp(bool up);
  // All directions.
  void Configure(const LinkConfig& config);
  const std::vector<std::unique_ptr<Port>>& ports() const { return ports_; }
  // Null when there is none.
  Port* FindPort(uint32_t host, absl::string_view interface) const;

  // Who gets a packet that `from` sends, in a fixed order.
  virtual void FindRecipients(const Port& from, const Packet& packet,
                              std::vector<Port*>* recipients) = 0;
  // The one who gets whatever `from` sends; null when that depends on the packet.
  virtual Port* OnlyRecipient(const Port& /*from*/) const { return nullptr; }
  // The addresses of `port` changed.
  virtual void OnAddress(Port* /*port*/, const Address& /*address*/, bool /*added*/) {}

  // For the fabric, which counts ports and knows hosts.
  Port* NewPort(uint32_t port_id, uint32_t host, absl::string_view interface,
                const LinkConfig& config);

 private:
  PortContext* context_;
  uint32_t id_;
  std::string name_;
  bool up_ = true;
  std::vector<std::unique_ptr<Port>> ports_;
};

class Link final : public Medium {
 public:
  using Medium::Medium;

  // 0 or 1; a loopback has only 0.
  Port& end(int i) const { return *ports()[i]; }
  bool is_loopback() const { return ports().size() == 1; }
  Port* OnlyRecipient(const Port& from) const override {
    return is_loopback() || &end(1) == &from ? &end(0) : &end(1);
  }
  void FindRecipients(const Port& from, const Packet& packet,
                      std::vector<Port*>* recipients) override;
};

class Lan final : public Medium {
 public:
  using Medium::Medium;

  void FindRecipients(const Port& from, const Packet& packet,
                      std::vector<Port*>* recipients) override;
  void OnAddress(Port* port, const Address& address, bool added) override;

 private:
  bool IsForAll(const Packet& packet) const;

  absl::flat_hash_map<Address, Port*> owners_;  // Looked up only, never iterated.
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_LINK_H_
