// What TCP keeps once per host: secrets, memory for small entries, and the TIME-WAIT connections.
#ifndef DRYWIRE_STACK_SOCKET_TCP_HOST_H_
#define DRYWIRE_STACK_SOCKET_TCP_HOST_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "sim/core/check.h"
#include "sim/core/event_queue.h"
#include "sim/core/intrusive_list.h"
#include "sim/core/slab.h"
#include "stack/socket/demux.h"
#include "stack/socket/net_stack.h"
#include "stack/socket/port_table.h"
#include "stack/tcp/actions.h"
#include "stack/tcp/isn.h"
#include "stack/tcp/syn_cookie.h"
#include "stack/tcp/time_wait.h"

namespace drywire {

class TcpAcceptor;
class TcpHost;
class TcpRequestEndpoint;

// Sends the segments between the two endpoints of `id`; what fails is lost, as a packet is.
void SendSegments(NetStack& net, const ConnectionId& id, SegmentList& segments);
// The same by a current route to id.remote.
void SendSegments(NetStack& net, const ConnectionId& id, const RouteChoice& route,
                  SegmentList& segments);

struct TimeWaitListTag {};

// A connection in TIME-WAIT; deletes itself when its time has come.
class TcpTimeWaitEndpoint final : public TcpConnectionEndpoint, public ListHook<TimeWaitListTag> {
 public:
  TcpTimeWaitEndpoint(TcpHost* host, const TimeWait& entry);

  const TimeWait& entry() const { return entry_; }
  PortBinding& port() { return port_; }
  bool MayBeReplaced() const override;

  void OnPacket(PacketPtr packet, uint32_t interface) override;
  void OnPacketError(const PacketError&) override {}
  void OnCrash() override;
  void OnResume() override { Rearm(); }
  std::string DescribeEndpoint() const override;

  // The connection is over: frees this.
  void Delete();

 private:
  void OnDeadline();
  void Rearm();

  TcpHost* host_;
  TimeWait entry_;
  PortBinding port_;
  Event timer_;
};

class TcpHost final : public NetStackPart {
 public:
  explicit TcpHost(NetStack* net);
  ~TcpHost() override;

  // The host's, made on first use.
  static TcpHost& Of(NetStack& net) {
    if (net.tcp_part() == nullptr) Create(net);
    return *static_cast<TcpHost*>(net.tcp_part());
  }

  NetStack& net() { return *net_; }
  const IsnGenerator& isn() const { return isn_; }
  const SynCookies& cookies() const { return cookies_; }

  TcpTimeWaitEndpoint* NewTimeWait(const TimeWait& entry);
  void DeleteTimeWait(TcpTimeWaitEndpoint* endpoint);
  TcpRequestEndpoint* NewRequest(TcpAcceptor* acceptor);
  void DeleteRequest(TcpRequestEndpoint* request);

  // An empty Actions to use while this lives. They nest: the last one made is the first to go. They
  // keep their memory.
  class Scratch {
   public:
    explicit Scratch(TcpHost& host) : host_(host), actions_(host.Take()) {}
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
      DRYWIRE_DCHECK(host_.scratch_[host_.scratch_used_ - 1].get() == actions_);
      actions_->Clear();
      --host_.scratch_used_;
    }
    Actions& operator*() const { return *actions_; }
    Actions* get() const { return actions_; }

   private:
    TcpHost& host_;
    Actions* actions_;
  };

 private:
  Actions* Take() {
    if (scratch_used_ == scratch_.size()) AddScratch();
    return scratch_[scratch_used_++].get();
  }
  void AddScratch();
  static void Create(NetStack& net);

  NetStack* net_;
  Rng rng_;
  IsnGenerator isn_;
  SynCookies cookies_;
  Slab<TcpTimeWaitEndpoint> time_wait_slab_;
  IntrusiveList<TcpTimeWaitEndpoint, TimeWaitListTag> time_wait_;
  std::unique_ptr<Slab<TcpRequestEndpoint>> request_slab_;
  std::vector<std::unique_ptr<Actions>> scratch_;
  size_t scratch_used_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_TCP_HOST_H_
