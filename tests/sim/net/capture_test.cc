#include "sim/net/capture.h"

#include <string>

#include "gtest/gtest.h"
#include "sim/net/matcher.h"
#include "tests/sim/net/net_fixture.h"

namespace drywire {
namespace {

using namespace time_literals;

class CaptureTest : public NetFixture {
 protected:
  void SetUp() override {
    NetFixture::SetUp();
    LinkConfig config;
    config.latency = 10_ms;
    link_ = &MakeLink(config);
    fabric_->AddObserver(&capture_);
  }
  void SendText(Port& from, uint32_t to, const char* text) {
    PacketPtr packet = MakePacket(from.host(), to);
    Segment segment = *ParseSegment(text);
    segment.source_port = from.host() == 1 ? 4000 : 80;
    segment.destination_port = from.host() == 1 ? 80 : 4000;
    packet->body = segment;
    from.Accept(std::move(packet));
  }
  Port& a() { return link_->end(0); }
  Port& b() { return link_->end(1); }

  Capture capture_{100};
  Link* link_ = nullptr;
};

TEST_F(CaptureTest, Timeline) {
  fabric_->rules().Drop("no SYN-ACK", match::IsSynAck());
  SendText(a(), 2, "S 0:0(0) win 64240 <mss 1460>");
  Run();
  SendText(b(), 1, "S. 9:9(0) ack 1 win 5");
  EXPECT_EQ(FormatTimeline(capture_),
            "0.000000     a:eth0 > b:eth0  #1 10.0.0.1:4000 > 10.0.0.2:80 S 0:0(0) win 64240 "
            "<mss 1460>\n"
            "0.010000     b:eth0 > a:eth0  #2 10.0.0.2:80 > 10.0.0.1:4000 S. 9:9(0) ack 1 win 5  "
            "dropped: no SYN-ACK\n");
  TimelineOptions options;
  options.arrivals = true;
  options.matcher = match::IsSyn();
  options.last = 1;
  EXPECT_EQ(FormatTimeline(capture_, options),
            "0.010000     a:eth0 > b:eth0  #1 10.0.0.1:4000 > 10.0.0.2:80 S 0:0(0) win 64240 "
            "<mss 1460>  arrived\n");
}

TEST_F(CaptureTest, SequenceDiagram) {
  Rule& lossy = fabric_->rules().Drop("lost", match::IsSyn()).First(1);
  fabric_->rules().Corrupt("damaged", match::Flags("F."));
  SendText(a(), 2, "S 0:0(0) win 64240");
  RunUntil(Instant::Zero() + 1_s);
  SendText(a(), 2, "S 0:0(0) win 64240");
  Run();
  SendText(b(), 1, "R. 0:0(0) ack 1 win 0");
  RunUntil(events_.now() + 5_ms);
  fabric_->Crash(1);
  Run();
  SendText(b(), 1, "F. 0:0(0) ack 1 win 0");
  SendText(a(), 2, ". 1:1(0) ack 1 win 9");
  EXPECT_TRUE(lossy.fired());
  EXPECT_EQ("\n" + FormatSequenceDiagram(capture_), R"(
                  a                                          b
0.000000          |--- S 0:0(0) win 64240 ----------------X  |  dropped: lost
1.000000          |--- S 0:0(0) win 64240 ------------------>|
1.010000          |<-- R. 0:0(0) ack 1 win 0 ----------------|
1.020000          |X-- R. 0:0(0) ack 1 win 0 ----------------|  dropped on arrival: host down
1.020000          |<-- F. 0:0(0) ack 1 win 0 (corrupted) ----|  damaged
1.020000          |--X . 1:1(0) ack 1 win 9                  |  dropped: host down
)");
}

TEST_F(CaptureTest, DiagramOfSeveralConnectionsShowsPorts) {
  Link& far = fabric_->AddLink("bc", {2, "eth1"}, {3, "eth0"});
  Send(a(), 2);
  PacketPtr datagram = MakePacket(2, 3);
  datagram->body = Datagram{53, 54, Bytes::Zeros(7)};
  far.end(0).Accept(std::move(datagram));
  PacketPtr refused = MakePacket(1, 2);
  refused->body = IcmpMessage{false, 8, 0};
  b().Accept(std::move(refused));
  EXPECT_EQ("\n" + FormatSequenceDiagram(capture_, {}, {"c", "b", "a"}), R"(
                  c                                         b                                         a
0.000000          |                                         |<-- 4000>80 . 100:100(0) ack 0 win 0 ----|
0.000000          |<-- 53>54 udp (7) -----------------------|                                         |
0.000000          |                                         |--- icmp echo -------------------------->|
)");
  EXPECT_EQ("\n" + FormatSequenceDiagram(capture_, {}, {"a", "b"}), R"(
                  a                                 b
0.000000          |--- . 100:100(0) ack 0 win 0 --->|
0.000000          |<-- icmp echo -------------------|
)");
}

TEST_F(CaptureTest, TheRingForgetsTheOldest) {
  Capture small(3);
  fabric_->AddObserver(&small);
  for (int i = 0; i < 5; ++i) Send(a(), 2);
  EXPECT_EQ(small.seen(), 5u);
  ASSERT_EQ(small.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(small.at(i).packet.serial, 3 + i);
  small.Clear();
  EXPECT_EQ(small.size(), 0u);
  Send(a(), 2);
  EXPECT_EQ(small.at(0).packet.serial, 6u);
  fabric_->RemoveObserver(&small);
  Capture none(0);
  none.OnPacket({});
  EXPECT_EQ(none.size(), 0u);
}

TEST_F(CaptureTest, CountsWhatMatches) {
  Send(a(), 2, 40, "S");
  Send(b(), 1, 50);
  Run();
  EXPECT_EQ(capture_.Count(PacketEvent::Kind::kSent, match::IsTcp()), 2u);
  EXPECT_EQ(capture_.Count(PacketEvent::Kind::kDelivered, match::IsSyn()), 1u);
  EXPECT_EQ(capture_.Count(PacketEvent::Kind::kDelivered, match::FromHost(2)), 1u);
  EXPECT_EQ(capture_.Count(PacketEvent::Kind::kDropped, match::Any()), 0u);
}

}  // namespace
}  // namespace drywire
