// Control data of UNIX sockets: what a sender may put there, and how it is laid out for a receiver.
//
// Source: cmsg(3), unix(7), net/core/scm.c (__scm_send, put_cmsg, scm_detach_fds) as observed on
// Linux 6.18; FreeBSD's unix(4), unp_internalize() and unp_externalize().
#ifndef DRYWIRE_STACK_SOCKET_UNIX_CONTROL_H_
#define DRYWIRE_STACK_SOCKET_UNIX_CONTROL_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/types/span.h"
#include "stack/personality/cause.h"
#include "stack/socket/caller.h"
#include "stack/socket/socket.h"
#include "stack/socket/unix_domain.h"

namespace drywire {

// What control data asks for.
struct UnixControl {
  std::unique_ptr<UnixAncillary> ancillary;  // null when nothing is to be carried
  bool has_ids = false;                      // SCM_CREDENTIALS
  UnixSenderIds ids;
};

// kInvalidArgument, kControlUnsupported, kBadDescriptor, kNoPermission, kNoSuchProcess,
// kTooManyInFlight.
Result<UnixControl> ReadUnixControl(UnixDomain& domain, const Caller& caller,
                                    absl::Span<const uint8_t> control);

// FreeBSD: what LOCAL_CREDS and, with `persistent`, LOCAL_CREDS_PERSISTENT of the receiver add.
void AddReceiverCreds(UnixDomain& domain, const Caller& caller, bool persistent,
                      UnixControl* control);

// Lays control messages out in a buffer, and notes what did not fit.
class UnixControlWriter {
 public:
  UnixControlWriter(const ReceiveArgs& args, Received* received)
      : args_(args), received_(*received) {}

  // A message of one kind, cut if need be.
  void Put(int level, int type, const void* data, size_t size);
  // SCM_RIGHTS: as many files as there is room and there are descriptors for.
  void PutFiles(absl::Span<const FileRef> files);
  // Messages that are laid out already.
  void PutRaw(absl::Span<const uint8_t> messages);

 private:
  size_t room() const { return args_.control.size() - received_.control_bytes; }

  const ReceiveArgs& args_;
  Received& received_;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_UNIX_CONTROL_H_
