// What the servers of the client tests share: listening, sending everything, resetting.
//
// Plain POSIX over the library door. For the process of a simulated host only.
#ifndef DRYWIRE_TESTS_HARNESS_SERVER_IO_H_
#define DRYWIRE_TESTS_HARNESS_SERVER_IO_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace drywire {

// A listening TCP socket on every IPv4 address. CHECK-fails when the port cannot be had.
int ListenOn(uint16_t port);

// Sends all of it; false when the connection failed first.
bool SendAll(int fd, absl::string_view data);

// Closes with SO_LINGER {1, 0}: the peer gets a reset, and what was not sent yet is dropped.
void ResetAndClose(int fd);

}  // namespace drywire

#endif  // DRYWIRE_TESTS_HARNESS_SERVER_IO_H_
