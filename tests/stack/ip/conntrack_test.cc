#include "stack/ip/conntrack.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/stack/ip/ip_fixture.h"

namespace drywire {
namespace {

class ConntrackTest : public ::testing::Test {
 protected:
  std::string Pass(int64_t ms, PacketPtr packet) {
    const CtState state = conntrack_.Classify(At(ms), *packet);
    conntrack_.Commit(At(ms), *packet);
    return state == kCtNew           ? "new"
           : state == kCtEstablished ? "established"
           : state == kCtRelated     ? "related"
           : state == kCtInvalid     ? "invalid"
                                     : "untracked";
  }
  PacketPtr Out(absl::string_view flags) { return host_.Tcp("10.0.0.1", "10.0.0.9", flags); }
  PacketPtr In(absl::string_view flags) {
    return host_.Tcp("10.0.0.9", "10.0.0.1", flags, 80, 4000);
  }

  IpHost host_{LinuxProfile()};
  Conntrack conntrack_;
};

TEST_F(ConntrackTest, Handshake) {
  EXPECT_EQ(Pass(0, Out("S")), "new");
  EXPECT_EQ(Pass(1000, Out("S")), "new") << "a retransmission is still unanswered";
  EXPECT_EQ(Pass(1001, In("S.")), "established");
  EXPECT_EQ(Pass(1002, Out(".")), "established");
  EXPECT_EQ(conntrack_.size(), 1u);
  EXPECT_EQ(Pass(2000, In("R")), "established");
  EXPECT_EQ(Pass(2001, Out("S")), "new") << "the port is used again";
}

TEST_F(ConntrackTest, SegmentsOfNoFlow) {
  EXPECT_EQ(Pass(0, In("S.")), "invalid");
  EXPECT_EQ(Pass(0, In("R")), "invalid");
  EXPECT_EQ(Pass(0, In("R.")), "invalid");
  EXPECT_EQ(Pass(0, In("F.")), "invalid");
  EXPECT_EQ(conntrack_.size(), 0u);
  EXPECT_EQ(Pass(0, In(".")), "new") << "tcp_loose";
}

TEST_F(ConntrackTest, FlowsExpire) {
  EXPECT_EQ(Pass(0, Out("S")), "new");
  EXPECT_EQ(Pass(120000, In("S.")), "invalid") << "SYN-SENT lasts 120 s";
  host_.Take();
  EXPECT_EQ(Pass(0, host_.Udp("10.0.0.1", "10.0.0.9", 1, 5000)), "new");
  EXPECT_EQ(Pass(29999, host_.Udp("10.0.0.9", "10.0.0.1", 1, 5000)), "established");
  EXPECT_EQ(Pass(300000, host_.Udp("10.0.0.1", "10.0.0.2", 1, 5000)), "new");
  EXPECT_EQ(conntrack_.size(), 1u) << "the others were swept away";
}

TEST_F(ConntrackTest, IcmpErrorsAreRelated) {
  const PacketPtr syn = Out("S");
  const auto error = [&] {
    return MakeIcmpError(host_.pool(), *syn, UnreachableError(Unreachable::kHost, false),
                         A("10.0.0.254"), 64);
  };
  EXPECT_EQ(Pass(0, error()), "invalid");
  Pass(1, host_.pool().Clone(*syn));
  EXPECT_EQ(Pass(2, error()), "related");
  EXPECT_EQ(Pass(3, In("S.")), "established");
}

TEST_F(ConntrackTest, Echo) {
  EXPECT_EQ(Pass(0, host_.Echo("10.0.0.1", "10.0.0.9")), "new");
  const PacketPtr request = host_.Echo("10.0.0.1", "10.0.0.9");
  EXPECT_EQ(Pass(1, MakeEchoReply(host_.pool(), *request, A("10.0.0.9"), 64)), "established");
}

}  // namespace
}  // namespace drywire
