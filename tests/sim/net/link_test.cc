#include "sim/net/link.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/core/choice.h"
#include "sim/net/link_config.h"
#include "tests/sim/net/net_fixture.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace time_literals;

class LinkTest : public NetFixture {};

LinkConfig Latency(Duration latency) {
  LinkConfig config;
  config.latency = latency;
  return config;
}

TEST_F(LinkTest, DeliversAfterTheLatencyOfEachDirection) {
  Link& link = MakeLink(Latency(10_ms));
  LinkConfig back = Latency(30_ms);
  link.end(1).Configure(back);
  Send(link.end(0), 2);
  Send(link.end(1), 1);
  EXPECT_EQ(fabric_->in_flight(), 2u);
  EXPECT_THAT(Log(), ElementsAre("10ms b:eth0 1", "30ms a:eth0 2"));
  EXPECT_EQ(fabric_->in_flight(), 0u);
  EXPECT_EQ(packets_.live(), 0u);
}

TEST_F(LinkTest, ChangedLatencyDoesNotOvertake) {
  Link& link = MakeLink(Latency(10_ms));
  Send(link.end(0), 2);
  link.end(0).Configure(Latency(1_ms));
  Send(link.end(0), 2);
  EXPECT_THAT(Log(), ElementsAre("10ms b:eth0 1", "10ms b:eth0 2"));
  Send(link.end(0), 2);
  EXPECT_THAT(Log(), ElementsAre("11ms b:eth0 3"));
}

TEST_F(LinkTest, BandwidthSerialisesAndTheQueueIsBounded) {
  LinkConfig config = Latency(1_ms);
  config.bandwidth = 8'000'000;  // a byte a microsecond
  config.queue_packets = 3;
  Link& link = MakeLink(config);
  for (int i = 0; i < 5; ++i) Send(link.end(0), 2, 1000);
  EXPECT_EQ(link.end(0).queued_packets(), 3u);
  EXPECT_EQ(link.end(0).queued_bytes(), 3000u);
  EXPECT_THAT(Log(), ElementsAre("2ms b:eth0 1", "3ms b:eth0 2", "4ms b:eth0 3"));
  EXPECT_THAT(watcher_.log,
              ElementsAre("0s drop 4 at a:eth0: queue full", "0s drop 5 at a:eth0: queue full"));
  EXPECT_EQ(link.end(0).queued_packets(), 0u);
}

TEST_F(LinkTest, TheQueueIsBoundedInBytesToo) {
  LinkConfig config;
  config.bandwidth = 8'000'000;
  config.queue_bytes = 1500;
  Link& link = MakeLink(config);
  Send(link.end(0), 2, 1000);
  Send(link.end(0), 2, 600);
  Send(link.end(0), 2, 500);
  EXPECT_THAT(Log(), ElementsAre("1ms b:eth0 1", "1.5ms b:eth0 3"));
}

TEST_F(LinkTest, ManyWaitingPacketsKeepTheirOrder) {
  LinkConfig config;
  config.bandwidth = 8'000'000;
  Link& link = MakeLink(config);
  for (int i = 0; i < 100; ++i) {
    Send(link.end(0), 2, 40);
    RunUntil(events_.now() + 20_us);  // half as long as it takes to send
  }
  EXPECT_EQ(link.end(0).queued_packets(), 50u);
  const std::vector<std::string> log = Log();
  ASSERT_EQ(log.size(), 100u);
  EXPECT_EQ(log[0], "40us b:eth0 1");
  EXPECT_EQ(log[99], "4ms b:eth0 100");
}

TEST_F(LinkTest, LongPacketsAreDropped) {
  LinkConfig config;
  config.mtu = 576;
  Link& link = MakeLink(config);
  Send(link.end(0), 2, 576);
  Send(link.end(0), 2, 577);
  EXPECT_THAT(Log(), ElementsAre("0s b:eth0 1"));
  EXPECT_THAT(watcher_.log, ElementsAre("0s drop 2 at a:eth0: exceeds mtu"));
}

TEST_F(LinkTest, ChanceIsAsConfigured) {
  const struct {
    const char* name;
    Probability LinkConfig::*field;
    int arrived_low, arrived_high, changed_low, changed_high;
  } kCases[] = {
      {"loss", &LinkConfig::loss, 8700, 9300, 0, 0},
      {"duplicate", &LinkConfig::duplicate, 10700, 11300, 700, 1300},
      {"corrupt", &LinkConfig::corrupt, 10000, 10000, 700, 1300},
      {"reorder", &LinkConfig::reorder, 10000, 10000, 700, 1300},
  };
  keep_log_ = false;
  for (const auto& entry : kCases) {
    Make();
    watcher_ = {};
    LinkConfig config;
    config.*entry.field = Probability::Percent(10);
    Link& link = MakeLink(config);
    for (int i = 0; i < 10000; ++i) Send(link.end(0), 2);
    Run();
    const int arrived = watcher_.count(PacketEvent::Kind::kDelivered);
    const int changed = watcher_.count(PacketEvent::Kind::kChanged);
    EXPECT_GE(arrived, entry.arrived_low) << entry.name;
    EXPECT_LE(arrived, entry.arrived_high) << entry.name;
    EXPECT_GE(changed, entry.changed_low) << entry.name;
    EXPECT_LE(changed, entry.changed_high) << entry.name;
  }
}

TEST_F(LinkTest, CertainFaultsAreCertain) {
  LinkConfig config = Latency(1_ms);
  config.duplicate = Probability::Always();
  config.corrupt = Probability::Always();
  Link& link = MakeLink(config);
  Send(link.end(0), 2);
  EXPECT_THAT(Log(), ElementsAre("1ms b:eth0 1 corrupted", "1ms b:eth0 1 corrupted"));
  config.loss = Probability::Always();
  link.Configure(config);
  Send(link.end(0), 2);
  EXPECT_THAT(Log(), IsEmpty());
}

TEST_F(LinkTest, ReorderedPacketsAreOvertaken) {
  LinkConfig config = Latency(10_ms);
  config.reorder = Probability::Always();
  config.reorder_gap = 3;
  config.reorder_delay = 2_ms;
  Link& link = MakeLink(config);
  for (int i = 0; i < 4; ++i) Send(link.end(0), 2);
  EXPECT_THAT(Log(),
              ElementsAre("10ms b:eth0 1", "10ms b:eth0 2", "10ms b:eth0 4", "12ms b:eth0 3"));
}

TEST_F(LinkTest, JitterStaysInItsRangeAndKeepsTheOrderUnlessAsked) {
  for (const bool reorders : {false, true}) {
    Make();
    LinkConfig config = Latency(10_ms);
    config.jitter = 5_ms;
    config.jitter_reorders = reorders;
    Link& link = MakeLink(config);
    const Instant start = events_.now();
    for (int i = 0; i < 200; ++i) Send(link.end(0), 2);
    uint64_t last = 0;
    bool in_order = true;
    class Order : public PacketSink {
     public:
      Order(uint64_t* last, bool* in_order) : last_(last), in_order_(in_order) {}
      void Accept(PacketPtr packet) override {
        if (packet->serial < *last_) *in_order_ = false;
        *last_ = packet->serial;
      }
      uint64_t* last_;
      bool* in_order_;
    } order(&last, &in_order);
    link.end(1).SetReceiver(&order);
    RunUntil(start + 5_ms - 1_ns);
    EXPECT_EQ(fabric_->in_flight(), 200u);
    RunUntil(start + 15_ms);
    EXPECT_EQ(fabric_->in_flight(), 0u);
    EXPECT_EQ(in_order, !reorders);
  }
}

TEST_F(LinkTest, DownLosesWhatIsOnTheWire) {
  Link& link = MakeLink(Latency(10_ms));
  Send(link.end(0), 2);
  RunUntil(Instant::Zero() + 5_ms);
  link.SetUp(false);
  Send(link.end(0), 2);
  link.SetUp(true);
  Send(link.end(0), 2);
  EXPECT_THAT(Log(), ElementsAre("15ms b:eth0 3"));
  EXPECT_THAT(watcher_.log,
              ElementsAre("5ms drop 1 at a:eth0: link down", "5ms drop 2 at a:eth0: link down"));
  EXPECT_EQ(packets_.live(), 0u);
}

TEST_F(LinkTest, LoopbackIsALinkLikeOthers) {
  Link& loopback = fabric_->AddLoopback(1);
  EXPECT_EQ(loopback.name(), "a:lo");
  Connect(loopback.end(0));
  LinkConfig config = LoopbackConfig();
  config.latency = 3_us;
  loopback.Configure(config);
  fabric_->rules().Drop("no SYN", match::IsSyn() && match::OnLink("a:lo"));
  Send(loopback.end(0), 1, 40, "S");
  Send(loopback.end(0), 1, 65536);
  EXPECT_THAT(Log(), ElementsAre("3us a:lo 2"));
}

TEST_F(LinkTest, DirectionsAreOrderDomains) {
  // Two packets that arrive at the same instant from different ends can be swapped by exploration.
  Lan& lan = fabric_->AddLan("lan");
  Port& a = Connect(fabric_->AttachToLan(lan, {1, "eth0"}, Latency(1_ms)));
  Port& b = Connect(fabric_->AttachToLan(lan, {2, "eth0"}, Latency(1_ms)));
  Connect(fabric_->AttachToLan(lan, {3, "eth0"}, Latency(1_ms)));
  Send(a, 3);
  Send(a, 3);
  Send(b, 3);
  ASSERT_EQ(events_.NextCandidates().size(), 2u);
  EXPECT_NE(events_.NextCandidates()[0]->order_domain(),
            events_.NextCandidates()[1]->order_domain());
}

TEST_F(LinkTest, SameSeedSameRunOtherSeedOtherRun) {
  const auto run = [this](uint64_t seed) {
    EventQueue events;
    PacketPool packets;
    Trace trace;
    Fabric fabric({&events, &packets, nullptr, &trace, seed});
    fabric.AddHost(1, "a");
    fabric.AddHost(2, "b");
    LinkConfig config = Latency(1_ms);
    config.jitter = 100_us;
    config.loss = Probability::Percent(20);
    config.duplicate = Probability::Percent(20);
    Link& link = fabric.AddLink("ab", {1, "eth0"}, {2, "eth0"}, config);
    Receiver receiver(this, "b");
    link.end(1).SetReceiver(&receiver);
    for (uint64_t i = 0; i < 100; ++i) {
      PacketPtr packet = packets.New();
      packet->serial = i;
      packet->body = Datagram{1, 2, Bytes::Zeros(i)};
      link.end(0).Accept(std::move(packet));
    }
    while (Event* event = events.Pop(kNever)) events.Fire(event);
    return trace.digest().ToString();
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST_F(LinkTest, ExplorationMayLoseWithinItsLimitAndSpreadJitter) {
  RandomPolicy policy;
  policy.SetExtra(ChoiceKind::kLoss, Probability::Percent(50), 2);
  RandomChoice choice(3, policy);
  Make(1, &choice);
  LinkConfig config = Latency(10_ms);
  config.jitter = 7_ms;
  config.jitter_reorders = true;
  Link& link = MakeLink(config);
  for (int i = 0; i < 50; ++i) Send(link.end(0), 2);
  const std::vector<std::string> log = Log();
  EXPECT_EQ(log.size(), 48u) << "two may be lost";
  EXPECT_EQ(log.front().substr(0, 4), "3ms ");
  EXPECT_EQ(log.back().substr(0, 5), "17ms ");
}

TEST(LinkConfigTest, ValidateNamesTheField) {
  LinkConfig config;
  EXPECT_TRUE(config.Validate().ok());
  config.latency = Duration::Nanos(-1);
  EXPECT_EQ(config.Validate().message(), "latency is -1ns: must be from 0s to 86400s");
  config = {};
  config.jitter = kInfinite;
  EXPECT_EQ(config.Validate().message(), "jitter is infinite: must be from 0s to 86400s");
  config = {};
  config.mtu = 67;
  EXPECT_EQ(config.Validate().message(), "mtu is 67: must be from 68 to 65536");
}

TEST(LinkConfigTest, TextShowsWhatIsNotDefault) {
  LinkConfig config;
  EXPECT_EQ(config.ToString(), "plain");
  config.latency = 20_ms;
  config.bandwidth = 10'000'000;
  config.loss = Probability::Ppm(1000);
  EXPECT_EQ(config.ToString(), "latency 20ms, bandwidth 10000000 bit/s, loss 1000 ppm");
}

}  // namespace
}  // namespace drywire
