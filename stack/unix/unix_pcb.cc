#include "stack/unix/unix_pcb.h"

#include <algorithm>

#include "sim/core/check.h"

namespace drywire {
namespace {

// The memory of a message on Linux 6.18: a descriptor, a block of a power of two bytes in which
// struct skb_shared_info lies too, and whole pages for what does not fit there. Observed by
// SIOCOUTQ for 0 to 212960 bytes.
constexpr int64_t kDescriptor = 256;
constexpr int64_t kSharedInfo = 320;
constexpr int64_t kPage = 4096;
constexpr int64_t kSmallestBlock = 512;
// What a block of one page, and of four pages, has room for.
constexpr int64_t kPageRoom = kPage - kSharedInfo;
constexpr int64_t kFourPageRoom = 4 * kPage - kSharedInfo;
constexpr int64_t kMostFragments = 17;
// UNIX_SKB_FRAGS_SZ
constexpr int64_t kStreamPages = 32768;

int64_t RoundUp(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

int64_t BlockOf(int64_t payload) {
  int64_t block = kSmallestBlock;
  while (block < RoundUp(payload, 64) + kSharedInfo) block *= 2;
  return block;
}

int64_t SkbTruesize(int64_t size, bool stream) {
  int64_t pages = 0;  // bytes in pages
  if (stream) {
    pages = std::min(size, RoundUp(std::max<int64_t>(size - kPageRoom, 0), kPage));
  } else if (size > kFourPageRoom) {
    pages = RoundUp(std::min(size - kFourPageRoom, kMostFragments * kPage), kPage);
  }
  return kDescriptor + BlockOf(size - pages) + RoundUp(pages, kPage);
}

// FreeBSD counts a datagram's address too: that of an unnamed sender.
constexpr int64_t kUnnamedAddress = 16;

}  // namespace

// --- Connections ---

void UnixPcb::SetError(Cause cause) { error_ = cause; }

void UnixPcb::Listen(int64_t backlog) {
  const bool more = backlog > backlog_;
  backlog_ = backlog;
  state_ = UnixState::kListening;
  if (more) OnQueueGone();
}

bool UnixPcb::BacklogFull() const { return waiting_ > backlog_ * profile_->backlog_halves / 2; }

void UnixPcb::Join(UnixPcb& first, UnixPcb& second) {
  if (first.is_datagram_) {
    first.SetPeer(&second);
    second.SetPeer(&first);
    return;
  }
  first.state_ = second.state_ = UnixState::kConnected;
  first.peer_ = &second;
  second.peer_ = &first;
  first.peer_gone_ = second.peer_gone_ = false;  // an earlier one may be
}

void UnixPcb::ConnectTo(UnixPcb& listener, UnixPcb& server) {
  Join(*this, server);
  server.name_ = listener.name_;
  server.Hold();
  listener.accept_queue_.PushBack(&server);
  ++listener.waiting_;
  listener.OnArrival();
}

UnixPcb* UnixPcb::TakeConnection() {
  if (accept_queue_.empty()) return nullptr;
  UnixPcb& next = accept_queue_.front();
  static_cast<ListHook<UnixQueuedTag>&>(next).Unlink();
  --waiting_;
  OnQueueRoom();
  return &next;
}

bool UnixPcb::TakesFrom(const UnixPcb& sender) const {
  if (!profile_->connected_refuses_others) return true;
  return (peer_ == nullptr && !peer_gone_) || peer_ == &sender;
}

void UnixPcb::LeavePeer() {
  static_cast<ListHook<UnixReferrerTag>*>(this)->Unlink();
  UnixPcb* const old = std::exchange(peer_, nullptr);
  peer_gone_ = false;
  gone_name_ = UnixNameRef();
  state_ = UnixState::kUnconnected;
  if (profile_->peer_close_is_told) return;
  // Linux: what the old peer sent is not for the new one, which it learns if it is connected to
  // this one still.
  if (queue_.empty()) return;
  Purge();
  if (old != nullptr && old->peer_ == this) {
    old->SetError(Cause::kPeerClosedUnread);
    old->OnStateChange();
  }
}

void UnixPcb::SetPeer(UnixPcb* peer) {
  if (peer == peer_ && peer != nullptr) return;
  if (peer_ != nullptr || peer_gone_) LeavePeer();
  if (peer == nullptr) return;
  peer_ = peer;
  state_ = UnixState::kConnected;
  peer->referrers_.PushBack(this);
}

void UnixPcb::Shutdown(bool receive, bool send) {
  receive_shut_ |= receive;
  send_shut_ |= send;
  if (has_connections() && peer_ != nullptr) {
    // FreeBSD's peer does not learn that nobody reads.
    peer_->send_shut_ |= receive && profile_->unread_data_resets;
    peer_->receive_shut_ |= send;
    peer_->OnStateChange();
  }
  OnStateChange();
}

// The datagram socket that this one is connected to is gone.
void UnixPcb::LosePeer() {
  gone_name_ = std::exchange(peer_, nullptr)->name_;
  if (profile_->peer_close_is_told) {
    state_ = UnixState::kUnconnected;
    gone_name_ = UnixNameRef();
    SetError(Cause::kDatagramPeerGone);
    OnStateChange();
    return;
  }
  // Linux wakes only those who wait for room.
  peer_gone_ = true;
  if (std::exchange(awaits_peer_room_, false)) OnSendRoom();
}

void UnixPcb::CloseConnection(bool unaccepted) {
  UnixPcb* const peer = std::exchange(peer_, nullptr);
  if (peer == nullptr) return;
  peer->peer_ = nullptr;
  peer->peer_gone_ = true;
  peer->gone_name_ = name_;
  peer->receive_shut_ = peer->send_shut_ = true;
  if (unaccepted || (profile_->unread_data_resets && !queue_.empty())) {
    peer->SetError(Cause::kPeerClosedUnread);
  }
  peer->OnStateChange();
}

void UnixPcb::Close() {
  if (std::exchange(closed_, true)) return;
  receive_shut_ = send_shut_ = true;
  if (is_datagram_) {
    static_cast<ListHook<UnixReferrerTag>*>(this)->Unlink();
    peer_ = nullptr;
    while (!referrers_.empty()) {
      UnixPcb& referrer = referrers_.front();
      static_cast<ListHook<UnixReferrerTag>&>(referrer).Unlink();
      referrer.LosePeer();
    }
  } else {
    CloseConnection(static_cast<ListHook<UnixQueuedTag>*>(this)->is_linked());
  }
  while (!accept_queue_.empty()) {
    UnixPcb& waiting = accept_queue_.front();
    // Closed while it is in the queue still: its peer learns that nobody accepted it.
    waiting.Close();
    static_cast<ListHook<UnixQueuedTag>&>(waiting).Unlink();
    waiting.LetGo();
  }
  Purge();
  OnStateChange();
  OnQueueGone();
}

// --- Messages ---

uint32_t UnixPcb::ChargeFor(size_t size) const {
  return profile_->flow_rule == UnixFlowRule::kSenderMemory
             ? static_cast<uint32_t>(SkbTruesize(static_cast<int64_t>(size), is_stream_))
             : static_cast<uint32_t>(size);
}

size_t UnixPcb::LargestPart() const {
  if (profile_->flow_rule == UnixFlowRule::kReceiverBytes) return static_cast<size_t>(send_buffer_);
  return static_cast<size_t>(std::min(kPageRoom + kStreamPages, send_buffer_ / 2 - 64));
}

bool UnixPcb::HasSendRoom() const {
  if (profile_->flow_rule == UnixFlowRule::kSenderMemory) return charged_ < send_buffer_;
  return is_datagram_ || peer_ == nullptr || peer_->queue_.bytes() < send_buffer_;
}

bool UnixPcb::IsWritable() const {
  if (profile_->flow_rule == UnixFlowRule::kSenderMemory) return charged_ * 4 <= send_buffer_;
  return HasSendRoom();
}

bool UnixPcb::QueueFullFor(const UnixPcb& sender, size_t size) const {
  if (profile_->flow_rule == UnixFlowRule::kReceiverBytes) {
    const int64_t used = queue_.bytes() + queue_.messages() * kUnnamedAddress;
    return used + kUnnamedAddress + static_cast<int64_t>(size) > receive_buffer_;
  }
  return &sender != this && peer_ != &sender && queue_.messages() > profile_->max_dgram_qlen;
}

void UnixPcb::Deliver(UnixMessage* message, UnixPcb& receiver) {
  message->charge = ChargeFor(message->size);
  charged_ += message->charge;
  message->sender = this;
  Hold();
  receiver.queue_.Push(message);
  receiver.OnArrival();
}

void UnixPcb::Uncharge(uint32_t charge) {
  charged_ -= charge;
  if (closed_) return;
  // Linux wakes senders when three quarters of their buffer are free, FreeBSD at every read.
  if (profile_->flow_rule == UnixFlowRule::kReceiverBytes || IsWritable()) OnSendRoom();
}

void UnixPcb::Discard(UnixMessage* message) {
  UnixPcb* const sender = std::exchange(message->sender, nullptr);
  UnixAttachment* const attachment = std::exchange(message->attachment, nullptr);
  const uint32_t charge = message->charge;
  pool_->Delete(message);
  // What came with it may close files, this socket's peers among them.
  delete attachment;
  sender->Uncharge(charge);
  sender->LetGo();
}

void UnixPcb::NoteQueueRoom() {
  if (!is_datagram_) return;
  OnQueueRoom();
  for (UnixPcb& referrer : referrers_) {
    if (std::exchange(referrer.awaits_peer_room_, false)) referrer.OnSendRoom();
  }
}

void UnixPcb::Consume(uint32_t n) {
  queue_.Consume(n);
  if (queue_.first()->left() == 0) {
    Discard(queue_.Pop());
  } else if (profile_->flow_rule == UnixFlowRule::kReceiverBytes) {
    queue_.first()->sender->Uncharge(0);
  }
}

UnixMessage* UnixPcb::Pop() {
  UnixMessage* const message = queue_.Pop();
  NoteQueueRoom();
  return message;
}

void UnixPcb::Purge() {
  if (queue_.empty()) return;
  while (!queue_.empty()) Discard(queue_.Pop());
  NoteQueueRoom();
}

}  // namespace drywire
