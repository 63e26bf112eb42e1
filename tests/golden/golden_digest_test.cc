// The same run on every compiler: digests of scenarios, pinned.
//
// The numbers are not from a source; they say that nothing changed. gcc, clang and the sanitizers
// must all produce them. A change of behaviour changes them on purpose: put in what the test
// prints.
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <string>

#include "sim/testing/drywire_test.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

void Echo(uint16_t port, int connections) {
  const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Inet("0.0.0.0", port);
  posix::bind(fd, AsSockaddr(address), sizeof address);
  posix::listen(fd, 8);
  for (int i = 0; i < connections; ++i) {
    const int connection = posix::accept(fd, nullptr, nullptr);
    char data[512];
    for (ssize_t n; (n = posix::read(connection, data, sizeof data)) > 0;) {
      posix::write(connection, data, static_cast<size_t>(n));
    }
    posix::close(connection);
  }
  posix::close(fd);
}

void Talk(const char* address, uint16_t port, size_t bytes) {
  posix::usleep(1000);
  const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in to = Inet(address, port);
  if (posix::connect(fd, AsSockaddr(to), sizeof to) == 0) {
    const std::string data(bytes, 'x');
    posix::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    posix::shutdown(fd, SHUT_WR);
    char answer[512];
    while (posix::recv(fd, answer, sizeof answer, 0) > 0) {
    }
  }
  posix::close(fd);
}

World::Options Lossy() {
  World::Options options;
  options.seed = 42;
  options.lan.latency = Duration::Millis(10);
  options.lan.jitter = Duration::Millis(3);
  options.lan.loss = Probability::Percent(10);
  options.lan.bandwidth = 1'000'000;
  return options;
}

void EchoScenario(World& world, const char* client_system, const char* server_system) {
  Host& client = world.AddHost("client", client_system, "10.0.0.1/24");
  Host& server = world.AddHost("server", server_system, "10.0.0.2/24");
  world.Spawn(server, "server", [] { Echo(7, 2); });
  world.Spawn(client, "one", [] { Talk("10.0.0.2", 7, 2000); });
  world.Spawn(client, "two", [] { Talk("10.0.0.2", 7, 20); });
  world.AcceptStuck();
  world.RunFor(Duration::Seconds(600));
}

void BlackHole(World& world) {
  Host& client = world.AddHost("client", "freebsd", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 7 drop");
  world.Spawn(client, "client", [] { Talk("10.0.0.2", 7, 1); });
  world.Run();
}

void Datagrams(World& world) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  world.AddHost("server", "freebsd", "10.0.0.2/24");
  world.Spawn(client, "client", [] {
    const int fd = posix::socket(AF_INET, SOCK_DGRAM, 0);
    const sockaddr_in to = Inet("10.0.0.2", 7);
    posix::connect(fd, AsSockaddr(to), sizeof to);
    posix::send(fd, "x", 1, 0);
    pollfd waited = {fd, POLLIN, 0};
    posix::poll(&waited, 1, 1000);
    EXPECT_THAT(posix::send(fd, "x", 1, 0), FailsWith(ECONNREFUSED));
    posix::close(fd);
  });
  world.Run();
}

struct Golden {
  const char* name;
  Scenario scenario;
  World::Options options;
  const char* digest;
};

TEST(GoldenDigest, EveryBuildRunsTheSame) {
  const Golden kGolden[] = {
      {"echo linux", [](World& w) { EchoScenario(w, "linux", "linux"); }, Lossy(),
       "d4dc044f8dd2ff710b217e2a72b5b7a5"},
      {"echo freebsd", [](World& w) { EchoScenario(w, "freebsd", "freebsd"); }, Lossy(),
       "6168d26119bb220ee791957c544fa954"},
      {"echo mixed",
       [](World& w) { EchoScenario(w, "freebsd", "linux"); },
       {},
       "c87f01ebd31873faf2ec6200e7cf253b"},
      {"black hole", BlackHole, {}, "c64a8db267da88f108a71d2cc63f3604"},
      {"datagrams", Datagrams, {}, "e87abc0e41915e6028c874eab0078f28"},
  };
  for (const Golden& golden : kGolden) {
    EXPECT_EQ(RunScenario(golden.scenario, golden.options).ToString(), golden.digest)
        << golden.name;
  }
}

// Exploration's decisions come from a seed alone, too.
TEST(GoldenDigest, ExploredRunsAreTheSameEverywhere) {
  RandomPolicy policy;
  policy.SetExtra(ChoiceKind::kLoss, Probability::Percent(5), 20);
  RandomChoice first(7, policy);
  World::Options options = Lossy();
  options.choice = &first;
  World world(options);
  EchoScenario(world, "linux", "freebsd");
  EXPECT_EQ(world.trace().digest().ToString(), "8c20ad55eca583aaf81e069de020cf8f");
}

}  // namespace
}  // namespace drywire
