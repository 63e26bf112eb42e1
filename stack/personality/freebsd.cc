// FreeBSD 14; where 13.0 and 15 differ a field holds the choice.
#include "stack/personality/profile.h"

namespace drywire {
namespace {

constexpr SysctlEntry kSysctls[] = {
    {"net.inet.tcp.keepinit", 1, 1, INT32_MAX, +[](Profile& p) { return &p.tcp.keepinit_ms; },
     "connection establishment limit, ms"},
};

}  // namespace

Profile FreeBsdProfile() {
  Profile profile;
  profile.name = "freebsd";
  profile.sysctls = kSysctls;
  profile.tcp.syn_retry_rule = SynRetryRule::kBsdBackoffTable;
  profile.sys.arguments_before_descriptor = true;
  profile.sys.poll_rejects_negative_timeout = true;
  profile.sys.connect_restarts = false;
  profile.sys.timeouts_prevent_restart = false;
  profile.sys.connect_obeys_send_timeout = false;
  profile.sys.accept_obeys_receive_timeout = false;
  profile.sys.pending_connect_waits = false;
  profile.sys.linger_expiry_is_error = true;
  profile.sys.linger_when_nonblocking = false;
  profile.sys.accept_inherits_nonblocking = true;
  profile.sys.select_updates_timeout = false;
  profile.sys.has_epoll = false;
  profile.sys.select_read_bits = 0x040 | 0x010 | 0x008;   // RDNORM HUP ERR
  profile.sys.select_write_bits = 0x100 | 0x010 | 0x008;  // WRNORM HUP ERR
  profile.sys.select_except_bits = 0x080 | 0x008;         // RDBAND ERR
  return profile;
}

}  // namespace drywire
