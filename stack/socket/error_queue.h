// The errors that a socket keeps for recvmsg() with MSG_ERRQUEUE (IP_RECVERR and IPV6_RECVERR of
// Linux: ip(7), ipv6(7)): what happened, who says so, to which packet.
//
// Left out: time stamps and zero-copy completions, which come through the same queue; RFC 4884.
#ifndef DRYWIRE_STACK_SOCKET_ERROR_QUEUE_H_
#define DRYWIRE_STACK_SOCKET_ERROR_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "stack/base/bytes.h"
#include "stack/base/endpoint.h"
#include "stack/personality/cause.h"

namespace drywire {

// SO_EE_ORIGIN_*
enum class ErrorOrigin : uint8_t { kNone = 0, kLocal = 1, kIcmp = 2, kIcmp6 = 3 };

struct QueuedError {
  Cause cause = Cause::kNone;
  ErrorOrigin origin = ErrorOrigin::kNone;
  uint8_t type = 0;  // of the ICMP message
  uint8_t code = 0;
  uint32_t info = 0;     // the MTU, of kIcmpFragmentationNeeded and kMessageTooLong
  Bytes text;            // of the packet that it is about
  Endpoint destination;  // of that packet, on the wire
  Endpoint offender;     // who says so; no address: the host itself

  bool from_icmp() const { return origin == ErrorOrigin::kIcmp || origin == ErrorOrigin::kIcmp6; }
};

class ErrorQueue {
 public:
  bool empty() const { return errors_.empty(); }
  const QueuedError& first() const { return errors_.front(); }
  // What does not fit into `buffer` bytes (SO_RCVBUF) is lost. Each is kept with what was received.
  void Push(QueuedError error, int64_t buffer) {
    constexpr int64_t kEach = 832;  // the truesize of a short message
    if (static_cast<int64_t>(errors_.size() + 1) * kEach < buffer) {
      errors_.push_back(std::move(error));
    }
  }
  // Moves the first into `taken`, where it stays until the next call.
  const QueuedError& Pop() {
    taken_ = std::move(errors_.front());
    errors_.pop_front();
    return taken_;
  }

 private:
  std::deque<QueuedError> errors_;
  QueuedError taken_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_ERROR_QUEUE_H_
