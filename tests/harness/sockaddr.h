// Socket addresses in one expression, for tests.
#ifndef DRYWIRE_TESTS_HARNESS_SOCKADDR_H_
#define DRYWIRE_TESTS_HARNESS_SOCKADDR_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

namespace drywire {

// `address` must be valid; the unspecified address otherwise.
inline sockaddr_in Inet(const char* address, uint16_t port) {
  sockaddr_in result = {};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  inet_pton(AF_INET, address, &result.sin_addr);
  return result;
}

inline sockaddr_in6 Inet6(const char* address, uint16_t port, uint32_t scope_id = 0) {
  sockaddr_in6 result = {};
  result.sin6_family = AF_INET6;
  result.sin6_port = htons(port);
  inet_pton(AF_INET6, address, &result.sin6_addr);
  result.sin6_scope_id = scope_id;
  return result;
}

template <typename T>
const sockaddr* AsSockaddr(const T& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}
template <typename T>
sockaddr* AsSockaddr(T& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

}  // namespace drywire

#endif  // DRYWIRE_TESTS_HARNESS_SOCKADDR_H_
