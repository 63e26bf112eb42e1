// What a connection attempt says of each ICMP error, by type and code. Linux: observed on 6.18 with
// the messages sent by a raw socket. FreeBSD: icmp_errmap of ip_icmp.c, icmp6.c and inet6ctlerrmap;
// of the soft ones only the first SYN is answered, so that they are told after 75 s.
#include <vector>

#include "stack/wire/packet.h"
#include "tests/conformance/freebsd_calls.h"

namespace drywire::freebsd {
namespace {

struct Row {
  bool v6;
  uint8_t type;
  uint8_t code;
  int linux_error;
  int freebsd_error;
};

constexpr int kIgnored = ETIMEDOUT;

constexpr Row kRows[] = {
    {false, 3, 0, ENETUNREACH, EHOSTUNREACH},
    {false, 3, 1, EHOSTUNREACH, EHOSTUNREACH},
    {false, 3, 2, ENOPROTOOPT, ECONNREFUSED},
    {false, 3, 3, ECONNREFUSED, ECONNREFUSED},
    {false, 3, 4, kIgnored, kIgnored},  // no smaller MTU is named
    {false, 3, 5, EOPNOTSUPP, EHOSTUNREACH},
    {false, 3, 6, ENETUNREACH, EHOSTUNREACH},
    {false, 3, 7, EHOSTDOWN, EHOSTUNREACH},
    {false, 3, 8, ENONET, EHOSTUNREACH},
    {false, 3, 9, ENETUNREACH, ECONNREFUSED},
    {false, 3, 10, EHOSTUNREACH, ECONNREFUSED},
    {false, 3, 11, ENETUNREACH, EHOSTUNREACH},
    {false, 3, 12, EHOSTUNREACH, EHOSTUNREACH},
    {false, 3, 13, EHOSTUNREACH, ECONNREFUSED},
    {false, 3, 14, EHOSTUNREACH, EHOSTUNREACH},
    {false, 3, 15, EHOSTUNREACH, EHOSTUNREACH},
    {false, 4, 0, kIgnored, kIgnored},
    {false, 11, 0, EHOSTUNREACH, EHOSTUNREACH},
    {false, 11, 1, kIgnored, kIgnored},
    {false, 12, 0, EPROTO, ENOPROTOOPT},

    {true, 1, 0, ENETUNREACH, EHOSTUNREACH},
    {true, 1, 1, EACCES, ECONNREFUSED},
    {true, 1, 2, EHOSTUNREACH, ENOPROTOOPT},
    {true, 1, 3, EHOSTUNREACH, EHOSTDOWN},
    {true, 1, 4, ECONNREFUSED, ECONNREFUSED},
    {true, 1, 5, EACCES, kIgnored},
    {true, 1, 6, EACCES, kIgnored},
    {true, 3, 0, EHOSTUNREACH, EHOSTUNREACH},
    {true, 4, 0, EPROTO, ENOPROTOOPT},
};

// About the connection attempt whose SYN is the last segment that was captured.
Packet Message(const World& world, const Row& row) {
  Packet packet;
  packet.source = *Address::Parse(row.v6 ? "fd00::2" : "10.0.0.2");
  packet.destination = *Address::Parse(row.v6 ? "fd00::1" : "10.0.0.1");
  IcmpMessage message;
  message.v6 = row.v6;
  message.type = row.type;
  message.code = row.code;
  message.quoted.source = packet.destination;
  message.quoted.destination = packet.source;
  for (size_t i = 0; i < world.capture().size(); ++i) {
    const Segment* const segment = world.capture().at(i).packet.segment();
    if (segment == nullptr) continue;
    message.quoted.source_port = segment->source_port;
    message.quoted.destination_port = segment->destination_port;
    message.quoted.seq = segment->seq;
    message.quoted.length = row.v6 ? 80 : 60;
  }
  packet.body = std::move(message);
  return packet;
}

// What SO_ERROR says once the attempt of each row is over.
std::vector<int> Errors(World& world, const char* system) {
  Host& host = world.AddHost("host", system, "10.0.0.1/24");
  Host& peer = world.AddHost("peer", "linux", "10.0.0.2/24");
  world.AddAddress(host, "fd00::1/64");
  world.AddAddress(peer, "fd00::2/64");
  world.AddFirewallRule(peer, "input tcp dport 80 drop");
  std::vector<int> errors;
  world.Spawn(host, "client", [&world, &host, &errors] {
    for (const Row& row : kRows) {
      const int fd = TcpNonblocking(row.v6 ? AF_INET6 : AF_INET);
      EXPECT_THAT(Connect(fd, row.v6 ? "fd00::2" : "10.0.0.2", 80), FailsWith(EINPROGRESS));
      world.At(world.now().since_start() + Duration::Millis(10), [&world, &host, &row] {
        host.Receive(2, world.packets().Clone(Message(world, row)));
      });
      SleepMs(140'000);
      errors.push_back(SoError(fd));
      posix::close(fd);
    }
  });
  world.Run();
  return errors;
}

void ExpectErrors(const std::vector<int>& errors, int Row::*expected) {
  ASSERT_EQ(errors.size(), std::size(kRows));
  for (size_t i = 0; i < errors.size(); ++i) {
    const Row& row = kRows[i];
    EXPECT_EQ(ErrnoName(errors[i]), ErrnoName(row.*expected))
        << (row.v6 ? "ICMPv6 " : "ICMP ") << int{row.type} << "/" << int{row.code};
  }
}

DRYWIRE_TEST(IcmpErrors, OnLinux) { ExpectErrors(Errors(world, "linux"), &Row::linux_error); }
DRYWIRE_TEST(IcmpErrors, OnFreeBsd) { ExpectErrors(Errors(world, "freebsd"), &Row::freebsd_error); }

}  // namespace
}  // namespace drywire::freebsd
