// The client above, unmodified, in worlds where a network misbehaves.

#include "greeter.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <string>

#include "sim/testing/drywire_test.h"

namespace {

using ::drywire::Host;
using ::drywire::World;

// Seconds of virtual time since boot.
time_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

// Accepts one connection on port 7 and says `greeting`.
void Serve(const std::string& greeting) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any = {};
  any.sin_family = AF_INET;
  any.sin_port = htons(7);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&any), sizeof(any)), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  const int connection = accept(listener, nullptr, nullptr);
  ASSERT_GE(connection, 0);
  send(connection, greeting.data(), greeting.size(), 0);
  close(connection);
  close(listener);
}

DRYWIRE_TEST(Greeter, ReadsTheLine) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "freebsd", "10.0.0.2/24");
  world.Spawn(server, "server", [] { Serve("hello\n"); });
  world.Spawn(client, "client", [] {
    usleep(1000);
    std::string line;
    EXPECT_EQ(ReadGreeting("10.0.0.2", 7, 1000, &line), 0);
    EXPECT_EQ(line, "hello");
  });
  world.Run();
}

DRYWIRE_TEST(Greeter, IsToldThatNobodyListens) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  world.AddHost("server", "linux", "10.0.0.2/24");
  world.Spawn(client, "client", [] {
    std::string line;
    EXPECT_EQ(ReadGreeting("10.0.0.2", 7, 1000, &line), ECONNREFUSED);
  });
  world.Run();
}

DRYWIRE_TEST(Greeter, GivesUpOnABlackHoleInTime) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 7 drop");
  world.Spawn(client, "client", [] {
    const time_t start = Now();
    std::string line;
    EXPECT_EQ(ReadGreeting("10.0.0.2", 7, 60'000, &line), ETIMEDOUT);
    EXPECT_EQ(Now() - start, 60);
  });
  world.Run();
}

DRYWIRE_TEST(Greeter, NoticesAnAnswerCutShort) {
  Host& client = world.AddHost("client", "freebsd", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.Spawn(server, "server", [] { Serve("hel"); });
  world.Spawn(client, "client", [] {
    usleep(1000);
    std::string line;
    EXPECT_EQ(ReadGreeting("10.0.0.2", 7, 1000, &line), EPROTO);
  });
  world.Run();
}

}  // namespace
