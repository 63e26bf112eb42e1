// Source that knows nothing of Drywire, compiled against compat.h: a C client, and Boost.Asio.
#include <unistd.h>

#include <cerrno>
#include <string>

#include "sim/testing/drywire_test.h"
#include "tests/harness/echo_server.h"
#include "tests/tools/posix/asio_client.h"
#include "tests/tools/posix/plain_client.h"
#include "tests/tools/posix/plain_unix.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

struct Pair {
  explicit Pair(World& world)
      : client(world.AddHost("client", "linux", "10.0.0.1/24")),
        server(world.AddHost("server", "linux", "10.0.0.2/24")) {}
  void Serve(World& world, Duration think_time = Duration::Zero()) {
    world.Spawn(server, "echo", [think_time] { ServeEcho({.think_time = think_time}); });
  }
  Host& client;
  Host& server;
};

DRYWIRE_TEST(Compat, APlainCClientEchoes) {
  Pair pair(world);
  pair.Serve(world);
  world.Spawn(pair.client, "client", [] { EXPECT_EQ(PlainEcho("server", "7", 10), 5); });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Compat, APlainCClientFails) {
  Pair pair(world);
  world.AddFirewallRule(pair.server, "input tcp dport 9 drop");
  world.Spawn(pair.client, "client", [&world] {
    EXPECT_EQ(PlainEcho("server", "7", 10), -ECONNREFUSED);
    EXPECT_EQ(PlainEcho("nobody", "7", 10), -ENOENT);
    EXPECT_EQ(world.now(), Instant::Zero());
    EXPECT_EQ(PlainEcho("server", "9", 10), -ETIMEDOUT);
    EXPECT_EQ(world.now(), Instant::Zero() + 10_s);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Compat, AsioEchoes) {
  Pair pair(world);
  pair.Serve(world);
  world.Spawn(pair.client, "client",
              [] { EXPECT_EQ(AsioEcho("10.0.0.2", 7, "hello, Asio"), "hello, Asio"); });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Compat, AsioIsRefusedAndTimesOut) {
  Pair pair(world);
  world.AddFirewallRule(pair.server, "input tcp dport 9 drop");
  world.Spawn(pair.client, "client", [&world] {
    EXPECT_EQ(AsioEcho("10.0.0.2", 7, "x"), "Connection refused");
    EXPECT_EQ(AsioEcho("10.0.0.2", 9, "x"), "Connection timed out");
    EXPECT_EQ(world.now(), Instant::Zero() + 131_s);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Compat, AsiosReactorEchoes) {
  Pair pair(world);
  pair.Serve(world, 3_s);
  world.Spawn(pair.client, "client", [&world] {
    EXPECT_EQ(AsioEchoAsync("10.0.0.2", 7, "hello, Asio", 10), "hello, Asio");
    EXPECT_EQ(world.now(), Instant::Zero() + 3_s);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Compat, PlainCPassesADescriptor) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  world.Spawn(
      host, "client",
      [&world] {
        char text[32] = "";
        EXPECT_EQ(PlainUnixFetch("/tmp/s", text, sizeof text), 5);
        EXPECT_STREQ(text, "hello");
        EXPECT_EQ(world.now(), Instant::Zero() + 2_s);
      },
      Credentials{1000, 1000, {}});
  world.Spawn(
      host, "server",
      [] {
        posix::sleep(2);
        EXPECT_EQ(PlainUnixServe("/tmp/s", "hello"), 1000);
        EXPECT_EQ(posix::access("/tmp/s", F_OK), -1);
      },
      Credentials{1000, 1000, {}});
  EXPECT_TRUE(world.Run().ok());
}

}  // namespace
}  // namespace drywire
