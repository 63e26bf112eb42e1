// Boost.Asio's own client code, compiled against tools/posix/compat.h: see asio_client.cc.
#ifndef DRYWIRE_TESTS_TOOLS_POSIX_ASIO_CLIENT_H_
#define DRYWIRE_TESTS_TOOLS_POSIX_ASIO_CLIENT_H_

#include <cstdint>
#include <string>

namespace drywire {

// Connects, sends `text`, reads as many bytes back. Returns them, or the error's message.
std::string AsioEcho(const char* address, uint16_t port, const std::string& text);

// The same with asynchronous operations on a reactor, given up after `seconds`.
std::string AsioEchoAsync(const char* address, uint16_t port, const std::string& text, int seconds);

}  // namespace drywire

#endif  // DRYWIRE_TESTS_TOOLS_POSIX_ASIO_CLIENT_H_
