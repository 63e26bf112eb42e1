#include "sim/net/pcapng.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "tests/sim/net/net_fixture.h"
#include "tests/stack/wire/random_packet.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace time_literals;

class PcapngTest : public NetFixture {
 protected:
  void SetUp() override {
    NetFixture::SetUp();
    LinkConfig config;
    config.latency = 1_ms;
    link_ = &MakeLink(config);
    fabric_->AddObserver(&writer_);
  }

  // Rows of what tshark says about the capture; fields are separated by '|'.
  std::vector<std::string> Tshark(const std::string& arguments) {
    const std::string path = absl::StrCat(getenv("TEST_TMPDIR"), "/capture.pcapng");
    std::ofstream(path, std::ios::binary) << out_.str();
    const std::string command = absl::StrCat("HOME=", getenv("TEST_TMPDIR"), " tshark -n -r ", path,
                                             " ", arguments, " 2>&1");
    FILE* pipe = popen(command.c_str(), "r");
    std::string text;
    char buffer[4096];
    while (const size_t n = fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, n);
    EXPECT_EQ(pclose(pipe), 0) << command << "\n" << text;
    std::vector<std::string> rows;
    for (absl::string_view row : absl::StrSplit(text, '\n')) {
      // tshark says this to root.
      if (!row.empty() && row.substr(0, 7) != "Running") rows.emplace_back(row);
    }
    return rows;
  }
  static bool HaveTshark() { return std::system("tshark --version >/dev/null 2>&1") == 0; }

  std::ostringstream out_;
  PcapngWriter writer_{&out_};
  Link* link_ = nullptr;
};

#define SKIP_WITHOUT_TSHARK()                                              \
  if (!HaveTshark())                                                       \
  GTEST_SKIP() << "NOT CHECKED: tshark is not installed (apt-get install " \
                  "tshark)"

TEST_F(PcapngTest, StartsWithASectionHeader) {
  EXPECT_EQ(out_.str().substr(0, 12), std::string("\n\r\r\n\x2c\0\0\0\x4d\x3c\x2b\x1a", 12));
}

TEST_F(PcapngTest, TsharkReadsTimesInterfacesAndComments) {
  SKIP_WITHOUT_TSHARK();
  fabric_->rules().Corrupt("damaged", match::Flags("R"));
  Send(link_->end(0), 2, 40, "S");
  RunUntil(Instant::Zero() + 2_s);
  fabric_->Partition({2}, {1});
  Send(link_->end(1), 1, 40, "S.");
  fabric_->HealAll();
  Send(link_->end(1), 1, 40, "R");
  Run();
  EXPECT_THAT(Tshark("-T fields -E separator='|' -e frame.time_epoch -e frame.interface_name "
                     "-e frame.packet_flags_direction -e frame.comment -e ip.src -e tcp.dstport"),
              ElementsAre("0.000000000|a:eth0|0x00000002|#1|10.0.0.1|80",
                          "0.001000000|b:eth0|0x00000001|#1|10.0.0.1|80",
                          "2.000000000|b:eth0|0x00000002|#2 dropped: partitioned|10.0.0.2|80",
                          "2.000000000|b:eth0|0x00000002|#3 damaged|10.0.0.2|80",
                          "2.001000000|a:eth0|0x00000001|#3|10.0.0.2|80"));
}

TEST_F(PcapngTest, LoopbackIsShownOnce) {
  SKIP_WITHOUT_TSHARK();
  Connect(fabric_->AddLoopback(1).end(0));
  Send(*fabric_->FindPort(1, "lo"), 1);
  Run();
  EXPECT_THAT(Tshark("-T fields -E separator='|' -e frame.interface_name -e eth.src -e eth.dst"),
              ElementsAre("a:lo|00:00:00:00:00:00|00:00:00:00:00:00"));
}

TEST_F(PcapngTest, TsharkAgreesWithEveryChecksum) {
  SKIP_WITHOUT_TSHARK();
  Rng rng(21);
  std::vector<std::string> expected;
  LinkConfig config;
  link_->Configure(config);
  link_->end(1).SetReceiver(nullptr);
  for (int i = 0; i < 1000; ++i) {
    PacketPtr packet = packets_.New();
    *packet = RandomPacket(rng);
    packet->next_hop = packet->destination;
    packet->serial = static_cast<uint64_t>(i);
    // Ports that wake no dissector of an application protocol.
    if (Segment* segment = packet->segment()) {
      segment->source_port = segment->destination_port = 40000;
    } else if (packet->datagram() != nullptr) {
      packet->body = Datagram{40000, 40001, packet->datagram()->payload};
    }
    expected.push_back(packet->corrupted ? "bad" : "good");
    link_->end(0).Accept(std::move(packet));
  }
  const std::vector<std::string> rows = Tshark(
      "-o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE "
      "-T fields -E separator='|' -E occurrence=f -e ip.checksum.status -e tcp.checksum.status "
      "-e udp.checksum.status -e icmp.checksum.status -e icmpv6.checksum.status "
      "-e _ws.malformed");
  ASSERT_EQ(rows.size(), expected.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::vector<std::string> fields = absl::StrSplit(rows[i], '|');
    ASSERT_EQ(fields.size(), 6u) << rows[i];
    const bool v6 = fields[0].empty();
    EXPECT_TRUE(v6 || fields[0] == "1") << rows[i] << ": IPv4 header checksum";
    // ICMP errors quote part of a segment, whose own checksum tshark does not judge.
    std::string transport = absl::StrCat(fields[3], fields[4]);
    if (transport.empty()) transport = absl::StrCat(fields[1], fields[2]);
    EXPECT_EQ(transport, expected[i] == "good" ? "1" : "0") << i << ": " << rows[i];
    EXPECT_EQ(fields[5], "") << "malformed packet " << i;
  }
}

TEST_F(PcapngTest, TheRingCanBeWrittenToo) {
  Capture capture(10);
  fabric_->AddObserver(&capture);
  const std::string header = out_.str();
  for (int i = 0; i < 3; ++i) Send(link_->end(0), 2);
  Run();
  std::ostringstream later;
  WritePcapng(capture, &later);
  EXPECT_EQ(later.str(), out_.str());
  EXPECT_EQ(writer_.written(), 6u);
}

TEST_F(PcapngTest, PacketsWithoutBytesAreCounted) {
  PacketPtr packet = MakePacket(1, 2);
  packet->source = Address();
  link_->end(0).Accept(std::move(packet));
  EXPECT_EQ(writer_.skipped(), 1u);
  EXPECT_EQ(writer_.written(), 0u);
}

}  // namespace
}  // namespace drywire
