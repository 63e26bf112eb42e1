// The TCP part of a system's profile.
#ifndef DRYWIRE_STACK_PERSONALITY_TCP_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_TCP_PROFILE_H_

#include <cstdint>

#include "sim/core/time.h"

namespace drywire {

// How a system spaces SYNs and when it gives up.
enum class SynRetryRule : uint8_t {
  kLinuxLinearThenExponential,  // tcp_syn_retries, tcp_syn_linear_timeouts
  kBsdBackoffTable,             // net.inet.tcp.keepinit caps a back-off with slop
};

struct TcpProfile {
  SynRetryRule syn_retry_rule = SynRetryRule::kLinuxLinearThenExponential;
  int64_t syn_retries = 6;          // net.ipv4.tcp_syn_retries
  int64_t syn_linear_timeouts = 4;  // net.ipv4.tcp_syn_linear_timeouts
  int64_t synack_retries = 5;       // net.ipv4.tcp_synack_retries
  int64_t keepinit_ms = 75000;      // net.inet.tcp.keepinit
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_TCP_PROFILE_H_
