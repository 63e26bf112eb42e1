// Which endpoint a packet reaches: specificity, groups, broadcast, errors, leaving while served.
#include "stack/socket/demux.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

Endpoint At(const char* text, uint16_t port) { return Endpoint{*Address::Parse(text), port, 0}; }

// Records what it is given.
template <typename Base>
class Recorder : public Base {
 public:
  void OnPacket(PacketPtr packet, uint32_t) override {
    ++packets;
    last = std::move(packet);
    if (on_packet) on_packet();
  }
  void OnPacketError(const PacketError& error) override { causes.push_back(error.cause); }
  void OnCrash() override { this->Leave(); }
  std::string DescribeEndpoint() const override { return name; }

  std::string name;
  int packets = 0;
  PacketPtr last;
  std::vector<Cause> causes;
  std::function<void()> on_packet;
};
using Connection = Recorder<TcpConnectionEndpoint>;
using Listener = Recorder<TcpListenerEndpoint>;
using Udp = Recorder<UdpEndpoint>;

class DemuxTest : public testing::Test {
 protected:
  PacketPtr Tcp(const Endpoint& from, const Endpoint& to) {
    PacketPtr packet = pool_.New();
    packet->source = from.address;
    packet->destination = to.address;
    Segment segment;
    segment.source_port = from.port;
    segment.destination_port = to.port;
    packet->body = segment;
    return packet;
  }
  PacketPtr Dgram(const Endpoint& from, const Endpoint& to) {
    PacketPtr packet = pool_.New();
    packet->source = from.address;
    packet->destination = to.address;
    packet->body = Datagram{from.port, to.port, Bytes()};
    return packet;
  }
  void Listen(Listener& listener, const char* address, uint16_t port, bool dual = false,
              ReuseGroup group = {}) {
    demux_.RegisterListener(&listener, {*Address::Parse(address), port, dual, 0}, group);
  }
  void Open(Udp& udp, const char* address, uint16_t port, bool dual = false,
            const Endpoint& peer = {}, ReuseGroup group = {}) {
    demux_.RegisterUdp(&udp, {*Address::Parse(address), port, dual, 0}, peer, group);
  }

  PacketPool pool_;
  Profile profile_ = LinuxProfile();
  Demux demux_{&profile_.socket, 42};
};

TEST_F(DemuxTest, AConnectionComesBeforeAListener) {
  Listener listener;
  Connection connection;
  Listen(listener, "0.0.0.0", 80);
  const ConnectionId id{At("10.0.0.1", 80), At("10.0.0.2", 4000)};
  ASSERT_TRUE(demux_.RegisterConnection(&connection, id).ok());
  PacketPtr packet = Tcp(id.remote, id.local);
  EXPECT_TRUE(demux_.DeliverTcp(packet, 1));
  packet = Tcp(At("10.0.0.2", 4001), id.local);
  EXPECT_TRUE(demux_.DeliverTcp(packet, 1));
  packet = Tcp(id.remote, At("10.0.0.1", 81));
  EXPECT_FALSE(demux_.DeliverTcp(packet, 1));
  EXPECT_NE(packet, nullptr);
  EXPECT_EQ(connection.packets, 1);
  EXPECT_EQ(listener.packets, 1);
}

TEST_F(DemuxTest, ATupleBelongsToOneConnection) {
  Connection first, second;
  const ConnectionId id{At("10.0.0.1", 80), At("10.0.0.2", 4000)};
  ASSERT_TRUE(demux_.RegisterConnection(&first, id).ok());
  EXPECT_EQ(demux_.RegisterConnection(&second, id).cause(), Cause::kTupleInUse);
  demux_.ReplaceConnection(&first, &second);
  EXPECT_FALSE(first.is_registered());
  EXPECT_EQ(demux_.FindConnection(id), &second);
  demux_.Unregister(&second);
  EXPECT_EQ(demux_.FindConnection(id), nullptr);
  EXPECT_EQ(demux_.connections(), 0u);
}

TEST_F(DemuxTest, TheMostSpecificListenerTakesTheSegment) {
  Listener dual, any, specific, v6;
  Listen(dual, "::", 80, /*dual=*/true);
  EXPECT_EQ(demux_.FindListener(At("10.0.0.1", 80), At("10.0.0.2", 1)), &dual);
  Listen(any, "0.0.0.0", 80);
  EXPECT_EQ(demux_.FindListener(At("10.0.0.1", 80), At("10.0.0.2", 1)), &any);
  Listen(specific, "10.0.0.1", 80);
  EXPECT_EQ(demux_.FindListener(At("10.0.0.1", 80), At("10.0.0.2", 1)), &specific);
  EXPECT_EQ(demux_.FindListener(At("10.0.0.9", 80), At("10.0.0.2", 1)), &any);
  EXPECT_EQ(demux_.FindListener(At("::1", 80), At("::2", 1)), &dual);
  Listen(v6, "::1", 80);
  EXPECT_EQ(demux_.FindListener(At("::1", 80), At("::2", 1)), &v6);
}

TEST_F(DemuxTest, WithoutDualAWildcardOfIpv6TakesNoIpv4) {
  Listener v6only;
  Listen(v6only, "::", 80);
  EXPECT_EQ(demux_.FindListener(At("10.0.0.1", 80), At("10.0.0.2", 1)), nullptr);
}

TEST_F(DemuxTest, ReusePortGroupsSpreadByPeerAndStayWithIt) {
  Listener listeners[4];
  for (Listener& listener : listeners) Listen(listener, "0.0.0.0", 80, false, {true, 0});
  std::map<TcpListenerEndpoint*, int> counts;
  for (uint16_t port = 1000; port < 2000; ++port) {
    TcpListenerEndpoint* taker = demux_.FindListener(At("10.0.0.1", 80), At("10.0.0.2", port));
    EXPECT_EQ(demux_.FindListener(At("10.0.0.1", 80), At("10.0.0.2", port)), taker);
    ++counts[taker];
  }
  EXPECT_EQ(counts.size(), 4u);
  for (const auto& [listener, count] : counts) EXPECT_GT(count, 150);
}

TEST_F(DemuxTest, FreeBsdGivesAllToTheOldestUnlessLoadBalanced) {
  profile_ = FreeBsdProfile();
  Listener listeners[3];
  for (Listener& listener : listeners) Listen(listener, "0.0.0.0", 80);
  for (uint16_t port = 1000; port < 1100; ++port) {
    EXPECT_EQ(demux_.FindListener(At("10.0.0.1", 80), At("10.0.0.2", port)), &listeners[0]);
  }
}

TEST_F(DemuxTest, UdpConnectedBeforeBoundBeforeWildcard) {
  Udp wildcard, bound, connected;
  Open(wildcard, "0.0.0.0", 53);
  Open(bound, "10.0.0.1", 53);
  Open(connected, "10.0.0.1", 53, false, At("10.0.0.2", 4000));
  EXPECT_EQ(demux_.FindUdp(At("10.0.0.1", 53), At("10.0.0.2", 4000)), &connected);
  EXPECT_EQ(demux_.FindUdp(At("10.0.0.1", 53), At("10.0.0.2", 4001)), &bound);
  EXPECT_EQ(demux_.FindUdp(At("10.0.0.9", 53), At("10.0.0.2", 4000)), &wildcard);
  EXPECT_EQ(demux_.FindUdp(At("10.0.0.9", 54), At("10.0.0.2", 4000)), nullptr);
}

TEST_F(DemuxTest, OfEqualUdpSocketsLinuxTakesTheNewestAndFreeBsdTheOldest) {
  Udp first, second;
  Open(first, "0.0.0.0", 53);
  Open(second, "0.0.0.0", 53);
  EXPECT_EQ(demux_.FindUdp(At("10.0.0.1", 53), At("10.0.0.2", 1)), &second);
  profile_ = FreeBsdProfile();
  EXPECT_EQ(demux_.FindUdp(At("10.0.0.1", 53), At("10.0.0.2", 1)), &first);
}

TEST_F(DemuxTest, BroadcastsReachAllThatMatchEvenIfOneLeavesMeanwhile) {
  Udp first, third, other;
  auto second = std::make_unique<Udp>();
  Open(first, "0.0.0.0", 53);
  Open(*second, "0.0.0.0", 53);
  Open(third, "0.0.0.0", 53);
  Open(other, "10.0.0.1", 53);
  first.on_packet = [&] { second.reset(); };
  PacketPtr packet = Dgram(At("10.0.0.2", 4000), At("10.0.0.255", 53));
  EXPECT_TRUE(demux_.DeliverUdp(packet, 1, /*to_all=*/true, pool_));
  EXPECT_EQ(first.packets, 1);
  EXPECT_EQ(third.packets, 1);
  EXPECT_EQ(other.packets, 0);
  packet = Dgram(At("10.0.0.2", 4000), At("10.0.0.255", 54));
  EXPECT_FALSE(demux_.DeliverUdp(packet, 1, /*to_all=*/true, pool_));
}

TEST_F(DemuxTest, ErrorsReachTheSenderOfTheQuotedPacket) {
  Connection connection;
  Udp udp;
  const ConnectionId id{At("10.0.0.1", 4000), At("10.0.0.2", 80)};
  ASSERT_TRUE(demux_.RegisterConnection(&connection, id).ok());
  Open(udp, "0.0.0.0", 4000);
  PacketError error;
  error.cause = Cause::kIcmpHostUnreachable;
  error.quoted = Quote(*Tcp(id.local, id.remote));
  EXPECT_TRUE(demux_.DeliverError(error));
  error.cause = Cause::kIcmpPortUnreachable;
  error.quoted = Quote(*Dgram(id.local, id.remote));
  EXPECT_TRUE(demux_.DeliverError(error));
  error.quoted = Quote(*Tcp(id.local, At("10.0.0.3", 80)));
  EXPECT_FALSE(demux_.DeliverError(error));
  EXPECT_EQ(connection.causes, std::vector<Cause>{Cause::kIcmpHostUnreachable});
  EXPECT_EQ(udp.causes, std::vector<Cause>{Cause::kIcmpPortUnreachable});
}

TEST_F(DemuxTest, LinkLocalPeersAreToldApartByInterface) {
  Connection one, two;
  ConnectionId id{At("fe80::1", 80), At("fe80::2", 4000)};
  id.local.scope_id = id.remote.scope_id = 2;
  ASSERT_TRUE(demux_.RegisterConnection(&one, id).ok());
  id.local.scope_id = id.remote.scope_id = 3;
  ASSERT_TRUE(demux_.RegisterConnection(&two, id).ok());
  PacketPtr packet = Tcp(id.remote, id.local);
  ASSERT_TRUE(demux_.DeliverTcp(packet, 3));
  EXPECT_EQ(two.packets, 1);
  EXPECT_EQ(one.packets, 0);
}

TEST_F(DemuxTest, AHundredThousandConnections) {
  std::vector<Connection> many(100'000);
  for (uint32_t i = 0; i < many.size(); ++i) {
    const ConnectionId id{At("10.0.0.1", 80), Endpoint{Address::V4(0x0b000000 + i / 50000),
                                                       static_cast<uint16_t>(i % 50000 + 1), 0}};
    ASSERT_TRUE(demux_.RegisterConnection(&many[i], id).ok());
  }
  for (Connection& connection : many) {
    EXPECT_EQ(demux_.FindConnection(connection.id()), &connection);
  }
  EXPECT_EQ(demux_.connections(), many.size());
}

}  // namespace
}  // namespace drywire
