// IP_RECVERR and IPV6_RECVERR: errors about packets, told by recvmsg() with MSG_ERRQUEUE, on Linux.
// Recorded on Linux 6.18.
#include <arpa/inet.h>
#include <linux/errqueue.h>

#include <string>

#include "tests/conformance/linux_script.h"
#include "tests/oracle/two_hosts.h"

namespace drywire {
namespace {

using oracle::ReachServer;
using oracle::ServeOne;

// Both hosts answer as often as they are asked to.
constexpr char kTalkative[] = R"(
hosts:
  a:
    sysctls: &unlimited
      net.ipv4.icmp_ratelimit: 0
      net.ipv6.icmp.ratelimit: 0
  b:
    sysctls: *unlimited
links:
  cable:
    ends:
      a:eth0: [10.0.0.1/24, "fd00::1/64"]
      b:eth0: [10.0.0.2/24, "fd00::2/64"]
)";

std::string Name(const void* address) {
  sockaddr_storage storage = {};
  std::memcpy(&storage, address, sizeof(sockaddr_in6));
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(in.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
    inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    return std::string(text) + " " + std::to_string(ntohs(in6.sin6_port));
  }
  return "none";
}

// One error with all that is told of it. `text`: whether the data is the same everywhere.
Script& TakeError(Script& s, int fd, bool text = true, size_t size = 64, size_t room = 128,
                  int flags = MSG_ERRQUEUE) {
  char data[2048] = {};
  alignas(cmsghdr) char control[256] = {};
  sockaddr_in6 name = {};
  iovec vector = {data, size};
  msghdr message = {};
  message.msg_name = &name;
  message.msg_namelen = sizeof name;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = room;
  const ssize_t got = os::recvmsg(fd, &message, flags);
  if (got < 0 || !text) s("queue", got < 0 ? got : 0);
  if (got < 0) return s;
  if (text) s("queue", got).Text("data", "'" + std::string(data, got < 16 ? got : 16) + "'");
  s.Text("to", Name(&name))("flags", message.msg_flags)("control", message.msg_controllen);
  const auto* header = reinterpret_cast<const cmsghdr*>(control);
  if (message.msg_controllen < sizeof *header) return s;
  s("length", header->cmsg_len)("level", header->cmsg_level)("type", header->cmsg_type);
  sock_extended_err told = {};
  if (header->cmsg_len < CMSG_LEN(sizeof told)) return s;
  std::memcpy(&told, CMSG_DATA(header), sizeof told);
  s.Text("errno", ErrorName(static_cast<int>(told.ee_errno)))("origin", told.ee_origin);
  s("icmp", told.ee_type)("code", told.ee_code)("info", told.ee_info)("data", told.ee_data);
  if (header->cmsg_len < CMSG_LEN(sizeof told + sizeof(sockaddr_in))) return s;
  sockaddr_in6 offender = {};
  std::memcpy(&offender, CMSG_DATA(header) + sizeof told, header->cmsg_len - CMSG_LEN(sizeof told));
  return s.Text("offender", Name(&offender));
}

// A datagram socket that wants errors.
int Wanting(int family = AF_INET) {
  const int fd = Udp(SOCK_NONBLOCK, family);
  SetInt(fd, IPPROTO_IP, IP_RECVERR, 1);
  if (family == AF_INET6) SetInt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
  return fd;
}

ORACLE(LinuxErrorQueue, OfAConnectedSocket, kTalkative) {
  it.On("a", [](Script& s) {
    const int fd = Wanting();
    s.Row("option").Option("on", fd, IPPROTO_IP, IP_RECVERR);
    s.Option("off", Udp(), IPPROTO_IP, IP_RECVERR)("connect", Connect(fd, "10.0.0.2", 9));
    TakeError(s, fd);
    s.Row("error first").Send(fd, "hello");
    Settle();
    s.Poll(fd).Error(fd).Poll(fd).Error(fd);
    TakeError(s, fd).Poll(fd);
    TakeError(s, fd);
    s.Row("read first").Send(fd, "hello");
    Settle();
    s.Receive(fd).Receive(fd).Poll(fd);
    TakeError(s, fd).Poll(fd).Receive(fd);
    s.Row("queue first").Send(fd, "hello");
    Settle();
    TakeError(s, fd).Poll(fd).Error(fd).Receive(fd);
    s.Row("send first").Send(fd, "one");
    Settle();
    s.Send(fd, "two").Send(fd, "three");
    Settle();
    s.Poll(fd);
    TakeError(s, fd).Poll(fd).Error(fd).Poll(fd);
    TakeError(s, fd).Poll(fd).Error(fd);
    s.Row("several");
    for (const char* text : {"one", "two", "three"}) {
      s.Send(fd, text);
      Settle();
      s.Error(fd);
    }
    TakeError(s, fd).Error(fd);
    TakeError(s, fd).Poll(fd);
    TakeError(s, fd).Poll(fd).Error(fd);
    s.Row("switched off").Send(fd, "one");
    Settle();
    s("off", SetInt(fd, IPPROTO_IP, IP_RECVERR, 0)).Poll(fd);
    TakeError(s, fd).Error(fd).Poll(fd);
  });
}

TEST(LinuxErrorQueue, OfAConnectedSocket) {
  ExpectScenario("LinuxErrorQueue.OfAConnectedSocket", R"(
option: on=1 off=0 connect=0 queue=EAGAIN
error first: send=5 poll=OUT|ERR error=ECONNREFUSED poll=OUT|ERR error=0 queue=5 data='hello' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 poll=OUT queue=EAGAIN
read first: send=5 recv=ECONNREFUSED recv=EAGAIN poll=OUT|ERR queue=5 data='hello' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 poll=OUT recv=EAGAIN
queue first: send=5 queue=5 data='hello' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 poll=OUT error=0 recv=EAGAIN
send first: send=3 send=ECONNREFUSED send=5 poll=OUT|ERR queue=3 data='one' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 poll=OUT|ERR error=ECONNREFUSED poll=OUT|ERR queue=5 data='three' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 poll=OUT error=0
several: send=3 error=ECONNREFUSED send=3 error=ECONNREFUSED send=5 error=ECONNREFUSED queue=3 data='one' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 error=ECONNREFUSED queue=3 data='two' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 poll=OUT|ERR queue=5 data='three' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 poll=OUT error=0
switched off: send=3 off=0 poll=OUT|ERR queue=EAGAIN error=ECONNREFUSED poll=OUT
)");
}

ORACLE(LinuxErrorQueue, OfAnUnconnectedSocket, kTalkative) {
  it.On("a", [](Script& s) {
    const int fd = Wanting();
    s.Row("one")("send", SendTo(fd, "hey", "10.0.0.2", 9));
    Settle();
    s.Poll(fd).Error(fd);
    TakeError(s, fd).Poll(fd);
    s.Row("elsewhere")("send", SendTo(fd, "hey", "10.0.0.2", 9));
    Settle();
    s("other", SendTo(fd, "x", "10.0.0.1", 9))("again", SendTo(fd, "x", "10.0.0.2", 10));
    Settle();
    TakeError(s, fd);
    TakeError(s, fd);
    TakeError(s, fd).Poll(fd);
    s.Row("nobody asked");
    const int quiet = Udp();
    s("send", SendTo(quiet, "hey", "10.0.0.2", 9));
    Settle();
    s.Poll(quiet).Error(quiet);
    TakeError(s, quiet);
  });
}

TEST(LinuxErrorQueue, OfAnUnconnectedSocket) {
  ExpectScenario("LinuxErrorQueue.OfAnUnconnectedSocket", R"(
one: send=3 poll=OUT|ERR error=ECONNREFUSED queue=3 data='hey' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 poll=OUT
elsewhere: send=3 other=ECONNREFUSED again=1 queue=3 data='hey' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 queue=1 data='x' to=10.0.0.2:10 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 queue=EAGAIN poll=OUT
nobody asked: send=3 poll=OUT error=0 queue=EAGAIN
)");
}

ORACLE(LinuxErrorQueue, RoomForIt, kTalkative) {
  it.On("a", [](Script& s) {
    const int fd = Wanting();
    Connect(fd, "10.0.0.2", 9);
    const auto provoke = [&](const std::string& row, size_t length = 10) {
      s.Row(row).Send(fd, std::string("0123456789").append(length - 10, 'Z'));
      Settle();
      s.Error(fd);
    };
    provoke("data cut");
    TakeError(s, fd, true, 4);
    provoke("no data");
    TakeError(s, fd, true, 0);
    for (const size_t room : {0, 8, 16, 20, 40, 47, 48, 64}) {
      provoke("control of " + std::to_string(room));
      TakeError(s, fd, true, 64, room);
    }
    provoke("long", 1400);
    TakeError(s, fd, true, 2000);
    provoke("peek");
    TakeError(s, fd, true, 64, 128, MSG_ERRQUEUE | MSG_PEEK);
    TakeError(s, fd);
    provoke("by recvfrom");
    s.ReceiveFrom(fd, true, MSG_ERRQUEUE).ReceiveFrom(fd, true, MSG_ERRQUEUE);
    s.Row("blocking");
    os::fcntl(fd, F_SETFL, 0);
    s.Receive(fd, MSG_ERRQUEUE);
  });
}

TEST(LinuxErrorQueue, RoomForIt) {
  ExpectScenario("LinuxErrorQueue.RoomForIt", R"(
data cut: send=10 error=ECONNREFUSED queue=4 data='0123' to=10.0.0.2:9 flags=8224 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0
no data: send=10 error=ECONNREFUSED queue=0 data='' to=10.0.0.2:9 flags=8224 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0
control of 0: send=10 error=ECONNREFUSED queue=10 data='0123456789' to=10.0.0.2:9 flags=8200 control=0
control of 8: send=10 error=ECONNREFUSED queue=10 data='0123456789' to=10.0.0.2:9 flags=8200 control=0
control of 16: send=10 error=ECONNREFUSED queue=10 data='0123456789' to=10.0.0.2:9 flags=8200 control=16 length=16 level=0 type=11
control of 20: send=10 error=ECONNREFUSED queue=10 data='0123456789' to=10.0.0.2:9 flags=8200 control=20 length=20 level=0 type=11
control of 40: send=10 error=ECONNREFUSED queue=10 data='0123456789' to=10.0.0.2:9 flags=8200 control=40 length=40 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0
control of 47: send=10 error=ECONNREFUSED queue=10 data='0123456789' to=10.0.0.2:9 flags=8200 control=47 length=47 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0
control of 48: send=10 error=ECONNREFUSED queue=10 data='0123456789' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0
control of 64: send=10 error=ECONNREFUSED queue=10 data='0123456789' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0
long: send=1400 error=ECONNREFUSED queue=520 data='0123456789ZZZZZZ' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0
peek: send=10 error=ECONNREFUSED queue=10 data='0123456789' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=10.0.0.2:0 queue=EAGAIN
by recvfrom: send=10 error=ECONNREFUSED recv='0123456789' from=10.0.0.2:9 recv=EAGAIN
blocking: recv=EAGAIN
)");
}

ORACLE(LinuxErrorQueue, TooLong, kTalkative) {
  it.On("a", [](Script& s) {
    const std::string large(1473, 'x');
    const std::string huge(70'000, 'x');
    for (const int discover : {IP_PMTUDISC_DONT, IP_PMTUDISC_DO, IP_PMTUDISC_PROBE}) {
      const int fd = Wanting();
      SetInt(fd, IPPROTO_IP, IP_MTU_DISCOVER, discover);
      s.Row("discover " + std::to_string(discover))("to", SendTo(fd, large, "10.0.0.2", 9));
      if (discover == IP_PMTUDISC_DONT) continue;
      TakeError(s, fd);
      s("connect", Connect(fd, "10.0.0.2", 9)).Send(fd, large).Poll(fd).Error(fd);
      TakeError(s, fd).Poll(fd);
      s("huge", os::send(fd, huge.data(), huge.size(), 0)).Poll(fd);
      TakeError(s, fd);
      s("other", SendTo(fd, large, "10.0.0.1", 10));
      TakeError(s, fd);
    }
    const int quiet = Udp();
    SetInt(quiet, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    s.Row("nobody asked")("connect", Connect(quiet, "10.0.0.2", 9)).Send(quiet, large).Poll(quiet);
    TakeError(s, quiet);
    const int v6 = Wanting(AF_INET6);
    SetInt(v6, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
    s.Row("v6")("to", SendTo6(v6, large, "fd00::2", 9));
    TakeError(s, v6);
  });
}

TEST(LinuxErrorQueue, TooLong) {
  ExpectScenario("LinuxErrorQueue.TooLong", R"(
discover 0: to=1473
discover 2: to=EMSGSIZE queue=0 data='' to=10.0.0.2:0 flags=8192 control=48 length=48 level=0 type=11 errno=EMSGSIZE origin=1 icmp=0 code=0 info=1500 data=0 offender=none connect=0 send=EMSGSIZE poll=OUT|ERR error=0 queue=0 data='' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=EMSGSIZE origin=1 icmp=0 code=0 info=1500 data=0 offender=none poll=OUT huge=EMSGSIZE poll=OUT queue=EAGAIN other=1473 queue=EAGAIN
discover 3: to=EMSGSIZE queue=0 data='' to=10.0.0.2:0 flags=8192 control=48 length=48 level=0 type=11 errno=EMSGSIZE origin=1 icmp=0 code=0 info=1500 data=0 offender=none connect=0 send=EMSGSIZE poll=OUT|ERR error=0 queue=0 data='' to=10.0.0.2:9 flags=8192 control=48 length=48 level=0 type=11 errno=EMSGSIZE origin=1 icmp=0 code=0 info=1500 data=0 offender=none poll=OUT huge=EMSGSIZE poll=OUT queue=EAGAIN other=1473 queue=EAGAIN
nobody asked: connect=0 send=EMSGSIZE poll=OUT queue=EAGAIN
v6: to=EMSGSIZE queue=0 data='' to=fd00::2 9 flags=8192 control=64 length=60 level=41 type=25 errno=EMSGSIZE origin=1 icmp=0 code=0 info=1500 data=0 offender=none
)");
}

ORACLE(LinuxErrorQueue, V6, kTalkative) {
  it.On("a", [](Script& s) {
    s.Row("v6");
    int fd = Wanting(AF_INET6);
    s("connect", Connect6(fd, "fd00::2", 9)).Send(fd, "hello");
    Settle();
    s.Poll(fd).Error(fd);
    TakeError(s, fd).Poll(fd);
    s.Row("unconnected");
    fd = Wanting(AF_INET6);
    s("send", SendTo6(fd, "hello", "fd00::2", 9));
    Settle();
    s.Poll(fd).Error(fd);
    TakeError(s, fd).Poll(fd);
    s.Row("mapped");
    fd = Wanting(AF_INET6);
    s("connect", Connect6(fd, "::ffff:10.0.0.2", 9)).Send(fd, "hello");
    Settle();
    s.Poll(fd).Error(fd);
    TakeError(s, fd).Poll(fd);
    for (const int level : {IPPROTO_IP, IPPROTO_IPV6}) {
      s.Row(level == IPPROTO_IP ? "IPv4's only" : "IPv6's only");
      for (const char* address : {"fd00::2", "::ffff:10.0.0.2"}) {
        fd = Udp(SOCK_NONBLOCK, AF_INET6);
        s("option", SetInt(fd, level, level == IPPROTO_IP ? IP_RECVERR : IPV6_RECVERR, 1));
        s("connect", Connect6(fd, address, 9)).Send(fd, "hello");
        Settle();
        s.Poll(fd);
        TakeError(s, fd).Error(fd);
      }
    }
    s.Row("IPv4 socket")("option", SetInt(Udp(), IPPROTO_IPV6, IPV6_RECVERR, 1));
  });
}

TEST(LinuxErrorQueue, V6) {
  ExpectScenario("LinuxErrorQueue.V6", R"(
v6: connect=0 send=5 poll=OUT|ERR error=ECONNREFUSED queue=5 data='hello' to=fd00::2 9 flags=8192 control=64 length=60 level=41 type=25 errno=ECONNREFUSED origin=3 icmp=1 code=4 info=0 data=0 offender=fd00::2 0 poll=OUT
unconnected: send=5 poll=OUT|ERR error=ECONNREFUSED queue=5 data='hello' to=fd00::2 9 flags=8192 control=64 length=60 level=41 type=25 errno=ECONNREFUSED origin=3 icmp=1 code=4 info=0 data=0 offender=fd00::2 0 poll=OUT
mapped: connect=0 send=5 poll=OUT|ERR error=ECONNREFUSED queue=5 data='hello' to=::ffff:10.0.0.2 9 flags=8192 control=64 length=60 level=41 type=25 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=::ffff:10.0.0.2 0 poll=OUT
IPv4's only: option=0 connect=0 send=5 poll=OUT|ERR queue=EAGAIN error=ECONNREFUSED option=0 connect=0 send=5 poll=OUT|ERR queue=5 data='hello' to=::ffff:10.0.0.2 9 flags=8192 control=64 length=60 level=41 type=25 errno=ECONNREFUSED origin=2 icmp=3 code=3 info=0 data=0 offender=::ffff:10.0.0.2 0 error=0
IPv6's only: option=0 connect=0 send=5 poll=OUT|ERR queue=5 data='hello' to=fd00::2 9 flags=8192 control=64 length=60 level=41 type=25 errno=ECONNREFUSED origin=3 icmp=1 code=4 info=0 data=0 offender=fd00::2 0 error=0 option=0 connect=0 send=5 poll=OUT|ERR queue=EAGAIN error=ECONNREFUSED
IPv4 socket: option=ENOPROTOOPT
)");
}

// What is no reason to end a conversation is told to those who ask.
ORACLE(LinuxErrorQueue, SoftErrors, kTalkative) {
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Firewall("input udp dport 81 reject with icmp type host-unreachable");
    s.Firewall("input udp dport 82 reject with icmp type net-prohibited");
    s.Firewall("input udp dport 83 reject with icmp type prot-unreachable");
    s.Announce("ready");
    s.Await("done");
  });
  it.On("a", [](Script& s) {
    s.Await("ready");
    for (uint16_t port = 81; port <= 83; ++port) {
      for (const bool wanted : {false, true}) {
        const int fd = wanted ? Wanting() : Udp();
        s.Row(std::to_string(port) + (wanted ? " wanted" : ""));
        s("connect", Connect(fd, "10.0.0.2", port)).Send(fd, "x");
        Settle();
        s.Poll(fd).Error(fd);
        TakeError(s, fd).Poll(fd);
      }
    }
    const int fd = Wanting();
    s.Row("neighbour")("connect", Connect(fd, "10.0.0.77", 9)).Send(fd, "abc");
    s("wait", WaitFor(fd, POLLERR)).Elapsed().Poll(fd).Error(fd);
    TakeError(s, fd).Poll(fd);
    s.Announce("done");
  });
}

TEST(LinuxErrorQueue, SoftErrors) {
  ExpectScenario("LinuxErrorQueue.SoftErrors", R"(
81: connect=0 send=1 poll=OUT error=0 queue=EAGAIN poll=OUT
81 wanted: connect=0 send=1 poll=OUT|ERR error=EHOSTUNREACH queue=1 data='x' to=10.0.0.2:81 flags=8192 control=48 length=48 level=0 type=11 errno=EHOSTUNREACH origin=2 icmp=3 code=1 info=0 data=0 offender=10.0.0.2:0 poll=OUT
82: connect=0 send=1 poll=OUT|ERR error=ENETUNREACH queue=EAGAIN poll=OUT
82 wanted: connect=0 send=1 poll=OUT|ERR error=ENETUNREACH queue=1 data='x' to=10.0.0.2:82 flags=8192 control=48 length=48 level=0 type=11 errno=ENETUNREACH origin=2 icmp=3 code=9 info=0 data=0 offender=10.0.0.2:0 poll=OUT
83: connect=0 send=1 poll=OUT|ERR error=ENOPROTOOPT queue=EAGAIN poll=OUT
83 wanted: connect=0 send=1 poll=OUT|ERR error=ENOPROTOOPT queue=1 data='x' to=10.0.0.2:83 flags=8192 control=48 length=48 level=0 type=11 errno=ENOPROTOOPT origin=2 icmp=3 code=2 info=0 data=0 offender=10.0.0.2:0 poll=OUT
neighbour: connect=0 send=3 wait=1 after=3.0s poll=OUT|ERR error=EHOSTUNREACH queue=3 data='abc' to=10.0.0.77:9 flags=8192 control=48 length=48 level=0 type=11 errno=EHOSTUNREACH origin=2 icmp=3 code=1 info=0 data=0 offender=10.0.0.1:0 poll=OUT
)");
}

// About an attempt to connect the error is queued whether it is wanted or not, with IPv4.
ORACLE(LinuxErrorQueue, OfAnAttempt, kTalkative) {
  it.On("b", [](Script& s) {
    s.Row("server");
    s.Firewall("input tcp dport 81 reject with icmp type host-unreachable");
    s.Firewall("input meta nfproto ipv6 tcp dport 82 reject");
    s.Announce("ready");
    s.Await("done");
  });
  it.On("a", [](Script& s) {
    s.Await("ready");
    for (const bool wanted : {false, true}) {
      for (const int family : {AF_INET, AF_INET6}) {
        const int fd = Tcp(SOCK_NONBLOCK, family);
        if (wanted) SetInt(fd, IPPROTO_IP, IP_RECVERR, 1);
        if (wanted && family == AF_INET6) SetInt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
        s.Row(std::string(family == AF_INET ? "v4" : "v6") + (wanted ? " wanted" : ""));
        s("connect", family == AF_INET ? Connect(fd, "10.0.0.2", 81) : Connect6(fd, "fd00::2", 82));
        s.Poll(fd);
        TakeError(s, fd, false).Poll(fd).Error(fd).Poll(fd);
        s("wait", WaitFor(fd, POLLOUT, 2000)).Elapsed().Poll(fd).Error(fd).Poll(fd);
        TakeError(s, fd, false).Poll(fd);
        TakeError(s, fd, false);
      }
    }
    s.Announce("done");
  });
}

TEST(LinuxErrorQueue, OfAnAttempt) {
  ExpectScenario("LinuxErrorQueue.OfAnAttempt", R"(
v4: connect=EINPROGRESS poll=ERR queue=0 to=10.0.0.2:81 flags=8192 control=48 length=48 level=0 type=11 errno=EHOSTUNREACH origin=2 icmp=3 code=1 info=0 data=0 offender=10.0.0.2:0 poll=- error=EHOSTUNREACH poll=- wait=1 after=1.0s poll=IN|OUT|ERR|HUP|RDHUP error=EHOSTUNREACH poll=IN|OUT|ERR|HUP|RDHUP queue=0 to=10.0.0.2:81 flags=8192 control=48 length=48 level=0 type=11 errno=EHOSTUNREACH origin=2 icmp=3 code=1 info=0 data=0 offender=10.0.0.2:0 poll=IN|OUT|HUP|RDHUP queue=EAGAIN
v6: connect=EINPROGRESS poll=- queue=EAGAIN poll=- error=ECONNREFUSED poll=- wait=1 after=1.0s poll=IN|OUT|ERR|HUP|RDHUP error=ECONNREFUSED poll=IN|OUT|HUP|RDHUP queue=EAGAIN poll=IN|OUT|HUP|RDHUP queue=EAGAIN
v4 wanted: connect=EINPROGRESS poll=ERR queue=0 to=10.0.0.2:81 flags=8192 control=48 length=48 level=0 type=11 errno=EHOSTUNREACH origin=2 icmp=3 code=1 info=0 data=0 offender=10.0.0.2:0 poll=- error=EHOSTUNREACH poll=- wait=1 after=1.0s poll=IN|OUT|ERR|HUP|RDHUP error=EHOSTUNREACH poll=IN|OUT|ERR|HUP|RDHUP queue=0 to=10.0.0.2:81 flags=8192 control=48 length=48 level=0 type=11 errno=EHOSTUNREACH origin=2 icmp=3 code=1 info=0 data=0 offender=10.0.0.2:0 poll=IN|OUT|HUP|RDHUP queue=EAGAIN
v6 wanted: connect=EINPROGRESS poll=ERR queue=0 to=fd00::2 82 flags=8192 control=64 length=60 level=41 type=25 errno=ECONNREFUSED origin=3 icmp=1 code=4 info=0 data=0 offender=fd00::2 0 poll=- error=ECONNREFUSED poll=- wait=1 after=1.0s poll=IN|OUT|ERR|HUP|RDHUP error=ECONNREFUSED poll=IN|OUT|ERR|HUP|RDHUP queue=0 to=fd00::2 82 flags=8192 control=64 length=60 level=41 type=25 errno=ECONNREFUSED origin=3 icmp=1 code=4 info=0 data=0 offender=fd00::2 0 poll=IN|OUT|HUP|RDHUP queue=EAGAIN
)");
}

// On a connection it is not queued, but tells at once; the connection goes on.
ORACLE(LinuxErrorQueue, OfAConnection, kTalkative) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    SetInt(fd, IPPROTO_IP, IP_RECVERR, 1);
    s.Announce("connected");
    s.Await("ready");
    s.Send(fd, "x");
    s.Row("at once").Poll(fd).Error(fd);
    s.Row("later")("wait", WaitFor(fd, POLLERR)).Elapsed().Poll(fd);
    TakeError(s, fd, false).Send(fd, "y").Poll(fd);
    s.Row("read")("wait", WaitFor(fd, POLLERR)).Receive(fd).Receive(fd).Poll(fd);
    s.Announce("open");
    s("wait", WaitFor(fd, POLLIN)).Receive(fd).Poll(fd).Error(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    s.Await("connected");
    s.Firewall("input tcp dport 80 reject with icmp type host-unreachable");
    s.Announce("ready");
    s.Await("open");
    s.Firewall("flush chain inet filter input");
    s("wait", WaitFor(fd, POLLIN)).Receive(fd).Send(fd, "answer");
    SleepMs(60);
  });
}

TEST(LinuxErrorQueue, OfAConnection) {
  ExpectScenario("LinuxErrorQueue.OfAConnection", R"(
client: connect=0 send=1
at once: poll=OUT error=EHOSTUNREACH
later: wait=1 after=0.2s poll=OUT|ERR queue=EAGAIN send=EHOSTUNREACH poll=OUT
read: wait=1 recv=EHOSTUNREACH recv=EAGAIN poll=OUT wait=1 recv='answer' poll=OUT error=0
)");
}

}  // namespace
}  // namespace drywire
