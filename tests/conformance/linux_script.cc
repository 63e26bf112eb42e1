#include "tests/conformance/linux_script.h"

#include <arpa/inet.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

#ifdef DRYWIRE_ON_KERNEL
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#else
#include "sim/testing/drywire_test.h"
#endif

namespace drywire {
namespace {

std::string NameOf(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : absl::StrCat("errno", error);
}

std::string Print(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return absl::StrCat(text, ":", ntohs(in.sin_port));
  }
  const auto& in6 = reinterpret_cast<const sockaddr_in6&>(address);
  inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
  return absl::StrCat("[", text, "]:", ntohs(in6.sin6_port));
}

void ExpectTranscript(const std::string& got, absl::string_view expected) {
  expected = absl::StripSuffix(absl::StripPrefix(expected, "\n"), "\n");
  const std::vector<std::string> got_rows = absl::StrSplit(got, '\n');
  const std::vector<std::string> rows = absl::StrSplit(expected, '\n');
  for (size_t i = 0; i < got_rows.size() && i < rows.size(); ++i) EXPECT_EQ(got_rows[i], rows[i]);
  EXPECT_EQ(got_rows.size(), rows.size());
}

}  // namespace

LinuxScript& LinuxScript::Row(const std::string& name) {
  absl::StrAppend(&transcript_, transcript_.empty() ? "" : "\n", name, ":");
  StartClock();
  return *this;
}

LinuxScript& LinuxScript::operator()(const std::string& label, int64_t result) {
  return Text(label, result < 0 ? NameOf(errno) : absl::StrCat(result));
}

LinuxScript& LinuxScript::Ok(const std::string& label, int64_t result) {
  return Text(label, result < 0 ? NameOf(errno) : "ok");
}

LinuxScript& LinuxScript::Text(const std::string& label, const std::string& text) {
  absl::StrAppend(&transcript_, " ", label, "=", text);
  return *this;
}

LinuxScript& LinuxScript::Poll(int fd, short events) {
  pollfd one = {fd, events, 0};
  const int result = os::poll(&one, 1, 0);
  if (result < 0) return Text("poll", NameOf(errno));
  return Text("poll", Events(static_cast<uint16_t>(one.revents)));
}

std::string LinuxScript::Events(uint32_t events) {
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

LinuxScript& LinuxScript::Error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (os::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) error = errno;
  return Text("error", error == 0 ? "0" : NameOf(error));
}

LinuxScript& LinuxScript::LocalName(int fd) {
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  const int result = os::getsockname(fd, AsSockaddr(address), &length);
  return Text("local", result < 0 ? NameOf(errno) : Print(address));
}

LinuxScript& LinuxScript::PeerName(int fd) {
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  const int result = os::getpeername(fd, AsSockaddr(address), &length);
  return Text("peer", result < 0 ? NameOf(errno) : Print(address));
}

void LinuxScript::StartClock() {
  timespec time = {};
  os::clock_gettime(CLOCK_MONOTONIC, &time);
  started_ms_ = time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

LinuxScript& LinuxScript::Elapsed() {
  const int64_t before = started_ms_;
  StartClock();
  int64_t tenths = (started_ms_ - before + 20) / 100;
  if (tenths > 20) tenths -= tenths % 5;  // the kernel's timers are up to 6 % late
  return Text("after", absl::StrCat(tenths / 10, ".", tenths % 10, "s"));
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

int SetInt(int fd, int level, int name, int value) {
  return os::setsockopt(fd, level, name, &value, sizeof value);
}

int Listen(uint16_t port, int backlog) {
  const int fd = Tcp();
  SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  EXPECT_EQ(Bind(fd, "127.0.0.1", port), 0);
  EXPECT_EQ(os::listen(fd, backlog), 0);
  return fd;
}

void Settle() { os::usleep(30'000); }

TcpPair Connected(uint16_t port) {
  const int listener = Listen(port);
  TcpPair pair = {Tcp(), -1};
  Connect(pair.client, "127.0.0.1", port);
  Settle();
  EXPECT_EQ(Connect(pair.client, "127.0.0.1", port), 0);
  pair.server = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  EXPECT_GE(pair.server, 0);
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

#ifdef DRYWIRE_ON_KERNEL

namespace {

void Shell(const std::string& command) {
  if (std::system(command.c_str()) != 0) {
    std::fprintf(stderr, "failed: %s\n", command.c_str());
    std::exit(9);
  }
}

// Runs in a child: a namespace with a neighbour, the body, the transcript to `out`.
void RunInNamespace(void (*body)(LinuxScript&), int out) {
  int ready[2];
  if (::pipe(ready) != 0) std::exit(9);
  const pid_t peer = fork();
  if (peer == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(out);
    if (unshare(CLONE_NEWNET) != 0) std::exit(9);
    (void)!::write(ready[1], "x", 1);
    ::sleep(600);
    std::exit(0);
  }
  char byte;
  (void)!::read(ready[0], &byte, 1);
  ::close(ready[0]);
  ::close(ready[1]);
  if (unshare(CLONE_NEWNET) != 0) std::exit(9);
  const std::string enter = absl::StrCat("nsenter -t ", peer, " -n ");
  Shell(absl::StrCat("ip link set lo up; ip link add eth0 type veth peer name eth0 netns ", peer,
                     " && ip link set eth0 up && ip addr add 10.0.0.1/24 brd + dev eth0 && "
                     "ip addr add fd00::1/64 dev eth0 nodad && ",
                     enter, "ip link set lo up && ", enter, "ip link set eth0 up && ", enter,
                     "ip addr add 10.0.0.2/24 dev eth0 && ", enter,
                     "ip addr add fd00::2/64 dev eth0 nodad; nft add table ip t; nft add chain ip "
                     "t input '{ type filter hook input priority 0; }'; nft add chain ip t output "
                     "'{ type filter hook output priority 0; }'"));
  LinuxScript script;
  body(script);
  (void)!::write(out, script.transcript().data(), script.transcript().size());
  ::kill(peer, SIGKILL);
  ::_exit(0);
}

}  // namespace

void LinuxScript::Sysctl(const std::string& name, const std::string& value) {
  Shell(absl::StrCat("sysctl -qw ", name, "='", value, "'"));
}
void LinuxScript::Firewall(const std::string& rule) {
  Shell(absl::StrCat("nft add rule ip t ", rule));
}
void LinuxScript::Route(const std::string& route) { Shell(absl::StrCat("ip route add ", route)); }

void RunLinuxScript(const char* expected, void (*body)(LinuxScript&)) {
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  const pid_t child = fork();
  if (child == 0) {
    ::close(out[0]);
    RunInNamespace(body, out[1]);
  }
  ::close(out[1]);
  std::string got;
  char buffer[4096];
  ssize_t size;
  while ((size = ::read(out[0], buffer, sizeof buffer)) > 0) got.append(buffer, size);
  ::close(out[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  // For recording: the transcript as it is.
  if (const char* path = std::getenv("DRYWIRE_RECORD")) std::ofstream(path) << got;
  ExpectTranscript(got, expected);
}

#else

namespace {

Host& TheHost() { return *World::Running()->FindHost("host"); }

}  // namespace

void LinuxScript::Sysctl(const std::string& name, const std::string& value) {
  World::Running()->SetSysctl(TheHost(), name, value);
}
void LinuxScript::Firewall(const std::string& rule) {
  World::Running()->AddFirewallRule(TheHost(), rule);
}
void LinuxScript::Route(const std::string& route) { World::Running()->AddRoute(TheHost(), route); }

void RunLinuxScript(const char* expected, void (*body)(LinuxScript&)) {
  RunScenario([&](World& world) {
    Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
    Host& peer = world.AddHost("peer", "linux", "10.0.0.2/24");
    world.AddAddress(host, "fd00::1/64");
    world.AddAddress(peer, "fd00::2/64");
    std::string got = "(did not finish)";
    world.Spawn(host, "script", [&] {
      LinuxScript script;
      body(script);
      got = script.transcript();
    });
    world.Run();
    ExpectTranscript(got, expected);
  });
}

#endif

}  // namespace drywire
