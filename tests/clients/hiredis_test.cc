// Debian's libhiredis, unmodified, inside a simulated process: its system calls are taken over by
// //tools/posix:interpose. The server is tests/harness/redis_server.h.
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "tests/clients/client_server.h"
#include "tests/harness/redis_server.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT: the suffixes are all there is.
using ::testing::ElementsAre;

constexpr char kServer[] = "10.0.0.2";
constexpr int kPort = 6379;

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;

// What a reply says: its text, "(nil)", or the connection's error when there is none.
std::string TextOf(void* result, const redisContext& context) {
  if (result == nullptr) return std::string("error: ") + context.errstr;
  auto* reply = static_cast<redisReply*>(result);
  std::string text = reply->type == REDIS_REPLY_NIL ? "(nil)" : std::string(reply->str, reply->len);
  freeReplyObject(reply);
  return text;
}

template <typename... Arguments>
std::string Command(const Context& context, const char* format, Arguments... arguments) {
  return TextOf(redisCommand(context.get(), format, arguments...), *context);
}

class HiredisTest : public ClientTest {};

TEST_P(HiredisTest, SetsAndGets) {
  Run([](ClientServer& net) {
    net.Server([] { ServeRedis(); });
    net.Client([&net] {
      const Context redis(redisConnect(kServer, kPort));
      ASSERT_EQ(redis->err, 0) << redis->errstr;
      EXPECT_EQ(net.now(), 20_ms);
      EXPECT_EQ(Command(redis, "PING"), "PONG");
      EXPECT_EQ(net.now(), 40_ms);
      EXPECT_EQ(Command(redis, "SET %s %s", "colour", "green"), "OK");
      EXPECT_EQ(Command(redis, "GET colour"), "green");
      EXPECT_EQ(Command(redis, "GET shape"), "(nil)");
      EXPECT_EQ(Command(redis, "EXPLODE"), "ERR unknown command 'EXPLODE'");
      EXPECT_EQ(net.now(), 120_ms);
    });
  });
}

TEST_P(HiredisTest, FindsItsServerByName) {
  Run([](ClientServer& net) {
    net.Server([] { ServeRedis(); });
    net.Client([&net] {
      const Context redis(redisConnect("server", kPort));
      ASSERT_EQ(redis->err, 0) << redis->errstr;
      EXPECT_EQ(Command(redis, "PING"), "PONG");
      const Context lost(redisConnect("nowhere", kPort));
      EXPECT_STREQ(lost->errstr, "Name or service not known");
      EXPECT_EQ(net.now(), 40_ms);
    });
  });
}

TEST_P(HiredisTest, ConnectToABlackHoleEndsWhenTheSystemGivesUp) {
  Run([this](ClientServer& net) {
    net.world.AddFirewallRule(net.server, "input tcp dport 6379 drop");
    net.Client([&net, this] {
      const Context redis(redisConnect(kServer, kPort));
      EXPECT_EQ(redis->err, REDIS_ERR_IO);
      EXPECT_STREQ(redis->errstr, "Connection timed out");
      EXPECT_EQ(net.now(), OnLinux() ? 131_s : 75_s);
    });
  });
}

TEST_P(HiredisTest, ConnectWithTimeoutGivesUpInTime) {
  Run([](ClientServer& net) {
    net.world.AddFirewallRule(net.server, "input tcp dport 6379 drop");
    net.Client([&net] {
      const Context redis(redisConnectWithTimeout(kServer, kPort, timeval{1, 500'000}));
      EXPECT_EQ(redis->err, REDIS_ERR_IO);
      EXPECT_STREQ(redis->errstr, "Connection timed out");
      EXPECT_EQ(net.now(), 1500_ms);
    });
  });
}

TEST_P(HiredisTest, IsRefused) {
  Run([](ClientServer& net) {
    net.Client([&net] {
      const Context redis(redisConnect(kServer, kPort));
      EXPECT_EQ(redis->err, REDIS_ERR_IO);
      EXPECT_STREQ(redis->errstr, "Connection refused");
      EXPECT_EQ(net.now(), 20_ms);
    });
  });
}

TEST_P(HiredisTest, IsToldThatThereIsNoRoute) {
  Run([this](ClientServer& net) {
    net.world.AddRoute(net.client, "unreachable 10.9.0.0/16");
    net.Client([&net, this] {
      const Context redis(redisConnect("10.9.0.1", kPort));
      // hiredis goes on to the next address after EHOSTUNREACH, and runs out of them.
      EXPECT_EQ(redis->err, OnLinux() ? REDIS_ERR_OTHER : REDIS_ERR_IO);
      EXPECT_STREQ(redis->errstr,
                   OnLinux() ? "Can't create socket: No route to host" : "Network is unreachable");
      EXPECT_EQ(net.now(), 0_s);
    });
  });
}

// Waits until `events` (POLLIN or POLLOUT) happen on the connection's socket.
void WaitFor(const Context& redis, short events) {
  pollfd fd = {redis->fd, events, 0};
  ASSERT_EQ(poll(&fd, 1, -1), 1);
  EXPECT_TRUE(fd.revents & events) << fd.revents;
}

int PendingError(const Context& redis) {
  int error = -1;
  socklen_t length = sizeof error;
  EXPECT_EQ(getsockopt(redis->fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
  return error;
}

TEST_P(HiredisTest, WorksWithoutBlocking) {
  Run([](ClientServer& net) {
    net.Server([] { ServeRedis({.values = {{"colour", "green"}}}); });
    net.Client([&net] {
      const Context redis(redisConnectNonBlock(kServer, kPort));
      ASSERT_EQ(redis->err, 0) << redis->errstr;
      EXPECT_EQ(net.now(), 0_s);
      WaitFor(redis, POLLOUT);
      EXPECT_EQ(PendingError(redis), 0);
      EXPECT_EQ(net.now(), 20_ms);

      redisAppendCommand(redis.get(), "GET colour");
      int done = 0;
      EXPECT_EQ(redisBufferWrite(redis.get(), &done), REDIS_OK);
      EXPECT_EQ(done, 1);
      EXPECT_EQ(redisBufferRead(redis.get()), REDIS_OK);  // EAGAIN is no error here.
      void* reply = nullptr;
      EXPECT_EQ(redisGetReplyFromReader(redis.get(), &reply), REDIS_OK);
      EXPECT_EQ(reply, nullptr);
      WaitFor(redis, POLLIN);
      EXPECT_EQ(net.now(), 40_ms);
      EXPECT_EQ(redisBufferRead(redis.get()), REDIS_OK);
      EXPECT_EQ(redisGetReplyFromReader(redis.get(), &reply), REDIS_OK);
      EXPECT_EQ(TextOf(reply, *redis), "green");
    });
  });
}

TEST_P(HiredisTest, WithoutBlockingLearnsOfTheRefusalBySoError) {
  Run([](ClientServer& net) {
    net.Client([&net] {
      const Context redis(redisConnectNonBlock(kServer, kPort));
      ASSERT_EQ(redis->err, 0) << redis->errstr;
      pollfd fd = {redis->fd, POLLOUT, 0};
      EXPECT_EQ(poll(&fd, 1, -1), 1);
      EXPECT_EQ(net.now(), 20_ms);
      EXPECT_EQ(PendingError(redis), ECONNREFUSED);
    });
  });
}

TEST_P(HiredisTest, IsResetInMidReply) {
  Run([this](ClientServer& net) {
    net.Server([] { ServeRedis(); });
    net.Client([&net, this] {
      const Context redis(redisConnect(kServer, kPort));
      EXPECT_EQ(Command(redis, "GET half"), "error: Connection reset by peer");
      EXPECT_EQ(redis->err, REDIS_ERR_IO);
      // The reset left 10 ms after the first half. FreeBSD has not acknowledged that half yet, and
      // so answers the reset with a challenge; the second reset is believed.
      EXPECT_EQ(net.now(), OnLinux() ? 50_ms : 70_ms);
    });
  });
}

TEST_P(HiredisTest, LosesAServerThatCloses) {
  Run([](ClientServer& net) {
    net.Server([] { ServeRedis({.connections = 0}); });
    net.Server([] { ServeRedis({.port = 6380}); });
    net.Client([&net] {
      usleep(1000);
      const Context closed(redisConnect(kServer, kPort));
      EXPECT_STREQ(closed->errstr, "Connection refused");
      const Context redis(redisConnect(kServer, 6380));
      EXPECT_EQ(shutdown(redis->fd, SHUT_WR), 0);  // Makes the server close.
      void* reply = nullptr;
      EXPECT_EQ(redisGetReply(redis.get(), &reply), REDIS_ERR);
      EXPECT_EQ(redis->err, REDIS_ERR_EOF);
      EXPECT_EQ(net.now(), 61_ms);
    });
  });
}

TEST_P(HiredisTest, TimeOutOfACommandOnASlowLink) {
  Run(LinkOf(200_ms), [](ClientServer& net) {
    net.Server([] { ServeRedis({.connections = 2}); });
    net.Client([&net] {
      {
        const Context redis(redisConnect(kServer, kPort));
        EXPECT_EQ(net.now(), 400_ms);
        EXPECT_EQ(redisSetTimeout(redis.get(), timeval{0, 300'000}), REDIS_OK);
        EXPECT_EQ(Command(redis, "PING"), "error: Resource temporarily unavailable");
        EXPECT_EQ(net.now(), 700_ms);
      }
      const Context redis(redisConnect(kServer, kPort));
      EXPECT_EQ(net.now(), 1100_ms);
      EXPECT_EQ(redisSetTimeout(redis.get(), timeval{0, 500'000}), REDIS_OK);
      EXPECT_EQ(Command(redis, "PING"), "PONG");
      EXPECT_EQ(net.now(), 1500_ms);
    });
  });
}

TEST_P(HiredisTest, BandwidthBoundsALargeReply) {
  Run(LinkOf(10_ms, 1'000'000), [](ClientServer& net) {
    net.Server([] { ServeRedis({.values = {{"large", std::string(100'000, 'x')}}}); });
    net.Client([&net] {
      const Context redis(redisConnect(kServer, kPort));
      EXPECT_EQ(Command(redis, "GET large"), std::string(100'000, 'x'));
      // 70 segments of 1448 bytes or less with 52 bytes of headers each are 103,640 bytes, which a
      // line of 1 Mbit/s carries in 829 ms; two round trips and a few small packets come on top.
      EXPECT_GE(net.now(), 869_ms);
      EXPECT_LE(net.now(), 1000_ms);
    });
  });
}

TEST_P(HiredisTest, SurvivesAPartitionThatHeals) {
  Run([this](ClientServer& net) {
    net.Server([] { ServeRedis(); });
    net.PartitionBetween(500_ms, 3_s);
    net.Client([&net, this] {
      const Context redis(redisConnect(kServer, kPort));
      usleep(980'000);
      EXPECT_EQ(Command(redis, "PING"), "PONG");
      // The time-out doubles: 220 ms on Linux, after a tail loss probe; 60 ms on FreeBSD, with 200
      // ms on top each time.
      if (OnLinux()) {
        EXPECT_THAT(net.DataSentAt(),
                    ElementsAre(1000_ms, 1220_ms, 1440_ms, 1880_ms, 2760_ms, 4520_ms));
        EXPECT_EQ(net.now(), 4540_ms);
      } else {
        EXPECT_THAT(net.DataSentAt(),
                    ElementsAre(1000_ms, 1260_ms, 1580_ms, 2020_ms, 2700_ms, 3860_ms));
        EXPECT_EQ(net.now(), 3880_ms);
      }
    });
  });
}

INSTANTIATE_TEST_SUITE_P(Personality, HiredisTest, ::testing::Values("linux", "freebsd"),
                         PersonalityOf);

}  // namespace
}  // namespace drywire
