// Linux 6.18, as observed; fields that equal the default in the profile headers are not repeated.
#include "stack/personality/profile.h"

namespace drywire {
namespace {

constexpr SysctlEntry kSysctls[] = {
    {"net.ipv4.ip_local_port_range", 2, 1, 65535,
     +[](Profile& p) { return p.socket.port_range.data(); }, "first and last ephemeral port"},
    {"net.ipv4.ip_unprivileged_port_start", 1, 0, 65535,
     +[](Profile& p) { return &p.socket.unprivileged_port_start; },
     "first port that needs no privilege"},
    {"net.ipv4.ip_nonlocal_bind", 1, 0, 1, +[](Profile& p) { return &p.socket.nonlocal_bind; },
     "bind() takes addresses of other hosts"},
    {"net.ipv6.bindv6only", 1, 0, 1, +[](Profile& p) { return &p.socket.v6only_default; },
     "default of IPV6_V6ONLY"},
    {"net.core.rmem_default", 1, 2304, INT32_MAX,
     +[](Profile& p) { return &p.socket.rmem_default; }, "default receive buffer, bytes"},
    {"net.core.rmem_max", 1, 2304, INT32_MAX, +[](Profile& p) { return &p.socket.rmem_max; },
     "largest SO_RCVBUF, bytes"},
    {"net.core.wmem_default", 1, 4608, INT32_MAX,
     +[](Profile& p) { return &p.socket.wmem_default; }, "default send buffer, bytes"},
    {"net.core.wmem_max", 1, 4608, INT32_MAX, +[](Profile& p) { return &p.socket.wmem_max; },
     "largest SO_SNDBUF, bytes"},
    {"net.core.somaxconn", 1, 0, INT32_MAX, +[](Profile& p) { return &p.socket.somaxconn; },
     "largest listen backlog"},
    {"fs.file-max", 1, 1, INT64_MAX, +[](Profile& p) { return &p.socket.file_max; },
     "files open on the host"},
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
