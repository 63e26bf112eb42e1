#include "tools/pkt/suite.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tools/pkt/python.h"

namespace drywire::pkt {
namespace {

namespace fs = std::filesystem;

ScriptResult RunFile(const std::string& path, const RunOptions& options, Python& python) {
  ScriptResult result;
  result.path = path;
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file.is_open() || file.bad()) {
    result.outcome.status = Outcome::Status::kFailed;
    result.outcome.reason = "the file cannot be read";
    result.outcome.details = absl::StrCat(path, ": the file cannot be read\n");
    return result;
  }
  result.outcome = RunScript(path, text.str(), options, python);
  return result;
}

// --- One result as bytes, for the pipe from a worker.

void PutNumber(uint64_t value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}
void PutText(const std::string& text, std::string* out) {
  PutNumber(text.size(), out);
  out->append(text);
}

std::string Pack(size_t index, const Outcome& outcome) {
  std::string bytes;
  PutNumber(index, &bytes);
  PutNumber(static_cast<uint64_t>(outcome.status), &bytes);
  PutNumber(outcome.digest.high, &bytes);
  PutNumber(outcome.digest.low, &bytes);
  for (const std::string* text :
       {&outcome.reason, &outcome.details, &outcome.packets, &outcome.printed}) {
    PutText(*text, &bytes);
  }
  std::string framed;
  PutText(bytes, &framed);
  return framed;
}

class Unpacker {
 public:
  explicit Unpacker(absl::string_view bytes) : bytes_(bytes) {}
  uint64_t Number() {
    uint64_t value = 0;
    if (bytes_.size() < sizeof value) return 0;
    bytes_.copy(reinterpret_cast<char*>(&value), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  std::string Text() {
    const auto size = static_cast<size_t>(Number());
    std::string text(bytes_.substr(0, size));
    bytes_.remove_prefix(std::min(size, bytes_.size()));
    return text;
  }

 private:
  absl::string_view bytes_;
};

size_t Unpack(absl::string_view bytes, Outcome* outcome) {
  Unpacker from(bytes);
  const auto index = static_cast<size_t>(from.Number());
  outcome->status = static_cast<Outcome::Status>(from.Number());
  outcome->digest.high = from.Number();
  outcome->digest.low = from.Number();
  for (std::string* text :
       {&outcome->reason, &outcome->details, &outcome->packets, &outcome->printed}) {
    *text = from.Text();
  }
  return index;
}

// --- Workers. Each takes every n-th script.

void WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) ::_exit(1);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

[[noreturn]] void Work(absl::Span<const std::string> paths, const RunOptions& options, int first,
                       int step, int fd) {
  {
    Python python;
    for (auto i = static_cast<size_t>(first); i < paths.size(); i += static_cast<size_t>(step)) {
      WriteAll(fd, Pack(i, RunFile(paths[i], options, python).outcome));
    }
  }
  ::_exit(0);
}

struct Worker {
  pid_t pid = -1;
  int fd = -1;
  std::string received;
};

class WorkerPool {
 public:
  WorkerPool(absl::Span<const std::string> paths, const std::function<void(size_t)>& progress)
      : progress_(progress), results_(paths.size()) {
    for (size_t i = 0; i < paths.size(); ++i) {
      results_[i].path = paths[i];
      // Until the worker says something else.
      results_[i].outcome.status = Outcome::Status::kFailed;
      results_[i].outcome.reason = "the process that ran this script ended unexpectedly";
      results_[i].outcome.details = absl::StrCat(paths[i], ": ", results_[i].outcome.reason, "\n");
    }
  }

  std::vector<ScriptResult> Run(absl::Span<const std::string> paths, const RunOptions& options,
                                int jobs) {
    for (int i = 0; i < jobs; ++i) Start(paths, options, i, jobs);
    while (std::any_of(workers_.begin(), workers_.end(),
                       [](const Worker& worker) { return worker.fd != -1; })) {
      Wait();
    }
    for (const Worker& worker : workers_) ::waitpid(worker.pid, nullptr, 0);
    return std::move(results_);
  }

 private:
  void Start(absl::Span<const std::string> paths, const RunOptions& options, int first, int step) {
    int fds[2];
    if (::pipe(fds) != 0) return;
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(fds[0]);
      for (const Worker& other : workers_) ::close(other.fd);
      Work(paths, options, first, step, fds[1]);
    }
    ::close(fds[1]);
    if (pid < 0) {
      ::close(fds[0]);
      return;
    }
    workers_.push_back({pid, fds[0], ""});
  }

  void Wait() {
    std::vector<pollfd> fds;
    for (const Worker& worker : workers_) fds.push_back({worker.fd, POLLIN, 0});
    if (::poll(fds.data(), fds.size(), -1) < 0) return;
    for (size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].revents != 0) Receive(workers_[i]);
    }
  }

  void Receive(Worker& worker) {
    char buffer[65536];
    const ssize_t n = ::read(worker.fd, buffer, sizeof buffer);
    if (n <= 0) {
      if (n < 0 && errno == EINTR) return;
      ::close(worker.fd);
      worker.fd = -1;
      return;
    }
    worker.received.append(buffer, static_cast<size_t>(n));
    uint64_t size = 0;
    while (worker.received.size() >= sizeof size) {
      worker.received.copy(reinterpret_cast<char*>(&size), sizeof size);
      if (worker.received.size() - sizeof size < size) return;
      Outcome outcome;
      const absl::string_view all(worker.received);
      const size_t index = Unpack(all.substr(sizeof size, size), &outcome);
      if (index < results_.size()) results_[index].outcome = std::move(outcome);
      worker.received.erase(0, sizeof size + size);
      progress_(++done_);
    }
  }

  const std::function<void(size_t)>& progress_;
  std::vector<ScriptResult> results_;
  std::vector<Worker> workers_;
  size_t done_ = 0;
};

std::string XmlEscaped(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        // Of the control characters XML 1.0 has only these.
        escaped += static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' ? c : '?';
    }
  }
  return escaped;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindScripts(absl::Span<const std::string> paths) {
  std::vector<std::string> scripts;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      if (!fs::exists(path, error)) {
        return absl::NotFoundError(absl::StrCat(path, ": no such file or directory"));
      }
      scripts.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (auto it = fs::recursive_directory_iterator(path, error);
         !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
      if (it->path().extension() == ".pkt") found.push_back(it->path().string());
    }
    if (error) return absl::NotFoundError(absl::StrCat(path, ": ", error.message()));
    std::sort(found.begin(), found.end());
    scripts.insert(scripts.end(), found.begin(), found.end());
  }
  return scripts;
}

std::vector<ScriptResult> RunScripts(absl::Span<const std::string> paths, const RunOptions& options,
                                     int jobs, const std::function<void(size_t)>& progress) {
  jobs = std::min(jobs, static_cast<int>(paths.size()));
  if (jobs > 1) return WorkerPool(paths, progress).Run(paths, options, jobs);
  std::vector<ScriptResult> results;
  Python python;
  for (const std::string& path : paths) {
    results.push_back(RunFile(path, options, python));
    progress(results.size());
  }
  return results;
}

std::string JunitReport(absl::Span<const ScriptResult> results) {
  const auto count = [results](Outcome::Status status) {
    return std::count_if(results.begin(), results.end(), [status](const ScriptResult& result) {
      return result.outcome.status == status;
    });
  };
  std::string xml = absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"drywire pkt\" tests=\"",
      results.size(), "\" failures=\"", count(Outcome::Status::kFailed), "\" skipped=\"",
      count(Outcome::Status::kSkipped), "\">\n");
  for (const ScriptResult& result : results) {
    const Outcome& outcome = result.outcome;
    absl::StrAppend(&xml, "  <testcase name=\"", XmlEscaped(result.path), "\"");
    if (outcome.status == Outcome::Status::kPassed) {
      xml += "/>\n";
    } else if (outcome.status == Outcome::Status::kSkipped) {
      absl::StrAppend(&xml, "><skipped message=\"", XmlEscaped(outcome.reason),
                      "\"/></testcase>\n");
    } else {
      absl::StrAppend(&xml, "><failure message=\"", XmlEscaped(outcome.reason), "\">",
                      XmlEscaped(outcome.details), "</failure></testcase>\n");
    }
  }
  return absl::StrCat(xml, "</testsuite>\n");
}

}  // namespace drywire::pkt
