// Neighbours that answer, are silent, come late or go away. Linux: observed on 6.18.44 (connect()
// to a silent address fails after 3.06 s, every waiting socket at once, a second one started 1.5 s
// later together with the first). FreeBSD: facts.md.
#include "stack/ip/neighbour.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/stack/ip/ip_fixture.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kSyn9[] = "10.0.0.1:4000 > 10.0.0.9:80";

TEST(NeighbourTest, KnownOwnerCostsNothing) {
  IpHost host(LinuxProfile(), NeighbourMode::kKnown);
  host.link().present = {A("10.0.0.9")};
  EXPECT_EQ(host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9")), "ok");
  EXPECT_THAT(host.Take(),
              ElementsAre("eth0 to 10.0.0.9: 10.0.0.1:4000 > 10.0.0.9:80 S 100:100(0) win 0"));
  EXPECT_TRUE(host.ip().NextDeadline().is_never());
  EXPECT_THAT(host.ip().neighbours().entries(), IsEmpty());
}

TEST(NeighbourTest, LinuxSilentNeighbourFailsAllAfterThreeProbes) {
  IpHost host(LinuxProfile(), NeighbourMode::kKnown);
  host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9"));
  host.Send(1500, host.Tcp("10.0.0.1", "10.0.0.9", "S", 4001));
  EXPECT_THAT(host.Take(), IsEmpty());
  EXPECT_EQ(host.ip().NeighboursToString(), "10.0.0.9 dev eth0 INCOMPLETE queue 2\n");
  EXPECT_THAT(
      host.RunTo(10000),
      ElementsAre(
          "3.000000 local kIcmpHostUnreachable for 10.0.0.1:4000 > 10.0.0.9:80 tcp seq 100",
          "3.000000 drop, neighbour failed: 10.0.0.1:4000 > 10.0.0.9:80 S 100:100(0) win 0",
          "3.000000 local kIcmpHostUnreachable for 10.0.0.1:4001 > 10.0.0.9:80 tcp seq 100",
          "3.000000 drop, neighbour failed: 10.0.0.1:4001 > 10.0.0.9:80 S 100:100(0) win 0"));
  EXPECT_TRUE(host.ip().NextDeadline().is_never());
  // The next attempt starts over.
  host.Send(5000, host.Tcp("10.0.0.1", "10.0.0.9"));
  EXPECT_EQ(host.RunTo(20000).size(), 2u);
  EXPECT_EQ(host.pool().live(), 0u);
}

TEST(NeighbourTest, LinuxSilentGatewayAndSilentV6) {
  IpHost host(LinuxProfile(), NeighbourMode::kKnown);
  host.Route("default via 10.0.0.254");
  host.Send(0, host.Tcp("10.0.0.1", "192.0.2.1"));
  host.Send(0, host.Tcp("2001:db8::1", "2001:db8::9"));
  const std::vector<std::string> lines = host.RunTo(5000);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0],
            "3.000000 local kIcmpHostUnreachable for 10.0.0.1:4000 > 192.0.2.1:80 tcp seq 100");
  EXPECT_EQ(lines[2],
            "3.000000 local kIcmpHostUnreachable for [2001:db8::1]:4000 > [2001:db8::9]:80 tcp "
            "seq 100");
}

TEST(NeighbourTest, OneThatComesLateIsFoundAtTheNextProbe) {
  IpHost host(LinuxProfile(), NeighbourMode::kKnown);
  host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9"));
  EXPECT_THAT(host.RunTo(1500), IsEmpty());
  host.link().present = {A("10.0.0.9")};
  EXPECT_THAT(host.RunTo(1999), IsEmpty());
  EXPECT_THAT(host.RunTo(9000), ElementsAre(absl::StrCat("2.000000 eth0 to 10.0.0.9: ", kSyn9,
                                                         " S 100:100(0) win 0")));
  EXPECT_THAT(host.ip().neighbours().entries(), IsEmpty());
}

TEST(NeighbourTest, ASecondPacketFindsItAtOnceAndTakesTheFirstAlong) {
  IpHost host(LinuxProfile(), NeighbourMode::kKnown);
  host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9"));
  host.link().present = {A("10.0.0.9")};
  host.Send(300, host.Tcp("10.0.0.1", "10.0.0.9", "S", 4001));
  EXPECT_THAT(host.Take(),
              ElementsAre("eth0 to 10.0.0.9: 10.0.0.1:4000 > 10.0.0.9:80 S 100:100(0) win 0",
                          "eth0 to 10.0.0.9: 10.0.0.1:4001 > 10.0.0.9:80 S 100:100(0) win 0"));
  EXPECT_TRUE(host.ip().NextDeadline().is_never());
}

TEST(NeighbourTest, QueueLimitPushesOutTheOldest) {
  Profile profile = LinuxProfile();
  profile.ip.neighbour_queue = 2;
  IpHost host(std::move(profile), NeighbourMode::kKnown);
  for (uint16_t port = 1; port <= 3; ++port) {
    host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9", "S", port));
  }
  EXPECT_THAT(
      host.Take(),
      ElementsAre("drop, neighbour queue full: 10.0.0.1:1 > 10.0.0.9:80 S 100:100(0) win 0"));
}

// A lone FreeBSD connection asks once with each SYN and hears nothing until the fifth request; the
// entry dies 20 s after the last one.
TEST(NeighbourTest, FreeBsdArpTellsTheSenderFromTheFifthRequestOn) {
  IpHost host(FreeBsdProfile(), NeighbourMode::kKnown);
  std::vector<std::string> results;
  for (int64_t ms : {0, 1000, 3200, 7400, 15600, 31800}) {
    host.RunTo(ms);
    results.push_back(host.Send(ms, host.Tcp("10.0.0.1", "10.0.0.9")));
  }
  EXPECT_THAT(results, ElementsAre("ok", "ok", "ok", "ok", "ok", "kNeighbourUnreachable"));
  EXPECT_EQ(host.ip().NextDeadline(), At(51800));
  const std::vector<std::string> lines = host.RunTo(60000);
  EXPECT_EQ(lines.size(), 6u) << "all die in silence";
  EXPECT_THAT(lines[0], ::testing::StartsWith("51.800000 drop, "));
  EXPECT_EQ(host.Send(64000, host.Tcp("10.0.0.1", "10.0.0.9")), "ok") << "starts over";
}

TEST(NeighbourTest, FreeBsdArpWhenOthersKeepAsking) {
  IpHost host(FreeBsdProfile(), NeighbourMode::kKnown);
  host.Route("default via 10.0.0.254");
  for (int64_t ms = 0; ms < 4500; ms += 500) {
    EXPECT_EQ(host.Send(ms, host.Udp("10.0.0.1", "10.0.0.9")), "ok") << ms;
    EXPECT_EQ(host.Send(ms, host.Udp("10.0.0.1", "192.0.2.1")), "ok") << ms;
  }
  EXPECT_EQ(host.Send(4500, host.Tcp("10.0.0.1", "10.0.0.9")), "kNeighbourUnreachable");
  EXPECT_EQ(host.Send(4500, host.Tcp("10.0.0.1", "192.0.2.1")), "kGatewayUnreachable");
}

// ND probes on a timer and answers the first waiting packet only.
TEST(NeighbourTest, FreeBsdNd) {
  IpHost host(FreeBsdProfile(), NeighbourMode::kKnown);
  host.Send(0, host.Tcp("2001:db8::1", "2001:db8::9"));
  host.Send(1000, host.Tcp("2001:db8::1", "2001:db8::9"));
  const std::vector<std::string> lines = host.RunTo(20000);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], ::testing::StartsWith("3.000000 drop, neighbour queue full: "));
  EXPECT_THAT(lines[1], ::testing::StartsWith("3.000000 local kIcmpHostUnreachable for "));
  EXPECT_THAT(lines[2], ::testing::StartsWith("3.000000 drop, neighbour failed: "));
}

TEST(NeighbourTest, ExchangeAsksAndIsAnswered) {
  IpHost host(LinuxProfile(), NeighbourMode::kExchange);
  host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9"));
  EXPECT_THAT(host.Take(), ElementsAre("eth0 to all: arp who-has 10.0.0.9 tell 10.0.0.1"));
  EXPECT_THAT(host.RunTo(1000),
              ElementsAre("1.000000 eth0 to all: arp who-has 10.0.0.9 tell 10.0.0.1"));
  PacketPtr reply = host.New("10.0.0.9", "10.0.0.1");
  reply->body = NeighbourMessage{true, A("10.0.0.9"), A("10.0.0.9")};
  host.Receive(1200, 2, std::move(reply));
  EXPECT_THAT(host.Take(),
              ElementsAre("eth0 to 10.0.0.9: 10.0.0.1:4000 > 10.0.0.9:80 S 100:100(0) win 0"));
  EXPECT_EQ(host.ip().NeighboursToString(), "10.0.0.9 dev eth0 REACHABLE\n");
  EXPECT_TRUE(host.ip().NextDeadline().is_never());
}

TEST(NeighbourTest, ExchangeStaleNeighbourIsProbedAfterUseAndFails) {
  IpHost host(LinuxProfile(), NeighbourMode::kExchange);
  host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9"));
  PacketPtr reply = host.New("10.0.0.9", "10.0.0.1");
  reply->body = NeighbourMessage{true, A("10.0.0.9"), A("10.0.0.9")};
  host.Receive(1, 2, std::move(reply));
  host.Take();
  // Used after 30 s: stale. The packet goes; a probe follows 5 s later.
  host.Send(40000, host.Tcp("10.0.0.1", "10.0.0.9"));
  EXPECT_EQ(host.Take().size(), 1u);
  EXPECT_THAT(host.RunTo(60000),
              ElementsAre("45.000000 eth0 to all: arp who-has 10.0.0.9 tell 10.0.0.1",
                          "46.000000 eth0 to all: arp who-has 10.0.0.9 tell 10.0.0.1",
                          "47.000000 eth0 to all: arp who-has 10.0.0.9 tell 10.0.0.1"));
  EXPECT_THAT(host.ip().neighbours().entries(), IsEmpty());
}

TEST(NeighbourTest, AnswersRequestsForItsOwnAddresses) {
  IpHost host(LinuxProfile(), NeighbourMode::kExchange);
  const auto ask = [&](absl::string_view target, absl::string_view sender) {
    PacketPtr request = host.New(sender, target);
    request->next_hop = Address();
    request->body = NeighbourMessage{false, A(target), A(sender)};
    host.Receive(0, 2, std::move(request));
    return host.Take();
  };
  EXPECT_THAT(ask("10.0.0.1", "10.0.0.9"),
              ElementsAre("eth0 to 10.0.0.9: arp reply 10.0.0.1 is at 10.0.0.1"));
  EXPECT_THAT(ask("10.0.1.1", "10.0.0.9"),
              ElementsAre("eth0 to 10.0.0.9: arp reply 10.0.1.1 is at 10.0.1.1"))
      << "of another interface: arp_ignore=0";
  EXPECT_THAT(ask("10.0.0.7", "10.0.0.9"), ElementsAre("drop, not for this host: arp who-has "
                                                       "10.0.0.7 tell 10.0.0.9"));
  EXPECT_THAT(ask("2001:db8::1", "2001:db8::9"),
              ElementsAre("eth0 to 2001:db8::9: nd reply 2001:db8::1 is at 2001:db8::1"));
  // The request shows the sender: nothing needs to be asked back.
  host.Send(1, host.Tcp("10.0.0.1", "10.0.0.9"));
  EXPECT_THAT(host.Take(),
              ElementsAre("eth0 to 10.0.0.9: 10.0.0.1:4000 > 10.0.0.9:80 S 100:100(0) win 0"));
}

TEST(NeighbourTest, InterfaceDownAndCrashDropWhatWaits) {
  IpHost host(LinuxProfile(), NeighbourMode::kKnown);
  host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9"));
  host.ip().SetUp(2, false, host.actions());
  EXPECT_THAT(host.Take(),
              ElementsAre(absl::StrCat("drop, interface down: ", kSyn9, " S 100:100(0) win 0")));
  EXPECT_TRUE(host.ip().NextDeadline().is_never());
  host.ip().SetUp(2, true, host.actions());
  host.Send(0, host.Tcp("10.0.0.1", "10.0.0.9"));
  host.ip().ForgetDynamicState(host.actions());
  EXPECT_EQ(host.Take().size(), 1u);
  EXPECT_EQ(host.pool().live(), 0u);
}

}  // namespace
}  // namespace drywire
