// Debian's libhiredis, unmodified and shared, on simulated hosts through :interpose.
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "sim/testing/drywire_test.h"
#include "tests/harness/servers.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;

// "OK", "(nil)", or "error: " and what the library says.
std::string Command(redisContext* context, const char* format, const char* a = "",
                    const char* b = "") {
  auto* const reply = static_cast<redisReply*>(redisCommand(context, format, a, b));
  if (reply == nullptr) return std::string("error: ") + context->errstr;
  const std::string text =
      reply->type == REDIS_REPLY_NIL ? "(nil)" : std::string(reply->str, reply->len);
  freeReplyObject(reply);
  return text;
}

// A client on 10.0.0.1 and a Redis server on 10.0.0.2.
struct Pair {
  explicit Pair(World& world, ServerOptions options = {}, const char* system = "linux")
      : client(world.AddHost("client", system, "10.0.0.1/24")),
        server(world.AddHost("server", "linux", "10.0.0.2/24")) {
    options.port = 6379;
    world.Spawn(server, "redis", [options] { RunRedisServer(options); });
  }
  Host& client;
  Host& server;
};

DRYWIRE_TEST(Hiredis, SetsAndGets) {
  Pair pair(world);
  world.Spawn(pair.client, "client", [] {
    const Context context(redisConnect("10.0.0.2", 6379));
    ASSERT_EQ(context->err, 0) << context->errstr;
    EXPECT_EQ(Command(context.get(), "PING"), "PONG");
    EXPECT_EQ(Command(context.get(), "SET %s %s", "key", "value"), "OK");
    EXPECT_EQ(Command(context.get(), "GET %s", "key"), "value");
    EXPECT_EQ(Command(context.get(), "GET %s", "other"), "(nil)");
    EXPECT_EQ(Command(context.get(), "FLY"), "ERR unknown command");
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Hiredis, FindsItsServerByName) {
  Pair pair(world);
  world.Spawn(pair.client, "client", [] {
    const Context context(redisConnect("server", 6379));
    ASSERT_EQ(context->err, 0) << context->errstr;
    EXPECT_EQ(Command(context.get(), "PING"), "PONG");
    const Context lost(redisConnect("nowhere", 6379));
    EXPECT_STREQ(lost->errstr, "Name or service not known");
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Hiredis, IsRefused) {
  for (const char* system : {"linux", "freebsd"}) {
    Host& client = world.AddHost(std::string("client-") + system, system,
                                 system[0] == 'l' ? "10.0.0.1/24" : "10.0.0.3/24");
    world.Spawn(client, "client", [] {
      const Context context(redisConnect("10.0.0.2", 6379));
      EXPECT_EQ(context->err, REDIS_ERR_IO);
      EXPECT_STREQ(context->errstr, "Connection refused");
    });
  }
  world.AddHost("server", "linux", "10.0.0.2/24");
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Hiredis, GivesABlackHoleUpAfterItsOwnTimeOrTheSystems) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 6379 drop");
  world.Spawn(client, "client", [&world] {
    const Context impatient(redisConnectWithTimeout("10.0.0.2", 6379, {1, 500000}));
    EXPECT_STREQ(impatient->errstr, "Connection timed out");
    EXPECT_EQ(world.now(), Instant::Zero() + 1500_ms);
    const Context patient(redisConnect("10.0.0.2", 6379));
    EXPECT_STREQ(patient->errstr, "Connection timed out");
    EXPECT_EQ(world.now(), Instant::Zero() + 1500_ms + 131_s);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Hiredis, ConnectsWithoutBlocking) {
  Pair pair(world);
  world.Spawn(pair.client, "client", [] {
    const Context context(redisConnectNonBlock("10.0.0.2", 6379));
    ASSERT_EQ(context->err, 0) << context->errstr;
    redisAppendCommand(context.get(), "PING");
    pollfd poll = {context->fd, POLLOUT, 0};
    ASSERT_EQ(::poll(&poll, 1, 1000), 1);
    int done = 0;
    ASSERT_EQ(redisBufferWrite(context.get(), &done), REDIS_OK);
    EXPECT_EQ(done, 1);
    poll.events = POLLIN;
    ASSERT_EQ(::poll(&poll, 1, 1000), 1);
    ASSERT_EQ(redisBufferRead(context.get()), REDIS_OK);
    void* reply = nullptr;
    ASSERT_EQ(redisGetReply(context.get(), &reply), REDIS_OK);
    EXPECT_STREQ(static_cast<redisReply*>(reply)->str, "PONG");
    freeReplyObject(reply);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Hiredis, SeesAResetInMidReply) {
  ServerOptions options;
  options.reset_after = 8;  // "+OK\r\n", and three bytes of "$5..."
  Pair pair(world, options);
  world.Spawn(pair.client, "client", [] {
    const Context context(redisConnect("10.0.0.2", 6379));
    EXPECT_EQ(Command(context.get(), "SET %s %s", "key", "value"), "OK");
    EXPECT_EQ(Command(context.get(), "GET %s", "key"), "error: Connection reset by peer");
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Hiredis, TimesOutOnASlowServer) {
  ServerOptions options;
  options.think_time = 2_s;
  Pair pair(world, options);
  world.Spawn(pair.client, "client", [&world] {
    const Context context(redisConnect("10.0.0.2", 6379));
    ASSERT_EQ(redisSetTimeout(context.get(), {1, 0}), REDIS_OK);
    EXPECT_EQ(Command(context.get(), "PING"), "error: Resource temporarily unavailable");
    EXPECT_EQ(world.now(), Instant::Zero() + 1_s);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Hiredis, WaitsForASlowLink) {
  Host& client = world.AddHost("client");
  Host& server = world.AddHost("server");
  LinkConfig slow;
  slow.latency = 50_ms;
  slow.bandwidth = 80'000;  // bit/s
  world.Connect(client, "10.0.0.1/24", server, "10.0.0.2/24", slow);
  ServerOptions options;
  options.port = 6379;
  world.Spawn(server, "redis", [options] { RunRedisServer(options); });
  world.Spawn(client, "client", [&world] {
    const Context context(redisConnect("10.0.0.2", 6379));
    ASSERT_EQ(context->err, 0) << context->errstr;
    const std::string value(20'000, 'v');
    EXPECT_EQ(Command(context.get(), "SET %s %s", "key", value.c_str()), "OK");
    EXPECT_GT(world.now(), Instant::Zero() + 2_s);
    EXPECT_LT(world.now(), Instant::Zero() + 4_s);
  });
  EXPECT_TRUE(world.Run().ok());
}

DRYWIRE_TEST(Hiredis, SurvivesAPartitionThatHeals) {
  Pair pair(world);
  int cut = 0;
  world.At(1_s, [&] { cut = world.Partition({&pair.client}, {&pair.server}); });
  world.At(11_s, [&] { world.Heal(cut); });
  world.Spawn(pair.client, "client", [&world] {
    const Context context(redisConnect("10.0.0.2", 6379));
    EXPECT_EQ(Command(context.get(), "PING"), "PONG");
    ::sleep(2);
    EXPECT_EQ(Command(context.get(), "PING"), "PONG");
    EXPECT_GT(world.now(), Instant::Zero() + 11_s);
    EXPECT_LT(world.now(), Instant::Zero() + 20_s);
  });
  EXPECT_TRUE(world.Run().ok());
}

}  // namespace
}  // namespace drywire
