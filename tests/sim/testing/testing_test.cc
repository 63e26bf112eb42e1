// The test support itself: exploration finds, records and replays; differences between runs,
// deadlocks and mistakes in a world fail a test and say what is wrong.
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest-spi.h"
#include "sim/testing/drywire_test.h"
#include "tests/harness/sockaddr.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// The gtest failures that `body` adds, joined.
std::string FailuresOf(const std::function<void()>& body) {
  ::testing::TestPartResultArray results;
  {
    ::testing::ScopedFakeTestPartResultReporter divert(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    body();
  }
  std::string text;
  for (int i = 0; i < results.size(); ++i) text += results.GetTestPartResult(i).message();
  return text;
}

// Three tasks of which the order of arrival decides; fails when the last one comes first.
struct Race {
  std::vector<int> order;
  Digest digest;

  void operator()(World& world) {
    order.clear();
    Host& host = world.AddHost("host");
    for (int i = 0; i < 3; ++i) {
      world.Spawn(host, "racer", [this, i] { order.push_back(i); });
    }
    world.Run();
    digest = world.trace().digest();
    EXPECT_NE(order.front(), 2) << "the last came first";
  }
};

TEST(Explore, FindsAFailingOrderAndReplaysItExactly) {
  Race race;
  const ExploreResult found = Explore(1000, std::ref(race));
  ASSERT_TRUE(found.failed);
  EXPECT_THAT(found.message, HasSubstr("the last came first"));
  EXPECT_LT(found.runs, 100u);
  EXPECT_LT(found.token.size(), 60u) << found.token;
  const std::vector<int> order = race.order;
  const Digest digest = race.digest;
  race.order.clear();
  const std::string failures = FailuresOf([&] { Replay(found.token, std::ref(race)); });
  EXPECT_THAT(failures, HasSubstr("the last came first"));
  EXPECT_EQ(race.order, order);
  EXPECT_EQ(race.digest, digest);
}

TEST(Explore, SaysNothingFailedWhenNothingDoes) {
  const ExploreResult result = Explore(20, [](World& world) {
    Host& host = world.AddHost("host");
    world.Spawn(host, "task", [] {});
    world.Run();
  });
  EXPECT_FALSE(result.failed);
  EXPECT_EQ(result.runs, 20u);
  EXPECT_EQ(result.token, "");
}

TEST(Explore, ExtraLossStaysWithinItsBound) {
  ExploreOptions options;
  options.policy.SetExtra(ChoiceKind::kLoss, Probability::Percent(50), 2);
  size_t most = 0;
  ExploreSeeds(
      50,
      [&](World& world) {
        Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
        world.AddHost("server", "linux", "10.0.0.2/24");
        world.Spawn(client, "client", [] {
          const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
          const sockaddr_in to = Inet("10.0.0.2", 80);
          EXPECT_THAT(posix::connect(fd, AsSockaddr(to), sizeof to), FailsWith(ECONNREFUSED));
        });
        world.Run();
        most = std::max(most, world.capture().Count(PacketEvent::Kind::kDropped, Matcher()));
      },
      options);
  EXPECT_EQ(most, 2u);
}

TEST(Replay, RefusesTokensThatAreNone) {
  for (const char* token : {"", "x", "12", "zz.AAAA", "1.", "1.!!!!", "1.A"}) {
    SCOPED_TRACE(token);
    EXPECT_THAT(FailuresOf([&] { Replay(token, [](World&) {}); }), HasSubstr("token"));
  }
}

TEST(Replay, SaysThatTheScenarioIsAnother) {
  Race race;
  const ExploreResult found = Explore(1000, std::ref(race));
  ASSERT_TRUE(found.failed);
  const std::string failures =
      FailuresOf([&] { Replay(found.token, [](World& world) { world.Run(); }); });
  EXPECT_THAT(failures, HasSubstr("not the run that was recorded"));
}

TEST(RunScenario, ShowsWhereTwoRunsDiffer) {
  int run = 0;
  const std::string failures = FailuresOf([&] {
    RunScenario([&](World& world) {
      Host& host = world.AddHost("host");
      const Duration nap = Duration::Millis(++run);
      world.Spawn(host, "task", [nap] { posix::usleep(nap.micros()); });
      world.Run();
    });
  });
  EXPECT_THAT(failures, AllOf(HasSubstr("two runs of seed 1 differ"), HasSubstr("task-block")));
}

TEST(RunScenario, FailsOnADeadlockAndNamesWhoWaits) {
  const std::string failures = FailuresOf([] {
    RunScenario([](World& world) {
      Host& host = world.AddHost("host");
      world.Spawn(host, "patient", [] { posix::pause(); });
      world.Run();
    });
  });
  EXPECT_THAT(failures, AllOf(HasSubstr("deadlock"), HasSubstr("patient"), HasSubstr("pause")));
}

TEST(RunScenario, FailsOnALivelockAndNamesWhoSpins) {
  const std::string failures = FailuresOf([] {
    RunScenario([](World& world) {
      Host& host = world.AddHost("host");
      world.Spawn(host, "spinner", [] {
        while (posix::poll(nullptr, 0, 0) == 0) {
        }
      });
      world.Run();
    });
  });
  EXPECT_THAT(failures, AllOf(HasSubstr("livelock"), HasSubstr("spinner")));
}

TEST(RunScenario, FailsOnMistakesInTheWorld) {
  const std::string failures = FailuresOf([] {
    RunScenario([](World& world) {
      Host& host = world.AddHost("host");
      world.AddRoute(host, "default via moon");
      world.Run();
    });
  });
  EXPECT_THAT(failures, AllOf(HasSubstr("host host, route"), HasSubstr("moon")));
}

DRYWIRE_TEST(Matchers, ShowPacketsAndStates) {
  Host& client = world.AddHost("client", "linux", "10.0.0.1/24");
  Host& server = world.AddHost("server", "linux", "10.0.0.2/24");
  world.Spawn(server, "server", [] {
    const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = Inet("0.0.0.0", 80);
    EXPECT_THAT(posix::bind(fd, AsSockaddr(address), sizeof address), Succeeds());
    EXPECT_THAT(posix::listen(fd, 1), Succeeds());
    EXPECT_THAT(posix::accept(fd, nullptr, nullptr), Succeeds());
    posix::pause();
  });
  world.Spawn(client, "client", [] {
    posix::usleep(1000);
    const int fd = posix::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in to = Inet("10.0.0.2", 80);
    EXPECT_THAT(posix::connect(fd, AsSockaddr(to), sizeof to), Succeeds());
    posix::pause();
  });
  world.AcceptStuck();
  world.RunFor(Duration::Seconds(1));
  EXPECT_THAT(PacketsFrom(world, client), ElementsAre(StartsWith("S "), StartsWith(". ")));
  EXPECT_THAT(PacketsFrom(world, server), ElementsAre(StartsWith("S. ")));
  EXPECT_THAT(TcpStates(server), ElementsAre("LISTEN", "ESTAB"));
  EXPECT_THAT(TcpStates(client), ElementsAre("ESTAB"));
  EXPECT_THAT(world.errors(), IsEmpty());
}

TEST(Matchers, ExplainWhatTheyFound) {
  ::testing::StringMatchResultListener listener;
  errno = EAGAIN;
  EXPECT_FALSE(::testing::ExplainMatchResult(FailsWith(ECONNREFUSED), -1, &listener));
  EXPECT_EQ(listener.str(), "with errno EAGAIN");
  EXPECT_EQ(ErrnoName(12345), "errno 12345");
}

}  // namespace
}  // namespace drywire
