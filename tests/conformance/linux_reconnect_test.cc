// Attempts that meet what an earlier one left behind, and ICMP errors that arrive inside connect(),
// on Linux. Recorded on Linux 6.18.
#include <string>

#include "tests/conformance/linux_script.h"

namespace drywire {
namespace {

// Loopback answers before connect() has let go of the socket: the error is noted only, SO_ERROR
// tells it, poll() shows ERR, and the answer to the second SYN, a second later, ends the attempt
// (tcp_v4_err, sock_owned_by_user).
LINUX_SCRIPT(LinuxReconnect, IcmpInsideConnect, R"(
blocking: connect=EHOSTUNREACH after=1.0s poll=OUT|ERR|HUP error=EHOSTUNREACH error=0
non-blocking: connect=EINPROGRESS poll=ERR error=EHOSTUNREACH error=0 poll=ERR again=EALREADY poll=IN|OUT|ERR|HUP|RDHUP error=EHOSTUNREACH error=0 poll=IN|OUT|ERR|HUP|RDHUP again=ECONNABORTED
untold: connect=EINPROGRESS connect=EHOSTUNREACH poll=OUT|ERR|HUP error=EHOSTUNREACH error=0
on the way out: connect=EHOSTUNREACH after=1.0s error=EHOSTUNREACH
waiting: connect=EINPROGRESS poll=1 events=ERR after=0.0s
)") {
  s.Firewall("input tcp dport 81 reject with icmp type host-unreachable");
  s.Firewall("output tcp dport 82 reject with icmp type admin-prohibited");
  const int blocking = Tcp(0);
  s.Row("blocking")("connect", Connect(blocking, "127.0.0.1", 81)).Elapsed();
  s.Poll(blocking).Error(blocking).Error(blocking);
  const int fd = Tcp();
  s.Row("non-blocking")("connect", Connect(fd, "127.0.0.1", 81)).Poll(fd);
  s.Error(fd).Error(fd).Poll(fd)("again", Connect(fd, "127.0.0.1", 81));
  os::usleep(1'200'000);
  s.Poll(fd).Error(fd).Error(fd).Poll(fd)("again", Connect(fd, "127.0.0.1", 81));
  const int untold = Tcp();
  s.Row("untold")("connect", Connect(untold, "127.0.0.1", 81));
  os::usleep(1'200'000);
  s("connect", Connect(untold, "127.0.0.1", 81)).Poll(untold).Error(untold).Error(untold);
  const int outwards = Tcp(0);
  s.Row("on the way out")("connect", Connect(outwards, "10.0.0.2", 82)).Elapsed();
  s.Error(outwards);
  const int waiting = Tcp();
  s.Row("waiting")("connect", Connect(waiting, "127.0.0.1", 81));
  pollfd one = {waiting, POLLIN | POLLOUT, 0};
  s("poll", os::poll(&one, 1, 5000)).Text("events", LinuxScript::Events(one.revents)).Elapsed();
}

// With a port that connect() looks for, TIME-WAIT must be a second old and the connection on
// loopback (tcp_tw_reuse=2); with one the program named, timestamps are enough (tcp_twsk_unique).
LINUX_SCRIPT(LinuxReconnect, OverTimeWait, R"(
loopback, no reuse: bind=EADDRINUSE connect=EINPROGRESS connect=0 poll=OUT
loopback: bind=0 connect=EINPROGRESS connect=0 poll=OUT
own address: bind=0 connect=EINPROGRESS connect=0 poll=OUT
without timestamps: bind=0 connect=EADDRNOTAVAIL connect=EADDRNOTAVAIL poll=OUT|HUP
tcp_tw_reuse=0: bind=0 connect=EINPROGRESS connect=0 poll=OUT
)") {
  const auto end_in_time_wait = [&](const char* from, const char* to) {
    const int listener = Tcp();
    SetInt(listener, SOL_SOCKET, SO_REUSEADDR, 1);
    Bind(listener, to, 80);
    os::listen(listener, 8);
    const int client = Tcp();
    SetInt(client, SOL_SOCKET, SO_REUSEADDR, 1);
    Bind(client, from, 5000);
    Connect(client, to, 80);
    Settle();
    const int server = os::accept(listener, nullptr, nullptr);
    os::close(client);
    Settle();
    os::close(server);
    Settle();
    return listener;
  };
  const auto again = [&](const char* label, const char* from, const char* to, bool reuse) {
    const int fd = Tcp();
    if (reuse) SetInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    s.Row(label)("bind", Bind(fd, from, 5000))("connect", Connect(fd, to, 80));
    Settle();
    s("connect", Connect(fd, to, 80)).Poll(fd);
    os::close(fd);
  };
  os::close(end_in_time_wait("127.0.0.1", "127.0.0.1"));
  int listener = Listen(80);
  again("loopback, no reuse", "127.0.0.1", "127.0.0.1", false);
  again("loopback", "127.0.0.1", "127.0.0.1", true);
  os::close(listener);
  listener = end_in_time_wait("10.0.0.1", "10.0.0.1");
  again("own address", "10.0.0.1", "10.0.0.1", true);
  os::close(listener);
  s.Sysctl("net.ipv4.tcp_timestamps", "0");
  listener = end_in_time_wait("127.0.0.1", "127.0.0.1");
  again("without timestamps", "127.0.0.1", "127.0.0.1", true);
  s.Sysctl("net.ipv4.tcp_timestamps", "1");
  os::close(listener);
  s.Sysctl("net.ipv4.tcp_tw_reuse", "0");
  listener = end_in_time_wait("127.0.0.2", "127.0.0.1");
  again("tcp_tw_reuse=0", "127.0.0.2", "127.0.0.1", true);
}

}  // namespace
}  // namespace drywire
