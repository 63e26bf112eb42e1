// An echo server (RFC 862) for tests of TCP clients: the body of a simulated process. It serves one
// connection, sending back what comes a piece at a time, then ends.
#ifndef DRYWIRE_TESTS_HARNESS_ECHO_SERVER_H_
#define DRYWIRE_TESTS_HARNESS_ECHO_SERVER_H_

#include <cstdint>

#include "sim/core/time.h"

namespace drywire {

struct EchoServerOptions {
  uint16_t port = 7;
  // Waited before each piece is sent back.
  Duration think_time;
};

void ServeEcho(const EchoServerOptions& options = {});

}  // namespace drywire

#endif  // DRYWIRE_TESTS_HARNESS_ECHO_SERVER_H_
