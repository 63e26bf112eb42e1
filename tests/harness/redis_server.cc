#include "tests/harness/redis_server.h"

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/harness/server_io.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

using Command = std::vector<std::string>;

// Takes "<prefix><number>\r\n" off the front of `in`.
std::optional<size_t> TakeNumber(absl::string_view& in, char prefix) {
  const size_t end = in.find("\r\n");
  size_t number = 0;
  if (end == absl::string_view::npos || in[0] != prefix ||
      !absl::SimpleAtoi(in.substr(1, end - 1), &number)) {
    return std::nullopt;
  }
  in.remove_prefix(end + 2);
  return number;
}

// Takes one command off the front of `input`; nothing when it is not complete.
std::optional<Command> TakeCommand(std::string& input) {
  absl::string_view in = input;
  const std::optional<size_t> count = TakeNumber(in, '*');
  if (!count.has_value()) return std::nullopt;
  Command command;
  for (size_t i = 0; i < *count; ++i) {
    const std::optional<size_t> length = TakeNumber(in, '$');
    if (!length.has_value() || in.size() < *length + 2) return std::nullopt;
    command.emplace_back(in.substr(0, *length));
    in.remove_prefix(*length + 2);
  }
  input.erase(0, input.size() - in.size());
  return command;
}

std::string Answer(const Command& command, std::map<std::string, std::string>& values) {
  const std::string verb = command.empty() ? "" : absl::AsciiStrToUpper(command[0]);
  if (verb == "PING" && command.size() == 1) return "+PONG\r\n";
  if (verb == "SET" && command.size() == 3) {
    values[command[1]] = command[2];
    return "+OK\r\n";
  }
  if (verb == "GET" && command.size() == 2) {
    const auto found = values.find(command[1]);
    if (found == values.end()) return "$-1\r\n";
    return absl::StrCat("$", found->second.size(), "\r\n", found->second, "\r\n");
  }
  return absl::StrCat("-ERR unknown command '", verb, "'\r\n");
}

void ServeConnection(int fd, RedisServerOptions& options) {
  std::string input;
  for (;;) {
    while (const std::optional<Command> command = TakeCommand(input)) {
      if (*command == Command{"GET", options.resets_in_mid_reply}) {
        SendAll(fd, "$10\r\nhello");
        posix::usleep(10'000);
        return ResetAndClose(fd);
      }
      if (!SendAll(fd, Answer(*command, options.values))) break;
    }
    char buffer[4096];
    const ssize_t got = posix::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    input.append(buffer, static_cast<size_t>(got));
  }
  posix::close(fd);
}

}  // namespace

void ServeRedis(RedisServerOptions options) {
  const int listener = ListenOn(options.port);
  for (int i = 0; i < options.connections; ++i) {
    const int fd = posix::accept(listener, nullptr, nullptr);
    if (fd >= 0) ServeConnection(fd, options);
  }
  posix::close(listener);
}

}  // namespace drywire
