// The transcript that a body of a scenario writes, and the vocabulary that bodies are written in.
//
//   s.Row("fresh");
//   const int fd = Tcp();
//   s.Poll(fd)("read", os::read(fd, buffer, 1));     // fresh: poll=OUT|HUP read=ENOTCONN
//
// A transcript holds what is the same on every machine that behaves the same: results, names of
// errors, readiness, addresses, data, and times rounded to tenths of a second.
#ifndef DRYWIRE_TESTS_ORACLE_SCRIPT_H_
#define DRYWIRE_TESTS_ORACLE_SCRIPT_H_

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/harness/sockaddr.h"
#include "tests/oracle/board.h"
#include "tests/oracle/os.h"

namespace drywire {

class Script {
 public:
  // `host` is what Sysctl() and its relatives configure in a simulated world; on the real kernel it
  // is the network namespace of the process. `board` may be null if nobody else is there.
  explicit Script(std::string host, Board* board = nullptr)
      : host_(std::move(host)), board_(board) {}

  // A new line of the transcript.
  Script& Row(const std::string& name);
  // The result of a call: its value, or the name of errno.
  Script& operator()(const std::string& label, int64_t result);
  // "ok" instead of the value.
  Script& Ok(const std::string& label, int64_t result);
  Script& Text(const std::string& label, const std::string& text);
  // What poll() finds at once, and what epoll says of the events.
  Script& Poll(int fd, short events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI);
  static std::string Events(uint32_t events);
  // SO_ERROR by name, "0" for none.
  Script& Error(int fd);
  // "address:port" or "[address]:port" or errno.
  Script& LocalName(int fd);
  Script& PeerName(int fd);
  // The same with the port's number left out when it was given by the system: "10.0.0.1:*".
  Script& LocalAddress(int fd);
  Script& PeerAddress(int fd);
  // Receives up to 64 bytes: the bytes in quotes, or errno.
  Script& Receive(int fd, int flags = MSG_DONTWAIT);
  // The same, with whom they are from. `port` shows its port too.
  Script& ReceiveFrom(int fd, bool port = false, int flags = MSG_DONTWAIT);
  Script& Send(int fd, absl::string_view data, int flags = MSG_DONTWAIT | MSG_NOSIGNAL);
  // The value of an option that is an int.
  Script& Option(const std::string& label, int fd, int level, int name);
  // Time counts from here, too.
  void StartClock();
  // Seconds since the last Row() or Elapsed(), in tenths. Comparisons allow the kernel's timers to
  // be late.
  Script& Elapsed();

  // --- Files.
  // Makes an empty directory, which anybody may write to, and makes it the working directory. On
  // the real kernel it is below /tmp and removed after the run.
  void EnterDirectory();
  // Acts as another user, with that group and no others but `groups`, until it is 0 again.
  void Become(uid_t uid, gid_t gid, std::vector<gid_t> groups = {});
  // Mounts an empty filesystem on a directory of the working directory; makes it read-only.
  void Mount(const std::string& directory);
  void MakeReadOnly(const std::string& directory);
  // Makes a file of the working directory that execve() runs: a program of programs.h.
  void InstallProgram(const std::string& path, const std::string& program, mode_t mode = 0755);
  // What wait() gives: "exit 3", "signal 9", errno; of a pid that is not 0.
  Script& Wait(const std::string& label, pid_t pid, int options = 0);
  static std::string StatusText(int status);
  // Type, mode, owner, group, links and size: "reg,00644,0:0,1,5"; or errno.
  Script& Status(const std::string& label, const char* path);

  // --- The other processes of the scenario. Await() asks every millisecond and gives up, loudly,
  // after 200 s.
  void Announce(absl::string_view name);
  void Await(absl::string_view name);
  bool Announced(absl::string_view name) const { return board_->Has(name); }

  // --- Configuration of the host, effective at once.
  void Sysctl(const std::string& name, const std::string& value);
  // "input tcp dport 81 drop" or a whole statement of nft(8).
  void Firewall(const std::string& rule);
  // "default via 10.0.0.2", "del default".
  void Route(const std::string& route);
  void SetUp(const std::string& interface, bool up);
  // eth0's queue takes nothing.
  void SetQueueFull(bool full);
  // Another address of eth0, "fe80::a1/64".
  void AddAddress(const std::string& prefix);

  const std::string& transcript() const { return transcript_; }
  // Where the transcript is copied to as it grows, so that something is left when the process is
  // killed. `size` bytes, filled up with zeros.
  void MirrorTo(char* text, size_t size) {
    mirror_ = text;
    mirror_size_ = size;
  }

 private:
  void Append(const std::string& text);

  std::string host_;
  Board* board_;
  std::string transcript_;
  bool mounts_are_private_ = false;
  char* mirror_ = nullptr;
  size_t mirror_size_ = 0;
  int64_t started_ms_ = 0;
};

// --- Sockets in one expression.
int Tcp(int flags = SOCK_NONBLOCK, int family = AF_INET);
int Udp(int flags = SOCK_NONBLOCK, int family = AF_INET);
int Bind(int fd, const char* address, uint16_t port);
int Connect(int fd, const char* address, uint16_t port);
int Bind6(int fd, const char* address, uint16_t port, uint32_t scope = 0);
int Connect6(int fd, const char* address, uint16_t port, uint32_t scope = 0);
ssize_t SendTo(int fd, absl::string_view data, const char* address, uint16_t port, int flags = 0);
ssize_t SendTo6(int fd, absl::string_view data, const char* address, uint16_t port, int flags = 0);
int SetInt(int fd, int level, int name, int value);
// The option's value, or -errno.
int GetInt(int fd, int level, int name);
int SetLinger(int fd, int seconds);
int SetTimeout(int fd, int name, int ms);
// A non-blocking listener, on 127.0.0.1 or on what is named.
int Listen(uint16_t port, int backlog = 8);
int ListenOn(const char* address, uint16_t port, int backlog = 8);
int ListenOn6(const char* address, uint16_t port, int backlog = 8);
// Waits for a connection, at most 5 s; the new descriptor is non-blocking.
int Accept(int listener);
// Waits until `events` are there, at most `ms`; returns what poll does.
int WaitFor(int fd, short events, int ms = 5000);
// Lets what is under way on the network happen (30 ms).
void Settle();
void SleepMs(int ms);
// Two ends of an established connection over 127.0.0.1, non-blocking.
struct TcpPair {
  int client;
  int server;
};
TcpPair Connected(uint16_t port);
// Calls `handler` for SIGALRM, once after `ms`. `flags` are sigaction's.
void AlarmAfter(int ms, void (*handler)(int), int flags = 0);
inline void DoNothing(int) {}

// Where EnterDirectory() of the process `pid` is on the real kernel.
std::string OracleDirectory(int64_t pid);

// --- Files in one expression; 0, or -1 with errno. The file is closed again.
int Open(const char* path, int flags, mode_t mode = 0666);
// Makes a file with these contents.
int WriteFile(const char* path, absl::string_view contents, mode_t mode = 0666);

std::string ErrorName(int error);

}  // namespace drywire

#endif  // DRYWIRE_TESTS_ORACLE_SCRIPT_H_
