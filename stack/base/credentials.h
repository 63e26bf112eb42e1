// Who asks: the identity a process acts under, as far as sockets and routes care.
//
// Real and saved ids, and the calls that change them, come with the filesystem; ports, broadcast
// and firewalls need only what is here. Source: credentials(7), capabilities(7).
#ifndef DRYWIRE_STACK_BASE_CREDENTIALS_H_
#define DRYWIRE_STACK_BASE_CREDENTIALS_H_

#include <cstdint>
#include <vector>

namespace drywire {

struct Credentials {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups;

  // Whether the caller may do what Linux asks a capability for and FreeBSD asks for uid 0.
  bool privileged() const { return uid == 0; }
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_CREDENTIALS_H_
