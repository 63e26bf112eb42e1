// Which blocking calls a signal interrupts and which are restarted, on Linux (signal(7)). Recorded
// on Linux 6.18.
#include "tests/conformance/linux_script.h"

namespace drywire {
namespace {

int g_fd = -1;  // what a handler acts on

// A full send buffer: nothing more can be sent.
void Fill(int fd) {
  static char block[65536];
  for (int i = 0; i < 1000; ++i) {
    const ssize_t size = os::send(fd, block, sizeof block, MSG_DONTWAIT);
    if (size < 0) Settle();
    if (size < 0 && os::send(fd, block, 1, MSG_DONTWAIT) < 0) break;
  }
}

// Each call blocks; the handler runs after 100 ms and, with `restart`, something that lets the call
// end happens at the second signal.
LINUX_SCRIPT(LinuxSignals, Interrupted, R"(
recv with a timeout: recv=EINTR after=0.2s
accept with a timeout: accept=EINTR after=0.2s
connect with a timeout: connect=EINTR after=0.2s again=EALREADY after=0.5s
poll: poll=EINTR after=0.2s
ppoll: ppoll=EINTR after=0.2s
select: select=EINTR after=0.2s left=3
pselect: pselect=EINTR after=0.2s
epoll_wait: wait=EINTR after=0.2s
nanosleep: sleep=EINTR after=0.2s left=3
usleep: usleep=EINTR after=0.2s
recv with a timeout SA_RESTART: recv=EINTR after=0.2s
accept with a timeout SA_RESTART: accept=EINTR after=0.2s
connect with a timeout SA_RESTART: connect=EINTR after=0.2s again=EALREADY after=0.5s
poll SA_RESTART: poll=EINTR after=0.2s
ppoll SA_RESTART: ppoll=EINTR after=0.2s
select SA_RESTART: select=EINTR after=0.2s left=3
pselect SA_RESTART: pselect=EINTR after=0.2s
epoll_wait SA_RESTART: wait=EINTR after=0.2s
nanosleep SA_RESTART: sleep=EINTR after=0.2s left=3
usleep SA_RESTART: usleep=EINTR after=0.2s
)") {
  s.Firewall("input tcp dport 81 drop");
  const TcpPair pair = Connected(80);
  os::fcntl(pair.client, F_SETFL, 0);
  const int listener = Listen(82);
  os::fcntl(listener, F_SETFL, 0);
  const int udp = Udp(0);
  Bind(udp, "127.0.0.1", 7000);
  char buffer[64];
  for (const int flags : {0, static_cast<int>(SA_RESTART)}) {
    const auto row = [&](const char* name) {
      s.Row(std::string(name) + (flags ? " SA_RESTART" : ""));
      AlarmAfter(200, DoNothing, flags);
    };
    timespec time = {0, 500'000'000};
    const timeval timeout = {0, 500'000};
    const timeval forever = {0, 0};
    os::setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    row("recv with a timeout");
    s("recv", os::recv(pair.client, buffer, 1, 0)).Elapsed();
    os::setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof forever);
    os::setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    row("accept with a timeout");
    s("accept", os::accept(listener, nullptr, nullptr)).Elapsed();
    row("connect with a timeout");
    int fd = Tcp(0);
    os::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    s("connect", Connect(fd, "127.0.0.1", 81)).Elapsed();
    s("again", Connect(fd, "127.0.0.1", 81)).Elapsed();
    os::close(fd);
    row("poll");
    pollfd one = {pair.client, POLLIN, 0};
    s("poll", os::poll(&one, 1, 500)).Elapsed();
    row("ppoll");
    s("ppoll", os::ppoll(&one, 1, &time, nullptr)).Elapsed();
    row("select");
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pair.client, &set);
    timeval left = timeout;
    s("select", os::select(pair.client + 1, &set, nullptr, nullptr, &left)).Elapsed();
    s("left", (left.tv_usec + 30'000) / 100'000);
    row("pselect");
    FD_SET(pair.client, &set);
    s("pselect", os::pselect(pair.client + 1, &set, nullptr, nullptr, &time, nullptr)).Elapsed();
    row("epoll_wait");
    const int epoll = os::epoll_create1(0);
    epoll_event event = {};
    s("wait", os::epoll_wait(epoll, &event, 1, 500)).Elapsed();
    row("nanosleep");
    timespec rest = {};
    s("sleep", os::nanosleep(&time, &rest))
        .Elapsed()("left", (rest.tv_nsec + 30'000'000) / 100'000'000);
    row("usleep");
    s("usleep", os::usleep(500'000)).Elapsed();
  }
}

LINUX_SCRIPT(LinuxSignals, WithoutATimeout, R"(
recv: recv=EINTR after=0.2s then=2
recv restarted: recv=2 after=0.2s
read restarted: read=2 after=0.2s
waitall: recv=3 after=0.2s
accept: accept=EINTR after=0.2s
accept restarted: accept=ok after=0.2s
connect: connect=EINTR after=0.2s poll=- again=EALREADY
connect restarted: connect=ETIMEDOUT after=3.0s
send: send=EINTR after=0.2s
udp: recv=EINTR after=0.2s
udp restarted: recv=2 after=0.2s
poll: poll=EINTR after=0.2s poll=IN|OUT
)") {
  s.Firewall("input tcp dport 81 drop");
  char buffer[64];
  const auto row = [&](const char* name, void (*handler)(int), int flags) {
    s.Row(name);
    AlarmAfter(200, handler, flags);
  };
  const TcpPair pair = Connected(80);
  g_fd = pair.server;
  os::fcntl(pair.client, F_SETFL, 0);
  const auto send = +[](int) { os::send(g_fd, "ab", 2, 0); };
  row("recv", send, 0);
  s("recv", os::recv(pair.client, buffer, 8, 0))
      .Elapsed()("then", os::recv(pair.client, buffer, 8, 0));
  row("recv restarted", send, SA_RESTART);
  s("recv", os::recv(pair.client, buffer, 8, 0)).Elapsed();
  row("read restarted", send, SA_RESTART);
  s("read", os::read(pair.client, buffer, 8)).Elapsed();
  os::send(pair.server, "abc", 3, 0);
  Settle();
  row("waitall", DoNothing, SA_RESTART);
  s("recv", os::recv(pair.client, buffer, 8, MSG_WAITALL)).Elapsed();
  const int listener = Listen(82);
  os::fcntl(listener, F_SETFL, 0);
  const auto dial = +[](int) { Connect(Tcp(), "127.0.0.1", 82); };
  row("accept", DoNothing, 0);
  s("accept", os::accept(listener, nullptr, nullptr)).Elapsed();
  row("accept restarted", dial, SA_RESTART);
  s.Ok("accept", os::accept(listener, nullptr, nullptr)).Elapsed();
  int fd = Tcp(0);
  row("connect", DoNothing, 0);
  s("connect", Connect(fd, "127.0.0.1", 81)).Elapsed().Poll(fd);
  os::fcntl(fd, F_SETFL, O_NONBLOCK);
  s("again", Connect(fd, "127.0.0.1", 81));
  fd = Tcp(0);
  SetInt(fd, IPPROTO_TCP, TCP_SYNCNT, 1);
  row("connect restarted", DoNothing, SA_RESTART);
  s("connect", Connect(fd, "127.0.0.1", 81)).Elapsed();
  const TcpPair full = Connected(83);
  Fill(full.client);
  os::fcntl(full.client, F_SETFL, 0);
  row("send", DoNothing, 0);
  s("send", os::send(full.client, buffer, 8, 0)).Elapsed();
  const int udp = Udp(0);
  Bind(udp, "127.0.0.1", 7000);
  g_fd = Udp(0);
  Connect(g_fd, "127.0.0.1", 7000);
  row("udp", DoNothing, 0);
  s("recv", os::recv(udp, buffer, 8, 0)).Elapsed();
  row("udp restarted", send, SA_RESTART);
  s("recv", os::recv(udp, buffer, 8, 0)).Elapsed();
  row("poll", send, SA_RESTART);
  pollfd one = {udp, POLLIN, 0};
  s("poll", os::poll(&one, 1, -1)).Elapsed().Poll(udp);
}

LINUX_SCRIPT(LinuxSignals, MasksAndLinger, R"(
blocked: poll=0 after=0.3s ppoll=EINTR after=0.0s pselect=EINTR after=0.1s epoll_pwait=EINTR after=0.1s ready and pending=1
linger: close=0 after=0.2s
)") {
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigset_t none;
  sigemptyset(&none);
  os::sigprocmask(SIG_BLOCK, &alarm, nullptr);
  s.Row("blocked");
  AlarmAfter(100, DoNothing);
  s("poll", os::poll(nullptr, 0, 300)).Elapsed();
  const timespec time = {1, 0};
  s("ppoll", os::ppoll(nullptr, 0, &time, &none)).Elapsed();
  AlarmAfter(100, DoNothing);
  s("pselect", os::pselect(0, nullptr, nullptr, nullptr, &time, &none)).Elapsed();
  AlarmAfter(100, DoNothing);
  const int epoll = os::epoll_create1(0);
  epoll_event event;
  s("epoll_pwait", os::epoll_pwait(epoll, &event, 1, 1000, &none)).Elapsed();
  const TcpPair pair = Connected(80);
  AlarmAfter(1, DoNothing);
  os::usleep(50'000);
  pollfd one = {pair.client, POLLOUT, 0};
  s("ready and pending", os::ppoll(&one, 1, &time, &none));
  os::sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
  Fill(pair.client);
  const linger value = {1, 2};
  os::setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &value, sizeof value);
  s.Row("linger");
  AlarmAfter(200, DoNothing);
  s.StartClock();
  s("close", os::close(pair.client)).Elapsed();
}

}  // namespace
}  // namespace drywire
