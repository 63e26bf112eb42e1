// The SOCKET layer part of a system's profile.
#ifndef DRYWIRE_STACK_PERSONALITY_SOCKET_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_SOCKET_PROFILE_H_

#include <cstdint>

namespace drywire {

struct SocketProfile {};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_SOCKET_PROFILE_H_
