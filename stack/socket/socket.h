// The socket calls, non-blocking: what TCP, UDP and later UNIX sockets implement and stack/sys
// calls.
//
// Every call either completes, or fails with a cause, or fails with kWouldBlock (for connect:
// returns kInProgress) after which the caller may wait on the File's lists and try again. The
// result of a connection attempt is fetched with TakeConnectResult(), never by connecting again.
#ifndef DRYWIRE_STACK_SOCKET_SOCKET_H_
#define DRYWIRE_STACK_SOCKET_SOCKET_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "sim/core/time.h"
#include "stack/base/credentials.h"
#include "stack/base/raw_address.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"

namespace drywire {

class Caller;

enum class ConnectProgress : uint8_t { kDone, kInProgress };

struct SendArgs {
  absl::Span<const File::Buffer> buffers;
  int flags = 0;                            // MSG_*
  const RawAddress* destination = nullptr;  // sendto; null when none was given
  absl::Span<const uint8_t> control;        // ancillary data, as the caller laid it out
  // Of a stream: the call has sent something already, and with it the descriptors it carries.
  bool continued = false;
  Caller* caller = nullptr;  // who sends; null for protocols that do not ask
};

struct ReceiveArgs {
  absl::Span<const File::Buffer> buffers;
  int flags = 0;  // MSG_*
  absl::Span<uint8_t> control;
  bool close_on_exec = false;  // MSG_CMSG_CLOEXEC
  Caller* caller = nullptr;    // who receives; null for protocols that do not ask
  // Of a stream: fewer bytes are kWouldBlock as long as more may come.
  size_t at_least = 0;
  // Of a stream: the call has received something already. The stream's end is 0 bytes then, and so
  // is a pending error, which stays for the next call.
  bool continued = false;
  // Of a stream: what is at the mark is not passed over (splice()).
  bool stays_at_mark = false;
};

struct QueuedError;

struct Received {
  size_t bytes = 0;
  int flags = 0;      // MSG_TRUNC, MSG_CTRUNC, MSG_EOR, ... for msg_flags
  RawAddress source;  // empty when the protocol gives none
  size_t control_bytes = 0;
  // Of a stream: what follows belongs to another call, whatever this one still wants.
  bool ends_here = false;
  // With MSG_ERRQUEUE: what the data is about, for the control message. The socket's, until its
  // next call.
  const QueuedError* queued_error = nullptr;
  // With TCP_INQ: the bytes that can be read next, for the control message.
  std::optional<int32_t> unread = {};
};

class Socket : public File {
 public:
  Socket* AsSocket() final { return this; }

  int domain() const { return domain_; }      // AF_*
  int type() const { return type_; }          // SOCK_*
  int protocol() const { return protocol_; }  // IPPROTO_*

  virtual Result<> Bind(const RawAddress& address, const Credentials& credentials) = 0;
  virtual Result<> Listen(int backlog, const Credentials& credentials) = 0;
  // The next completed connection, first come first served; kWouldBlock when there is none.
  virtual Result<Ref<Socket>> Accept() = 0;
  virtual Result<ConnectProgress> Connect(const RawAddress& address,
                                          const Credentials& credentials) = 0;
  // The same for a caller whose paths and descriptors matter; what sys calls. Connect may fail with
  // kWouldBlock here, and is then called again.
  virtual Result<> BindFor(const RawAddress& address, const Caller& caller);
  virtual Result<> ListenFor(int backlog, const Caller& caller);
  virtual Result<ConnectProgress> ConnectFor(const RawAddress& address, const Caller& caller);
  // Asked by a blocking connect() after a wake-up: kWouldBlock while the attempt goes on; the
  // outcome otherwise, which is thereby consumed (SO_ERROR is 0 afterwards).
  virtual Result<> TakeConnectResult() = 0;

  // Bytes taken, possibly fewer than offered. A stream that took some and then met an error returns
  // the count.
  virtual Result<size_t> Send(const SendArgs& args, const Credentials& credentials) = 0;
  virtual Result<Received> Receive(const ReceiveArgs& args) = 0;
  virtual Result<> Shutdown(int how) = 0;  // SHUT_*

  virtual Result<RawAddress> LocalName() const = 0;
  virtual Result<RawAddress> PeerName() const = 0;

  // getsockopt and setsockopt for every level; `value` is as the caller laid it out. Get returns
  // the bytes written. SO_ERROR is not handled here: see TakeError().
  virtual Result<size_t> GetOption(int level, int name, absl::Span<uint8_t> value) = 0;
  virtual Result<> SetOption(int level, int name, absl::Span<const uint8_t> value,
                             const Credentials& credentials) = 0;
  // What getsockopt() looks at before its length: whether the level means anything here, and
  // whether a negative length is one (otherwise it is a huge one).
  virtual Result<> CheckOptionLevel(int level) const {
    (void)level;
    return {};
  }
  virtual bool OptionLengthIsSigned(int level) const {
    (void)level;
    return true;
  }
  // What setsockopt() says of a value of `length` bytes that cannot be read.
  virtual Cause UnreadableOption(int level, int name, size_t length) {
    (void)level;
    (void)name;
    // A length that cannot be right is found before the value is read.
    return length < sizeof(int) ? Cause::kOptionLengthInvalid : Cause::kBadAddressPointer;
  }
  // The pending error, which is thereby cleared; kNone when there is none.
  virtual Cause TakeError() = 0;
  // Bytes readable now (FIONREAD) and bytes sent but not acknowledged (SIOCOUTQ).
  virtual Result<size_t> Readable() const = 0;
  virtual Result<size_t> Unsent() const = 0;
  // Whether what is read next is urgent, or was (SIOCATMARK).
  virtual Result<bool> AtMark() const { return Cause::kNotSupported; }
  // The same, and the urgent byte is there (or what follows it).
  virtual bool StopsAtMark() const { return false; }
  // Bytes never sent (SIOCOUTQNSD of Linux's TCP): kNotSupported.
  virtual Result<size_t> NotSent() const { return Cause::kNotSupported; }

  // Whether close() by the last descriptor must wait (SO_LINGER) and for how long at most. Asked
  // after OnLastClose(); the caller waits on write_waiters() until LingerDone() or the time is
  // over.
  virtual Duration LingerTime() const { return Duration(); }
  virtual bool LingerDone() const { return true; }

  // SO_RCVTIMEO and SO_SNDTIMEO; infinite when not set.
  virtual Duration receive_timeout() const { return Duration::Infinite(); }
  virtual Duration send_timeout() const { return Duration::Infinite(); }
  // SO_RCVLOWAT: how many bytes a blocking receive of a stream waits for.
  virtual size_t receive_low_water() const { return 1; }

  // One line for state dumps, in the manner of `ss -tan`: state, queues, local, peer.
  virtual std::string Describe() const = 0;

 protected:
  Socket(int domain, int type, int protocol)
      : domain_(static_cast<int16_t>(domain)),
        type_(static_cast<int16_t>(type)),
        protocol_(protocol) {}

 private:
  int16_t domain_;
  int16_t type_;
  int32_t protocol_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_SOCKET_H_
