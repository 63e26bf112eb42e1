#include "stack/socket/control_data.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace drywire {

void PutControl(absl::Span<uint8_t> control, int level, int type, const void* data, size_t size,
                Received* received) {
  const absl::Span<uint8_t> room = control.subspan(received->control_bytes);
  if (room.size() < sizeof(cmsghdr)) {
    received->flags |= MSG_CTRUNC;
    return;
  }
  cmsghdr header = {};
  header.cmsg_level = level;
  header.cmsg_type = type;
  header.cmsg_len = std::min(CMSG_LEN(size), room.size());
  if (header.cmsg_len < CMSG_LEN(size)) received->flags |= MSG_CTRUNC;
  std::memcpy(room.data(), &header, sizeof header);
  std::memcpy(room.data() + sizeof header, data, header.cmsg_len - sizeof header);
  received->control_bytes += std::min(CMSG_SPACE(size), room.size());
}

}  // namespace drywire
