#include "tests/harness/servers.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

int Listen(uint16_t port) {
  const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in local = Inet("0.0.0.0", port);
  const int bound = posix::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local);
  DRYWIRE_CHECK(bound == 0 && posix::listen(fd, 16) == 0) << "port " << port;
  return fd;
}

// One connection, with the faults of its server.
class Connection {
 public:
  Connection(int fd, const ServerOptions& options) : fd_(fd), options_(options) {}
  ~Connection() { posix::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Up to and without "\r\n". False at the end of the connection.
  bool ReadLine(std::string* line) {
    size_t end;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
      if (!Fill()) return false;
    }
    *line = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return true;
  }
  bool ReadSome(std::string* bytes) {
    if (buffer_.empty() && !Fill()) return false;
    *bytes = std::move(buffer_);
    buffer_.clear();
    return true;
  }
  bool ReadBytes(size_t size, std::string* bytes) {
    while (buffer_.size() < size) {
      if (!Fill()) return false;
    }
    *bytes = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return true;
  }
  // False when the connection has ended, or was reset on purpose.
  bool Reply(const std::string& text) {
    if (options_.think_time > Duration::Zero()) {
      posix::usleep(static_cast<useconds_t>(options_.think_time.micros()));
    }
    const size_t allowed = std::min(text.size(), options_.reset_after - sent_);
    for (size_t at = 0; at < allowed;) {
      const ssize_t size = posix::send(fd_, text.data() + at, allowed - at, MSG_NOSIGNAL);
      if (size < 0) return false;
      at += static_cast<size_t>(size);
    }
    sent_ += allowed;
    if (allowed == text.size()) return true;
    posix::usleep(100'000);  // What was sent arrives first.
    const linger reset = {1, 0};
    posix::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    return false;
  }

 private:
  bool Fill() {
    char bytes[1024];
    const ssize_t size = posix::recv(fd_, bytes, sizeof bytes, 0);
    if (size <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(size));
    return true;
  }

  int fd_;
  const ServerOptions& options_;
  std::string buffer_;
  size_t sent_ = 0;
};

template <typename Serve>
void ServeConnections(const ServerOptions& options, Serve serve) {
  const int listener = Listen(options.port);
  for (int i = 0; i < options.connections; ++i) {
    const int fd = posix::accept(listener, nullptr, nullptr);
    if (fd < 0) continue;
    Connection connection(fd, options);
    serve(connection);
  }
  posix::close(listener);
}

// "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
bool ReadCommand(Connection& connection, std::vector<std::string>* words) {
  std::string line;
  int count = 0;
  if (!connection.ReadLine(&line) || line[0] != '*') return false;
  if (!absl::SimpleAtoi(line.substr(1), &count)) return false;
  words->assign(static_cast<size_t>(count), "");
  for (std::string& word : *words) {
    size_t size = 0;
    std::string end;
    if (!connection.ReadLine(&line) || !absl::SimpleAtoi(line.substr(1), &size)) return false;
    if (!connection.ReadBytes(size, &word) || !connection.ReadBytes(2, &end)) return false;
  }
  return true;
}

}  // namespace

void RunEchoServer(const ServerOptions& options) {
  ServeConnections(options, [](Connection& connection) {
    std::string bytes;
    while (connection.ReadSome(&bytes)) {
      if (!connection.Reply(bytes)) return;
    }
  });
}

void RunRedisServer(const ServerOptions& options) {
  std::map<std::string, std::string> store;
  ServeConnections(options, [&](Connection& connection) {
    std::vector<std::string> words;
    while (ReadCommand(connection, &words)) {
      std::string reply = "-ERR unknown command\r\n";
      if (words.size() == 1 && words[0] == "PING") {
        reply = "+PONG\r\n";
      } else if (words.size() == 3 && words[0] == "SET") {
        store[words[1]] = words[2];
        reply = "+OK\r\n";
      } else if (words.size() == 2 && words[0] == "GET") {
        const auto at = store.find(words[1]);
        reply = at == store.end()
                    ? "$-1\r\n"
                    : absl::StrCat("$", at->second.size(), "\r\n", at->second, "\r\n");
      }
      if (!connection.Reply(reply)) return;
    }
  });
}

void RunHttpServer(const ServerOptions& options) {
  std::string body(options.body_size, ' ');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('0' + i % 10);
  const std::string reply = absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n",
                                         "Content-Length: ", body.size(), "\r\n\r\n", body);
  ServeConnections(options, [&](Connection& connection) {
    std::string line;
    while (connection.ReadLine(&line)) {
      if (!absl::StartsWith(line, "GET ")) return;
      while (!line.empty()) {
        if (!connection.ReadLine(&line)) return;
      }
      if (!connection.Reply(reply)) return;
    }
  });
}

}  // namespace drywire
