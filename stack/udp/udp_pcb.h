// One UDP socket's protocol state: its peer, its queue, its pending error; sans-IO.
//
// Decides which datagrams and which ICMP errors reach the program, and how much fits into the
// receive buffer. Addresses are those on the wire. Routing, ports and names are stack/socket's.
//
// Left out: UDP-Lite, corking, encapsulation, checksum options, the send buffer (a datagram leaves
// at once). IP_RECVERR's error queue is the socket's.
// Source: RFC 768, RFC 1122 4.1.3; net/ipv4/udp.c as observed on Linux 6.18; udp_usrreq.c.
#ifndef DRYWIRE_STACK_UDP_UDP_PCB_H_
#define DRYWIRE_STACK_UDP_UDP_PCB_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stack/base/bytes.h"
#include "stack/base/endpoint.h"
#include "stack/personality/cause.h"
#include "stack/personality/udp_profile.h"

namespace drywire {

class UdpPcb {
 public:
  struct Received {
    Bytes payload;
    Endpoint source;
  };
  enum class Arrival : uint8_t { kQueued, kNotFromPeer, kNoRoom };

  // `profile` is the host's and outlives this.
  explicit UdpPcb(const UdpProfile* profile) : profile_(profile) {}

  // --- Association ---

  bool connected() const { return peer_.address.has_value(); }
  const Endpoint& peer() const { return peer_; }
  // connect(2); again to change the peer. What is queued stays.
  void Connect(const Endpoint& peer);
  // connect(2) to AF_UNSPEC.
  void Dissolve() { peer_ = Endpoint(); }

  // --- From the network ---

  // `buffer` is SO_RCVBUF in bytes, as it reads back.
  Arrival OnDatagram(const Bytes& payload, const Endpoint& source, int64_t buffer);
  // Whether the error is now pending and the program must be woken. `fragmentation_matters`: path
  // MTU discovery is on, so that "too big" is an error of this socket.
  bool OnError(Cause cause, bool fragmentation_matters);

  // --- From the program ---

  // The first datagram, or null. Pop() removes it.
  const Received* First() const { return queued_ == 0 ? nullptr : &ring_[first_]; }
  void Pop();
  // FIONREAD.
  size_t Readable() const;

  Cause pending_error() const { return error_; }
  Cause TakeError();
  // The error queue has its own rules.
  void SetError(Cause cause) { error_ = cause; }

  void ShutDownReceive() { receive_shut_ = true; }
  void ShutDownSend() { send_shut_ = true; }
  bool receive_shut() const { return receive_shut_; }
  bool send_shut() const { return send_shut_; }

  // Drops queue, error and peer: the socket is closed.
  void Clear();

 private:
  int64_t Charge(size_t payload) const;
  const Received& At(size_t i) const { return ring_[(first_ + i) & (ring_.size() - 1)]; }
  void Push(Received received);

  const UdpProfile* profile_;
  Endpoint peer_;
  // The queue: a ring whose size is a power of two, so that nothing is allocated once it has grown.
  std::vector<Received> ring_;
  size_t first_ = 0;
  size_t queued_ = 0;
  int64_t charged_ = 0;  // what the queue takes of the buffer
  Cause error_ = Cause::kNone;
  bool receive_shut_ = false;
  bool send_shut_ = false;
};

// Whether an ICMP error ends a conversation (RFC 1122 4.1.3.3, Linux's icmp_err_convert and
// tab_unreach): the others only say that something is wrong on the way.
bool IsHardUdpError(Cause cause);

}  // namespace drywire

#endif  // DRYWIRE_STACK_UDP_UDP_PCB_H_
