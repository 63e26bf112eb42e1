// poll, select and epoll on Linux. Recorded on Linux 6.18.
#include "tests/conformance/linux_script.h"

namespace drywire {
namespace {

// What epoll reports at once, as "events" or "-".
void Wait(LinuxScript& s, int epoll) {
  epoll_event events[4];
  const int count = os::epoll_wait(epoll, events, 4, 0);
  if (count < 0) {
    s("wait", count);
    return;
  }
  std::string text;
  for (int i = 0; i < count; ++i) text += (i ? "," : "") + LinuxScript::Events(events[i].events);
  s.Text("wait", count == 0 ? "none" : text);
}

int Control(int epoll, int operation, int fd, uint32_t events) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  return os::epoll_ctl(epoll, operation, fd, &event);
}

constexpr uint32_t kAll = EPOLLIN | EPOLLOUT | EPOLLRDHUP;

LINUX_SCRIPT(LinuxReadiness, LevelEdgeAndOneShot, R"(
level: add=0 wait=OUT wait=OUT |=data wait=IN|OUT wait=IN|OUT |=more wait=IN|OUT mod=0 wait=IN|OUT wait=IN|OUT |=drained wait=OUT |=fin wait=IN|OUT|RDHUP wait=IN|OUT|RDHUP |=both wait=IN|OUT|HUP|RDHUP wait=IN|OUT|HUP|RDHUP mod=0 wait=IN|OUT|HUP|RDHUP
edge: add=0 wait=OUT wait=none |=data wait=IN|OUT wait=none |=more wait=IN|OUT mod=0 wait=IN|OUT wait=none |=drained wait=none |=fin wait=IN|OUT|RDHUP wait=none |=both wait=IN|OUT|HUP|RDHUP wait=none mod=0 wait=IN|OUT|HUP|RDHUP
oneshot: add=0 wait=OUT wait=none |=data wait=none wait=none |=more wait=none mod=0 wait=IN|OUT wait=none |=drained wait=none |=fin wait=none wait=none |=both wait=none wait=none mod=0 wait=IN|OUT|HUP|RDHUP
)") {
  for (const uint32_t mode :
       {0u, static_cast<uint32_t>(EPOLLET), static_cast<uint32_t>(EPOLLONESHOT)}) {
    const uint16_t port = mode == 0 ? 80 : mode == EPOLLET ? 81 : 82;
    s.Row(mode == 0 ? "level" : mode == EPOLLET ? "edge" : "oneshot");
    const TcpPair pair = Connected(port);
    const int epoll = os::epoll_create1(0);
    s("add", Control(epoll, EPOLL_CTL_ADD, pair.client, kAll | mode));
    Wait(s, epoll);
    Wait(s, epoll);
    os::send(pair.server, "abc", 3, 0);
    Settle();
    s.Text("|", "data");
    Wait(s, epoll);
    Wait(s, epoll);
    os::send(pair.server, "abc", 3, 0);
    Settle();
    s.Text("|", "more");
    Wait(s, epoll);
    s("mod", Control(epoll, EPOLL_CTL_MOD, pair.client, kAll | mode));
    Wait(s, epoll);
    Wait(s, epoll);
    char buffer[8];
    os::recv(pair.client, buffer, 8, 0);
    s.Text("|", "drained");
    Wait(s, epoll);
    os::shutdown(pair.server, SHUT_WR);
    Settle();
    s.Text("|", "fin");
    Wait(s, epoll);
    Wait(s, epoll);
    os::shutdown(pair.client, SHUT_WR);
    Settle();
    s.Text("|", "both");
    Wait(s, epoll);
    Wait(s, epoll);
    s("mod", Control(epoll, EPOLL_CTL_MOD, pair.client, kAll | mode));
    Wait(s, epoll);
  }
}

LINUX_SCRIPT(LinuxReadiness, EdgesOfAConnect, R"(
fresh, then connected: add=0 wait=OUT|HUP wait=none connect=EINPROGRESS wait=OUT wait=none connect=0 wait=none
refused: add=0 wait=OUT|HUP connect=EINPROGRESS wait=IN|OUT|ERR|HUP|RDHUP wait=none error=ECONNREFUSED wait=none
listener: add=0 wait=IN wait=none wait=IN wait=none
)") {
  const int listener = Listen(80);
  const int epoll = os::epoll_create1(0);
  int fd = Tcp();
  s.Row("fresh, then connected")("add", Control(epoll, EPOLL_CTL_ADD, fd, kAll | EPOLLET));
  Wait(s, epoll);
  Wait(s, epoll);
  s("connect", Connect(fd, "127.0.0.1", 80));
  Settle();
  Wait(s, epoll);
  Wait(s, epoll);
  s("connect", Connect(fd, "127.0.0.1", 80));
  Wait(s, epoll);
  os::close(fd);
  fd = Tcp();
  s.Row("refused")("add", Control(epoll, EPOLL_CTL_ADD, fd, kAll | EPOLLET));
  Wait(s, epoll);
  s("connect", Connect(fd, "127.0.0.1", 99));
  Settle();
  Wait(s, epoll);
  Wait(s, epoll);
  s.Error(fd);
  Wait(s, epoll);
  s.Row("listener");
  const int server_epoll = os::epoll_create1(0);
  s("add", Control(server_epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLET));
  Wait(s, server_epoll);
  Wait(s, server_epoll);
  Connect(Tcp(), "127.0.0.1", 80);
  Settle();
  Wait(s, server_epoll);
  Wait(s, server_epoll);
}

LINUX_SCRIPT(LinuxReadiness, Fact23_RoomToWriteAgainIsAnEdge, R"(
full: wait=OUT wait=none poll=-
drained: wait=OUT wait=none poll=OUT
)") {
  const TcpPair pair = Connected(80);
  const int epoll = os::epoll_create1(0);
  Control(epoll, EPOLL_CTL_ADD, pair.client, EPOLLIN | EPOLLOUT | EPOLLET);
  s.Row("full");
  Wait(s, epoll);
  static char block[65536];
  int64_t sent = 0;
  for (int i = 0; i < 1000; ++i) {
    const ssize_t size = os::send(pair.client, block, sizeof block, 0);
    if (size > 0) sent += size;
    if (size < 0) Settle();
    if (size < 0 && os::send(pair.client, block, 1, 0) < 0) break;
  }
  Wait(s, epoll);
  s.Poll(pair.client, POLLOUT);
  int64_t got = 0;
  for (int i = 0; i < 10000 && got < sent; ++i) {
    const ssize_t size = os::recv(pair.server, block, sizeof block, 0);
    if (size > 0) got += size;
    if (size < 0) Settle();
  }
  Settle();
  s.Row("drained");
  Wait(s, epoll);
  Wait(s, epoll);
  s.Poll(pair.client, POLLOUT);
}

LINUX_SCRIPT(LinuxReadiness, DuplicatesAndCloses, R"(
dup: add=0 add again=EEXIST add copy=0 del copy=0 del copy=ENOENT wait=IN
closed: close=0 wait=IN del=EBADF mod=ENOENT close copy=0 wait=none
errors: itself=EINVAL bad=EBADF not epoll=EINVAL operation=EINVAL null=EFAULT mod=ENOENT exclusive=0 mod=EINVAL max 0=EINVAL max -1=EINVAL bad fd=EBADF no epoll=EINVAL create=EINVAL
nested: add=0 loop=ELOOP wait=IN add=0 wait=IN poll=IN
)") {
  const TcpPair pair = Connected(80);
  const int epoll = os::epoll_create1(0);
  const int copy = os::dup(pair.client);
  s.Row("dup")("add", Control(epoll, EPOLL_CTL_ADD, pair.client, EPOLLIN));
  s("add again", Control(epoll, EPOLL_CTL_ADD, pair.client, EPOLLIN));
  s("add copy", Control(epoll, EPOLL_CTL_ADD, copy, EPOLLIN));
  s("del copy", Control(epoll, EPOLL_CTL_DEL, copy, 0));
  s("del copy", Control(epoll, EPOLL_CTL_DEL, copy, 0));
  os::send(pair.server, "x", 1, 0);
  Settle();
  Wait(s, epoll);
  s.Row("closed")("close", os::close(pair.client));
  Wait(s, epoll);
  s("del", Control(epoll, EPOLL_CTL_DEL, pair.client, 0));
  s("mod", Control(epoll, EPOLL_CTL_MOD, copy, EPOLLIN));
  s("close copy", os::close(copy));
  Wait(s, epoll);
  s.Row("errors")("itself", Control(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN));
  s("bad", Control(epoll, EPOLL_CTL_ADD, 999, EPOLLIN));
  s("not epoll", Control(pair.server, EPOLL_CTL_ADD, pair.server, EPOLLIN));
  s("operation", Control(epoll, 77, pair.server, EPOLLIN));
  s("null", os::epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, nullptr));
  s("mod", Control(epoll, EPOLL_CTL_MOD, pair.server, EPOLLIN));
  s("exclusive", Control(epoll, EPOLL_CTL_ADD, pair.server, EPOLLIN | EPOLLEXCLUSIVE));
  s("mod", Control(epoll, EPOLL_CTL_MOD, pair.server, EPOLLIN));
  epoll_event event;
  s("max 0", os::epoll_wait(epoll, &event, 0, 0));
  volatile int negative = -1;
  s("max -1", os::epoll_wait(epoll, &event, negative, 0));
  s("bad fd", os::epoll_wait(999, &event, 1, 0))("no epoll",
                                                 os::epoll_wait(pair.server, &event, 1, 0));
  s("create", os::epoll_create1(0x1234));
  const int outer = os::epoll_create1(0);
  s.Row("nested")("add", Control(outer, EPOLL_CTL_ADD, epoll, EPOLLIN));
  s("loop", Control(epoll, EPOLL_CTL_ADD, outer, EPOLLIN));
  Wait(s, outer);
  Control(epoll, EPOLL_CTL_DEL, pair.server, 0);
  s("add", Control(epoll, EPOLL_CTL_ADD, pair.server, EPOLLOUT));
  Wait(s, outer);
  s.Poll(epoll);
}

LINUX_SCRIPT(LinuxReadiness, PollArguments, R"(
poll: three=1 negative=- closed=NVAL none=0 after=0.2s fault=EFAULT idle=0 after=0.1s out=1 bits=260 in=1 bits=324 nothing asked=0
ppoll: bad=EINVAL negative=EINVAL
)") {
  const TcpPair pair = Connected(80);
  pollfd fds[3] = {{-1, POLLIN, 77}, {999, POLLIN, 0}, {pair.client, POLLIN, 0}};
  s.Row("poll")("three", os::poll(fds, 3, 0));
  s.Text("negative", LinuxScript::Events(fds[0].revents));
  s.Text("closed", LinuxScript::Events(fds[1].revents));
  s("none", os::poll(nullptr, 0, 200)).Elapsed();
  pollfd* const nowhere = reinterpret_cast<pollfd*>(8);
  s("fault", os::poll(nowhere, 1, 0));
  s("idle", os::poll(fds + 2, 1, 100)).Elapsed();
  fds[2].events = POLLOUT | POLLRDNORM | POLLWRNORM | POLLRDBAND | POLLWRBAND;
  s("out", os::poll(fds + 2, 1, -1))("bits", fds[2].revents & 0xffff);
  os::send(pair.server, "x", 1, 0);
  Settle();
  s("in", os::poll(fds + 2, 1, -1))("bits", fds[2].revents & 0xffff);
  fds[2].events = 0;
  s("nothing asked", os::poll(fds + 2, 1, 0));
  const timespec bad = {0, 1'000'000'000};
  const timespec negative = {-1, 0};
  s.Row("ppoll")("bad", os::ppoll(fds, 0, &bad, nullptr));
  s("negative", os::ppoll(fds, 0, &negative, nullptr));
}

LINUX_SCRIPT(LinuxReadiness, SelectArguments, R"(
select: idle=1 sets=w data=2 sets=rw fresh=2 sets=rw refused=2 sets=rw shut=2 sets=rw closed=EBADF
arguments: none=0 after=0.2s left=0 negative count=EINVAL microseconds=0 after=1.5s negative time=EINVAL below=0 pselect=EINVAL ready at once=1 less than a second gone=1
)") {
  const TcpPair pair = Connected(80);
  fd_set read;
  fd_set write;
  fd_set except;
  const auto fill = [&](int fd) {
    FD_ZERO(&read);
    FD_ZERO(&write);
    FD_ZERO(&except);
    FD_SET(fd, &read);
    FD_SET(fd, &write);
    FD_SET(fd, &except);
  };
  const auto show = [&](const char* label, int fd) {
    timeval zero = {};
    fill(fd);
    const int result = os::select(fd + 1, &read, &write, &except, &zero);
    s(label, result);
    if (result >= 0) {
      s.Text("sets", std::string(FD_ISSET(fd, &read) ? "r" : "") +
                         (FD_ISSET(fd, &write) ? "w" : "") + (FD_ISSET(fd, &except) ? "e" : ""));
    }
  };
  s.Row("select");
  show("idle", pair.client);
  os::send(pair.server, "x", 1, 0);
  Settle();
  show("data", pair.client);
  show("fresh", Tcp());
  const int refused = Tcp();
  Connect(refused, "127.0.0.1", 99);
  Settle();
  show("refused", refused);
  os::shutdown(pair.client, SHUT_WR);
  show("shut", pair.client);
  os::close(refused);
  show("closed", refused);
  s.Row("arguments");
  timeval time = {0, 200'000};
  s("none", os::select(0, nullptr, nullptr, nullptr, &time)).Elapsed();
  s("left", time.tv_sec * 1'000'000 + time.tv_usec);
  s("negative count", os::select(-1, nullptr, nullptr, nullptr, &time));
  time = {0, 1'500'000};
  s("microseconds", os::select(0, nullptr, nullptr, nullptr, &time)).Elapsed();
  time = {0, -1};
  s("negative time", os::select(0, nullptr, nullptr, nullptr, &time));
  fill(pair.client);
  time = {5, 0};
  timeval at_once = {0, 0};
  s("below", os::select(pair.client, &read, nullptr, nullptr, &at_once));
  const timespec bad = {0, 1'000'000'000};
  s("pselect", os::pselect(0, nullptr, nullptr, nullptr, &bad, nullptr));
  fill(pair.server);
  s("ready at once", os::select(pair.server + 1, nullptr, &write, nullptr, &time));
  s("less than a second gone", time.tv_sec >= 4);
}

LINUX_SCRIPT(LinuxReadiness, DatagramsAndPipes, R"(
udp: poll=OUT poll=IN|OUT empty=0 poll=OUT shutdown=ENOTCONN shutdown=0 poll=IN|OUT|HUP|RDHUP recv=EAGAIN send=EPIPE
pipe: pipe=0 poll=- poll=OUT write=1 poll=IN close=0 poll=IN|HUP read=1 poll=HUP read=0
no reader: poll=OUT|ERR write=EPIPE
)") {
  const int fd = Udp();
  s.Row("udp").Poll(fd);
  Bind(fd, "127.0.0.1", 7000);
  const int sender = Udp();
  Connect(sender, "127.0.0.1", 7000);
  os::send(sender, "", 0, 0);
  Settle();
  char byte;
  s.Poll(fd)("empty", os::recv(fd, &byte, 1, 0)).Poll(fd);
  s("shutdown", os::shutdown(fd, SHUT_RD))("shutdown", os::shutdown(sender, SHUT_RDWR))
      .Poll(sender);
  s("recv", os::recv(sender, &byte, 1, 0))("send", os::send(sender, "x", 1, MSG_NOSIGNAL));
  int ends[2];
  s.Row("pipe")("pipe", os::pipe(ends)).Poll(ends[0]).Poll(ends[1]);
  s("write", os::write(ends[1], "x", 1)).Poll(ends[0])("close", os::close(ends[1])).Poll(ends[0]);
  s("read", os::read(ends[0], &byte, 1)).Poll(ends[0])("read", os::read(ends[0], &byte, 1));
  os::pipe(ends);
  os::close(ends[0]);
  os::signal(SIGPIPE, SIG_IGN);
  s.Row("no reader").Poll(ends[1])("write", os::write(ends[1], "x", 1));
}

}  // namespace
}  // namespace drywire
