// Bodies of plain POSIX code that run on a simulated Linux host and on the real kernel alike.
//
//   LINUX_SCRIPT(LinuxTcp, Fact12_FreshSocket, R"(
//   fresh: poll=OUT|HUP read=ENOTCONN
//   )") {
//     s.Row("fresh");
//     const int fd = os::socket(AF_INET, SOCK_STREAM, 0);
//     s.Poll(fd);
//     s("read", os::read(fd, buffer, 1));
//   }
//
// A body writes down what its calls return; the test compares that with the transcript in its
// header, which was recorded on Linux 6.18. Each test file is two targets: the test proper, and
// `<name>_on_kernel` (manual, needs root, ip and nft), which runs the same bodies in network
// namespaces of their own and so shows that the transcripts are true.
//
// Each body starts on a host 10.0.0.1/24, fd00::1/64 with a silent neighbourhood but for
// 10.0.0.2 and fd00::2, which has no listener. The bodies have one task: what must happen during a
// blocking call is done by a handler of SIGALRM.
#ifndef DRYWIRE_TESTS_CONFORMANCE_LINUX_SCRIPT_H_
#define DRYWIRE_TESTS_CONFORMANCE_LINUX_SCRIPT_H_

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "tests/harness/sockaddr.h"

#ifdef DRYWIRE_ON_KERNEL
namespace drywire::os {
using ::accept, ::accept4, ::bind, ::close, ::connect, ::dup, ::dup2, ::fcntl, ::getpeername,
    ::getrlimit, ::getsockname, ::getsockopt, ::ioctl, ::listen, ::poll, ::ppoll, ::pselect, ::read,
    ::recv, ::recvfrom, ::recvmsg, ::select, ::send, ::sendmsg, ::sendto, ::setitimer, ::setrlimit,
    ::setsockopt, ::shutdown, ::sigaction, ::sigprocmask, ::socket, ::usleep, ::write,
    ::clock_gettime, ::epoll_create1, ::epoll_ctl, ::epoll_wait, ::epoll_pwait, ::pipe, ::nanosleep,
    ::kill, ::signal, ::getpid, ::readv, ::writev, ::raise;
}  // namespace drywire::os
#else
#include "tools/posix/posix.h"
namespace drywire {
namespace os = posix;
}  // namespace drywire
#endif

namespace drywire {

// What a body does besides system calls, and its transcript.
class LinuxScript {
 public:
  // A new line of the transcript.
  LinuxScript& Row(const std::string& name);
  // The result of a call: its value, or the name of errno.
  LinuxScript& operator()(const std::string& label, int64_t result);
  // "ok" instead of the value.
  LinuxScript& Ok(const std::string& label, int64_t result);
  LinuxScript& Text(const std::string& label, const std::string& text);
  // What poll() finds at once, and what epoll says of the events.
  LinuxScript& Poll(int fd, short events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI);
  static std::string Events(uint32_t events);
  // SO_ERROR by name, "0" for none.
  LinuxScript& Error(int fd);
  // "address:port" or "[address]:port" or errno.
  LinuxScript& LocalName(int fd);
  LinuxScript& PeerName(int fd);
  // Time counts from here, too.
  void StartClock();
  // Seconds since the last Row() or Elapsed(), in tenths; from 2 s on in halves.
  LinuxScript& Elapsed();

  // Machine configuration, effective at once.
  void Sysctl(const std::string& name, const std::string& value);
  void Firewall(const std::string& rule);  // "input tcp dport 81 drop"
  void Route(const std::string& route);    // "default via 10.0.0.2"

  const std::string& transcript() const { return transcript_; }

 private:
  std::string transcript_;
  int64_t started_ms_ = 0;
};

// --- Sockets in one expression.
int Tcp(int flags = SOCK_NONBLOCK, int family = AF_INET);
int Udp(int flags = SOCK_NONBLOCK, int family = AF_INET);
int Bind(int fd, const char* address, uint16_t port);
int Connect(int fd, const char* address, uint16_t port);
int Bind6(int fd, const char* address, uint16_t port, uint32_t scope = 0);
int Connect6(int fd, const char* address, uint16_t port, uint32_t scope = 0);
int SetInt(int fd, int level, int name, int value);
// A non-blocking listener on 127.0.0.1.
int Listen(uint16_t port, int backlog = 8);
// Lets what is under way on the network happen (30 ms).
void Settle();
// Two ends of an established connection over 127.0.0.1, non-blocking.
struct TcpPair {
  int client;
  int server;
};
TcpPair Connected(uint16_t port);
// Calls `handler` for SIGALRM, once after `ms`. `flags` are sigaction's.
void AlarmAfter(int ms, void (*handler)(int), int flags = 0);
inline void DoNothing(int) {}

void RunLinuxScript(const char* expected, void (*body)(LinuxScript&));

}  // namespace drywire

#define LINUX_SCRIPT(suite, name, expected)                                         \
  static void suite##_##name##_Body(::drywire::LinuxScript& s);                     \
  TEST(suite, name) { ::drywire::RunLinuxScript(expected, suite##_##name##_Body); } \
  static void suite##_##name##_Body([[maybe_unused]] ::drywire::LinuxScript& s)

#endif  // DRYWIRE_TESTS_CONFORMANCE_LINUX_SCRIPT_H_
