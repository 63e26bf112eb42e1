#include "tools/errors/calls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "sim/core/check.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

struct Name {
  int value;
  const char* name;
};

std::string Lookup(absl::Span<const Name> names, int value) {
  for (const Name& name : names) {
    if (name.value == value) return name.name;
  }
  return absl::StrCat(value);
}

// The bits of `value` by name, joined by '|'.
std::string Flags(absl::Span<const Name> names, int value) {
  std::vector<std::string> parts;
  for (const Name& name : names) {
    if ((value & name.value) != 0) parts.push_back(name.name);
    value &= ~name.value;
  }
  if (value != 0 || parts.empty()) parts.push_back(absl::StrCat(value));
  return absl::StrJoin(parts, "|");
}

constexpr Name kDomains[] = {{AF_INET, "AF_INET"}, {AF_INET6, "AF_INET6"}, {AF_UNIX, "AF_UNIX"}};
constexpr Name kTypes[] = {
    {SOCK_STREAM, "SOCK_STREAM"}, {SOCK_DGRAM, "SOCK_DGRAM"}, {SOCK_SEQPACKET, "SOCK_SEQPACKET"}};
constexpr Name kTypeFlags[] = {{SOCK_NONBLOCK, "SOCK_NONBLOCK"}, {SOCK_CLOEXEC, "SOCK_CLOEXEC"}};
constexpr Name kHows[] = {{SHUT_RD, "SHUT_RD"}, {SHUT_WR, "SHUT_WR"}, {SHUT_RDWR, "SHUT_RDWR"}};
constexpr Name kMessageFlags[] = {{MSG_DONTWAIT, "MSG_DONTWAIT"}, {MSG_NOSIGNAL, "MSG_NOSIGNAL"}};
constexpr Name kPollBits[] = {{POLLIN, "POLLIN"},
                              {POLLOUT, "POLLOUT"},
                              {POLLERR, "POLLERR"},
                              {POLLHUP, "POLLHUP"},
                              {POLLNVAL, "POLLNVAL"}};
constexpr Name kSocketOptions[] = {
    {SO_BROADCAST, "SO_BROADCAST"}, {SO_REUSEADDR, "SO_REUSEADDR"}, {SO_REUSEPORT, "SO_REUSEPORT"}};
constexpr Name kTcpOptions[] = {{TCP_SYNCNT, "TCP_SYNCNT"}, {TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT"}};
constexpr Name kLevels[] = {{SOL_SOCKET, "SOL_SOCKET"}, {IPPROTO_TCP, "IPPROTO_TCP"}};

std::string TypeName(int type) {
  const int flags = type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
  std::string name = Lookup(kTypes, type & ~flags);
  if (flags != 0) absl::StrAppend(&name, "|", Flags(kTypeFlags, flags));
  return name;
}

std::string OptionName(int level, int option) {
  return level == SOL_SOCKET ? Lookup(kSocketOptions, option) : Lookup(kTcpOptions, option);
}

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::CEscape(text), "\""); }

// "10.0.0.2:80", "\"/run/x\"" or, for a pointer that cannot be read here, the pointer.
std::string AddressText(const sockaddr* address, socklen_t length) {
  if (reinterpret_cast<uintptr_t>(address) < 4096) {
    return absl::StrCat("0x", absl::Hex(reinterpret_cast<uintptr_t>(address)));
  }
  if (length < sizeof address->sa_family) return "{}";
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    return absl::StrCat(text, ":", ntohs(in->sin_port));
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(address);
    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
    return absl::StrCat("[", text, "]:", ntohs(in6->sin6_port));
  }
  if (address->sa_family == AF_UNIX && length > offsetof(sockaddr_un, sun_path)) {
    const auto* un = reinterpret_cast<const sockaddr_un*>(address);
    const size_t most = length - offsetof(sockaddr_un, sun_path);
    return Quoted(absl::string_view(un->sun_path, strnlen(un->sun_path, most)));
  }
  if (address->sa_family == AF_UNSPEC) return "{AF_UNSPEC}";
  return absl::StrCat("{", Lookup(kDomains, address->sa_family), "}");
}

template <typename T>
const sockaddr* Generic(const T& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// Up to the NUL of its path, as SUN_LEN() has it, and with it.
socklen_t LengthOf(const sockaddr_un& address) {
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(address.sun_path) +
                                1);
}

std::string Octal(unsigned mode) { return absl::StrFormat("%o", mode); }

void OnAlarm(int) {}

}  // namespace

sockaddr_in Inet(const char* address, uint16_t port) {
  sockaddr_in in = {};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  DRYWIRE_CHECK(inet_pton(AF_INET, address, &in.sin_addr) == 1) << "no IPv4 address: " << address;
  return in;
}

sockaddr_in6 Inet6(const char* address, uint16_t port) {
  sockaddr_in6 in6 = {};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(port);
  DRYWIRE_CHECK(inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
      << "no IPv6 address: " << address;
  return in6;
}

sockaddr_un UnixName(absl::string_view path) {
  sockaddr_un un = {};
  un.sun_family = AF_UNIX;
  DRYWIRE_CHECK(path.size() < sizeof un.sun_path) << "too long for sun_path: " << path;
  std::memcpy(un.sun_path, path.data(), path.size());
  return un;
}

std::string AtlasErrnoName(int error) {
  if (error == 0) return "0";
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : absl::StrCat("errno ", error);
}

// One call from its beginning to its end.
class Calls::Entry {
 public:
  Entry(const Calls& calls, std::string call) : log_(calls.log_), index_(log_->records.size()) {
    log_->records.push_back({.process = calls.process_,
                             .call = std::move(call),
                             .result = "",
                             .begin = log_->Now(),
                             .end = log_->Now(),
                             .packets_before = log_->PacketCount(),
                             .packets_after = 0});
  }

  // Writes down the result and returns it; errno stays. `extra` tells what the call gave back
  // besides.
  template <typename T>
  T Done(T result, absl::string_view extra = "") {
    const int error = errno;
    CallRecord& record = log_->records[index_];
    record.end = log_->Now();
    record.packets_after = log_->PacketCount();
    record.result =
        result == -1 ? absl::StrCat("-1 ", AtlasErrnoName(error), " (", std::strerror(error), ")")
                     : absl::StrCat(result, extra);
    errno = error;
    return result;
  }

 private:
  CallLog* log_;
  size_t index_;
};

int Calls::socket(int domain, int type, int protocol) {
  Entry entry(*this, absl::StrCat("socket(", Lookup(kDomains, domain), ", ", TypeName(type), ", ",
                                  protocol, ")"));
  return entry.Done(posix::socket(domain, type, protocol));
}

int Calls::pipe(int fds[2]) {
  Entry entry(*this, "pipe()");
  const int result = posix::pipe(fds);
  const int error = errno;
  const std::string extra = absl::StrCat(" [", fds[0], ", ", fds[1], "]");
  errno = error;
  return entry.Done(result, extra);
}

int Calls::close(int fd) {
  Entry entry(*this, absl::StrCat("close(", fd, ")"));
  return entry.Done(posix::close(fd));
}

int Calls::bind(int fd, const sockaddr_in& address) {
  Entry entry(*this,
              absl::StrCat("bind(", fd, ", ", AddressText(Generic(address), sizeof address), ")"));
  return entry.Done(posix::bind(fd, Generic(address), sizeof address));
}

int Calls::bind(int fd, const sockaddr_un& address) {
  const socklen_t length = LengthOf(address);
  Entry entry(*this, absl::StrCat("bind(", fd, ", ", AddressText(Generic(address), length), ")"));
  return entry.Done(posix::bind(fd, Generic(address), length));
}

int Calls::listen(int fd, int backlog) {
  Entry entry(*this, absl::StrCat("listen(", fd, ", ", backlog, ")"));
  return entry.Done(posix::listen(fd, backlog));
}

int Calls::accept(int fd) {
  Entry entry(*this, absl::StrCat("accept(", fd, ")"));
  return entry.Done(posix::accept(fd, nullptr, nullptr));
}

int Calls::connect(int fd, const sockaddr* address, socklen_t length) {
  Entry entry(*this,
              absl::StrCat("connect(", fd, ", ", AddressText(address, length), ", ", length, ")"));
  return entry.Done(posix::connect(fd, address, length));
}

int Calls::connect(int fd, const sockaddr_in& address) {
  Entry entry(*this, absl::StrCat("connect(", fd, ", ",
                                  AddressText(Generic(address), sizeof address), ")"));
  return entry.Done(posix::connect(fd, Generic(address), sizeof address));
}

int Calls::connect(int fd, const sockaddr_in6& address) {
  Entry entry(*this, absl::StrCat("connect(", fd, ", ",
                                  AddressText(Generic(address), sizeof address), ")"));
  return entry.Done(posix::connect(fd, Generic(address), sizeof address));
}

int Calls::connect(int fd, const sockaddr_un& address) {
  const socklen_t length = LengthOf(address);
  Entry entry(*this,
              absl::StrCat("connect(", fd, ", ", AddressText(Generic(address), length), ")"));
  return entry.Done(posix::connect(fd, Generic(address), length));
}

int Calls::mkdir(const char* path, unsigned mode) {
  Entry entry(*this, absl::StrCat("mkdir(", Quoted(path), ", 0", Octal(mode), ")"));
  return entry.Done(posix::mkdir(path, mode));
}

int Calls::chmod(const char* path, unsigned mode) {
  Entry entry(*this, absl::StrCat("chmod(", Quoted(path), ", 0", Octal(mode), ")"));
  return entry.Done(posix::chmod(path, mode));
}

int Calls::creat(const char* path, unsigned mode) {
  Entry entry(*this, absl::StrCat("creat(", Quoted(path), ", 0", Octal(mode), ")"));
  const int fd = posix::creat(path, mode);
  if (fd >= 0) posix::close(fd);
  return entry.Done(fd);
}

int Calls::symlink(const std::string& target, const char* path) {
  // Some are a thousand bytes long.
  const std::string shown =
      target.size() <= 40 ? Quoted(target)
                          : absl::StrCat(Quoted(target.substr(0, 20)), "... (", target.size(), ")");
  Entry entry(*this, absl::StrCat("symlink(", shown, ", ", Quoted(path), ")"));
  return entry.Done(posix::symlink(target.c_str(), path));
}

int Calls::seteuid(unsigned uid) {
  Entry entry(*this, absl::StrCat("seteuid(", uid, ")"));
  return entry.Done(posix::seteuid(uid));
}

int Calls::shutdown(int fd, int how) {
  Entry entry(*this, absl::StrCat("shutdown(", fd, ", ", Lookup(kHows, how), ")"));
  return entry.Done(posix::shutdown(fd, how));
}

int Calls::getsockname(int fd, sockaddr_in* address) {
  Entry entry(*this, absl::StrCat("getsockname(", fd, ")"));
  socklen_t length = sizeof *address;
  const int result = posix::getsockname(fd, reinterpret_cast<sockaddr*>(address), &length);
  const int error = errno;
  const std::string extra = absl::StrCat(" ", AddressText(Generic(*address), sizeof *address));
  errno = error;
  return entry.Done(result, extra);
}

int Calls::getpeername(int fd, sockaddr_in* address) {
  Entry entry(*this, absl::StrCat("getpeername(", fd, ")"));
  socklen_t length = sizeof *address;
  const int result = posix::getpeername(fd, reinterpret_cast<sockaddr*>(address), &length);
  const int error = errno;
  const std::string extra = absl::StrCat(" ", AddressText(Generic(*address), sizeof *address));
  errno = error;
  return entry.Done(result, extra);
}

ssize_t Calls::send(int fd, absl::string_view text, int flags) {
  Entry entry(
      *this, absl::StrCat("send(", fd, ", ", Quoted(text), ", ", Flags(kMessageFlags, flags), ")"));
  return entry.Done(posix::send(fd, text.data(), text.size(), flags));
}

ssize_t Calls::sendto(int fd, absl::string_view text, const sockaddr_in& destination) {
  Entry entry(*this, absl::StrCat("sendto(", fd, ", ", Quoted(text), ", ",
                                  AddressText(Generic(destination), sizeof destination), ")"));
  return entry.Done(
      posix::sendto(fd, text.data(), text.size(), 0, Generic(destination), sizeof destination));
}

ssize_t Calls::recv(int fd, std::string* text, int flags) {
  Entry entry(*this, absl::StrCat("recv(", fd, ", ", Flags(kMessageFlags, flags), ")"));
  char buffer[64];
  const ssize_t result = posix::recv(fd, buffer, sizeof buffer, flags);
  const int error = errno;
  text->assign(buffer, result > 0 ? static_cast<size_t>(result) : 0);
  const std::string extra = text->empty() ? "" : absl::StrCat(" ", Quoted(*text));
  errno = error;
  return entry.Done(result, extra);
}

int Calls::setsockopt(int fd, int level, int name, int value) {
  Entry entry(*this, absl::StrCat("setsockopt(", fd, ", ", Lookup(kLevels, level), ", ",
                                  OptionName(level, name), ", ", value, ")"));
  return entry.Done(posix::setsockopt(fd, level, name, &value, sizeof value));
}

int Calls::set_linger(int fd, int on, int seconds) {
  Entry entry(*this, absl::StrCat("setsockopt(", fd, ", SOL_SOCKET, SO_LINGER, {", on, ", ",
                                  seconds, "})"));
  const linger value = {.l_onoff = on, .l_linger = seconds};
  return entry.Done(posix::setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value));
}

int Calls::so_error(int fd) {
  Entry entry(*this, absl::StrCat("getsockopt(", fd, ", SOL_SOCKET, SO_ERROR)"));
  int error = 0;
  socklen_t length = sizeof error;
  const int result = posix::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  const int number = errno;
  const std::string extra = absl::StrCat(" [", AtlasErrnoName(error), "]");
  errno = number;
  return entry.Done(result, extra) == 0 ? error : -1;
}

int Calls::poll(int fd, short events, int timeout_ms) {
  Entry entry(
      *this, absl::StrCat("poll({", fd, ", ", Flags(kPollBits, events), "}, 1, ", timeout_ms, ")"));
  pollfd one = {.fd = fd, .events = events, .revents = 0};
  const int result = posix::poll(&one, 1, timeout_ms);
  const int error = errno;
  const std::string extra =
      result > 0 ? absl::StrCat(" [", Flags(kPollBits, one.revents), "]") : "";
  errno = error;
  const int done = entry.Done(result, extra);
  return done > 0 ? one.revents : done;
}

int Calls::select_for_writing(int fd) {
  Entry entry(*this, absl::StrCat("select(", fd + 1, ", NULL, {", fd, "}, NULL, NULL)"));
  fd_set writable;
  FD_ZERO(&writable);
  FD_SET(fd, &writable);
  const int result = posix::select(fd + 1, nullptr, &writable, nullptr, nullptr);
  return entry.Done(result);
}

int Calls::usleep(unsigned microseconds) {
  Entry entry(*this, absl::StrCat("usleep(", microseconds, ")"));
  return entry.Done(posix::usleep(microseconds));
}

int Calls::catch_alarm(int sa_flags) {
  Entry entry(*this, absl::StrCat("sigaction(SIGALRM, handler, ",
                                  sa_flags == SA_RESTART ? "SA_RESTART" : "0", ")"));
  struct sigaction action = {};
  action.sa_handler = OnAlarm;
  action.sa_flags = sa_flags;
  return entry.Done(posix::sigaction(SIGALRM, &action, nullptr));
}

int Calls::start_alarm(int milliseconds) {
  Entry entry(*this, absl::StrCat("setitimer(ITIMER_REAL, ", milliseconds, " ms)"));
  itimerval timer = {};
  timer.it_value.tv_sec = milliseconds / 1000;
  timer.it_value.tv_usec = milliseconds % 1000 * 1000;
  return entry.Done(posix::setitimer(ITIMER_REAL, &timer, nullptr));
}

void Calls::Observe(int result) { ObserveError(result == -1 ? errno : 0); }

void Calls::ObserveError(int error) { Observe(AtlasErrnoName(error)); }

void Calls::Observe(const std::string& text) {
  const int error = errno;
  Observation& observation = log_->observation;
  absl::StrAppend(&observation.text, observation.any ? ", " : "", text);
  observation.when = log_->Now();
  observation.any = true;
  errno = error;
}

}  // namespace drywire
