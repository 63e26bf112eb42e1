#include "stack/tcp/isn.h"

namespace drywire {

uint64_t HashConnection(const ConnectionId& id, uint64_t secret) {
  uint64_t h = MixBits(secret ^ id.local.address.hi());
  h = MixBits(h + id.local.address.lo());
  h = MixBits(h ^ id.remote.address.hi());
  h = MixBits(h + id.remote.address.lo());
  return MixBits(h ^ (uint64_t{id.local.port} << 16 | id.remote.port));
}

}  // namespace drywire
