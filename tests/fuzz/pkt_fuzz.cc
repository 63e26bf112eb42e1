// Any text is a packetdrill script, or an error that says where and what was expected; what parses
// runs on either system without harm and, twice, the same way.
#include <string>

#include "sim/core/check.h"
#include "tests/fuzz/fuzz.h"
#include "tools/pkt/runner.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() {
  return {
      "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n"
      "+0 < S 0:0(0) win 32792 <mss 1000,sackOK,TS val 1 ecr 0,nop,wscale 7>\n"
      "+0 > S. 0:0(0) ack 1 <...>\n+.1 < . 1:1(0) ack 1 win 257\n+0 accept(3, ..., ...) = 4\n"
      "+0 write(4, ..., 3000) = 3000\n+0 > P. 1:3001(3000) ack 1\n+0 close(4) = 0\n",
      "--ip_version=ipv6\n--mtu=1280\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
      "+0...0.2 connect(3, ..., ...) = -1 EHOSTUNREACH (No route to host)\n+0 > S 0:0(0) <...>\n"
      "+.1 < icmp unreachable address_unreachable [0:0(0)]\n",
      "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n+0 connect(3, ..., ...) = 0\n"
      "+0 send(3, \"ab\"..., 10, MSG_DONTWAIT|MSG_NOSIGNAL) = 10\n+0 > [noecn] udp (10)\n"
      "* < (ttl 3, tos 0x4) udp (5)\n",
      "`sysctl -w net.ipv4.tcp_sack=0 && true | grep -c x > /dev/null; echo 1 > /proc/sys/a`\n"
      "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
      "+0 poll([{fd=3, events=POLLOUT, revents=POLLOUT|POLLHUP}], 1, 0) = 1\n"
      "+0 epoll_create(1) = 4\n+0 epoll_ctl(4, EPOLL_CTL_ADD, 3, {events=EPOLLIN, fd=3}) = 0\n"
      "+0 epoll_wait(4, {events=EPOLLIN, ptr=3}, 1, 0) = 1\n",
      "0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0, msg_control=[]}, 0) = "
      "-1 EBADF (x)\n#ifdef FreeBSD\n+1~+2 > F.5 1:1(0)! ack 1 <sack 1:2,FO 12,gen-9 01>\n#endif\n",
      "--netmask_ip=0.0.0.0\n--code_sockopt=SO_MEMINFO\n0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = "
      "3\n"
      "+0 connect(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=htonl(0xc0000201)}, 16) = "
      "0\n"
      "+0 getpeername(3, {sa_family=AF_INET, sin_port=htons(8080), "
      "sin_addr=inet_addr(\"192.0.2.1\")}, [16]) = 0\n"
      "+0 sendto(3, ..., 5, 0, NULL, 0) = 5\n+0 > udp (5)\n+0 < udp (5)\n"
      "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [900000000000]) = 0\n",
      "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n+0 setsockopt(3, SOL_IP, IP_RECVERR, [1], 4) = "
      "0\n"
      "+0 connect(3, ..., ...) = 0\n+0 send(3, ..., 5, 0) = 5\n+0 > udp (5)\n"
      "+0 < [udp(5)] icmp unreachable port_unreachable\n"
      "+0 recvmsg(3, {msg_name(...)={sa_family=AF_INET, sin_port=htons(8080), "
      "sin_addr=inet_addr(\"192.0.2.1\")}, msg_iov(1)=[{iov_base=..., iov_len=0}], "
      "msg_flags=MSG_ERRQUEUE|MSG_TRUNC, msg_control(48)=[{cmsg_len=48, cmsg_level=SOL_IP, "
      "cmsg_type=IP_RECVERR, cmsg_data={ee_errno=ECONNREFUSED, ee_origin=SO_EE_ORIGIN_ICMP, "
      "ee_type=3, ee_code=3, ee_info=0, ee_data=0}}]}, MSG_ERRQUEUE) = 0\n",
      "0 < sctp: INIT[flgs=0, tag=1];\n DATA[flgs=0]\n+0 < icmp unreachable [sctp(1)]\n"
      "+0 > udplite (10, 8)\n+0 sctp_bindx(3, ..., 1, SCTP_BINDX_ADD_ADDR) = 0\n",
  };
}

}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using drywire::pkt::Outcome;
  if (size == 0 || size > 4096) return 0;
  static auto* const python = new drywire::pkt::Python();
  drywire::pkt::RunOptions options;
  options.run_code = false;
  options.personality = data[0] % 2 == 0 ? "linux" : "freebsd";
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Outcome first = RunScript("fuzz.pkt", text, options, *python);
  const Outcome second = RunScript("fuzz.pkt", text, options, *python);
  DRYWIRE_CHECK(first.digest == second.digest) << "two runs differ";
  DRYWIRE_CHECK(first.status == second.status && first.reason == second.reason)
      << first.reason << " and then " << second.reason;
  DRYWIRE_CHECK((first.status == Outcome::Status::kPassed) == first.reason.empty())
      << "no reason is given";
  return 0;
}
