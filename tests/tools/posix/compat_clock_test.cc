// std::chrono's clocks are compiled into libstdc++, which compat.h cannot reach; with :interpose in
// the same program they show virtual time too.
#include <string>

#include "sim/testing/drywire_test.h"
#include "tests/harness/echo_server.h"
#include "tests/tools/posix/asio_client.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

DRYWIRE_TEST(CompatClock, AsiosReactorGivesUp) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.Spawn(server, "echo", [] { ServeEcho({.think_time = 30_s}); });
  world.Spawn(client, "client", [&world] {
    EXPECT_EQ(AsioEchoAsync("10.0.0.2", 7, "hello, Asio", 10), "gave up");
    EXPECT_EQ(world.now(), Instant::Zero() + 10_s);
    EXPECT_EQ(AsioEchoAsync("10.0.0.2", 8, "hello, Asio", 10), "Connection refused");
  });
  EXPECT_TRUE(world.Run().ok());
}

}  // namespace
}  // namespace drywire
