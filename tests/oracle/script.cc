#include "tests/oracle/script.h"

#include <arpa/inet.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "sim/core/check.h"
#include "sim/world/world.h"
#include "tests/oracle/commands.h"
#include "tests/oracle/programs.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

std::string Print(const sockaddr_storage& address, bool with_port) {
  char text[INET6_ADDRSTRLEN] = "";
  uint16_t port = 0;
  const bool v6 = address.ss_family == AF_INET6;
  if (v6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    port = ntohs(in6.sin6_port);
  } else {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    port = ntohs(in.sin_port);
  }
  const std::string number = with_port || port == 0 ? absl::StrCat(port) : "*";
  return v6 ? absl::StrCat("[", text, "]:", number) : absl::StrCat(text, ":", number);
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);

std::string Name(int fd, NameCall call, bool with_port) {
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  const int result = call(fd, AsSockaddr(address), &length);
  return result < 0 ? ErrorName(errno) : Print(address, with_port);
}

std::string Quote(const char* data, ssize_t size) {
  return size < 0 ? ErrorName(errno) : absl::StrCat("'", absl::string_view(data, size), "'");
}

// On the real kernel a body is in its host's namespace, and configures it with the usual tools.
void MustRun(const std::vector<std::string>& command) {
  const absl::Status status = oracle::RunCommand(command);
  DRYWIRE_CHECK(status.ok()) << status.message();
}

Host& SimulatedHost(const std::string& name) { return *World::Running()->FindHost(name); }

}  // namespace

std::string ErrorName(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : absl::StrCat("errno", error);
}

void Script::Append(const std::string& text) {
  absl::StrAppend(&transcript_, text);
  if (mirror_ == nullptr || transcript_.size() >= mirror_size_) return;
  std::memcpy(mirror_ + (transcript_.size() - text.size()), text.data(), text.size());
}

Script& Script::Row(const std::string& name) {
  Append(absl::StrCat(transcript_.empty() ? "" : "\n", name, ":"));
  StartClock();
  return *this;
}

Script& Script::operator()(const std::string& label, int64_t result) {
  return Text(label, result < 0 ? ErrorName(errno) : absl::StrCat(result));
}

Script& Script::Ok(const std::string& label, int64_t result) {
  return Text(label, result < 0 ? ErrorName(errno) : "ok");
}

Script& Script::Text(const std::string& label, const std::string& text) {
  Append(absl::StrCat(" ", label, "=", text));
  return *this;
}

Script& Script::Poll(int fd, short events) {
  pollfd one = {fd, events, 0};
  const int result = os::poll(&one, 1, 0);
  if (result < 0) return Text("poll", ErrorName(errno));
  return Text("poll", Events(static_cast<uint16_t>(one.revents)));
}

std::string Script::Events(uint32_t events) {
  std::string text;
  const auto add = [&](uint32_t bit, const char* name) {
    if ((events & bit) != 0) absl::StrAppend(&text, text.empty() ? "" : "|", name);
  };
  add(POLLIN, "IN");
  add(POLLPRI, "PRI");
  add(POLLOUT, "OUT");
  add(POLLERR, "ERR");
  add(POLLHUP, "HUP");
  add(POLLNVAL, "NVAL");
  add(POLLRDHUP, "RDHUP");
  return text.empty() ? "-" : text;
}

Script& Script::Error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (os::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) error = errno;
  return Text("error", error == 0 ? "0" : ErrorName(error));
}

Script& Script::LocalName(int fd) { return Text("local", Name(fd, os::getsockname, true)); }
Script& Script::PeerName(int fd) { return Text("peer", Name(fd, os::getpeername, true)); }
Script& Script::LocalAddress(int fd) { return Text("local", Name(fd, os::getsockname, false)); }
Script& Script::PeerAddress(int fd) { return Text("peer", Name(fd, os::getpeername, false)); }

Script& Script::Receive(int fd, int flags) {
  char data[64];
  const ssize_t size = os::recv(fd, data, sizeof data, flags);
  return Text("recv", Quote(data, size));
}

Script& Script::ReceiveFrom(int fd, bool port, int flags) {
  char data[64];
  sockaddr_storage from = {};
  socklen_t length = sizeof from;
  const ssize_t size = os::recvfrom(fd, data, sizeof data, flags, AsSockaddr(from), &length);
  Text("recv", Quote(data, size));
  return size < 0 || length == 0 ? *this : Text("from", Print(from, port));
}

Script& Script::Send(int fd, absl::string_view data, int flags) {
  return (*this)("send", os::send(fd, data.data(), data.size(), flags));
}

Script& Script::Option(const std::string& label, int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  const int result = os::getsockopt(fd, level, name, &value, &length);
  return Text(label, result < 0 ? ErrorName(errno) : absl::StrCat(value));
}

void Script::StartClock() {
  timespec time = {};
  os::clock_gettime(CLOCK_MONOTONIC, &time);
  started_ms_ = time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

Script& Script::Elapsed() {
  const int64_t before = started_ms_;
  StartClock();
  const int64_t tenths = (started_ms_ - before + 50) / 100;
  return Text("after", absl::StrCat(tenths / 10, ".", tenths % 10, "s"));
}

void Script::EnterDirectory() {
  const std::string path = OracleDirectory(os::getpid());
  // Of a process that was killed before it could clean up.
  std::error_code ignored;
  if (!posix::InSimulation()) std::filesystem::remove_all(path, ignored);
  DRYWIRE_CHECK(os::mkdir(path.c_str(), 0777) == 0) << path << " " << ErrorName(errno);
  os::umask(022);
  DRYWIRE_CHECK(os::chmod(path.c_str(), 0777) == 0 && os::chdir(path.c_str()) == 0)
      << ErrorName(errno);
}

void Script::Become(uid_t uid, gid_t gid, std::vector<gid_t> groups) {
  const bool done = os::seteuid(0) == 0 && os::setgroups(groups.size(), groups.data()) == 0 &&
                    os::setegid(gid) == 0 && os::seteuid(uid) == 0;
  DRYWIRE_CHECK(done) << ErrorName(errno);
}

void Script::Mount(const std::string& directory) {
  if (posix::InSimulation()) {
    const std::string path = absl::StrCat(OracleDirectory(os::getpid()), "/", directory);
    DRYWIRE_CHECK(SimulatedHost(host_).memory_vfs().AddMount(path).ok()) << path;
    return;
  }
  // The mounts of this process alone, which go when it does.
  if (!mounts_are_private_) {
    DRYWIRE_CHECK(::unshare(CLONE_NEWNS) == 0) << ErrorName(errno);
    DRYWIRE_CHECK(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    mounts_are_private_ = true;
  }
  DRYWIRE_CHECK(::mount("none", directory.c_str(), "tmpfs", 0, "mode=755") == 0)
      << ErrorName(errno);
}

void Script::InstallProgram(const std::string& path, const std::string& program, mode_t mode) {
  if (posix::InSimulation()) {
    Host& host = SimulatedHost(host_);
    host.AddProgram(program, oracle::FindProgram(program));
    WriteFile(path.c_str(), Host::ProgramText(program));
  } else {
    // A copy of this program, which knows by its end what it is to do (programs.cc).
    DRYWIRE_CHECK(oracle::CopyOfThisProgram(path, program)) << path << " " << ErrorName(errno);
  }
  DRYWIRE_CHECK(os::chmod(path.c_str(), mode) == 0) << ErrorName(errno);
}

Script& Script::Wait(const std::string& label, pid_t pid, int options) {
  int status = 0;
  const pid_t ended = os::waitpid(pid, &status, options);
  if (ended < 0) return Text(label, ErrorName(errno));
  if (ended == 0) return Text(label, "0");
  return Text(label, StatusText(status));
}

std::string Script::StatusText(int status) {
  if (WIFEXITED(status)) return absl::StrCat("exit ", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) return absl::StrCat("signal ", WTERMSIG(status));
  return absl::StrCat("status ", status);
}

void Script::MakeReadOnly(const std::string& directory) {
  if (posix::InSimulation()) {
    const std::string path = absl::StrCat(OracleDirectory(os::getpid()), "/", directory);
    DRYWIRE_CHECK(SimulatedHost(host_).memory_vfs().SetReadOnly(path, true).ok()) << path;
    return;
  }
  DRYWIRE_CHECK(::mount("none", directory.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0)
      << ErrorName(errno);
}

Script& Script::Status(const std::string& label, const char* path) {
  struct stat status = {};
  if (os::lstat(path, &status) < 0) return Text(label, ErrorName(errno));
  const char* const type = S_ISREG(status.st_mode)    ? "reg"
                           : S_ISDIR(status.st_mode)  ? "dir"
                           : S_ISLNK(status.st_mode)  ? "lnk"
                           : S_ISFIFO(status.st_mode) ? "fifo"
                           : S_ISSOCK(status.st_mode) ? "sock"
                                                      : "?";
  // The size of a directory is its filesystem's business.
  const int64_t size = S_ISDIR(status.st_mode) ? 0 : status.st_size;
  return Text(label, absl::StrFormat("%s,%05o,%d:%d,%d,%d", type, status.st_mode & 07777,
                                     status.st_uid, status.st_gid, status.st_nlink, size));
}

void Script::Announce(absl::string_view name) { board_->Announce(name); }

void Script::Await(absl::string_view name) {
  for (int i = 0; i < 200'000 && !board_->Has(name); ++i) os::usleep(1000);
  if (!board_->Has(name)) Text("await", absl::StrCat("nobody announced ", name));
}

void Script::Sysctl(const std::string& name, const std::string& value) {
  if (posix::InSimulation()) {
    World::Running()->SetSysctl(SimulatedHost(host_), name, value);
    return;
  }
  const absl::Status status = oracle::WriteSysctl(name, value);
  DRYWIRE_CHECK(status.ok()) << status.message();
}

void Script::Firewall(const std::string& rule) {
  if (posix::InSimulation()) {
    World::Running()->AddFirewallRule(SimulatedHost(host_), rule);
  } else {
    MustRun({"nft", oracle::NftStatement(rule)});
  }
}

void Script::Route(const std::string& route) {
  if (posix::InSimulation()) {
    World::Running()->AddRoute(SimulatedHost(host_), route);
  } else {
    MustRun({"sh", "-c", absl::StrCat("exec ip ", oracle::IpRouteArguments(route))});
  }
}

void Script::SetUp(const std::string& interface, bool up) {
  if (posix::InSimulation()) {
    World::Running()->SetInterfaceUp(SimulatedHost(host_), interface, up);
  } else {
    MustRun({"ip", "link", "set", interface, up ? "up" : "down"});
  }
}

void Script::SetQueueFull(bool full) {
  if (posix::InSimulation()) {
    World::Running()->SetQueueFull(SimulatedHost(host_), "eth0", full);
  } else if (full) {
    MustRun({"tc", "qdisc", "replace", "dev", "eth0", "root", "pfifo", "limit", "0"});
  } else {
    MustRun({"tc", "qdisc", "delete", "dev", "eth0", "root"});
  }
}

void Script::AddAddress(const std::string& prefix) {
  if (posix::InSimulation()) {
    World::Running()->AddAddress(SimulatedHost(host_), prefix);
  } else {
    MustRun({"sh", "-c",
             absl::StrCat("ip addr add ", prefix, " dev eth0 $(case ", prefix,
                          " in *:*) echo nodad;; esac)")});
  }
}

std::string OracleDirectory(int64_t pid) { return absl::StrCat("/tmp/drywire-oracle-", pid); }

int Open(const char* path, int flags, mode_t mode) {
  const int fd = os::open(path, flags, mode);
  return fd < 0 ? -1 : os::close(fd);
}

int WriteFile(const char* path, absl::string_view contents, mode_t mode) {
  const int fd = os::open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  if (fd < 0) return -1;
  os::write(fd, contents.data(), contents.size());
  return os::close(fd);
}

int Tcp(int flags, int family) { return os::socket(family, SOCK_STREAM | flags, 0); }
int Udp(int flags, int family) { return os::socket(family, SOCK_DGRAM | flags, 0); }

int Bind(int fd, const char* address, uint16_t port) {
  const sockaddr_in to = Inet(address, port);
  return os::bind(fd, AsSockaddr(to), sizeof to);
}
int Connect(int fd, const char* address, uint16_t port) {
  const sockaddr_in to = Inet(address, port);
  return os::connect(fd, AsSockaddr(to), sizeof to);
}
int Bind6(int fd, const char* address, uint16_t port, uint32_t scope) {
  const sockaddr_in6 to = Inet6(address, port, scope);
  return os::bind(fd, AsSockaddr(to), sizeof to);
}
int Connect6(int fd, const char* address, uint16_t port, uint32_t scope) {
  const sockaddr_in6 to = Inet6(address, port, scope);
  return os::connect(fd, AsSockaddr(to), sizeof to);
}
ssize_t SendTo(int fd, absl::string_view data, const char* address, uint16_t port, int flags) {
  const sockaddr_in to = Inet(address, port);
  return os::sendto(fd, data.data(), data.size(), flags, AsSockaddr(to), sizeof to);
}
ssize_t SendTo6(int fd, absl::string_view data, const char* address, uint16_t port, int flags) {
  const sockaddr_in6 to = Inet6(address, port);
  return os::sendto(fd, data.data(), data.size(), flags, AsSockaddr(to), sizeof to);
}

int SetInt(int fd, int level, int name, int value) {
  return os::setsockopt(fd, level, name, &value, sizeof value);
}
int GetInt(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return os::getsockopt(fd, level, name, &value, &length) < 0 ? -errno : value;
}
int SetLinger(int fd, int seconds) {
  const linger value = {1, seconds};
  return os::setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value);
}
int SetTimeout(int fd, int name, int ms) {
  const timeval value = {ms / 1000, ms % 1000 * 1000};
  return os::setsockopt(fd, SOL_SOCKET, name, &value, sizeof value);
}

int ListenOn(const char* address, uint16_t port, int backlog) {
  const int fd = Tcp();
  SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  DRYWIRE_CHECK(Bind(fd, address, port) == 0) << address << ":" << port << " " << ErrorName(errno);
  DRYWIRE_CHECK(os::listen(fd, backlog) == 0) << ErrorName(errno);
  return fd;
}
int ListenOn6(const char* address, uint16_t port, int backlog) {
  const int fd = Tcp(SOCK_NONBLOCK, AF_INET6);
  SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  DRYWIRE_CHECK(Bind6(fd, address, port) == 0) << address << ":" << port << " " << ErrorName(errno);
  DRYWIRE_CHECK(os::listen(fd, backlog) == 0) << ErrorName(errno);
  return fd;
}
int Listen(uint16_t port, int backlog) { return ListenOn("127.0.0.1", port, backlog); }

int WaitFor(int fd, short events, int ms) {
  pollfd one = {fd, events, 0};
  const int result = os::poll(&one, 1, ms);
  // The kernel wakes before it has done all that belongs to the event, on another processor; the
  // ACK of a FIN goes out at the next tick of its clock.
  SleepMs(10);
  return result;
}

int Accept(int listener) {
  WaitFor(listener, POLLIN);
  return os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
}

void Settle() { os::usleep(30'000); }

void SleepMs(int ms) {
  timespec left = {ms / 1000, ms % 1000 * 1'000'000L};
  while (os::nanosleep(&left, &left) < 0 && errno == EINTR) {
  }
}

TcpPair Connected(uint16_t port) {
  const int listener = Listen(port);
  TcpPair pair = {Tcp(), -1};
  Connect(pair.client, "127.0.0.1", port);
  Settle();
  DRYWIRE_CHECK(Connect(pair.client, "127.0.0.1", port) == 0) << ErrorName(errno);
  pair.server = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  DRYWIRE_CHECK(pair.server >= 0) << ErrorName(errno);
  os::close(listener);
  return pair;
}

void AlarmAfter(int ms, void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  os::sigaction(SIGALRM, &action, nullptr);
  itimerval value = {};
  value.it_value.tv_sec = ms / 1000;
  value.it_value.tv_usec = ms % 1000 * 1000;
  os::setitimer(ITIMER_REAL, &value, nullptr);
}

}  // namespace drywire
