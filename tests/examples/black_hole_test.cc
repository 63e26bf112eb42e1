#include "sim/testing/drywire_test.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

DRYWIRE_TEST(BlackHole, ConnectGivesUpAfter131Seconds) {
  using namespace drywire;
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 80 drop");
  world.Spawn(client, "client", [] {
    const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in to = Inet("10.0.0.2", 80);
    EXPECT_THAT(posix::connect(fd, AsSockaddr(to), sizeof to), FailsWith(ETIMEDOUT));
  });
  world.Run();
  EXPECT_EQ(world.now().since_start(), Duration::Seconds(131));
}
