// A UNIX socket as the protocol knows it: who it is connected to, what is queued for it, what it
// may still send.
//
// There is no network between two of them: what one does happens to the other at once. The layer
// above derives from this, decides what a call means, and is told by the hooks what has changed for
// those who wait. Peers refer to each other without keeping each other alive; a message keeps its
// sender, whose buffer it is charged to.
// Source: unix(7), net/unix/af_unix.c as observed on Linux 6.18; unix(4), FreeBSD's uipc_usrreq.c.
#ifndef DRYWIRE_STACK_UNIX_UNIX_PCB_H_
#define DRYWIRE_STACK_UNIX_UNIX_PCB_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "sim/core/intrusive_list.h"
#include "stack/personality/cause.h"
#include "stack/personality/unix_profile.h"
#include "stack/unix/unix_message.h"
#include "stack/unix/unix_name.h"

namespace drywire {

enum class UnixState : uint8_t { kUnconnected, kListening, kConnected };

struct UnixQueuedTag {};    // in a listener's queue
struct UnixReferrerTag {};  // among the datagram sockets that are connected to one

class UnixPcb : public ListHook<UnixQueuedTag>, public ListHook<UnixReferrerTag> {
 public:
  using AcceptQueue = IntrusiveList<UnixPcb, UnixQueuedTag>;

  UnixPcb(const UnixPcb&) = delete;
  UnixPcb& operator=(const UnixPcb&) = delete;

  const UnixProfile& profile() const { return *profile_; }
  // Streams and sequenced packets have connections, datagrams only destinations.
  bool has_connections() const { return !is_datagram_; }
  UnixState state() const { return state_; }
  bool closed() const { return closed_; }
  bool receive_shut() const { return receive_shut_; }
  bool send_shut() const { return send_shut_; }
  // Null when there is none, or it was closed.
  UnixPcb* peer() const { return peer_; }
  // It was connected to a socket that has been closed since, and nothing has changed that.
  bool peer_gone() const { return peer_gone_; }
  const UnixNameRef& name() const { return name_; }
  void set_name(UnixNameRef name) { name_ = std::move(name); }
  // The peer's, also after it was closed.
  const UnixNameRef& peer_name() const { return peer_ != nullptr ? peer_->name_ : gone_name_; }

  Cause pending_error() const { return error_; }
  Cause TakeError() { return std::exchange(error_, Cause::kNone); }

  // --- Connections ---

  void Listen(int64_t backlog);
  int64_t backlog() const { return backlog_; }
  bool BacklogFull() const;
  // Connects this to a listener: `server` is the new end of it, fresh, which waits to be accepted
  // and is kept alive by the queue.
  void ConnectTo(UnixPcb& listener, UnixPcb& server);
  // The next connection; null when there is none. The queue's hold is the caller's now.
  UnixPcb* TakeConnection();
  AcceptQueue& accept_queue() { return accept_queue_; }
  bool connection_waits() const { return waiting_ > 0; }
  // socketpair(2): both are fresh.
  static void Join(UnixPcb& first, UnixPcb& second);
  // A datagram socket's destination from now on, or none.
  void SetPeer(UnixPcb* peer);
  // Whether `sender` may send datagrams here.
  bool TakesFrom(const UnixPcb& sender) const;

  void Shutdown(bool receive, bool send);
  // The last descriptor is gone.
  void Close();

  // --- Messages ---

  // Whether the sender's buffer has room: for a stream to go on, for poll() to say so.
  bool HasSendRoom() const;
  bool IsWritable() const;
  // Datagrams: whether the receiver's queue has no room for one of `size` bytes from `sender`.
  bool QueueFullFor(const UnixPcb& sender, size_t size) const;
  // The largest part of a stream that one message holds.
  size_t LargestPart() const;
  UnixMessage* NewMessage(size_t size) { return pool_->New(size); }
  // `message` is this socket's to `receiver`, its bytes and what comes with them are in place.
  void Deliver(UnixMessage* message, UnixPcb& receiver);
  const UnixMessageQueue& queue() const { return queue_; }
  // Takes bytes of a stream's first message, which is dropped when none are left.
  void Consume(uint32_t n);
  // The first message, out of the queue; Discard() it.
  UnixMessage* Pop();
  void Discard(UnixMessage* message);
  // Forgets all that is queued.
  void Purge();

  // SO_SNDBUF and SO_RCVBUF, in the units of the system's accounts.
  void set_buffers(int64_t send, int64_t receive) {
    send_buffer_ = send;
    receive_buffer_ = receive;
  }
  int64_t send_buffer() const { return send_buffer_; }
  // What was sent and not received, as it is charged to this socket.
  int64_t charged() const { return charged_; }
  // Somebody wants to know when the peer's queue has room.
  void AwaitPeerRoom() const { awaits_peer_room_ = true; }

 protected:
  // `profile` and `pool` are the host's. `connection_based`: a stream or sequenced packets.
  // `stream`: bytes rather than messages.
  UnixPcb(const UnixProfile* profile, UnixMessagePool* pool, bool connection_based, bool stream)
      : profile_(profile), pool_(pool), is_datagram_(!connection_based), is_stream_(stream) {}
  virtual ~UnixPcb() = default;

 private:
  // --- Hooks ---
  virtual void Hold() = 0;
  virtual void LetGo() = 0;
  // A message or a connection came.
  virtual void OnArrival() = 0;
  // There is room in the send buffer, or at the peer.
  virtual void OnSendRoom() = 0;
  // Connected, shut down, the peer closed, an error.
  virtual void OnStateChange() = 0;
  // Room in the queue for those who wait to send or to connect: for one, for all.
  virtual void OnQueueRoom() = 0;
  virtual void OnQueueGone() = 0;

  void SetError(Cause cause);
  // Of a datagram socket: its peer is another one now.
  void LeavePeer();
  void LosePeer();
  void CloseConnection(bool unaccepted);
  // After something left the queue.
  void NoteQueueRoom();
  void Uncharge(uint32_t charge);
  uint32_t ChargeFor(size_t size) const;

  const UnixProfile* profile_;
  UnixMessagePool* pool_;
  bool is_datagram_;
  bool is_stream_;
  UnixState state_ = UnixState::kUnconnected;
  bool receive_shut_ = false;
  bool send_shut_ = false;
  bool closed_ = false;
  bool peer_gone_ = false;
  mutable bool awaits_peer_room_ = false;
  Cause error_ = Cause::kNone;
  UnixPcb* peer_ = nullptr;
  UnixNameRef name_;
  UnixNameRef gone_name_;
  IntrusiveList<UnixPcb, UnixReferrerTag> referrers_;
  AcceptQueue accept_queue_;
  int64_t waiting_ = 0;  // in accept_queue_
  int64_t backlog_ = 0;
  UnixMessageQueue queue_;
  int64_t send_buffer_ = 0;
  int64_t receive_buffer_ = 0;
  int64_t charged_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_UNIX_UNIX_PCB_H_
