#include "tools/pkt/python.h"

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace drywire::pkt {
namespace {

// More than any snippet has to say.
constexpr uint32_t kMaxAnswer = 64 << 20;

// Reads "FRESH\0ASSIGNMENTS\0CODE" in frames of a length and that many bytes, and answers with
// "ERROR\0OUTPUT"; of an assertion the variables are told. A snippet is cleaned of the white space
// that all its lines begin with. What it runs has neither end of the socket as its standard input
// or output.
constexpr char kProgram[] = R"(
import ast, io, os, sys, contextlib, textwrap
source, sink = os.fdopen(os.dup(0), 'rb'), os.fdopen(os.dup(1), 'wb')
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)
names = {}

# What the variables of a failed assertion are, such as "tcpi_snd_cwnd = 10".
def shown(code, trace):
    while trace.tb_next and trace.tb_next.tb_frame.f_code.co_filename == '<code>':
        trace = trace.tb_next
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assert) and node.lineno <= trace.tb_lineno <= node.end_lineno:
            found += [n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)]
    plain = {n: names[n] for n in sorted(set(found))
             if isinstance(names.get(n), (bool, int, float, str))}
    return ', '.join('%s = %.100r' % pair for pair in plain.items())

while True:
    head = source.read(4)
    if len(head) < 4:
        break
    frame = source.read(int.from_bytes(head, 'little')).decode(errors='replace')
    fresh, values, code = frame.split('\0', 2)
    if fresh == '1':
        names = {}
    out, error = io.StringIO(), ''
    code = textwrap.dedent(code)
    try:
        exec(values, names)
        with contextlib.redirect_stdout(out):
            exec(compile(code, '<code>', 'exec'), names)
    except AssertionError as e:
        error = 'assertion failed' + (': ' + str(e) if str(e) else '')
        values = shown(code, e.__traceback__.tb_next) if e.__traceback__.tb_next else ''
        error += ' (' + values + ')' if values else ''
    except BaseException as e:
        error = type(e).__name__ + ': ' + str(e)
    answer = (error.replace('\0', ' ') + '\0' + out.getvalue()).encode(errors='replace')
    sink.write(len(answer).to_bytes(4, 'little') + answer)
    sink.flush()
)";

std::string HowItEnded(int status) {
  if (WIFEXITED(status)) return absl::StrCat("exit status ", WEXITSTATUS(status));
  return absl::StrCat("signal ", WTERMSIG(status));
}

}  // namespace

Python::~Python() { Stop(); }

int Python::Stop() {
  if (socket_ != -1) ::close(socket_);
  socket_ = -1;
  int status = 0;
  // It may be in an endless loop, or wait for threads of its own.
  if (pid_ != -1) ::kill(pid_, SIGKILL);
  while (pid_ != -1 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

std::string Python::Start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::StrCat("python3 cannot be started: ", std::strerror(errno));
  }
  const timeval patience{patience_ms_ / 1000, (patience_ms_ % 1000) * 1000};
  ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  const char* const arguments[] = {"python3", "-I", "-S", "-c", kProgram, nullptr};
  const char* const environment[] = {"PATH=/usr/bin:/bin:/usr/local/bin", "PYTHONHASHSEED=0",
                                     "PYTHONIOENCODING=utf-8", nullptr};
  pid_t pid = -1;
  const int failed =
      ::posix_spawnp(&pid, "python3", &actions, nullptr, const_cast<char* const*>(arguments),
                     const_cast<char* const*>(environment));
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  socket_ = ends[0];
  if (failed != 0) {
    Stop();
    return absl::StrCat("python3 cannot be started: ", std::strerror(failed));
  }
  pid_ = pid;
  return "";
}

bool Python::Send(absl::string_view text) {
  const auto length = static_cast<uint32_t>(text.size());
  std::string frame(reinterpret_cast<const char*>(&length), sizeof length);
  absl::StrAppend(&frame, text);
  for (size_t sent = 0; sent < frame.size();) {
    const ssize_t n = ::send(socket_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

bool Python::Receive(std::string* text) {
  const auto take = [this](char* data, size_t size) {
    for (size_t got = 0; got < size;) {
      const ssize_t n = ::read(socket_, data + got, size - got);
      if (n < 0 && errno == EINTR) continue;
      if (n == 0) errno = 0;
      if (n <= 0) return false;
      got += static_cast<size_t>(n);
    }
    return true;
  };
  uint32_t length = 0;
  if (!take(reinterpret_cast<char*>(&length), sizeof length)) return false;
  if (length > kMaxAnswer) {
    errno = EMSGSIZE;
    return false;
  }
  text->resize(length);
  return take(text->data(), length);
}

std::string Python::Run(absl::string_view code, const Variables& variables, std::string* printed) {
  if (pid_ == -1) {
    const std::string error = Start();
    if (!error.empty()) return error;
  }
  std::string request = fresh_ ? "1" : "0";
  fresh_ = false;
  request += '\0';
  for (const auto& [name, value] : variables) absl::StrAppend(&request, name, "=", value, "\n");
  request += '\0';
  absl::StrAppend(&request, code);
  std::string answer;
  errno = 0;
  if (!Send(request) || !Receive(&answer)) {
    const int error = errno;
    const int status = Stop();
    if (error == EAGAIN) {
      return absl::StrCat("python3 gave no answer within ", patience_ms_, " ms");
    }
    if (error == EMSGSIZE) {
      return absl::StrCat("python3 has more than ", kMaxAnswer >> 20, " MiB to say");
    }
    return absl::StrCat("python3 ended unexpectedly: ", HowItEnded(status));
  }
  const size_t end = answer.find('\0');
  absl::StrAppend(printed, answer.substr(end + 1));
  return answer.substr(0, end);
}

}  // namespace drywire::pkt
