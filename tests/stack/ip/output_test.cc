// Sending and receiving at one host: what the caller learns at once, what comes back, martians,
// limits. Linux rows observed on 6.18.44.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/stack/ip/ip_fixture.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr uint32_t kLo = 1, kEth0 = 2;

TEST(OutputTest, LocalTrafficLeavesThroughLoopback) {
  IpHost host(LinuxProfile());
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.1.1")), "ok");
  EXPECT_THAT(host.Take(), ElementsAre("lo to 10.0.1.1: 10.0.0.1:5000 > 10.0.1.1:53 udp (10)"));
  host.Receive(0, kLo, host.Udp("10.0.0.1", "10.0.1.1"));
  EXPECT_THAT(host.Take(), ElementsAre("deliver lo: 10.0.0.1:5000 > 10.0.1.1:53 udp (10)"));
}

TEST(OutputTest, BroadcastGoesToAll) {
  IpHost host(LinuxProfile(), NeighbourMode::kKnown);
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.255")), "ok");
  EXPECT_THAT(host.Take(), ElementsAre("eth0 to all: 10.0.0.1:5000 > 10.0.0.255:53 udp (10)"));
  host.Receive(0, kEth0, host.Udp("10.0.0.9", "10.0.0.255"));
  host.Receive(0, kEth0, host.Udp("10.0.0.9", "255.255.255.255"));
  EXPECT_THAT(host.Take(),
              ElementsAre("deliver eth0: 10.0.0.9:5000 > 10.0.0.255:53 udp (10)",
                          "deliver eth0: 10.0.0.9:5000 > 255.255.255.255:53 udp (10)"));
}

TEST(OutputTest, TooLongWithDontFragment) {
  IpHost host(LinuxProfile());
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.9", 1472)), "ok");
  EXPECT_EQ(host.Send(0, host.Udp("10.0.0.1", "10.0.0.9", 1473)), "kMessageTooLong");
  PacketPtr fragmentable = host.Udp("10.0.0.1", "10.0.0.9", 1473);
  fragmentable->dont_fragment = false;
  EXPECT_EQ(host.Send(0, std::move(fragmentable)), "ok");
}

TEST(OutputTest, PathMtuIsLearntAndForgotten) {
  IpHost host(LinuxProfile());
  host.Route("default via 10.0.0.254");
  host.Send(0, host.Udp("10.0.0.1", "192.0.2.1", 1400));
  host.Take();
  PacketPtr too_big = host.New("10.0.0.254", "10.0.0.1");
  const PacketPtr about = host.Udp("10.0.0.1", "192.0.2.1", 1400);
  IcmpMessage message;
  message.type = icmp4::kUnreachable;
  message.code = icmp4::kFragmentationNeeded;
  message.rest = 1200;
  message.quoted = Quote(*about);
  too_big->body = message;
  const uint64_t generation = host.ip().generation();
  host.Receive(10, kEth0, std::move(too_big));
  EXPECT_THAT(host.Take(), ElementsAre("kIcmpFragmentationNeeded mtu 1200 for 10.0.0.1:5000 > "
                                       "192.0.2.1:53 udp"));
  EXPECT_NE(host.ip().generation(), generation);
  EXPECT_EQ(host.Send(20, host.Udp("10.0.0.1", "192.0.2.1", 1400)), "kMessageTooLong");
  EXPECT_EQ(host.Send(20, host.Udp("10.0.0.1", "192.0.2.2", 1400)), "ok");
  EXPECT_EQ(host.Send(600011, host.Udp("10.0.0.1", "192.0.2.1", 1400)), "ok");
}

TEST(InputTest, DropsWhatCannotBe) {
  struct {
    absl::string_view from, to;
    absl::string_view expected;  // the beginning
  } kRows[] = {
      {"127.0.0.1", "10.0.0.1", "drop, martian source"},
      {"::1", "2001:db8::1", "drop, martian source"},
      {"10.0.0.1", "10.0.0.1", "drop, martian source"},
      {"0.0.0.0", "10.0.0.1", "drop, martian source"},
      {"224.0.0.1", "10.0.0.1", "drop, martian source"},
      {"10.0.0.9", "127.0.0.1", "drop, martian destination"},
      {"2001:db8::9", "::1", "drop, martian destination"},
      {"10.0.0.9", "10.0.0.8", "drop, not for this host"},
      {"10.0.0.9", "224.0.0.5", "drop, no such group"},
      {"2001:db8::9", "ff02::1", "drop, no such group"},
      {"2001:db8::9", "fe80::77", "drop, not for this host"},
      {"10.0.0.9", "10.0.0.1", "deliver"},
      {"10.0.0.9", "10.0.1.1", "deliver"},  // weak host model
      {"fe80::9", "fe80::1", "deliver"},
      {"0.0.0.0", "255.255.255.255", "deliver"},
  };
  IpHost host(LinuxProfile());
  for (const auto& row : kRows) {
    host.Receive(0, kEth0, host.Udp(row.from, row.to));
    EXPECT_THAT(host.Take(), ElementsAre(StartsWith(std::string(row.expected))))
        << row.from << " to " << row.to;
  }
  PacketPtr corrupted = host.Udp("10.0.0.9", "10.0.0.1");
  corrupted->corrupted = true;
  host.Receive(0, kEth0, std::move(corrupted));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, corrupted")));
  host.Receive(0, 3, host.Udp("fe80::9", "fe80::1"));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, not for this host")))
      << "a link-local address of another link";
}

TEST(InputTest, AnswersEcho) {
  IpHost host(LinuxProfile());
  host.Receive(0, kEth0, host.Echo("10.0.0.9", "10.0.0.1"));
  EXPECT_THAT(host.Take(), ElementsAre("eth0 to 10.0.0.9: 10.0.0.1 > 10.0.0.9 icmp echo reply"));
  host.Receive(0, kEth0, host.Echo("fe80::9", "fe80::1"));
  EXPECT_THAT(host.Take(), ElementsAre("eth0 to fe80::9: fe80::1 > fe80::9 icmp6 echo reply"));
  host.Receive(0, kEth0, host.Echo("10.0.0.9", "10.0.0.255"));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, ignored")));
  ASSERT_TRUE(host.profile().Set("net.ipv4.icmp_echo_ignore_all", "1").ok());
  host.Receive(0, kEth0, host.Echo("10.0.0.9", "10.0.0.1"));
  EXPECT_THAT(host.Take(), ElementsAre(StartsWith("drop, ignored")));
}

TEST(InputTest, HandsIcmpErrorsUp) {
  IpHost host(LinuxProfile());
  const PacketPtr mine = host.Tcp("10.0.0.1", "192.0.2.1");
  const PacketPtr other = host.Tcp("10.0.0.77", "192.0.2.1");
  const auto receive = [&](const Packet& about) {
    PacketPtr error = MakeIcmpError(host.pool(), about, UnreachableError(Unreachable::kHost, false),
                                    A("10.0.0.254"), 64);
    error->destination = A("10.0.0.1");
    error->next_hop = error->destination;
    host.Receive(0, kEth0, std::move(error));
    return host.Take();
  };
  EXPECT_THAT(receive(*mine),
              ElementsAre("kIcmpHostUnreachable for 10.0.0.1:4000 > 192.0.2.1:80 tcp seq 100"));
  EXPECT_THAT(receive(*other), ElementsAre(StartsWith("drop, ignored")));
}

TEST(ReplyTest, PortUnreachableAndReset) {
  IpHost host(LinuxProfile());
  host.ip().SendPortUnreachable(At(0), *host.Udp("10.0.0.9", "10.0.1.1"), host.actions());
  EXPECT_THAT(host.Take(),
              ElementsAre("eth0 to 10.0.0.9: 10.0.1.1 > 10.0.0.9 icmp port unreachable for "
                          "10.0.0.9:5000 > 10.0.1.1:53 udp"));
  host.ip().SendPortUnreachable(At(0), *host.Udp("10.0.0.9", "10.0.0.255"), host.actions());
  EXPECT_THAT(host.Take(), IsEmpty()) << "no error about a broadcast";
  host.ip().SendReset(At(0), *host.Tcp("10.0.0.9", "10.0.0.1", "S"), host.actions());
  host.ip().SendReset(At(0), *host.Tcp("10.0.0.9", "10.0.0.1", "."), host.actions());
  host.ip().SendReset(At(0), *host.Tcp("10.0.0.9", "10.0.0.1", "SF"), host.actions());
  EXPECT_THAT(host.Take(),
              ElementsAre("eth0 to 10.0.0.9: 10.0.0.1:80 > 10.0.0.9:4000 R. 0:0(0) ack 101 win 0",
                          "eth0 to 10.0.0.9: 10.0.0.1:80 > 10.0.0.9:4000 R 7:7(0) win 0",
                          "eth0 to 10.0.0.9: 10.0.0.1:80 > 10.0.0.9:4000 R. 0:0(0) ack 102 win 0"));
  host.ip().SendReset(At(0), *host.Tcp("10.0.0.9", "10.0.0.1", "R"), host.actions());
  EXPECT_THAT(host.Take(), IsEmpty());
}

// The instants at which an error was sent when one was due every `step` ms until `until`.
std::vector<int64_t> SentAt(IpHost& host, absl::string_view from, absl::string_view to,
                            int64_t step, int64_t until) {
  std::vector<int64_t> sent;
  for (int64_t ms = 0; ms <= until; ms += step) {
    host.ip().SendPortUnreachable(At(ms), *host.Udp(from, to), host.actions());
    for (const std::string& line : host.Take()) {
      if (line.find("drop, answer limited") != 0) sent.push_back(ms);
    }
  }
  return sent;
}

// Observed: 6 at once, then at 1.06 s, 2.07 s (with datagrams 50 ms apart and tokens left over).
TEST(IcmpLimitTest, LinuxV4) {
  IpHost host(LinuxProfile());
  EXPECT_THAT(SentAt(host, "10.0.0.9", "10.0.0.1", 50, 3000),
              ElementsAre(0, 50, 100, 150, 200, 250, 1000, 2000, 3000));
  EXPECT_THAT(SentAt(host, "10.0.0.8", "10.0.0.1", 50, 100), SizeIs(3))
      << "each destination has its own";
}

TEST(IcmpLimitTest, LinuxV6HasAHundredMilliseconds) {
  IpHost host(LinuxProfile());
  const std::vector<int64_t> sent = SentAt(host, "2001:db8::9", "2001:db8::1", 50, 3000);
  EXPECT_EQ(sent[10], 500) << "observed: eleven in a row, then every other one";
  EXPECT_EQ(sent[11], 600);
  EXPECT_EQ(sent.size(), 36u);
}

TEST(IcmpLimitTest, LoopbackIsNotLimited) {
  IpHost host(LinuxProfile());
  EXPECT_THAT(SentAt(host, "10.0.0.1", "10.0.0.1", 10, 1000), SizeIs(101));
}

TEST(IcmpLimitTest, SysctlsCount) {
  IpHost host(LinuxProfile());
  ASSERT_TRUE(host.profile().Set("net.ipv4.icmp_ratelimit", "0").ok());
  EXPECT_THAT(SentAt(host, "10.0.0.9", "10.0.0.1", 10, 1000), SizeIs(101));
  ASSERT_TRUE(host.profile().Set("net.ipv4.icmp_ratelimit", "1000").ok());
  ASSERT_TRUE(host.profile().Set("net.ipv4.icmp_ratemask", "6160").ok());
  EXPECT_THAT(SentAt(host, "10.0.0.9", "10.0.0.1", 10, 1000), SizeIs(101));
}

TEST(IcmpLimitTest, FreeBsdCountsPerSecondResetsToo) {
  IpHost host(FreeBsdProfile());
  EXPECT_THAT(SentAt(host, "10.0.0.9", "10.0.0.1", 1, 1999), SizeIs(400));
  for (int i = 0; i < 250; ++i) {
    host.ip().SendReset(At(5000), *host.Tcp("10.0.0.9", "10.0.0.1"), host.actions());
  }
  int sent = 0;
  for (const std::string& line : host.Take()) sent += line.find("eth0") == 0;
  EXPECT_EQ(sent, 200);
}

TEST(OutputTest, FreeBsdBlackholeIsSilentAndRejectIsNot) {
  IpHost host(FreeBsdProfile());
  host.Route("blackhole 192.0.2.0/25");
  host.Route("unreachable 192.0.2.128/25");
  EXPECT_EQ(host.Send(0, host.Tcp("10.0.0.1", "192.0.2.1")), "ok");
  EXPECT_EQ(host.Send(0, host.Tcp("10.0.0.1", "192.0.2.200")), "kNoRouteFromSource");
  EXPECT_THAT(host.Take(),
              ElementsAre(StartsWith("drop, refused by route"), StartsWith("drop, no route")));
}

TEST(OutputTest, SteadyStateKeepsItsRoom) {
  IpHost host(LinuxProfile(), NeighbourMode::kKnown);
  host.link().present = {A("10.0.0.9")};
  for (int i = 0; i < 1000; ++i) {
    host.Send(i, host.Tcp("10.0.0.1", "10.0.0.9"));
    host.actions().Clear();
  }
  EXPECT_EQ(host.pool().live(), 0u);
  EXPECT_THAT(host.ip().neighbours().entries(), IsEmpty());
}

}  // namespace
}  // namespace drywire
