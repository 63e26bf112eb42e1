#include "tests/oracle/commands.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace drywire::oracle {
namespace {

// In the child: never returns.
void Become(const std::vector<std::string>& command, int in, int out) {
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::close_range(3, ~0u, 0);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // A service's PATH may lack the directories of ip and nft.
  ::setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
  ::execvp(arguments[0], arguments.data());
  constexpr char kMissing[] = "not found";
  (void)!::write(2, kMissing, sizeof kMissing - 1);
  ::_exit(127);
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t size;
  ::lseek(fd, 0, SEEK_SET);
  while ((size = ::read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, size);
  return text;
}

}  // namespace

absl::Status RunCommand(const std::vector<std::string>& command, absl::string_view input) {
  const int in = ::memfd_create("in", MFD_CLOEXEC);
  const int out = ::memfd_create("out", MFD_CLOEXEC);
  if (in < 0 || out < 0) return absl::InternalError("memfd_create failed");
  (void)!::write(in, input.data(), input.size());
  ::lseek(in, 0, SEEK_SET);
  const pid_t child = ::fork();
  if (child == 0) Become(command, in, out);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string said = ReadAll(out);
  ::close(in);
  ::close(out);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(absl::StrJoin(command, " "), ": ",
                                          absl::StripAsciiWhitespace(said),
                                          input.empty() ? "" : absl::StrCat("\n", input)));
}

absl::Status WriteSysctl(const std::string& name, const std::string& value) {
  const std::string path = absl::StrCat("/proc/sys/", absl::StrReplaceAll(name, {{".", "/"}}));
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool written = fd >= 0 && ::write(fd, value.data(), value.size()) >= 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (written) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(name, " = ", value, ": ", std::strerror(error)));
}

std::string NftStatement(absl::string_view rule) {
  for (const char* chain : {"input ", "output ", "forward "}) {
    if (absl::StartsWith(rule, chain)) return absl::StrCat("add rule inet filter ", rule);
  }
  return std::string(rule);
}

std::string IpRouteArguments(absl::string_view route) {
  const absl::string_view family = absl::StrContains(route, "::") ? "-6 " : "";
  for (const char* verb : {"add ", "del ", "replace ", "append ", "change "}) {
    if (absl::StartsWith(route, verb)) return absl::StrCat(family, "route ", route);
  }
  return absl::StrCat(family, "route add ", route);
}

}  // namespace drywire::oracle
