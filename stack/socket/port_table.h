// Who holds which local port of a host, for one transport: bind conflicts, ephemeral ports.
//
// Every socket with a local port, bound, listening, connected or in TIME-WAIT, owns a PortBinding
// that is in the table. The conflict rules of both systems and their ways to choose a port are
// here; the profile selects. Cost: a bind looks at the holders of one port; choosing a port looks
// at one candidate after the other in the system's own order, O(1) for each, and for a destination
// with many connections 64 taken ports at a time.
//
// Left out: binding by device (SO_BINDTODEVICE is refused), FreeBSD's jails and INP_BINDMULTI,
// Linux's fastreuse caching (its effect on which bind fails is nil but for a known quirk with
// sockets that change SO_REUSEADDR after bind), ip_autobind_reuse.
// Source: net/ipv4/{inet_connection_sock,inet_hashtables,udp}.c as observed on Linux 6.18;
// sys/netinet/in_pcb.c, sys/netinet6/in6_pcb.c, facts observed on FreeBSD 13.0.
#ifndef DRYWIRE_STACK_SOCKET_PORT_TABLE_H_
#define DRYWIRE_STACK_SOCKET_PORT_TABLE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "sim/core/intrusive_list.h"
#include "sim/core/rng.h"
#include "sim/core/slab.h"
#include "stack/base/credentials.h"
#include "stack/base/endpoint.h"
#include "stack/personality/cause.h"
#include "stack/personality/socket_profile.h"

namespace drywire {

class PortTable;

// The connections of this host from one address to one remote endpoint, whose ports connect()
// chose.
struct PortDestination {
  Address local;
  Endpoint remote;
  uint32_t count = 0;
  // A bit for each port that is taken for this destination; only once there are many.
  std::unique_ptr<std::array<uint64_t, 1024>> taken;

  void Mark(uint16_t port) { (*taken)[port / 64] |= uint64_t{1} << (port % 64); }
};

enum class Transport : uint8_t { kTcp, kUdp };

struct PortHolderTag {};

// A socket's hold on a local port. The fields above the line are the socket's to keep up to date,
// at any time; destroying a binding releases it.
class PortBinding : public ListHook<PortHolderTag> {
 public:
  enum class Use : uint8_t { kBound, kListening, kConnected, kTimeWait };

  Use use = Use::kBound;
  // AF_INET6 socket; with v6only it holds no IPv4 address.
  bool v6 = false;
  bool v6only = false;
  bool reuse_address = false;  // SO_REUSEADDR
  bool reuse_port = false;     // SO_REUSEPORT
  bool reuse_port_lb = false;  // FreeBSD's SO_REUSEPORT_LB
  uint32_t uid = 0;            // of the process that created the socket
  // IP_LOCAL_PORT_RANGE; 0 means the system's bound.
  uint16_t range_low = 0;
  uint16_t range_high = 0;

  PortBinding() = default;
  PortBinding(const PortBinding&) = delete;
  PortBinding& operator=(const PortBinding&) = delete;
  inline ~PortBinding();

  // The local address the port is held for; v4-mapped stays v6. Changed with PortTable::SetLocal.
  const Address& address() const { return address_; }
  uint16_t port() const { return port_; }  // 0: holds nothing
  // Whether the port was chosen by connect() rather than by bind() or listen(): such holders let
  // other connections use the port too.
  bool automatic() const { return automatic_; }

 private:
  friend class PortTable;
  [[no_unique_address]] Address address_;
  uint16_t port_ = 0;
  bool automatic_ = false;
  PortTable* table_ = nullptr;
  PortDestination* destination_ = nullptr;  // while it holds the 4-tuple that it was chosen for
};

class PortTable {
 public:
  // `profile` is the host's own and is read at each call: sysctls may change. Draws come from
  // `rng`.
  PortTable(Transport transport, const SocketProfile* profile, Rng rng);
  PortTable(const PortTable&) = delete;
  PortTable& operator=(const PortTable&) = delete;
  ~PortTable();

  // bind(2) with a port, or with port 0: chooses one. `address` is Any, an IPv4 address (AF_INET
  // socket) or an IPv6 one, v4-mapped included (AF_INET6 socket). kAddressInUse,
  // kPortsExhaustedOnBind. Does not judge the privilege: see PortNeedsPrivilege.
  Result<> Bind(PortBinding* binding, const Address& address, uint16_t port,
                const Credentials& credentials);
  // Whether binding `port` needs privilege (net.ipv4.ip_unprivileged_port_start,
  // net.inet.ip.portrange.reservedhigh).
  bool PortNeedsPrivilege(uint16_t port) const;

  // For a connect() of a socket without a port: a port for which `tuple_free` says that the
  // connection's 4-tuple is not taken (connections, TIME-WAIT). kPortsExhaustedOnConnect.
  using TupleFree = absl::FunctionRef<bool(uint16_t local_port)>;
  Result<> BindForConnect(PortBinding* binding, const Address& local, const Endpoint& remote,
                          TupleFree tuple_free);

  // listen(2) on a bound socket; sets use to kListening. kAddressInUse when another one listens and
  // the options do not allow two.
  Result<> Listen(PortBinding* binding);

  // The holder's local address changes (connect fills in a wildcard, AF_UNSPEC clears it).
  static void SetLocal(PortBinding* binding, const Address& address);
  // A connection accepted by `listener`'s socket holds the same port; options are inherited. The
  // local address is the listener's until SetLocal.
  void Inherit(PortBinding* child, const PortBinding& listener);
  // `to` takes over what `from` holds, in its place (a socket becomes a TIME-WAIT entry).
  static void Move(PortBinding* from, PortBinding* to);
  static void Release(PortBinding* binding);

  // Whether anything holds `port`.
  bool InUse(uint16_t port) const { return Find(port) != nullptr; }
  size_t ports_in_use() const { return ports_in_use_; }

 private:
  struct Holders {
    IntrusiveList<PortBinding, PortHolderTag> list;
    uint32_t explicit_count = 0;  // not automatic()
    uint32_t total = 0;
  };
  struct DestinationKey {
    Address local;
    Endpoint remote;
    friend bool operator==(const DestinationKey&, const DestinationKey&) = default;
  };
  struct HashDestination {
    size_t operator()(const DestinationKey& key) const;
  };
  // So many are kept when nothing is left of them: they are likely to be asked for again.
  static constexpr size_t kIdleDestinations = 1024;
  static constexpr int kPageBits = 8;
  using Page = std::array<Holders*, 1 << kPageBits>;
  struct Range {
    uint32_t low;
    uint32_t high;  // included
    bool own;       // from IP_LOCAL_PORT_RANGE
  };

  Holders* Find(uint16_t port) const {
    const Page* page = pages_[port >> kPageBits];
    return page == nullptr ? nullptr : (*page)[port & ((1 << kPageBits) - 1)];
  }
  // rng_, of which the first draws fill perturb_.
  Rng& Random();
  Range EphemeralRange(const PortBinding& binding) const;
  bool Reserved(uint32_t port) const;
  void Hold(PortBinding* binding, const Address& address, uint16_t port, bool automatic);
  // Whether another holder of `port` forbids `binding` to hold it for `address`. `chosen`: the
  // system, not the caller, picked the port.
  bool Conflicts(const PortBinding& binding, const Address& address, uint16_t port, bool chosen,
                 const Credentials& credentials) const;
  bool LinuxConflict(const PortBinding& binding, const PortBinding& other, bool chosen) const;
  bool FreeBsdConflict(const PortBinding& binding, const Address& address, const Holders& holders,
                       const Credentials& credentials) const;
  static const PortBinding* FreeBsdBestMatch(const Holders& holders, const PortBinding& binding,
                                             const Address& address, bool v4, bool wildcards);
  // 0 when none is free.
  uint16_t ChooseForBind(const PortBinding& binding, const Address& address,
                         const Credentials& credentials);
  uint16_t ChooseByLinuxTcpBind(const PortBinding& binding, const Address& address,
                                const Credentials& credentials);
  uint16_t ChooseByLinuxTcpConnect(const PortBinding& binding, const Address& local,
                                   const Endpoint& remote, const PortDestination& destination,
                                   TupleFree tuple_free);
  uint16_t ChooseByRandomStart(const Range& range, absl::FunctionRef<bool(uint16_t)> usable);

  PortDestination& DestinationOf(const Address& local, const Endpoint& remote);
  // Notes that `binding` took its port for a connection to there.
  void Attach(PortBinding* binding, PortDestination& destination);
  // The binding's 4-tuple is free again, or no longer surely taken (TIME-WAIT).
  void Detach(PortBinding* binding);
  void ForgetIfIdle(PortDestination& destination);
  void MapTaken(PortDestination& destination) const;

  Transport transport_;
  const SocketProfile* profile_;
  Rng rng_;
  uint64_t secret_;  // keys the connect offset, as net_secret does
  // Filled by Random(): of the four tables of a small world, one is asked to choose a port.
  std::array<uint32_t, 256> perturb_;
  bool perturbed_ = false;
  std::array<Page*, 1 << (16 - kPageBits)> pages_{};
  std::vector<std::unique_ptr<Page>> page_memory_;
  Slab<Holders> holders_;
  // Looked up only, never iterated.
  absl::flat_hash_map<DestinationKey, std::unique_ptr<PortDestination>, HashDestination>
      destinations_;
  size_t ports_in_use_ = 0;
};

inline PortBinding::~PortBinding() {
  if (table_ != nullptr) PortTable::Release(this);
}

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_PORT_TABLE_H_
