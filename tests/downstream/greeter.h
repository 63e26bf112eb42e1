// A little client that knows nothing of Drywire: plain POSIX, as it runs in production.

#ifndef GREETER_H_
#define GREETER_H_

#include <cstdint>
#include <string>

// Connects to a numeric IPv4 address and reads one line, waiting at most `timeout_ms` for the
// connection and as long again for each piece of the answer. Returns 0, or the errno of the call
// that failed; ETIMEDOUT when the time is up, EPROTO when the peer ends before the line does.
int ReadGreeting(const std::string& address, uint16_t port, int timeout_ms, std::string* line);

#endif  // GREETER_H_
