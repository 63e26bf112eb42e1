// Small servers for simulated hosts: enough of Redis's protocol and of HTTP for real client
// libraries.
//
// Each is the body of a process: it listens, serves a number of connections one after the other,
// and returns. Faults are part of the service: a reply can be cut by a reset, delayed, or never
// come.
#ifndef DRYWIRE_TESTS_HARNESS_SERVERS_H_
#define DRYWIRE_TESTS_HARNESS_SERVERS_H_

#include <cstddef>
#include <cstdint>

#include "sim/core/time.h"

namespace drywire {

struct ServerOptions {
  uint16_t port = 80;
  int connections = 1;
  // A connection is reset after this many bytes of replies.
  size_t reset_after = SIZE_MAX;
  // Waited before each reply.
  Duration think_time;
  // HTTP: the length of each body.
  size_t body_size = 100;
};

// Sends back what comes, a piece at a time.
void RunEchoServer(const ServerOptions& options);

// Understands PING, SET key value, GET key; anything else is an error reply.
void RunRedisServer(const ServerOptions& options);

// Answers each GET with `body_size` bytes "0123456789..." and keeps the connection.
void RunHttpServer(const ServerOptions& options);

}  // namespace drywire

#endif  // DRYWIRE_TESTS_HARNESS_SERVERS_H_
