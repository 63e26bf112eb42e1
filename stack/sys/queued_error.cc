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
#include "stack/socket/control_data.h"
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
  PutControl(control, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, data, size,
             received);
}

}  // namespace drywire
