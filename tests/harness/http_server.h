// An HTTP server for tests of HTTP clients: the body of a simulated process.
//
// Speaks HTTP/1.1 (RFC 9112) as far as clients here need it: GET requests without a body, answered
// with a Content-Length and "Connection: close", after which the server closes; or, when asked to
// keep connections, without the latter, one request after another until the client closes. It
// serves one connection after another, then ends.
#ifndef DRYWIRE_TESTS_HARNESS_HTTP_SERVER_H_
#define DRYWIRE_TESTS_HARNESS_HTTP_SERVER_H_

#include <cstdint>
#include <map>
#include <string>

namespace drywire {

struct HttpServerOptions {
  uint16_t port = 80;
  // How many connections to serve before the process ends.
  int connections = 1;
  // Answers any number of requests on each connection.
  bool keep_alive = false;
  // The body of each path; any other path is a 404 without a body.
  std::map<std::string, std::string> pages;
  // A GET of this path sends the head and half of the body and, 10 ms later, a reset.
  std::string resets_in_mid_body = "/half";
};

void ServeHttp(HttpServerOptions options = {});

}  // namespace drywire

#endif  // DRYWIRE_TESTS_HARNESS_HTTP_SERVER_H_
