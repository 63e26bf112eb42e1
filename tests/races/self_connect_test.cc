// A client retries until its server is up. The server's port lies in the client's ephemeral range,
// and both are on one host: sooner or later the kernel gives a socket the very port it is
// connecting to, SYN meets SYN, and the client is connected to itself (RFC 9293 3.5, simultaneous
// open). From then on the server cannot bind its port.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "sim/testing/drywire_test.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

// Even, as the ports that Linux gives to connect() when the range starts at an even one.
constexpr uint16_t kPort = 40002;

// Returns a connected socket, or -1 after too many attempts.
int ConnectWithRetries(bool check_for_self) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in server = Inet("127.0.0.1", kPort);
    if (posix::connect(fd, AsSockaddr(server), sizeof server) == 0) {
      sockaddr_in local = {};
      socklen_t length = sizeof local;
      posix::getsockname(fd, AsSockaddr(local), &length);
      if (!check_for_self || local.sin_port != server.sin_port) return fd;
      // With a reset: a connection to oneself that is closed in order leaves the server's port in
      // TIME-WAIT for a minute.
      const linger abort = {1, 0};
      posix::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    }
    posix::close(fd);
    posix::usleep(100'000);
  }
  return -1;
}

Scenario RetryLoop(bool check_for_self) {
  return [check_for_self](World& world) {
    Host& host = world.AddHost("host", "linux");
    world.SetSysctl(host, "net.ipv4.ip_local_port_range", "40000 40999");
    world.Spawn(host, "server", [] {
      posix::sleep(1);
      const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
      const sockaddr_in address = Inet("127.0.0.1", kPort);
      // A few tries: a client may hold the port for an instant.
      int bound = -1;
      for (int i = 0; i < 5 && bound == -1; ++i) {
        bound = posix::bind(fd, AsSockaddr(address), sizeof address);
        if (bound == -1) posix::usleep(10'000);
      }
      EXPECT_EQ(bound, 0) << "somebody else has the server's port";
      EXPECT_THAT(posix::listen(fd, 1), Succeeds());
      const int connection = posix::accept(fd, nullptr, nullptr);
      EXPECT_THAT(connection, Succeeds());
      posix::close(connection);
      posix::close(fd);
    });
    world.Spawn(host, "client", [check_for_self] {
      const int fd = ConnectWithRetries(check_for_self);
      EXPECT_THAT(fd, Succeeds());
      posix::sleep(2);
      posix::close(fd);
    });
    world.AcceptStuck();  // a server that cannot bind waits for ever; that is not what is judged
    world.RunFor(Duration::Seconds(10));
  };
}

TEST(SelfConnectRace, ExplorationBreaksTheNaiveRetryLoopWithin1000Seeds) {
  const ExploreResult result = Explore(1000, RetryLoop(/*check_for_self=*/false));
  EXPECT_TRUE(result.failed);
  RecordProperty("runs", static_cast<int>(result.runs));
}

TEST(SelfConnectRace, TheLoopThatComparesNamesSurvives1000Seeds) {
  ExploreSeeds(1000, RetryLoop(/*check_for_self=*/true));
}

}  // namespace
}  // namespace drywire
