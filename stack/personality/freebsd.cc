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
  return profile;
}

}  // namespace drywire
