// Any ICMP or ICMPv6 message arrives at a host with TCP and UDP sockets, about their packets or
// others', genuine or not: the host survives, and what its sockets tell has an errno.
#include <netinet/in.h>
#include <sys/socket.h>

#include <vector>

#include "sim/core/check.h"
#include "sim/world/world.h"
#include "stack/ip/icmp_input.h"
#include "stack/ip/ip_stack.h"
#include "stack/wire/packet.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/random_seeds.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() { return RandomSeeds(16, 200); }

namespace {

constexpr uint16_t kTcpPort = 4000;
constexpr uint16_t kUdpPort = 4001;

Packet MessageFrom(ByteSource& bytes) {
  const bool v6 = bytes.Below(4) == 0;
  const Address host = *Address::Parse(v6 ? "fd00::1" : "10.0.0.1");
  const Address peer = *Address::Parse(v6 ? "fd00::2" : "10.0.0.2");
  IcmpMessage message;
  message.v6 = v6;
  const uint8_t type = bytes.Byte();
  static constexpr uint8_t kUsual4[] = {3, 3, 3, 3, 11, 12, 4, 5};
  static constexpr uint8_t kUsual6[] = {1, 1, 1, 2, 2, 3, 4, 128};
  message.type = (type & 1) != 0 ? bytes.Byte() : (v6 ? kUsual6 : kUsual4)[type >> 5];
  message.code = (type & 2) != 0 ? bytes.Byte() : static_cast<uint8_t>(bytes.Below(16));
  message.rest = (type & 4) != 0 ? bytes.Four() : bytes.Two();
  QuotedPacket& quoted = message.quoted;
  const uint8_t how = bytes.Byte();
  quoted.source = (how & 1) != 0 ? peer : host;
  quoted.destination = (how & 2) != 0 ? host : peer;
  quoted.protocol = (how & 4) != 0 ? IpProtocol::kUdp : IpProtocol::kTcp;
  quoted.source_port = (how & 8) != 0 ? bytes.Two() : (how & 4) != 0 ? kUdpPort : kTcpPort;
  quoted.destination_port = (how & 16) != 0 ? bytes.Two() : 80;
  quoted.seq = Seq(bytes.Four());
  quoted.length = bytes.Two();
  Packet packet;
  packet.source = (how & 32) != 0 ? host : peer;
  packet.destination = host;
  packet.body = std::move(message);
  return packet;
}

// Quotes what the connection sent last.
void MakeGenuine(const World& world, Packet& packet) {
  auto& message = std::get<IcmpMessage>(packet.body);
  for (size_t i = 0; i < world.capture().size(); ++i) {
    const Segment* const segment = world.capture().at(i).packet.segment();
    if (segment != nullptr && segment->source_port == kTcpPort) message.quoted.seq = segment->seq;
  }
}

void Program(bool v6) {
  const int tcp = posix::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int udp = posix::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (v6) {
    const sockaddr_in6 from_tcp = Inet6("::", kTcpPort);
    const sockaddr_in6 from_udp = Inet6("::", kUdpPort);
    const sockaddr_in6 to = Inet6("fd00::2", 80);
    posix::bind(tcp, AsSockaddr(from_tcp), sizeof from_tcp);
    posix::bind(udp, AsSockaddr(from_udp), sizeof from_udp);
    posix::connect(tcp, AsSockaddr(to), sizeof to);
    posix::connect(udp, AsSockaddr(to), sizeof to);
  } else {
    const sockaddr_in from_tcp = Inet("0.0.0.0", kTcpPort);
    const sockaddr_in from_udp = Inet("0.0.0.0", kUdpPort);
    const sockaddr_in to = Inet("10.0.0.2", 80);
    posix::bind(tcp, AsSockaddr(from_tcp), sizeof from_tcp);
    posix::bind(udp, AsSockaddr(from_udp), sizeof from_udp);
    posix::connect(tcp, AsSockaddr(to), sizeof to);
    posix::connect(udp, AsSockaddr(to), sizeof to);
  }
  for (int i = 0; i < 20; ++i) {
    posix::send(udp, "x", 1, MSG_NOSIGNAL);
    posix::send(tcp, "data", 4, MSG_NOSIGNAL);
    for (const int fd : {tcp, udp}) {
      pollfd waited = {fd, POLLIN | POLLOUT, 0};
      posix::poll(&waited, 1, 0);
      int error = 0;
      socklen_t length = sizeof error;
      posix::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
      char data[100];
      posix::recv(fd, data, sizeof data, 0);
    }
    posix::usleep(100'000);
  }
}

}  // namespace
}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drywire;  // NOLINT: one function
  ByteSource bytes(data, size);
  const uint8_t how = bytes.Byte();
  World world;
  Host& host = world.AddHost("host", (how & 1) != 0 ? "freebsd" : "linux", "10.0.0.1/24");
  Host& peer = world.AddHost("peer", "linux", "10.0.0.2/24");
  world.AddAddress(host, "fd00::1/64");
  world.AddAddress(peer, "fd00::2/64");
  if ((how & 2) != 0) world.AddFirewallRule(peer, "input tcp dport 80 drop");
  const bool v6 = (how & 4) != 0;
  world.Spawn(host, "program", [v6] { Program(v6); });
  Duration when;
  while (!bytes.empty() && when < Duration::Seconds(3)) {
    Packet packet = MessageFrom(bytes);
    JudgeIcmp(std::get<IcmpMessage>(packet.body));
    const bool genuine = bytes.Flag();
    when += Duration::Millis(bytes.Byte());
    world.At(when, [&world, &host, packet, genuine]() mutable {
      if (genuine) MakeGenuine(world, packet);
      host.Receive(2, world.packets().Clone(packet));
    });
  }
  world.AcceptStuck();
  world.RunFor(Duration::Seconds(10));
  DRYWIRE_CHECK(world.errors().empty()) << world.errors().front();
  return 0;
}
