// Receiving nothing, receiving all, messages with bad members, on Linux. Recorded on Linux 6.18.
#include <string>

#include "tests/conformance/linux_script.h"

namespace drywire {
namespace {

char data[64];

// Every way to ask for no bytes.
void ReceiveNothing(LinuxScript& s, int fd) {
  iovec none = {data, 0};
  msghdr message = {};
  message.msg_iov = &none;
  message.msg_iovlen = 1;
  s("read", os::read(fd, data, 0))("readv", os::readv(fd, &none, 1));
  s("recv", os::recv(fd, data, 0, 0))("peek", os::recv(fd, data, 0, MSG_PEEK));
  s("all", os::recv(fd, data, 0, MSG_WAITALL))("trunc", os::recv(fd, data, 0, MSG_TRUNC));
  s("recvmsg", os::recvmsg(fd, &message, 0));
  message.msg_iovlen = 0;
  s("no vector", os::recvmsg(fd, &message, 0));
}

void Reset(int fd) {
  const linger now = {1, 0};
  os::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  os::close(fd);
  Settle();
}

LINUX_SCRIPT(LinuxReceive, NothingOfStream, R"(
fresh: read=0 readv=0 recv=ENOTCONN peek=ENOTCONN all=ENOTCONN trunc=ENOTCONN recvmsg=ENOTCONN no vector=ENOTCONN
listening: read=0 readv=0 recv=ENOTCONN peek=ENOTCONN all=ENOTCONN trunc=ENOTCONN recvmsg=ENOTCONN no vector=ENOTCONN
connecting: read=0 readv=0 recv=EAGAIN peek=EAGAIN all=EAGAIN trunc=EAGAIN recvmsg=EAGAIN no vector=EAGAIN
refused: read=0 readv=0 recv=ECONNREFUSED peek=0 all=0 trunc=0 recvmsg=0 no vector=0
empty: read=0 readv=0 recv=EAGAIN peek=EAGAIN all=EAGAIN trunc=EAGAIN recvmsg=EAGAIN no vector=EAGAIN
data: read=0 readv=0 recv=0 peek=0 all=0 trunc=0 recvmsg=0 no vector=0 left=3
shut: read=0 readv=0 recv=0 peek=0 all=0 trunc=0 recvmsg=0 no vector=0
data and end: read=0 readv=0 recv=0 peek=0 all=0 trunc=0 recvmsg=0 no vector=0
end: read=0 readv=0 recv=0 peek=0 all=0 trunc=0 recvmsg=0 no vector=0
data and reset: read=0 readv=0 recv=0 peek=0 all=0 trunc=0 recvmsg=0 no vector=0 three=3
reset: poll=IN|OUT|ERR|HUP|RDHUP read=0 readv=0 recv=ECONNRESET peek=0 all=0 trunc=0 recvmsg=0 no vector=0 error=0
)") {
  s.Row("fresh");
  ReceiveNothing(s, Tcp());
  s.Row("listening");
  ReceiveNothing(s, Listen(90));
  s.Row("connecting");
  const int connecting = Tcp();
  Connect(connecting, "10.0.0.77", 80);
  ReceiveNothing(s, connecting);
  s.Row("refused");
  const int refused = Tcp();
  Connect(refused, "127.0.0.1", 99);
  Settle();
  ReceiveNothing(s, refused);
  const TcpPair pair = Connected(80);
  s.Row("empty");
  ReceiveNothing(s, pair.client);
  os::send(pair.server, "abc", 3, 0);
  Settle();
  s.Row("data");
  ReceiveNothing(s, pair.client);
  s("left", os::recv(pair.client, data, 8, 0));
  const TcpPair half = Connected(81);
  os::shutdown(half.client, SHUT_RD);
  s.Row("shut");
  ReceiveNothing(s, half.client);
  os::send(pair.server, "abc", 3, 0);
  os::shutdown(pair.server, SHUT_WR);
  Settle();
  s.Row("data and end");
  ReceiveNothing(s, pair.client);
  os::recv(pair.client, data, 8, 0);
  s.Row("end");
  ReceiveNothing(s, pair.client);
  const TcpPair reset = Connected(82);
  os::send(reset.server, "abc", 3, 0);
  Settle();
  Reset(reset.server);
  s.Row("data and reset");
  ReceiveNothing(s, reset.client);
  s("three", os::recv(reset.client, data, 3, 0));
  s.Row("reset").Poll(reset.client);
  ReceiveNothing(s, reset.client);
  s.Error(reset.client);
}

LINUX_SCRIPT(LinuxReceive, NothingBlocking, R"(
stream: read=0 after=0.0s recv=0 after=0.2s all=0 after=0.2s dontwait=EAGAIN after=0.0s until data=0 after=0.1s left=3
datagram: read=0 after=0.0s recv=EAGAIN after=0.2s
)") {
  const TcpPair pair = Connected(80);
  os::fcntl(pair.client, F_SETFL, 0);
  const timeval timeout = {0, 200'000};
  os::setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  s.Row("stream")("read", os::read(pair.client, data, 0)).Elapsed();
  s("recv", os::recv(pair.client, data, 0, 0)).Elapsed();
  s("all", os::recv(pair.client, data, 0, MSG_WAITALL)).Elapsed();
  s("dontwait", os::recv(pair.client, data, 0, MSG_DONTWAIT)).Elapsed();
  static int writer;
  writer = pair.server;
  AlarmAfter(
      100, [](int) { os::send(writer, "abc", 3, 0); }, SA_RESTART);
  const timeval none = {};
  os::setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
  s.StartClock();
  s("until data", os::recv(pair.client, data, 0, 0)).Elapsed();
  s("left", os::recv(pair.client, data, 8, 0));
  const int udp = Udp(0);
  Bind(udp, "127.0.0.1", 7000);
  os::setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  s.Row("datagram")("read", os::read(udp, data, 0)).Elapsed();
  s("recv", os::recv(udp, data, 0, 0)).Elapsed();
}

LINUX_SCRIPT(LinuxReceive, NothingOfDatagrams, R"(
fresh: read=0 readv=0 recv=EAGAIN peek=EAGAIN all=EAGAIN trunc=EAGAIN recvmsg=EAGAIN no vector=EAGAIN
data: read=0 readv=0 recv=0 peek=0 all=0 trunc=3 recvmsg=0 no vector=0 left=3 left=3 left=3 left=EAGAIN left=EAGAIN left=EAGAIN left=EAGAIN left=EAGAIN
error: read=0 poll=OUT|ERR recv=ECONNREFUSED poll=OUT
shut: read=0 readv=0 recv=EAGAIN peek=EAGAIN all=EAGAIN trunc=EAGAIN recvmsg=EAGAIN no vector=EAGAIN
)") {
  s.Row("fresh");
  ReceiveNothing(s, Udp());
  const int fd = Udp();
  Bind(fd, "127.0.0.1", 7000);
  const int sender = Udp();
  Connect(sender, "127.0.0.1", 7000);
  for (int i = 0; i < 8; ++i) os::send(sender, "abc", 3, 0);
  Settle();
  s.Row("data");
  ReceiveNothing(s, fd);
  s("left", os::recv(fd, data, 8, 0));
  for (int i = 0; i < 7; ++i) s("left", os::recv(fd, data, 8, 0));
  os::close(fd);
  os::send(sender, "abc", 3, 0);
  Settle();
  s.Row("error")("read", os::read(sender, data, 0)).Poll(sender);
  s("recv", os::recv(sender, data, 0, 0)).Poll(sender);
  os::shutdown(sender, SHUT_RD);
  s.Row("shut");
  ReceiveNothing(s, sender);
}

LINUX_SCRIPT(LinuxReceive, AllAndPeek, R"(
empty: peek all=EAGAIN after=0.3s
partial: peek=3 after=0.0s peek all=3 after=0.3s peek three=3 after=0.0s dontwait=3 after=0.0s
signal: peek all=3 after=0.1s data=abc eintr=8 after=0.1s all=8 after=0.1s rest=2
corked: peek all=3 after=0.2s peek all=8 after=0.2s data=abcdefgh all=11 after=0.2s
end: peek all=3 after=0.0s all=3 peek=0
reset: peek all=3 after=0.0s peek=3 poll=IN|OUT|ERR|HUP|RDHUP all=3 peek=ECONNRESET peek all=0 recv=0 recv=0
low water: poll=OUT dontwait=3 three=3 after=0.0s eight=3 after=0.3s more=3 after=0.1s
)") {
  const TcpPair pair = Connected(80);
  os::fcntl(pair.client, F_SETFL, 0);
  const timeval timeout = {0, 300'000};
  os::setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  s.Row("empty")("peek all", os::recv(pair.client, data, 8, MSG_PEEK | MSG_WAITALL)).Elapsed();
  os::send(pair.server, "abc", 3, 0);
  Settle();
  s.Row("partial")("peek", os::recv(pair.client, data, 8, MSG_PEEK)).Elapsed();
  s("peek all", os::recv(pair.client, data, 8, MSG_PEEK | MSG_WAITALL)).Elapsed();
  s("peek three", os::recv(pair.client, data, 3, MSG_PEEK | MSG_WAITALL)).Elapsed();
  s("dontwait", os::recv(pair.client, data, 8, MSG_PEEK | MSG_WAITALL | MSG_DONTWAIT)).Elapsed();
  static int writer;
  writer = pair.server;
  AlarmAfter(
      100, [](int) { os::send(writer, "defgh", 5, 0); }, SA_RESTART);
  const timeval none = {};
  os::setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
  s.Row("signal")("peek all", os::recv(pair.client, data, 8, MSG_PEEK | MSG_WAITALL)).Elapsed();
  s.Text("data", std::string(data, 3));
  AlarmAfter(100, DoNothing);
  s("eintr", os::recv(pair.client, data, 10, MSG_PEEK | MSG_WAITALL)).Elapsed();
  AlarmAfter(
      100, [](int) { os::send(writer, "ij", 2, 0); }, SA_RESTART);
  s("all", os::recv(pair.client, data, 10, MSG_WAITALL)).Elapsed();
  s("rest", os::recv(pair.client, data, 10, MSG_DONTWAIT));
  // Corked, the rest comes by itself after 200 ms: no signal ends the wait.
  SetInt(pair.server, IPPROTO_TCP, TCP_CORK, 1);
  os::send(pair.server, "abc", 3, 0);
  s.Row("corked")("peek all", os::recv(pair.client, data, 3, MSG_PEEK | MSG_WAITALL)).Elapsed();
  os::send(pair.server, "defgh", 5, 0);
  s("peek all", os::recv(pair.client, data, 8, MSG_PEEK | MSG_WAITALL)).Elapsed();
  s.Text("data", std::string(data, 8));
  os::send(pair.server, "ijk", 3, 0);
  s("all", os::recv(pair.client, data, 11, MSG_WAITALL)).Elapsed();
  SetInt(pair.server, IPPROTO_TCP, TCP_CORK, 0);
  os::send(pair.server, "abc", 3, 0);
  os::shutdown(pair.server, SHUT_WR);
  Settle();
  s.Row("end")("peek all", os::recv(pair.client, data, 8, MSG_PEEK | MSG_WAITALL)).Elapsed();
  s("all", os::recv(pair.client, data, 8, MSG_WAITALL))(
      "peek", os::recv(pair.client, data, 8, MSG_PEEK | MSG_WAITALL));
  const TcpPair reset = Connected(82);
  os::fcntl(reset.client, F_SETFL, 0);
  os::send(reset.server, "abc", 3, 0);
  Settle();
  Reset(reset.server);
  s.Row("reset")("peek all", os::recv(reset.client, data, 8, MSG_PEEK | MSG_WAITALL)).Elapsed();
  s("peek", os::recv(reset.client, data, 8, MSG_PEEK)).Poll(reset.client);
  s("all", os::recv(reset.client, data, 8, MSG_WAITALL));
  s("peek", os::recv(reset.client, data, 8, MSG_PEEK))(
      "peek all", os::recv(reset.client, data, 8, MSG_PEEK | MSG_WAITALL));
  s("recv", os::recv(reset.client, data, 8, 0))("recv", os::recv(reset.client, data, 8, 0));
  // Low water marks.
  const TcpPair low = Connected(83);
  os::fcntl(low.client, F_SETFL, 0);
  os::setsockopt(low.client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  SetInt(low.client, SOL_SOCKET, SO_RCVLOWAT, 6);
  os::send(low.server, "abc", 3, 0);
  Settle();
  s.Row("low water")
      .Poll(low.client)("dontwait", os::recv(low.client, data, 8, MSG_DONTWAIT | MSG_PEEK));
  s.StartClock();
  s("three", os::recv(low.client, data, 3, MSG_PEEK)).Elapsed();
  s("eight", os::recv(low.client, data, 8, MSG_PEEK)).Elapsed();
  AlarmAfter(
      100, [](int) { os::send(writer, "defgh", 3, 0); }, SA_RESTART);
  writer = low.server;
  s("more", os::recv(low.client, data, 8, 0)).Elapsed();
}

LINUX_SCRIPT(LinuxReceive, BadMessages, R"(
recvmsg: good=3 name=16 left=EAGAIN negative name=EINVAL name=4294967295 left=3 negative no name=3 name=4294967295 left=EAGAIN bad name=EFAULT name=16 left=EAGAIN bad empty name=3 name=16 left=EAGAIN bad negative name=EINVAL name=4294967295 left=3 long name=3 name=16 left=EAGAIN
vectors: many=EMSGSIZE name=16 left=3 many and negative name=EINVAL name=4294967295 left=3 minus=EMSGSIZE name=16 left=3 bad=EFAULT name=16 left=3 null=EFAULT name=16 left=3 null none=0 name=16 left=EAGAIN negative length=EINVAL name=16 left=3 bad buffer=EFAULT name=16 left=EAGAIN
control: bad=3 name=16 left=EAGAIN minus=3 name=16 left=EAGAIN null message=EFAULT left=3 bad message=EFAULT
order: closed=EBADF file=ENOTSOCK fresh stream=EMSGSIZE negative=EINVAL stream=EINVAL bad name=3 name=0
)") {
  const int fd = Udp();
  Bind(fd, "127.0.0.1", 7000);
  const int sender = Udp();
  Connect(sender, "127.0.0.1", 7000);
  const auto refill = [&] {
    while (os::recv(fd, data, 8, 0) >= 0) {
    }
    os::send(sender, "abc", 3, 0);
    Settle();
  };
  sockaddr_in from = {};
  char control[64];
  iovec vector = {data, 8};
  const auto fresh = [&] {
    msghdr message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    return message;
  };
  const auto receive = [&](const char* label, msghdr message) {
    refill();
    s(label, os::recvmsg(fd, &message, 0))("name", message.msg_namelen);
    s("left", os::recv(fd, data, 8, 0));
  };
  void* const bad = reinterpret_cast<void*>(8);
  msghdr message = fresh();
  s.Row("recvmsg");
  receive("good", message);
  message.msg_namelen = static_cast<socklen_t>(-1);
  receive("negative name", message);
  message.msg_name = nullptr;
  receive("negative no name", message);
  message = fresh();
  message.msg_name = bad;
  receive("bad name", message);
  message.msg_namelen = 0;
  receive("bad empty name", message);
  message.msg_namelen = static_cast<socklen_t>(-1);
  receive("bad negative name", message);
  message = fresh();
  message.msg_namelen = 200;
  receive("long name", message);
  s.Row("vectors");
  message = fresh();
  message.msg_iovlen = 1025;
  receive("many", message);
  message.msg_namelen = static_cast<socklen_t>(-1);
  receive("many and negative name", message);
  message = fresh();
  message.msg_iovlen = static_cast<size_t>(-1);
  receive("minus", message);
  message = fresh();
  message.msg_iov = static_cast<iovec*>(bad);
  receive("bad", message);
  message.msg_iov = nullptr;
  receive("null", message);
  message.msg_iovlen = 0;
  receive("null none", message);
  message = fresh();
  vector.iov_len = static_cast<size_t>(-1);
  receive("negative length", message);
  vector = {bad, 8};
  receive("bad buffer", message);
  vector = {data, 8};
  s.Row("control");
  message = fresh();
  message.msg_control = bad;
  message.msg_controllen = 64;
  receive("bad", message);
  message.msg_control = control;
  message.msg_controllen = static_cast<size_t>(-1);
  receive("minus", message);
  refill();
  s("null message", os::recvmsg(fd, nullptr, 0))("left", os::recv(fd, data, 8, 0));
  s("bad message", os::recvmsg(fd, static_cast<msghdr*>(bad), 0));
  s.Row("order");
  s("closed", os::recvmsg(99, nullptr, 0))("file", os::recvmsg(0, nullptr, 0));
  const int pipe_free = Tcp();
  message = fresh();
  message.msg_iovlen = 1025;
  s("fresh stream", os::recvmsg(pipe_free, &message, 0));
  message.msg_namelen = static_cast<socklen_t>(-1);
  s("negative", os::recvmsg(pipe_free, &message, 0));
  const TcpPair pair = Connected(80);
  os::send(pair.server, "abc", 3, 0);
  Settle();
  message = fresh();
  message.msg_namelen = static_cast<socklen_t>(-1);
  s("stream", os::recvmsg(pair.client, &message, 0));
  message.msg_namelen = 16;
  message.msg_name = bad;
  s("bad name", os::recvmsg(pair.client, &message, 0))("name", message.msg_namelen);
}

LINUX_SCRIPT(LinuxReceive, BadMessagesSent, R"(
good: udp=1 tcp=1 fresh tcp=EPIPE
negative name: udp=EINVAL tcp=EINVAL fresh tcp=EINVAL
long name: udp=1 tcp=1 fresh tcp=EPIPE
short name: udp=EINVAL tcp=1 fresh tcp=EPIPE
no name: udp=1 tcp=1 fresh tcp=EPIPE
negative no name: udp=1 tcp=1 fresh tcp=EPIPE
bad name: udp=EFAULT tcp=EFAULT fresh tcp=EFAULT
bad empty name: udp=1 tcp=1 fresh tcp=EPIPE
many: udp=1024 tcp=1024 fresh tcp=EPIPE
too many: udp=EMSGSIZE tcp=EMSGSIZE fresh tcp=EMSGSIZE
null vectors: udp=EFAULT tcp=EFAULT fresh tcp=EFAULT
none: udp=0 tcp=0 fresh tcp=EPIPE
bad buffer: udp=EFAULT tcp=EFAULT fresh tcp=EPIPE
negative length: udp=EINVAL tcp=EINVAL fresh tcp=EINVAL
short control: udp=1 tcp=1 fresh tcp=EPIPE
zero control: udp=EINVAL tcp=EINVAL fresh tcp=EPIPE
bad control: udp=EFAULT tcp=EFAULT fresh tcp=EFAULT
huge control: udp=ENOBUFS tcp=ENOBUFS fresh tcp=ENOBUFS
large control: udp=ENOBUFS tcp=ENOBUFS fresh tcp=ENOBUFS
null control: udp=EFAULT tcp=EFAULT fresh tcp=EFAULT
)") {
  const int fd = Udp();
  Bind(fd, "127.0.0.1", 7000);
  const int udp = Udp();
  Connect(udp, "127.0.0.1", 7000);
  const TcpPair pair = Connected(80);
  const int fresh_tcp = Tcp();
  const sockaddr_in to = Inet("127.0.0.1", 7000);
  char control[64] = {};
  static iovec vectors[1100];
  for (iovec& vector : vectors) vector = {data, 1};
  void* const bad = reinterpret_cast<void*>(8);
  const auto fresh = [&] {
    msghdr message = {};
    message.msg_iov = vectors;
    message.msg_iovlen = 1;
    return message;
  };
  const auto send = [&](const char* label, const msghdr& message) {
    s.Row(label)("udp", os::sendmsg(udp, &message, MSG_NOSIGNAL));
    s("tcp", os::sendmsg(pair.client, &message, MSG_NOSIGNAL));
    s("fresh tcp", os::sendmsg(fresh_tcp, &message, MSG_NOSIGNAL));
  };
  msghdr message = fresh();
  send("good", message);
  message.msg_name = const_cast<sockaddr_in*>(&to);
  message.msg_namelen = static_cast<socklen_t>(-1);
  send("negative name", message);
  message.msg_namelen = 129;
  send("long name", message);
  message.msg_namelen = 8;
  send("short name", message);
  message.msg_name = nullptr;
  send("no name", message);
  message.msg_namelen = static_cast<socklen_t>(-1);
  send("negative no name", message);
  message.msg_name = bad;
  message.msg_namelen = 16;
  send("bad name", message);
  message.msg_namelen = 0;
  send("bad empty name", message);
  message = fresh();
  message.msg_iovlen = 1024;
  send("many", message);
  message.msg_iovlen = 1025;
  send("too many", message);
  message = fresh();
  message.msg_iov = nullptr;
  send("null vectors", message);
  message.msg_iovlen = 0;
  send("none", message);
  message = fresh();
  vectors[0] = {bad, 8};
  send("bad buffer", message);
  vectors[0].iov_len = static_cast<size_t>(-1);
  send("negative length", message);
  vectors[0] = {data, 1};
  message.msg_control = control;
  message.msg_controllen = 5;
  send("short control", message);
  message.msg_controllen = 64;
  send("zero control", message);
  message.msg_control = bad;
  send("bad control", message);
  message.msg_controllen = size_t{1} << 31;
  send("huge control", message);
  message.msg_controllen = 1 << 20;
  send("large control", message);
  message.msg_control = nullptr;
  message.msg_controllen = 64;
  send("null control", message);
}

LINUX_SCRIPT(LinuxReceive, ErrorQueue, R"(
udp: fresh=EAGAIN after=0.0s refused=EAGAIN poll=OUT|ERR peek=EAGAIN error=ECONNREFUSED
tcp: fresh=EAGAIN after=0.0s listening=EAGAIN empty=EAGAIN after=0.0s data=EAGAIN after=0.0s none=EAGAIN after=0.0s reset=EAGAIN poll=IN|OUT|ERR|HUP|RDHUP error=ECONNRESET refused=EAGAIN error=ECONNREFUSED
)") {
  const timeval timeout = {0, 300'000};
  const int udp = Udp(0);
  os::setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  s.Row("udp")("fresh", os::recv(udp, data, 8, MSG_ERRQUEUE)).Elapsed();
  Connect(udp, "127.0.0.1", 7000);
  os::send(udp, "abc", 3, 0);
  Settle();
  s("refused", os::recv(udp, data, 8, MSG_ERRQUEUE))
      .Poll(udp)("peek", os::recv(udp, data, 8, MSG_ERRQUEUE | MSG_PEEK))
      .Error(udp);
  s.Row("tcp");
  const int fresh = Tcp(0);
  os::setsockopt(fresh, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  s("fresh", os::recv(fresh, data, 8, MSG_ERRQUEUE)).Elapsed();
  s("listening", os::recv(Listen(90), data, 8, MSG_ERRQUEUE));
  const TcpPair pair = Connected(80);
  os::fcntl(pair.client, F_SETFL, 0);
  os::setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  s.StartClock();
  s("empty", os::recv(pair.client, data, 8, MSG_ERRQUEUE)).Elapsed();
  os::send(pair.server, "abc", 3, 0);
  Settle();
  s.StartClock();
  s("data", os::recv(pair.client, data, 8, MSG_ERRQUEUE)).Elapsed();
  s("none", os::recv(pair.client, data, 0, MSG_ERRQUEUE)).Elapsed();
  Reset(pair.server);
  s("reset", os::recv(pair.client, data, 8, MSG_ERRQUEUE)).Poll(pair.client).Error(pair.client);
  const int refused = Tcp();
  Connect(refused, "127.0.0.1", 99);
  Settle();
  s("refused", os::recv(refused, data, 8, MSG_ERRQUEUE)).Error(refused);
}

}  // namespace
}  // namespace drywire
