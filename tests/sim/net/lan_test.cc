#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/net/fabric.h"
#include "sim/net/link.h"
#include "tests/sim/net/net_fixture.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace time_literals;

class LanTest : public NetFixture {
 protected:
  void SetUp() override {
    NetFixture::SetUp();
    lan_ = &fabric_->AddLan("lan");
    LinkConfig config;
    config.latency = 1_ms;
    for (uint32_t host = 1; host <= 3; ++host) {
      Connect(fabric_->AttachToLan(*lan_, {host, "eth0"}, config));
    }
  }
  Port& port(uint32_t host) { return *fabric_->FindPort(host, "eth0"); }

  Lan* lan_ = nullptr;
};

TEST_F(LanTest, UnicastReachesTheNextHopOnly) {
  Send(port(1), 3);
  EXPECT_THAT(Log(), ElementsAre("1ms c:eth0 1"));
}

TEST_F(LanTest, TheNextHopDecidesNotTheDestination) {
  PacketPtr packet = MakePacket(1, 3);
  packet->destination = Address::V4(192, 0, 2, 1);
  packet->next_hop = AddressOf(2);
  port(1).Accept(std::move(packet));
  EXPECT_THAT(Log(), ElementsAre("1ms b:eth0 1"));
}

TEST_F(LanTest, BroadcastsReachAllOthers) {
  const Address kForAll[] = {Address(), Address::LimitedBroadcast(), Address::V4(10, 0, 0, 255),
                             Address::V4(224, 0, 0, 1), *Address::Parse("ff02::1")};
  for (const Address& next_hop : kForAll) {
    PacketPtr packet = MakePacket(1, 2);
    packet->serial = 7;
    packet->next_hop = next_hop;
    const std::string at = FormatDuration((events_.now() + 1_ms).since_start());
    port(1).Accept(std::move(packet));
    EXPECT_THAT(Log(), ElementsAre(at + " b:eth0 7", at + " c:eth0 7")) << next_hop.ToString();
  }
  EXPECT_EQ(packets_.live(), 0u);
}

TEST_F(LanTest, UnknownNeighboursAreNotReached) {
  Send(port(1), 9);
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_THAT(watcher_.log, ElementsAre("0s drop 1 at a:eth0: no such neighbour"));
}

TEST_F(LanTest, AddressResolutionTeachesTheLan) {
  PacketPtr request = packets_.New();
  request->serial = ++serial_;
  request->next_hop = AddressOf(2);  // not heeded: a request is for all
  request->body = NeighbourMessage{false, AddressOf(8), AddressOf(9)};
  port(1).Accept(std::move(request));
  EXPECT_THAT(Log(), ElementsAre("1ms b:eth0 1", "1ms c:eth0 1"));
  Send(port(3), 9);
  EXPECT_THAT(Log(), ElementsAre("2ms a:eth0 2"));
}

TEST_F(LanTest, RemovedAddressesAreGone) {
  port(2).RemoveAddress(AddressOf(2));
  Send(port(1), 2);
  EXPECT_THAT(Log(), IsEmpty());
  port(3).AddAddress(Prefix{AddressOf(2), 24});
  Send(port(1), 2);
  EXPECT_THAT(Log(), ElementsAre("1ms c:eth0 2"));
}

TEST_F(LanTest, ABroadcastIsSerialisedOnce) {
  LinkConfig config;
  config.bandwidth = 8'000'000;
  config.queue_packets = 2;
  port(1).Configure(config);
  for (int i = 0; i < 2; ++i) {
    PacketPtr packet = MakePacket(1, 2, 960);
    packet->next_hop = Address();
    port(1).Accept(std::move(packet));
  }
  EXPECT_THAT(Log(), ElementsAre("1ms b:eth0 1", "1ms c:eth0 1", "2ms b:eth0 2", "2ms c:eth0 2"));
}

}  // namespace
}  // namespace drywire
