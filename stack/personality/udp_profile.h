// The UDP part of a system's profile.
#ifndef DRYWIRE_STACK_PERSONALITY_UDP_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_UDP_PROFILE_H_

#include <cstdint>

namespace drywire {

struct UdpProfile {};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_UDP_PROFILE_H_
