// What differs between systems but is no errno: sysctls under their real names and switches for
// behaviour that has no sysctl.
//
// A profile is plain data. It is copied into each host, where the topology's sysctls and the
// program's may change it. Each layer has its own part, in its own header.
#ifndef DRYWIRE_STACK_PERSONALITY_PROFILE_H_
#define DRYWIRE_STACK_PERSONALITY_PROFILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "stack/personality/ip_profile.h"
#include "stack/personality/socket_profile.h"
#include "stack/personality/stream_profile.h"
#include "stack/personality/sys_profile.h"
#include "stack/personality/tcp_profile.h"
#include "stack/personality/udp_profile.h"
#include "stack/personality/unix_profile.h"
#include "stack/personality/vfs_profile.h"

namespace drywire {

struct SysctlEntry;

struct Profile {
  std::string name;  // "linux", "freebsd"
  IpProfile ip;
  TcpProfile tcp;
  UdpProfile udp;
  UnixProfile unix_domain;
  SocketProfile socket;
  StreamProfile stream;
  SysProfile sys;
  VfsProfile vfs;
  // The sysctls that exist on this system.
  absl::Span<const SysctlEntry> sysctls;

  // Sets `name` to `value` as sysctl(8) would: decimal numbers separated by white space. Errors
  // name the sysctl and what was expected; unknown names are errors.
  absl::Status Set(absl::string_view name, absl::string_view value);
  absl::StatusOr<std::string> Get(absl::string_view name) const;
};

// One sysctl: its name, how many numbers it holds, their range and where they live. All sysctl
// fields of the profiles are int64_t in the sysctl's own unit.
struct SysctlEntry {
  absl::string_view name;
  int count;  // 1, or 2 or 3 for vectors such as net.ipv4.ip_local_port_range
  int64_t min;
  int64_t max;
  int64_t* (*field)(Profile&);
  absl::string_view description;
  // For the few sysctls that are no numbers: how to read and write the text. `field` is null then.
  absl::Status (*set_text)(Profile& profile, absl::string_view value) = nullptr;
  std::string (*get_text)(const Profile& profile) = nullptr;
};

// The systems that come with Drywire.
Profile LinuxProfile();
Profile FreeBsdProfile();

}  // namespace drywire

#endif  // DRYWIRE_STACK_PERSONALITY_PROFILE_H_
