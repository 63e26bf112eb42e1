#include "tools/pkt/python.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace drywire::pkt {
namespace {

// Reads "FRESH\0ASSIGNMENTS\0CODE" in frames of a length and that many bytes, and answers with
// "ERROR\0OUTPUT". A snippet is cleaned of the white space that all its lines begin with.
constexpr char kProgram[] = R"(
import io, sys, contextlib, textwrap
source, sink = sys.stdin.buffer, sys.stdout.buffer
names = {}
while True:
    head = source.read(4)
    if len(head) < 4:
        break
    fresh, values, code = source.read(int.from_bytes(head, 'little')).decode().split('\0', 2)
    if fresh == '1':
        names = {}
    out, error = io.StringIO(), ''
    try:
        exec(values, names)
        with contextlib.redirect_stdout(out):
            exec(textwrap.dedent(code), names)
    except AssertionError as e:
        error = 'assertion failed' + (': ' + str(e) if str(e) else '')
    except BaseException as e:
        error = type(e).__name__ + ': ' + str(e)
    answer = (error + '\0' + out.getvalue()).encode()
    sink.write(len(answer).to_bytes(4, 'little') + answer)
    sink.flush()
)";

}  // namespace

Python::~Python() {
  if (to_ != -1) ::close(to_);
  if (from_ != -1) ::close(from_);
  if (pid_ != -1) ::waitpid(pid_, nullptr, 0);
}

bool Python::Start(std::string* error) {
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0) return false;
  if (::pipe2(out, O_CLOEXEC) != 0) {
    ::close(in[0]);
    ::close(in[1]);
    return false;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  const char* const arguments[] = {"python3", "-I", "-S", "-c", kProgram, nullptr};
  const char* const environment[] = {"PATH=/usr/bin:/bin:/usr/local/bin", "PYTHONHASHSEED=0",
                                     "PYTHONIOENCODING=utf-8", nullptr};
  pid_t pid = -1;
  const int failed =
      ::posix_spawnp(&pid, "python3", &actions, nullptr, const_cast<char* const*>(arguments),
                     const_cast<char* const*>(environment));
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  if (failed != 0) {
    *error = absl::StrCat("python3 cannot be started: ", std::strerror(failed));
    return false;
  }
  pid_ = pid;
  return true;
}

bool Python::Send(absl::string_view text) {
  const auto length = static_cast<uint32_t>(text.size());
  std::string frame(reinterpret_cast<const char*>(&length), sizeof length);
  absl::StrAppend(&frame, text);
  for (size_t sent = 0; sent < frame.size();) {
    const ssize_t n = ::write(to_, frame.data() + sent, frame.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

bool Python::Receive(std::string* text) {
  const auto take = [this](char* data, size_t size) {
    for (size_t got = 0; got < size;) {
      const ssize_t n = ::read(from_, data + got, size - got);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      got += static_cast<size_t>(n);
    }
    return true;
  };
  uint32_t length = 0;
  if (!take(reinterpret_cast<char*>(&length), sizeof length)) return false;
  text->resize(length);
  return take(text->data(), length);
}

std::string Python::Run(absl::string_view code, const Variables& variables, std::string* printed) {
  std::string error;
  if (pid_ == -1 && !Start(&error)) return error.empty() ? "python3 cannot be started" : error;
  std::string request = fresh_ ? "1" : "0";
  fresh_ = false;
  request += '\0';
  for (const auto& [name, value] : variables) absl::StrAppend(&request, name, "=", value, "\n");
  request += '\0';
  absl::StrAppend(&request, code);
  std::string answer;
  if (!Send(request) || !Receive(&answer)) return "python3 ended unexpectedly";
  const size_t end = answer.find('\0');
  absl::StrAppend(printed, answer.substr(end + 1));
  return answer.substr(0, end);
}

}  // namespace drywire::pkt
