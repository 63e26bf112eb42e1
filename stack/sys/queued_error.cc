#include "stack/sys/queued_error.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
// After <time.h>, whose timespec it uses.
#include <linux/errqueue.h>

#include <algorithm>
#include <cstring>

#include "stack/personality/errno_rules.h"
#include "stack/personality/operation.h"
#include "stack/socket/error_queue.h"
#include "stack/socket/inet_address.h"

namespace drywire {

void WriteQueuedError(SysContext& context, int domain, absl::Span<uint8_t> control,
                      Received* received) {
  const QueuedError& error = *received->queued_error;
  const bool v6 = domain == AF_INET6;
  sock_extended_err told = {};
  told.ee_errno =
      static_cast<uint32_t>(context.host().errnos().Errno(Operation::kRecv, error.cause));
  told.ee_origin = static_cast<uint8_t>(error.origin);
  told.ee_type = error.type;
  told.ee_code = error.code;
  told.ee_info = error.info;
  uint8_t data[sizeof told + sizeof(sockaddr_in6)] = {};
  const size_t size = sizeof told + (v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  std::memcpy(data, &told, sizeof told);
  if (error.offender.address.has_value()) {
    Endpoint offender = error.offender;
    if (v6 && offender.address.is_v4()) offender.address = offender.address.Mapped();
    const RawAddress name = EncodeInetAddress(offender, domain);
    std::memcpy(data + sizeof told, name.bytes().data(),
                std::min(name.bytes().size(), sizeof data - sizeof told));
  }
  cmsghdr header = {};
  header.cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
  header.cmsg_type = v6 ? IPV6_RECVERR : IP_RECVERR;
  header.cmsg_len = CMSG_LEN(size);
  if (control.size() < sizeof header) {
    received->flags |= MSG_CTRUNC;
    return;
  }
  if (control.size() < header.cmsg_len) {
    received->flags |= MSG_CTRUNC;
    header.cmsg_len = control.size();
  }
  std::memcpy(control.data(), &header, sizeof header);
  std::memcpy(control.data() + sizeof header, data, header.cmsg_len - sizeof header);
  received->control_bytes = std::min<size_t>(CMSG_SPACE(size), control.size());
}

}  // namespace drywire
