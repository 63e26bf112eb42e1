// std::chrono's clocks are compiled into libstdc++, which compat.h cannot reach; with :interpose in
// the same program they show virtual time too.
#include <string>

#include "sim/testing/drywire_test.h"
#include "tests/harness/servers.h"
#include "tests/tools/posix/asio_client.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

DRYWIRE_TEST(CompatClock, AsiosReactorGivesUp) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  ServerOptions options;
  options.port = 7;
  options.think_time = 30_s;
  world.Spawn(server, "echo", [options] { RunEchoServer(options); });
  world.Spawn(client, "client", [&world] {
    EXPECT_EQ(AsioEchoAsync("10.0.0.2", 7, "hello, Asio", 10), "gave up");
    EXPECT_EQ(world.now(), Instant::Zero() + 10_s);
    EXPECT_EQ(AsioEchoAsync("10.0.0.2", 8, "hello, Asio", 10), "Connection refused");
  });
  EXPECT_TRUE(world.Run().ok());
}

}  // namespace
}  // namespace drywire
