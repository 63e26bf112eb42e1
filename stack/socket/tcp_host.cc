#include "stack/socket/tcp_host.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "stack/ip/ip_stack.h"
#include "stack/socket/tcp_acceptor.h"

namespace drywire {

void SendSegments(NetStack& net, const ConnectionId& id, SegmentList& segments) {
  if (segments.empty()) return;
  RouteQuery query;
  query.destination = id.remote.address;
  query.source = id.local.address;
  query.interface = id.remote.scope_id;
  const Result<RouteRef> route = net.ip().ShareRoute(net.now(), query);
  if (route.ok()) SendSegments(net, id, **route, segments);
}

void SendSegments(NetStack& net, const ConnectionId& id, const RouteChoice& route,
                  SegmentList& segments) {
  const IpProfile& ip = net.profile().ip;
  const int64_t ttl = id.remote.address.is_v4() ? ip.default_ttl : ip.default_hop_limit;
  for (size_t i = 0; i < segments.size(); ++i) {
    PacketPtr packet = segments.Take(i);
    packet->source = id.local.address;
    packet->destination = id.remote.address;
    packet->ttl = static_cast<uint8_t>(ttl);
    // Nobody is left who could be told.
    (void)net.Send(std::move(packet), route).ok();
  }
}

TcpTimeWaitEndpoint::TcpTimeWaitEndpoint(TcpHost* host, const TimeWait& entry)
    : host_(host), entry_(entry) {
  timer_.BindMethod<&TcpTimeWaitEndpoint::OnDeadline>("TIME-WAIT", this);
  Rearm();
}

void TcpTimeWaitEndpoint::Rearm() {
  NetStack& net = host_->net();
  net.events().Schedule(&timer_, std::max(entry_.deadline(), net.now()));
}

void TcpTimeWaitEndpoint::OnDeadline() {
  if (host_->net().paused()) return;
  entry_.Expire();
  Delete();
}

void TcpTimeWaitEndpoint::OnCrash() {
  entry_.Vanish();
  Delete();
}

bool TcpTimeWaitEndpoint::MayBeReplaced() const {
  const bool loopback = id().remote.address.IsLoopback() || id().local.address.IsLoopback();
  return entry_.MayBeReplaced(host_->net().now(), loopback, /*chosen=*/true);
}

void TcpTimeWaitEndpoint::OnPacket(PacketPtr packet, uint32_t interface) {
  NetStack& net = host_->net();
  TcpHost::Scratch actions(*host_);
  TimeWait::Verdict verdict = entry_.SegmentArrives(net.now(), *packet->segment(), actions.get());
  const bool reopens = verdict == TimeWait::Verdict::kReopen;
  TcpListenerEndpoint* const listener =
      reopens ? net.demux().FindListener(id().local, id().remote) : nullptr;
  if (reopens && listener == nullptr) verdict = entry_.ReopenRefused(net.now(), actions.get());
  SendSegments(net, id(), actions.get()->segments);
  if (verdict == TimeWait::Verdict::kStay) return Rearm();
  const TimeWait entry = entry_;
  Delete();
  if (listener != nullptr) {
    // The only listeners there are.
    static_cast<TcpAcceptor*>(listener)->Reopen(std::move(packet), interface, entry);
  } else if (reopens) {
    net.AnswerClosedTcp(*packet);
  }
}

std::string TcpTimeWaitEndpoint::DescribeEndpoint() const {
  return absl::StrCat("TIME-WAIT 0 0 ", id().local.ToString(), " ", id().remote.ToString());
}

void TcpTimeWaitEndpoint::Delete() { host_->DeleteTimeWait(this); }

TcpHost::TcpHost(NetStack* net)
    : net_(net),
      rng_(net->MakeRng("tcp secrets")),
      isn_(rng_),
      cookies_(rng_),
      request_slab_(std::make_unique<Slab<TcpRequestEndpoint>>()) {}

TcpHost::~TcpHost() {
  while (!time_wait_.empty()) DeleteTimeWait(&time_wait_.front());
}

TcpTimeWaitEndpoint* TcpHost::NewTimeWait(const TimeWait& entry) {
  TcpTimeWaitEndpoint* endpoint = time_wait_slab_.New(this, entry);
  time_wait_.PushBack(endpoint);
  return endpoint;
}

void TcpHost::DeleteTimeWait(TcpTimeWaitEndpoint* endpoint) { time_wait_slab_.Delete(endpoint); }

void TcpHost::Create(NetStack& net) { net.set_tcp_part(std::make_unique<TcpHost>(&net)); }

void TcpHost::AddScratch() { scratch_.push_back(std::make_unique<Actions>(&net_->packets())); }

TcpRequestEndpoint* TcpHost::NewRequest(TcpAcceptor* acceptor) {
  return request_slab_->New(acceptor);
}

void TcpHost::DeleteRequest(TcpRequestEndpoint* request) { request_slab_->Delete(request); }

}  // namespace drywire
