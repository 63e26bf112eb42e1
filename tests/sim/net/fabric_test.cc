#include "sim/net/fabric.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/net/net_fixture.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace time_literals;

class FabricTest : public NetFixture {
 protected:
  void SetUp() override {
    NetFixture::SetUp();
    LinkConfig config;
    config.latency = 10_ms;
    link_ = &MakeLink(config);
  }
  Port& a() { return link_->end(0); }
  Port& b() { return link_->end(1); }

  Link* link_ = nullptr;
};

TEST_F(FabricTest, FindsWhatWasBuilt) {
  EXPECT_EQ(fabric_->FindPort(1, "eth0"), &a());
  EXPECT_EQ(fabric_->FindPort(1, "eth1"), nullptr);
  EXPECT_EQ(fabric_->FindMedium("ab"), link_);
  EXPECT_EQ(fabric_->FindMedium("xy"), nullptr);
  EXPECT_EQ(a().name(), "a:eth0");
  EXPECT_EQ(a().id(), 1u);
  EXPECT_EQ(fabric_->ports()[1], &b());
}

TEST_F(FabricTest, PartitionCutsBothWaysAndWhatIsInFlight) {
  Send(a(), 2);
  const int partition = fabric_->Partition({1}, {2, 3});
  Send(a(), 2);
  Send(b(), 1);
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_THAT(watcher_.log,
              ElementsAre("0s drop 2 at a:eth0: partitioned", "0s drop 3 at b:eth0: partitioned",
                          "10ms drop 1 at b:eth0: partitioned"));
  EXPECT_TRUE(fabric_->Heal(partition));
  EXPECT_FALSE(fabric_->Heal(partition));
  Send(a(), 2);
  EXPECT_THAT(Log(), ElementsAre("20ms b:eth0 4"));
}

TEST_F(FabricTest, OneWayPartitionLetsTheOtherDirectionPass) {
  fabric_->Partition({1}, {2}, /*one_way=*/true);
  Send(a(), 2);
  Send(b(), 1);
  EXPECT_THAT(Log(), ElementsAre("10ms a:eth0 2"));
  fabric_->HealAll();
  Send(a(), 2);
  EXPECT_THAT(Log(), ElementsAre("20ms b:eth0 3"));
}

TEST_F(FabricTest, PartitionReachesAcrossRouters) {
  // a - b - c: what a sends to c is cut though a and b still talk.
  Link& far = fabric_->AddLink("bc", {2, "eth1"}, {3, "eth0"});
  Connect(far.end(1));
  fabric_->Partition({1}, {3});
  Send(a(), 3);
  PacketPtr from_far = MakePacket(3, 1);
  b().Accept(std::move(from_far));
  Send(a(), 2);
  EXPECT_THAT(Log(), ElementsAre("10ms b:eth0 3"));
}

TEST_F(FabricTest, PartitionsOverlapAndHealOneByOne) {
  const int first = fabric_->Partition({1}, {2});
  const int second = fabric_->Partition({2}, {1}, true);
  EXPECT_TRUE(fabric_->Heal(first));
  Send(a(), 2);
  Send(b(), 1);
  EXPECT_THAT(Log(), ElementsAre("10ms b:eth0 1"));
  EXPECT_TRUE(fabric_->Heal(second));
  Send(b(), 1);
  EXPECT_THAT(Log(), ElementsAre("20ms a:eth0 3"));
}

TEST_F(FabricTest, ACrashLosesWhatArrivesAndWhatHasNotLeft) {
  LinkConfig config;
  config.latency = 10_ms;
  config.bandwidth = 8'000'000;
  link_->Configure(config);
  Send(a(), 2, 1000);  // leaves at 1 ms
  Send(a(), 2, 1000);  // leaves at 2 ms
  Send(b(), 1, 1000);
  RunUntil(Instant::Zero() + 1500_us);
  fabric_->Crash(1);
  Send(a(), 2);
  EXPECT_THAT(Log(), ElementsAre("11ms b:eth0 1"));
  EXPECT_THAT(watcher_.log,
              ElementsAre("1.5ms drop 2 at a:eth0: host down", "1.5ms drop 4 at a:eth0: host down",
                          "11ms drop 3 at a:eth0: host down"));
  fabric_->Restart(1);
  Send(a(), 2, 1000);
  EXPECT_THAT(Log(), ElementsAre("22ms b:eth0 5"));
  EXPECT_EQ(packets_.live(), 0u);
}

TEST_F(FabricTest, APausedHostGetsWhatWasHeldInOrder) {
  fabric_->Pause(2, Fabric::WhilePaused::kHold);
  Send(a(), 2);
  Send(a(), 2);
  Send(b(), 1);
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_EQ(fabric_->in_flight(), 2u);
  EXPECT_EQ(packets_.live(), 3u);
  RunUntil(Instant::Zero() + 1_s);
  fabric_->Resume(2);
  EXPECT_THAT(Log(), ElementsAre("1s b:eth0 1", "1s b:eth0 2", "1.01s a:eth0 3"));
  EXPECT_EQ(packets_.live(), 0u);
}

TEST_F(FabricTest, APausedHostMayDiscardInstead) {
  fabric_->Pause(2, Fabric::WhilePaused::kDiscard);
  Send(a(), 2);
  Send(b(), 1);
  EXPECT_THAT(Log(), IsEmpty());
  fabric_->Resume(2);
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_THAT(watcher_.log, ElementsAre("0s drop 2 at b:eth0: host paused",
                                        "10ms drop 1 at b:eth0: host paused"));
}

TEST_F(FabricTest, ACrashWhilePausedLosesWhatWasHeld) {
  fabric_->Pause(2, Fabric::WhilePaused::kHold);
  Send(a(), 2);
  Send(b(), 1);
  Run();
  fabric_->Crash(2);
  fabric_->Resume(2);
  EXPECT_EQ(fabric_->condition(2), HostCondition::kDown) << "only Restart brings it back";
  fabric_->Restart(2);
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_EQ(packets_.live(), 0u);
}

TEST_F(FabricTest, APortWithoutReceiverDrops) {
  b().SetReceiver(nullptr);
  Send(a(), 2);
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_THAT(watcher_.log, ElementsAre("10ms drop 1 at b:eth0: no receiver"));
}

TEST_F(FabricTest, EverythingIsTraced) {
  trace_.KeepLast(Trace::kKeepAll);
  Send(a(), 2);
  fabric_->Partition({1}, {2});
  Send(a(), 2);
  fabric_->HealAll();
  fabric_->Crash(2);
  Run();
  std::string kinds;
  for (const TraceRecord& record : trace_.KeptRecords()) {
    absl::StrAppend(&kinds, std::string(TraceKindName(record.kind)), " ");
  }
  EXPECT_EQ(kinds, "packet-sent link-state packet-dropped link-state host-state packet-dropped ");
}

TEST_F(FabricTest, PacketsInFlightDieWithTheFabric) {
  Send(a(), 2);
  fabric_->Pause(2, Fabric::WhilePaused::kHold);
  Send(b(), 1);
  RunUntil(Instant::Zero() + 20_ms);
  Send(a(), 2);
  fabric_.reset();
  EXPECT_EQ(packets_.live(), 0u);
}

using FabricDeathTest = FabricTest;

TEST_F(FabricDeathTest, MistakesInBuildingAreNamed) {
  EXPECT_DEATH(fabric_->AddLink("ab", {1, "eth1"}, {2, "eth1"}), "link \"ab\" exists");
  EXPECT_DEATH(fabric_->AddLink("x", {1, "eth0"}, {2, "eth1"}), "a has an interface eth0 already");
  EXPECT_DEATH(fabric_->AddLoopback(99), "no host 99");
  EXPECT_DEATH(fabric_->Partition({1}, {99}), "no host 99");
  EXPECT_DEATH(fabric_->AddHost(1, "again"), "host 1 is added twice");
  LinkConfig config;
  config.mtu = 1;
  EXPECT_DEATH(a().Configure(config), "a:eth0: mtu is 1");
}

}  // namespace
}  // namespace drywire
