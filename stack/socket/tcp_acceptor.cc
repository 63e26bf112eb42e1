#include "stack/socket/tcp_acceptor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "stack/ip/ip_stack.h"
#include "stack/socket/tcp_host.h"

namespace drywire {

// --- Half-open connections

void TcpRequestEndpoint::OnPacket(PacketPtr packet, uint32_t) {
  acceptor_->RequestArrives(this, std::move(packet));
}

void TcpRequestEndpoint::OnPacketError(const PacketError& error) {
  acceptor_->RequestError(this, error);
}

void TcpRequestEndpoint::OnCrash() { acceptor_->Delete(this, /*admitted=*/true); }

std::string TcpRequestEndpoint::DescribeEndpoint() const {
  return absl::StrCat("SYN-RECV 0 0 ", id().local.ToString(), " ", id().remote.ToString());
}

// --- The listener

TcpAcceptor::TcpAcceptor(TcpSocket* socket)
    : socket_(socket),
      listener_(&socket->net().profile().tcp, &socket->tcb_.shared_settings(),
                &TcpHost::Of(socket->net()).cookies()) {
  timer_.BindMethod<&TcpAcceptor::OnTimer>("SYN-ACK timer", this);
  const PortBinding& port = socket->port_binding();
  ReuseGroup group;
  group.member = net().profile().socket.has_reuse_port_lb ? port.reuse_port_lb : port.reuse_port;
  group.uid = port.uid;
  net().demux().RegisterListener(this, socket->BoundForDemux(), group);
}

TcpAcceptor::~TcpAcceptor() { Vanish(); }

void TcpAcceptor::SetBacklog(int backlog) {
  const int64_t most = net().profile().socket.somaxconn;
  listener_.set_backlog(backlog < 0 || backlog > most ? most : backlog);
}

Result<Ref<Socket>> TcpAcceptor::Accept() {
  if (aborted_ > 0) {
    --aborted_;
    return Cause::kAbortedBeforeAccept;
  }
  if (ready_.empty()) return Cause::kWouldBlock;
  Ref<Socket> child(ready_.front());
  ready_.front()->parent_ = nullptr;
  ready_.pop_front();
  listener_.NoteAccepted();
  return child;
}

void TcpAcceptor::AbortAccept() {
  if (aborted_ == 0) ++aborted_;
  socket_->WakeReaders();
}

void TcpAcceptor::OnEstablished(TcpSocket* child) {
  ready_.emplace_back(child);
  listener_.NoteQueued();
  socket_->WakeReaders();
}

void TcpAcceptor::OnChildGone(TcpSocket* child) {
  if (!socket_->rules().reset_leaves_accept_queue) return;
  const auto place = std::find_if(ready_.begin(), ready_.end(),
                                  [child](const auto& waiting) { return waiting.get() == child; });
  if (place == ready_.end()) return;
  child->parent_ = nullptr;
  ready_.erase(place);
  listener_.NoteAccepted();
  ++aborted_;
  socket_->WakeReaders();
}

void TcpAcceptor::Close() {
  net().demux().Unregister(this);
  net().events().Cancel(&timer_);
  while (!requests_.empty()) Delete(&requests_.front(), /*admitted=*/true);
  while (!ready_.empty()) {
    const Ref<TcpSocket> child = std::move(ready_.front());
    ready_.pop_front();
    listener_.NoteAccepted();
    child->parent_ = nullptr;
    if (child->closed()) continue;
    TcpHost::Scratch actions(TcpHost::Of(net()));
    child->tcb_.Abort(net().now(), actions.get());
    child->Perform(*actions);
    child->LeaveNetwork();
    PortTable::Release(&child->port_);
  }
}

void TcpAcceptor::Vanish() {
  if (is_registered()) net().demux().Unregister(this);
  net().events().Cancel(&timer_);
  while (!requests_.empty()) Delete(&requests_.front(), /*admitted=*/true);
  while (!ready_.empty()) {
    const Ref<TcpSocket> child = std::move(ready_.front());
    ready_.pop_front();
    child->parent_ = nullptr;
    child->OnCrash();
  }
}

std::string TcpAcceptor::Describe() const {
  return absl::StrCat(listener_.queued(), " ", listener_.backlog());
}

// --- Arrivals

void TcpAcceptor::OnPacket(PacketPtr packet, uint32_t interface) {
  Arrives(std::move(packet), interface, nullptr);
}

void TcpAcceptor::Reopen(PacketPtr packet, uint32_t interface, const TimeWait& entry) {
  Arrives(std::move(packet), interface, &entry);
}

bool TcpAcceptor::MakeAnswer(const ConnectionId& id, const TimeWait* reopened,
                             Listener::SynAnswer* answer, RouteRef* route) const {
  const Result<RouteRef> selected =
      socket_->SelectRoute(id.remote.address, id.local.address, id.remote.scope_id);
  if (!selected.ok()) return false;
  *route = *selected;
  const IsnGenerator& isn = TcpHost::Of(net()).isn();
  const bool follows = reopened != nullptr && reopened->GivesNextIss();
  answer->iss = follows ? reopened->NextIss() : isn.Isn(id, net().now());
  answer->mss = TcpSocket::MssOf(**route, id.remote.address);
  answer->ts_offset = isn.TimestampOffset(id);
  return true;
}

void TcpAcceptor::Arrives(PacketPtr packet, uint32_t interface, const TimeWait* reopened) {
  const Ref<Socket> alive = socket_->SelfReference();
  const Segment& segment = *packet->segment();
  ConnectionId id;
  id.local = {packet->destination, segment.destination_port, 0};
  id.remote = {packet->source, segment.source_port, 0};
  if (NeedsScope(id.local.address)) id.local.scope_id = interface;
  if (NeedsScope(id.remote.address)) id.remote.scope_id = interface;
  TcpHost::Scratch actions(TcpHost::Of(net()));
  const Listener::Verdict verdict =
      listener_.SegmentArrives(net().now(), segment, reopened != nullptr, actions.get());
  Listener::SynAnswer answer;
  RouteRef route;
  if (verdict != Listener::Verdict::kDone && !MakeAnswer(id, reopened, &answer, &route)) return;
  switch (verdict) {
    case Listener::Verdict::kDone:
      break;
    case Listener::Verdict::kAdmit:
      Admit(id, *route, segment, answer);
      break;
    case Listener::Verdict::kStateless:
      listener_.AnswerWithCookie(net().now(), id, segment, answer, actions.get());
      break;
    case Listener::Verdict::kCookie:
      TakeCookie(id, std::move(packet), answer);
      break;
  }
  SendSegments(net(), id, actions.get()->segments);
  Rearm();
}

void TcpAcceptor::Admit(const ConnectionId& id, const RouteChoice& route, const Segment& syn,
                        const Listener::SynAnswer& answer) {
  if (listener_.MustEvict()) {
    listener_.NoteEvicted(net().now());
    Delete(static_cast<TcpRequestEndpoint*>(listener_.Oldest()), /*admitted=*/true);
  }
  TcpRequestEndpoint* request = TcpHost::Of(net()).NewRequest(this);
  requests_.PushBack(request);
  // The segment reached the listener because nothing else has its 4-tuple.
  (void)net().demux().RegisterConnection(request, id).ok();
  TcpHost::Scratch actions(TcpHost::Of(net()));
  listener_.Admit(net().now(), syn, answer, request, actions.get());
  SendSegments(net(), id, route, actions.get()->segments);
}

void TcpAcceptor::TakeCookie(const ConnectionId& id, PacketPtr packet,
                             const Listener::SynAnswer& answer) {
  TcpRequestEndpoint* request = TcpHost::Of(net()).NewRequest(this);
  requests_.PushBack(request);
  TcpHost::Scratch actions(TcpHost::Of(net()));
  const Listener::RequestVerdict verdict =
      listener_.TakeCookie(net().now(), id, *packet->segment(), answer, request, actions.get());
  SendSegments(net(), id, actions.get()->segments);
  if (verdict == Listener::RequestVerdict::kComplete) {
    (void)net().demux().RegisterConnection(request, id).ok();
    Complete(request, std::move(packet));
  } else {
    Delete(request, /*admitted=*/false);
  }
}

void TcpAcceptor::RequestArrives(TcpRequestEndpoint* request, PacketPtr packet) {
  const Ref<Socket> alive = socket_->SelfReference();
  TcpHost::Scratch actions(TcpHost::Of(net()));
  const Listener::RequestVerdict verdict =
      listener_.RequestArrives(net().now(), request, *packet->segment(), actions.get());
  const ConnectionId id = request->id();
  SendSegments(net(), id, actions.get()->segments);
  if (verdict == Listener::RequestVerdict::kComplete) {
    Complete(request, std::move(packet));
  } else if (verdict == Listener::RequestVerdict::kDelete) {
    Delete(request, /*admitted=*/true);
  }
  Rearm();
}

void TcpAcceptor::RequestError(TcpRequestEndpoint* request, const PacketError& error) {
  if (listener_.IcmpKills(*request, error.cause, error.quoted.seq)) {
    Delete(request, /*admitted=*/true);
    Rearm();
  }
}

void TcpAcceptor::Complete(TcpRequestEndpoint* request, PacketPtr packet) {
  const Ref<TcpSocket> child(new TcpSocket(&net(), socket_->domain(), socket_->port_binding().uid));
  const Result<RouteRef> route = socket_->SelectRoute(
      request->id().remote.address, request->id().local.address, request->id().remote.scope_id);
  child->parent_ = socket_;
  child->BecomeChild(*socket_, request, *request, route.ok() ? *route : RouteRef());
  Delete(request, /*admitted=*/!request->from_cookie);
  child->OnSegment(std::move(packet));
  // The segment was judged to complete the handshake; if the connection did not survive it (a RST
  // in the same breath) nobody will ever accept it.
  if (child->tcb_.state() == TcpState::kSynReceived) child->OnCrash();
}

void TcpAcceptor::Delete(TcpRequestEndpoint* request, bool admitted) {
  if (admitted) listener_.Forget(request);
  TcpHost::Of(net()).DeleteRequest(request);
}

// --- Time

void TcpAcceptor::OnTimer() {
  if (net().paused()) return;
  const Ref<Socket> alive = socket_->SelfReference();
  const Instant now = net().now();
  while (Request* due = listener_.NextDue(now)) {
    auto* request = static_cast<TcpRequestEndpoint*>(due);
    TcpHost::Scratch actions(TcpHost::Of(net()));
    const Listener::RequestVerdict verdict = listener_.OnDeadline(now, due, actions.get());
    const ConnectionId id = request->id();
    SendSegments(net(), id, actions.get()->segments);
    if (verdict == Listener::RequestVerdict::kDelete) Delete(request, /*admitted=*/true);
  }
  Rearm();
}

void TcpAcceptor::Rearm() {
  const Instant deadline = listener_.NextDeadline();
  if (deadline.is_never()) {
    net().events().Cancel(&timer_);
  } else if (!timer_.is_pending() || timer_.time() != deadline) {
    net().events().Schedule(&timer_, std::max(deadline, net().now()));
  }
}

// --- The socket's side

Result<> TcpSocket::Listen(int backlog, const Credentials& credentials) {
  if (dead_) return Cause::kSocketDead;
  if (listening()) {
    acceptor_->SetBacklog(backlog);
    return {};
  }
  if (attempt_pending_ || connected_ || !closed() || left_network_) return Cause::kInvalidArgument;
  const bool bound_before = port_.port() != 0;
  const Result<> bound = AutoBind(credentials);
  if (!bound.ok()) return bound;
  const Result<> listens = ports().Listen(&port_);
  if (!listens.ok()) {
    if (!bound_before) PortTable::Release(&port_);
    return listens;
  }
  shut_ = 0;
  left_network_ = failed_ = false;
  tcb_.Reset();
  SyncSettings();
  tcb_.Listen();
  acceptor_ = std::make_unique<TcpAcceptor>(this);
  acceptor_->SetBacklog(backlog);
  return {};
}

Result<Ref<Socket>> TcpSocket::Accept() {
  if (!listening()) return Cause::kNotListening;
  return acceptor_->Accept();
}

}  // namespace drywire
