// What goes wrong on a network, arranged by a test: the examples of docs/testing.md.
#include <poll.h>
#include <unistd.h>

#include "sim/testing/drywire_test.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: the suffixes are all there is.
using ::testing::ElementsAre;
using ::testing::StartsWith;

int Connect(const char* address, uint16_t port) {
  const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in to = Inet(address, port);
  return posix::connect(fd, AsSockaddr(to), sizeof to) == 0 ? fd : -1;
}

// Listens on port 80, takes one connection and sends back what it says, until it closes.
void Echo() {
  const int listener = posix::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in any = Inet("0.0.0.0", 80);
  ASSERT_THAT(posix::bind(listener, AsSockaddr(any), sizeof any), Succeeds());
  ASSERT_THAT(posix::listen(listener, 8), Succeeds());
  const int fd = posix::accept(listener, nullptr, nullptr);
  char data[512];
  ssize_t n = 0;
  while ((n = posix::recv(fd, data, sizeof data, 0)) > 0) posix::send(fd, data, n, 0);
  posix::close(fd);
  posix::close(listener);
}

// A rule chooses packets and says what becomes of them. It counts, so that a test can tell whether
// its fault struck.
DRYWIRE_TEST(Faults, ALostSynIsSentAgainAfterASecond) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  Rule& loss = world.fabric().rules().Drop("lose the first SYN", match::IsSyn()).First(1);
  world.Spawn(server, "server", Echo);
  world.Spawn(client, "client", [&] {
    const int fd = Connect("10.0.0.2", 80);
    EXPECT_THAT(fd, Succeeds());
    EXPECT_EQ(world.now().since_start(), 1_s);
    posix::close(fd);
  });
  world.Run();
  EXPECT_EQ(loss.hits(), 1u);
  EXPECT_THAT(PacketsFrom(world, client),
              ElementsAre(StartsWith("S "), StartsWith("S "), StartsWith(". "), StartsWith("F. "),
                          StartsWith(". ")));
}

// A link with properties of its own, changed while data is under way.
DRYWIRE_TEST(Faults, ALinkGetsSlowAndABrokenOneHeals) {
  Host& client = world.AddHost("client");
  Host& server = world.AddHost("server", "freebsd");
  LinkConfig config;
  config.latency = 10_ms;
  Link& link = world.Connect(client, "10.0.0.1/24", server, "10.0.0.2/24", config);
  world.Spawn(server, "server", Echo);
  world.At(1_s, [&] {
    config.latency = 200_ms;
    link.Configure(config);
  });
  int cut = 0;
  world.At(2_s, [&] { cut = world.Partition({&client}, {&server}); });
  world.At(3_s, [&] { world.Heal(cut); });
  world.Spawn(client, "client", [&] {
    const int fd = Connect("10.0.0.2", 80);
    EXPECT_EQ(world.now().since_start(), 20_ms);
    char data[8];
    posix::usleep(1'000'000);
    posix::send(fd, "slow", 4, 0);
    EXPECT_EQ(posix::recv(fd, data, sizeof data, 0), 4);
    EXPECT_EQ(world.now().since_start(), 1420_ms);
    posix::usleep(1'000'000);
    posix::send(fd, "lost", 4, 0);
    EXPECT_EQ(posix::recv(fd, data, sizeof data, 0), 4);
    EXPECT_GT(world.now().since_start(), 3_s);
    posix::close(fd);
  });
  world.Run();
}

// A firewall as nft(8) describes it. A rule with a comment can be asked how often it struck.
DRYWIRE_TEST(Faults, AFirewallSaysNo) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 80 reject with icmp admin-prohibited comment web");
  world.Spawn(client, "client",
              [] { EXPECT_THAT(Connect("10.0.0.2", 80), FailsWith(EHOSTUNREACH)); });
  world.Run();
  // The link has no latency: the first error comes while connect() runs, and Linux only notes it.
  EXPECT_EQ(world.FirewallPackets(server, "web"), 2u);
}

// The server loses power with the connection open, and knows nothing of it afterwards.
DRYWIRE_TEST(Faults, AServerCrashesAndRestarts) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.Spawn(server, "server", Echo);
  world.At(1_s, [&] { world.Crash(server); });
  world.At(2_s, [&] { world.Restart(server); });
  world.Spawn(client, "client", [] {
    const int fd = Connect("10.0.0.2", 80);
    posix::sleep(3);
    EXPECT_EQ(posix::send(fd, "still there?", 12, 0), 12);
    char data[16];
    EXPECT_THAT(posix::recv(fd, data, sizeof data, 0), FailsWith(ECONNRESET));
    posix::close(fd);
  });
  world.Run();
}

// A world described in YAML.
constexpr char kOffice[] = R"(
hosts:
  client:
    routes: [default via 10.0.0.254]
  router:
    sysctls: {net.ipv4.ip_forward: 1}
    routes: [unreachable 192.0.2.0/24]
  server:
    personality: freebsd
    routes: [default via 10.0.1.254]
links:
  wan:
    ends: {"router:eth1": 10.0.1.254/24, "server:em0": 10.0.1.1/24}
    latency: 20ms
lans:
  office:
    ends: {"client:eth0": 10.0.0.1/24, "router:eth0": 10.0.0.254/24}
    latency: 1ms
)";

DRYWIRE_TEST(Faults, ARouterKnowsNoWay) {
  ASSERT_TRUE(AddTopology(world, kOffice));
  world.Spawn(HostNamed(world, "client"), "client", [&world] {
    EXPECT_THAT(Connect("192.0.2.1", 80), FailsWith(EHOSTUNREACH));
    EXPECT_THAT(Connect("10.0.1.1", 80), FailsWith(ECONNREFUSED));
    EXPECT_EQ(world.now().since_start(), 44_ms);
  });
  world.Run();
}

TEST(Faults, AMistakeInATopologyIsNamedWithItsPlace) {
  World world;
  const ::testing::AssertionResult added = AddTopology(world, "hosts:\n  a:\n    route: []\n");
  EXPECT_FALSE(added);
  EXPECT_THAT(added.message(), StartsWith("topology:3:5: hosts.a.route: "));
}

// A connection attempt that two tasks wait for: which of them notices first is explored.
TEST(Faults, NothingHereDependsOnTheOrder) {
  ExploreSeeds(200, [](World& world) {
    Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
    Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
    world.Spawn(server, "server", Echo);
    world.Spawn(client, "client", [] {
      posix::usleep(1000);
      const int fd = Connect("10.0.0.2", 80);
      EXPECT_THAT(posix::send(fd, "hello", 5, 0), Succeeds());
      pollfd waited = {fd, POLLIN, 0};
      EXPECT_EQ(posix::poll(&waited, 1, 1000), 1);
      posix::close(fd);
    });
    world.Run();
  });
}

}  // namespace
}  // namespace drywire
