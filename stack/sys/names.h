// getaddrinfo() and getnameinfo() for a simulated process: the topology's names, numeric addresses
// and the common services. They are library functions and take no time: there is no DNS here.
//
// Results come in the NameService's order, one entry for each socket type asked for, and are laid
// out as the C library does it, so that its freeaddrinfo() frees them too. Supported flags:
// AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV, AI_V4MAPPED, AI_ALL, AI_ADDRCONFIG
// (without effect: every host has both families). Source: getaddrinfo(3), getnameinfo(3), RFC 3493.
#ifndef DRYWIRE_STACK_SYS_NAMES_H_
#define DRYWIRE_STACK_SYS_NAMES_H_

#include <netdb.h>
#include <sys/socket.h>

#include "stack/sys/sys_environment.h"

namespace drywire {

// 0 or EAI_*. `names` may be null. Interface names in scopes ("fe80::1%eth0") are not known here:
// numeric scopes only.
int ResolveAddresses(const NameService* names, const char* node, const char* service,
                     const addrinfo* hints, addrinfo** result);
void FreeAddresses(addrinfo* list);
// 0 or EAI_*.
int ResolveName(const NameService* names, const sockaddr* address, socklen_t length, char* host,
                socklen_t host_size, char* service, socklen_t service_size, int flags);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_NAMES_H_
