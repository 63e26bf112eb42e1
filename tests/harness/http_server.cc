#include "tests/harness/http_server.h"

#include <cstddef>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/harness/server_io.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

// The path of the request on `fd`; empty when there is none or it is not a GET.
std::string ReadRequest(int fd) {
  std::string request;
  while (!absl::StrContains(request, "\r\n\r\n")) {
    char buffer[4096];
    const ssize_t got = posix::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return "";
    request.append(buffer, static_cast<size_t>(got));
  }
  const absl::string_view line = absl::string_view(request).substr(0, request.find("\r\n"));
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  return words.size() == 3 && words[0] == "GET" && words[2] == "HTTP/1.1" ? words[1] : "";
}

std::string Head(absl::string_view status, size_t length) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Length: ", length,
                      "\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n");
}

void ServeConnection(int fd, const HttpServerOptions& options) {
  const std::string path = ReadRequest(fd);
  if (path == options.resets_in_mid_body) {
    SendAll(fd, absl::StrCat(Head("200 OK", 1000), std::string(500, 'h')));
    posix::usleep(10'000);
    return ResetAndClose(fd);
  }
  const auto page = options.pages.find(path);
  if (page != options.pages.end()) {
    SendAll(fd, absl::StrCat(Head("200 OK", page->second.size()), page->second));
  } else if (!path.empty()) {
    SendAll(fd, Head("404 Not Found", 0));
  }
  posix::close(fd);
}

}  // namespace

void ServeHttp(HttpServerOptions options) {
  const int listener = ListenOn(options.port);
  for (int i = 0; i < options.connections; ++i) {
    const int fd = posix::accept(listener, nullptr, nullptr);
    if (fd >= 0) ServeConnection(fd, options);
  }
  posix::close(listener);
}

}  // namespace drywire
