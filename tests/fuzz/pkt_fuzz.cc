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
