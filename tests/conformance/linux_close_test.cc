// shutdown, close, resets and what is left to read on Linux. Recorded on Linux 6.18.
#include "tests/conformance/linux_script.h"

namespace drywire {
namespace {

int Linger(int fd, int seconds) {
  const linger value = {1, seconds};
  return os::setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value);
}

int64_t Recv(int fd, size_t size = 16) {
  char buffer[64];
  return os::recv(fd, buffer, size, 0);
}
int64_t Send(int fd) { return os::send(fd, "xyz", 3, MSG_NOSIGNAL); }

LINUX_SCRIPT(LinuxClose, ShutdownMatrix, R"(
mine -1, theirs -1: poll=IN|OUT recv=3 recv=EAGAIN send=3 poll=OUT they recv=3 they send=3 poll=IN|OUT recv=3 error=0 peer=127.0.0.1:80 rd=0 wr=0 rdwr=0 bad=EINVAL
mine -1, theirs 0: theirs=0 poll=IN|OUT recv=3 recv=EAGAIN send=3 poll=OUT they recv=3 they send=3 poll=IN|OUT recv=3 error=0 peer=127.0.0.1:81 rd=0 wr=0 rdwr=0 bad=EINVAL
mine -1, theirs 1: theirs=0 poll=IN|OUT|RDHUP recv=3 recv=0 send=3 poll=IN|OUT|RDHUP they recv=3 they send=EPIPE poll=IN|OUT|RDHUP recv=0 error=0 peer=127.0.0.1:82 rd=0 wr=0 rdwr=ENOTCONN bad=EINVAL
mine -1, theirs 2: theirs=0 poll=IN|OUT|RDHUP recv=3 recv=0 send=3 poll=IN|OUT|ERR|HUP|RDHUP they recv=ECONNRESET they send=EPIPE poll=IN|OUT|ERR|HUP|RDHUP recv=0 error=EPIPE peer=ENOTCONN rd=ENOTCONN wr=ENOTCONN rdwr=ENOTCONN bad=EINVAL
mine 0, theirs -1: shutdown=0 poll=IN|OUT|RDHUP recv=3 recv=0 send=3 poll=IN|OUT|RDHUP they recv=3 they send=3 poll=IN|OUT|RDHUP recv=3 error=0 peer=127.0.0.1:84 rd=0 wr=0 rdwr=0 bad=EINVAL
mine 0, theirs 0: shutdown=0 theirs=0 poll=IN|OUT|RDHUP recv=3 recv=0 send=3 poll=IN|OUT|RDHUP they recv=3 they send=3 poll=IN|OUT|RDHUP recv=3 error=0 peer=127.0.0.1:85 rd=0 wr=0 rdwr=0 bad=EINVAL
mine 0, theirs 1: shutdown=0 theirs=0 poll=IN|OUT|RDHUP recv=3 recv=0 send=3 poll=IN|OUT|RDHUP they recv=3 they send=EPIPE poll=IN|OUT|RDHUP recv=0 error=0 peer=127.0.0.1:86 rd=0 wr=0 rdwr=ENOTCONN bad=EINVAL
mine 0, theirs 2: shutdown=0 theirs=0 poll=IN|OUT|RDHUP recv=3 recv=0 send=3 poll=IN|OUT|ERR|HUP|RDHUP they recv=ECONNRESET they send=EPIPE poll=IN|OUT|ERR|HUP|RDHUP recv=0 error=EPIPE peer=ENOTCONN rd=ENOTCONN wr=ENOTCONN rdwr=ENOTCONN bad=EINVAL
mine 1, theirs -1: shutdown=0 poll=IN|OUT recv=3 recv=EAGAIN send=EPIPE poll=OUT they recv=0 they send=3 poll=IN|OUT recv=3 error=0 peer=127.0.0.1:88 rd=0 wr=0 rdwr=0 bad=EINVAL
mine 1, theirs 0: shutdown=0 theirs=0 poll=IN|OUT recv=3 recv=EAGAIN send=EPIPE poll=OUT they recv=0 they send=3 poll=IN|OUT recv=3 error=0 peer=127.0.0.1:89 rd=0 wr=0 rdwr=0 bad=EINVAL
mine 1, theirs 1: shutdown=0 theirs=0 poll=IN|OUT|HUP|RDHUP recv=3 recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP they recv=0 they send=EPIPE poll=IN|OUT|HUP|RDHUP recv=0 error=0 peer=ENOTCONN rd=ENOTCONN wr=ENOTCONN rdwr=ENOTCONN bad=EINVAL
mine 1, theirs 2: shutdown=0 theirs=0 poll=IN|OUT|HUP|RDHUP recv=3 recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP they recv=0 they send=EPIPE poll=IN|OUT|HUP|RDHUP recv=0 error=0 peer=ENOTCONN rd=ENOTCONN wr=ENOTCONN rdwr=ENOTCONN bad=EINVAL
mine 2, theirs -1: shutdown=0 poll=IN|OUT|HUP|RDHUP recv=3 recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP they recv=0 they send=3 poll=IN|OUT|ERR|HUP|RDHUP recv=ECONNRESET error=0 peer=ENOTCONN rd=ENOTCONN wr=ENOTCONN rdwr=ENOTCONN bad=EINVAL
mine 2, theirs 0: shutdown=0 theirs=0 poll=IN|OUT|HUP|RDHUP recv=3 recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP they recv=0 they send=3 poll=IN|OUT|ERR|HUP|RDHUP recv=ECONNRESET error=0 peer=ENOTCONN rd=ENOTCONN wr=ENOTCONN rdwr=ENOTCONN bad=EINVAL
mine 2, theirs 1: shutdown=0 theirs=0 poll=IN|OUT|HUP|RDHUP recv=3 recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP they recv=0 they send=EPIPE poll=IN|OUT|HUP|RDHUP recv=0 error=0 peer=ENOTCONN rd=ENOTCONN wr=ENOTCONN rdwr=ENOTCONN bad=EINVAL
mine 2, theirs 2: shutdown=0 theirs=0 poll=IN|OUT|HUP|RDHUP recv=3 recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP they recv=0 they send=EPIPE poll=IN|OUT|HUP|RDHUP recv=0 error=0 peer=ENOTCONN rd=ENOTCONN wr=ENOTCONN rdwr=ENOTCONN bad=EINVAL
)") {
  uint16_t port = 80;
  for (const int mine : {-1, +SHUT_RD, +SHUT_WR, +SHUT_RDWR}) {
    for (const int theirs : {-1, +SHUT_RD, +SHUT_WR, +SHUT_RDWR}) {
      const TcpPair pair = Connected(port++);
      s.Row("mine " + std::to_string(mine) + ", theirs " + std::to_string(theirs));
      Send(pair.server);
      Settle();
      if (mine >= 0) s("shutdown", os::shutdown(pair.client, mine));
      if (theirs >= 0) s("theirs", os::shutdown(pair.server, theirs));
      Settle();
      s.Poll(pair.client)("recv", Recv(pair.client))("recv", Recv(pair.client));
      s("send", Send(pair.client));
      Settle();
      s.Poll(pair.client)("they recv", Recv(pair.server))("they send", Send(pair.server));
      Settle();
      s.Poll(pair.client)("recv", Recv(pair.client)).Error(pair.client).PeerName(pair.client);
      s("rd", os::shutdown(pair.client, SHUT_RD))("wr", os::shutdown(pair.client, SHUT_WR));
      s("rdwr", os::shutdown(pair.client, SHUT_RDWR))("bad", os::shutdown(pair.client, 7));
    }
  }
}

LINUX_SCRIPT(LinuxClose, Fact15_UnreadData, R"(
close with unread data: send=3 close=0 poll=IN|OUT|ERR|HUP|RDHUP error=ECONNRESET recv=0 send=EPIPE peer=ENOTCONN poll=IN|OUT|HUP|RDHUP
close with everything read: poll=IN|OUT|RDHUP recv=0 send=3 poll=IN|OUT|ERR|HUP|RDHUP send=EPIPE recv=0 poll=IN|OUT|HUP|RDHUP
)") {
  const TcpPair pair = Connected(80);
  s.Row("close with unread data")("send", Send(pair.client));
  Settle();
  s("close", os::close(pair.server));
  Settle();
  s.Poll(pair.client).Error(pair.client)("recv", Recv(pair.client))("send", Send(pair.client));
  s.PeerName(pair.client).Poll(pair.client);
  const TcpPair other = Connected(81);
  s.Row("close with everything read");
  os::close(other.server);
  Settle();
  s.Poll(other.client)("recv", Recv(other.client))("send", Send(other.client));
  Settle();
  s.Poll(other.client)("send", Send(other.client))("recv", Recv(other.client)).Poll(other.client);
}

LINUX_SCRIPT(LinuxClose, Fact13_ResetWithQueuedData, R"(
recv first: poll=IN|OUT|ERR|HUP|RDHUP recv=2 recv=1 recv=ECONNRESET recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP error=0 peer=ENOTCONN shutdown=ENOTCONN close=0
send first: poll=IN|OUT|ERR|HUP|RDHUP send=ECONNRESET recv=2 recv=1 recv=0 recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP error=0 peer=ENOTCONN shutdown=ENOTCONN close=0
error first: poll=IN|OUT|ERR|HUP|RDHUP error=ECONNRESET recv=2 recv=1 recv=0 recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP error=0 peer=ENOTCONN shutdown=ENOTCONN close=0
connect first: poll=IN|OUT|ERR|HUP|RDHUP connect=EISCONN recv=2 recv=1 recv=ECONNRESET recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP error=0 peer=ENOTCONN shutdown=ENOTCONN close=0
)") {
  for (const int first : {0, 1, 2, 3}) {
    const TcpPair pair = Connected(80 + first);
    s.Row(first == 0   ? "recv first"
          : first == 1 ? "send first"
          : first == 2 ? "error first"
                       : "connect first");
    Send(pair.server);
    Settle();
    Linger(pair.server, 0);
    os::close(pair.server);
    Settle();
    s.Poll(pair.client);
    if (first == 1) s("send", Send(pair.client));
    if (first == 2) s.Error(pair.client);
    if (first == 3) s("connect", Connect(pair.client, "127.0.0.1", 99));
    s("recv", Recv(pair.client, 2))("recv", Recv(pair.client, 2))("recv", Recv(pair.client));
    s("recv", Recv(pair.client))("send", Send(pair.client)).Poll(pair.client).Error(pair.client);
    s.PeerName(pair.client);
    s("shutdown", os::shutdown(pair.client, SHUT_RDWR))("close", os::close(pair.client));
  }
}

LINUX_SCRIPT(LinuxClose, Fact14_ResetInCloseWait, R"(
after FIN: shutdown=0 poll=IN|OUT|RDHUP poll=IN|OUT|ERR|HUP|RDHUP recv=0 error=EPIPE send=EPIPE
by send: send=EPIPE recv=0 error=0
)") {
  const TcpPair pair = Connected(80);
  Linger(pair.server, 0);
  s.Row("after FIN")("shutdown", os::shutdown(pair.server, SHUT_WR));
  Settle();
  s.Poll(pair.client);
  os::close(pair.server);
  Settle();
  s.Poll(pair.client)("recv", Recv(pair.client)).Error(pair.client)("send", Send(pair.client));
  const TcpPair other = Connected(81);
  Linger(other.server, 0);
  os::shutdown(other.server, SHUT_WR);
  Settle();
  os::close(other.server);
  Settle();
  s.Row("by send")("send", Send(other.client))("recv", Recv(other.client)).Error(other.client);
}

LINUX_SCRIPT(LinuxClose, Fact15_ClosingAListener, R"(
listener: close=0 poll=IN|OUT|ERR|HUP|RDHUP connect=ECONNRESET recv=ENOTCONN poll=IN|OUT|ERR|HUP|RDHUP send=ECONNRESET recv=0
)") {
  const int listener = Listen(80);
  const int client = Tcp();
  Connect(client, "127.0.0.1", 80);
  const int writer = Tcp();
  Connect(writer, "127.0.0.1", 80);
  Settle();
  Send(writer);
  Settle();
  s.Row("listener")("close", os::close(listener));
  Settle();
  s.Poll(client)("connect", Connect(client, "127.0.0.1", 80))("recv", Recv(client));
  s.Poll(writer)("send", Send(writer))("recv", Recv(writer));
}

LINUX_SCRIPT(LinuxClose, Fact14_ResetBeforeAccept, R"(
accept: poll=IN accept=ok poll=IN|OUT|ERR|HUP|RDHUP peer=ENOTCONN recv=3 recv=ECONNRESET recv=0 send=EPIPE poll=IN|OUT|HUP|RDHUP
)") {
  const int listener = Listen(80);
  const int client = Tcp();
  Connect(client, "127.0.0.1", 80);
  Settle();
  Send(client);
  Settle();
  Linger(client, 0);
  os::close(client);
  Settle();
  s.Row("accept").Poll(listener);
  const int fd = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  s.Ok("accept", fd).Poll(fd).PeerName(fd)("recv", Recv(fd))("recv", Recv(fd))("recv", Recv(fd));
  s("send", Send(fd)).Poll(fd);
}

// Unsent data: the window of the receiver is full.
int64_t Fill(int fd) {
  static char block[65536];
  int64_t sent = 0;
  for (int i = 0; i < 1000; ++i) {
    const ssize_t size = os::send(fd, block, sizeof block, 0);
    if (size > 0) sent += size;
    if (size < 0) Settle();
    if (size < 0 && os::send(fd, block, 1, 0) < 0) break;
  }
  return sent;
}

LINUX_SCRIPT(LinuxClose, Fact16_Linger, R"(
blocking: close=0 after=1.0s idle=0 after=0.0s zero=0 after=0.0s recv=ECONNRESET
non-blocking: close=0 after=1.0s idle=0 after=0.0s zero=0 after=0.0s recv=ECONNRESET
)") {
  for (const int flags : {0, static_cast<int>(O_NONBLOCK)}) {
    s.Row(flags == 0 ? "blocking" : "non-blocking");
    const TcpPair pair = Connected(80 + (flags != 0));
    Fill(pair.client);
    os::fcntl(pair.client, F_SETFL, flags);
    Linger(pair.client, 1);
    s.StartClock();
    s("close", os::close(pair.client)).Elapsed();
    const TcpPair idle = Connected(90 + (flags != 0));
    os::fcntl(idle.client, F_SETFL, flags);
    Linger(idle.client, 1);
    s.StartClock();
    s("idle", os::close(idle.client)).Elapsed();
    const TcpPair zero = Connected(95 + (flags != 0));
    Linger(zero.client, 0);
    s.StartClock();
    s("zero", os::close(zero.client)).Elapsed();
    Settle();
    s("recv", Recv(zero.server));
  }
}

LINUX_SCRIPT(LinuxClose, Fact17_DataAfterAFullClose, R"(
full close: close=0 poll=IN|OUT|RDHUP send=3 poll=IN|OUT|ERR|HUP|RDHUP error=EPIPE recv=0 send=EPIPE
after data: send=3 close=0 poll=IN|OUT|RDHUP send=3 poll=IN|OUT|ERR|HUP|RDHUP recv=3 recv=0 recv=0 error=EPIPE send=EPIPE
)") {
  const TcpPair pair = Connected(80);
  s.Row("full close")("close", os::close(pair.client));
  Settle();
  s.Poll(pair.server)("send", Send(pair.server));
  Settle();
  s.Poll(pair.server).Error(pair.server)("recv", Recv(pair.server))("send", Send(pair.server));
  const TcpPair other = Connected(81);
  s.Row("after data")("send", Send(other.client))("close", os::close(other.client));
  Settle();
  s.Poll(other.server)("send", Send(other.server));
  Settle();
  s.Poll(other.server)("recv", Recv(other.server))("recv", Recv(other.server));
  s("recv", Recv(other.server)).Error(other.server)("send", Send(other.server));
}

LINUX_SCRIPT(LinuxClose, Fact18_QueuedDataBeforeTheFin, R"(
full: shutdown=0 poll=IN|OUT|HUP|RDHUP all arrived=1 poll=IN|OUT|RDHUP poll=IN|OUT|HUP|RDHUP
)") {
  const TcpPair pair = Connected(80);
  const int64_t sent = Fill(pair.client);
  s.Row("full")("shutdown", os::shutdown(pair.client, SHUT_RDWR)).Poll(pair.client);
  static char block[65536];
  int64_t got = 0;
  for (int i = 0; i < 10000; ++i) {
    const ssize_t size = os::recv(pair.server, block, sizeof block, 0);
    if (size == 0) break;
    if (size > 0) got += size;
    if (size < 0) Settle();
  }
  s("all arrived", got >= sent).Poll(pair.server).Poll(pair.client);
}

LINUX_SCRIPT(LinuxClose, Fact19_BytesInQueues, R"(
queues: in=0 send=3 in=3 out=0 with FIN=3 recv=3 after=0 out=0 fresh in=0 fresh out=0 listener in=EINVAL listener out=EINVAL udp=4
)") {
  const TcpPair pair = Connected(80);
  int value = 0;
  const auto inq = [&](int fd) { return os::ioctl(fd, FIONREAD, &value) < 0 ? -1 : value; };
  const auto outq = [&](int fd) { return os::ioctl(fd, TIOCOUTQ, &value) < 0 ? -1 : value; };
  s.Row("queues")("in", inq(pair.server))("send", Send(pair.client));
  Settle();
  os::usleep(60'000);
  s("in", inq(pair.server))("out", outq(pair.client));
  os::shutdown(pair.client, SHUT_WR);
  Settle();
  s("with FIN", inq(pair.server))("recv", Recv(pair.server))("after", inq(pair.server));
  os::usleep(60'000);
  s("out", outq(pair.client))("fresh in", inq(Tcp()))("fresh out", outq(Tcp()));
  const int listener = Listen(81);
  s("listener in", inq(listener))("listener out", outq(listener));
  const int udp = Udp();
  Bind(udp, "127.0.0.1", 7000);
  const sockaddr_in to = Inet("127.0.0.1", 7000);
  os::sendto(udp, "abcd", 4, 0, AsSockaddr(to), sizeof to);
  os::sendto(udp, "ab", 2, 0, AsSockaddr(to), sizeof to);
  Settle();
  s("udp", inq(udp));
}

LINUX_SCRIPT(LinuxClose, CloseWhilePending, R"(
shutdown: connect=EINPROGRESS wr=0 poll=OUT|ERR|HUP error=ECONNRESET poll=OUT|HUP connect=EINPROGRESS
read side: rd=0 poll=OUT|ERR|HUP error=ECONNRESET poll=OUT|HUP recv=ENOTCONN send=EPIPE
close: close=0 after=0.0s
listener: poll=IN
)") {
  s.Firewall("input tcp dport 81 drop");
  int fd = Tcp();
  s.Row("shutdown")("connect", Connect(fd, "127.0.0.1", 81))("wr", os::shutdown(fd, SHUT_WR));
  s.Poll(fd).Error(fd).Poll(fd)("connect", Connect(fd, "127.0.0.1", 81));
  fd = Tcp();
  Connect(fd, "127.0.0.1", 81);
  s.Row("read side")("rd", os::shutdown(fd, SHUT_RD)).Poll(fd).Error(fd).Poll(fd);
  s("recv", Recv(fd))("send", Send(fd));
  fd = Tcp();
  Connect(fd, "127.0.0.1", 81);
  Linger(fd, 5);
  s.Row("close")("close", os::close(fd)).Elapsed();
  const int listener = Listen(82);
  fd = Tcp();
  Bind(fd, "127.0.0.1", 9000);
  Connect(fd, "127.0.0.1", 82);
  os::close(fd);
  Settle();
  s.Row("listener").Poll(listener);
}

LINUX_SCRIPT(LinuxClose, DescriptorErrors, R"(
bad descriptor: close=EBADF shutdown=EBADF listen=EBADF accept=EBADF send=EBADF recv=EBADF local=EBADF peer=EBADF error=EBADF poll=NVAL connect=EBADF dup=EBADF
not a socket: shutdown=ENOTSOCK listen=ENOTSOCK accept=ENOTSOCK send=ENOTSOCK recv=ENOTSOCK local=ENOTSOCK error=ENOTSOCK connect=ENOTSOCK
two closes: close=0 close=EBADF write=EBADF
dup: close=0 poll=OUT send=3 recv=3 close=0 poll=IN|OUT|RDHUP
)") {
  s.Row("bad descriptor")("close", os::close(999))("shutdown", os::shutdown(999, 0));
  s("listen", os::listen(999, 1))("accept", os::accept(999, nullptr, nullptr));
  s("send", Send(999))("recv", Recv(999)).LocalName(999).PeerName(999).Error(999).Poll(999);
  s("connect", Connect(999, "127.0.0.1", 80))("dup", os::dup(999));
  int ends[2];
  os::pipe(ends);
  s.Row("not a socket")("shutdown", os::shutdown(ends[0], 0))("listen", os::listen(ends[0], 1));
  s("accept", os::accept(ends[0], nullptr, nullptr))("send", Send(ends[1]))("recv", Recv(ends[0]));
  s.LocalName(ends[0]).Error(ends[0])("connect", Connect(ends[0], "127.0.0.1", 80));
  const int fd = Tcp();
  s.Row("two closes")("close", os::close(fd))("close", os::close(fd))("write",
                                                                      os::write(fd, "x", 1));
  const TcpPair pair = Connected(80);
  const int copy = os::dup(pair.client);
  s.Row("dup")("close", os::close(pair.client));
  Settle();
  s.Poll(pair.server)("send", Send(copy));
  Settle();
  s("recv", Recv(pair.server))("close", os::close(copy));
  Settle();
  s.Poll(pair.server);
}

LINUX_SCRIPT(LinuxClose, OutOfDescriptors, R"(
limit: set=0 one=ok socket=EMFILE accept=EMFILE dup=EMFILE pipe=EMFILE epoll=EMFILE poll=IN dup2=EBADF dupfd=EINVAL room=0 accept=ok again=EMFILE
)") {
  const int listener = Listen(80);
  const int client = Tcp();
  Connect(client, "127.0.0.1", 80);
  Settle();
  rlimit limit = {};
  os::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = client + 2;
  s.Row("limit")("set", os::setrlimit(RLIMIT_NOFILE, &limit)).Ok("one", Tcp());
  s("socket", Tcp())("accept", os::accept(listener, nullptr, nullptr))("dup", os::dup(client));
  int ends[2];
  s("pipe", os::pipe(ends))("epoll", os::epoll_create1(0)).Poll(listener);
  s("dup2", os::dup2(client, 500))("dupfd", os::fcntl(client, F_DUPFD, 500));
  s("room", os::close(client)).Ok("accept", os::accept(listener, nullptr, nullptr));
  s("again", os::accept(listener, nullptr, nullptr));
}

}  // namespace
}  // namespace drywire
