// Linux 6.18, as observed; fields that equal the default in the profile headers are not repeated.
#include "stack/personality/profile.h"

namespace drywire {
namespace {

constexpr SysctlEntry kSysctls[] = {
    {"net.ipv4.tcp_syn_retries", 1, 1, 127, +[](Profile& p) { return &p.tcp.syn_retries; },
     "SYN retransmissions before ETIMEDOUT"},
    {"net.ipv4.tcp_syn_linear_timeouts", 1, 0, 127,
     +[](Profile& p) { return &p.tcp.syn_linear_timeouts; }, "first SYN timeouts of 1 s each"},
    {"net.ipv4.tcp_synack_retries", 1, 0, 255, +[](Profile& p) { return &p.tcp.synack_retries; },
     "SYN-ACK retransmissions"},
};

}  // namespace

Profile LinuxProfile() {
  Profile profile;
  profile.name = "linux";
  profile.sysctls = kSysctls;
  return profile;
}

}  // namespace drywire
