// Flags of send and recv, lengths of options, on Linux. Recorded on Linux 6.18.
#include "tests/conformance/linux_script.h"

namespace drywire {
namespace {

LINUX_SCRIPT(LinuxIo, StreamReceiveFlags, R"(
empty: recv=EAGAIN peek=EAGAIN oob=EINVAL
six bytes: peek=4 none=0 trunc=2 peek trunc=4 recv=4 data=cdef
blocking: dontwait=EAGAIN waitall=3 after=0.3s waitall fin=3 after=0.0s waitall eof=0
faults: recv=EAGAIN recv=EFAULT send=EFAULT good=3 empty send=0
)") {
  const TcpPair pair = Connected(80);
  char buffer[64] = {};
  s.Row("empty")("recv", os::recv(pair.client, buffer, 8, 0))(
      "peek", os::recv(pair.client, buffer, 8, MSG_PEEK));
  s("oob", os::recv(pair.client, buffer, 1, MSG_OOB));
  os::send(pair.server, "abcdef", 6, 0);
  Settle();
  s.Row("six bytes")("peek", os::recv(pair.client, buffer, 4, MSG_PEEK));
  s("none", os::recv(pair.client, buffer, 0, 0));
  s("trunc", os::recv(pair.client, nullptr, 2, MSG_TRUNC));
  s("peek trunc", os::recv(pair.client, buffer, 8, MSG_PEEK | MSG_TRUNC));
  s("recv", os::recv(pair.client, buffer, 8, 0)).Text("data", std::string(buffer, 4));
  os::fcntl(pair.client, F_SETFL, 0);
  s.Row("blocking")("dontwait", os::recv(pair.client, buffer, 8, MSG_DONTWAIT));
  const timeval timeout = {0, 300'000};
  os::setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  os::send(pair.server, "abc", 3, 0);
  Settle();
  s.StartClock();
  s("waitall", os::recv(pair.client, buffer, 8, MSG_WAITALL)).Elapsed();
  os::send(pair.server, "abc", 3, 0);
  os::shutdown(pair.server, SHUT_WR);
  Settle();
  s.StartClock();
  s("waitall fin", os::recv(pair.client, buffer, 8, MSG_WAITALL)).Elapsed();
  s("waitall eof", os::recv(pair.client, buffer, 8, MSG_WAITALL));
  s.Row("faults")("recv", os::recv(pair.server, nullptr, 8, 0));
  os::send(pair.client, "abc", 3, 0);
  Settle();
  s("recv", os::recv(pair.server, nullptr, 8, 0))("send", os::send(pair.client, nullptr, 8, 0));
  s("good", os::recv(pair.server, buffer, 8, 0))("empty send", os::send(pair.client, "", 0, 0));
}

LINUX_SCRIPT(LinuxIo, StreamAddressesAndVectors, R"(
sendto: address=2 recvfrom=2 length=0 family=0 negative length=EINVAL null=2 short name=0 length=16 negative=EINVAL null length=EFAULT null name=EFAULT
vectors: writev=5 readv=5 none=0 negative=EINVAL many=EINVAL sendmsg=5 recvmsg=5 namelen=0 flags=0 many=EMSGSIZE null=EFAULT
fresh: sendto=EPIPE recv=ENOTCONN recv none=ENOTCONN
)") {
  const TcpPair pair = Connected(80);
  const sockaddr_in to = Inet("127.0.0.1", 99);
  s.Row("sendto")("address", os::sendto(pair.client, "ab", 2, 0, AsSockaddr(to), sizeof to));
  Settle();
  char buffer[64] = {};
  sockaddr_in from = {};
  socklen_t length = sizeof from;
  s("recvfrom", os::recvfrom(pair.server, buffer, 8, 0, AsSockaddr(from), &length));
  s("length", length)("family", from.sin_family);
  s("negative length", os::sendto(pair.client, "ab", 2, 0, AsSockaddr(to), -1));
  s("null", os::sendto(pair.client, "ab", 2, 0, nullptr, 16));
  length = 4;
  s("short name", os::getpeername(pair.client, AsSockaddr(from), &length))("length", length);
  length = -1;
  s("negative", os::getpeername(pair.client, AsSockaddr(from), &length));
  s("null length", os::getsockname(pair.client, AsSockaddr(from), nullptr));
  length = 16;
  s("null name", os::getsockname(pair.client, nullptr, &length));
  iovec vectors[3] = {{buffer, 2}, {nullptr, 0}, {buffer + 2, 3}};
  s.Row("vectors")("writev", os::writev(pair.client, vectors, 3));
  Settle();
  s("readv", os::readv(pair.server, vectors, 3))("none", os::writev(pair.client, vectors, 0));
  volatile int count = -1;
  s("negative", os::writev(pair.client, vectors, count));
  count = 1025;
  s("many", os::writev(pair.client, vectors, count));
  msghdr message = {};
  message.msg_iov = vectors;
  message.msg_iovlen = 3;
  s("sendmsg", os::sendmsg(pair.client, &message, 0));
  Settle();
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  s("recvmsg", os::recvmsg(pair.server, &message, 0))("namelen", message.msg_namelen);
  s("flags", message.msg_flags);
  message.msg_iovlen = 2000;
  s("many", os::sendmsg(pair.client, &message, 0))("null", os::sendmsg(pair.client, nullptr, 0));
  const int fresh = Tcp();
  s.Row("fresh")("sendto", os::sendto(fresh, "x", 1, MSG_NOSIGNAL, AsSockaddr(to), sizeof to));
  s("recv", os::recv(fresh, buffer, 1, 0))("recv none", os::recv(fresh, buffer, 0, 0));
}

LINUX_SCRIPT(LinuxIo, DatagramFlags, R"(
recv: peek=2 trunc=6 empty=EAGAIN peek trunc=6 none=0 empty=EAGAIN oob=EAGAIN
recvmsg: recvmsg=4 namelen=16 flags=32
waitall: waitall=6 fault=EFAULT left=EAGAIN
send: too long=EMSGSIZE longest=65507 null=EFAULT sendto=2 short=EINVAL family=EAFNOSUPPORT unspec=2 oob=EOPNOTSUPP unconnected=EDESTADDRREQ v4 on v6=2 unconnected 6=EDESTADDRREQ
)") {
  const int fd = Udp();
  Bind(fd, "127.0.0.1", 7000);
  const int sender = Udp();
  Bind(sender, "127.0.0.1", 7001);
  Connect(sender, "127.0.0.1", 7000);
  const auto refill = [&] {
    os::send(sender, "abcdef", 6, 0);
    Settle();
  };
  char buffer[64] = {};
  refill();
  s.Row("recv")("peek", os::recv(fd, buffer, 2, MSG_PEEK))("trunc",
                                                           os::recv(fd, buffer, 2, MSG_TRUNC));
  s("empty", os::recv(fd, buffer, 2, 0));
  refill();
  s("peek trunc", os::recv(fd, buffer, 2, MSG_PEEK | MSG_TRUNC))("none",
                                                                 os::recv(fd, buffer, 0, 0));
  s("empty", os::recv(fd, buffer, 2, 0))("oob", os::recv(fd, buffer, 1, MSG_OOB));
  refill();
  iovec vector = {buffer, 4};
  msghdr message = {};
  sockaddr_in from = {};
  message.msg_name = &from;
  message.msg_namelen = 8;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  s.Row("recvmsg")("recvmsg", os::recvmsg(fd, &message, 0))("namelen", message.msg_namelen);
  s("flags", message.msg_flags);
  refill();
  s.Row("waitall")("waitall", os::recv(fd, buffer, 16, MSG_WAITALL));
  refill();
  s("fault", os::recv(fd, nullptr, 16, 0))("left", os::recv(fd, buffer, 16, 0));
  static char big[70000];
  s.Row("send")("too long", os::send(sender, big, 65508, 0));
  s("longest", os::send(sender, big, 65507, 0))("null", os::send(sender, nullptr, 8, 0));
  const sockaddr_in elsewhere = Inet("127.0.0.1", 7001);
  s("sendto", os::sendto(sender, "ab", 2, 0, AsSockaddr(elsewhere), sizeof elsewhere));
  s("short", os::sendto(sender, "ab", 2, 0, AsSockaddr(elsewhere), 8));
  sockaddr_in odd = elsewhere;
  odd.sin_family = AF_UNIX;
  s("family", os::sendto(sender, "ab", 2, 0, AsSockaddr(odd), sizeof odd));
  odd.sin_family = AF_UNSPEC;
  s("unspec", os::sendto(sender, "ab", 2, 0, AsSockaddr(odd), sizeof odd));
  s("oob", os::send(sender, "a", 1, MSG_OOB));
  s("unconnected", os::send(Udp(), "ab", 2, 0));
  const int six = Udp(SOCK_NONBLOCK, AF_INET6);
  s("v4 on v6", os::sendto(six, "ab", 2, 0, AsSockaddr(elsewhere), sizeof elsewhere));
  s("unconnected 6", os::send(Udp(SOCK_NONBLOCK, AF_INET6), "ab", 2, 0));
}

LINUX_SCRIPT(LinuxIo, OptionLengths, R"(
SO_ERROR: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=ENOPROTOOPT 8=ENOPROTOOPT 16=ENOPROTOOPT 32=ENOPROTOOPT
SO_TYPE: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=ENOPROTOOPT 8=ENOPROTOOPT 16=ENOPROTOOPT 32=ENOPROTOOPT
SO_LINGER: -1=EINVAL 0=0 1=1 2=2 4=4 8=8 16=8 32=8 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=EINVAL 8=0 16=0 32=0
SO_RCVTIMEO: -1=EINVAL 0=0 1=1 2=2 4=4 8=8 16=16 32=16 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=EINVAL 8=EINVAL 16=0 32=0
SO_KEEPALIVE: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=0 8=0 16=0 32=0
SO_ACCEPTCONN: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=ENOPROTOOPT 8=ENOPROTOOPT 16=ENOPROTOOPT 32=ENOPROTOOPT
SO_PROTOCOL: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=ENOPROTOOPT 8=ENOPROTOOPT 16=ENOPROTOOPT 32=ENOPROTOOPT
TCP_NODELAY: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=0 8=0 16=0 32=0
TCP_MAXSEG: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=EINVAL 8=EINVAL 16=EINVAL 32=EINVAL
TCP_SYNCNT: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=0 8=0 16=0 32=0
TCP_KEEPIDLE: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=0 8=0 16=0 32=0
TCP_USER_TIMEOUT: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=0 8=0 16=0 32=0
TCP_LINGER2: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=0 8=0 16=0 32=0
TCP_DEFER_ACCEPT: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=0 8=0 16=0 32=0
TCP_QUICKACK: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=0 8=0 16=0 32=0
TCP_CORK: -1=EINVAL 0=0 1=1 2=2 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=0 8=0 16=0 32=0
IP_TTL: -1=EINVAL 0=0 1=1 2=1 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=EINVAL 1=0 2=0 4=0 8=0 16=0 32=0
IP_TOS: -1=EINVAL 0=0 1=1 2=1 4=4 8=4 16=4 32=4 |=set -1=EINVAL 0=0 1=0 2=0 4=0 8=0 16=0 32=0
unknown: -1=EINVAL 0=ENOPROTOOPT 1=ENOPROTOOPT 2=ENOPROTOOPT 4=ENOPROTOOPT 8=ENOPROTOOPT 16=ENOPROTOOPT 32=ENOPROTOOPT |=set -1=EINVAL 0=EINVAL 1=EINVAL 2=EINVAL 4=ENOPROTOOPT 8=ENOPROTOOPT 16=ENOPROTOOPT 32=ENOPROTOOPT
)") {
  const int fd = Tcp();
  struct {
    const char* name;
    int level;
    int option;
  } const kOptions[] = {{"SO_ERROR", SOL_SOCKET, SO_ERROR},
                        {"SO_TYPE", SOL_SOCKET, SO_TYPE},
                        {"SO_LINGER", SOL_SOCKET, SO_LINGER},
                        {"SO_RCVTIMEO", SOL_SOCKET, SO_RCVTIMEO},
                        {"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE},
                        {"SO_ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN},
                        {"SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL},
                        {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY},
                        {"TCP_MAXSEG", IPPROTO_TCP, TCP_MAXSEG},
                        {"TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT},
                        {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE},
                        {"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT},
                        {"TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2},
                        {"TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT},
                        {"TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK},
                        {"TCP_CORK", IPPROTO_TCP, TCP_CORK},
                        {"IP_TTL", IPPROTO_IP, IP_TTL},
                        {"IP_TOS", IPPROTO_IP, IP_TOS},
                        {"unknown", SOL_SOCKET, 9999}};
  for (const auto& row : kOptions) {
    s.Row(row.name);
    for (const socklen_t size : {-1, 0, 1, 2, 4, 8, 16, 32}) {
      char value[64] = {};
      socklen_t length = size;
      const int result = os::getsockopt(fd, row.level, row.option, value, &length);
      if (result < 0) {
        s(std::to_string(static_cast<int>(size)), result);
      } else {
        s(std::to_string(static_cast<int>(size)), static_cast<int>(length));
      }
    }
    s.Text("|", "set");
    for (const socklen_t size : {-1, 0, 1, 2, 4, 8, 16, 32}) {
      int value[8] = {1};
      s(std::to_string(static_cast<int>(size)),
        os::setsockopt(fd, row.level, row.option, value, size));
    }
  }
}

LINUX_SCRIPT(LinuxIo, OptionValues, R"(
TCP_SYNCNT: -1=EINVAL reads=6 0=EINVAL reads=6 1=0 reads=1 127=0 reads=127 128=EINVAL reads=127
TCP_KEEPIDLE: -1=EINVAL reads=7200 0=EINVAL reads=7200 1=0 reads=1 32767=0 reads=32767 32768=EINVAL reads=32767
TCP_KEEPINTVL: -1=EINVAL reads=75 0=EINVAL reads=75 1=0 reads=1 32767=0 reads=32767 32768=EINVAL reads=32767
TCP_KEEPCNT: -1=EINVAL reads=9 0=EINVAL reads=9 1=0 reads=1 127=0 reads=127 128=EINVAL reads=127
TCP_MAXSEG: -1=EINVAL reads=536 0=0 reads=536 87=EINVAL reads=536 88=0 reads=88 32768=EINVAL reads=88
TCP_USER_TIMEOUT: -1=EINVAL reads=0 0=0 reads=0 1=0 reads=1 5000=0 reads=5000 1073741824=0 reads=1073741824
TCP_LINGER2: -1=0 reads=4294967295 0=0 reads=60 1=0 reads=1 60=0 reads=60 121=0 reads=120
TCP_DEFER_ACCEPT: -1=0 reads=0 0=0 reads=0 1=0 reads=1 5=0 reads=7 100=0 reads=127
TCP_NODELAY: -1=0 reads=1 0=0 reads=0 1=0 reads=1 2=0 reads=1 255=0 reads=1
SO_SNDBUF: -1=0 reads=8388608 0=0 reads=4608 1=0 reads=4608 10000=0 reads=20000 1073741824=0 reads=8388608
SO_RCVBUF: -1=0 reads=8388608 0=0 reads=2304 1=0 reads=2304 10000=0 reads=20000 1073741824=0 reads=8388608
SO_RCVLOWAT: 0=0 reads=1 1=0 reads=1 100=0 reads=100 1000=0 reads=1000 5000=0 reads=5000
SO_TYPE: 0=ENOPROTOOPT reads=1 1=ENOPROTOOPT reads=1 2=ENOPROTOOPT reads=1 3=ENOPROTOOPT reads=1 4=ENOPROTOOPT reads=1
SO_ERROR: 0=ENOPROTOOPT reads=0 1=ENOPROTOOPT reads=0 2=ENOPROTOOPT reads=0 3=ENOPROTOOPT reads=0 4=ENOPROTOOPT reads=0
IP_TTL: -1=0 reads=64 0=EINVAL reads=64 1=0 reads=1 255=0 reads=255 256=EINVAL reads=255
)") {
  const int fd = Tcp();
  struct {
    const char* name;
    int level;
    int option;
    int values[5];
  } const kOptions[] = {
      {"TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, {-1, 0, 1, 127, 128}},
      {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, {-1, 0, 1, 32767, 32768}},
      {"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, {-1, 0, 1, 32767, 32768}},
      {"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, {-1, 0, 1, 127, 128}},
      {"TCP_MAXSEG", IPPROTO_TCP, TCP_MAXSEG, {-1, 0, 87, 88, 32768}},
      {"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, {-1, 0, 1, 5000, 1 << 30}},
      {"TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2, {-1, 0, 1, 60, 121}},
      {"TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, {-1, 0, 1, 5, 100}},
      {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, {-1, 0, 1, 2, 255}},
      {"SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, {-1, 0, 1, 10000, 1 << 30}},
      {"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, {-1, 0, 1, 10000, 1 << 30}},
      {"SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, {0, 1, 100, 1000, 5000}},
      {"SO_TYPE", SOL_SOCKET, SO_TYPE, {0, 1, 2, 3, 4}},
      {"SO_ERROR", SOL_SOCKET, SO_ERROR, {0, 1, 2, 3, 4}},
      {"IP_TTL", IPPROTO_IP, IP_TTL, {-1, 0, 1, 255, 256}}};
  for (const auto& row : kOptions) {
    s.Row(row.name);
    for (const int value : row.values) {
      s(std::to_string(value), SetInt(fd, row.level, row.option, value));
      int got = 0;
      socklen_t length = sizeof got;
      os::getsockopt(fd, row.level, row.option, &got, &length);
      s("reads", static_cast<uint32_t>(got));
    }
  }
}

LINUX_SCRIPT(LinuxIo, SocketArguments, R"(
socket: tcp=ok udp as stream=EPROTONOSUPPORT tcp as datagram=EPROTONOSUPPORT seqpacket=ESOCKTNOSUPPORT type 0=ESOCKTNOSUPPORT type 77=EINVAL flag=EINVAL family 0=EAFNOSUPPORT family 99=EAFNOSUPPORT family -1=EAFNOSUPPORT protocol -1=EINVAL protocol 300=EINVAL
accept4: bad flag=EINVAL null length=EFAULT poll=- negative length=EINVAL poll=- short=ok length=16 flags=2 listener=2050 cloexec=0
)") {
  s.Row("socket").Ok("tcp", os::socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
  s("udp as stream", os::socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
  s("tcp as datagram", os::socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
  s("seqpacket", os::socket(AF_INET, SOCK_SEQPACKET, 0))("type 0", os::socket(AF_INET, 0, 0));
  s("type 77", os::socket(AF_INET, 77, 0))("flag", os::socket(AF_INET, SOCK_STREAM | 0x100000, 0));
  s("family 0", os::socket(0, SOCK_STREAM, 0))("family 99", os::socket(99, SOCK_STREAM, 0));
  s("family -1", os::socket(-1, SOCK_STREAM, 0))("protocol -1",
                                                 os::socket(AF_INET, SOCK_STREAM, -1));
  s("protocol 300", os::socket(AF_INET, SOCK_STREAM, 300));
  const int listener = Listen(80);
  Connect(Tcp(), "127.0.0.1", 80);
  Settle();
  s.Row("accept4")("bad flag", os::accept4(listener, nullptr, nullptr, 1));
  sockaddr_in from = {};
  s("null length", os::accept(listener, AsSockaddr(from), nullptr)).Poll(listener);
  socklen_t length = -1;
  Connect(Tcp(), "127.0.0.1", 80);
  Settle();
  s("negative length", os::accept(listener, AsSockaddr(from), &length)).Poll(listener);
  length = 4;
  Connect(Tcp(), "127.0.0.1", 80);
  Settle();
  s.Ok("short", os::accept(listener, AsSockaddr(from), &length))("length", length);
  const int inherited = [&] {
    Connect(Tcp(), "127.0.0.1", 80);
    Settle();
    return os::accept(listener, nullptr, nullptr);
  }();
  s("flags", os::fcntl(inherited, F_GETFL))("listener", os::fcntl(listener, F_GETFL));
  s("cloexec", os::fcntl(inherited, F_GETFD));
}

}  // namespace
}  // namespace drywire
