// The IP part of a system's profile.
#ifndef DRYWIRE_STACK_PERSONALITY_IP_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_IP_PROFILE_H_

#include <cstdint>

namespace drywire {

struct IpProfile {};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_IP_PROFILE_H_
