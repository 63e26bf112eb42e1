#include "sim/net/rule.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/net/matcher.h"
#include "tests/sim/net/net_fixture.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace time_literals;

class RuleTest : public NetFixture {
 protected:
  void SetUp() override {
    NetFixture::SetUp();
    LinkConfig config;
    config.latency = 10_ms;
    link_ = &MakeLink(config);
  }
  Port& a() { return link_->end(0); }
  Port& b() { return link_->end(1); }
  RuleChain& rules() { return fabric_->rules(); }

  Link* link_ = nullptr;
};

TEST_F(RuleTest, DropTheFirstSynAck) {
  Rule& rule = rules().Drop("lose the first SYN-ACK", match::IsSynAck()).First(1);
  Send(a(), 2, 40, "S");
  Send(b(), 1, 40, "S.");
  Send(b(), 1, 40, "S.");
  EXPECT_THAT(Log(), ElementsAre("10ms b:eth0 1", "10ms a:eth0 3"));
  EXPECT_EQ(rule.matched(), 2u);
  EXPECT_EQ(rule.hits(), 1u);
  EXPECT_TRUE(rule.fired());
  EXPECT_THAT(watcher_.log, ElementsAre("0s drop 2 at b:eth0: lose the first SYN-ACK"));
  EXPECT_EQ(rules().ToString(), "drop 'lose the first SYN-ACK': matched 2, hit 1 (flags S.)\n");
}

TEST_F(RuleTest, DropEverythingForAWhile) {
  Rule& outage =
      rules().Drop("outage", match::During(Instant::Zero() + 5_s, Instant::Zero() + 8_s));
  for (int second = 0; second < 10; ++second) {
    Send(a(), 2);
    RunUntil(events_.now() + 1_s);
  }
  EXPECT_EQ(receivers_[1]->arrived, 7);
  EXPECT_EQ(outage.hits(), 3u);
}

TEST_F(RuleTest, WhichOfTheMatches) {
  struct {
    const char* name;
    void (*limit)(Rule&);
    std::vector<uint64_t> dropped;
  } cases[] = {
      {"all", [](Rule&) {}, {1, 2, 3, 4, 5, 6}},
      {"first two", [](Rule& rule) { rule.First(2); }, {1, 2}},
      {"third", [](Rule& rule) { rule.Nth(3); }, {3}},
      {"after the first four", [](Rule& rule) { rule.AfterFirst(4); }, {5, 6}},
      {"every second", [](Rule& rule) { rule.Every(2); }, {2, 4, 6}},
      {"every third of the first four", [](Rule& rule) { rule.First(4).Every(3); }, {3}},
      {"never", [](Rule& rule) { rule.WithProbability(Probability::Never()); }, {}},
      {"disabled", [](Rule& rule) { rule.Disable(); }, {}},
  };
  for (auto& entry : cases) {
    Rule& rule = rules().Drop(entry.name, match::Any());
    entry.limit(rule);
    serial_ = 0;
    watcher_.log.clear();
    std::vector<std::string> expected;
    const std::string now = FormatDuration(events_.now().since_start());
    for (const uint64_t serial : entry.dropped) {
      expected.push_back(absl::StrCat(now, " drop ", serial, " at a:eth0: ", entry.name));
    }
    for (int i = 0; i < 6; ++i) Send(a(), 2);
    EXPECT_EQ(watcher_.log, expected) << entry.name;
    EXPECT_EQ(rule.hits(), entry.dropped.size());
    rules().DisableAll();
    Run();
  }
}

TEST_F(RuleTest, DeliverAfterGoesPastQueueLatencyAndOrder) {
  LinkConfig config;
  config.latency = 10_ms;
  config.loss = Probability::Always();
  link_->Configure(config);
  rules().DeliverAfter("late", match::PayloadSize(1), 70_s);
  rules().DeliverAfter("soon", match::Any(), 1_ms);
  Send(a(), 2, 50);
  Send(a(), 2, 40);
  EXPECT_THAT(Log(), ElementsAre("1ms b:eth0 2", "70s b:eth0 1"));
}

TEST_F(RuleTest, DelayLetsLaterPacketsPass) {
  rules().Delay("slow", match::PayloadSize(1), 5_ms);
  Send(a(), 2, 50);
  Send(a(), 2, 40);
  EXPECT_THAT(Log(), ElementsAre("10ms b:eth0 2", "15ms b:eth0 1"));
}

TEST_F(RuleTest, DuplicateAndCorruptPassThePacketOn) {
  Rule& twice = rules().Duplicate("twice", match::Any());
  Rule& damage = rules().Corrupt("damage", match::Any());
  Rule& last = rules().Drop("never reached?", match::PayloadSize(1));
  Send(a(), 2, 40);
  Send(a(), 2, 50);
  EXPECT_THAT(Log(), ElementsAre("10ms b:eth0 1 corrupted", "10ms b:eth0 1 corrupted"));
  EXPECT_EQ(twice.hits(), 2u);
  EXPECT_EQ(damage.hits(), 2u);
  EXPECT_EQ(last.hits(), 1u);
}

TEST_F(RuleTest, TheFirstDecisionStands) {
  Rule& first = rules().DeliverAfter("first", match::Any(), 1_ms);
  Rule& second = rules().Drop("second", match::Any());
  Send(a(), 2);
  EXPECT_THAT(Log(), ElementsAre("1ms b:eth0 1"));
  EXPECT_EQ(first.hits(), 1u);
  EXPECT_EQ(second.matched(), 0u);
}

class MatcherTest : public RuleTest {
 protected:
  bool Matches(const Matcher& matcher, const Packet& packet) {
    return matcher.Matches({packet, a(), b(), Instant::Zero() + 5_s});
  }
};

TEST_F(MatcherTest, EachPredicate) {
  Packet tcp;
  tcp.source = AddressOf(1);
  tcp.destination = AddressOf(2);
  Segment segment = *ParseSegment("P. 100:110(10) ack 1 win 9");
  segment.source_port = 4000;
  segment.destination_port = 80;
  segment.payload = Bytes::Copy("GET / HTTP");
  tcp.body = segment;
  Packet udp = tcp;
  udp.body = Datagram{53, 4000, {}};
  Packet icmp = tcp;
  icmp.body = IcmpMessage{false, 3, 1};
  Packet arp = tcp;
  arp.body = NeighbourMessage{};

  const auto prefix = [](const char* text) { return *Prefix::Parse(text); };
  const Instant five = Instant::Zero() + 5_s;
  struct {
    Matcher matcher;
    const char* text;
    bool tcp, udp, icmp, arp;
  } cases[] = {
      {match::Any(), "any", 1, 1, 1, 1},
      {match::IsTcp(), "tcp", 1, 0, 0, 0},
      {match::IsUdp(), "udp", 0, 1, 0, 0},
      {match::Protocol(IpProtocol::kIcmp), "icmp", 0, 0, 1, 0},
      {match::IsNeighbour(), "address resolution", 0, 0, 0, 1},
      {match::Flags("."), "flags .", 1, 0, 0, 0},
      {match::Flags("S."), "flags S.", 0, 0, 0, 0},
      {match::Flags(""), "flags -", 0, 0, 0, 0},
      {match::FlagsSet(kPsh | kAck), "flags with 0x18", 1, 0, 0, 0},
      {match::FlagsSet(kPsh | kFin), "flags with 0x9", 0, 0, 0, 0},
      {match::SourcePort(4000), "source port 4000", 1, 0, 0, 0},
      {match::DestinationPort(80), "destination port 80", 1, 0, 0, 0},
      {match::Port(4000), "port 4000", 1, 1, 0, 0},
      {match::Source(prefix("10.0.0.0/24")), "from 10.0.0.0/24", 1, 1, 1, 1},
      {match::Source(prefix("10.0.0.2/32")), "from 10.0.0.2/32", 0, 0, 0, 0},
      {match::Destination(prefix("10.0.0.2")), "to 10.0.0.2/32", 1, 1, 1, 1},
      {match::Icmp(3), "icmp type 3", 0, 0, 1, 0},
      {match::Icmp(3, 1), "icmp type 3 code 1", 0, 0, 1, 0},
      {match::Icmp(3, 2), "icmp type 3 code 2", 0, 0, 0, 0},
      {match::HasPayload(), "payload of 1 bytes or more", 1, 0, 0, 0},
      {match::PayloadSize(0, 9), "payload of 0 to 9 bytes", 0, 1, 0, 0},
      {match::Sequence(Seq(109), Seq(200)), "sequence 109:200", 1, 0, 0, 0},
      {match::Sequence(Seq(110), Seq(200)), "sequence 110:200", 0, 0, 0, 0},
      {match::Sequence(Seq(0), Seq(100)), "sequence 0:100", 0, 0, 0, 0},
      {match::Contains("HTTP"), "payload with \"HTTP\"", 1, 0, 0, 0},
      {match::FromHost(1), "from host 1", 1, 1, 1, 1},
      {match::ToHost(1), "to host 1", 0, 0, 0, 0},
      {match::OnLink("ab"), "on link ab", 1, 1, 1, 1},
      {match::OnLink("ba"), "on link ba", 0, 0, 0, 0},
      {match::During(five, five + 1_s), "from 5.000000 to 6.000000", 1, 1, 1, 1},
      {match::During(five - 1_s, five), "from 4.000000 to 5.000000", 0, 0, 0, 0},
      {match::If("odd", [](const Passage& p, void*) { return p.packet.icmp() != nullptr; }), "odd",
       0, 0, 1, 0},
      {!match::IsTcp(), "not (tcp)", 0, 1, 1, 1},
      {!match::Any(), "not (any)", 0, 0, 0, 0},
      {match::IsTcp() && !match::Any(), "tcp and not (any)", 0, 0, 0, 0},
      {!match::Any() || match::IsTcp(), "(not (any) or tcp)", 1, 0, 0, 0},
      {match::IsUdp() || (match::IsTcp() && match::Flags(".")), "(udp or tcp and flags .)", 1, 1, 0,
       0},
      {!(match::IsUdp() || match::IsTcp()) && match::Any(), "not ((udp or tcp))", 0, 0, 1, 1},
      {match::IsUdp() || match::Any(), "any", 1, 1, 1, 1},
  };
  for (const auto& entry : cases) {
    EXPECT_EQ(entry.matcher.text(), entry.text);
    EXPECT_EQ(Matches(entry.matcher, tcp), entry.tcp) << entry.text;
    EXPECT_EQ(Matches(entry.matcher, udp), entry.udp) << entry.text;
    EXPECT_EQ(Matches(entry.matcher, icmp), entry.icmp) << entry.text;
    EXPECT_EQ(Matches(entry.matcher, arp), entry.arp) << entry.text;
  }
}

TEST(MatcherDeathTest, UnknownFlagLetters) {
  EXPECT_DEATH(match::Flags("X"), "flags \"X\": only letters of SFR. are compared");
}

}  // namespace
}  // namespace drywire
