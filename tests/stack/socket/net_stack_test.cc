// What a host does with packets that no socket takes, and its way in and out.
#include "stack/socket/net_stack.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/stack/socket/two_hosts.h"

namespace drywire {
namespace {

// Keeps what host "b" sends.
class Sniffer : public PacketSink {
 public:
  void Accept(PacketPtr packet) override { packets.push_back(std::move(packet)); }
  std::vector<PacketPtr> packets;
};

class NetStackTest : public testing::Test, public TwoHosts {
 protected:
  explicit NetStackTest(const Profile& profile = LinuxProfile()) : TwoHosts(profile) {
    b.net().SetInterfaceSink(2, &sniffer);
  }
  // A segment for b's port 80, from a's 4000.
  void Arrive(uint8_t flags, const char* from = "10.0.0.1") {
    PacketPtr packet = pool.New();
    packet->source = *Address::Parse(from);
    packet->destination = *Address::Parse("10.0.0.2");
    Segment segment;
    segment.source_port = 4000;
    segment.destination_port = 80;
    segment.seq = Seq(1000);
    segment.ack = Seq(5000);
    segment.flags = flags;
    packet->body = segment;
    b.Receive(2, std::move(packet));
  }

  Sniffer sniffer;
};

class FreeBsdNetStackTest : public NetStackTest {
 protected:
  FreeBsdNetStackTest() : NetStackTest(FreeBsdProfile()) {}
};

// RFC 9293 3.10.7.1.
TEST_F(NetStackTest, AClosedPortResets) {
  Arrive(kSyn);
  Arrive(kAck);
  Arrive(kRst | kAck);
  ASSERT_EQ(sniffer.packets.size(), 2u);  // no RST for a RST
  const Segment& to_syn = *sniffer.packets[0]->segment();
  EXPECT_TRUE(to_syn.Has(kRst) && to_syn.Has(kAck));
  EXPECT_EQ(to_syn.seq, Seq(0));
  EXPECT_EQ(to_syn.ack, Seq(1001));
  const Segment& to_ack = *sniffer.packets[1]->segment();
  EXPECT_TRUE(to_ack.Has(kRst) && !to_ack.Has(kAck));
  EXPECT_EQ(to_ack.seq, Seq(5000));
}

TEST_F(NetStackTest, PacketsOfTheHostGetSerialNumbers) {
  Arrive(kSyn);
  Arrive(kSyn);
  ASSERT_EQ(sniffer.packets.size(), 2u);
  EXPECT_NE(sniffer.packets[0]->serial, 0u);
  EXPECT_LT(sniffer.packets[0]->serial, sniffer.packets[1]->serial);
}

TEST_F(NetStackTest, WithoutPowerNothingComesInOrGoesOut) {
  b.Crash();
  Arrive(kSyn);
  EXPECT_TRUE(sniffer.packets.empty());
  b.Restart();
  Arrive(kSyn);
  EXPECT_EQ(sniffer.packets.size(), 1u);
}

TEST_F(NetStackTest, RandomStreamsAreNamed) {
  EXPECT_EQ(a.net().MakeRng("x").Next(), a.net().MakeRng("x").Next());
  EXPECT_NE(a.net().MakeRng("x").Next(), a.net().MakeRng("y").Next());
  EXPECT_NE(a.net().MakeRng("x").Next(), b.net().MakeRng("x").Next());
}

TEST_F(NetStackTest, NothingLeaksWhatIsDropped) {
  Arrive(kSyn);
  Arrive(kSyn, "10.0.0.2");  // claims to come from this host
  sniffer.packets.clear();
  EXPECT_EQ(pool.live(), 0u);
}

// net.inet.icmp.icmplim: 200 in a second.
TEST_F(FreeBsdNetStackTest, ResetsAreLimitedPerSecond) {
  for (int i = 0; i < 300; ++i) Arrive(kSyn);
  EXPECT_EQ(sniffer.packets.size(), 200u);
  (void)scheduler.RunUntil(Instant::Zero() + Duration::Seconds(1));
  Arrive(kSyn);
  EXPECT_EQ(sniffer.packets.size(), 201u);
}

struct BlackholeCase {
  const char* value;
  int answered_syn;
  int answered_ack;
};

TEST_F(FreeBsdNetStackTest, BlackholeSilencesResets) {
  for (const BlackholeCase& c : {BlackholeCase{"0", 1, 1}, {"1", 0, 1}, {"2", 0, 0}}) {
    ASSERT_TRUE(b.profile().Set("net.inet.tcp.blackhole", c.value).ok());
    sniffer.packets.clear();
    Arrive(kSyn);
    EXPECT_EQ(static_cast<int>(sniffer.packets.size()), c.answered_syn) << c.value;
    sniffer.packets.clear();
    Arrive(kAck);
    EXPECT_EQ(static_cast<int>(sniffer.packets.size()), c.answered_ack) << c.value;
  }
}

}  // namespace
}  // namespace drywire
