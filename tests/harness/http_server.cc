#include "tests/harness/http_server.h"

#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/harness/server_io.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

constexpr char kHeadEnd[] = "\r\n\r\n";

// Takes the next request off the front of `input`, receiving what is missing. Its path; empty when
// there is none or it is not a GET.
std::string ReadRequest(int fd, std::string& input) {
  size_t end;
  while ((end = input.find(kHeadEnd)) == std::string::npos) {
    char buffer[4096];
    const ssize_t got = posix::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return "";
    input.append(buffer, static_cast<size_t>(got));
  }
  const std::string line = input.substr(0, input.find("\r\n"));
  input.erase(0, end + sizeof kHeadEnd - 1);
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  return words.size() == 3 && words[0] == "GET" && words[2] == "HTTP/1.1" ? words[1] : "";
}

std::string Head(const HttpServerOptions& options, absl::string_view status, size_t length) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Length: ", length,
                      "\r\nContent-Type: text/plain\r\n",
                      options.keep_alive ? "" : "Connection: close\r\n", "\r\n");
}

void ServeConnection(int fd, const HttpServerOptions& options) {
  std::string input;
  do {
    const std::string path = ReadRequest(fd, input);
    if (path.empty()) break;
    if (path == options.resets_in_mid_body) {
      SendAll(fd, absl::StrCat(Head(options, "200 OK", 1000), std::string(500, 'h')));
      posix::usleep(10'000);
      return ResetAndClose(fd);
    }
    const auto page = options.pages.find(path);
    const bool known = page != options.pages.end();
    const std::string& body = known ? page->second : "";
    SendAll(fd, absl::StrCat(Head(options, known ? "200 OK" : "404 Not Found", body.size()), body));
  } while (options.keep_alive);
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
