// The usual beginning of a scenario on two hosts: b listens on 10.0.0.2, a connects to it.
#ifndef DRYWIRE_TESTS_ORACLE_TWO_HOSTS_H_
#define DRYWIRE_TESTS_ORACLE_TWO_HOSTS_H_

#include <string>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"

namespace drywire::oracle {

// On b: a listener that is announced, and the connection that comes; non-blocking.
inline int ServeOne(Script& s, uint16_t port = 80) {
  const int listener = ListenOn("10.0.0.2", port);
  s.Announce("listening " + std::to_string(port));
  const int fd = Accept(listener);
  os::close(listener);
  return fd;
}

// On a: a connection to it, made by a blocking socket that is non-blocking afterwards.
inline int ReachServer(Script& s, uint16_t port = 80) {
  s.Await("listening " + std::to_string(port));
  const int fd = Tcp(0);
  s("connect", Connect(fd, "10.0.0.2", port));
  os::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

// A datagram socket that is bound.
inline int UdpOn(const char* address, uint16_t port, int flags = SOCK_NONBLOCK) {
  const int fd = Udp(flags);
  Bind(fd, address, port);
  return fd;
}
inline int UdpOn6(const char* address, uint16_t port, int flags = SOCK_NONBLOCK) {
  const int fd = Udp(flags, AF_INET6);
  Bind6(fd, address, port);
  return fd;
}

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_TWO_HOSTS_H_
