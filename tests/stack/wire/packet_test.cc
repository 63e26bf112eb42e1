#include "stack/wire/packet.h"

#include <string>

#include "gtest/gtest.h"
#include "stack/wire/icmp.h"
#include "stack/wire/segment.h"
#include "stack/wire/segment_text.h"

namespace drywire {
namespace {

const Address kA = Address::V4(10, 0, 0, 1);
const Address kB = Address::V4(10, 0, 0, 2);
const Address kA6 = *Address::Parse("2001:db8::1");
const Address kB6 = *Address::Parse("2001:db8::2");

Packet TcpPacket(const Address& from, const Address& to, const char* text) {
  Packet packet;
  packet.source = from;
  packet.destination = to;
  Segment segment = *ParseSegment(text);
  segment.source_port = 4000;
  segment.destination_port = 80;
  packet.body = segment;
  return packet;
}

TEST(Packet, TextLengthAndProtocolOfEachKind) {
  Packet datagram;
  datagram.source = kA6;
  datagram.destination = kB6;
  datagram.body = Datagram{53, 4000, Bytes::Zeros(12)};

  Packet echo;
  echo.source = kA;
  echo.destination = kB;
  echo.body = IcmpMessage{false, icmp4::kEcho, 0, 0, {}, Bytes::Zeros(56)};

  Packet error;
  error.source = kB;
  error.destination = kA;
  IcmpMessage refused{false, icmp4::kUnreachable, icmp4::kHost};
  refused.quoted = Quote(TcpPacket(kA, kB, "S 7:7(0) win 1"));
  error.body = refused;

  Packet too_big;
  too_big.source = kB6;
  too_big.destination = kA6;
  IcmpMessage big{true, icmp6::kPacketTooBig, 0, 1280};
  big.quoted = Quote(datagram);
  too_big.body = big;

  Packet damaged = TcpPacket(kA, kB, "R 1:1(0) win 0");
  damaged.corrupted = true;

  Packet arp;
  arp.source = kA;
  arp.destination = Address::LimitedBroadcast();
  arp.body = NeighbourMessage{false, kB, kA};

  Packet advertisement;
  advertisement.source = kB6;
  advertisement.destination = kA6;
  advertisement.body = NeighbourMessage{true, kB6, kB6};

  struct {
    Packet packet;
    IpProtocol protocol;
    uint32_t length;
    const char* text;
  } cases[] = {
      {TcpPacket(kA, kB, "S 1:1(0) win 65535 <mss 1460>"), IpProtocol::kTcp, 44,
       "10.0.0.1:4000 > 10.0.0.2:80 S 1:1(0) win 65535 <mss 1460>"},
      {TcpPacket(kA6, kB6, "P. 1:11(10) ack 1 win 9"), IpProtocol::kTcp, 70,
       "[2001:db8::1]:4000 > [2001:db8::2]:80 P. 1:11(10) ack 1 win 9"},
      {datagram, IpProtocol::kUdp, 60, "[2001:db8::1]:53 > [2001:db8::2]:4000 udp (12)"},
      {echo, IpProtocol::kIcmp, 84, "10.0.0.1 > 10.0.0.2 icmp echo"},
      {error, IpProtocol::kIcmp, 56,
       "10.0.0.2 > 10.0.0.1 icmp host unreachable for 10.0.0.1:4000 > 10.0.0.2:80 tcp seq 7"},
      {too_big, IpProtocol::kIcmpV6, 96,
       "2001:db8::2 > 2001:db8::1 icmp6 packet too big mtu 1280 for "
       "[2001:db8::1]:53 > [2001:db8::2]:4000 udp"},
      {damaged, IpProtocol::kTcp, 40, "10.0.0.1:4000 > 10.0.0.2:80 R 1:1(0) win 0 (corrupted)"},
      {arp, IpProtocol::kArp, 28, "arp who-has 10.0.0.2 tell 10.0.0.1"},
      {advertisement, IpProtocol::kIcmpV6, 72, "nd reply 2001:db8::2 is at 2001:db8::2"},
  };
  for (const auto& entry : cases) {
    EXPECT_EQ(entry.packet.ToString(), entry.text);
    EXPECT_EQ(entry.packet.protocol(), entry.protocol) << entry.text;
    EXPECT_EQ(entry.packet.WireLength(), entry.length) << entry.text;
  }
}

TEST(Packet, QuoteHoldsWhatFindsTheSocket) {
  const QuotedPacket quoted = Quote(TcpPacket(kA, kB, "P. 100:110(10) ack 1 win 9"));
  EXPECT_EQ(quoted.source, kA);
  EXPECT_EQ(quoted.destination, kB);
  EXPECT_EQ(quoted.protocol, IpProtocol::kTcp);
  EXPECT_EQ(quoted.source_port, 4000);
  EXPECT_EQ(quoted.destination_port, 80);
  EXPECT_EQ(quoted.seq, Seq(100));
  EXPECT_EQ(quoted.length, 50u);
}

TEST(Packet, DigestSeesWhatIsOnTheWire) {
  const Packet base = TcpPacket(kA, kB, "P. 100:110(10) ack 1 win 9 <mss 1460>");
  EXPECT_EQ(base.Digest(), 3083102373022491788u) << "golden: must not change between compilers";
  Packet same = base;
  same.serial = 99;
  same.next_hop = kB;
  EXPECT_EQ(base.Digest(), same.Digest());
  Packet packets[8];
  for (Packet& packet : packets) packet = base;
  packets[0].ttl = 63;
  packets[1].source = kB;
  packets[2].corrupted = true;
  packets[3].segment()->seq += 1;
  packets[4].segment()->options.mss = 1461;
  packets[5].segment()->payload = Bytes::Copy("0123456789");
  packets[6].segment()->flags ^= kPsh;
  packets[7].body = Datagram{4000, 80, Bytes::Zeros(10)};
  for (const Packet& packet : packets) EXPECT_NE(packet.Digest(), base.Digest());
}

TEST(IcmpMessage, UnknownTypesAreNumbers) {
  EXPECT_EQ((IcmpMessage{false, 42, 1}.ToString()), "icmp type 42 code 1");
  EXPECT_EQ((IcmpMessage{true, 1, 99}.ToString()), "icmp6 type 1 code 99");
}

TEST(PacketPool, CountsAndReusesPackets) {
  PacketPool pool;
  Packet* first = nullptr;
  {
    PacketPtr packet = pool.New();
    first = packet.get();
    packet->serial = 7;
    packet->body = Datagram{1, 2, Bytes::Copy("hello")};
    PacketPtr copy = pool.Clone(*packet);
    EXPECT_EQ(pool.live(), 2u);
    EXPECT_EQ(copy->serial, 7u);
    EXPECT_EQ(copy->datagram()->payload.text(), "hello");
    EXPECT_EQ(copy->datagram()->payload.data(), packet->datagram()->payload.data());
  }
  EXPECT_EQ(pool.live(), 0u);
  const PacketPtr again = pool.New();
  EXPECT_EQ(again.get(), first);
  EXPECT_EQ(again->serial, 0u) << "a recycled packet is a fresh one";
}

}  // namespace
}  // namespace drywire
