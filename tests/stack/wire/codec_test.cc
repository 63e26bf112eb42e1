#include "stack/wire/codec.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stack/wire/segment_text.h"
#include "tests/stack/wire/random_packet.h"

namespace drywire {
namespace {

using ::testing::HasSubstr;

std::vector<uint8_t> FromHex(absl::string_view hex) {
  const std::string bytes = absl::HexStringToBytes(absl::StrReplaceAll(hex, {{" ", ""}}));
  return {bytes.begin(), bytes.end()};
}

std::vector<uint8_t> Encode(const Packet& packet) {
  std::vector<uint8_t> bytes;
  const absl::Status status = EncodePacket(packet, &bytes);
  EXPECT_TRUE(status.ok()) << status;
  return bytes;
}

// Loopback traffic of Linux 6.18; the transport checksums, which loopback leaves to hardware, are
// filled in.
constexpr char kSyn[] =
    "4500003cb31040004006 89a9 7f000001 7f000001 a1340051 899cab1c 00000000 a002ffd7 0b840000"
    "0204ffd7 0402080a 7f1bef20 00000000 0103030a";
constexpr char kRst[] =
    "45000028000040004006 3cce 7f000001 7f000001 0051a134 00000000 899cab1d 50140000 db8e0000";

TEST(Codec, BytesOfLinux) {
  const struct {
    const char* hex;
    const char* text;
  } kCases[] = {
      {kSyn,
       "127.0.0.1:41268 > 127.0.0.1:81 S 2308746012:2308746012(0) win 65495 "
       "<mss 65495,sackOK,TS val 2132537120 ecr 0,nop,wscale 10>"},
      {kRst, "127.0.0.1:81 > 127.0.0.1:41268 R. 0:0(0) ack 2308746013 win 0"},
  };
  for (const auto& entry : kCases) {
    const std::vector<uint8_t> bytes = FromHex(entry.hex);
    const auto packet = DecodePacket(bytes);
    ASSERT_TRUE(packet.ok()) << packet.status();
    EXPECT_EQ(packet->ToString(), entry.text);
    EXPECT_EQ(packet->ttl, 64);
    EXPECT_TRUE(packet->dont_fragment);
    EXPECT_EQ(Encode(*packet), bytes);
    EXPECT_EQ(packet->WireLength(), bytes.size());
  }
}

TEST(Codec, RandomPacketsRoundTrip) {
  Rng rng(11);
  for (int i = 0; i < 5000; ++i) {
    const Packet packet = RandomPacket(rng);
    const std::vector<uint8_t> bytes = Encode(packet);
    EXPECT_EQ(bytes.size(), packet.WireLength()) << packet.ToString();
    const auto decoded = DecodePacket(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status() << " " << packet.ToString();
    EXPECT_EQ(decoded->ToString(), packet.ToString());
    EXPECT_EQ(decoded->Digest(), packet.Digest()) << packet.ToString();
    EXPECT_EQ(decoded->corrupted, packet.corrupted);
  }
}

TEST(Codec, DamagedBytesAreRefusedOrDecodeToSomethingThatRoundTrips) {
  Rng rng(12);
  int decoded_count = 0;
  for (int i = 0; i < 30000; ++i) {
    std::vector<uint8_t> bytes = Encode(RandomPacket(rng));
    for (uint64_t edits = 1 + rng.Uniform(3); edits > 0 && !bytes.empty(); --edits) {
      const size_t at = rng.Uniform(bytes.size());
      if (rng.Uniform(4) == 0) {
        bytes.resize(at);
      } else {
        // Beyond the addresses, mostly: there is more to get wrong.
        bytes[at] = static_cast<uint8_t>(rng.Next());
      }
    }
    if (bytes.size() >= 20 && bytes[0] == 0x45 && rng.Uniform(2) == 0) {
      // Make the header right again, so that what follows it is looked at.
      bytes[2] = static_cast<uint8_t>(bytes.size() >> 8);
      bytes[3] = static_cast<uint8_t>(bytes.size());
      bytes[10] = bytes[11] = 0;
      uint32_t sum = 0;
      for (int w = 0; w < 20; w += 2) sum += uint32_t{bytes[w]} << 8 | bytes[w + 1];
      while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
      bytes[10] = static_cast<uint8_t>(~sum >> 8);
      bytes[11] = static_cast<uint8_t>(~sum);
    }
    const auto packet = DecodePacket(bytes);
    if (!packet.ok()) {
      EXPECT_THAT(std::string(packet.status().message()), ::testing::StartsWith("byte "));
      continue;
    }
    ++decoded_count;
    const auto again = DecodePacket(Encode(*packet));
    ASSERT_TRUE(again.ok()) << again.status() << " " << packet->ToString();
    EXPECT_EQ(again->Digest(), packet->Digest()) << packet->ToString();
  }
  EXPECT_GT(decoded_count, 1000);
}

TEST(Codec, NoiseIsRefused) {
  Rng rng(13);
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> bytes(rng.Uniform(120));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.Next());
    DecodePacket(bytes).IgnoreError();
    DecodeArp(bytes).IgnoreError();
  }
}

// `hex` with bytes replaced: "at=value".
struct Damage {
  const char* hex;
  std::vector<std::pair<size_t, uint8_t>> edits;
  size_t length;  // 0: all
  bool fix_header;
  const char* error;
};

TEST(Codec, ErrorsNameTheByte) {
  const std::string v6_udp =
      "60000000 000a 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002"
      "0035 1000 000a 0000 6869";
  const std::string icmp_error =
      "45000038 00004000 4001 0000 0a000002 0a000001 03010000 00000000"
      "45000028 00004000 40060000 0a000001 0a000003 0fa00050 00000007";
  const Damage kCases[] = {
      {"", {}, 0, false, "byte 0: no bytes"},
      {kSyn, {{0, 0x55}}, 0, false, "byte 0: IP version 5"},
      {kSyn, {}, 19, false, "byte 0: an IPv4 header needs 20 bytes, there are 19"},
      {kSyn, {{0, 0x46}}, 0, true, "byte 0: IPv4 header of 24 bytes (options are not modelled)"},
      {kSyn, {{0, 0x44}}, 0, true, "byte 0: IPv4 header of 16 bytes"},
      {kSyn, {{3, 0x3b}}, 0, false, "byte 2: IPv4 total length is 59, there are 60 bytes"},
      {kSyn, {}, 59, false, "byte 2: IPv4 total length is 60, there are 59 bytes"},
      {kSyn, {{6, 0x20}}, 0, true, "byte 6: fragments are not modelled"},
      {kSyn, {{7, 1}}, 0, true, "byte 6: fragments are not modelled"},
      {kSyn, {{10, 0}}, 0, false, "byte 10: wrong IPv4 header checksum"},
      {kSyn, {{9, 132}}, 0, true, "byte 9: protocol 132 is not modelled over IPv4"},
      {kSyn, {{9, 58}}, 0, true, "byte 9: protocol 58 is not modelled over IPv4"},
      {kSyn, {{9, 254}}, 0, true, "byte 9: protocol 254 is not modelled over IPv4"},
      {kSyn, {}, 39, true, "byte 20: a TCP header needs 20 bytes, there are 19"},
      {kSyn, {{32, 0xb0}}, 0, true, "byte 32: TCP header of 44 bytes in a segment of 40"},
      {kSyn, {{32, 0x40}}, 0, true, "byte 32: TCP header of 16 bytes in a segment of 40"},
      {kSyn, {{32, 0xa1}}, 0, true, "byte 32: reserved bits of the TCP header are 1"},
      {kSyn,
       {{41, 0}},
       0,
       true,
       "byte 40: TCP option 2 has length 0, of 20 bytes left in the header"},
      {kSyn,
       {{58, 4}},
       0,
       true,
       "byte 57: TCP option 3 has length 4, of 3 bytes left in the header"},
      {kSyn, {{59, 8}, {58, 1}}, 0, true, "byte 57: TCP option 3 has length 1"},
      {kSyn, {{57, 1}, {58, 1}}, 0, true, "byte 59: TCP option 10 has length 0, of 1 bytes left"},
      {v6_udp.c_str(), {}, 39, false, "byte 0: an IPv6 header needs 40 bytes, there are 39"},
      {v6_udp.c_str(), {{5, 9}}, 0, false, "byte 4: IPv6 payload length is 9, there are 10 bytes"},
      {v6_udp.c_str(), {{6, 0}}, 0, false, "byte 6: protocol 0 is not modelled over IPv6"},
      {v6_udp.c_str(), {{6, 1}}, 0, false, "byte 6: protocol 1 is not modelled over IPv6"},
      {v6_udp.c_str(), {{45, 9}}, 0, false, "byte 44: UDP length is 9, the datagram has 10"},
      {v6_udp.c_str(), {{5, 7}}, 47, false, "byte 40: a UDP header needs 8 bytes, there are 7"},
      {v6_udp.c_str(),
       {{6, 58}, {40, 1}},
       0,
       false,
       "byte 48: a quoted packet needs 48 bytes, there are 2"},
      {v6_udp.c_str(),
       {{6, 58}, {40, 135}},
       0,
       false,
       "byte 48: the target of neighbour discovery needs 16 bytes, there are 2"},
      {icmp_error.c_str(), {}, 27, true, "byte 20: an ICMP header needs 8 bytes, there are 7"},
      {icmp_error.c_str(), {}, 55, true, "byte 28: a quoted packet needs 28 bytes, there are 27"},
      {icmp_error.c_str(), {{28, 0x65}}, 0, true, "byte 28: the quoted packet is of IP version 6"},
      {icmp_error.c_str(), {{28, 0x46}}, 0, true, "byte 28: quoted IPv4 header of 24 bytes"},
      {icmp_error.c_str(), {{37, 47}}, 0, true, "byte 28: quoted protocol 47 is not modelled"},
  };
  for (const Damage& damage : kCases) {
    std::vector<uint8_t> bytes = FromHex(damage.hex);
    for (const auto& [at, value] : damage.edits) bytes[at] = value;
    if (damage.length != 0) bytes.resize(damage.length);
    if (damage.fix_header) {
      bytes[2] = 0;
      bytes[3] = static_cast<uint8_t>(bytes.size());
      bytes[10] = bytes[11] = 0;
      uint32_t sum = 0;
      for (int w = 0; w < 20; w += 2) sum += uint32_t{bytes[w]} << 8 | bytes[w + 1];
      while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
      bytes[10] = static_cast<uint8_t>(~sum >> 8);
      bytes[11] = static_cast<uint8_t>(~sum);
    }
    const auto packet = DecodePacket(bytes);
    ASSERT_FALSE(packet.ok()) << damage.error;
    EXPECT_THAT(std::string(packet.status().message()), ::testing::StartsWith(damage.error));
  }
}

TEST(Codec, AWrongTransportChecksumIsACorruptedPacket) {
  std::vector<uint8_t> bytes = FromHex(kSyn);
  bytes[36] ^= 1;
  const auto packet = DecodePacket(bytes);
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_TRUE(packet->corrupted);
}

TEST(Codec, UdpOverIpv4MayHaveNoChecksum) {
  Packet packet;
  packet.source = packet.destination = Address::V4(10, 0, 0, 1);
  packet.body = Datagram{1, 2, Bytes::Copy("hi")};
  std::vector<uint8_t> bytes = Encode(packet);
  bytes[26] = bytes[27] = 0;
  EXPECT_FALSE(DecodePacket(bytes)->corrupted);
}

TEST(Codec, OptionsTheModelHasNoFieldForAreKept) {
  // Two MSS options, one of a wrong length; an unknown one; rubbish after the end of the list.
  Packet packet = *DecodePacket(FromHex(kRst));
  Segment& segment = *packet.segment();
  segment.options.has_mss = true;
  segment.options.mss = 1000;
  const char kOther[] = "\x02\x04\x05\xb4\x03\x02\xfe\x03\x01";
  segment.options.other_options = Bytes::Copy(absl::string_view(kOther, 9));
  const auto decoded = DecodePacket(Encode(packet));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->segment()->options.mss, 1000);
  EXPECT_EQ(decoded->segment()->options.other_options.text(), absl::string_view(kOther, 9));
  EXPECT_EQ(decoded->BodyToString(),
            "R. 0:0(0) ack 2308746013 win 0 <mss 1000,kind 2 05b4,kind 3,kind 254 01>");
}

TEST(Codec, WhatHasNoEncodingIsRefused) {
  const Packet base = *DecodePacket(FromHex(kSyn));
  Packet mixed = base;
  mixed.destination = Address::Loopback(Family::kInet6);
  Packet nowhere = base;
  nowhere.source = nowhere.destination = Address();
  Packet options = base;
  options.segment()->options.sack_count = 4;
  Packet large = base;
  large.segment()->payload = Bytes::Zeros(65'500);
  Packet icmp = base;
  icmp.body = IcmpMessage{true, 128, 0};
  Packet quote = base;
  quote.body = IcmpMessage{false, 3, 1, 0, {Address(), base.source}};
  Packet arp = base;
  arp.body = NeighbourMessage{false, base.source, Address()};
  const struct {
    const Packet& packet;
    const char* error;
  } kCases[] = {
      {mixed, "packet cannot be encoded: it is from 127.0.0.1 to ::1"},
      {nowhere, "packet cannot be encoded: it is from - to -"},
      {options, "packet cannot be encoded: 56 bytes of TCP options"},
      {large, "packet cannot be encoded: 65560 bytes"},
      {icmp, "packet cannot be encoded: ICMP of the other family"},
      {quote, "packet cannot be encoded: it quotes a packet from - to 127.0.0.1"},
      {arp, "packet cannot be encoded: address resolution between - and 127.0.0.1"},
  };
  for (const auto& entry : kCases) {
    std::vector<uint8_t> bytes = {1, 2, 3};
    EXPECT_EQ(EncodePacket(entry.packet, &bytes).message(), entry.error);
    EXPECT_EQ(bytes.size(), 3u);
  }
}

// Found by fuzzing: the quoted length is a claim, which may be shorter than a header.
TEST(Codec, QuotedLengthsAreKeptAsClaimed) {
  Packet packet = *DecodePacket(FromHex(kRst));
  IcmpMessage message{false, icmp4::kUnreachable, icmp4::kHost};
  message.quoted = Quote(packet);
  for (const uint32_t length : {0u, 5u, 20u, 28u, 65535u}) {
    message.quoted.length = length;
    packet.body = message;
    const auto decoded = DecodePacket(Encode(packet));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->icmp()->quoted.length, length);
  }
}

TEST(Codec, ArpRoundTrips) {
  Packet request;
  request.source = Address::V4(10, 0, 0, 1);
  request.destination = Address::LimitedBroadcast();
  request.body = NeighbourMessage{false, Address::V4(10, 0, 0, 2), request.source};
  Packet reply;
  reply.source = Address::V4(10, 0, 0, 2);
  reply.destination = Address::V4(10, 0, 0, 1);
  reply.body = NeighbourMessage{true, reply.source, reply.source};
  for (const Packet& packet : {request, reply}) {
    std::vector<uint8_t> bytes = Encode(packet);
    EXPECT_EQ(bytes.size(), packet.WireLength());
    const auto decoded = DecodeArp(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->Digest(), packet.Digest());
  }
  std::vector<uint8_t> bytes = Encode(request);
  const auto fails = [&](std::vector<uint8_t> damaged) {
    return std::string(DecodeArp(damaged).status().message());
  };
  EXPECT_EQ(fails({bytes.begin(), bytes.begin() + 27}),
            "byte 0: an ARP message needs 28 bytes, there are 27");
  std::vector<uint8_t> longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(fails(longer), "byte 28: 1 bytes after the message");
  std::vector<uint8_t> other = bytes;
  other[1] = 6;
  EXPECT_EQ(fails(other), "byte 0: not ARP for IPv4 over Ethernet");
  other = bytes;
  other[7] = 3;
  EXPECT_EQ(fails(other), "byte 6: ARP operation 3");
}

TEST(Codec, FramesHaveLinkAddresses) {
  Packet packet = *DecodePacket(FromHex(kSyn));
  packet.next_hop = Address::V4(10, 0, 0, 254);
  std::vector<uint8_t> frame;
  ASSERT_TRUE(EncodeFrame(packet, Address::V4(10, 0, 0, 1), &frame).ok());
  EXPECT_EQ(absl::BytesToHexString({reinterpret_cast<char*>(frame.data()), 14}),
            "02000a0000fe02000a0000010800");
  const struct {
    const char* address;
    const char* link;
  } kCases[] = {
      {"255.255.255.255", "ffffffffffff"}, {"224.129.2.3", "01005e010203"},
      {"ff02::1:2", "333300010002"},       {"2001:db8::1:2", "020600010002"},
      {"10.0.0.1", "02000a000001"},
  };
  for (const auto& entry : kCases) {
    const auto link = LinkAddress(*Address::Parse(entry.address));
    EXPECT_EQ(absl::BytesToHexString({reinterpret_cast<const char*>(link.data()), 6}), entry.link);
  }
}

}  // namespace
}  // namespace drywire
